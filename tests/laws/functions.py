"""The functions of a random template, and what its hooks may say to name them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.laws import spellings
from tests.laws.ground import Ground, Place
from tests.laws.spellings import FUNCTION_HERE, qualified

FUNCTION_NAMES = ("orders", "billing")
ALIAS_NAMES = ("live", "blue-1", "b_2")
OUT_OF_REACH = (
    "arn:aws:lambda:us-east-1:999999999999:function:orders",
    "arn:aws:lambda:eu-west-1:123456789012:function:orders",
    {"Fn::Sub": "arn:aws:lambda:eu-west-1:${AWS::AccountId}:function:billing"},
    {"Fn::Sub": "arn:${AWS::Partition}:lambda:cn-north-1:${AWS::AccountId}:function:billing"},
)


@dataclass(frozen=True, slots=True)
class Target:
    """A function, version or alias that hooks may name, in the spellings of its ARN."""

    # Where it may be spelled so; elsewhere `condition` has to be asked first.
    place: Place
    condition: str | None
    arns: tuple[Any, ...]
    # More spellings, which only the FunctionName of a permission may have.
    names: tuple[Any, ...] = ()
    # Whether a reader of the template cannot tell its name.
    is_opaque: bool = False

    def spelled(
        self, ground: Ground, place: Place, fallback: Callable[[Place], Any], *, short: bool = False
    ) -> Any:
        """Return an expression that names it, and the fallback where it does not exist."""
        expression = ground.pick((*self.arns, *self.names) if short else self.arns)
        if place.within(self.place):
            return expression
        return {"Fn::If": [self.condition, expression, fallback(place - self.place)]}


def draw(ground: Ground, *, out_of_reach: bool) -> list[Target]:
    """Draw functions with versions and aliases, and return what hooks may name."""
    if ground.chance(8):
        ground.template["Globals"] = {"Function": {"AutoPublishAlias": "live"}}
    taken: dict[str, Place] = {}
    targets: list[Target] = []
    for number in range(ground.count(5, 45, 35, 15)):
        targets += _function(ground, f"Fn{number}", taken)
    for name in FUNCTION_NAMES[: ground.count(60, 30, 10)]:
        targets += _by_name(ground, name)
    if not targets or ground.chance(35):
        targets.append(_outside(ground))
    if out_of_reach and ground.chance(40):
        arn = ground.parameter("HookArn")
        targets.append(Target(ground.everywhere, None, (arn,), is_opaque=True))
    elif out_of_reach or ground.chance(3):
        targets.append(Target(ground.everywhere, None, (ground.pick(OUT_OF_REACH),)))
    if ground.chance(1):
        targets.append(Target(ground.everywhere, None, (f"{FUNCTION_HERE}elsewhere:$LATEST",)))
    return targets


def _function(ground: Ground, name: str, taken: dict[str, Place]) -> Iterator[Target]:
    """Draw a function of the template, with versions and aliases of its own."""
    condition = ground.optional_condition(45)
    place = ground.place_of(condition)
    properties = {}
    text = _own_name(ground, place, taken)
    if text is not None:
        properties["FunctionName"] = text
    sam = ground.chance(25)
    published = _published(ground, properties) if sam else None
    kind = "AWS::Serverless::Function" if sam else "AWS::Lambda::Function"
    ground.add(name, kind, properties, condition)
    arns = tuple(spellings.of_function(name))
    match text:
        case {"Fn::If": [_, *names]}:
            more: tuple[Any, ...] = ()
        case _:
            names = [] if text is None else [text]
            more = tuple(spellings.of_function_by_name(name, text))
    yield Target(place, condition, arns, more)
    for written in names:
        if ground.chance(75):
            yield Target(ground.everywhere, None, tuple(spellings.of_name(written)), (written,))
    if ground.chance(15):
        # A qualifier that is made elsewhere.
        yield Target(place, condition, tuple(qualified(arn, "green") for arn in arns))
    if published is None:
        yield from _aliases(ground, name, place, condition)
    else:
        yield from _by_sam(ground, Target(place, condition, arns), name, published)


def _own_name(ground: Ground, place: Place, taken: dict[str, Place]) -> Any:
    """Return a FunctionName that no other function has at the same time, often none."""
    kind = ground.pick(("none", "none", "none", "text", "text", "sub", "parameter", "choice"))
    if kind == "choice":
        return _one_of_two_names(ground, place, taken)
    name = ground.pick(FUNCTION_NAMES)
    key = f"{kind}:{name}"
    if kind == "none" or place & taken.get(key, Place()):
        return None
    taken[key] = taken.get(key, Place()) | place
    if kind == "parameter":
        return ground.parameter(f"NameOf{name.title()}")
    return name if kind == "text" else {"Fn::Sub": f"${{AWS::StackName}}-{name}"}


def _one_of_two_names(ground: Ground, place: Place, taken: dict[str, Place]) -> Any:
    """Return a FunctionName that a condition chooses, or none where there is no condition."""
    condition = ground.optional_condition(100)
    names = ground.rng.sample(FUNCTION_NAMES, 2)
    keys = [f"text:{name}" for name in names]
    if condition is None or any(place & taken.get(key, Place()) for key in keys):
        return None
    for key in keys:
        taken[key] = taken.get(key, Place()) | place
    return {"Fn::If": [condition, *names]}


def _published(ground: Ground, properties: dict[str, Any]) -> str | None:
    """Return the alias that SAM will publish, often none."""
    own = ground.pick((None, *ALIAS_NAMES))
    if own is not None:
        properties["AutoPublishAlias"] = own
    shared = ground.template.get("Globals", {}).get("Function", {})
    return own or shared.get("AutoPublishAlias")


def _by_sam(ground: Ground, function: Target, name: str, alias: str) -> Iterator[Target]:
    """Yield what SAM will make of a function, by SAM's names and by text."""
    made = f"{name}.Alias"
    yield Target(function.place, function.condition, ({"Ref": made}, {"Fn::Sub": f"${{{made}}}"}))
    texts = tuple(qualified(arn, alias) for arn in function.arns)
    yield Target(function.place, function.condition, texts)
    if ground.chance(15):
        yield Target(function.place, function.condition, ({"Ref": f"{name}.Version"},))


