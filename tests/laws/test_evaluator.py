"""What the evaluator makes of expressions, policies and worlds, and how it judges the goldens."""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.laws import late_values, laws, policies, reducing, templates, worlds
from tests.laws.evaluator import Template, UnresolvableError, World
from tests.laws.loops import expanded
from tests.laws.policies import HOME, NotAPolicyError, arn_like
from tests.laws.trial import Deployment
from tests.templates import Case, cases, name

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function"
ALIASES = "arn:aws:lex:us-east-1:123456789012:bot-alias"
TEMPLATE: Template = {
    "Parameters": {"Env": {"Type": "String"}, "List": {"Type": "CommaDelimitedList"}},
    "Mappings": {"Map": {"top": {"key": "found"}}},
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Env"}, "prod"]}},
    "Resources": {
        "Named": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "orders"}},
        "Plain": {"Type": "AWS::Lambda::Function"},
        "Live": {
            "Type": "AWS::Lambda::Alias",
            "Properties": {"FunctionName": {"Ref": "Named"}, "Name": "live"},
        },
        "Sam": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"FunctionName": "sam", "AutoPublishAlias": "blue-1"},
        },
        "Bot": {"Type": "AWS::Lex::Bot", "Condition": "IsProd"},
        "Alias": {"Type": "AWS::Lex::BotAlias", "Properties": {"BotId": "ABCDEFGHIJ"}},
        "Topic": {"Type": "AWS::SNS::Topic"},
    },
}


def in_prod(template: Template = TEMPLATE) -> World:
    """Return the world in which Env is prod."""
    return World(template, {"Env": "prod", "List": "a,b"})


