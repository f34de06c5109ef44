"""What the author of a random template has declared: permissions and resource policies.

Right, too wide, too narrow, never matching, conditional, in every spelling, and several that only
cover together.
"""

from collections.abc import Sequence
from typing import Any

from tests.laws.callers import Caller, Hooks
from tests.laws.functions import Target
from tests.laws.ground import Ground, Place, no_value
from tests.laws.spellings import EVERY_SOURCE

ACTIONS = (
    "lambda:InvokeFunction",
    "lambda:InvokeFunction",
    "lambda:InvokeFunction",
    "lambda:invokeFunction",
    "lambda:*",
    "*",
    "lambda:GetFunction",
)
PRINCIPALS = (
    "lexv2.amazonaws.com",
    "lexv2.amazonaws.com",
    "lexv2.amazonaws.com",
    {"Fn::Sub": "lexv2.${AWS::URLSuffix}"},
    {"Fn::Join": [".", ["lexv2", {"Ref": "AWS::URLSuffix"}]]},
    "*",
    "lex.amazonaws.com",
)
ACCOUNTS = (
    {"Ref": "AWS::AccountId"},
    {"Ref": "AWS::AccountId"},
    "123456789012",
    123456789012,
    {"Fn::Sub": "${AWS::AccountId}"},
    "999999999999",
)


def draw(ground: Ground, hooks: Hooks) -> None:
    """Draw permissions, and now and then a resource policy."""
    if not hooks.used:
        return
    caller, target = ground.pick(hooks.used)
    for number in range(ground.count(35, 25, 20, 13, 7)):
        if ground.chance(15):
            caller, target = ground.pick(hooks.callers), ground.pick(hooks.targets)
        elif ground.chance(50):
            caller, target = ground.pick(hooks.used)
        # Else one more for the same: the two together may cover what neither does.
        _permission(ground, f"Declared{number}", (caller, target), hooks.targets)
    if ground.chance(6):
        _policy(ground, *ground.pick(hooks.used))


def _permission(
    ground: Ground, name: str, grant: tuple[Caller, Target], targets: list[Target]
) -> None:
    """Draw one permission for a caller and a target, or for something beside them."""
    caller, target = grant
    within = ground.conditions_within(target.place & caller.place)
    free = not within or ground.chance(15)
    condition = ground.optional_condition(30) if free else ground.pick(within)
    place = ground.place_of(condition)
    others = [fallback for fallback in targets if (place - target.place).within(fallback.place)]
    if not place.within(target.place) and not others:
        return
    function = target.spelled(
        ground, place, lambda _: ground.pick(ground.pick(others).arns), short=True
    )
    properties = {
        "Action": _one_of(ground, place, ACTIONS),
        "FunctionName": function,
        "Principal": _one_of(ground, place, PRINCIPALS),
    }
    if ground.chance(85):
        properties["SourceArn"] = _source_arn(ground, caller, place)
    if ground.chance(60):
        properties["SourceAccount"] = _one_of(ground, place, ACCOUNTS)
    if ground.chance(4):
        properties["EventSourceToken"] = "token"
    ground.add(name, "AWS::Lambda::Permission", properties, condition)


def _one_of(ground: Ground, place: Place, options: Sequence[Any]) -> Any:
    """Return one of the options, or one by a condition."""
    return ground.guarded(place, 6, lambda _: ground.pick(options), required=True)


def _source_arn(ground: Ground, caller: Caller, place: Place) -> Any:
    """Return a SourceArn: exact, too wide or never matching."""
    kinds = (caller.exact, caller.exact, caller.exact, caller.wide, EVERY_SOURCE, caller.never)
    expression = ground.pick(ground.pick(kinds))
    if place.within(caller.place):
        return ground.guarded(place, 15, lambda _: ground.pick((expression, *caller.exact)))
    return {"Fn::If": [caller.condition, expression, ground.pick((no_value(), *EVERY_SOURCE))]}


def _policy(ground: Ground, caller: Caller, target: Target) -> None:
    """Draw an AWS::Lambda::ResourcePolicy that allows Lex to invoke a target (3.5)."""
    within = ground.conditions_within(target.place & caller.place)
    if not within:
        return
    statement = {
        "Effect": "Allow",
        "Principal": ground.pick(({"Service": "lexv2.amazonaws.com"}, "*")),
        "Action": ground.pick(("lambda:InvokeFunction", ["lambda:InvokeFunction"])),
        "Resource": "*",
        "Condition": {"ArnLike": {"AWS:SourceArn": ground.pick((*EVERY_SOURCE, *caller.wide))}},
    }
    properties = {
        "ResourceArn": ground.pick(target.arns),
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    ground.add("Policy", "AWS::Lambda::ResourcePolicy", properties, ground.pick(within))
