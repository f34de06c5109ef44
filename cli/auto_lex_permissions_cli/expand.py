"""`expand`: the template as the macro makes it."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from auto_lex_permissions import TemplateError, transform

from .console import UsageError, print_diff, stdout, unified_diff, visible, write_template
from .files import replace
from .requests import Stack
from .templates import open_template

# Those for `make demo`, which shows an expansion of its own.
__all__ = ["as_json", "as_yaml", "difference", "print_diff", "run"]


class _Dumper(yaml.SafeDumper):
    """Writes out what stands twice, since CloudFormation takes no aliases.

    A text with what is not seen stands between double quotes, with all but ASCII escaped.
    """

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - of no value at all.
        return True

    def represent_text(self, text: str) -> yaml.Node:
        return self.represent_scalar("tag:yaml.org,2002:str", text, None if _is_seen(text) else '"')

    def write_double_quoted(self, text: str, split: bool = True) -> None:  # noqa: FBT001, FBT002 - as in PyYAML.
        self.allow_unicode = _is_seen(text)
        super().write_double_quoted(text, split)


_Dumper.add_representer(str, _Dumper.represent_text)


def _is_seen(text: str) -> bool:
    """Whether nothing in a text is invisible but tabs and ends of lines."""
    return all(visible(part) == part for line in text.split("\n") for part in line.split("\t"))


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
        write_template(text)
    else:
        replace(output, text.encode())


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
    return list(unified_diff(as_yaml(before), as_yaml(after), name, changed))
