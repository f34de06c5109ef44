"""What waits for what, beside what the golden cases show (rules 2.7, 2.8 and 5.2)."""

from typing import Any, Final

import pytest

from auto_lex_permissions import Request, TemplateError, transform
from tests.templates import ACCOUNT, REGION

FUNCTION: Final[dict[str, Any]] = {"Type": "AWS::Lambda::Function", "Properties": {}}
ARN: Final = {"Fn::GetAtt": ["Function", "Arn"]}
OWN: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
CONDITIONS: Final = {"IsProd": {"Fn::Equals": [{"Ref": "AWS::StackName"}, "prod"]}}
BY_BOT: Final = {"SourceScope": "Bot"}


def alias(*arns: object, **attributes: object) -> dict[str, Any]:
    """Return a bot alias with a locale for each function."""
    settings = [
        {"BotAliasLocaleSetting": {"CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": arn}}}}
        for arn in arns
    ]
    properties = {"BotId": {"Ref": "Bot"}, "BotAliasLocaleSettings": settings}
    return {"Type": "AWS::Lex::BotAlias", **attributes, "Properties": properties}


def processed(resources: dict[str, Any], **settings: str) -> dict[str, Any]:
    """Return the resources with what the macro adds."""
    fragment = {
        "Conditions": CONDITIONS,
        "Resources": {"Bot": {"Type": "AWS::Lex::Bot"}, "Function": FUNCTION, **resources},
    }
    answer: Any = transform(Request(fragment, REGION, ACCOUNT, settings)).fragment
    return dict(answer["Resources"])


def test_an_alias_waits_for_a_permission_of_an_earlier_run_as_that_exists() -> None:
    """The permission has the condition that the alias had then (rule 2.8)."""
    first = processed({"Alias": alias(ARN, Condition="IsProd")}, **BY_BOT)
    (name,) = (name for name in first if "Invoke" in name)
    assert first[name]["Condition"] == "IsProd"
    source = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/${Bot}/*"
    own = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": ARN,
        "Principal": "lexv2.amazonaws.com",
        "SourceArn": {"Fn::Sub": source},
    }
    always = {"Type": "AWS::Lambda::Permission", "Properties": own}
    after = processed({"Alias": alias(ARN), name: first[name], "Own": always}, **BY_BOT)
    assert "DependsOn" not in after["Alias"]
    waits = after["Alias"]["Metadata"]["AutoLexPermissions"]["WaitsFor"]
    assert waits == [{"Fn::If": ["IsProd", {"Ref": name}, ""]}]


def test_one_permission_is_waited_for_once() -> None:
    """Where two hooks of an alias are served by it under different names."""
    names = {"FunctionName": {"Fn::If": ["IsProd", "a", "b"]}}
    resources = {
        "Function": {**FUNCTION, "Properties": names},
        "Alias": alias(ARN, {"Fn::If": ["IsProd", f"{OWN}:a", {"Ref": "AWS::NoValue"}]}),
    }
    after = processed(resources, **BY_BOT)
    (name,) = (name for name in after if "Invoke" in name)
    assert after["Alias"]["DependsOn"] == [name]


@pytest.mark.parametrize(
    ("hook", "waits"),
    [(f"{OWN}:orders", []), (f"{OWN}:orders:live", [{"Ref": "Sam.Alias"}])],
)
def test_the_alias_of_sam_is_waited_for_where_a_qualifier_is_named(
    hook: str, waits: list[object]
) -> None:
    """It may have any name, and no text without a qualifier means it (rule 2.7)."""
    properties = {"FunctionName": "orders", "AutoPublishAlias": {"Ref": "Stage"}}
    sam = {"Type": "AWS::Serverless::Function", "Properties": properties}
    after = processed({"Sam": sam, "Alias": alias(hook)})
    (name,) = (name for name in after if "Invokes" in name)
    assert after[name]["DependsOn"] == ["Sam"]
    assert after[name]["Metadata"]["AutoLexPermissions"].get("WaitsFor", []) == waits


@pytest.mark.parametrize(
    ("function", "name", "waits"),
    [
        ("orders", "live", True),
        ("orders", "{{resolve:ssm:/alias}}", True),
        ("{{resolve:ssm:/orders}}", "live", True),
        ("billing-{{resolve:ssm:/x}}", "live", False),
        ("orders", "dev-{{resolve:ssm:/x}}", False),
    ],
)
def test_a_lambda_alias_of_a_name_that_is_resolved_later_is_waited_for(
    function: str, name: str, *, waits: bool
) -> None:
    """It may make the qualifier, and else the permission would come too early (rule 2.7)."""
    properties = {"FunctionName": function, "Name": name, "FunctionVersion": "1"}
    live = {"Type": "AWS::Lambda::Alias", "Properties": properties}
    after = processed({"Live": live, "Alias": alias(f"{OWN}:orders:live")})
    (permission,) = (found for found in after if "Invokes" in found)
    assert after[permission].get("DependsOn", []) == (["Live"] if waits else [])


def in_loop(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a loop over an item, processed."""
    return dict(processed({"Fn::ForEach::L": ["Env", ["a-b"], body]})["Fn::ForEach::L"][2])


def test_a_condition_that_is_a_function_cannot_be_written_into_a_wait() -> None:
    """No condition has that name (rules 1.5 and 2.8)."""
    named = {"Fn::Sub": "fn-${Env}"}
    found = {"Fn::FindInMap": ["Map", "Key", "Condition"]}
    function = {**FUNCTION, "Condition": found, "Properties": {"FunctionName": named}}
    hook = alias({"Fn::Sub": f"{OWN}:fn-${{Env}}"})
    with pytest.raises(TemplateError, match="ALP105"):
        in_loop({"F${Env}": function, "A${Env}": hook})


@pytest.mark.parametrize("variable", ["Env", "My_Env"])
def test_an_alias_that_sam_names_by_an_item_is_waited_for_by_its_sam_name(variable: str) -> None:
    """What SAM makes of the item's letters is not known here (rule 2.7)."""
    item = f"${{{variable}}}"
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "FunctionName": {"Fn::Sub": f"fn-{item}"},
            "AutoPublishAlias": f"live-{item}",
        },
    }
    hook = alias({"Fn::Sub": f"{OWN}:fn-{item}:live-{item}"})
    loop = [variable, ["a-b"], {f"F{item}": function, f"A{item}": hook}]
    body = processed({"Fn::ForEach::L": loop})["Fn::ForEach::L"][2]
    (added,) = (name for name in body if "Invokes" in name)
    waits = body[added]["Metadata"]["AutoLexPermissions"]["WaitsFor"]
    assert {"Ref": {"Fn::Sub": f"F{item}.Alias"}} in waits
