"""Whether a function's resource-based policy lets Lex invoke it for one bot alias, and why not.

A pure evaluation as IAM does it for a service principal: every element of a statement has to fit,
any Allow will do, any Deny wins. What cannot be judged here (an unknown condition key or operator,
a policy variable, NotAction and its like) is neither true nor false: an Allow with such a part does
not prove anything, and a Deny with such a part may apply.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile
from typing import Any, Final

from auto_lex_permissions.iam import INVOKE, LEX_PRINCIPAL

_ARN_FIELDS: Final = 6
_ACCOUNT_FIELD: Final = 4
# Lex of either version, or the role of a bot.
_LEX: Final = re.compile(r"\blex|lexv2", re.IGNORECASE)
_LAST_OF_FUNCTION: Final = 7
SOURCE_ARN: Final = "aws:sourcearn"
SOURCE_ACCOUNT: Final = "aws:sourceaccount"


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
class Call:
    """One invocation by Lex: which function with its qualifier, for which bot alias."""

    function: str
    source: str
    account: str


@dataclass(frozen=True, slots=True)
class Miss:
    """One element of a statement that does not fit, and what stands there."""

    reason: Reason
    found: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed where nothing misses; else what the statement named would need."""

    misses: tuple[Miss, ...] = ()
    statement: str = ""

    @property
    def allowed(self) -> bool:
        """Tell whether Lex may invoke the function."""
        return not self.misses


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy and the name that people find it by."""

    name: str
    body: Mapping[str, Any]

    @property
    def denies(self) -> bool:
        """Tell whether this is a Deny."""
        return bool(self.body["Effect"] == "Deny")


@dataclass(frozen=True, slots=True)
class Check:
    """Whether one element of a statement fits; None where that cannot be judged."""

    holds: bool | None
    reason: Reason
    found: str = ""

    @property
    def miss(self) -> Miss:
        """Return what to say where it does not hold."""
        return Miss(Reason.NOT_PROVED if self.holds is None else self.reason, self.found)


def read(text: str) -> tuple[Statement, ...]:
    """Return the statements of a policy document; raises PolicyUnreadableError."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyUnreadableError("it is not JSON") from error
    if not isinstance(document, dict):
        raise PolicyUnreadableError("it is not an object")
    found = _listed(document.get("Statement", []))
    return tuple(_statement(number, body) for number, body in enumerate(found, start=1))


def _statement(number: int, body: Any) -> Statement:
    if not isinstance(body, dict) or body.get("Effect") not in ("Allow", "Deny"):
        raise PolicyUnreadableError(f"its statement {number} is none that allows or denies")
    return Statement(str(body.get("Sid") or f"number {number}"), body)


def judge(statements: Iterable[Statement], call: Call) -> Verdict:
    """Return whether a policy lets Lex make a call, and if not, what comes nearest to it."""
    checked = [(one, list(_checks(one.body, call))) for one in statements]
    denying = [(_all(checks), one) for one, checks in checked if one.denies]
    for holds, statement in denying:
        if holds:
            return Verdict((Miss(Reason.DENY),), statement.name)
    allowing = [(one, checks) for one, checks in checked if not one.denies]
    if not any(_all(checks) for _, checks in allowing):
        return _nearest(allowing, call)
    for holds, statement in denying:
        if holds is None:
            return Verdict((Miss(Reason.MAY_DENY),), statement.name)
    return Verdict()


def _nearest(allowing: list[tuple[Statement, list[Check]]], call: Call) -> Verdict:
    """Return what the statement lacks that comes nearest to allowing a call."""
    near = [(one, _misses(checks)) for one, checks in allowing if _concerns_lex(one, checks)]
    if not near:
        return Verdict((Miss(Reason.NO_STATEMENT),))
    statement, misses = min(near, key=lambda one: (len(one[1]), -_likeness(one[1], call)))
    return Verdict(misses, statement.name)


def _misses(checks: Iterable[Check]) -> tuple[Miss, ...]:
    return tuple(check.miss for check in checks if not check.holds)


