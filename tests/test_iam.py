"""IAM's matching: what the golden cases of the macro do not show, and only the doctor asks."""

import pytest

from auto_lex_permissions.cfn.intrinsics import Reference, Text
from auto_lex_permissions.iam import (
    LONGEST_ARN,
    Operator,
    matches_pattern,
    operator_named,
    steps_of_matching,
)

A = Reference("A")
B = Reference("B")
LAST = "\U0010ffff"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("StringEquals", Operator("exactly")),
        ("stringequals", Operator("exactly")),
        ("STRINGEQUALS", Operator("exactly")),
        ("StringEqualsIfExists", Operator("exactly", if_exists=True)),
        ("stringequalsifexists", Operator("exactly", if_exists=True)),
        ("ArnNotLikeIfExists", Operator("arn", is_negated=True, if_exists=True)),
        ("IfExists", None),
        ("IfExistsStringEquals", None),
        ("ForAnyValue:StringEquals", None),
        ("IpAddress", None),
    ],
)
def test_an_operator_by_its_name(name: str, expected: Operator | None) -> None:
    """In any case, and with `IfExists` behind it (rule 3.5)."""
    assert operator_named(name) == expected


@pytest.mark.parametrize(
    ("pattern", "words", "expected"),
    [
        (("a",), ("a",), True),
        (("a",), ("b",), False),
        (("*",), (), True),
        (("*",), ("a", A, "b"), True),
        (("a*",), ("a", A), True),
        (("*a",), (A, "a"), True),
        (("*a",), ("a", A), False),
        (("a*b",), ("a", A, "b"), True),
        (("a*b",), ("ab",), True),
        (("ab*bc",), ("abc",), False),
        (("a*b*c",), ("a-b-c",), True),
        (("a*b*c",), ("a-c-b",), False),
        (("a*c*b*c",), ("a-c-b-c",), True),
        (("a*b*b*c",), ("a-b-c",), False),
        (("*ab*ab*",), ("abab",), True),
        (("*ab*ab*",), ("aba",), False),
        (("*a*a",), ("a",), False),
        (("*a*a",), ("aa",), True),
        (("*?*?",), ("a",), False),
        (("a*?a*?",), ("aba",), False),
        (("?",), ("a",), True),
        (("?",), (), False),
        (("?",), ("ab",), False),
        (("?",), (A,), False),
        (("a?",), ("ab",), True),
        (("*?",), (A, "b"), True),
        (("*?",), ("b", A), False),
        (("*?b*",), ("ab",), True),
        (("*?b*",), ("b",), False),
        (("*a?c*",), ("aac-abc",), True),
        (("*a?c*",), ("a", A, "c"), False),
        (("*x?z",), ("xyz-xz",), False),
        (("*", A), ("a", A), True),
        (("*", A), ("a", B), False),
        (("*", A, "*", B), (A, A, B), True),
        (("*", B, "*", A), (A, A, B), False),
        # The characters that references are written as may stand in a text.
        (("*", A), (LAST,), False),
        (("*?", A), (LAST, A), True),
        (("*?", A), (A, A), False),
        (("*" + "a" * (LONGEST_ARN - 1),), ("a" * (LONGEST_ARN - 1),), True),
        (("*" + "a" * LONGEST_ARN,), ("a" * LONGEST_ARN,), False),
        (("*a",), ("a" * LONGEST_ARN,), True),
        (("*a",), ("a" * (LONGEST_ARN + 1),), False),
    ],
)
def test_a_text_and_a_pattern(pattern: Text, words: Text, *, expected: bool) -> None:
    """`*` stands for anything, `?` for one character and for no reference (rule 3.1)."""
    assert matches_pattern(pattern, words) is expected


@pytest.mark.parametrize(
    ("pattern", "arn", "steps"),
    [
        ([("arn",)] * 6, [("arn",)] * 6, 1),
        ([("*",)], [("arn",)], 1),
        ([("*",)] * 6, [("arn",)] * 6, 61),
        ([*[("arn",)] * 5, ("*" + "a" * 99, A)], [*[("arn",)] * 5, ("b" * 50,)], 112),
        ([*[("arn",)] * 5, ("*" * 9_000,)], [*[("arn",)] * 5, ("b" * 9_000,)], 83_897),
    ],
)
def test_the_steps_of_a_pattern(pattern: list[Text], arn: list[Text], steps: int) -> None:
    """Each field with a wildcard costs what it may take to look at each of its places (6.8)."""
    assert steps_of_matching(pattern, arn) == steps
