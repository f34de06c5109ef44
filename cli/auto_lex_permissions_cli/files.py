"""Files: which there are in a folder, what one of them holds, and how its content is replaced."""

import contextlib
import os
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import BinaryIO, Final

from .console import NAME, UnreadableError, UsageError, print_note

STDIN: Final = "-"
_SUFFIXES: Final = (".yaml", ".yml", ".json", ".template")  # In any case of letters.
# Folders of other people's files, and of what was built.
_SKIPPED: Final = frozenset({"node_modules", "cdk.out", "__pycache__", "venv"})
# As large as most files are.
_USUAL: Final = 65_536
# Names of what a process has open, which may be a file: it is written to and not replaced.
_OPEN: Final = ("/dev/std", "/dev/fd/", "/proc/")


@dataclass(frozen=True, slots=True)
class Search:
    """Where files are looked for, and what was met on the way.

    `excluded` are patterns for paths and for names, as those of a shell; with `searches_all`, no
    folder is passed over. `skipped` are the folders that were, and `errors` what is not there and
    what cannot be listed.
    """

    paths: Sequence[str]
    excluded: Sequence[str] = ()
    searches_all: bool = False
    skipped: list[str] = field(default_factory=list)
    errors: list[UsageError] = field(default_factory=list)

    def excludes(self, path: str) -> bool:
        """Return whether a path is excluded, by itself or by its name."""
        path = path.removeprefix(f".{os.sep}")
        name = os.path.basename(path)  # noqa: PTH119 - thousands of times.
        return any(fnmatch(path, each) or fnmatch(name, each) for each in self.excluded)

    def passes_over(self, folder: os.DirEntry[str]) -> bool:
        """Return whether a folder is not searched; those of other people's files are noted."""
        if self.searches_all:
            return False
        if folder.name in _SKIPPED:
            self.skipped.append(folder.path.removeprefix(f".{os.sep}"))
        return folder.name in _SKIPPED or folder.name.startswith(".")


def found(search: Search) -> Iterator[tuple[str, bool]]:
    """Yield each file that is named or in a folder that is named, and whether it is named itself.

    What is named may be a pipe or a device.
    """
    errors = search.errors
    for path in search.paths:
        if search.excludes(path):
            continue
        try:
            is_folder = path != STDIN and stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - "" is no path.
        except FileNotFoundError:
            errors.append(UsageError(f"{path}: there is no such file or folder."))
        except OSError as error:
            errors.append(UnreadableError(path, f"cannot be read: {error.strerror}"))
        else:
            yield from _below(path, search) if is_folder else [(path, True)]


def _below(folder: str, search: Search) -> Iterator[tuple[str, bool]]:
    """Yield the files in a folder whose names are those of templates, in the order of their paths.

    Links to folders are not followed, and links to files only where they lead to one in the folder.
    """
    inside = os.path.realpath(folder).rstrip(os.sep) + os.sep
    # No recursion: a path may have more folders than Python's stack has frames.
    waiting = _listed(folder, search.errors)
    while waiting:
        entry = waiting.pop()
        if search.excludes(entry.path):
            continue
        if entry.is_dir(follow_symlinks=False):
            if not search.passes_over(entry):
                waiting += _listed(entry.path, search.errors)
        elif entry.name.lower().endswith(_SUFFIXES):
            if entry.is_symlink():
                target = os.path.realpath(entry.path)
                is_file = target.startswith(inside) and os.path.isfile(target)  # noqa: PTH113 - pathlib's raises.
            else:
                is_file = entry.is_file()
            if is_file:
                yield entry.path, False
            else:
                print_note(f"{entry.path}: is no file of {folder}, and not read")


def _listed(folder: str, errors: list[UsageError]) -> list[os.DirEntry[str]]:
    """Return what is in a folder, the first at the end."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name, reverse=True)
    except OSError as error:
        errors.append(UsageError(f"{folder}: cannot be listed: {error.strerror}."))
        return []


def read(path: str, most: int) -> bytes:
    """Return what a file or, for `-`, the standard input holds, up to so many bytes."""
    try:
        if path == STDIN:
            return _content(sys.stdin.buffer, most)
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes longer, thousands of times.
            return _content(file, most)
    except OSError as error:
        raise UnreadableError(path, f"cannot be read: {error.strerror}") from error


def _content(file: BinaryIO, most: int) -> bytes:
    # Python makes room for all that it may read at once, which takes longer than most files do.
    content = file.read(min(most, _USUAL))
    return content + file.read(most - len(content)) if len(content) == _USUAL else content


def replace(path: str, content: bytes, before: bytes | None = None) -> None:
    """Write a file, all at once and for good: who reads it finds the old content or the new.

    `before` is what was read of it; the file is left alone if it holds something else by now.
    Without `before` there need be no such file, and a pipe or a device is written to as it is.
    Mode, owner and group stay, and links lead to it as they did, but for hard links: these keep the
    old content. Where something could not be kept, a line says so. Raises UsageError; nothing is
    written then, and nothing left beside the file.
    """
    target = os.path.realpath(path)
    try:
        known = _status(path)
        has_place = known is None or stat.S_ISREG(known.st_mode)
        if not has_place or os.path.abspath(path).startswith(_OPEN):  # noqa: PTH100 - a link stays.
            if before is not None:
                raise UsageError(f"{path}: cannot be written: it is no file of a folder.")
            # Who reads a pipe may have seen enough.
            with contextlib.suppress(BrokenPipeError):
                Path(path).write_bytes(content)
            return
        if known and not os.access(target, os.W_OK):
            raise UsageError(f"{path}: cannot be written: it is read-only.")
        with _without_signals():
            lost = _swap(path, target, known, content, before)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}.") from error
    for what in lost:
        print_note(f"{path}: {what}")


def _status(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _without_signals() -> Iterator[None]:
    """Let signals wait: no temporary file is left by a process that is ended."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _swap(
    path: str, target: str, known: os.stat_result | None, content: bytes, before: bytes | None
) -> list[str]:
    """Put a new file in place of another; return what could not be kept of that."""
    lost: list[str] = []
    folder = os.path.dirname(target)  # noqa: PTH120 - a path may be no more than a name.
    temporary = Path(folder, f".{NAME}-{os.urandom(8).hex()}")
    # Nobody else reads it before it has the mode of the file; a new file is made as any other.
    mode = 0o600 if known else 0o666
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if known:
                lost = _take_over(temporary, known)
            file.flush()
            os.fsync(file.fileno())
        if before is not None and read(target, len(before) + 1) != before:
            raise UsageError(f"{path}: was changed by someone else; nothing is written.")
        temporary.replace(target)
    finally:
        # It is not there any more where all went well.
        temporary.unlink(missing_ok=True)
    # The name is written for good with its folder, where there is such a thing.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    return lost


def _take_over(temporary: Path, known: os.stat_result) -> list[str]:
    """Give a file the mode, owner and group of another; return what it could not be given."""
    lost: list[str] = []
    made = temporary.stat()
    # Who may not give a file away may still give it to another group.
    for what, uid, gid in ("owner", known.st_uid, -1), ("group", -1, known.st_gid):
        if (uid, gid) not in ((made.st_uid, -1), (-1, made.st_gid)):
            try:
                os.chown(temporary, uid, gid)
            except OSError as error:
                lost.append(f"its {what} could not be kept: {error.strerror}")
    temporary.chmod(stat.S_IMODE(known.st_mode))
    if known.st_nlink > 1:
        lost.append("its other hard links keep the old content")
    return lost
