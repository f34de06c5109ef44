"""All mistakes reach the author in one answer of limited length (rule 6.3)."""

import re

from auto_lex_permissions import Diagnostic, Message, TemplateError
from auto_lex_permissions.diagnostics import CATALOGUE, TOO_WIDE, reports


def mistakes(count: int, what: str = "is wrong.") -> list[Diagnostic]:
    """Return so many different mistakes."""
    message = Message("ALP999", "IsWrong", "error", "Something is wrong", what, "Fix it.")
    return [message.at("Resources", f"R{number}") for number in range(count)]


def test_one_mistake_is_a_sentence() -> None:
    """Path, what is wrong, what to do."""
    assert str(TemplateError(mistakes(1))) == "ALP999 Resources.R0: is wrong. Fix it."


def test_several_mistakes_are_numbered() -> None:
    """They come in the order of the template."""
    assert str(TemplateError(mistakes(2))) == (
        "(1) ALP999 Resources.R0: is wrong. Fix it. (2) ALP999 Resources.R1: is wrong. Fix it."
    )


def test_twenty_mistakes_at_most() -> None:
    """The rest is counted."""
    assert str(TemplateError(mistakes(20))).endswith("(20) ALP999 Resources.R19: is wrong. Fix it.")
    message = str(TemplateError(mistakes(25)))
    assert message.endswith("(20) ALP999 Resources.R19: is wrong. Fix it. and 5 more")
    assert len(TemplateError(mistakes(25)).diagnostics) == 25


def test_two_thousand_characters_at_most() -> None:
    """What does not fit is counted too."""
    message = str(TemplateError(mistakes(10, "x" * 500)))
    assert message.endswith("Fix it. and 7 more")
    assert len(message) <= 2_000


def test_two_thousand_characters_are_not_too_many() -> None:
    """What just fits is neither cut nor left out."""
    spare = 2_001 - len(str(mistakes(1, "x")[0]))
    (mistake,) = mistakes(1, "x" * spare)
    assert str(TemplateError([mistake])) == str(mistake)
    assert len(str(mistake)) == 2_000
    spare = 2_001 - len(str(TemplateError(mistakes(2, "x"))))
    two = [*mistakes(1, "x" * spare), mistakes(2, "x")[1]]
    assert len(str(TemplateError(two))) == 2_000
    assert str(TemplateError(two)).endswith(f"(2) {two[1]}")


def test_a_mistake_that_is_too_long_is_cut() -> None:
    """Even a path of a megabyte gets an answer."""
    (mistake,) = mistakes(1, "x" * 3_000)
    assert len(str(TemplateError([mistake]))) == 2_000
    assert str(TemplateError([mistake])).endswith("x…")
    other = mistake.message.at("Resources", "Other")
    assert len(str(TemplateError([mistake, other]))) == 2_000
    assert str(TemplateError([mistake, other])).startswith("(1) ALP999 Resources.R0: x")
    assert str(TemplateError([mistake, other])).endswith("x… and 1 more")


def test_a_mistake_counts_once() -> None:
    """Two hooks may be wrong in one place."""
    assert str(TemplateError(mistakes(1) * 2)) == str(TemplateError(mistakes(1)))


def test_codes_and_names_are_one_to_one() -> None:
    """A code is a promise: readers search for it, and code scanning keeps its alerts by it."""
    assert len({message.code for message in CATALOGUE}) == len(CATALOGUE)
    assert len({message.name for message in CATALOGUE}) == len(CATALOGUE)
    assert [message.code for message in CATALOGUE] == sorted(message.code for message in CATALOGUE)
    for message in CATALOGUE:
        assert re.fullmatch(r"ALP[1-9]\d\d", message.code)
        assert re.fullmatch(r"([A-Z][a-z]+)+V?\d*", message.name)
        assert message.title
        assert message.what.endswith(".")
        assert message.remedy
        assert message.url.endswith(f"#{message.code.lower()}")


def test_a_report_holds_what_is_no_mistake() -> None:
    """Each once, by path; a mistake rejects the template instead."""
    first, last = (TOO_WIDE.at("Resources", name, reason="It is.") for name in "AB")
    assert reports([last, first, *mistakes(1), last]) == (first, last)
    assert first.entry == {"Path": "Resources.A", "Code": "PermissionTooWide", "Id": "ALP201"}
