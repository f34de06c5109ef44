"""An account for tests of `doctor` that call it in this process."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from auto_lex_permissions_cli.doctor import account as asked
from auto_lex_permissions_cli.doctor.account import Clients
from tests.cli.aws_stub import ACCOUNT, Stub, signed_in

# All that `doctor` is told where nothing else is said.
OPTIONS: Final[dict[str, Any]] = {
    "regions": (),
    "profiles": (),
    "bot": "",
    "alias": "",
    "timeout": 60,
}


@pytest.fixture(scope="module")
def in_all() -> Iterator[tuple[Stub, Clients]]:
    """Yield an account that is signed in to once, with its clients."""
    with signed_in() as both:
        yield both


@pytest.fixture
def account(in_all: tuple[Stub, Clients], monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Return it empty; every profile leads to it."""
    empty, clients = in_all
    empty.clear()
    monkeypatch.setattr(asked.Sessions, "sign_in", lambda *_: clients)
    return empty


@pytest.fixture
def known_account(
    account: Stub, in_all: tuple[Stub, Clients], monkeypatch: pytest.MonkeyPatch
) -> Stub:
    """Return it with credentials that say which account it is."""
    clients = replace(in_all[1], account=ACCOUNT)
    monkeypatch.setattr(asked.Sessions, "sign_in", lambda *_: clients)
    return account
