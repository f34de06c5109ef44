"""The scanners as commands of their own, and what they find in a form that can be compared.

Each runs once over all templates: most of what it costs is its start. None reads a settings file,
since it runs in an empty folder that is its home as well.
"""

import json
import os
import platform
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.sam import ROOT

CFN_LINT = ROOT / ".environments" / "dev" / "bin" / "cfn-lint"
CHECKOV = ROOT / ".environments" / "scanners" / "bin" / "checkov"
GUARD = ROOT / "tools" / "guard" / "node_modules" / "@cdklabs" / "cdk-validator-cfnguard"
GUARD_RULES = GUARD / "rules" / "control-tower" / "cfn-guard" / "lambda"

# Cold imports from a slow disk take most of it.
LIMIT_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Finding:
    """What a scanner holds against one place of a template."""

    rule: str
    place: str
    message: str = field(default="", compare=False)


type Findings = dict[Path, Counter[Finding]]
"""By template; a template without any has an empty counter, as has one that was not looked at."""


@dataclass(frozen=True, slots=True)
class CheckovReport:
    """What checkov says: against what, for what, and what it has to leave."""

    failed: Findings
    passed: Findings
    skipped: Findings
    unread: frozenset[Path]


def cfn_lint(templates: Sequence[Path], home: Path) -> Findings:
    """Run cfn-lint with all its rules, also those that only inform.

    A place is a path, but for the index in a `DependsOn`: where an author's becomes a list, what
    was found in it stays at the same place.
    """
    said = _run([CFN_LINT, "--include-checks", "I", "--format", "json", "--", *templates], home)
    found: Findings = {template: Counter() for template in templates}
    for each in json.loads(said):
        place = "/".join(str(key) for key in each["Location"].get("Path") or [])
        place = re.sub(r"/DependsOn/\d+$", "/DependsOn", place)
        found[Path(each["Filename"])][Finding(each["Rule"]["Id"], place, each["Message"])] += 1
    return found


def checkov(templates: Sequence[Path], home: Path) -> CheckovReport:
    """Run checkov's checks of CloudFormation; without the network, as everywhere in the tests.

    What would end it for all templates is not shown to it, and counts as not read.
    """
    options = ["--skip-download", "--framework", "cloudformation", "--output", "json"]
    shown = [template for template in templates if not _ends_checkov(template)]
    said = json.loads(_run([CHECKOV, *options, "--file", *shown], home))["results"]
    return CheckovReport(
        failed=_checked(said["failed_checks"], templates),
        passed=_checked(said["passed_checks"], templates),
        skipped=_checked(said["skipped_checks"], templates),
        unread=frozenset(map(Path, said["parsing_errors"])) | (set(templates) - set(shown)),
    )


def _ends_checkov(template: Path) -> bool:
    """Return whether a template ends checkov by a traceback: where Conditions are no map."""
    if template.suffix != ".json":
        return False
    return not isinstance(json.loads(template.read_text()).get("Conditions", {}), dict)


def cfn_guard(templates: Sequence[Path], home: Path) -> Findings:
    """Run cfn-guard with the rules of AWS Control Tower about Lambda; a place is a resource."""
    options = ["--structured", "--output-format", "json", "--show-summary", "none"]
    inputs: list[str | Path] = ["--rules", GUARD_RULES, "--data", *templates]
    found: Findings = {template: Counter() for template in templates}
    for report in json.loads(_run([guard_program(), "validate", *options, *inputs], home)):
        for failed in report["not_compliant"]:
            rule = failed["Rule"]
            resources = {path.split("/")[2] for path in _resource_paths(rule)}
            found[Path(report["name"])].update(Finding(rule["name"], each) for each in resources)
    return found


def guard_program() -> Path:
    """Return where the package has cfn-guard for this machine."""
    system = {"linux": "ubuntu", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    return GUARD / "bin" / system / machine / "cfn-guard"


def _run(command: Sequence[str | Path], home: Path) -> str:
    """Return what a scanner prints, or fail with all it says; to find something is no failure."""
    result = subprocess.run(
        [str(word) for word in command],
        cwd=home,
        env={**os.environ, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert result.stdout.startswith(("[", "{")), result.stdout + result.stderr
    return result.stdout


def _checked(checks: Sequence[dict[str, Any]], templates: Sequence[Path]) -> Findings:
    """Return some of checkov's results by template; a place is `<type>.<logical id>`."""
    found: Findings = {template: Counter() for template in templates}
    for each in checks:
        message = each["check_result"].get("suppress_comment") or each["check_name"]
        finding = Finding(each["check_id"], each["resource"], message)
        found[Path(each["file_abs_path"])][finding] += 1
    return found


def _resource_paths(report: object) -> Iterator[str]:
    """Yield the paths into `Resources` that a report of cfn-guard names, however deep."""
    match report:
        case {"path": str(path)} if path.startswith("/Resources/"):
            yield path
    match report:
        case dict():
            for part in report.values():
                yield from _resource_paths(part)
        case list():
            for part in report:
                yield from _resource_paths(part)
