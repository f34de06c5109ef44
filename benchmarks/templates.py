"""Templates of a given size, as authors write them: bots with locales, intents and slots.

The sizes of the parts follow public templates: a bot of one locale and two intents is some
2 KB of JSON, an ordinary resource some 600 bytes.
"""

from typing import Any

LOCALES = ("ja_JP", "en_US", "de_DE", "fr_FR")
UTTERANCES = (
    "I would like to order a pizza",
    "Can I order {Dish} for tonight",
    "Bring me {Dish} please",
    "What can I have for dinner",
    "The same as the last time",
)


def template(  # noqa: PLR0913 - each is a size of its own
    *,
    resources: int,
    bots: int,
    aliases: int = 1,
    locales: int = 1,
    conditions: int = 0,
    description: int = 0,
) -> dict[str, Any]:
    """Return a template with so many resources, of which each bot has its function and aliases.

    `conditions` are spread over the hooks; `description` is a number of characters.
    """
    made: dict[str, Any] = {"BotRole": _role("lexv2.amazonaws.com")}
    names = [f"Is{number:03}" for number in range(conditions)]
    for bot in range(bots):
        made[f"Bot{bot:03}"] = _bot(bot, locales)
        made[f"Function{bot:03}"] = _function()
        for alias in range(aliases):
            hook: Any = {"Fn::GetAtt": [f"Function{bot:03}", "Arn"]}
            if names:
                name = names[(bot * aliases + alias) % len(names)]
                hook = {"Fn::If": [name, hook, {"Ref": "AWS::NoValue"}]}
            made[f"Alias{bot:03}x{alias}"] = _alias(bot, alias, locales, hook)
    for number in range(len(made), resources):
        made[f"Table{number:03}"] = _table(number)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "x" * description or "Bots that take orders.",
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        **({"Conditions": _conditions(names)} if names else {}),
        "Resources": made,
    }


def _conditions(names: list[str]) -> dict[str, Any]:
    """Define conditions through each other, as large templates do."""
    found: dict[str, Any] = {}
    for number, name in enumerate(names):
        equals = {"Fn::Equals": [{"Ref": "Stage"}, f"stage{number}"]}
        before = {"Condition": names[number - 1]}
        found[name] = {"Fn::Or": [equals, before]} if number % 10 else equals
    return found


def _role(service: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}}


def _function() -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "orders.handler",
            "MemorySize": 256,
            "Timeout": 8,
            "Role": {"Fn::GetAtt": ["BotRole", "Arn"]},
            "Code": {"S3Bucket": {"Fn::Sub": "code-${AWS::AccountId}"}, "S3Key": "orders.zip"},
            "Environment": {"Variables": {"STAGE": {"Ref": "Stage"}, "LOG_LEVEL": "INFO"}},
            "Tags": [{"Key": "project", "Value": "orders"}, {"Key": "owner", "Value": "sales"}],
        },
    }


def _bot(number: int, locales: int) -> dict[str, Any]:
    return {
        "Type": "AWS::Lex::Bot",
        "Properties": {
            "Name": {"Fn::Sub": f"orders-{number}-${{Stage}}"},
            "RoleArn": {"Fn::GetAtt": ["BotRole", "Arn"]},
            "DataPrivacy": {"ChildDirected": False},
            "IdleSessionTTLInSeconds": 300,
            "BotLocales": [_locale(name) for name in LOCALES[:locales]],
        },
    }


def _locale(name: str) -> dict[str, Any]:
    return {
        "LocaleId": name,
        "NluConfidenceThreshold": 0.4,
        "VoiceSettings": {"VoiceId": "Mizuki"},
        "SlotTypes": [
            {
                "Name": "Dish",
                "ValueSelectionSetting": {"ResolutionStrategy": "TOP_RESOLUTION"},
                "SlotTypeValues": [
                    {"SampleValue": {"Value": value}, "Synonyms": [{"Value": f"a {value}"}]}
                    for value in ("pizza", "pasta", "salad", "soup")
                ],
            }
        ],
        "Intents": [
            {
                "Name": "FallbackIntent",
                "ParentIntentSignature": "AMAZON.FallbackIntent",
                "DialogCodeHook": {"Enabled": True},
            },
            {
                "Name": "OrderIntent",
                "SampleUtterances": [{"Utterance": utterance} for utterance in UTTERANCES],
                "DialogCodeHook": {"Enabled": True},
                "FulfillmentCodeHook": {"Enabled": True},
                "SlotPriorities": [{"Priority": 1, "SlotName": "Dish"}],
                "Slots": [_slot("Dish")],
            },
        ],
    }


def _slot(name: str) -> dict[str, Any]:
    message = {"PlainTextMessage": {"Value": f"Which {name} would you like?"}}
    prompt = {"MaxRetries": 2, "AllowInterrupt": True, "MessageGroupsList": [{"Message": message}]}
    return {
        "Name": name,
        "SlotTypeName": name,
        "ValueElicitationSetting": {
            "SlotConstraint": "Required",
            "PromptSpecification": prompt,
        },
    }


def _alias(bot: int, alias: int, locales: int, hook: object) -> dict[str, Any]:
    code_hook = {"CodeHookInterfaceVersion": "1.0", "LambdaArn": hook}
    setting = {
        "Enabled": True,
        "CodeHookSpecification": {"LambdaCodeHook": code_hook},
    }
    return {
        "Type": "AWS::Lex::BotAlias",
        "Properties": {
            "BotAliasName": f"stage{alias}",
            "BotId": {"Ref": f"Bot{bot:03}"},
            "BotVersion": "1",
            "BotAliasLocaleSettings": [
                {"LocaleId": name, "BotAliasLocaleSetting": setting} for name in LOCALES[:locales]
            ],
        },
    }


def _table(number: int) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "TableName": {"Fn::Sub": f"${{AWS::StackName}}-orders-{number}"},
            "AttributeDefinitions": [
                {"AttributeName": "customer", "AttributeType": "S"},
                {"AttributeName": "ordered", "AttributeType": "N"},
            ],
            "KeySchema": [
                {"AttributeName": "customer", "KeyType": "HASH"},
                {"AttributeName": "ordered", "KeyType": "RANGE"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "Tags": [{"Key": "project", "Value": "orders"}, {"Key": "owner", "Value": "sales"}],
        },
    }
