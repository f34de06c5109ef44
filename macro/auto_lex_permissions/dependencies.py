"""What has to be created first, and how one resource waits for another (rules 2.7, 2.8, 5.2).

CloudFormation orders what refers to something after it. Text refers to nothing, so a permission
whose function is named by text could be created before the function. To wait is `DependsOn`
where the other resource is sure to exist; elsewhere it is a reference inside an `Fn::If` in the
resource's Metadata, since `DependsOn` on a resource that does not exist does not validate.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from .cfn.conditions import Conditions
from .cfn.formulas import NEVER, Formula, Named, any_of
from .cfn.intrinsics import (
    Reference,
    Text,
    canonical_json,
    compact,
    is_literal,
    references,
    substituted,
)
from .cfn.loops import (
    can_come_to,
    is_item,
    variables,
    with_variables_of,
    without_variables,
)
from .cfn.template import OUTSIDE, Resource, Scope, Template
from .code_hooks import BOT, CodeHook
from .declared import PERMISSION
from .diagnostics import CYCLE, WAIT_IN_LOOP, Diagnostic
from .functions import LAMBDA_ALIAS, LAMBDA_VERSION, ByFunction, Functions, LambdaFunction
from .grants import Grant
from .iam import may_equal, nothing_known
from .ids import Placement
from .settings import METADATA_KEY, WAITS_FOR

_FOLLOWING: Final = "Following what resources wait for"
# A reference to one of these waits for the function and for the qualifier.
_MAKE_QUALIFIERS: Final = frozenset({LAMBDA_ALIAS, LAMBDA_VERSION})


class Wait(NamedTuple):
    """A resource to wait for, and the condition under which it exists where that is not sure.

    Of an alias that SAM names in its own way, the logical id is SAM's `Fn.Alias`.
    """

    logical_id: str
    condition: str = ""

    @property
    def is_certain(self) -> bool:
        """Return whether `DependsOn` can say it, which takes plain names alone."""
        return not (self.condition or "." in self.logical_id or variables(self.logical_id))

    @property
    def in_metadata(self) -> object:
        """Return the reference that makes a resource wait from its Metadata."""
        reference = {"Ref": substituted(self.logical_id)}
        return {"Fn::If": [self.condition, reference, ""]} if self.condition else reference

    def can_stand_in(self, scope: Scope, template: Template) -> bool:
        """Return whether it can be written in a scope: it is the same for each of its items.

        `Fn::If` takes the name of a condition, and no function in its place.
        """
        has_name = self.condition not in template.condition_functions
        is_same = not variables(self.condition) and variables(self.logical_id) <= scope.names
        return has_name and is_same


class Generated(NamedTuple):
    """A generated permission: when it exists, the condition that says so or nothing, its body."""

    when: Formula
    condition: str
    body: Mapping[str, object]


def wait_for(
    conditions: Conditions, logical_id: str, when: Formula, waiting: Formula
) -> Wait | None:
    """Return how what exists under `waiting` waits for a resource that exists under `when`.

    None where both never exist together.
    """
    if conditions.implies(waiting, when):
        return Wait(logical_id)
    if isinstance(when, Named) and conditions.possible(when & waiting):
        return Wait(logical_id, when.name)
    return None


def with_waits(body: Mapping[str, object], waits: Iterable[Wait]) -> dict[str, object]:
    """Return a resource that waits; what it already says stays, and stays in its place."""
    certain = [wait.logical_id for wait in waits if wait.is_certain]
    others = [wait.in_metadata for wait in waits if not wait.is_certain]
    waiting = dict(body)
    if certain:
        waiting["DependsOn"] = _extended(body.get("DependsOn", []), certain)
    if others and isinstance(body.get("Metadata", {}), dict):
        metadata = _object(body.get("Metadata"))
        own = _object(metadata.get(METADATA_KEY))
        waits_for = _extended(own.get(WAITS_FOR, []), others)
        waiting["Metadata"] = {**metadata, METADATA_KEY: {**own, WAITS_FOR: waits_for}}
    return waiting


def _extended(before: object, more: Iterable[object]) -> list[object]:
    """Return what was listed, or stood there alone, and whatever else is to be, each once."""
    listed = before if isinstance(before, list) else [before]
    known = set(map(canonical_json, listed))
    others = {canonical_json(item): item for item in more}
    return [*listed, *(item for written, item in others.items() if written not in known)]


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def has_waits(body: Mapping[str, object]) -> bool:
    """Return whether a generated permission waits for anything beside what it refers to."""
    metadata = _object(_object(body.get("Metadata")).get(METADATA_KEY))
    return "DependsOn" in body or WAITS_FOR in metadata


class _LambdaAlias(NamedTuple):
    """A Lambda alias: the functions and qualifiers that it may make.

    It `is_open` where it may make another one than its text tells.
    """

    resource: Resource
    functions: list[LambdaFunction]
    qualifiers: list[Text]
    is_open: bool


class Makers:
    """Which resources of a template may make the function and the qualifier that a text names."""

    def __init__(self, template: Template, functions: Functions) -> None:
        """Take the template, and how its functions are named."""
        self._template = template
        self._functions = functions

    def waits(self, grant: Grant) -> list[Wait]:
        """Return what a permission waits for whose function is named by text (rule 2.7).

        A resource that only may make the function is left out where it cannot be written.
        """
        match grant.spelled_at.words:
            case (Reference(),):
                return []  # A reference waits by itself.
        waits: set[Wait] = set()
        for logical_id, when in self._of(grant):
            self._template.budget.spend(20, _FOLLOWING)
            if wait := wait_for(self._template.conditions, logical_id, when, grant.when):
                waits.add(wait)
        return sorted(waits)

    def _of(self, grant: Grant) -> Iterator[tuple[str, Formula]]:
        """Yield what may make a function and its qualifier and is not referred to, and when."""
        function = grant.function
        ids = {reference.logical_id for reference in references(grant.expression)}
        if any(self._template.type_of(logical_id) in _MAKE_QUALIFIERS for logical_id in ids):
            return
        for resource in filter(None, map(self._template.find, self._functions.may_be(function))):
            if self._can_be_named(resource, grant):
                if resource.logical_id not in ids:
                    yield resource.logical_id, resource.when
                if function.qualifier:
                    yield from self._published(resource, function)
        if function.qualifier:
            for alias in self._lambda_aliases_of(function):
                if self._can_be_named(alias, grant):
                    yield alias.logical_id, alias.when

    def _can_be_named(self, resource: Resource, grant: Grant) -> bool:
        """Return whether a resource surely makes a grant's function, or can stand in its scope."""
        own = self._functions.resources(grant.function)
        scope = grant.scope or OUTSIDE
        return resource.logical_id in own or variables(resource.logical_id) <= scope.names

    def _lambda_aliases_of(self, function: LambdaFunction) -> Iterator[Resource]:
        """Yield the Lambda aliases that may make a function's qualifier.

        What is written out is found in a table.
        """
        found = {alias.resource.logical_id: alias.resource for alias in self._sure.of(function)}
        is_open = not is_literal((*function.name, *function.qualifier)) and function.is_own
        to_compare = self._lambda_aliases if is_open else self._open  # pragma: no mutate (for time)
        for alias in to_compare:
            self._template.budget.spend(10 * len(alias.functions), _FOLLOWING)
            if any(
                may_equal(qualifier, function.qualifier, nothing_known)
                for qualifier in alias.qualifiers
            ) and any(
                self._functions.may_be_one_when(named, function) != NEVER
                for named in alias.functions
            ):
                found.setdefault(alias.resource.logical_id, alias.resource)
        yield from found.values()

    @cached_property
    def _lambda_aliases(self) -> list[_LambdaAlias]:
        return [*map(self._read, self._template.of_type(LAMBDA_ALIAS))]

    def _read(self, alias: Resource) -> _LambdaAlias:
        names = alias.values("FunctionName").present().map(self._functions.resolve_name)
        # The last of the readings is a name's, or the only one.
        functions = [name.value[-1] for name in names]
        qualifiers = [compact(name.value) for name in alias.values("Name").present()]
        is_one = len(functions) == len(qualifiers) == 1  # pragma: no mutate (only saves time)
        return _LambdaAlias(
            alias,
            functions,
            qualifiers,
            not is_one
            or not is_literal(qualifiers[0])
            or not self._functions.is_written_out(functions[0]),
        )

    @cached_property
    def _open(self) -> list[_LambdaAlias]:
        return [alias for alias in self._lambda_aliases if alias.is_open]

    @cached_property
    def _sure(self) -> ByFunction[_LambdaAlias]:
        """Return the Lambda aliases by the function and qualifier that they make."""
        made = (
            (alias, [self._functions.resolve({"Ref": alias.resource.logical_id})])
            for alias in self._lambda_aliases
        )
        return ByFunction(self._functions, made)

    def _published(
        self, resource: Resource, function: LambdaFunction
    ) -> Iterator[tuple[str, Formula]]:
        """Yield the alias that SAM will make of `AutoPublishAlias`, under the id it gives it."""
        if resource.type != "AWS::Serverless::Function":
            return
        published = self._functions.published_alias(resource)
        if not published or not may_equal(published[1], function.qualifier, nothing_known):
            return
        name, _ = published
        made = f"{resource.logical_id}.Alias"
        if isinstance(name, str) and not variables(name):
            letters = name.replace("-", "D").replace("_", "U")
            made = f"{resource.logical_id}Alias{letters}"
        yield made, resource.when