def _likeness(misses: Iterable[Miss], call: Call) -> int:
    """Return how much of the bot alias's ARN the texts of a statement have at their start."""
    return sum(_alike(miss.found, call.source) for miss in misses)


def _alike(text: str, other: str) -> int:
    pairs = zip(text, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _concerns_lex(statement: Statement, checks: Iterable[Check]) -> bool:
    """Tell whether a statement looks as if it was meant for Lex, and not for another caller."""
    told = list(checks)
    callers = [statement.body.get(name) for name in ("Principal", "NotPrincipal")]
    if _LEX.search(json.dumps(callers)):
        return True
    if any(c.holds or ":lex:" in c.found for c in told if c.reason is Reason.WRONG_SOURCE_ARN):
        return True
    return all(check.holds is not False or check.reason in _BY_SOURCE for check in told)


def _checks(body: Mapping[str, Any], call: Call) -> Iterator[Check]:
    """Yield each element of a statement, and whether it fits a call."""
    yield _element(body, "Principal", Reason.WRONG_PRINCIPAL, _principal)
    yield _element(body, "Action", Reason.WRONG_ACTION, _action)
    yield _resource(body, call)
    yield from _conditions(body.get("Condition", {}), call)


def _element(
    body: Mapping[str, Any], name: str, reason: Reason, fits: Callable[[Any], bool | None]
) -> Check:
    """Return whether an element fits; its negation may only rule out."""
    if name in body:
        return Check(fits(body[name]), reason, _told(body[name]))
    if f"Not{name}" not in body:
        return Check(None, reason, f"it has no {name}")
    is_excepted = fits(body[f"Not{name}"])
    return Check(False if is_excepted else None, reason, f"Not{name} {_told(body[f'Not{name}'])}")


def _principal(principal: Any) -> bool | None:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    if "*" in _texts(principal.get("AWS")):
        return True
    # IAM documents no wildcard for a service.
    services = _texts(principal.get("Service"))
    return LEX_PRINCIPAL in services or (None if "*" in services else False)


def _action(action: Any) -> bool | None:
    wanted = INVOKE.lower()
    return _any(_like(one.lower(), wanted) for one in _texts(action))


def _resource(body: Mapping[str, Any], call: Call) -> Check:
    """Return whether the resource fits; another qualifier of the same function is told apart."""
    check = _element(body, "Resource", Reason.WRONG_RESOURCE, lambda r: _resources(r, call))
    bare = ":".join(call.function.split(":")[:_LAST_OF_FUNCTION])
    named = _texts(body.get("Resource"))
    elsewhere = any(one == bare or one.startswith(f"{bare}:") for one in named)
    if check.holds is False and elsewhere:
        return replace(check, reason=Reason.OTHER_QUALIFIER)
    return check


def _resources(resource: Any, call: Call) -> bool | None:
    return _any(None if "${" in one else _like(one, call.function) for one in _texts(resource))


def _conditions(condition: Any, call: Call) -> Iterator[Check]:
    if not isinstance(condition, dict):
        yield Check(None, Reason.WRONG_CONDITION, _told(condition))
        return
    for operator, keys in condition.items():
        if not isinstance(keys, dict):
            yield Check(None, Reason.WRONG_CONDITION, f"{operator} {_told(keys)}")
            continue
        for key, values in keys.items():
            yield _condition(operator, key, values, call)


def _condition(operator: str, key: str, values: Any, call: Call) -> Check:
    """Return whether one condition holds, and whose mistake it is where it does not."""
    holds = _holds(operator, key.lower(), _texts(values), call)
    told = f"{operator} {key} {_told(values)}"
    if holds is None or key.lower() not in (SOURCE_ARN, SOURCE_ACCOUNT):
        return Check(holds, Reason.WRONG_CONDITION, told)
    if key.lower() == SOURCE_ACCOUNT:
        return Check(holds, Reason.WRONG_ACCOUNT, _told(values))
    is_of_another = any(_only_account_differs(one, call.source) for one in _texts(values))
    reason = Reason.WRONG_ACCOUNT if is_of_another else Reason.WRONG_SOURCE_ARN
    return Check(holds, reason, _told(values))


def _only_account_differs(pattern: str, arn: str) -> bool:
    fields = pattern.split(":", _ARN_FIELDS - 1)
    account = arn.split(":")[_ACCOUNT_FIELD]
    if len(fields) < _ARN_FIELDS or _like(fields[_ACCOUNT_FIELD], account):
        return False
    fields[_ACCOUNT_FIELD] = "*"
    return arn_like(":".join(fields), arn) is True


@dataclass(frozen=True, slots=True)
class _Operator:
    """How a condition operator compares one value of the policy with the request's."""

    matches: Callable[[str, str], bool | None]
    is_negated: bool = False


def _equals(value: str, actual: str) -> bool:
    return value == actual


def _equals_ignoring_case(value: str, actual: str) -> bool:
    return value.lower() == actual.lower()


def _like(pattern: str, actual: str) -> bool:
    return _expression(pattern).fullmatch(actual) is not None


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """Return a pattern of `*` and `?` as a regular expression that never looks back."""
    head, *rest = [re.escape(part).replace(r"\?", ".") for part in pattern.split("*")]
    if not rest:
        return re.compile(head, re.DOTALL)
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1] if part)
    return re.compile(f"{head}{middle}.*{rest[-1]}", re.DOTALL)


