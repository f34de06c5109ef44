"""The digests in logical ids are those of SHA-256, whatever code counts them."""

import hashlib

from hypothesis import given
from hypothesis.strategies import characters, text

from auto_lex_permissions.cfn.digests import digest


@given(text(characters(exclude_categories=())))
def test_digest_is_the_beginning_of_sha_256(hashed: str) -> None:
    """Of the text's UTF-8; ids never change (rule 2.5)."""
    expected = hashlib.sha256(hashed.encode("utf-8", "surrogatepass")).hexdigest()
    assert expected.startswith(digest(hashed))
    assert len(digest(hashed)) == 8
