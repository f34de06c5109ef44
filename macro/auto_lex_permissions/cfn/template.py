"""A read-only view of a fragment: its resources, conditions and parameters.

The macro never changes what it reads. Everything that looks into a template goes through this view.
What stands in the body of an `Fn::ForEach` is a resource like any other: its logical id holds the
loop's variables, and its scope says which loops stand around it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from math import prod
from typing import Final, Literal, NamedTuple

from .budget import Budget
from .conditions import Conditions
from .formulas import ALWAYS, Formula, Named
from .intrinsics import (
    NO_VALUE,
    Reference,
    canonical_json,
    function,
    is_literal,
    is_no_value,
    name_of,
    text,
)
from .loops import LOOP, Variable, is_variable, marked, unmark_text, variable_of
from .values import Place, Values

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
TRANSFORM: Final = "Fn::Transform"
# A loop is a list of its variable, its collection and its body.
_BODY: Final = 2
# Loops inside of each other that are entered. SAM takes 5:
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-language-extensions.html
DEEPEST_LOOP: Final = 20


class Scope(NamedTuple):
    """The body of a loop: the names of the loops down to it, and their variables."""

    loops: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()

    @property
    def place(self) -> Place:
        """Return where it stands in the template."""
        return "Resources", *[step for loop in self.loops for step in (loop, _BODY)]

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Return the variables as texts hold them: each as (name, collection)."""
        return frozenset((variable.name, variable.collection) for variable in self.variables)

    @property
    def items(self) -> int:
        """Return how many resources a resource of the body comes to, as far as is written."""
        return self.items_without(frozenset())

    def items_without(self, known: frozenset[tuple[str, str]]) -> int:
        """Return how many of them share each combination of the items of known variables."""
        return prod(
            max(variable.items, 1)
            for variable in self.variables
            if (variable.name, variable.collection) not in known
        )

    @property
    def around(self) -> Iterator["Scope"]:
        """Yield the scopes that this one stands in, from the template itself to this one."""
        for depth in range(len(self.loops) + 1):
            yield Scope(self.loops[:depth], self.variables[:depth])

    def exists_for(self, other: "Scope") -> bool:
        """Return whether this body comes to something wherever the other one does."""
        unknown = self.names - {(v.name, v.collection) for v in self.variables if v.items}
        return not unknown or unknown <= other.names


OUTSIDE: Final = Scope()


class Resource(NamedTuple):
    """One resource: its logical id, its type, its body as written, when it exists, and where.

    `scope` is the body of a loop that it stands in, `place` where it stands in the template.
    """

    logical_id: str
    type: str
    body: Mapping[str, object]
    when: Formula
    scope: Scope
    place: Place

    @property
    def properties(self) -> Values[object]:
        """Return its `Properties`."""
        return Values.at(self.body.get("Properties"), (*self.place, "Properties"), self.when)

    @property
    def property_names(self) -> Collection[str]:
        """Return the names of the properties that are written, whatever these may come to."""
        properties = self.body.get("Properties")
        return properties.keys() if isinstance(properties, dict) else ()

    def values(self, key: str) -> Values[object]:
        """Return each value that a property may have, `AWS::NoValue` where it may be absent."""
        properties = self.body.get("Properties")
        value = properties.get(key) if isinstance(properties, dict) else None
        place = (*self.place, "Properties", key)
        return Values.at(NO_VALUE if value is None else value, place, self.when)

    def sole(self, key: str) -> object:
        """Return the one value of a property, or None where it is absent or has several."""
        values = [value.value for value in self.values(key)]
        return values[0] if len(values) == 1 and not is_no_value(values[0]) else None


