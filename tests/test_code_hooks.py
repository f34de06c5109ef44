"""Where a code hook may hide (rules 1.4 and 1.5)."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from auto_lex_permissions import Request, TemplateError, transform

INCLUDE = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}}
LOOP = {"Fn::ForEach::Parts": ["Part", ["a", "b"], {"${Part}": {"Any": "thing"}}]}
HOOK = {"LambdaCodeHook": {"LambdaArn": {"Fn::GetAtt": ["Orders", "Arn"]}}}
LOCALES = [{"LocaleId": "en_US", "BotAliasLocaleSetting": {"CodeHookSpecification": HOOK}}]
TYPES: dict[str, Any] = {
    "AWS::Lex::BotAlias": {"BotAliasLocaleSettings": LOCALES},
    "AWS::Lex::Bot": {"TestBotAliasSettings": {"BotAliasLocaleSettings": LOCALES}},
}


def template(kind: str) -> dict[str, Any]:
    """Return a template with one hook."""
    hooked = {"Type": kind, "Properties": deepcopy(TYPES[kind])}
    return {"Resources": {"Orders": {"Type": "AWS::Lambda::Function"}, "Live": hooked}}


def levels(value: Any, *place: Any) -> Iterator[tuple[Any, ...]]:
    """Yield where objects stand on the way from a resource down to its function."""
    if isinstance(value, dict):
        yield place
        for key in value.keys() - {"Fn::GetAtt"}:
            yield from levels(value[key], *place, key)
    for number, item in enumerate(value if isinstance(value, list) else ()):
        yield from levels(item, *place, number)


def at(value: Any, place: tuple[Any, ...]) -> Any:
    """Return what stands at a place."""
    for step in place:
        value = value[step]
    return value


PLACES = [
    (kind, place)
    for kind in TYPES
    for place in levels(template(kind)["Resources"]["Live"], "Resources", "Live")
]


def refused(fragment: dict[str, Any]) -> str:
    """Return the message of the only mistake."""
    with pytest.raises(TemplateError) as rejected:
        transform(Request(fragment, "us-east-1", "123456789012"))
    (mistake,) = rejected.value.diagnostics
    assert mistake.code == "ALP102"
    return str(mistake)


@pytest.mark.parametrize(("kind", "place"), PLACES)
@pytest.mark.parametrize("making", [INCLUDE, LOOP])
def test_what_makes_parts_of_a_resource_may_hide_a_hook(
    making: dict[str, Any], kind: str, place: tuple[Any, ...]
) -> None:
    """Beside its parts, at every level."""
    fragment = template(kind)
    at(fragment, place).update(making)
    (name,) = making
    said = refused(fragment)
    assert name in said
    assert ("after AWS::LanguageExtensions" in said) == (making == LOOP)


@pytest.mark.parametrize(("kind", "place"), [both for both in PLACES if len(both[1]) > 2])
@pytest.mark.parametrize("making", [INCLUDE, LOOP])
def test_what_makes_all_of_a_part_may_hide_a_hook(
    making: dict[str, Any], kind: str, place: tuple[Any, ...]
) -> None:
    """In place of it, at every level, also under a condition."""
    for instead in (making, {"Fn::If": ["IsProd", making, {"Ref": "AWS::NoValue"}]}):
        fragment = template(kind)
        at(fragment, place[:-1])[place[-1]] = instead
        assert next(iter(making)) in refused(fragment)


def test_a_resource_that_another_transform_makes_may_be_a_bot() -> None:
    """CloudFormation runs it first; the command line reads what is before."""
    fragment = template("AWS::Lex::BotAlias")
    fragment["Resources"]["Other"] = INCLUDE
    assert refused(fragment).startswith("ALP102 Resources.Other: the value of Fn::Transform")


def test_resources_that_are_included_may_be_bots() -> None:
    """Beside all others; the macro's own name there stands for itself (rule 6.1)."""
    fragment = template("AWS::Lex::BotAlias")
    fragment["Resources"] |= INCLUDE
    assert refused(fragment).startswith("ALP102 Resources.Fn::Transform:")
    fragment["Resources"] |= {"Fn::Transform": {"Name": "AutoLexPermissions"}}
    assert transform(Request(fragment)).permissions_added == 1


