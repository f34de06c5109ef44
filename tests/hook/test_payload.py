"""The payload is fetched from AWS alone, soon or not at all, and is a template or nothing."""

import gzip
import json
import ssl
from collections.abc import Callable

import pytest

from auto_lex_permissions_hook import payload
from auto_lex_permissions_hook.payload import template_at
from auto_lex_permissions_hook.protocol import NotJudgedError
from tests.hook.server import HOST, URL, Bucket, Conversation, holds, says

YAML = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n"
JSON = '{"Resources":{"Queue":{"Type":"AWS::SQS::Queue"}}}'

NO_ADDRESS = [
    "",
    URL.replace("https", "http"),
    URL.replace("https", "ftp"),
    "file:///etc/passwd",
    "https:///payload",
    "https://[::1/payload",
    f"https://{HOST}:99999/payload",
    f"https://{HOST}:8443/payload",
    "https://169.254.169.254/latest/meta-data/",
    "https://example.com/payload",
    "https://example.com/amazonaws.com",
    "https://amazonaws.com.example.com/payload",
    "https://notamazonaws.com/payload",
    f"https://{HOST}@example.com/payload",
    f"https://example.com#@{HOST}/payload",
    f"https://{HOST}/p\u00e4yload",
]


@pytest.mark.parametrize("template", [YAML, JSON, "x"])
def test_the_template_is_what_the_payload_holds(s3: Bucket, template: str) -> None:
    """As YAML or as JSON, beside whatever else there is; the signature goes with the request."""
    s3.answer = holds(template, previousTemplate="other", changedResources=[])
    assert template_at(URL) == template
    assert s3.requests == ["GET /payload?X-Amz-Expires=300&X-Amz-Signature=0a1b2c HTTP/1.1"]


def test_characters_of_every_kind_arrive(s3: Bucket) -> None:
    """JSON may escape them or not."""
    text = "Description: \u6ce8\u6587 \U0001f600\n"
    s3.answer = holds(text)
    assert template_at(URL) == text
    s3.answer = says(json.dumps({"template": text}, ensure_ascii=False))
    assert template_at(URL) == text


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_no_other_address_is_asked(s3: Bucket, url: str) -> None:
    """Not by another scheme, port or host, and by none that only looks like one of AWS."""
    with pytest.raises(NotJudgedError, match="address"):
        template_at(url)
    assert s3.requests == []


@pytest.mark.parametrize("url", [f"https://{HOST}/a b", f"https://{'x' * 70}.amazonaws.com/"])
def test_an_address_that_http_cannot_have_is_no_fault_of_ours(
    url: str, monkeypatch: pytest.MonkeyPatch, s3: Bucket
) -> None:
    """A blank in a path, and a name that is too long for DNS."""
    if "xx" in url:
        monkeypatch.undo()
    with pytest.raises(NotJudgedError, match="cannot be fetched"):
        template_at(url)
    assert s3.requests == []


@pytest.mark.parametrize("suffix", ["amazonaws.com.cn", "amazonaws.eu"])
def test_other_partitions_have_other_names(s3: Bucket, suffix: str) -> None:
    """They are asked; the certificate here is for another name, which counts."""
    with pytest.raises(NotJudgedError, match=r"cannot be fetched \(SSLCertVerificationError\)"):
        template_at(URL.replace("amazonaws.com", suffix))
    assert s3.requests == []


