"""Templates written in another way that says the same, and templates with a little more or less.

The laws on order and spelling compare the macro's answers to a template and to its rewriting.
"""

import copy
import random
import re
from collections.abc import Iterator
from typing import Any

from tests.laws.evaluator import PLACEHOLDER, Template

HOOK_TYPES = ("AWS::Lex::BotAlias", "AWS::Lex::Bot")
# An attribute that says the same as a Ref, by type.
SAME_AS_REF = {
    "AWS::Lambda::Alias": "AliasArn",
    "AWS::Lambda::Version": "FunctionArn",
    "AWS::Lex::Bot": "Id",
}
WORD = re.compile(r"(\$\{[^}]*\})")


def function_expressions(template: Template) -> Iterator[Any]:
    """Yield each LambdaArn expression, those within an Fn::If one by one."""
    for tree in _trees(template):
        for arn in _values_of(tree, "LambdaArn"):
            yield from branches(arn)


def bot_expressions(template: Template) -> Iterator[Any]:
    """Yield each BotId expression, whole and branch by branch, and a Ref to each bot."""
    for name, resource in template["Resources"].items():
        if resource.get("Type") == "AWS::Lex::Bot":
            yield {"Ref": name}
        if resource.get("Type") == "AWS::Lex::BotAlias" and "BotId" in resource["Properties"]:
            yield resource["Properties"]["BotId"]
            yield from branches(resource["Properties"]["BotId"])


def branches(expression: Any) -> Iterator[Any]:
    """Yield what an expression may be, whatever its conditions come to."""
    match expression:
        case {"Fn::If": [_, then, otherwise], **rest} if not rest:
            yield from branches(then)
            yield from branches(otherwise)
        case {"Ref": "AWS::NoValue"}:
            pass
        case _:
            yield expression


def reordered(template: Template, rng: random.Random) -> Template:
    """Return the template with its keys, resources and locales in another order."""
    fragment: Template = _shuffled_keys(template, rng)
    for tree in _trees(fragment):
        for settings in _values_of(tree, "BotAliasLocaleSettings"):
            for locales in branches(settings):
                if isinstance(locales, list):
                    rng.shuffle(locales)
    return fragment


def with_a_locale_twice(template: Template, rng: random.Random) -> Template:
    """Return the template with one locale of each list repeated under another LocaleId."""
    fragment = copy.deepcopy(template)
    for tree in _trees(fragment):
        for settings in list(_values_of(tree, "BotAliasLocaleSettings")):
            for locales in branches(settings):
                if isinstance(locales, list) and locales:
                    locales.append(_relabelled(copy.deepcopy(rng.choice(locales))))
    return fragment


def without_an_alias(template: Template, rng: random.Random) -> tuple[str, Template]:
    """Return a bot alias to which nothing refers, and the template without it."""
    resources = template["Resources"]
    aliases = [
        name
        for name, resource in resources.items()
        if resource.get("Type") == "AWS::Lex::BotAlias" and not _is_named(template, name)
    ]
    if not aliases:
        return "", template
    gone = rng.choice(aliases)
    kept = {name: resources[name] for name in resources if name != gone}
    return gone, {**template, "Resources": kept}


def respelled(template: Template, rng: random.Random) -> Template:
    """Return the template with equal expressions in the place of its own."""
    fragment = copy.deepcopy(template)
    conditions = fragment.get("Conditions", {})
    for name in conditions:
        conditions[name] = _other_formula(conditions[name], rng)
    for name, resource in fragment["Resources"].items():
        kind, properties = resource.get("Type"), resource.get("Properties", {})
        for key in _respellable(kind):
            if key in properties:
                properties[key] = _other_expression(properties[key], fragment, rng)
        if kind in HOOK_TYPES:
            resource["Properties"] = _other_hooks(properties, fragment, rng)
        fragment["Resources"][name] = resource
    return fragment


def _respellable(kind: str | None) -> tuple[str, ...]:
    """Return the properties of a type that are respelled whole."""
    return {
        "AWS::Lex::BotAlias": ("BotId",),
        "AWS::Lambda::Permission": ("FunctionName", "SourceArn"),
        "AWS::Lambda::Alias": ("FunctionName",),
    }.get(kind or "", ())


def _other_hooks(tree: Any, template: Template, rng: random.Random) -> Any:
    """Return a tree with each LambdaArn in it respelled."""
    if isinstance(tree, list):
        return [_other_hooks(item, template, rng) for item in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        key: _other_expression(value, template, rng)
        if key == "LambdaArn"
        else _other_hooks(value, template, rng)
        for key, value in tree.items()
    }


def _other_expression(  # noqa: PLR0911 - a table.
    expression: Any, template: Template, rng: random.Random
) -> Any:
    """Return an expression that comes to the same text in every world."""
    match expression:
        case {"Fn::If": [condition, then, otherwise], **rest} if not rest:
            both = [_other_expression(branch, template, rng) for branch in (then, otherwise)]
            return {"Fn::If": [condition, *both]}
        case {"Ref": "AWS::NoValue"}:
            return expression
        case {"Ref": str(name), **rest} if not rest:
            return rng.choice(_spellings_of_ref(name, template))
        case {"Fn::GetAtt": [str(name), str(attribute)], **rest} if not rest:
            return rng.choice(_spellings_of_attribute(name, attribute, template))
        case {"Fn::GetAtt": str(dotted), **rest} if not rest:
            name, _, attribute = dotted.partition(".")
            return rng.choice(_spellings_of_attribute(name, attribute, template))
        case {"Fn::Sub": str(written), **rest} if not rest:
            return rng.choice([expression, {"Fn::Sub": [written, {}]}, _joined(written)])
    return expression


