"""All mistakes reach the author in one answer of limited length (rule 6.3)."""

from auto_lex_permissions import Problem, TemplateError


def problems(count: int, what: str = "is wrong.") -> list[Problem]:
    """Return so many different problems."""
    return [Problem(f"Resources.R{number}", what, "Mend it.") for number in range(count)]


def test_one_mistake_is_a_sentence() -> None:
    """Path, what is wrong, what to do."""
    assert str(TemplateError(problems(1))) == "Resources.R0: is wrong. Mend it."


def test_several_mistakes_are_numbered() -> None:
    """They come in the order of the template."""
    assert str(TemplateError(problems(2))) == (
        "(1) Resources.R0: is wrong. Mend it. (2) Resources.R1: is wrong. Mend it."
    )


def test_twenty_mistakes_at_most() -> None:
    """The rest is counted."""
    assert str(TemplateError(problems(20))).endswith("(20) Resources.R19: is wrong. Mend it.")
    told = str(TemplateError(problems(25)))
    assert told.endswith("(20) Resources.R19: is wrong. Mend it. and 5 more")
    assert len(TemplateError(problems(25)).problems) == 25


def test_two_thousand_characters_at_most() -> None:
    """What does not fit is counted too."""
    told = str(TemplateError(problems(10, "x" * 500)))
    assert told.endswith("Mend it. and 7 more")
    assert len(told) <= 2_000


def test_two_thousand_characters_are_not_too_many() -> None:
    """What just fits is neither cut nor left out."""
    spare = 2_000 - len(str(problems(1, "")[0]))
    (one,) = problems(1, "x" * spare)
    assert str(TemplateError([one])) == str(one)
    assert len(str(one)) == 2_000
    spare = 2_000 - len(str(TemplateError(problems(2, ""))))
    two = [*problems(1, "x" * spare), problems(2, "")[1]]
    assert len(str(TemplateError(two))) == 2_000
    assert str(TemplateError(two)).endswith(f"(2) {two[1]}")


def test_a_mistake_that_is_too_long_is_cut() -> None:
    """Even a path of a megabyte gets an answer."""
    (one,) = problems(1, "x" * 3_000)
    assert len(str(TemplateError([one]))) == 2_000
    assert str(TemplateError([one])).endswith("x…")
    assert len(str(TemplateError([one, one]))) == 2_000
    assert str(TemplateError([one, one])).endswith("x… and 1 more")
    other = Problem("Resources.Other", one.what, one.remedy)
    assert str(TemplateError([one, other])).startswith("(1) Resources.R0: x")
