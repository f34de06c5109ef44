"""What has to be created first, and how one resource waits for another (rules 2.7, 2.8, 5.2).

CloudFormation orders what refers to something after it. Text refers to nothing, so a permission
whose function is named by text could be created before the function. To wait is `DependsOn`
where the other resource is sure to live; elsewhere it is a reference inside an `Fn::If` in the
resource's Metadata, since `DependsOn` on a resource that does not live does not validate.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from .conditions import NEVER, Formula, Named, all_of
from .functions import LambdaFunction
from .intrinsics import Reference, references, substituted, text
from .loops import is_item, pattern, variables
from .permissions import Grant, Permissions
from .settings import METADATA_KEY, WAITS_FOR
from .template import Resource, Template

_LAMBDA_ALIAS: Final = "AWS::Lambda::Alias"
# A reference to one of these waits for the function and for the qualifier.
_MAKE_QUALIFIERS: Final = frozenset({_LAMBDA_ALIAS, "AWS::Lambda::Version"})


class Wait(NamedTuple):
    """A resource to wait for, and the condition under which it lives where that is not sure.

    Of an alias that SAM names in its own way, the logical id is SAM's `Fn.Alias`.
    """

    logical_id: str
    condition: str = ""

    @property
    def is_certain(self) -> bool:
        """Tell whether `DependsOn` can say it, which takes plain names alone."""
        return not (self.condition or "." in self.logical_id or variables(self.logical_id))

    @property
    def in_metadata(self) -> object:
        """Return the reference that makes a resource wait from its Metadata."""
        reference = {"Ref": substituted(self.logical_id)}
        return {"Fn::If": [self.condition, reference, ""]} if self.condition else reference


def with_waits(body: Mapping[str, object], waits: list[Wait]) -> dict[str, object]:
    """Return a resource that waits; what it already says stays, and stays in its place."""
    certain = [wait.logical_id for wait in waits if wait.is_certain]
    others = [wait.in_metadata for wait in waits if not wait.is_certain]
    waiting = dict(body)
    if certain:
        waiting["DependsOn"] = _with(body.get("DependsOn", []), certain)
    if others and isinstance(body.get("Metadata", {}), dict):
        metadata = _object(body.get("Metadata"))
        own = _object(metadata.get(METADATA_KEY))
        waits_for = _with(own.get(WAITS_FOR, []), others)
        waiting["Metadata"] = {**metadata, METADATA_KEY: {**own, WAITS_FOR: waits_for}}
    return waiting


def _with(before: object, more: Iterable[object]) -> list[object]:
    """Return what was listed, or stood there alone, and whatever else is to be."""
    listed = before if isinstance(before, list) else [before]
    return [*listed, *(one for one in more if one not in listed)]


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


class Waits:
    """What the resources of one template have to wait for."""

    def __init__(self, template: Template, permissions: Permissions) -> None:
        """Take the template, and how its functions are named."""
        self._template = template
        self._functions = permissions.functions

    def of_permission(self, grant: Grant) -> list[Wait]:
        """Return what makes the function and the qualifier that the grant names by text."""
        match text(grant.expression):
            case (Reference(),):
                return []  # A reference waits by itself.
        referred = set(references(grant.expression))
        function = self._functions.hooked(grant.expression)
        waits = (
            self.wait(logical_id, life, grant.life)
            for logical_id, life in self._makers(function, referred)
        )
        return sorted({wait for wait in waits if wait})

    def wait(self, logical_id: str, life: Formula, waiting: Formula) -> Wait | None:
        """Return the wait of what lives under one formula for what lives under another."""
        conditions = self._template.conditions
        if conditions.implies(waiting, life):
            return Wait(logical_id)
        if isinstance(life, Named) and conditions.possible(all_of((life, waiting))):
            return Wait(logical_id, life.name)
        return None

    def _makers(
        self, function: LambdaFunction, referred: set[Reference]
    ) -> Iterator[tuple[str, Formula]]:
        """Yield what makes a function and its qualifier without being referred to, and when."""
        ids = {reference.logical_id for reference in referred}
        if any(self._template.type_of(logical_id) in _MAKE_QUALIFIERS for logical_id in ids):
            return
        for resource in filter(None, map(self._template.find, self._functions.resources(function))):
            if resource.logical_id not in ids:
                yield resource.logical_id, resource.life
            if function.qualifier and Reference(resource.logical_id, "Alias") not in referred:
                yield from self._published(resource, function)
        if function.qualifier:
            for alias in self._template.of_type(_LAMBDA_ALIAS):
                made = self._functions.hooked({"Ref": alias.logical_id})
                if self._functions.same(made, function) != NEVER:
                    yield alias.logical_id, alias.life

    def _published(
        self, resource: Resource, function: LambdaFunction
    ) -> Iterator[tuple[str, Formula]]:
        """Yield the alias that SAM will make of `AutoPublishAlias`, under the id it gives it."""
        if resource.type != "AWS::Serverless::Function":
            return
        name = self._functions.published_alias(resource)
        if name is None or text(name) != function.qualifier:
            return
        made = f"{resource.logical_id}.Alias"
        if isinstance(name, str):
            letters = name.replace("-", "D").replace("_", "U")
            made = f"{resource.logical_id}Alias{letters}"
        yield made, resource.life


def waits_of(body: Mapping[str, object]) -> bool:
    """Tell whether a generated permission waits for anything beside what it refers to."""
    metadata = _object(_object(body.get("Metadata")).get(METADATA_KEY))
    return "DependsOn" in body or WAITS_FOR in metadata


class Dependencies:
    """Who refers to whom in a template: CloudFormation creates what is referred to first."""

    def __init__(self, template: Template) -> None:
        """Take the template as its author wrote it."""
        self._template = template
        self._looped = {name: pattern(name) for name in template.scopes}
        self.bodies: dict[str, Mapping[str, object]] = {}  # Of generated permissions.
        self.added: dict[str, list[str]] = {}  # What aliases wait for.
        self._known: dict[str, set[str]] = {}

    def reaches(self, start: str, goal: str) -> bool:
        """Tell whether a permission needs a resource, directly or through others."""
        seen: set[str] = set()
        stack = [start]
        while stack:
            logical_id = stack.pop()
            if logical_id == goal:
                return True
            if logical_id not in seen:
                seen.add(logical_id)
                stack += self.added.get(logical_id, ())
                stack += self._own(logical_id)
        return False

    def _own(self, logical_id: str) -> set[str]:
        """Return what a resource refers to by itself."""
        if logical_id not in self._known:
            resource = self._template.find(logical_id)
            body = resource.body if resource else self.bodies.get(logical_id, {})
            needed = _needed_by(body)
            if self._looped:
                needed |= {one for name in needed for one in self._alike(name)}
            self._known[logical_id] = needed
        return self._known[logical_id]

    def _alike(self, name: str) -> Iterator[str]:
        """Yield the resources that a name may mean, where loops make one of them or build it."""
        if name not in self._template.entries:
            yield from (one for one, like in self._looped.items() if like.fullmatch(name))
            if variables(name):
                like = pattern(name)
                yield from (one for one in self._template.entries if like.fullmatch(one))


def _needed_by(body: Mapping[str, object]) -> set[str]:
    on = body.get("DependsOn", [])
    named = on if isinstance(on, list) else [on]
    # A loop's item is a text, and no resource.
    ids = {one.logical_id for one in references(body) if not is_item(one.logical_id)}
    return ids | {name for name in named if isinstance(name, str)}
