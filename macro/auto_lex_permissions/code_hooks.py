"""Code hooks: where a template's Lex V2 bot aliases name the functions that Lex will invoke.

Two places hold them (rule 1.1), both with the same tree below them. `Fn::If` and `AWS::NoValue`
may stand at every level; whatever has the wrong shape is left to CloudFormation.
"""

import marshal
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from .cfn.formulas import Formula
from .cfn.intrinsics import Text, compact, function
from .cfn.loops import LOOP, can_come_to, variables
from .cfn.template import TRANSFORM, Resource, Template
from .cfn.values import EACH, Place, Values
from .diagnostics import HOOK_HIDDEN, OUT_OF_PLACE, TYPE_IN_LOOP, Diagnostic
from .functions import Functions, LambdaFunction

BOT: Final = "AWS::Lex::Bot"
BOT_ALIAS: Final = "AWS::Lex::BotAlias"
_AFTER_LOOPS: Final = "list AutoLexPermissions after AWS::LanguageExtensions"
_LAMBDA_ARN: Final = "LambdaArn"
_NAME: Final = _LAMBDA_ARN.lower().encode()
_LOOKING: Final = "Looking for functions that Lex does not read"
_IN_LOCALES: Final = (
    "BotAliasLocaleSettings",
    EACH,
    "BotAliasLocaleSetting",
    "CodeHookSpecification",
    "LambdaCodeHook",
    _LAMBDA_ARN,
)
_LAMBDA_ARNS: Final = {BOT: ("TestBotAliasSettings", *_IN_LOCALES), BOT_ALIAS: _IN_LOCALES}
HOOKING_TYPES: Final = tuple(_LAMBDA_ARNS)


class CodeHook(NamedTuple):
    """A bot alias names a function: where, which, and when.

    `resource` is the bot alias or, for its test alias, the bot; `words` are the expression as text.
    Several locales that name a function alike, under the same formula, are one hook in several
    places.
    """

    resource: Resource
    expression: object
    words: Text
    function: LambdaFunction
    when: Formula
    places: tuple[Place, ...]


def code_hooks(template: Template, functions: Functions) -> tuple[list[CodeHook], list[Diagnostic]]:
    """Return every code hook that may exist, what may hide one (1.4), and what is none (1.6)."""
    hooks: list[CodeHook] = []
    found = [_hidden(place, LOOP) for place in template.loops_not_entered]
    found += _types_in_loops(template)
    found += (_hidden(place, TRANSFORM) for place in template.transforms)
    read: list[tuple[Resource, Values[object]]] = []
    for resource in template.of_type(*HOOKING_TYPES):
        arns = resource.properties.get(*_LAMBDA_ARNS[resource.type])
        read.append((resource, arns))
        hidden = [(place, call.function) for call in arns.hidden for place in call.places]
        hidden += [(resource.place, name) for name in _generating_keys(resource.body)]
        for arn in arns:
            making = _generating_keys(arn.value)
            hidden += [(place, name) for name in making for place in arn.places]
            is_named = _is_shaped(arn.value) and not making
            if is_named and template.conditions.possible(arn.when):
                words = compact(arn.value)
                function = functions.resolve_text(words)
                hooks.append(CodeHook(resource, arn.value, words, function, arn.when, arn.places))
        found += (_hidden(place, name) for place, name in sorted(hidden))
    if not _surely_none_out_of_place(read):
        for one in read:
            if not _surely_none_out_of_place([one]):
                found += _out_of_place(one[0], template)
    return hooks, found


def _out_of_place(resource: Resource, template: Template) -> Iterator[Diagnostic]:
    """Yield where a bot or bot alias names a function, and Lex V2 reads none (rule 1.6)."""
    read = resource.properties.get(*_LAMBDA_ARNS[resource.type][:-1])
    places = {(*place, _LAMBDA_ARN) for value in read for place in value.places}
    stack: list[tuple[object, _Step | None]] = [(resource.body.get("Properties"), None)]
    while stack:
        value, above = stack.pop()
        members = value.items() if isinstance(value, dict) else enumerate(_listed(value))
        for key, member in members:
            step = _Step(above, key)
            stack.append((member, step))
            if str(key).lower() == _LAMBDA_ARN.lower():
                place = (*resource.place, "Properties", *reversed([*_upwards(step)]))
                template.budget.spend(len(place), _LOOKING)
                if place not in places:
                    yield OUT_OF_PLACE.at(*place)
        template.budget.spend(1, _LOOKING)


class _Step(NamedTuple):
    """A step into a value, and the one before it: places that nobody asks for are never written."""

    above: "_Step | None"
    key: str | int


def _upwards(step: _Step | None) -> Iterator[str | int]:
    """Yield the keys of a step and of all that are before it, the last one first."""
    while step:
        yield step.key
        step = step.above


def _surely_none_out_of_place(read: list[tuple[Resource, Values[object]]]) -> bool:
    """Return whether all resources name `LambdaArn` as often as it was read there.

    Nothing is out of place then, and bots, which can be large, need not be searched. Any case of
    letters counts. In the first version of Python's own format what comes again is written again,
    in the last one it is not, and that is written faster.
    """
    places = (place for _, arns in read for arn in arns for place in arn.places)
    count = len({place[: place.index(_LAMBDA_ARN) + 1] for place in places})
    naming: list[Any] = [one.body.get("Properties") for one, arns in read if arns.count]
    others: list[Any] = [one.body.get("Properties") for one, arns in read if not arns.count]
    try:
        return (
            _NAME not in marshal.dumps(others).lower()
            and marshal.dumps(naming, 0).lower().count(_NAME) == count
        )
    except ValueError:  # It is more than plain JSON.
        return False


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _generating_keys(value: object) -> list[str]:
    """Return the keys of an object that make its parts: a transform, and loops."""
    keys = value if isinstance(value, dict) else ()
    return [key for key in keys if key == TRANSFORM or key.startswith(LOOP)]


def _hidden(place: Place, name: str) -> Diagnostic:
    is_loop = name.startswith(LOOP)
    way_out = _AFTER_LOOPS if is_loop else "choose between values with Fn::If"
    return HOOK_HIDDEN.at(*place, function=name.removesuffix("::"), way_out=way_out)


def _is_shaped(arn: object) -> bool:
    """Return whether a `LambdaArn` is of a shape that CloudFormation takes."""
    return bool(arn.strip()) if isinstance(arn, str) else function(arn) is not None


def _types_in_loops(template: Template) -> Iterator[Diagnostic]:
    """Yield the resources of a loop that may be bots for some of its items only (rule 1.5)."""
    for kind in template.ids_by_type:
        if variables(kind) and any(can_come_to(kind, name) for name in HOOKING_TYPES):
            for resource in template.of_type(kind):
                yield TYPE_IN_LOOP.at(*resource.place, "Type")
