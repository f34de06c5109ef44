"""Random templates rolled into loops: some or all of their resources go into `Fn::ForEach`.

What goes into a loop is there once for each item, so all that refers to it goes along, or means one
item from outside. Written out, a rolled template is as valid as the one that it was made of; where
that does not work out, there is none.

The spellings are those that AWS documents for loops or, in the templates that are not `documented`,
the plain ones too, in which a variable stands in any text. cfn-lint writes out the former alone.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.laws import worlds
from tests.laws.evaluator import PLACEHOLDER, Template, World, is_function
from tests.laws.loops import FOR_EACH, expanded
from tests.laws.reducing import is_valid
from tests.laws.templates import Case
from tests.laws.trial import Deployment

# What a text may call a function by; each is another one for each item where a loop makes it.
NAMES = ("orders", "billing", "elsewhere")
PARAMETERS = ("NameOfOrders", "NameOfBilling")
NAME = re.compile(rf"(?<![A-Za-z])({'|'.join(NAMES)})(?![A-Za-z])")
ITEMS = (("Dev", "Prod"), ("Dev", "Prod", "Test"), ("Eu", "Us"))
ITEMS_WITH_HYPHENS = (("in-app", "on-phone"), ("eu-1", "us-2", "us-3"))
INNER_ITEMS = ("App", "Phone")
# One of them behind another is the same text in two ways.
OVERLAPPING_ITEMS = ("1", "11")
OVERLAPPING = "items that overlap"
COLLECTIONS = ("Items", "Parts")
# A function can have one alias of a name and one policy: these go along with what they are for.
ONCE_PER_FUNCTION = ("AWS::Lambda::Alias", "AWS::Lambda::ResourcePolicy")
VARIABLE = re.compile(r"[$&]\{[A-Za-z]+\}")
BY_ITEM = "conditions that are others for each item"
FROM_OUTSIDE = "an item meant from outside"


@dataclass(frozen=True, slots=True)
class Rolled:
    """A template with loops, and how it is deployed."""

    template: Template
    deployment: Deployment
    seed: int
    # Whether it has the spellings alone that AWS documents for loops.
    documented: bool
    # What the template shows beside what can be read from it.
    shown: frozenset[str]


def rolled(case: Case) -> Rolled | None:
    """Return a template rolled into loops, or None where that would not be valid."""
    rolling = _Rolling(case.template, random.Random(f"loops/{case.seed}"))  # noqa: S311
    template = rolling.rolled()
    if template is None or not is_deployable(expanded(template), case.deployment):
        return None
    shown = frozenset(rolling.shown)
    return Rolled(template, case.deployment, case.seed, not rolling.may_be_plain, shown)


def with_plain_conditions(template: Template) -> Template:
    """Return a rolled template whose conditions are the same for all items."""
    conditions = template.get("Conditions", {})
    plain = {
        name: definition for name, definition in conditions.items() if not name.startswith(FOR_EACH)
    }
    resources = _with_plain_conditions(template["Resources"])
    kept = {"Conditions": plain} if "Conditions" in template else {}
    return {**template, **kept, "Resources": resources}


def _with_plain_conditions(entries: Template) -> Template:
    """Return the entries of a scope under the conditions that theirs were made of."""
    plain: Template = {}
    for name, entry in entries.items():
        if name.startswith(FOR_EACH):
            plain[name] = [*entry[:2], _with_plain_conditions(entry[2])]
            continue
        plain[name] = dict(entry)
        match entry.get("Condition"):
            case {"Fn::Sub": str(built)}:
                plain[name]["Condition"] = VARIABLE.sub("", built)
    return plain


def with_other_items(parameters: Template) -> Iterator[Template]:
    """Yield the parameters of a template by which its loops go through other items, if any do."""
    collections = {name: parameters[name] for name in COLLECTIONS if name in parameters}
    changes: tuple[Callable[[list[str]], list[str]], ...] = (
        lambda items: items[1:],
        lambda items: [*items, "More"],
        lambda _: ["Else"],
    )
    for change in changes if collections else ():
        others = {
            name: {**declared, "Default": ",".join(change(declared["Default"].split(",")))}
            for name, declared in collections.items()
        }
        yield {**parameters, **others}


def is_deployable(template: Template, deployment: Deployment) -> bool:
    """Return whether every world of a template can be deployed, whatever comparisons come to."""
    return is_valid(template, deployment) and not any(
        world.dangling_references or world.cycle or _has_twins(world)
        for world in worlds.formal(template, deployment.home)
    )


def _has_twins(world: World) -> bool:
    """Return whether a function has two aliases of one name, or two policies, in a world."""
    aliases = [world.resolve({"Ref": alias}) for alias in world.existing_of("AWS::Lambda::Alias")]
    policies = world.existing_of("AWS::Lambda::ResourcePolicy")
    return len(aliases) != len(set(aliases)) or len(policies) != len(world.documents)


@dataclass
class _Rolling:
    """The choices that roll one template, and what has been found about it so far."""

    template: Template
    rng: random.Random
    # How many loops each resource, and each name of a function, stands in.
    depths: dict[str, int] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Draw how the loops are written."""
        self.may_be_plain = self._chance(50)
        self.sign = "&" if self._chance(25) else "$"
        hyphens = self.sign == "&" and self._chance(75)
        self.items = [self._pick(ITEMS_WITH_HYPHENS if hyphens else ITEMS), INNER_ITEMS]
        # The latter are names that the macro would use itself.
        self.variables = self._pick((("Item", "Part"), ("Item", "Part"), ("BotId", "IdOfBot")))
        self.is_first = self._chance(20)
        self.conditions = self._pick(("plain", "plain", "looped", "looped", "by item"))
        # What keeps the author's own ids apart.
        self.between = ""
        if self._chance(20):
            self.items = [OVERLAPPING_ITEMS, OVERLAPPING_ITEMS]
            self.between = "BetweenTheTwoOfTheItems"

    def _pick[T](self, options: tuple[T, ...]) -> T:
        return self.rng.choice(options)

    def _chance(self, percent: int) -> bool:
        return self.rng.random() * 100 < percent

    # What goes into loops.

    def rolled(self) -> Template | None:
        """Return the template with loops, or None where nothing can go into one."""
        resources = self.template["Resources"]
        needs = _needs(self.template)
        once = [name for name, body in resources.items() if body["Type"] in ONCE_PER_FUNCTION]
        whole = self._chance(35)
        some = [name for name in resources if whole or self._chance(25)]
        inside = _along(some, needs, once)
        if not whole and self._chance(30):
            # What is left outside means one item of what it refers to.
            inside = set(some) | _wanted(some, needs, once)
        inner = set[str]()
        if self._chance(30):
            inner = _along([name for name in sorted(inside) if self._chance(40)], needs, once)
            inner &= inside
        names = [*resources, *NAMES, *PARAMETERS]
        self.depths = {name: (name in inside) + (name in inner) for name in names}
        self._vary_names_from_elsewhere()
        return self._written() if any(self.depths[name] for name in resources) else None

    def _vary_names_from_elsewhere(self) -> None:
        """Let functions that the template does not make be others for each item now and then."""
        resources = self.template["Resources"].values()
        made = {name for body in resources for name in _made_names(body)}
        for name in NAMES:
            if name not in made and self._chance(50):
                self.depths[name] = 1

    def _written(self) -> Template:
        """Return the template with its loops."""
        template = dict(self.template)
        outer: Template = {}
        inner: Template = {}
        second: Template = {}
        entries: Template = {}
        two = self._chance(25)
        for name, body in self.template["Resources"].items():
            depth = self.depths[name]
            into = (entries, second if two and self._chance(50) else outer, inner)[depth]
            into[self._name(name, depth)] = self._resource(body, depth)
        if inner:
            self.shown.add("a loop in a loop")
            if self.between:
                self.shown.add(OVERLAPPING)
            loop = [self.variables[1], self._collection(template, 1), inner]
            outer = self._placed(outer, f"{FOR_EACH}Parts", loop)
        collection = self._collection(template, 0)
        for loop_name, loop_body in (("Items", outer), ("Others", second)):
            if loop_body:
                loop = [self.variables[0], collection, loop_body]
                entries = self._placed(entries, f"{FOR_EACH}{loop_name}", loop)
        if outer and second:
            self.shown.add("two loops")
        template["Resources"] = entries
        self._loop_conditions(template, collection)
        return template

    def _placed(self, entries: Template, name: str, loop: list[Any]) -> Template:
        """Return entries with a loop among them."""
        items = list(entries.items())
        items.insert(self.rng.randrange(len(items) + 1), (name, loop))
        return dict(items)

    def _collection(self, template: Template, depth: int) -> Any:
        """Return the collection of a loop: a list, or a parameter of which it is the default."""
        items = list(self.items[depth])
        if not self._chance(25):
            return items
        self.shown.add("a collection by a parameter")
        name = COLLECTIONS[depth]
        declared = {"Type": "CommaDelimitedList", "Default": ",".join(items)}
        template["Parameters"] = {**template.get("Parameters", {}), name: declared}
        return {"Ref": name}

    def _loop_conditions(self, template: Template, collection: Any) -> None:
        """Define the conditions that resources in loops have for each item."""
        used = sorted(self._looped_conditions())
        if not used:
            return
        self.shown.add(BY_ITEM if self.conditions == "by item" else "looped conditions")
        variable = self.variables[0]
        body = {self._with_variables(name, 1, 1, self.sign): self._condition(name) for name in used}
        if self.conditions == "by item":
            own = {"Only": {"Type": "String", "Default": "none"}}
            template["Parameters"] = {**template.get("Parameters", {}), **own}
        loop = {f"{FOR_EACH}Conditions": [variable, collection, body]}
        template["Conditions"] = {**template["Conditions"], **loop}

    def _looped_conditions(self) -> set[str]:
        """Return the conditions that are looped."""
        if self.conditions == "plain":
            return set()
        return {
            body["Condition"]
            for name, body in self.template["Resources"].items()
            if self.depths[name] and "Condition" in body
        }

    def _condition(self, name: str) -> Any:
        """Return the definition of a condition for each item."""
        if self.conditions == "by item":
            other = {"Fn::Equals": [{"Ref": "Only"}, {"Ref": self.variables[0]}]}
            return {"Fn::And": [{"Condition": name}, {"Fn::Not": [other]}]}
        return self._pick(({"Condition": name}, self.template["Conditions"][name]))

    # How it is written.

    def _with_variables(
        self, text: str, depth: int, context: int, sign: str, dash: str = ""
    ) -> str:
        """Return a name for as many loops as it stands in, of which the context is in some.

        Outside of a loop it means the first item.
        """
        parts = [
            f"{sign}{{{self.variables[loop]}}}" if loop < context else self._first_item(loop, sign)
            for loop in range(depth)
        ]
        if self.is_first and not dash:
            return self.between.join([*parts, text])
        return (dash or self.between).join([text, *parts])

    def _first_item(self, depth: int, sign: str) -> str:
        """Return the first item of a loop, for a logical id its letters and digits."""
        item = self.items[depth][0]
        return re.sub("[^A-Za-z0-9]", "", item) if sign == "&" else item

    def _name(self, logical_id: str, context: int) -> str:
        """Return a logical id, which may be followed by what SAM calls its alias or version."""
        base, dot, rest = logical_id.partition(".")
        depth = self.depths.get(base, 0)
        if base in PARAMETERS:
            return logical_id
        return self._with_variables(base, depth, context, self.sign) + dot + rest

    def _is_built(self, logical_id: str, context: int) -> bool:
        """Return whether a logical id holds a variable."""
        return self._name(logical_id, context) != self._name(logical_id, 0)

    def _resource(self, body: Template, context: int) -> Template:
        """Return a resource in as many loops as the context says."""
        words = set(re.findall("[A-Za-z0-9]+", json.dumps(body)))
        if any(self.depths.get(word, 0) > context for word in words):
            self.shown.add(FROM_OUTSIDE)
        written = {key: self._part(key, value, context) for key, value in body.items()}
        properties = written.get("Properties", {})
        for key in ("BotAliasName", "Description"):
            if context and key in properties and self._chance(40):
                properties[key] = {"Ref": self.variables[self.rng.randrange(context)]}
                self.shown.add("a variable as a value")
        return written

    def _part(self, key: str, value: Any, context: int) -> Any:
        """Return one part of a resource."""
        match key:
            case "Condition":
                if context and value in self._looped_conditions():
                    return {"Fn::Sub": self._with_variables(value, 1, 1, self.sign)}
                return value
            case "DependsOn":
                is_text = isinstance(value, str)
                names = [self._name(name, context) for name in ([value] if is_text else value)]
                return names[0] if is_text else names
            case "Properties" | "Metadata":
                return self._value(value, context)
        return value

    def _value(self, value: Any, context: int) -> Any:
        """Return a value with its references and names in as many loops as the context says."""
        match value:
            case str():
                return self._literal(value, context)
            case list():
                return [self._value(item, context) for item in value]
            case dict() if is_function(value):
                return self._call(value, context)
            case dict():
                return {key: self._value(item, context) for key, item in value.items()}
        return value

    def _call(self, call: Template, context: int) -> Any:  # noqa: PLR0911 - a table.
        """Return a call of an intrinsic function."""
        match call:
            case {"Ref": str(name)}:
                return self._ref(name, context)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._attribute(name, attribute, context, dotted=False)
            case {"Fn::GetAtt": str(written)}:
                name, _, attribute = written.partition(".")
                return self._attribute(name, attribute, context, dotted=True)
            case {"Fn::Sub": str(written)}:
                return self._substituted(written, {}, context)
            case {"Fn::Sub": [str(written), dict(own)]}:
                return self._substituted(written, own, context)
            case {"Fn::If": [condition, *both]}:
                return {"Fn::If": [condition, *(self._value(branch, context) for branch in both)]}
            case {"Fn::Select": _}:
                # Not looked into: two spellings in it would be two functions.
                return call
        return {name: self._value(argument, context) for name, argument in call.items()}

    def _ref(self, name: str, context: int) -> Any:
        """Return a Ref."""
        if self.depths.get(name) and name in PARAMETERS:
            return {"Fn::Sub": self._of_parameter(name, context)}
        if not self._is_built(name, context):
            return {"Ref": self._name(name, context)}
        if self._plainly():
            return {"Ref": self._name(name, context)}
        return {"Ref": {"Fn::Sub": self._name(name, context)}}

    def _attribute(self, name: str, attribute: str, context: int, *, dotted: bool) -> Any:
        """Return a GetAtt."""
        built = self._name(name, context)
        if self._is_built(name, context) and not self._plainly():
            return {"Fn::GetAtt": [{"Fn::Sub": built}, attribute]}
        return {"Fn::GetAtt": f"{built}.{attribute}" if dotted else [built, attribute]}

    def _plainly(self) -> bool:
        """Decide on a plain spelling."""
        plain = self.may_be_plain and self._chance(60)
        if plain:
            self.shown.add("a plain spelling")
        return plain

    def _substituted(self, written: str, own: Template, context: int) -> Any:
        """Return a Fn::Sub, with names in loops in its text or in its map."""
        more = {key: self._value(value, context) for key, value in own.items()}
        parts: list[str] = []
        position = 0
        for found in PLACEHOLDER.finditer(written):
            parts.append(self._varied(written[position : found.start()], context))
            position = found.end()
            name = found[2].strip()
            if found[1] or name in own:
                parts.append(found[0])
            elif self.depths.get(name) and name in PARAMETERS:
                parts.append(self._of_parameter(name, context))
            elif self._is_built(name, context) and self._chance(35):
                key = f"Own{len(more)}"
                more[key] = self._meant(name, context)
                parts.append(f"${{{key}}}")
            else:
                parts.append(f"${{{self._name(name, context)}}}")
        parts.append(self._varied(written[position:], context))
        text = "".join(parts)
        return {"Fn::Sub": [text, more] if more else text}

    def _meant(self, name: str, context: int) -> Any:
        """Return a reference that says what a placeholder of Fn::Sub says."""
        base, dot, attribute = name.partition(".")
        if dot and attribute not in {"Alias", "Version"}:
            return self._attribute(base, attribute, context, dotted=False)
        return self._ref(name, context)

    def _literal(self, text: str, context: int) -> Any:
        """Return a text with the names of functions for each item."""
        varied = self._varied(text, context)
        if varied == self._varied(text, 0) or (self.may_be_plain and self._chance(25)):
            return varied
        if text in NAMES and self._chance(40):
            self.shown.add("a variable as a value")
            items = [
                {"Ref": variable} for variable in self.variables[: self.depths[text]][:context]
            ]
            return {"Fn::Join": ["-", [text, *items]]}
        return {"Fn::Sub": varied}

    def _varied(self, text: str, context: int) -> str:
        """Return a text in which a function's name is another one for each item."""

        def with_items(found: re.Match[str]) -> str:
            depth = self.depths.get(found[1], 0)
            if depth and context:
                self.shown.add("a function by a name for each item")
            return self._with_variables(found[1], depth, context, "$", "-")

        return NAME.sub(with_items, text)

    def _of_parameter(self, name: str, context: int) -> str:
        """Return the text for a function's name that a parameter begins."""
        return self._with_variables(f"${{{name}}}", self.depths[name], context, "$", "-")


