"""Files: which are found in a folder, how much of one is read, and how one is replaced."""

import os
import signal
import socket
import stat
import subprocess
from functools import partial
from pathlib import Path

import pytest

from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.files import Search, found, replace
from auto_lex_permissions_cli.reading import LARGEST
from tests.cli.commands import PERMISSION, TEMPLATE, as_nobody_special, run, written

pytestmark = pytest.mark.long


def names(folder: Path) -> list[str]:
    """Return the paths in a folder, those of folders too."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


# Finding.


def test_only_files_of_a_folder_are_read(tmp_path: Path) -> None:
    """Pipes, sockets and devices would wait for ever; a link may lead to where nobody pointed."""
    outside = written(tmp_path, name="outside.yaml")
    folder = tmp_path / "folder"
    template = written(folder)
    written(folder, name="..data/real.yaml")
    (folder / "linked.yaml").symlink_to("..data/real.yaml")
    os.mkfifo(folder / "pipe.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket.yaml"))
    (folder / "device.yaml").symlink_to("/dev/zero")
    (folder / "out.yaml").symlink_to(outside)
    (folder / "dangling.yaml").symlink_to("nowhere.yaml")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "up").symlink_to("..")
    (folder / "itself.yaml").symlink_to(".")
    ended = run("check", folder)
    assert ended.code == 1
    assert ended.out.endswith("\n2 code hooks in 2 templates: 2 errors, 0 warnings, 0 notes\n")
    assert [line.partition(":")[0] for line in ended.out.splitlines()[:2]] == [
        f"{folder / 'linked.yaml'}",
        f"{template}",
    ]
    left = ("dangling", "device", "itself", "loop", "out", "pipe", "socket")
    assert ended.err.splitlines() == [
        f"{folder / name}.yaml: is no file of {folder}, and not read" for name in left
    ]


def test_a_folder_that_is_a_link_is_searched(tmp_path: Path) -> None:
    """It was named; a folder beside it whose name begins like its own is not in it."""
    folder, beside = tmp_path / "folder", tmp_path / "folder2"
    written(folder)
    (folder / "beside.yaml").symlink_to(written(beside))
    (tmp_path / "link").symlink_to(folder)
    search = Search([str(tmp_path / "link"), ""])
    assert list(found(search)) == [(str(tmp_path / "link" / "template.yaml"), False)]
    assert [str(error) for error in search.errors] == [": there is no such file or folder."]


def test_folders_in_folders_without_end_are_searched(tmp_path: Path) -> None:
    """Deeper than Python's stack; what is too deep for the system is an error and no fault."""
    place = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2_500):
        os.mkdir("d", dir_fd=place)
        below = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)
    written(tmp_path, name="z.yaml")
    ended = run("check", ".", cwd=tmp_path)
    assert ended.code == 2
    assert ended.out.startswith("./z.yaml:24:17 ALP101 ")
    assert ended.err.startswith("auto-lex-permissions: ./d/d/d/d")
    assert ended.err.endswith("/d: cannot be listed: File name too long.\n")
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True, timeout=60)


def test_a_folder_that_cannot_be_listed_is_one_error(tmp_path: Path) -> None:
    """And so is a file that cannot be read, or reached; the rest is checked."""
    written(tmp_path, name="open.yaml")
    written(tmp_path, name="shut.yaml").chmod(0)
    shut = written(tmp_path, name="shut/template.yaml").parent
    shut.chmod(0)
    ended = run("check", tmp_path, shut / "template.yaml", before=as_nobody_special)
    shut.chmod(0o700)
    assert ended.code == 2
    assert ended.out.endswith(
        "\n1 code hook in 1 template: 3 errors, 0 warnings, 0 notes; 2 files could not be read\n"
    )
    assert ended.err.splitlines() == [
        f"auto-lex-permissions: {shut}: cannot be listed: Permission denied.",
    ]
    for name in (f"{shut}.yaml", shut / "template.yaml"):
        assert f"{name}:1:1 ALP701 Cannot be read: Permission denied. Until" in ended.out


# Reading.


@pytest.mark.parametrize("command", ["check", "expand", "graph", "fix"])
def test_a_pipe_that_is_named_is_read(command: str) -> None:
    """As a shell makes it of `<(…)`, and the standard input by its other name."""
    ended = run(command, "/dev/stdin", stdin=TEMPLATE)
    assert (ended.code, "Orders" in ended.out) == (int(command in {"check", "fix"}), True)


def a_gigabyte_only() -> None:
    """Let this process have no more memory than that."""
    import resource  # noqa: PLC0415 - not on every system.

    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))


