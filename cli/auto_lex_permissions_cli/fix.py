"""`fix`: the missing permissions, written into the template's own file.

What is written is what the macro adds, in the style of the file, and by insertions alone. Nothing
is written that was not read again and found to be exactly that.
"""

import contextlib
import difflib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from auto_lex_permissions import Problem, Request, TemplateError, transform
from auto_lex_permissions.intrinsics import canonical_json, references
from auto_lex_permissions.loops import written
from auto_lex_permissions.resource_policies import ADD_STATEMENT
from auto_lex_permissions.transform import examine

from .check import files
from .console import UsageError, counted, exit_code, print_diff, print_note, stdout
from .reading import LEX, STDIN, Source, read_bytes, source_of
from .requests import Stack, request_of, uses_macro
from .splice import Insertion, insertions, spliced, unspliced

BOM: Final = b"\xef\xbb\xbf"
# The sections that the macro adds to; the report in Metadata is for who cannot see this output.
_SECTIONS: Final = ("Resources", "Conditions")
# In the order in which people write a statement.
_PARTS: Final = ("Effect", "Principal", "Action", "Resource", "Condition")
_NO_NEWLINE: Final = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A template, what goes into its text, and how many permissions and statements that makes."""

    source: Source
    insertions: tuple[Insertion, ...]
    permissions: int = 0
    statements: int = 0

    @property
    def text(self) -> str:
        """Return the new text."""
        return spliced(self.source.text, self.insertions)

    @property
    def summary(self) -> str:
        """Return what is added, in words."""
        counts = ((self.permissions, "permission"), (self.statements, "policy statement"))
        added = [counted(number, noun) for number, noun in counts if number]
        return " and ".join(added) or "what aliases have to wait for"


def run(names: Iterable[str], options: Mapping[str, Any], *, write: bool) -> int:
    """Show what templates lack, or write it into their files; return the exit code."""
    stack = Stack.of(options)
    errors: list[UsageError] = []
    changed = False
    for name, is_named in files(names, errors):
        try:
            changed |= _fix_file(name, stack, is_named=is_named, write=write)
        except UsageError as error:
            errors.append(error)
    return exit_code(errors, has_findings=changed and not write)


def _fix_file(name: str, stack: Stack, *, is_named: bool, write: bool) -> bool:
    """Show or write what a file lacks; tell whether that is anything."""
    content = read_bytes(name, sys.stdin.buffer)
    if not (is_named or LEX.search(content)):
        return False
    source = source_of(name, content)
    fixed = fix(source, request_of(source.template, stack, strict=False))
    if not fixed.insertions:
        if is_named:
            print_note(f"{source.name}: nothing to fix")
        return False
    if write:
        if name == STDIN:
            raise UsageError("standard input: --write takes files only.")
        write_over(Path(name), content, encoded(fixed, content))
    else:
        print_diff(stdout(), diff(fixed))
    print_note(f"{source.name}: {fixed.summary} {'written' if write else 'to add'}")
    if uses_macro(source.template):
        print_note(
            f"{source.name}: with this, AutoLexPermissions can go from the Transform section"
        )
    return True


def fix(source: Source, request: Request) -> Fixed:
    """Return what a template lacks, as insertions into its text.

    Raises UsageError where the template has mistakes, or where it could not be written so that
    it reads as the macro's own result.
    """
    try:
        lacking, statements = _with_statements(request)
        result = transform(lacking)
    except TemplateError as error:
        raise UsageError(f"{source.name}: {error}") from error
    wanted = _wanted(source.template, request.fragment, result.fragment)
    made = insertions(source, source.template, wanted)
    fixed = Fixed(source, made, result.permissions_added, statements)
    if made:
        _verify(fixed, lacking._replace(fragment=result.fragment), wanted)
    return fixed


def _wanted(
    template: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a template with what the macro added to it, without its report."""
    if not isinstance(before.get("Resources"), dict):
        return {**template, **after} if before != after else dict(template)
    return {**template, **{name: after[name] for name in _SECTIONS if name in after}}


