"""An account of a local cloud: SAM CLI changes it as a user would, boto3 looks at it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from cfnlint.decode import cfn_yaml

from localcloud.sam import ROOT, Sam, SamError
from localcloud.server import REGION, LocalCloud

type Statement = dict[str, Any]
type Event = tuple[str, str]
"""What happened to a resource or to the stack itself: logical id and status."""

CLIENT = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 2})
OFTEN = {"Delay": 1, "MaxAttempts": 60}
OWN_ROLES = "CAPABILITY_NAMED_IAM"
MACRO_STACK = "auto-lex-permissions"
RECORDED_TYPES = (
    "AWS::Lex::Bot",
    "AWS::Lex::BotVersion",
    "AWS::Lex::BotAlias",
    "AWS::Connect::IntegrationAssociation",
    "AWS::CloudFormation::LambdaHook",
)


@dataclass(frozen=True, slots=True)
class Macro:
    """The deployed macro: the folder that was built for it, and what its stack says of it."""

    files: Path
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Account:
    """One account: every stack in it is deployed with the real SAM CLI."""

    cloud: LocalCloud
    sam: Sam
    account_id: str
    code_bucket: tuple[str, ...] = ("--resolve-s3",)
    """Where SAM CLI puts code and templates: by default a bucket that it makes itself."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time.
        """Return a boto3 client."""
        make: Callable[..., Any] = boto3.client
        return make(
            service,
            endpoint_url=self.cloud.endpoint,
            region_name=REGION,
            aws_access_key_id=self.account_id,
            aws_secret_access_key="test",  # noqa: S106 - LocalStack takes any.
            config=CLIENT,
        )

    def deploy(self, stack: str, template: Path, **parameters: str) -> dict[str, str]:
        """Deploy a template with the real SAM CLI and return the stack's outputs."""
        options = (
            *("--stack-name", stack, "--capabilities", OWN_ROLES, *self.code_bucket),
            # Deploying the same thing twice is no failure.
            "--no-fail-on-empty-changeset",
        )
        try:
            self.sam.deploy(template, *options, parameters=parameters)
        except SamError as error:
            error.add_note(f"LocalStack logged last:\n{self.cloud.log_tail()}")
            logs = [record.log for record in self.cloud.records.invocations()]
            error.add_note(f"Functions logged last:\n{''.join(logs[-1:])}")
            raise
        return self.outputs(stack)

    def deploy_directly(self, stack: str, template: Path, **parameters: str) -> dict[str, str]:
        """Deploy a template without SAM CLI, which reads no `Fn::ForEach`; return the outputs.

        A change set first, as `aws cloudformation deploy` does it.
        """
        client = self.client("cloudformation")
        names = {"StackName": stack, "ChangeSetName": "first"}
        client.create_change_set(
            **names,
            ChangeSetType="CREATE",
            TemplateBody=template.read_text(),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
            Capabilities=[OWN_ROLES],
        )
        client.get_waiter("change_set_create_complete").wait(**names, WaiterConfig=OFTEN)
        client.execute_change_set(**names)
        client.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig=OFTEN)
        return self.outputs(stack)

    def outputs(self, stack: str) -> dict[str, str]:
        """Return a stack's outputs."""
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    def processed(self, stack: str) -> dict[str, Any]:
        """Return a stack's template as the transforms have left it."""
        answer = self.client("cloudformation").get_template(
            StackName=stack, TemplateStage="Processed"
        )
        template: dict[str, Any] = json.loads(json.dumps(answer["TemplateBody"]))
        return template

    def original(self, stack: str) -> dict[str, Any]:
        """Return a stack's template as it was uploaded, in the long forms of its functions."""
        answer = self.client("cloudformation").get_template(
            StackName=stack, TemplateStage="Original"
        )
        template: dict[str, Any] = json.loads(json.dumps(cfn_yaml.loads(answer["TemplateBody"])))
        return template

    def permissions(self, stack: str) -> dict[str, dict[str, Any]]:
        """Return the permissions in a stack's processed template by logical id."""
        resources = self.processed(stack)["Resources"]
        return {
            name: resource
            for name, resource in resources.items()
            if resource["Type"] == "AWS::Lambda::Permission"
        }

    def resource_types(self, stack: str) -> list[str]:
        """Return the types of a stack's resources as CloudFormation has made them."""
        answer = self.client("cloudformation").describe_stack_resources(StackName=stack)
        return [resource["ResourceType"] for resource in answer["StackResources"]]

    def events(self, stack: str) -> list[Event]:
        """Return all that has happened to a stack since it was first asked for, oldest first."""
        paginator = self.client("cloudformation").get_paginator("describe_stack_events")
        pages = paginator.paginate(StackName=stack)
        events = [event for page in pages for event in page["StackEvents"]]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in events[::-1]]

    def statements(self, function: str) -> list[Statement]:
        """Return the statements of a function's resource-based policy; none where it has none."""
        client = self.client("lambda")
        try:
            policy = json.loads(client.get_policy(FunctionName=function)["Policy"])
        except client.exceptions.ResourceNotFoundException:
            return []
        found: list[Statement] = policy["Statement"]
        return found

    def delete(self, stack: str) -> None:
        """Delete a stack, and wait until it is gone."""
        client = self.client("cloudformation")
        client.delete_stack(StackName=stack)
        client.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=OFTEN)

    def deploy_macro(
        self, built: Path, stack: str = MACRO_STACK, **parameters: str
    ) -> dict[str, str]:
        """Deploy the macro by the settings that users have; return its stack's outputs."""
        settings = ("--config-file", str(ROOT / "samconfig.toml"), "--stack-name", stack)
        self.sam.deploy(built, *settings, *self.code_bucket, parameters=parameters)
        return self.outputs(stack)

    def holdings(self) -> set[str]:
        """Return the names of all that this project's stacks can make in an account."""
        # LocalStack, unlike CloudFormation, goes on listing deleted stacks here.
        stacks = [
            stack
            for stack in self.client("cloudformation").describe_stacks()["Stacks"]
            if stack["StackStatus"] != "DELETE_COMPLETE"
        ]
        functions = self.client("lambda").list_functions()["Functions"]
        roles = self.client("iam").list_roles()["Roles"]
        groups = self.client("logs").describe_log_groups()["logGroups"]
        buckets = self.client("s3").list_buckets()["Buckets"]
        return {
            *(f"stack {stack['StackName']}" for stack in stacks),
            *(f"function {function['FunctionName']}" for function in functions),
            *(f"role {role['RoleName']}" for role in roles),
            *(f"log group {group['logGroupName']}" for group in groups),
            *(f"bucket {bucket['Name']}" for bucket in buckets),
            *self._recorded(),
        }

    def _recorded(self) -> list[str]:
        """Return the names of what is recorded of this account."""
        return [
            f"{resource_type} {name}"
            for resource_type in RECORDED_TYPES
            for name in self.cloud.records.resources(resource_type)
            if name.startswith(self.account_id)
        ]
