"""Whether a function's resource-based policy lets Lex invoke it for one bot alias, and why not.

A pure evaluation as IAM does it for a service principal: every element of a statement has to fit,
any Allow will do, any Deny wins. What cannot be judged here (an unknown condition key or operator,
a policy variable, NotAction and its like) is neither true nor false: an Allow with such a part does
not prove anything, and a Deny with such a part may apply.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile
from operator import eq, ne
from typing import Any, Final

from auto_lex_permissions.cfn.formulas import ALWAYS
from auto_lex_permissions.cfn.intrinsics import text
from auto_lex_permissions.cfn.values import Values
from auto_lex_permissions.iam import (
    ARN_FIELDS,
    INVOKE,
    LEX_PRINCIPAL,
    Operator,
    arn_of,
    compared,
    matches_arn,
    operator_named,
)
from auto_lex_permissions.statements import (
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    Answer,
    Comparison,
    action_fits,
    answer,
    any_fits,
    element,
    is_understood,
    sent_by_lex,
    speaks_of_lex,
)

# Lex of either version, or the role of a bot.
_LEX: Final = re.compile(r"\blex|lexv2", re.IGNORECASE)
_FUNCTION: Final = re.compile(
    r"arn:(?P<partition>aws[\w-]*):lambda:(?P<region>[\w-]+):(?P<account>\d{12})"
    r":function:(?P<name>[\w-]+)(?::(?P<qualifier>[\w$.-]+))?"
)
# The values of a condition are on the sixth level: Statement, each, Condition, operator, key, each.
_DEEPEST: Final = 20
_PATTERN: Final = Operator("pattern")


class Reason(StrEnum):
    """Why Lex may not invoke a function."""

    NO_POLICY = "no policy"
    NO_STATEMENT = "no statement"
    WRONG_PRINCIPAL = "wrong principal"
    WRONG_ACTION = "wrong action"
    OTHER_QUALIFIER = "statement on another qualifier"
    WRONG_RESOURCE = "wrong resource"
    WRONG_SOURCE_ARN = "wrong SourceArn"
    WRONG_ACCOUNT = "wrong account"
    WRONG_CONDITION = "condition does not hold"
    NOT_PROVED = "not proved to allow"
    DENY = "statement that denies"
    MAY_DENY = "statement that may deny"
    LATEST = "$LATEST takes no policy"


_BY_SOURCE: Final = frozenset({Reason.WRONG_SOURCE_ARN, Reason.WRONG_ACCOUNT})


class PolicyUnreadableError(Exception):
    """The text of a policy is not what IAM calls one."""


@dataclass(frozen=True, slots=True)
class Function:
    """A live function with the qualifier that it is called by, or none: the fields of its ARN.

    The core's `LambdaFunction` holds what a template's expressions say of these fields; here each
    is known.
    """

    partition: str
    region: str
    account: str
    name: str
    qualifier: str = ""

    @classmethod
    def of(cls, arn: str) -> "Function | None":
        """Read an ARN; returns None where it is no function's."""
        found = _FUNCTION.fullmatch(arn)
        return cls(**found.groupdict(default="")) if found else None

    @property
    def unqualified(self) -> "Function":
        """The same function without its qualifier."""
        return replace(self, qualifier="")

    @property
    def arn(self) -> str:
        """The ARN, with the qualifier."""
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{self.label}"

    @property
    def label(self) -> str:
        """What people call it: the name, with the qualifier."""
        return f"{self.name}:{self.qualifier}" if self.qualifier else self.name


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation by Lex: the function, the ARN of the bot alias, and the bot's account."""

    function: Function
    source_arn: str
    account: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One element of a statement that does not fit: what the statement has, and what Lex brings.

    `expected` is empty where that is not one text.
    """

    reason: Reason
    found: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed where nothing mismatches; else what the nearest statement would need."""

    mismatches: tuple[Mismatch, ...] = ()
    statement: str = ""

    @property
    def allowed(self) -> bool:
        """Whether Lex may invoke the function."""
        return not self.mismatches


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy, and the name that people find it by."""

    name: str
    body: Mapping[str, Any]

    @property
    def sid(self) -> str:
        """The id by which it can be removed; empty where it has none."""
        return str(self.body.get("Sid") or "")

    @property
    def denies(self) -> bool:
        """Whether this is a Deny."""
        return bool(self.body["Effect"] == "Deny")


@dataclass(frozen=True, slots=True)
class Check:
    """Whether one element of a statement fits; None where that cannot be judged."""

    holds: bool | None
    reason: Reason
    found: str = ""
    expected: str = ""

    @property
    def mismatch(self) -> Mismatch:
        """What to report where it does not hold."""
        reason = Reason.NOT_PROVED if self.holds is None else self.reason
        return Mismatch(reason, self.found, self.expected)


def read(document_text: str) -> tuple[Statement, ...]:
    """Return the statements of a policy document; raises PolicyUnreadableError."""
    try:
        document = json.loads(document_text)
    except (ValueError, RecursionError) as error:
        raise PolicyUnreadableError("it is not JSON") from error
    if not isinstance(document, dict):
        raise PolicyUnreadableError("it is not an object")
    _refuse_depth(document, _DEEPEST)
    statements = []
    for number, body in enumerate(_listed(document.get("Statement", [])), start=1):
        if not isinstance(body, dict) or body.get("Effect") not in ("Allow", "Deny"):
            raise PolicyUnreadableError(f"its statement {number} is none that allows or denies")
        statements.append(Statement(str(body.get("Sid") or f"number {number}"), body))
    return tuple(statements)


def _refuse_depth(value: Any, levels: int) -> None:
    """Raise PolicyUnreadableError for what would take Python's stack."""
    if not levels:
        raise PolicyUnreadableError("it is nested too deeply")
    if isinstance(value, dict):
        value = [*value, *value.values()]
    for item in value if isinstance(value, list) else ():
        _refuse_depth(item, levels - 1)


