"""What is reported of hooks that a permission alone does not make work (rules 4.4 and 4.5)."""

from typing import Any, Final

import pytest

from auto_lex_permissions import Request, transform

REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"
F: Final = {"Fn::GetAtt": ["F", "Arn"]}
G: Final = {"Fn::GetAtt": ["G", "Arn"]}
NO_VALUE: Final = {"Ref": "AWS::NoValue"}
CONFIG: Final = {"ExecutionTimeout": 3600}


def locale(arn: object) -> dict[str, Any]:
    """Return the setting of a locale that hooks a function."""
    hook = {"LambdaCodeHook": {"CodeHookInterfaceVersion": "1.0", "LambdaArn": arn}}
    setting = {"Enabled": True, "CodeHookSpecification": hook}
    return {"LocaleId": "en_US", "BotAliasLocaleSetting": setting}


def stack(locales: object, **functions: dict[str, Any]) -> dict[str, Any]:
    """Return a template whose bot alias has these locales, and F these properties."""
    kind = "AWS::Lambda::Function"
    return {
        "Parameters": {"Stage": {"Type": "String"}, "Arn": {"Type": "String"}},
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
            "IsHere": {"Fn::Equals": [{"Ref": "AWS::Region"}, REGION]},
        },
        "Resources": {
            "F": {"Type": kind, "Properties": {"FunctionName": "orders"}, **functions},
            "G": {"Type": kind, "Properties": {}},
            "S": {"Type": "AWS::Serverless::Function", "Properties": {"AutoPublishAlias": "live"}},
            "Live": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": {"Ref": "F"}, "Name": "live"},
            },
            "Bot": {"Type": "AWS::Lex::Bot", "Properties": {}},
            "Alias": {
                "Type": "AWS::Lex::BotAlias",
                "Properties": {"BotId": {"Ref": "Bot"}, "BotAliasLocaleSettings": locales},
            },
        },
    }


def reported(
    fragment: dict[str, Any], region: str = REGION, **settings: str
) -> list[tuple[str, str]]:
    """Return the codes of what is reported, each with the end of its place."""
    account = ACCOUNT if region else ""
    result = transform(Request(fragment, region, account, settings))
    return [(report.code, report.path.rpartition(".")[2]) for report in result.reports]


def codes(arn: object, **properties: object) -> list[str]:
    """Return the codes of what is reported of a hook on F, which has these properties."""
    fragment = stack([locale(arn)], Properties={"FunctionName": "orders", **properties})
    return [code for code, _ in reported(fragment)]


@pytest.mark.parametrize(
    "name",
    [
        {"Ref": "F"},
        {"Ref": "S"},
        {"Fn::Sub": "${F}:live"},
        {"Fn::Join": [":", [{"Ref": "F"}, "live"]]},
        "orders",
        " orders:live",
        f"{ACCOUNT}:function:orders",
        {"Fn::Sub": "${AWS::AccountId}:function:orders"},
        {"Fn::Sub": "orders-${Stage}"},
        {"Fn::Sub": "${AWS::StackName}-orders"},
        "arm:aws:lambda:us-east-1:123456789012:function:orders",
    ],
)
def test_a_name_is_reported(name: object) -> None:
    """Lex takes ARNs only, and fails the deployment (rule 4.5)."""
    assert codes(name) == ["ALP406"]