@pytest.mark.parametrize("path", ["/dev/zero", "-", "/dev/stdin"])
@pytest.mark.parametrize("command", ["check", "expand", "graph", "fix"])
def test_reading_is_bounded(command: str, path: str) -> None:
    """Of what has no end, no more is read than a template may have."""
    with subprocess.Popen(["yes", "AWS::Lex::Bot"], stdout=subprocess.PIPE) as endless:
        ended = run(command, path, stdin=endless.stdout, before=a_gigabyte_only)
        endless.kill()
    if path == "/dev/zero" and command in {"check", "fix"}:
        # It names no bot.
        assert (ended.code, ended.err) == (0, "")
        return
    assert ended.code == 2
    name = "standard input" if path == "-" else path
    too_large = "s larger than any template: over 6,000,000 bytes."
    assert too_large in (ended.out if command == "check" else ended.err).splitlines()[0]
    assert f"{name}:" in (ended.out if command == "check" else ended.err).splitlines()[0]


def test_a_large_file_of_a_folder_is_no_template(tmp_path: Path) -> None:
    """It is an error where it has to do with Lex, and left without a word where it has not."""
    large = TEMPLATE + "#" * LARGEST
    template = written(tmp_path, large)
    written(tmp_path, large.replace("AWS::Lex", "AWS::Lox"), "data.json")
    ended = run("check", tmp_path)
    assert (ended.code, ended.err) == (2, "")
    assert ended.out.startswith(
        f"{template}:1:1 ALP701 Is larger than any template: over 6,000,000 bytes. Until"
    )
    assert ended.out.endswith(
        "0 code hooks in 0 templates: 1 error, 0 warnings, 0 notes; 1 file could not be read\n"
    )


# Replacing.


def test_mode_owner_and_group_stay(tmp_path: Path) -> None:
    """Whoever could read it before can read it after; root may keep even the owner."""
    template = written(tmp_path)
    template.chmod(0o604)
    if os.getuid() == 0:
        os.chown(template, 12345, 54321)
    before = template.stat()
    ended = run("fix", template, "--write")
    after = template.stat()
    assert (ended.code, ended.err) == (0, f"{template}: 1 permission written\n")
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )
    assert names(tmp_path) == ["template.yaml"]
    assert "AWS::Lambda::Permission" in template.read_text()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can make a file of somebody else")
def test_an_owner_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    """Who may write a file may not give a new one to its owner; the group alone may be had."""
    template = written(tmp_path)
    template.chmod(0o666)
    os.chown(template, 12345, 54321)
    ended = run("fix", template, "--write", before=as_nobody_special)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == (
        f"{template}: its owner could not be kept: Operation not permitted\n"
        f"{template}: its group could not be kept: Operation not permitted\n"
        f"{template}: 1 permission written\n"
    )
    assert (template.stat().st_uid, stat.S_IMODE(template.stat().st_mode)) == (0, 0o666)


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    """As the umask says."""
    beside = written(tmp_path, "", "beside")
    assert run("expand", written(tmp_path), "-o", tmp_path / "new").code == 0
    assert (tmp_path / "new").stat().st_mode == beside.stat().st_mode


def test_links_lead_to_the_new_content(tmp_path: Path) -> None:
    """A link to a file stays one; what was there by another name stays, and that is said."""
    target = written(tmp_path, name="a/real.yaml")
    (tmp_path / "link.yaml").symlink_to("a/real.yaml")
    (tmp_path / "hard.yaml").hardlink_to(target)
    ended = run("fix", "link.yaml", "--write", cwd=tmp_path)
    assert ended.code == 0
    assert ended.err == (
        "link.yaml: its other hard links keep the old content\nlink.yaml: 1 permission written\n"
    )
    assert (tmp_path / "link.yaml").is_symlink()
    assert "AWS::Lambda::Permission" in target.read_text()
    assert (tmp_path / "hard.yaml").read_text() == TEMPLATE


def test_a_link_to_nothing_is_filled(tmp_path: Path) -> None:
    """As where a shell writes to it."""
    (tmp_path / "link").symlink_to("made")
    assert run("expand", written(tmp_path), "-o", tmp_path / "link").code == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "made").read_text().startswith('{"AWSTemplateFormatVersion"')


def test_a_file_that_someone_else_changed_is_left(tmp_path: Path) -> None:
    """Between reading and writing there may be an editor."""
    template = written(tmp_path)
    for before in (b"before", TEMPLATE.encode()[:-1], b""):
        with pytest.raises(UsageError, match=r"was changed by someone else; nothing is written\.$"):
            replace(str(template), b"after", before)
        assert (template.read_text(), names(tmp_path)) == (TEMPLATE, ["template.yaml"])
    replace(str(template), b"after", TEMPLATE.encode())
    assert template.read_bytes() == b"after"
    template.unlink()
    with pytest.raises(UsageError, match="No such file or directory"):
        replace(str(template), b"", b"after")
    assert names(tmp_path) == []