def judge(statements: Iterable[Statement], call: Call) -> Verdict:
    """Return whether a policy lets Lex make a call, and if not, what comes nearest to it."""
    checked = [(statement, list(_checks(statement.body, call))) for statement in statements]
    judged = [
        (statement, _all_of(check.holds for check in checks)) for statement, checks in checked
    ]
    for statement, holds in judged:
        if statement.denies and holds:
            return Verdict((Mismatch(Reason.DENY),), statement.name)
    if not any(holds for statement, holds in judged if not statement.denies):
        return _nearest([pair for pair in checked if not pair[0].denies], call)
    for statement, holds in judged:
        if statement.denies and holds is None:
            return Verdict((Mismatch(Reason.MAY_DENY),), statement.name)
    return Verdict()


def _nearest(allowing: list[tuple[Statement, list[Check]]], call: Call) -> Verdict:
    """Return what the statement lacks that comes nearest to allowing a call.

    That is the one with the fewest mismatches, and of these the one with most of the bot alias's
    ARN at the beginning of its texts.
    """
    verdicts = [
        Verdict(tuple(check.mismatch for check in checks if not check.holds), statement.name)
        for statement, checks in allowing
        if _concerns_lex(statement, checks)
    ]

    def distance(verdict: Verdict) -> tuple[int, int]:
        found = [mismatch.found for mismatch in verdict.mismatches]
        shared = (sum(takewhile(bool, map(eq, value, call.source_arn))) for value in found)
        return len(found), -sum(shared)

    return min(verdicts, key=distance, default=Verdict((Mismatch(Reason.NO_STATEMENT),)))


def _concerns_lex(statement: Statement, checks: list[Check]) -> bool:
    """Whether a statement looks as if it was meant for Lex, and not for another caller."""
    callers = [statement.body.get(name) for name in ("Principal", "NotPrincipal")]
    if _LEX.search(json.dumps(callers)):
        return True
    by_arn = [check for check in checks if check.reason is Reason.WRONG_SOURCE_ARN]
    if any(check.holds or ":lex:" in check.found for check in by_arn):
        return True
    return all(check.holds is not False or check.reason in _BY_SOURCE for check in checks)


