"""A rule for cfn-lint: code hooks that no permission covers, where people already look.

Use: `cfn-lint template.yaml --append-rules auto_lex_permissions_cli.cfn_lint_rule`.
"""

from typing import Any, Final

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from .findings import State, findings
from .requests import Stack, request_of, uses_macro


class CodeHookWithoutPermission(CloudFormationLintRule):  # type: ignore[misc] # It has no types.
    """A Lex V2 bot alias names a Lambda function that Lex may not invoke."""

    id = "E9450"
    shortdesc = "Lex V2 code hook without permission"
    description = (
        "A bot alias names a Lambda function as its code hook, and no AWS::Lambda::Permission lets"
        " Lex invoke it. The stack deploys, and then every conversation fails"
    )
    source_url = "https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach-console.html"
    tags: Final = ["resources", "lex", "lambda", "permissions"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Match each hook that nothing covers."""
        template: dict[str, Any] = cfn.template
        if uses_macro(template):
            return []
        return [
            RuleMatch(
                list(hook.place),
                f"Lex may not invoke this function for {hook.caller}: no AWS::Lambda::Permission"
                " covers it",
            )
            for hook in findings(request_of(template, Stack())).hooks
            if hook.state is State.MISSING
        ]
