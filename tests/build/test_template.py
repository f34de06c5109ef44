"""The macro's own template deploys one function that may write its log, one macro, and no more.

What it adds for an organization and for those who are paged is tested in tests/org.
"""

import json
import os
import subprocess
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from localcloud.sam import ROOT, SAM, sam_environment

TEMPLATE = ROOT / "template.yaml"
HOOK = ROOT / "hook" / "template.yaml"
OWN = [TEMPLATE, HOOK, *sorted((ROOT / "org").glob("*.yaml"))]
CFN_LINT = ROOT / ".environments" / "dev" / "bin" / "cfn-lint"


def run(command: Sequence[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run a linter; return its exit code and all that it says."""
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return result.returncode, result.stdout


def cfn_lint(template: Path) -> tuple[int, str]:
    """Run cfn-lint with its defaults, and warnings as failures."""
    return run([str(CFN_LINT), "--non-zero-exit-code", "warning", str(template)], dict(os.environ))


def of_type(processed: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the one resource of a type."""
    (resource,) = [each for each in processed["Resources"].values() if each["Type"] == kind]
    found: dict[str, Any] = resource
    return found


def test_the_template_has_one_function_and_one_macro() -> None:
    """What the author of the template wrote, before SAM."""
    kinds = Counter(each["Type"] for each in cfn_yaml.load(str(TEMPLATE))["Resources"].values())
    assert kinds == {
        "AWS::Serverless::Function": 1,
        "AWS::IAM::Role": 2,
        "AWS::Logs::LogGroup": 1,
        "AWS::CloudFormation::Macro": 1,
        "AWS::Lambda::Permission": 1,
        "AWS::CloudWatch::Alarm": 4,
    }


def test_sam_adds_a_version_and_an_alias(processed: dict[str, Any]) -> None:
    """What CloudFormation deploys; no role or permission beyond the author's."""
    assert Counter(each["Type"] for each in processed["Resources"].values()) == {
        "AWS::Lambda::Function": 1,
        "AWS::Lambda::Version": 1,
        "AWS::Lambda::Alias": 1,
        "AWS::IAM::Role": 2,
        "AWS::Logs::LogGroup": 1,
        "AWS::CloudFormation::Macro": 1,
        "AWS::Lambda::Permission": 1,
        "AWS::CloudWatch::Alarm": 4,
    }


def test_without_organization_and_topic_there_is_neither_permission_nor_alarm(
    processed: dict[str, Any],
) -> None:
    """Both parameters are optional, and what belongs to them is conditional."""
    conditions = {
        "AWS::Lambda::Permission": "HasOrganization",
        "AWS::CloudWatch::Alarm": "HasAlarmTopic",
    }
    for resource in processed["Resources"].values():
        assert resource.get("Condition") == conditions.get(resource["Type"])
    for parameter in ("OrganizationId", "AlarmTopicArn"):
        assert processed["Parameters"][parameter]["Default"] == ""


def test_the_role_may_write_the_functions_own_log_and_nothing_else(
    processed: dict[str, Any],
) -> None:
    """Exactly these actions, on exactly this log group, for Lambda alone."""
    role = processed["Resources"]["AutoLexPermissionsRole"]["Properties"]
    assert "ManagedPolicyArns" not in role
    statements = [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert statements == [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": {"Fn::GetAtt": ["AutoLexPermissionsLogGroup", "Arn"]},
        }
    ]
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
    function = of_type(processed, "AWS::Lambda::Function")["Properties"]
    assert function["Role"] == {"Fn::GetAtt": ["AutoLexPermissionsRole", "Arn"]}


def test_a_permissions_boundary_is_set_only_if_one_is_given(processed: dict[str, Any]) -> None:
    """Without the parameter there is no such property; with it, every role has it."""
    assert processed["Conditions"]["HasPermissionsBoundary"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundaryArn"}, ""]}]
    }
    roles = [each for each in processed["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
    assert len(roles) == 2
    for role in roles:
        assert role["Properties"]["PermissionsBoundary"] == {
            "Fn::If": [
                "HasPermissionsBoundary",
                {"Ref": "PermissionsBoundaryArn"},
                {"Ref": "AWS::NoValue"},
            ]
        }


def test_concurrency_is_reserved_only_if_it_is_asked_for(processed: dict[str, Any]) -> None:
    """Without the parameter there is no such property; zero, which is off, nobody can ask for."""
    assert processed["Parameters"]["MaxConcurrency"]["Default"] == ""
    assert processed["Conditions"]["HasMaxConcurrency"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "MaxConcurrency"}, ""]}]
    }
    function = of_type(processed, "AWS::Lambda::Function")["Properties"]
    assert function["ReservedConcurrentExecutions"] == {
        "Fn::If": ["HasMaxConcurrency", {"Ref": "MaxConcurrency"}, {"Ref": "AWS::NoValue"}]
    }


def test_the_function_logs_as_json_into_a_group_that_is_kept(processed: dict[str, Any]) -> None:
    """The log outlives the stack for as long as the parameter says."""
    function = of_type(processed, "AWS::Lambda::Function")["Properties"]
    assert function["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": {"Ref": "AutoLexPermissionsLogGroup"},
    }
    group = processed["Resources"]["AutoLexPermissionsLogGroup"]
    assert group["Properties"] == {"RetentionInDays": {"Ref": "LogRetentionInDays"}}
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"
    assert group["UpdateReplacePolicy"] == "Retain"


