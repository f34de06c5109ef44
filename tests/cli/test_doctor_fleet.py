"""`doctor` in several Regions and with several profiles: each place by itself, side by side."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.config import Config

from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.doctor import account as asked
from auto_lex_permissions_cli.doctor.account import regions_of_lex
from auto_lex_permissions_cli.doctor.command import run as doctor
from tests.cli.aws_stub import EXPIRED, FORBIDDEN, Answer, Stub, policy, serving, statement
from tests.cli.commands import run

pytestmark = pytest.mark.long

BOT, LIVE = "ABCDEFGHIJ", "KLMNOPQRST"
ACCOUNTS: Final = {"dev": "111111111111", "prod": "222222222222"}
REGIONS: Final = ("eu-west-1", "us-east-1")
SWITCHED_OFF: Final[Answer] = (
    403,
    {
        "__type": "UnrecognizedClientException",
        "message": "The security token included in the request is invalid.",
    },
)
OPTIONS: Final[dict[str, Any]] = {
    "regions": REGIONS,
    "profiles": tuple(ACCOUNTS),
    "bot": "",
    "alias": "",
    "timeout": 60,
}


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    """Two accounts with two Regions each, and in each one bot with a hook that is allowed."""
    config = tmp_path / "config"
    config.write_text(
        "".join(
            f"[profile {profile}]\naws_access_key_id = {profile}\naws_secret_access_key = s\n"
            f"aws_account_id = {account}\n"
            for profile, account in ACCOUNTS.items()
        )
    )
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    with serving() as stub:
        kept = {name: v for name, v in stub.environment.items() if "KEY" not in name}
        for name, value in (kept | {"AWS_CONFIG_FILE": str(config)}).items():
            monkeypatch.setenv(name, value)
        for profile, account in ACCOUNTS.items():
            for region in REGIONS:
                fill(stub.at(profile, region), account, region)
        yield stub


def fill(stub: Stub, account: str, region: str, functions: int = 1) -> None:
    """Put a bot there, with an alias whose locales name so many functions."""
    names = [f"f{number}" for number in range(functions)]
    arn = f"arn:aws:lambda:{region}:{account}:function"
    hooks = {f"l{number}_XX": f"{arn}:{name}" for number, name in enumerate(names)}
    stub.add_alias(stub.add_bot(BOT, "OrdersBot"), LIVE, "live", **hooks)
    live = f"arn:aws:lex:{region}:{account}:bot-alias/{BOT}/{LIVE}"
    made = statement("", live)["Condition"] | {"StringEquals": {"AWS:SourceAccount": account}}
    for name in names:
        own = statement(f"{arn}:{name}", live, Condition=made)
        stub.functions[f"{arn}:{name}"] = policy(own)


def looked(
    capsys: pytest.CaptureFixture[str], **options: Any
) -> tuple[int, list[dict[str, Any]], str]:
    """Run the command; return its exit code, the places of its JSON, and its standard error."""
    code = doctor(**OPTIONS | options, form="json")
    captured = capsys.readouterr()
    places: list[dict[str, Any]] = json.loads(captured.out)["places"]
    return code, places, captured.err


def test_each_profile_in_each_region(fleet: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the options; each call has the credentials, and the Region, of its place."""
    code, places, err = looked(capsys)
    assert (code, err) == (0, "")
    assert [(place["profile"], place["region"]) for place in places] == [
        (profile, region) for profile in ACCOUNTS for region in REGIONS
    ]
    for place in places:
        (hook,) = place["codeHooks"]
        account = ACCOUNTS[place["profile"]]
        assert hook["state"] == "allowed"
        assert hook["sourceArn"].startswith(f"arn:aws:lex:{place['region']}:{account}:bot-alias/")
        stub = fleet.at(place["profile"], place["region"])
        assert stub.counts()["lex:ListBots"] == 1
        assert stub.counts()["lambda:GetResourcePolicy"] == 1
    assert fleet.calls == []


