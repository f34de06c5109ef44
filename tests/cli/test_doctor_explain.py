"""`doctor --explain`: the chain in order, what was read, where it breaks, and how to see it."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

import pytest

from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.doctor import account as asked
from auto_lex_permissions_cli.doctor.account import Clients
from auto_lex_permissions_cli.doctor.command import run as doctor
from tests.cli.aws_stub import (
    ACCOUNT,
    CANARY,
    FORBIDDEN,
    FUNCTIONS,
    REGION,
    Called,
    Stub,
    hang,
    policy,
    statement,
)
from tests.cli.commands import run
from tests.cli.conftest import OPTIONS as PLAIN

BOT, LIVE = "ABCDEFGHIJ", "KLMNOPQRST"
ORDERS: Final = f"{FUNCTIONS}:orders:live"
ALIAS: Final = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/{BOT}/{LIVE}"
INSTANCE: Final = "12345678-1234-1234-1234-123456789012"
BY_INSTANCE: Final = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{INSTANCE}"
BUILT: Final = {"botLocaleStatus": "Built", "lastBuildSubmittedDateTime": 1_000}
OPTIONS: Final = {**PLAIN, "explained": "OrdersBot/live"}


def by_connect(**changed: Any) -> dict[str, Any]:
    """Return the statement that Connect adds to the policy of a bot alias, with some changed."""
    return {
        "Sid": "connect",
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": ["lex:RecognizeText", "lex:StartConversation"],
        "Resource": ALIAS,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            "ArnEquals": {"AWS:SourceArn": BY_INSTANCE},
        },
        **changed,
    }


@pytest.fixture
def stub(known_account: Stub) -> Stub:
    """A chain without a fault, from an instance of Connect to the function."""
    known_account.add_alias(known_account.add_bot(BOT, "OrdersBot"), LIVE, "live", en_US=ORDERS)
    known_account.functions[ORDERS] = policy(statement(ORDERS, ALIAS))
    known_account.instances[INSTANCE] = [f"{ALIAS[:-1]}{number}" for number in range(30)] + [ALIAS]
    known_account.alias_policies[ALIAS] = policy(by_connect())
    return known_account


def explained(capsys: pytest.CaptureFixture[str], **options: str) -> tuple[int, list[Any]]:
    """Return the exit code and the steps."""
    code = doctor(**OPTIONS | options, form="json")
    printed = capsys.readouterr().out
    assert CANARY not in printed
    steps: list[Any] = json.loads(printed)["steps"]
    return code, steps


NAMES: Final = [
    *("caller", "Lex policy", "alias", "version", "locale en_US", "hook", "qualifier"),
    *("the function's policy", "the function itself"),
]


def test_a_chain_that_holds(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """All steps in order; each that can be seen by hand has its command."""
    code, steps = explained(capsys, instance=INSTANCE)
    assert (code, [step["step"] for step in steps]) == (0, NAMES)
    assert {step["verdict"] for step in steps} == {"holds"}
    commands = [step["command"] for step in steps if step["command"]]
    assert len(commands) == 7
    assert all(f" --region {REGION}" in command for command in commands)
    assert " --qualifier live " in commands[-1]
    assert "--query '[State,StateReason]'" in commands[-1]
    assert stub.counts()["connect:ListBots"] == 2
    assert stub.counts()["lex:DescribeResourcePolicy"] == 1


def test_without_connect(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of Connect is asked, nor the policy of the alias."""
    code, steps = explained(capsys)
    assert (code, [step["step"] for step in steps]) == (0, ["caller", *NAMES[2:]])
    assert not {"connect:ListBots", "lex:DescribeResourcePolicy"} & set(stub.counts())


def _alias_policy(*statements: Any) -> Callable[[Stub], None]:
    return lambda stub: stub.alias_policies.update({ALIAS: policy(*statements)})


def _locale(**state: Any) -> Callable[[Stub], None]:
    return lambda stub: stub.locales.update({f"{BOT}/1": {"en_US": BUILT | state}})


def _configured(**members: Any) -> Callable[[Stub], None]:
    return lambda stub: stub.configurations.update({ORDERS: members})


