"""The stub of the APIs speaks as botocore's service models say, request by request."""

from typing import Any, Final

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.cli.aws_stub import ACCOUNT, FUNCTIONS, REGION, Stub, policy, statement

BOT, LIVE = "ABCDEFGHIJ", "KLMNOPQRST"
ORDERS: Final = f"{FUNCTIONS}:orders"
INSTANCE: Final = "12345678-1234-1234-1234-123456789012"
ALIAS: Final = f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/{BOT}/{LIVE}"
CONFIGURATION: Final = {
    "State": "Failed",
    "StateReason": "No subnet.",
    "DurableConfig": {"ExecutionTimeout": 5},
    "TenancyConfig": {"TenantIsolationMode": "PER_TENANT"},
}
ANSWERS: Final[dict[str, tuple[str, Any]]] = {
    "ListBots": ("lexv2-models", lambda stub: stub.list_bots(body={})),
    "ListBotAliases": ("lexv2-models", lambda stub: stub.list_bot_aliases(BOT, body={})),
    "DescribeBotAlias": ("lexv2-models", lambda stub: stub.describe_bot_alias(BOT, LIVE)),
    "ListBotLocales": ("lexv2-models", lambda stub: stub.list_bot_locales(BOT, "1", body={})),
    "ListBotVersions": ("lexv2-models", lambda stub: stub.list_bot_versions(BOT, body={})),
    "ListBotReplicas": ("lexv2-models", lambda stub: stub.list_bot_replicas(BOT)),
    "DescribeBot": ("lexv2-models", lambda stub: stub.describe_bot(BOT)),
    "DescribeResourcePolicy": ("lexv2-models", lambda stub: stub.describe_resource_policy(ALIAS)),
    "ListBots of Connect": (
        "connect",
        lambda stub: stub.connected(INSTANCE, lexVersion="V2", maxResults="1"),
    ),
    "GetResourcePolicy": ("lambda", lambda stub: stub.get_resource_policy(ORDERS)),
    "GetPolicy": ("lambda", lambda stub: stub.get_policy(ORDERS)),
    "GetFunctionConfiguration": (
        "lambda",
        lambda stub: stub.get_function_configuration(ORDERS),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_has_the_documented_shape(name: str) -> None:
    """No member that the service does not have, and each in its type; a member too many is seen."""
    stub = Stub()
    stub.add_alias(stub.add_bot(BOT, "OrdersBot"), LIVE, "live", en_US=ORDERS)
    stub.functions[ORDERS] = policy(statement(ORDERS, ALIAS))
    stub.configurations[ORDERS] = CONFIGURATION
    stub.instances[INSTANCE] = [ALIAS, ALIAS]
    stub.alias_policies[ALIAS] = policy()
    stub.replicas[BOT] = {"us-west-2": "Enabled"}
    service, ask = ANSWERS[name]
    status, answer = ask(stub)
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(name.split(maxsplit=1)[0]).output_shape
    assert status == 200
    assert shape is not None
    assert ParamValidator().validate(answer, shape).generate_report() == ""
    assert ParamValidator().validate(answer | {"more": 1}, shape).generate_report() != ""