def _spellings_of_ref(name: str, template: Template) -> list[Any]:
    """Return the ways to say what a Ref says."""
    ways: list[Any] = [
        {"Ref": name},
        {"Fn::Sub": f"${{{name}}}"},
        {"Fn::Sub": ["${It}", {"It": {"Ref": name}}]},
        {"Fn::Join": ["", [{"Ref": name}]]},
    ]
    attribute = _same_as_ref(name, template)
    return ways + ([{"Fn::GetAtt": [name, attribute]}] if attribute else [])


def _spellings_of_attribute(name: str, attribute: str, template: Template) -> list[Any]:
    """Return the ways to say what a GetAtt says."""
    dotted = f"{name}.{attribute}"
    ways: list[Any] = [
        {"Fn::GetAtt": [name, attribute]},
        {"Fn::GetAtt": dotted},
        {"Fn::Sub": f"${{{dotted}}}"},
        {"Fn::Sub": ["${It}", {"It": {"Fn::GetAtt": dotted}}]},
        {"Fn::Join": ["", [{"Fn::GetAtt": [name, attribute]}]]},
    ]
    return ways + ([{"Ref": name}] if _same_as_ref(name, template) == attribute else [])


def _same_as_ref(name: str, template: Template) -> str | None:
    """Return the attribute that says what a Ref to a resource says.

    None of a Lambda alias whose name is not one text: there each has the logical id that it had.
    """
    if "Fn::If" in str(template["Resources"].get(name, {}).get("Properties", {}).get("Name")):
        return None
    return SAME_AS_REF.get(template["Resources"].get(name, {}).get("Type"))


def _joined(written: str) -> Any:
    """Return a Fn::Join that says what a Fn::Sub of one text says."""
    parts = [part for part in WORD.split(written) if part]
    if any(part.startswith("${!") for part in parts):
        return {"Fn::Sub": written}
    return {"Fn::Join": ["", [_part(part) for part in parts]]}


def _part(part: str) -> Any:
    """Return one part of a Fn::Sub as an item of a Fn::Join."""
    found = PLACEHOLDER.fullmatch(part)
    if not found:
        return part
    name = found[2].strip()
    if "." in name and not name.endswith((".Alias", ".Version")):
        return {"Fn::GetAtt": name.split(".", 1)}
    # A version's own attribute is called Version as well, but no generated Fn::Sub asks for it.
    return {"Ref": name}


def _other_formula(formula: Any, rng: random.Random) -> Any:
    """Return a condition that is true where the given one is."""
    match formula:
        case {"Fn::Equals": [left, right]}:
            same: Any = {"Fn::Equals": rng.sample([left, right], 2)}
        case {"Fn::Not": [operand]}:
            same = {"Fn::Not": [_other_formula(operand, rng)]}
        case {"Fn::And": operands} | {"Fn::Or": operands}:
            [function] = formula
            others = [_other_formula(operand, rng) for operand in operands]
            same = {function: rng.sample(others, len(others))}
        case _:
            same = formula
    return rng.choice([same, same, same, {"Fn::Not": [{"Fn::Not": [same]}]}])


def _trees(template: Template) -> Iterator[Template]:
    """Yield the properties that hold locale settings."""
    for resource in template["Resources"].values():
        if resource.get("Type") in HOOK_TYPES and isinstance(resource.get("Properties"), dict):
            yield resource["Properties"]


def _values_of(tree: Any, key: str) -> Iterator[Any]:
    """Yield every value that stands under a key, at any depth."""
    if isinstance(tree, list):
        for item in tree:
            yield from _values_of(item, key)
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                yield value
            else:
                yield from _values_of(value, key)


def _shuffled_keys(value: Any, rng: random.Random) -> Any:
    """Return a value with the keys of its objects in another order."""
    if isinstance(value, list):
        return [_shuffled_keys(item, rng) for item in value]
    if isinstance(value, dict):
        keys = rng.sample(list(value), len(value))
        return {key: _shuffled_keys(value[key], rng) for key in keys}
    return value


def _relabelled(item: Any) -> Any:
    """Return a locale's settings under LocaleIds that nothing else uses."""
    if isinstance(item, list):
        return [_relabelled(entry) for entry in item]
    if isinstance(item, dict):
        return {
            key: f"{value}x" if key == "LocaleId" else _relabelled(value)
            for key, value in item.items()
        }
    return item


def _is_named(template: Template, name: str) -> bool:
    """Return whether any other resource mentions a logical id."""
    others = {key: value for key, value in template["Resources"].items() if key != name}
    return bool(re.search(rf"\b{re.escape(name)}\b", str(others)))
