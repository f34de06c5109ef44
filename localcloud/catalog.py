"""Which resource types LocalStack can deploy: those that have a provider here, and no others.

LocalStack looks this up in a catalog that it would fetch from its makers' servers. Where those are
out of reach it takes every type for unsupported, and its own way out
(``CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES``) lets every unknown type pass for deployed. This plug-in
needs no network and lets nothing pass: a type without a provider fails the change set.
"""

from localstack.services.cloudformation.resource_provider import plugin_manager
from localstack.utils.catalog.catalog import CatalogPlugin
from localstack.utils.catalog.common import (
    CloudFormationResourcesSupportAtRuntime,
    CloudFormationResourcesSupportInLatest,
)

type Status = CloudFormationResourcesSupportAtRuntime | CloudFormationResourcesSupportInLatest


class OfflineCatalog(CatalogPlugin):
    """A catalog of what this very process can do."""

    # The name that LocalStack looks for first.
    name = "aws-catalog-remote-state-with-license"

    def get_aws_service_status(self, *_: object) -> None:
        """Know nothing of services; LocalStack then says itself what it lacks."""

    def get_cloudformation_resource_status(self, resource_name: str, *_: object) -> Status:
        """Return whether the type has a provider."""
        if resource_name in plugin_manager.list_names():
            return CloudFormationResourcesSupportAtRuntime.AVAILABLE
        return CloudFormationResourcesSupportInLatest.NOT_SUPPORTED
