"""Make the locked Python environments under `.environments/`; leave alone what is up to date.

The pins of the development tools, of the SAM CLI, of LocalStack and of the scanners exclude each
other, so each gets a virtual environment of its own, filled by pip from a lock with hashes
(`requirements/<name>.txt`). An environment counts as whole only while its stamp holds: the stamp is
written last, and names the lock, the Python and the place. So whatever interrupts a run, the next
one starts that environment afresh. Only the standard library is used, since this runs first.

The Makefile runs it as `python3.13 tools/environments.py dev sam localstack scanners`.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".environments"
WANTED = (3, 13)

# What each takes on disk, by `du -sm`. Almost a third is bytecode. It stays: LocalStack may write
# none, and would compile all that it imports at each start.
MEGABYTES = {"dev": 365, "sam": 327, "localstack": 496, "scanners": 292}

# Far beyond any slow network that still works; without a limit a dead one would hang for ever.
LIMIT_SECONDS = 900.0
REPORT_EVERY_SECONDS = 5.0
LINES_OF_A_FAILURE = 15

# The user's own pip settings for index, proxy and certificates stay in force. Those below would put
# packages elsewhere or refuse to run, and none of them can be meant for an environment of this
# project.
PIP_SETTINGS = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_USER": "0",
}
SETTINGS_REMOVED = (
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_DRY_RUN",
    "PYTHONHOME",
    "PYTHONPATH",
)


class SetupError(Exception):
    """An environment could not be made; the text says why, and what to do."""


@dataclass
class Progress:
    """What is under way, shared with the one thread that prints it and can stop it."""

    steps: dict[str, str] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    def line(self) -> str:
        """Say in one line what is under way."""
        return "; ".join(f"{name}: {step}" for name, step in sorted(self.steps.items()))

    def stop(self) -> None:
        """Make every thread end soon."""
        self.stopped.set()
        for child in list(self.children):
            child.kill()

    def check(self) -> None:
        """Raise a SetupError if a stop was asked for."""
        if self.stopped.is_set():
            raise SetupError("Stopped.")


@dataclass
class Environment:
    """One virtual environment, its lock and its stamp."""

    name: str
    progress: Progress

    @property
    def place(self) -> Path:
        """The folder of the environment."""
        return ENVIRONMENTS / self.name

    @property
    def lock(self) -> Path:
        """The file that pins everything in it."""
        return ROOT / "requirements" / f"{self.name}.txt"

    def say(self, step: str) -> None:
        """Let the printing thread know what is being done."""
        self.progress.steps[self.name] = step

    def expected_stamp(self) -> str:
        """Return what the stamp of a whole environment says: its lock, its Python and its place.

        The place, because the scripts of an environment name it and fail once the repository has
        moved.
        """
        digest = hashlib.sha256(self.lock.read_bytes()).hexdigest()
        return f"lock sha256:{digest}\npython {sys.version}\nplace {self.place}\n"

    def is_whole(self) -> bool:
        """Return whether the environment is complete and up to date."""
        try:
            stamp = (self.place / "stamp").read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        # The interpreter is a link: it dangles when the Python it was made with has been removed.
        return stamp == self.expected_stamp() and (self.place / "bin" / "python").exists()

    def bring_up_to_date(self) -> bool:
        """Make the environment unless it is whole; return whether there was anything to do."""
        if self.is_whole():
            return False
        with self.claimed() as claim:
            # Whoever held the claim before may have done the work.
            if self.is_whole():
                return False
            self.build(claim)
        return True

    @contextmanager
    def claimed(self) -> Iterator[int]:
        """Hold the environment against other runs; yield the claim's file descriptor.

        The kernel drops a claim with the last process that has it open, so a killed run leaves none
        behind.
        """
        ENVIRONMENTS.mkdir(exist_ok=True)
        with (ENVIRONMENTS / f"{self.name}.claim").open("w") as claim:
            while True:
                try:
                    fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self.say("another run is making it, waiting")
                else:
                    break
                self.progress.stopped.wait(0.2)
                self.progress.check()
            yield claim.fileno()

    def build(self, claim: int) -> None:
        """Make the environment from nothing; its stamp comes last."""
        self.say("creating")
        stamp = self.place / "stamp"
        stamp.unlink(missing_ok=True)
        if self.place.exists():
            shutil.rmtree(self.place)
        self.run(claim, [sys.executable, "-m", "venv", str(self.place)])
        python = str(self.place / "bin" / "python")
        options = ["--progress-bar", "off", "--require-hashes", "-r", str(self.lock)]
        self.run(claim, [python, "-m", "pip", "install", *options])
        half = self.place / "stamp.half"
        half.write_text(self.expected_stamp(), encoding="utf-8")
        half.replace(stamp)
        self.say("ready")

    def run(self, claim: int, command: Sequence[str]) -> None:
        """Run a command, follow what it says, and fail with its last words.

        It inherits the claim: should this process be killed, the environment stays claimed while
        the command runs.
        """
        self.progress.check()
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=child_environment(),
            pass_fds=(claim,),
        ) as child:
            self.progress.children.append(child)
            said = self.follow(child)
        self.progress.check()
        if child.returncode:
            words = [line for line in said if not line.startswith("WARNING")]
            raise SetupError(
                "\n".join(
                    [
                        f"{self.name}: `{' '.join(command[1:4])}` ended with {child.returncode}:",
                        *words[-LINES_OF_A_FAILURE:],
                        "Nothing half-made is in use; once that is fixed, run the same again.",
                    ]
                )
            )

    def follow(self, child: subprocess.Popen[str]) -> list[str]:
        """Turn what pip says into progress until it ends; return all that it said."""
        said: list[str] = []
        found = 0
        pins = sum("==" in line for line in self.lock.read_text(encoding="utf-8").splitlines())
        for line in child.stdout or ():
            said.append(line.rstrip())
            if line.startswith(("Collecting ", "Processing ")):
                found += 1
                self.say(f"{found} of {pins} packages")
            elif line.startswith("Installing collected packages"):
                self.say(f"installing {found} packages")
        return said


def child_environment() -> dict[str, str]:
    """Return the variables for venv and pip: the user's, less what would misdirect them."""
    kept = {key: value for key, value in os.environ.items() if key not in SETTINGS_REMOVED}
    return kept | PIP_SETTINGS


