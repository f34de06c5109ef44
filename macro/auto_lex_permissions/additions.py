"""What the macro adds to a template, as a value, and the new fragment that holds it.

A permission for each missing grant, the conditions that these need, and what bot aliases have to
wait for. In loops each goes into the body that it belongs to; what cannot be written there is a
mistake (rule 1.5).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from .bots import Bots
from .cfn.formulas import ALWAYS, NEVER, Formula, Named, any_of, expression, names
from .cfn.intrinsics import Reference, Text, Word, references, substituted
from .cfn.loops import LOOP, unmark, unmark_text, variables, without_variables
from .cfn.template import Resource, Scope, Template
from .cfn.values import Values
from .code_hooks import BOT, CodeHook
from .declared import PERMISSION
from .dependencies import Dependencies, Makers, Wait, has_waits, with_waits
from .diagnostics import (
    CONDITIONS_NEEDED,
    CYCLE,
    ID_TAKEN,
    PERMISSION_IN_LOOP,
    WAIT_IN_LOOP,
    Diagnostic,
)
from .diagnostics import METADATA_KEY as REPORT_KEY
from .functions import Functions
from .grants import Grant
from .iam import INVOKE, LEX_PRINCIPAL
from .ids import logical_id
from .settings import METADATA_KEY


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

    `waits` are the bot aliases that wait for permissions, each with what it waits for.
    """

    permissions: tuple[Permission, ...]
    conditions: Mapping[str, object]
    waits: tuple[tuple[Resource, tuple[Wait, ...]], ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def permission_count(self) -> int:
        """Return the number of permissions, as many in a loop as it has items."""
        return sum(permission.scope.items for permission in self.permissions)


class _Placed(NamedTuple):
    """A grant, and where its permission stands, by which name."""

    logical_id: str
    scope: Scope
    grant: Grant


class Writer:
    """Writes what the grants of one template need."""

    def __init__(self, template: Template, functions: Functions, bots: Bots) -> None:
        """Take the template, which is left as it is, and how its functions and bots are named."""
        self._template = template
        self._functions = functions
        self._bots = bots
        self._makers = Makers(template, functions)

    def additions(self, grants: Iterable[Grant]) -> Additions:
        """Return the permissions of missing grants, and what has to wait for any of ours."""
        diagnostics: list[Diagnostic] = []
        placed: list[_Placed] = []
        is_by_bot = any(grant.caller.kind == "bot" for grant in grants)
        for grant in grants:
            if not (is_by_bot or grant.is_missing):
                continue
            if grant.scope is not None:
                placed.append(_Placed(logical_id(grant, grant.scope), grant.scope, grant))
            elif grant.is_missing:
                diagnostics += _differs_in_loop(grant)
        diagnostics += self._collisions(placed)
        placed.sort(key=lambda one: one.logical_id)
        conditions: dict[str, object] = {}
        permissions: dict[str, Permission] = {}
        for one in placed:
            if one.grant.is_missing:
                condition, mistakes = self._condition(one, conditions)
                permission, more = self._permission(one, condition)
                permissions[one.logical_id] = permission
                diagnostics += [*mistakes, *more]
        waits = _AliasWaits(
            self._template, self._functions, placed if is_by_bot else (), permissions
        )
        diagnostics += waits.diagnostics
        if conditions and not self._template.is_whole:
            diagnostics.append(CONDITIONS_NEEDED.at(", ".join(sorted(conditions))))
        return Additions(tuple(permissions.values()), conditions, waits.found, tuple(diagnostics))

    # Logical ids that meet.

    def _collisions(self, placed: Iterable[_Placed]) -> Iterator[Diagnostic]:
        """Refuse new permissions for one bot in loops over different items: their ids may meet.

        Two that have one id in one scope, of a loop's variable and of a resource called like it,
        are refused always.
        """
        if not self._template.scopes:
            return
        known: dict[str, _Placed] = {}
        for one in placed:
            if one.grant.is_missing or permission_named(self._template, one.logical_id):
                other = known.setdefault(unmark_text(one.logical_id), one)
                words = (*one.grant.caller.name, *other.grant.caller.name)
                if other is not one and (
                    other.logical_id == one.logical_id or not all(map(self._is_resource, words))
                ):
                    yield from _differs_in_loop(one.grant)

    def _is_resource(self, word: Word) -> bool:
        return isinstance(word, Reference) and self._template.find(word.logical_id) is not None

    def _is_taken(self, name: str) -> bool:
        sections = ("Parameters", "Conditions")
        return (
            name in self._template.entries
            or LOOP + name in self._loops
            or any(name in self._template.section(section) for section in sections)
        )

    @cached_property
    def _loops(self) -> frozenset[str]:
        scopes = self._template.scopes.values()
        return frozenset(loop for scope in scopes for loop in scope.loops)

    # One permission.

    def _condition(self, placed: _Placed, added: dict[str, object]) -> tuple[str, list[Diagnostic]]:
        """Return the name of a permission's condition, or nothing; what is missing is added."""
        conditions, when = self._template.conditions, placed.grant.when
        known = placed.scope.names
        mistakes = [ID_TAKEN.at(placed.logical_id)] if self._is_taken(placed.logical_id) else []
        if conditions.implies(ALWAYS, when):
            return "", mistakes
        existing = (
            when.name
            if isinstance(when, Named)
            else conditions.name_for(when, lambda name: variables(name) <= known)
        )
        if existing is not None and variables(existing) <= known:
            return existing, mistakes
        needed = conditions.simplified(when)
        if any(map(self._differs_for_items, names(needed))):
            return "", [*mistakes, *_differs_in_loop(placed.grant)]
        name = without_variables(placed.logical_id)
        definition = expression(needed)
        if name != placed.logical_id and self._is_taken(name):
            mistakes.append(ID_TAKEN.at(name))
        if added.setdefault(name, definition) != definition:
            # Another loop over other items makes what is named alike.
            mistakes += _differs_in_loop(placed.grant)
        return name, mistakes

    def _differs_for_items(self, condition: str) -> bool:
        """Return whether a condition is another one for each item of a loop."""
        return bool(variables(condition)) or condition in self._template.condition_functions

    def _permission(self, placed: _Placed, condition: str) -> tuple[Permission, list[Diagnostic]]:
        """Return the resource; `Type` stays its first key, which `Fn::ForEach` needs."""
        grant = placed.grant
        body: dict[str, object] = {"Type": PERMISSION}
        if condition:
            functions = self._template.condition_functions
            body["Condition"] = functions.get(condition, substituted(condition))
        if self._is_retained(grant):
            body["DeletionPolicy"] = "RetainExceptOnCreate"
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
            "SourceArn": self._bots.source_arn(grant.caller, placed.scope),
        }
        waits = self._makers.waits(grant)
        mistakes = []
        if not all(wait.can_stand_in(placed.scope) for wait in waits):
            mistakes.append(WAIT_IN_LOOP.at(*grant.hooks[0].places[0]))
        waiting = with_waits(body, waits)
        return Permission(placed.logical_id, placed.scope, condition, waiting), mistakes

    def _is_retained(self, grant: Grant) -> bool:
        """Return whether hooks and function both outlive the stack (rule 2.6)."""
        if not any(_retains(hook.resource.body) for hook in grant.hooks):
            return False
        makers: list[tuple[str, Formula]] = [
            (reference.logical_id, ALWAYS) for reference in references(grant.expression)
        ]
        makers += self._functions.resources(grant.function).items()
        return all(
            _retains(resource.body)
            for name, when in makers
            if (resource := self._template.find(name))
            and self._template.conditions.possible(grant.when & resource.when & when)
        )