def hooked(arn: Any, **more: Any) -> Template:
    """Return a bot alias with one code hook."""
    hook = {"CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": arn}}}
    settings = [{"LocaleId": "ja_JP", "BotAliasLocaleSetting": hook}]
    properties = {"BotId": {"Ref": "Bot"}, "BotAliasLocaleSettings": settings}
    return {"Type": "AWS::Lex::BotAlias", "Properties": properties, **more}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("text", "text", id="text"),
        pytest.param(12, 12, id="number"),
        pytest.param({"Ref": "Env"}, "prod", id="parameter"),
        pytest.param({"Ref": "List"}, ["a", "b"], id="list parameter"),
        pytest.param({"Ref": "AWS::Region"}, "us-east-1", id="pseudo parameter"),
        pytest.param({"Ref": "Named"}, "orders", id="function"),
        pytest.param({"Ref": "Live"}, f"{FUNCTION}:orders:live", id="Lambda alias"),
        pytest.param({"Ref": "Sam.Alias"}, f"{FUNCTION}:sam:blue-1", id="alias by SAM"),
        pytest.param({"Ref": "SamAliasblueD1"}, f"{FUNCTION}:sam:blue-1", id="alias SAM will make"),
        pytest.param({"Fn::Sub": "${Sam.Alias}"}, f"{FUNCTION}:sam:blue-1", id="Sub of SAM"),
        pytest.param({"Fn::GetAtt": ["Named", "Arn"]}, f"{FUNCTION}:orders", id="GetAtt list"),
        pytest.param({"Fn::GetAtt": "Named.Arn"}, f"{FUNCTION}:orders", id="GetAtt text"),
        pytest.param({"Fn::GetAtt": "Live.AliasArn"}, f"{FUNCTION}:orders:live", id="AliasArn"),
        pytest.param({"Fn::Sub": "${Named.Arn}:x"}, f"{FUNCTION}:orders:x", id="Sub"),
        pytest.param({"Fn::Sub": "a ${!Env} ${Env}"}, "a ${Env} prod", id="Sub with kept text"),
        pytest.param(
            {"Fn::Sub": ["${A}-${Env}", {"A": {"Ref": "Named"}}]}, "orders-prod", id="map"
        ),
        pytest.param({"Fn::Join": [":", ["a", {"Ref": "Env"}]]}, "a:prod", id="Join"),
        pytest.param({"Fn::Join": ["-", {"Ref": "List"}]}, "a-b", id="Join of a list"),
        pytest.param({"Fn::Select": ["1", {"Ref": "List"}]}, "b", id="Select"),
        pytest.param({"Fn::Select": [0, {"Fn::Split": ["/", "x/y"]}]}, "x", id="Split"),
        pytest.param({"Fn::FindInMap": ["Map", "top", "key"]}, "found", id="FindInMap"),
        pytest.param({"Fn::If": ["IsProd", "yes", "no"]}, "yes", id="If"),
        pytest.param([1, {"Ref": "AWS::NoValue"}], [1], id="NoValue in a list"),
        pytest.param({"a": {"Ref": "AWS::NoValue"}, "b": True}, {"b": True}, id="NoValue"),
    ],
)
def test_an_expression_comes_to(expression: Any, expected: Any) -> None:
    """Each intrinsic function gives what CloudFormation gives."""
    assert in_prod().resolve(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param({"Fn::ImportValue": "hook-arn"}, id="import"),
        pytest.param({"Fn::GetStackOutput": {"StackName": "a", "OutputName": "b"}}, id="output"),
        pytest.param({"Fn::GetAtt": ["Topic", "TopicArn"]}, id="attribute of another type"),
        pytest.param("{{resolve:ssm:/hook/arn}}", id="dynamic reference"),
    ],
)
def test_what_only_aws_knows_is_one_unknown_value(expression: Any) -> None:
    """The same expression is the same value, and names no function of the template."""
    first, again = (in_prod().resolve(expression) for _ in range(2))
    assert first == again
    assert re.fullmatch("value-[0-9a-f]{12}", first)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param({"Ref": "Nothing"}, id="unknown name"),
        pytest.param({"Ref": "Plain.Alias"}, id="no alias by SAM"),
        pytest.param({"Fn::GetAtt": ["Named", "Name"]}, id="unknown attribute"),
        pytest.param({"Fn::GetAtt": "Named"}, id="no attribute"),
        pytest.param({"Fn::GetAtt": ["Nothing", "Arn"]}, id="unknown resource"),
        pytest.param({"Fn::FindInMap": ["Map", "top", "other"]}, id="unknown key"),
        pytest.param({"Fn::If": ["Nothing", 1, 2]}, id="unknown condition"),
        pytest.param({"Fn::If": ["IsProd", 1]}, id="If of two"),
        pytest.param({"Fn::Cidr": ["10.0.0.0/8", 1, 8]}, id="unknown function"),
        pytest.param({"Fn::Sub": "${List}"}, id="list in a text"),
    ],
)
def test_nothing_is_guessed(expression: Any) -> None:
    """What cannot be worked out is an error."""
    with pytest.raises(UnresolvableError):
        in_prod().resolve(expression)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ({"Fn::Equals": [{"Ref": "Env"}, "prod"]}, True),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": ["1", 1]}, True),
        ({"Fn::Not": [{"Condition": "IsProd"}]}, False),
        ({"Fn::And": [{"Condition": "IsProd"}, {"Fn::Equals": ["a", "b"]}]}, False),
        ({"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Condition": "IsProd"}]}, True),
    ],
    ids=str,
)
def test_a_condition_comes_to(formula: Any, expected: bool) -> None:  # noqa: FBT001 - a table.
    """Conditions are worked out through each other; operands are compared as texts."""
    template = {**TEMPLATE, "Conditions": {**TEMPLATE["Conditions"], "It": formula}}
    assert in_prod(template).truth("It") is expected


def test_a_condition_in_terms_of_itself_is_an_error() -> None:
    """A cycle of conditions is found, not followed."""
    cycle = {"A": {"Fn::Not": [{"Condition": "A"}]}}
    with pytest.raises(UnresolvableError):
        World({"Conditions": cycle, "Resources": {}}, {}).truth("A")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("orders", f"{FUNCTION}:orders"),
        ("orders:live", f"{FUNCTION}:orders:live"),
        ("function:orders", f"{FUNCTION}:orders"),
        ("123456789012:function:orders", f"{FUNCTION}:orders"),
        (f"{FUNCTION}:orders\n", f"{FUNCTION}:orders"),
        ("999999999999:function:a:1", "arn:aws:lambda:us-east-1:999999999999:function:a:1"),
    ],
)
def test_a_function_may_be_named_in_four_ways(written: str, expected: str) -> None:
    """Name, name with qualifier, partial ARN and ARN mean the same function."""
    assert HOME.function(written) == expected


