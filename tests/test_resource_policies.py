"""Documents of AWS::Lambda::ResourcePolicy, which replace every permission (rule 3.5)."""

import json
from typing import Any

import pytest

from auto_lex_permissions import Request, TemplateError, transform
from auto_lex_permissions.transform import examine
from tests.test_declared import (
    A_ARN,
    ACCOUNT,
    F_ARN,
    IMPORT,
    LEX,
    NO_VALUE,
    REGION,
    added,
    join,
    stack,
    sub,
)
from tests.test_declared import OWN as FUNCTION

ARN_LIKE = {"ArnLike": {"aws:SourceArn": A_ARN}}
OWN = {"Ref": "AWS::AccountId"}
NOT_COMPARED = "ResourcePolicyNotCompared"
LEX_V2 = "lexv2.amazonaws.com"


def governed(resource_arn: object, document: object, hook: object = F_ARN) -> dict[str, Any]:
    """Return a template with a hook, no permission, and a resource policy."""
    template = stack(hook)
    del template["Resources"]["Allow"]
    template["Conditions"]["IsNever"] = {"Fn::Equals": ["a", "b"]}
    template["Resources"]["Policy"] = {
        "Type": "AWS::Lambda::ResourcePolicy",
        "Properties": {"ResourceArn": resource_arn, "PolicyDocument": document},
    }
    return template


def judged(template: dict[str, Any]) -> tuple[int, bool]:
    """Return how many permissions the macro adds, and whether it could not compare a policy."""
    result = transform(Request(template, REGION, ACCOUNT))
    return result.permissions_added, NOT_COMPARED in {report.name for report in result.reports}


def refusals(template: dict[str, Any]) -> list[str]:
    """Return the codes of the mistakes."""
    with pytest.raises(TemplateError) as rejected:
        added(template)
    return [mistake.code for mistake in rejected.value.diagnostics]


