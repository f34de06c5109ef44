"""What holds of `fix --narrow`, whatever the template: judged by the evaluator alone."""

import json
from collections.abc import Iterator

from auto_lex_permissions.transform import examine
from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.fix import Fixed, fix
from auto_lex_permissions_cli.reading import parse
from tests.laws.evaluator import Template, World
from tests.laws.laws import existing_hooks_are_allowed, nothing_else_is_granted
from tests.laws.policies import Call
from tests.laws.reports import STRANGER
from tests.laws.templates import Case
from tests.laws.trial import Trial, request, the_macro

REPORTS = ("ALP201", "ALP202")


def narrowed(case: Case) -> Fixed | None:
    """Return what `fix --narrow` makes of a template, None where it is refused."""
    template = parse("template.json", json.dumps(case.template).encode())
    try:
        return fix(template, request(template.value, case.deployment), narrow=True)
    except UsageError:
        return None


def violations_of_narrowing(case: Case, fixed: Fixed) -> list[str]:
    """Return what is wrong with a narrowed template, as sentences."""
    after = parse("template.json", fixed.text.encode()).value
    # What is reported of policies counts, and is in the answer of the macro alone.
    reported = the_macro(after, case.deployment)
    trial = Trial(case.template, case.deployment, lambda *_: reported)
    gone = {str(one.place[-1]) for one in fixed.narrowed}
    return [
        *(
            f"{name} is missing"
            for name in reported["Resources"].keys() - after["Resources"].keys()
        ),
        *existing_hooks_are_allowed(trial),
        *nothing_else_is_granted(trial),
        *_nobody_is_silenced(trial),
        *_no_stranger_is_shut_out(trial, gone),
        *_nothing_is_left(trial, {str(one.place[-1]) for one in fixed.stays}),
    ]


def _before(trial: Trial, world: World) -> World:
    """Return a world of the answer as it was before."""
    return World(trial.before, world.parameters, world.home)


def _nobody_is_silenced(trial: Trial) -> Iterator[str]:
    """Every hook that was allowed stays allowed, also one that has opted out."""
    for world in trial.deployable:
        before = _before(trial, world)
        for hook in before.hooks:
            if before.permitted(hook) and not world.allowed(hook):
                yield f"{hook.caller} may no longer invoke {hook.function}"


def _no_stranger_is_shut_out(trial: Trial, gone: set[str]) -> Iterator[str]:
    """What has gone let in no bot that the template neither makes nor has aliases of."""
    for world in trial.deployable:
        before = _before(trial, world)
        for name in gone & set(before.existing_of("AWS::Lambda::Permission")):
            statement = before.statement(name)
            stranger = before.alias_arn(STRANGER, STRANGER)
            given = before.given | {STRANGER}
            if statement.matches(Call(statement.function, stranger, before.home, given)) is True:
                yield f"{name} let in a bot of another stack"


def _nothing_is_left(trial: Trial, stays: set[str]) -> Iterator[str]:
    """What is too wide, or never matches, has gone or is listed."""
    after: Template = trial.after
    for report in examine(request(after, trial.deployment)).reports:
        if report.code in REPORTS and report.place[1] not in stays:
            yield f"{report.code} {report.place[1]} is neither taken out nor listed"
