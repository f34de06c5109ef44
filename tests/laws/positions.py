"""The macro before and after AWS::LanguageExtensions: what both orders have to have in common.

Two programs that share no code write the loops out: loops.py, and cfn-lint. The latter reads the
spellings alone that AWS documents, and chooses a value where a map is looked up by a parameter.
"""

import copy
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any

import cfnlint
import yaml
from cfnlint.template.transforms._language_extensions import language_extension

from auto_lex_permissions import TemplateError
from tests.laws import looping, policies, reducing, worlds
from tests.laws.evaluator import Template, UnresolvableError, World
from tests.laws.laws import (
    LAWS_ON_ONE_ANSWER,
    existing_hooks_are_allowed,
    nothing_else_is_granted,
    reasons_to_refuse,
)
from tests.laws.looping import BY_ITEM, FROM_OUTSIDE, Rolled
from tests.laws.loops import FOR_EACH, expanded
from tests.laws.policies import HOME, Home, NotAPolicyError
from tests.laws.templates import cases
from tests.laws.trial import Deployment, Macro, Trial, is_subsequence, same_bytes, the_macro

type Expansion = Callable[[Template], Template]
# Who may invoke what: a caller's ARN, and a function with its qualifier.
type Pair = tuple[str, str]

# How every problem of rule 1.5 ends.
REMEDY = "In the Transform list, put AutoLexPermissions after AWS::LanguageExtensions."
# Why the macro may say so.
ANOTHER_FOR_EACH = "its permission would differ from item to item of the loop"
WAIT_FOR_EACH = "it has to wait for a different resource for each item of the loop"
# What the macro reports of a resource policy whose function it cannot know.
UNSURE = "ResourcePolicyNotCompared"
# And of one that may let Lex in or keep it out.
UNCLEAR = "ResourcePolicyUnclear"
SPARE = "no_permission_is_spare"
# Laws that ask for more than the macro can know where something outside of a loop means one item
# of what a loop makes: to the macro that is a logical id, or a name, of something unknown. It then
# adds in doubt (3.3).
UNLESS_FROM_OUTSIDE = {
    SPARE,
    "aliases_wait_for_their_permissions",
    "permissions_are_shaped",
    "permissions_exist_as_their_grants",
    "permissions_wait_for_their_functions",
    "reports_are_true",
    "retained_permissions_are_those_of_retained_bots",
}
# A permission that is declared in a loop is there as often as the loop has items, which may be
# never: it does not count for a hook outside. Nor does that of another item for a hook in the loop,
# which shows where each of them exists under a condition of its own.
UNLESS_DECLARED_ELSEWHERE = {SPARE}
# What one process tries at a time.
PORTION = 60


def by_cfn_lint(template: Template) -> Template:
    """Return a template without loops, as cfn-lint writes them out."""
    whole = cfnlint.Template("template.yaml", copy.deepcopy(template), [HOME.region])
    problems, written = language_extension(whole)
    if problems or written is None:
        raise UnresolvableError(f"cfn-lint: {problems}")
    plain: Template = json.loads(json.dumps(written))
    return plain


def granted(world: World) -> set[Pair]:
    """Return all pairs of a caller and a function of a world that its policies allow."""
    statements = world.statements
    functions = {statement.function for statement in statements} | {
        hook.function for hook in world.hooks
    }
    return {
        (arn, function)
        for arn in _source_arns(world)
        for function in functions
        if policies.allowed(statements, function, arn, world.home)
    }


def _source_arns(world: World) -> Iterator[str]:
    """Yield the ARN of each bot alias of a world, and of each bot's test alias."""
    for alias in world.existing_of("AWS::Lex::BotAlias"):
        yield world.resolve({"Fn::GetAtt": [alias, "Arn"]})
    for bot in world.existing_of("AWS::Lex::Bot"):
        yield world.alias_arn(world.resolve({"Ref": bot}), "TSTALIASID")


