"""How IAM compares what a policy says with what is asked: wildcards, ARNs, condition operators.

Texts are compared word by word: a reference is one unknown piece, which only `*` can stand for. So
one code compares a template's expressions and the plain texts of a live policy.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final, Literal, NamedTuple, TypeAlias

from .cfn.intrinsics import (
    Reference,
    Text,
    Word,
    is_literal,
    length,
    split,
    with_dynamic_references,
)
from .cfn.loops import stand_in_order

# The fields of an ARN, split at its colons.
Arn: TypeAlias = tuple[Text, ...]
# Whether two words, one of them a reference, are different in every deployment.
AreDifferent: TypeAlias = Callable[[Word, Word], bool]
ARN_FIELDS: Final = 6
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html
LONGEST_ARN: Final = 2_048
_LAST: Final = 0x10FFFF
# The letters and digits of ids, and wildcards, which may stand for any of them.
_MAY_BE_IN_IDS: Final = re.compile("[0-9A-Za-z*?]")
INVOKE: Final = "lambda:InvokeFunction"
LEX_PRINCIPAL: Final = "lexv2.amazonaws.com"
LEX_SPELLINGS: Final[tuple[Text, ...]] = (
    (LEX_PRINCIPAL,),
    ("lexv2.", Reference("AWS::URLSuffix")),
)
ANYONE: Final[Text] = ("*",)
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
    if max(compared_length(pattern), compared_length(words)) > LONGEST_ARN:
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


def compared_length(words: Text) -> int:
    """Return how many characters are compared with a pattern: what is no literal is one of them."""
    return sum(len(word) if isinstance(word, str) else 1 for word in words)


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


def steps_of_comparing(wanted: Text, sent: Text) -> int:
    """Return how many steps of work it may be to compare two texts (rule 6.8)."""
    longest = min(length(wanted), LONGEST_ARN), min(length(sent), LONGEST_ARN)
    return 12 + (longest[0] * longest[1] // 40 if has_wildcard(wanted) else sum(longest) // 20)


def matches_arn(pattern: Sequence[Text], arn: Sequence[Text]) -> bool:
    """Return whether an ARN matches a pattern field by field, as ArnLike and ArnEquals both do.

    What has not the fields of an ARN is only itself.
    """
    if len(pattern) != ARN_FIELDS:
        return pattern == arn
    return len(arn) == ARN_FIELDS and all(map(matches_pattern, pattern, arn))


def stays_in_fields(pattern: Text, words: Text) -> bool:
    """Return whether a pattern surely matches a text as the ARN of a resource.

    IAM documents that a `*` at the end of a field goes beyond its colon, and of no other wildcard.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    fields = split(pattern, ":")
    if not any(has_wildcard(_without_end(field)) for field in fields):
        return True
    is_open = _without_end(fields[-1]) != fields[-1]
    given = split(words, ":", len(fields) - 1 if is_open else -1)
    return len(given) == len(fields) and all(map(matches_pattern, fields, given))


def _without_end(field: Text) -> Text:
    """Return a field without a `*` at its end."""
    match field:
        case (*before, str(last)):
            return *before, last.removesuffix("*")
    return field


def has_wildcard(words: Text) -> bool:
    """Return whether a text's literals hold a wildcard."""
    return any(isinstance(word, str) and ("*" in word or "?" in word) for word in words)


def includes_invoking(action: object) -> bool:
    """Return whether an action of a policy is, or by its wildcards includes, invoking."""
    return isinstance(action, str) and matches_pattern((action.lower(),), (INVOKE.lower(),))


class Operator(NamedTuple):
    """A condition operator: how it compares one value, and what it makes of that."""

    compares: Literal["exactly", "ignoring case", "pattern", "arn", "presence", "otherwise"]
    is_negated: bool = False
    if_exists: bool = False
    quantifier: Literal["", "any", "all"] = ""

    @property
    def holds_of_nothing(self) -> bool:
        """Return whether it holds where the key is not in the request."""
        if self.quantifier:
            return self.quantifier == "all" or self.if_exists
        return self.is_negated or self.if_exists


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
    "null": Operator("presence"),
    # Nothing that Lex sends is a number, a date, bytes or an address.
    "numericnotequals": Operator("otherwise", is_negated=True),
    "datenotequals": Operator("otherwise", is_negated=True),
    "notipaddress": Operator("otherwise", is_negated=True),
    **dict.fromkeys(
        (
            *("numericequals", "numericlessthan", "numericlessthanequals"),
            *("numericgreaterthan", "numericgreaterthanequals"),
            *("dateequals", "datelessthan", "datelessthanequals"),
            *("dategreaterthan", "dategreaterthanequals"),
            *("binaryequals", "ipaddress"),
        ),
        Operator("otherwise"),
    ),
}
_QUANTIFIERS: Final[Mapping[str, Literal["any", "all"]]] = {
    "foranyvalue": "any",
    "forallvalues": "all",
}


