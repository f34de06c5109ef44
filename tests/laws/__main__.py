"""`python -m tests.laws --templates N --seed S`: the laws on as many templates as asked for."""

import argparse
import secrets
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "macro"))

from tests.laws.explore import Failure, explore
from tests.laws.running import say


def main() -> int:
    """Try the laws, show progress, and print the smallest template that breaks one."""
    parser = argparse.ArgumentParser(prog="python -m tests.laws", description=__doc__)
    parser.add_argument("--templates", type=int, default=20_000, metavar="N")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), metavar="S")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="skip the K before")
    parser.add_argument("--counts", action="store_true", help="show what the templates hold")
    asked = parser.parse_args()
    say(f"{asked.templates} templates, seed {asked.seed}\n")
    start = time.monotonic()

    def progress(tried: int) -> None:
        say(f"\r{tried} templates, {tried / (time.monotonic() - start):.0f} a second ")

    outcome = explore(asked.seed, asked.templates, asked.first, progress)
    say("\n")
    if asked.counts:
        lines = (f"{count:8} {what}\n" for what, count in sorted(outcome.counts.items()))
        say("".join(lines))
    return verdict(asked.seed, outcome.failure)


def verdict(seed: int, failure: Failure | None) -> int:
    """Say how it went, and return the exit code."""
    if failure is None:
        say("Every law holds.\n")
        return 0
    again = f"python -m tests.laws --seed {seed} --first {failure.number} --templates 1"
    say(f"A law is broken. Again: {again}\n{failure}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
