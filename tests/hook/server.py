"""A server on loopback that answers as a bucket of S3, or as badly as a test asks for.

It speaks TLS by the certificate of server.pem. Where whoever asks is told to trust that, and to
find the bucket here, nothing else of the real thing is missing.
"""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

CERTIFICATE: Final = Path(__file__).parent / "server.pem"
HOST: Final = "hooks.s3.us-west-2.amazonaws.com"
URL: Final = f"https://{HOST}/payload?X-Amz-Expires=300&X-Amz-Signature=0a1b2c"
# What makes up a request; as large as any of ours.
MOST_OF_REQUEST: Final = 65_536

Conversation = Callable[[ssl.SSLSocket], None]
"""What the server does with a connection after the request has come."""


def says(
    body: bytes | str, status: str = "200 OK", *headers: str, length: int | None = None
) -> Conversation:
    """Return an answer with a status and a body, and of a length that may be wrong."""
    content = body.encode() if isinstance(body, str) else body
    size = len(content) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers, "", ""])
    return lambda connection: connection.sendall(head.encode() + content)


def holds(template: object, **more: Any) -> Conversation:
    """Return an answer with a payload that holds a template."""
    return says(json.dumps({"template": template, **more}))


class Bucket:
    """What listens, and which requests it has heard."""

    def __init__(self) -> None:
        """Listen on a free port; what is said is set later, and anew for each connection."""
        self.answer: Conversation = says("")
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(CERTIFICATE)
        self._closed = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Listen no more; what goes on for ever ends."""
        self._closed.set()
        # Closing alone leaves whoever waits in accept() with what is listened to.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def forever(self, part: bytes, seconds: float = 0, first: bytes = b"") -> Conversation:
        """Return an answer that has no end: a part of it again and again, with pauses."""

        def send(connection: ssl.SSLSocket) -> None:
            connection.sendall(first)
            while not self._closed.wait(seconds):
                connection.sendall(part)

        return send

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _secured(self, connection: socket.socket) -> ssl.SSLSocket:
        return self._tls.wrap_socket(connection, server_side=True)

    def _talk(self, connection: socket.socket) -> None:
        # Whoever asks goes away in the middle of what is too much.
        with contextlib.suppress(OSError), self._secured(connection) as secured:
            received = secured.recv(MOST_OF_REQUEST)
            if received:  # Who gave up while it connected asks for nothing.
                self.requests.append(received.decode().splitlines()[0])
                self.answer(secured)


@contextmanager
def bucket() -> Iterator[Bucket]:
    """Yield a server that listens."""
    server = Bucket()
    try:
        yield server
    finally:
        server.close()
