"""A read-only view of a fragment: its resources, conditions and parameters, and what lives when.

The macro never changes what it reads. Everything that looks into a template goes through this
view, so that `Fn::If` and `AWS::NoValue` are looked through in one place. What stands in the body
of an `Fn::ForEach` is a resource like any other: its logical id holds the loop's variables.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from math import prod
from typing import Final, NamedTuple, TypeAlias, TypeGuard

from .conditions import ALWAYS, Conditions, Formula, Named
from .errors import Problem, TemplateError
from .intrinsics import NO_VALUE, canonical_json, function, is_no_value, name_of
from .loops import LOOP, Variable, entered, variables, written_text

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html, and
# `Globals` of AWS SAM: a macro listed before it sees the section.
SECTIONS: Final = frozenset({
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
})  # fmt: skip


class Branch(NamedTuple):
    """A value that stands at a place, and the formula under which it does.

    The place is a chain from the last step back to the first; `path` writes it out.
    """

    value: object
    place: "Place"
    life: Formula

    @property
    def path(self) -> str:
        """Return the place as the author reads it: `Resources.A.Properties.List[0]`."""
        return path(self.place)


# A step is the text that stands in the path, or a place in a list.
Place: TypeAlias = tuple["Place | None", str | int]


def path(place: Place | None) -> str:
    """Write out a place."""
    steps: list[str] = []
    while place:
        place, step = place
        steps.append(step if isinstance(step, str) else f"[{step}]")
    return "".join(reversed(steps))[1:]


def is_if(value: object) -> TypeGuard[dict[str, object]]:
    """Tell whether a value is a call of `Fn::If`."""
    return isinstance(value, dict) and len(value) == 1 and "Fn::If" in value


def branches(value: object, place: Place, life: Formula) -> Iterator[Branch]:
    """Look through `Fn::If`: yield each value that may stand here, `AWS::NoValue` included.

    A malformed `Fn::If` has no branches: CloudFormation rejects it in its own words.
    """
    stack = [Branch(value, place, life)]
    while stack:
        branch = stack.pop()
        value, place, life = branch
        if not is_if(value):
            yield branch
            continue
        match value["Fn::If"]:
            case [given, then, otherwise] if name := name_of(given):
                no = life & ~Named(name)
                stack.append(Branch(otherwise, (place, ".Fn::If[2]"), no))
                stack.append(Branch(then, (place, ".Fn::If[1]"), life & Named(name)))


def unreadable(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield the condition of each `Fn::If` that is a function and names none: its place, and it."""
    stack = [(value, place)]
    while stack:
        value, place = stack.pop()
        match value:
            case {"Fn::If": [given, then, otherwise], **rest} if not rest:
                called = function(given)
                if called and name_of(given) is None:
                    yield (place, ".Fn::If[0]"), called[0]
                else:
                    stack += [(otherwise, (place, ".Fn::If[2]")), (then, (place, ".Fn::If[1]"))]


def members(parents: Iterable[Branch], key: str) -> Iterator[Branch]:
    """Yield the values under a key of each parent that is an object, through `Fn::If`."""
    for parent in parents:
        if isinstance(parent.value, dict) and key in parent.value:
            yield from present(branches(parent.value[key], (parent.place, f".{key}"), parent.life))


def present(candidates: Iterable[Branch]) -> Iterator[Branch]:
    """Drop the branches that say `AWS::NoValue`."""
    return (branch for branch in candidates if not is_no_value(branch.value))


def condition_named(condition: object) -> Formula:
    """Return the formula of a resource's `Condition`: that condition, or always.

    In a loop it may be a function. Where that puts a name together it means the condition of this
    name; any other function is a condition of its own, named by its JSON.
    """
    name = name_of(condition)
    if name is None and function(condition):
        name = canonical_json(condition)
    return ALWAYS if name is None else Named(name)