ANSWERS: dict[str, tuple[Conversation, str]] = {
    "redirect": (
        says("", "302 Found", "Location: https://example.com/"),
        "is answered with HTTP status 302",
    ),
    "moved": (says(JSON, "307 Temporary Redirect"), "is answered with HTTP status 307"),
    "expired": (says("<Error/>", "403 Forbidden"), "is answered with HTTP status 403"),
    "partial": (says(JSON, "206 Partial Content"), "is answered with HTTP status 206"),
    "no body": (says(b"", "204 No Content"), "is answered with HTTP status 204"),
    "empty": (says(b""), "is no JSON"),
    "html": (says("<html></html>"), "is no JSON"),
    "gzip": (
        says(gzip.compress(json.dumps({"template": YAML}).encode()), "200 OK"),
        "is no JSON",
    ),
    "half": (says(b'{"template": "Res', length=500), "is no JSON"),
    "deep": (says("[" * 500_000), "is no JSON"),
    "long number": (says('{"template": ' + "9" * 5_000 + "}"), "is no JSON"),
    "bytes": (says(b"\xff\xfe\x00\xd8"), "is no JSON"),
    "list": (says("[]"), "holds no template"),
    "text": (says('"template"'), "holds no template"),
    "absent": (says("{}"), "holds no template"),
    "null": (holds(None), "holds no template"),
    "blank": (holds(" \n"), "holds no template"),
    "object": (holds({"Resources": {}}), "holds no template"),
    "no http": (lambda connection: connection.sendall(b"hello\r\n\r\n"), "cannot be fetched"),
    "nothing": (lambda _: None, "cannot be fetched"),
    "many headers": (
        says("", "200 OK", *(f"H{n}: x" for n in range(200))),
        r"cannot be fetched \(HTTPException\)",
    ),
    "too large": (says(b" " * (payload.MOST_BYTES + 1)), "has more than 10,000,000 bytes"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_payload_is_not_judged(s3: Bucket, name: str) -> None:
    """Each for a reason that its owner can look for; nothing is asked twice, or elsewhere."""
    s3.answer, why = ANSWERS[name]
    with pytest.raises(NotJudgedError, match=f"^its payload {why}"):
        template_at(URL)
    assert len(s3.requests) == 1


def test_as_much_as_there_may_be_is_read(s3: Bucket) -> None:
    """The limit itself is none too many."""
    body = json.dumps({"template": YAML})
    s3.answer = says(body + " " * (payload.MOST_BYTES - len(body)))
    assert template_at(URL) == YAML


ENDLESS: dict[str, Callable[[Bucket], Conversation]] = {
    "silent": lambda s3: s3.forever(b"", 0.05),
    "a header now and then": lambda s3: s3.forever(b"H: x\r\n", 0.02, b"HTTP/1.1 200 OK\r\n"),
    "a byte of its status now and then": lambda s3: s3.forever(b" ", 0.02),
    "a byte now and then": lambda s3: s3.forever(
        b" ", 0.02, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    ),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_nothing_slow_is_waited_for(s3: Bucket, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Whether it says nothing, or always a little more."""
    monkeypatch.setattr(payload, "FETCH_SECONDS", 0.3)
    s3.answer = ENDLESS[name](s3)
    with pytest.raises(NotJudgedError, match="its payload takes more than"):
        template_at(URL)


def test_silence_ends_by_the_limit_of_each_step(
    s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the time is up for the whole."""
    monkeypatch.setattr(payload, "CONNECT_SECONDS", 0.1)
    s3.answer = s3.forever(b"", 0.05)
    with pytest.raises(NotJudgedError, match=r"cannot be fetched \(TimeoutError\)"):
        template_at(URL)


def test_an_endless_body_is_left_at_the_limit(s3: Bucket) -> None:
    """It never says how long it is."""
    s3.answer = s3.forever(b" " * 65_536, 0, b"HTTP/1.1 200 OK\r\n\r\n")
    with pytest.raises(NotJudgedError, match="has more than"):
        template_at(URL)


def test_the_certificate_has_to_be_trusted(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the authorities that Lambda's system trusts."""
    s3.answer = holds(YAML)
    monkeypatch.setattr(payload, "_TLS", ssl.create_default_context())
    with pytest.raises(NotJudgedError, match=r"cannot be fetched \(SSLCertVerificationError\)"):
        template_at(URL)


def test_nobody_there(s3: Bucket) -> None:
    """The kind of the network's error is said."""
    s3.close()
    with pytest.raises(NotJudgedError, match=r"cannot be fetched \(ConnectionRefusedError\)"):
        template_at(URL)
