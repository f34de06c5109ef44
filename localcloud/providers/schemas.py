"""What CloudFormation accepts for the resource types of ``resources``, as JSON Schema.

Written after the reference of each type, in as much depth as stacks of this project reach: whatever
leads to a code hook is checked to the leaf, an intent by its name only. The reference is at
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ under AWS_Lex.html,
AWS_Connect.html and aws-resource-cloudformation-lambdahook.html.
"""

from typing import Any

type Schema = dict[str, Any]


def _text(least: int = 0, most: int = 2048, pattern: str = "") -> Schema:
    """Describe a string."""
    bounds: Schema = {"type": "string", "minLength": least, "maxLength": most}
    return bounds | ({"pattern": pattern} if pattern else {})


def _object(required: tuple[str, ...], **properties: Schema) -> Schema:
    """Describe an object that has these properties and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: Schema, least: int = 0, most: int = 1000) -> Schema:
    """Describe a list."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


# CloudFormation turns "true" and "60" into a boolean and a number where the type wants one.
BOOLEAN: Schema = {"enum": [True, False, "true", "false"]}
NUMBER: Schema = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"}]
}
ANYTHING: Schema = {}
NAME = _text(1, 100, "^([0-9a-zA-Z][_-]?)+$")
ID = _text(10, 10, "^[0-9a-zA-Z]+$")
VERSION = _text(1, 5, "^(DRAFT|[0-9]+)$")
DESCRIPTION = _text(0, 2000)
TAGS = _list(_object(("Key", "Value"), Key=_text(1, 128), Value=_text(0, 256)), most=200)

LAMBDA_CODE_HOOK = _object(
    ("CodeHookInterfaceVersion", "LambdaArn"),
    CodeHookInterfaceVersion=_text(1, 5),
    LambdaArn=_text(20, 2048),
)
ALIAS_LOCALE_SETTINGS = _list(
    _object(
        ("LocaleId", "BotAliasLocaleSetting"),
        LocaleId=_text(1, 128),
        BotAliasLocaleSetting=_object(
            ("Enabled",),
            Enabled=BOOLEAN,
            CodeHookSpecification=_object(("LambdaCodeHook",), LambdaCodeHook=LAMBDA_CODE_HOOK),
        ),
    ),
    most=50,
)
CONVERSATION_LOGS = _object(
    (),
    AudioLogSettings=_list(
        _object(
            ("Enabled", "Destination"),
            Enabled=BOOLEAN,
            Destination=_object(
                ("S3Bucket",),
                S3Bucket=_object(
                    ("S3BucketArn", "LogPrefix"),
                    S3BucketArn=_text(
                        1, 2048, "^arn:[\\w-]+:s3:::[a-z0-9][.a-z0-9-]{1,61}[a-z0-9]$"
                    ),
                    LogPrefix=_text(0, 1024),
                    KmsKeyArn=_text(20),
                ),
            ),
        ),
        most=1,
    ),
    TextLogSettings=_list(
        _object(
            ("Enabled", "Destination"),
            Enabled=BOOLEAN,
            Destination=_object(
                ("CloudWatch",),
                CloudWatch=_object(
                    ("CloudWatchLogGroupArn", "LogPrefix"),
                    CloudWatchLogGroupArn=_text(1, 2048, "^arn:[\\w-]+:logs:"),
                    LogPrefix=_text(0, 1024),
                ),
            ),
        ),
        most=1,
    ),
)
SENTIMENT = _object(("DetectSentiment",), DetectSentiment=BOOLEAN)

