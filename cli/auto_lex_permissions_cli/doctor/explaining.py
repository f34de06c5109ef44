"""`doctor --explain`: the chain behind one bot alias, as people read it, as JSON, or drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from auto_lex_permissions_cli.console import (
    UsageError,
    coloured,
    exit_code,
    mermaid_label,
    print_json,
    print_line,
    write,
)

from .account import Account, BotAlias
from .chain import Holds, Step, chain
from .diagnosis import State, Wanted
from .examining import examine_hooks
from .fixes import Fix, fix_for

_WIDTH: Final = 12
_COLOURS: Final = {
    Holds.YES: "#2e7d32",
    Holds.NOTE: "#1565c0",
    Holds.UNKNOWN: "#b26a00",
    Holds.NO: "#c62828",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A bot alias and the chain behind it, and what would fix it."""

    alias: BotAlias
    steps: tuple[Step, ...]
    fixes: tuple[Fix, ...]
    region: str
    profile: str


def explain(account: Account, wanted: Wanted, instance: str, profile: str) -> Explained:
    """Read the chain behind the bot alias that is wanted.

    Raises UsageError where there is no such bot alias, or several bots have it.
    """
    examined = examine_hooks(account, wanted)
    found = examined.found
    if len(found.aliases) != 1:
        several = "there are several; give their ids."
        why = several if found.aliases else found.unread[0].problem
        raise UsageError(f"--explain {wanted.bot}/{wanted.alias}: {why}")
    (alias,) = found.aliases
    steps = tuple(chain(account, examined, alias, instance, profile))
    denied = [fix_for(one) for one in found.diagnoses if one.state is State.DENIED]
    fixes = tuple(dict.fromkeys(fix for fix in denied if fix))
    return Explained(alias, steps, fixes, wanted.region, profile)


def print_chain(explained: Explained, form: str) -> int:
    """Print a chain as `text`, `json` or `mermaid`; return the exit code."""
    alias, steps = explained.alias, explained.steps
    if form == "mermaid":
        write("".join(f"{line}\n" for line in _mermaid(steps)), for_programs=True)
    elif form == "json":
        print_json(
            {
                "version": 1,
                "region": explained.region,
                "profile": explained.profile,
                "bot": {"id": alias.bot.id, "name": alias.bot.name},
                "alias": {"id": alias.id, "name": alias.name},
                "steps": [_as_json(step) for step in steps],
            }
        )
    else:
        for number, step in enumerate(steps, start=1):
            _print_step(number, step)
        for fix in explained.fixes:
            _print_fix(fix, explained.region, explained.profile)
        print_line(_summary(steps))
    unknown = [step.name for step in steps if step.holds is Holds.UNKNOWN]
    errors = [UsageError(f"nothing can be said of: {', '.join(unknown)}.")] if unknown else []
    return exit_code(errors, has_findings=any(step.holds is Holds.NO for step in steps))


def _print_step(number: int, step: Step) -> None:
    head = f"{number:2} "
    gap = " " * (_WIDTH - len(head) - len(step.holds.value))
    print_line(head, (step.holds.value, _colour(step)), gap, f"{step.name}: {step.read}")
    for words in step.words:
        print_line(f"{' ' * _WIDTH}{words}")
    if step.command:
        print_line(f"{' ' * _WIDTH}{step.command}")


def _colour(step: Step) -> str:
    words = {Holds.YES: "allowed", Holds.NOTE: "note", Holds.NO: "denied"}
    return coloured(words.get(step.holds, step.holds.value))[1]


def _print_fix(fix: Fix, region: str, profile: str) -> None:
    write(f"\n# Under Resources:\n{fix.yaml}\n")
    write(f"# Or now, by hand:\n{fix.command(region, profile)}\n\n")


def _summary(steps: Sequence[Step]) -> str:
    broken = [
        f"{number} ({step.name})" for number, step in enumerate(steps, 1) if step.holds is Holds.NO
    ]
    if broken:
        return f"The chain is broken at {', '.join(broken)}."
    if any(step.holds is Holds.UNKNOWN for step in steps):
        return "The chain holds as far as it could be read."
    return "The chain holds: nothing of it keeps the bot from answering."


def _as_json(step: Step) -> dict[str, Any]:
    return {
        "step": step.name,
        "verdict": step.holds.value,
        "read": step.read,
        "words": list(step.words),
        "command": step.command or None,
    }


def _mermaid(steps: Sequence[Step]) -> Iterator[str]:
    """Yield the lines of a flow chart: a step each, in its colour, and the links between them."""
    yield "flowchart TD"
    for number, step in enumerate(steps, start=1):
        label = "<br>".join(
            mermaid_label(words)
            for words in (f"{number}. {step.name}: {step.holds.value}", step.read, *step.words)
        )
        yield f'  s{number}["{label}"]'
        yield f"  style s{number} stroke:{_COLOURS[step.holds]}"
    for number in range(1, len(steps)):
        line = "-.->" if steps[number].holds is Holds.NO else "-->"
        yield f"  s{number} {line} s{number + 1}"
