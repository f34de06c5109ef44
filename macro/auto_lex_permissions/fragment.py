"""Generated permissions, written into a new fragment beside what the author wrote.

The scheme of logical ids is a promise (rule 2.5): a later version never changes one.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any, Final

from .code_hooks import BOT, CodeHook, beyond_loops
from .conditions import ALWAYS, NEVER, Formula, Named, all_of, any_of, expression, names
from .declared import INVOKE, LEX_PRINCIPAL, PERMISSION
from .digests import digest
from .errors import Problem
from .intrinsics import (
    Reference,
    Text,
    Unread,
    Word,
    canonical_json,
    references,
    substituted,
)
from .loops import LOOP, is_item, pieces, variables, without_variables, written, written_text
from .permissions import Grant, Permissions
from .reports import CIRCLE, Report
from .reports import METADATA_KEY as REPORT_KEY
from .settings import METADATA_KEY
from .template import OUTSIDE, Place, Resource, Scope, Template, branches
from .waits import Dependencies, Wait, Waits, waits_of, with_waits

_VERBS: Final = {
    "bot-alias": "Invokes",
    "test-alias": "TestAliasInvokes",
    "bot": "AliasesInvoke",
}
# Two hints of 22 characters, the words between them and 8 hex digits stay under 64.
_LONGEST_HINT: Final = 22
# Of values that nothing is said about.
_NOWHERE: Final[Place] = (None, "")
_NO_LETTERS: Final = re.compile("[^0-9A-Za-z]")


def logical_id(grant: Grant, scope: Scope) -> str:
    """Return the grant's logical id: readable, ending in 8 hex digits of a SHA-256.

    In a loop it holds the loop's variables: the rest is the same for all items.
    """
    source = _hint(grant.source.key) or "Bot"
    function = _hint(grant.function.name) or "Function"
    told = f"{source}{_VERBS[grant.source.kind]}{function}"
    known = variables(told)
    missing = [one.mark_in_id for one in scope.variables if (one.name, one.collection) not in known]
    return f"{told}{''.join(missing)}{_digest(grant)}"


def _hint(words: Text) -> str:
    """Return readable letters for a text: the first logical id of the template's in it."""
    for word in words:
        if isinstance(word, Reference) and not _is_no_name(word.logical_id):
            return "".join(_letters(word.logical_id))
    return ""


def _is_no_name(logical_id: str) -> bool:
    """Tell whether a reference is to no resource or parameter of the template."""
    return logical_id.startswith("AWS::") or is_item(logical_id)


def _letters(logical_id: str) -> Iterator[str]:
    """Yield the letters of a logical id as far as there is room, and all its variables."""
    room = _LONGEST_HINT
    for literal, mark in pieces(logical_id):
        letters = _NO_LETTERS.sub("", literal)[:room]
        room -= len(letters)
        yield letters + mark


def _digest(grant: Grant) -> str:
    """Hash the canonical hook source and the canonical function."""
    source = f'["{grant.source.kind}",{_told(grant.source.key)}]'
    told = f"[{source},[{','.join(map(_told, grant.function))}]]"
    return digest(told)


def _told(words: Text) -> str:
    """Return a text as canonical JSON that no other text has."""
    return f"[{','.join(map(_told_word, words))}]"


def _told_word(word: Word) -> str:
    match word:
        case Reference(logical_id, attribute):
            name = encode_basestring(written_text(logical_id))
            return f'{{"reference":[{name},{encode_basestring(attribute)}]}}'
        case Unread(json):
            return f'{{"expression":{encode_basestring(written_text(json))}}}'
    return encode_basestring(word)


