"""`fix`: the missing permissions, written into the template's own file.

What is written is what the macro adds, in the style of the file, and by insertions alone; what is
taken out goes whole. Nothing is written that was not read again and found to be exactly that.
"""

from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auto_lex_permissions import Request, TemplateError, transform
from auto_lex_permissions.cfn.intrinsics import canonical_json, references
from auto_lex_permissions.cfn.loops import unmark
from auto_lex_permissions.cfn.values import Place
from auto_lex_permissions.diagnostics import POLICY_SILENCES
from auto_lex_permissions.transform import examine

from .console import (
    UsageError,
    counted,
    exit_code,
    print_diff,
    print_note,
    stdout,
    unified_diff,
)
from .files import STDIN, Search, replace
from .narrow import Narrowing, narrowings
from .reading import Template, parse
from .requests import Stack, Use, without_use
from .splice import Edit, edits, spliced, unspliced
from .templates import OpenedTemplate, open_templates

# The sections that the macro adds to; the report in Metadata is for who cannot see this output.
_SECTIONS: Final = ("Resources", "Conditions")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A template, what changes in its text, and how many permissions and statements that makes.

    `narrowed` are the permissions that go, `stays` those that should go and do not.
    """

    template: Template
    edits: tuple[Edit, ...]
    permissions: int = 0
    statements: int = 0
    is_without_macro: bool = False
    narrowed: tuple[Narrowing, ...] = ()
    stays: tuple[Narrowing, ...] = ()

    @property
    def text(self) -> str:
        """The new text."""
        return spliced(self.template.text, self.edits)

    def summary(self, *, is_written: bool) -> str:
        """Return what changes, in words."""
        counts = ((self.permissions, "permission"), (self.statements, "policy statement"))
        added = " and ".join(counted(number, noun) for number, noun in counts if number)
        parts = []
        if any(edit.text for edit in self.edits):
            what = added or "what aliases have to wait for"
            parts.append(f"{what} {'written' if is_written else 'to write'}")
        if self.narrowed:
            gone = counted(len(self.narrowed), "declared permission")
            parts.append(f"{gone} {'taken out' if is_written else 'to take out'}")
        if self.is_without_macro:
            parts.append(f"the macro {'taken out' if is_written else 'to take out'}")
        return ", ".join(parts)


def run(
    paths: Sequence[str],
    options: Mapping[str, Any],
    *,
    write: bool,
    without_macro: bool,
    narrow: bool,
) -> int:
    """Show what templates lack, or write it into their files; return the exit code.

    One that names the macro lacks nothing, unless it is to do without.
    """
    search = Search(paths, options["exclude"], options["no_ignore"])
    has_findings = False
    for opened in open_templates(search, Stack.of(options)):
        try:
            if opened.uses_macro and not (without_macro or narrow):
                print_note(
                    f"{opened.name}: the macro adds what is missing; --without-macro writes it"
                )
                continue
            keeps_macro = opened.uses_macro and not without_macro
            fixed = (
                narrowed(opened.template, opened.request)
                if keeps_macro
                else fix(opened.template, opened.request, opened.use, narrow=narrow)
            )
            placed = [(opened.position(n.place), n) for n in (*fixed.narrowed, *fixed.stays)]
            for position, one in sorted(placed, key=lambda both: both[0]):
                print_note(f"{opened.name}:{position} {one.report.code} {one.sentence}")
            _show_or_write(opened, fixed, write=write)
            has_findings |= bool(fixed.stays or (fixed.edits and not write))
        except UsageError as error:
            search.errors.append(error)
    return exit_code(search.errors, has_findings=has_findings)


def _show_or_write(opened: OpenedTemplate, fixed: Fixed, *, write: bool) -> None:
    name = opened.name
    if not fixed.edits:
        if opened.is_named and not fixed.stays:
            print_note(f"{name}: nothing to fix")
        return
    if not write:
        mark = "" if opened.template.is_quoted else _mark(opened.content)
        before, after = mark + fixed.template.text, mark + fixed.text
        print_diff(stdout(), unified_diff(before, after, name, name))
    elif opened.path == STDIN:
        raise UsageError(f"{name}: --write takes files only.")
    elif opened.template.is_quoted:
        raise UsageError(
            f"{name}: --write takes the file of a template, and this one holds it as a text."
        )
    else:
        replace(opened.path, encoded(fixed, opened.content), opened.content)
    print_note(f"{name}: {fixed.summary(is_written=write)}")


def fix(
    template: Template, request: Request, use: Use | None = None, *, narrow: bool = False
) -> Fixed:
    """Return what a template lacks, as insertions into its text, without its use of the macro.

    The request is the one that CloudFormation would send for the template. With `narrow`, declared
    permissions go that are too wide or never match. Raises UsageError where the template has
    mistakes, or where it could not be written so that it reads as the macro's own result.
    """
    # Into the file goes all that is needed, wherever the template names the macro.
    request = request._replace(fragment=template.value)
    try:
        going, stays = _narrowings(request, template.value) if narrow else ((), ())
        request = request._replace(fragment=_without(template.value, going))
        statements = _missing_statements(request)
        fragment: Any = request.fragment
        for place, statement in statements:
            fragment = _with_statement(fragment, place, statement)
        request = request._replace(fragment=fragment)
        result = transform(request)
    except TemplateError as error:
        raise UsageError(f"{template.name}: {error}") from error
    after: Any = result.fragment
    if isinstance(fragment.get("Resources"), dict):
        after = {name: after[name] for name in _SECTIONS if name in after}
        # What goes is taken out afterwards.
        after["Resources"] = {**template.value["Resources"], **after["Resources"]}
    wanted = {**template.value, **after}
    uses = [use.place, *use.again] if use else []
    made = edits(template, wanted, [*uses, *_places(template, going)])
    wanted = _without(without_use(wanted, use) if use else wanted, going)
    fixed = Fixed(
        template,
        made,
        result.permissions_added,
        len(statements),
        use is not None,
        going,
        stays,
    )
    if made:
        _verify(fixed, wanted)
        _verify_that_nothing_lacks(template, request._replace(fragment=wanted))
    return fixed


def narrowed(template: Template, request: Request) -> Fixed:
    """Return a template that names the macro less what its declared permissions allow too much.

    The macro adds what is exact instead. Raises UsageError as `fix` does.
    """
    try:
        going, stays = _narrowings(request, template.value)
    except TemplateError as error:
        raise UsageError(f"{template.name}: {error}") from error
    made = edits(template, template.value, _places(template, going))
    fixed = Fixed(template, made, narrowed=going, stays=stays)
    if made:
        _verify(fixed, _without(template.value, going))
    return fixed


def _narrowings(
    request: Request, whole: Mapping[str, Any]
) -> tuple[tuple[Narrowing, ...], tuple[Narrowing, ...]]:
    """Return the declared permissions that go, and those that should and stay."""
    found = narrowings(request, whole)
    going = tuple(one for one in found if not one.stays)
    return going, tuple(one for one in found if one.stays)


def _places(template: Template, going: Iterable[Narrowing]) -> list[Place]:
    """Return where permissions stand in a file, which may be a map of resources alone."""
    is_whole = isinstance(template.value.get("Resources"), dict)
    return [one.place if is_whole else one.place[1:] for one in going]


def _without(value: Mapping[str, Any], going: Iterable[Narrowing]) -> dict[str, Any]:
    """Return a template, or a map of resources, without permissions."""
    names = {one.place[-1] for one in going}
    resources = value.get("Resources")
    if isinstance(resources, dict):
        left = {name: body for name, body in resources.items() if name not in names}
        return {**value, "Resources": left}
    return {name: body for name, body in value.items() if name not in names}


def _verify(fixed: Fixed, wanted: Mapping[str, Any]) -> None:
    """Hold that the new text says what it has to, and loses nothing."""
    template, text = fixed.template, fixed.text
    refused = f"{template.name}: cannot be written in the style that it has"
    try:
        original = unspliced(text, fixed.edits)
        value = parse(template.name, text.encode()).value
    except (UsageError, ValueError) as error:
        raise UsageError(f"{refused}: the result could not be read.") from error
    if original != template.text or canonical_json(value) != canonical_json(wanted):
        raise UsageError(f"{refused}: the result would read as something else.")


def _verify_that_nothing_lacks(template: Template, request: Request) -> None:
    """Hold that what was written needs nothing more."""
    if any(grant.is_missing for grant in examine(request).grants):
        raise UsageError(f"{template.name}: uses conditions that it does not define.")


# Functions with a resource policy.


def _missing_statements(request: Request) -> list[tuple[Place, dict[str, Any]]]:
    """Return each statement that a resource policy lacks, and the place of the policy's document.

    They are in the order of their messages, which no order of aliases changes. Other mistakes are
    left for `transform` to report.
    """
    return [
        (mistake.place, unmark(mistake.details["statement"]))
        for mistake in sorted(examine(request).mistakes, key=str)
        if mistake.message == POLICY_SILENCES
    ]


def _with_statement(fragment: Mapping[str, Any], place: Place, statement: Any) -> Any:
    """Return a fragment with a statement in the policy document at a place.

    Where there is no list of statements to add to, as in a loop, nothing changes: the core's
    mistake stays.
    """
    whole = isinstance(fragment.get("Resources"), dict)
    resources = fragment["Resources"] if whole else fragment
    logical_id = str(place[1])
    policy: Any = resources.get(logical_id)
    match policy:
        case {"Properties": {"PolicyDocument": {"Statement": [*statements]}}}:
            pass
        case {"Properties": {"PolicyDocument": {"Statement": {"Effect": _} as only}}}:
            statements = [only]
        case _:
            return fragment
    # The statement is there only where what it refers to is.
    for reference in references(statement):
        resource = resources.get(reference.logical_id)
        condition = resource.get("Condition") if isinstance(resource, dict) else None
        if isinstance(condition, str) and condition != policy.get("Condition"):
            statement = {"Fn::If": [condition, statement, {"Ref": "AWS::NoValue"}]}
            break
    properties = policy["Properties"]
    document = {**properties["PolicyDocument"], "Statement": [*statements, statement]}
    policy = {**policy, "Properties": {**properties, "PolicyDocument": document}}
    resources = {**resources, logical_id: policy}
    return {**fragment, "Resources": resources} if whole else resources


# Files.


def encoded(fixed: Fixed, original: bytes) -> bytes:
    """Return the new text as bytes, with the mark at the beginning that the file had."""
    return f"{_mark(original)}{fixed.text}".encode()


def _mark(content: bytes) -> str:
    """Return the mark at the beginning of a file, which is no part of its text."""
    return "\ufeff" if content.startswith(BOM_UTF8) else ""
