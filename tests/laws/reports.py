"""Whether what an answer reports of the author's part is true: a second reading of its entries."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

from tests.laws.evaluator import Hook, Template, World, made_up
from tests.laws.policies import INVOKE, OUTSIDE, Call, Patterns, Statement
from tests.laws.trial import REPORT, Trial

STEP = re.compile(r"([^.\[\]]+(?:::[^.\[\]]+)?)|\[(\d+)\]")
NEVER_RESOLVED = ("Fn::Select", "Fn::FindInMap")
# A bot, and a bot alias, that no template has.
STRANGER = "STRANGEBOT"
# What a template says all of: who invokes for what it makes of these.
CALLERS = ("AWS::Lex::Bot", "AWS::Lex::BotAlias")


def reports_are_true(trial: Trial) -> list[str]:
    """What is reported of a permission, a policy or a function is so (3.4, 3.5, 4.1)."""
    return untrue(trial, *JUDGES)


def untrue(trial: Trial, *codes: str) -> list[str]:
    """Return which reports with one of these codes are not true."""
    entries = (trial.after.get("Metadata") or {}).get(REPORT, [])
    broken: list[str] = []
    for entry in entries:
        name = entry["Path"].split(".")[1]
        # A path into a loop names no resource of what the loop comes to.
        if entry.get("Id") in codes and name in trial.before["Resources"]:
            untrue_since = JUDGES[entry["Id"]](trial, entry)
            broken += (f"{entry['Id']} {entry['Path']}: {why}" for why in untrue_since)
    return broken


def what_is_skipped_is_reported(trial: Trial) -> list[str]:
    """A function that no permission of this stack can serve is skipped, and reported (5.3)."""
    entries = (trial.after.get("Metadata") or {}).get(REPORT, [])
    reported = {entry["Path"].split(".")[1] for entry in entries if entry.get("Id") == "ALP402"}
    return [
        f"5.3: {hook.function} of {hook.caller} is skipped, and not reported"
        for world in trial.here
        for hook in world.hooks
        if trial.skips and not hook.opted_out and not world.home.reaches(hook.function)
        if hook.caller not in reported
    ]


def _too_wide(trial: Trial, entry: Template) -> Iterator[str]:
    """Yield why a permission is not too wide: in no deployment, or it is on no hook's function.

    Whether it and the hook are ever there at once need not be seen.
    """
    name = entry["Path"].split(".")[1]
    worlds = [world for world in trial.everywhere if world.exists(name)]
    if not any(_is_wide(trial, world, world.statement(name)) for world in worlds):
        yield "it permits no more than Lex needs"
    functions = {(world, world.statement(name).function) for world in worlds}
    of_hooks = {(w, hook.function) for w in trial.everywhere for hook in trial.hooks(w)}
    # Which of two functions it is on where it exists need not be seen.
    is_read = not _may_have_two_names(trial, "::Function", "FunctionName")
    is_read &= "Fn::If" not in str(trial.before["Resources"][name]["Properties"]["FunctionName"])
    if is_read and _named(functions).isdisjoint(_named(of_hooks)):
        yield "it is on no hook's function"


def _may_have_two_names(trial: Trial, kind: str, key: str) -> bool:
    """Return whether a condition chooses the name of something of a type."""
    return any(
        body["Type"].endswith(kind) and "Fn::If" in str(body["Properties"].get(key))
        for body in trial.before["Resources"].values()
    )


def _named(functions: set[tuple[World, str]]) -> set[str]:
    """Return functions by their ARNs, and by what makes them."""
    return {name for world, function in functions for name in (function, *world.makers(function))}


def _is_wide(trial: Trial, world: World, statement: Statement) -> bool:
    """Return whether a statement permits more than one caller, or more than to invoke."""
    arns = [values for _, key, values in statement.conditions if key == "aws:sourcearn"]
    if trial.bot_wide:
        whole = {world.alias_arn(hook.bot, "*") for hook in world.hooks}
        arns = [values if set(values) - whole else ("a whole bot",) for values in arns]
    return (
        statement.principals == Patterns(("*",))
        or statement.actions.patterns[0].strip().lower() != INVOKE
        or not arns
        or any(wildcard in arn for values in arns for arn in values for wildcard in "*?")
    )


def _never_matches(trial: Trial, entry: Template) -> Iterator[str]:
    """Yield for whom a permission matches after all, or may: a hook, or a bot of another stack."""
    name = entry["Path"].split(".")[1]
    for world in trial.real:
        if not world.exists(name):
            continue
        statement = world.statement(name)
        functions = {statement.function, *(hook.function for hook in world.hooks)}
        calls = [world.call(hook) for hook in world.hooks]
        made = {made_up(caller) for kind in CALLERS for caller in world.existing_of(kind)}
        if not any(caller in str(statement.conditions) for caller in made):
            bots = {world.bot_of(alias) for alias in world.existing_of("AWS::Lex::BotAlias")}
            calls += [
                Call(function, world.alias_arn(bot, STRANGER), world.home, world.given | {STRANGER})
                for function in functions
                for bot in {STRANGER, *bots} - made
            ]
        for call in calls:
            if statement.matches(call) is not False:
                yield f"it may match {call.source_arn} -> {call.function}"
                return


def _not_compared(trial: Trial, entry: Template) -> Iterator[str]:
    """Yield that a policy surely is a hook's function's, or surely is not.

    Whether it and the hook are ever there at once need not be seen.
    """
    name = entry["Path"].split(".")[1]
    policies = {
        (world, function)
        for world in trial.everywhere
        for function, other in world.documents.items()
        if other == name
    }
    hooks = [(world, hook) for world in trial.everywhere for hook in trial.hooks(world)]
    pairs = itertools.product(policies, hooks)
    is_read = not any(call in str(trial.before["Resources"][name]) for call in NEVER_RESOLVED)
    is_read &= not _may_have_two_names(trial, "AWS::Lambda::Alias", "Name")
    if is_read and not any(_may_be_the_same(*policy, *hook) for policy, hook in pairs):
        yield "there is no doubt whose it is"


def _may_be_the_same(where: World, function: str, world: World, hook: Hook) -> bool:
    """Return whether two functions may be one by what a template does not say to who reads it.

    That is what comes from elsewhere, the name of the stack, a version's number, what a condition
    chooses, and what functions are never resolved.
    """
    both = (function, hook.function)
    names = (*where.makers(function), *world.makers(function), *world.makers(hook.function))
    makers = [world.resources[maker] for maker in names]
    caller = str(world.resources[hook.caller].get("Properties"))
    return (
        any(OUTSIDE.search(arn) or f"function:{world.home.stack}-" in arn for arn in both)
        or any("Fn::If" in str(maker.get("Properties")) for maker in makers)
        or any(maker["Type"] == "AWS::Lambda::Version" for maker in makers)
        or any(name in caller for name in NEVER_RESOLVED)
    )


def _unclear(trial: Trial, entry: Template) -> Iterator[str]:
    """Yield that a policy surely lets Lex in, or surely does not."""
    name = entry["Path"].split(".")[1]
    if not any(
        world.documents.get(hook.function) == name and world.verdict(hook, of_a_reader=True) is None
        for world in trial.everywhere
        for hook in trial.hooks(world)
    ):
        yield "it is clear what it says"


def _unreachable(trial: Trial, entry: Template) -> Iterator[str]:
    """Yield where a permission of this stack could be put on a function."""
    for world in trial.here:
        functions = list(_at(world, trial.before, entry["Path"]))
        if any(world.home.reaches(world.home.function(function)) for function in functions):
            yield "the function is of this account and Region"
            return


def _at(world: World, template: Template, path: str) -> Iterator[str]:
    """Yield what stands at a path, where it exists in a world."""
    value: Any = template
    for step, index in STEP.findall(path):
        if isinstance(value, dict) and step == "Fn::If":
            value = value[step]
            continue
        is_branch = isinstance(value, list) and value and isinstance(value[0], str)
        if is_branch and world.truth(value[0]) != (index == "1"):
            return
        value = value[int(index)] if index else value[step]
    yield world.resolve(value)


JUDGES = {
    "ALP201": _too_wide,
    "ALP202": _never_matches,
    "ALP204": _not_compared,
    "ALP206": _unclear,
    "ALP402": _unreachable,
}
