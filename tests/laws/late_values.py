"""Templates with late values: what deployment decides, so that nobody who reads them knows it.

A late value is a dynamic reference, a parameter without a value, an export, or an attribute of a
custom resource or a nested stack. It may come to what the author had there, or to anything else:
whatever it is, the answer has to hold. So the macro is asked once, about the template with its late
values, and then these are resolved, in template and answer alike.
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
# What each late value comes to, by its number.
type Resolution = list[Any]

MOST_LATE_VALUES = 3
MAKERS: dict[str, Template] = {
    "LateMaker": {"Type": "Custom::LateMaker", "Properties": {"ServiceToken": "token"}},
    "LateStack": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "url"}},
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
# What a late value may come to beside what the author had there, by the key where it stands.
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
class Late:
    """A template with late values, and what these may come to: what was there, or others."""

    template: Template
    resolutions: tuple[Resolution, ...]


def with_late_values(template: Template, rng: random.Random) -> Late:
    """Put late values into a template, in the place of some of what the macro reads of it."""
    template = copy.deepcopy(template)
    by_kind: dict[tuple[str, str], list[Path]] = {}
    for path in _places(template):
        kind = template["Resources"][path[1]]["Type"], _key(path)
        by_kind.setdefault(kind, []).append(path)
    kinds = rng.sample([*by_kind], min(len(by_kind), rng.randint(1, MOST_LATE_VALUES)))
    results: list[tuple[Any, ...]] = []
    for number, path in enumerate(rng.choice(by_kind[kind]) for kind in kinds):
        holder, others = _at(template, path[:-1]), [*_others(template, path), "another"]
        original = holder[path[-1]]
        parts = _parts(original) if _key(path) in ARNS and rng.randrange(3) == 0 else []
        if parts:
            part = rng.choice(parts)
            holder[path[-1]] = _with_a_late_part(original, part, number)
            original, others = part[0], [*OTHER_PARTS]
        else:
            holder[path[-1]] = rng.choice(_forms(number))
        results.append((original, *others))
    declared = {f"Late{number}": {"Type": "String"} for number in range(len(results))}
    template["Parameters"] = {**template.get("Parameters", {}), **declared}
    template["Resources"] = {**template["Resources"], **copy.deepcopy(MAKERS)}
    unchanged = [original for original, *_ in results]
    return Late(template, (unchanged, [rng.choice(result) for result in results]))


def resolved(value: Any, resolution: Resolution) -> Any:
    """Return a part of a template, with what the late values in it come to."""
    for number, result in enumerate(resolution):
        value = _resolved(value, number, result)
    return value


def _resolved(value: Any, number: int, result: Any) -> Any:
    """Do so for one late value."""
    if value in _forms(number):
        return copy.deepcopy(result)
    placeholders = [name for name in _placeholders(number) if f"{name}}}" in str(value)]
    match value:
        case str():
            return value.replace(_forms(number)[0], result) if isinstance(result, str) else value
        case {"Fn::Sub": str(text)} if placeholders:
            # The macro puts a bot's id into a text of its own.
            return {"Fn::Sub": [text.replace(placeholders[0], "${It"), {"It": result}]}
        case dict():
            return {key: _resolved(item, number, result) for key, item in value.items()}
        case list():
            return [_resolved(item, number, result) for item in value]
    return value


def _forms(number: int) -> tuple[Any, ...]:
    """Return the forms of a late value, as they stand in a template."""
    return (
        f"{{{{resolve:ssm:/late{number}}}}}",
        {"Ref": f"Late{number}"},
        {"Fn::ImportValue": f"late{number}"},
        {"Fn::GetAtt": ["LateMaker", f"Late{number}"]},
        {"Fn::GetAtt": ["LateStack", f"Outputs.Late{number}"]},
    )


def _placeholders(number: int) -> tuple[str, ...]:
    """Return how these begin in a text that refers to them."""
    return (f"${{Late{number}", f"${{LateMaker.Late{number}", f"${{LateStack.Outputs.Late{number}")


def _parts(expression: Any) -> list[re.Match[str]]:
    """Return the parts of a text, or of what an Fn::Sub completes, that can be late."""
    match expression:
        case str(text) | {"Fn::Sub": str(text) | [str(text), _]}:
            return [*PART.finditer(text)]
    return []


def _with_a_late_part(expression: Any, part: re.Match[str], number: int) -> Any:
    """Return a text, or what an Fn::Sub completes, of which a part is late."""
    text = f"{part.string[: part.start()]}{_forms(number)[0]}{part.string[part.end() :]}"
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
