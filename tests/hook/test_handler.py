"""The hook's function answers whatever it is asked, in the shape that CloudFormation takes."""

import functools
import json
from typing import Any

import pytest

from auto_lex_permissions import __version__
from auto_lex_permissions.diagnostics import NO_PERMISSION, PAGE
from auto_lex_permissions_hook import handler as shell
from auto_lex_permissions_hook import judgement
from auto_lex_permissions_hook.protocol import (
    ESSENTIAL,
    LONGEST_MESSAGE,
    LONGEST_TEXT,
    MOST_ANNOTATIONS,
    HookRequest,
)
from auto_lex_permissions_hook.protocol import PAGE as HOOK_PAGE
from tests.cli.commands import BY_MACRO, PERMISSION, TEMPLATE
from tests.hook.server import URL, Bucket, holds, says
from tests.listening import Context, heard

SECRET = "correct-horse-battery-staple"  # noqa: S105 - it stands for one.
TOKEN = "f8da6d11-b23f-48f4-814c-0fb6a667f50e"  # noqa: S105 - of a request.
PLACE = "arn:aws:cloudformation:us-west-2:123456789012"
STACK_ID = f"{PLACE}:stack/MyStack/1a2345b6-0000-00a0-a123-00abc0abc000"
CHANGE_SET_ID = f"{PLACE}:changeSet/SampleChangeSet/1a2345b6-0000-00a0-a123-00abc0abc000"
ALLOWED = TEMPLATE + PERMISSION
WITHOUT_LEX = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the environment of whoever runs the tests may say."""
    monkeypatch.delenv("ON_CANNOT_JUDGE", raising=False)
    monkeypatch.delenv("MACRO_NAME", raising=False)


def event(target: str = "STACK", **more: Any) -> dict[str, Any]:
    """Return a request with the fields of AWS's two examples of stacks and change sets."""
    is_stack = target == "STACK"
    return {
        "clientRequestToken": TOKEN,
        "awsAccountId": "123456789012",
        "stackId": STACK_ID,
        "changeSetId": None if is_stack else CHANGE_SET_ID,
        "hookTypeName": "AutoLexPermissions::Lex::CodeHooks",
        "hookTypeVersion": "00000008",
        "hookModel": {"LambdaFunction": "arn:aws:lambda:us-west-2:123456789012:function:Hook"},
        "actionInvocationPoint": "UPDATE_PRE_PROVISION" if is_stack else "CREATE_PRE_PROVISION",
        "requestData": {
            "targetName": target,
            "targetType": target,
            "targetLogicalId": "MyStack" if is_stack else CHANGE_SET_ID,
            "payload": URL,
        },
        "requestContext": {"invocation": 1, "callbackContext": None},
        **more,
    }


def other_spelling(of: dict[str, Any]) -> dict[str, Any]:
    """Return a request with the names of AWS's descriptions of its shape."""
    renamed = {"clientRequestToken": "clientRequesttoken", "stackId": "stackID"}
    return {renamed.get(name, name): value for name, value in of.items()}


