# LocalStack is in an environment of its own, where mypy does not run.
# mypy: disallow-subclassing-any=False
"""The entry points by which LocalStack finds the resource providers."""

from localstack.services.cloudformation.engine import quirks
from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
)

from localcloud.providers import resources


class _Plugin(CloudFormationResourceProviderPlugin):
    """Hands the provider class of one resource type to LocalStack."""

    provider: type[resources.RecordedProvider]

    def __init__(self) -> None:
        """Set what LocalStack calls after ``load``."""
        self.factory: type[resources.RecordedProvider] | None = None

    def load(self) -> None:
        """Make the provider available, and register how ``Ref`` reads for this type."""
        if self.provider.REF:
            # LocalStack joins several identifiers with "-" by default; AWS uses "|".
            quirks.PHYSICAL_RESOURCE_ID_SPECIAL_CASES[self.provider.TYPE] = self.provider.REF
        self.factory = self.provider


class BotPlugin(_Plugin):
    """AWS::Lex::Bot."""

    name = "AWS::Lex::Bot"
    provider = resources.BotProvider


class BotVersionPlugin(_Plugin):
    """AWS::Lex::BotVersion."""

    name = "AWS::Lex::BotVersion"
    provider = resources.BotVersionProvider


class BotAliasPlugin(_Plugin):
    """AWS::Lex::BotAlias."""

    name = "AWS::Lex::BotAlias"
    provider = resources.BotAliasProvider


class LambdaHookPlugin(_Plugin):
    """AWS::CloudFormation::LambdaHook."""

    name = "AWS::CloudFormation::LambdaHook"
    provider = resources.LambdaHookProvider


class IntegrationAssociationPlugin(_Plugin):
    """AWS::Connect::IntegrationAssociation."""

    name = "AWS::Connect::IntegrationAssociation"
    provider = resources.IntegrationAssociationProvider