def test_what_is_read_only_is_left(tmp_path: Path) -> None:
    """A file, even where its folder would let it be replaced; and a folder, with all in it."""
    template = written(tmp_path, name="a/template.yaml")
    template.chmod(0o440)
    ended = run("fix", template, "--write", before=as_nobody_special)
    assert (ended.code, ended.err) == (
        2,
        f"auto-lex-permissions: {template}: cannot be written: it is read-only.\n",
    )
    template.chmod(0o640)
    template.parent.chmod(0o550)
    for target in (template, template.parent / "new"):
        ended = run("expand", template, "-o", target, before=as_nobody_special)
        assert (ended.code, ended.err) == (
            2,
            f"auto-lex-permissions: {target}: cannot be written: Permission denied.\n",
        )
    template.parent.chmod(0o750)
    assert (template.read_text(), names(tmp_path)) == (TEMPLATE, ["a", "a/template.yaml"])


def small_files_only() -> None:
    """Let this process write no file larger than the template, as where a disk is full."""
    import resource  # noqa: PLC0415 - not on every system.

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(TEMPLATE), len(TEMPLATE)))


def test_what_does_not_fit_leaves_all_as_it_was(tmp_path: Path) -> None:
    """The old content, and nothing beside it."""
    template = written(tmp_path)
    commands: list[list[str | Path]] = [["fix", "--write"], ["expand", "-o", template]]
    for arguments in commands:
        ended = run(*arguments, template, before=small_files_only)
        assert (ended.code, ended.out, ended.err) == (
            2,
            "",
            f"auto-lex-permissions: {template}: cannot be written: File too large.\n",
        )
        assert (template.read_text(), names(tmp_path)) == (TEMPLATE, ["template.yaml"])


KILLED = """
import os, signal, sys
# Heard of as in the foreground, whatever the run of the tests ignores.
signal.signal({number}, signal.SIG_DFL)
fsync = os.fsync

def kill(file):
    os.kill(os.getpid(), {number})
    fsync(file)

os.fsync = kill
from auto_lex_permissions_cli.app import main
sys.argv[1:] = ["fix", "template.yaml", "--write"]
main()
"""


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGTERM", "SIGQUIT", "SIGUSR1"])
def test_a_signal_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    """In the midst of writing it waits until the file is whole; then it ends the process."""
    template = written(tmp_path)
    number = signal.Signals[name]
    ended = run(cwd=tmp_path, program=("-c", KILLED.format(number=int(number))))
    is_handled = number in {signal.SIGINT, signal.SIGTERM}
    assert ended.code == (128 + number if is_handled else -number)
    assert names(tmp_path) == ["template.yaml"]
    assert template.read_text().count("AWS::Lambda::Permission") == 1


ENDED_WITHIN = """
import signal, sys
from auto_lex_permissions_cli import app, check

def release():
    try:
        raise KeyError
    except KeyError:
        open('').close()

def run(*_, **__):
    try:
        signal.raise_signal(signal.SIGTERM)
    finally:
        {meanwhile}

check.run = run
sys.argv[1:] = ["check", "template.yaml"]
app.main()
"""


@pytest.mark.parametrize(
    "meanwhile",
    ["pass", "raise RuntimeError('release unlocked lock')", "open('').close()", "release()"],
)
def test_what_fails_while_a_signal_ends_the_program_is_not_what_counts(
    meanwhile: str,
) -> None:
    """A lock that was being taken may be released twice; the program ends by the signal."""
    ended = run(program=("-c", ENDED_WITHIN.format(meanwhile=meanwhile)))
    assert (ended.code, ended.out, ended.err) == (143, "", "")


def test_an_exception_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is."""

    def fail(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(os, "fsync", fail)
    template = written(tmp_path)
    with pytest.raises(MemoryError):
        replace(str(template), b"after")
    assert (template.read_text(), names(tmp_path)) == (TEMPLATE, ["template.yaml"])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_content_and_name_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First what the file holds, while its name leads to the old content; then its folder."""
    template = written(tmp_path)
    synced: list[tuple[bool, bytes]] = []

    def record(file: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(file).st_mode), template.read_bytes()))

    monkeypatch.setattr(os, "fsync", record)
    replace(str(template), b"after")
    assert synced == [(False, TEMPLATE.encode()), (True, b"after")]