def kind_of(fragment: Mapping[str, object]) -> Literal["template", "resources"] | None:
    """Return what a macro was given: a whole template or, from `Fn::Transform`, its resources.

    None is neither (rule 6.1). LocalStack leaves `Fn::Transform` in both.
    """
    entries = {key: value for key, value in fragment.items() if key != TRANSFORM}
    are_resources = all(
        isinstance(value, list)
        if key.startswith(LOOP)
        else isinstance(value, dict) and isinstance(value.get("Type"), str)
        for key, value in entries.items()
    )
    # One may be called like a section. Where all there is is one called Resources, somebody has
    # forgotten its logical id.
    if are_resources and entries.keys() - {"Resources"}:
        return "resources"
    is_template = isinstance(entries.get("Resources"), dict) or entries.keys() <= SECTIONS
    return "template" if is_template else None


class Template:
    """What the macro reads of a fragment, and of the request that brought it."""

    def __init__(self, fragment: Mapping[str, object], region: str, account: str) -> None:
        """Take a fragment of one of both kinds; of any other, nothing is read."""
        self.fragment = fragment
        self.region = region
        self.account = account
        self.is_whole = kind_of(fragment) == "template"
        entries = fragment.get("Resources") if self.is_whole else fragment
        # CloudFormation rejects a template whose sections are no objects: nothing is read of one.
        conditions = fragment.get("Conditions") if self.is_whole else None
        is_sound = conditions is None or isinstance(conditions, dict)
        self.written: Mapping[str, object] = (
            entries if isinstance(entries, dict) and is_sound else {}
        )
        self.entries, self.scopes, self.collections = _without_loops(self.written)
        self.budget = Budget()
        self._found: dict[str, Resource | None] = {}

    def longer_names(self, most: int) -> Iterator[Place]:
        """Yield the names of more characters that may stand many times in what is added.

        These are the names of resources, conditions, loops and their variables.
        """
        for name, entry in self.entries.items():
            if len(name) > most and len(unmark_text(name)) > most:
                yield *self.scopes.get(name, OUTSIDE).place, unmark_text(name)
            condition = entry.get("Condition") if isinstance(entry, dict) else None
            if condition is not None and len(str(condition)) > most:
                yield *self.scopes.get(name, OUTSIDE).place, unmark_text(name), "Condition"
        around = (outer for scope in self.scopes.values() for outer in scope.around)
        for outer in dict.fromkeys(around):
            if outer.loops and max(len(outer.loops[-1]), len(outer.variables[-1].name)) > most:
                yield outer.place[:-1]
        for name in self.section("Conditions"):
            if len(name) > most:
                yield "Conditions", name

    @property
    def loops_not_entered(self) -> Iterator[Place]:
        """Yield where loops stand that are nested too deeply to be entered."""
        for name, scope in self.scopes.items():
            if name.startswith(LOOP) and len(scope.loops) == DEEPEST_LOOP:
                yield *scope.place, unmark_text(name)

    @property
    def transforms(self) -> Iterator[Place]:
        """Yield where another transform may still make resources, or the rest of one.

        CloudFormation has run them before it calls a macro; on the command line they are there.
        """
        match self.written.get(TRANSFORM):
            case {"Name": "AWS::Include"}:
                yield "Resources", TRANSFORM
        for name, entry in self.entries.items():
            if isinstance(entry, dict) and TRANSFORM in entry and "Type" not in entry:
                yield *self.scopes.get(name, OUTSIDE).place, unmark_text(name)

    def find(self, logical_id: str) -> Resource | None:
        """Return a well-formed resource, or None where there is none of this logical id."""
        if logical_id not in self._found:
            entry = self.entries.get(logical_id)
            body = entry if isinstance(entry, dict) else {}
            kind = body.get("Type")
            when = _condition(body["Condition"]) if "Condition" in body else ALWAYS
            scope = self.scopes.get(logical_id, OUTSIDE)
            place = *scope.place, unmark_text(logical_id)
            self._found[logical_id] = (
                Resource(logical_id, kind, body, when, scope, place)
                if isinstance(kind, str)
                else None
            )
        return self._found[logical_id]

    @cached_property
    def ids_by_type(self) -> Mapping[str, list[str]]:
        """Return the logical ids by type, each type's in the order of the template."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for name, entry in self.entries.items():
            if isinstance(entry, dict) and isinstance(kind := entry.get("Type"), str):
                found[kind].append(name)
        return found

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of these types, each type's in the order of the template."""
        found = (self.find(name) for kind in types for name in self.ids_by_type.get(kind, ()))
        return [resource for resource in found if resource]

    def type_of(self, logical_id: str) -> str:
        """Return the type of a resource, or nothing where there is no such resource."""
        resource = self.find(logical_id)
        return resource.type if resource else ""

    @property
    def size(self) -> int:
        """Return the number of resources, loops written out as far as the template says."""
        return len(self.entries) + sum(scope.items - 1 for scope in self.scopes.values())

    def section(self, name: str) -> Mapping[str, object]:
        """Return a section of the template; empty where it is absent or has no members."""
        section = self.fragment.get(name) if self.is_whole else None
        return section if isinstance(section, dict) else {}

    @cached_property
    def conditions(self) -> Conditions:
        """Return the template's conditions, ready to reason over."""
        return self._conditions({})

    def conditions_where(self, values: Mapping[Reference, str]) -> Conditions:
        """Return the template's conditions where some references have these values."""
        written = canonical_json(self.section("Conditions"))
        used = {known: value for known, value in values.items() if known.logical_id in written}
        return self._conditions(used) if used else self.conditions

    def _conditions(self, values: Mapping[Reference, str]) -> Conditions:
        definitions, _, _ = _without_loops(self.section("Conditions"))
        # A String parameter with allowed values has one of these, booleans and numbers as text.
        allowed_values = {
            name: tuple(sorted({"".join(map(str, text(value))) for value in allowed}))
            for name, parameter in self.section("Parameters").items()
            if isinstance(parameter, dict)
            and parameter.get("Type") == "String"
            and isinstance(allowed := parameter.get("AllowedValues"), list)
            and all(is_literal(text(value)) for value in allowed)
        }
        return Conditions(definitions, allowed_values, self.budget, values)

    @cached_property
    def condition_functions(self) -> Mapping[str, object]:
        """Return the `Condition`s of resources that are functions, by the name of their formula."""
        return {
            canonical_json(condition): condition
            for entry in self.entries.values()
            if isinstance(entry, dict)
            and "Condition" in entry
            and function(condition := entry["Condition"])
            and name_of(condition) is None
        }


