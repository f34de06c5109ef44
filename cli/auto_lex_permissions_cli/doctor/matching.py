"""How IAM compares a policy with a call: patterns, ARNs, condition operators.

None stands for what cannot be judged. All that `doctor` knows of IAM's matching is here, to be
replaced as one piece by the core's.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

ARN_FIELDS: Final = 6
ACCOUNT_FIELD: Final = 4


def matches_pattern(pattern: str, text: str) -> bool:
    """Whether a pattern of `*` and `?` matches a text as a whole."""
    return _expression(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression that never looks back."""
    head, *rest = [re.escape(part).replace(r"\?", ".") for part in pattern.split("*")]
    if not rest:
        return re.compile(head, re.DOTALL)
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1] if part)
    return re.compile(f"{head}{middle}.*{rest[-1]}", re.DOTALL)


def arn_like(pattern: str, arn: str) -> bool | None:
    """Compare ARNs field by field, as ArnLike and ArnEquals both do; None for no ARN at all."""
    fields = pattern.split(":", ARN_FIELDS - 1)
    if len(fields) < ARN_FIELDS:
        return None
    return all(map(matches_pattern, fields, arn.split(":", ARN_FIELDS - 1)))


def only_account_differs(pattern: str, arn: str) -> bool:
    """Whether an ARN pattern would match if it had the account of the ARN, and does not."""
    fields = pattern.split(":", ARN_FIELDS - 1)
    account = arn.split(":")[ACCOUNT_FIELD]
    if len(fields) < ARN_FIELDS or matches_pattern(fields[ACCOUNT_FIELD], account):
        return False
    fields[ACCOUNT_FIELD] = "*"
    return arn_like(":".join(fields), arn) is True


@dataclass(frozen=True, slots=True)
class Operator:
    """How a condition operator compares a value of the policy with that of the request."""

    matches: Callable[[str, str], bool | None]
    is_negated: bool = False


def _equals(value: str, actual: str) -> bool:
    return value == actual


def _equals_ignoring_case(value: str, actual: str) -> bool:
    return value.lower() == actual.lower()


OPERATORS: Final = {
    "StringEquals": Operator(_equals),
    "StringNotEquals": Operator(_equals, is_negated=True),
    "StringEqualsIgnoreCase": Operator(_equals_ignoring_case),
    "StringNotEqualsIgnoreCase": Operator(_equals_ignoring_case, is_negated=True),
    "StringLike": Operator(matches_pattern),
    "StringNotLike": Operator(matches_pattern, is_negated=True),
    "ArnEquals": Operator(arn_like),
    "ArnNotEquals": Operator(arn_like, is_negated=True),
    "ArnLike": Operator(arn_like),
    "ArnNotLike": Operator(arn_like, is_negated=True),
    "Bool": Operator(_equals_ignoring_case),
}


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """Return true where one is, and false only where all are known to be."""
    seen = list(answers)
    return True if True in seen else (None if None in seen else False)


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Return false where one is, and true only where all are known to be."""
    seen = list(answers)
    return False if False in seen else (None if None in seen else True)
