"""Whether a statement of a policy fits Lex's call of a function: yes, no, or nobody can tell.

One evaluation serves the macro, whose policies hold `Fn::If` and references, and `doctor`, whose
policies are those of an account. So each answer is two formulas: when it is proved that something
fits, and when that is not ruled out. An Allow counts where it is proved, a Deny where it is not
ruled out.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeVar

from .cfn.formulas import ALWAYS, NEVER, Formula, all_of, any_of
from .cfn.intrinsics import Text, deployed_text, is_intrinsic, is_literal
from .cfn.values import Values
from .iam import (
    ANYONE,
    LEX_PRINCIPAL,
    LEX_SPELLINGS,
    AreDifferent,
    Operator,
    compared,
    includes_invoking,
    operator_named,
)

T = TypeVar("T")
SOURCE_ARN: Final = "aws:sourcearn"
SOURCE_ACCOUNT: Final = "aws:sourceaccount"
_EXACTLY: Final = Operator("exactly")
# What no call by Lex has: a service is in no organization and has no tags, and Lex sends no token
# of an event source and uses no function URL.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_NOT_SENT: Final = frozenset({
    "aws:principalorgid",
    "aws:principalorgpaths",
    "lambda:eventsourcetoken",
    "lambda:functionurlauthtype",
})  # fmt: skip
_TAGS: Final = "aws:principaltag/"
# The elements of a statement.
_ELEMENTS: Final = frozenset({
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
    *("Resource", "NotResource", "Condition"),
})  # fmt: skip

# The texts that a key of a call may have, each with when it has it: spellings of one value.
Sent: TypeAlias = Sequence[tuple[Text, Formula]]


class Answer(NamedTuple):
    """When something is proved to fit, and when it is not ruled out that it does."""

    proved: Formula
    possible: Formula

    def __and__(self, other: "Answer") -> "Answer":
        """Return when both fit."""
        return Answer(self.proved & other.proved, self.possible & other.possible)

    def __or__(self, other: "Answer") -> "Answer":
        """Return when one of the two fits."""
        return Answer(self.proved | other.proved, self.possible | other.possible)

    def __invert__(self) -> "Answer":
        """Return when it does not fit."""
        return Answer(~self.possible, ~self.proved)

    def where(self, when: Formula) -> "Answer":
        """Return that it fits under a formula, and nothing does elsewhere."""
        if when == ALWAYS:  # pragma: no mutate (a shortcut)
            return self
        return Answer(when & self.proved, when & self.possible)

    @property
    def known(self) -> bool | None:
        """Return whether it fits where that depends on no condition, None where nobody can tell."""
        return True if self.proved == ALWAYS else (False if self.possible == NEVER else None)


YES: Final = Answer(ALWAYS, ALWAYS)
NO: Final = Answer(NEVER, NEVER)
UNKNOWN: Final = Answer(NEVER, ALWAYS)


def answer(known: bool | None) -> Answer:  # noqa: FBT001 - what a comparison returns
    """Return what does not depend on any condition."""
    return UNKNOWN if known is None else (YES if known else NO)


def all_fit(answers: Iterable[Answer]) -> Answer:
    """Return when all of some fit; of none, always."""
    found = list(answers)
    return Answer(all_of(a.proved for a in found), all_of(a.possible for a in found))


def any_fits(answers: Iterable[Answer]) -> Answer:
    """Return when one of some fits; of none, never."""
    found = list(answers)
    if len(found) == 1:  # pragma: no mutate (a shortcut)
        return found[0]
    return Answer(any_of(a.proved for a in found), any_of(a.possible for a in found))


def any_value(values: Values[T], fits: Callable[[T], Answer]) -> Answer:
    """Return when one of the values fits; one that is hidden may."""
    hidden = [UNKNOWN] if values.hidden else []
    return any_fits([*(fits(value.value).where(value.when) for value in values), *hidden])


# The elements of a statement.


def element(statement: Values[object], name: str, fits: Callable[[object], Answer]) -> Answer:
    """Return whether an element fits, or its negation where that stands in its place.

    Of a statement that has neither nobody can tell.
    """
    stated, negated = statement.get(name), statement.get(f"Not{name}")
    if not (negated.count or negated.hidden) and _is_there(stated) == ALWAYS:
        return any_value(stated, fits)
    is_stated, is_negated = _is_there(stated), _is_there(negated)
    return (
        (any_value(stated, fits) | YES.where(~is_stated))
        & (~any_value(negated, fits) | YES.where(~is_negated))
        & (UNKNOWN | YES.where(is_stated | is_negated))
    )


def is_absent(statement: Values[object], name: str) -> Formula:
    """Return when a statement has neither an element nor its negation."""
    return ~(_is_there(statement.get(name)) | _is_there(statement.get(f"Not{name}")))


def _is_there(values: Values[object]) -> Formula:
    """Return when something stands at a place."""
    return ALWAYS if values.hidden else any_of(value.when for value in values)


def is_understood(statement: object) -> bool:
    """Return whether a statement has no elements but those that are read here."""
    return isinstance(statement, dict) and statement.keys() <= _ELEMENTS


def principal_fits(principal: object, are_different: AreDifferent) -> Answer:
    """Return whether a `Principal` is Lex V2, or anyone."""
    stated = Values.at(principal, ())

    def is_anyone(named: object) -> Answer:
        return answer(compared(_EXACTLY, deployed_text(named), ANYONE, are_different))

    def is_lex(named: object) -> Answer:
        words = deployed_text(named)
        if words == ANYONE:
            return UNKNOWN  # IAM documents no wildcard for a service.
        known = [compared(_EXACTLY, words, spelling, are_different) for spelling in LEX_SPELLINGS]
        return answer(True in known or known[0])

    alone = Values(value for value in stated if not isinstance(value.value, dict))
    return any_fits(
        [
            any_value(alone, is_anyone),
            any_value(stated.get("AWS").each(), is_anyone),
            any_value(stated.get("Service").each(), is_lex),
        ]
    )


def speaks_of_lex(statement: Values[object], are_different: AreDifferent) -> Answer:
    """Return whether a statement is about Lex V2, by its `Principal` or `NotPrincipal`.

    Who is named by `NotPrincipal` is not meant; whether a service that is not named is, nobody can
    tell.
    """
    fits = element(statement, "Principal", lambda named: principal_fits(named, are_different))
    return fits & (UNKNOWN if statement.get("NotPrincipal").count else YES)


def action_fits(action: object) -> Answer:
    """Return whether an `Action`, or one of a list, is or includes invoking a function."""

    def fits(named: object) -> Answer:
        words = deployed_text(named)
        known = includes_invoking("".join(map(str, words))) if is_literal(words) else None
        return answer(known)

    return any_value(Values.at(action, ()).each(), fits)


# Conditions.


def sent_by_lex(account: Text, source_arn: Sent) -> dict[str, Sent]:
    """Return the keys of Lex's call of a function that are known, for a bot of an account."""
    return {
        SOURCE_ARN: source_arn,
        SOURCE_ACCOUNT: [(account, ALWAYS)],
        "aws:principalisawsservice": [(("true",), ALWAYS)],
        "aws:principalservicename": [((LEX_PRINCIPAL,), ALWAYS)],
        # Lambda takes HTTPS alone:
        # https://docs.aws.amazon.com/lambda/latest/dg/security-dataprotection.html
        "aws:securetransport": [(("true",), ALWAYS)],
    }