def _condition(condition: object) -> Formula:
    """Return the formula of a resource's `Condition`: that condition, or always.

    In a loop it may be a function. Where that puts a name together it means the condition of this
    name; any other function is a condition of its own, named by its JSON.
    """
    name = name_of(condition)
    if name is None and function(condition):
        name = canonical_json(condition)
    return ALWAYS if name is None else Named(name)


def _without_loops(
    entries: Mapping[str, object],
) -> tuple[Mapping[str, object], Mapping[str, Scope], Mapping[tuple[str, str], object]]:
    """Return the entries of a section and of its loops' bodies, and the scopes of the latter.

    With them comes what each variable goes through, by (name, collection) as texts hold it.

    A loop of the wrong shape stays an entry, for CloudFormation to reject; and so does one whose
    variable no text can hold, or another loop would name, and one that is nested too deeply.
    """
    if LOOP not in "".join(entries):
        return entries, {}, {}
    flat: dict[str, object] = {}
    scopes: dict[str, Scope] = {}
    collections: dict[tuple[str, str], object] = {}
    stack = [(entries, OUTSIDE)]
    while stack:
        body, scope = stack.pop()
        around = scope.variables
        for name, entry in body.items():
            match entry:
                case [str(variable), collection, dict(inside)] if (
                    name.startswith(LOOP)
                    and len(scope.loops) < DEEPEST_LOOP
                    and is_variable(marked(variable, around))
                ):
                    through = marked(collection, around)
                    entered = variable_of(variable, through)
                    collections[entered.name, entered.collection] = through
                    inner = Scope((*scope.loops, name), (*around, entered))
                    stack.append((inside, inner))
                case _ if scope.loops:
                    looped = marked(name, around)
                    flat[looped] = marked(entry, around)
                    scopes[looped] = scope
                case _:
                    flat[name] = entry
    return flat, scopes, collections