def check_prerequisites() -> None:
    """Raise a SetupError that names what this machine lacks."""
    wanted = ".".join(map(str, WANTED))
    if sys.version_info[:2] != WANTED:
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"This needs Python {wanted} and runs on {found}: use `make setup`.")
    modules = ("venv", "ensurepip")
    if missing := [name for name in modules if importlib.util.find_spec(name) is None]:
        raise SetupError(
            f"{sys.executable} lacks its standard module {' and '.join(missing)}, so it can\n"
            f"make no environment with pip. On Debian and Ubuntu:\n"
            f"sudo apt-get install python{wanted}-venv"
        )
    if missing := [name for name in ("git", "make") if shutil.which(name) is None]:
        raise SetupError(
            f"Missing on this machine: {' and '.join(missing)}. On Debian and Ubuntu:\n"
            f"sudo apt-get install {' '.join(missing)}; on macOS: xcode-select --install"
        )


class Display:
    """One line about what is under way: rewritten in place on a terminal, else every 5 seconds."""

    def __init__(self, progress: Progress) -> None:
        """Start the clock."""
        self.progress = progress
        self.live = sys.stdout.isatty() and not os.environ.get("CI")
        self.start = time.monotonic()
        self.due = self.start + (0.0 if self.live else REPORT_EVERY_SECONDS)

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.start

    def update(self) -> None:
        """Print the line if it is time to."""
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + (1.0 if self.live else REPORT_EVERY_SECONDS)
        text = f"  {self.elapsed():3.0f} s  {self.progress.line()}"
        if self.live:
            # ESC [ K clears what a longer line before has left.
            text = f"\r{text[: shutil.get_terminal_size().columns - 1]}\033[K"
        say(text, end="" if self.live else "\n")

    def close(self) -> None:
        """Leave a clean line behind."""
        if self.live:
            say("\r\033[K", end="")


def say(text: str, end: str = "\n") -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(text + end)
    sys.stdout.flush()


def watch(tasks: Sequence[Future[bool]], display: Display) -> None:
    """Show progress until every task has ended; raise when one fails or it takes too long."""
    pending = list(tasks)
    while pending:
        time.sleep(0.1)
        display.update()
        for task in [task for task in pending if task.done()]:
            task.result()
            pending.remove(task)
        if display.elapsed() > LIMIT_SECONDS:
            raise SetupError(
                f"Not ready after {LIMIT_SECONDS:.0f} s ({display.progress.line()}).\n"
                f"Is the package index in reach?"
            )


def bring_up_to_date(stale: Sequence[Environment], progress: Progress) -> None:
    """Make environments, as many at once as there are processors; stop all when one fails."""
    display = Display(progress)
    with ThreadPoolExecutor(max_workers=min(len(stale), os.cpu_count() or 1)) as pool:
        tasks = [pool.submit(environment.bring_up_to_date) for environment in stale]
        try:
            watch(tasks, display)
        except BaseException:
            progress.stop()
            raise
        finally:
            display.close()
    say(f"Python environments ready after {display.elapsed():.0f} s")


def make_all(names: Sequence[str]) -> None:
    """Bring the named environments up to date, and say what is done."""
    progress = Progress()
    environments = [Environment(name, progress) for name in names]
    stale = [environment for environment in environments if not environment.is_whole()]
    if not stale:
        say(f"Python environments up to date: {', '.join(names)}")
        return
    check_prerequisites()
    # The largest first, so that the last one does not keep a single processor busy for long.
    stale.sort(key=lambda environment: environment.lock.stat().st_size, reverse=True)
    wanted = ", ".join(environment.name for environment in stale)
    say(f"Making Python environments (once, and again when a lock changes): {wanted}")
    if disk := sum(MEGABYTES.get(environment.name, 0) for environment in stale):
        say(f"They take some {disk:,} MB in {ENVIRONMENTS}")
    bring_up_to_date(stale, progress)


def interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Treat a request to end like Ctrl-C, so that pip ends as well."""
    raise KeyboardInterrupt


def chosen(arguments: Sequence[str] | None = None) -> list[str]:
    """Read the command line: the environments named there, or all that have a lock."""
    known = sorted(lock.stem for lock in (ROOT / "requirements").glob("*.txt"))
    parser = argparse.ArgumentParser(description="Make the locked Python environments.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(known)}")
    names: list[str] = parser.parse_args(arguments).names
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no lock requirements/{unknown[0]}.txt; there are {', '.join(known)}")
    return names or known


def main() -> int:
    """Make the environments named on the command line; return the exit code."""
    names = chosen()
    signal.signal(signal.SIGTERM, interrupted)
    try:
        make_all(names)
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write(
            "Interrupted. Nothing half-made is in use; the next run starts it afresh.\n"
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