def differences(
    template: Template, other: Template, home: Home = HOME, *, of_hooks: bool = False
) -> list[str]:
    """Return the pairs that one of two templates without loops grants and the other does not.

    All that are granted, or those alone that existing hooks use.
    """
    found = []
    for world in worlds.real(template, home):
        pairs, others = granted(world), granted(World(other, world.parameters, home))
        if of_hooks:
            used = {(hook.source_arn, hook.function) for hook in world.hooks if not hook.opted_out}
            pairs, others = pairs & used, others & used
        found += [f"only before, {pair} {world.parameters}" for pair in sorted(pairs - others)]
        found += [f"only after, {pair} {world.parameters}" for pair in sorted(others - pairs)]
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a macro's answers to a template, and what they show."""

    broken: list[str]
    shown: set[str] = field(default_factory=set)


def judged(rolled: Rolled, macro: Macro = the_macro) -> Verdict:
    """Run a macro on a template before and after the loops are written out, and judge both."""
    template, deployment = rolled.template, rolled.deployment
    before = _answer(macro, template, deployment)
    after = _answer(macro, expanded(template), deployment)
    if isinstance(before, str) or isinstance(after, str):
        return _refused(rolled, before, after)
    broken = [f"author: {change}" for change in _changed(template, before)]
    if not same_bytes(_answer(macro, before, deployment), before):
        broken.append("twice: 6.5: a second application changes more")
    broken += _broken_by_other_items(rolled, before)
    for name, expansion in _expansions(rolled):
        broken += [f"{sentence} ({name})" for sentence in _broken(rolled, before, expansion, macro)]
    return Verdict(broken, {"answered"} if before != template else set())


def _answer(macro: Macro, template: Template, deployment: Deployment) -> Template | str:
    """Return what a macro answers, or why it refuses."""
    try:
        return macro(template, deployment)
    except TemplateError as refused:
        return str(refused)


def _refused(rolled: Rolled, before: Template | str, after: Template | str) -> Verdict:
    """Judge the answers where at least one is a refusal.

    Only before the loops are written out the macro may refuse what it cannot write inside a loop:
    what exists, or has to wait, under a condition that is another one for each item. With plain
    conditions there is nothing to refuse.
    """
    if isinstance(after, str):
        needed = reasons_to_refuse(expanded(rolled.template), rolled.deployment)
        broken = [] if needed else [f"answers: refused without need: {after}"]
        if isinstance(before, str):
            return Verdict(broken, {"refused in both positions"})
        # A resource policy that cannot be compared with a function is reported instead (3.5).
        # Nor is it known in a loop that two bot aliases are different.
        reported = json.dumps(before.get("Metadata"))
        is_outside = FROM_OUTSIDE in rolled.shown and UNSURE in reported
        if not is_outside and UNCLEAR not in reported:
            broken.append(f"answers: refused only after the loops are written out: {after}")
        return Verdict(broken, {"refused after the loops are written out"})
    reasons = {reason for reason in (ANOTHER_FOR_EACH, WAIT_FOR_EACH) if reason in before}
    plain = looping.with_plain_conditions(rolled.template)
    is_needed = REMEDY in before and reasons and plain != rolled.template
    # From outside of its loop nothing can wait for an item that is named by a text.
    is_outside = REMEDY in before and reasons == {WAIT_FOR_EACH} and FROM_OUTSIDE in rolled.shown
    if is_outside or (
        is_needed and not isinstance(_answer(the_macro, plain, rolled.deployment), str)
    ):
        broken = []
    else:
        broken = [f"answers: refused without need: {before}"]
    return Verdict(broken, {"refused before the loops are written out", *reasons})


def _expansions(rolled: Rolled) -> Iterator[tuple[str, Expansion]]:
    """Yield the programs that can write out the loops of a template."""
    yield "loops.py", expanded
    if is_for_cfn_lint(rolled):
        yield "cfn-lint", by_cfn_lint


def is_for_cfn_lint(rolled: Rolled) -> bool:
    """Return whether cfn-lint writes out all of a template, and nothing else than its loops."""
    whole = json.dumps(rolled.template)
    return rolled.documented and "Fn::FindInMap" not in whole and "DependsOn" not in whole


