"""The function's memory and time-out, held against what the largest template needs.

Lambda gives a function processor time in proportion to its memory, one whole processor at 1,769 MB
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

MEGABYTES_OF_ONE_PROCESSOR = 1769
# For what stands beside the macro in its process on Lambda (the runtime client, the 6 MB that a
# request may have), for slower processors, and for templates that are harder than the largest.
MEMORY_MARGIN = 3
TIME_MARGIN = 10

# The peak of this process alone: on Linux ru_maxrss also counts the process that started it.
MEASURE = """
import json, pathlib, re, resource, sys, time, types
sys.path.insert(0, sys.argv[1])
event = json.load(sys.stdin)
import auto_lex_permissions.handler
context = types.SimpleNamespace(
    aws_request_id="request", log_group_name="group", function_name="name",
    memory_limit_in_mb=1, invoked_function_arn="arn:aws:lambda:us-east-1:111122223333:function:f",
)
answer = auto_lex_permissions.handler.handler(event, context)
assert answer["status"] == "success", answer.get("errorMessage")
if sys.platform == "linux":
    status = pathlib.Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": time.process_time(), "megabytes": peak / 1e6}))
"""


def largest_template() -> dict[str, Any]:
    """Return a template near the limits of CloudFormation: 500 resources and 1 MB."""
    resources: dict[str, Any] = {}
    for number in range(120):
        hook = {"LambdaArn": {"Fn::GetAtt": [f"Function{number}", "Arn"]}}
        setting = {"Enabled": True, "CodeHookSpecification": {"LambdaCodeHook": hook}}
        locales = [
            {"LocaleId": locale, "BotAliasLocaleSetting": setting}
            for locale in ("ja_JP", "en_US", "de_DE")
        ]
        alias = {"BotId": {"Ref": f"Bot{number}"}, "BotAliasLocaleSettings": locales}
        bot = {"Description": "x" * 6_500}
        resources[f"Function{number}"] = {"Type": "AWS::Lambda::Function", "Properties": {}}
        resources[f"Bot{number}"] = {"Type": "AWS::Lex::Bot", "Properties": bot}
        resources[f"Alias{number}"] = {"Type": "AWS::Lex::BotAlias", "Properties": alias}
    return {"Resources": resources}


def test_memory_and_time_out_have_a_margin(artifact: Path, processed: dict[str, Any]) -> None:
    """Import and one call for the largest template, as in a cold start."""
    event = {
        "region": "us-east-1",
        "accountId": "111122223333",
        "transformId": "111122223333::AutoLexPermissions",
        "requestId": "request",
        "params": {},
        "templateParameterValues": {},
        "fragment": largest_template(),
    }
    result = subprocess.run(
        [sys.executable, "-I", "-B", "-c", MEASURE, str(artifact)],
        input=json.dumps(event),
        stdout=subprocess.PIPE,
        text=True,
        timeout=50,
        check=True,
    )
    # Before it stands what the macro has logged.
    used = json.loads(result.stdout.splitlines()[-1])
    function = processed["Resources"]["AutoLexPermissionsFunction"]["Properties"]
    share = function["MemorySize"] / MEGABYTES_OF_ONE_PROCESSOR
    assert used["megabytes"] * MEMORY_MARGIN <= function["MemorySize"], used
    assert used["seconds"] / share * TIME_MARGIN <= function["Timeout"], used
