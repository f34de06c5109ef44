"""`make release VERSION=1.1.0`: set the version wherever it stands, and freeze what it does.

The version stands in the package, in template.yaml for the AWS Serverless Application Repository,
and in CHANGELOG.md; everything else reads it from the package. Each golden case that no earlier
release of the same major version holds is frozen in tests/releases/<version>: CloudFormation's
request as one line of JSON, and the processed template as the next; so are the codes and names of
all messages. tests/releases holds every later version to these lines.

All that is to be written is made first, and then put into place: a release that is refused, or
interrupted before that, leaves every file as it was. The same release made again changes nothing.
"""

import argparse
import datetime as dt
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from auto_lex_permissions import Request, TemplateError, transform
from auto_lex_permissions.diagnostics import CATALOGUE, METADATA_KEY
from auto_lex_permissions.protocol import request_of
from tests.templates import Case, cases

ROOT: Final = Path(__file__).resolve().parent.parent
RELEASES: Final = ROOT / "tests" / "releases"
PACKAGE: Final = ROOT / "macro" / "auto_lex_permissions" / "__init__.py"
MESSAGES: Final = "messages.txt"
TEMPLATE: Final = ROOT / "template.yaml"
CHANGELOG: Final = ROOT / "CHANGELOG.md"

VERSION_LINE: Final = re.compile(r'^(__version__ = ")([^"]+)(")$', re.MULTILINE)
SEMANTIC_VERSION: Final = re.compile(r'^( +SemanticVersion: "?)([0-9.]+)("?)$', re.MULTILINE)
UNRELEASED: Final = re.compile(
    r"^## \[Unreleased\]\n(.*?)(?=^## |^\[|\Z)", re.MULTILINE | re.DOTALL
)
DATED: Final = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", re.MULTILINE)
COMPARED: Final = re.compile(r"^\[Unreleased\]: (\S+/compare/)v(\S+)\.\.\.HEAD$", re.MULTILINE)


class RefusedError(Exception):
    """This release cannot be made; the text says why, and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A semantic version of three numbers (https://semver.org)."""

    major: int
    minor: int
    patch: int

    @classmethod
    def of(cls, text: str) -> Self:
        """Read a version; raises RefusedError where it is none."""
        if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", text):
            raise RefusedError(f"{text!r} is no version: write three numbers, such as 1.2.0")
        return cls(*map(int, text.split(".")))

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True, slots=True)
class Frozen:
    """A golden case as it was released: the request and the processed template, as JSON text."""

    name: str
    request: str
    fragment: str

    @classmethod
    def at(cls, path: Path) -> Self:
        """Read a frozen case."""
        request, fragment = path.read_text().splitlines()
        return cls(path.stem, request, fragment)

    @property
    def text(self) -> str:
        """Return what its file holds."""
        return f"{self.request}\n{self.fragment}\n"

    def again(self) -> str:
        """Return the processed template that the macro gives now."""
        return _compact(transform(request_of(json.loads(self.request))).fragment)

    def ids(self) -> list[str]:
        """Return the logical ids of the permissions that the release generated, in order."""
        return sorted(generated(json.loads(self.fragment)))