def statement(**changed: object) -> dict[str, object]:
    """Return the exact statement, or one with other parts; None takes a part away."""
    parts = {
        "Effect": "Allow",
        "Principal": {"Service": "lexv2.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        "Condition": ARN_LIKE,
        **changed,
    }
    return {key: value for key, value in parts.items() if value is not None}


def document(*statements: object) -> dict[str, object]:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def denial(**changed: object) -> dict[str, object]:
    """Return a statement that denies what the exact one allows."""
    return statement(**{"Effect": "Deny", **changed})


ALLOWING = [
    pytest.param(document(statement()), id="exact"),
    pytest.param({"Statement": statement()}, id="one statement, no list"),
    pytest.param(json.dumps(document(statement(Condition=None))), id="as text"),
    pytest.param(document(statement(Condition=None)), id="no condition"),
    pytest.param(document(statement(Condition={})), id="empty condition"),
    pytest.param(document(statement(Sid="Lex", Resource=None)), id="sid and no resource"),
    pytest.param(document(statement(Principal="*")), id="anyone"),
    pytest.param(document(statement(Principal={"AWS": "*"})), id="anyone in AWS"),
    pytest.param(
        document(statement(Principal={"Service": ["s3.amazonaws.com", "lexv2.amazonaws.com"]})),
        id="one of several services",
    ),
    pytest.param(document(statement(Action=["lambda:GetFunction", "lambda:*"])), id="actions"),
    pytest.param(document(statement(Action="lambda:Invoke*")), id="action with a wildcard"),
    pytest.param(document(statement(Action="Lambda:InvokeFunctio?")), id="action with any letter"),
    pytest.param(
        document(statement(Condition={"StringEqualsIfExists": {"aws:SourceAccount": OWN}})),
        id="equal if it exists",
    ),
    pytest.param(
        document(statement(Condition={"arnlike": {"AWS:SOURCEARN": [IMPORT, A_ARN]}})),
        id="letter case and one of several values",
    ),
    pytest.param(
        document(statement(Condition={"StringEquals": {"aws:SourceAccount": OWN}, **ARN_LIKE})),
        id="account",
    ),
    pytest.param(
        document(statement(Condition={"StringEquals": {"aws:SourceArn": A_ARN}})), id="equals"
    ),
    pytest.param(
        document(statement(Condition={"StringLike": {"aws:SourceArn": sub(LEX + ":bot-alias/*")}})),
        id="wildcard",
    ),
    pytest.param(
        document(
            statement(),
            statement(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        ),
        id="a denial without HTTPS",
    ),
    pytest.param(
        document(
            statement(),
            statement(
                Effect="Deny",
                Principal="*",
                Condition={
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ),
        id="a denial that leaves out services",
    ),
    pytest.param(
        document(
            statement(),
            statement(
                Effect="Deny", Principal=None, NotPrincipal={"Service": LEX_V2}, Condition=None
            ),
        ),
        id="a denial of all but Lex",
    ),
    pytest.param(
        document(
            statement(),
            statement(
                Effect="Deny", Condition={"ArnNotLike": {"aws:SourceArn": "arn:*:lex:*:*:*"}}
            ),
        ),
        id="a denial of all but Lex by ARN",
    ),
    pytest.param(
        document(
            statement(), statement(Effect="Deny", Action="lambda:GetFunction", Condition=None)
        ),
        id="a denial of something else",
    ),
    pytest.param(
        document(statement(Condition={"StringLike": {"aws:SourceArn": "arn:aws:lex:*"}})),
        id="a wildcard across colons",
    ),
    pytest.param(
        document(statement(Condition={"StringLike": {"aws:SourceArn": "arn:*:us-*:bot-alias/*"}})),
        id="wildcards in every part",
    ),
    pytest.param(
        document(statement(Condition={"ArnLikeIfExists": {"aws:SourceArn": A_ARN}})),
        id="like if it exists",
    ),
    pytest.param(
        document(statement(Condition={"ForAnyValue:ArnLike": {"aws:SourceArn": A_ARN}})),
        id="any value",
    ),
    pytest.param(
        document(statement(Condition={"StringEqualsIgnoreCase": {"aws:SourceArn": A_ARN}})),
        id="any letter case",
    ),
    pytest.param(
        document(statement(Condition={"Bool": {"aws:PrincipalIsAWSService": True}})), id="service"
    ),
    pytest.param(
        document(statement(Condition={"StringEquals": {"aws:PrincipalServiceName": LEX_V2}})),
        id="name of the service",
    ),
    pytest.param(
        document(statement(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})),
        id="no organization",
    ),
    pytest.param(
        document(statement(Condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}})),
        id="organization if there is one",
    ),
    pytest.param(
        document(statement(Condition={"Null": {"aws:SourceArn": "false"}})), id="some source"
    ),
    pytest.param(document(statement(Action=None, NotAction="lambda:Get*")), id="all but reading"),
    pytest.param(document(statement(Resource=F_ARN)), id="the function"),
    pytest.param(document(statement(Resource=["x", sub("${F.Arn}*")])), id="one of the resources"),
    pytest.param(
        document(statement(Resource=None, NotResource={"Fn::GetAtt": "G.Arn"})),
        id="all but another function",
    ),
    pytest.param(
        document(
            statement(
                Condition={
                    "StringEquals": {
                        "aws:SourceAccount": {"Fn::If": ["IsProd", OWN, NO_VALUE]},
                        "aws:SourceOrgID": NO_VALUE,
                    }
                }
            )
        ),
        id="a test that is not there",
    ),
    pytest.param(
        document({"Fn::If": ["IsProd", statement(Sid="a"), statement(Sid="b")]}), id="statements"
    ),
    pytest.param(
        document(statement(Principal={"Fn::If": ["IsProd", "*", {"Service": LEX_V2}]})), id="whom"
    ),
    pytest.param(
        document(statement(Action=[{"Fn::If": ["IsProd", "lambda:*", "lambda:invokefunction"]}])),
        id="what",
    ),
    pytest.param(
        document(
            statement(
                Condition={"Fn::If": ["IsProd", {"Fn::If": ["IsProd", ARN_LIKE, "text"]}, NO_VALUE]}
            ),
            statement(Condition={"ArnLike": {"aws:SourceArn": {"Fn::If": ["IsProd", "x", A_ARN]}}}),
        ),
        id="conditions",
    ),
    pytest.param(
        document(statement(), {"Fn::If": ["IsNever", statement(Effect="Deny", Condition=None), 1]}),
        id="a denial that never exists",
    ),
    pytest.param(document(NO_VALUE, statement(), "text"), id="odd entries beside"),
    pytest.param(
        document(statement(Resource={"Fn::If": ["IsProd", "*", NO_VALUE]})), id="a resource or none"
    ),
    pytest.param(document(statement(Effect=sub("Allow"))), id="an effect that is put together"),
    pytest.param(
        document(statement(Condition={"Bool": {"aws:SecureTransport": "true"}})), id="HTTPS"
    ),
    pytest.param(
        document(statement(Condition={"Null": {"aws:PrincipalOrgID": "true"}})),
        id="no organization is there",
    ),
    pytest.param(
        document(statement(Sid="x", NotResource=NO_VALUE, NotPrincipal=NO_VALUE)),
        id="elements that are not there",
    ),
]

SILENCING = [
    pytest.param(document(), id="no statement"),
    pytest.param({}, id="no list"),
    pytest.param(NO_VALUE, id="no document"),
    pytest.param("{", id="text that is no JSON"),
    pytest.param("[" * 100_000, id="text that is nested too deeply"),
    pytest.param(document(statement(Effect="Maybe")), id="no effect"),
    pytest.param(document(statement(Effect=None)), id="effect left out"),
    pytest.param(document(statement(Principal={"Service": "s3.amazonaws.com"})), id="another"),
    pytest.param(
        document(statement(Principal={"Service": sub("s3.${AWS::URLSuffix}")})),
        id="another by suffix",
    ),
    pytest.param(document(statement(Principal={"AWS": LEX_V2})), id="a service among accounts"),
    pytest.param(document(statement(Principal={"AWS": OWN})), id="the own account"),
    pytest.param(document(statement(Principal={"AWS": F_ARN})), id="a resource"),
    pytest.param(document(statement(Principal={"Federated": "*"})), id="who has signed in"),
    pytest.param(
        document(statement(Condition={"StringNotEquals": {"aws:SourceAccount": ACCOUNT}})),
        id="another account than the own one",
    ),
    pytest.param(
        document(statement(Condition={"ArnNotLike": {"aws:SourceArn": A_ARN}})),
        id="another bot alias than this one",
    ),
    pytest.param(
        document(statement(Condition={"StringNotLike": {"aws:SourceArn": "arn:aws:lex:*"}})),
        id="nobody of Lex",
    ),
    pytest.param(document(statement(Action="lambda:GetFunction")), id="another action"),
    pytest.param(document(statement(Action=None, NotAction="lambda:*")), id="all but invoking"),
    pytest.param(document(statement(Resource={"Fn::GetAtt": "G.Arn"})), id="another function"),
    pytest.param(document(statement(Resource="arn:aws:s3:::bucket/*")), id="no function"),
    pytest.param(document(statement(Resource=None, NotResource="*")), id="no resource at all"),
    pytest.param(
        document(statement(Condition={"Bool": {"aws:SecureTransport": "false"}})), id="no HTTPS"
    ),
    pytest.param(
        document(statement(Condition={"Bool": {"aws:PrincipalIsAWSService": False}})),
        id="no service",
    ),
    pytest.param(
        document(statement(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})),
        id="an organization",
    ),
    pytest.param(
        document(
            statement(Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}})
        ),
        id="a path of an organization",
    ),
    pytest.param(
        document(statement(Condition={"StringEquals": {"aws:PrincipalTag/team": "bots"}})),
        id="a tag",
    ),
    pytest.param(document(statement(Condition={"Null": {"aws:SourceArn": True}})), id="no source"),
    pytest.param(
        document(statement(Condition={"Null": {"aws:PrincipalOrgID": "false"}})),
        id="some organization",
    ),
    pytest.param(
        document(statement(Condition={"NumericEquals": {"aws:PrincipalTag/level": "1"}})),
        id="a number",
    ),
    pytest.param(
        document(statement(Condition={"ArnLike": {"aws:SourceArn": {"Fn::GetAtt": "Other.Arn"}}})),
        id="another alias",
    ),
    pytest.param(
        document(
            statement(Condition={"StringEquals": {"aws:SourceArn": sub(LEX + ":bot-alias/*")}})
        ),
        id="a wildcard that is compared by letters",
    ),
    pytest.param(
        document(statement(Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}})),
        id="another account",
    ),
    pytest.param(
        document(statement(Condition={"StringLike": {"aws:SourceArn": "arn:aws:lex:eu-west-1:*"}})),
        id="another Region",
    ),
    pytest.param(
        document(
            statement(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:lex:*:999999999999:*"}})
        ),
        id="another account's alias",
    ),
    pytest.param(document({"Fn::If": ["IsProd", statement(), NO_VALUE]}), id="only in Prod"),
    pytest.param(
        document(
            statement(
                Condition={"StringEquals": {"aws:SourceAccount": {"Fn::If": ["IsProd", "1", OWN]}}}
            )
        ),
        id="another account in Prod",
    ),
]

