"""The templates for an organization, as data, and the few functions in them evaluated.

Small on purpose: it knows what these templates use, and fails on anything else.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

from localcloud.sam import ROOT

MACRO = ROOT / "template.yaml"
REGISTRATION = ROOT / "org" / "registration.yaml"
STACK_SET = ROOT / "org" / "stackset.yaml"
GUARD = ROOT / "org" / "guard.yaml"
HOOK = ROOT / "hook" / "template.yaml"
HOOK_STACK_SET = ROOT / "org" / "hook-stackset.yaml"
ARTIFACTS = ROOT / "org" / "artifacts.yaml"
FUNCTION_STACK_SET = ROOT / "org" / "function-stackset.yaml"

FUNCTION = "AutoLexPermissionsFunction"

type Template = dict[str, Any]


def load(path: Path) -> Template:
    """Return a template with its functions in their long forms."""
    template: Template = json.loads(json.dumps(cfn_yaml.load(str(path))))
    return template


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Return the resources of a type by logical id."""
    resources = template["Resources"].items()
    return {name: resource for name, resource in resources if resource["Type"] == kind}


def everything_in(value: object) -> Iterator[object]:
    """Yield a value and all values inside it, keys included."""
    yield value
    match value:
        case dict():
            for key, inner in value.items():
                yield key
                yield from everything_in(inner)
        case list():
            for inner in value:
                yield from everything_in(inner)


@dataclass(frozen=True, slots=True)
class Stack:
    """A template in one account and Region, with its parameters."""

    template: Template
    account: str
    parameters: Mapping[str, str]
    region: str = "eu-central-1"
    partition: str = "aws"

    def value(self, expression: object) -> str:
        """Return what an expression gives: a text, `Ref`, `Fn::Sub` or `Fn::GetAtt`."""
        match expression:
            case str():
                return expression
            case {"Ref": str(name)}:
                return self._named(name)
            case {"Fn::Sub": str(text)}:
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._named(found[1]), text)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._named(f"{name}.{attribute}")
        raise ValueError(f"Not an expression of these templates: {expression!r}")

    def document(self, content: object) -> Any:
        """Return a policy document with the expressions in it evaluated."""
        match content:
            case {"Ref": _} | {"Fn::Sub": _}:
                return self.value(content)
            case dict():
                return {key: self.document(inner) for key, inner in content.items()}
            case list():
                return [self.document(inner) for inner in content]
        return content

    def holds(self, condition: str) -> bool:
        """Return whether a condition holds; each of these templates' is a negated equality."""
        ((left, right),) = (
            each["Fn::Equals"] for each in self.template["Conditions"][condition]["Fn::Not"]
        )
        return self.value(left) != self.value(right)

    def exists(self, resource: Mapping[str, Any]) -> bool:
        """Return whether a resource exists in this stack."""
        return "Condition" not in resource or self.holds(resource["Condition"])

    def _named(self, name: str) -> str:
        """Return a pseudo parameter, a parameter or a function's ARN by name."""
        known = {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": self.partition,
        }
        if name in known:
            return known[name]
        if name == f"{FUNCTION}.Arn":
            function = self.template["Resources"][FUNCTION]["Properties"]["FunctionName"]
            place = f"arn:{self.partition}:lambda:{self.region}:{self.account}"
            return f"{place}:function:{self.value(function)}"
        declared = self.template["Parameters"][name]
        return str(self.parameters.get(name, declared.get("Default")))


def bucket_policy(prefix: str, organization: str) -> Template:
    """Return the policy that org/artifacts.yaml gives its bucket."""
    given = {"ArtifactBucketPrefix": prefix, "OrganizationId": organization}
    stack = Stack(load(ARTIFACTS), "111122223333", given)
    bucket = stack.template["Resources"]["Artifacts"]["Properties"]["BucketName"]
    arn = f"arn:aws:s3:::{stack.value(bucket)}"
    content = stack.template["Resources"]["ArtifactsPolicy"]["Properties"]["PolicyDocument"]
    text = json.dumps(content)
    for expression, meant in (
        ({"Fn::GetAtt": ["Artifacts", "Arn"]}, arn),
        ({"Fn::Sub": "${Artifacts.Arn}/*"}, f"{arn}/*"),
    ):
        text = text.replace(json.dumps(expression), json.dumps(meant))
    policy: Template = stack.document(json.loads(text))
    return policy