class _AliasWaits:
    """What bot aliases wait for: the permissions of their bots, before they move (rule 5.2)."""

    def __init__(
        self,
        template: Template,
        functions: Functions,
        placed: Iterable[_Placed],
        permissions: Mapping[str, Permission],
    ) -> None:
        """Take the grants, and the permissions that are added for some of them."""
        self._conditions = template.conditions
        self._functions = functions
        # Condition and body of each generated permission, of now or of an earlier run, by name.
        self._ours = {name: (one.condition, one.body) for name, one in permissions.items()}
        self._by_caller: dict[Text, list[_Placed]] = {}
        for one in placed:
            if one.grant.caller.kind == "bot":
                if before := permission_named(template, one.logical_id):
                    condition = before.when.name if isinstance(before.when, Named) else ""
                    self._ours[one.logical_id] = condition, before.body
                if one.logical_id in self._ours:
                    self._by_caller.setdefault(one.grant.caller.name, []).append(one)
        bodies = {name: body for name, (_, body) in self._ours.items()}
        self._dependencies = Dependencies(template, bodies)
        self._found: dict[str, tuple[Resource, list[Wait]]] = {}
        self.diagnostics: list[Diagnostic] = []
        self._find(placed)

    @property
    def found(self) -> tuple[tuple[Resource, tuple[Wait, ...]], ...]:
        """Return the bot aliases that wait, each with what it waits for."""
        return tuple((alias, tuple(waits)) for alias, waits in self._found.values())

    def _find(self, placed: Iterable[_Placed]) -> None:
        """Let aliases wait: first those that certainly close no cycle, then the others.

        The others are checked against the first.
        """
        doubtful: list[tuple[Resource, _Placed]] = []
        for one in placed:
            for serving in self._serving(one):
                is_plain = not has_waits(self._ours[serving.logical_id][1])
                for alias, hooks in _aliases(one.grant):
                    if is_plain and self._refers_alike(alias, hooks, serving.grant):
                        self._let_wait(alias, serving)
                    else:
                        doubtful.append((alias, serving))
        for alias, serving in doubtful:
            if self._dependencies.reaches(serving.logical_id, alias.logical_id):
                self.diagnostics.append(CYCLE.at(*alias.place))
            else:
                self._let_wait(alias, serving)

    def _serving(self, placed: _Placed) -> list[_Placed]:
        """Return the generated permission of a grant, or those that serve it under other names."""
        ours = self._by_caller.get(placed.grant.caller.name, [])
        own = [one for one in ours if one.logical_id == placed.logical_id]
        return own or [
            one
            for one in ours
            if self._functions.same_when(one.grant.function, placed.grant.function) != NEVER
        ]

    def _refers_alike(self, alias: Resource, hooks: list[CodeHook], grant: Grant) -> bool:
        """Return whether an alias refers by itself to all that its permission refers to.

        Then its wait closes no cycle that was not there before.
        """
        alike = any_of(hook.when for hook in hooks if hook.expression == grant.expression)
        return self._conditions.implies(alias.when & grant.when, alike)

    def _let_wait(self, alias: Resource, serving: _Placed) -> None:
        name = serving.logical_id
        is_certain = self._conditions.implies(alias.when, serving.grant.when)
        wait = Wait(name, "" if is_certain else self._ours[name][0])
        if not wait.can_stand_in(alias.scope):
            self.diagnostics.append(WAIT_IN_LOOP.at(*alias.place))
        self._found.setdefault(alias.logical_id, (alias, []))[1].append(wait)
        self._dependencies.add(alias.logical_id, name)