class Dependencies:
    """Who refers to whom in a template: CloudFormation creates what is referred to first."""

    def __init__(self, template: Template, added: Mapping[str, Mapping[str, object]]) -> None:
        """Take the template as its author wrote it, and the bodies of what is added to it."""
        self._template = template
        self._added = added
        self._parameters = template.section("Parameters")
        self._waits: dict[str, list[str]] = {}
        self._known: dict[str, set[str]] = {}

    def add(self, logical_id: str, other: str) -> None:
        """Let a resource wait for another one."""
        self._waits.setdefault(logical_id, []).append(other)

    def reaches(self, start: str, goal: str) -> bool:
        """Return whether a resource needs another one, directly or through others."""
        seen: set[str] = set()
        stack = [start]
        while stack:
            logical_id = stack.pop()
            if logical_id == goal:
                return True
            if logical_id not in seen:
                seen.add(logical_id)
                # Sorted, so that the steps are the same in every process.
                needed = *self._waits.get(logical_id, ()), *sorted(self._needed_by(logical_id))
                self._template.budget.spend(1 + len(needed), _FOLLOWING)
                stack += needed
        return False

    def _needed_by(self, logical_id: str) -> set[str]:
        """Return what a resource refers to by itself."""
        if logical_id not in self._known:
            resource = self._template.find(logical_id)
            needed = _referred(resource.body if resource else self._added.get(logical_id, {}))
            if self._template.scopes:
                needed |= {item for name in needed for item in self._items(name)}
            self._known[logical_id] = needed
        return self._known[logical_id]

    def _items(self, name: str) -> Iterator[str]:
        """Yield the resources that a name may mean, where loops make one of them or build it."""
        is_resource = ":" not in without_variables(name) and name not in self._parameters
        if is_resource and name not in self._template.entries:
            self._template.budget.spend(10 * len(self._template.scopes), _FOLLOWING)
            yield from (item for item in self._template.scopes if can_come_to(item, name))
            if variables(name):
                self._template.budget.spend(10 * len(self._template.entries), _FOLLOWING)
                yield from (item for item in self._template.entries if can_come_to(name, item))