def asked(request: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what the function answers, and the lines that it logs."""
    ask = functools.partial(shell.handler, context=Context(function_name="Hook"))  # type: ignore[arg-type]
    answer, lines = heard(ask, request, shell.logger)
    json.dumps(answer).encode()
    assert set(answer) - {"errorCode"} == {
        "hookStatus",
        "message",
        "clientRequestToken",
        "annotations",
    }
    assert ("errorCode" in answer) is (answer["hookStatus"] == "FAILED")
    return answer, [json.loads(line) for line in lines]


def counted(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what was counted: each metric with its value, and the dimensions."""
    (emitted,) = [line for line in lines if "_aws" in line]
    (of_cloudwatch,) = emitted["_aws"]["CloudWatchMetrics"]
    assert of_cloudwatch["Namespace"] == "AutoLexPermissions"
    (names,) = of_cloudwatch["Dimensions"]
    found = {each["Name"]: emitted[each["Name"]] for each in of_cloudwatch["Metrics"]}
    return {**found, **{name: emitted[name] for name in names}}


def metric(name: str) -> dict[str, Any]:
    """Return what is counted where one thing is."""
    return {name: [1.0], "service": "AutoLexPermissionsHook", "function_name": "Hook"}


REQUESTS = {
    f"{target} {spelling.__name__}": spelling(event(target))
    for target in ("STACK", "CHANGE_SET")
    for spelling in (dict, other_spelling)
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_missing_permission_fails_both_targets_in_both_spellings(s3: Bucket, name: str) -> None:
    """With the request's token, the code, what to do and where it is explained."""
    s3.answer = holds(TEMPLATE, previousTemplate=ALLOWED, changedResources=[{"action": "CREATE"}])
    answer, lines = asked(REQUESTS[name])
    path = (
        "Resources.Alias.Properties.BotAliasLocaleSettings[0].BotAliasLocaleSetting"
        ".CodeHookSpecification.LambdaCodeHook.LambdaArn"
    )
    what = (
        "Lex is not allowed to invoke Orders for bot alias Alias (where IsProd): no permission"
        " covers this call."
    )
    assert answer == {
        "hookStatus": "FAILED",
        "errorCode": "NonCompliant",
        "message": (
            "AutoLexPermissions found 1 error in this template (1 code hook)."
            f" See {HOOK_PAGE}. (1) ALP101 {path}: {what} {NO_PERMISSION.remedy}"
        ),
        "clientRequestToken": TOKEN,
        "annotations": [
            {
                "annotationName": "ALP101",
                "status": "FAILED",
                "statusMessage": f"{path}: {what}",
                "remediationMessage": NO_PERMISSION.remedy,
                "remediationLink": f"{PAGE}#alp101",
                "severityLevel": "HIGH",
            }
        ],
    }
    assert counted(lines) == metric("TemplatesFailed")
    (line,) = [line for line in lines if line.get("message") == "template judged"]
    assert (line["code_hooks"], line["errors"], line["suppressed"]) == (1, 1, 0)
    assert line["found"] == [f"ALP101 {path}"]
    assert (line["version"], line["stack_id"]) == (__version__, STACK_ID)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (ALLOWED, "Lex may invoke the function of each code hook of this template."),
        (BY_MACRO, "The macro AutoLexPermissions adds what is missing in this template."),
        (WITHOUT_LEX, "AutoLexPermissions found no Lex V2 code hook in this template."),
        (
            TEMPLATE.partition("      BotAliasLocaleSettings")[0],
            "AutoLexPermissions found no Lex V2 code hook in this template.",
        ),
    ],
)
def test_what_is_in_order_passes(s3: Bucket, template: str, message: str) -> None:
    """And says why."""
    s3.answer = holds(template)
    answer, lines = asked(event())
    assert (answer["hookStatus"], answer["message"]) == ("SUCCESS", message)
    assert answer["clientRequestToken"] == TOKEN
    assert answer["annotations"] == []
    assert counted(lines) == metric("TemplatesPassed")


