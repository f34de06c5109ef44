"""The corpus of bad requests: what reaches the macro that CloudFormation would never send.

Each entry is a request and the start of the answer's `errorMessage`, or None where the fragment
has to come back equal. Later rules add theirs here.
"""

from dataclasses import dataclass
from typing import Final

NO_FRAGMENT: Final = "ALP602 AutoLexPermissions received a request without a fragment."
NO_OBJECT: Final = "ALP603 AutoLexPermissions received a fragment that is not an object."
MISPLACED: Final = "ALP601 Fn::Transform: AutoLexPermissions was given neither a template nor"
HIDDEN: Final = "ALP102 Resources.A.Properties.BotAliasLocaleSettings"


@dataclass(frozen=True, slots=True)
class BadRequest:
    """A request, and what its answer says."""

    name: str
    event: object
    says: str | None


def _fragment(name: str, fragment: object, says: str | None, **more: object) -> BadRequest:
    event = {
        "region": "us-east-1",
        "accountId": "123456789012",
        "fragment": fragment,
        "transformId": "123456789012::AutoLexPermissions",
        "params": {},
        "requestId": name,
        "templateParameterValues": {},
        **more,
    }
    return BadRequest(name, event, says)


def _alias(settings: object) -> dict[str, object]:
    return {"A": {"Type": "AWS::Lex::BotAlias", "Properties": {"BotAliasLocaleSettings": settings}}}


def _nested(levels: int, inner: object) -> object:
    value = inner
    for _ in range(levels):
        value = {"Fn::If": ["C", value, {"Ref": "AWS::NoValue"}]}
    return value


def _deep(levels: int) -> object:
    value: object = "bottom"
    for level in range(levels):
        value = [value] if level % 2 else {"k": value}
    return value


MEGABYTE: Final = "x" * 1_000_000

BAD_REQUESTS: Final = (
    BadRequest("nothing", None, NO_FRAGMENT),
    BadRequest("a list", [], NO_FRAGMENT),
    BadRequest("a string", "fragment", NO_FRAGMENT),
    BadRequest("an empty object", {}, NO_FRAGMENT),
    BadRequest("only a request id", {"requestId": "r"}, NO_FRAGMENT),
    _fragment("no object but null", None, NO_OBJECT),
    _fragment("no object but a string", "text", NO_OBJECT),
    _fragment("no object but a list", [{"Resources": {}}], NO_OBJECT),
    _fragment("no object but a number", 1, NO_OBJECT),
    _fragment("an empty fragment", {}, None),
    _fragment("no Resources", {"Description": "d", "Outputs": {}}, None),
    _fragment("Resources of strings", {"Resources": {"A": "text", "B": "more"}}, None),
    _fragment("Resources is a string", {"Resources": "text"}, None),
    _fragment("Resources is null", {"Resources": None}, None),
    _fragment("Resources is a list", {"Resources": [{"Type": "AWS::Lex::BotAlias"}]}, None),
    _fragment("an entry is null", {"Resources": {"A": None}}, None),
    _fragment("Type is a list", {"Resources": {"A": {"Type": ["AWS::Lex::BotAlias"]}}}, None),
    _fragment("properties of a resource", {"BotAliasName": "dev"}, MISPLACED),
    _fragment("one resource", {"Type": "AWS::Lex::BotAlias", "Properties": {}}, MISPLACED),
    _fragment("unknown sections", {"Recources": {}}, MISPLACED),
    _fragment("unknown keys beside Resources", {"Resources": {}, "Recources": {}}, None),
    _fragment("no request id", {"Resources": {}}, None, requestId=None),
    _fragment("a request id of numbers", {"Resources": {}}, None, requestId=7),
    _fragment("params is null", {"Resources": {}}, None, params=None),
    _fragment("params is a list", {"Resources": {}}, "ALP301 Transform.Parameters: ", params=["x"]),
    _fragment("no region", {"Resources": {}}, None, region=None, accountId=None),
    _fragment("Metadata is a list", {"Metadata": [1], "Resources": {}}, None),
    _fragment("Conditions is a list", {"Conditions": [1], "Resources": {}}, None),
    _fragment("Parameters is a string", {"Parameters": "P", "Resources": {}}, None),
    _fragment(
        "a resource's Metadata is a list",
        {"Resources": {"A": {"Type": "AWS::Lex::BotAlias", "Metadata": [1]}}},
        None,
    ),
    _fragment("settings is a string", {"Resources": _alias("text")}, None),
    _fragment("settings is a reference", {"Resources": _alias({"Ref": "P"})}, HIDDEN),
    _fragment("a hundred Fn::If", {"Resources": _alias(_nested(100, "text"))}, None),
    _fragment("a hundred hiding Fn::If", {"Resources": _alias(_nested(100, {"Ref": "P"}))}, HIDDEN),
    _fragment("a hundred levels", {"Resources": _alias([_deep(100)])}, None),
    _fragment(
        "a hundred levels elsewhere",
        {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": _deep(100)}}},
        None,
    ),
    _fragment("a megabyte", {"Description": MEGABYTE, "Resources": {}}, None),
    _fragment("a megabyte of settings", {"Resources": _alias(MEGABYTE)}, None),
    _fragment("a megabyte of a key", {"Resources": {MEGABYTE: {}}}, "ALP505 Resources."),
)
