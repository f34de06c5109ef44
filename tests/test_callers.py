"""Whom a permission lets in: a wildcard in what an author wrote never widens it (rule 2.1)."""

import copy
from typing import Any

import pytest

from auto_lex_permissions import Request, transform
from auto_lex_permissions.bots import is_whole_bot
from auto_lex_permissions.iam import arn_of
from tests.templates import ACCOUNT, REGION

BY_BOT = {"SourceScope": "Bot"}


def _transformed(bot_id: object) -> dict[str, Any]:
    """Return a template whose bot alias has this bot id, after the macro under `Bot`."""
    hook = {"LambdaCodeHook": {"LambdaArn": {"Fn::GetAtt": ["Function", "Arn"]}}}
    setting = {"Enabled": True, "CodeHookSpecification": hook}
    locales = [{"LocaleId": "en_US", "BotAliasLocaleSetting": setting}]
    fragment = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": {
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {}},
            "Bot": {"Type": "AWS::Lex::Bot"},
            "Alias": {
                "Type": "AWS::Lex::BotAlias",
                "Properties": {"BotId": bot_id, "BotAliasLocaleSettings": locales},
            },
        },
    }
    first: dict[str, Any] = dict(transform(Request(fragment, REGION, ACCOUNT, BY_BOT)).fragment)
    assert transform(Request(first, REGION, ACCOUNT, BY_BOT)).fragment == first
    return first


def _added(fragment: dict[str, Any]) -> list[tuple[object, object]]:
    """Return the `SourceArn` and the `Condition` of each permission."""
    return [
        (resource["Properties"]["SourceArn"], resource.get("Condition"))
        for resource in fragment["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Permission"
    ]


@pytest.mark.parametrize(
    "bot_id",
    [
        "*",
        "ABCDEFGHI?",
        {"Fn::Sub": "*${Stage}"},
        "a:b",
        "a/b",
        {"Fn::Sub": "{{resolve:ssm:/${Stage}/bot}}"},
        {"Fn::GetAtt": ["Bot", "Arn"]},
        {"Fn::GetAtt": ["Alias", "Arn"]},
        "A" * 2_037,
    ],
)
def test_what_is_no_bot_id_names_no_bot(bot_id: object) -> None:
    """The alias alone is let in, as where no bot is named (rules 2.1, 5.2)."""
    assert _added(_transformed(bot_id)) == [({"Fn::GetAtt": ["Alias", "Arn"]}, None)]


@pytest.mark.parametrize(
    "bot_id",
    [
        "ABCDE FGHI",
        "ABCDEFGHIJ\n",
        {"Fn::Sub": "${Stage}\nABC"},
        {"Fn::Sub": " ${Bot}"},
        {"Fn::Join": ["\u3000", [{"Ref": "Stage"}, "ABC"]]},
    ],
    ids=str,
)
def test_white_space_in_a_bot_id_is_read_again_as_it_was_written(bot_id: object) -> None:
    """It is no id, which is Lex's to say: the macro compares what Lex is handed (rule 3.2)."""
    ((source_arn, _),) = _added(_transformed(bot_id))
    assert source_arn == {
        "Fn::Sub": [
            "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/${BotId}/*",
            {"BotId": bot_id},
        ]
    }


def test_bot_ids_that_differ_by_white_space_are_two() -> None:
    """As they are for IAM (rule 3.2)."""
    fragment = _transformed("ABCDE FGHI")
    fragment["Resources"]["Other"] = copy.deepcopy(fragment["Resources"]["Alias"])
    fragment["Resources"]["Other"]["Properties"]["BotId"] = "ABCDEFGHI"
    result = transform(Request(fragment, REGION, ACCOUNT, BY_BOT))
    assert result.permissions_added == 1
    assert len(_added(dict(result.fragment))) == 2


@pytest.mark.parametrize("bot_id", ["A" * 2_036, {"Fn::ImportValue": "A" * 5_000}])
def test_the_longest_bot_id_is_read_again_as_it_was_written(bot_id: object) -> None:
    """More than 2,048 characters of an ARN are not compared (rules 5.2, 6.5)."""
    fragment = _transformed(bot_id)
    assert [arn for arn, _ in _added(fragment)] != [{"Fn::GetAtt": ["Alias", "Arn"]}]
    again = transform(Request(fragment, parameters={"SourceScope": "Bot"}))
    assert again.fragment == fragment


PARAMETERS: dict[str, Any] = {
    "Default": {"Type": "String", "Default": "*"},
    "Allowed": {"Type": "String", "AllowedValues": ["ABCDEFGHIJ", "A*"]},
    "Plain": {"Type": "String", "Default": "ABCDEFGHIJ", "AllowedValues": ["ABCDEFGHIJ"]},
    "Described": {"Type": "String", "Description": "The bot, or *?"},
    "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/lex/*"},
    "List": {"Type": "CommaDelimitedList", "Default": "ABCDEFGHIJ,*"},
    "PlainList": {"Type": "CommaDelimitedList", "Default": "ABCDEFGHIJ,KLMNOPQRST"},
    "Malformed": "*",
}
MAPPINGS: dict[str, Any] = {
    "Wild": {"prod": {"Bot": "ABCDEFGHIJ"}, "dev": {"Bot": "*"}},
    "Plain": {"prod": {"Bot": "ABCDEFGHIJ"}, "dev": {"Bot": "KLMNOPQRST"}},
}
STAGE_BOT = [{"Ref": "Stage"}, "Bot"]


