"""IAM's matching: what the golden cases of the macro do not show, and only the doctor asks."""

import pytest

from auto_lex_permissions.cfn.intrinsics import Reference, Text
from auto_lex_permissions.iam import (
    LONGEST_ARN,
    Operator,
    compared,
    matches_pattern,
    operator_named,
    stays_in_fields,
    steps_of_comparing,
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
        ("ForAnyValue:StringEquals", Operator("exactly", quantifier="any")),
        (
            "FORALLVALUES:stringNotLikeIFEXISTS",
            Operator("pattern", is_negated=True, if_exists=True, quantifier="all"),
        ),
        ("ForNoValue:StringEquals", None),
        (":StringEquals", None),
        ("IpAddress", Operator("otherwise")),
        ("NotIpAddress", Operator("otherwise", is_negated=True)),
        ("Null", Operator("presence")),
        ("NullIfExists", None),
        ("ForAllValues:Null", None),
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


@pytest.mark.parametrize(
    ("wanted", "sent", "steps"),
    [
        (("a",), ("b",), 12),
        (("a" * 60,), ("b" * 100,), 20),
        (("a" * 59 + "*",), ("b" * 100,), 162),
        (("*" * 9_000,), ("b" * 9_000,), 104_869),
    ],
)
def test_the_steps_of_comparing(wanted: Text, sent: Text, steps: int) -> None:
    """With a wildcard it may be a look at each place for each character (6.8)."""
    assert steps_of_comparing(wanted, sent) == steps


def _differ(one: object, other: object) -> bool:
    """Return what is known of the references here: the two ids differ, and neither is empty."""
    return {one, other} == {A, B} or "" in (one, other)


@pytest.mark.parametrize(
    ("operator", "wanted", "sent", "expected"),
    [
        ("StringEquals", ("a",), ("a",), True),
        ("StringEquals", ("a*",), ("ab",), False),
        ("StringEquals", ("a?",), ("ab",), False),
        ("StringEquals", (A,), (A,), True),
        ("StringEquals", (A,), (B,), False),
        ("StringEquals", (A,), ("a",), None),
        ("StringEquals", ("x", A), ("y", A), False),
        ("StringEquals", (A, "x"), (A, "y"), False),
        ("StringEquals", (A, "x"), ("bx",), None),
        ("StringEquals", ("x", A), ("x",), False),
        ("StringEquals", ("x",), ("x", A), False),
        ("StringEquals", ("xy",), ("x",), False),
        ("StringEquals", ("${aws:SourceArn}",), ("x",), None),
        ("StringEqualsIgnoreCase", ("A", A), ("a", A), True),
        ("StringEqualsIgnoreCase", ("A", A), ("b", A), False),
        ("StringLike", ("a*",), ("ab",), True),
        ("StringLike", ("b*",), ("ab",), False),
        ("StringLike", ("a*c",), ("a", A), None),
        ("StringLike", ("b*", A), ("a", A), False),
        ("StringLike", ("*x", A), ("a", B), False),
        ("StringLike", ("a?", A), ("ab", A), True),
        ("StringLike", ("a?x", A), ("aby", A), False),
        ("StringLike", ("a?x", A), ("abxy",), None),
        ("StringLike", (A, "x?a"), ("yxba",), None),
        ("StringLike", ("a?",), ("a", A), None),
        ("StringLike", ("a?x", A), ("a",), False),
        ("ArnLike", ("a:b:c:d:e:f*",), ("a:b:c:d:e:fg:h",), True),
        ("ArnLike", ("a:b:c:d:e:f*",), ("a:b:c:d:e:f",), True),
        ("ArnLike", ("a:b:c:d:e:f:g",), ("a:b:c:d:e:f",), False),
        ("ArnLike", ("a:b:c:*:f",), ("a:b:c:d:e:f",), None),
        ("ArnLike", ("a:b:*:d:e:f",), ("a:b:c:x:e:f",), False),
        ("ArnLike", ("a:b:c:d:e:", A), ("a:b:c:d:e:", B), False),
        ("ArnLike", ("a:b:c:d:e:", A), ("a:b:c:d:e:f",), None),
        ("ArnLike", (A,), (A,), True),
        ("ArnLike", (A,), (B,), False),
        ("ArnLike", (A,), ("a:b:c:d:e:f",), None),
        ("ArnLike", ("a:b:c:d:e:f",), (A,), None),
        ("Bool", ("TRUE",), ("true",), True),
        ("Null", ("true",), ("true",), None),
        ("IpAddress", ("10.0.0.0/8",), ("10.0.0.1",), None),
        ("ArnLike", ("a:b:c:d:e:x/", A, "/*"), ("a:b:c:d:e:x/y",), False),
        ("ArnLike", ("a:b:c:d:e:x/", A, "/*"), ("a:b:c:d:e:x/", B), False),
        ("ArnLike", ("a:b:c:d:e:x/", A, "/*"), ("a:b:c:d:e:x/y/", B), None),
        ("ArnLike", ("a:b:c:d:e:x/", A, "?z"), ("a:b:c:d:e:x/y", B), None),
        ("ArnLike", ("a:b:c:d:e:x/", A, "\n"), ("a:b:c:d:e:x/", B), False),
        ("ArnEquals", ("a:b:c:d:e:x/", A, "-y"), ("a:b:c:d:e:x/", B), False),
        ("ArnLike", (A,), ("a:b:c:d:e:x/y",), None),
        ("StringLike", ("a:b:c:d:e:x/", A, "/*"), ("a:b:c:d:e:x/y",), None),
    ],
)
def test_a_value_is_compared_with_what_is_sent(
    operator: str, wanted: Text, sent: Text, *, expected: bool | None
) -> None:
    """Yes, no, or nobody can tell, since references are texts that are not known (rule 3.5)."""
    found = operator_named(operator)
    assert found
    assert compared(found, wanted, sent, _differ) is expected


@pytest.mark.parametrize(
    ("pattern", "words", "expected"),
    [
        ("a:b", "a:b", True),
        ("a*:b", "a:x:b", True),
        ("a*b:c", "axb:c", True),
        ("a*b:c", "a:b:c", False),
        ("a?b:c", "a:b:c", False),
        ("a*b:c*", "axb:c:d", True),
        ("a*b:c*", "a:b:c", False),
        ("a?b:c*", "a:b:cd", False),
    ],
)
def test_a_wildcard_within_a_field_matches_no_colon(
    pattern: str, words: str, *, expected: bool
) -> None:
    """One at the end of a field goes beyond it (rule 3.5)."""
    assert matches_pattern((pattern,), (words,))
    assert stays_in_fields((pattern,), (words,)) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("NumericNotEquals", True),
        ("NumericLessThan", False),
        ("ForAnyValue:StringLike", False),
        ("ForAnyValue:StringNotLike", False),
        ("ForAnyValue:StringLikeIfExists", True),
        ("ForAllValues:StringLike", True),
    ],
)
def test_a_key_that_is_not_sent(operator: str, *, expected: bool) -> None:
    """A negated operator holds, and so does one of all values (rule 3.5)."""
    found = operator_named(operator)
    assert found
    assert found.holds_of_nothing is expected
