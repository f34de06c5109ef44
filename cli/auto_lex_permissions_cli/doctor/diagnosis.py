"""One code hook of an account and whether Lex may invoke its function: what `doctor` finds out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from auto_lex_permissions.diagnostics import Diagnostic
from auto_lex_permissions_cli.console import UsageError

from .account import Bot, BotAlias, Configuration, Hook, Missing, Unreadable
from .policies import Function, Verdict

ALLOWED: Final = Verdict()


class State(StrEnum):
    """Whether Lex may invoke the function of a hook."""

    ALLOWED = "allowed"
    DENIED = "denied"
    MISSING = "missing"
    UNKNOWN = "unknown"


class NoSuchNameError(UsageError):
    """No bot, or no bot alias, is named as was asked for."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One code hook and its state: with the verdict where it is denied, else with the words."""

    hook: Hook
    state: State
    verdict: Verdict = ALLOWED
    words: tuple[str, ...] = ()
    function: Function | None = None
    source_arn: str = ""
    """The ARN by which Lex calls: that of the bot alias."""
    account: str = ""
    taken: frozenset[str] = frozenset()
    """Names of statements that the policy already has."""
    findings: tuple[Diagnostic, ...] = ()
    """What surely silences the hook, its permission among it."""
    notes: tuple[Diagnostic, ...] = ()
    """What may explain a complaint."""
    configuration: Configuration | Missing | Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """A bot, an alias, or a Region where both are None, that could not all be read, and why."""

    bot: Bot | None
    alias: BotAlias | None
    problem: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where to look: which bot, which alias (all where empty), and in whose account."""

    region: str
    bot: str = ""
    alias: str = ""
    account: str = ""
    replicas: tuple[Bot, ...] = ()
    """Bots of another Region, whose replicas here are looked at and nothing else."""
