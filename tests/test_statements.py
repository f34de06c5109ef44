"""What statements of policies say of Lex's call: yes, no, or nobody can tell (rule 3.5)."""

import pytest

from auto_lex_permissions.cfn.formulas import ALWAYS, NEVER, Formula, Named
from auto_lex_permissions.statements import NO, UNKNOWN, YES, Answer, is_understood

IS_PROD = Named("IsProd")
ELEMENTS = ("Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")


@pytest.mark.parametrize(
    ("proved", "possible", "known"),
    [
        (ALWAYS, ALWAYS, True),
        (NEVER, NEVER, False),
        (NEVER, ALWAYS, None),
        (IS_PROD, ALWAYS, None),
        (IS_PROD, IS_PROD, None),
        (NEVER, IS_PROD, None),
    ],
)
def test_an_answer_is_known_where_it_is_the_same_everywhere(
    proved: Formula, possible: Formula, *, known: bool | None
) -> None:
    """`doctor` asks of policies that hold no conditions."""
    assert Answer(proved, possible).known is known


def test_answers_are_combined_as_formulas_are() -> None:
    """What nobody can tell stays so, unless the other side decides."""
    assert (YES & UNKNOWN, NO & UNKNOWN, YES | UNKNOWN, NO | UNKNOWN) == (UNKNOWN, NO, YES, UNKNOWN)
    assert (~YES, ~NO, ~UNKNOWN) == (NO, YES, UNKNOWN)
    assert YES.where(IS_PROD) == Answer(IS_PROD, IS_PROD)


def test_a_statement_is_understood_with_the_elements_that_iam_has() -> None:
    """All of them together, or some; one more is not."""
    whole = dict.fromkeys((*ELEMENTS, "Sid", "Effect", "Condition"), "x")
    assert is_understood(whole)
    assert is_understood({"Effect": "Allow"})
    assert not is_understood({**whole, "Extra": "x"})
    assert not is_understood("text")
