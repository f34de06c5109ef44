"""`check`: whether Lex may invoke the function of each code hook of many templates, and what else.

A file that names a Lex V2 bot and cannot be read is a finding like any other: of a file that says
nothing any more, code scanning would close what it had found in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from auto_lex_permissions import Diagnostic
from auto_lex_permissions.cfn.values import Place, path
from auto_lex_permissions.diagnostics import UNREADABLE, Severity

from .console import (
    MISUSE,
    Part,
    UnreadableError,
    UsageError,
    as_json,
    as_text,
    colour_of,
    counted,
    exit_code,
    is_quiet,
    print_line,
    write,
)
from .files import Search, replace
from .findings import Finding, Findings, findings, suppressions, word_for
from .reading import BODY, Position
from .requests import Stack
from .sarif import Result, log
from .templates import OpenedTemplate, open_templates

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "note")
# https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
_GITHUB: Final = {"error": "error", "warning": "warning", "note": "notice"}
# Folders that the summary names.
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Checked:
    """A template that was checked: its hooks, and each finding with its place in the file."""

    opened: OpenedTemplate
    hooks: Findings
    found: tuple[tuple[Position, Finding], ...]


class Spot(NamedTuple):
    """Where something is, as people read it, and the file that holds that.

    Its name is not that of the file where the template is a text in it, with lines of its own.
    """

    name: str
    position: Position
    file: str

    def in_file(self, words: str) -> tuple[str, Position, str]:
        """Return where it is for what opens files, and words about it."""
        if self.file == self.name:
            return self.file, self.position, words
        return self.file, Position(1, 1), f"{BODY}:{self.position}: {words}"


@dataclass(frozen=True, slots=True)
class Report:
    """All that there is to say: of templates, of files that cannot be read, and of the search."""

    checked: list[Checked]
    unreadable: list[tuple[Spot, Diagnostic]]
    search: Search

    def findings(self, *, suppressed: bool = False) -> Iterator[tuple[Spot, Finding]]:
        """Yield what is found, and where; what is suppressed only where asked for."""
        for one in self.checked:
            for position, finding in one.found:
                if suppressed or finding.reason is None:
                    yield Spot(one.opened.name, position, one.opened.template.file), finding
        for spot, diagnostic in self.unreadable:
            yield spot, Finding(diagnostic)

    def count(self, severity: Severity) -> int:
        """Return how many findings of a severity are not suppressed."""
        return sum(finding.severity == severity for _, finding in self.findings())

    @property
    def suppressed(self) -> int:
        """Return how many are suppressed."""
        return sum(f.reason is not None for one in self.checked for _, f in one.found)

    @property
    def summary(self) -> str:
        """Return it all in one line."""
        hooks = counted(sum(len(one.hooks.hooks) for one in self.checked), "code hook")
        counts = ", ".join(counted(self.count(severity), severity) for severity in SEVERITIES)
        parts = [f"{hooks} in {counted(len(self.checked), 'template')}: {counts}"]
        if self.suppressed:
            parts.append(f"{self.suppressed} suppressed")
        if self.unreadable:
            parts.append(f"{counted(len(self.unreadable), 'file')} could not be read")
        if skipped := self.search.skipped:
            named = ", ".join(skipped[:_MOST_NAMED])
            more = " …" if len(skipped) > _MOST_NAMED else ""
            parts.append(f"{counted(len(skipped), 'folder')} skipped ({named}{more})")
        return "; ".join(parts)


def run(  # noqa: PLR0913 - the options of the command.
    paths: Sequence[str],
    *,
    form: str,
    output: str,
    fail_on: Severity,
    show_suppressed: bool,
    exclude: Sequence[str],
    no_ignore: bool,
    **options: Any,
) -> int:
    """Check templates, print what was found, as `text`, `json`, `sarif` or `github`.

    Returns the exit code.
    """
    search = Search(paths, exclude, no_ignore)
    checked = [_check(opened) for opened in open_templates(search, Stack.of(options))]
    unreadable = [_unreadable(error) for error in search.errors if _names_a_file(error)]
    report = Report(checked, unreadable, search)
    if form == "text":
        _write_text(report, output, shows_suppressed=show_suppressed)
    else:
        text = _FORMATS[form](report)
        if output:
            replace(output, text.encode())
        else:
            write(text, for_programs=True)
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    # What cannot be read is among the findings, for people to see once.
    told = [error for error in search.errors if form != "text" or not _names_a_file(error)]
    code = exit_code(told, has_findings=any(map(report.count, failing)))
    return MISUSE if search.errors else code


def _check(opened: OpenedTemplate) -> Checked:
    hooks = findings(opened.request, by_macro=opened.uses_macro)
    found = suppressions(opened.template.value, (*hooks.missing, *hooks.notes))
    placed = [(opened.position(one.diagnostic.place), one) for one in found]
    placed.sort(key=lambda both: (both[0].line, both[0].column, both[1].diagnostic.code))
    return Checked(opened, hooks, tuple(placed))


def _names_a_file(error: UsageError) -> bool:
    return isinstance(error, UnreadableError)


def _unreadable(error: Any) -> tuple[Spot, Diagnostic]:
    position = Position(error.line or 1, error.column or 1)
    return Spot(error.name, position, error.file), UNREADABLE.at(what=error.what)


# For people.


def _write_text(report: Report, output: str, *, shows_suppressed: bool) -> None:
    lines: list[tuple[Part, ...]] = []
    for spot, finding in report.findings(suppressed=shows_suppressed):
        code = finding.diagnostic.code, colour_of(finding.severity)
        why = "" if finding.reason is None else f" Suppressed: {finding.reason}"
        lines.append(
            (f"{spot.name}:{spot.position} ", code, f" {_sentence(finding.diagnostic)}{why}")
        )
    if not is_quiet():
        lines.append((report.summary,))
    if output:
        replace(output, "".join(f"{as_text(*line)}\n" for line in lines).encode())
        return
    for line in lines:
        print_line(*line)


def _sentence(diagnostic: Diagnostic) -> str:
    advice = diagnostic.advice
    return f"{advice[:1].upper()}{advice[1:]}"


# For programs.


def _as_json(report: Report) -> str:
    files = [_file_as_json(one) for one in report.checked]
    files += [
        {
            "file": spot.name,
            "codeHooks": [],
            "notes": [_note_as_json((), spot.position, Finding(diagnostic))],
        }
        for spot, diagnostic in report.unreadable
    ]
    return as_json(files)


def _file_as_json(one: Checked) -> dict[str, Any]:
    opened = one.opened
    reasons = {found.diagnostic.place: found.reason for _, found in one.found if found.reason}
    return {
        "file": opened.name,
        "codeHooks": [
            {
                **_where(hook.place, opened.position(hook.place)),
                "function": hook.function,
                "hookSource": hook.caller,
                "condition": hook.condition,
                "state": hook.state.value,
                "id": hook.diagnostic.code if hook.diagnostic else None,
                "suppressed": reasons.get(hook.place) if hook.diagnostic else None,
            }
            for hook in one.hooks.hooks
        ],
        "notes": [
            _note_as_json(found.diagnostic.place, position, found)
            for position, found in one.found
            if found.diagnostic not in one.hooks.missing
        ],
    }


def _note_as_json(place: Place, position: Position, found: Finding) -> dict[str, Any]:
    return {
        **_where(place, position),
        "id": found.diagnostic.code,
        "code": word_for(found.diagnostic.message),
        "severity": found.severity,
        "message": found.diagnostic.advice,
        "suppressed": found.reason,
    }


def _where(place: Place, position: Position) -> dict[str, Any]:
    return {"path": path(place), "line": position.line, "column": position.column}


def _as_sarif(report: Report) -> str:
    results = []
    for spot, finding in report.findings(suppressed=True):
        file, position, words = spot.in_file(finding.diagnostic.advice)
        results.append(Result(file, position, finding, words))
    return as_json(log(results, [str(error) for error in report.search.errors]))


def _as_github(report: Report) -> str:
    lines = []
    for spot, finding in report.findings():
        file, position, words = spot.in_file(_sentence(finding.diagnostic))
        place = f"file={_escaped(file, ':,')},line={position.line},col={position.column}"
        title = f"title={finding.diagnostic.code}"
        kind = _GITHUB[finding.severity]
        lines.append(f"::{kind} {place},{title}::{_escaped(words)}")
    if not is_quiet():
        lines.append(report.summary)
    return "".join(f"{as_text(line)}\n" for line in lines)


def _escaped(text: str, more: str = "") -> str:
    """Return a text as a workflow command takes it, but for ends of lines, which no line has."""
    return "".join(f"%{ord(c):02X}" if c in f"%{more}" else c for c in text)


_FORMATS: Final[Mapping[str, Any]] = {"json": _as_json, "sarif": _as_sarif, "github": _as_github}
