"""The ways to write the same ARN: what the contract's 3.2 says must be seen as the same.

Each function yields expressions that come to one text in every world.
"""

from collections.abc import Callable, Iterator
from typing import Any

FUNCTION_HERE = "arn:aws:lambda:us-east-1:123456789012:function:"
FUNCTION_BY_PSEUDO = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
LEX_HERE = "arn:aws:lex:us-east-1:123456789012:"
LEX_BY_PSEUDO = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:"
EVERY_SOURCE = (
    {"Fn::Sub": f"{LEX_BY_PSEUDO}bot-alias/*"},
    {"Fn::Sub": f"{LEX_HERE}bot-alias/*/*"},
    f"{LEX_HERE}*",
    "arn:aws:lex:*:*:bot-alias/*",
    {"Fn::Sub": "arn:*:lex:${AWS::Region}:*:bot-alias/*"},
)


def of_attribute(name: str, attribute: str) -> Iterator[Any]:
    """Yield the spellings of a GetAtt."""
    dotted = f"{name}.{attribute}"
    yield {"Fn::GetAtt": [name, attribute]}
    yield {"Fn::GetAtt": dotted}
    yield {"Fn::Sub": f"${{{dotted}}}"}
    yield {"Fn::Sub": ["${It}", {"It": {"Fn::GetAtt": [name, attribute]}}]}
    yield {"Fn::Join": ["", [{"Fn::GetAtt": [name, attribute]}]]}


