"""What is wrong or noteworthy about hooks themselves, before any permission is written."""

from collections.abc import Iterable, Iterator

from .code_hooks import CodeHook
from .errors import Problem
from .functions import LambdaFunction
from .intrinsics import Reference
from .limits import LONGEST_FUNCTION_NAME, is_too_long
from .permissions import Grant, Permissions
from .reports import REPLICA, STILL_COVERED, VERSION_HOOK, Report
from .template import Resource


def mistakes(permissions: Permissions, hooks: Iterable[CodeHook]) -> Iterator[Problem]:
    """Yield what no permission can mend."""
    for hook in hooks:
        for where in hook.paths if _is_unpublished(hook.named) else ():
            yield _no_policy(where)
        for where in hook.paths if is_too_long(hook) else ():
            yield _too_long(where)
        yield from permissions.policies.problems(hook)


def _is_unpublished(function: LambdaFunction) -> bool:
    """Tell whether a function has a qualifier like `$LATEST` (rule 4.2)."""
    match function.qualifier:
        case (str(literal), *_):
            return literal.startswith("$")
    return False


def _no_policy(where: str) -> Problem:
    return Problem(
        where,
        "Lambda keeps no resource-based policy for a qualifier that begins with $, such as"
        " $LATEST, so Lex could never be allowed to invoke the function by that name.",
        "Name the function without a qualifier, or with a version or a Lambda alias.",
    )


def _too_long(where: str) -> Problem:
    return Problem(
        where,
        f"a permission names its function in at most {LONGEST_FUNCTION_NAME} characters.",
        "Give the function or its alias a shorter name.",
    )


def out_of_reach(hook: CodeHook, says: str) -> Iterator[Problem]:
    """Yield the mistake of hooking a function that this stack cannot grant (rule 4.1)."""
    for where in hook.paths:
        named = f"{where} names by it " if says else ""
        yield Problem(
            says or where,
            f"{named}a function of another account or Region, and this stack cannot let Lex"
            " invoke that.",
            "Have its owner add the permission there, and set OnUnreachable: Skip to go on"
            " without it here; or name a function of this account and Region.",
        )


def noticed(
    permissions: Permissions, hooks: Iterable[CodeHook], *, by_bot: bool
) -> Iterator[Report]:
    """Yield what the macro cannot do for a hook (rule 4.4)."""
    hooked: dict[str, CodeHook] = {}
    for hook in hooks:
        hooked.setdefault(hook.source.logical_id, hook)
        if not by_bot and _is_on_version(hook.named):
            yield from (Report(where, VERSION_HOOK) for where in hook.paths)
    for bot in permissions.bots_with("Replication"):
        if any(_belongs(permissions, hook, bot) for hook in hooked.values()):
            for branch in bot.values("Replication"):
                yield Report(branch.path, REPLICA)


def _is_on_version(function: LambdaFunction) -> bool:
    match function.qualifier:
        case (str(literal),):
            return literal.isdecimal()
        case (Reference(_, "Version"),):
            return True
    return False


def _belongs(permissions: Permissions, hook: CodeHook, bot: Resource) -> bool:
    """Tell whether a hook is one of a bot of the template."""
    this = (Reference(bot.logical_id),)
    return any(source.key == this for source, _ in permissions.sources.of(hook.source, by_bot=True))


def still_covered(
    permissions: Permissions,
    hooks: Iterable[CodeHook],
    disabled: frozenset[str],
    granted: Iterable[Grant],
) -> Iterator[Report]:
    """Yield the hook sources that opted out and are covered by their bot's permission (5.1)."""
    for hook in hooks:
        if hook.source.logical_id in disabled and (
            permissions.declared.covers_whole_bot(hook) or permissions.meets(granted, hook)
        ):
            yield Report(f"{hook.source.path}.Metadata", STILL_COVERED)
