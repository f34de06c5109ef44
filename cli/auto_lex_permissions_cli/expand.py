"""`expand`: the template as the macro makes it."""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from auto_lex_permissions import TemplateError, transform

from .console import UsageError, print_diff, stdout, write
from .requests import Stack
from .templates import open_template

# Those for `make demo`, which shows an expansion of its own.
__all__ = ["as_json", "as_yaml", "difference", "print_diff", "run"]


class _Dumper(yaml.SafeDumper):
    """Writes out what stands twice, since CloudFormation takes no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - of no value at all.
        return True


def run(path: str, output: str, form: str, options: Mapping[str, Any], *, diff: bool) -> None:
    """Print the template as the macro makes it, or write it to the file `output`.

    Raises UsageError where a file cannot be read or written, or the template has mistakes.
    """
    opened = open_template(path, Stack.of(options), strict=True)
    name, before = opened.template.name, opened.request.fragment
    try:
        after = transform(opened.request).fragment
    except TemplateError as error:
        raise UsageError(f"{name}: {error}") from error
    if diff:
        lines = difference(before, after, name, f"{name} (expanded)")
        if not output:
            print_diff(stdout(), lines)
            return
        text = "".join(lines)
    else:
        text = as_yaml(after) if form == "yaml" else f"{as_json(after)}\n"
    if not output:
        write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {error.strerror}.") from error


def as_json(fragment: Mapping[str, Any]) -> str:
    """Return a fragment as the Lambda runtime writes the macro's answer."""
    return json.dumps(fragment, ensure_ascii=False)


def as_yaml(fragment: Mapping[str, Any]) -> str:
    """Return a fragment as YAML of the same value, keys in their order."""
    text: str = yaml.dump(
        dict(fragment), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any], name: str, changed: str
) -> list[str]:
    """Return the lines of a unified diff of two templates, written as YAML."""
    old, new = (as_yaml(fragment).splitlines(keepends=True) for fragment in (before, after))
    return list(difflib.unified_diff(old, new, name, changed))
