"""Policy documents and what they mean for Lex."""

import json
from typing import Any

import pytest

from auto_lex_permissions_cli.doctor.policies import (
    Call,
    Function,
    PolicyUnreadableError,
    Reason,
    Statement,
    Verdict,
    judge,
    read,
)
from tests.cli.aws_stub import ACCOUNT, FUNCTIONS, policy, statement

ORDERS = f"{FUNCTIONS}:orders:live"
ALIASES = "arn:aws:lex:us-east-1:123456789012:bot-alias"
ALIAS = f"{ALIASES}/ABCDEFGHIJ/KLMNOPQRST"
FUNCTION = Function("aws", "us-east-1", ACCOUNT, "orders", "live")
CALL = Call(FUNCTION, ALIAS, ACCOUNT)
ALLOWED = None


def only(condition: Any) -> dict[str, Any]:
    """Return a statement that has this condition and no other."""
    return statement(ORDERS, ALIAS, Condition=condition)


def without(name: str, **instead: Any) -> dict[str, Any]:
    """Return a statement that lacks an element, and has another instead."""
    made = statement(ORDERS, ALIAS, **instead)
    del made[name]
    return made


def named(arn: str, operator: str = "ArnLike") -> dict[str, Any]:
    """Return a statement that matches a SourceArn."""
    return only({operator: {"AWS:SourceArn": arn}})


def reasons(verdict: Verdict) -> list[Reason]:
    """Return why Lex may not invoke, in the order of a statement's elements."""
    return [mismatch.reason for mismatch in verdict.mismatches]