class Scope(NamedTuple):
    """The body of a loop: the names of the loops down to it, and their variables."""

    loops: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()

    @property
    def place(self) -> Place:
        """Return where it stands in the template."""
        place: Place = (None, ".Resources")
        for name in self.loops:
            place = ((place, f".{name}"), _BODY)
        return place

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Return the variables as texts hold them."""
        return frozenset((variable.name, variable.collection) for variable in self.variables)

    @property
    def items(self) -> int:
        """Return how many resources one of the body comes to, as far as the template says."""
        return prod(max(variable.items, 1) for variable in self.variables)

    def is_there_for(self, other: "Scope") -> bool:
        """Tell whether this body comes to something wherever the other one does."""
        known = other.names
        return all(one.items or (one.name, one.collection) in known for one in self.variables)

    @property
    def around(self) -> Iterator["Scope"]:
        """Yield the scopes that this one stands in, from the template itself to this one."""
        for depth in range(len(self.loops) + 1):
            yield Scope(self.loops[:depth], self.variables[:depth])


OUTSIDE: Final = Scope()
# A loop is a list of its variable, its collection and its body.
_BODY: Final = 2


class Resource(NamedTuple):
    """One resource: its logical id, its type, its body as written, when it lives, and where.

    It lives under its `Condition`, else always.
    """

    logical_id: str
    type: str
    body: Mapping[str, object]
    life: Formula
    scope: Scope = OUTSIDE

    @property
    def path(self) -> str:
        """Return where it stands in the template."""
        return path(self.place)

    @property
    def place(self) -> Place:
        """Return where it stands in the template, as a place."""
        return self.scope.place, f".{written_text(self.logical_id)}"

    @property
    def properties(self) -> Branch:
        """Return its `Properties`, as the branch that they stand in."""
        return Branch(self.body.get("Properties"), (self.place, ".Properties"), self.life)

    def values(self, key: str) -> list[Branch]:
        """Return each value that a property may have, `AWS::NoValue` where it may be absent."""
        properties = self.body.get("Properties")
        value = properties.get(key) if isinstance(properties, dict) else None
        value = NO_VALUE if value is None else value
        place = ((self.place, ".Properties"), f".{key}")
        if is_if(value):
            return list(branches(value, place, self.life))
        return [Branch(value, place, self.life)]

    def sole(self, key: str) -> object:
        """Return the one value of a property, or None where it is absent or has several."""
        values = self.values(key)
        return values[0].value if len(values) == 1 and not is_no_value(values[0].value) else None


class Template:
    """What the macro reads of a fragment, and of the request that brought it."""

    def __init__(self, fragment: Mapping[str, object], region: str, account: str) -> None:
        """Take a fragment that is a whole template or, from `Fn::Transform`, a `Resources` map.

        Raises TemplateError where it is neither (rule 6.1).
        """
        self.fragment = fragment
        self.region = region
        self.account = account
        self.is_whole = _is_whole(fragment)
        entries = fragment.get("Resources") if self.is_whole else fragment
        # CloudFormation rejects a template whose sections are no objects: nothing is read of one.
        conditions = fragment.get("Conditions") if self.is_whole else None
        is_sound = conditions is None or isinstance(conditions, dict)
        self.written: Mapping[str, object] = (
            entries if isinstance(entries, dict) and is_sound else {}
        )
        self.entries, self.scopes = _flat(self.written)
        self._found: dict[str, Resource | None] = {}

    def find(self, logical_id: str) -> Resource | None:
        """Return a well-formed resource, or None where there is none of this logical id."""
        if logical_id not in self._found:
            entry = self.entries.get(logical_id)
            body = entry if isinstance(entry, dict) else {}
            kind = body.get("Type")
            life = condition_named(body["Condition"]) if "Condition" in body else ALWAYS
            scope = self.scopes.get(logical_id, OUTSIDE)
            self._found[logical_id] = (
                Resource(logical_id, kind, body, life, scope) if isinstance(kind, str) else None
            )
        return self._found[logical_id]

    @cached_property
    def _by_type(self) -> dict[str, list[str]]:
        """Return the logical ids by type."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name, entry in self.entries.items():
            if isinstance(entry, dict) and isinstance(kind := entry.get("Type"), str):
                found[kind].append(name)
        return found

    @property
    def types(self) -> Iterable[str]:
        """Return the types of all resources."""
        return self._by_type.keys()

    @property
    def size(self) -> int:
        """Return the number of resources, loops written out as far as the template says."""
        more = (scope.items - 1 for scope in self.scopes.values())
        return len(self.entries) + sum(more)

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of these types, each type's in the order of the template."""
        found = (self.find(name) for kind in types for name in self._by_type.get(kind, ()))
        return [resource for resource in found if resource]

    def type_of(self, logical_id: str) -> str:
        """Return the type of a resource, or nothing where there is no such resource."""
        resource = self.find(logical_id)
        return resource.type if resource else ""

    def section(self, name: str) -> Mapping[str, object]:
        """Return a section of the template; empty where it is absent or has no members."""
        section = self.fragment.get(name) if self.is_whole else None
        return section if isinstance(section, dict) else {}

    @cached_property
    def conditions(self) -> Conditions:
        """Return the template's conditions, ready to reason over."""
        definitions, _ = _flat(self.section("Conditions"))
        return Conditions(definitions, self._allowed_values())

    def _allowed_values(self) -> dict[str, tuple[str, ...]]:
        """Return the allowed values of String parameters: one of them it must be."""
        return {
            name: tuple(sorted({str(value) for value in values}))
            for name, parameter in self.section("Parameters").items()
            if isinstance(parameter, dict)
            and parameter.get("Type") == "String"
            and isinstance(values := parameter.get("AllowedValues"), list)
            and all(isinstance(value, str) for value in values)
        }


def _flat(entries: Mapping[str, object]) -> tuple[Mapping[str, object], dict[str, Scope]]:
    """Return the entries of a section and of its loops' bodies, and the scopes of the latter.

    A loop of the wrong shape stays an entry, for CloudFormation to reject; and so does one whose
    variable another loop would name.
    """
    if LOOP not in "".join(entries):
        return entries, {}
    flat: dict[str, object] = {}
    scopes: dict[str, Scope] = {}
    stack = [(entries, OUTSIDE)]
    while stack:
        body, scope = stack.pop()
        for name, entry in body.items():
            match entry:
                case [str(variable), collection, dict(inside)] if name.startswith(
                    LOOP
                ) and not variables(variable):
                    found, marked = entered(variable, collection, inside)
                    inner = Scope((*scope.loops, written_text(name)), (*scope.variables, found))
                    stack.append((marked, inner))
                case _:
                    flat[name] = entry
                    if scope.loops:
                        scopes[name] = scope
    return flat, scopes


def _is_whole(fragment: Mapping[str, object]) -> bool:
    """Tell a template from a `Resources` map; LocalStack leaves `Fn::Transform` among both."""
    entries = {key: value for key, value in fragment.items() if key != "Fn::Transform"}
    if isinstance(entries.get("Resources"), dict) or entries.keys() <= SECTIONS:
        return True
    if all(_is_entry(key, value) for key, value in entries.items()):
        return False
    raise TemplateError([
        Problem(
            "Fn::Transform",
            "AutoLexPermissions was given neither a template nor a Resources section.",
            "List it in the template's Transform section, or put Fn::Transform at the top of"
            " the template or directly under Resources.",
        ),
    ])  # fmt: skip


def _is_entry(key: str, value: object) -> bool:
    if key.startswith(LOOP):
        return isinstance(value, list)
    return isinstance(value, dict) and isinstance(value.get("Type"), str)