@pytest.mark.parametrize("written", ["", "a:b:c", "arn:aws:sqs:us-east-1:123456789012:q"])
def test_other_texts_name_no_function(written: str) -> None:
    """What Lambda would not take is an error."""
    with pytest.raises(NotAPolicyError):
        HOME.function(written)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (f"{ALIASES}/BOT/ALIAS", True),
        (f"{ALIASES}/BOT/*", True),
        (f"{ALIASES}/*", True),
        (f"{ALIASES}/BOT/ALIA?", True),
        ("arn:aws:lex:*:*:*", True),
        ("arn:aws:lex:us-east-1:123456789012:bot/BOT", False),
        (f"{ALIASES}/BOT/alias", False),
        (f"{ALIASES}/BOT", False),
        ("arn:aws:lex:*", False),
        ("*", False),
    ],
)
def test_arns_are_compared_part_by_part(pattern: str, expected: bool) -> None:  # noqa: FBT001
    """A wildcard does not reach over a colon, and letter case matters."""
    assert arn_like(pattern, f"{ALIASES}/BOT/ALIAS") is expected


EXACT = {
    "Action": "lambda:InvokeFunction",
    "FunctionName": "orders",
    "Principal": "lexv2.amazonaws.com",
    "SourceAccount": "123456789012",
    "SourceArn": f"{ALIASES}/BOT/ALIAS",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, True, id="exact"),
        pytest.param({"Action": "lambda:invokeFunction"}, True, id="letter case"),
        pytest.param({"Action": "lambda:*"}, True, id="every action of Lambda"),
        pytest.param({"Action": "*"}, True, id="every action"),
        pytest.param({"Action": "lambda:GetFunction"}, False, id="another action"),
        pytest.param({"Principal": "*"}, True, id="every principal"),
        pytest.param({"Principal": "lex.amazonaws.com"}, False, id="Lex V1"),
        pytest.param({"SourceAccount": "999999999999"}, False, id="another account"),
        pytest.param({"SourceArn": f"{ALIASES}/BOT/*"}, True, id="every alias"),
        pytest.param({"SourceArn": f"{ALIASES}/BOT/OTHER"}, False, id="another alias"),
        pytest.param({"SourceArn": f"{ALIASES}/BOT/ALIAS\n"}, False, id="white space"),
        pytest.param({"FunctionName": "orders:live"}, False, id="a qualifier"),
        pytest.param({"FunctionName": "other"}, False, id="another function"),
        pytest.param({"EventSourceToken": "token"}, False, id="EventSourceToken"),
        pytest.param({"PrincipalOrgID": "o-1"}, False, id="PrincipalOrgID"),
        pytest.param({"FunctionUrlAuthType": "NONE"}, False, id="FunctionUrlAuthType"),
        pytest.param({"InvokedViaFunctionUrl": False}, False, id="InvokedViaFunctionUrl"),
    ],
)
def test_a_permission_allows(changes: Template, expected: bool) -> None:  # noqa: FBT001
    """A permission is read as the statement that Lambda makes of it."""
    statement = policies.of_permission("P", {**EXACT, **changes}, HOME)
    hook = (HOME.function("orders"), f"{ALIASES}/BOT/ALIAS")
    assert policies.allowed([statement], *hook, HOME) is expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([{}], True, id="one"),
        pytest.param([{"Principal": "*"}], True, id="every principal"),
        pytest.param([{"Principal": {"Service": ["a.amazonaws.com"]}}], False, id="another"),
        pytest.param([{"Action": ["lambda:Get*", "lambda:Invoke*"]}], True, id="wildcard"),
        pytest.param([{}, {"Effect": "Deny"}], False, id="denied"),
        pytest.param(
            [{"Condition": {"StringLike": {"AWS:SourceArn": f"{ALIASES}/*"}}}], True, id="like"
        ),
        pytest.param([{"Condition": {"ArnLike": {"aws:SourceArn": ["a", "b"]}}}], False, id="list"),
    ],
)
def test_a_document_allows(entries: list[Template], expected: bool) -> None:  # noqa: FBT001
    """A policy document is read as IAM reads it."""
    entry = {"Effect": "Allow", "Principal": {"Service": policies.LEX}, "Action": "lambda:*"}
    document = {"Statement": [{**entry, **changes} for changes in entries]}
    statements = policies.of_document("f", document)
    assert policies.allowed(statements, "f", f"{ALIASES}/BOT/ALIAS", HOME) is expected


