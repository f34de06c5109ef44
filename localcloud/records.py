"""What the local cloud did, as files below one folder, for tests to read.

LocalStack and the tests run in different environments, so they share files instead of imports:
one JSON object per deployed Lex or Connect resource, and one JSON line per invocation of a Lambda
function. Every write is atomic for a reader: a resource file is renamed into place, an invocation
is one short append.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "LOCALCLOUD_RECORDS"


@dataclass(frozen=True, slots=True)
class InvocationRecord:
    """One invocation: which code answered, and how."""

    function_arn: str
    request_id: str
    code_sha256: str
    """Lambda's ``CodeSha256`` (base64), computed from the very zip that was unzipped."""
    files: dict[str, str]
    """The SHA-256 (hexadecimal) of each file in the code folder, when the process started."""
    failed: bool
    log: str


@dataclass(frozen=True, slots=True)
class Records:
    """The folder of records; missing parts read as empty."""

    folder: Path

    @classmethod
    def from_environment(cls) -> "Records":
        """Return the records of the LocalStack process that this code runs in."""
        return cls(Path(os.environ[FOLDER_VARIABLE]))

    def put_resource(self, resource_type: str, name: str, model: Mapping[str, Any]) -> None:
        """Store what a resource looks like now, under a name that is unique within its type."""
        path = self._resource_path(resource_type, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False) as file:
            json.dump(model, file)
        Path(file.name).replace(path)

    def remove_resource(self, resource_type: str, name: str) -> None:
        """Forget a resource; one that is not there is no mistake."""
        self._resource_path(resource_type, name).unlink(missing_ok=True)

    def resource(self, resource_type: str, name: str) -> dict[str, Any] | None:
        """Return a resource as it was stored last, None where there is none."""
        path = self._resource_path(resource_type, name)
        return json.loads(path.read_text()) if path.exists() else None

    def resources(self, resource_type: str) -> dict[str, dict[str, Any]]:
        """Return all resources of a type by name, in the order of their names."""
        paths = sorted(self._resource_path(resource_type, "").parent.glob("*.json"))
        return {path.stem: json.loads(path.read_text()) for path in paths}

    def add_invocation(self, record: InvocationRecord) -> None:
        """Append one invocation."""
        with self._invocations_path().open("a") as file:
            file.write(json.dumps(asdict(record)) + "\n")

    def invocations(self) -> Iterator[InvocationRecord]:
        """Yield all invocations, oldest first."""
        path = self._invocations_path()
        if path.exists():
            for line in path.read_text().splitlines():
                yield InvocationRecord(**json.loads(line))

    def _invocations_path(self) -> Path:
        return self.folder / "invocations.jsonl"

    def _resource_path(self, resource_type: str, name: str) -> Path:
        return self.folder / resource_type.replace("::", "-") / f"{name}.json"
