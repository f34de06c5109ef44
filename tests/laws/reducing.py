"""A small template in the place of a large one that breaks the same law.

Hypothesis shrinks the choices by which a template was drawn, and leaves much standing that nothing
depends on. Here parts of the template itself are taken out, as long as it stays valid and the same
law stays broken.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.laws.evaluator import (
    FUNCTIONS,
    Hook,
    Template,
    UnresolvableError,
    World,
    operand_counts,
)
from tests.laws.policies import NotAPolicyError
from tests.laws.trial import Deployment, Trial

type Path = tuple[str | int, ...]

# A template may lose these and still be read; nothing else is ever taken from its resources.
KEPT = {
    "Type",
    "Properties",
    "BotId",
    "Action",
    "FunctionName",
    "Principal",
    "LocaleId",
    "Enabled",
    "Name",
}


def reduced(
    template: Template,
    breaks: Callable[[Template], bool],
    valid: Callable[[Template], bool],
) -> Template:
    """Return what is left when nothing more can be taken out of a template that breaks a law."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(template):
            if valid(candidate) and breaks(candidate):
                template, smaller = candidate, True
                break
    return template


def is_valid(template: Template, deployment: Deployment) -> bool:
    """Return whether every world of a template can be worked out and deployed."""
    trial = Trial(template, deployment, lambda fragment, _: fragment)
    if any(count < 2 for count in operand_counts(template.get("Conditions"))):
        return False
    try:
        for world in (*trial.real, *trial.formal):
            _ = (world.hooks, world.statements, world.needs)
        _ = trial.real[0].needs_of_all_branches
        if any(map(_fails, trial.real)):
            return False
    except (UnresolvableError, NotAPolicyError, LookupError, TypeError, ValueError, AttributeError):
        return False
    return True


def _fails(world: World) -> bool:
    """Return whether a world cannot be deployed."""
    functions = [world.resolve({"Ref": function}) for function in world.existing_of(*FUNCTIONS)]
    twice = len(functions) != len(set(functions))
    return (
        twice
        or any(_is_no_arn(world, hook) for hook in world.hooks)
        or bool(world.dangling_references)
        or bool(world.cycle)
    )


def _is_no_arn(world: World, hook: Hook) -> bool:
    """Return whether a LambdaArn is a name, which Lex does not take."""
    unknown = hook.written.startswith("value-") and not world.makers(hook.function)
    return not unknown and not hook.written.startswith("arn:")


def _smaller(template: Template) -> Iterator[Template]:
    """Yield the template with one thing taken out or simplified, large things first."""
    paths = sorted(_paths(template, ()), key=len)
    for path in paths:
        if len(path) > 1 and not _is_kept(path):
            yield _without(template, path)
    for path in paths:
        value = _at(template, path)
        if isinstance(value, dict) and set(value) == {"Fn::If"}:
            for branch in value["Fn::If"][1:]:
                yield _with(template, path, branch)


def _is_kept(path: Path) -> bool:
    """Return whether something is never taken out by itself, since it or a call is needed."""
    *_, holder, key = path
    if holder in {"Fn::And", "Fn::Or"}:
        return False
    return key in KEPT or any(
        str(step) == "Ref" or str(step).startswith("Fn::") for step in (holder, key)
    )


def _paths(value: Any, path: Path) -> Iterator[Path]:
    """Yield the path of everything in a template."""
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, item in entries:
        yield (*path, key)
        yield from _paths(item, (*path, key))


def _at(value: Any, path: Path) -> Any:
    """Return what stands at a path."""
    for key in path:
        value = value[key]
    return value


def _without(template: Template, path: Path) -> Template:
    """Return a template without what stands at a path."""
    fragment = copy.deepcopy(template)
    del _at(fragment, path[:-1])[path[-1]]
    return fragment


def _with(template: Template, path: Path, value: Any) -> Template:
    """Return a template with something else at a path."""
    fragment = copy.deepcopy(template)
    _at(fragment, path[:-1])[path[-1]] = copy.deepcopy(value)
    return fragment