def _broken(rolled: Rolled, before: Template, expansion: Expansion, macro: Macro) -> Iterator[str]:
    """Yield what is wrong with an answer once its loops are written out."""
    template, answer = expansion(rolled.template), expansion(before)
    excused, home = _excused(rolled), rolled.deployment.home
    try:
        after = macro(template, rolled.deployment)
        # What is spare under SourceScope Bot may grant more than hooks use.
        for difference in differences(answer, after, home, of_hooks=SPARE in excused):
            yield f"pairs: 1.5: {difference}"
    except (UnresolvableError, NotAPolicyError, KeyError) as error:
        yield f"pairs: cannot be judged: {error!r}"
    trial = Trial(template, rolled.deployment, lambda *_: answer)
    for law in LAWS_ON_ONE_ANSWER:
        if law.__name__ not in excused:
            try:
                yield from (f"{law.__name__}: {sentence}" for sentence in law(trial))
            except (UnresolvableError, NotAPolicyError, KeyError) as error:
                yield f"{law.__name__}: cannot be judged: {error!r}"


def _broken_by_other_items(rolled: Rolled, answer: Template) -> Iterator[str]:
    """Yield what an answer lacks or grants in vain where a parameter names other items (3.3)."""
    for parameters in looping.with_other_items(rolled.template.get("Parameters", {})):
        before, after = (
            expanded({**template, "Parameters": parameters})
            for template in (rolled.template, answer)
        )
        if looping.is_deployable(before, rolled.deployment):
            trial = Trial(before, rolled.deployment, lambda *_, after=after: after)
            try:
                for law in (existing_hooks_are_allowed, nothing_else_is_granted):
                    yield from (f"items: {sentence}" for sentence in law(trial))
            except UnresolvableError as error:
                yield f"items: cannot be judged: {error!r}"


def _excused(rolled: Rolled) -> set[str]:
    """Return the laws that ask for what the macro cannot know of a template."""
    # What is reported of a loop names no item.
    excused = {"what_is_skipped_is_reported"}
    if FROM_OUTSIDE in rolled.shown:
        excused |= UNLESS_FROM_OUTSIDE
    depths = list(_depths(rolled.template["Resources"]))
    callers = [depth for kind, depth in depths if kind.startswith("AWS::Lex::")]
    declared = [depth for kind, depth in depths if kind == "AWS::Lambda::Permission"]
    if callers and declared:
        is_deeper = max(declared) > min(callers)
        is_of_others = max(declared) > 0 and BY_ITEM in rolled.shown
        if is_deeper or is_of_others:
            excused |= UNLESS_DECLARED_ELSEWHERE
    return excused


def _depths(entries: Template, depth: int = 0) -> Iterator[tuple[str, int]]:
    """Yield the type of each resource, and how many loops it stands in."""
    for name, entry in entries.items():
        if name.startswith(FOR_EACH):
            yield from _depths(entry[2], depth + 1)
        else:
            yield entry["Type"], depth


# The author's part, loops and all.


def _changed(before: Template, after: Template) -> Iterator[str]:
    """Yield what of the author's part is not as it was, but for the waiting of 5.2."""
    # The report, which the macro writes and removes, is in Metadata: the laws judge that.
    sections = [section for section in before if section != "Metadata"]
    yield from _moved("the template", sections, list(after))
    for section in sections:
        if section == "Resources":
            yield from _changed_entries(before[section], after[section], in_loop=False)
            continue
        kept = after.get(section)
        if section == "Conditions" and kept:
            yield from _moved(section, list(before[section]), list(kept))
            kept = {name: kept.get(name) for name in before[section]}
        if not same_bytes(before[section], kept):
            yield f"6.6: {section} was changed"


def _moved(where: str, before: list[str], after: list[str]) -> Iterator[str]:
    """Yield whether keys were moved or removed."""
    if not is_subsequence(before, after):
        yield f"6.6: keys of {where} were moved or removed"


def _changed_entries(before: Template, after: Template, *, in_loop: bool) -> Iterator[str]:
    """Yield which entries of a scope are not as they were, and which new ones no loop can hold."""
    yield from _moved("a scope", list(before), list(after))
    for name in before.keys() & after.keys():
        was, is_ = before[name], after[name]
        if name.startswith(FOR_EACH):
            if not same_bytes(was[:2], is_[:2]):
                yield f"6.6: {name} was changed"
            yield from _changed_entries(was[2], is_[2], in_loop=True)
        elif not same_bytes(_without_waits(was), _without_waits(is_)):
            yield f"6.6: {name} was changed"
    for name in after.keys() - before.keys():
        if name.startswith(FOR_EACH):
            yield f"6.6: the loop {name} was added"
        elif in_loop and next(iter(after[name])) != "Type":
            yield f"1.5: Type is not the first key of {name}"


