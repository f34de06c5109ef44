"""`sam package` and `sam publish`: the macro in the AWS Serverless Application Repository.

LocalStack has no such repository. So packaging is real, to LocalStack's S3, and what `sam publish`
then asks for is heard by a listener that says yes: whether the repository would accept it was not
tried. What it documents about each field is held here.
"""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cfnlint.decode import cfn_yaml

from localcloud.account import Account
from localcloud.sam import ROOT, SAM
from localcloud.server import ACCOUNT, REGION

BUCKET = "packages"
APPLICATION = f"arn:aws:serverlessrepo:{REGION}:{ACCOUNT}:applications/auto-lex-permissions"
METADATA = "AWS::ServerlessRepo::Application"
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-template-publishing-applications-metadata-properties.html
PATTERNS = {
    "name": r"[a-zA-Z0-9\-]{1,140}",
    "description": r".{1,256}",
    "author": r"(?=.{1,127}$)[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?",
    "spdxLicenseId": r"Apache-2\.0",
    "semanticVersion": r"[0-9]+\.[0-9]+\.[0-9]+",
}
LABEL = r"[a-zA-Z0-9+\-_:\/@]{1,127}"
# After the service's id: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
ENDPOINT = "AWS_ENDPOINT_URL_SERVERLESSAPPLICATIONREPOSITORY"
LIMIT_SECONDS = 120

pytestmark = pytest.mark.timeout(300)


def sam(account: Account, *arguments: str, **variables: str) -> str:
    """Run a command of SAM CLI in the account, and return what it says."""
    result = subprocess.run(
        [SAM, *arguments],
        cwd=ROOT,
        env=account.cloud.environment(account.account_id) | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def packaged(account: Account, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Package the built macro into a bucket, and return the template that `sam publish` takes."""
    account.client("s3").create_bucket(Bucket=BUCKET)
    template = tmp_path_factory.mktemp("packaged") / "packaged.yaml"
    options = ("--s3-bucket", BUCKET, "--output-template-file", str(template))
    sam(account, "package", "--template-file", str(built), *options)
    return template


@pytest.mark.parametrize(
    ("key", "name"),
    [("LicenseUrl", "LICENSE"), ("ReadmeUrl", "README.md")],
    ids=["license", "readme"],
)
def test_licence_and_readme_are_in_the_bucket(
    account: Account, packaged: Path, key: str, name: str
) -> None:
    """The packaged template names them there, and they are this repository's."""
    metadata = cfn_yaml.load(str(packaged))["Metadata"][METADATA]
    place = urlsplit(metadata[key])
    assert (place.scheme, place.netloc) == ("s3", BUCKET)
    found = account.client("s3").get_object(Bucket=BUCKET, Key=place.path.removeprefix("/"))
    assert found["Body"].read() == (ROOT / name).read_bytes()


@contextmanager
def repository() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """Yield the URL of a listener that agrees to everything, and what it has heard."""
    heard: list[tuple[str, dict[str, Any]]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Agree."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.path, json.loads(body)))
            answer = json.dumps({"applicationId": APPLICATION}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


def test_publishing_asks_for_an_application_with_all_it_needs(
    account: Account, packaged: Path
) -> None:
    """One request, in which every field is as documented, and a template without that metadata."""
    with repository() as (url, heard):
        said = sam(account, "publish", "--template", str(packaged), **{ENDPOINT: url})
    assert "Publish Succeeded" in said
    ((path, asked),) = heard
    assert path == "/applications"
    for field, pattern in PATTERNS.items():
        assert re.fullmatch(pattern, asked[field]), field
    assert 0 < len(asked["labels"]) <= 10
    assert all(re.fullmatch(LABEL, label) for label in asked["labels"])
    assert asked["licenseUrl"].startswith("s3://")
    assert asked["readmeUrl"].startswith("s3://")
    assert METADATA not in asked["templateBody"]
    # An application may use no other transform than AWS::Serverless.
    assert asked["templateBody"].count("Transform: AWS::Serverless-2016-10-31\n") == 1
