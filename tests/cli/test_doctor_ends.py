"""`doctor` ends, whatever it hangs in: at its deadline, by Ctrl-C, by SIGTERM; and shows progress.

In a process of its own, against sockets that hang: what may keep a program from ending shows only
at its end.
"""

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Final

import pytest

from auto_lex_permissions_cli.doctor.calls import WORKERS
from tests.cli.aws_stub import (
    FUNCTIONS,
    Called,
    Hostile,
    Stub,
    dribble,
    hang,
    policy,
    raw,
    serving,
    statement,
)
from tests.cli.commands import ROOT

BOT, OTHER = "ABCDEFGHIJ", "ZYXWVUTSRQ"
LIVE, PROD = "KLMNOPQRST", "TSRQPONMLK"
ORDERS, REFUNDS = f"{FUNCTIONS}:orders", f"{FUNCTIONS}:refunds"
# Far more than anything here takes, and less than what hangs.
_ENDS_AT_ALL: Final = 30
# How a terminal is told to hide its cursor, and to show it.
ESCAPES: Final = r"\x1b\[[?\d;]*[A-Za-z]"
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"
ASKED: Final = {
    "ListBots": Called("lex:ListBots"),
    "ListBotAliases": Called("lex:ListBotAliases", BOT),
    "DescribeBotAlias": Called("lex:DescribeBotAlias", f"{BOT}/{LIVE}"),
    "GetResourcePolicy": Called("lambda:GetResourcePolicy", ORDERS),
}

pytestmark = [pytest.mark.usefixtures("interruptible"), pytest.mark.long]


@pytest.fixture
def account() -> Iterator[Stub]:
    """Two bots with a hook each that is allowed."""
    with serving() as stub:
        live = stub.add_alias(stub.add_bot(BOT, "OrdersBot"), LIVE, "live", en_US=ORDERS)
        prod = stub.add_alias(stub.add_bot(OTHER, "RefundsBot"), PROD, "prod", en_US=REFUNDS)
        stub.functions = {
            ORDERS: policy(statement(ORDERS, live)),
            REFUNDS: policy(statement(REFUNDS, prod)),
        }
        yield stub


@pytest.fixture
def without_answer() -> Iterator[str]:
    """An endpoint that takes connections, and nothing else."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def without_connection() -> Iterator[str]:
    """An endpoint that does not even take connections, since its queue of them is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = []
        while True:
            client = socket.socket()
            client.settimeout(0.2)
            waiting.append(client)
            try:
                client.connect(server.getsockname())
            except TimeoutError:
                break
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        for client in waiting:
            client.close()