@pytest.mark.parametrize("making", [INCLUDE, LOOP])
def test_what_makes_parts_of_other_resources_hides_no_hook(making: dict[str, Any]) -> None:
    """Only bots and bot aliases have hooks."""
    fragment = template("AWS::Lex::BotAlias")
    fragment["Resources"]["Topic"] = {"Type": "AWS::SNS::Topic", "Properties": making, **making}
    assert transform(Request(fragment)).permissions_added == 1


DOWN = ("CodeHookSpecification", "LambdaCodeHook", "LambdaArn")
FLAT = [{"LocaleId": "en_US", "CodeHookSpecification": HOOK}]
BELOW = {"FulfillmentCodeHook": {"Enabled": True, "LambdaArn": "x"}}


@pytest.mark.parametrize(
    ("kind", "properties", "places"),
    [
        pytest.param(
            "AWS::Lex::BotAlias",
            {"BotAliasLocaleSettings": FLAT},
            ["BotAliasLocaleSettings[0].CodeHookSpecification.LambdaCodeHook.LambdaArn"],
            id="a flat setting",
        ),
        pytest.param(
            "AWS::Lex::BotAlias",
            {"BotAliasLocaleSettings": {"en_US": {"CodeHookSpecification": HOOK}}},
            ["BotAliasLocaleSettings.en_US.CodeHookSpecification.LambdaCodeHook.LambdaArn"],
            id="a map by locale",
        ),
        pytest.param(
            "AWS::Lex::BotAlias",
            {"BotAliasLocaleSettings": {"Fn::If": ["IsProd", FLAT, {"Ref": "AWS::NoValue"}]}},
            ["BotAliasLocaleSettings.Fn::If[1][0].CodeHookSpecification.LambdaCodeHook.LambdaArn"],
            id="under a condition",
        ),
        pytest.param(
            "AWS::Lex::BotAlias",
            {"lambdaARN": "x", **TYPES["AWS::Lex::BotAlias"]},
            ["lambdaARN"],
            id="beside a hook",
        ),
        pytest.param(
            "AWS::Lex::Bot",
            {"BotLocales": [{"Intents": [BELOW, BELOW]}]},
            [
                "BotLocales[0].Intents[0].FulfillmentCodeHook.LambdaArn",
                "BotLocales[0].Intents[1].FulfillmentCodeHook.LambdaArn",
            ],
            id="at intents",
        ),
        pytest.param(
            "AWS::Lex::Bot",
            TYPES["AWS::Lex::BotAlias"],
            [
                f"BotAliasLocaleSettings[0].BotAliasLocaleSetting.{'.'.join(DOWN)}",
            ],
            id="an alias's settings in a bot",
        ),
        pytest.param("AWS::Lex::Bot", TYPES["AWS::Lex::Bot"], [], id="the test alias"),
        pytest.param("AWS::Lex::Bot", {"Description": "no LambdaArn here"}, [], id="a text"),
        pytest.param("AWS::SNS::Topic", {"LambdaArn": "x"}, [], id="another resource"),
        pytest.param("AWS::Lex::Bot", [{"LambdaArn": "x"}], ["[0].LambdaArn"], id="a list"),
        pytest.param("AWS::Lex::Bot", None, [], id="nothing"),
    ],
)
def test_a_function_that_lex_does_not_read_is_reported(
    kind: str, properties: Any, places: list[str]
) -> None:
    """Each at its place, and it is no hook (rule 1.6)."""
    resources = {
        "Orders": {"Type": "AWS::Lambda::Function"},
        "Live": {"Type": kind, "Properties": properties},
    }
    result = transform(Request({"Resources": resources}))
    assert {report.code for report in result.reports} <= {"ALP113"}
    assert [report.path for report in result.reports] == [
        f"Resources.Live.Properties{'' if place.startswith('[') else '.'}{place}"
        for place in places
    ]


def test_the_objects_of_a_loader_are_looked_through_too() -> None:
    """They may be more than plain JSON (rule 1.6)."""

    class Text(str):
        __slots__ = ()

    bot = {"Type": "AWS::Lex::Bot", "Properties": {Text("Name"): Text("x"), "LambdaArn": "y"}}
    (report,) = transform(Request({"Resources": {"Bot": bot}})).reports
    assert report.path == "Resources.Bot.Properties.LambdaArn"
