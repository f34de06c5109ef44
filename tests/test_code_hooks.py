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
TYPES = {
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
