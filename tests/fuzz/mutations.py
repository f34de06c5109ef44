"""Changes to a request's structure, one at a time, of the kinds that generators and typing make.

Each takes the random choices and the request in a list of its own, so that the request as a whole
may be changed too, and changes it in place.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

type Mutation = Callable[[random.Random, "Sample"], None]

# What a hook or its permission hangs on: half of the changes are made in such a resource.
DECISIVE: Final = frozenset({
    "AWS::Lambda::Alias",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::ResourcePolicy",
    "AWS::Lambda::Version",
    "AWS::Lex::Bot",
    "AWS::Lex::BotAlias",
    "AWS::Serverless::Function",
})  # fmt: skip
FOR_EACH: Final = "Fn::ForEach::"
# Below these stand names, which the macro may print; anywhere else stand values.
NAMING: Final = frozenset({"Condition", "DependsOn", "Fn::GetAtt", "Ref"})
ODD_TEXTS: Final = (
    *("", " ", "\n", "*", "?", "0", "-1", "true", "null", "$LATEST", "x" * 5_000, "a.b.c.d"),
    *("${", "${}", "${!A}", "${A.B.C}", "${A}${A}", "}{", "${AWS::Region}", "${ A }", "&{A}"),
    *("arn", "arn:::::::", "arn:aws:lambda:eu-west-1:999999999999:function:f:live"),
    *("arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST", "AWS::NoValue", "Ref"),
    *("{{resolve:ssm:/a:1}}", "{{resolve:", "bot-alias/*", "lexv2.amazonaws.com", "Fn::If"),
    *("\0", "\N{RIGHT-TO-LEFT OVERRIDE}", "e\N{COMBINING ACUTE ACCENT}", "\N{PILE OF POO}"),
    *("\N{ZERO WIDTH SPACE}", "\N{LATIN SMALL LETTER SHARP S}", "\ufeff", "\ud800"),
)
ODD_KEYS: Final = (
    *("", " ", "Ref", "Fn::If", "Fn::Sub", "Fn::GetAtt", "Fn::Transform", FOR_EACH, "Condition"),
    *(f"{FOR_EACH}A", f"{FOR_EACH}A::B", "Type", "Properties", "Metadata", "LambdaArn", "${A}"),
    *("AutoLexPermissions", "WaitsFor", "Enabled", "BotAliasLocaleSettings", "DependsOn", "a.b[0]"),
    *("\0", "\N{PILE OF POO}", "\N{RIGHT-TO-LEFT OVERRIDE}", "\ud800", "k" * 3_000, "Resources"),
)
ODD_NUMBERS: Final = (0, -1, 1, 7, 2**53 + 1, 10**400, -(10**30), 0.1, 1e308, 5e-324, -0.0)
NO_VALUE: Final = {"Ref": "AWS::NoValue"}


@dataclass(frozen=True, slots=True)
class Place:
    """Something in a request: what holds it, under which key, and whether it is a name.

    `above` is the key of what holds it.
    """

    holder: Any
    key: Any
    above: str
    is_name: bool

    @property
    def value(self) -> Any:
        """Return what stands there."""
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        """Let something else stand there."""
        self.holder[self.key] = value


@dataclass(frozen=True, slots=True)
class Sample:
    """A request that is changed, in a list of its own, and another one to take parts from."""

    box: list[Any]
    donor: Any

    @property
    def resources(self) -> dict[str, Any]:
        """Return the request's resources, or an object of no use where there are none."""
        return resources_of(self.box[0])

    @property
    def fragment(self) -> dict[str, Any]:
        """Return the fragment, or an object of no use where there is none."""
        return _object(_object(self.box[0]).get("fragment"))


def resources_of(event: Any) -> dict[str, Any]:
    """Return a request's resources, of a template or of a map; none where there are none."""
    fragment = _object(_object(event).get("fragment"))
    return _object(fragment.get("Resources", fragment))


