"""Cases on disk: a template as CloudFormation hands it to the macro, and what comes of it.

The templates use the long forms of the intrinsic functions, since CloudFormation expands the
short ones before it calls a macro. A short one is refused, with what to write instead.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from auto_lex_permissions import Request

TESTS = Path(__file__).parent
REGION = "us-east-1"
ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class Case:
    """One folder: template.yaml, what is expected of it, and request.yaml where it matters."""

    folder: Path

    @property
    def request(self) -> Request:
        """Return the request that brings the template to the macro."""
        sent = self._load("request.yaml") if (self.folder / "request.yaml").exists() else {}
        return Request(
            fragment=self._load("template.yaml"),
            region=sent.get("region", REGION),
            account=sent.get("accountId", ACCOUNT),
            parameters=sent.get("params", {}),
            template_parameters=sent.get("templateParameterValues", {}),
        )

    @property
    def headline(self) -> str:
        """Return the template's first line, which says the rules that it shows."""
        return (self.folder / "template.yaml").read_text().splitlines()[0]

    @property
    def expected(self) -> dict[str, Any]:
        """Return the fragment that the macro has to answer with."""
        return self._load("expected.yaml")

    @property
    def message(self) -> str:
        """Return the message with which the macro has to reject the template."""
        return (self.folder / "message.txt").read_text().rstrip("\n")

    def _load(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            loaded: dict[str, Any] = yaml.safe_load(path.read_text())
        except yaml.constructor.ConstructorError as error:
            raise ValueError(
                f"{path}: {error.problem}. A case is written as CloudFormation hands it to a macro:"
                " {Ref: Bot} in place of !Ref Bot, {'Fn::GetAtt': [Orders, Arn]} in place of"
                " !GetAtt Orders.Arn."
            ) from error
        return loaded


def cases(kind: str) -> list[Case]:
    """Return the cases of a folder of tests/, found by folder, never listed."""
    return [Case(path) for path in sorted((TESTS / kind).iterdir()) if path.is_dir()]


def name(case: Case) -> str:
    """Return a case's name in the test report."""
    return case.folder.name