class Comparison(NamedTuple):
    """One key of a statement's `Condition`: what it is held against, and when it stands there.

    Where it does not stand, it asks nothing.
    """

    operator: Operator | None
    key: str
    values: Values[Text]
    stands: Formula

    def holds(self, sent: Mapping[str, Sent], are_different: AreDifferent) -> Answer:
        """Return whether it holds for a call that has these keys, whatever others it has."""
        return self._holds_of_call(sent, are_different) | YES.where(~self.stands)

    def _holds_of_call(self, sent: Mapping[str, Sent], are_different: AreDifferent) -> Answer:
        operator = self.operator
        is_absent = self.key in _NOT_SENT or self.key.startswith(_TAGS)
        if operator is None or not (is_absent or self.key in sent):
            return UNKNOWN
        if is_absent and operator.compares != "presence":
            return answer(operator.holds_of_nothing)
        texts = sent.get(self.key, ())
        if operator.compares == "presence":
            operator = operator._replace(compares="ignoring case")
            texts = [(("true" if is_absent else "false",), ALWAYS)]

        def is_sent(wanted: Text) -> Answer:
            found = [(compared(operator, wanted, words, are_different), w) for words, w in texts]
            proved = any_of(when for known, when in found if known)
            ruled_out = any_of(when for known, when in found if known is False)
            return Answer(proved, proved | ~ruled_out)

        one_is_sent = any_value(self.values, is_sent)
        return ~one_is_sent if operator.is_negated else one_is_sent


def comparisons(
    condition: Values[object], read: Callable[[object], Text]
) -> tuple[list[Comparison], Answer]:
    """Return the comparisons of a statement's `Condition`, and whether nothing else may fail in it.

    What has the wrong shape, or is hidden by an intrinsic function, may hold or not. `read` reads
    the values.
    """
    found: list[Comparison] = []
    others: list[Answer] = []
    for operator, keys in _members(condition, others):
        for key, values in _members(keys, others):
            stands = ALWAYS if values.hidden else any_of(value.when for value in values)
            items = values.each().map(read)
            found.append(Comparison(operator_named(operator), key.lower(), items, stands))
    return found, all_fit(others)


def _members(values: Values[object], others: list[Answer]) -> Iterator[tuple[str, Values[object]]]:
    """Yield what stands under each key of objects; that there is more is added to the others."""
    if values.hidden:
        others.append(UNKNOWN)
    for value in values:
        if isinstance(value.value, dict) and not any(map(is_intrinsic, value.value)):
            for key, member in value.value.items():
                yield key, Values.at(member, (), value.when).present()
        else:
            others.append(UNKNOWN | YES.where(~value.when))