def _aliases(
    ground: Ground, function: str, place: Place, condition: str | None
) -> Iterator[Target]:
    """Draw Lambda aliases and versions of a function."""
    within = ground.conditions_within(place)
    count = ground.count(55, 35, 10) if within else 0
    for number, name in enumerate(ALIAS_NAMES[:count]):
        own, logical_id = ground.pick(within), f"{function}Alias{number}"
        of = ground.pick(({"Ref": function}, {"Fn::GetAtt": [function, "Arn"]}))
        properties = {"FunctionName": of, "FunctionVersion": "1", "Name": name}
        chosen = ground.optional_condition(50)
        if number == 0 and count == 1 and chosen is not None:
            properties["Name"] = {"Fn::If": [chosen, *ground.rng.sample((name, "b_2"), 2)]}
        ground.add(logical_id, "AWS::Lambda::Alias", properties, own)
        spelled = tuple(spellings.of_lambda_alias(logical_id))
        is_opaque = not isinstance(properties["Name"], str)
        if is_opaque:
            # Each of the two has a logical id of its own then, which depends on who else is there.
            spelled = ground.pick((spelled[:2], spelled[2:]))
        yield Target(ground.place_of(own), own, spelled, is_opaque=is_opaque)
        # Where the alias does not exist, its name means one that is made elsewhere.
        texts = tuple(qualified(arn, name) for arn in spellings.of_function(function))
        yield Target(place, condition, texts, ({"Fn::Sub": f"${{{function}}}:{name}"},))
    if within and ground.chance(10):
        named, logical_id = ground.parameter("AliasName"), f"{function}AliasP"
        properties = {"FunctionName": {"Ref": function}, "Name": named}
        ground.add(logical_id, "AWS::Lambda::Alias", properties, ground.pick(within))
        yield Target(place, condition, ({"Fn::Sub": f"${{{function}.Arn}}:${{AliasName}}"},))
    if within and ground.chance(15):
        own, logical_id = ground.pick(within), f"{function}V"
        ground.add(logical_id, "AWS::Lambda::Version", {"FunctionName": {"Ref": function}}, own)
        arns = ({"Ref": logical_id}, *spellings.of_attribute(logical_id, "FunctionArn"))
        yield Target(ground.place_of(own), own, arns)


def _by_name(ground: Ground, name: str) -> Iterator[Target]:
    """Yield a function by its text, and an alias of it, whether or not the template makes them."""
    yield Target(ground.everywhere, None, tuple(spellings.of_name(name)), (name,))
    if not ground.chance(30):
        return
    qualifier = ground.pick(ALIAS_NAMES)
    arns = tuple(qualified(arn, qualifier) for arn in spellings.of_name(name))
    yield Target(ground.everywhere, None, arns, (f"{name}:{qualifier}",))
    if f"'{qualifier}'" not in str(ground.resources):
        condition = ground.optional_condition(40)
        properties = {"FunctionName": name, "FunctionVersion": "1", "Name": qualifier}
        ground.add(f"{name.title()}Alias", "AWS::Lambda::Alias", properties, condition)


def _outside(ground: Ground) -> Target:
    """Return a function that this template does not make."""
    arn = f"{FUNCTION_HERE}elsewhere"
    match ground.pick(("literal", "parameter", "import", "map", "nested", "select")):
        case "literal":
            arns: tuple[Any, ...] = tuple(spellings.of_name("elsewhere"))
        case "parameter":
            secret = {"NoEcho": True} if ground.chance(15) else {}
            own = (ground.parameter("HookArn", **secret), {"Fn::Sub": "${HookArn}"})
            arns = ground.pick((own, own, ({"Fn::Sub": "${HookArn}:live"},)))
        case "import":
            arns = ({"Fn::ImportValue": "hook-arn"},)
        case "map":
            hooks = {"Hooks": {"us-east-1": {"Arn": arn}}}
            ground.template["Mappings"] = {**ground.template.get("Mappings", {}), **hooks}
            arns = ({"Fn::FindInMap": ["Hooks", {"Ref": "AWS::Region"}, "Arn"]},)
        case "nested":
            properties = {"TemplateURL": "https://example.com/functions.yaml"}
            ground.add("Nested", "AWS::CloudFormation::Stack", properties)
            arns = tuple(spellings.of_attribute("Nested", "Outputs.Arn"))
        case _:
            arns = ({"Fn::Select": [0, [arn, "other"]]},)
    return Target(ground.everywhere, None, arns, is_opaque=True)
