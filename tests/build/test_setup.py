"""The set-up finds Python by running it, and makes environments that are whole or not in use."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localcloud.sam import ROOT
from tools.environments import MEGABYTES

LOCK = ROOT / "macro" / "requirements.txt"
MAKEFILE = (ROOT / "Makefile").read_text()
# A lock that pip refuses.
NOT_LOCKED = "jmespath==1.1.0 --hash=sha256:" + "0" * 64 + "\n"


def script(path: Path, text: str) -> None:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def find_python(home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run tools/find-python for a user who has nothing but this home folder and its bin."""
    return subprocess.run(
        [shutil.which("sh") or "sh", ROOT / "tools" / "find-python", *options],
        env={"HOME": str(home), "PATH": str(home / "bin")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


class TestFindPython:
    """tools/find-python."""

    def test_a_shim_that_does_not_run_is_passed_over(self, tmp_path: Path) -> None:
        """Pyenv's `python3.13` exists and exits with 127 while another version is selected."""
        script(tmp_path / "bin" / "python3.13", "exit 127")
        script(tmp_path / "bin" / "python3", "echo Python 2.7; exit 1")
        real = tmp_path / ".pyenv" / "versions" / "3.13.1" / "bin" / "python3.13"
        script(real, f'exec "{sys.executable}" "$@"')
        result = find_python(tmp_path)
        assert (result.returncode, result.stdout.strip()) == (0, sys.executable)

    def test_a_folder_with_a_space(self, tmp_path: Path) -> None:
        """Neither the home folder nor the interpreter's path need be one word."""
        home = tmp_path / "a home"
        real = home / ".pyenv" / "versions" / "3.13.1" / "bin" / "python3.13"
        script(real, f'exec "{sys.executable}" "$@"')
        assert find_python(home).stdout.strip() == sys.executable

    def test_missing(self, tmp_path: Path) -> None:
        """Without any, it says what is missing and how to get it."""
        result = find_python(tmp_path)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("No Python 3.13 found")
        assert "pyenv install 3.13" in result.stderr

    def test_missing_pip(self, tmp_path: Path) -> None:
        """For the build any Python will do, but it needs pip."""
        result = find_python(tmp_path, "--with-pip")
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("No Python with pip found")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_ci_names_a_missing_make(tmp_path: Path) -> None:
    """.ci/run says that make is missing instead of failing on it."""
    (tmp_path / "dirname").symlink_to(str(shutil.which("dirname")))
    result = subprocess.run(
        [str(shutil.which("bash")), ROOT / ".ci" / "run"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("make is missing")


class Project:
    """A copy of the set-up with one small environment, `small`."""

    def __init__(self, root: Path) -> None:
        """Lay it out."""
        self.root = root
        self.lock = root / "requirements" / "small.txt"
        self.place = root / ".environments" / "small"
        (root / "tools").mkdir()
        shutil.copy(ROOT / "tools" / "environments.py", root / "tools")
        self.lock.parent.mkdir()
        shutil.copy(LOCK, self.lock)

    def start(self, **variables: str) -> subprocess.Popen[str]:
        """Start making the environment."""
        return subprocess.Popen(
            [sys.executable, self.root / "tools" / "environments.py", "small"],
            env={**os.environ, "CI": "true", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def make(self, **variables: str) -> tuple[int, str]:
        """Make the environment; return the exit code and what was said."""
        return finish(self.start(**variables))

    def works(self) -> bool:
        """Return whether what the lock names can be imported."""
        command = [str(self.place / "bin" / "python"), "-c", "import aws_lambda_powertools"]
        return subprocess.run(command, timeout=30, check=False).returncode == 0


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a run; return its exit code and what it said."""
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project whose path has a space in it."""
    root = tmp_path / "a project"
    root.mkdir()
    return Project(root)


@pytest.mark.timeout(300)
class TestEnvironments:
    """tools/environments.py."""

    def test_made_once_and_again_for_another_lock(self, project: Project) -> None:
        """Also for users whose own settings would lead pip elsewhere."""
        code, said = project.make(
            PIP_USER="1", PIP_TARGET="/nonexistent", PYTHONPATH="/nonexistent"
        )
        assert (code, project.works()) == (0, True), said
        assert project.make() == (0, "Python environments up to date: small\n")
        project.lock.write_text(project.lock.read_text() + "# changed\n")
        (project.place / "left over").touch()
        code, said = project.make()
        assert (code, project.works()) == (0, True), said
        assert not (project.place / "left over").exists()

    def test_the_disk_that_it_takes_is_said_before_it_starts(self, project: Project) -> None:
        """Of each environment that `make setup` makes, in front of what pip says."""
        made = re.search(r"^setup:\n\t\$\(call environments,(.+)\)$", MAKEFILE, re.MULTILINE)
        assert made
        assert {*MEGABYTES} == {*made[1].split()}
        (project.root / "requirements" / "dev.txt").write_text(NOT_LOCKED)
        done = subprocess.run(
            [sys.executable, project.root / "tools" / "environments.py", "dev"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        said = f"They take some {MEGABYTES['dev']} MB in {project.root / '.environments'}"
        assert said in done.stdout.partition("ended with")[0].splitlines()

    def test_two_at_once(self, project: Project) -> None:
        """One makes it, the other waits for that."""
        runs = [project.start(), project.start()]
        ends = [finish(run) for run in runs]
        assert [code for code, _ in ends] == [0, 0], ends
        assert project.works()

    @pytest.mark.usefixtures("interruptible")
    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_interrupted(self, project: Project, how: signal.Signals) -> None:
        """However a run is ended, what it leaves is not taken for whole."""
        run = project.start()
        wait_for(project.place / "bin" / "python")
        run.send_signal(how)
        code, said = finish(run)
        assert code != 0, said
        assert not (project.place / "stamp").exists()
        code, said = project.make()
        assert (code, project.works()) == (0, True), said

    def test_a_package_that_is_not_the_locked_one(self, project: Project) -> None:
        """It is refused, with pip's reason."""
        project.lock.write_text(NOT_LOCKED)
        code, said = project.make()
        assert code == 1
        assert "THESE PACKAGES DO NOT MATCH THE HASHES" in said
        assert not (project.place / "stamp").exists()


def wait_for(path: Path) -> None:
    """Return once a file is there."""
    until = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < until, f"no {path}"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "lock",
    sorted(ROOT.glob("*/*requirements.txt")) + sorted(ROOT.glob("requirements/*.txt")),
    ids=lambda path: path.stem,
)
def test_locks_name_no_index_and_no_machine(lock: Path) -> None:
    """A lock holds for everyone: versions and hashes, no address and no path of a machine."""
    text = lock.read_text()
    assert "--hash=sha256:" in text
    for word in ("index-url", "find-links", "trusted-host", "://", "@ ", "file:", " /"):
        assert word not in text, word


class TestPhases:
    """tools/phases.py, under the options that `make test` gives pytest, with two workers."""

    FILES = ("e2e/test_a.py", "test_b.py", "artifact/test_c.py", "build/test_d.py", "cli/test_e.py")

    def run(self, project: Path, *options: str) -> tuple[int, str]:
        """Run the tests of a small project; return pytest's exit code and what it printed."""
        (parallel,) = re.findall(
            r"^PARALLEL = (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE
        )
        shutil.copy(ROOT / "pyproject.toml", project)
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-n2",
                *parallel.split(),
                "-p",
                "tools.phases",
                *options,
            ],
            cwd=project,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            timeout=50,
            check=False,
        )
        return done.returncode, done.stdout

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        """Return a project with a test in each of some folders, `build` among them."""
        for name in self.FILES:
            file = tmp_path / "tests" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("def test_nothing(): pass\n")
        return tmp_path

    def test_all_phases_are_one_run(self, project: Path) -> None:
        """The quick tests first, and each phase under its title, also where a test fails.

        In the folder `build`, too, which pytest by itself passes over. There is one exit code and
        one closing line. A single worker here, so that no phase overlaps the next.
        """
        (project / "tests" / "test_b.py").write_text("def test_wrong(): assert False\n")
        code, said = self.run(project, "-n1")
        assert code == 1
        titles = re.findall(r"^-+ ([\w ]+)(?::.+)? -+$", said, re.MULTILINE)
        assert titles == ["unit and golden tests", "build", "artifact", "end to end"]
        assert re.search(r"^=+ 1 failed, 4 passed in .+ =+$", said.splitlines()[-1])

    def test_a_run_that_takes_too_long_is_ended(self, project: Path) -> None:
        """What has not begun by then is left out."""
        slow = "import time\ndef test_slow(): time.sleep(1)\ndef test_never(): assert False\n"
        (project / "tests" / "test_b.py").write_text(slow)
        code, said = self.run(project, "--session-timeout=0.5")
        assert code == 2, said
        assert "session-timeout: 0.5 sec exceeded" in said
        assert "failed" not in said.splitlines()[-1]