class Writer:
    """Generated permissions for one template, and the fragment that holds them."""

    def __init__(self, template: Template, permissions: Permissions) -> None:
        """Take the template that is written to; it is left as it is."""
        self._template = template
        self._waits = Waits(template, permissions)
        self._functions = permissions.functions
        self._dependencies = Dependencies(template)
        self._resources: dict[str, dict[str, object]] = {}
        self._conditions: dict[str, object] = {}
        self._lives: dict[str, str] = {}  # The permissions' conditions.
        self._scopes: dict[str, Scope] = {}  # The permissions' scopes.
        self._waiting: dict[str, tuple[Resource, list[Wait]]] = {}
        self.problems: list[Problem] = []
        self.reports: list[Report] = []

    def add(self, grants: list[Grant], missing: list[Grant]) -> None:
        """Add a permission per missing grant, and what has to wait for each of ours."""
        by_bot = any(grant.source.kind == "bot" for grant in grants)
        new = frozenset(map(id, missing))
        named = self._named(grants if by_bot else missing, new)
        for name, grant in named:
            if id(grant) in new:
                self._add_permission(name, grant)
        if by_bot:
            self._let_aliases_wait(named)
        if self._conditions and not self._template.is_whole:
            self.problems.append(_needs_conditions(sorted(self._conditions)))

    def _named(self, grants: Iterable[Grant], new: frozenset[int]) -> list[tuple[str, Grant]]:
        """Return the grants with the logical ids of their permissions, in the order of these.

        One that is not new and could not be written has no permission of ours.
        """
        named: list[tuple[str, Grant]] = []
        for grant in grants:
            scope = self._scope(grant)
            if scope is not None:
                name = logical_id(grant, scope)
                self._scopes[name] = scope
                named.append((name, grant))
            elif id(grant) in new:
                self.problems += map(_of_loop, grant.hooks)
        if self._template.scopes:
            self._tell_apart(named, new)
        return sorted(named, key=lambda pair: pair[0])

    def _tell_apart(self, named: Iterable[tuple[str, Grant]], new: frozenset[int]) -> None:
        """Refuse new permissions for one bot in loops over different items: their ids may meet.

        Two that have one id in one scope, of a loop's variable and of a resource called like it,
        are refused always.
        """
        told: dict[str, tuple[str, Grant]] = {}
        for name, grant in named:
            if not (id(grant) in new or self._ours(name)):
                continue
            alike, other = told.setdefault(written_text(name), (name, grant))
            words = (*grant.source.key, *other.source.key)
            if other is not grant and (alike == name or not all(map(self._is_made_here, words))):
                self.problems += map(_of_loop, grant.hooks)

    def _is_made_here(self, word: Word) -> bool:
        return isinstance(word, Reference) and self._template.find(word.logical_id) is not None

    def _add_permission(self, name: str, grant: Grant) -> None:
        if self._is_taken(name):
            self.problems.append(_taken(name))
        self._lives[name] = self._condition(name, grant)
        self._resources[name] = self._permission(grant, self._lives[name], self._scopes[name])

    def _scope(self, grant: Grant) -> Scope | None:
        """Return the loop's body that a permission belongs to, or the template itself.

        It is that of the hook source. A permission for a whole bot belongs where the variables
        are known that it needs, and no others; there may be no such place.
        """
        if not self._template.scopes:
            return OUTSIDE
        scopes = sorted({hook.source.scope for hook in grant.hooks})
        if grant.source.kind != "bot" or not any(scope.variables for scope in scopes):
            return scopes[0]
        needed = variables(canonical_json([grant.source.arn(), grant.expression]))
        for scope in scopes:
            for around in scope.around:
                if around.names == needed:
                    return around
        return None

    def _is_taken(self, name: str) -> bool:
        template = self._template
        loops = {loop for scope in template.scopes.values() for loop in scope.loops}
        return (
            name in template.entries
            or LOOP + name in loops
            or any(name in template.section(section) for section in ("Parameters", "Conditions"))
        )

    def _condition(self, name: str, grant: Grant) -> str:
        """Return the condition of a permission, or nothing; one that is missing is added."""
        conditions, life = self._template.conditions, grant.life
        known = self._scopes[name].names
        if conditions.implies(ALWAYS, life):
            return ""
        existing = (
            life.name
            if isinstance(life, Named)
            else conditions.name_for(life, lambda name: variables(name) <= known)
        )
        if existing is not None and variables(existing) <= known:
            return existing
        needed = conditions.simplified(life)
        if any(map(_is_of_loop, names(needed))):
            self.problems += map(_of_loop, grant.hooks)
            return ""
        added = without_variables(name)
        definition = expression(needed)
        if added != name and self._is_taken(added):
            self.problems.append(_taken(added))
        if self._conditions.setdefault(added, definition) != definition:
            # Another loop over other items makes what is named alike.
            self.problems += map(_of_loop, grant.hooks)
        return added

    def _permission(self, grant: Grant, condition: str, scope: Scope) -> dict[str, object]:
        """Return the resource; `Type` stays its first key, which `Fn::ForEach` needs."""
        body: dict[str, object] = {
            "Type": PERMISSION,
            **({"Condition": _written_condition(condition)} if condition else {}),
            **({"DeletionPolicy": "RetainExceptOnCreate"} if self._is_retained(grant) else {}),
            "Metadata": {
                METADATA_KEY: {
                    "Reason": substituted(f"Lex invokes this function for {grant.source.label}."),
                    "HookSource": substituted(grant.source.name),
                }
            },
            "Properties": {
                "Action": INVOKE,
                "FunctionName": grant.expression,
                "Principal": LEX_PRINCIPAL,
                "SourceAccount": {"Ref": "AWS::AccountId"},
                "SourceArn": grant.source.arn(scope),
            },
        }
        waits = self._waits.of_permission(grant)
        if any(_is_unwaitable(wait, scope) for wait in waits):
            self.problems.append(_unwaitable(grant.hooks[0].paths[0]))
        return with_waits(body, waits)

    def _is_retained(self, grant: Grant) -> bool:
        """Tell whether hook source and function both outlive the stack (rule 2.6)."""
        if not any(_retains(hook.source.body) for hook in grant.hooks):
            return False
        function = self._functions.hooked(grant.expression)
        makers: list[tuple[str, Formula]] = [
            (reference.logical_id, ALWAYS) for reference in references(grant.expression)
        ]
        makers += self._functions.resources(function).items()
        return all(
            _retains(resource.body)
            for name, life in makers
            if (resource := self._template.find(name))
            and self._template.conditions.possible(all_of((grant.life, resource.life, life)))
        )

    def _let_aliases_wait(self, named: list[tuple[str, Grant]]) -> None:
        """Let each bot alias wait for its permission, before it moves (rule 5.2).

        Those that certainly close no circle come first: the others are checked against them.
        """
        ours: dict[Text, list[tuple[str, Grant]]] = {}
        for name, grant in named:
            body = self._ours(name) if grant.source.kind == "bot" else None
            if body is not None:
                self._dependencies.bodies[name] = body
                ours.setdefault(grant.source.key, []).append((name, grant))
        doubtful: list[tuple[str, Resource, Grant]] = []
        for used, grant in named:
            for name, serving in self._serving(used, grant, ours.get(grant.source.key, [])):
                is_plain = not waits_of(self._dependencies.bodies[name])
                for alias, hooks in _aliases(grant):
                    if is_plain and self._refers_alike(alias, hooks, serving):
                        self._let_wait(alias, name, serving)
                    else:
                        doubtful.append((name, alias, serving))
        for name, alias, grant in doubtful:
            if self._dependencies.reaches(name, alias.logical_id):
                self.reports.append(Report(alias.path, CIRCLE))
            else:
                self._let_wait(alias, name, grant)

    def _serving(
        self, used: str, grant: Grant, ours: list[tuple[str, Grant]]
    ) -> list[tuple[str, Grant]]:
        """Return the generated permission of a grant, or those that serve it under other names."""
        own = [(name, other) for name, other in ours if name == used]
        if own:
            return own
        function = self._functions.hooked(grant.expression)
        return [
            (name, other)
            for name, other in ours
            if self._functions.same(self._functions.hooked(other.expression), function) != NEVER
        ]

    def _refers_alike(self, alias: Resource, hooks: list[CodeHook], grant: Grant) -> bool:
        """Tell whether an alias refers by itself to all that its permission refers to.

        Then its wait closes no circle that was not there before.
        """
        alike = any_of(hook.life for hook in hooks if hook.function == grant.expression)
        both = all_of((alias.life, grant.life))
        return self._template.conditions.implies(both, alike)

    def _ours(self, name: str) -> Mapping[str, object] | None:
        """Return a permission that is generated, now or when the template was processed."""
        before = self._template.find(name)
        if before and before.type == PERMISSION:
            self._lives[name] = before.life.name if isinstance(before.life, Named) else ""
            return before.body
        return self._resources.get(name)

    def _let_wait(self, alias: Resource, name: str, grant: Grant) -> None:
        certain = self._template.conditions.implies(alias.life, grant.life)
        wait = Wait(name, "" if certain else self._lives[name])
        if self._template.scopes and _is_unwaitable(wait, alias.scope):
            self.problems.append(_unwaitable(alias.path))
        self._waiting.setdefault(alias.logical_id, (alias, []))[1].append(wait)
        self._dependencies.added.setdefault(alias.logical_id, []).append(name)

    @property
    def added(self) -> int:
        """Return the number of permissions added, as many in a loop as it has items."""
        return sum(self._scopes[name].items for name in self._resources)

    def _by_scope(self) -> dict[tuple[str, ...], dict[str, object]]:
        """Return what is changed and added, by the loops that it stands in."""
        changed: dict[tuple[str, ...], dict[str, object]] = {}
        for alias, waits in self._waiting.values():
            _put(changed, alias.scope, alias.logical_id, with_waits(alias.body, waits))
        for name, body in self._resources.items():
            _put(changed, self._scopes[name], name, body)
        return changed

    def fragment(self, reports: Iterable[Report]) -> dict[str, object]:
        """Return the new fragment: the author's part, what was added behind it, the report."""
        template = self._template
        changed = self._by_scope()
        entries = _with_loops(template.written, changed, ())
        if not template.is_whole:
            return entries
        fragment = dict(template.fragment)
        if changed:
            fragment["Resources"] = entries
        if self._conditions:
            fragment["Conditions"] = {**template.section("Conditions"), **self._conditions}
        return _reporting(fragment, sorted(set(reports)))