@pytest.mark.parametrize(
    "arn",
    [
        F,
        {"Ref": "Live"},
        {"Ref": "S.Alias"},
        {"Ref": "Arn"},
        {"Fn::Sub": "${Arn}:live"},
        {"Fn::Sub": "a${Stage}"},
        {"Fn::Sub": "${AWS::StackId}"},
        {"Fn::ImportValue": "orders"},
        "{{resolve:ssm:/orders}}",
        f" arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders",
        {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:x"},
        {"Fn::Select": [0, ["orders"]]},
    ],
)
def test_what_may_be_an_arn_is_not(arn: object) -> None:
    """Only what surely is none is reported (rule 4.5)."""
    assert codes(arn) == []


@pytest.mark.parametrize(
    ("arn", "properties", "expected"),
    [
        (F, {"DurableConfig": CONFIG}, ["ALP407"]),
        (
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:orders",
            {"DurableConfig": CONFIG},
            ["ALP407"],
        ),
        ({"Ref": "Live"}, {"DurableConfig": CONFIG}, []),
        ({"Fn::Sub": "${F.Arn}:live"}, {"DurableConfig": CONFIG}, []),
        (G, {"DurableConfig": CONFIG}, []),
        (F, {"DurableConfig": NO_VALUE}, []),
        (F, {"DurableConfig": {"Fn::If": ["IsProd", CONFIG, NO_VALUE]}}, ["ALP407"]),
        (F, {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, ["ALP408"]),
        ({"Ref": "Live"}, {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}, ["ALP408"]),
        (F, {"TenancyConfig": {"Fn::If": ["IsProd", NO_VALUE, NO_VALUE]}}, []),
        (
            F,
            {"DurableConfig": CONFIG, "TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}},
            ["ALP407", "ALP408"],
        ),
    ],
)
def test_functions_that_lex_cannot_invoke(
    arn: object, properties: dict[str, Any], expected: list[str]
) -> None:
    """A durable one without a qualifier, and one with tenant isolation (rule 4.5)."""
    assert codes(arn, **properties) == expected


def test_what_never_exists_together_is_not_reported() -> None:
    """The hook is in production, and the function is durable elsewhere (rule 4.5)."""
    durable = {"Fn::If": ["IsProd", NO_VALUE, CONFIG]}
    arn = {"Fn::If": ["IsProd", F, G]}
    assert codes(arn, DurableConfig=durable) == ["ALP114", "ALP114"]


@pytest.mark.parametrize(("own", "expected"), [({}, ["ALP407"]), ({"DurableConfig": NO_VALUE}, [])])
def test_globals_of_sam_count(own: dict[str, Any], expected: list[str]) -> None:
    """A SAM function has them unless it says otherwise; others never (rule 4.5)."""
    fragment = stack([locale({"Fn::GetAtt": ["S", "Arn"]})])
    fragment["Globals"] = {"Function": {"DurableConfig": CONFIG}}
    fragment["Resources"]["S"]["Properties"] |= own
    assert [code for code, _ in reported(fragment)] == expected
    assert reported({**stack([locale(F)]), "Globals": fragment["Globals"]}) == []


IF: Final = {"Fn::If": ["IsProd", F, G]}
MOVES: Final = [("ALP114", "Fn::If[1]"), ("ALP114", "Fn::If[2]")]
BELOW: Final = "LambdaArn"


@pytest.mark.parametrize(
    ("locales", "expected"),
    [
        pytest.param([locale(IF)], MOVES, id="the ARN"),
        pytest.param(
            [{"Fn::If": ["IsProd", locale(F), locale(G)]}],
            [("ALP114", BELOW)] * 2,
            id="the locale",
        ),
        pytest.param(
            {"Fn::If": ["IsProd", [locale(F)], [locale(G)]]},
            [("ALP114", BELOW)] * 2,
            id="the list",
        ),
        pytest.param(
            [locale({"Fn::If": ["IsProd", F, {"Fn::If": ["IsTest", G, {"Ref": "Arn"}]}]})],
            [("ALP114", "Fn::If[1]"), ("ALP114", "Fn::If[1]"), ("ALP114", "Fn::If[2]")],
            id="three functions",
        ),
        pytest.param(
            [locale({"Fn::If": ["IsProd", F, {"Fn::If": ["IsTest", G, F]}]})],
            [("ALP114", "Fn::If[1]"), ("ALP114", "Fn::If[1]"), ("ALP114", "Fn::If[2]")],
            id="one of them twice",
        ),
        pytest.param([locale(IF), locale(F)], MOVES[1:], id="one of them always"),
        pytest.param([locale(IF), locale({"Fn::If": ["IsProd", G, F]})], [], id="both always"),
        pytest.param([locale({"Fn::If": ["IsProd", F, NO_VALUE]})], [], id="or none"),
        pytest.param(
            [locale({"Fn::If": ["IsProd", F, {"Fn::GetAtt": "F.Arn"}]})], [], id="two spellings"
        ),
        pytest.param([locale({"Fn::If": ["IsHere", F, G]})], [], id="by Region"),
    ],
)
def test_a_hook_that_moves_with_a_condition(
    locales: object, expected: list[tuple[str, str]]
) -> None:
    """Its new permission comes after the bot alias has changed (rule 4.4)."""
    assert reported(stack(locales)) == expected
    assert reported(stack(locales), SourceScope="Bot") == []


def test_where_the_region_is_not_known_it_may_change() -> None:
    """Offline nothing says that it does not (rule 4.4)."""
    fragment = stack([locale({"Fn::If": ["IsHere", F, G]})])
    assert reported(fragment, region="") == MOVES


def test_a_replica_is_reported_where_there_is_one() -> None:
    """In the branch of the condition under which it exists (rule 4.4)."""
    template = stack([locale(F)])
    choice = {"Fn::If": ["IsProd", {"ReplicaRegions": ["eu-west-1"]}, NO_VALUE]}
    template["Resources"]["Bot"]["Properties"] = {"Replication": choice}
    assert reported(template) == [("ALP405", "Fn::If[1]")]


@pytest.mark.parametrize(
    ("properties", "code"),
    [({"TenancyConfig": {"Mode": "PER_TENANT"}}, ["ALP408"]), ({"DurableConfig": CONFIG}, [])],
)
def test_a_lambda_alias_of_two_names_is_one_of_its_function(
    properties: dict[str, object], code: list[str]
) -> None:
    """It names the function with a qualifier, whichever that is (rule 4.5)."""
    template = stack([locale({"Ref": "Live"})])
    template["Resources"]["F"]["Properties"] = properties
    template["Resources"]["Live"]["Properties"]["Name"] = {"Fn::If": ["IsProd", "a", "b"]}
    assert [found for found, _ in reported(template)] == code