SOURCE = "aws:SourceArn"
ORG = {"aws:PrincipalOrgID": "o-1"}
NOT_KNOWN = {"aws:SourceOrgID": "o-1"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param({}, True, id="none"),
        pytest.param({"StringEquals": {SOURCE: f"{ALIASES}/BOT/ALIAS"}}, True, id="equal"),
        pytest.param({"StringEquals": {SOURCE: f"{ALIASES}/BOT/*"}}, False, id="no pattern"),
        pytest.param(
            {"StringEqualsIgnoreCase": {SOURCE: f"{ALIASES}/bot/alias"}}, True, id="letter case"
        ),
        pytest.param({"StringLike": {SOURCE: "arn:aws:lex:*"}}, True, id="across colons"),
        pytest.param({"ArnLike": {SOURCE: "arn:aws:lex:*:*:*"}}, True, id="field by field"),
        pytest.param({"ArnLike": {SOURCE: "arn:aws:lex:*"}}, None, id="no ARN"),
        pytest.param({"ArnNotEquals": {SOURCE: f"{ALIASES}/BOT/*"}}, False, id="not equal"),
        pytest.param({"StringNotLike": {SOURCE: ["a", "b"]}}, True, id="none of two"),
        pytest.param({"StringNotLike": {SOURCE: ["a", "arn:*"]}}, False, id="one of two"),
        pytest.param({"StringEquals": {"aws:SourceAccount": "9"}}, False, id="another account"),
        pytest.param({"Bool": {"aws:PrincipalIsAWSService": True}}, True, id="a service"),
        pytest.param({"Bool": {"aws:SecureTransport": "false"}}, False, id="no TLS"),
        pytest.param({"StringEquals": ORG}, False, id="absent"),
        pytest.param({"StringNotEquals": ORG}, True, id="absent and negated"),
        pytest.param({"StringEqualsIfExists": ORG}, True, id="absent, if it exists"),
        pytest.param({"ForAllValues:StringLike": ORG}, True, id="all of nothing"),
        pytest.param({"ForAnyValue:StringLike": ORG}, False, id="one of nothing"),
        pytest.param({"ForAnyValue:StringNotLike": ORG}, False, id="one of nothing, negated"),
        pytest.param({"Null": {"aws:PrincipalTag/team": "true"}}, True, id="absent by Null"),
        pytest.param({"Null": {SOURCE: True}}, False, id="present by Null"),
        pytest.param({"Null": NOT_KNOWN}, None, id="not known by Null"),
        pytest.param({"StringEquals": NOT_KNOWN}, None, id="not known"),
        pytest.param({"StringEqualsIfExists": NOT_KNOWN}, None, id="not known, if it exists"),
        pytest.param({"StringEquals": {**NOT_KNOWN, **ORG}}, False, id="not known and absent"),
        pytest.param({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, None, id="an address"),
        pytest.param({"NumericEquals": {SOURCE: "1"}}, None, id="no text"),
    ],
)
def test_a_line_of_a_condition_holds(condition: Template, expected: bool | None) -> None:  # noqa: FBT001
    """Of Lex's call some keys are known and some are absent; of all others nobody knows."""
    entry = {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": condition}
    [statement] = policies.of_document("f", {"Statement": entry})
    assert statement.matches(CALL) is expected


CALL = policies.Call("f", f"{ALIASES}/BOT/ALIAS", HOME)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"NotAction": "lambda:Get*"}, True, id="NotAction"),
        pytest.param({"NotAction": "lambda:*"}, False, id="NotAction of all"),
        pytest.param({"NotResource": "arn:aws:s3:::a"}, True, id="NotResource"),
        pytest.param({"NotResource": "*"}, False, id="NotResource of all"),
        pytest.param({"Resource": "arn:aws:s3:::a"}, False, id="another resource"),
        pytest.param({"NotPrincipal": {"AWS": "9"}}, None, id="NotPrincipal"),
        pytest.param({"NotPrincipal": {"Service": policies.LEX}}, False, id="NotPrincipal of Lex"),
        pytest.param({"Principal": {"AWS": "9"}}, False, id="another account"),
        pytest.param({"Principal": {"AWS": ["9", "*"]}}, True, id="all accounts"),
    ],
)
def test_an_element_of_a_statement_fits(changes: Template, expected: bool | None) -> None:  # noqa: FBT001
    """An element may stand in its Not… form."""
    whole = {"Effect": "Allow", "Principal": "*", "Action": "lambda:*", "Resource": "*"}
    left = {key: value for key, value in whole.items() if f"Not{key}" not in changes}
    document = {"Statement": [{**left, **changes}]}
    assert policies.verdict(policies.of_document("f", document), CALL) is expected