def places(root: Any) -> Iterator[Place]:
    """Yield all that stands in an object or a list, at any depth."""
    stack: list[tuple[Any, str, bool]] = [(root, "", False)]
    while stack:
        holder, above, named = stack.pop()
        names_first = isinstance(holder, list) and above.startswith(("Fn::If", FOR_EACH))
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            is_name = named or key in NAMING or (names_first and key == 0)
            yield Place(holder, key, above, is_name)
            if isinstance(holder[key], dict | list):
                stack.append((holder[key], str(key), is_name))


def mutated(rng: random.Random, event: Any, donor: Any) -> Any:
    """Return a request after one to six changes; the other request gives parts to it."""
    sample = Sample([event], donor)
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4, 6))):
        rng.choice(MUTATIONS)(rng, sample)
        text = json.dumps(sample.box)
        # What was put in twice is two things from here on.
        sample.box[:] = json.loads(text)
        if len(text) > MOST_CHARACTERS:
            break
    return sample.box[0]


# Twice what CloudFormation takes: copies of copies would grow without end.
MOST_CHARACTERS: Final = 2_000_000


def _place(rng: random.Random, sample: Sample) -> Place:
    """Return somewhere in the request: half of the time where the macro looks closely."""
    decisive = [
        resource
        for resource in sample.resources.values()
        if isinstance(resource, dict)
        and isinstance(resource.get("Type"), str)
        and resource["Type"] in DECISIVE
    ]
    if decisive and rng.random() < 0.5:
        return rng.choice(list(places(rng.choice(decisive))))
    return rng.choice(list(places(sample.box)))


def _delete(rng: random.Random, sample: Sample) -> None:
    place = _place(rng, sample)
    if place.holder is not sample.box:
        del place.holder[place.key]


def _duplicate(rng: random.Random, sample: Sample) -> None:
    place = _place(rng, sample)
    twin = copy.deepcopy(place.value)
    if isinstance(place.holder, dict):
        place.holder[f"{place.key}{rng.choice(('2', ' ', 'Copy'))}"] = twin
    elif place.holder is not sample.box:
        place.holder.insert(rng.randint(0, len(place.holder)), twin)


def _replace(rng: random.Random, sample: Sample) -> None:
    _place(rng, sample).put(_odd(rng, sample))


def _retype(rng: random.Random, sample: Sample) -> None:
    place = _place(rng, sample)
    value = place.value
    others: list[Any] = [[value], {"k": value}, [value, value], json.dumps(value), None]
    if isinstance(value, dict):
        others += [list(value.values()), list(value)]
    if isinstance(value, list):
        others += [{str(number): item for number, item in enumerate(value)}, *value]
    place.put(rng.choice(others))


def _move(rng: random.Random, sample: Sample) -> None:
    place = _place(rng, sample)
    if place.holder is sample.box:
        return
    value = place.value
    del place.holder[place.key]
    _place(rng, sample).put(value)


def _swap(rng: random.Random, sample: Sample) -> None:
    """Exchange two parts that do not stand in each other."""
    target, other = (_place(rng, sample) for _ in range(2))
    first, second = (copy.deepcopy(place.value) for place in (target, other))
    target.put(second)
    if any(place.holder is other.holder for place in places(sample.box)):
        other.put(first)


def _deepen(rng: random.Random, sample: Sample) -> None:
    """Nest something; CloudFormation's own limit is not documented, JSON parsers differ."""
    place = _place(rng, sample)
    value = place.value
    kind = rng.randrange(4)
    names = _names(rng, sample)
    for level in range(rng.choice((1, 2, 5, 20, 60))):
        if kind == 0:
            value = [value]
        elif kind == 1:
            value = {"k": value}
        elif kind == 2:
            value = {"Fn::If": [names, value, NO_VALUE]}
        else:
            value = [value] if level % 2 else {"Fn::If": [names, NO_VALUE, value]}
    place.put(value)


