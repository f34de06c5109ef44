"""Templates before and after the macro, as files that scanners can read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

from auto_lex_permissions import Request, transform
from localcloud.sam import ROOT
from tests.scanners.scanning import Finding, Findings
from tests.templates import cases
from tools.dist import STACKS, Code, functions, load, plain, written

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
ORGANIZATION = sorted((ROOT / "org").glob("*.yaml"))
HOOK = ROOT / "hook" / "template.yaml"
OWN = [ROOT / "template.yaml", HOOK, *ORGANIZATION, *EXAMPLES]
PERMISSION = "AWS::Lambda::Permission"
FAULTY = "faulty-permission"
"""The name of a pair in which the generated permission is one that scanners have to notice."""

# CloudFormation takes the Transform section away before it calls the macro; scanners need it to
# make sense of what AWS's own transforms work on.
TRANSFORMS = {
    "Fn::ForEach::": "AWS::LanguageExtensions",
    "AWS::Serverless::": "AWS::Serverless-2016-10-31",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A template before the macro and after it."""

    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def generated(self) -> dict[str, dict[str, Any]]:
        """Return the resources that the macro has added, but for those inside loops."""
        before, after = self.before.get("Resources"), self.after.get("Resources")
        if not isinstance(before, dict) or not isinstance(after, dict):
            return {}
        return {
            logical_id: resource
            for logical_id, resource in after.items()
            if logical_id not in before and not logical_id.startswith("Fn::ForEach::")
        }

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both; return the path of each."""
        paths = folder / "before" / f"{self.name}.json", folder / "after" / f"{self.name}.json"
        for path, template in zip(paths, (self.before, self.after), strict=True):
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(template, indent=1))
        return paths


@dataclass(frozen=True, slots=True)
class Scanned:
    """The templates on disk: those of a pair by its name, the project's own, and the plain one."""

    pairs: dict[str, Pair]
    paths: dict[str, tuple[Path, Path]]
    home: Path
    distributed: Path

    @property
    def templates(self) -> list[Path]:
        """Return the paths of all templates."""
        pairs = (path for both in self.paths.values() for path in both)
        return [*pairs, *OWN, self.distributed]

    def added(self, name: str, findings: Findings) -> list[Finding]:
        """Return what is found after the macro and was not found before it."""
        before, after = self.paths[name]
        return list((findings[after] - findings[before]).elements())


def names() -> list[str]:
    """Return the names of all pairs but the faulty one."""
    return [*(case.folder.name for case in cases("cases")), *(path.stem for path in EXAMPLES)]


def pairs() -> Iterator[Pair]:
    """Yield the golden cases, the examples, and the faulty pair."""
    for case in cases("cases"):
        yield Pair(case.folder.name, whole(case.request.fragment), whole(case.expected))
    for path in EXAMPLES:
        before = json.loads(json.dumps(cfn_yaml.load(str(path))))
        yield Pair(path.stem, before, transform(Request(before)).fragment)
    yield faulty()


def whole(fragment: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a fragment as a whole template, with the transforms that it needs."""
    template = {"Resources": fragment} if _is_resources_map(fragment) else fragment
    text = json.dumps(template)
    needed = [transform for mark, transform in TRANSFORMS.items() if mark in text]
    return {**template, "Transform": needed} if needed else template


def distributed(folder: Path) -> Path:
    """Write what `make dist` makes of template.yaml, for some code; return its path."""
    (stack, *_) = STACKS
    template = load(ROOT / stack.template)
    code = {name: Code.of(stack.name, b"some code") for name in functions(template)}
    path = folder / "distributed.yaml"
    path.write_text(written(stack, plain(template, code)))
    return path


def faulty() -> Pair:
    """Return a pair whose permission lets every account in, for a function that is not there."""
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.13"}}
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "NoSuchFunction"},
        "Principal": "lexv2.amazonaws.com",
    }
    permission = {"Type": PERMISSION, "Properties": properties}
    before = {"Resources": {"Function": function}}
    return Pair(FAULTY, before, {"Resources": {"Function": function, "Permission": permission}})


def _is_resources_map(fragment: Mapping[str, Any]) -> bool:
    """Return whether a fragment is a `Resources` map, as some golden cases are."""
    return all(
        key.startswith("Fn::ForEach::") or (isinstance(value, dict) and "Type" in value)
        for key, value in fragment.items()
    )
