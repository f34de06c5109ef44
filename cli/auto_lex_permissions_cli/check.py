"""`check`: each code hook of many templates, and whether Lex may invoke its function."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from auto_lex_permissions.cfn.values import Place, path

from .console import UsageError, coloured, counted, exit_code, print_json, print_line
from .findings import Findings, findings, word_for
from .requests import Stack
from .sarif import Result, log
from .templates import OpenedTemplate, open_templates

Checked = list[tuple[OpenedTemplate, Findings]]
"""The templates that were checked, and what was found in each."""


def run(paths: Iterable[str], form: str, options: Mapping[str, Any]) -> int:
    """Check templates, print what was found as `text`, `json` or `sarif`; return the exit code."""
    errors: list[UsageError] = []
    checked = [
        (opened, findings(opened.request, by_macro=opened.uses_macro))
        for opened in open_templates(paths, Stack.of(options), errors)
    ]
    _PRINTERS[form](checked)
    has_findings = any(found.missing or found.mistakes for _, found in checked)
    return exit_code(errors, has_findings=has_findings)


def _print_text(checked: Checked) -> None:
    for opened, found in checked:
        for hook in found.hooks:
            where = f" where {json.dumps(hook.condition, ensure_ascii=False)}"
            print_line(
                f"{opened.name}:{opened.position(hook.place)}: ",
                f"{hook.diagnostic.code} " if hook.diagnostic else "",
                coloured(hook.state.value),
                f": {hook.caller} invokes {hook.function_name}",
                "" if hook.condition is None else where,
            )
        for note in found.notes:
            position = f"{opened.name}:{opened.position(note.place)}: "
            word = coloured(word_for(note.message))
            print_line(position, f"{note.code} ", word, f": {note.advice}")
    hooks = sum(len(found.hooks) for _, found in checked)
    missing = sum(len(found.missing) for _, found in checked)
    summary = f"{counted(hooks, 'code hook')} in {counted(len(checked), 'template')}"
    print_line(f"{summary}, {missing} without permission")


def _print_json(checked: Checked) -> None:
    print_json(
        [
            {
                "file": opened.name,
                "codeHooks": [
                    {
                        **_where(opened, hook.place),
                        "function": hook.function,
                        "hookSource": hook.caller,
                        "condition": hook.condition,
                        "state": hook.state.value,
                        "id": hook.diagnostic.code if hook.diagnostic else None,
                    }
                    for hook in found.hooks
                ],
                "notes": [
                    {
                        **_where(opened, note.place),
                        "id": note.code,
                        "code": word_for(note.message),
                        "message": note.advice,
                    }
                    for note in found.notes
                ],
            }
            for opened, found in checked
        ]
    )


def _where(opened: OpenedTemplate, place: Place) -> dict[str, Any]:
    position = opened.position(place)
    return {"path": path(place), "line": position.line, "column": position.column}


def _print_sarif(checked: Checked) -> None:
    print_json(
        log(
            Result(opened.name, opened.position(diagnostic.place), diagnostic)
            for opened, found in checked
            for diagnostic in (*found.missing, *found.notes)
        )
    )


_PRINTERS: Final = {"text": _print_text, "json": _print_json, "sarif": _print_sarif}
