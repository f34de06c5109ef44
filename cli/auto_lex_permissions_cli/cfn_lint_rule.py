"""A rule for cfn-lint: code hooks that no permission covers, where people already look.

Use: `cfn-lint template.yaml --append-rules auto_lex_permissions_cli.cfn_lint_rule`.
"""

from typing import Any, Final

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

from auto_lex_permissions.diagnostics import NO_PERMISSION

from .findings import findings, suppressions
from .requests import Stack, request_of, use_of


class CodeHookWithoutPermission(CloudFormationLintRule):  # type: ignore[misc] # It has no types.
    """A Lex V2 bot alias names a Lambda function that Lex may not invoke."""

    id = "E9450"
    shortdesc = NO_PERMISSION.title
    description = (
        f"{NO_PERMISSION.title} ({NO_PERMISSION.code}). The stack deploys, and then every"
        " conversation fails"
    )
    source_url = NO_PERMISSION.url
    tags: Final = ["resources", "lex", "lambda", "permissions"]

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Match each hook that nothing covers, unless its resource's Metadata lets it stay."""
        template: dict[str, Any] = cfn.template
        if use_of(template, Stack()):
            return []
        missing = findings(request_of(template, Stack())).missing
        return [
            RuleMatch(list(one.diagnostic.place), one.diagnostic.advice)
            for one in suppressions(template, missing)
            if one.diagnostic in missing and one.reason is None
        ]