def _checks(body: Mapping[str, Any], call: Call) -> Iterator[Check]:
    """Yield each element of a statement, and whether it fits a call."""
    statement = Values.at(body, ())
    yield _check(body, "Principal", Reason.WRONG_PRINCIPAL, speaks_of_lex(statement, ne))
    fits = element(statement, "Action", action_fits)
    yield _check(body, "Action", Reason.WRONG_ACTION, fits)
    yield _resource(body, call)
    yield from _conditions(body.get("Condition", {}), call)
    if not is_understood(body):
        yield Check(None, Reason.NOT_PROVED, "it has elements that are not known here")


def _check(body: Mapping[str, Any], name: str, reason: Reason, fits: Answer) -> Check:
    """Return an answer on an element with what stands there, or for its negation."""
    expected = {"Principal": LEX_PRINCIPAL, "Action": INVOKE}.get(name, "")
    if name in body:
        return Check(fits.known, reason, _readable(body[name]), expected)
    if (negated := f"Not{name}") in body:
        return Check(fits.known, reason, f"{negated} {_readable(body[negated])}", expected)
    return Check(fits.known, reason, f"it has no {name}", expected)


def _resource(body: Mapping[str, Any], call: Call) -> Check:
    """Return whether the resource fits; another qualifier of the function has its own reason."""
    arn = call.function.arn

    def fits(resource: object) -> Answer:
        return any_fits(
            answer(compared(_PATTERN, text(value), text(arn), ne)) for value in texts(resource)
        )

    check = replace(
        _check(
            body, "Resource", Reason.WRONG_RESOURCE, element(Values.at(body, ()), "Resource", fits)
        ),
        expected=arn,
    )
    unqualified = call.function.unqualified.arn
    named = texts(body.get("Resource"))
    is_elsewhere = any(f"{value}:".startswith(f"{unqualified}:") for value in named)
    if check.holds is False and is_elsewhere:
        return replace(check, reason=Reason.OTHER_QUALIFIER)
    return check


def _conditions(condition: Any, call: Call) -> Iterator[Check]:
    sent = sent_by_lex(text(call.account), [(text(call.source_arn), ALWAYS)])
    if not isinstance(condition, dict):
        yield Check(None, Reason.WRONG_CONDITION, _readable(condition))
        return
    for operator, keys in condition.items():
        if not isinstance(keys, dict):
            yield Check(None, Reason.WRONG_CONDITION, f"{operator} {_readable(keys)}")
            continue
        for key, values in keys.items():
            asked = Comparison(
                operator_named(operator),
                key.lower(),
                Values.at(texts(values), ()).each().map(text),
                ALWAYS,
            )
            yield _condition(f"{operator} {key}", asked.holds(sent, ne).known, values, call)


def _condition(asked: str, holds: bool | None, values: Any, call: Call) -> Check:  # noqa: FBT001
    """Return one condition, and whose mistake it is where it does not hold."""
    found, (_, key) = _readable(values), asked.split(" ", 1)
    if holds is not None and key.lower() == SOURCE_ACCOUNT:
        return Check(holds, Reason.WRONG_ACCOUNT, found, call.account)
    if holds is not None and key.lower() == SOURCE_ARN:
        is_of_account = any(_only_account_differs(arn, call.source_arn) for arn in texts(values))
        reason = Reason.WRONG_ACCOUNT if is_of_account else Reason.WRONG_SOURCE_ARN
        return Check(holds, reason, found, call.source_arn)
    return Check(holds, Reason.WRONG_CONDITION, f"{asked} {found}")


def _only_account_differs(value: str, arn: str) -> bool:
    """Return whether an ARN pattern would match if it took any account, and does not."""
    fields, actual = arn_of(text(value)), arn_of(text(arn))
    if len(fields) != ARN_FIELDS or matches_arn(fields, actual):
        return False
    *others, _, resource = fields
    return matches_arn((*others, ("*",), resource), actual)


def _all_of(answers: Iterable[bool | None]) -> bool | None:
    """Return false where one is, and true only where all are known to be."""
    seen = list(answers)
    return False if False in seen else (None if None in seen else True)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def texts(value: Any) -> list[str]:
    """Return one value or a list of them as texts, as JSON writes numbers and booleans."""
    values = [] if value is None else _listed(value)
    return [item if isinstance(item, str) else json.dumps(item) for item in values]


def _readable(value: Any) -> str:
    """Return a value of a policy for people."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return " or ".join(texts(value)) or "nothing"