def _made_with(bot_id: object) -> list[tuple[object, object]]:
    """Return the permissions of an alias with this bot id, beside parameters and mappings."""
    fragment = _transformed("ABCDEFGHIJ")
    fragment["Resources"] = {
        name: fragment["Resources"][name] for name in ("Function", "Bot", "Alias")
    }
    fragment["Resources"]["Alias"].pop("DependsOn")
    fragment["Resources"]["Alias"]["Properties"]["BotId"] = bot_id
    fragment |= {"Parameters": fragment["Parameters"] | PARAMETERS, "Mappings": MAPPINGS}
    return _added(dict(transform(Request(fragment, REGION, ACCOUNT, BY_BOT)).fragment))


@pytest.mark.parametrize(
    "bot_id",
    [
        {"Ref": "Default"},
        {"Ref": "Allowed"},
        {"Fn::Sub": "A${Default}"},
        {"Fn::Select": [0, ["*", "ABCDEFGHIJ"]]},
        {"Fn::Select": [{"Ref": "Stage"}, ["ABCDEFGHIJ", "?BCDEFGHIJ"]]},
        {"Fn::Select": [1, {"Ref": "List"}]},
        {"Fn::Select": [1, {"Fn::Split": [",", "ABCDEFGHIJ,*"]}]},
        {"Fn::Select": [1, {"Fn::Split": [",", {"Ref": "List"}]}]},
        {"Fn::Select": [0, [{"Ref": "Plain"}, {"Ref": "Default"}]]},
        {"Fn::FindInMap": ["Wild", *STAGE_BOT]},
        {"Fn::FindInMap": [{"Ref": "Stage"}, *STAGE_BOT]},
        {"Fn::FindInMap": ["Plain", *STAGE_BOT, {"DefaultValue": "*"}]},
        {"Fn::FindInMap": ["Plain", {"Fn::FindInMap": ["Wild", *STAGE_BOT]}, "Bot"]},
        {"Fn::Sub": ["${Id}", {"Id": {"Fn::FindInMap": ["Wild", *STAGE_BOT]}}]},
        {"Fn::Join": ["", [{"Fn::Select": [0, ["*"]]}]]},
        {
            "Fn::Select": [
                0,
                [{"Fn::FindInMap": ["Wild", *STAGE_BOT]}, {"Fn::FindInMap": ["Plain", *STAGE_BOT]}],
            ]
        },
    ],
)
def test_a_wildcard_that_another_part_of_the_template_may_give(bot_id: object) -> None:
    """The alias alone is let in: the whole bot might be each bot of the account (rule 5.2)."""
    assert _made_with(bot_id) == [({"Fn::GetAtt": ["Alias", "Arn"]}, None)]


