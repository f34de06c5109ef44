# LocalStack is in an environment of its own, where mypy does not run.
# mypy: disallow-subclassing-any=False
"""The resource types of Lex V2, Connect and hooks: checks, attributes, records.

A provider checks the properties as CloudFormation would before it calls the service, makes the
attributes that other resources refer to, in the shapes that AWS documents, and records what is
deployed. Nothing talks to a bot or calls a hook: these resources exist for stacks to depend on, and
for tests to look at.
"""

import secrets
import string
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)
from localstack.utils.aws.arns import get_partition

from localcloud.providers import schemas
from localcloud.records import Records

type Model = dict[str, Any]

ID_CHARACTERS = string.ascii_uppercase + string.digits
ID_LENGTH = 10


class RejectedError(Exception):
    """The service or the type refuses these properties; the text says why."""


class RecordedProvider(ResourceProvider):
    """What the types have in common: check, attributes, record."""

    TYPE: ClassVar[str]
    REF: ClassVar[str] = ""
    """How ``Ref`` is built, in LocalStack's notation; empty where the only identifier is it."""
    SCHEMA: ClassVar[dict[str, Any]]
    """What LocalStack reads: identifiers, and the properties whose change replaces the resource."""
    PROPERTIES: ClassVar[schemas.Schema]
    ATTRIBUTES: ClassVar[tuple[str, ...]]

    def create(self, request: ResourceRequest) -> ProgressEvent:
        """Check the properties, make the attributes, and record the resource."""
        try:
            properties = self._checked(request)
            model = properties | self.attributes(request, properties)
        except RejectedError as error:
            return _failure(error)
        return self._recorded(request, model)

    def update(self, request: ResourceRequest) -> ProgressEvent:
        """Check the new properties; the attributes stay."""
        try:
            properties = self._checked(request)
        except RejectedError as error:
            return _failure(error)
        kept = {name: request.previous_state[name] for name in self.ATTRIBUTES}
        return self._recorded(request, properties | kept)

    def delete(self, request: ResourceRequest) -> ProgressEvent:
        """Forget the resource."""
        model = request.previous_state or request.desired_state
        Records.from_environment().remove_resource(self.TYPE, self.record_name(request, model))
        return ProgressEvent(OperationStatus.SUCCESS, resource_model={})

    def attributes(self, request: ResourceRequest, properties: Model) -> Model:
        """Return what ``Fn::GetAtt`` can read, for a new resource."""
        raise NotImplementedError

    def record_name(self, request: ResourceRequest, model: Mapping[str, Any]) -> str:
        """Return a name for the record: unique over accounts, Regions and this type."""
        identifiers = [model[path.rpartition("/")[2]] for path in self.SCHEMA["primaryIdentifier"]]
        name = "_".join([request.account_id, request.region_name, *identifiers])
        return name.replace("/", "-").replace(":", "-")

    def _checked(self, request: ResourceRequest) -> Model:
        """Return the properties without attributes, or reject them all with one text."""
        properties = {k: v for k, v in request.desired_state.items() if k not in self.ATTRIBUTES}
        errors = sorted(Draft202012Validator(self.PROPERTIES).iter_errors(properties), key=str)
        if errors:
            texts = [f"#/{'/'.join(map(str, error.path))}: {error.message}" for error in errors]
            message = (
                f"Properties validation failed for resource {request.logical_resource_id} "
                f"with message: [{', '.join(texts)}]"
            )
            raise RejectedError(message)
        return properties

    def _recorded(self, request: ResourceRequest, model: Model) -> ProgressEvent:
        Records.from_environment().put_resource(self.TYPE, self.record_name(request, model), model)
        return ProgressEvent(OperationStatus.SUCCESS, resource_model=model)


class BotProvider(RecordedProvider):
    """AWS::Lex::Bot: ``Ref`` and ``Id`` are the bot's id."""

    TYPE = "AWS::Lex::Bot"
    SCHEMA: ClassVar[dict[str, Any]] = {
        "primaryIdentifier": ["/properties/Id"],
        "createOnlyProperties": ["/properties/BotType"],
    }
    PROPERTIES = schemas.BOT
    ATTRIBUTES = ("Id", "Arn")

    def attributes(self, request: ResourceRequest, properties: Model) -> Model:  # noqa: ARG002
        """Return a new id and the ARN with it."""
        bot_id = _new_id()
        return {"Id": bot_id, "Arn": _lex_arn(request, f"bot/{bot_id}")}


