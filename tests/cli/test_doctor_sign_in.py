"""What users can have wrong is one line that says what it is and what to do, and no fault of ours.

`test_a_line_and_no_fault` runs the program; the others ask boto3 itself, in this process.
"""

import hashlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from botocore.config import Config

from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.doctor import account as calls
from auto_lex_permissions_cli.doctor.command import run as doctor
from tests.cli.aws_stub import FUNCTIONS, Called, Stub, policy, raw, serving, statement
from tests.cli.commands import ROOT, run

pytestmark = pytest.mark.long

ORDERS: Final = f"{FUNCTIONS}:orders"
NOWHERE: Final = "http://127.0.0.1:9"
SSO: Final = """\
[default]
sso_session = s
sso_account_id = 123456789012
sso_role_name = reader
[sso-session s]
sso_region = us-east-1
sso_start_url = https://example.com/start
"""
ROLE: Final = """\
[default]
role_arn = arn:aws:iam::123456789012:role/reader
source_profile = base
"""
KEYS: Final = "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    """An account with one hook that is allowed, asked once, and a home of nobody."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(calls, "CONFIG", Config(retries={"total_max_attempts": 1}))
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving() as stub:
        live = stub.add_alias(
            stub.add_bot("ABCDEFGHIJ", "注文"), "KLMNOPQRST", "live", en_US=ORDERS
        )
        stub.functions = {ORDERS: policy(statement(ORDERS, live))}
        for name, value in stub.environment.items():
            monkeypatch.setenv(name, value)
        yield stub


def _problem(profile: str = "", region: str = "") -> str:
    with pytest.raises(UsageError) as caught:
        doctor(
            profiles=[profile] if profile else [],
            regions=[region] if region else [],
            bot="",
            alias="",
            timeout=60,
            form="text",
        )
    return str(caught.value)


def _printing(text: str) -> str:
    """Return a profile with a program that prints this as credentials."""
    return f"[default]\ncredential_process = echo {shlex.quote(text)}\n"


BROKEN: Final = "the AWS configuration, or what it names, is broken "
CONFIGURATIONS: Final = {
    "no section": ("a = b\n", "Unable to parse config file: "),
    "half a section": ("[default\n", "Unable to parse config file: "),
    "no text": ("\0[", "Unable to parse config file: "),
    "half a key": ("[default]\naws_access_key_id = a\n", "Partial credentials found in "),
    "no program": ("[default]\ncredential_process = /no/such\n", f"{BROKEN}(FileNotFoundError: "),
    "no command": ("[default]\ncredential_process =\n", f"{BROKEN}(IndexError: "),
    "half a command": ("[default]\ncredential_process = 'a\n", f"{BROKEN}(ValueError: "),
    "a program that fails": ("[default]\ncredential_process = false\n", "Error when retrieving "),
    "a program of no JSON": (_printing("hello"), f"{BROKEN}(JSONDecodeError: "),
    "a program of a list": (_printing("[]"), f"{BROKEN}(AttributeError: "),
    "a program of nothing": (_printing("{}"), "Error when retrieving credentials from custom"),
    "a key that is none": (
        _printing('{"Version": 1, "AccessKeyId": 5, "SecretAccessKey": "b"}'),
        "one of the keys is no text of one line.",
    ),
    "two lines in a key": (
        _printing(r'{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b\nc"}'),
        "one of the keys is no text of one line.",
    ),
    "no such session": (SSO.replace("= s\n", "= t\n"), "The specified sso-session does not exist"),
    "not signed in": (SSO, "Error loading SSO Token: Token for s does not exist."),
    "half of SSO": (SSO.replace("sso_region", "region"), "The profile "),
    "no source": (ROLE, "The source_profile "),
    "a role of itself": (ROLE.replace("base", "default"), "Infinite loop "),
}


@pytest.mark.parametrize(("text", "words"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_configuration_without_credentials(
    account: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, words: str
) -> None:
    """What is wrong with it, in the words of who read it, and what to do; before any call."""
    config = tmp_path / "config"
    config.write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    problem = _problem()
    assert problem.startswith(f"credentials: {words}")
    assert problem.endswith(
        ". Sign in anew, correct the AWS configuration, or give another --profile."
    )
    assert account.calls == []


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("{", f"{BROKEN}(KeyError: "),
        ("[]", "Error loading SSO Token: Token for "),
        ('{"accessToken": "a", "expiresAt": 5}', f"{BROKEN}(TypeError: "),
        (
            '{"accessToken": "a", "expiresAt": "2020-01-01T00:00:00Z"}',
            "Error when retrieving token from sso: Token has expired and refresh failed.",
        ),
    ],
)
def test_a_session_of_sso_that_is_over(
    account: Stub, tmp_path: Path, token: str, words: str
) -> None:
    """It has expired, or its file is broken. In a process of its own: boto3 looks for HOME once."""
    config = tmp_path / "config"
    config.write_text(SSO)
    cache = tmp_path / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (cache / f"{hashlib.sha1(b's', usedforsecurity=False).hexdigest()}.json").write_text(token)
    environment = {
        name: value for name, value in account.environment.items() if "ACCESS_KEY" not in name
    }
    ended = run("doctor", **environment | {"AWS_CONFIG_FILE": str(config), "HOME": str(tmp_path)})
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"auto-lex-permissions: credentials: {words}")
    assert ended.err.count("\n") == 1