@pytest.mark.parametrize(
    "bot_id",
    [
        {"Ref": "Plain"},
        {"Ref": "Described"},
        {"Ref": "Stored"},
        {"Ref": "Malformed"},
        {"Ref": "Missing"},
        {"Fn::Select": [1, {"Ref": "PlainList"}]},
        {"Fn::FindInMap": ["Plain", *STAGE_BOT]},
        {"Fn::FindInMap": ["Missing", *STAGE_BOT]},
        {"Fn::ImportValue": "net-BotId"},
        {"Fn::Sub": "{{resolve:ssm:/lex/bot}}"},
    ],
)
def test_what_gives_no_wildcard_is_the_id_of_a_bot(bot_id: object) -> None:
    """As far as the template says; an export or a stored parameter is not seen (rule 5.2)."""
    ((arn, condition),) = _made_with(bot_id)
    assert condition is None
    assert str(arn).count("/*") == 1


@pytest.mark.parametrize(
    ("collection", "whole"),
    [
        (["ABCDEFGHIJ", "*"], False),
        (["ABCDEFGHIJ", "KLMNOPQRST"], True),
        ({"Ref": "List"}, False),
        ({"Ref": "PlainList"}, True),
        (["ABCDEFGHIJ", {"Ref": "Default"}], False),
        ({"Fn::FindInMap": ["Wild", *STAGE_BOT]}, False),
    ],
)
@pytest.mark.parametrize(
    "bot_id",
    [{"Ref": "Id"}, {"Fn::Sub": "${Id}"}, {"Fn::Select": [0, [{"Ref": "Id"}]]}],
)
def test_a_wildcard_among_the_items_of_a_loop(
    collection: object, bot_id: object, *, whole: bool
) -> None:
    """Any item may be the bot's id (rule 5.2)."""
    written = _looped({"Fn::ForEach::Ids": ["Id", collection, {"Alias&{Id}": _alias(bot_id)}]})
    assert (":bot-alias/" in written) is whole


@pytest.mark.parametrize(
    ("bot_id", "items", "whole"),
    [
        ({"Fn::Select": [0, ["${Id}"]]}, ["*"], False),
        ({"Fn::Select": [0, ["${Id}"]]}, ["ABCDEFGHIJ"], True),
        ({"Ref": "Def${Id}"}, ["ault"], False),
        ({"Ref": "Pla${Id}"}, ["in"], True),
        ({"Fn::FindInMap": ["Wi${Id}", *STAGE_BOT]}, ["ld"], False),
        ({"Fn::FindInMap": ["Pla${Id}", *STAGE_BOT]}, ["in"], True),
        ({"Fn::FindInMap": [{"Ref": "Id"}, *STAGE_BOT]}, ["Wild"], False),
    ],
)
def test_a_wildcard_in_what_an_item_names(bot_id: object, items: list[str], *, whole: bool) -> None:
    """A parameter, a mapping, or a text inside of a call (rule 5.2)."""
    written = _looped({"Fn::ForEach::Ids": ["Id", items, {"Alias&{Id}": _alias(bot_id)}]})
    assert (":bot-alias/" in written) is whole


@pytest.mark.parametrize(("items", "whole"), [(["A", "*"], False), (["A", "B"], True)])
def test_a_wildcard_among_the_items_of_a_loop_around(items: list[str], *, whole: bool) -> None:
    """The inner collection holds the outer variable (rule 5.2)."""
    body = {"Alias${Outer}&{Id}": _alias({"Fn::Sub": "${Outer}-${Id}"})}
    inner = {"Fn::ForEach::Inner": ["Id", ["A${Outer}"], body]}
    written = _looped({"Fn::ForEach::Outer": ["Outer", items, inner]})
    assert (":bot-alias/" in written) is whole


