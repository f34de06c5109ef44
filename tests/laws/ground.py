"""What random templates stand on: choices, parameters, conditions, and where each of them holds.

Each place of a template knows the set of outcomes of the conditions under which it exists, so that
a reference to a conditional resource is put only where the resource exists too.
"""

import copy
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.laws import worlds
from tests.laws.evaluator import Template

PARAMETERS: dict[str, Template] = {
    "Env": {"Type": "String", "AllowedValues": ["dev", "prod", "test"]},
    "Stage": {"Type": "String", "Default": "dev"},
    "Flag": {"Type": "String", "AllowedValues": ["true", "false"], "Default": "true"},
    "Tier": {"Type": "Number"},
    "Size": {"Type": "String", "AllowedValues": ["xs", "s", "m", "l", "xl", "xxl"]},
    "Zone": {"Type": "String", "AllowedValues": [1, 2, 3, 4]},
    "Switch": {"Type": "String", "AllowedValues": [True, False], "Default": False},
    # Of the former AllowedValues and Default are names of what has the value.
    "Kept": {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "AllowedValues": ["/kept/a", "/kept/b"],
        "Default": "/kept/a",
    },
}
LITERALS: dict[str, tuple[Any, ...]] = {
    "Env": ("dev", "prod", "test"),
    "Stage": ("dev", "prod"),
    "Flag": ("true", "false", True),
    "Tier": ("1", "2", 1),
    "Size": ("xs", "s", "m", "l", "xl", "xxl"),
    "Zone": (1, 2, 3, 4, "1", "4"),
    "Switch": (True, False, "true", "false"),
    "Kept": ("on", "off", "/kept/a", "/kept/b"),
}
# How likely a template is to have each of them.
LIKELY = {
    "Env": 55,
    "Stage": 40,
    "Flag": 25,
    "Tier": 12,
    "Size": 20,
    "Zone": 8,
    "Switch": 8,
    "Kept": 10,
}
DYNAMIC = ("{{resolve:ssm:/stage}}", "{{resolve:ssm:/stage:1}}")
MOST_PARAMETERS = 4
REGIONS = ("us-east-1", "eu-west-1")
KINDS = {"dev": {"Kind": "try"}, "prod": {"Kind": "real"}, "test": {"Kind": "try"}}


@dataclass(frozen=True, slots=True)
class Place:
    """Under which outcomes something exists: a bit for each."""

    bits: int = 0

    def within(self, other: "Place") -> bool:
        """Return whether this exists only where the other does."""
        return not self.bits & ~other.bits

    def __and__(self, other: "Place") -> "Place":
        """Return where both exist."""
        return Place(self.bits & other.bits)

    def __or__(self, other: "Place") -> "Place":
        """Return where one of them exists."""
        return Place(self.bits | other.bits)

    def __sub__(self, other: "Place") -> "Place":
        """Return where this exists and the other does not."""
        return Place(self.bits & ~other.bits)

    def __bool__(self) -> bool:
        """Return whether it exists anywhere."""
        return self.bits != 0