BROKEN: Final[dict[str, tuple[Callable[[Stub], None], str, str]]] = {
    "not associated": (
        lambda stub: stub.instances[INSTANCE].remove(ALIAS),
        "caller",
        "ALP803 Connect instance",
    ),
    "no policy": (lambda stub: stub.alias_policies.clear(), "Lex policy", "ALP803"),
    "not built": (_locale(botLocaleStatus="NotBuilt"), "locale en_US", "ALP805"),
    "no statement": (
        lambda stub: stub.functions.update({ORDERS: policy()}),
        "the function's policy",
        "No statement",
    ),
    "failed": (_configured(State="Failed"), "the function itself", "ALP806"),
    "isolated": (_configured(TenancyConfig={"x": 1}), "the function itself", "ALP408"),
}


@pytest.mark.parametrize(("change", "name", "words"), BROKEN.values(), ids=BROKEN)
def test_where_it_breaks(
    stub: Stub,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Stub], None],
    name: str,
    words: str,
) -> None:
    """That step alone is broken, and says why; the picture has it, too."""
    change(stub)
    code, steps = explained(capsys, instance=INSTANCE)
    broken = [step for step in steps if step["verdict"] != "holds"]
    assert (code, [step["step"] for step in broken]) == (1, [name])
    assert broken[0]["verdict"] == "broken"
    assert words in " ".join(broken[0]["words"])
    number = 1 + NAMES.index(name)
    assert doctor(**OPTIONS, instance=INSTANCE, form="mermaid") == 1
    lines = capsys.readouterr().out.splitlines()
    assert f"  style s{number} stroke:#c62828" in lines
    assert lines[0] == "flowchart TD"
    assert len([line for line in lines if re.fullmatch(r"  s\d \S+ s\d", line)]) == 8
    assert doctor(**OPTIONS, instance=INSTANCE, form="text") == 1
    out = capsys.readouterr().out
    assert out.endswith(f"The chain is broken at {number} ({name}).\n")