def test_what_may_deny_leaves_open_what_is_allowed() -> None:
    """An Allow is sure where no Deny may match, and without one that may nothing is allowed."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*"}
    deny = {**allow, "Effect": "Deny", "Condition": {"StringEquals": NOT_KNOWN}}
    both = policies.of_document("f", {"Statement": [allow, deny]})
    assert policies.verdict(both, CALL) is None
    assert policies.verdict(both[1:], CALL) is False
    assert policies.verdict([], CALL) is False


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (f"{ALIASES}/GIVENFIRST/*", True),
        (f"{ALIASES}/GIVENOTHER/*", False),
        (f"{ALIASES}/ABCDEFGHIJ/*", None),
        (f"{ALIASES}/value-0123456789ab/*", None),
        (f"{ALIASES}/GIVENFIRST/ABCDEFGHIJ", None),
        (f"{ALIASES}/GIVENFIRST/TSTALIASID", False),
    ],
)
def test_an_id_that_aws_gives_may_be_one_that_is_written_out(
    arn: str,
    expected: bool | None,  # noqa: FBT001 - a table.
) -> None:
    """Nobody knows an id before, but that two are different, and none is a test alias's."""
    given = frozenset({"GIVENFIRST", "GIVENOTHER", "GIVENALIAS"})
    call = policies.Call("f", f"{ALIASES}/GIVENFIRST/GIVENALIAS", HOME, given)
    entry = {"Effect": "Allow", "Principal": "*", "Action": "*"}
    document = {"Statement": {**entry, "Condition": {"ArnLike": {SOURCE: arn}}}}
    assert policies.verdict(policies.of_document("f", document), call) is expected


@pytest.mark.parametrize(
    "document",
    [{}, {"Statement": {"Effect": "Allow", "Principal": {"Service": "*"}, "Action": "*"}}],
    ids=["no statement", "a wildcard for a service"],
)
def test_a_document_that_iam_does_not_explain_is_an_error(document: Template) -> None:
    """Nothing is guessed."""
    with pytest.raises(NotAPolicyError):
        policies.of_document("f", document)


def test_a_document_replaces_what_permissions_made() -> None:
    """Beside a ResourcePolicy a permission on the same function is lost (3.5)."""
    document = {"ResourceArn": {"Ref": "Named"}, "PolicyDocument": {"Statement": []}}
    resources = {
        **TEMPLATE["Resources"],
        "P": {"Type": "AWS::Lambda::Permission", "Properties": EXACT},
        "Q": {"Type": "AWS::Lambda::Permission", "Properties": {**EXACT, "FunctionName": "x"}},
        "Policy": {"Type": "AWS::Lambda::ResourcePolicy", "Properties": document},
    }
    statements = in_prod({**TEMPLATE, "Resources": resources}).statements
    assert [statement.permission for statement in statements] == ["Q"]