BOT = _object(
    ("Name", "RoleArn", "DataPrivacy", "IdleSessionTTLInSeconds"),
    Name=NAME,
    RoleArn=_text(32, 2048, "^arn:aws[a-zA-Z-]*:iam::[0-9]{12}:role/.*$"),
    DataPrivacy=_object(("ChildDirected",), ChildDirected=BOOLEAN),
    IdleSessionTTLInSeconds=NUMBER,
    Description=DESCRIPTION,
    AutoBuildBotLocales=BOOLEAN,
    BotFileS3Location=_object(
        ("S3Bucket", "S3ObjectKey"),
        S3Bucket=_text(3, 63),
        S3ObjectKey=_text(1, 1024),
        S3ObjectVersion=_text(1, 1024),
    ),
    BotLocales=_list(
        {
            "type": "object",
            "required": ["LocaleId", "NluConfidenceThreshold"],
            "properties": {
                "LocaleId": _text(1, 128),
                "NluConfidenceThreshold": NUMBER,
                "Intents": _list(
                    {"type": "object", "required": ["Name"], "properties": {"Name": NAME}}
                ),
            },
        }
    ),
    BotMembers=_list(ANYTHING),
    BotTags=TAGS,
    BotType={"enum": ["Bot", "BotNetwork"]},
    ErrorLogSettings=_object(("Enabled",), Enabled=BOOLEAN),
    Replication=_object(("ReplicaRegions",), ReplicaRegions=_list(_text(2, 25), 1, 1)),
    TestBotAliasSettings=_object(
        (),
        BotAliasLocaleSettings=ALIAS_LOCALE_SETTINGS,
        ConversationLogSettings=CONVERSATION_LOGS,
        Description=DESCRIPTION,
        SentimentAnalysisSettings=SENTIMENT,
    ),
    TestBotAliasTags=TAGS,
)

BOT_VERSION = _object(
    ("BotId", "BotVersionLocaleSpecification"),
    BotId=ID,
    BotVersionLocaleSpecification=_list(
        _object(
            ("LocaleId", "BotVersionLocaleDetails"),
            LocaleId=_text(1, 128),
            BotVersionLocaleDetails=_object(("SourceBotVersion",), SourceBotVersion=VERSION),
        ),
        least=1,
    ),
    Description=_text(0, 200),
)

BOT_ALIAS = _object(
    ("BotId", "BotAliasName"),
    BotId=ID,
    BotAliasName=NAME,
    BotAliasLocaleSettings=ALIAS_LOCALE_SETTINGS,
    BotAliasTags=TAGS,
    BotVersion=VERSION,
    ConversationLogSettings=CONVERSATION_LOGS,
    Description=DESCRIPTION,
    SentimentAnalysisSettings=SENTIMENT,
)

INTEGRATION_ASSOCIATION = _object(
    ("InstanceId", "IntegrationType", "IntegrationArn"),
    InstanceId=_text(
        1, 100, "^arn:aws[-a-z0-9]*:connect:[-a-z0-9]*:[0-9]{12}:instance/[-a-zA-Z0-9]*$"
    ),
    IntegrationArn=_text(1, 140),
    # The types that this project's stacks use; AWS knows some more.
    IntegrationType={"enum": ["LEX_BOT", "LAMBDA_FUNCTION", "APPLICATION"]},
    Tags=TAGS,
)

_STACK_NAMES = _list(_text(1, 128, r"^[a-zA-Z*?][-a-zA-Z0-9*?]*$"), 1, 50) | {"uniqueItems": True}
_ROLE = _text(1, 256, "^arn:.+:iam::[0-9]{12}:role/.+$")
_ACTIONS = _list({"enum": ["CREATE", "UPDATE", "DELETE"]}, 1, 50) | {"uniqueItems": True}
LAMBDA_HOOK = _object(
    (
        "Alias",
        "ExecutionRole",
        "FailureMode",
        "HookStatus",
        "LambdaFunction",
        "TargetOperations",
    ),
    Alias=_text(
        1, 200, "^(?![Aa][Ww][Ss])[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}$"
    ),
    ExecutionRole=_ROLE,
    FailureMode={"enum": ["FAIL", "WARN"]},
    HookStatus={"enum": ["ENABLED", "DISABLED"]},
    LambdaFunction=_text(1, 170, "^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:"),
    StackFilters=_object(
        ("FilteringCriteria",),
        FilteringCriteria={"enum": ["ALL", "ANY"]},
        StackNames=_object((), Include=_STACK_NAMES, Exclude=_STACK_NAMES),
        StackRoles=_object((), Include=_list(_ROLE, 1, 50), Exclude=_list(_ROLE, 1, 50)),
    ),
    TargetFilters=_object((), Actions=_ACTIONS),
    TargetOperations=_list({"enum": ["RESOURCE", "STACK", "CHANGE_SET", "CLOUD_CONTROL"]}, 1, 4),
)