def test_a_name_of_any_length_is_written(tmp_path: Path) -> None:
    """The temporary file has a name of its own."""
    template = written(tmp_path, name=f"{'n' * 250}.yaml")
    assert run("fix", template, "--write").code == 0


@pytest.mark.parametrize("through", ["stdout", "fd/1"])
@pytest.mark.parametrize("into", ["a pipe", "a file"])
def test_the_standard_output_is_written_to(through: str, into: str, tmp_path: Path) -> None:
    """Not replaced, which would take it away from whoever reads it; what is in it stays."""
    template = written(tmp_path)
    expected = run("expand", template).out
    if into == "a pipe":
        assert run("expand", template, "-o", f"/dev/{through}").out == expected
        return
    log = written(tmp_path, "before\n", "log")
    log_id = log.stat().st_ino
    with log.open("ab") as file:
        run("expand", template, "-o", f"/dev/{through}", stdout=file)
    assert log.stat().st_ino == log_id
    assert log.read_text().endswith(expected)


def test_pipes_and_devices_are_written_to(tmp_path: Path) -> None:
    """They stay what they are."""
    template, pipe = written(tmp_path), tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert run("expand", template, "-o", pipe).code == 0
    assert os.read(reading, 65_536).decode() == run("expand", template).out
    os.close(reading)
    assert pipe.is_fifo()
    assert run("expand", template, "-o", "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()
    full = run("expand", template, "-o", "/dev/full")
    assert (full.code, full.err) == (
        2,
        "auto-lex-permissions: /dev/full: cannot be written: No space left on device.\n",
    )
    folder = run("expand", template, "-o", tmp_path)
    assert folder.err.endswith(f"{tmp_path}: cannot be written: Is a directory.\n")


def test_only_a_file_of_a_folder_is_fixed(tmp_path: Path) -> None:
    """What was read of a pipe is not written into it."""
    for path, written_to in (("/dev/stdin", TEMPLATE), ("/dev/fd/0", TEMPLATE)):
        ended = run("fix", path, "--write", stdin=written_to)
        assert (ended.code, ended.err) == (
            2,
            f"auto-lex-permissions: {path}: cannot be written: it is no file of a folder.\n",
        )
    template = written(tmp_path)
    with template.open("rb") as file:
        ended = run("fix", "/dev/stdin", "--write", stdin=file)
    assert (ended.code, template.read_text()) == (2, TEMPLATE)


def test_the_output_that_takes_no_more_is_one_error(tmp_path: Path) -> None:
    """A full disk is no fault of the program."""
    template = written(tmp_path)
    for command in ("check", "expand", "graph"):
        with Path("/dev/full").open("wb") as full:
            ended = run(command, template, stdout=full)
        assert (ended.code, ended.err) == (
            2,
            "auto-lex-permissions: the output cannot be written: No space left on device.\n",
        )


PRINTING = [
    *(("check", "--format", form) for form in ("text", "json", "sarif", "github")),
    *(("expand",), ("expand", "--diff"), ("fix",), ("graph",), ("graph", "--format", "mermaid")),
    *(("--help",), ("--version",)),
]


@pytest.mark.parametrize("text", [TEMPLATE, TEMPLATE + PERMISSION], ids=["bad", "good"])
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_a_reader_that_has_seen_enough_changes_nothing(
    arguments: tuple[str, ...], text: str, tmp_path: Path
) -> None:
    """As after `| head -0`: the exit code is that of ever, and nothing is said of it."""
    template = written(tmp_path, text)
    expected = run(*arguments, template)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        ended = run(*arguments, template, stdout=closed)
        assert (ended.code, ended.err) == (expected.code, expected.err)
        for_both = run(*arguments, template, stdout=closed, before=lambda: both_as(writing))
        assert for_both.code == expected.code


def both_as(file: int) -> None:
    """Let both streams of this process be a file that is open."""
    for stream in (1, 2):
        os.dup2(file, stream)


def test_a_pipe_that_nobody_reads_any_more_is_written_to(tmp_path: Path) -> None:
    """As the standard output by its own name."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        ended = run("check", written(tmp_path), "-o", "/dev/fd/1", stdout=closed)
    assert (ended.code, ended.err) == (1, "")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_stream_that_is_closed_is_no_fault(number: int, tmp_path: Path) -> None:
    """As after `>&-` in a shell: it takes nothing, and the exit code is that of ever."""
    template = written(tmp_path)
    ended = run("check", template, before=partial(os.close, number))
    assert ended.code == run("check", template).code
    assert "fault" not in ended.err
