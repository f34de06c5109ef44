"""The template that a request leads to: JSON at an address of AWS, with the template as a text.

The address is presigned, so it needs no credentials, and the function has none that would help
anybody there. Whatever answers has to do so soon, and with no more than a template can be.

Source: https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html
"""

import contextlib
import http.client
import json
import socket
import ssl
import threading
from typing import Final
from urllib.parse import SplitResult, urlsplit

from .protocol import NotJudgedError

# Of all partitions that have Lambda Hooks and Lex:
# https://docs.aws.amazon.com/general/latest/gr/rande.html
SUFFIXES: Final = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu")
# Two templates of 1 MB, or one and the resources that change; each is a text of JSON in JSON.
MOST_BYTES: Final = 10_000_000
# CloudFormation waits 30 seconds for the whole answer, and asks three times.
CONNECT_SECONDS: Final = 3.0
FETCH_SECONDS: Final = 8.0

_TLS: Final = ssl.create_default_context()


def template_at(url: str) -> str:
    """Return the template that a request's payload holds, YAML or JSON.

    Raises NotJudgedError.
    """
    try:
        payload = json.loads(_fetched(_address(url)))
    except (ValueError, RecursionError) as error:
        raise NotJudgedError("its payload is no JSON") from error
    template = payload.get("template") if isinstance(payload, dict) else None
    if not isinstance(template, str) or not template.strip():
        raise NotJudgedError("its payload holds no template")
    return template


def _address(url: str) -> SplitResult:
    """Return the parts of an address of AWS; all others are not asked."""
    try:
        address = urlsplit(url)
        port = address.port
    except ValueError as error:
        raise NotJudgedError("its payload has no address that can be read") from error
    is_usual = address.scheme == "https" and port in {None, 443} and url.isascii()
    if not is_usual or not str(address.hostname).endswith(SUFFIXES):
        raise NotJudgedError("its payload is not at an https address of AWS")
    return address


def _fetched(address: SplitResult) -> bytes:
    """Return what is at an address: no redirect is followed, and nothing slow waited for."""
    connection = http.client.HTTPSConnection(
        str(address.hostname), timeout=CONNECT_SECONDS, context=_TLS
    )
    is_over = threading.Event()
    too_slow = f"its payload takes more than {FETCH_SECONDS:.0f} seconds to fetch"
    try:
        connection.connect()
        # The time-out above is for each single step, of which a slow server makes any number.
        deadline = threading.Timer(FETCH_SECONDS, _cut_off, [connection.sock, is_over])
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("GET", f"{address.path}?{address.query}")
            response = connection.getresponse()
            content = response.read(MOST_BYTES + 1)
        finally:
            deadline.cancel()
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        why = f"its payload cannot be fetched ({type(error).__name__})"
        raise NotJudgedError(too_slow if is_over.is_set() else why) from error
    finally:
        connection.close()
    if is_over.is_set():
        raise NotJudgedError(too_slow)
    if response.status != http.HTTPStatus.OK:
        raise NotJudgedError(f"its payload is answered with HTTP status {response.status}")
    if len(content) > MOST_BYTES:
        raise NotJudgedError(f"its payload has more than {MOST_BYTES:,} bytes")
    return content


def _cut_off(connected: socket.socket, is_over: threading.Event) -> None:
    """End a connection at its socket, below TLS: whoever reads from it goes on at once."""
    is_over.set()
    # It may just have ended by itself.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