def permission_named(template: Template, name: str) -> Resource | None:
    """Return the permission of this name that the template holds already, or None."""
    found = template.find(name)
    return found if found and found.type == PERMISSION else None


def _differs_in_loop(grant: Grant) -> Iterator[Diagnostic]:
    return (PERMISSION_IN_LOOP.at(*hook.places[0]) for hook in grant.hooks)


def _aliases(grant: Grant) -> Iterable[tuple[Resource, list[CodeHook]]]:
    """Return a grant's bot aliases with their hooks; a bot cannot wait for its own permission."""
    aliases: dict[str, tuple[Resource, list[CodeHook]]] = {}
    for hook in grant.hooks:
        if hook.resource.type != BOT:
            found = aliases.setdefault(hook.resource.logical_id, (hook.resource, []))
            found[1].append(hook)
    return aliases.values()


def _retains(body: Mapping[str, object]) -> bool:
    """Return whether a resource outlives its stack, in some deployment at least."""
    policies = Values.at(body.get("DeletionPolicy"), ())
    return any(str(policy.value).startswith("Retain") for policy in policies)


# The new fragment.


def with_additions(
    template: Template, additions: Additions, reports: Iterable[Diagnostic]
) -> dict[str, object]:
    """Return the new fragment: the author's part, what was added behind it, the report."""
    by_loops: dict[tuple[str, ...], dict[str, object]] = {}
    changed = [
        *(
            (alias.scope, alias.logical_id, with_waits(alias.body, waits))
            for alias, waits in additions.waits
        ),
        *((one.scope, one.logical_id, one.body) for one in additions.permissions),
    ]
    for scope, name, body in changed:
        written = unmark(body) if scope.loops else body
        by_loops.setdefault(scope.loops, {})[unmark_text(name)] = written
    entries = _with_loops(template.written, by_loops, ())
    if not template.is_whole:
        return entries
    fragment = dict(template.fragment)
    if changed:
        fragment["Resources"] = entries
    if additions.conditions:
        fragment["Conditions"] = {**template.section("Conditions"), **additions.conditions}
    return _with_report(fragment, [report.entry for report in reports])


def _with_loops(
    entries: Mapping[str, object],
    changed: Mapping[tuple[str, ...], Mapping[str, object]],
    loops: tuple[str, ...],
) -> dict[str, object]:
    """Return the entries of a scope with what was changed in it and in its loops."""
    depth = len(loops)
    given = dict(entries)
    below = (inner[depth] for inner in changed if inner[:depth] == loops and len(inner) > depth)
    for name in dict.fromkeys(below):
        loop: Any = given[name]
        variable, collection, body = loop
        given[name] = [variable, collection, _with_loops(body, changed, (*loops, name))]
    return {**given, **changed.get(loops, {})}


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
