"""Whether the policy of a bot alias lets an instance of Connect use it, by meaning.

Source: https://docs.aws.amazon.com/lexv2/latest/dg/security_iam_resource-based-policy-examples.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import ne
from typing import Final

from auto_lex_permissions.cfn.formulas import ALWAYS
from auto_lex_permissions.cfn.intrinsics import text
from auto_lex_permissions.cfn.values import Values
from auto_lex_permissions.iam import matches_pattern
from auto_lex_permissions.statements import (
    NO,
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    UNKNOWN,
    YES,
    Answer,
    Sent,
    all_fit,
    answer,
    any_fits,
    comparisons,
    element,
    is_understood,
)

from .policies import Statement, texts

PRINCIPAL: Final = "connect.amazonaws.com"
ACTIONS: Final = ("lex:RecognizeText", "lex:StartConversation")


@dataclass(frozen=True, slots=True)
class Connection:
    """A bot alias, an instance of Connect, and the account of both."""

    alias_arn: str
    instance: str
    account: str

    @property
    def instance_arn(self) -> str:
        """Return the instance's ARN."""
        _, partition, _, region, *_ = self.alias_arn.split(":")
        return f"arn:{partition}:connect:{region}:{self.account}:instance/{self.instance}"


def lets_in(statements: Iterable[Statement], connection: Connection) -> bool | None:
    """Return whether a policy lets an instance do all that it does with a bot alias.

    None where nobody can tell.
    """
    found = list(statements)
    answers = [_may(found, connection, action) for action in ACTIONS]
    return False if False in answers else (None if None in answers else True)


def _may(statements: list[Statement], connection: Connection, action: str) -> bool | None:
    fits = [(one.denies, _fits(one, connection, action).known) for one in statements]
    if any(denies and known for denies, known in fits):
        return False
    allowing = [known for denies, known in fits if not denies]
    if True not in allowing:
        return None if None in allowing else False
    return None if any(denies and known is None for denies, known in fits) else True


def _fits(statement: Statement, connection: Connection, action: str) -> Answer:
    body = Values.at(statement.body, ())

    def is_action(stated: object) -> Answer:
        return any_fits(
            answer(matches_pattern((one.lower(),), (action.lower(),))) for one in texts(stated)
        )

    def is_alias(stated: object) -> Answer:
        return any_fits(
            answer(matches_pattern((one,), (connection.alias_arn,))) for one in texts(stated)
        )

    sent: dict[str, Sent] = {
        SOURCE_ARN: [(text(connection.instance_arn), ALWAYS)],
        SOURCE_ACCOUNT: [(text(connection.account), ALWAYS)],
        "aws:principalisawsservice": [(("true",), ALWAYS)],
        "aws:principalservicename": [((PRINCIPAL,), ALWAYS)],
        "aws:securetransport": [(("true",), ALWAYS)],
    }
    conditions, others = comparisons(body.get("Condition"), text)
    return all_fit(
        [
            element(body, "Principal", _is_connect),
            UNKNOWN if "NotPrincipal" in statement.body else YES,
            element(body, "Action", is_action),
            element(body, "Resource", is_alias),
            *(one.holds(sent, ne) for one in conditions),
            others,
            YES if is_understood(statement.body) else UNKNOWN,
        ]
    )


def _is_connect(principal: object) -> Answer:
    if isinstance(principal, dict):
        is_anyone = "*" in texts(principal.get("AWS"))
        return YES if is_anyone or PRINCIPAL in texts(principal.get("Service")) else NO
    return YES if principal == "*" else NO