GOOD = statement(ORDERS, ALIAS)
DENY = statement(ORDERS, ALIAS, "no", Effect="Deny")
OTHERS = statement(ORDERS, "arn:aws:s3:::bucket", "s3", {"Service": "s3.amazonaws.com"})
URL = statement(
    ORDERS,
    ALIAS,
    "url",
    "*",
    Action="lambda:InvokeFunctionUrl",
    Condition={"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
)

TABLE: dict[str, tuple[list[dict[str, Any]], Reason | None]] = {
    # What AddPermission and people write, and is right.
    "as-add-permission": ([GOOD], ALLOWED),
    "without-conditions": ([without("Condition")], ALLOWED),
    "everyone": ([statement(ORDERS, ALIAS, principal="*")], ALLOWED),
    "everyone-as-aws": ([statement(ORDERS, ALIAS, principal={"AWS": "*"})], ALLOWED),
    "one-of-many-services": (
        [
            statement(
                ORDERS,
                ALIAS,
                principal={"Service": ["connect.amazonaws.com", "lexv2.amazonaws.com"]},
            )
        ],
        ALLOWED,
    ),
    "action-in-odd-case": ([statement(ORDERS, ALIAS, Action="lambda:invokeFunction")], ALLOWED),
    "action-wildcard": ([statement(ORDERS, ALIAS, Action=["lambda:Get*", "lambda:*"])], ALLOWED),
    "action-everything": ([statement(ORDERS, ALIAS, Action="*")], ALLOWED),
    "resource-wildcard": ([statement(ORDERS, ALIAS, Resource=f"{FUNCTIONS}:orders:*")], ALLOWED),
    "resources-list": ([statement(ORDERS, ALIAS, Resource=["x", ORDERS])], ALLOWED),
    "second-statement": ([OTHERS, GOOD], ALLOWED),
    "whole-bot": ([named(f"{ALIASES}/ABCDEFGHIJ/*")], ALLOWED),
    "all-bots": ([named(f"{ALIASES}/*")], ALLOWED),
    "question-marks": ([named(f"{ALIASES}/ABCDEFGHIJ/KLMNOPQRS?")], ALLOWED),
    "any-field": ([named("arn:*:lex:*:*:*")], ALLOWED),
    "arn-equals-is-like": ([named(f"{ALIASES}/ABCDEFGHIJ/*", "ArnEquals")], ALLOWED),
    "string-like": ([named(f"*{ALIAS[3:]}", "StringLike")], ALLOWED),
    "string-equals": ([named(ALIAS, "StringEquals")], ALLOWED),
    "string-equals-ignoring-case": ([named(ALIAS.lower(), "StringEqualsIgnoreCase")], ALLOWED),
    "if-exists": ([named(ALIAS, "ArnLikeIfExists")], ALLOWED),
    "key-in-any-case": ([only({"ArnLike": {"aws:sourceARN": ALIAS}})], ALLOWED),
    "operator-in-any-case": ([only({"arnLIKE": {"aws:SourceArn": ALIAS}})], ALLOWED),
    "null-in-any-case": ([only({"NULL": {"aws:SourceArn": "false"}})], ALLOWED),
    "list-of-arns": ([only({"ArnLike": {"aws:SourceArn": [f"{ALIASES}/X/Y", ALIAS]}})], ALLOWED),
    "account-list": ([only({"StringEquals": {"aws:SourceAccount": ["1", ACCOUNT]}})], ALLOWED),
    "account-as-number": ([only({"StringEquals": {"aws:SourceAccount": int(ACCOUNT)}})], ALLOWED),
    "service-name": (
        [only({"StringEquals": {"aws:PrincipalServiceName": "lexv2.amazonaws.com"}})],
        ALLOWED,
    ),
    "is-service": ([only({"Bool": {"aws:PrincipalIsAWSService": True}})], ALLOWED),
    "null-false": ([only({"Null": {"aws:SourceArn": "false"}})], ALLOWED),
    "null-true-of-absent": ([only({"Null": {"aws:PrincipalOrgID": "true"}})], ALLOWED),
    "if-exists-of-absent": (
        [only({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}})],
        ALLOWED,
    ),
    "any-value": ([named(ALIAS, "ForAnyValue:ArnLike")], ALLOWED),
    "organization-paths-of-all": (
        [only({"ForAllValues:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}})],
        ALLOWED,
    ),
    "https": ([only({"Bool": {"aws:SecureTransport": "true"}})], ALLOWED),
    "not-another-account": ([only({"StringNotEquals": {"aws:SourceAccount": "999"}})], ALLOWED),
    # Nothing for Lex.
    "empty": ([], Reason.NO_STATEMENT),
    "for-others": ([OTHERS], Reason.NO_STATEMENT),
    "function-url": ([URL], Reason.NO_STATEMENT),
    "another-account-may": (
        [statement(ORDERS, "x", "a", {"AWS": "arn:aws:iam::999999999999:root"}, Condition={})],
        Reason.NO_STATEMENT,
    ),
    # Meant for Lex, and wrong.
    "lex-v1": (
        [statement(ORDERS, ALIAS, principal={"Service": "lex.amazonaws.com"})],
        Reason.WRONG_PRINCIPAL,
    ),
    "regional-principal": (
        [statement(ORDERS, ALIAS, principal={"Service": "lexv2.us-east-1.amazonaws.com"})],
        Reason.WRONG_PRINCIPAL,
    ),
    "connect-with-the-alias": (
        [statement(ORDERS, ALIAS, principal={"Service": "connect.amazonaws.com"})],
        Reason.WRONG_PRINCIPAL,
    ),
    "role-of-the-bot": (
        [
            statement(
                ORDERS,
                "x",
                principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/AWSServiceRoleForLexV2Bots_X"},
                Condition={},
            )
        ],
        Reason.WRONG_PRINCIPAL,
    ),
    "service-wildcard": (
        [statement(ORDERS, ALIAS, principal={"Service": "*"})],
        Reason.NOT_PROVED,
    ),
    "wrong-action": (
        [statement(ORDERS, ALIAS, Action="lambda:GetFunction")],
        Reason.WRONG_ACTION,
    ),
    "bare-resource": (
        [statement(f"{FUNCTIONS}:orders", ALIAS)],
        Reason.OTHER_QUALIFIER,
    ),
    "resource-of-another-version": (
        [statement(f"{FUNCTIONS}:orders:3", ALIAS)],
        Reason.OTHER_QUALIFIER,
    ),
    "resource-of-another-function": (
        [statement(f"{FUNCTIONS}:orders2:live", ALIAS)],
        Reason.WRONG_RESOURCE,
    ),
    "bot-arn": (
        [named("arn:aws:lex:us-east-1:123456789012:bot/ABCDEFGHIJ")],
        Reason.WRONG_SOURCE_ARN,
    ),
    "another-alias": ([named(f"{ALIASES}/ABCDEFGHIJ/TSTALIASID")], Reason.WRONG_SOURCE_ARN),
    "another-region": ([named(ALIAS.replace("us-east-1", "us-west-2"))], Reason.WRONG_SOURCE_ARN),
    "stray-end": ([named(f"{ALIAS}/*")], Reason.WRONG_SOURCE_ARN),
    "star-in-string-equals": (
        [named(f"{ALIASES}/ABCDEFGHIJ/*", "StringEquals")],
        Reason.WRONG_SOURCE_ARN,
    ),
    "arn-in-other-case": ([named(ALIAS.lower())], Reason.WRONG_SOURCE_ARN),
    "if-exists-is-there": ([named(f"{ALIASES}/X/Y", "ArnLikeIfExists")], Reason.WRONG_SOURCE_ARN),
    "star-crosses-no-colon": ([named("arn:aws:lex:*:bot-alias/*:x")], Reason.WRONG_SOURCE_ARN),
    "account-in-arn": ([named(ALIAS.replace(ACCOUNT, "999999999999"))], Reason.WRONG_ACCOUNT),
    "another-source-account": (
        [only({"StringEquals": {"AWS:SourceAccount": "999999999999"}})],
        Reason.WRONG_ACCOUNT,
    ),
    "all-conditions-have-to-hold": (
        [only({"ArnLike": {"aws:SourceArn": ALIAS}, "StringEquals": {"aws:SourceAccount": "1"}})],
        Reason.WRONG_ACCOUNT,
    ),
    "another-service-name": (
        [only({"StringEquals": {"aws:PrincipalServiceName": "lex.amazonaws.com"}})],
        Reason.WRONG_CONDITION,
    ),
    "is-no-service": (
        [only({"Bool": {"aws:PrincipalIsAWSService": "false"}})],
        Reason.WRONG_CONDITION,
    ),
    "organization": (
        [only({"StringEquals": {"aws:PrincipalOrgID": "o-1"}})],
        Reason.WRONG_CONDITION,
    ),
    "organization-paths": (
        [only({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}})],
        Reason.WRONG_CONDITION,
    ),
    "organization-paths-of-none": (
        [only({"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": "o-1/*"}})],
        Reason.WRONG_CONDITION,
    ),
    "tag": ([only({"StringEquals": {"aws:PrincipalTag/team": "x"}})], Reason.WRONG_CONDITION),
    "event-source-token": (
        [only({"StringEquals": {"lambda:EventSourceToken": "x"}})],
        Reason.WRONG_CONDITION,
    ),
    # Not proved.
    "unknown-key": ([only({"StringEquals": {"aws:SourceOrgID": "o-1"}})], Reason.NOT_PROVED),
    "unknown-operator": ([named(ALIAS, "StringMatches")], Reason.NOT_PROVED),
    "unknown-quantifier": ([named(ALIAS, "ForNoValue:ArnLike")], Reason.NOT_PROVED),
    "date": (
        [only({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}})],
        Reason.NOT_PROVED,
    ),
    "variable": ([named("${aws:SourceArn}", "StringLike")], Reason.NOT_PROVED),
    "no-arn-pattern": ([named("*")], Reason.NOT_PROVED),
    "null-if-exists": ([only({"NullIfExists": {"aws:SourceArn": "false"}})], Reason.NOT_PROVED),
    "condition-of-odd-shape": ([only(["x"])], Reason.NOT_PROVED),
    "operator-of-odd-shape": ([only({"ArnLike": "x"})], Reason.NOT_PROVED),
    "not-principal": (
        [without("Principal", NotPrincipal={"AWS": "arn:aws:iam::1:root"})],
        Reason.NOT_PROVED,
    ),
    "not-principal-lex": (
        [without("Principal", NotPrincipal={"Service": "lexv2.amazonaws.com"})],
        Reason.WRONG_PRINCIPAL,
    ),
    "not-action": ([without("Action", NotAction="lambda:GetFunction")], ALLOWED),
    "not-action-invoke": ([without("Action", NotAction="lambda:Invoke*")], Reason.WRONG_ACTION),
    "not-resource": ([without("Resource", NotResource="x")], ALLOWED),
    "unknown-element": ([statement(ORDERS, ALIAS, Subject="x")], Reason.NOT_PROVED),
    "no-action": ([without("Action")], Reason.NOT_PROVED),
    "no-resource": ([without("Resource")], Reason.NOT_PROVED),
    "resource-variable": (
        [statement(ORDERS, ALIAS, Resource="${aws:SourceArn}")],
        Reason.NOT_PROVED,
    ),
    # Deny wins.
    "deny": ([GOOD, DENY], Reason.DENY),
    "deny-first": ([DENY, GOOD], Reason.DENY),
    "deny-everyone": ([GOOD, DENY | {"Principal": "*", "Condition": {}}], Reason.DENY),
    "deny-of-others": ([GOOD, DENY | {"Principal": {"Service": "s3.amazonaws.com"}}], ALLOWED),
    "deny-other-accounts": (
        [GOOD, DENY | {"Condition": {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}}],
        ALLOWED,
    ),
    "deny-other-aliases": (
        [GOOD, DENY | {"Condition": {"ArnNotLike": {"aws:SourceArn": f"{ALIASES}/*"}}}],
        ALLOWED,
    ),
    "deny-outside-organization": (
        [GOOD, DENY | {"Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}],
        Reason.DENY,
    ),
    "deny-outside-organization-but-services": (
        [
            GOOD,
            DENY
            | {
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                }
            },
        ],
        ALLOWED,
    ),
    "deny-by-unknown-key": (
        [GOOD, DENY | {"Condition": {"StringNotEquals": {"aws:SourceOrgID": "o-1"}}}],
        Reason.MAY_DENY,
    ),
    "deny-but-lex": (
        [
            GOOD,
            without("Principal", Effect="Deny", NotPrincipal={"Service": "lexv2.amazonaws.com"}),
        ],
        ALLOWED,
    ),
    "deny-all-but": (
        [GOOD, without("Principal", Effect="Deny", NotPrincipal={"AWS": "arn:aws:iam::1:root"})],
        Reason.MAY_DENY,
    ),
    "deny-without-allow": ([DENY], Reason.DENY),
}


@pytest.mark.parametrize("case", TABLE)
def test_a_policy_means_for_lex_what_iam_makes_of_it(case: str) -> None:
    """Allowed, or the first reason why not."""
    statements, reason = TABLE[case]
    verdict = judge(read(policy(*statements)), CALL)
    assert verdict.allowed is (reason is ALLOWED)
    assert reasons(verdict)[:1] == ([] if reason is ALLOWED else [reason])


def test_the_nearest_statement_is_the_one_that_is_reported() -> None:
    """Fewest elements wrong; then the one whose text is most like what Lex brings."""
    far = statement(ORDERS, f"{ALIASES}/ZZZZZZZZZZ/AAAAAAAAAA", "far")
    near = statement(ORDERS, f"{ALIASES}/ABCDEFGHIJ/AAAAAAAAAA", "near")
    both = statement(ORDERS, ALIAS, "both", {"Service": "lex.amazonaws.com"}, Action="lambda:Get*")
    verdict = judge(read(policy(OTHERS, both, far, near)), CALL)
    assert verdict.statement == "near"
    (mismatch,) = verdict.mismatches
    assert mismatch.found == f"{ALIASES}/ABCDEFGHIJ/AAAAAAAAAA"
    verdict = judge(read(policy(both)), CALL)
    assert reasons(verdict) == [Reason.WRONG_PRINCIPAL, Reason.WRONG_ACTION]


def test_one_statement_without_a_list_or_a_name() -> None:
    """IAM takes both."""
    bare = {name: value for name, value in GOOD.items() if name != "Sid"}
    (denial,) = read(json.dumps({"Statement": bare | {"Effect": "Deny"}}))
    assert denial == Statement("number 1", bare | {"Effect": "Deny"})
    assert judge([denial], CALL).statement == "number 1"
    assert read("{}") == ()


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '"x"', '{"Statement": ["x"]}', '{"Statement": [{"Effect": "allow"}]}'],
)
def test_what_is_no_policy_is_not_judged(text: str) -> None:
    """A part that cannot be read might be the Deny."""
    with pytest.raises(PolicyUnreadableError):
        read(text)


def test_many_stars_take_no_time() -> None:
    """A pattern is matched without looking back."""
    pattern = "*a" * 200 + "b"
    call = Call(FUNCTION, f"{ALIASES}/{'a' * 2000}", ACCOUNT)
    assert not judge(read(policy(named(pattern, "StringLike"))), call).allowed
