"""The laws: what holds of the macro's answer to any template, under every assignment.

Each law takes a trial (a template before and after the macro) and returns what breaks it, as
sentences that begin with the rule of the contract. They are judged by the evaluator alone.
"""

import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from auto_lex_permissions import TemplateError
from tests.laws import late_values, rewriting
from tests.laws.evaluator import (
    FUNCTIONS,
    PLACEHOLDER,
    Hook,
    Template,
    UnresolvableError,
    World,
    operand_counts,
    reachable,
)
from tests.laws.loops import expanded
from tests.laws.policies import LEX, NotAPolicyError, Statement
from tests.laws.reports import reports_are_true, untrue, what_is_skipped_is_reported
from tests.laws.trial import (
    OURS,
    REPORT,
    Deployment,
    Macro,
    Trial,
    is_subsequence,
    same_bytes,
    the_macro,
)

type Law = Callable[[Trial], list[str]]

LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,247}[0-9a-f]{8}")
TEST_ALIAS_ARN = (
    "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/${%s}/TSTALIASID"
)
BOT_WIDE_ARN = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/${%s}/*"
# How the macro names a bot's id; the later ones are for loops whose variables have the first.
PLACEHOLDERS = ("BotId", "IdOfBot", "IdOfBot2")
MOST_OPERANDS = 10


def judge(
    before: Template,
    after: Template,
    deployment: Deployment,
) -> list[str]:
    """Judge an answer by all laws that need no second run of the macro, as for a golden case.

    An UnresolvableError means that CloudFormation would reject the template in its own words.
    """
    trial = Trial(_whole(before), deployment, lambda *_: _whole(after))
    return [broken for law in LAWS_ON_ONE_ANSWER for broken in law(trial)]


def violations(
    template: Template,
    deployment: Deployment,
    macro: Macro = the_macro,
    seed: int = 0,
    law: str = "",
) -> list[str]:
    """Run a macro on a template and return which laws, or the one named, are broken, and how."""
    trial = Trial(template, deployment, macro, seed)
    try:
        _ = trial.after
    except TemplateError as refused:
        needed = reasons_to_refuse(template, deployment)
        without = [str(mistake) for mistake in refused.diagnostics if mistake.code not in needed]
        return [f"answers: refused without need: {mistake}" for mistake in without]
    except Exception as error:  # noqa: BLE001 - whatever it raises, it must not (6.2).
        return [f"answers: 6.2: raised {error!r}"]
    return [
        f"{tried.__name__}: {broken}"
        for tried in (*LAWS_ON_ONE_ANSWER, *LAWS_ON_SEVERAL_ANSWERS)
        if law in {"", tried.__name__}
        for broken in _broken(tried, trial)
    ]


def _broken(law: Law, trial: Trial) -> list[str]:
    """Return what breaks a law; an answer that cannot be judged breaks it too."""
    try:
        return law(trial)
    except (TemplateError, UnresolvableError, NotAPolicyError) as error:
        return [f"cannot be judged: {error}"]


def _whole(fragment: Template) -> Template:
    """Return a template without loops: a fragment may be a map of resources alone (6.1)."""
    return expanded(fragment if "Resources" in fragment else {"Resources": fragment})


# Whom Lex may invoke.


def existing_hooks_are_allowed(trial: Trial) -> list[str]:
    """Lex may invoke what every existing hook names (2.4)."""
    return [
        f"2.4: not allowed: {_described(hook)} {_where(world)}"
        for world in trial.deployable
        for hook in trial.hooks(world)
        if not world.allowed(hook)
    ]


def nothing_else_is_granted(trial: Trial) -> list[str]:
    """A generated statement grants only pairs that existing hooks use (2.4)."""
    return [
        f"2.4: {statement.permission} grants what no existing hook uses {_where(world)}"
        for world in trial.deployable
        for statement in _generated(trial, world)
        if not any(_serves(trial, world, statement, hook) for hook in trial.hooks(world))
    ]


def no_permission_is_spare(trial: Trial) -> list[str]:
    """Without a generated permission some hook would not be allowed, in some world (3.1)."""
    return [
        f"2.1, 2.3, 3.1: {permission} is spare in every world"
        for permission in trial.permissions
        if not any(_needed(trial, world, permission) for world in trial.everywhere)
        and not _is_of_a_version_of_two(trial, permission)
        and not _is_on_an_alias_of_two(trial, permission)
    ]


def _aliases_of_two(template: Template) -> set[str]:
    """Return the Lambda aliases whose names a condition chooses."""
    return {
        name
        for name, body in template["Resources"].items()
        if body["Type"] == "AWS::Lambda::Alias" and "Fn::If" in str(body["Properties"]["Name"])
    }


def _is_on_an_alias_of_two(trial: Trial, permission: str) -> bool:
    """Return whether a permission is on a Lambda alias whose name a condition chooses.

    That it is what a text names need not be seen (3.3).
    """
    two = _aliases_of_two(trial.before)
    return any(
        not two.isdisjoint(world.makers(world.statement(permission).function))
        for world in trial.everywhere
        if world.exists(permission)
    )


def _is_of_a_version_of_two(trial: Trial, permission: str) -> bool:
    """Return whether a permission is for a bot that a version of one bot or another may be of.

    That the version's BotId is one of the two need not be seen (3.3).
    """
    resources = trial.before["Resources"]
    source_arn = trial.resource(permission)["Properties"]["SourceArn"]
    caller = resources.get(str(source_arn.get("Fn::GetAtt", [""])[0]), {})
    bot = str([source_arn, caller.get("Properties", {}).get("BotId")])
    versions = {
        name: rewriting.branches(body["Properties"]["BotId"])
        for name, body in resources.items()
        if body["Type"] == "AWS::Lex::BotVersion" and "Fn::If" in body["Properties"]["BotId"]
    }
    names = {*versions, *(bot["Ref"] for bots in versions.values() for bot in bots)}
    return any(name in bot for name in names)


def permissions_exist_as_their_grants(trial: Trial) -> list[str]:
    """A generated permission exists wherever its grant does (2.3).

    Where a text may name a function of the template, one pair can be two grants, of which the
    author's permissions may cover one: these are left to the other laws.
    """
    return [
        f"2.3: {permission} does not exist with its grant {_where(world)}"
        for world in trial.deployable
        for permission in trial.permissions
        if not world.exists(permission)
        and _speakable(world, permission)
        and not _is_of_a_version_of_two(trial, permission)
        and _is_missed(trial, world, world.statement(permission))
    ]


def _is_missed(trial: Trial, world: World, statement: Statement) -> bool:
    """Return whether a hook asks for a statement that does not exist, and no other serves it."""
    names = world.makers(statement.function)
    makers = [world.resources[name].get("Properties", {}) for name in names]
    return not any("FunctionName" in properties for properties in makers) and any(
        _serves(trial, world, statement, hook) and not _serving(trial, world, hook)
        for hook in trial.hooks(world)
    )


def _generated(trial: Trial, world: World) -> Iterator[Statement]:
    """Yield the statements of the generated permissions that exist."""
    for permission in trial.permissions:
        if world.exists(permission):
            yield world.statement(permission)


def _serves(trial: Trial, world: World, statement: Statement, hook: Hook) -> bool:
    """Return whether a generated statement is exactly what a hook asks for, no wider."""
    source_arn = world.alias_arn(hook.bot, "*") if trial.bot_wide else hook.source_arn
    return statement.function == hook.function and statement.conditions == (
        ("arnlike", "aws:sourcearn", (source_arn,)),
        ("stringequals", "aws:sourceaccount", (world.home.account,)),
    )


def _needed(trial: Trial, world: World, permission: str) -> bool:
    """Return whether some hook would go without, were this permission not there."""
    if not world.exists(permission):
        return False
    statement = world.statement(permission)
    return any(
        world.allowed(hook) and not world.allowed(hook, without=frozenset({permission}))
        for hook in trial.hooks(world)
    ) or any(
        world.is_unclear(hook) and _serves(trial, world, statement, hook)
        for hook in trial.hooks(world)
    )


def _speakable(world: World, permission: str) -> bool:
    """Return whether all that a permission refers to exists: else its statement means nothing."""
    properties = world.resources[permission]["Properties"]
    return all(map(world.exists, world.references(properties)))


# What refers to what.


def no_reference_dangles(trial: Trial) -> list[str]:
    """Nothing generated refers to a resource that does not exist (2.4)."""
    return [
        f"2.4: {logical_id} refers to {other}, which does not exist {_where(world)}"
        for world in trial.deployable
        for logical_id, other in sorted(world.dangling_references)
    ]


def no_cycle_is_closed(trial: Trial) -> list[str]:
    """What the macro adds closes no cycle of dependencies (2.8)."""
    ours = set(trial.generated)
    return [
        f"2.8: a cycle {' -> '.join(world.cycle)} {_where(world)}"
        for world in trial.deployable
        if ours & set(world.cycle)
    ]


def permissions_wait_for_their_functions(trial: Trial) -> list[str]:
    """A permission is created after whatever makes its function and qualifier (2.7)."""
    return [
        f"2.7: {statement.permission} does not wait for {maker} {_where(world)}"
        for world in trial.deployable
        if not world.makes_twice
        for statement in _generated(trial, world)
        for maker in world.makers(statement.function)
        if maker not in world.after(statement.permission)
    ]


def aliases_wait_for_their_permissions(trial: Trial) -> list[str]:
    """Under SourceScope Bot an alias changes only after its permission stands (5.2)."""
    return [
        f"5.2: {hook.caller} does not wait for {' or '.join(serving)} {_where(world)}"
        for world in trial.deployable
        for hook in trial.hooks(world)
        if trial.bot_wide and world.resources[hook.caller]["Type"] == "AWS::Lex::BotAlias"
        for serving in [_serving(trial, world, hook)]
        if serving and not world.after(hook.caller) & set(serving)
        # Whom the author's own permission or policy lets in need not wait for another.
        if not world.allowed(hook, without=frozenset(trial.permissions))
        if not _would_close_a_cycle(trial, world, serving, hook.caller)
    ]


def _serving(trial: Trial, world: World, hook: Hook) -> list[str]:
    """Return the generated permissions that serve a hook."""
    return [
        statement.permission
        for statement in _generated(trial, world)
        if _serves(trial, world, statement, hook)
    ]


def _would_close_a_cycle(trial: Trial, world: World, permissions: list[str], alias: str) -> bool:
    """Return whether waiting might close a cycle, and the answer reports that it does not wait.

    Might, under whatever conditions: the contract does not ask for more than caution here. Of
    several permissions for one function, the one that an alias would wait for is its own.
    """
    every = world.needs_of_all_branches
    reported = bool(trial.after.get("Metadata", {}).get(REPORT))
    return reported and any(alias in reachable(every, permission) for permission in permissions)


# The author's part.


def the_author_is_left_alone(trial: Trial) -> list[str]:
    """The author's part stays as it was, but for the waiting of 5.2 and the report (6.6)."""
    before, after = _without_report(trial.before), _without_report(trial.after)
    broken = [f"6.6: {key} was added" for key in after if key not in {*before, "Conditions"}]
    if not is_subsequence(list(before), list(after)):
        broken.append("6.6: sections were moved or removed")
    for key in before:
        if key in {"Resources", "Conditions"}:
            broken += _entries_kept(trial, key, before[key], after.get(key, {}))
        elif not same_bytes(before[key], after.get(key)):
            broken.append(f"6.6: {key} was changed")
    return broken


def _without_report(template: Template) -> Template:
    """Return a template without the macro's own report."""
    metadata = template.get("Metadata")
    if not isinstance(metadata, dict):
        return template
    rest = {key: value for key, value in metadata.items() if key != REPORT}
    return {
        key: rest if key == "Metadata" else value
        for key, value in template.items()
        if rest or key != "Metadata"
    }


def _entries_kept(trial: Trial, section: str, before: Template, after: Template) -> list[str]:
    """Return which entries of a section were not kept as they were."""
    if not is_subsequence(list(before), list(after)):
        return [f"6.6: entries of {section} were moved or removed"]
    changed = [name for name in before if not same_bytes(before[name], after[name])]
    return [
        f"6.6: {section}.{name} was changed"
        for name in changed
        if section != "Resources" or not _only_waits(trial, before[name], after[name])
    ]


def _only_waits(trial: Trial, before: Template, after: Template) -> bool:
    """Return whether a resource is a bot alias that was only made to wait (5.2, 2.8)."""
    if not trial.bot_wide or before.get("Type") != "AWS::Lex::BotAlias":
        return False
    rest = [
        {key: value for key, value in resource.items() if key not in {"DependsOn", "Metadata"}}
        for resource in (before, after)
    ]
    return (
        same_bytes(*rest) and _depends_on_more(trial, before, after) and _says_more(before, after)
    )


def _depends_on_more(trial: Trial, before: Template, after: Template) -> bool:
    """Return whether a DependsOn has only grown by generated resources."""
    was, is_ = (_list(resource.get("DependsOn", [])) for resource in (before, after))
    added = [name for name in is_ if name not in was]
    return is_[: len(was)] == was and set(added) <= set(trial.generated)


def _says_more(before: Template, after: Template) -> bool:
    """Return whether a Metadata has only grown under the macro's own key."""
    was, is_ = (resource.get("Metadata", {}) for resource in (before, after))
    mine, ours = was.get(OURS, {}), is_.get(OURS, {})
    others = [{key: metadata[key] for key in metadata if key != OURS} for metadata in (was, is_)]
    kept = [same_bytes(mine[key], ours.get(key)) for key in mine if key != "WaitsFor"]
    waits, waits_more = (settings.get("WaitsFor", []) for settings in (mine, ours))
    return same_bytes(*others) and all(kept) and same_bytes(waits, waits_more[: len(waits)])


def the_report_holds_no_values(trial: Trial) -> list[str]:
    """The report is a list of paths, names and codes, and absent where it has nothing to say."""
    metadata = trial.after.get("Metadata")
    if not isinstance(metadata, dict) or REPORT not in metadata:
        return []
    report = metadata[REPORT]
    shaped = bool(report) and all(
        set(entry) == {"Path", "Code", "Id"}
        and all(isinstance(value, str) for value in entry.values())
        for entry in report
    )
    return [] if shaped else [f"reported: not a list of Path, Code and Id: {json.dumps(report)}"]


# What the generated part looks like.


def permissions_are_shaped(trial: Trial) -> list[str]:
    """A generated resource is a permission as 2.1, 2.2 and 2.6 describe it."""
    functions = {json.dumps(arn) for arn in rewriting.function_expressions(trial.before)}
    source_arns = {json.dumps(arn) for arn in _source_arns(trial)}
    return [
        f"{name}: {problem}"
        for name in trial.generated
        for problem in _misshapen(trial.resource(name), functions, source_arns)
    ]


def _misshapen(resource: Template, functions: set[str], source_arns: set[str]) -> Iterator[str]:
    """Yield what is wrong with the looks of a generated resource."""
    if resource.get("Type") != "AWS::Lambda::Permission":
        yield "2.1: is no AWS::Lambda::Permission"
        return
    known = {"Type", "Condition", "DependsOn", "DeletionPolicy", "Metadata", "Properties"}
    if set(resource) - known:
        yield f"2.1: has {sorted(set(resource) - known)}"
    properties = dict(resource["Properties"])
    if json.dumps(properties.pop("FunctionName", None)) not in functions:
        yield "2.2: FunctionName is no LambdaArn of the author"
    if json.dumps(properties.pop("SourceArn", None)) not in source_arns:
        yield "2.1, 5.2: SourceArn is not as promised"
    if properties != {
        "Action": "lambda:InvokeFunction",
        "Principal": LEX,
        "SourceAccount": {"Ref": "AWS::AccountId"},
    }:
        yield f"2.1: properties are {json.dumps(properties)}"
    settings = resource.get("Metadata", {}).get(OURS, {})
    if not {"Reason", "HookSource"} <= set(settings):
        yield "2.6: Metadata does not say why it exists"


def _source_arns(trial: Trial) -> Iterator[Any]:
    """Yield every SourceArn that the macro may write for a template."""
    if trial.bot_wide:
        for bot in rewriting.bot_expressions(trial.before):
            spellings = [bot]
            if name := _placeholder(bot):
                yield {"Fn::Sub": BOT_WIDE_ARN % name}
                logical_id, _, attribute = name.partition(".")
                # As a loop has to write it (1.5).
                spellings.append({"Fn::GetAtt": [logical_id, attribute]})
            for placeholder, spelling in itertools.product(PLACEHOLDERS, spellings):
                yield {"Fn::Sub": [BOT_WIDE_ARN % placeholder, {placeholder: spelling}]}
        return
    for name, resource in trial.before["Resources"].items():
        if resource["Type"] == "AWS::Lex::BotAlias":
            yield {"Fn::GetAtt": [name, "Arn"]}
        if resource["Type"] == "AWS::Lex::Bot":
            yield {"Fn::Sub": TEST_ALIAS_ARN % name}
            # As a loop has to write it (1.5).
            for placeholder in PLACEHOLDERS:
                yield {"Fn::Sub": [TEST_ALIAS_ARN % placeholder, {placeholder: {"Ref": name}}]}


def _placeholder(bot: Any) -> str:
    """Return what an Fn::Sub may hold in the place of a bot's id, or nothing."""
    match bot:
        case {"Ref": str(name)} | {"Fn::GetAtt": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": str(written)} if PLACEHOLDER.fullmatch(written):
            return written[2:-1]
        case {"Fn::Sub": [str(written), {**values}]} if written[2:-1] in values:
            return _placeholder(values[written[2:-1]])
        case {"Fn::Join": [_, [only]]}:
            return _placeholder(only)
    return ""


def logical_ids_are_as_promised(trial: Trial) -> list[str]:
    """Logical ids are readable, short and end in eight hex digits (2.5)."""
    taken = {
        *trial.before.get("Parameters", {}),
        *trial.before.get("Conditions", {}),
        *trial.before["Resources"],
    }
    return [
        f"2.5: {logical_id} is no logical id of the scheme"
        for logical_id in trial.generated
        if not LOGICAL_ID.fullmatch(logical_id) or logical_id in taken
    ]


def _named_after(condition: str, permission: str) -> bool:
    """Return whether a condition has a permission's name, in a loop that without the items."""
    return condition[-8:] == permission[-8:] and is_subsequence(list(condition), list(permission))


def conditions_are_the_fewest(trial: Trial) -> list[str]:
    """No condition where none is needed, an existing one where one is equivalent (2.3)."""
    broken = [
        f"2.3: {name} belongs to no permission"
        for name in trial.new_conditions
        if not any(_named_after(name, permission) for permission in trial.permissions)
    ]
    truths = {name: _truths(trial, name) for name in trial.after.get("Conditions", {})}
    for permission in trial.permissions:
        condition = trial.resource(permission).get("Condition")
        if condition is None:
            continue
        if all(truths[condition]):
            broken.append(f"2.3: {permission} needs no condition")
        if not any(truths[condition]):
            broken.append(f"2.3: {permission} can never exist")
        if condition in trial.new_conditions:
            if not _named_after(condition, permission):
                broken.append(f"2.3: {permission} exists under the condition {condition}")
            same = [
                name
                for name in trial.before.get("Conditions", {})
                if truths[name] == truths[condition]
            ]
            broken += [f"2.3: {permission} could exist under {name}" for name in same[:1]]
    return broken


def _truths(trial: Trial, condition: str) -> list[bool]:
    """Return what a condition comes to in every formal world."""
    return [world.truth(condition) for world in trial.formal]


def conditions_have_few_operands(trial: Trial) -> list[str]:
    """A new condition's And and Or have two to ten operands each, however nested (2.3)."""
    return [
        f"2.3: {name} has an Fn::And or Fn::Or with {count} operands"
        for name in trial.new_conditions
        for count in operand_counts(trial.after["Conditions"][name])
        if not 2 <= count <= MOST_OPERANDS
    ]


def retained_permissions_are_those_of_retained_bots(trial: Trial) -> list[str]:
    """A permission is retained where its caller is and its function too (2.6)."""
    broken = []
    for permission in trial.permissions:
        policy = trial.resource(permission).get("DeletionPolicy", "Delete")
        both: set[bool] = set()
        served: set[str] = set()
        for world in trial.everywhere:
            if world.exists(permission):
                statement = world.statement(permission)
                callers = {
                    hook.caller
                    for hook in trial.hooks(world)
                    if _serves(trial, world, statement, hook)
                }
                kept = {_retained(world, caller) for caller in callers}
                functions = _retained_functions(world, permission, statement.function)
                both.add(True in kept and True in functions)
                served |= callers | set(world.makers(statement.function))
                stays = str(world.resolve(policy)).startswith("Retain")
                if world in trial.real and kept == functions == {True} and not stays:
                    broken.append(f"2.6: {permission} is not retained {_where(world)}")
        written = trial.before["Resources"]
        own = [written.get(name, {}).get("DeletionPolicy") for name in sorted(served)]
        if both == {False} and not any(map(_depends_on_values, own)) and policy != "Delete":
            broken.append(f"2.6: {permission} has DeletionPolicy {policy}, and nothing stays")
        if policy not in ("Delete", "RetainExceptOnCreate") and policy not in own:
            broken.append(f"2.6: {permission} has a DeletionPolicy of its own: {policy}")
    return broken


def _depends_on_values(policy: Any) -> bool:
    """Return whether a DeletionPolicy depends on what the macro does not read."""
    return "'Ref'" in str(policy) or "Fn::FindInMap" in str(policy)


def _retained_functions(world: World, permission: str, function: str) -> set[bool]:
    """Return whether what makes a function is retained, as outside it is; both where it is open."""
    expression = world.resources[permission]["Properties"]["FunctionName"]
    makers = {*world.makers(function), *world.references(expression)}
    functions = {maker for maker in makers if world.resources[maker]["Type"] in FUNCTIONS}
    kept = {_retained(world, logical_id) for logical_id in functions} or {True}
    # A function that stays with an alias or a nested stack that goes: the contract does not say.
    if kept == {True} and not all(_retained(world, maker) for maker in makers):
        return {True, False}
    return kept


def _retained(world: World, logical_id: str) -> bool:
    """Return whether a resource outlives its stack."""
    policy = world.resolve(world.resources[logical_id].get("DeletionPolicy", ""))
    return str(policy).startswith("Retain")


# What several answers have in common.


def twice_is_once(trial: Trial) -> list[str]:
    """Applying the macro to its own answer changes nothing (6.5)."""
    again = trial.macro(trial.after, trial.deployment)
    return [] if same_bytes(again, trial.after) else ["6.5: a second application changes more"]


def templates_without_hooks_come_back_equal(trial: Trial) -> list[str]:
    """Where no hook can ever exist, nothing is added (6.6)."""
    if any(world.hooks for world in trial.everywhere):
        return []
    ours = {**trial.before, "Metadata": trial.after.get("Metadata")}
    same = same_bytes(_without_report(trial.after), _without_report(trial.before))
    return [] if same else [f"6.6: changed without a hook: {sorted(ours)}"]


def order_does_not_matter(trial: Trial) -> list[str]:
    """Locales, resources and keys in another order get the same permissions (2.5)."""
    shuffled = rewriting.reordered(trial.before, trial.rng)
    other = Trial(shuffled, trial.deployment, trial.macro)
    return _differences(trial, other, "2.5: in another order")


def a_locale_more_does_not_matter(trial: Trial) -> list[str]:
    """One more locale with the same hook changes no permission (2.1, 2.6)."""
    more = rewriting.with_a_locale_twice(trial.before, trial.rng)
    other = Trial(more, trial.deployment, trial.macro)
    return _differences(trial, other, "2.6: with one locale more")


def _differences(trial: Trial, other: Trial, when: str) -> list[str]:
    """Return the generated resources and conditions that differ between two answers."""
    broken = [
        f"{when}: {name} differs"
        for name in sorted({*trial.generated, *other.generated})
        if trial.after["Resources"].get(name) != other.after["Resources"].get(name)
    ]
    return broken + [
        f"{when}: condition {name} differs"
        for name in sorted({*trial.new_conditions, *other.new_conditions})
        if trial.after["Conditions"].get(name) != other.after.get("Conditions", {}).get(name)
    ]


def spelling_does_not_matter(trial: Trial) -> list[str]:
    """In other spellings a template gets permissions of the same ids and conditions (2.5)."""
    respelled = rewriting.respelled(trial.before, trial.rng)
    other = Trial(respelled, trial.deployment, trial.macro)
    if set(trial.generated) != set(other.generated):
        changed = sorted(set(trial.generated) ^ set(other.generated))
        return [f"2.5: respelled, the logical ids differ by {changed}"]
    return [
        f"2.5: respelled, {name} exists under other conditions"
        for name in trial.generated
        if _existence(trial, name) != _existence(other, name)
    ]


def _existence(trial: Trial, logical_id: str) -> dict[tuple[bool, ...], bool]:
    """Return whether a resource exists, by what the author's conditions come to."""
    names = sorted(trial.before.get("Conditions", {}))
    return {tuple(map(world.truth, names)): world.exists(logical_id) for world in trial.formal}


def other_aliases_do_not_matter(trial: Trial) -> list[str]:
    """Without one bot alias the permissions of all others stay as they are (2.5)."""
    gone, fewer = rewriting.without_an_alias(trial.before, trial.rng)
    other = Trial(fewer, trial.deployment, trial.macro)
    if trial.bot_wide:
        # Text that may be one of several functions serves for them all, as long as it is there; so
        # does a reference to a function for the names that it has under conditions.
        if _shared_names(trial.before):
            return []
        new = sorted(set(other.generated) - set(trial.generated))
        return [f"2.5: without {gone}, {name} is new" for name in new]
    theirs = {
        name
        for name in trial.generated
        if trial.resource(name)["Properties"]["SourceArn"] == {"Fn::GetAtt": [gone, "Arn"]}
    }
    return [
        f"2.5: without {gone}, {name} differs"
        for name in sorted({*trial.generated, *other.generated} - theirs)
        if trial.after["Resources"].get(name) != other.after["Resources"].get(name)
    ]


def _shared_names(template: Template) -> bool:
    """Return whether functions of a template share a name, or one has several."""
    written = [
        json.dumps(body.get("Properties", {}).get("FunctionName"), sort_keys=True)
        for body in template["Resources"].values()
        if body["Type"] in FUNCTIONS and "FunctionName" in body.get("Properties", {})
    ]
    several = any(name.startswith('{"Fn::If"') for name in written)
    return several or len(written) != len(set(written))


# What a template does not say.


def late_values_are_not_trusted(trial: Trial) -> list[str]:
    """Whatever the values come to that deployment decides, the answer holds (3.3, 3.4, 3.5)."""
    late = late_values.with_late_values(trial.before, trial.rng)
    answer: Template | set[str]
    try:
        answer = trial.macro(late.template, trial.deployment)
    except TemplateError as refused:
        answer = {mistake.code for mistake in refused.diagnostics}
    broken = (_wrong_with(values, trial, late.template, answer) for values in late.resolutions)
    return list(dict.fromkeys(sentence for found in broken for sentence in found))


def _wrong_with(
    values: late_values.Resolution, trial: Trial, template: Template, answer: Template | set[str]
) -> list[str]:
    """Return what is wrong with an answer, or with the codes of a refusal, for some values."""
    before = late_values.resolved(template, values)
    try:
        if isinstance(answer, set):
            # A permission may not be the one that a policy in some deployments only needs.
            needed = reasons_to_refuse(_without_permissions(before), trial.deployment)
            return [f"refused without need: {code}" for code in sorted(answer - needed)]
        resolved = late_values.resolved(answer, values)
        deployed = Trial(before, trial.deployment, lambda *_: resolved)
        return [*_wrong_in_worlds(deployed), *untrue(deployed, "ALP202")]
    except (UnresolvableError, NotAPolicyError):  # CloudFormation refuses such a value.
        return []


def _wrong_in_worlds(trial: Trial) -> Iterator[str]:
    """Yield what is not allowed, or granted in vain, in the worlds of a resolved template."""
    for world in trial.deployable:
        if world.makes_twice or not all(world.home.reaches(hook.function) for hook in world.hooks):
            continue
        for hook in trial.hooks(world):
            is_reported = world.documents.get(hook.function) in world.unclear | world.not_compared
            if not (world.allowed(hook) or (is_reported and world.permitted(hook))):
                yield f"3.3: not allowed: {_described(hook)} {_where(world)}"
        for statement in _generated(trial, world):
            if not any(_serves(trial, world, statement, hook) for hook in trial.hooks(world)):
                yield f"3.3: {statement.permission} grants what no hook uses {_where(world)}"


def _without_permissions(template: Template) -> Template:
    """Return a template without the author's permissions."""
    kept = {
        name: body
        for name, body in template["Resources"].items()
        if body["Type"] != "AWS::Lambda::Permission"
    }
    return {**template, "Resources": kept}


# When the macro may refuse, and when it must.


def reasons_to_refuse(template: Template, deployment: Deployment) -> set[str]:
    """Return the codes of the mistakes that the contract lets a template have (3.5, 4.1, 4.2).

    What cannot live in this deployment is no mistake of section 4.
    """
    trial = Trial(template, deployment, lambda fragment, _: fragment)
    worlds_ = trial.everywhere
    governed = _governed(worlds_)
    codes = {
        code
        for world in worlds_
        for hook in trial.hooks(world)
        for code in _mistakes_of_policies(world, hook, governed)
    }
    return codes | {
        code
        for world in (*trial.here, *trial.formal_here)
        for code in _mistakes_of_reach(trial, world)
    }


def what_cannot_be_served_is_refused(trial: Trial) -> list[str]:
    """What no permission of this stack can serve in this deployment is an error (4.1, 4.2)."""
    return [
        f"{code}: was not refused {_where(world)}"
        for world in trial.here
        if not world.dangling_references
        for code in _mistakes_of_reach(trial, world)
    ]


def policies_in_some_deployments_are_refused(trial: Trial) -> list[str]:
    """A policy that belongs to a function here and there only is an error (3.5).

    Not where it is reported that it is not known whose policy it is. A function of the same name
    that something else makes is another one.
    """
    sound = [world for world in trial.deployable if not world.makes_twice]
    governed = {
        (function, *world.makers(function))
        for world in sound
        for function, policy in world.documents.items()
        if policy not in world.not_compared
    }
    return [
        f"ALP207: was not refused for {_described(hook)} {_where(world)}"
        for world in sound
        for hook in trial.hooks(world)
        if hook.function not in world.documents
        if (hook.function, *world.makers(hook.function)) in governed
        if not _is_permitted_by_the_author(trial, world, hook)
    ]


def _is_permitted_by_the_author(trial: Trial, world: World, hook: Hook) -> bool:
    """Return whether a permission of the author lets Lex invoke what a hook names."""
    return world.permitted(hook, without=frozenset(trial.permissions))


def _governed(worlds_: list[World]) -> set[str]:
    """Return the functions that have a policy in some world, and what makes them."""
    return {
        name
        for world in worlds_
        for function in world.documents
        for name in (function, *world.makers(function))
    }


def _mistakes_of_policies(world: World, hook: Hook, governed: set[str]) -> Iterator[str]:
    """Yield the codes of what a hook's policies do not allow."""
    names = {hook.function, *world.makers(hook.function)}
    # That a permission is on what a text names need not be seen where a condition chooses the name.
    is_permitted = world.permitted(hook) and not _aliases_of_two(world.template)
    if names & governed and hook.function not in world.documents and not is_permitted:
        yield "ALP207"
    if hook.function in world.documents:
        if world.denied(hook):
            yield "ALP205"
        if world.is_left_out(hook):
            yield "ALP203"


def _mistakes_of_reach(trial: Trial, world: World) -> Iterator[str]:
    """Yield the codes of what no permission of this stack can do for the hooks of a world."""
    for hook in world.hooks:
        if hook.opted_out:
            continue
        if not world.home.reaches(hook.function):
            if not trial.skips:
                yield "ALP401"
        elif hook.function.rpartition(":")[2].startswith("$"):
            yield "ALP403"


def _described(hook: Hook) -> str:
    """Return a hook for a message."""
    return f"{hook.caller} ({hook.source_arn}) -> {hook.function}"


def _where(world: World) -> str:
    """Return which conditions hold in a world, for a message."""
    conditions = world.template.get("Conditions", {})
    return "where " + (", ".join(name for name in conditions if world.truth(name)) or "none holds")


def _list(value: Any) -> list[Any]:
    """Return a list, or the one thing that stands for a list of it."""
    return value if isinstance(value, list) else [value]


LAWS_ON_ONE_ANSWER: tuple[Law, ...] = (
    existing_hooks_are_allowed,
    what_cannot_be_served_is_refused,
    policies_in_some_deployments_are_refused,
    nothing_else_is_granted,
    no_permission_is_spare,
    permissions_exist_as_their_grants,
    no_reference_dangles,
    no_cycle_is_closed,
    permissions_wait_for_their_functions,
    aliases_wait_for_their_permissions,
    the_author_is_left_alone,
    the_report_holds_no_values,
    reports_are_true,
    what_is_skipped_is_reported,
    permissions_are_shaped,
    logical_ids_are_as_promised,
    conditions_are_the_fewest,
    conditions_have_few_operands,
    retained_permissions_are_those_of_retained_bots,
    templates_without_hooks_come_back_equal,
)
LAWS_ON_SEVERAL_ANSWERS: tuple[Law, ...] = (
    twice_is_once,
    order_does_not_matter,
    a_locale_more_does_not_matter,
    spelling_does_not_matter,
    other_aliases_do_not_matter,
    late_values_are_not_trusted,
)
