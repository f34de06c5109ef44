"""Resource-based policies as Lambda keeps them, and whether they let Lex invoke a function.

Everything here is concrete: the ARNs of one world (see evaluator.py), no intrinsic functions. How
Lambda turns a permission into a statement:
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
How IAM reads the statement:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

LEX = "lexv2.amazonaws.com"
INVOKE = "lambda:invokefunction"
ARN = re.compile(r"arn:[^:]+:lambda:(?P<region>[^:]*):(?P<account>[^:]*):function:[^:]+(:[^:]+)?")
PARTIAL_ARN = re.compile(r"(?P<account>[0-9]{12}):function:(?P<name>[^:]+(:[^:]+)?)")
NAME = re.compile(r"(function:)?(?P<name>[^:]+(:[^:]+)?)")
# What a permission may ask for that Lex's invocations do not bring along.
NEVER_IN_A_REQUEST_OF_LEX = (
    "EventSourceToken",
    "PrincipalOrgID",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
)


class NotAPolicyError(ValueError):
    """A policy or permission that Lambda would not accept."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a stack is: the Region and account of which its ARNs are."""

    region: str = "us-east-1"
    account: str = "123456789012"
    partition: str = "aws"
    suffix: str = "amazonaws.com"
    stack: str = "stack"

    def arn(self, service: str, rest: str) -> str:
        """Return the ARN of something in this account and Region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def function(self, name: str) -> str:
        """Return the ARN that a function's name, partial ARN or ARN stands for."""
        name = name.strip()
        if ARN.fullmatch(name):
            return name
        partial = PARTIAL_ARN.fullmatch(name)
        if partial:
            rest = f"{partial['account']}:function:{partial['name']}"
            return f"arn:{self.partition}:lambda:{self.region}:{rest}"
        plain = NAME.fullmatch(name)
        if not plain:
            raise NotAPolicyError(f"{name!r} names no function")
        return self.arn("lambda", f"function:{plain['name']}")

    def reaches(self, function: str) -> bool:
        """Return whether a permission of this stack can be put on the function."""
        arn = ARN.fullmatch(function)
        here = (self.region, self.account)
        return arn is not None and (arn["region"], arn["account"]) == here


HOME = Home()


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of the policy of one function, version or alias."""

    function: str
    allows: bool
    services: tuple[str, ...]
    actions: tuple[str, ...]
    # Of each operator the keys and the values, of which one has to match.
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    # The permission that makes it, or the empty text for one of a policy document.
    permission: str = field(default="", compare=False)

    def matches(self, function: str, source_arn: str, home: Home) -> bool:
        """Return whether the statement speaks of Lex invoking the function for this caller."""
        return (
            self.function == function
            and any(service in {"*", LEX} for service in self.services)
            and any(_like(action.lower(), INVOKE) for action in self.actions)
            and all(_holds(condition, source_arn, home) for condition in self.conditions)
        )


def of_permission(name: str, properties: Mapping[str, Any], home: Home) -> Statement:
    """Return the statement that Lambda makes of a permission with these resolved properties."""
    conditions = [
        (operator, key, (_text(properties[property_]),))
        for property_, operator, key in (
            ("SourceArn", "arnlike", "aws:sourcearn"),
            ("SourceAccount", "stringequals", "aws:sourceaccount"),
        )
        if property_ in properties
    ]
    before_resource = _text(properties.get("SourceArn", "")).split(":")[:5]
    if any(wildcard in field for field in before_resource for wildcard in "*?"):
        # Lambda takes no such permission.
        conditions.append(("stringequals", "lambda:nothing", ("",)))
    conditions += [
        ("stringequals", f"lambda:{asked.lower()}", (_text(properties[asked]),))
        for asked in NEVER_IN_A_REQUEST_OF_LEX
        if asked in properties
    ]
    return Statement(
        home.function(_required(properties, "FunctionName")),
        allows=True,
        services=(_required(properties, "Principal"),),
        actions=(_required(properties, "Action"),),
        conditions=tuple(conditions),
        permission=name,
    )


def of_document(function: str, document: Mapping[str, Any]) -> list[Statement]:
    """Return the statements of a resolved policy document that was put on a function."""
    statements = _list(document["Statement"])
    unread = [key for entry in statements for key in entry if key.startswith("Not")]
    if unread:
        raise NotAPolicyError(f"{unread[0]} is more than the laws can judge")
    return [_of_entry(function, entry) for entry in statements]


def _of_entry(function: str, entry: Mapping[str, Any]) -> Statement:
    """Return one entry of a policy document as a statement."""
    principal = entry["Principal"]
    services = ["*"] if principal == "*" else _list(principal.get("Service", principal.get("AWS")))
    return Statement(
        function,
        allows=entry["Effect"] == "Allow",
        services=tuple(service for service in services if service == "*" or "." in service),
        actions=tuple(_list(entry["Action"])),
        conditions=tuple(
            (operator.lower(), key.lower(), tuple(_text(value) for value in _list(values)))
            for operator, keys in entry.get("Condition", {}).items()
            for key, values in keys.items()
        ),
    )


def allowed(statements: Iterable[Statement], function: str, source_arn: str, home: Home) -> bool:
    """Return whether these statements let Lex invoke the function for this caller."""
    effects = {
        statement.allows
        for statement in statements
        if statement.matches(function, source_arn, home)
    }
    return effects == {True}


def arn_like(pattern: str, arn: str) -> bool:
    """Compare as IAM's ArnLike does: part by part, * and ? within a part."""
    parts, wanted = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(wanted) == 6 and all(
        _like(*both) for both in zip(wanted, parts, strict=True)
    )


def _holds(condition: tuple[str, str, tuple[str, ...]], source_arn: str, home: Home) -> bool:
    """Return whether one line of a Condition holds for an invocation by Lex."""
    operator, key, values = condition
    request = {"aws:sourcearn": source_arn, "aws:sourceaccount": home.account}
    if key not in request:
        return False
    match operator:
        case "arnlike" | "arnequals":
            return any(arn_like(value, request[key]) for value in values)
        case "stringequals":
            return request[key] in values
        case "stringlike":
            return any(_like(value, request[key]) for value in values)
    raise NotAPolicyError(f"the condition operator {operator} is more than the laws can judge")


def _like(pattern: str, text: str) -> bool:
    """Match a pattern of * and ? against a whole text."""
    return pattern == text or bool(_expression(pattern).fullmatch(text))


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """Return a pattern of * and ? as a regular expression."""
    signs = {"*": ".*", "?": "."}
    return re.compile("".join(signs.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


def _required(properties: Mapping[str, Any], key: str) -> str:
    """Return a property that a permission cannot do without."""
    if not isinstance(properties.get(key), str):
        raise NotAPolicyError(f"a permission without {key}")
    return str(properties[key])


def _list(value: Any) -> list[Any]:
    """Return a list, or the one thing that stands for a list of it."""
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """Return a scalar as CloudFormation hands it over."""
    return str(value).lower() if isinstance(value, bool) else str(value)
