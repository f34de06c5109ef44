"""What else than its permission silences a code hook, and what may explain a complaint about it.

Findings, which are errors, are sure. Notes need no change. What could not be read gives neither.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from auto_lex_permissions.diagnostics import (
    DURABLE,
    ERROR_LOGS_OFF,
    FUNCTION_FAILED,
    FUNCTION_INACTIVE,
    LOCALE_ABSENT,
    LOCALE_NOT_BUILT,
    TENANT_ISOLATED,
    TEST_ALIAS_ALONE,
    VERSION_BEHIND,
    Diagnostic,
)

from .account import Bot, Configuration, Hook, Locales, Missing, Unreadable, Versions
from .policies import Function

DRAFT: Final = "DRAFT"
TEST_ALIAS: Final = "TSTALIASID"
# One that is Building, or Failed to build again, is still served as it was built before.
_NEVER_BUILT: Final = frozenset({"Creating", "NotBuilt", "Failed", "Importing"})
NOTES: Final = frozenset({VERSION_BEHIND, TEST_ALIAS_ALONE, ERROR_LOGS_OFF, FUNCTION_INACTIVE})


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read beside the policies: of bots, versions and functions that hooks name."""

    locales: Mapping[tuple[Bot, str], Locales]
    versions: Mapping[Bot, Versions]
    error_logs: Mapping[Bot, bool | Unreadable]
    configurations: Mapping[Function, Configuration | Missing | Unreadable]
    alone: frozenset[Bot]
    """Bots that have no other alias than the test alias."""


def remarks(hook: Hook, function: Function | None, facts: Facts) -> Iterator[Diagnostic]:
    """Yield all that there is to say of a code hook beside its permission."""
    yield from _of_locale(hook, facts)
    match facts.configurations.get(function) if function else None:
        case Configuration() as configuration:
            if configuration.state == "Failed":
                yield FUNCTION_FAILED.at(reason=configuration.reason.rstrip("."))
            if configuration.is_durable and function and not function.qualifier:
                yield DURABLE.at()
            if configuration.is_tenant_isolated:
                yield TENANT_ISOLATED.at()
            if configuration.state == "Inactive":
                yield FUNCTION_INACTIVE.at()
    yield from _of_version(hook, facts)
    if hook.alias.bot in facts.alone:
        yield TEST_ALIAS_ALONE.at()
    if facts.error_logs.get(hook.alias.bot) is False:
        yield ERROR_LOGS_OFF.at()


def _of_locale(hook: Hook, facts: Facts) -> Iterator[Diagnostic]:
    """Yield what is wrong with the locale in the version; one that is off serves nobody."""
    locales = facts.locales.get((hook.alias.bot, hook.version))
    if not hook.enabled or locales is None or isinstance(locales, Unreadable):
        return
    named = {"locale": hook.locale, "version": hook.version}
    locale = locales.get(hook.locale)
    if locale is None:
        yield LOCALE_ABSENT.at(**named)
    elif locale.status in _NEVER_BUILT and (hook.version != DRAFT or not locale.built):
        # The draft of a locale that was built once is served as that build left it.
        yield LOCALE_NOT_BUILT.at(**named, status=locale.status)


def _of_version(hook: Hook, facts: Facts) -> Iterator[Diagnostic]:
    """Yield that a version is older than the last build of the draft, by the service's clock."""
    draft = facts.locales.get((hook.alias.bot, DRAFT))
    versions = facts.versions.get(hook.alias.bot)
    if isinstance(draft, Mapping) and isinstance(versions, Mapping):
        made, locale = versions.get(hook.version), draft.get(hook.locale)
        if made is not None and locale and hook.version != DRAFT and made < locale.built:
            yield VERSION_BEHIND.at(version=hook.version)