@dataclass
class Ground:
    """The choices that make one template, and what has been made of it so far."""

    rng: random.Random
    template: Template = field(default_factory=dict)
    resources: dict[str, Template] = field(default_factory=dict)
    everywhere: Place = Place(1)
    conditions: dict[str, Place] = field(default_factory=dict)
    # More conditions than an Fn::Or can hold, of which one holds at a time.
    many: list[str] = field(default_factory=list)

    # Choosing.

    def pick[T](self, options: Sequence[T]) -> T:
        """Return a copy of one of the options."""
        return copy.deepcopy(self.rng.choice(options))

    def chance(self, percent: int) -> bool:
        """Return True in so many cases of a hundred."""
        return self.rng.random() * 100 < percent

    def count(self, *weights: int) -> int:
        """Return 0, 1, 2, … with these weights."""
        [number] = self.rng.choices(range(len(weights)), weights)
        return number

    # Conditions.

    def make_conditions(self) -> None:
        """Draw parameters and conditions that are defined through each other."""
        parameters = [name for name in PARAMETERS if self.chance(LIKELY[name])][:MOST_PARAMETERS]
        for name in parameters:
            self.parameter(name, **self._declaration(name))
        formulas: dict[str, Any] = {}
        for number in range(self.count(3, 10, 20, 25, 20, 12, 10) if parameters else 0):
            formulas[f"When{number}"] = self._formula(list(formulas), parameters)
        if self.chance(4):
            self.many = [f"Is{number}" for number in range(11 + self.count(50, 30, 20))]
            which = self.parameter("Many")
            formulas |= {name: {"Fn::Equals": [which, name]} for name in self.many}
        if formulas:
            names = self.rng.sample(list(formulas), len(formulas))
            self.template["Conditions"] = {name: formulas[name] for name in names}
            self._find_places()

    def _declaration(self, name: str) -> Template:
        """Return a parameter, of a size with four to six of the allowed values."""
        declared = copy.deepcopy(PARAMETERS[name])
        if name == "Size":
            declared["AllowedValues"] = self.rng.sample(
                declared["AllowedValues"], 4 + self.count(1, 1, 1)
            )
        if name == "Tier" and self.chance(40):
            declared["AllowedValues"] = [1, 2, 3]
        return declared

    def _find_places(self) -> None:
        """Work out where each condition holds.

        In more than the real worlds: that two comparisons exclude each other by arithmetic is not
        for the macro to know, so nothing here is valid because of it.
        """
        every = list(worlds.formal({**self.template, "Resources": {}}))
        self.everywhere = Place((1 << len(every)) - 1)
        self.conditions = {
            name: Place(sum(world.truth(name) << bit for bit, world in enumerate(every)))
            for name in self.template["Conditions"]
        }

    def _formula(self, names: list[str], parameters: list[str], depth: int = 0) -> Any:
        """Return the definition of a condition over earlier ones."""
        function = self.pick(("Fn::Equals", "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or"))
        if function == "Fn::Equals" or depth > 1 or not (names or depth):
            return self._comparison(parameters)
        count = 1 if function == "Fn::Not" else 2 + self.count(70, 30)
        return {function: [self._operand(names, parameters, depth) for _ in range(count)]}

    def _comparison(self, parameters: list[str]) -> Any:
        """Return the comparison of a parameter with a literal, or rarely with another parameter.

        Or with all but one or two of the values that it may have, or none of them.
        """
        parameter = self.pick(parameters)
        allowed = self.template["Parameters"][parameter].get("AllowedValues", [])
        if len(allowed) > 3 and self.chance(25):
            values = self.rng.sample(allowed, len(allowed) - 1 - self.count(50, 50))
            some = {"Fn::Or": [{"Fn::Equals": [{"Ref": parameter}, value]} for value in values]}
            return some if self.chance(40) else {"Fn::Not": [some]}
        operands = [{"Ref": parameter}, self.pick(LITERALS[parameter])]
        if self.chance(20):
            operands = self._odd_operands(parameter, self.pick(parameters))
        return {"Fn::Equals": operands[::-1] if self.chance(15) else operands}

    def _odd_operands(self, parameter: str, other: str) -> list[Any]:
        """Return two operands of which at least one is not what people usually write."""
        match self.pick(("parameters", "constants", "text", "map", "region", "region", "dynamic")):
            case "parameters":
                return [{"Ref": parameter}, {"Ref": other}]
            case "constants":
                return [self.pick(("a", "b")), "b"]
            case "text":
                return [{"Fn::Sub": f"${{{parameter}}}"}, self.pick(LITERALS[parameter])]
            case "region":
                return [{"Ref": "AWS::Region"}, self.pick(REGIONS)]
            case "dynamic":
                return [self.pick(DYNAMIC), self.pick(("dev", "prod"))]
        self.template["Mappings"] = {"Envs": KINDS, **self.template.get("Mappings", {})}
        return [
            {"Fn::FindInMap": ["Envs", self.parameter("Env", **self._declaration("Env")), "Kind"]},
            "try",
        ]

    def _operand(self, names: list[str], parameters: list[str], depth: int) -> Any:
        """Return one operand of a formula: a named condition, or a formula of its own."""
        if names and not self.chance(25):
            return {"Condition": self.pick(names)}
        return self._formula(names, parameters, depth + 1)

    def place_of(self, condition: str | None) -> Place:
        """Return where a condition holds, everywhere if it is none."""
        return self.everywhere if condition is None else self.conditions[condition]

    def optional_condition(self, percent: int) -> str | None:
        """Return a condition that holds somewhere, in so many cases of a hundred."""
        names = [name for name, place in self.conditions.items() if place]
        return self.pick(names) if names and self.chance(percent) else None

    def conditions_within(self, place: Place) -> list[str | None]:
        """Return the conditions under which something may exist that needs this place."""
        some: list[str | None] = [None] if self.everywhere.within(place) else []
        return some + [name for name, own in self.conditions.items() if own and own.within(place)]

    def guarded(
        self, place: Place, percent: int, make: Callable[[Place], Any], *, required: bool = False
    ) -> Any:
        """Return what `make` gives for a place, or in so many cases an Fn::If of such things."""
        if not self.conditions or not self.chance(percent):
            return make(place)
        name = self.pick(list(self.conditions))
        here, there = place & self.conditions[name], place - self.conditions[name]
        if required:
            return {"Fn::If": [name, make(here), make(there)]}
        kind = self.pick(("then", "then", "then", "else", "both", "both"))
        then = no_value() if kind == "else" else make(here)
        return {"Fn::If": [name, then, no_value() if kind == "then" else make(there)]}

    # Parts of the template.

    def parameter(self, name: str, **declared: Any) -> Any:
        """Declare a parameter and return a Ref to it."""
        own = {"Type": "String", **declared}
        self.template.setdefault("Parameters", {}).setdefault(name, own)
        return {"Ref": name}

    def add(
        self, logical_id: str, kind: str, properties: Template, condition: str | None = None
    ) -> Template:
        """Add a resource, retained now and then, and return it."""
        resource: Template = {"Type": kind}
        if condition is not None:
            resource["Condition"] = condition
        if kind.startswith(("AWS::Lex", "AWS::Lambda::F", "AWS::Lambda::A")) and self.chance(12):
            resource["DeletionPolicy"] = self._deletion_policy()
        resource["Properties"] = properties
        self.resources[logical_id] = resource
        return resource

    def _deletion_policy(self) -> Any:
        """Return a literal, or an expression that says it by deployment."""
        match self.pick(("literal", "literal", "literal", "if", "parameter", "map")):
            case "if" if self.conditions:
                name = self.pick(list(self.conditions))
                return {"Fn::If": [name, "Retain", self.pick(("Delete", "RetainExceptOnCreate"))]}
            case "parameter":
                return self.parameter("Retention", AllowedValues=["Retain", "Delete"])
            case "map":
                policy = self.parameter("Retention", AllowedValues=["Retain", "Delete"])
                kept = {"Kept": {name: {"Policy": name} for name in ("Retain", "Delete")}}
                self.template["Mappings"] = {**self.template.get("Mappings", {}), **kept}
                return {"Fn::FindInMap": ["Kept", policy, "Policy"]}
        return self.pick(("Retain", "RetainExceptOnCreate"))

    def has_cycle(self) -> bool:
        """Return whether the resources so far depend on each other in a cycle somewhere."""
        template = {**self.template, "Resources": self.resources}
        return any(world.cycle for world in worlds.formal(template))


def no_value() -> Template:
    """Return the expression for nothing at all."""
    return {"Ref": "AWS::NoValue"}
