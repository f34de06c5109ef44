"""Permissions that authors write: one table of what covers a hook, in every spelling (3.1, 3.2).

Each row replaces properties of an exact permission, or of the stack around it, and says whether
the macro still has to add its own.
"""

from typing import Any

import pytest

from auto_lex_permissions import Request, transform
from auto_lex_permissions.transform import examine

ACCOUNT = "123456789012"
REGION = "us-east-1"
OWN = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function"
LEX = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}"
ID = {"PermissionTooWide": "ALP201", "PermissionNeverMatches": "ALP202"}
F_ARN = {"Fn::GetAtt": ["F", "Arn"]}
A_ARN = {"Fn::GetAtt": ["A", "Arn"]}
NO_VALUE = {"Ref": "AWS::NoValue"}
IMPORT = {"Fn::ImportValue": "hook"}


def stack(hook: object, **permission: object) -> dict[str, Any]:
    """Return a template with one hook and one permission, None meaning an absent property."""
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": F_ARN,
        "Principal": "lexv2.amazonaws.com",
        "SourceAccount": {"Ref": "AWS::AccountId"},
        "SourceArn": A_ARN,
        **permission,
    }
    setting = {"CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": hook}}}
    return {
        "Parameters": {"HookArn": {"Type": "String"}, "BotId": {"Type": "String"}},
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
            "NotProd": {"Fn::Not": [{"Condition": "IsProd"}]},
        },
        "Resources": {
            "F": {"Type": "AWS::Lambda::Function", "Properties": {}},
            "G": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "orders"}},
            "H": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"FunctionName": {"Fn::Sub": "${AWS::StackName}-hook"}},
            },
            "ByArn": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"FunctionName": sub(OWN + ":named")},
            },
            "S": {"Type": "AWS::Serverless::Function", "Properties": {"AutoPublishAlias": "live"}},
            "T": {"Type": "AWS::Serverless::Function"},
            "Jobs": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"FunctionName": {"Fn::If": ["IsProd", "jobs", "jobs"]}},
            },
            "Nested": {"Type": "AWS::CloudFormation::Stack"},
            "Url": {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": F_ARN}},
            "Config": {
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {"FunctionName": {"Ref": "F"}, "Qualifier": "live"},
            },
            "Live": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": {"Ref": "F"}, "Name": "live"},
            },
            "Either": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {
                    "FunctionName": {"Fn::If": ["IsProd", {"Ref": "F"}, {"Ref": "G"}]},
                    "Name": "live",
                },
            },
            "TheOther": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {
                    "FunctionName": {"Fn::If": ["IsProd", {"Ref": "G"}, {"Ref": "F"}]},
                    "Name": "live",
                },
            },
            "Twice": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": sub("orders-${AWS::StackName}:old"), "Name": "new"},
            },
            "Nameless": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": F_ARN}},
            "One": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": F_ARN}},
            "Bot": {"Type": "AWS::Lex::Bot", "Properties": {}},
            "Version": {"Type": "AWS::Lex::BotVersion", "Properties": {"BotId": {"Ref": "Bot"}}},
            "ById": {
                "Type": "AWS::Lex::BotVersion",
                "Properties": {"BotId": {"Fn::GetAtt": ["Bot", "Id"]}},
            },
            "Odd": {"Type": "AWS::Lex::BotVersion", "Properties": {"BotId": IMPORT}},
            "A": {
                "Type": "AWS::Lex::BotAlias",
                "Properties": {
                    "BotId": {"Ref": "Bot"},
                    "BotAliasLocaleSettings": [
                        {"LocaleId": "ja_JP", "BotAliasLocaleSetting": setting}
                    ],
                },
            },
            "Other": {"Type": "AWS::Lex::BotAlias", "Properties": {"BotId": {"Ref": "Bot"}}},
            "Botless": {"Type": "AWS::Lex::BotAlias"},
            "Allow": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {k: v for k, v in properties.items() if v is not None},
            },
        },
    }


def added(template: dict[str, Any]) -> int:
    """Return how many permissions the macro adds."""
    return transform(Request(template, REGION, ACCOUNT)).permissions_added


def sub(text: str, **values: object) -> dict[str, object]:
    """Return an Fn::Sub, with a map where there are values."""
    return {"Fn::Sub": [text, values] if values else text}


def join(*items: object, by: str = ":") -> dict[str, object]:
    """Return an Fn::Join."""
    return {"Fn::Join": [by, list(items)]}