def _rename(rng: random.Random, sample: Sample) -> None:
    place = _place(rng, sample)
    if isinstance(place.holder, dict):
        value = place.holder.pop(place.key)
        place.holder[rng.choice((*ODD_KEYS, _names(rng, sample)))] = value


def _reorder(rng: random.Random, sample: Sample) -> None:
    """Write the members of an object, or of a list, in another order."""
    value = _place(rng, sample).value
    if isinstance(value, list):
        rng.shuffle(value)
    if isinstance(value, dict):
        members = list(value.items())
        rng.shuffle(members)
        value.clear()
        value.update(members)


def _call(rng: random.Random, sample: Sample) -> None:
    """Put an intrinsic function around something, or in its place."""
    place = _place(rng, sample)
    place.put(_called(rng, sample, place.value))


def _called(rng: random.Random, sample: Sample, value: Any) -> Any:
    name, other = (_names(rng, sample) for _ in range(2))
    calls: tuple[Any, ...] = (
        {"Fn::If": [name, value, rng.choice((NO_VALUE, copy.deepcopy(value), name))]},
        {"Fn::If": [name, value]},
        {"Fn::If": value},
        {"Ref": name},
        {"Ref": value},
        {"Fn::GetAtt": [name, "Arn"]},
        {"Fn::GetAtt": f"{name}.Arn"},
        {"Fn::GetAtt": value},
        {"Fn::Sub": f"${{{name}.Arn}}:{other}"},
        {"Fn::Sub": ["${A}", {"A": value}]},
        {"Fn::Sub": ["${A}${B}", {"A": value, name: {"Ref": other}}]},
        {"Fn::Sub": value},
        {"Fn::Join": [rng.choice(("", ":", name)), [value, {"Ref": name}]]},
        {"Fn::Join": value},
        {"Fn::Select": [rng.choice(("0", 0, 99, -1)), value]},
        {"Fn::Split": [":", value]},
        {"Fn::FindInMap": [name, other, value]},
        {"Fn::ImportValue": value},
        {"Fn::GetStackOutput": {"StackName": name, "OutputName": value}},
        {"Fn::Transform": {"Name": "AWS::Include", "Parameters": value}},
        {"Fn::Length": value},
        {"Fn::ToJsonString": value},
        {"Fn::Base64": value},
        {"Fn::Cidr": [value, 1, 1]},
        {"Condition": name},
        {"Fn::Not": [{"Condition": name}]},
        {"Ref": name, "Fn::Sub": value},
    )
    return rng.choice(calls)


def _graft(rng: random.Random, sample: Sample) -> None:
    """Take a part of another request: a resource of it, or whatever stands in one."""
    theirs = resources_of(sample.donor)
    if not theirs:
        return
    name, taken = rng.choice(list(theirs.items()))
    taken = copy.deepcopy(taken)
    if rng.random() < 0.5:
        sample.resources[rng.choice((name, f"{name}2", _names(rng, sample)))] = taken
        return
    parts = list(places([taken]))
    _place(rng, sample).put(rng.choice(parts).value)


def _loop(rng: random.Random, sample: Sample) -> None:
    """Write some resources, or a part of anything, as the body of an Fn::ForEach."""
    holder = sample.resources
    if rng.random() < 0.2:
        found = _place(rng, sample).value
        holder = found if isinstance(found, dict) else holder
    names = [name for name in holder if rng.random() < 0.4]
    variable = rng.choice(("Env", "V", "", "${V}", "BotId", _names(rng, sample)))
    mark = rng.choice((f"${{{variable}}}", f"&{{{variable}}}", ""))
    body = {f"{name}{mark}": holder.pop(name) for name in names}
    collection = rng.choice((
        ["Dev", "Prod"],
        ["Only"],
        [],
        [{"Ref": _names(rng, sample)}, "Dev"],
        {"Ref": _names(rng, sample)},
        [f"N{number}" for number in range(200)],
        _odd(rng, sample),
    ))  # fmt: skip
    loop: list[Any] = [variable, collection, body]
    if rng.random() < 0.1:
        loop.pop(rng.randrange(3))
    holder[f"{FOR_EACH}{rng.choice(('L', 'M', ''))}"] = loop