def test_labels_of_the_picture_are_escaped(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """As those of `graph`: nothing in a name is read as an entity, or as the end of a line."""
    _configured(State="Failed", StateReason="A&amp;\\n")(stub)
    doctor(**OPTIONS, form="mermaid")
    out = capsys.readouterr().out
    assert "A#38;amp#59;#92;n" in out
    assert not {"&", "\\"} & set(out)


def test_a_function_that_is_gone(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Its policy and the function itself are broken."""
    stub.functions.clear()
    code, steps = explained(capsys)
    assert (code, [step["verdict"] for step in steps[-2:]]) == (1, ["broken", "broken"])


def test_a_durable_function_without_qualifier(
    stub: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """The qualifier is the step."""
    bare = f"{FUNCTIONS}:orders"
    stub.hooks[f"{BOT}/{LIVE}"]["en_US"] = bare
    stub.functions[bare] = policy(statement(bare, ALIAS))
    stub.configurations[bare] = {"DurableConfig": {"ExecutionTimeout": 5}}
    code, steps = explained(capsys)
    assert (code, [s["step"] for s in steps if s["verdict"] == "broken"]) == (1, ["qualifier"])


def test_a_function_by_latest(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """The qualifier is the step, and all is known: what is not asked is no step."""
    stub.hooks[f"{BOT}/{LIVE}"]["en_US"] = f"{FUNCTIONS}:orders:$LATEST"
    code, steps = explained(capsys)
    assert (code, [step["step"] for step in steps]) == (1, ["caller", *NAMES[2:-1]])
    assert [step["verdict"] for step in steps[-2:]] == ["broken", "broken"]


def test_notes(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """They break nothing."""
    stub.locales[f"{BOT}/DRAFT"] = {"en_US": BUILT | {"lastBuildSubmittedDateTime": 9_000}}
    stub.configurations[ORDERS] = {"State": "Inactive"}
    code, steps = explained(capsys)
    noted = [step["step"] for step in steps if step["verdict"] == "note"]
    assert (code, noted) == (0, ["version", "the function itself"])


UNKNOWN: Final[dict[str, tuple[str, str, list[str]]]] = {
    "instance": ("connect:ListBots", INSTANCE, ["caller"]),
    "policy of the alias": ("lex:DescribeResourcePolicy", ALIAS, ["Lex policy"]),
    "alias": ("lex:DescribeBotAlias", f"{BOT}/{LIVE}", ["alias", "version"]),
    "versions": ("lex:ListBotVersions", BOT, ["version"]),
    "locales of the draft": ("lex:ListBotLocales", f"{BOT}/DRAFT", ["version"]),
    "locales": ("lex:ListBotLocales", f"{BOT}/1", ["locale en_US"]),
    "function": ("lambda:GetFunctionConfiguration", ORDERS, ["the function itself"]),
}


@pytest.mark.parametrize(("action", "of", "names"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_cannot_be_read(
    stub: Stub, capsys: pytest.CaptureFixture[str], action: str, of: str, names: list[str]
) -> None:
    """Its step is unknown, says why, and exits with 2; nothing is called broken for it."""
    stub.refuse(action, of, FORBIDDEN, for_good=True)
    code, steps = explained(capsys, instance=INSTANCE)
    unknown = [step["step"] for step in steps if step["verdict"] == "unknown"]
    assert (code, unknown) == (2, names)
    assert not [step for step in steps if step["verdict"] == "broken"]
    why = f"{action.partition(':')[2]}: AccessDeniedException: "
    told = [s["step"] for s in steps if any(words.startswith(why) for words in s["words"])]
    assert told == names[:1]
    assert doctor(**OPTIONS, instance=INSTANCE, form="text") == 2
    assert capsys.readouterr().out.endswith("The chain holds as far as it could be read.\n")


BESIDE: Final[dict[str, tuple[str, str]]] = {
    "error logs": ("lex:DescribeBot", BOT),
    "replicas": ("lex:ListBotReplicas", BOT),
    "another alias": ("lex:DescribeBotAlias", f"{BOT}/UVWXYZ0123"),
    "another bot": ("lex:ListBotAliases", "ZYXWVUTSRQ"),
}


@pytest.mark.parametrize(("action", "of"), BESIDE.values(), ids=BESIDE)
def test_what_is_no_part_of_the_chain(
    stub: Stub, capsys: pytest.CaptureFixture[str], action: str, of: str
) -> None:
    """It changes no verdict that it cannot be read, and what is left over is not asked for."""
    stub.add_bot("ZYXWVUTSRQ", "Other")
    other = statement(ORDERS, ALIAS.replace(LIVE, "UVWXYZ0123"), "other")
    stub.functions[ORDERS] = policy(statement(ORDERS, ALIAS), other)
    stub.refuse(action, of, FORBIDDEN, for_good=True)
    code, steps = explained(capsys, instance=INSTANCE)
    assert (code, {step["verdict"] for step in steps}) == (0, {"holds"})
    (alias,) = (step for step in steps if step["step"] == "alias")
    unread = "Whether it has replicas could not be read: ListBotReplicas: AccessDeniedException: "
    assert [words[: len(unread)] for words in alias["words"]] == [unread] * ("Replicas" in action)
    assert Called("lex:DescribeBotAlias", f"{BOT}/UVWXYZ0123") not in stub.calls


def test_a_version_that_is_not_said(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is known of it, nor of its locales; there is no command that shows them."""
    stub.served[f"{BOT}/{LIVE}"] = ""
    code, steps = explained(capsys)
    of_version = {step["step"]: step for step in steps if step["verdict"] == "unknown"}
    assert (code, list(of_version)) == (2, ["version", "locale en_US"])
    assert {step["read"] for step in of_version.values()} == {"version not known"}
    assert of_version["locale en_US"]["command"] is None


CONNECT: Final[dict[str, tuple[list[Any], str]]] = {
    "as Connect adds it": ([by_connect()], "holds"),
    "another shape": (
        [
            by_connect(
                Principal={"Service": ["connect.amazonaws.com"]},
                Action="lex:recognizetext",
                Resource=[f"arn:aws:lex:*:{ACCOUNT}:bot-alias/{BOT}/*"],
                Condition={"ArnLike": {"aws:sourcearn": BY_INSTANCE.replace(INSTANCE, "*")}},
            ),
            by_connect(Action="lex:Start*", Condition={}),
        ],
        "holds",
    ),
    "anyone": ([by_connect(Principal="*", Condition={})], "holds"),
    "one action": ([by_connect(Action="lex:RecognizeText")], "broken"),
    "another instance": (
        [by_connect(Condition={"ArnEquals": {"AWS:SourceArn": f"{BY_INSTANCE[:-1]}3"}})],
        "broken",
    ),
    "another account": (
        [by_connect(Condition={"StringEquals": {"AWS:SourceAccount": "999999999999"}})],
        "broken",
    ),
    "another service": ([by_connect(Principal={"Service": "lex.amazonaws.com"})], "broken"),
    "a role": ([by_connect(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})], "broken"),
    "another alias": ([by_connect(Resource=f"{ALIAS[:-1]}X")], "broken"),
    "a deny": ([by_connect(), by_connect(Effect="Deny", Condition={})], "broken"),
    "a deny that may hold": (
        [by_connect(), by_connect(Effect="Deny", Condition={"Bool": {"aws:x": "true"}})],
        "unknown",
    ),
    "a key that is not known": ([by_connect(Condition={"Bool": {"aws:x": "true"}})], "unknown"),
    "an element that is not known": ([by_connect(Other=1)], "unknown"),
    "whom it does not name": (
        [{**{k: v for k, v in by_connect().items() if k != "Principal"}, "NotPrincipal": "*"}],
        "broken",
    ),
}


@pytest.mark.parametrize(("statements", "verdict"), CONNECT.values(), ids=CONNECT)
def test_the_statement_of_connect_by_meaning(
    stub: Stub, capsys: pytest.CaptureFixture[str], statements: list[Any], verdict: str
) -> None:
    """However it is written, and whoever wrote it."""
    _alias_policy(*statements)(stub)
    _, steps = explained(capsys, instance=INSTANCE)
    assert steps[1]["verdict"] == verdict


def test_a_policy_of_the_alias_that_is_none(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing can be said of it."""
    stub.alias_policies[ALIAS] = "[]"
    code, steps = explained(capsys, instance=INSTANCE)
    assert (code, steps[1]["words"]) == (2, ["the policy cannot be read: it is not an object"])


def test_an_alias_without_hooks(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """The chain ends at the version, which is known, as the account is."""
    stub.hooks.clear()
    code, steps = explained(capsys, instance=INSTANCE)
    assert (code, [step["step"] for step in steps]) == (0, NAMES[:4])
    assert {step["verdict"] for step in steps} == {"holds"}
    assert steps[-1]["read"] == "version 1"


@pytest.fixture
def unknown_account(
    stub: Stub, in_all: tuple[Stub, Clients], monkeypatch: pytest.MonkeyPatch
) -> Stub:
    """Return the chain in an account that the credentials do not say."""
    monkeypatch.setattr(asked.Sessions, "sign_in", lambda *_: in_all[1])
    return stub


def test_connect_and_an_account_that_is_not_known(
    unknown_account: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the function's where that can be read; what may be another's is not called broken."""
    assert explained(capsys, instance=INSTANCE)[0] == 0
    other = ORDERS.replace(ACCOUNT, "999999999999")
    unknown_account.hooks[f"{BOT}/{LIVE}"] = {"de_DE": other}
    for action in ("lambda:GetResourcePolicy", "lambda:GetPolicy"):
        unknown_account.refuse(action, other, FORBIDDEN, for_good=True)
    words = "the account of the bot alias is not known: neither the credentials say it, nor a"
    code, steps = explained(capsys, instance=INSTANCE)
    assert (code, steps[0]["verdict"], steps[1]["step"]) == (2, "unknown", "alias")
    assert steps[0]["words"] == [f"{words} function that can be read"]
    # Whichever locale names the function that can be.
    unknown_account.hooks[f"{BOT}/{LIVE}"] = {"de_DE": other, "en_US": ORDERS}
    _, steps = explained(capsys, instance=INSTANCE)
    assert [step["verdict"] for step in steps[:2]] == ["holds", "holds"]


def test_a_hook_on_no_arn(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """The chain ends at the hook."""
    stub.hooks[f"{BOT}/{LIVE}"]["en_US"] = "orders"
    code, steps = explained(capsys)
    assert (code, steps[-1]["step"], steps[-1]["verdict"]) == (2, "hook", "unknown")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"explained": "OrdersBot"}, "--explain takes BOT/ALIAS"),
        ({"regions": ("us-east-1", "us-west-2")}, "--explain takes BOT/ALIAS"),
        ({"form": "jsonl"}, "--explain is one result"),
        ({"explained": "", "form": "mermaid"}, "--connect and --format mermaid are for"),
        ({"explained": "", "instance": INSTANCE}, "--connect and --format mermaid are for"),
        ({"explained": "OrdersBot/x"}, "--alias x: no such alias of bot OrdersBot"),
        ({"explained": "x/live"}, "--bot x: no such bot in us-east-1"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("stub")
def test_what_cannot_be_explained(options: dict[str, Any], words: str) -> None:
    """One line each."""
    with pytest.raises(UsageError, match=f"^{re.escape(words)}"):
        doctor(**OPTIONS | {"form": "text"} | options)


def test_two_bots_of_one_name(stub: Stub) -> None:
    """Ids tell them apart."""
    stub.add_alias(stub.add_bot("ZYXWVUTSRQ", "OrdersBot"), LIVE, "live")
    with pytest.raises(UsageError, match=r"there are several; give their ids\.$"):
        doctor(**OPTIONS, form="text")
    # What is refused beside it is not the reason.
    stub.refuse("lex:DescribeBotAlias", "*", FORBIDDEN, for_good=True)
    with pytest.raises(UsageError, match=r"there are several; give their ids\.$"):
        doctor(**OPTIONS, form="text")
    stub.refused.clear()
    assert doctor(**OPTIONS | {"explained": f"{BOT}/live"}, form="text") == 0


def test_aliases_that_cannot_be_listed(stub: Stub) -> None:
    """Nothing can be explained then."""
    stub.refuse("lex:ListBotAliases", BOT, FORBIDDEN, for_good=True)
    with pytest.raises(UsageError, match=r"^--explain OrdersBot/live: ListBotAliases: Access"):
        doctor(**OPTIONS, form="text")


@pytest.mark.long
@pytest.mark.parametrize("action", ["connect:ListBots", "lex:DescribeResourcePolicy"])
def test_a_call_that_hangs(stub: Stub, capsys: pytest.CaptureFixture[str], action: str) -> None:
    """It ends at the deadline, and the rest of the chain is shown."""
    of = {"connect:ListBots": INSTANCE, "lex:DescribeResourcePolicy": ALIAS}[action]
    stub.refuse(action, of, hang, for_good=True)
    assert doctor(**OPTIONS | {"timeout": 2}, instance=INSTANCE, form="text") == 2
    out = capsys.readouterr().out
    assert f"{action.partition(':')[2]}: not answered within the 2 seconds of" in out


def test_locales_of_one_function(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """They are one chain, unless there is something to say of one of them."""
    stub.hooks[f"{BOT}/{LIVE}"] |= {"es_US": ORDERS, "de_DE": ORDERS}
    stub.locales[f"{BOT}/1"] = {"en_US": BUILT, "es_US": BUILT}
    code, steps = explained(capsys)
    names = [step["step"] for step in steps if step["step"].startswith("locale")]
    assert (code, names) == (1, ["locale de_DE", "locales en_US, es_US"])


def test_a_replica_has_a_chain_of_its_own(stub: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """Where it is, is said at the bot alias."""
    stub.replicas[BOT] = {"us-west-2": "Enabled"}
    code, steps = explained(capsys)
    (alias,) = (step for step in steps if step["step"] == "alias")
    assert (code, alias["verdict"]) == (0, "holds")
    assert alias["words"] == [
        "It has a replica in us-west-2; --region us-west-2 shows the chain there."
    ]


def test_as_a_program(stub: Stub) -> None:
    """With the fix, as its users read it."""
    stub.functions[ORDERS] = policy()
    ended = run("doctor", "--explain", "OrdersBot/live", "--connect", INSTANCE, **stub.environment)
    assert (ended.code, ended.err) == (1, "")
    assert " 1 holds    caller: Connect instance" in ended.out
    assert " 8 broken   the function's policy: denied\n" in ended.out
    assert "# Under Resources:\n" in ended.out
    odd = run("doctor", "--explain", "a/b", "--connect", "x", **stub.environment)
    assert (odd.code, "'x' is none, such as 12345678-" in odd.err) == (2, True)