def _put(
    changed: dict[tuple[str, ...], dict[str, object]],
    scope: Scope,
    name: str,
    body: dict[str, object],
) -> None:
    """Put a resource where it belongs, in a loop as it is written there."""
    told = written(body) if scope.loops else body
    changed.setdefault(scope.loops, {})[written_text(name)] = told


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


def _aliases(grant: Grant) -> Iterable[tuple[Resource, list[CodeHook]]]:
    """Return a grant's bot aliases with their hooks; a bot cannot wait for its own permission."""
    aliases: dict[str, tuple[Resource, list[CodeHook]]] = {}
    for hook in grant.hooks:
        if hook.source.type != BOT:
            found = aliases.setdefault(hook.source.logical_id, (hook.source, []))
            found[1].append(hook)
    return aliases.values()


def _is_of_loop(condition: str) -> bool:
    """Tell whether a condition is another one for each item of a loop."""
    return bool(variables(condition)) or condition.startswith("{")


def _written_condition(condition: str) -> object:
    """Return a resource's `Condition`, which in a loop may be a function."""
    try:
        return json.loads(condition) if condition.startswith("{") else substituted(condition)
    except ValueError:
        return condition  # An odd name, for CloudFormation to reject.


def _retains(body: Mapping[str, object]) -> bool:
    """Tell whether a resource outlives its stack, in some deployment at least."""
    policies = branches(body.get("DeletionPolicy"), _NOWHERE, ALWAYS)
    return any(str(policy.value).startswith("Retain") for policy in policies)


