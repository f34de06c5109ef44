"""`doctor` on a stack that was really deployed: before the macro, and after it.

Lambda and its policies are LocalStack's; Lex's list calls, which LocalStack does not have, are
served by the stub of the unit tests, filled with what the stack has made.
"""

from pathlib import Path

import pytest

from localcloud.account import Account
from localcloud.server import REGION
from tests.cli.aws_stub import serving
from tests.cli.commands import Ended, run

TEMPLATE = Path(__file__).parent / "stacks" / "one-locale.yaml"
TRANSFORM = "Transform: AutoLexPermissions\n"

pytestmark = [pytest.mark.usefixtures("macro"), pytest.mark.timeout(300)]


def test_doctor_before_and_after_the_macro(account: Account, tmp_path: Path) -> None:
    """Without the line the hook is denied, and with it allowed; the line is all that changes."""
    text = TEMPLATE.read_text()
    assert text.count(TRANSFORM) == 1
    without = tmp_path / "one-locale.yaml"
    without.write_text(text.replace(TRANSFORM, ""))
    outputs = account.deploy("diagnosed", without)
    ended = diagnosed(account, outputs)
    explained = diagnosed(account, outputs, "--explain", "diagnosed/live")
    assert (explained.code, explained.err) == (1, "")
    assert explained.out.endswith("The chain is broken at 7 (the function's policy).\n")
    assert ended.code == 1, ended.err
    assert "denied " in ended.out
    assert f"--function-name {function_arn(account, outputs)}" in ended.out

    outputs = account.deploy("diagnosed", TEMPLATE)
    ended = diagnosed(account, outputs)
    explained = diagnosed(account, outputs, "--explain", "diagnosed/live")
    assert (explained.code, explained.err) == (0, "")
    assert [line[3:8] for line in explained.out.splitlines() if line[1].isdigit()] == ["holds"] * 8
    assert (ended.code, ended.err) == (0, "")
    assert "1 code hook in 1 bot alias" in ended.out
    assert "allowed " in ended.out


def diagnosed(account: Account, outputs: dict[str, str], *options: str) -> Ended:
    """Run `doctor` on what the stack has made."""
    bot, alias = outputs["BotAliasArn"].split("/")[1:]
    with serving() as stub:
        stub.add_bot(bot, "diagnosed")
        del stub.aliases[bot]["TSTALIASID"]
        stub.add_alias(bot, alias, "live", en_US=function_arn(account, outputs))
        return run(
            *("doctor", "--region", REGION, *options),
            **{
                **stub.environment,
                "AWS_ENDPOINT_URL_LAMBDA": account.cloud.endpoint,
                "AWS_ACCESS_KEY_ID": account.account_id,
            },
        )


def function_arn(account: Account, outputs: dict[str, str]) -> str:
    """Return the ARN of the function that the alias calls."""
    name = outputs["FirstFunctionName"]
    return f"arn:aws:lambda:{REGION}:{account.account_id}:function:{name}"
