"""Where a template names the macro: before or after other transforms, or beside resources."""

from pathlib import Path

import pytest

from localcloud.account import Account

STACKS = Path(__file__).parent / "stacks"
FIRST = "Transform: [AutoLexPermissions, AWS::LanguageExtensions]\n"
LAST = "Transform: [AWS::LanguageExtensions, AutoLexPermissions]\n"

pytestmark = [pytest.mark.usefixtures("macro"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("order", [FIRST, LAST], ids=["before", "after"])
def test_loop_before_and_after_it_is_written_out(
    account: Account, order: str, tmp_path: Path
) -> None:
    """Each item's alias may invoke its own function, and nothing else may (rule 1.5)."""
    template = tmp_path / "loop.yaml"
    template.write_text((STACKS / "loop.yaml").read_text().replace(FIRST, order))
    outputs = account.deploy_directly(f"loop-{[FIRST, LAST].index(order)}", template)
    for stage in ("Dev", "Prod"):
        (found,) = account.statements(outputs[f"{stage}FunctionName"])
        assert found["Principal"] == {"Service": "lexv2.amazonaws.com"}
        assert found["Condition"]["ArnLike"] == {"AWS:SourceArn": outputs[f"{stage}AliasArn"]}


def test_macro_beside_the_resources(account: Account) -> None:
    """`Fn::Transform` under Resources hands over the resources alone (rule 6.1)."""
    outputs = account.deploy("snippet", STACKS / "snippet.yaml")
    (found,) = account.statements(outputs["FunctionName"])
    assert found["Condition"]["ArnLike"] == {"AWS:SourceArn": outputs["BotAliasArn"]}
