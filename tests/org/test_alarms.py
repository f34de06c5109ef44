"""Whom the macro wakes, and for what."""

from typing import Any

import pytest

from tests.org.templates import FUNCTION, MACRO, load, of_type

OF_THE_FUNCTION = [{"Name": "FunctionName", "Value": {"Ref": FUNCTION}}]
OF_THE_MACRO = [
    {"Name": "service", "Value": "AutoLexPermissions"},
    {"Name": "function_name", "Value": {"Ref": FUNCTION}},
]
# By metric: its namespace, its dimensions, how it is summed up, its threshold and its runbook.
ALARMS: dict[str, tuple[str, Any, str, int, str]] = {
    "Errors": ("AWS/Lambda", OF_THE_FUNCTION, "Sum", 0, "Runbook: function errors"),
    "Throttles": ("AWS/Lambda", OF_THE_FUNCTION, "Sum", 0, "Runbook: throttles"),
    "Duration": ("AWS/Lambda", OF_THE_FUNCTION, "Maximum", 24_000, "Runbook: duration"),
    "InternalFailures": (
        "AutoLexPermissions",
        OF_THE_MACRO,
        "Sum",
        0,
        "Runbook: internal failures",
    ),
}


def by_metric() -> dict[str, dict[str, Any]]:
    """Return the properties of each alarm by its metric."""
    alarms = of_type(load(MACRO), "AWS::CloudWatch::Alarm").values()
    return {alarm["Properties"]["MetricName"]: alarm["Properties"] for alarm in alarms}


def test_an_authors_mistake_pages_nobody() -> None:
    """TemplatesRejected is counted and has no alarm, nor has anything else but these four."""
    assert set(by_metric()) == set(ALARMS)


@pytest.mark.parametrize("metric", ALARMS)
def test_an_alarm_watches_its_metric_and_notifies_the_topic(metric: str) -> None:
    """Silence is no fault: nobody may deploy anything for weeks."""
    namespace, dimensions, statistic, threshold, _ = ALARMS[metric]
    alarm = by_metric()[metric]
    assert alarm.pop("AlarmDescription")
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
        "AlarmActions": [{"Ref": "AlarmTopicArn"}],
        "OKActions": [{"Ref": "AlarmTopicArn"}],
    }


@pytest.mark.parametrize("metric", ALARMS)
def test_an_alarm_says_what_it_means_and_where_to_look(metric: str) -> None:
    """It names the function, the macro, and a heading of docs/organization.md."""
    described = by_metric()[metric]["AlarmDescription"]["Fn::Sub"]
    assert "${FunctionName}" in described
    assert "${MacroName}" in described
    assert f'See "{ALARMS[metric][4]}" in docs/organization.md.' in described
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    assert len(described) <= 1024 - 2 * 64


def test_the_duration_alarm_comes_before_the_time_out() -> None:
    """At 80 % of it, whatever it is set to."""
    seconds = load(MACRO)["Resources"][FUNCTION]["Properties"]["Timeout"]
    assert by_metric()["Duration"]["Threshold"] == seconds * 1000 * 0.8