def test_the_same_place_twice_is_looked_at_once(
    fleet: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """However often it is named."""
    _, places, _ = looked(capsys, regions=("us-east-1", "us-east-1"), profiles=("dev", "dev"))
    assert len(places) == 1
    assert fleet.at("dev", "us-east-1").counts()["lex:ListBots"] == 1


def test_lines_as_they_come(fleet: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each hook, then one for its place; a slow place keeps none of the others."""
    lag: Answer = (200, {"botSummaries": []})

    def slow(handler: Any) -> None:
        time.sleep(1)
        content = json.dumps(lag[1]).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    fleet.at("dev", "eu-west-1").refuse("lex:ListBots", "", slow)
    assert doctor(**OPTIONS, form="jsonl") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["version"] for line in lines} == {1}
    kinds = [(line["kind"], line["profile"], line["region"]) for line in lines]
    assert kinds[-1] == ("place", "dev", "eu-west-1")
    assert sorted(kinds[:-1]) == sorted(
        (kind, profile, region)
        for kind in ("codeHook", "place")
        for profile in ACCOUNTS
        for region in REGIONS
        if (profile, region) != ("dev", "eu-west-1")
    )


def test_what_fails_at_one_place_takes_nothing_from_the_others(
    fleet: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Expired credentials, bots that may not be listed: named, and 2."""
    for region in REGIONS:
        fleet.at("dev", region).refuse("lex:ListBots", "", EXPIRED, for_good=True)
    fleet.at("prod", "us-east-1").refuse("lex:ListBots", "", FORBIDDEN, for_good=True)
    code, places, err = looked(capsys)
    assert (code, err.count("3 places could not be looked at")) == (2, 1)
    assert [place["problem"] and place["problem"].split(":")[0] for place in places] == [
        *("credentials", "credentials", None),
        "the bots in us-east-1 cannot be listed",
    ]
    assert doctor(**OPTIONS, form="text") == 2
    out = capsys.readouterr().out
    assert "unknown  us-east-1 (prod): the bots in us-east-1 cannot be listed: ListBots: " in out
    assert "unknown  eu-west-1 (dev): credentials: ListBots: ExpiredTokenException: " in out
    assert out.endswith("1 code hook in 4 places: 1 allowed, 0 unknown, 0 missing, 0 denied\n")


def test_no_such_profile_among_others(fleet: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named like any place that cannot be looked at."""
    code, places, _ = looked(capsys, profiles=("dev", "nobody"))
    assert code == 2
    assert [place["problem"] is None for place in places] == [True, True, False, False]
    assert fleet.calls == []


def test_all_regions(
    fleet: Stub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the SDK knows and any that is named; one that is switched off is named, not 2."""
    assert set(REGIONS) < set(regions_of_lex("dev"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-gov-west-1")
    assert regions_of_lex("dev") == ["us-gov-west-1"]
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for region in regions_of_lex("dev"):
        fleet.at("dev", region)
    fleet.at("dev", "xx-new-1")
    fleet.at("dev", "af-south-1").refuse("lex:ListBots", "", SWITCHED_OFF, for_good=True)
    regions = ("xx-new-1", "all")
    code, places, err = looked(capsys, regions=regions, profiles=("dev",))
    assert (code, err) == (
        0,
        "af-south-1 (dev) was skipped: the Region is switched off for the account.\n",
    )
    assert [place["region"] for place in places] == ["xx-new-1", *regions_of_lex("dev")]
    assert [place["region"] for place in places if place["skipped"]] == ["af-south-1"]
    # Who names it wants to know of it.
    code, *_ = looked(capsys, regions=("af-south-1", "us-east-1"), profiles=("dev",))
    assert code == 2


@pytest.mark.usefixtures("fleet")
def test_all_regions_of_nobody() -> None:
    """Nothing can be asked."""
    with pytest.raises(UsageError, match=r"profile .nobody. could not be found"):
        doctor(**OPTIONS | {"regions": ("all",), "profiles": ("nobody",)}, form="text")


def test_all_regions_of_nobody_among_others(
    fleet: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a place that cannot be looked at, and takes nothing from the others."""
    for region in regions_of_lex("dev"):
        fleet.at("dev", region)
    options = {"regions": ("us-east-1", "all"), "profiles": ("dev", "nobody")}
    code, places, err = looked(capsys, **options)
    by_nobody = [place for place in places if place["profile"] == "nobody"]
    assert (code, [place["region"] for place in by_nobody]) == (2, ["us-east-1", "all"])
    assert all("(nobody) could not be found" in place["problem"] for place in by_nobody)
    assert len(hooks_of(places)) == len(REGIONS)
    assert "2 places could not be looked at" in err


def test_credentials_that_no_region_takes(fleet: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """No Region is switched off then: the credentials are wrong."""
    for region in REGIONS:
        fleet.at("dev", region).refuse("lex:ListBots", "", SWITCHED_OFF, for_good=True)
    code, places, _ = looked(capsys)
    assert code == 2
    assert [place["skipped"] for place in places] == [False] * 4


def test_a_region_that_cannot_be_reached_takes_no_credentials(
    fleet: Stub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No Region is switched off for what fails otherwise in another: the credentials are wrong."""
    monkeypatch.setattr(asked, "CONFIG", Config(retries={"total_max_attempts": 1}))
    known = regions_of_lex("dev")
    for region in known:
        fleet.at("dev", region).refuse("lex:ListBots", "", SWITCHED_OFF, for_good=True)
    away = fleet.at("dev", "xx-new-1")
    away.refuse("lex:ListBots", "", lambda handler: handler.connection.close(), for_good=True)
    code, places, err = looked(capsys, regions=("xx-new-1", "all"), profiles=("dev",))
    assert (code, "was skipped" in err) == (2, False)
    words = "credentials: ListBots: UnrecognizedClientException: "
    assert [place["region"] for place in places if place["problem"].startswith(words)] == known
    # Where there are no bots, the credentials are taken all the same.
    fleet.elsewhere["dev", "xx-new-1"] = Stub(fleet.port)
    for options in ({}, {"bot": "OrdersBot"}):
        everywhere = {"regions": ("xx-new-1", "us-east-1", "all"), "profiles": ("dev",)}
        _, places, err = looked(capsys, **everywhere, **options)
        named = [place["region"] for place in places if not place["skipped"]]
        assert named == ["xx-new-1", "us-east-1"][bool(options) :]
        assert err.count("was skipped") == len(known) - 1


def test_a_region_that_has_answered_is_not_switched_off(
    fleet: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the credentials are refused later, that is said."""
    for region in regions_of_lex("dev"):
        fleet.at("dev", region)
    fleet.at("dev", "eu-west-1").refuse("lex:ListBotAliases", BOT, SWITCHED_OFF, for_good=True)
    code, places, err = looked(capsys, regions=("all",), profiles=("dev",))
    problems = {place["region"]: place["problem"] for place in places if place["problem"]}
    assert (code, list(problems), "was skipped" in err) == (2, ["eu-west-1"], False)
    assert problems["eu-west-1"].startswith("credentials: ListBotAliases: Unrecognized")


def test_a_bot_that_one_place_has(fleet: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """The others need not have it; where none has, that is what is said."""
    fleet.at("prod", "us-east-1").bots[BOT] = "Other"
    code, places, _ = looked(capsys, bot="Other")
    assert (code, [place["profile"] for place in places]) == (0, ["prod"])
    with pytest.raises(UsageError, match=r"^--bot Nobody: no such bot in "):
        looked(capsys, bot="Nobody")


def test_each_account_and_region_has_its_own_rate(
    fleet: Stub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two profiles of one account share it; none is asked faster than its limit."""
    monkeypatch.setattr(asked, "LAMBDA_CALLS_A_SECOND", 50.0)
    for profile in ACCOUNTS:
        stub = fleet.at(profile, "us-east-1")
        stub.functions.clear()
        fill(stub, ACCOUNTS["dev"], "us-east-1", functions=10)
    _, places, _ = looked(capsys, regions=("us-east-1",))
    assert [len(place["codeHooks"]) for place in places] == [10, 10]
    times = sorted(
        when
        for profile in ACCOUNTS
        for when, call in zip(
            fleet.at(profile, "us-east-1").times, fleet.at(profile, "us-east-1").calls, strict=True
        )
        if call.action == "lambda:GetResourcePolicy"
    )
    assert len(times) == 20
    assert times[-1] - times[0] > 18 / 50


REPLICA: Final = "us-west-2"


@pytest.fixture
def replicated(fleet: Stub) -> Stub:
    """The bot of dev in us-east-1 has a replica, whose function has no policy."""
    fleet.at("dev", "us-east-1").replicas[BOT] = {REPLICA: "Enabled"}
    replica = fleet.at("dev", REPLICA)
    fill(replica, ACCOUNTS["dev"], REPLICA)
    replica.functions = dict.fromkeys(replica.functions)
    return replica


@pytest.mark.parametrize("is_listed", [True, False], ids=["listed there", "not listed there"])
@pytest.mark.parametrize(
    "regions",
    [("us-east-1",), ("us-east-1", REPLICA), (REPLICA, "us-east-1")],
    ids=["by its bot", "by both", "by both, the replica first"],
)
def test_a_replica_is_looked_at_once(
    replicated: Stub,
    capsys: pytest.CaptureFixture[str],
    regions: tuple[str, ...],
    is_listed: bool,  # noqa: FBT001 - a parameter of the test.
) -> None:
    """Whichever way it is reached, and whether its Region lists it: by what its Region says."""
    if not is_listed:
        replicated.bots.clear()
    code, places, err = looked(capsys, regions=regions, profiles=("dev",))
    assert (code, err) == (1, "")
    hooks = [(hook["sourceArn"].split(":")[3], hook["state"]) for hook in hooks_of(places)]
    assert sorted(hooks) == [("us-east-1", "allowed"), (REPLICA, "denied")]
    (command,) = filter(None, (hook["command"] for hook in hooks_of(places)))
    assert command.startswith(f"aws lambda add-permission --region {REPLICA} --profile dev ")
    assert replicated.counts()["lex:DescribeBotAlias"] == 2
    only_replicas = [place["region"] for place in places if place["replicas"]]
    is_one_of_all = len(regions) == 2 and is_listed
    assert only_replicas == ([] if is_one_of_all else [REPLICA])


def hooks_of(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the code hooks of all places."""
    return [hook for place in places for hook in place["codeHooks"]]


@pytest.mark.parametrize(
    "regions", [("us-east-1",), ("us-east-1", REPLICA)], ids=["by its bot", "by both"]
)
def test_a_replica_without_the_alias(
    replicated: Stub, capsys: pytest.CaptureFixture[str], regions: tuple[str, ...]
) -> None:
    """It is passed over, as a Region is that lacks what was asked for."""
    del replicated.aliases[BOT]["TSTALIASID"]
    options = {"regions": regions, "profiles": ("dev",), "bot": "OrdersBot"}
    code, places, err = looked(capsys, **options, alias="TestBotAlias")
    assert (code, err, [place["region"] for place in places]) == (0, "", ["us-east-1"])


@pytest.mark.usefixtures("replicated")
def test_a_replica_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """Below its bot's Region, and as a line of its own for programs."""
    options = OPTIONS | {"regions": ("us-east-1",), "profiles": ("dev",), "bot": "OrdersBot"}
    assert doctor(**options, form="text") == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("allowed  OrdersBot/live")
    none = "0 allowed, 0 unknown, 0 missing"
    assert said[-2:] == [
        f"1 code hook in 2 bot aliases of 1 replica in us-west-2 (dev): {none}, 1 denied",
        "2 code hooks in 2 places: 1 allowed, 0 unknown, 0 missing, 1 denied",
    ]
    assert doctor(**options, form="jsonl") == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["kind"], line["region"]) for line in lines] == [
        (kind, region) for region in ("us-east-1", REPLICA) for kind in ("codeHook", "place")
    ]


def test_one_account_by_two_profiles(fleet: Stub, capsys: pytest.CaptureFixture[str]) -> None:
    """A replica that the other profile's Region shows is not looked at again."""
    for profile in ACCOUNTS:
        stub = fleet.at(profile, "us-east-1")
        stub.replicas[BOT] = {"us-west-2": "Enabled"}
        fill(fleet.at(profile, "us-west-2"), ACCOUNTS[profile], "us-west-2")
    _, places, _ = looked(capsys, regions=("us-east-1",))
    assert [(place["profile"], place["region"]) for place in places] == [
        *(("dev", "us-east-1"), ("prod", "us-east-1")),
        *(("dev", "us-west-2"), ("prod", "us-west-2")),
    ]
    config = Path(os.environ["AWS_CONFIG_FILE"])
    config.write_text(config.read_text().replace(ACCOUNTS["prod"], ACCOUNTS["dev"]))
    _, places, _ = looked(capsys, regions=("us-east-1",))
    assert [(place["profile"], place["region"]) for place in places] == [
        *(("dev", "us-east-1"), ("prod", "us-east-1"), ("dev", "us-west-2"))
    ]


UNREAD: Final[dict[str, tuple[Answer, int, str]]] = {
    "refused": (FORBIDDEN, 2, "ListBotReplicas: AccessDeniedException"),
    "not to be had there": (
        (400, {"__type": "ValidationException", "message": "Not in this Region."}),
        0,
        "",
    ),
    "none": ((200, {"botReplicaSummaries": []}), 0, ""),
    "not ready": (
        (
            200,
            {"botReplicaSummaries": [{"replicaRegion": REPLICA, "botReplicaStatus": "Enabling"}]},
        ),
        0,
        "",
    ),
    "of no Region": (
        (200, {"botReplicaSummaries": [{"replicaRegion": "a/b", "botReplicaStatus": "Enabled"}]}),
        2,
        "ListBotReplicas: broken answer: its replicaRegion is no Region",
    ),
    "no list": ((200, {}), 2, "ListBotReplicas: broken answer: it has no botReplicaSummaries"),
    "itself": (
        (
            200,
            {
                "botReplicaSummaries": [
                    {"replicaRegion": "us-east-1", "botReplicaStatus": "Enabled"}
                ]
            },
        ),
        0,
        "",
    ),
}


@pytest.mark.parametrize(("answer", "exited", "words"), UNREAD.values(), ids=UNREAD)
def test_replicas_that_cannot_be_read_or_are_none(
    fleet: Stub, capsys: pytest.CaptureFixture[str], answer: Answer, exited: int, words: str
) -> None:
    """What is broken or refused is named with its bot, and takes nothing from the hooks."""
    fleet.at("dev", "us-east-1").refuse("lex:ListBotReplicas", BOT, answer, for_good=True)
    code, places, _ = looked(capsys, regions=("us-east-1",), profiles=("dev",))
    (place,) = places
    assert (code, [hook["state"] for hook in place["codeHooks"]]) == (exited, ["allowed"])
    assert [one["problem"].startswith(words) for one in place["unread"]] == [True] * bool(words)


def test_a_replica_whose_region_cannot_be_looked_at(
    replicated: Stub, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a place that could not be looked at, and named once."""
    replicated.refuse("lex:ListBotAliases", BOT, FORBIDDEN, for_good=True)
    code, places, err = looked(capsys, regions=("us-east-1",), profiles=("dev",))
    assert (code, err.count("1 place could not be looked at")) == (2, 1)
    assert places[1]["unread"][0]["problem"].startswith("ListBotAliases: AccessDeniedException")
    replicated.refuse("lex:ListBots", "", SWITCHED_OFF, for_good=True)
    code, places, _ = looked(capsys, regions=("us-east-1", REPLICA), profiles=("dev",))
    assert (code, [place["region"] for place in places]) == (2, ["us-east-1", REPLICA])


def test_as_a_program(fleet: Stub, tmp_path: Path) -> None:
    """Options more than once, as its users give them; odd Regions are refused."""
    environment = fleet.environment | {"AWS_CONFIG_FILE": str(tmp_path / "config")}
    kept = {name: value for name, value in environment.items() if "KEY" not in name}
    both = (
        "--profile",
        "dev",
        "--profile",
        "prod",
        "--region",
        "us-east-1",
        "--region",
        "eu-west-1",
    )
    ended = run("doctor", *both, "--format", "jsonl", **kept)
    assert (ended.code, ended.err, len(ended.out.splitlines())) == (0, "", 8)
    odd = run("doctor", "--region", "all", "--region", "everywhere", **kept)
    assert (odd.code, "'everywhere' is none, such as us-east-1 or all." in odd.err) == (2, True)
