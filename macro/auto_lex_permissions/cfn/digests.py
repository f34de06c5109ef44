"""Short digests of texts, by which logical ids and the collections of loops differ.

`hashlib` loads OpenSSL, which takes a cold start some milliseconds. Python's own code for SHA-256
gives the same digests without it, and is what the standard library's `random` uses.
"""

try:
    from _sha2 import sha256  # type: ignore[import-not-found]  # No stubs for it.
except ImportError:  # pragma: no cover - Python 3.11, or one that was built without
    from hashlib import sha256


def digest(text: str) -> str:
    """Return eight hexadecimal digits of a text's SHA-256; half a surrogate pair is a text too."""
    return str(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8])