def test_hooks_of_aliases_and_of_test_aliases_are_found() -> None:
    """A bot alias's ARN has its own id, a test alias's the one that is always the same."""
    tree = hooked({"Fn::Sub": "${Named.Arn}:live"})["Properties"]
    resources = {
        "Named": TEMPLATE["Resources"]["Named"],
        "Bot": {"Type": "AWS::Lex::Bot", "Properties": {"TestBotAliasSettings": tree}},
        "Alias": hooked({"Ref": "Named"}, Metadata={"AutoLexPermissions": {"Enabled": "false"}}),
    }
    world = World({"Resources": resources}, {})
    bot, alias = world.resolve({"Ref": "Bot"}), world.resolve({"Fn::GetAtt": "Alias.BotAliasId"})
    assert [(hook.source_arn, hook.function, hook.opted_out) for hook in world.hooks] == [
        (f"{ALIASES}/{bot}/{alias}", f"{FUNCTION}:orders", True),
        (f"{ALIASES}/{bot}/TSTALIASID", f"{FUNCTION}:orders:live", False),
    ]


def test_references_are_those_of_the_branch_that_exists() -> None:
    """Properties, Metadata and DependsOn order creation; of an Fn::If only one branch does."""
    resources = {
        **TEMPLATE["Resources"],
        "It": {
            "Type": "AWS::SNS::Topic",
            "DependsOn": "Topic",
            "Metadata": {"Waits": {"Fn::If": ["IsProd", {"Ref": "Plain"}, {"Ref": "Named"}]}},
            "Properties": {"A": {"Fn::Sub": "${Live.AliasArn} ${!Named} ${Env} ${Sam.Alias}"}},
        },
    }
    world = in_prod({**TEMPLATE, "Resources": resources})
    assert world.needs["It"] == {"Topic", "Plain", "Live", "SamAliasblueD1"}
    assert world.after("It") == {
        *world.needs["It"],
        "Named",
        "Sam",
        *world.needs["SamAliasblueD1"],
    }


def test_dangling_references_are_seen() -> None:
    """What a condition leaves out must not be named."""
    named = {"It": {"Type": "AWS::SNS::Topic", "Properties": {"A": {"Ref": "Bot"}}}}
    template = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], **named}}
    assert in_prod(template).dangling_references == set()
    in_dev = World(template, {"Env": "dev", "List": ""})
    assert in_dev.dangling_references == {("It", "Bot")}


def test_a_cycle_is_seen() -> None:
    """Two resources that wait for each other are never made."""
    resources = {
        "A": {"Type": "AWS::SNS::Topic", "DependsOn": ["B"]},
        "B": {"Type": "AWS::SNS::Topic", "Metadata": {"It": {"Ref": "A"}}},
    }
    assert set(World({"Resources": resources}, {}).cycle) == {"A", "B"}


@pytest.mark.parametrize(
    ("function", "makers"),
    [
        ("orders", ["Named"]),
        ("orders:live", ["Named", "Live"]),
        ("sam:blue-1", ["Sam", "SamAliasblueD1"]),
        ("elsewhere", []),
    ],
)
def test_makers_are_what_a_text_names(function: str, makers: list[str]) -> None:
    """A text that names what exists is that."""
    assert in_prod().makers(HOME.function(function)) == makers


def truths(found: Callable[[Template], Any], template: Template) -> set[tuple[bool, ...]]:
    """Return what the conditions of a template come to in its worlds."""
    names = sorted(template["Conditions"])
    return {tuple(map(world.truth, names)) for world in found(template)}


def equals(parameter: str, value: Any) -> Template:
    """Return a comparison."""
    return {"Fn::Equals": [{"Ref": parameter}, value]}


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ([], {(False, False), (True, False), (False, True)}),
        (["a", "b"], {(True, False), (False, True)}),
        (["a", "x"], {(True, False), (False, False)}),
    ],
    ids=["any value", "these two", "one of them"],
)
def test_worlds_are_those_that_values_allow(
    allowed: list[str], expected: set[tuple[bool, ...]]
) -> None:
    """Two literals exclude each other; AllowedValues are all there are."""
    parameter = {"Type": "String", **({"AllowedValues": allowed} if allowed else {})}
    conditions = {"A": equals("P", "a"), "B": {"Fn::Equals": ["b", {"Ref": "P"}]}}
    template = {"Parameters": {"P": parameter}, "Conditions": conditions, "Resources": {}}
    assert truths(worlds.real, template) == expected
    assert truths(worlds.formal, template) == expected


