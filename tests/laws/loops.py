"""Templates as AWS::LanguageExtensions leaves them: every Fn::ForEach written out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
Golden cases have loops, and the random templates that looping.py rolls into some.
"""

import re
from typing import Any

from tests.laws.evaluator import Template, UnresolvableError, is_function

FOR_EACH = "Fn::ForEach::"
SECTIONS = ("Resources", "Conditions", "Outputs")


def expanded(template: Template) -> Template:
    """Return the template without loops."""
    return {
        section: _plain(template, _section(template, content)) if section in SECTIONS else content
        for section, content in template.items()
    }


def _section(template: Template, content: Any) -> Any:
    """Return a section, or a part of one, with its loops written out."""
    if isinstance(content, list):
        return [_section(template, item) for item in content]
    if not isinstance(content, dict):
        return content
    written: Template = {}
    for key, value in content.items():
        if str(key).startswith(FOR_EACH):
            written |= _loop(template, value)
        else:
            written[key] = _section(template, value)
    return written


def _loop(template: Template, loop: Any) -> Template:
    """Return what one loop comes to."""
    try:
        name, collection, body = loop
    except (TypeError, ValueError) as error:
        raise UnresolvableError("a loop of the wrong shape") from error
    written: Template = {}
    for item in _collection(template, collection):
        written |= _section(template, _substituted(body, name, item))
    return written


def _collection(template: Template, collection: Any) -> list[str]:
    """Return the items of a loop, those of a parameter by its default."""
    match collection:
        case [*items]:
            return [str(item) for item in items]
        case {"Ref": str(parameter)}:
            default = template.get("Parameters", {}).get(parameter, {}).get("Default")
            if default is not None:
                return str(default).split(",")
    raise UnresolvableError(f"cannot go through {collection}")


def _substituted(value: Any, name: str, item: str) -> Any:
    """Return a loop's body for one item."""
    match value:
        case str():
            bare = re.sub("[^A-Za-z0-9]", "", item)
            return value.replace(f"${{{name}}}", item).replace(f"&{{{name}}}", bare)
        case {"Ref": variable, **rest} if variable == name and not rest:
            return item
        case list():
            return [_substituted(entry, name, item) for entry in value]
        case dict():
            return {
                _substituted(key, name, item): _substituted(entry, name, item)
                for key, entry in value.items()
            }
    return value


def _plain(template: Template, value: Any) -> Any:
    """Return a value in which a name that a loop has built is a plain text again."""
    match value:
        case list():
            return [_plain(template, item) for item in value]
        case dict() if is_function(value) and set(value) <= {"Ref", "Fn::GetAtt"}:
            [(function, argument)] = value.items()
            parts = argument if isinstance(argument, list) else [argument]
            named = [_name(part) for part in parts]
            return {function: named if isinstance(argument, list) else named[0]}
        case dict():
            plain = {key: _plain(template, item) for key, item in value.items()}
            if _is_guarded(plain):
                plain["Condition"] = _condition(template, plain["Condition"])
            return plain
    return value


def _is_guarded(value: Template) -> bool:
    """Return whether this is a resource whose condition may be a name that a loop has built."""
    return "Type" in value and isinstance(value.get("Condition"), dict)


def _condition(template: Template, value: Any) -> Any:
    """Return the name of a condition, which may stand in the template's Mappings."""
    match value:
        case {"Fn::FindInMap": [mapping, top, second]}:
            return template["Mappings"][mapping][top][second]
    return _name(value)


def _name(value: Any) -> Any:
    """Return the text of an Fn::Sub that has nothing left to fill in, or else the value itself."""
    match value:
        case {"Fn::Sub": str(written)} if "${" not in written:
            return written
    return value