def arn_like(pattern: str, arn: str) -> bool | None:
    """Compare ARNs field by field, as ArnLike and ArnEquals both do; None for no ARN at all."""
    fields = pattern.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return None
    return all(map(_like, fields, arn.split(":", _ARN_FIELDS - 1)))


_OPERATORS: Final = {
    "StringEquals": _Operator(_equals),
    "StringNotEquals": _Operator(_equals, is_negated=True),
    "StringEqualsIgnoreCase": _Operator(_equals_ignoring_case),
    "StringNotEqualsIgnoreCase": _Operator(_equals_ignoring_case, is_negated=True),
    "StringLike": _Operator(_like),
    "StringNotLike": _Operator(_like, is_negated=True),
    "ArnEquals": _Operator(arn_like),
    "ArnNotEquals": _Operator(arn_like, is_negated=True),
    "ArnLike": _Operator(arn_like),
    "ArnNotLike": _Operator(arn_like, is_negated=True),
    "Bool": _Operator(_equals_ignoring_case),
}


def _context(call: Call) -> dict[str, str | None]:
    """Return what a request of Lex carries, by condition key; None is known to be absent.

    A service is in no organization, Lex sends no event source token and uses no function URL.
    """
    return {
        SOURCE_ARN: call.source,
        SOURCE_ACCOUNT: call.account,
        "aws:principalservicename": LEX_PRINCIPAL,
        "aws:principalisawsservice": "true",
        "aws:principalorgid": None,
        "lambda:eventsourcetoken": None,
        "lambda:functionurlauthtype": None,
    }


def _holds(operator: str, key: str, values: list[str], call: Call) -> bool | None:
    """Return whether a condition holds; None where the key or the operator is not known here."""
    context = _context(call)
    if key not in context:
        return None
    actual = context[key]
    if operator == "Null":
        return _any((value.lower() == "true") is (actual is None) for value in values)
    name = operator.removesuffix("IfExists")
    known = _OPERATORS.get(name)
    if known is None:
        return None
    if actual is None:
        return name != operator or known.is_negated
    found = _any(None if "${" in one else known.matches(one, actual) for one in values)
    return found if found is None else found is not known.is_negated


def _any(found: Iterable[bool | None]) -> bool | None:
    """Return true where one is, and false only where all are known to be."""
    seen = list(found)
    return True if True in seen else (None if None in seen else False)


def _all(checks: Iterable[Check]) -> bool | None:
    """Return false where one is, and true only where all are known to hold."""
    seen = [check.holds for check in checks]
    return False if False in seen else (None if None in seen else True)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> list[str]:
    """Return one value or a list of them as texts, as JSON writes numbers and booleans."""
    values = [] if value is None else _listed(value)
    return [one if isinstance(one, str) else json.dumps(one) for one in values]


def _told(value: Any) -> str:
    """Return a value of a policy for people."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return " or ".join(_texts(value)) or "nothing"