def test_parameters_may_equal_each_other() -> None:
    """Compared with each other, two parameters are tried equal and unequal."""
    conditions = {"A": equals("P", {"Ref": "Q"}), "B": equals("P", "b")}
    parameters = {"P": {"Type": "String"}, "Q": {"Type": "String"}}
    template = {"Parameters": parameters, "Conditions": conditions, "Resources": {}}
    both = {(a, b) for a in (True, False) for b in (True, False)}
    assert truths(worlds.real, template) == truths(worlds.formal, template) == both


def test_worlds_that_differ_in_nothing_are_one() -> None:
    """Parameters that nothing asks about make no worlds."""
    parameters = {"P": {"Type": "String", "AllowedValues": ["a", "b"]}}
    assert len(list(worlds.real({"Parameters": parameters, "Resources": {}}))) == 1


def test_loops_are_written_out() -> None:
    """Both spellings of a reference in a loop come to plain references."""
    body = {
        "Alias${Env}": {
            "Type": "AWS::Lex::BotAlias",
            "Condition": {"Fn::Sub": "Is${Env}"},
            "Properties": {
                "A": {"Fn::GetAtt": [{"Fn::Sub": "Bot${Env}"}, "Arn"]},
                "B": {"Ref": {"Fn::Sub": "Bot&{Env}"}},
            },
        }
    }
    template = {"Resources": {"Fn::ForEach::Envs": ["Env", ["dev-1"], body]}}
    assert expanded(template)["Resources"] == {
        "Aliasdev-1": {
            "Type": "AWS::Lex::BotAlias",
            "Condition": "Isdev-1",
            "Properties": {"A": {"Fn::GetAtt": ["Botdev-1", "Arn"]}, "B": {"Ref": "Botdev1"}},
        }
    }


def test_a_failing_template_is_made_small() -> None:
    """What a law does not need is taken out, and the rest stays valid."""
    resources = {**TEMPLATE["Resources"], "Hooked": hooked({"Ref": "Live"}, Condition="IsProd")}
    resources["Hooked"]["Properties"]["BotAliasName"] = "any"
    small = reducing.reduced(
        {**TEMPLATE, "Resources": resources},
        lambda template: any(
            hook.function.endswith(":live")
            for world in worlds.real(template)
            for hook in world.hooks
        ),
        lambda template: reducing.is_valid(template, Deployment()),
    )
    assert set(small["Resources"]) == {"Hooked", "Live", "Named", "Bot"}
    assert small["Resources"]["Hooked"] == hooked({"Ref": "Live"})


def test_late_values_come_to_what_was_there_or_to_others() -> None:
    """None is left once they are resolved, and the first resolution is what the author had."""
    for case in templates.cases(1, 30):
        late = late_values.with_late_values(case.template, random.Random(case.seed))  # noqa: S311
        as_it_was, otherwise = (
            {
                name: body
                for name, body in late_values.resolved(late.template, values)["Resources"].items()
                if name not in late_values.MAKERS
            }
            for values in late.resolutions
        )
        assert late.template["Resources"].keys() > as_it_was.keys()
        assert as_it_was == case.template["Resources"]
        assert not re.search("[Ll]ate[0-9]", str([as_it_was, otherwise]))


def judged(case: Case, answer: Any) -> list[str]:
    """Return which laws an answer to a golden case breaks."""
    request: Any = case.request
    values = {name: worlds.written(value) for name, value in request.template_parameters.items()}
    home = replace(HOME, region=request.region, account=request.account)
    return laws.judge(request.fragment, answer, Deployment(request.parameters, home, values))


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_the_evaluator_agrees_with_the_golden_case(case: Case) -> None:
    """Every golden case keeps the laws; one that cannot be worked out comes back as it was."""
    try:
        broken = judged(case, case.expected)
    except UnresolvableError:
        assert case.expected == case.request.fragment
    else:
        assert not broken


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_the_evaluator_misses_what_a_golden_case_adds(case: Case) -> None:
    """Without its permissions a golden case that adds some breaks the first law (2.4)."""
    before: Any = case.request.fragment
    added = len(case.expected.get("Resources", case.expected)) - len(
        before.get("Resources", before)
    )
    unserved = (
        [sentence for sentence in judged(case, before) if "not allowed" in sentence]
        if added
        else []
    )
    assert bool(unserved) == bool(added)