def _alias(bot_id: object) -> dict[str, Any]:
    alias = dict(_transformed("ABCDEFGHIJ")["Resources"]["Alias"])
    del alias["DependsOn"]
    return alias | {"Properties": alias["Properties"] | {"BotId": bot_id}}


def _looped(loop: dict[str, Any]) -> str:
    """Return the new resources of a template of a function and a loop, as text."""
    resources = {"Function": {"Type": "AWS::Lambda::Function"}, **loop}
    parameters = PARAMETERS | {"Stage": {"Type": "String"}}
    fragment = {"Parameters": parameters, "Mappings": MAPPINGS, "Resources": resources}
    return str(transform(Request(fragment, REGION, ACCOUNT, BY_BOT)).fragment["Resources"])


@pytest.mark.parametrize("bot_id", ["*", "AWS::Lex::Bot"])
def test_a_wildcard_under_a_condition(bot_id: str) -> None:
    """The other branch has its bot as ever."""
    added = _added(_transformed({"Fn::If": ["IsProd", bot_id, "ABCDEFGHIJ"]}))
    assert added[0] == ({"Fn::GetAtt": ["Alias", "Arn"]}, "IsProd")
    arn, condition = added[1]
    assert "ABCDEFGHIJ" in str(arn)
    assert condition not in {None, "IsProd"}
    assert len(added) == 2


@pytest.mark.parametrize("logical_id", ["Bot ", "Bot}", "My-Bot", "My.Bot"])
def test_a_bot_of_an_odd_logical_id_is_read_again_as_it_was_written(logical_id: str) -> None:
    """CloudFormation takes no such id; its permission is added once all the same (3.1)."""
    hook = {"LambdaCodeHook": {"LambdaArn": {"Fn::GetAtt": ["Function", "Arn"]}}}
    setting = {"Enabled": True, "CodeHookSpecification": hook}
    locales = [{"LocaleId": "en_US", "BotAliasLocaleSetting": setting}]
    test_alias = {"TestBotAliasSettings": {"BotAliasLocaleSettings": locales}}
    fragment = {"Resources": {logical_id: {"Type": "AWS::Lex::Bot", "Properties": test_alias}}}
    first: dict[str, Any] = dict(transform(Request(fragment, REGION, ACCOUNT)).fragment)
    assert len(_added(first)) == 1
    assert transform(Request(first, REGION, ACCOUNT)).fragment == first


def test_a_dynamic_reference_is_the_id_of_one_bot() -> None:
    """Whatever colons and slashes it holds, it is read again as it was written (3.2, 5.2)."""
    bot_id = "{{resolve:ssm:/lex/bot}}"
    ((arn, condition),) = _added(_transformed(bot_id))
    prefix = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias"
    assert arn == {"Fn::Sub": [f"{prefix}/${{BotId}}/*", {"BotId": bot_id}]}
    assert condition is None


def test_a_declared_source_arn_may_hold_a_dynamic_reference() -> None:
    """It matches the alias of the bot that the same reference names (rule 3.2)."""
    bot_id = "{{resolve:ssm:/lex/bot}}"
    first = _transformed(bot_id)
    (name,) = (key for key in first["Resources"] if key.startswith("BotAliases"))
    declared = first["Resources"].pop(name)
    first["Resources"]["Alias"].pop("DependsOn")
    arn = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/{bot_id}"
    for last, added in (("*", 0), ("${Alias.BotAliasId}", 0), ("ABCDEFGHIJ", 1)):
        declared["Properties"]["SourceArn"] = {"Fn::Sub": f"{arn}/{last}"}
        first["Resources"]["Allow"] = declared
        assert transform(Request(first, REGION, ACCOUNT)).permissions_added == added