def _reporting(fragment: dict[str, object], reports: list[Report]) -> dict[str, object]:
    """Rewrite the template's report whole; where there is nothing to say there is none."""
    metadata = fragment.get("Metadata", {})
    if not isinstance(metadata, dict) or not (reports or REPORT_KEY in metadata):
        return fragment
    others = {key: value for key, value in metadata.items() if key != REPORT_KEY}
    if reports:
        others[REPORT_KEY] = [report.entry for report in reports]
    if others:
        return {**fragment, "Metadata": others}
    return {key: value for key, value in fragment.items() if key != "Metadata"}


def _taken(name: str) -> Problem:
    what = "AutoLexPermissions needs this logical id for a permission of its own."
    return Problem(name, what, "Give the resource, parameter or condition another name.")


def _of_loop(hook: CodeHook) -> Problem:
    return beyond_loops(
        hook.paths[0],
        "its permission would be another one for each item of the loop, in a way that cannot be"
        " written inside the loop.",
    )


def _is_unwaitable(wait: Wait, scope: Scope) -> bool:
    """Tell whether a wait cannot be written in a scope."""
    return bool(variables(wait.condition)) or not variables(wait.logical_id) <= scope.names


def _unwaitable(path: str) -> Problem:
    return beyond_loops(
        path, "what has to be created before it is another resource for each item of a loop."
    )


def _needs_conditions(names: list[str]) -> Problem:
    return Problem(
        ", ".join(names),
        "these permissions need new conditions, which cannot be added from Fn::Transform under"
        " Resources.",
        "List AutoLexPermissions in the template's Transform section instead.",
    )