def _condition(rng: random.Random, sample: Sample) -> None:
    """Put a resource under a condition, or define one: well, oddly, or by itself."""
    given = [resource for resource in sample.resources.values() if isinstance(resource, dict)]
    name = rng.choice(("C", "D", _names(rng, sample)))
    if given and rng.random() < 0.6:
        rng.choice(given)["Condition"] = rng.choice(
            (name, name, {"Fn::Sub": name}, _odd(rng, sample))
        )
    section = sample.fragment.setdefault("Conditions", {})
    if not isinstance(section, dict):
        return
    condition, other = ({"Condition": _names(rng, sample)} for _ in range(2))
    section[name] = rng.choice((
        {"Fn::Equals": [{"Ref": _names(rng, sample)}, rng.choice(("a", "", 1, True, NO_VALUE))]},
        {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]},
        {"Fn::And": [condition, other]},
        {"Fn::Or": [condition, {"Fn::Not": [other]}]},
        {"Fn::Or": [condition] * 14},
        {"Fn::Not": [condition, other]},
        {"Condition": name},
        _odd(rng, sample),
    ))  # fmt: skip


def _settings(rng: random.Random, sample: Sample) -> None:
    """Set something for the stack or for a resource, rightly or wrongly."""
    value: Any = rng.choice(
        ("Bot", "Bot", "Alias", "Skip", "Fail", "bot", True, "FALSE", 1, None, [])
    )
    names = ("SourceScope", "OnUnreachable", "Enabled", "WaitsFor", "SourceScop", "")
    setting = {rng.choice(names[: rng.choice((2, 6))]): value}
    given = rng.choice((setting, setting, setting, _odd(rng, sample)))
    bodies = [resource for resource in sample.resources.values() if isinstance(resource, dict)]
    where = rng.randrange(3)
    if where == 0 and isinstance(sample.box[0], dict):
        sample.box[0]["params"] = given
        return
    holder = rng.choice(bodies) if where == 1 and bodies else sample.fragment
    metadata = holder.setdefault("Metadata", {})
    if isinstance(metadata, dict):
        metadata["AutoLexPermissions"] = given


def _text(rng: random.Random, sample: Sample) -> None:
    """Change letters within a text."""
    texts = [place for place in places(sample.box) if isinstance(place.value, str)]
    if not texts:
        return
    place = rng.choice(texts)
    at = rng.randint(0, len(place.value))
    odd = rng.choice((*ODD_TEXTS, f"${{{_names(rng, sample)}}}"))
    place.put(place.value[:at] + odd + place.value[at + rng.choice((0, 1, 5)) :])


def _odd(rng: random.Random, sample: Sample) -> Any:
    """Return any small value, or a name that means something in this request."""
    match rng.randrange(6):
        case 0:
            return rng.choice(ODD_NUMBERS)
        case 1:
            return rng.choice((None, True, False, [], {}, [[]], [None], {"": {}}, [{}, 1, "a"]))
        case 2:
            return _names(rng, sample)
        case 3:
            return _called(rng, sample, rng.choice(ODD_TEXTS))
    return rng.choice(ODD_TEXTS)


def _names(rng: random.Random, sample: Sample) -> str:
    """Return a name that the request has for something, or one that it does not have."""
    fragment = sample.fragment
    sections = (sample.resources, fragment.get("Conditions"), fragment.get("Parameters"))
    known = [name for section in sections if isinstance(section, dict) for name in section]
    return rng.choice((*known, "AWS::Region", "AWS::NoValue", "Unknown"))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


MUTATIONS: Final[tuple[Mutation, ...]] = (
    *(_delete, _duplicate, _replace, _retype, _move, _swap, _deepen, _rename, _reorder),
    *(_call, _call, _graft, _graft, _loop, _condition, _settings, _text),
)