def _verify(fixed: Fixed, request: Request, wanted: Mapping[str, Any]) -> None:
    """Hold that the new text says what it has to, needs nothing more, and loses nothing."""
    source, text = fixed.source, fixed.text
    refused = f"{source.name}: cannot be written in the style that it has"
    try:
        original = unspliced(text, fixed.insertions)
        read = source_of(source.name, text.encode()).template
    except (UsageError, ValueError) as error:
        raise UsageError(f"{refused}: the result could not be read.") from error
    if original != source.text or canonical_json(read) != canonical_json(wanted):
        raise UsageError(f"{refused}: the result would read as something else.")
    again = {name: read[name] for name in request.fragment if name in read}
    if examine(request._replace(fragment=again)).missing:
        raise UsageError(f"{source.name}: uses conditions that it does not define.")


# Functions with a resource policy.


def _with_statements(request: Request) -> tuple[Request, int]:
    """Return a request with the statements that resource policies lack, and how many these are.

    Other mistakes are left for the core to tell.
    """
    problems = examine(request).problems
    lacking = {
        (problem.path, problem.remedy.removeprefix(ADD_STATEMENT))
        for problem in map(_as_written, problems)
        if problem.remedy.startswith(ADD_STATEMENT)
    }
    fragment: Any = request.fragment
    for path, statement in sorted(lacking):
        told = json.loads(statement)
        ordered = {part: told[part] for part in _PARTS}
        fragment = _with_statement(fragment, path.split("."), ordered)
    return request._replace(fragment=fragment), len(lacking)


def _as_written(problem: Problem) -> Problem:
    return Problem(written(problem.path), problem.what, written(problem.remedy))


def _with_statement(fragment: Mapping[str, Any], path: list[str], statement: Any) -> Any:
    """Return a fragment with a statement in the document at a path `Resources.Id.Properties.…`.

    Where there is no list of statements to add to, nothing changes: the core's mistake stays.
    """
    whole = isinstance(fragment.get("Resources"), dict)
    resources = fragment["Resources"] if whole else fragment
    logical_id = path[1]
    policy = resources.get(logical_id, {})
    match policy.get("Properties"):
        case {"PolicyDocument": {"Statement": [*statements]}}:
            pass
        case {"PolicyDocument": {"Statement": {"Effect": _} as statement_alone}}:
            statements = [statement_alone]
        case _:
            return fragment
    added = _under_condition(statement, policy, resources)
    properties = policy["Properties"]
    document = {**properties["PolicyDocument"], "Statement": [*statements, added]}
    policy = {**policy, "Properties": {**properties, "PolicyDocument": document}}
    resources = {**resources, logical_id: policy}
    return {**fragment, "Resources": resources} if whole else resources


def _under_condition(statement: Any, policy: Mapping[str, Any], resources: Any) -> Any:
    """Return a statement that is there only where what it refers to is."""
    for reference in references(statement):
        resource = resources.get(reference.logical_id)
        condition = resource.get("Condition") if isinstance(resource, dict) else None
        if isinstance(condition, str) and condition != policy.get("Condition"):
            return {"Fn::If": [condition, statement, {"Ref": "AWS::NoValue"}]}
    return statement


# Files.


def encoded(fixed: Fixed, original: bytes) -> bytes:
    """Return the new text as bytes, with the mark at the beginning that the file had."""
    return (BOM if original.startswith(BOM) else b"") + fixed.text.encode()


def write_over(path: Path, before: bytes, after: bytes) -> None:
    """Replace what a file holds, all at once; links stay links. Raises UsageError."""
    target = path.resolve()
    try:
        if not os.access(target, os.W_OK):
            raise UsageError(f"{path}: cannot be written: it is read-only.")
        if target.read_bytes() != before:
            raise UsageError(f"{path}: was changed by someone else; nothing is written.")
        _replace(target, after)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}.") from error


def _replace(target: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, temporary)
        Path(temporary).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def diff(fixed: Fixed) -> Iterator[str]:
    """Yield the lines of a unified diff, each with its line end."""
    name = fixed.source.name
    before, after = (text.splitlines(keepends=True) for text in (fixed.source.text, fixed.text))
    for line in difflib.unified_diff(before, after, name, name):
        yield line
        if not line.endswith("\n"):
            yield f"\n{_NO_NEWLINE}"