def _needs(template: Template) -> dict[str, set[str]]:
    """Return for each resource what it refers to or names by text; SAM's alias is its function.

    A name needs what has it, so that this goes along with whatever mentions the name.
    """
    every = next(worlds.formal(template)).needs_of_all_branches
    resources = template["Resources"]
    by_sam = {
        logical_id: others & set(resources)
        for logical_id, others in every.items()
        if logical_id not in resources
    }
    needs: dict[str, set[str]] = {}
    for logical_id, body in resources.items():
        others = {*every[logical_id], *_names(body)}
        needs[logical_id] = (others - set(by_sam)).union(
            *(by_sam[made] for made in others & set(by_sam))
        )
    for logical_id, body in resources.items():
        for name in _made_names(body):
            needs.setdefault(name, set()).add(logical_id)
    unmade = {*NAMES, *PARAMETERS} - set(needs)
    return {name: others - unmade for name, others in needs.items()}


def _made_names(resource: Template) -> Iterator[str]:
    """Yield the names of functions that a resource makes, or makes an alias of."""
    if resource["Type"].endswith(("::Function", "Lambda::Alias")):
        yield from _names(resource["Properties"].get("FunctionName"))


def _names(value: Any) -> Iterator[str]:
    """Yield the names of functions in a value, and the parameters that hold some."""
    whole = json.dumps(value)
    yield from NAME.findall(whole)
    yield from (name for name in PARAMETERS if name in whole)


def _along(some: list[str], needs: dict[str, set[str]], once: list[str]) -> set[str]:
    """Return some resources with all that has to be in the same loops."""
    inside: set[str] = set()
    more = set(some)
    while more - inside:
        inside |= more
        more = {name for name, others in needs.items() if others & inside}
        more |= _wanted(inside, needs, once)
    return inside


def _wanted(some: Any, needs: dict[str, set[str]], once: list[str]) -> set[str]:
    """Return what some resources cannot be in a loop without."""
    return set().union(*(needs[name] for name in some if name in once))