def test_a_variable_in_an_attribute_is_no_placeholder_in_another() -> None:
    """The output of a nested stack, named by a loop, is put in by a map (rules 1.5, 5.2)."""
    bot_id = {"Fn::GetAtt": ["Stack", "Outputs.Bot${Env}"]}
    alias = _transformed(bot_id)["Resources"]["Alias"]
    alias.pop("DependsOn")
    function = {"Type": "AWS::Lambda::Function", "Properties": {}}
    resources = {"Fn::ForEach::Envs": ["Env", ["A", "B"], {"Alias${Env}": alias}]}
    fragment = {"Resources": {"Function": function, **resources}}
    first: Any = transform(Request(fragment, REGION, ACCOUNT, BY_BOT)).fragment
    body = first["Resources"]["Fn::ForEach::Envs"][2]
    (permission,) = (resource for name, resource in body.items() if name != "Alias${Env}")
    assert permission["Properties"]["SourceArn"]["Fn::Sub"][1] == {"BotId": bot_id}
    assert transform(Request(first, REGION, ACCOUNT, BY_BOT)).fragment == first


def test_of_two_spellings_of_a_bot_the_first_in_json_is_written() -> None:
    """Whichever bot alias comes first: `Fn::Join` stands before `Fn::Sub` (rules 3.2, 6.5)."""
    fragment = _transformed({"Fn::Join": ["-", ["A", {"Ref": "Stage"}]]})
    (arn,) = (arn for arn, _ in _added(fragment))
    fragment = _transformed({"Fn::Sub": "A-${Stage}"})
    alias = fragment["Resources"].pop("Alias")
    joined = copy.deepcopy(alias)
    joined["Properties"]["BotId"] = {"Fn::Join": ["-", ["A", {"Ref": "Stage"}]]}
    for first, second in ((alias, joined), (joined, alias)):
        resources = {
            "Function": fragment["Resources"]["Function"],
            "Alias": {**first, "DependsOn": []},
            "Other": {**second, "DependsOn": []},
        }
        result = transform(Request({**fragment, "Resources": resources}, REGION, ACCOUNT, BY_BOT))
        assert [arn for arn, _ in _added(dict(result.fragment))] == [arn]


@pytest.mark.parametrize(
    ("bot_id", "added"),
    [
        ({"Ref": "Bot"}, 0),
        ({"Fn::If": ["IsProd", {"Ref": "Bot"}, "ABCDEFGHIJ"]}, 1),
        ({"Ref": "AWS::NoValue"}, 1),
    ],
)
def test_a_source_arn_around_that_of_an_alias(bot_id: object, added: int) -> None:
    """It is read where the bot alias is one bot's; else nothing is proved (rule 3.3)."""
    resources = _transformed({"Ref": "Bot"})["Resources"]
    resources["Alias"]["Properties"]["BotId"] = bot_id
    allow = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Function"},
            "Principal": "lexv2.amazonaws.com",
            "SourceArn": {"Fn::Sub": "${Alias.Arn}*"},
        },
    }
    conditions = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    declared = {name: resources[name] for name in ("Function", "Bot", "Alias")}
    declared["Alias"].pop("DependsOn")
    fragment = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": conditions,
        "Resources": {**declared, "Allow": allow},
    }
    result = transform(Request(fragment, REGION, ACCOUNT))
    assert result.permissions_added == added
    assert [condition for _, condition in _added(dict(result.fragment))] == [None] * (added + 1)


@pytest.mark.parametrize(
    ("resource", "whole"),
    [
        ("bot-alias/ABCDEFGHIJ/*", True),
        ("bot-alias/ABCDEFGH*/*", False),
        ("bot-alias/ABCDEFGHIJ/TSTALIASID", False),
        ("bot-alias/*", False),
        # No ARN is as long.
        (f"bot-alias/{'A' * 2_048}/*", False),
    ],
)
def test_what_means_all_aliases_of_one_bot(resource: str, *, whole: bool) -> None:
    """One bot, and any alias (rule 5.2)."""
    arn = arn_of((f"arn:aws:lex:{REGION}:{ACCOUNT}:{resource}",))
    assert is_whole_bot(arn) is whole