DENYING = [
    pytest.param(denial(Condition=None), id="everything"),
    pytest.param(denial(), id="the bot alias"),
    pytest.param(denial(Principal="*", Action="lambda:Invoke*", Condition=None), id="a wildcard"),
    pytest.param(denial(Action=None, NotAction="lambda:Get*", Condition=None), id="but others"),
    pytest.param(
        denial(Condition={"StringEquals": {"aws:SourceAccount": OWN}}), id="the own account"
    ),
    pytest.param(
        denial(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        id="who is in no organization",
    ),
    pytest.param(
        denial(Condition={"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}),
        id="all paths of an organization",
    ),
    pytest.param(
        denial(Condition={"StringNotEqualsIfExists": {"aws:PrincipalTag/team": "bots"}}),
        id="who has no tag",
    ),
    pytest.param(denial(Condition={"Null": {"aws:PrincipalOrgID": "true"}}), id="null"),
    pytest.param(
        denial(Condition={"Bool": {"aws:PrincipalIsAWSService": "true"}}), id="all services"
    ),
    pytest.param({"Fn::If": ["IsProd", denial(Condition=None), NO_VALUE]}, id="everything in Prod"),
]

RESOLVED = "{{resolve:ssm:/x}}"


def nested_choice(depth: int, value: object) -> object:
    """Return a value under so many conditions."""
    for _ in range(depth):
        value = {"Fn::If": ["IsProd", NO_VALUE, value]}
    return value


UNCLEAR = [
    pytest.param(sub("{}"), id="text made by a function"),
    pytest.param(document({"Fn::Sub": "{}"}), id="a statement made by a function"),
    pytest.param(document(statement(Effect={"Ref": "HookArn"})), id="effect by parameter"),
    pytest.param(document(statement(Principal={"Service": "*"})), id="any service"),
    pytest.param(document(statement(Principal={"Ref": "HookArn"})), id="principal by parameter"),
    pytest.param(
        document(statement(Principal={"AWS": {"Ref": "HookArn"}})), id="account by parameter"
    ),
    pytest.param(
        document(statement(Principal={"Service": {"Ref": "HookArn"}})), id="service by parameter"
    ),
    pytest.param(document(statement(Principal=None, NotPrincipal="x")), id="not a principal"),
    pytest.param(document(statement(Principal=None)), id="no principal"),
    pytest.param(document(statement(Action=None)), id="no action"),
    pytest.param(document(statement(Action={"Ref": "HookArn"})), id="action by parameter"),
    pytest.param(document(statement(Resource={"Ref": "HookArn"})), id="resource by parameter"),
    pytest.param(document(statement(Resource=RESOLVED)), id="a resource that is resolved later"),
    pytest.param(document(statement(Action=RESOLVED)), id="an action that is resolved later"),
    pytest.param(document(statement(Effect=RESOLVED)), id="an effect that is resolved later"),
    pytest.param(document(statement(Principal=RESOLVED)), id="a principal that is resolved later"),
    pytest.param(RESOLVED, id="a document that is resolved later"),
    pytest.param(
        document(statement(), denial(Principal={"AWS": RESOLVED}, Condition=None)),
        id="a denial of whom is resolved later",
    ),
    pytest.param(
        document(statement(), denial(Principal="*", Action=RESOLVED, Condition=None)),
        id="a denial of what is resolved later",
    ),
    pytest.param(
        document(statement(), denial(Principal="*", Resource=RESOLVED, Condition=None)),
        id="a denial where is resolved later",
    ),
    pytest.param(
        document(statement(), statement(Effect=RESOLVED, Principal="*", Condition=None)),
        id="who knows whether it is a denial",
    ),
    pytest.param(
        document(
            statement(),
            denial(Principal={"AWS": {"Fn::GetAtt": ["Nested", "Outputs.Who"]}}, Condition=None),
        ),
        id="a denial of what a nested stack says",
    ),
    pytest.param(
        document(statement(Resource=nested_choice(102, {"Fn::GetAtt": "G.Arn"}))),
        id="a resource under more conditions than are looked through",
    ),
    pytest.param(document(statement(Unknown="x")), id="another element"),
    pytest.param(
        document(statement(Condition={"StringEqualsIgnoreCase": {"aws:SourceArn": IMPORT}})),
        id="an import in any case",
    ),
    pytest.param(
        document(statement(Condition={"StringLike": {"aws:SourceArn": "${aws:PrincipalArn}"}})),
        id="a policy variable",
    ),
    pytest.param(document(statement(Condition={"ArnLike": {"aws:SourceArn": "*"}})), id="no ARN"),
    pytest.param(
        document(statement(Condition={"ArnLike": {"aws:SourceArn": IMPORT}})), id="import"
    ),
    pytest.param(
        document(statement(Condition={"StringEquals": {"aws:SourceAccount": {"Ref": "HookArn"}}})),
        id="source account by parameter",
    ),
    pytest.param(
        document(
            statement(Condition={"ArnLike": {"aws:SourceArn": sub(LEX + ":bot-alias/ABC/*")}})
        ),
        id="the literal id of a bot",
    ),
    pytest.param(document(statement(Condition={"ArnLike": {"aws:PrincipalArn": A_ARN}})), id="key"),
    pytest.param(
        document(statement(Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})),
        id="the account of a principal",
    ),
    pytest.param(
        document(statement(Condition={"Null": {"aws:SourceIp": "true"}})), id="no address"
    ),
    pytest.param(
        document(statement(Condition={"IpAddress": {"aws:SourceArn": "10.0.0.0/8"}})),
        id="an address where an ARN is",
    ),
    pytest.param(
        document(statement(Condition={"ForSome:StringLike": {"aws:SourceArn": "x"}})),
        id="an operator that does not exist",
    ),
    pytest.param(document(statement(Condition={"ArnLike": "text"})), id="shape of a test"),
    pytest.param(document(statement(Condition="text")), id="shape of the condition"),
    pytest.param(document(statement(Condition={"Ref": "HookArn"})), id="condition by parameter"),
    pytest.param(
        document(statement(Condition={"ArnLike": {"Fn::Transform": {}}})), id="keys by a macro"
    ),
    pytest.param(
        document(statement(), statement(Effect="Deny", Condition={"Bool": {"x": "true"}})),
        id="a denial by another key",
    ),
    pytest.param(
        document(statement(), statement(Effect="Deny", Condition="text")),
        id="a denial of odd shape",
    ),
    pytest.param(
        document(
            statement(),
            statement(Effect="Deny", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        ),
        id="a denial by address",
    ),
    pytest.param(
        document(statement(), statement(Effect="Deny", Principal=None, NotPrincipal="x")),
        id="a denial of all but one",
    ),
    pytest.param(
        document(statement(), {"Fn::If": ["IsProd", statement(Effect="Deny", x="y"), NO_VALUE]}),
        id="a denial in Prod",
    ),
]


@pytest.mark.parametrize("policy", ALLOWING)
def test_a_document_that_lets_lex_invoke_is_declared(policy: object) -> None:
    """Then nothing is added."""
    assert added(governed(F_ARN, policy)) == 0


@pytest.mark.parametrize("policy", SILENCING)
def test_a_document_that_does_not_is_an_error(policy: object) -> None:
    """A permission beside it would be lost, so the report names the statement to add."""
    assert refusals(governed(F_ARN, policy)) == ["ALP203"]
    with pytest.raises(TemplateError) as rejected:
        added(governed(F_ARN, policy))
    said = str(rejected.value)
    assert said.startswith("ALP203 Resources.Policy.Properties.PolicyDocument: it replaces every")
    assert '"AWS:SourceArn":{"Fn::GetAtt":["A","Arn"]}' in said


@pytest.mark.parametrize("statements", DENYING)
def test_a_statement_that_denies_is_an_error(statements: object) -> None:
    """An Allow does not help against it, so the message names the Deny."""
    template = governed(F_ARN, document(statement(), statements))
    assert refusals(template) == ["ALP205"]
    with pytest.raises(TemplateError) as rejected:
        added(template)
    place = "Resources.Policy.Properties.PolicyDocument.Statement[1]"
    assert str(rejected.value).startswith(f"ALP205 {place}")


def test_a_statement_that_denies_where_none_allows_is_both() -> None:
    """Who adds the Allow would find the Deny next."""
    template = governed(F_ARN, document(denial(Condition=None)))
    assert refusals(template) == ["ALP205", "ALP203"]


@pytest.mark.parametrize("policy", UNCLEAR)
def test_a_document_that_may_or_may_not_is_reported(policy: object) -> None:
    """Then a permission is added where the author has none, and the statement is named."""
    result = transform(Request(governed(F_ARN, policy), REGION, ACCOUNT))
    assert result.permissions_added == 1
    (report,) = result.reports
    assert report.code == "ALP206"
    assert report.path.startswith("Resources.Policy.Properties.PolicyDocument")


LIVE = sub("${F.Arn}:live")
ORDERS = sub(f"{FUNCTION}:orders")
ORDERS_LIVE = sub(f"{FUNCTION}:orders:live")
ANY_FUNCTION = "arn:*:lambda:*:*:function:*"


@pytest.mark.parametrize(
    ("function", "pattern", "code"),
    [
        (F_ARN, ANY_FUNCTION, ""),
        (F_ARN, f"{ANY_FUNCTION}:live", "ALP206"),
        (F_ARN, "arn:*:lambda:*:*:function:orders*", "ALP206"),
        (LIVE, ANY_FUNCTION, ""),
        (LIVE, f"{ANY_FUNCTION}:live", ""),
        (LIVE, f"{ANY_FUNCTION}:dev", "ALP203"),
        (LIVE, "arn:*:lambda:*:*:function:??", "ALP203"),
        (ORDERS, ANY_FUNCTION, ""),
        (ORDERS, f"{ANY_FUNCTION}:live", "ALP203"),
        (ORDERS, "arn:*:s3:*", "ALP203"),
        (ORDERS_LIVE, f"{ANY_FUNCTION}:live", ""),
        (ORDERS_LIVE, f"arn:*:lambda:*:{ACCOUNT}:function:orders:*", ""),
        (ORDERS_LIVE, f"{ANY_FUNCTION}:dev", "ALP203"),
        # A wildcard within a field may end at its colon; what IAM does is not documented.
        (ORDERS_LIVE, "arn:*:lambda:*:*:function:*live", "ALP206"),
        (ORDERS_LIVE, "arn:aws:lambda:*2:function:orders:live", "ALP206"),
        (ORDERS_LIVE, "arn:aws:lambda:us-*-1:*:function:ord?rs:l*e", ""),
        (ORDERS_LIVE, "arn:aws:lambda:us-*-1:*:function:ord*", ""),
    ],
)
def test_a_pattern_is_held_against_the_arn_of_the_function_with_its_qualifier(
    function: object, pattern: str, code: str
) -> None:
    """It means the function, or not, or nobody can tell, as in IAM (rule 3.5)."""
    template = governed(function, document(statement(Resource=pattern)), function)
    codes = [found.code for found in examine(Request(template, REGION, ACCOUNT)).diagnostics]
    assert codes == [code] * bool(code)


@pytest.mark.parametrize(
    ("resource_arn", "policy", "code"),
    [
        (F_ARN, document(statement(Unknown="x")), "ALP206"),
        ({"Ref": "HookArn"}, document(), "ALP204"),
    ],
)
def test_where_a_policy_may_not_count_the_permissions_do(
    resource_arn: object, policy: object, code: str
) -> None:
    """Nothing is added beside one of the author's that covers the hook (rule 3.5)."""
    template = governed(resource_arn, policy)
    template["Resources"]["Allow"] = stack(F_ARN)["Resources"]["Allow"]
    result = transform(Request(template, REGION, ACCOUNT))
    assert result.permissions_added == 0
    assert [report.code for report in result.reports] == [code]


def test_only_what_is_not_clear_is_reported() -> None:
    """Other statements of the same policy are clear."""
    policy = document(statement(Action="lambda:GetFunction"), statement(Condition="text"))
    (report,) = transform(Request(governed(F_ARN, policy), REGION, ACCOUNT)).reports
    assert report.path == "Resources.Policy.Properties.PolicyDocument.Statement[1]"


@pytest.mark.parametrize(
    ("resource_arn", "hook"),
    [
        pytest.param({"Fn::GetAtt": "G.Arn"}, F_ARN, id="another function"),
        pytest.param({"Ref": "Live"}, F_ARN, id="the function's alias"),
        pytest.param(F_ARN, {"Ref": "Live"}, id="the alias's function"),
        pytest.param("arn:aws:lambda:us-east-1:123456789012:function:x", F_ARN, id="literal"),
        pytest.param(
            "arn:aws:lambda:us-east-1:999999999999:function:orders",
            {"Fn::GetAtt": ["G", "Arn"]},
            id="the same name in another account",
        ),
        pytest.param(sub(f"{FUNCTION}:x"), F_ARN, id="literal name"),
        pytest.param(F_ARN, sub(f"{FUNCTION}:x"), id="hook by a literal name"),
        pytest.param(sub(f"{FUNCTION}:x"), sub(f"{FUNCTION}:y"), id="two literal names"),
        pytest.param(sub(f"{FUNCTION}:x:1"), sub(f"{FUNCTION}:x:2"), id="two versions of one name"),
        pytest.param(F_ARN, {"Ref": "S.Version"}, id="SAM's version of another function"),
        pytest.param({"Ref": "T.Alias"}, F_ARN, id="SAM's alias of another function"),
    ],
)
def test_a_policy_of_another_function_has_no_say(resource_arn: object, hook: object) -> None:
    """Version, alias and function have a policy each, and nothing is left to report (rule 3.5)."""
    assert judged(governed(resource_arn, document(), hook)) == (1, False)


@pytest.mark.parametrize(
    ("resource_arn", "hook"),
    [
        pytest.param({"Ref": "HookArn"}, F_ARN, id="parameter"),
        pytest.param(IMPORT, F_ARN, id="import"),
        pytest.param(sub("${F.Arn}:${HookArn}"), {"Ref": "Live"}, id="qualifier by parameter"),
        pytest.param(join(IMPORT, "live"), {"Ref": "Live"}, id="import and qualifier"),
        pytest.param(F_ARN, IMPORT, id="hook by import"),
        pytest.param(sub(f"{FUNCTION}:${{HookArn}}"), F_ARN, id="name by parameter"),
        pytest.param(
            sub("arn:aws:lambda:us-east-1:${HookArn}:function:x"),
            sub(f"{FUNCTION}:x"),
            id="account by parameter",
        ),
        pytest.param(sub("${F.Arn}:live"), {"Ref": "HookArn"}, id="hook by parameter"),
        pytest.param(
            {
                "Fn::Sub": [
                    "arn:aws:lambda:us-east-1:${A}:function:orders",
                    {"A": {"Fn::ImportValue": "account"}},
                ]
            },
            {"Fn::GetAtt": ["G", "Arn"]},
            id="account by import",
        ),
    ],
)
def test_a_policy_that_cannot_be_compared_is_reported(resource_arn: object, hook: object) -> None:
    """Then the permission is added, and the policy is reported (rule 3.5)."""
    assert judged(governed(resource_arn, document(), hook)) == (1, True)


def test_what_cannot_be_compared_is_reported_by_its_path() -> None:
    """The author finds it, also inside Fn::If (rule 3.5)."""
    resource_arn = {"Fn::If": ["IsProd", {"Ref": "HookArn"}, {"Fn::GetAtt": ["G", "Arn"]}]}
    template = governed(resource_arn, document())
    (report,) = transform(Request(template, REGION, ACCOUNT)).reports
    assert report.path == "Resources.Policy.Properties.ResourceArn.Fn::If[1]"


@pytest.mark.parametrize("where", ["Condition", "ResourceArn"])
def test_a_policy_under_a_condition_and_a_permission_do_not_go_together(where: str) -> None:
    """What the policy takes along when it goes is not documented, so the author chooses."""
    template = governed(F_ARN, document(statement()))
    if where == "Condition":
        template["Resources"]["Policy"]["Condition"] = "IsProd"
    else:
        arns = {"Fn::If": ["IsProd", F_ARN, {"Fn::GetAtt": "G.Arn"}]}
        template["Resources"]["Policy"]["Properties"]["ResourceArn"] = arns
    assert refusals(template) == ["ALP207"]
    template["Resources"]["A"]["Condition"] = "IsProd"
    assert added(template) == 0


def test_a_policy_that_exists_never_has_no_say() -> None:
    """Then a permission is all there is."""
    template = governed(F_ARN, document(statement()))
    template["Resources"]["Policy"]["Condition"] = "IsNever"
    assert judged(template) == (1, False)


def test_a_permission_counts_where_no_policy_decides() -> None:
    """In Prod the policy lets Lex invoke, elsewhere the permission does (rules 3.1, 3.5)."""
    template = governed(F_ARN, document(statement()))
    template["Resources"]["Policy"]["Condition"] = "IsProd"
    template["Resources"]["Allow"] = stack(F_ARN)["Resources"]["Allow"]
    assert added(template) == 0


def test_a_permission_beside_a_policy_counts_for_nothing() -> None:
    """It would be lost at the policy's next update."""
    template = stack(F_ARN)
    policy = governed(F_ARN, document())["Resources"]["Policy"]
    template["Resources"]["Policy"] = policy
    with pytest.raises(TemplateError):
        added(template)


@pytest.mark.parametrize("name", [{"Ref": "HookArn"}, RESOLVED, f"f-{RESOLVED}", f"{RESOLVED}n"])
def test_a_literal_may_be_the_name_of_a_function_whose_name_is_not_written_out(
    name: object,
) -> None:
    """What is about the literal may be about the function (rule 3.5)."""
    literal = sub(f"{FUNCTION}:f-n")

    def codes(template: dict[str, Any]) -> list[str]:
        template["Resources"]["F"]["Properties"] = {"FunctionName": name}
        found = examine(Request(template, REGION, ACCOUNT)).diagnostics
        return [each.code for each in found]

    denied = denial(Principal="*", Resource=literal, Condition=None)
    assert codes(governed(F_ARN, document(statement(), denied))) == ["ALP206"]
    assert codes(governed(F_ARN, document(statement(Resource=literal)))) == ["ALP206"]
    assert codes(governed(literal, document())) == ["ALP204"]
    assert codes(governed({"Fn::GetAtt": ["G", "Arn"]}, document())) == []
    # Two literals are two names, whatever the parameter is.
    assert codes(governed(literal, document(), sub(f"{FUNCTION}:gn"))) == []


@pytest.mark.parametrize(
    ("named", "codes"),
    [
        (sub("orders-${HookArn}"), []),
        (sub("orders-${BotId}"), ["ALP204"]),
        (sub("billing-${HookArn}"), []),
        (sub("${BotId}-orders"), ["ALP204"]),
        ("orders", []),
        ("orders-1", ["ALP204"]),
        ("orders-1:live", ["ALP204"]),
        (f"{RESOLVED}-orders", ["ALP204"]),
    ],
)
def test_names_that_are_put_together_may_be_the_same(named: object, codes: list[str]) -> None:
    """Of a name that is known in part, that part tells it from others (rule 3.5)."""
    hook = sub(f"{FUNCTION}:orders-${{HookArn}}")
    arn = {"Fn::Sub": [f"{FUNCTION}:${{Named}}", {"Named": named}]}
    template = governed(arn, document(statement()), hook)
    found = examine(Request(template, REGION, ACCOUNT)).diagnostics
    assert [each.code for each in found] == codes


@pytest.mark.parametrize(
    ("name", "condition", "codes"),
    [
        ({"Fn::If": ["IsProd", {"Ref": "HookArn"}, "fn"]}, None, ["ALP204"]),
        ({"Fn::If": ["IsProd", "gn", "fn"]}, None, []),
        # Where the hook exists the name may be its own, or surely is not, or surely is.
        ({"Fn::If": ["IsProd", {"Ref": "HookArn"}, "fn"]}, "IsProd", ["ALP204"]),
        ({"Fn::If": ["IsProd", "gn", "fn"]}, "IsProd", []),
        ({"Fn::If": ["IsProd", "fn", {"Ref": "HookArn"}]}, "IsProd", []),
    ],
)
def test_a_policy_of_a_function_with_two_names_may_be_a_hooks_by_one_of_them(
    name: object, condition: str | None, codes: list[str]
) -> None:
    """It is asked where the hook exists, for the name of the function there (rule 3.5)."""
    template = governed(F_ARN, document(statement()), sub(f"{FUNCTION}:fn"))
    template["Resources"]["F"]["Properties"] = {"FunctionName": name}
    if condition:
        template["Resources"]["A"]["Condition"] = condition
    found = examine(Request(template, REGION, ACCOUNT)).diagnostics
    assert sorted(each.code for each in found) == codes


@pytest.mark.parametrize(
    ("items", "code"), [(["a"], []), ([], ["ALP207"]), ({"Ref": "Names"}, ["ALP207"])]
)
def test_a_policy_in_a_loop_decides_where_it_is_sure_to_exist(
    items: object, code: list[str]
) -> None:
    """As a permission in a loop covers (rules 3.3, 3.5)."""
    template = governed(F_ARN, document(statement()))
    policy = template["Resources"].pop("Policy")
    template["Resources"]["Fn::ForEach::L"] = ["Env", items, {"P${Env}": policy}]
    found = examine(Request(template, REGION, ACCOUNT))
    assert [each.code for each in found.diagnostics] == code


def test_a_policy_is_asked_for_each_bot_alias_by_itself() -> None:
    """What it allows one of them says nothing of another (rule 3.5)."""
    template = governed(F_ARN, document(statement()))
    assert added(template) == 0
    template["Resources"]["Other"]["Properties"] = template["Resources"]["A"]["Properties"]
    assert refusals(template) == ["ALP203"]
    with pytest.raises(TemplateError, match=r'"AWS:SourceArn":\{"Fn::GetAtt":\["Other","Arn"\]\}'):
        added(template)