class BotVersionProvider(RecordedProvider):
    """AWS::Lex::BotVersion: numbered from 1 for each bot; ``Ref`` is ``BotId|BotVersion``."""

    TYPE = "AWS::Lex::BotVersion"
    REF = "</properties/BotId>|</properties/BotVersion>"
    SCHEMA: ClassVar[dict[str, Any]] = {
        "primaryIdentifier": ["/properties/BotId", "/properties/BotVersion"],
        "createOnlyProperties": ["/properties/BotId"],
    }
    PROPERTIES = schemas.BOT_VERSION
    ATTRIBUTES = ("BotVersion",)

    def attributes(self, request: ResourceRequest, properties: Model) -> Model:
        """Return the next version number of an existing bot."""
        _existing_bot(request, properties["BotId"])
        versions = Records.from_environment().resources(self.TYPE).values()
        taken = [int(v["BotVersion"]) for v in versions if v["BotId"] == properties["BotId"]]
        return {"BotVersion": str(max(taken, default=0) + 1)}


class BotAliasProvider(RecordedProvider):
    """AWS::Lex::BotAlias: ``Ref`` is ``BotAliasId|BotId``."""

    TYPE = "AWS::Lex::BotAlias"
    REF = "</properties/BotAliasId>|</properties/BotId>"
    SCHEMA: ClassVar[dict[str, Any]] = {
        "primaryIdentifier": ["/properties/BotAliasId", "/properties/BotId"],
        "createOnlyProperties": ["/properties/BotId"],
    }
    PROPERTIES = schemas.BOT_ALIAS
    ATTRIBUTES = ("BotAliasId", "Arn", "BotAliasStatus")

    def attributes(self, request: ResourceRequest, properties: Model) -> Model:
        """Return a new id and the ARN with it, for an alias of an existing bot."""
        bot_id = properties["BotId"]
        _existing_bot(request, bot_id)
        alias_id = _new_id()
        return {
            "BotAliasId": alias_id,
            "Arn": _lex_arn(request, f"bot-alias/{bot_id}/{alias_id}"),
            "BotAliasStatus": "Available",
        }


class LambdaHookProvider(RecordedProvider):
    """AWS::CloudFormation::LambdaHook: ``Ref`` is the hook's ARN."""

    TYPE = "AWS::CloudFormation::LambdaHook"
    SCHEMA: ClassVar[dict[str, Any]] = {
        "primaryIdentifier": ["/properties/HookArn"],
        "createOnlyProperties": [
            "/properties/Alias",
            "/properties/AutoUpdate",
            "/properties/LoggingConfig",
        ],
    }
    PROPERTIES = schemas.LAMBDA_HOOK
    ATTRIBUTES = ("HookArn",)

    def attributes(self, request: ResourceRequest, properties: Model) -> Model:
        """Return the ARN, in which the hook's name has hyphens for its colons."""
        region, name = request.region_name, properties["Alias"].replace("::", "-")
        place = f"arn:{get_partition(region)}:cloudformation:{region}:{request.account_id}"
        return {"HookArn": f"{place}:type/hook/{name}"}


class IntegrationAssociationProvider(RecordedProvider):
    """AWS::Connect::IntegrationAssociation: every property but its tags replaces it."""

    TYPE = "AWS::Connect::IntegrationAssociation"
    REF = "</properties/InstanceId>|</properties/IntegrationType>|</properties/IntegrationArn>"
    SCHEMA: ClassVar[dict[str, Any]] = {
        "primaryIdentifier": [
            "/properties/InstanceId",
            "/properties/IntegrationType",
            "/properties/IntegrationArn",
        ],
        "createOnlyProperties": [
            "/properties/InstanceId",
            "/properties/IntegrationType",
            "/properties/IntegrationArn",
        ],
    }
    PROPERTIES = schemas.INTEGRATION_ASSOCIATION
    ATTRIBUTES = ("IntegrationAssociationId",)

    def attributes(self, request: ResourceRequest, properties: Model) -> Model:  # noqa: ARG002
        """Return a new id."""
        return {"IntegrationAssociationId": str(uuid.uuid4())}


def _new_id() -> str:
    """Return an id as Lex makes them: ten capital letters and digits."""
    return "".join(secrets.choice(ID_CHARACTERS) for _ in range(ID_LENGTH))


def _lex_arn(request: ResourceRequest, resource: str) -> str:
    """Return the ARN of a Lex resource of the stack's account and Region."""
    region = request.region_name
    return f"arn:{get_partition(region)}:lex:{region}:{request.account_id}:{resource}"


def _existing_bot(request: ResourceRequest, bot_id: str) -> None:
    """Reject an id that belongs to no bot of this account and Region, as Lex does."""
    bots = Records.from_environment().resources(BotProvider.TYPE).values()
    if _lex_arn(request, f"bot/{bot_id}") not in {bot["Arn"] for bot in bots}:
        message = f"Resource of type 'AWS::Lex::Bot' with identifier '{bot_id}' was not found."
        raise RejectedError(message)


def _failure(error: RejectedError) -> ProgressEvent:
    """Return a failed event; LocalStack wants a model even then."""
    return ProgressEvent(OperationStatus.FAILED, resource_model={}, message=str(error))
