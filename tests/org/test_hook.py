"""What the hook's stack is made of, and how a stack set hands its parameters on."""

import json
import re
import tomllib
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from auto_lex_permissions_hook.handler import NAMESPACE, SERVICE
from localcloud.sam import ROOT
from tests.org.templates import HOOK, HOOK_STACK_SET, STACK_SET, load, of_type
from tests.pages import fenced
from tools.dist import PARAMETERS, STACKS

PAGE = (ROOT / "docs" / "hook.md").read_text()
FUNCTION = "AutoLexPermissionsHookFunction"
OF_THE_FUNCTION = [{"Name": "FunctionName", "Value": {"Ref": FUNCTION}}]
OF_THE_HOOK = [
    {"Name": "service", "Value": SERVICE},
    {"Name": "function_name", "Value": {"Ref": FUNCTION}},
]
# By metric: its namespace, its dimensions, how it is summed up, its threshold and its runbook.
ALARMS: dict[str, tuple[str, Any, str, int, str]] = {
    "NotJudged": (NAMESPACE, OF_THE_HOOK, "Sum", 0, "Runbook: not judged"),
    "Errors": ("AWS/Lambda", OF_THE_FUNCTION, "Sum", 0, "Runbook: function errors"),
    "Throttles": ("AWS/Lambda", OF_THE_FUNCTION, "Sum", 0, "Runbook: throttles"),
    "Duration": ("AWS/Lambda", OF_THE_FUNCTION, "Maximum", 16_000, "Runbook: duration"),
}
# What a stack set tells the stacks beside the hook's own parameters.
OF_PACKAGE = ["ArtifactBucketPrefix", "ArtifactKeyPrefix"]


def properties(logical_id: str) -> dict[str, Any]:
    """Return the properties of one of the hook's resources."""
    found: dict[str, Any] = load(HOOK)["Resources"][logical_id]["Properties"]
    return found


def test_the_hook_looks_at_stacks_and_change_sets_before_they_are_made() -> None:
    """In full; it is off, warns or stops as its stack's parameters say."""
    hook = properties("AutoLexPermissionsHook")
    filters = hook.pop("StackFilters")
    assert hook == {
        "Alias": {"Ref": "HookName"},
        "HookStatus": {"Ref": "Status"},
        "FailureMode": {"Ref": "Mode"},
        "LambdaFunction": {"Fn::GetAtt": [FUNCTION, "Arn"]},
        "ExecutionRole": {"Fn::GetAtt": ["AutoLexPermissionsHookExecutionRole", "Arn"]},
        "TargetOperations": ["STACK", "CHANGE_SET"],
        "TargetFilters": {"Actions": ["CREATE", "UPDATE"]},
    }
    assert filters["FilteringCriteria"] == "ALL"
    # Whether or not others are excluded.
    _, others, alone = filters["StackNames"]["Exclude"]["Fn::If"]
    assert alone == [{"Ref": "AWS::StackName"}]
    assert others["Fn::Split"][1]["Fn::Sub"][0] == "${AWS::StackName},${Others}"


def test_by_default_it_warns_and_stops_nothing() -> None:
    """A first roll-out breaks no deployment."""
    defaults = {name: each.get("Default") for name, each in load(HOOK)["Parameters"].items()}
    assert (defaults["Status"], defaults["Mode"]) == ("ENABLED", "WARN")
    assert defaults["OnCannotJudge"] == "pass"


def test_the_function_is_told_what_it_reads() -> None:
    """By the names that the handler looks for, and in values that it compares with."""
    variables = properties(FUNCTION)["Environment"]["Variables"]
    handler = (ROOT / "hook" / "auto_lex_permissions_hook" / "handler.py").read_text()
    assert set(variables) == set(re.findall(r'environ\.get\("(\w+)"', handler))
    assert load(HOOK)["Parameters"]["OnCannotJudge"]["AllowedValues"] == ["pass", "fail"]
    assert 'environ.get("ON_CANNOT_JUDGE") == "fail"' in handler


def test_the_function_is_done_well_before_cloudformation_gives_up() -> None:
    """After 30 seconds: hooks-concepts.html."""
    assert properties(FUNCTION)["Timeout"] <= 20


@pytest.mark.parametrize("metric", ALARMS)
def test_an_alarm_watches_its_metric_and_notifies_the_topic(metric: str) -> None:
    """There are these and no others, each with a runbook on the page."""
    alarms = of_type(load(HOOK), "AWS::CloudWatch::Alarm").values()
    by_metric = {alarm["Properties"]["MetricName"]: alarm for alarm in alarms}
    assert set(by_metric) == set(ALARMS)
    assert by_metric[metric]["Condition"] == "HasAlarmTopic"
    namespace, dimensions, statistic, threshold, runbook = ALARMS[metric]
    alarm = by_metric[metric]["Properties"]
    described = alarm.pop("AlarmDescription")["Fn::Sub"]
    assert f'See "{runbook}" in docs/hook.md.' in described
    assert f"\n### {runbook}\n" in PAGE
    assert "${HookName}" in described
    topic = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${AlarmTopicName}"
    assert alarm == {
        "Namespace": namespace,
        "MetricName": metric,
        "Dimensions": dimensions,
        "Statistic": statistic,
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [{"Fn::Sub": topic}],
        "OKActions": [{"Fn::Sub": topic}],
    }


def test_the_duration_alarm_comes_before_the_time_out() -> None:
    """At 80 % of it, whatever it is set to."""
    assert ALARMS["Duration"][3] == properties(FUNCTION)["Timeout"] * 1000 * 0.8


