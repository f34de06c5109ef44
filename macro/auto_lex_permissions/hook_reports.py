"""What is reported of code hooks that a permission alone does not make work (rules 4.4 and 4.5)."""

from collections.abc import Iterator, Sequence
from typing import Final

from .bots import Bots
from .cfn.formulas import Formula, any_of
from .cfn.intrinsics import Reference, Text, with_dynamic_references
from .cfn.template import Template
from .cfn.values import IF, Place
from .code_hooks import BOT, CodeHook
from .diagnostics import (
    CONDITIONAL_HOOK,
    DURABLE,
    NO_ARN,
    REPLICA,
    TENANT_ISOLATED,
    VERSION_HOOK,
    Diagnostic,
    Message,
)
from .functions import FUNCTION_TYPES, Functions, LambdaFunction
from .reach import of_stack

_ARN: Final = "arn:"
# All other pseudo parameters are no ARNs.
_PSEUDO_ARNS: Final = ("AWS::StackId", "AWS::NotificationARNs")


def reports(
    template: Template,
    functions: Functions,
    bots: Bots,
    hooks: Sequence[CodeHook],
    *,
    by_bot: bool,
) -> Iterator[Diagnostic]:
    """Yield what is to be known of active hooks beside their permissions."""
    if not by_bot:
        yield from _on_versions(hooks)
        yield from _chosen_by_conditions(template, functions, hooks)
    yield from _of_replicas(template, bots, hooks)
    for hook in hooks:
        if _is_surely_a_name(template, hook.words):
            yield from (NO_ARN.at(*place) for place in hook.places)
    yield from _not_invoked(template, functions, hooks)


def _on_versions(hooks: Sequence[CodeHook]) -> Iterator[Diagnostic]:
    for hook in hooks:
        match hook.function.qualifier:
            case (str(version),) if version.isdecimal():
                yield from (VERSION_HOOK.at(*place) for place in hook.places)
            case (Reference(_, "Version"),):
                yield from (VERSION_HOOK.at(*place) for place in hook.places)


def _chosen_by_conditions(
    template: Template, functions: Functions, hooks: Sequence[CodeHook]
) -> Iterator[Diagnostic]:
    """Yield hooks that move to another function when a condition changes in a stack.

    A function that the bot alias names under every condition has its permission already.
    """
    by_resource: dict[str, list[CodeHook]] = {}
    for hook in hooks:
        by_resource.setdefault(hook.resource.logical_id, []).append(hook)
    chosen: dict[Place, list[tuple[Place, CodeHook]]] = {}
    for first, *others in by_resource.values():
        for hook in (first, *others) if others else ():  # One alone moves nowhere.
            for place in hook.places:
                if IF in place:
                    chosen.setdefault(_without_branches(place), []).append((place, hook))
    if not chosen:  # pragma: no mutate (a shortcut)
        return
    alike: dict[tuple[str, LambdaFunction], list[CodeHook]] = {}
    for hook in hooks:
        alike.setdefault(_named(functions, hook), []).append(hook)
    staying = {
        named
        for named, (hook, *others) in alike.items()
        if others
        and template.conditions.implies(
            hook.resource.when, any_of(one.when for one in (hook, *others))
        )
    }
    is_possible = template.conditions_where(of_stack(template)).possible
    for choice in chosen.values():
        template.budget.spend(3 * len(choice), "Comparing the functions of code hooks")
        named = {_named(functions, hook) for _, hook in choice if is_possible(hook.when)}
        if len(named) > 1:
            yield from (
                CONDITIONAL_HOOK.at(*place)
                for place, hook in choice
                if _named(functions, hook) in named - staying
            )


def _named(functions: Functions, hook: CodeHook) -> tuple[str, LambdaFunction]:
    """Return the bot or bot alias of a hook with the function that it names."""
    return hook.resource.logical_id, functions.canonical(hook.function)


def _without_branches(place: Place) -> Place:
    """Return a place without the steps into branches of `Fn::If`."""
    pairs = zip(("", *place), place, strict=False)
    return tuple(step for before, step in pairs if IF not in (before, step))


def _of_replicas(template: Template, bots: Bots, hooks: Sequence[CodeHook]) -> Iterator[Diagnostic]:
    replicated: dict[Text, list[Place]] = {
        (Reference(bot.logical_id),): [
            found.places[0] for found in bot.values("Replication").present()
        ]
        for bot in template.of_type(BOT)
        if "Replication" in bot.property_names and any(bot.values("Replication").present())
    }
    hooked = {hook.resource.logical_id: hook.resource for hook in hooks} if replicated else {}
    for resource in hooked.values():
        for caller, _ in bots.callers(resource, by_bot=True):
            for place in replicated.get(caller.name, ()):
                yield REPLICA.at(*place)


def _is_surely_a_name(template: Template, words: Text) -> bool:
    """Return whether a text begins with what no ARN begins with."""
    match with_dynamic_references(words):
        case (str(literal), *_):
            return not (literal.startswith(_ARN) or _ARN.startswith(literal))
        case (Reference(logical_id, ""), *_):
            is_pseudo = logical_id.startswith("AWS::") and logical_id not in _PSEUDO_ARNS
            return is_pseudo or template.type_of(logical_id) in FUNCTION_TYPES
    return False


def _not_invoked(
    template: Template, functions: Functions, hooks: Sequence[CodeHook]
) -> Iterator[Diagnostic]:
    """Yield hooks on functions that do not let themselves be invoked as Lex does."""
    durable = functions.having("DurableConfig")
    isolated = functions.having("TenancyConfig")
    for hook in hooks if durable or isolated else ():
        wrong: list[Message] = []
        # A Lambda alias that is left unread has a qualifier, whichever that is.
        is_unqualified = hook.function.account and not hook.function.qualifier
        for owner, owned in functions.owners(hook.function):
            for logical_id, when in functions.resources(owner).items():
                both = hook.when & owned & when
                if is_unqualified and _may_meet(template, both, durable.get(logical_id)):
                    wrong.append(DURABLE)
                if _may_meet(template, both, isolated.get(logical_id)):
                    wrong.append(TENANT_ISOLATED)
        yield from (message.at(*place) for message in wrong for place in hook.places)


def _may_meet(template: Template, one: Formula, other: Formula | None) -> bool:
    return other is not None and template.conditions.possible(one & other)