SAME_FUNCTION = [
    pytest.param(F_ARN, F_ARN, id="get-att"),
    pytest.param(F_ARN, {"Fn::GetAtt": "F.Arn"}, id="get-att as string"),
    pytest.param(F_ARN, {"Ref": "F"}, id="ref"),
    pytest.param(F_ARN, sub("${F}"), id="sub of the name"),
    pytest.param(F_ARN, sub("${F.Arn}"), id="sub of the arn"),
    pytest.param(F_ARN, sub("${X}", X=F_ARN), id="sub with a map"),
    pytest.param(F_ARN, sub(OWN + ":${F}"), id="sub of an arn of pieces"),
    pytest.param(F_ARN, sub(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:${{F}}"), id="literals"),
    pytest.param(
        F_ARN,
        join(
            "arn",
            {"Ref": "AWS::Partition"},
            "lambda",
            {"Ref": "AWS::Region"},
            {"Ref": "AWS::AccountId"},
            "function",
            {"Ref": "F"},
        ),
        id="join",
    ),
    pytest.param(F_ARN, join({"Ref": "AWS::AccountId"}, "function", {"Ref": "F"}), id="partial"),
    pytest.param(F_ARN, sub(" ${F.Arn}\n"), id="folded white space"),
    pytest.param({"Fn::GetAtt": ["G", "Arn"]}, "orders", id="FunctionName as text"),
    pytest.param({"Fn::GetAtt": ["G", "Arn"]}, sub(OWN + ":orders"), id="its arn as text"),
    pytest.param({"Fn::GetAtt": ["G", "Arn"]}, f"{ACCOUNT}:function:orders", id="partial literal"),
    pytest.param(sub("${G.Arn}:x"), f"{ACCOUNT}:function:orders:x", id="partial and qualifier"),
    pytest.param(sub("${G.Arn}:x"), "orders:x", id="FunctionName and qualifier as text"),
    pytest.param("orders", {"Ref": "G"}, id="hook by FunctionName, permission by ref"),
    pytest.param(sub(OWN + ":named"), {"Ref": "ByArn"}, id="FunctionName as a whole arn"),
    pytest.param({"Fn::GetAtt": ["ByArn", "Arn"]}, "named", id="its name"),
    pytest.param("orders:x", sub("${G}:x"), id="hook by FunctionName and qualifier"),
    pytest.param(sub(OWN + ":jobs"), {"Ref": "Jobs"}, id="the same FunctionName in all cases"),
    pytest.param(sub(OWN + ":orders"), {"Ref": "G"}, id="hook by text, permission by ref"),
    pytest.param(
        {"Fn::GetAtt": ["H", "Arn"]}, sub("${AWS::StackName}-hook"), id="FunctionName expression"
    ),
    pytest.param(
        sub(OWN + ":${AWS::StackName}-hook"), {"Ref": "H"}, id="hook by the name's expression"
    ),
    pytest.param({"Ref": "Live"}, {"Ref": "Live"}, id="lambda alias"),
    pytest.param({"Ref": "Live"}, {"Fn::GetAtt": ["Live", "AliasArn"]}, id="lambda alias arn"),
    pytest.param({"Ref": "Live"}, sub("${F.Arn}:live"), id="lambda alias by name"),
    pytest.param(sub("${F.Arn}:live"), {"Ref": "Live"}, id="hook by the alias's name"),
    pytest.param({"Ref": "Live"}, sub("${F}:live"), id="name and qualifier"),
    pytest.param({"Ref": "Live"}, sub(OWN + ":${F}:live"), id="arn of pieces and qualifier"),
    pytest.param({"Ref": "One"}, {"Fn::GetAtt": ["One", "FunctionArn"]}, id="version"),
    pytest.param({"Ref": "One"}, sub("${F.Arn}:${One.Version}"), id="version by number"),
    pytest.param({"Ref": "S.Alias"}, {"Ref": "S.Alias"}, id="SAM's alias"),
    pytest.param({"Ref": "S.Alias"}, sub("${S.Alias}"), id="SAM's alias in a sub"),
    pytest.param({"Ref": "S.Alias"}, sub("${S.Arn}:live"), id="SAM's alias by name"),
    pytest.param({"Ref": "S.Version"}, sub("${S.Version}"), id="SAM's version"),
    pytest.param({"Ref": "HookArn"}, {"Ref": "HookArn"}, id="parameter"),
    pytest.param({"Ref": "HookArn"}, sub("${HookArn}"), id="parameter in a sub"),
    pytest.param(sub(OWN + ":${HookArn}"), {"Ref": "HookArn"}, id="parameter as a name"),
    pytest.param(sub(OWN + ":${HookArn}:x"), sub("${HookArn}:x"), id="parameter and qualifier"),
    pytest.param(IMPORT, IMPORT, id="import"),
    pytest.param(sub("${X}:live", X=IMPORT), join(IMPORT, "live"), id="import and qualifier"),
]

OTHER_FUNCTION = [
    pytest.param(F_ARN, {"Ref": "G"}, id="another function"),
    pytest.param(F_ARN, {"Ref": "Live"}, id="alias for the function"),
    pytest.param({"Ref": "Live"}, F_ARN, id="function for the alias"),
    pytest.param({"Ref": "Live"}, sub("${F.Arn}:blue"), id="another alias"),
    pytest.param({"Ref": "One"}, sub("${F.Arn}:1"), id="a version by literal number"),
    pytest.param({"Ref": "S.Alias"}, {"Ref": "S.Version"}, id="SAM's version for its alias"),
    pytest.param({"Ref": "T.Alias"}, {"Ref": "T.Version"}, id="SAM's version, no AutoPublishAlias"),
    pytest.param({"Ref": "T.Version"}, {"Ref": "T"}, id="SAM's function for its version"),
    pytest.param({"Ref": "Either"}, {"Ref": "TheOther"}, id="aliases of either function"),
    pytest.param({"Ref": "Either"}, sub("${F.Arn}:live"), id="one of the functions of an alias"),
    pytest.param({"Ref": "Nameless"}, sub("${F.Arn}:${AWS::NoValue}"), id="an alias without name"),
    pytest.param({"Ref": "Twice"}, sub("orders-${AWS::StackName}:new"), id="alias of an alias"),
    pytest.param({"Ref": "Twice"}, sub("orders-${AWS::StackName}:old"), id="alias for the alias"),
    pytest.param({"Fn::GetAtt": ["Url", "FunctionArn"]}, F_ARN, id="function of a url"),
    pytest.param({"Ref": "Config"}, sub("${F.Arn}:live"), id="function of a configuration"),
    pytest.param(sub("${HookArn}:x"), {"Ref": "HookArn"}, id="a parameter without the qualifier"),
    pytest.param({"Ref": "HookArn"}, sub("${HookArn}:x"), id="a parameter with a qualifier"),
    pytest.param({"Ref": "HookArn"}, {"Ref": "BotId"}, id="another parameter"),
    pytest.param(IMPORT, {"Fn::ImportValue": "other"}, id="another import"),
    pytest.param(
        F_ARN, sub("arn:aws:lambda:eu-west-1:${AWS::AccountId}:function:${F}"), id="other region"
    ),
    pytest.param(
        F_ARN, sub("arn:aws:lambda:${AWS::Region}:999999999999:function:${F}"), id="other account"
    ),
    pytest.param(
        F_ARN,
        sub("arn:aws-cn:lambda:${AWS::Region}:${AWS::AccountId}:function:${F}"),
        id="other partition",
    ),
    pytest.param({"Fn::GetAtt": ["G", "Arn"]}, "Orders", id="letter case of the name"),
    pytest.param(F_ARN, NO_VALUE, id="no function"),
    pytest.param(F_ARN, sub(OWN + ":${F}:live:more"), id="too many fields"),
    pytest.param(F_ARN, f"{ACCOUNT}:function:orders:live:more", id="partial, too many fields"),
    pytest.param({"Fn::GetAtt": ["G", "Arn"]}, "999999999999:function:orders", id="partial, other"),
    pytest.param(F_ARN, join(), id="empty text"),
    pytest.param(join(), F_ARN, id="hook of empty text"),
    pytest.param({"Ref": "Nameless"}, F_ARN, id="an alias without a name"),
]


@pytest.mark.parametrize(("hook", "function_name"), SAME_FUNCTION)
def test_the_same_function_in_another_spelling_covers(hook: object, function_name: object) -> None:
    """What names the hook's function and qualifier covers, however it is spelled."""
    assert added(stack(hook, FunctionName=function_name)) == 0


@pytest.mark.parametrize(("hook", "function_name"), OTHER_FUNCTION)
def test_another_function_does_not_cover(hook: object, function_name: object) -> None:
    """What is not proved to be the same is different (rule 3.3)."""
    assert added(stack(hook, FunctionName=function_name)) == 1


@pytest.mark.parametrize(
    "source_arn",
    [
        pytest.param(A_ARN, id="get-att"),
        pytest.param({"Fn::GetAtt": "A.Arn"}, id="get-att as string"),
        pytest.param(sub("${A.Arn}"), id="sub"),
        pytest.param(None, id="absent"),
        pytest.param(NO_VALUE, id="no value"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}/${A.BotAliasId}"), id="of pieces"),
        pytest.param(sub(LEX + ":bot-alias/${Bot.Id}/${A.BotAliasId}"), id="the bot by its Id"),
        pytest.param(sub(LEX + ":bot-alias/${Version.BotId}/${A.BotAliasId}"), id="by its version"),
        pytest.param(sub(LEX + ":bot-alias/${ById.BotId}/*"), id="by the version of its Id"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}/*"), id="all aliases of the bot"),
        pytest.param(sub(LEX + ":bot-alias/*"), id="all aliases"),
        pytest.param(sub(LEX + ":bot-alias/*/*"), id="all aliases of all bots"),
        pytest.param(sub(LEX + ":*"), id="all of lex"),
        pytest.param(sub(f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/*"), id="literals"),
        pytest.param(sub(LEX + ":bot-???as/${Bot}/*"), id="question marks"),
        pytest.param(sub(LEX + ":b*s/${Bot}*${A.BotAliasId}"), id="stars within"),
        pytest.param(sub(LEX + ":*/${A.BotAliasId}"), id="a star for several parts"),
        pytest.param(sub(LEX + ":*/${Bot}/*"), id="a star for a part, twice"),
        pytest.param(sub(LEX + ":*/*"), id="stars alone"),
        pytest.param(sub(LEX + ":bot-alias/*/${A.BotAliasId}"), id="any bot"),
        pytest.param(sub(LEX + ":bot-alias/${B}/*", B={"Ref": "Bot"}), id="sub with a map"),
        pytest.param(join(sub(LEX), join("bot-alias", {"Ref": "Bot"}, "*", by="/")), id="join"),
        pytest.param(sub("${A.Arn}*"), id="the arn and a star"),
    ],
)
def test_a_source_that_matches_covers(source_arn: object) -> None:
    """SourceArn is absent or matches as ArnLike does."""
    assert added(stack(F_ARN, SourceArn=source_arn)) == 0


@pytest.mark.parametrize(
    "source_arn",
    [
        pytest.param({"Fn::GetAtt": ["Other", "Arn"]}, id="another alias"),
        pytest.param({"Fn::GetAtt": ["Bot", "Arn"]}, id="the bot"),
        pytest.param(sub("${Bot.Arn}/*"), id="below the bot"),
        pytest.param(sub("${A.Arn}/*"), id="below the alias"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}"), id="no alias"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}/${Other.BotAliasId}"), id="another's id"),
        pytest.param(sub(LEX + ":bot-alias/${BotId}/*"), id="a bot by parameter"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}/??????????"), id="references have no length"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}/TSTALIASID"), id="the test alias"),
        pytest.param("arn:aws:lex:eu-west-1:123456789012:bot-alias/*", id="another region"),
        pytest.param("arn:aws:lex:us-east-1:999999999999:bot-alias/*", id="another account"),
        pytest.param(
            sub("arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:*"),
            id="another service",
        ),
        pytest.param(sub("arn:${AWS::Partition}:lex:*"), id="a star ends at a colon"),
        pytest.param({"Ref": "HookArn"}, id="a parameter"),
        pytest.param(sub(f"arn:aws:lex:*:{ACCOUNT}:bot-alias/*"), id="any region"),
        pytest.param(sub("arn:aws:lex:${AWS::Region}:*:bot-alias/${Bot}/*"), id="any account"),
        pytest.param(sub("arn:aws:lex:us-east-?:${AWS::AccountId}:bot-alias/*"), id="one letter"),
        pytest.param(sub("arn:*:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/*"), id="partition"),
        pytest.param(sub(LEX + ":bot-alias/${Odd.BotId}/*"), id="a version of another bot"),
        pytest.param({"Fn::GetAtt": ["F", "Arn"]}, id="a function"),
        pytest.param({"Fn::GetAtt": ["Nowhere", "Arn"]}, id="nothing of the template"),
        pytest.param({"Fn::GetAtt": ["Botless", "Arn"]}, id="an alias of no bot"),
        pytest.param(sub(LEX + ":bot-alias*alias/${Bot}/*"), id="a star begins behind its place"),
        pytest.param(["x"], id="a list"),
        pytest.param(sub(LEX + ":bot-alias/\n${Bot}/*"), id="a line end within"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}/* "), id="a blank behind"),
        pytest.param(sub(" ${A.Arn}"), id="a blank before"),
        pytest.param(join({"Fn::GetAtt": ["A", "Arn"]}, "", by="\n"), id="a line end behind"),
    ],
)
def test_a_source_that_is_not_proved_to_match_does_not_cover(source_arn: object) -> None:
    """When in doubt, a permission is added (rule 3.3)."""
    assert added(stack(F_ARN, SourceArn=source_arn)) == 1


@pytest.mark.parametrize(
    ("bot_id", "source_bot"),
    [
        ({"Ref": "BotId"}, "${BotId}"),
        ({"Fn::ImportValue": "bot"}, {"Fn::ImportValue": "bot"}),
        ("ABCDEFGHIJ", "ABCDEFGHIJ"),
        ({"Fn::GetAtt": ["Bot", "Id"]}, "${Bot}"),
    ],
    ids=["parameter", "import", "literal", "get-att"],
)
def test_the_bot_by_the_aliass_own_expression(bot_id: object, source_bot: object) -> None:
    """The bot may be no resource of the template at all."""
    prefix = join(sub(LEX), "bot-alias/", by=":")
    bot = sub(source_bot) if isinstance(source_bot, str) else source_bot
    template = stack(F_ARN, SourceArn=join(prefix, bot, "/*", by=""))
    template["Resources"]["A"]["Properties"]["BotId"] = bot_id
    assert added(template) == 0


@pytest.mark.parametrize(
    ("properties", "missing"),
    [
        pytest.param({"Principal": sub("lexv2.${AWS::URLSuffix}")}, 0, id="principal with suffix"),
        pytest.param({"Principal": "*"}, 0, id="anyone"),
        pytest.param({"Principal": "lex.amazonaws.com"}, 1, id="Lex V1"),
        pytest.param({"Principal": "lexv2.amazonaws.com.cn"}, 1, id="another suffix"),
        pytest.param({"Principal": {"Ref": "HookArn"}}, 1, id="principal by parameter"),
        pytest.param({"Principal": None}, 1, id="no principal"),
        pytest.param({"Action": "lambda:invokeFunction"}, 0, id="letter case of the action"),
        pytest.param({"Action": "lambda:*"}, 0, id="all of lambda"),
        pytest.param({"Action": "*"}, 0, id="all actions"),
        pytest.param({"Action": "lambda:GetFunction"}, 1, id="another action"),
        pytest.param({"Action": "lambda:InvokeFunctionUrl"}, 1, id="the function's url"),
        pytest.param({"Action": {"Ref": "HookArn"}}, 1, id="action by parameter"),
        pytest.param({"SourceAccount": None}, 0, id="no account"),
        pytest.param({"SourceAccount": ACCOUNT}, 0, id="literal account"),
        pytest.param({"SourceAccount": int(ACCOUNT)}, 0, id="account that YAML reads as a number"),
        pytest.param({"SourceAccount": sub("${AWS::AccountId}")}, 0, id="account in a sub"),
        pytest.param({"SourceAccount": "999999999999"}, 1, id="another account"),
        pytest.param({"SourceAccount": {"Ref": "HookArn"}}, 1, id="account by parameter"),
        pytest.param({"EventSourceToken": "t"}, 1, id="event source token"),
        pytest.param({"EventSourceToken": NO_VALUE}, 0, id="no event source token"),
        pytest.param({"PrincipalOrgID": "o-abcdefghij"}, 1, id="organization"),
        pytest.param({"FunctionUrlAuthType": "NONE"}, 1, id="function url"),
        pytest.param({"InvokedViaFunctionUrl": True}, 1, id="only by function url"),
        pytest.param({"InvokedViaFunctionUrl": NO_VALUE}, 0, id="by no function url"),
        pytest.param({"SourceFlow": "f"}, 1, id="what no version of Lambda has yet"),
        pytest.param({"Fn::Transform": {"Name": "T"}}, 1, id="properties that a macro adds"),
    ],
)
def test_the_other_properties(properties: dict[str, object], missing: int) -> None:
    """All of a permission has to suit Lex (rule 3.1)."""
    assert added(stack(F_ARN, **properties)) == missing


@pytest.mark.parametrize(
    ("hook_condition", "permissions", "missing"),
    [
        pytest.param("IsProd", ["IsProd"], 0, id="under the same condition"),
        pytest.param(None, ["IsProd"], 1, id="only in Prod"),
        pytest.param("IsDev", ["IsProd"], 1, id="in Prod for Dev"),
        pytest.param("IsDev", ["NotProd"], 0, id="wherever Dev is"),
        pytest.param("NotProd", ["IsDev"], 1, id="Dev is not all but Prod"),
        pytest.param(None, ["IsProd", "NotProd"], 0, id="two that together cover"),
        pytest.param(None, ["IsProd", "IsDev"], 1, id="two that leave a gap"),
        pytest.param("IsProd", [None], 0, id="always"),
    ],
)
def test_conditions(
    hook_condition: str | None, permissions: list[str | None], missing: int
) -> None:
    """A permission covers a hook where it exists, and several cover together."""
    template = stack(F_ARN)
    resources = template["Resources"]
    allow = resources.pop("Allow")
    for number, condition in enumerate(permissions):
        under = {"Condition": condition} if condition else {}
        resources[f"Allow{number}"] = {**allow, **under}
    if hook_condition:
        resources["A"]["Condition"] = hook_condition
    assert added(template) == missing


@pytest.mark.parametrize(
    ("properties", "missing"),
    [
        ({"SourceArn": {"Fn::If": ["IsProd", A_ARN, NO_VALUE]}}, 0),
        ({"SourceArn": {"Fn::If": ["IsProd", A_ARN, {"Fn::GetAtt": ["Other", "Arn"]}]}}, 1),
        ({"FunctionName": {"Fn::If": ["IsProd", F_ARN, {"Ref": "F"}]}}, 0),
        ({"FunctionName": {"Fn::If": ["IsProd", F_ARN, {"Ref": "G"}]}}, 1),
        ({"Principal": {"Fn::If": ["IsProd", "lexv2.amazonaws.com", "*"]}}, 0),
        ({"Principal": {"Fn::If": ["IsProd", "lexv2.amazonaws.com", "s3.amazonaws.com"]}}, 1),
    ],
)
def test_properties_under_conditions(properties: dict[str, object], missing: int) -> None:
    """A property may have several values; each counts where it stands."""
    assert added(stack(F_ARN, **properties)) == missing


def test_a_text_is_a_resource_only_where_the_resource_exists() -> None:
    """Elsewhere the same text names a function outside the template (rule 3.2)."""
    template = stack(sub(OWN + ":orders"), FunctionName={"Ref": "G"})
    template["Resources"]["G"]["Condition"] = "IsProd"
    template["Resources"]["Allow"]["Condition"] = "IsProd"
    assert added(template) == 1
    template["Resources"]["A"]["Condition"] = "IsProd"
    assert added(template) == 0


@pytest.mark.parametrize(
    ("source_arn", "missing"),
    [
        pytest.param(sub(LEX + ":bot-alias/${Bot}/TSTALIASID"), 0, id="exact"),
        pytest.param(sub(LEX + ":bot-alias/${Bot.Id}/TSTALIASID"), 0, id="the bot by its Id"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}/*"), 0, id="all aliases of the bot"),
        pytest.param(sub(LEX + ":bot-alias/${Bot}/TST???????"), 0, id="question marks"),
        pytest.param(None, 0, id="absent"),
        pytest.param(A_ARN, 1, id="an alias of the bot"),
        pytest.param(sub(LEX + ":bot-alias/${BotId}/TSTALIASID"), 1, id="another bot's"),
        pytest.param({"Fn::GetAtt": ["Bot", "Arn"]}, 1, id="the bot"),
    ],
)
def test_the_test_alias(source_arn: object, missing: int) -> None:
    """A bot's built-in test alias is known by its bot and a fixed id."""
    template = stack(F_ARN, SourceArn=source_arn)
    settings = template["Resources"]["A"]["Properties"].pop("BotAliasLocaleSettings")
    template["Resources"]["Bot"]["Properties"]["TestBotAliasSettings"] = {
        "BotAliasLocaleSettings": settings
    }
    assert added(template) == missing


REPORTED = [
    pytest.param({}, None, id="exact"),
    pytest.param({"SourceArn": None}, "PermissionTooWide", id="no SourceArn"),
    pytest.param({"SourceArn": sub(LEX + ":bot-alias/*")}, "PermissionTooWide", id="wildcard"),
    pytest.param({"SourceArn": sub(LEX + ":bot-alias/${Bot}/*")}, "PermissionTooWide", id="bot"),
    pytest.param(
        {"SourceArn": sub(LEX + ":bot?alias/${Bot}/${A.BotAliasId}")},
        "PermissionTooWide",
        id="question mark",
    ),
    pytest.param({"Principal": "*"}, "PermissionTooWide", id="anyone"),
    pytest.param({"Action": "lambda:*"}, "PermissionTooWide", id="all actions"),
    pytest.param({"Action": "lambda:invokefunction"}, None, id="letter case"),
    pytest.param({"Principal": "lex.amazonaws.com"}, "PermissionNeverMatches", id="Lex V1"),
    pytest.param(
        {"SourceArn": {"Fn::GetAtt": ["Bot", "Arn"]}}, "PermissionNeverMatches", id="bot arn"
    ),
    pytest.param({"SourceArn": sub("${A.Arn}/*")}, "PermissionNeverMatches", id="stray star"),
    pytest.param(
        {
            "FunctionName": {"Ref": "One"},
            "SourceArn": {
                "Fn::If": ["IsProd", {"Fn::GetAtt": ["Bot", "Arn"]}, {"Ref": "AWS::NoValue"}]
            },
        },
        None,
        id="absent in some",
    ),
    pytest.param({"FunctionName": {"Ref": "Live"}}, "PermissionNeverMatches", id="qualifier"),
    pytest.param({"FunctionName": {"Ref": "G"}, "SourceArn": None}, None, id="another function"),
    pytest.param({"SourceArn": {"Ref": "HookArn"}}, None, id="not known"),
    pytest.param({"FunctionName": {"Ref": "One"}}, None, id="qualifier not known"),
    pytest.param({"Principal": "s3.amazonaws.com", "SourceArn": None}, None, id="not about Lex"),
    pytest.param({"Principal": {"Ref": "HookArn"}}, None, id="principal not known"),
    pytest.param(
        {"Principal": "lexv2.amazonaws.com\n"}, "PermissionNeverMatches", id="principal and more"
    ),
    pytest.param({"SourceArn": sub("${A.Arn}\n")}, "PermissionNeverMatches", id="arn and more"),
]


@pytest.mark.parametrize(("properties", "code"), REPORTED)
def test_reports(properties: dict[str, object], code: str | None) -> None:
    """What is too wide or can never match is reported, not changed (rule 3.4)."""
    template = stack(F_ARN, **properties)
    result = transform(Request(template, REGION, ACCOUNT))
    expected = [{"Path": "Resources.Allow", "Code": code, "Id": ID[code]}] if code else []
    metadata: Any = result.fragment.get("Metadata", {})
    assert metadata.get("AutoLexPermissionsReport", []) == expected
    resources: Any = result.fragment["Resources"]
    assert resources["Allow"] == template["Resources"]["Allow"]


@pytest.mark.parametrize(
    ("bots", "codes"),
    [
        pytest.param("${Bot}", [], id="one bot"),
        pytest.param("${Bot}*", ["PermissionTooWide"], id="bots whose id begins like this one's"),
        pytest.param("*", ["PermissionTooWide"], id="all bots"),
    ],
)
def test_all_aliases_of_one_bot_are_what_is_asked_for(bots: str, codes: list[str]) -> None:
    """Under SourceScope Bot only more than one bot is too wide (rules 3.4 and 5.2)."""
    template = stack(F_ARN, SourceArn=sub(f"{LEX}:bot-alias/{bots}/*"))
    result = transform(Request(template, REGION, ACCOUNT, {"SourceScope": "Bot"}))
    assert result.permissions_added == 0
    assert [report.name for report in result.reports] == codes


def test_an_alias_of_either_bot_is_named_by_its_own_arn() -> None:
    """Which bot an alias is of need not be known for that (rules 3.1, 3.2)."""
    template = stack(F_ARN)
    alias = template["Resources"]["A"]["Properties"]
    alias["BotId"] = {"Fn::If": ["IsProd", {"Ref": "Bot"}, {"Ref": "BotId"}]}
    assert added(template) == 0
    template["Resources"]["Allow"]["Properties"]["SourceArn"] = sub("${A.Arn}*")
    assert added(template) == 1


NOT_AN_ALIAS = "Its SourceArn is not that of a bot alias."
NO_ALIAS = "Its SourceArn holds no id of a bot alias."
ALIAS_BY_NAME = "Its SourceArn holds a name in place of the bot alias's id."
REF_OF_ALIAS = "Its SourceArn holds a Ref of the bot alias, which is not its id."
NO_INVOKING = "Its Action does not include lambda:InvokeFunction."


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({"Principal": "*"}, "Its Principal is anyone."),
        ({"Action": "lambda:*"}, "Its Action is more than lambda:InvokeFunction."),
        ({"SourceArn": None}, "It has no SourceArn."),
        ({"SourceArn": sub(LEX + ":bot-alias/*")}, "Its SourceArn holds a wildcard."),
        ({"Principal": "lex.amazonaws.com"}, "Its Principal is not lexv2.amazonaws.com."),
        (
            {"SourceArn": {"Fn::GetAtt": ["Bot", "Arn"]}},
            "Its SourceArn is not that of a bot alias.",
        ),
        ({"SourceArn": sub(f"{LEX}:bot/ABCDEFGHIJ")}, NOT_AN_ALIAS),
        ({"SourceArn": sub(f"{LEX}:bot-alias/${{Bot}}/TSTALIASID/en_US")}, NOT_AN_ALIAS),
        ({"SourceArn": sub(f"{LEX}:bot-alias/ABC/TSTALIASID/*")}, NOT_AN_ALIAS),
        ({"SourceArn": sub(f"{LEX}:bot-alias/${{Bot}}/${{A}}")}, REF_OF_ALIAS),
        ({"SourceArn": {"Ref": "A"}}, REF_OF_ALIAS),
        ({"SourceArn": sub(f"{LEX}:bot-alias/${{Bot}}")}, NO_ALIAS),
        ({"SourceArn": sub(f"{LEX}:bot-alias/ABCDEFGHIJ")}, NO_ALIAS),
        ({"SourceArn": sub(f"{LEX}:bot-alias/${{Bot}}/live")}, ALIAS_BY_NAME),
        ({"SourceArn": sub(f"{LEX}:bot-alias/ABCDEFGHIJ/production_1")}, ALIAS_BY_NAME),
        (
            {"SourceArn": sub(f"{LEX}:intent:Order:*")},
            "Its SourceArn is that of an intent of Lex V1.",
        ),
        (
            {"SourceArn": sub("arn:aws:lex:eu-west-1:${AWS::AccountId}:bot-alias/${Bot}/*")},
            "Its SourceArn is of another Region.",
        ),
        (
            {"SourceArn": sub("arn:aws:lex:us-east-1:999999999999:bot-alias/${Bot}/*")},
            "Its SourceArn is of another account.",
        ),
        (
            {
                "SourceArn": sub(
                    "arn:aws-cn:lex:us-east-1:123456789012:bot-alias/${Bot}/${A.BotAliasId}"
                )
            },
            "Its SourceArn is of another partition.",
        ),
        (
            {"SourceArn": {"Fn::If": ["IsProd", {"Ref": "A"}, sub(f"{LEX}:bot/ABCDEFGHIJ")]}},
            REF_OF_ALIAS,
        ),
        ({"SourceAccount": "999999999999"}, "Its SourceAccount is another account."),
        ({"Principal": sub("lex.${AWS::URLSuffix}")}, "Its Principal is not lexv2.amazonaws.com."),
        ({"Action": "lambda:GetFunction"}, NO_INVOKING),
        ({"Action": "lambda:InvokeFunctionUrl"}, NO_INVOKING),
        (
            {"PrincipalOrgID": "o-a1b2c3d4e5"},
            "Its PrincipalOrgID asks for what Lex does not send.",
        ),
        ({"SourceArn": sub("${A.Arn} ")}, "Its SourceArn holds white space."),
        (
            {"SourceArn": f"arn:aws:lex:*:{ACCOUNT}:bot-alias/*"},
            "Its SourceArn holds a wildcard before the resource, where Lambda takes none.",
        ),
        (
            {"FunctionName": {"Ref": "Live"}},
            "It names another version or alias of the function.",
        ),
    ],
)
def test_a_report_says_why(properties: dict[str, object], why: str) -> None:
    """The author need not find out which property is meant (rule 3.4)."""
    result = transform(Request(stack(F_ARN, **properties), REGION, ACCOUNT))
    assert [report.details["reason"] for report in result.reports] == [why]


@pytest.mark.parametrize(
    "properties",
    [
        {"FunctionName": {"Ref": "Live"}, "SourceArn": None},
        {"FunctionName": {"Ref": "Live"}, "SourceArn": sub(f"{LEX}:bot-alias/ABCDEFGHIJ/*")},
        {"FunctionName": {"Ref": "Live"}, "SourceArn": sub(f"{LEX}:bot-a*")},
        {"FunctionName": {"Ref": "Live"}, "SourceArn": {"Ref": "HookArn"}},
        {"SourceArn": sub(f"{LEX}:bot-alias/ABCDEFGHIJ/KLMNOPQRST")},
        {"SourceArn": sub(f"{LEX}:bot-alias/ABCDEFGHIJ/${{HookArn}}")},
        {"SourceArn": sub(f"{LEX}:bot-alias/${{HookArn}}")},
        {"SourceArn": "arn:aws:lex:eu-west-1:123456789012:bot-alias/ABCDEFGHIJ/KLMNOPQRST"},
        {"SourceArn": sub(f"{LEX}:bot-alias/${{Bot}}/${{HookArn}}")},
        {"SourceArn": {"Fn::If": ["IsProd", {"Ref": "A"}, {"Ref": "HookArn"}]}},
        {"Action": {"Ref": "HookArn"}},
        {"PrincipalOrgID": {"Fn::If": ["IsProd", "o-a1b2c3d4e5", NO_VALUE]}},
        {"SourceAccount": {"Ref": "HookArn"}},
        {"Principal": sub("lexv2.${HookArn}")},
    ],
)
def test_what_may_be_for_another_bot_is_left_alone(properties: dict[str, object]) -> None:
    """Who took the advice to delete it would silence that bot (rule 3.4)."""
    result = transform(Request(stack(F_ARN, **properties), REGION, ACCOUNT))
    assert result.permissions_added == 1
    assert result.reports == ()


@pytest.mark.parametrize("alias", ["A", "Other"], ids=["with a hook", "without a hook"])
@pytest.mark.parametrize("bot", ["ABCDEFGHIJ", IMPORT, {"Ref": "BotId"}], ids=str)
@pytest.mark.parametrize(
    ("lex", "properties"),
    [
        pytest.param(LEX, {"FunctionName": {"Ref": "Live"}}, id="qualifier"),
        pytest.param(LEX, {"SourceAccount": "999999999999"}, id="source account"),
        pytest.param("arn:aws:lex:eu-west-1:${AWS::AccountId}", {}, id="Region"),
        pytest.param("arn:aws:lex:us-east-1:999999999999", {}, id="account"),
        pytest.param("arn:aws-cn:lex:us-east-1:${AWS::AccountId}", {}, id="partition"),
    ],
)
def test_other_stacks_may_make_aliases_of_a_bot(
    alias: str, bot: object, lex: str, properties: dict[str, object]
) -> None:
    """So nothing is said of a bot that is not made here, an alias of it or not (rule 3.4).

    What names an alias that is made here can be for no other.
    """
    for ending, reports in {"*": 0, "KLMNOPQRST": 0, "${Other.BotAliasId}": 1}.items():
        source_arn = sub(f"{lex}:bot-alias/${{Its}}/{ending}", Its=bot)
        template = stack(F_ARN, SourceArn=source_arn, **properties)
        template["Resources"][alias]["Properties"]["BotId"] = bot
        result = transform(Request(template, REGION, ACCOUNT))
        assert result.permissions_added == 1
        assert len(result.reports) == reports


@pytest.mark.parametrize(
    "key",
    ["Action", "EventSourceToken", "FunctionName", "Principal", "SourceAccount", "SourceArn"],
)
def test_of_a_malformed_condition_nothing_is_said(key: str) -> None:
    """CloudFormation rejects it in its own words (rules 1.4, 3.4)."""
    template = stack(F_ARN, **{key: {"Fn::If": ["IsProd", "no third"]}})
    result = transform(Request(template, REGION, ACCOUNT))
    assert (result.permissions_added, result.reports) == (1, ())


def test_an_alias_is_known_by_its_name() -> None:
    """Even where the name could be an id, or is a parameter (rule 3.4)."""
    for name in ("PRODUCTION", {"Ref": "HookArn"}):
        arn = {"Fn::Join": ["/", [sub(f"{LEX}:bot-alias"), {"Ref": "Bot"}, name]]}
        template = stack(F_ARN, SourceArn=arn)
        template["Resources"]["A"]["Properties"]["BotAliasName"] = name
        result = transform(Request(template, REGION, ACCOUNT))
        assert [report.details["reason"] for report in result.reports] == [ALIAS_BY_NAME]


@pytest.mark.parametrize("bot", [IMPORT, {"Ref": "BotId"}], ids=str)
def test_the_bot_of_an_alias_is_known_to_be_one(bot: object) -> None:
    """Behind its id alone there is no bot alias, wherever it is made (rule 3.4)."""
    template = stack(F_ARN, SourceArn=sub(f"{LEX}:bot-alias/${{Its}}", Its=bot))
    assert transform(Request(template, REGION, ACCOUNT)).reports == ()
    template["Resources"]["Other"]["Properties"]["BotId"] = bot
    result = transform(Request(template, REGION, ACCOUNT))
    assert [report.details["reason"] for report in result.reports] == [NO_ALIAS]


def test_where_nobody_says_the_region_none_is_another() -> None:
    """The command line may not know it (rule 3.4)."""
    arn = sub("arn:aws:lex:eu-west-1:${AWS::AccountId}:bot-alias/${Bot}/*")
    result = transform(Request(stack(F_ARN, SourceArn=arn)))
    assert result.reports == ()


# What `fix --narrow` asks before it takes a permission out.


@pytest.mark.parametrize(
    ("properties", "others"),
    [
        ({}, []),
        ({"Principal": "*"}, ["anyone but Lex V2"]),
        ({"Action": "lambda:*"}, ["every action but lambda:InvokeFunction"]),
        ({"SourceArn": None}, ["every other bot"]),
        (
            {"SourceArn": sub(LEX + ":bot-alias/*")},
            ["every other bot alias that its SourceArn matches"],
        ),
        (
            {"Principal": {"Fn::If": ["IsProd", "lexv2.amazonaws.com", "*"]}, "SourceArn": None},
            ["anyone but Lex V2", "every other bot"],
        ),
    ],
)
def test_what_else_a_permission_allows(properties: dict[str, object], others: list[str]) -> None:
    """Those lose access (rule 3.4)."""
    declared = examine(Request(stack(F_ARN, **properties), REGION, ACCOUNT)).declared
    assert [more.others for more in declared.excess("Allow", by_bot=False)] == others


def test_a_permission_for_a_whole_bot_allows_no_more_than_one_that_is_added_for_it() -> None:
    """Under `SourceScope: Bot` (rule 5.2)."""
    template = stack(F_ARN, SourceArn=sub(LEX + ":bot-alias/${Bot}/*"))
    declared = examine(Request(template, REGION, ACCOUNT)).declared
    assert declared.excess("Allow", by_bot=True) == []
    assert len(declared.excess("Allow", by_bot=False)) == 1


UNSEEN = "it may let in what is not in the template"


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ({}, ""),
        ({"SourceArn": sub(LEX + ":bot-alias/${Bot}/*")}, ""),
        ({"SourceArn": sub(LEX + ":bot-alias/ABCDEFGHIJ/${Other.BotAliasId}")}, ""),
        ({"SourceArn": sub(LEX + ":bot-alias/ABCDEFGHIJ/*")}, UNSEEN),
        ({"SourceArn": {"Fn::If": ["IsProd", A_ARN, NO_VALUE]}}, UNSEEN),
        ({"SourceArn": None}, UNSEEN),
        ({"SourceArn": sub(LEX + ":intent:Order:*")}, ""),
        ({"SourceArn": sub(LEX + ":intent:Order:*"), "Principal": "*"}, UNSEEN),
        ({"SourceArn": sub(LEX + ":intent:Order:*"), "Principal": "lex.amazonaws.com"}, UNSEEN),
    ],
)
def test_whom_a_permission_may_serve_unseen(properties: dict[str, object], why: str) -> None:
    """What another stack may need is not taken out (rule 3.4)."""
    declared = examine(Request(stack(F_ARN, **properties), REGION, ACCOUNT)).declared
    assert declared.reason_to_stay("Allow", []) == why


def test_a_permission_that_serves_what_has_opted_out() -> None:
    """Nothing would be added in its place (rules 3.4, 5.1)."""
    template = stack(F_ARN, SourceArn=sub(LEX + ":bot-alias/${Bot}/*"))
    template["Resources"]["Other"]["Properties"] = template["Resources"]["A"]["Properties"]
    found = examine(Request(template, REGION, ACCOUNT))
    out = [hook for hook in found.all_hooks if hook.resource.logical_id == "Other"]
    why = "it lets in Other, which has opted out"
    assert found.declared.reason_to_stay("Allow", out) == why
    template["Resources"]["Other"]["Properties"] = {
        **template["Resources"]["A"]["Properties"],
        "BotId": "ABCDEFGHIJ",
    }
    found = examine(Request(template, REGION, ACCOUNT))
    out = [hook for hook in found.all_hooks if hook.resource.logical_id == "Other"]
    assert found.declared.reason_to_stay("Allow", out) == ""


def reported_codes(template: dict[str, Any]) -> list[str]:
    """Return the codes of the author's permissions that are reported."""
    found = transform(Request(template, REGION, ACCOUNT)).reports
    return [report.code for report in found if report.path == "Resources.Allow"]


RESOLVED = "{{resolve:ssm:/x}}"


@pytest.mark.parametrize(
    "properties",
    [
        {"Action": RESOLVED},
        {"SourceAccount": RESOLVED},
        {"Principal": f"lexv2.{RESOLVED}"},
        {"Action": {"Fn::Sub": "${HookArn}"}},
    ],
)
def test_what_is_resolved_later_may_match(properties: dict[str, object]) -> None:
    """It is neither taken as covering nor reported as never matching (rules 3.3, 3.4)."""
    template = stack(F_ARN, **properties)
    assert added(template) == 1
    assert reported_codes(template) == []


def test_an_action_that_is_put_together_is_read() -> None:
    """As a principal is (rule 3.2)."""
    assert added(stack(F_ARN, Action=sub("lambda:InvokeFunction"))) == 0


@pytest.mark.parametrize(
    ("source_arn", "other", "codes"),
    [
        (A_ARN, None, ["ALP202"]),
        (A_ARN, {"Ref": "HookArn"}, []),
        (sub(LEX + ":bot-alias/${Bot}/*"), None, []),
        (sub(LEX + ":bot-alias/${Bot}/TSTALIASID"), None, ["ALP202"]),
    ],
)
def test_another_qualifier_is_reported_where_all_hooks_are_known(
    source_arn: object, other: object, codes: list[str]
) -> None:
    """Another hook of the alias, and an alias of another stack, may name it (rule 3.4)."""
    template = stack(sub("${F.Arn}:prod"), FunctionName=sub("${F}:live"), SourceArn=source_arn)
    if other:
        settings = template["Resources"]["A"]["Properties"]["BotAliasLocaleSettings"]
        hook = {"LambdaCodeHook": {"LambdaArn": other}}
        settings.append({"BotAliasLocaleSetting": {"CodeHookSpecification": hook}})
    assert reported_codes(template) == codes


@pytest.mark.parametrize(("name", "codes"), [(RESOLVED, []), ("other", ["ALP202"])])
def test_another_qualifier_is_not_reported_where_a_text_may_name_it(
    name: str, codes: list[str]
) -> None:
    """The function's own name may be the one that another hook writes out (rule 3.4)."""
    template = stack(sub("${F.Arn}:prod"), FunctionName={"Ref": "F"}, SourceArn=A_ARN)
    template["Resources"]["F"]["Properties"] = {"FunctionName": name}
    settings = template["Resources"]["A"]["Properties"]["BotAliasLocaleSettings"]
    hook = {"LambdaCodeHook": {"LambdaArn": sub(f"{OWN}:orders-1")}}
    settings.append({"BotAliasLocaleSetting": {"CodeHookSpecification": hook}})
    assert reported_codes(template) == codes


def test_another_qualifier_is_not_reported_where_the_bot_is_not_known() -> None:
    """It may be the one of the permission, and the function that it names then, too (rule 3.4)."""
    for bot_id, codes in (({"Ref": "Bot"}, ["ALP202"]), (RESOLVED, [])):
        template = stack(
            sub("${F.Arn}:prod"),
            FunctionName=sub("${F}:live"),
            SourceArn=sub(LEX + ":bot-alias/${Bot}/${Other.BotAliasId}"),
        )
        other = template["Resources"]["Other"]["Properties"]
        other["BotId"] = bot_id
        hook = {"LambdaCodeHook": {"LambdaArn": RESOLVED if codes == [] else F_ARN}}
        setting = {"BotAliasLocaleSetting": {"CodeHookSpecification": hook}}
        other["BotAliasLocaleSettings"] = [setting]
        assert reported_codes(template) == codes


@pytest.mark.parametrize(
    "properties",
    [
        {
            "Principal": {"Fn::If": ["IsProd", "lexv2.amazonaws.com", "events.amazonaws.com"]},
            "SourceArn": {"Fn::If": ["IsProd", A_ARN, NO_VALUE]},
        },
        {
            "Principal": {"Fn::If": ["IsProd", "lexv2.amazonaws.com", "events.amazonaws.com"]},
            "SourceArn": {"Fn::If": ["IsProd", A_ARN, "arn:aws:events:us-east-1:1:rule/*"]},
        },
        {"Action": {"Fn::If": ["IsProd", "lambda:InvokeFunction", "lambda:GetFunction"]}},
        {
            "Principal": {"Fn::If": ["IsProd", "*", "lexv2.amazonaws.com"]},
            "PrincipalOrgID": {"Fn::If": ["IsProd", "o-a1b2c3d4e5", NO_VALUE]},
        },
    ],
)
def test_what_is_wide_where_lex_is_not_let_in_is_not_too_wide(
    properties: dict[str, object],
) -> None:
    """Where the permission lets Lex invoke it is exact (rule 3.4)."""
    assert reported_codes(stack(F_ARN, **properties)) == []


@pytest.mark.parametrize(
    ("made_of", "named", "missing"),
    [
        (sub("${BotId}-fn"), sub("${BotId}-fn:live"), 0),
        (sub("${BotId}-fn"), sub(OWN + ":${BotId}-fn:live"), 0),
        (sub("${BotId}-fn"), sub("${BotId}-fn:dev"), 1),
        (sub("${BotId}-fn"), sub("${BotId}-gn:live"), 1),
        ({"Ref": "HookArn"}, sub("${HookArn}:live"), 0),
        ("orders", sub("${G.Arn}:live"), 0),
        (sub(OWN + ":orders"), sub("${G}:live"), 0),
    ],
)
def test_a_lambda_alias_names_its_function_in_any_spelling(
    made_of: object, named: object, missing: int
) -> None:
    """By a name that is put together, by an ARN, or by what may be one (rule 3.2)."""
    template = stack({"Ref": "Made"}, FunctionName=named)
    properties = {"FunctionName": made_of, "Name": "live", "FunctionVersion": "1"}
    template["Resources"]["Made"] = {"Type": "AWS::Lambda::Alias", "Properties": properties}
    assert added(template) == missing
