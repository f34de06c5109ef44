"""IAM's matching: what the golden cases of the macro do not show, and only the doctor asks."""

import pytest

from auto_lex_permissions.iam import Operator, operator_named


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