def operator_named(name: str) -> Operator | None:
    """Return a condition operator by its name, or None where it is not known here.

    Example: `ForAnyValue:StringLikeIfExists`.
    """
    before, colon, after = name.lower().rpartition(":")
    base = after.removesuffix("ifexists")
    quantifier = _QUANTIFIERS.get(before)
    found = _OPERATORS.get(base)
    is_plain = base == after and not colon
    if found is None or (colon and quantifier is None):
        return None
    if found.compares == "presence" and not is_plain:
        return None
    return found._replace(if_exists=base != after, quantifier=quantifier or "")


def compared(
    operator: Operator, wanted: Text, sent: Text, are_different: AreDifferent
) -> bool | None:
    """Return whether a value of a policy means the one that is sent, None where nobody can tell.

    References stand for texts that are not known: `are_different` says of two words, one of them a
    reference, whether they are so in every deployment.
    """
    if any(isinstance(word, str) and "${" in word for word in wanted):
        return None  # A policy variable, which is another text for each request.
    match operator.compares:
        case "exactly":
            is_same, differs = wanted == sent, not may_equal(wanted, sent, are_different)
        case "ignoring case":
            wanted, sent = _lowered(wanted), _lowered(sent)
            is_same, differs = wanted == sent, not may_equal(wanted, sent, are_different)
        case "pattern":
            is_same = matches_pattern(wanted, sent)
            differs = not may_match(wanted, sent, are_different)
        case "arn":
            return _compared_arns(wanted, sent, are_different)
        case _:
            return None
    return True if is_same else (False if differs else None)


def _compared_arns(wanted: Text, sent: Text, are_different: AreDifferent) -> bool | None:
    """Compare field by field; what is written out and is no ARN cannot be told.

    What is not known in an ARN that is sent is an id, of letters and digits: any other character of
    the pattern has to be written in the ARN.
    """
    pattern, arn = (split(words, ":", ARN_FIELDS - 1) for words in (wanted, sent))
    if len(pattern) < ARN_FIELDS and is_literal(wanted):
        return None
    if len(pattern) < ARN_FIELDS or len(arn) < ARN_FIELDS:
        pattern, arn = [wanted], [sent]
    elif not _not_in_ids(pattern[-1]) <= _not_in_ids(arn[-1]):
        return False
    if all(map(matches_pattern, pattern, arn)):
        return True
    fields = zip(pattern, arn, strict=True)
    return None if all(may_match(*both, are_different) for both in fields) else False


def _not_in_ids(words: Text) -> Counter[str]:
    """Count the characters of a text that no id holds, and that are no wildcards."""
    literals = (word for word in words if isinstance(word, str))
    return Counter(_MAY_BE_IN_IDS.sub("", "".join(literals)))


def nothing_known(_one: Word, _other: Word) -> bool:
    """Return that no reference is known to be different from anything."""
    return False


def may_match(pattern: Text, words: Text, are_different: AreDifferent) -> bool:
    """Return whether a pattern of `*` and `?` may match a text, whatever references come to.

    It is looked at from both ends, as far as the first `*` or reference of either side.
    """
    pattern, words = with_dynamic_references(pattern), with_dynamic_references(words)
    if is_literal(pattern) and is_literal(words):
        return matches_pattern(pattern, words)
    return _may_begin_alike(pattern, words, are_different, wildcards=True) and _may_begin_alike(
        _reversed(pattern), _reversed(words), are_different, wildcards=True
    )


def may_equal(one: Text, other: Text, are_different: AreDifferent) -> bool:
    """Return whether two texts may be equal, whatever references come to."""
    one, other = with_dynamic_references(one), with_dynamic_references(other)
    if is_literal(one) and is_literal(other):
        return one == other
    return _may_begin_alike(one, other, are_different, wildcards=False) and _may_begin_alike(
        _reversed(one), _reversed(other), are_different, wildcards=False
    )


def _may_begin_alike(
    pattern: Text, words: Text, are_different: AreDifferent, *, wildcards: bool
) -> bool:
    for one, other in zip_longest(_pieces(pattern), _pieces(words), fillvalue=""):
        if wildcards and one == "*":
            return True
        if isinstance(one, str) and isinstance(other, str):
            if one != other and not (wildcards and one == "?" and other):
                return False
        elif one != other:
            return not are_different(one, other)
    return True


def _pieces(words: Text) -> Iterator[Word]:
    """Yield the characters of literals, and each other word whole."""
    for word in words:
        if isinstance(word, str):
            yield from word
        else:
            yield word


def _reversed(words: Text) -> Text:
    return tuple(word[::-1] if isinstance(word, str) else word for word in reversed(words))


def _lowered(words: Text) -> Text:
    return tuple(word.lower() if isinstance(word, str) else word for word in words)
