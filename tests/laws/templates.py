"""Random templates of Lex bots, valid by construction, small enough to try every assignment.

A seed and a number make a template, whatever else is tried before it, in every process. The choices
are plain ones of `random`: hypothesis draws zeros and repetitions more often than asked for, which
left a fifth of all templates without a bot; and what it shrinks to keeps much that reducing.py
takes out.
"""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.laws import declared, functions
from tests.laws.callers import Caller, Hooks
from tests.laws.evaluator import Template, text
from tests.laws.ground import LITERALS, Ground
from tests.laws.policies import HOME, Home
from tests.laws.trial import OURS, REPORT, Deployment

HOMES = (
    HOME,
    HOME,
    HOME,
    Home("eu-west-1"),
    Home("eu-west-1", "210987654321"),
    Home("us-gov-west-1", partition="aws-us-gov"),
    Home("cn-north-1", partition="aws-cn", suffix="amazonaws.com.cn"),
)
# Functions that nothing but the value of a parameter names.
ARN_HERE = "arn:aws:lambda:us-east-1:123456789012:function:by-value"
ARNS_ELSEWHERE = (
    "arn:aws:lambda:us-west-2:123456789012:function:by-value",
    "arn:aws:lambda:us-east-1:999999999999:function:by-value",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A template, how it is deployed, and a number that decides how laws rewrite it."""

    template: Template
    deployment: Deployment
    seed: int


def cases(seed: int, count: int, first: int = 0) -> Iterator[Case]:
    """Yield so many of the templates that a seed stands for."""
    return (case(seed, number) for number in range(first, first + count))


def case(seed: int, number: int) -> Case:
    """Return one of the templates that a seed stands for."""
    ground = Ground(random.Random(f"{seed}/{number}"))  # noqa: S311 - to be repeated.
    settings = _settings(ground)
    ground.make_conditions()
    skips = "OnUnreachable" in settings
    targets = functions.draw(ground, out_of_reach=skips)
    hooks = Hooks(ground, targets)
    hooks.draw()
    declared.draw(ground, hooks)
    _unrelated(ground)
    _mentions(ground, hooks.callers)
    if settings and ground.chance(25):
        # Where a plain `Transform: AutoLexPermissions` has them.
        ground.template["Metadata"] = {OURS: settings, **ground.template.get("Metadata", {})}
        settings = {}
    names = ground.rng.sample(list(ground.resources), len(ground.resources))
    resources = {name: ground.resources[name] for name in names}
    home, template = ground.pick(HOMES), {**ground.template, "Resources": resources}
    values = _values(ground, may_be_elsewhere=skips)
    deployment = Deployment(settings, home, _moved(values, home))
    return Case(_moved(template, home), deployment, number)


def _values(ground: Ground, *, may_be_elsewhere: bool) -> dict[str, str]:
    """Return values of parameters, as a request has them."""
    if ground.chance(30):
        return {}
    values: dict[str, str] = {}
    for name, parameter in ground.template.get("Parameters", {}).items():
        allowed = parameter.get("AllowedValues", LITERALS.get(name))
        if allowed is not None:
            values[name] = text(ground.pick(tuple(allowed)))
    if "HookArn" in ground.template.get("Parameters", {}):
        elsewhere = ground.chance(75 if may_be_elsewhere else 20)
        values["HookArn"] = ground.pick(ARNS_ELSEWHERE) if elsewhere else ARN_HERE
    return values


def _moved[T](value: T, home: Home) -> T:
    """Return what was drawn for one Region and account as it is in another.

    Two Regions stay two: the one that is moved to is the former one's.
    """
    moves = {
        "arn:aws:": f"arn:{home.partition}:",
        home.region: HOME.region,
        HOME.region: home.region,
        HOME.account: home.account,
    }
    pattern = "|".join(map(re.escape, moves))
    whole = re.sub(pattern, lambda found: moves[found[0]], json.dumps(value))
    moved: T = json.loads(whole)
    return moved


def _settings(ground: Ground) -> Template:
    settings: Template = {}
    if ground.chance(45):
        settings["SourceScope"] = "Bot"
    if ground.chance(10):
        settings["OnUnreachable"] = "Skip"
    return settings


def _unrelated(ground: Ground) -> None:
    """Draw what has nothing to do with Lex, and what the author says beside it."""
    aliases = [resource for name, resource in ground.resources.items() if name.startswith("Alias")]
    if ground.chance(20):
        ground.add("Topic", "AWS::SNS::Topic", {"TopicName": "topic"})
        for resource in aliases:
            if ground.chance(20):
                resource["DependsOn"] = ground.pick(("Topic", ["Topic"]))
    for resource in aliases:
        if ground.chance(4):
            resource.setdefault("Metadata", {})["Author"] = {"In": {"Ref": "AWS::Region"}}
    if ground.chance(10):
        ground.template["Outputs"] = {"Region": {"Value": {"Ref": "AWS::Region"}}}
    if ground.chance(3):
        of_before = [{"Path": "Resources.Gone", "Code": "OfBefore"}]
        ground.template["Metadata"] = {REPORT: of_before}


def _mentions(ground: Ground, callers: list[Caller]) -> None:
    """Let functions know callers: what waits for such a function may close a cycle."""
    for caller in callers:
        if ground.chance(25):
            _mention(ground, caller)


def _mention(ground: Ground, caller: Caller) -> None:
    """Let one function know a caller, where that closes no cycle and the caller exists."""
    functions_ = [
        resource["Properties"]
        for resource in ground.resources.values()
        if resource["Type"].endswith("::Function")
        and ground.place_of(resource.get("Condition")).within(caller.place)
        and "Environment" not in resource["Properties"]
    ]
    # A function that hooks name by text may know the very caller that names it.
    functions_.sort(key=lambda properties: "FunctionName" not in properties)
    for properties in functions_:
        properties["Environment"] = {"Variables": {"SOURCE": {"Ref": caller.logical_id}}}
        if not ground.has_cycle():
            return
        del properties["Environment"]
