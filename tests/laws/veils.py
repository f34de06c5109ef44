"""Templates with veils: parts whose values are decided at deployment, so that no reader knows them.

A *veil* is a dynamic reference, a parameter without a value, an export, or an attribute of a custom
resource or a nested stack. Under it may be what the author had there, or anything else: whatever it
is, the answer has to hold. So the macro is asked once, about the template with its veils, and then
these are lifted, in template and answer alike.
"""

import copy
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.laws.evaluator import FUNCTIONS, Template, is_function
from tests.laws.functions import ALIAS_NAMES, FUNCTION_NAMES

type Path = tuple[str | int, ...]
# What is under each veil, by the number of the veil.
type Lifting = list[Any]

MOST_VEILS = 3
MAKERS: dict[str, Template] = {
    "VeilMaker": {"Type": "Custom::VeilMaker", "Properties": {"ServiceToken": "token"}},
    "VeilStack": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "url"}},
}
READ = (
    *FUNCTIONS,
    "AWS::Lambda::Alias",
    "AWS::Lambda::Permission",
    "AWS::Lambda::ResourcePolicy",
    "AWS::Lex::Bot",
    "AWS::Lex::BotAlias",
    "AWS::Lex::BotVersion",
)
# What may be under a veil beside what the author had there, by the key where it stands.
OTHERS: dict[str, tuple[Any, ...]] = {
    "Action": ("lambda:InvokeFunction", "lambda:GetFunction", "*"),
    "BotId": ("STRANGEBOT",),
    "Effect": ("Allow", "Deny"),
    "Name": ALIAS_NAMES,
    "NotAction": ("lambda:InvokeFunction", "lambda:GetFunction"),
    "Principal": ("lexv2.amazonaws.com", "events.amazonaws.com", "*"),
    "Service": ("lexv2.amazonaws.com", "events.amazonaws.com"),
    "SourceAccount": ({"Ref": "AWS::AccountId"}, "999999999999"),
}
ARNS_OF_FUNCTIONS = {"FunctionName", "LambdaArn", "NotResource", "Resource", "ResourceArn"}
ARNS = {*ARNS_OF_FUNCTIONS, "SourceArn"}
FUNCTION_ARN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
LEX_ARN = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/"
# A part of an ARN or a name that is written out, and what else it may be.
PART = re.compile(r"(?<![^:/])[^:/${}]+(?![^:/])")
OTHER_PARTS = (*FUNCTION_NAMES, *ALIAS_NAMES, "*", "999999999999", "TSTALIASID", "lex")


@dataclass(frozen=True, slots=True)
class Veiled:
    """A template with veils, and what may be under these: what was there, and something else."""

    template: Template
    liftings: tuple[Lifting, ...]


def veiled(template: Template, rng: random.Random) -> Veiled:
    """Veil some of what the macro reads of a template."""
    template = copy.deepcopy(template)
    by_kind: dict[tuple[str, str], list[Path]] = {}
    for path in _places(template):
        kind = template["Resources"][path[1]]["Type"], _key(path)
        by_kind.setdefault(kind, []).append(path)
    kinds = rng.sample([*by_kind], min(len(by_kind), rng.randint(1, MOST_VEILS)))
    under: list[tuple[Any, ...]] = []
    for number, path in enumerate(rng.choice(by_kind[kind]) for kind in kinds):
        holder, others = _at(template, path[:-1]), [*_others(template, path), "another"]
        original = holder[path[-1]]
        parts = _parts(original) if _key(path) in ARNS and rng.randrange(3) == 0 else []
        if parts:
            part = rng.choice(parts)
            holder[path[-1]] = _with_a_veil(original, part, number)
            original, others = part[0], [*OTHER_PARTS]
        else:
            holder[path[-1]] = rng.choice(_veils(number))
        under.append((original, *others))
    declared = {f"Veil{number}": {"Type": "String"} for number in range(len(under))}
    template["Parameters"] = {**template.get("Parameters", {}), **declared}
    template["Resources"] = {**template["Resources"], **copy.deepcopy(MAKERS)}
    unchanged = [possible[0] for possible in under]
    return Veiled(template, (unchanged, [rng.choice(possible) for possible in under]))


def lifted(value: Any, lifting: Lifting) -> Any:
    """Return a value with what a lifting says is under the veils."""
    for number, under in enumerate(lifting):
        value = _lifted(value, number, under)
    return value


