"""The laws on random templates under every assignment, and what the templates have to hold.

`make laws` tries as many as asked for. `make test` tries as many as take about a minute, and
`make check` a handful.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.laws import digest
from tests.laws.explore import explore, portion
from tests.laws.templates import case, cases

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = 1200
HANDFUL = 60
# The same templates in every run of the tests; `make laws` draws others each time.
SEED = 1
# The work for a template grows no faster than the template: the most that one of these takes is
# less than half of this (6.8).
MOST_STEPS_OF_A_BYTE = 4
# How many of a hundred templates have to show something, so that the laws on it mean something. The
# generator gives about twice as many.
FLOORS = {
    "AWS::Lambda::ResourcePolicy": 8,
    "AWS::Lambda::Function by name": 10,
    "AWS::Lex::BotVersion": 8,
    "AutoPublishAlias": 12,
    "DeletionPolicy by Fn::FindInMap": 1,
    "DeletionPolicy by Fn::If": 1,
    "DeletionPolicy by Ref": 1,
    "Fn::If at a bot id": 1,
    "Fn::If at a hook": 14,
    "Fn::If at a setting": 13,
    "Fn::If at a specification": 24,
    "Fn::If at an ARN": 32,
    "Fn::If at an item": 25,
    "Fn::If at the settings": 16,
    "Fn::If at the test alias settings": 6,
    "Metadata on a caller": 5,
    "OnUnreachable: Skip": 4,
    "SourceScope: Bot": 22,
    "a Lambda alias with one of two names": 4,
    "a condition on a dynamic reference": 3,
    "a condition on a parameter of Systems Manager": 2,
    "a condition on allowed values that are no texts": 5,
    "a condition on more than three allowed values": 7,
    "a condition on the Region": 6,
    "a function that knows a caller": 8,
    "a function with one of two names": 6,
    "a literal of elsewhere": 5,
    "a literal of here": 30,
    "a value that is out of reach": 1,
    "a version of one of two bots": 2,
    "another Region or account than the first": 25,
    "another partition": 12,
    "bot by its version": 5,
    "alias or version by SAM": 6,
    "bot by Fn::ImportValue": 2,
    "bot by Ref": 22,
    "bot by text": 2,
    "conditional AWS::Lambda::Alias": 15,
    "conditional AWS::Lambda::Function": 20,
    "conditional AWS::Lambda::Permission": 25,
    "conditional AWS::Lex::Bot": 16,
    "conditional AWS::Lex::BotAlias": 28,
    "conditions on the same parameter": 27,
    "conditions that are linked": 34,
    "declared permission": 30,
    "declared permission with a function spelled otherwise": 30,
    "declared permission with a SourceArn spelled otherwise": 25,
    "declared permission with an Fn::If": 15,
    "declared permission without SourceArn": 7,
    "function by Fn::GetAtt list": 10,
    "function by Fn::GetAtt text": 10,
    "function by Fn::ImportValue": 1,
    "function by Fn::Join": 25,
    "function by Fn::Sub list": 20,
    "function by Fn::Sub text": 30,
    "function by Ref": 25,
    "function by text": 10,
    "policy with Allow": 8,
    "policy with ArnLike": 3,
    "policy with ArnNotLike": 1,
    "policy with Bool": 2,
    "policy with Deny": 6,
    "policy with Fn::If": 2,
    "policy with ForAllValues:ArnLike": 1,
    "policy with ForAnyValue:StringLike": 1,
    "policy with NotAction": 3,
    "policy with NotResource": 3,
    "policy with Null": 2,
    "policy with StringEquals": 3,
    "policy with StringEqualsIgnoreCase": 1,
    "policy with StringLike": 2,
    "policy with StringNotEquals": 1,
    "qualifier in a text": 20,
    "retained AWS::Lambda::Function": 5,
    "retained AWS::Lex::Bot": 7,
    "retained AWS::Lex::BotAlias": 8,
    "settings in Metadata": 5,
    "values of parameters": 25,
    "several locales": 30,
    "several statements": 6,
    "test alias": 22,
}


def test_every_law_holds_on_a_handful_of_templates() -> None:
    """No law is broken by any of them."""
    outcome = portion(SEED, 0, HANDFUL)
    assert outcome.failure is None, str(outcome.failure)
    assert outcome.tried == HANDFUL


@pytest.mark.long
@pytest.mark.timeout(240)
def test_every_law_holds_on_templates_that_hold_enough() -> None:
    """No law is broken by any template, and the templates show what the laws are about."""
    outcome = explore(SEED, TEMPLATES)
    again = f"make laws TEMPLATES={TEMPLATES} SEED={SEED}"
    if outcome.failure is not None:
        pytest.fail(f"{again}\n{outcome.failure}", pytrace=False)
    floors = {what: least * TEMPLATES // 100 for what, least in FLOORS.items()}
    below = {what: outcome.counts[what] for what in floors if outcome.counts[what] < floors[what]}
    assert not below, again
    assert 0 < outcome.most_steps < MOST_STEPS_OF_A_BYTE, again


@pytest.mark.long
def test_the_same_bytes_under_two_hash_seeds() -> None:
    """In every process the same template gets the same answer, byte for byte (6.5)."""
    first, second = (_digest(hash_seed, SEED, "the_macro") for hash_seed in ("1", "2"))
    assert first == second


@pytest.mark.long
def test_an_order_that_hash_seeds_decide_is_seen() -> None:
    """The comparison would fail for a macro that writes in the order of a set."""
    assert _digest("1", 1, "set_order") != _digest("2", 1, "set_order")


def test_a_template_is_the_same_whatever_was_made_before() -> None:
    """A seed and a number are enough to repeat a failure."""
    alone = case(7, 3)
    among = list(cases(7, 5))[3]
    assert json.dumps(alone.template) == json.dumps(among.template)
    assert alone.deployment == among.deployment


def _digest(hash_seed: str, seed: int, macro: str) -> str:
    """Return the digest of a macro's answers in a process with its own hash seed."""
    path = os.pathsep.join([str(ROOT / "macro"), str(ROOT)])
    answer = subprocess.run(
        [sys.executable, "-m", digest.__name__, macro, str(seed)],
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return answer.stdout
