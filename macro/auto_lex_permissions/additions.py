"""What the macro adds to a template, as a value, and the new fragment that holds it.

A permission for each missing grant, the conditions that these need, and what bot aliases have to
wait for. In loops each goes into the body that it belongs to; what cannot be written there is a
mistake (rule 1.5).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from .bots import Bots
from .cfn.formulas import ALWAYS, Named, expression, names
from .cfn.intrinsics import Reference, Word, substituted
from .cfn.loops import LOOP, unmark, unmark_text, variables, without_variables
from .cfn.template import Resource, Scope, Template
from .declared import PERMISSION
from .dependencies import AliasWaits, Generated, Makers, Wait, generated_before, with_waits
from .diagnostics import (
    CONDITIONS_NEEDED,
    ID_TAKEN,
    PERMISSION_IN_LOOP,
    WAIT_IN_LOOP,
    Diagnostic,
)
from .diagnostics import METADATA_KEY as REPORT_KEY
from .functions import Functions
from .grants import Grant
from .iam import INVOKE, LEX_PRINCIPAL
from .ids import Placement, placement_of
from .limits import too_long, too_many_resources
from .retention import Retention
from .settings import METADATA_KEY

_MEETING: Final = "Holding the items of loops against each other"
_RENAME: Final = "Give the resource, parameter or condition another name."
_DELETE: Final = (
    "Delete this permission, which an earlier run generated and which no longer fits the hook:"
    " AutoLexPermissions adds the right one."
)


class Permission(NamedTuple):
    """A generated permission: its logical id, the scope that it stands in, and its body.

    `condition` is the name of the condition under which it exists, or nothing.
    """

    logical_id: str
    scope: Scope
    condition: str
    body: Mapping[str, object]


class Additions(NamedTuple):
    """All that is added to a template, and what is wrong or noteworthy about it.

    `waits` are the bot aliases that wait for permissions, each with what it waits for. Where there
    would be too many permissions, or too large ones, none is made: `refusal` says so instead.
    """

    permissions: tuple[Permission, ...]
    conditions: Mapping[str, object]
    waits: tuple[tuple[Resource, tuple[Wait, ...]], ...]
    diagnostics: tuple[Diagnostic, ...]
    refusal: Diagnostic | None = None

    @property
    def permission_count(self) -> int:
        """Return the number of permissions, as many in a loop as it has items."""
        return sum(permission.scope.items for permission in self.permissions)

    @property
    def values(self) -> Iterator[object]:
        """Yield what is added, piece by piece: about what the new fragment is longer by."""
        yield from (permission.body for permission in self.permissions)
        yield from self.conditions.values()
        yield [waits for _, waits in self.waits]


class Writer:
    """Writes what the grants of one template need."""

    def __init__(self, template: Template, functions: Functions, bots: Bots) -> None:
        """Take the template, which is left as it is, and how its functions and bots are named."""
        self._template = template
        self._functions = functions
        self._bots = bots
        self._makers = Makers(template, functions)
        self._retention = Retention(template, functions)

    def additions(self, grants: Sequence[Grant]) -> Additions:
        """Return the permissions of missing grants, and what has to wait for generated ones."""
        missing = [grant for grant in grants if grant.is_missing]
        diagnostics = [
            mistake
            for grant in missing
            if grant.scope is None
            for mistake in _differs_in_loop(grant)
        ]
        added = sum(grant.scope.items for grant in missing if grant.scope is not None)
        is_by_bot = any(grant.caller.kind == "bot" for grant in grants)
        placed = grants if is_by_bot else missing
        refusal = too_many_resources(self._template, added) or too_long(placed, added)
        if refusal:
            return Additions((), {}, (), tuple(diagnostics), refusal)
        found = map(placement_of, placed)
        placements = [placement for placement in found if placement]
        diagnostics += self._collisions(placements)
        placements.sort(key=lambda placement: placement.logical_id)
        conditions: dict[str, object] = {}
        permissions: list[Permission] = []
        generated: dict[str, Generated] = {}
        for placement in placements:
            if placement.grant.is_missing:
                condition, mistakes = self._condition(placement, conditions)
                permission, more = self._permission(placement, condition)
                permissions.append(permission)
                when, body = placement.grant.when, permission.body
                generated[placement.logical_id] = Generated(when, condition, body)
                diagnostics += [*mistakes, *more]
        waits = AliasWaits(
            self._template,
            self._functions,
            placements if is_by_bot else (),
            generated,
        )
        diagnostics += waits.diagnostics
        diagnostics += self._staying(grants)
        if conditions and not self._template.is_whole:
            diagnostics.append(CONDITIONS_NEEDED.at(", ".join(sorted(conditions))))
        return Additions(tuple(permissions), conditions, waits.found, tuple(diagnostics))

    def _staying(self, grants: Iterable[Grant]) -> Iterator[Diagnostic]:
        """Yield the bot aliases whose generated permissions stay when a hook moves (rule 2.6)."""
        for grant in grants:
            reports = [*self._retention.reports(grant)]
            placement = placement_of(grant) if reports else None
            if placement and self._retention.policy(grant, placement.scope):
                before = generated_before(self._template, placement.logical_id)
                yield from reports if grant.is_missing or before else ()

    # Logical ids that meet.

    def _collisions(self, placements: Iterable[Placement]) -> Iterator[Diagnostic]:
        """Refuse new permissions for one bot in loops over different items: their ids may meet.

        Two that have one id in one scope, of a loop's variable and of a resource called like it,
        are refused always. For a bot that the template knows, ids meet where loops share an item.
        """
        if not self._template.scopes:
            return
        alike: dict[str, list[Placement]] = {}
        for found in placements:
            name, grant = found.logical_id, found.grant
            if grant.is_missing or generated_before(self._template, name):
                others = alike.setdefault(unmark_text(name), [])
                if any(self._may_meet(found, other) for other in others):
                    yield from _differs_in_loop(grant)
                others.append(found)

    def _may_meet(self, one: Placement, other: Placement) -> bool:
        self._template.budget.spend(5, _MEETING)
        words = (*one.grant.caller.name, *other.grant.caller.name)
        return (
            one.logical_id == other.logical_id
            or not all(map(self._is_resource, words))
            or self._share_items(one.logical_id, other.logical_id)
        )

    def _share_items(self, name: str, other: str) -> bool:
        """Return whether two names with variables of one name surely are one for some items."""
        found = {variable[0]: self._items(variable) for variable in sorted(variables(other))}
        shared = (self._items(v) & found[v[0]] for v in sorted(variables(name)))
        return bool(variables(name)) and all(shared)

    def _items(self, variable: tuple[str, str]) -> set[str]:
        """Return the items of a loop that are written out."""
        collection = self._template.collections.get(variable)
        items = collection if isinstance(collection, list) else []
        self._template.budget.spend(len(items), _MEETING)
        return {item for item in items if isinstance(item, str)}

    def _is_resource(self, word: Word) -> bool:
        return isinstance(word, Reference) and self._template.find(word.logical_id) is not None

    @cached_property
    def _taken(self) -> frozenset[str]:
        """Return the names that no logical id or condition can have any more."""
        template = self._template
        loops = (loop for scope in template.scopes.values() for loop in scope.loops)
        return frozenset(template.entries).union(
            (loop.removeprefix(LOOP) for loop in loops),
            template.section("Parameters"),
            template.section("Conditions"),
        )

    # One permission.

    def _condition(
        self, placement: Placement, added: dict[str, object]
    ) -> tuple[str, list[Diagnostic]]:
        """Return the name of a permission's condition, or nothing; what is missing is added."""
        conditions, when = self._template.conditions, placement.grant.when
        mistakes = [*self._taken_by_others(placement.logical_id)]
        if conditions.implies(ALWAYS, when):
            return "", mistakes
        known = placement.scope.names
        existing = when.name if isinstance(when, Named) else conditions.name_for(when, known)
        if existing is not None and variables(existing) <= known:
            return existing, mistakes
        needed = conditions.simplified(when)
        if any(map(self._differs_for_items, names(needed))):
            return "", [*mistakes, *_differs_in_loop(placement.grant)]
        name = without_variables(placement.logical_id)
        definition = expression(needed)
        if name != placement.logical_id:
            mistakes += self._taken_by_others(name)
        if added.setdefault(name, definition) != definition:
            # Another loop over other items makes what is named alike.
            mistakes += _differs_in_loop(placement.grant)
        return name, mistakes

    def _taken_by_others(self, name: str) -> Iterator[Diagnostic]:
        if name in self._taken:
            before = generated_before(self._template, name)
            metadata = before.body.get("Metadata") if before else None
            is_own = isinstance(metadata, dict) and METADATA_KEY in metadata
            yield ID_TAKEN.at(name, remedy=_DELETE if is_own else _RENAME)

    def _differs_for_items(self, condition: str) -> bool:
        """Return whether a condition is another one for each item of a loop."""
        return bool(variables(condition)) or condition in self._template.condition_functions

    def _permission(
        self, placement: Placement, condition: str
    ) -> tuple[Permission, list[Diagnostic]]:
        """Return the resource; `Type` stays its first key, which `Fn::ForEach` needs."""
        grant = placement.grant
        body: dict[str, object] = {"Type": PERMISSION}
        if condition:
            functions = self._template.condition_functions
            body["Condition"] = functions.get(condition, substituted(condition))
        if policy := self._retention.policy(grant, placement.scope):
            body["DeletionPolicy"] = policy
        reason = f"Lex invokes this function for {grant.caller.label}."
        body["Metadata"] = {
            METADATA_KEY: {
                "Reason": substituted(reason),
                "HookSource": substituted(grant.caller.readable_name),
            }
        }
        body["Properties"] = {
            "Action": INVOKE,
            "FunctionName": grant.expression,
            "Principal": LEX_PRINCIPAL,
            "SourceAccount": {"Ref": "AWS::AccountId"},
            "SourceArn": self._bots.source_arn(grant.caller, placement.scope),
        }
        waits = self._makers.waits(grant)
        mistakes = []
        if not all(wait.can_stand_in(placement.scope, self._template) for wait in waits):
            mistakes.append(WAIT_IN_LOOP.at(*grant.hooks[0].places[0]))
        waiting = with_waits(body, waits)
        return Permission(placement.logical_id, placement.scope, condition, waiting), mistakes


