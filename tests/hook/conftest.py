"""A bucket on loopback that the hook takes for one of S3."""

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from auto_lex_permissions_hook import payload
from tests.hook.server import CERTIFICATE, Bucket, bucket


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """Yield the server that every address leads to, and whose certificate is trusted."""
    connect = socket.create_connection
    with bucket() as server:

        def to_server(_: object, *arguments: Any) -> socket.socket:
            return connect(server.address, *arguments)

        monkeypatch.setattr(socket, "create_connection", to_server)
        trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
        monkeypatch.setattr(payload, "_TLS", trusting)
        yield server