def test_a_role_that_may_not_be_taken(
    account: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the words of AWS."""
    config = tmp_path / "config"
    config.write_text(ROLE + KEYS)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{account.port}")
    error = "<Error><Code>AccessDenied</Code><Message>Reader may not.</Message></Error>"
    account.refuse("sts:AssumeRole", "", raw(f"<R>{error}</R>".encode(), 403, "text/xml"))
    assert _problem().startswith(
        "credentials: An error occurred (AccessDenied) when calling the AssumeRole operation:"
        " Reader may not. Sign in anew"
    )
    assert account.calls == [Called("sts:AssumeRole")]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AWS_SESSION_TOKEN", "a\nb", "credentials: one of the keys is no text of one line."),
        ("AWS_PROFILE", "nobody", "credentials: The config profile (nobody) could not be found."),
        ("AWS_DEFAULTS_MODE", "odd", "lexv2-models cannot be called in us-east-1: Client config"),
        ("AWS_ENDPOINT_URL_LAMBDA", "odd", "lambda cannot be called in us-east-1: Invalid endp"),
        ("AWS_ENDPOINT_URL_LEX_MODELS_V2", "http://[", "lexv2-models cannot be called in us-east"),
        ("AWS_ENDPOINT_URL_LEX_MODELS_V2", NOWHERE, "ListBots: EndpointConnectionError: "),
        ("AWS_ENDPOINT_URL_LEX_MODELS_V2", f"{NOWHERE}99999", "ListBots: ValueError: "),
        ("HTTP_PROXY", NOWHERE, "ListBots: ProxyConnectionError: "),
    ],
)
@pytest.mark.usefixtures("account")
def test_an_environment_that_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """Which setting it is, as far as that can be known, and what to do."""
    monkeypatch.setenv(name, value)
    if name == "HTTP_PROXY":
        monkeypatch.setenv("NO_PROXY", "")
    problem = _problem()
    assert problem.removeprefix("the bots in us-east-1 cannot be listed: ").startswith(words)
    assert problem.endswith(
        (
            " Sign in anew, correct the AWS configuration, or give another --profile.",
            " Correct --region, or the AWS configuration.",
            " Check the Region, the network and the proxy.",
        )
    )


def test_a_proxy_that_answers_itself(account: Stub) -> None:
    """Its page is shown as far as it takes to know it."""
    account.refuse("lex:ListBots", "", raw(b"<html>\n<title>Sign in</title>", kind="text/html"))
    assert _problem() == (
        "the bots in us-east-1 cannot be listed: ListBots: broken answer: no JSON, but"
        r" b'<html>\n<title>Sign in</title>'. Check the Region, the network and the proxy."
    )


def _ended(account: Stub, shell: str, **environment: str) -> tuple[int, str, str]:
    """Run `doctor` by a shell that has it as `"$@"`."""
    path = {"PYTHONPATH": f"{ROOT / 'macro'}:{ROOT / 'cli'}", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["/bin/sh", "-c", shell, "sh", sys.executable, "-m", "auto_lex_permissions_cli", "doctor"],
        env=path | account.environment | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_an_output_that_takes_nothing(account: Stub) -> None:
    """A full disk is a line; who closes a stream does not want it, and hears the exit code."""
    line = "auto-lex-permissions: the output cannot be written: No space left on device.\n"
    assert _ended(account, '"$@" >/dev/full') == (2, "", line)
    assert _ended(account, '"$@" --format json >/dev/full') == (2, "", line)
    assert _ended(account, '"$@" >&-') == (0, "", "")
    assert _ended(account, '"$@" --bot x >&- 2>&-') == (2, "", "")


def test_an_output_that_has_not_all_letters(account: Stub) -> None:
    """A bot's name may be of any: files and pipes are UTF-8 all the same."""
    for form in ("text", "json"):
        name = "\u6ce8\u6587"
        code, out, err = _ended(account, f'"$@" --format {form}', PYTHONIOENCODING="ascii")
        assert (code, name in out, err) == (0, True, "")


def test_a_line_and_no_fault(account: Stub) -> None:
    """As a program, with an exit code that says that it could not be done."""
    for (name, value), line in {
        ("AWS_PROFILE", "nobody"): (
            "credentials: The config profile (nobody) could not be found. Sign in anew, correct the"
            " AWS configuration, or give another --profile."
        ),
        ("AWS_DEFAULT_REGION", "us east 1"): (
            "lexv2-models cannot be called in us east 1: Provided region_name 'us east 1' doesn't"
            " match a supported format. Correct --region, or the AWS configuration."
        ),
    }.items():
        ended = run("doctor", **account.environment | {name: value})
        assert (ended.code, ended.out, ended.err) == (2, "", f"auto-lex-permissions: {line}\n")
