"""Documents of AWS::Lambda::ResourcePolicy, which replace every permission (rule 3.5)."""

import json
from typing import Any

import pytest

from auto_lex_permissions import Request, TemplateError, transform
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
        document(statement(), statement(Effect="Deny", Condition={"Bool": {"x": "true"}})),
        id="a denial under a condition of its own",
    ),
    pytest.param(
        document(
            statement(), statement(Effect="Deny", Action="lambda:GetFunction", Condition=None)
        ),
        id="a denial of something else",
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
]

SILENCING = [
    pytest.param(document(), id="no statement"),
    pytest.param({}, id="no list"),
    pytest.param(NO_VALUE, id="no document"),
    pytest.param("{", id="text that is no JSON"),
    pytest.param(sub("{}"), id="text made by a function"),
    pytest.param(document(statement(Effect="Deny")), id="denied"),
    pytest.param(
        document(statement(), statement(Effect="Deny", Condition=None)), id="allowed and denied"
    ),
    pytest.param(
        document(statement(), statement(Effect="Deny", Action="lambda:Invoke*", Condition=None)),
        id="denied by a wildcard",
    ),
    pytest.param(
        document(
            statement(),
            statement(Effect="Deny", Condition={"StringEquals": {"aws:SourceAccount": OWN}}),
        ),
        id="denied to the own account",
    ),
    pytest.param(document(statement(Principal={"Service": "*"})), id="any service"),
    pytest.param("[" * 100_000, id="text that is nested too deeply"),
    pytest.param(document(statement(Principal={"Service": "s3.amazonaws.com"})), id="another"),
    pytest.param(document(statement(Principal=None, NotPrincipal="x")), id="not a principal"),
    pytest.param(
        document(statement(Condition={"StringNotEquals": {"aws:SourceAccount": ACCOUNT}})),
        id="another account than the own one",
    ),
    pytest.param(
        document(statement(Condition={"ArnNotLike": {"aws:SourceArn": A_ARN}})),
        id="another bot alias than this one",
    ),
    pytest.param(
        document(statement(Condition={"StringEqualsIgnoreCase": {"aws:SourceArn": A_ARN}})),
        id="an operator that is not used for ARNs",
    ),
    pytest.param(document(statement(Action="lambda:GetFunction")), id="another action"),
    pytest.param(document(statement(Condition={"Bool": {"aws:SecureTransport": True}})), id="test"),
    pytest.param(document(statement(Condition={"ArnLike": {"aws:PrincipalArn": A_ARN}})), id="key"),
    pytest.param(document(statement(Condition={"ArnLike": "text"})), id="shape of a test"),
    pytest.param(document(statement(Condition="text")), id="shape of the condition"),
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
    pytest.param(document({"Fn::If": ["IsProd", statement(), NO_VALUE]}), id="only in Prod"),
    pytest.param(
        document(statement(), {"Fn::If": ["IsProd", statement(Effect="Deny", Condition=None), 1]}),
        id="denied in Prod",
    ),
    pytest.param(document(statement(Principal={"AWS": LEX_V2})), id="a service among accounts"),
]


@pytest.mark.parametrize("policy", ALLOWING)
def test_a_document_that_lets_lex_invoke_is_declared(policy: object) -> None:
    """Then nothing is added."""
    assert added(governed(F_ARN, policy)) == 0


@pytest.mark.parametrize("policy", SILENCING)
def test_a_document_that_does_not_is_an_error(policy: object) -> None:
    """A permission beside it would be lost, so the report names the statement to add."""
    with pytest.raises(TemplateError) as rejected:
        added(governed(F_ARN, policy))
    said = str(rejected.value)
    assert said.startswith("ALP203 Resources.Policy.Properties.PolicyDocument: it replaces every")
    assert '"AWS:SourceArn":{"Fn::GetAtt":["A","Arn"]}' in said


@pytest.mark.parametrize(
    ("resource_arn", "hook"),
    [
        pytest.param({"Fn::GetAtt": "G.Arn"}, F_ARN, id="another function"),
        pytest.param({"Ref": "Live"}, F_ARN, id="the function's alias"),
        pytest.param(F_ARN, {"Ref": "Live"}, id="the alias's function"),
        pytest.param("arn:aws:lambda:us-east-1:123456789012:function:x", F_ARN, id="literal"),
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


def test_a_policy_that_exists_elsewhere_has_no_say() -> None:
    """In Prod the policy decides, in all other deployments a permission does."""
    template = governed(F_ARN, document(statement()))
    template["Resources"]["Policy"]["Condition"] = "IsProd"
    assert added(template) == 1
    template["Resources"]["A"]["Condition"] = "IsProd"
    assert added(template) == 0


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