@dataclass(slots=True)
class Change:
    """What a release writes: texts by file, and the folder of its frozen cases."""

    version: Version
    texts: dict[Path, str] = field(default_factory=dict)
    frozen: list[Frozen] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Return where the release's frozen cases stand."""
        return RELEASES / str(self.version)

    def write(self) -> None:
        """Put everything into place, each file by one rename."""
        drafts = {path: path.with_name(f".{path.name}.draft") for path in self.texts}
        folder = RELEASES / ".draft"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            for path, draft in drafts.items():
                draft.write_text(self.texts[path])
            folder.mkdir(parents=True)
            for case in self.frozen:
                (folder / f"{case.name}.jsonl").write_text(case.text)
            (folder / MESSAGES).write_text(messages())
            self._put(drafts, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            for draft in drafts.values():
                draft.unlink(missing_ok=True)

    def _put(self, drafts: Mapping[Path, Path], folder: Path) -> None:
        if self.folder.exists():
            shutil.rmtree(self.folder)
        folder.rename(self.folder)
        for path, draft in drafts.items():
            draft.replace(path)


def messages() -> str:
    """Return the codes and names of all messages, a line each: no code gets another meaning."""
    return "".join(f"{message.code} {message.name}\n" for message in CATALOGUE)


def generated(value: Any) -> Iterator[str]:  # noqa: ANN401 - a template is JSON
    """Yield the logical ids of the macro's permissions, in resources and in loops."""
    if isinstance(value, list):
        for item in value:
            yield from generated(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if _is_generated(item):
                yield key
            yield from generated(item)


def _is_generated(resource: object) -> bool:
    match resource:
        case {
            "Type": "AWS::Lambda::Permission",
            "Metadata": {"AutoLexPermissions": {"HookSource": _}},
        }:
            return True
    return False


def releases() -> dict[Version, list[Frozen]]:
    """Return the frozen cases of each release, oldest release first."""
    folders = [path for path in RELEASES.glob("*.*.*") if path.is_dir()]
    found = {Version.of(path.name): path for path in folders}
    return {
        version: [Frozen.at(path) for path in sorted(found[version].glob("*.jsonl"))]
        for version in sorted(found)
    }


# What a release gets otherwise on purpose.
CHANGED: Final = {
    # Two items of nested loops could have one id, and one of them no permission.
    (Version(1, 0, 0), "loop-by-bot-of-items"),
}
# What gets the same permissions, and more to wait for: a function that may have the name.
WAITING_FOR_MORE: Final = {(Version(1, 0, 0), "function-of-conditional-name")}


def broken(case: Frozen, released: Version, current: Version) -> str:
    """Say what a version does otherwise than a release; the text is empty where it holds."""
    if (released, case.name) in CHANGED:
        return ""
    try:
        fragment = case.again()
    except TemplateError as error:
        return f"{case.name} of {released} is rejected now: {error}"
    if sorted(generated(json.loads(fragment))) != case.ids():
        return f"{case.name} of {released} gets permissions of other logical ids (rule 2.5)"
    if (released, case.name) in WAITING_FOR_MORE:
        return ""
    (template, report), (was, reported) = map(_parted, (fragment, case.fragment))
    if released.major == current.major and (template != was or not reported <= report):
        return f"{case.name} of {released} becomes another template, and only a new major may"
    return ""


def _parted(fragment: str) -> tuple[str, set[tuple[str, str]]]:
    """Return a processed template without its report, and what the report says of which path.

    A report may gain entries, and the ids that 1.0.0 does not have.
    """
    template = json.loads(fragment)
    metadata = template.get("Metadata")
    entries = metadata.pop(METADATA_KEY, []) if isinstance(metadata, dict) else []
    if not metadata:
        template.pop("Metadata", None)
    return _compact(template), {(entry["Path"], entry["Code"]) for entry in entries}


def current() -> Version:
    """Return the version that the package has."""
    return Version.of(_found(VERSION_LINE, PACKAGE)[2])


def freeze(version: Version) -> list[Frozen]:
    """Return the cases that a release has to freeze; raises RefusedError where it breaks others."""
    earlier = {old: frozen for old, frozen in releases().items() if old < version}
    faults = [
        fault
        for old, frozen in earlier.items()
        for case in frozen
        if (fault := broken(case, old, version))
    ]
    if faults:
        raise RefusedError("\n".join(["this would change what is released:", *faults]))
    held = {case.request for old in earlier if old.major == version.major for case in earlier[old]}
    found = (_frozen(case) for case in cases("cases"))
    return [case for case in found if case.request not in held]


def _frozen(case: Case) -> Frozen:
    request = case.request
    return Frozen(
        case.folder.name, _compact(_event(request)), _compact(transform(request).fragment)
    )


def _event(request: Request) -> dict[str, object]:
    """Return a request in the words of CloudFormation, which no version of the macro changes."""
    return {
        "region": request.region,
        "accountId": request.account,
        "fragment": request.fragment,
        "params": request.parameters,
        "templateParameterValues": request.template_parameters,
    }


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def release(version: Version, today: dt.date) -> Change:
    """Return what a new release writes; raises RefusedError where it cannot be made."""
    before = current()
    if version <= before:
        raise RefusedError(f"{version} does not follow {before}, which the package has")
    change = Change(version, frozen=freeze(version))
    change.texts = {
        PACKAGE: _with_version(VERSION_LINE, PACKAGE, version),
        TEMPLATE: _with_version(SEMANTIC_VERSION, TEMPLATE, version),
        CHANGELOG: _dated(version, today),
    }
    return change


def refreeze(version: Version) -> Change:
    """Return the cases of a release that nobody has yet; raises RefusedError where it is tagged."""
    if version != current():
        raise RefusedError(f"the package has {current()}: only that version can be frozen again")
    if _tagged(version):
        raise RefusedError(f"{version} is tagged, so others have it: make a new version")
    return Change(version, frozen=freeze(version))


def _tagged(version: Version) -> bool:
    """Return whether git has the release's tag."""
    command = ["git", "-C", str(ROOT), "tag", "--list", f"v{version}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        raise RefusedError(f"git cannot say whether {version} is tagged: {done.stderr.strip()}")
    return bool(done.stdout.strip())


def _found(pattern: re.Pattern[str], path: Path) -> re.Match[str]:
    found = list(pattern.finditer(path.read_text()))
    if len(found) != 1:
        raise RefusedError(f"{path.relative_to(ROOT)} has to name the version once")
    return found[0]


def _with_version(pattern: re.Pattern[str], path: Path, version: Version) -> str:
    found = _found(pattern, path)
    text = path.read_text()
    return text[: found.start(2)] + str(version) + text[found.end(2) :]


def _dated(version: Version, today: dt.date) -> str:
    """Return the changelog with its unreleased entries under the new version."""
    text = CHANGELOG.read_text()
    entries = UNRELEASED.search(text)
    if entries is None or not re.search(r"^- \S", entries[1], re.MULTILINE):
        raise RefusedError("CHANGELOG.md has no entry under Unreleased: say what users get")
    heading = f"## [Unreleased]\n\n## [{version}] - {today.isoformat()}\n"
    text = text[: entries.start()] + heading + entries[1] + text[entries.end() :]
    compared = COMPARED.search(text)
    if compared is None:
        raise RefusedError("CHANGELOG.md has no line [Unreleased]: …/compare/v1.0.0...HEAD")
    place, before = compared.groups()
    links = f"[Unreleased]: {place}v{version}...HEAD\n[{version}]: {place}v{before}...v{version}"
    return text[: compared.start()] + links + text[compared.end() :]


def _is_made(version: Version) -> bool:
    """Return whether the release stands everywhere already."""
    places = (
        _found(VERSION_LINE, PACKAGE)[2],
        _found(SEMANTIC_VERSION, TEMPLATE)[2],
        *DATED.findall(CHANGELOG.read_text())[:1],
    )
    return places == (str(version),) * 3


def _summary(change: Change) -> str:
    """Say what was written, and what comes next."""
    written = [*change.texts, change.folder]
    names = " ".join(str(path.relative_to(ROOT)) for path in written)
    version = change.version
    lines = [f"{version}: {len(change.frozen)} cases frozen. Written: {names or 'nothing'}"]
    if change.texts:
        lines += [
            "Next:",
            f"  # Write {version} into docs/check.md, README.md and README.ja.md.",
            "  make test",
            "  make dist   # what the tag will publish",
            "  git add -A",
            f'  git commit -m "Release {version}"',
            f'  git tag --annotate v{version} --message "Release {version}"',
            "  git push --follow-tags",
            "  sam build && sam deploy --config-env us-east-1   # and each other Region",
            "docs/releasing.md explains each of them.",
        ]
    return "\n".join(lines)


def _made(text: str, *, again: bool) -> str:
    """Make or freeze a release; return what to say."""
    version = Version.of(text)
    if again:
        change = refreeze(version)
    elif _is_made(version):
        return f"{version} is made already: nothing to do"
    else:
        change = release(version, dt.datetime.now(tz=dt.UTC).date())
    change.write()
    return _summary(change)


def main() -> int:
    """Make the release that the command line names."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.add_argument("version", help="three numbers, such as 1.2.0")
    parser.add_argument(
        "--again", action="store_true", help="freeze the cases of a version without a tag again"
    )
    options = parser.parse_args()
    try:
        sys.stdout.write(f"{_made(options.version, again=options.again)}\n")
    except RefusedError as refused:
        sys.stderr.write(f"make release: {refused}\nNothing was written.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
