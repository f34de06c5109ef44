"""`expand`: the template as the macro makes it."""

import json
import sys
from collections.abc import Mapping
from typing import Any

import yaml

from auto_lex_permissions import TemplateError, transform

from .console import UsageError, print_diff, stdout, unified_diff, write_template
from .files import replace
from .rendering import TemplateDumper
from .requests import Stack, processed
from .templates import open_template

# Those for `make demo`, which shows an expansion of its own.
__all__ = ["as_json", "as_yaml", "difference", "print_diff", "run"]


def run(path: str, output: str, form: str, options: Mapping[str, Any], *, diff: bool) -> None:
    """Print the template as the macro makes it, or write it to the file `output`.

    Raises UsageError where a file cannot be read or written, or the template has mistakes.
    """
    opened = open_template(path, Stack.of(options), strict=True)
    name = opened.name
    try:
        before, after = (
            processed(opened.template.value, opened.use, fragment)
            for fragment in (opened.request.fragment, transform(opened.request).fragment)
        )
    except TemplateError as error:
        raise UsageError(f"{name}: {error}") from error
    if diff:
        lines = difference(before, after, name, f"{name} (expanded)")
        if not output:
            print_diff(stdout(), lines)
            return
        text = "".join(lines)
    else:
        # On a terminal somebody reads it.
        indent = 2 if not output and sys.stdout.isatty() else None
        text = as_yaml(after) if form == "yaml" else f"{as_json(after, indent)}\n"
    if not output:
        write_template(text)
    else:
        replace(output, text.encode())


def as_json(fragment: Mapping[str, Any], indent: int | None = None) -> str:
    """Return a fragment as the Lambda runtime writes the macro's answer, if not indented."""
    return json.dumps(fragment, ensure_ascii=False, indent=indent)


def as_yaml(fragment: Mapping[str, Any]) -> str:
    """Return a fragment as YAML of the same value, keys in their order."""
    text: str = yaml.dump(
        dict(fragment), Dumper=TemplateDumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any], name: str, changed: str
) -> list[str]:
    """Return the lines of a unified diff of two templates, written as YAML."""
    return list(unified_diff(as_yaml(before), as_yaml(after), name, changed))