def _lifted(value: Any, number: int, under: Any) -> Any:
    """Return a value without one veil."""
    if value in _veils(number):
        return copy.deepcopy(under)
    placeholders = [name for name in _placeholders(number) if f"{name}}}" in str(value)]
    match value:
        case str():
            return value.replace(_veils(number)[0], under) if isinstance(under, str) else value
        case {"Fn::Sub": str(text)} if placeholders:
            # The macro puts a bot's id into a text of its own.
            return {"Fn::Sub": [text.replace(placeholders[0], "${It"), {"It": under}]}
        case dict():
            return {key: _lifted(item, number, under) for key, item in value.items()}
        case list():
            return [_lifted(item, number, under) for item in value]
    return value


def _veils(number: int) -> tuple[Any, ...]:
    """Return the forms of a veil, as they stand in a template."""
    return (
        f"{{{{resolve:ssm:/veil{number}}}}}",
        {"Ref": f"Veil{number}"},
        {"Fn::ImportValue": f"veil{number}"},
        {"Fn::GetAtt": ["VeilMaker", f"Veil{number}"]},
        {"Fn::GetAtt": ["VeilStack", f"Outputs.Veil{number}"]},
    )


def _placeholders(number: int) -> tuple[str, ...]:
    """Return how these begin in a text that refers to them."""
    return (f"${{Veil{number}", f"${{VeilMaker.Veil{number}", f"${{VeilStack.Outputs.Veil{number}")


def _parts(expression: Any) -> list[re.Match[str]]:
    """Return the parts of a text, or of what an Fn::Sub completes, that can be veiled."""
    match expression:
        case str(text) | {"Fn::Sub": str(text) | [str(text), _]}:
            return [*PART.finditer(text)]
    return []


def _with_a_veil(expression: Any, part: re.Match[str], number: int) -> Any:
    """Return a text, or what an Fn::Sub completes, with a veil in the place of a part."""
    text = f"{part.string[: part.start()]}{_veils(number)[0]}{part.string[part.end() :]}"
    match expression:
        case {"Fn::Sub": [_, more]}:
            return {"Fn::Sub": [text, more]}
        case {"Fn::Sub": _}:
            return {"Fn::Sub": text}
    return text


def _places(template: Template) -> Iterator[Path]:
    """Yield where the macro reads a text or an expression for one, each branch by itself."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in READ:
            for path in _leaves(resource.get("Properties", {}), ("Resources", name, "Properties")):
                if "Condition" in path or _key(path) in {*OTHERS, *ARNS}:
                    yield path


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    """Yield the path of each text and each call in a value."""
    match value:
        case {"Ref": "AWS::NoValue"}:
            return
        case {"Fn::If": [_, *branches]}:
            for number, branch in enumerate(branches, start=1):
                yield from _leaves(branch, (*path, "Fn::If", number))
        case dict() if not is_function(value):
            for key, item in value.items():
                yield from _leaves(item, (*path, key))
        case list():
            for number, item in enumerate(value):
                yield from _leaves(item, (*path, number))
        case dict() | str():
            yield path


def _key(path: Path) -> str:
    """Return the key that says what a value is; keys of a Condition are named as properties are."""
    key = [step for step in path if isinstance(step, str) and step != "Fn::If"][-1]
    of_conditions = {"aws:sourcearn": "SourceArn", "aws:sourceaccount": "SourceAccount"}
    return of_conditions.get(key.lower(), key)


def _others(template: Template, path: Path) -> Iterator[Any]:
    """Yield what a value may come to: what is known of its kind, and what the template makes."""
    key = _key(path)
    if template["Resources"][path[1]]["Type"] in FUNCTIONS:
        yield from FUNCTION_NAMES
        return
    yield from OTHERS.get(key, ())
    if key in ARNS_OF_FUNCTIONS:
        yield {"Fn::Sub": f"{FUNCTION_ARN}orders"}
    for name, resource in template["Resources"].items():
        match resource["Type"]:
            case "AWS::Lambda::Function" | "AWS::Serverless::Function" if key in ARNS_OF_FUNCTIONS:
                yield {"Fn::GetAtt": [name, "Arn"]}
            case "AWS::Lex::BotAlias" if key == "SourceArn":
                yield {"Fn::GetAtt": [name, "Arn"]}
            case "AWS::Lex::Bot" if key == "SourceArn":
                yield {"Fn::Sub": f"{LEX_ARN}${{{name}}}/*"}
            case "AWS::Lex::Bot" if key == "BotId":
                yield {"Ref": name}


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value
