"""`check`: each code hook of many templates, and whether Lex may invoke its function."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .console import UsageError, coloured, counted, exit_code, print_json, print_line
from .findings import Findings, State, findings
from .reading import LEX, STDIN, Position, Source, read_bytes, source_of
from .requests import Stack, request_of, uses_macro

SUFFIXES: Final = (".yaml", ".yml", ".json", ".template")
# Folders of other people's files, and of what was built.
SKIPPED: Final = frozenset({"node_modules", "cdk.out", "__pycache__", "venv"})


@dataclass(frozen=True, slots=True)
class Checked:
    """One template that was looked at."""

    source: Source
    found: Findings

    def at(self, path: str) -> Position:
        """Return where a path stands in the file."""
        return self.source.position(path)


def run(names: Iterable[str], form: str, options: Mapping[str, Any]) -> int:
    """Check templates and print what was found; return the exit code."""
    stack = Stack.of(options)
    errors: list[UsageError] = []
    checked = list(_checked(names, stack, errors))
    PRINTERS[form](checked)
    return exit_code(errors, has_findings=any(one.found.has_findings for one in checked))


def _checked(names: Iterable[str], stack: Stack, errors: list[UsageError]) -> Iterator[Checked]:
    for name, is_named in files(names, errors):
        try:
            content = read_bytes(name, sys.stdin.buffer)
            if is_named or LEX.search(content):
                source = source_of(name, content)
                request = request_of(source.template, stack, strict=False)
                by_macro = uses_macro(source.template)
                yield Checked(source, findings(request, by_macro=by_macro))
        except UsageError as error:
            errors.append(error)


def files(names: Iterable[str], errors: list[UsageError]) -> Iterator[tuple[str, bool]]:
    """Yield the files that are named, and those that look like templates in named folders."""
    for name in names:
        path = Path(name)
        if name == STDIN or path.is_file():
            yield name, True
        elif path.is_dir():
            yield from ((found, False) for found in _below(name))
        else:
            errors.append(UsageError(f"{name}: there is no such file or folder."))


def _below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED and not entry.name.startswith("."):
                yield from _below(entry.path)
        elif entry.name.endswith(SUFFIXES):
            yield entry.path


def function_name(function: Any) -> str:
    """Return an expression in as few words as a reader needs."""
    match function:
        case str():
            return function
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
        case {"Fn::GetAtt": str(name)} | {"Ref": str(name)} | {"Fn::Sub": str(name)}:
            return name
    return json.dumps(function, ensure_ascii=False)


def _as_text(checked: list[Checked]) -> None:
    for one in checked:
        for hook in one.found.hooks:
            where = f" where {json.dumps(hook.condition, ensure_ascii=False)}"
            print_line(
                f"{one.source.name}:{one.at(hook.path)}: ",
                coloured(hook.state.value),
                f": {hook.source} invokes {function_name(hook.function)}",
                "" if hook.condition is None else where,
            )
        for note in one.found.notes:
            place = f"{one.source.name}:{one.at(note.path)}: "
            print_line(place, coloured(note.code), f": {note.message}")
    hooks = [hook for one in checked for hook in one.found.hooks]
    missing = sum(hook.state is State.MISSING for hook in hooks)
    summary = f"{counted(len(hooks), 'code hook')} in {counted(len(checked), 'template')}"
    print_line(f"{summary}, {missing} without permission")


def _as_json(checked: list[Checked]) -> None:
    told = [
        {
            "file": one.source.name,
            "codeHooks": [
                {
                    **_place(one, hook.path),
                    "function": hook.function,
                    "hookSource": hook.source,
                    "condition": hook.condition,
                    "state": hook.state.value,
                }
                for hook in one.found.hooks
            ],
            "notes": [
                {**_place(one, note.path), "code": note.code, "message": note.message}
                for note in one.found.notes
            ],
        }
        for one in checked
    ]
    print_json(told)


def _place(one: Checked, path: str) -> dict[str, Any]:
    at = one.at(path)
    return {"path": path, "line": at.line, "column": at.column}


def _as_sarif(checked: list[Checked]) -> None:
    from .sarif import log  # noqa: PLC0415 - only where it is asked for.

    results = [
        (one.source.name, one.at(path), code, message)
        for one in checked
        for path, code, message in _results(one)
    ]
    print_json(log(results))


def _results(one: Checked) -> Iterator[tuple[str, str, str]]:
    for hook in one.found.missing:
        message = (
            f"Lex may not invoke {function_name(hook.function)} for {hook.source}: no"
            " AWS::Lambda::Permission covers this code hook."
        )
        yield hook.path, "CodeHookWithoutPermission", message
    yield from ((note.path, note.code, note.message) for note in one.found.notes)


PRINTERS: Final = {"text": _as_text, "json": _as_json, "sarif": _as_sarif}