def test_the_macro_invokes_the_alias_and_waits_for_it(processed: dict[str, Any]) -> None:
    """CloudFormation calls the published version, and none is registered before it exists."""
    macro = of_type(processed, "AWS::CloudFormation::Macro")
    alias = processed["Resources"][macro["DependsOn"]]
    assert alias["Type"] == "AWS::Lambda::Alias"
    assert alias["Properties"]["FunctionName"] == {"Ref": "AutoLexPermissionsFunction"}
    name = alias["Properties"]["Name"]
    assert macro["Properties"]["FunctionName"] == {
        "Fn::Sub": f"${{AutoLexPermissionsFunction.Arn}}:{name}"
    }
    assert macro["Properties"]["Name"] == {"Ref": "MacroName"}


def test_cloudformation_may_log_why_the_macro_failed(processed: dict[str, Any]) -> None:
    """Beside the log group stands the role that CloudFormation assumes to write there."""
    macro = of_type(processed, "AWS::CloudFormation::Macro")["Properties"]
    assert macro["LogGroupName"] == {"Ref": "AutoLexPermissionsLogGroup"}
    assert macro["LogRoleARN"] == {"Fn::GetAtt": ["AutoLexPermissionsLogRole", "Arn"]}


def test_the_console_asks_for_every_parameter_in_a_group(processed: dict[str, Any]) -> None:
    """Each once, and under a label."""
    interface = processed["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(processed["Parameters"])
    assert set(interface["ParameterLabels"]) == set(grouped)


def test_no_parameter_changes_the_functions_configuration(processed: dict[str, Any]) -> None:
    """SAM publishes no new version for those, so they would never reach the alias.

    The name is none: another one makes another function. Nor is what a function reserves: that is
    of the function, and no version has it.
    """
    function = dict(of_type(processed, "AWS::Lambda::Function")["Properties"])
    assert function.pop("FunctionName") == {"Ref": "FunctionName"}
    assert function.pop("ReservedConcurrentExecutions")
    assert "Environment" not in function
    for parameter in processed["Parameters"]:
        assert f'"{parameter}"' not in json.dumps(function)
        assert f"${{{parameter}}}" not in json.dumps(function)


def test_outputs(processed: dict[str, Any]) -> None:
    """What users of the macro and its operators need to know."""
    assert set(processed["Outputs"]) == {"MacroName", "FunctionAliasArn", "LogGroupName"}


@pytest.mark.parametrize("template", OWN, ids=lambda path: path.name)
def test_sam_validate(template: Path, tmp_path: Path) -> None:
    """`sam validate --lint` has nothing to say."""
    environment = sam_environment(tmp_path)
    command = [str(SAM), "validate", "--lint", "--region", "us-east-1", "--template", str(template)]
    code, said = run(command, environment)
    assert (code, said.strip()) == (0, f"{template} is a valid SAM Template")


@pytest.mark.parametrize("template", OWN, ids=lambda path: path.name)
def test_cfn_lint(template: Path) -> None:
    """cfn-lint has nothing to say on the template as it is written."""
    assert cfn_lint(template) == (0, "")


def test_cfn_lint_of_what_the_stack_set_rolls_out(tmp_path: Path) -> None:
    """Nor on the template inside the template, as CloudFormation will read it there."""
    stack_set = cfn_yaml.load(str(ROOT / "org" / "stackset.yaml"))
    path = tmp_path / "body.yaml"
    path.write_text(stack_set["Resources"]["Registrations"]["Properties"]["TemplateBody"])
    assert cfn_lint(path) == (0, "")


def test_cfn_lint_of_the_processed_template(processed: dict[str, Any], tmp_path: Path) -> None:
    """Nor on what CloudFormation deploys, where the names that SAM makes exist."""
    path = tmp_path / "processed.json"
    path.write_text(json.dumps(processed))
    assert cfn_lint(path) == (0, "")


def test_no_rule_is_switched_off() -> None:
    """Neither in a template nor in a settings file of cfn-lint."""
    for template in OWN:
        assert "cfn-lint:" not in template.read_text()
        assert "cfn-lint" not in cfn_yaml.load(str(template)).get("Metadata", {})
    assert not list(ROOT.glob(".cfnlintrc*"))


def test_cfn_lint_would_notice_a_wrong_name(processed: dict[str, Any], tmp_path: Path) -> None:
    """The alias that the macro waits for has a name that only SAM's output knows."""
    resources = processed["Resources"]
    macro = {**resources["AutoLexPermissionsMacro"], "DependsOn": "NoSuchAlias"}
    wrong = {**processed, "Resources": {**resources, "AutoLexPermissionsMacro": macro}}
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    code, said = cfn_lint(path)
    assert code != 0
    assert "E3005" in said


def test_sam_deploy_asks_nothing() -> None:
    """samconfig.toml answers every question, and leaves Region and credentials to the user."""
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
    answers = settings["default"]["deploy"]["parameters"]
    assert answers.keys() >= {"stack_name", "resolve_s3"}
    assert answers["capabilities"] == "CAPABILITY_IAM"
    assert answers["confirm_changeset"] is False
    assert answers["fail_on_empty_changeset"] is False
    assert not {"region", "profile"} & answers.keys()
