"""Who may read a release from the bucket of org/artifacts.yaml, as an evaluator of policies says.

npm brings it, so these tests run where `make scan` has installed it.
"""

from typing import Final

import pytest

from tests.org.evaluator import evaluate
from tests.org.templates import bucket_policy

ORGANIZATION: Final = "o-a1b2c3d4e5"
PREFIX: Final = "auto-lex-permissions-example"
EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
CASES: Final = {
    "of-the-organization": ("s3:GetObject", ORGANIZATION, "true", "Allowed"),
    "without-tls": ("s3:GetObject", ORGANIZATION, "false", "ExplicitlyDenied"),
    "of-another-organization": ("s3:GetObject", "o-z9y8x7w6v5", "true", "ImplicitlyDenied"),
    "of-no-organization": ("s3:GetObject", None, "true", "ImplicitlyDenied"),
    "writing": ("s3:PutObject", ORGANIZATION, "true", "ImplicitlyDenied"),
}


@pytest.mark.parametrize("case", CASES)
def test_who_may_read(case: str) -> None:
    """Principals of one organization, by TLS, and nothing else than read."""
    action, organization, tls, expected = CASES[case]
    context = {"aws:SecureTransport": tls}
    if organization:
        context["aws:PrincipalOrgID"] = organization
    asked = {
        "principal": "arn:aws:iam::444455556666:role/stacksets-exec-1a2b",
        "action": action,
        "resource": f"arn:aws:s3:::{PREFIX}-eu-central-1/auto-lex-permissions-1.0.0.yaml",
        "account": "111122223333",
        "context": context,
        "identity": EVERYTHING,
        "policy": bucket_policy(PREFIX, ORGANIZATION),
    }
    assert evaluate([asked]) == [expected]
