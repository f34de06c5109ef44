"""Before or after AWS::LanguageExtensions, the macro grants the same pairs: on random loops."""

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tests.laws.evaluator import Template
from tests.laws.looping import COLLECTIONS, Rolled, rolled
from tests.laws.loops import FOR_EACH
from tests.laws.positions import explore, judged
from tests.laws.templates import cases
from tests.laws.trial import Deployment, Macro, the_macro

SEED = 1
TEMPLATES = 240
HANDFUL = 12
# Not every template can go into loops.
FEWEST = 160
# How many of a hundred templates have to show something. The generator gives about twice as many.
FLOORS = {
    "&{}": 12,
    "AWS::Lambda::Alias in a loop": 20,
    "AWS::Lambda::Function in a loop": 30,
    "AWS::Lambda::Permission in a loop": 27,
    "AWS::Lambda::ResourcePolicy in a loop": 1,
    "AWS::Lex::Bot in a loop": 35,
    "AWS::Lex::BotAlias in a loop": 40,
    "AWS::Serverless::Function in a loop": 12,
    "SourceScope: Bot": 22,
    "a collection by a parameter": 14,
    "a condition by a function": 20,
    "a condition in a loop": 35,
    "a function by a name for each item": 22,
    "a loop in a loop": 12,
    "a plain spelling": 17,
    "a test alias in a loop": 18,
    "a variable as a value": 25,
    "an item meant from outside": 6,
    "answered": 40,
    "conditions that are others for each item": 5,
    "items that overlap": 2,
    "two loops": 8,
    "written out by cfn-lint too": 20,
}
# How many of a hundred templates the macro may refuse before the loops are written out, since
# conditions that are others for each item cannot be combined inside a loop.
MOST_REFUSED = 10

# Takes a loop of an answer, and the body of the loop that the author wrote.
type Spoil = Callable[[list[Any], Template], None]


def test_both_positions_grant_the_same_on_a_handful_of_templates() -> None:
    """The same pairs, every law, the author's part kept, twice is once (rules 1.5, 6.5, 6.6)."""
    handful = some_templates()[:HANDFUL]
    assert len(handful) == HANDFUL
    assert [judged(template).broken for template in handful] == [[]] * HANDFUL


@pytest.mark.long
@pytest.mark.timeout(240)
def test_both_positions_grant_the_same_on_templates_that_hold_enough() -> None:
    """The same pairs, every law, the author's part kept, twice is once (rules 1.5, 6.5, 6.6)."""
    outcome = explore(SEED, TEMPLATES)
    if outcome.failure:
        pytest.fail(outcome.failure, pytrace=False)
    assert outcome.tried >= FEWEST
    counts = outcome.counts
    floors = {what: least * outcome.tried // 100 for what, least in FLOORS.items()}
    assert not {what: counts[what] for what in floors if counts[what] < floors[what]}
    refused = counts["refused before the loops are written out"]
    assert 0 < refused <= MOST_REFUSED * outcome.tried // 100


# The comparison is tested itself: it finds a macro in which a fault was planted.


def without_permissions_in_loops(loop: list[Any], author: Template) -> None:
    """Leave out what belongs into a loop."""
    for name in _generated(loop, author):
        del loop[2][name]


def condition_first(loop: list[Any], author: Template) -> None:
    """Write a resource with another first key than Type, which CloudFormation does not take."""
    for name in _generated(loop, author):
        loop[2][name] = dict(reversed(loop[2][name].items()))


def the_first_item_alone(loop: list[Any], author: Template) -> None:
    """Name the same caller for all items."""
    variable, collection, body = loop
    item = collection[0] if isinstance(collection, list) else "Dev"
    for name in _generated(loop, author):
        written = json.dumps(body[name]["Properties"]["SourceArn"])
        text = written.replace(f"${{{variable}}}", item)
        body[name]["Properties"]["SourceArn"] = json.loads(text)


def plain_spelling(loop: list[Any], author: Template) -> None:
    """Write a reference in a spelling that AWS does not document for loops."""
    for name in _generated(loop, author):
        properties = loop[2][name]["Properties"]
        match properties["SourceArn"]:
            case {"Fn::GetAtt": [{"Fn::Sub": built}, attribute]}:
                properties["SourceArn"] = {"Fn::GetAtt": [built, attribute]}


def less_of_the_author(loop: list[Any], author: Template) -> None:
    """Take a property of the author's away."""
    for name in author:
        if not name.startswith(FOR_EACH):
            loop[2][name].get("Properties", {}).pop("BotAliasName", None)


def one_more_each_time(loop: list[Any], author: Template) -> None:
    """Add another permission with each application."""
    permissions = [name for name, resource in loop[2].items() if "SourceArn" in str(resource)]
    for name in permissions[:1]:
        loop[2][f"{name}{len(author)}"] = loop[2][name]


FAULTS: tuple[tuple[Spoil, str], ...] = (
    (without_permissions_in_loops, "pairs"),
    (condition_first, "author"),
    (the_first_item_alone, "pairs"),
    (plain_spelling, "pairs"),
    (less_of_the_author, "author"),
    (one_more_each_time, "twice"),
)


@pytest.mark.long
@pytest.mark.parametrize(("spoil", "kind"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_a_planted_fault_is_found(spoil: Spoil, kind: str) -> None:
    """What a fault breaks is found broken on one of the templates."""

    def macro(template: Template, deployment: Deployment) -> Template:
        answer = copy.deepcopy(the_macro(template, deployment))
        for loop, author in _loops(answer["Resources"], template["Resources"]):
            spoil(loop, author)
        return answer

    assert any(_breaks(template, macro, kind) for template in some_templates())


@pytest.mark.long
def test_a_default_that_is_taken_for_the_items_is_found() -> None:
    """A parameter may name others (rule 3.3)."""

    def macro(template: Template, deployment: Deployment) -> Template:
        whole = json.dumps(template)
        for name in COLLECTIONS:
            declared = template.get("Parameters", {}).get(name, {})
            items = json.dumps(declared.get("Default", "").split(","))
            whole = whole.replace(json.dumps({"Ref": name}), items)
        return the_macro(json.loads(whole), deployment)

    assert any(_breaks(template, macro, "items") for template in some_templates())


@cache
def some_templates() -> list[Rolled]:
    """Return templates on which the faults have to show."""
    return [template for case in cases(SEED, 60) if (template := rolled(case))]


def _breaks(template: Rolled, macro: Macro, kind: str) -> bool:
    """Return whether a fault shows on a template, as what it has to break."""
    return any(sentence.startswith(f"{kind}: ") for sentence in judged(template, macro).broken)


def _loops(after: Template, before: Template) -> Iterator[tuple[list[Any], Template]]:
    """Yield each loop of an answer, those in loops too, with the body that the author wrote."""
    for name, entry in before.items():
        if name.startswith(FOR_EACH):
            yield from _loops(after[name][2], entry[2])
            yield after[name], entry[2]


def _generated(loop: list[Any], author: Template) -> list[str]:
    """Return the logical ids that the macro has added to a loop."""
    return [name for name in loop[2] if name not in author]
