"""`python -m tests.fuzz --requests N --seed S`: the macro on as many odd requests as asked for."""

import argparse
import secrets
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "macro"))

from tests.fuzz.explore import Finding, Outcome, explore
from tests.laws.running import say


def main() -> int:
    """Send the requests, show progress, and write down one that is answered wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=200_000, metavar="N")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31), metavar="S")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="skip the K before")
    parser.add_argument("--folder", type=Path, default=Path(), help="where a finding is written")
    asked = parser.parse_args()
    say(f"{asked.requests} requests, seed {asked.seed}\n")
    start = time.monotonic()

    def progress(outcome: Outcome) -> None:
        rate = outcome.tried / (time.monotonic() - start)
        say(f"\r{outcome.tried} requests, {rate:.0f} a second ")

    outcome = explore(asked.seed, asked.requests, asked.first, progress)
    listed = ", ".join(f"{count} {how}" for how, count in sorted(outcome.answers.items()))
    say(f"\nAnswers, second ones included: {listed}\n")
    return verdict(asked.seed, outcome.finding, asked.folder)


def verdict(seed: int, finding: Finding | None, folder: Path) -> int:
    """Say how it went, and return the exit code."""
    if finding is None:
        say("Every request is answered as it should be.\n")
        return 0
    name = f"fuzz-{seed}-{finding.number}"
    whole, small = folder / f"{name}.json", folder / f"{name}-reduced.json"
    whole.write_text(finding.text)
    small.write_text(finding.smallest)
    again = f"python -m tests.fuzz --seed {seed} --first {finding.number} --requests 1"
    say(f"An answer is wrong. Again: {again}\n{whole}\n{small}\n{finding}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