def of_function(name: str) -> Iterator[Any]:
    """Yield the spellings of a function's ARN."""
    yield from of_attribute(name, "Arn")
    yield {"Fn::Sub": f"{FUNCTION_BY_PSEUDO}${{{name}}}"}
    yield {"Fn::Sub": f"{FUNCTION_HERE}${{{name}}}"}
    yield {"Fn::Sub": [f"{FUNCTION_BY_PSEUDO}${{Name}}", {"Name": {"Ref": name}}]}
    pseudo = [{"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}]
    parts = ["arn", {"Ref": "AWS::Partition"}, "lambda", *pseudo, "function", {"Ref": name}]
    yield {"Fn::Join": [":", parts]}


def of_function_by_name(name: str, text: Any) -> Iterator[Any]:
    """Yield what only the FunctionName of a permission may say for a function."""
    yield {"Ref": name}
    yield {"Fn::Sub": f"${{{name}}}"}
    yield {"Fn::Sub": f"${{{name}.Arn}}\n"}
    yield {"Fn::Sub": f"${{AWS::AccountId}}:function:${{{name}}}"}
    if text is not None:
        yield text
        yield from of_name(text)


def of_name(name: Any) -> Iterator[Any]:
    """Yield the spellings of the ARN of a function of this account, given its name."""
    match name:
        case {"Fn::Sub": str(written)}:
            yield {"Fn::Sub": f"{FUNCTION_BY_PSEUDO}{written}"}
            yield {"Fn::Sub": f"{FUNCTION_HERE}{written}"}
        case {"Ref": str(parameter)}:
            yield {"Fn::Sub": f"{FUNCTION_BY_PSEUDO}${{{parameter}}}"}
            yield {"Fn::Join": ["", [FUNCTION_HERE, name]]}
        case str():
            yield f"{FUNCTION_HERE}{name}"
            yield {"Fn::Sub": f"{FUNCTION_BY_PSEUDO}{name}"}
            yield {"Fn::Join": [":", [FUNCTION_HERE.removesuffix(":"), name]]}


def of_lambda_alias(name: str) -> Iterator[Any]:
    """Yield the spellings of a Lambda alias's ARN."""
    yield {"Ref": name}
    yield {"Fn::Sub": f"${{{name}}}"}
    yield from of_attribute(name, "AliasArn")


def qualified(arn: Any, qualifier: str) -> Any:
    """Return a function's ARN with a qualifier, in a spelling near to the one given."""
    match arn:
        case str():
            return f"{arn}:{qualifier}"
        case {"Fn::Sub": str(written)}:
            return {"Fn::Sub": f"{written}:{qualifier}"}
        case {"Fn::Sub": [str(written), {**own}]}:
            return {"Fn::Sub": [f"{written}:{qualifier}", own]}
        case {"Fn::Join": [":", [*parts]]}:
            return {"Fn::Join": [":", [*parts, qualifier]]}
    return {"Fn::Join": [":", [arn, qualifier]]}


def of_bot_alias(name: str, bot: Any) -> Iterator[Any]:
    """Yield the spellings of a bot alias's ARN, by its own attribute or through its bot."""
    yield from of_attribute(name, "Arn")
    yield by_branch(
        bot, lambda branch: _in_a_text(branch, f"bot-alias/${{Bot}}/${{{name}.BotAliasId}}")
    )
    own = {"Fn::GetAtt": [name, "BotAliasId"]}
    yield by_branch(bot, lambda branch: _in_a_join(branch, "/", own))


def of_test_alias(bot: str) -> Iterator[Any]:
    """Yield the spellings of the ARN of a bot's test alias, some with wildcards."""
    yield {"Fn::Sub": f"{LEX_BY_PSEUDO}bot-alias/${{{bot}}}/TSTALIASID"}
    yield {"Fn::Sub": f"{LEX_HERE}bot-alias/${{{bot}.Id}}/TSTALIASID"}
    yield {"Fn::Join": ["/", [f"{LEX_HERE}bot-alias", {"Ref": bot}, "TSTALIASID"]]}
    yield {"Fn::Sub": f"{LEX_BY_PSEUDO}bot-alias/${{{bot}}}/TST*"}
    yield {"Fn::Sub": f"{LEX_BY_PSEUDO}bot-alias/*/TSTALIASID"}
    yield {"Fn::Sub": f"{LEX_BY_PSEUDO}bot-alias/${{{bot}}}/TSTALIAS??"}


def of_all_aliases(bot: Any) -> Iterator[Any]:
    """Yield the ways to say all aliases of a bot."""
    yield by_branch(bot, lambda branch: _in_a_text(branch, "bot-alias/${Bot}/*"))
    yield by_branch(bot, lambda branch: _in_a_join(branch, "/*"))
    if isinstance(bot, dict) and "Ref" in bot:
        yield {"Fn::Sub": f"{LEX_BY_PSEUDO}bot-alias/${{{bot['Ref']}}}/*"}


def of_no_alias(bot: Any) -> Iterator[Any]:
    """Yield what people write for an alias's ARN that is none."""
    yield by_branch(bot, lambda branch: _in_a_text(branch, "bot/${Bot}"))
    yield by_branch(bot, lambda branch: _in_a_text(branch, "bot-alias/${Bot}/OTHERALIAS"))
    yield "arn:aws:lex:*"


def of_elsewhere(bot: Any) -> Iterator[Any]:
    """Yield ARNs of aliases that are no alias of this bot, though they look like it."""
    yield {"Fn::Sub": f"{LEX_BY_PSEUDO}bot-alias/?/*"}
    yield by_branch(bot, lambda branch: _in_a_text(branch, "bot-alias/${Bot}/?"))
    yield by_branch(bot, lambda branch: _in_another_place(branch, "us-west-2", "${AWS::AccountId}"))
    yield by_branch(bot, lambda branch: _in_another_place(branch, "${AWS::Region}", "999999999999"))
    yield "arn:aws-cn:lex:cn-north-1:123456789012:bot-alias/*"


def by_branch(expression: Any, make: Callable[[Any], Any]) -> Any:
    """Return what `make` gives, for each branch of an Fn::If by itself.

    An Fn::If within an Fn::Sub or Fn::Join says the same, but nobody promises to see that.
    """
    if isinstance(expression, dict) and "Fn::If" in expression:
        condition, *both = expression["Fn::If"]
        return {"Fn::If": [condition, *(by_branch(branch, make) for branch in both)]}
    return make(expression)


def _in_another_place(bot: Any, region: str, account: str) -> Any:
    """Return the ARN of a bot's aliases in a Region and an account."""
    arn = f"arn:${{AWS::Partition}}:lex:{region}:{account}:bot-alias/${{Bot}}/*"
    return {"Fn::Sub": [arn, {"Bot": bot}]}


def _in_a_text(bot: Any, rest: str) -> Any:
    """Return an ARN of Lex as a Fn::Sub with the bot in its map."""
    return {"Fn::Sub": [f"{LEX_BY_PSEUDO}{rest}", {"Bot": bot}]}


def _in_a_join(bot: Any, *rest: Any) -> Any:
    """Return the ARN of bot aliases as a Fn::Join."""
    return {"Fn::Join": ["", [f"{LEX_HERE}bot-alias/", bot, *rest]]}
