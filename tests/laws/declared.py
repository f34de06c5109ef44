"""What the author of a random template has declared: permissions and resource policies.

Right, too wide, too narrow, never matching, conditional, in every spelling, and several that only
cover together.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from tests.laws.callers import Caller, Hooks
from tests.laws.evaluator import Template
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
# The last of these is one that AWS may add.
NARROWING = (
    "EventSourceToken",
    "PrincipalOrgID",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
    "SourceTag",
)
EFFECTS = ("Deny", "Allow", "Deny")
ALL_OF_LEX = (
    {"Principal": {"Service": "lexv2.amazonaws.com"}},
    {"Principal": {"Service": ["events.amazonaws.com", "lexv2.amazonaws.com"]}},
    {"Principal": "*"},
    {"Principal": {"AWS": "*"}},
)
NOTHING_OF_LEX = (
    {"Principal": {"Service": "lex.amazonaws.com"}},
    {"Principal": {"AWS": "999999999999"}},
    {"NotPrincipal": {"Service": "lexv2.amazonaws.com"}},
)
ACTION_INVOKES = (
    {"Action": "lambda:InvokeFunction"},
    {"Action": ["lambda:GetFunction", "lambda:invoke*"]},
    {"Action": "lambda:Invoke?unction"},
    {"Action": "*"},
    {"NotAction": "lambda:Get*"},
)
ACTION_READS = (
    {"Action": "lambda:Get*"},
    {"Action": ["lambda:InvokeAsync", "lambda:GetPolicy"]},
    {"NotAction": ["lambda:GetFunction", "lambda:Invoke*"]},
)
EVERY_RESOURCE: tuple[Template, ...] = ({"Resource": "*"}, {"Resource": "*"})
OWN_RESOURCES: tuple[Template, ...] = (
    {"Resource": ["arn:aws:lambda:*:*:function:*", "arn:aws:s3:::bucket"]},
    {"NotResource": "arn:aws:lambda:us-east-1:999999999999:function:*"},
)
OTHER_RESOURCES: tuple[Template, ...] = (
    {"Resource": "arn:aws:lambda:us-east-1:999999999999:function:*"},
    {"NotResource": "*"},
)
SOURCE_ARN = ("AWS:SourceArn", "aws:SourceArn", "aws:sourcearn")
SOURCE_OPERATORS = (
    "ArnLike",
    "ArnLike",
    "ArnEquals",
    "StringLike",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "ArnLikeIfExists",
    "ForAnyValue:StringLike",
    "ForAllValues:ArnLike",
)
# Lines of a Condition: of a call by Lex some are true, some are not, and of some nobody knows.
TRUE_OF_LEX: tuple[Template, ...] = (
    {"StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}}},
    {"StringEquals": {"aws:SourceAccount": ["999999999999", "123456789012"]}},
    {"StringLike": {"aws:SourceArn": "arn:aws:lex:*"}},
    {"StringNotEquals": {"aws:SourceAccount": "999999999999"}},
    {"StringNotLike": {"aws:SourceArn": ["arn:aws:s3:*", "arn:aws:sns:*"]}},
    {"ArnNotLike": {"aws:SourceArn": "arn:*:lex:*:*:bot/*"}},
    {"ArnNotEquals": {"aws:SourceArn": "arn:aws:lex:us-east-1:999999999999:bot-alias/*"}},
    {"StringEquals": {"aws:PrincipalServiceName": "lexv2.amazonaws.com"}},
    {"StringNotEqualsIgnoreCase": {"aws:PrincipalServiceName": "lex.amazonaws.com"}},
    {"StringEqualsIgnoreCase": {"aws:PrincipalServiceName": "LexV2.AmazonAWS.com"}},
    {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    {"Bool": {"aws:SecureTransport": True}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": ["true"]}},
    {"Null": {"aws:PrincipalOrgID": "true"}},
    {"Null": {"aws:SourceArn": False}},
    {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"StringNotLikeIfExists": {"aws:PrincipalTag/team": "bots"}},
    {"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
    {"ForAnyValue:StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
)
FALSE_OF_LEX: tuple[Template, ...] = (
    {"StringEquals": {"aws:SourceAccount": "999999999999"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
    {"StringLike": {"aws:PrincipalTag/team": "*"}},
    {"StringLike": {"aws:SourceArn": "arn:aws:s3:*"}},
    {"StringNotEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    {"StringNotEqualsIfExists": {"aws:SourceAccount": ["123456789012", "999999999999"]}},
    {"StringNotEquals": {"aws:PrincipalServiceName": "lexv2.amazonaws.com"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:lex:*:999999999999:*"}},
    {"ArnEquals": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:lex:*:*:bot/*"}}},
    {"ArnNotLike": {"aws:SourceArn": "arn:*:lex:*:*:bot-alias/*"}},
    {"Bool": {"aws:PrincipalIsAWSService": False}},
    {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}},
    {"Bool": {"aws:SecureTransport": "false"}},
    {"Null": {"aws:SourceArn": "true"}},
    {"Null": {"aws:PrincipalOrgID": "false"}},
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1b2c3d4e5/*"}},
    {"ForAllValues:StringEquals": {"aws:SourceAccount": "999999999999"}},
)
UNKNOWN_OF_LEX: tuple[Template, ...] = (
    {"ArnLike": {"aws:SourceArn": "arn:aws:lex:*"}},
    {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}},
    {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"NotIpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"StringEquals": {"aws:PrincipalAccount": "123456789012"}},
    {"Null": {"aws:SourceVpce": "true"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2024-01-01T00:00:00Z"}},
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
    # Whether a policy lets in a bot alias of one of two bots is more than anybody need see.
    is_clear = not any("Fn::If" in str(bot_id) for _, bot_id in hooks.versions.values())
    if is_clear and ground.chance(25):
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
        properties[ground.pick(NARROWING)] = "narrow"
    ground.add(name, "AWS::Lambda::Permission", properties, condition)


def _one_of(ground: Ground, place: Place, options: Sequence[Any]) -> Any:
    """Return one of the options, or one by a condition."""
    return ground.guarded(place, 6, lambda _: ground.pick(options), required=True)


def _source_arn(ground: Ground, caller: Caller, place: Place) -> Any:
    """Return a SourceArn: exact, too wide or never matching."""
    others = (caller.wide, EVERY_SOURCE, caller.never, caller.elsewhere)
    kinds = (caller.exact, caller.exact, caller.exact, *others)
    expression = ground.pick(ground.pick(kinds))
    if place.within(caller.place):
        return ground.guarded(place, 15, lambda _: ground.pick((expression, *caller.exact)))
    return {"Fn::If": [caller.condition, expression, ground.pick((no_value(), *EVERY_SOURCE))]}


def _policy(ground: Ground, caller: Caller, target: Target) -> None:
    """Draw an AWS::Lambda::ResourcePolicy for a target (3.5)."""
    within = ground.conditions_within(target.place & caller.place)
    if not within:
        return
    condition = None if None in within and ground.chance(60) else ground.pick(within)
    place = ground.place_of(condition)
    statements = []
    for effect in ("Allow", *EFFECTS[: ground.count(30, 35, 25, 10)]):
        make = partial(_statement, ground, caller, target, effect)
        statements.append(ground.guarded(place, 12, make))
    document: Any = {"Version": "2012-10-17", "Statement": statements}
    if len(statements) == 1 and "Effect" in statements[0] and ground.chance(30):
        document["Statement"] = statements[0]
    if "Fn::" not in str(document) and "Ref" not in str(document) and ground.chance(50):
        document = json.dumps(document)
    properties = {"ResourceArn": ground.pick(target.arns), "PolicyDocument": document}
    ground.add("Policy", "AWS::Lambda::ResourcePolicy", properties, condition)


def _statement(
    ground: Ground, caller: Caller, target: Target, effect: str, place: Place
) -> Template:
    """Draw a statement for a place that is about Lex, not about Lex, or nobody knows.

    An Allow often is and a Deny often is not, so that templates are answered, too.
    """
    kinds = ("principal", "action", "resource", "line", "line", "line", "unknown")
    kind = "" if ground.chance(88 if effect == "Allow" else 12) else ground.pick(kinds)
    resources: tuple[Template, ...] = (*EVERY_RESOURCE, {"Resource": target.arns[0]})
    if not target.is_opaque:
        resources = OTHER_RESOURCES if kind == "resource" else (*resources, *OWN_RESOURCES)
    statement: Template = {
        "Effect": effect,
        **ground.pick(NOTHING_OF_LEX if kind == "principal" else ALL_OF_LEX),
        **ground.pick(ACTION_READS if kind == "action" else ACTION_INVOKES),
        **ground.pick(resources),
    }
    condition: Template = {}
    for line in _lines(ground, caller, kind, place):
        for operator, keys in line.items():
            condition[operator] = {**condition.get(operator, {}), **keys}
    return {**statement, "Condition": condition} if condition else statement


def _lines(ground: Ground, caller: Caller, kind: str, place: Place) -> Iterator[Template]:
    """Yield lines of a Condition."""
    for _ in range(ground.count(40, 40, 20)):
        yield ground.pick(TRUE_OF_LEX)
    if ground.chance(60):
        operator = ground.pick(SOURCE_OPERATORS)
        is_whole = "Equals" in operator and "Arn" not in operator
        arns = caller.exact if is_whole else (*EVERY_SOURCE, *caller.wide, *caller.exact)
        arn = ground.guarded(place, 10, lambda _: ground.pick(arns), required=True)
        yield {operator: {ground.pick(SOURCE_ARN): arn}}
    if kind == "line":
        never = {"ArnLike": {"aws:SourceArn": ground.pick(caller.never)}}
        yield ground.pick((*FALSE_OF_LEX, never))
    if kind == "unknown" or ground.chance(8):
        yield ground.pick(UNKNOWN_OF_LEX)