def test_the_stack_set_hands_every_parameter_on() -> None:
    """Each under its own name, with the same default and the same values."""
    stack_set = load(HOOK_STACK_SET)
    declared = load(HOOK)["Parameters"]
    handed = stack_set["Resources"]["Hooks"]["Properties"]["Parameters"]
    assert sorted(each["ParameterKey"] for each in handed) == sorted([*declared, *OF_PACKAGE])
    for name, parameter in declared.items():
        again = stack_set["Parameters"][name]
        for key in ("Type", "Default", "AllowedValues", "AllowedPattern"):
            assert again.get(key) == parameter.get(key), name


def test_the_stacks_of_the_stack_set_are_excluded() -> None:
    """That which has it, and those that it makes, by their names."""
    handed = load(HOOK_STACK_SET)["Resources"]["Hooks"]["Properties"]["Parameters"]
    (excluded,) = (
        each["ParameterValue"] for each in handed if each["ParameterKey"] == "ExcludedStackNames"
    )
    assert json.dumps(excluded).count("${AWS::StackName},StackSet-${AWS::StackName}-*") == 2


def test_it_is_rolled_out_as_the_registration_is() -> None:
    """One way to deploy to an organization, not two."""
    (hooks,) = of_type(load(HOOK_STACK_SET), "AWS::CloudFormation::StackSet").values()
    (registrations,) = of_type(load(STACK_SET), "AWS::CloudFormation::StackSet").values()
    for key in ("PermissionModel", "CallAs", "AutoDeployment", "ManagedExecution", "Capabilities"):
        assert hooks["Properties"][key] == registrations["Properties"][key]
    assert (
        hooks["Properties"]["OperationPreferences"]
        == (registrations["Properties"]["OperationPreferences"])
    )


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("AutoLexPermissions::Lex::CodeHooks", True),
        ("My::Own::Hook", True),
        ("AwsLex::Own::Hook", False),
        ("AutoLexPermissions", False),
        ("A::B::C", False),
        ("Auto-Lex::Permissions::Hook", False),
        ("Auto::Lex::Permissions::Hook", False),
    ],
)
def test_names_of_hooks(name: str, *, is_taken: bool) -> None:
    """As the reference of AWS::CloudFormation::LambdaHook has them."""
    pattern = load(HOOK)["Parameters"]["HookName"]["AllowedPattern"]
    assert (re.fullmatch(pattern, name) is not None) is is_taken


def test_each_parameter_is_described_and_grouped() -> None:
    """The console asks for them in an order that makes sense."""
    template = load(HOOK)
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert set(interface["ParameterLabels"]) == set(template["Parameters"])
    described = [*template["Parameters"].values(), *template["Outputs"].values()]
    assert all(each["Description"].endswith(".") for each in described)


def test_the_page_has_each_parameter_with_its_default() -> None:
    """In the order of the console's groups or not, but all of them."""
    rows = re.findall(r"^\| `(\w+)` \|(?: `([^`]+)`)? \|", PAGE, re.MULTILINE)
    declared = load(HOOK)["Parameters"]
    shown = {name: default for name, default in rows if name in declared}
    assert shown == {name: str(each["Default"]) for name, each in declared.items()}


def test_the_page_lists_what_a_deployer_needs() -> None:
    """All that the type's own schema says it asks for."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
        "us-east-1", "AWS::CloudFormation::LambdaHook"
    ).schema
    handlers = schema["handlers"]
    needed = {
        right for kind in ("create", "update", "delete") for right in handlers[kind]["permissions"]
    }
    (listed,) = re.findall(r"^\*\*Who deploys it\*\*.*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"`((?:cloudformation|iam):\w+)`", listed)) == needed


def test_how_to_switch_it_off_comes_first() -> None:
    """Whoever looks for it is in a hurry; every other parameter keeps its value."""
    first, *_ = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert first == "Switch it off"
    command, *_ = fenced(PAGE, "sh")
    given = dict(re.findall(r"ParameterKey=(\w+),(\S+)", command))
    assert given.pop("Status") == "ParameterValue=DISABLED"
    assert set(given.values()) == {"UsePreviousValue=true"}
    assert {"Status", *given} == set(load(HOOK)["Parameters"])
    # Those of a release, on lines that may stand anywhere above the last.
    of_package, *_ = fenced(PAGE, "text")
    assert re.findall(r"ParameterKey=(\w+),UsePreviousValue=true \\\n", of_package) == OF_PACKAGE
    assert list(PARAMETERS) == OF_PACKAGE


def test_the_line_that_makes_it_stop_deployments_replaces_a_comment() -> None:
    """As SAM reads it: a value that the parameter takes."""
    *lines, last = (ROOT / "hook" / "samconfig.toml").read_text().splitlines()
    (line,) = re.findall(r"replace the last line of hook/samconfig\.toml.*?`([^`]+)`", PAGE)
    assert last.startswith("# parameter_overrides = ")
    settings = tomllib.loads("\n".join([*lines, line]))["default"]["deploy"]["parameters"]
    name, _, value = settings["parameter_overrides"].partition("=")
    assert value in load(HOOK)["Parameters"][name]["AllowedValues"]


def test_the_page_copies_what_the_stack_set_looks_for() -> None:
    """Template and code of the hook, by the names that a release gives them."""
    (name,) = (each.name for each in STACKS if each.template == "hook/template.yaml")
    (shell,) = (block for block in fenced(PAGE, "sh") if "aws s3 cp" in block)
    copied = re.findall(r'aws s3 cp (\S+) "s3://\$PREFIX-\$region/"$', shell, re.MULTILINE)
    assert copied == [f'"{name}-$VERSION-"*.zip', f'"{name}-$VERSION.yaml"']
    url = load(HOOK_STACK_SET)["Resources"]["Hooks"]["Properties"]["TemplateURL"]["Fn::Sub"]
    assert url.endswith(f"/${{ArtifactKeyPrefix}}{name}-${{Version}}.yaml")
