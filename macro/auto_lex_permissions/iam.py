"""How IAM compares what a policy says with what is asked: wildcards, ARNs, condition operators.

Texts are compared word by word: a reference is one unknown piece, which only `*` can stand for. So
one code compares a template's expressions and the plain texts of a live policy.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from .cfn.intrinsics import Reference, Text, length, split
from .cfn.loops import stand_in_order

# The fields of an ARN, split at its colons.
Arn: TypeAlias = tuple[Text, ...]
ARN_FIELDS: Final = 6
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html
LONGEST_ARN: Final = 2_048
_LAST: Final = 0x10FFFF
INVOKE: Final = "lambda:InvokeFunction"
LEX_PRINCIPAL: Final = "lexv2.amazonaws.com"
# https://docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces.html
_PARTITIONS: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}


def partition_of(region: str) -> str:
    """Return the partition that a Region belongs to."""
    return next((p for prefix, p in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def own_field(field: Text, own: Reference, literal: str) -> Text:
    """Return an ARN's field; the request's own literal value is the pseudo parameter."""
    return (own,) if field == (literal,) else field


def arn_of(words: Text) -> Arn:
    """Return the fields of an ARN; a colon in the last one makes more of them than an ARN has."""
    return tuple(split(words, ":"))


def matches_pattern(pattern: Text, words: Text) -> bool:
    """Return whether a text matches a pattern of `*`, `?`, characters and references.

    As IAM's StringLike: `*` stands for any words, `?` for one character. A pattern that is longer
    than any ARN matches nothing.
    """
    if not has_wildcard(pattern):
        return pattern == words
    if max(length(pattern), length(words)) > LONGEST_ARN:
        return False
    wanted, given, references = _written(pattern, words)

    def find(text: str, piece: str, start: int, end: int) -> int:
        if "?" not in piece:
            return text.find(piece, start, end)
        for at in range(start, end - len(piece) + 1):
            if all(
                one == other or (one == "?" and other not in references)
                for one, other in zip(piece, text[at:end], strict=False)
            ):
                return at
        return -1

    return stand_in_order(wanted.split("*"), given, find)


def _written(pattern: Text, words: Text) -> tuple[str, str, frozenset[str]]:
    """Return both as strings, and the characters in them that stand for references.

    Neither of the two has these characters in a literal.
    """
    both = *pattern, *words
    literals = "".join(word for word in both if isinstance(word, str))
    unused = (mark for mark in map(chr, range(_LAST, 0, -1)) if mark not in literals)
    references = dict.fromkeys(word for word in both if not isinstance(word, str))
    marks = dict(zip(references, unused, strict=False))
    wanted, given = (
        "".join(word if isinstance(word, str) else marks[word] for word in one)
        for one in (pattern, words)
    )
    return wanted, given, frozenset(marks.values())


def steps_of_matching(pattern: Sequence[Text], arn: Sequence[Text]) -> int:
    """Return how many steps of work it may be to match an ARN with a pattern (rule 6.8)."""
    if len(pattern) != ARN_FIELDS:
        return 1
    compared = (
        10 + min(length(one), LONGEST_ARN) * min(length(other), LONGEST_ARN) // 50
        for one, other in zip(pattern, arn, strict=False)
        if has_wildcard(one)
    )
    return 1 + sum(compared)


def matches_arn(pattern: Sequence[Text], arn: Sequence[Text]) -> bool:
    """Return whether an ARN matches a pattern field by field, as ArnLike and ArnEquals both do.

    What has not the fields of an ARN is only itself.
    """
    if len(pattern) != ARN_FIELDS:
        return pattern == arn
    return len(arn) == ARN_FIELDS and all(map(matches_pattern, pattern, arn))


def has_wildcard(words: Text) -> bool:
    """Return whether a text's literals hold a wildcard."""
    return any(isinstance(word, str) and ("*" in word or "?" in word) for word in words)


def includes_invoking(action: object) -> bool:
    """Return whether an action of a policy is, or by its wildcards includes, invoking."""
    return isinstance(action, str) and matches_pattern((action.lower(),), (INVOKE.lower(),))


class Operator(NamedTuple):
    """A condition operator: how it compares values, and whether an absent key matters."""

    compares: Literal["exactly", "ignoring case", "pattern", "arn"]
    is_negated: bool = False
    if_exists: bool = False


_OPERATORS: Final[Mapping[str, Operator]] = {
    "stringequals": Operator("exactly"),
    "stringnotequals": Operator("exactly", is_negated=True),
    "stringequalsignorecase": Operator("ignoring case"),
    "stringnotequalsignorecase": Operator("ignoring case", is_negated=True),
    "stringlike": Operator("pattern"),
    "stringnotlike": Operator("pattern", is_negated=True),
    "arnequals": Operator("arn"),
    "arnnotequals": Operator("arn", is_negated=True),
    "arnlike": Operator("arn"),
    "arnnotlike": Operator("arn", is_negated=True),
    "bool": Operator("ignoring case"),
}


def operator_named(name: str) -> Operator | None:
    """Return a condition operator by its name, or None where it is not known here."""
    base = name.lower().removesuffix("ifexists")
    found = _OPERATORS.get(base)
    return found and found._replace(if_exists=base != name.lower())