@contextmanager
def started(
    environment: dict[str, str], *options: str, terminal: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start `doctor`, with its standard error on a terminal if there is one."""
    path = {"PYTHONPATH": f"{ROOT / 'macro'}:{ROOT / 'cli'}", "PATH": os.environ["PATH"]}
    with subprocess.Popen(
        [sys.executable, "-m", "auto_lex_permissions_cli", "doctor", *options],
        env=path | environment | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if terminal is None else terminal,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def watching() -> Iterator[tuple[int, Callable[[str], str]]]:
    """Give a terminal, and a function that reads it until it shows some words, or for good."""
    parent, child = pty.openpty()

    def shown(words: str) -> str:
        text = b""
        while words.encode() not in text or not words:
            if not select.select([parent], [], [], _ENDS_AT_ALL if words else 0)[0]:
                assert not words, text
                break
            text += os.read(parent, 65_536)
        return text.decode()

    try:
        yield child, shown
    finally:
        os.close(parent)
        os.close(child)


def _asked(stub: Stub, call: Called, times: int = 1) -> None:
    """Wait until a call was made so many times."""
    end = time.monotonic() + _ENDS_AT_ALL
    while stub.calls.count(call) < times and time.monotonic() < end:
        time.sleep(0.01)
    assert stub.calls.count(call) >= times


@pytest.mark.parametrize("call", ["ListBotAliases", "DescribeBotAlias", "GetResourcePolicy"])
def test_the_deadline(account: Stub, call: str) -> None:
    """What was found is printed, and what was not; though bytes come as long as anyone waits."""
    account.refuse(ASKED[call].action, ASKED[call].of, dribble, for_good=True)
    with started(account.environment, "--timeout", "5") as process:
        out, err = process.communicate(timeout=_ENDS_AT_ALL)
    late = "not answered within the 5 seconds of --timeout"
    allowed = "allowed  RefundsBot/prod en_US -> refunds\n"
    asked, spoiled = {
        # Nothing of a bot is known before its aliases are.
        "ListBotAliases": (
            f"unknown  OrdersBot: not all could be read: ListBotAliases: {late}\n",
            f"unknown  RefundsBot/prod: not all could be read: DescribeBotAlias: {late}\n",
        ),
        "DescribeBotAlias": (
            f"unknown  OrdersBot/live: not all could be read: DescribeBotAlias: {late}\n",
            f"         GetResourcePolicy: {late}\n",
        ),
        "GetResourcePolicy": (f"         GetResourcePolicy: {late}\n", allowed),
    }[call]
    assert asked in out
    assert spoiled in out
    assert err.startswith("auto-lex-permissions: ")
    assert err.endswith(" could not be looked at: the report says which, and why.\n")
    assert process.returncode == 2
    # Nothing is asked after it.
    actions = [called.action for called in ASKED.values()]
    after = actions[actions.index(ASKED[call].action) + 1 :]
    assert not {*after} & {*account.counts()}


def _with_credentials_from(url: str, environment: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environment.items() if "KEY" not in name}
    return kept | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/credentials"}


def test_the_deadline_of_the_credentials(account: Stub, without_answer: str) -> None:
    """They may have to be asked for, too."""
    environment = _with_credentials_from(without_answer, account.environment)
    with started(environment, "--timeout", "1") as process:
        out, err = process.communicate(timeout=_ENDS_AT_ALL)
    assert (process.returncode, out) == (2, "")
    assert err == (
        "auto-lex-permissions: credentials: not answered within the 1 second of --timeout.\n"
    )


@pytest.mark.parametrize("how", ["no connection", "no answer", "no end"])
def test_the_deadline_of_the_bots(
    account: Stub, without_answer: str, without_connection: str, how: str
) -> None:
    """Without them there is nothing to look at: no connection, no answer, page after page."""
    numbers = count()

    def another_page(handler: BaseHTTPRequestHandler) -> None:
        """Give a token that never comes again."""
        page = {"botSummaries": [], "nextToken": str(next(numbers))}
        raw(json.dumps(page).encode())(handler)

    account.refuse("lex:ListBots", "", another_page, for_good=True)
    urls = {"no connection": without_connection, "no answer": without_answer}
    lex = "AWS_ENDPOINT_URL_LEX_MODELS_V2"
    environment = account.environment | ({lex: urls[how]} if how in urls else {})
    with started(environment, "--timeout", "6") as process:
        out, err = process.communicate(timeout=_ENDS_AT_ALL)
    assert (process.returncode, out) == (2, "")
    assert err == (
        "auto-lex-permissions: the bots in us-east-1 cannot be listed: ListBots: not answered"
        " within the 6 seconds of --timeout\n"
    )


SIGNALS: Final = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("how", ["no credentials", "no connection", "no answer"])
def test_a_signal_on_a_terminal(
    account: Stub, without_answer: str, without_connection: str, how: str, number: signal.Signals
) -> None:
    """The bar is there from the first call on; the signal ends that, and the cursor comes back."""
    lex = "AWS_ENDPOINT_URL_LEX_MODELS_V2"
    environment, words = {
        "no credentials": (
            _with_credentials_from(without_answer, account.environment),
            "Credentials",
        ),
        "no connection": (account.environment | {lex: without_connection}, "List of bots"),
        "no answer": (account.environment | {lex: without_answer}, "List of bots"),
    }[how]
    with watching() as (terminal, shown), started(environment, terminal=terminal) as process:
        before = shown(words)
        process.send_signal(number)
        out, _ = process.communicate(timeout=_ENDS_AT_ALL)
        after = shown("")
    assert (process.returncode, out) == (SIGNALS[number], "")
    assert HIDDEN in before
    assert SHOWN in after.rpartition(HIDDEN)[2]
    assert {*re.findall(r"[A-Za-z]+", re.sub(ESCAPES, "", after))} <= {
        *words.split(),
        "Credentials",
    }


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("answer", [hang, dribble], ids=["nothing", "byte by byte"])
def test_a_signal_while_all_workers_hang(
    account: Stub, answer: Hostile, number: signal.Signals
) -> None:
    """None of their threads keeps the program, and what it has not come to is not printed."""
    account.refuse("lambda:GetResourcePolicy", "*", answer, for_good=True)
    for item in range(WORKERS):
        account.hooks[f"{BOT}/{LIVE}"][f"l{item}_XX"] = f"{ORDERS}{item}"
    with started(account.environment) as process:
        for item in range(WORKERS - 2):
            _asked(account, Called("lambda:GetResourcePolicy", f"{ORDERS}{item}"))
        process.send_signal(number)
        assert process.communicate(timeout=_ENDS_AT_ALL) == ("", "")
    assert process.returncode == SIGNALS[number]


def test_ctrl_c_again_and_again(account: Stub) -> None:
    """Who is impatient gets no traceback for it."""
    account.refuse("lex:ListBots", "", hang, for_good=True)
    with started(account.environment) as process:
        _asked(account, ASKED["ListBots"])
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.001)
        assert process.communicate(timeout=_ENDS_AT_ALL) == ("", "")
    assert process.returncode == 130


def test_ctrl_c_is_not_for_the_background(account: Stub) -> None:
    """What a shell has started to ignore it, as `doctor &` in a script, ignores it."""
    account.refuse("lex:ListBots", "", hang, for_good=True)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with started(account.environment) as process:
            signal.signal(signal.SIGINT, before)
            _asked(account, ASKED["ListBots"])
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=_ENDS_AT_ALL) == ("", "")
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.returncode == 143


def test_progress_where_nobody_hangs(account: Stub) -> None:
    """Each kind of call has its bar, and none of it is among the results."""
    with (
        watching() as (terminal, shown),
        started(account.environment, terminal=terminal) as process,
    ):
        out, _ = process.communicate(timeout=_ENDS_AT_ALL)
        bars = shown("")
    for words in ("Credentials", "List of bots", "Bots", "Bot aliases", "Policies"):
        assert words in bars
    assert process.returncode == 0
    assert out.startswith("allowed  OrdersBot/live en_US -> orders\nallowed  RefundsBot/prod")


def test_progress_of_several_places(account: Stub) -> None:
    """Each bar says whose it is."""
    west = account.at("nobody", "us-west-2")
    west.add_bot("ABCDEFGHIJ", "OrdersBot")
    both = ("--region", "us-east-1", "--region", "us-west-2")
    with (
        watching() as (terminal, shown),
        started(account.environment, *both, terminal=terminal) as process,
    ):
        process.communicate(timeout=_ENDS_AT_ALL)
        bars = shown("")
    for words in ("us-east-1: Policies", "us-east-1: Bots", "us-west-2: Bots"):
        assert words in bars
    assert process.returncode == 0


def test_ctrl_c_at_the_question_for_an_mfa_code(account: Stub, tmp_path: Path) -> None:
    """It can be read beside the bar, and the terminal's echo that it turned off comes back."""
    config = tmp_path / "config"
    config.write_text(
        "[profile base]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n"
        "[profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = base\n"
        "mfa_serial = arn:aws:iam::123456789012:mfa/somebody\n"
    )
    own = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
    with watching() as (terminal, shown):
        echo = termios.tcgetattr(terminal)[3] & termios.ECHO
        with subprocess.Popen(
            [
                *(sys.executable, "-c"),
                f"{own}; from auto_lex_permissions_cli.app import main; main()",
                *("doctor", "--profile", "mfa"),
            ],
            env=account.environment
            | {"PYTHONPATH": f"{ROOT / 'macro'}:{ROOT / 'cli'}", "TERM": "xterm"}
            | {"AWS_CONFIG_FILE": str(config)},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        ) as process:
            try:
                assert "Credentials" in shown(
                    "Enter MFA code for arn:aws:iam::123456789012:mfa/some"
                )
                assert termios.tcgetattr(terminal)[3] & termios.ECHO == 0
                # Nothing is drawn over it while it waits.
                time.sleep(0.5)
                assert "━" not in shown("")
                process.send_signal(signal.SIGINT)
                assert process.wait(timeout=_ENDS_AT_ALL) == 130
            finally:
                process.kill()
        assert termios.tcgetattr(terminal)[3] & termios.ECHO == echo != 0


def test_in_the_background_of_a_terminal(account: Stub) -> None:
    """It ends as anywhere, and is not stopped for what only the foreground may do to a terminal."""
    command = [sys.executable, "-m", "auto_lex_permissions_cli", "doctor"]
    own = (
        "import fcntl, subprocess, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
        f" sys.exit(subprocess.run({command}, process_group=0, timeout=20).returncode)"
    )
    with watching() as (terminal, shown):
        done = subprocess.run(
            [sys.executable, "-c", own],
            env=account.environment
            | {"PYTHONPATH": f"{ROOT / 'macro'}:{ROOT / 'cli'}", "TERM": "xterm"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            timeout=_ENDS_AT_ALL,
            check=False,
        )
        assert (done.returncode, "2 code hooks in " in shown("")) == (0, True)