def _referred(body: Mapping[str, object]) -> set[str]:
    on = body.get("DependsOn")
    named = on if isinstance(on, list) else [on]
    # A loop's item is a text, and no resource.
    ids = {name.logical_id for name in references(body) if not is_item(name.logical_id)}
    return ids | {name for name in named if isinstance(name, str)}


class AliasWaits:
    """What bot aliases wait for: the permissions of their bots, before they move (rule 5.2)."""

    def __init__(
        self,
        template: Template,
        functions: Functions,
        placements: Iterable[Placement],
        added: Mapping[str, Generated],
    ) -> None:
        """Take the grants, and each permission that is added, by name."""
        self._template = template
        self._conditions = template.conditions
        self._functions = functions
        self._generated = dict(added)  # Now, or by an earlier run.
        self._by_items: dict[str, list[Placement]] = {}
        by_caller: dict[Text, list[Placement]] = {}
        for placement in placements:
            name, caller = placement.logical_id, placement.grant.caller
            if caller.kind == "bot":
                if before := generated_before(template, name):
                    condition = before.when.name if isinstance(before.when, Named) else ""
                    self._generated[name] = Generated(before.when, condition, before.body)
                if name in self._generated:
                    by_caller.setdefault(caller.name, []).append(placement)
                    if template.scopes:
                        self._by_items.setdefault(placement.grant.by_items, []).append(placement)
        self._by_caller = {
            name: ByFunction(functions, ((found, [found.grant.function]) for found in placements))
            for name, placements in by_caller.items()
        }
        bodies = {name: generated.body for name, generated in self._generated.items()}
        self._dependencies = Dependencies(template, bodies)
        self._found: dict[str, tuple[Resource, list[Wait]]] = {}
        self.diagnostics: list[Diagnostic] = []
        self._find(placements)

    @property
    def found(self) -> tuple[tuple[Resource, tuple[Wait, ...]], ...]:
        """Return the bot aliases that wait, each with what it waits for."""
        return tuple((alias, tuple(waits)) for alias, waits in self._found.values())

    def _find(self, placements: Iterable[Placement]) -> None:
        """Let aliases wait: first those that certainly close no cycle, then the others.

        The others are checked against the first.
        """
        doubtful: list[tuple[Resource, Placement, Placement]] = []
        for placement in placements:
            for serving in self._serving(placement):
                is_plain = not has_waits(self._generated[serving.logical_id].body)
                for alias, hooks in _aliases(placement.grant):
                    if is_plain and self._refers_alike(alias, hooks, serving.grant):
                        self._let_wait(alias, placement, serving)
                    else:
                        doubtful.append((alias, placement, serving))
        for alias, placement, serving in doubtful:
            if self._dependencies.reaches(serving.logical_id, alias.logical_id):
                self.diagnostics.append(CYCLE.at(*alias.place))
            else:
                self._let_wait(alias, placement, serving)

    def _serving(self, placement: Placement) -> list[Placement]:
        """Return the generated permission of a grant, or those that serve it under other names."""
        function = placement.grant.function
        by_function = self._by_caller.get(placement.grant.caller.name)
        candidates = by_function.of(function) if by_function else []
        self._template.budget.spend(len(candidates), _FOLLOWING)
        own = [other for other in candidates if other.logical_id == placement.logical_id]
        others = (
            other
            for other in candidates
            if self._functions.same_when(other.grant.function, function) != NEVER
        )
        return own or [*others] or self._by_items.get(placement.grant.by_items, [])

    def _refers_alike(self, alias: Resource, hooks: list[CodeHook], grant: Grant) -> bool:
        """Return whether an alias refers by itself to all that its permission refers to.

        Then its wait closes no cycle that was not there before.
        """
        alike = any_of(hook.when for hook in hooks if hook.expression == grant.expression)
        return self._conditions.implies(alias.when & grant.when, alike)

    def _let_wait(self, alias: Resource, placement: Placement, serving: Placement) -> None:
        name = serving.logical_id
        generated = self._generated[name]
        is_certain = self._conditions.implies(alias.when, generated.when)
        # It may stand in another loop over the same items.
        named = with_variables_of(name, placement.logical_id)
        wait = Wait(named, "" if is_certain else generated.condition)
        if not wait.can_stand_in(alias.scope, self._template):
            self.diagnostics.append(WAIT_IN_LOOP.at(*alias.place))
        self._found.setdefault(alias.logical_id, (alias, []))[1].append(wait)
        self._dependencies.add(alias.logical_id, name)


def generated_before(template: Template, name: str) -> Resource | None:
    """Return the permission of this name that an earlier run has generated, or None."""
    found = template.find(name)
    return found if found and found.type == PERMISSION else None


def _aliases(grant: Grant) -> Iterable[tuple[Resource, list[CodeHook]]]:
    """Return a grant's bot aliases with their hooks; a bot cannot wait for its own permission."""
    aliases: dict[str, tuple[Resource, list[CodeHook]]] = {}
    for hook in grant.hooks:
        if hook.resource.type != BOT:
            found = aliases.setdefault(hook.resource.logical_id, (hook.resource, []))
            found[1].append(hook)
    return aliases.values()