def _without_waits(resource: Template) -> Template:
    """Return a bot alias without what may be added to it; any other resource as it is."""
    if resource["Type"] != "AWS::Lex::BotAlias":
        return resource
    return {key: resource[key] for key in resource if key not in {"DependsOn", "Metadata"}}


# Many templates.


@dataclass
class Outcome:
    """What a run has tried, and the first template that broke something, with what it broke."""

    tried: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    failure: str = ""


def explore(seed: int, templates: int, macro: Macro = the_macro) -> Outcome:
    """Roll so many of the templates that a seed stands for, and judge both positions on each.

    On all processors, in processes of their own; stops at the first that breaks something.
    """
    starts = range(0, templates, PORTION)
    whole = Outcome()
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), fresh) as pool:
        for part in pool.map(portion, repeat(seed), starts, repeat(macro)):
            whole.tried += part.tried
            whole.counts += part.counts
            whole.failure = part.failure
            if whole.failure:
                pool.shutdown(cancel_futures=True)
                break
    return whole


def portion(seed: int, first: int, macro: Macro = the_macro) -> Outcome:
    """Try some templates in this process; of the first that breaks something show a small form."""
    outcome = Outcome()
    for case in cases(seed, PORTION, first):
        rolled = looping.rolled(case)
        if rolled is None:
            continue
        outcome.tried += 1
        verdict = judged(rolled, macro)
        outcome.counts.update(rolled.shown | verdict.shown | set(_features(rolled)))
        if verdict.broken:
            outcome.failure = _shown(rolled, verdict.broken[0].partition(":")[0], macro)
            break
    return outcome


def _features(rolled: Rolled) -> Iterator[str]:
    """Yield what a template shows, read from the template itself."""
    if is_for_cfn_lint(rolled):
        yield "written out by cfn-lint too"
    whole = json.dumps(rolled.template)
    if "&{" in whole:
        yield "&{}"
    if '"SourceScope": "Bot"' in json.dumps(
        [rolled.deployment.settings, rolled.template.get("Metadata")]
    ):
        yield "SourceScope: Bot"
    for body in _looped(rolled.template["Resources"]):
        yield f"{body['Type']} in a loop"
        if "Condition" in body:
            yield "a condition in a loop"
        if isinstance(body.get("Condition"), dict):
            yield "a condition by a function"
        if "TestBotAliasSettings" in body.get("Properties", {}):
            yield "a test alias in a loop"


def _looped(entries: Template, *, in_loop: bool = False) -> Iterator[Mapping[str, Any]]:
    """Yield the resources that stand in loops."""
    for name, entry in entries.items():
        if name.startswith(FOR_EACH):
            yield from _looped(entry[2], in_loop=True)
        elif in_loop:
            yield entry


def _shown(rolled: Rolled, law: str, macro: Macro) -> str:
    """Return a small template that breaks the same, to read and to paste into a test."""

    def broken(template: Template) -> list[str]:
        found = judged(replace(rolled, template=template), macro).broken
        return [sentence for sentence in found if sentence.partition(":")[0] == law]

    def valid(template: Template) -> bool:
        small = replace(rolled, template=template)
        try:
            return all(
                reducing.is_valid(expand(template), rolled.deployment)
                for _, expand in _expansions(small)
            )
        except (UnresolvableError, LookupError, TypeError, ValueError, AttributeError):
            return False

    template = reducing.reduced(rolled.template, lambda smaller: bool(broken(smaller)), valid)
    return "\n".join([
        *broken(template)[:10],
        f"{rolled.deployment}, seed {rolled.seed}",
        # Through JSON, since YAML would show what stands in two places by an anchor.
        yaml.safe_dump(json.loads(json.dumps(template)), sort_keys=False, default_flow_style=None),
    ])  # fmt: skip
