"""Try the laws on as many random templates as asked for; on a failure, find a small one."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

import yaml

from auto_lex_permissions.transform import examine
from tests.laws import features, reducing
from tests.laws.evaluator import Template
from tests.laws.laws import violations
from tests.laws.running import in_portions
from tests.laws.templates import Case, cases
from tests.laws.trial import request

# What one process tries at a time.
PORTION = 100


@dataclass(frozen=True, slots=True)
class Failure:
    """A template on which a macro breaks a law, and what is wrong."""

    number: int
    case: Case
    broken: list[str]

    def __str__(self) -> str:
        """Return the template and what it breaks, to read and to paste into a test."""
        template = yaml.safe_dump(self.case.template, sort_keys=False, default_flow_style=None)
        beside = f"{self.case.deployment}, seed {self.case.seed}"
        return "\n".join([*self.broken[:10], beside, template])


@dataclass
class Outcome:
    """What a run has tried, and the first template that broke a law, if one did."""

    tried: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    # The most steps that a template took for each byte of it (6.8).
    most_steps: float = 0
    failure: Failure | None = None


def explore(
    seed: int,
    templates: int,
    first: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Try so many of the templates that a seed stands for, on all processors.

    Stops at the first that breaks a law, and reports after each portion how many were tried.
    """
    whole = Outcome()
    with closing(in_portions(portion, seed, first, templates, PORTION)) as parts:
        for part in parts:
            whole.tried += part.tried
            whole.counts += part.counts
            whole.most_steps = max(whole.most_steps, part.most_steps)
            whole.failure = part.failure
            progress(whole.tried)
            if whole.failure is not None:
                break
    return whole


def portion(seed: int, first: int, templates: int) -> Outcome:
    """Try some templates in this process; of the first that breaks a law return a small form."""
    outcome = Outcome()
    for case in cases(seed, templates, first):
        outcome.tried += 1
        outcome.counts.update(features.of(case.template, case.deployment))
        outcome.most_steps = max(outcome.most_steps, steps_of_a_byte(case))
        broken = violations(case.template, case.deployment, seed=case.seed)
        if broken:
            outcome.failure = smallest(Failure(case.seed, case, broken))
            break
    return outcome


def steps_of_a_byte(case: Case) -> float:
    """Return how many steps the macro takes for a template, for each byte of it."""
    examined = examine(request(case.template, case.deployment))
    return examined.template.budget.spent / len(json.dumps(case.template))


def smallest(failure: Failure) -> Failure:
    """Return the failure on a smaller template that breaks the same law."""
    case = failure.case
    law = failure.broken[0].partition(":")[0]

    def broken(template: Template) -> list[str]:
        found = violations(template, case.deployment, seed=case.seed)
        return [sentence for sentence in found if sentence.partition(":")[0] == law]

    small = reducing.reduced(
        case.template,
        lambda template: bool(broken(template)),
        lambda template: reducing.is_valid(template, case.deployment),
    )
    return Failure(failure.number, Case(small, case.deployment, case.seed), broken(small))