def _differs_in_loop(grant: Grant) -> Iterator[Diagnostic]:
    return (PERMISSION_IN_LOOP.at(*hook.places[0]) for hook in grant.hooks)


# The new fragment.


def with_additions(
    template: Template, additions: Additions, report: list[dict[str, str]]
) -> dict[str, object]:
    """Return the new fragment: the author's part, what was added behind it, the report."""
    by_loops: dict[tuple[str, ...], dict[str, object]] = {}
    changed = [
        *(
            (alias.scope, alias.logical_id, with_waits(alias.body, waits))
            for alias, waits in additions.waits
        ),
        *((added.scope, added.logical_id, added.body) for added in additions.permissions),
    ]
    for scope, name, body in changed:
        written = unmark(body) if scope.loops else body
        by_loops.setdefault(scope.loops, {})[unmark_text(name)] = written
    entries = _with_loops(template.written, by_loops)
    if not template.is_whole:
        return entries
    fragment = dict(template.fragment)
    if changed:
        fragment["Resources"] = entries
    if additions.conditions:
        fragment["Conditions"] = {**template.section("Conditions"), **additions.conditions}
    return _with_report(fragment, report)


def _with_loops(
    entries: Mapping[str, object], changed: Mapping[tuple[str, ...], Mapping[str, object]]
) -> dict[str, object]:
    """Return the resources with what was changed in them, and in the bodies of their loops."""
    copies: dict[tuple[str, ...], dict[str, object]] = {(): dict(entries)}
    for loops, members in changed.items():
        body = copies[()]
        for depth, name in enumerate(loops, start=1):
            if loops[:depth] not in copies:
                loop: Any = body[name]
                variable, collection, inside = loop
                copies[loops[:depth]] = dict(inside)
                body[name] = [variable, collection, copies[loops[:depth]]]
            body = copies[loops[:depth]]
        body.update(members)
    return copies[()]


def _with_report(fragment: dict[str, object], entries: list[dict[str, str]]) -> dict[str, object]:
    """Rewrite the template's report whole; where there is nothing to say there is none."""
    metadata = fragment.get("Metadata", {})
    if not isinstance(metadata, dict) or not (entries or REPORT_KEY in metadata):
        return fragment
    others = {key: value for key, value in metadata.items() if key != REPORT_KEY}
    if entries:
        others[REPORT_KEY] = entries
    if others:
        return {**fragment, "Metadata": others}
    return {key: value for key, value in fragment.items() if key != "Metadata"}