def test_the_macro_may_have_another_name(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the parameter MacroName."""
    monkeypatch.setenv("MACRO_NAME", "AutoLexPermissions2")
    s3.answer = holds(BY_MACRO)
    assert asked(event())[0]["hookStatus"] == "FAILED"
    s3.answer = holds(BY_MACRO.replace("AutoLexPermissions", "AutoLexPermissions2", 1))
    assert asked(event())[0]["hookStatus"] == "SUCCESS"


def test_what_names_no_bot_is_not_even_parsed(s3: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most stacks of an account have nothing to do with Lex."""
    monkeypatch.delattr(judgement, "parse")
    s3.answer = holds(WITHOUT_LEX)
    assert asked(event())[0]["hookStatus"] == "SUCCESS"
    s3.answer = holds(TEMPLATE)
    assert "internal failure" in [line.get("message") for line in asked(event())[1]]


def test_a_deletion_is_not_looked_at(s3: Bucket) -> None:
    """It has no template, and needs no permission."""
    answer, _ = asked(event(actionInvocationPoint="DELETE_PRE_PROVISION"))
    assert answer["hookStatus"] == "SUCCESS"
    assert s3.requests == []


def test_warnings_and_notes_pass_with_what_they_say(s3: Bucket) -> None:
    """A permission that is too wide lets Lex in, and somebody should know."""
    s3.answer = holds(ALLOWED.replace("      SourceArn: !GetAtt Alias.Arn\n", ""))
    answer, _ = asked(event())
    assert answer["hookStatus"] == "SUCCESS"
    assert answer["message"].endswith("; 1 remark is among the details.")
    (warning,) = answer["annotations"]
    assert (warning["annotationName"], warning["status"]) == ("ALP201", "PASSED")
    assert warning["severityLevel"] == "LOW"


def test_what_parameters_decide_is_a_note(s3: Bucket) -> None:
    """Beside a permission that is there: whether the stack can give it depends on their values."""
    s3.answer = holds(
        ALLOWED.replace("!GetAtt Orders.Arn", "!Ref Stage").replace("!Ref Orders", "!Ref Stage")
    )
    answer, _ = asked(event())
    assert answer["hookStatus"] == "SUCCESS"
    (note,) = answer["annotations"]
    assert (note["status"], note["severityLevel"]) == ("SKIPPED", "INFORMATIONAL")
    assert "by parameters (Stage), whose values" in note["statusMessage"]
    assert note["remediationLink"] == f"{HOOK_PAGE}#parameters"


def test_a_mistake_that_parameters_decide_is_a_note(s3: Bucket) -> None:
    """The function is another account's in some deployments, and nobody can tell in which."""
    foreign = "arn:aws:lambda:us-west-2:999999999999:function:orders"
    s3.answer = holds(ALLOWED.replace("!GetAtt Orders.Arn", foreign))
    answer, lines = asked(event())
    assert answer["hookStatus"] == "SUCCESS"
    (note,) = [each for each in answer["annotations"] if each["annotationName"] == "ALP401"]
    assert (note["status"], note["severityLevel"]) == ("SKIPPED", "INFORMATIONAL")
    assert note["statusMessage"].endswith(" decide whether this deployment has it.")
    (line,) = [line for line in lines if line.get("message") == "template judged"]
    assert (line["errors"], line["undecided"]) == (0, 1)


def test_errors_come_first(s3: Bucket) -> None:
    """Whatever is found before them in the template."""
    wide = ALLOWED.replace("      SourceArn: !GetAtt Alias.Arn\n", "")
    late = TEMPLATE.partition("  Alias:\n")[2].replace("Orders", "Others")
    s3.answer = holds(f"{wide}  Late:\n{late}")
    answer, _ = asked(event())
    assert [each["status"] for each in answer["annotations"]] == ["FAILED", "PASSED"]


def test_what_is_suppressed_is_only_counted(s3: Bucket) -> None:
    """With a reason, as for `check`."""
    reason = "Granted by another stack."
    allowed = f"{{AutoLexPermissions: {{Suppress: [{{Id: ALP101, Reason: {reason}}}]}}}}"
    s3.answer = holds(
        TEMPLATE.replace(
            "    Condition: IsProd\n", f"    Condition: IsProd\n    Metadata: {allowed}\n"
        )
    )
    answer, lines = asked(event())
    assert (answer["hookStatus"], answer["annotations"]) == ("SUCCESS", [])
    assert reason not in json.dumps([answer, lines])
    (line,) = [line for line in lines if line.get("message") == "template judged"]
    assert line["suppressed"] == 1


NOT_JUDGED = {
    "unreadable": holds("AWS::Lex::Bot: [\n  x: '"),
    "twice": holds(TEMPLATE.replace("  Orders:", f"  {SECRET}: 1\n  {SECRET}: 2\n  Orders:")),
    "no object": holds("- AWS::Lex::Bot"),
    "several": holds("--- {AWS::Lex::Bot: x}\n--- {}"),
    "half a pair": holds(TEMPLATE + "# \ud800"),
    "no template": says("{}"),
    "expired": says("", "403 Forbidden"),
}


@pytest.mark.parametrize("name", NOT_JUDGED)
@pytest.mark.parametrize("answered", ["pass", "fail"])
def test_what_cannot_be_judged_is_answered_as_wanted_and_counted(
    s3: Bucket, monkeypatch: pytest.MonkeyPatch, name: str, answered: str
) -> None:
    """And never silently: the answer, the log and the metric say so, without a value."""
    monkeypatch.setenv("ON_CANNOT_JUDGE", answered)
    s3.answer = NOT_JUDGED[name]
    answer, lines = asked(event())
    assert answer["message"].startswith("ALP703 AutoLexPermissions could not judge this template")
    (noted,) = answer["annotations"]
    assert noted["annotationName"] == "ALP703"
    if answered == "fail":
        assert (answer["hookStatus"], answer["errorCode"]) == ("FAILED", "InternalFailure")
        assert noted["status"] == "FAILED"
    else:
        assert answer["hookStatus"] == "SUCCESS"
        assert answer["message"].endswith(" It was let through.")
        assert noted["status"] == "SKIPPED"
    assert counted(lines) == metric("NotJudged")
    (line,) = [line for line in lines if line.get("message") == "template not judged"]
    assert line["why"] in answer["message"]
    assert SECRET not in json.dumps([answer, lines])
    assert "X-Amz-Signature" not in json.dumps([answer, lines])


def test_it_says_where_a_template_cannot_be_read(s3: Bucket) -> None:
    """Its line and column, and no more."""
    s3.answer = NOT_JUDGED["twice"]
    message = asked(event())[0]["message"]
    assert ": it cannot be read as YAML or JSON at line 9, column 3. Run" in message


def test_other_targets_are_not_judged() -> None:
    """Somebody else's hook may call the function for single resources."""
    answer, lines = asked(event("AWS::Lex::Bot"))
    assert "another target than STACK and CHANGE_SET" in answer["message"]
    assert "NotJudged" in counted(lines)


def test_a_template_that_takes_too_much_work_is_not_judged(
    s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be in order: only a template with the macro cannot be deployed (ALP504)."""
    monkeypatch.setattr("auto_lex_permissions.cfn.budget.MOST_STEPS", 10)
    s3.answer = holds(TEMPLATE)
    answer, lines = asked(event())
    assert "takes more work" in answer["message"]
    assert "NotJudged" in counted(lines)


@pytest.mark.parametrize(
    "broken", [None, [], 1, {}, {"requestData": []}, {"requestData": {"payload": 1}}]
)
def test_any_request_is_answered(broken: Any) -> None:
    """Test events of the console, and what nobody has documented."""
    answer, _ = asked(broken)
    assert answer["hookStatus"] == "SUCCESS"
    assert answer["clientRequestToken"] == ""


def test_half_a_surrogate_pair_in_a_request_is_answered() -> None:
    """Lambda takes answers in UTF-8, which does not have it."""
    answer, _ = asked(event(clientRequestToken="\ud800", stackId="\ud800"))
    assert answer["clientRequestToken"] == "\\ud800"


@pytest.mark.parametrize("answered", ["pass", "fail"])
def test_a_fault_of_our_own_is_answered_and_counted(
    s3: Bucket, monkeypatch: pytest.MonkeyPatch, answered: str
) -> None:
    """As what cannot be judged, with where to look; its log has no value of the template."""

    def fail(*_: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setenv("ON_CANNOT_JUDGE", answered)
    monkeypatch.setattr(shell, "judge", fail)
    s3.answer = holds(TEMPLATE)
    answer, lines = asked(event())
    assert answer["hookStatus"] == ("FAILED" if answered == "fail" else "SUCCESS")
    assert answer["message"].startswith("ALP901 ")
    assert Context().aws_request_id in answer["message"]
    assert counted(lines) == metric("NotJudged")
    (line,) = [line for line in lines if line.get("message") == "internal failure"]
    assert line["error"] == "ValueError"
    assert any("_judged" in frame for frame in line["frames"])
    assert SECRET not in json.dumps([answer, lines])


def test_metrics_that_cannot_be_written_cost_no_answer(
    s3: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only they are lost, and the log says so."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(SECRET)

    s3.answer = holds(TEMPLATE)
    with monkeypatch.context() as patched:
        patched.setattr(shell.metrics, "add_dimension", fail)
        answer, lines = asked(event())
    shell.metrics.clear_metrics()
    assert answer["hookStatus"] == "FAILED"
    assert [line["message"] for line in lines][-1] == "metrics not written"
    assert SECRET not in json.dumps(lines)


def many(aliases: int) -> str:
    """Return a template with so many hooks without their permission, on ids of the longest kind."""
    alias = TEMPLATE.partition("  Alias:\n")[2]
    names = (f"  {'Alias' * 48}{number}:\n{alias}" for number in range(aliases))
    return TEMPLATE.partition("  Alias:\n")[0] + "".join(names)


@pytest.mark.parametrize("aliases", [1, 2, 12, 480])
def test_the_essential_is_in_what_is_shown(s3: Bucket, aliases: int) -> None:
    """How many, where help is, and the first one, however much there is to say."""
    s3.answer = holds(many(aliases))
    answer, _ = asked(event())
    message = answer["message"]
    assert len(message) <= LONGEST_MESSAGE
    start = message[:ESSENTIAL]
    assert start.startswith(f"AutoLexPermissions found {aliases} error")
    assert f" See {HOOK_PAGE}. (1) ALP101 Resources.AliasAlias" in start
    assert NO_PERMISSION.remedy in start
    shown = message.count("ALP101")
    assert shown == aliases or message.endswith(f" and {aliases - shown} more")
    assert aliases < 12 or 2 < shown < aliases
    failed = [each for each in answer["annotations"] if each["status"] == "FAILED"]
    assert len(failed) == aliases


def test_an_answer_has_no_end_of_annotations(s3: Bucket) -> None:
    """Each within the length that GetHookResult gives back."""
    s3.answer = holds(many(MOST_ANNOTATIONS + 1))
    answer, _ = asked(event())
    assert answer["message"].startswith(f"AutoLexPermissions found {MOST_ANNOTATIONS + 1} errors")
    assert len(answer["annotations"]) == MOST_ANNOTATIONS
    for each in answer["annotations"]:
        assert 0 < len(each["statusMessage"]) <= LONGEST_TEXT
        assert 0 < len(each["remediationMessage"]) <= LONGEST_TEXT


def test_a_first_finding_of_any_length_leaves_the_essential(s3: Bucket) -> None:
    """What is too long is cut, and whole in its annotation."""
    s3.answer = holds(TEMPLATE.replace("IsProd", "Is" + "Prod" * 240))
    answer, _ = asked(event())
    assert "(1) ALP101 Resources.Alias" in answer["message"][:ESSENTIAL]
    assert "…" in answer["message"][:ESSENTIAL]
    assert "Prod" * 240 in answer["annotations"][0]["statusMessage"]


@pytest.mark.parametrize(
    ("stack_id", "place"),
    [
        (STACK_ID, ("us-west-2", "123456789012")),
        (
            "arn:aws-us-gov:cloudformation:us-gov-west-1:111122223333:stack/a/b",
            ("us-gov-west-1", "111122223333"),
        ),
        ("arn:aws:cloudformation:us-west-2:123456789012:changeSet/a/b", ("", "")),
        ("MyStack", ("", "")),
        ("", ("", "")),
    ],
)
def test_region_and_account_come_from_the_stacks_id(stack_id: str, place: tuple[str, str]) -> None:
    """Nothing else in a request says them."""
    assert HookRequest("", stack_id, "", "", "").place == place
