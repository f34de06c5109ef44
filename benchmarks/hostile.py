"""Templates that cost the macro much: what an adversary writes, and the largest honest ones.

Each is made for a size in bytes, which it about has as JSON. The adversary is bound by that size
alone: there may be more resources than CloudFormation takes, since the macro is asked first.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Json: TypeAlias = Any
ARN_OF_FUNCTION: Final = {"Fn::GetAtt": ["Function", "Arn"]}
NO_VALUE: Final = {"Ref": "AWS::NoValue"}
OWN_BOTS: Final = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias"
BY_BOT: Final = {"AutoLexPermissions": {"SourceScope": "Bot"}}


@dataclass(frozen=True, slots=True)
class Template:
    """A template, and whether it is honest: within CloudFormation's limits, and not contrived."""

    name: str
    make: Callable[[int], Json]
    honest: bool = False


TEMPLATES: list[Template] = []


def _case(
    name: str, *, honest: bool = False
) -> Callable[[Callable[[int], Json]], Callable[[int], Json]]:
    """Add a template, made for a size in bytes, to the table."""

    def add(make: Callable[[int], Json]) -> Callable[[int], Json]:
        TEMPLATES.append(Template(name, make, honest))
        return make

    return add


# The parts that templates are made of.


def function(name: object = None) -> Json:
    """Return a function, with a name of its own or without."""
    properties = {} if name is None else {"FunctionName": name}
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def alias(*arns: object, bot: object = "ABCDEFGHIJ", **attributes: object) -> Json:
    """Return a bot alias whose locales name functions, one each."""
    locales = [
        {
            "BotAliasLocaleSetting": {
                "CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": arn}}
            },
        }
        for arn in arns
    ]
    properties = {"BotId": bot, "BotAliasLocaleSettings": locales}
    return {"Type": "AWS::Lex::BotAlias", **attributes, "Properties": properties}


def permission(source_arn: object, name: object = "Function", **properties: object) -> Json:
    """Return a permission of Lex V2 on a function."""
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": name},
            "Principal": "lexv2.amazonaws.com",
            "SourceArn": source_arn,
            **properties,
        },
    }


def policy(arn: object, *statements: object) -> Json:
    """Return a resource policy of a function."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    properties = {"ResourceArn": arn, "PolicyDocument": document}
    return {"Type": "AWS::Lambda::ResourcePolicy", "Properties": properties}


def statement(source_arn: object) -> Json:
    """Return a statement that lets Lex V2 invoke for one caller."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "lexv2.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}},
            "ArnLike": {"AWS:SourceArn": source_arn},
        },
    }


def equals(parameter: str, value: str = "x") -> Json:
    """Return a comparison of a parameter."""
    return {"Fn::Equals": [{"Ref": parameter}, value]}


def when(condition: str, value: object, otherwise: object = NO_VALUE) -> Json:
    """Return a value that stands under a condition."""
    return {"Fn::If": [condition, value, otherwise]}


def nested(depth: int, wrap: Callable[[Any], Any], inside: object) -> Json:
    """Return a value inside of so many others."""
    for _ in range(depth):
        inside = wrap(inside)
    return inside


def template(resources: Json, **sections: object) -> Json:
    """Return a template of a function, called Function, and these resources."""
    return {**sections, "Resources": {"Function": function(), **resources}}


def _filled(size: int, parts: Iterator[dict[str, Json]], **sections: object) -> Json:
    """Return a template with as many parts as there is room for."""
    resources: dict[str, Json] = {}
    room = size - len(json.dumps(sections))
    for part in parts:
        room -= len(json.dumps(part))
        if room < 0 and resources:
            break
        resources |= part
    return template(resources, **sections)


def _each(make: Callable[[int], dict[str, Json]]) -> Iterator[dict[str, Json]]:
    return map(make, itertools.count())


# Many of everything.


@_case("120 bots, each with a resource policy of 5 statements", honest=True)
def resource_policies(size: int) -> Json:
    """Each bot has a function, an alias, and a policy that is held against its hook alone."""

    def bot(number: int) -> dict[str, Json]:
        own = {"Fn::GetAtt": [f"Function{number}", "Arn"]}
        sources = [{"Fn::Sub": f"{OWN_BOTS}/${{Bot{number}}}/{other}*"} for other in "abcd"]
        this = {"Fn::GetAtt": [f"Alias{number}", "Arn"]}
        return {
            f"Function{number}": function(),
            f"Bot{number}": {"Type": "AWS::Lex::Bot", "Properties": {"Name": f"bot-{number}"}},
            f"Alias{number}": alias(own, bot={"Ref": f"Bot{number}"}),
            f"Policy{number}": policy(own, *map(statement, [*sources, this])),
        }

    return _filled(size, map(bot, range(120)))


@_case("250 aliases of one function, each with its permission", honest=True)
def own_permissions(size: int) -> Json:
    """Each alias is held against its own permission alone."""

    def pair(number: int) -> dict[str, Json]:
        own = {"Fn::GetAtt": [f"Alias{number}", "Arn"]}
        return {f"Alias{number}": alias(ARN_OF_FUNCTION), f"Allow{number}": permission(own)}

    return _filled(size, map(pair, range(249)))


@_case("250 aliases of one function, each with a permission for its bot", honest=True)
def permissions_by_bot(size: int) -> Json:
    """Allow `bot-alias/BOT/*`, as authors do whose aliases change."""

    def pair(number: int) -> dict[str, Json]:
        bot = f"BOT{number:07}"
        own = {"Fn::Sub": f"{OWN_BOTS}/{bot}/*"}
        return {
            f"Alias{number}": alias(ARN_OF_FUNCTION, bot=bot),
            f"Allow{number}": permission(own),
        }

    return _filled(size, map(pair, range(249)))


@_case("120 aliases under 1,000 linked conditions", honest=True)
def linked_conditions(size: int) -> Json:
    """Each condition is defined by the one before, as large templates do."""
    conditions = {
        f"Is{number}": {"Fn::Or": [equals("Stage", f"s{number}"), {"Condition": f"Is{number - 1}"}]}
        if number % 10
        else equals("Stage", f"s{number}")
        for number in range(1_000)
    }
    aliases = {
        f"Alias{number}": alias(when(f"Is{number * 8}", ARN_OF_FUNCTION)) for number in range(120)
    }
    return _filled(size, iter([aliases]), Conditions=conditions)


@_case("500 locales under 500 conditions in 20 aliases", honest=True)
def locales_under_conditions(size: int) -> Json:
    """Each alias has as many locales as Lex has languages, each under a condition of its own."""
    locales = 25
    conditions = {f"Is{number}": equals("Stage", f"s{number}") for number in range(500)}

    def one(number: int) -> dict[str, Json]:
        names = [f"Is{number * locales + locale}" for locale in range(locales)]
        return {f"Alias{number}": alias(*(when(name, ARN_OF_FUNCTION) for name in names))}

    return _filled(size, map(one, range(20)), Conditions=conditions)


@_case("20 functions with 20 aliases each, and policies of a statement for each", honest=True)
def statements_by_alias(size: int) -> Json:
    """Each policy stays below the 20 KB that Lambda takes."""
    aliases = range(20)

    def shared(number: int) -> dict[str, Json]:
        own = {"Fn::GetAtt": [f"Function{number}", "Arn"]}
        sources = ({"Fn::GetAtt": [f"Alias{number}x{other}", "Arn"]} for other in aliases)
        return {
            f"Function{number}": function(),
            **{f"Alias{number}x{other}": alias(own, bot=f"BOT{other:07}") for other in aliases},
            f"Policy{number}": policy(own, *map(statement, sources)),
        }

    return _filled(size, map(shared, range(20)))


@_case("120 aliases of one function, each with a permission for any bot", honest=True)
def permissions_for_any_bot(size: int) -> Json:
    """Allow `bot-alias/*/ALIAS`, as authors do who do not know the bot's id."""

    def pair(number: int) -> dict[str, Json]:
        own = {"Fn::Sub": f"{OWN_BOTS}/*/${{Alias{number}.BotAliasId}}"}
        return {f"Alias{number}": alias(ARN_OF_FUNCTION), f"Allow{number}": permission(own)}

    return _filled(size, map(pair, range(120)))


@_case("SourceScope: Bot, 500 locales under 500 conditions on 200 parameters")
def locales_of_one_bot(size: int) -> Json:
    """One permission of the bot serves all of them."""
    locales = 25
    conditions = {f"Is{number}": equals(f"P{number % 200}", f"s{number}") for number in range(500)}

    def one(number: int) -> dict[str, Json]:
        names = [f"Is{number * locales + locale}" for locale in range(locales)]
        return {f"Alias{number}": alias(*(when(name, ARN_OF_FUNCTION) for name in names))}

    return _filled(size, map(one, range(20)), Conditions=conditions, Metadata=BY_BOT)


@_case("policies of one function, an alias for each")
def policies_of_one_function(size: int) -> Json:
    """Hooks times policies times statements."""

    def pair(number: int) -> dict[str, Json]:
        own = {"Fn::Sub": f"{OWN_BOTS}/BOT{number:07}/*"}
        return {
            f"Alias{number}": alias(ARN_OF_FUNCTION, bot=f"BOT{number:07}"),
            f"Policy{number}": policy(ARN_OF_FUNCTION, statement(own), statement(own)),
        }

    return _filled(size, _each(pair))


@_case("policies whose statements have wildcards")
def policies_with_wildcards(size: int) -> Json:
    """One policy of many statements, and many aliases."""
    sources = [{"Fn::Sub": f"{OWN_BOTS}/*{number:07}/*"} for number in range(size // 700)]
    first = {"Policy": policy(ARN_OF_FUNCTION, *map(statement, sources))}
    aliases = _each(lambda number: {f"Alias{number}": alias(ARN_OF_FUNCTION)})
    return _filled(size, itertools.chain([first], aliases))


@_case("permissions with wildcards, an alias for each")
def permissions_with_wildcards(size: int) -> Json:
    """Patterns that no table finds."""

    def pair(number: int) -> dict[str, Json]:
        pattern = f"arn:aws:lex:us-east-1:123456789012:bot-alias/*{number:07}/*"
        return {
            f"Alias{number}": alias(ARN_OF_FUNCTION, bot=f"BOT{number:07}"),
            f"Allow{number}": permission(pattern),
        }

    return _filled(size, _each(pair))


@_case("permissions that match nothing, with long patterns")
def long_patterns(size: int) -> Json:
    """Each alias against each pattern, character by character."""

    def pair(number: int) -> dict[str, Json]:
        pattern = f"arn:aws:lex:us-east-1:123456789012:bot-alias/{'*a' * 200}{number}/*"
        return {
            f"Alias{number}": alias(ARN_OF_FUNCTION, bot="a" * 400),
            f"Allow{number}": permission(pattern),
        }

    return _filled(size, _each(pair))


@_case("one pattern of many wildcards against one long bot id")
def wildcards(size: int) -> Json:
    """`*a*a*a…b` against `aaa…`."""
    pattern = f"arn:aws:lex:us-east-1:123456789012:bot-alias/{'*a' * (size // 4)}b/*"
    return template(
        {
            "Alias": alias(ARN_OF_FUNCTION, bot="a" * (size // 2)),
            "Allow": permission(pattern),
        }
    )


@_case("a pattern of one wildcard and a long rest")
def long_rest(size: int) -> Json:
    """Try the rest at each place: `*aaa…b` against `aaa…`."""
    rest = "a" * (size // 4)
    pattern = f"arn:aws:lex:us-east-1:123456789012:bot-alias/*{rest}b/*"
    return template(
        {
            "Alias": alias(ARN_OF_FUNCTION, bot="a" * (size // 2)),
            "Allow": permission(pattern),
        }
    )


@_case("permissions of one function named by text, an alias for each")
def permissions_by_text(size: int) -> Json:
    """Names by text, which may be any of many resources."""

    def pair(number: int) -> dict[str, Json]:
        return {
            f"Alias{number}": alias({"Fn::Sub": "${Name}"}, bot=f"BOT{number:07}"),
            f"Allow{number}": permission({"Fn::GetAtt": [f"Alias{number}", "Arn"]}, "Name"),
        }

    return _filled(size, _each(pair))


@_case("functions of one name under conditions, an alias for each")
def functions_of_one_name(size: int) -> Json:
    """Name by text what may be any of many resources."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"

    def pair(number: int) -> dict[str, Json]:
        made = {**function("orders"), "Condition": f"Is{number % 1_000}"}
        return {f"Function{number}": made, f"Alias{number}": alias(arn)}

    return _filled(size, _each(pair))


@_case("retained bot aliases of functions of one name, each under a condition of its own")
def retained_functions_of_one_name(size: int) -> Json:
    """Let permissions outlive their stack where all that they may name does."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    count = size // 200
    functions = {
        f"Function{number}": {**function("orders"), "Condition": f"Is{number}"}
        for number in range(count)
    }
    aliases = {f"Alias{n}": alias(arn, DeletionPolicy="Retain") for n in range(5)}
    conditions = {f"Is{number}": equals(f"P{number}") for number in range(count)}
    return template({**functions, **aliases}, Conditions=conditions)


@_case("hooks on functions of one name, each named by its logical id")
def functions_of_one_name_by_id(size: int) -> Json:
    """Each function may be each other one."""

    def pair(number: int) -> dict[str, Json]:
        return {
            f"Function{number}": function("orders"),
            f"Alias{number}": alias({"Fn::GetAtt": [f"Function{number}", "Arn"]}),
        }

    return _filled(size, _each(pair))


@_case("functions with many names under conditions")
def many_names(size: int) -> Json:
    """Each of two functions may have each of many names."""
    count = size // 150
    names = nested_ifs(f"orders-{number}" for number in range(count))
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders-"
    resources = {
        f"Function{number}": function(names if number == 0 else f"orders-{number}")
        for number in range(2)
    }
    aliases = {"Alias": alias(*(f"{arn}{number}" for number in range(count)))}
    return template({**resources, **aliases})


@_case("functions named by parameters, a policy for each")
def unknown_functions(size: int) -> Json:
    """Nothing says whether two of them are the same."""

    def pair(number: int) -> dict[str, Json]:
        return {
            f"Alias{number}": alias({"Ref": f"P{number}"}),
            f"Policy{number}": policy({"Ref": f"Q{number}"}),
        }

    return _filled(size, _each(pair))


@_case("one function with many qualifiers, a policy for each")
def qualifiers(size: int) -> Json:
    """Each is proved not to be each other one."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"

    def pair(number: int) -> dict[str, Json]:
        return {
            f"Alias{number}": alias(f"{arn}:{number}"),
            f"Policy{number}": policy(f"{arn}:x{number}"),
        }

    return _filled(size, _each(pair))


@_case("functions named by text, each with Lambda aliases")
def named_by_text(size: int) -> Json:
    """Each permission waits for what makes its function and its qualifier."""

    def bot(number: int) -> dict[str, Json]:
        name = f"orders-{number}"
        properties = {"FunctionName": {"Ref": f"Function{number}"}, "Name": "live"}
        return {
            f"Function{number}": function(name),
            f"Live{number}": {"Type": "AWS::Lambda::Alias", "Properties": properties},
            f"Alias{number}": alias(f"arn:aws:lambda:us-east-1:123456789012:function:{name}:live"),
        }

    return _filled(size, _each(bot))


@_case("Lambda aliases of one name for one function, named by text")
def lambda_aliases_of_one_name(size: int) -> Json:
    """Each may make the qualifier that each permission waits for."""
    properties = {"FunctionName": {"Ref": "Function0"}, "Name": "live"}
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders:live"

    def pair(number: int) -> dict[str, Json]:
        return {
            f"Live{number}": {"Type": "AWS::Lambda::Alias", "Properties": properties},
            f"Alias{number}": alias(arn, bot=f"BOT{number:07}"),
        }

    return _filled(size, itertools.chain([{"Function0": function("orders")}], _each(pair)))


# SourceScope: Bot.


@_case("SourceScope: Bot, functions times bots in one alias")
def functions_times_bots(size: int) -> Json:
    """Permissions that only serve to say that they are too many."""
    count = size // 150
    bots = nested_ifs(f"BOT{number:07}" for number in range(count))
    resources = {f"Function{number}": function() for number in range(count)}
    arns = [{"Fn::GetAtt": [name, "Arn"]} for name in resources]
    return template({**resources, "Alias": alias(*arns, bot=bots)}, Metadata=BY_BOT)


def nested_ifs(values: Iterator[Json]) -> Json:
    """Return values under conditions, in a tree of `Fn::If` that is as flat as it can be."""
    level: list[Json] = list(values)
    for number in itertools.count():
        if len(level) == 1:
            break
        pairs = itertools.zip_longest(level[::2], level[1::2], fillvalue=NO_VALUE)
        level = [when(f"Is{number}", *pair) for pair in pairs]
    return level[0]


@_case("SourceScope: Bot, literal bots that all have one function")
def literal_bots(size: int) -> Json:
    """Each alias waits for the permission of its bot."""
    aliases = _each(lambda n: {f"Alias{n}": alias(ARN_OF_FUNCTION, bot=f"BOT{n:07}")})
    return _filled(size, aliases, Metadata=BY_BOT)


@_case("SourceScope: Bot, one bot, and a permission of an earlier run for each function")
def generated_before(size: int) -> Json:
    """Each grant of the bot is held against each permission of the bot."""
    own = {"Fn::Sub": f"{OWN_BOTS}/ABCDEFGHIJ/*"}

    def part(number: int) -> dict[str, Json]:
        name = f"Function{number}"
        return {
            name: function(),
            f"Allow{number}": permission(own, name),
            f"Alias{number}": alias({"Fn::GetAtt": [name, "Arn"]}),
        }

    return _filled(size, _each(part), Metadata=BY_BOT)


@_case("SourceScope: Bot, aliases that have opted out")
def opted_out(size: int) -> Json:
    """Each may still be covered by each permission of its bot."""
    out = {"Metadata": {"AutoLexPermissions": {"Enabled": False}}}
    active = {f"F{number}": function() for number in range(200)}
    hooks = [{"Fn::GetAtt": [name, "Arn"]} for name in active]
    first = {**active, "Alias": alias(*hooks)}
    others = _each(lambda n: {f"Alias{n}": alias(ARN_OF_FUNCTION, **out)})
    return _filled(size, itertools.chain([first], others), Metadata=BY_BOT)


@_case("SourceScope: Bot, aliases that depend on each other")
def dependent(size: int) -> Json:
    """Whether a wait closes a cycle is asked for each of them."""

    def pair(number: int) -> dict[str, Json]:
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:orders-{number % 200}"
        made = alias(arn, DependsOn=f"Alias{number - 1}" if number else [])
        return {f"Alias{number}": made}

    functions = {f"F{number}": function(f"orders-{number}") for number in range(200)}
    return _filled(size, itertools.chain([functions], _each(pair)), Metadata=BY_BOT)


# Conditions.


@_case("two disjunctions of pairs, whose conjunction is false")
def disjunctions(size: int) -> Json:
    """Ask for a diagram that grows without bound."""
    count = 45
    pairs = [{"Fn::And": [equals(f"A{n}"), equals(f"B{n}")]} for n in range(count)]
    others = [{"Fn::And": [equals(f"A{n}"), equals(f"C{n}")]} for n in range(count)]
    conditions: dict[str, Json] = {"One": {"Fn::Or": pairs}, "Other": {"Fn::Or": others}}
    conditions["Both"] = {"Fn::And": [{"Condition": "One"}, {"Condition": "Other"}]}
    aliases = _each(lambda n: {f"Alias{n}": alias(ARN_OF_FUNCTION, Condition="Both")})
    return _filled(size, aliases, Conditions=conditions)


@_case("one question after another that is too large")
def large_questions(size: int) -> Json:
    """Each alias has conditions of its own, whose diagrams grow without bound."""
    count = 24
    first = {f"A{n}": equals(f"A{n}") for n in range(count)}
    second = {f"B{n}": equals(f"B{n}") for n in range(count)}
    conditions: dict[str, Json] = {**first, **second}
    resources: dict[str, Json] = {}
    for number in itertools.count():
        order = [(n * (number + 1)) % count for n in range(count)]
        pairs = [
            {"Fn::And": [{"Condition": f"A{n}"}, {"Condition": f"B{other}"}]}
            for n, other in enumerate(order)
        ]
        conditions[f"Large{number}"] = {"Fn::Or": pairs}
        resources[f"Alias{number}"] = alias(ARN_OF_FUNCTION, Condition=f"Large{number}")
        if number % 10 == 0 and len(json.dumps([conditions, resources])) > size:
            return template(resources, Conditions=conditions)
    raise AssertionError


@_case("aliases that each need a new condition")
def new_conditions(size: int) -> Json:
    """Each permission stands under two conditions together."""

    def one(number: int) -> dict[str, Json]:
        arn = when(f"Is{number % 300}", when(f"Is{(number * 7 + 1) % 300}", ARN_OF_FUNCTION))
        return {f"Alias{number}": alias(arn)}

    conditions = {f"Is{number}": equals(f"P{number}") for number in range(300)}
    return _filled(size, _each(one), Conditions=conditions)


@_case("hooks of one alias under conditions of their own")
def conditions_of_one_alias(size: int) -> Json:
    """One permission, whose condition is put together from all of them."""
    count = size // 300
    conditions = {f"Is{number}": equals(f"P{number}") for number in range(count)}
    hooks = [when(name, ARN_OF_FUNCTION) for name in conditions]
    return template({"Alias": alias(*hooks)}, Conditions=conditions)


@_case("hooks of one alias under comparisons of one parameter")
def comparisons_of_one_parameter(size: int) -> Json:
    """As before, and each comparison excludes all others."""
    count = size // 300
    conditions = {f"Is{number}": equals("Stage", f"s{number}") for number in range(count)}
    hooks = [when(name, ARN_OF_FUNCTION) for name in conditions]
    return template({"Alias": alias(*hooks)}, Conditions=conditions)


@_case("many conditions that are all the same, and permissions that need a name")
def equivalent_conditions(size: int) -> Json:
    """Each permission looks for an equivalent condition among all definitions."""
    same = {"Fn::And": [equals("A"), equals("B")]}
    count = size // 200
    conditions = {**{f"Is{number}": same for number in range(count)}}
    conditions |= {"A": equals("A"), "B": equals("B")}
    arn = when("A", when("B", ARN_OF_FUNCTION))
    aliases = _each(lambda number: {f"Alias{number}": alias(arn)})
    return _filled(size, aliases, Conditions=conditions)


@_case("a parameter of many allowed values, compared with the last one")
def allowed_values(size: int) -> Json:
    """Each comparison is "none of the others"."""
    values = [f"value-{number}" for number in range(size // 40)]
    parameters = {"P": {"Type": "String", "AllowedValues": values}}
    last = max(values)
    conditions = {f"Is{number}": equals("P", last) for number in range(size // 250)}
    hooks = [when(name, ARN_OF_FUNCTION) for name in conditions]
    return template({"Alias": alias(*hooks)}, Conditions=conditions, Parameters=parameters)


@_case("Fn::If inside of Fn::If, 90 deep, as often as there is room")
def deep_ifs(size: int) -> Json:
    """Each value stands under as many conditions as it is deep."""

    def chain(number: int) -> Json:
        found: Json = NO_VALUE
        for depth in range(90):
            arn = f"arn:aws:lambda:us-east-1:123456789012:function:f{number}"
            found = when(f"Is{depth}", arn, found)
        return found

    arns = map(chain, range(size // 9_000))
    conditions = {f"Is{number}": equals(f"P{number}") for number in range(90)}
    return template({"Alias": alias(*arns)}, Conditions=conditions)


@_case("Fn::If inside of Fn::If, as deep as there is room")
def deepest_ifs(size: int) -> Json:
    """No template is nested as deeply."""
    depth = min(size // 90, 4_000)
    arn = ARN_OF_FUNCTION
    for number in range(depth):
        arn = when(f"Is{number}", f"arn:aws:lambda:us-east-1:123456789012:function:f{number}", arn)
    return template({"Alias": alias(arn)})


@_case("conditions nested in conditions")
def deep_conditions(size: int) -> Json:
    """Nothing is read that deep."""
    deep = nested(min(size // 40, 4_000), lambda inside: {"Fn::Not": [inside]}, equals("P"))
    return template({"Alias": alias(ARN_OF_FUNCTION, Condition="Deep")}, Conditions={"Deep": deep})


@_case("conditions linked in one chain")
def chain_of_conditions(size: int) -> Json:
    """Each is defined by the one before, down to the first."""
    count = size // 120
    conditions = {
        f"Is{number}": {"Fn::And": [equals(f"P{number}"), {"Condition": f"Is{number - 1}"}]}
        if number
        else equals("P")
        for number in range(count)
    }
    last = f"Is{count - 1}"
    return template({"Alias": alias(ARN_OF_FUNCTION, Condition=last)}, Conditions=conditions)


# Texts.


@_case("placeholders that are not closed")
def unclosed(size: int) -> Json:
    """`${${${…`."""
    return template({"Alias": alias({"Fn::Sub": "${" * (size // 2)})})


@_case("a placeholder of placeholders")
def closed_once(size: int) -> Json:
    """`${${${…}`."""
    return template({"Alias": alias({"Fn::Sub": "${" * (size // 2) + "}"})})


@_case("characters that marks begin with")
def private_characters(size: int) -> Json:
    """Write what the macro itself puts into texts of loops."""
    return template({"Alias": alias(chr(0x10FF00) * (size // 4))})


@_case("texts of many placeholders in one loop")
def placeholders_in_a_loop(size: int) -> Json:
    """Each becomes a mark."""
    body = {"Alias${X}": alias({"Fn::Sub": "${X}" * (size // 4)})}
    return template({"Fn::ForEach::L": ["X", ["a", "b"], body]})


@_case("a text that doubles at each level")
def doubling(size: int) -> Json:
    """Let a few hundred bytes come to more than there is room for, in each alias."""
    text = nested(30, lambda inside: {"Fn::Sub": ["${A}${A}", {"A": inside}]}, "orders")
    return _filled(size, _each(lambda number: {f"Alias{number}": alias(text)}))


@_case("a text of nothing that doubles at each level")
def doubling_nothing(size: int) -> Json:
    """Do the same with references that have no name."""
    text = nested(30, lambda inside: {"Fn::Sub": ["${A}${A}", {"A": inside}]}, {"Fn::Sub": "${}"})
    return _filled(size, _each(lambda number: {f"Alias{number}": alias(text)}))


@_case("a text that doubles as far as it is read")
def doubling_as_far_as_it_is_read(size: int) -> Json:
    """Make the most of a few hundred bytes in each alias."""
    text = nested(11, lambda inside: {"Fn::Sub": ["${A}${A}", {"A": inside}]}, {"Ref": "P"})
    return _filled(size, _each(lambda number: {f"Alias{number}": alias(text)}))


@_case("Fn::Join inside of Fn::Join")
def deep_joins(size: int) -> Json:
    """Each level is read once."""
    text = nested(90, lambda inside: {"Fn::Join": ["", ["a", inside]]}, "orders")
    return _filled(size, _each(lambda number: {f"Alias{number}": alias(text)}))


@_case("references whose names are put together, level by level")
def deep_references(size: int) -> Json:
    """Refer to something else at each level."""
    wide = {"Fn::Sub": ["a", {f"V{n}": {"Ref": "P"} for n in range(size // 30)}]}
    text = nested(90, lambda inside: {"Ref": {"Fn::Sub": ["${A}", {"A": inside}]}}, wide)
    arn = {"Fn::Sub": ["${A}-x", {"A": text}]}
    return template({"Alias": alias(arn, bot=arn)}, Metadata=BY_BOT)


@_case("one long name of a function for many bots")
def long_name(size: int) -> Json:
    """Each permission would hold it again."""
    arn = {"Fn::Sub": "a" * (size // 2)}
    bots = nested_ifs(f"BOT{number:07}" for number in range(min(size // 120, 400)))
    return template({"Alias": alias(arn, bot=bots)}, Metadata=BY_BOT)


@_case("one long bot id for many functions")
def long_bot_id(size: int) -> Json:
    """Do the same with the other side."""
    bot = {"Fn::Join": ["", ["a" * (size // 2), {"Ref": "P"}]]}
    functions = {f"F{number}": function() for number in range(min(size // 150, 450))}
    arns = [{"Fn::GetAtt": [name, "Arn"]} for name in functions]
    return template({**functions, "Alias": alias(*arns, bot=bot)}, Metadata=BY_BOT)


@_case("a long logical id of an alias, with many hooks")
def long_logical_id(size: int) -> Json:
    """Each permission would hold it again."""
    functions = {f"F{number}": function() for number in range(min(size // 300, 450))}
    arns = [{"Fn::GetAtt": [name, "Arn"]} for name in functions]
    return template({**functions, "A" * (size // 2): alias(*arns)})


@_case("a long logical id of an alias, with many mistakes")
def many_mistakes(size: int) -> Json:
    """Each mistake has it in its path."""
    hidden = [when({"Ref": "P"}, "a", "b") for _ in range(size // 200)]  # type: ignore[arg-type]
    return template({"A" * (size // 2): alias(*hidden)})


@_case("a long logical id of an alias, with many reports")
def many_reports(size: int) -> Json:
    """Each entry of the report has it in its path."""
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    settings = {"AutoLexPermissions": {"OnUnreachable": "Skip"}}
    arns = [f"{arn}{number}" for number in range(size // 300)]
    return template({"A" * (size // 2): alias(*arns)}, Metadata=settings)


@_case("a long name of a condition for many permissions")
def long_condition(size: int) -> Json:
    """Each waits for one function under it."""
    name = "C" * (size // 2)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    made = {"F": {**function("orders"), "Condition": name}}
    aliases = _each(lambda number: {f"Alias{number}": alias(arn)})
    return _filled(size, itertools.chain([made], aliases), Conditions={name: equals("P")})


# Loops.


@_case("types of resources that are put together from variables")
def types_in_loops(size: int) -> Json:
    """Whether each may be a bot's is asked."""

    def loop(number: int) -> dict[str, Json]:
        body = {f"R{number}${{X}}": {"Type": "${X}" * 20 + "a"}}
        return {f"Fn::ForEach::L{number}": ["X", ["a"], body]}

    return _filled(size, _each(loop))


@_case("one type of many variables")
def long_type(size: int) -> Json:
    """`${X}${X}…a`."""
    body = {"R${X}": {"Type": "${X}" * (size // 4) + "a"}}
    return template({"Fn::ForEach::L": ["X", ["a"], body]})


@_case("loops inside of loops")
def deep_loops(size: int) -> Json:
    """Put a body in the midst of many loops."""
    depth = min(size // 60, 2_000)
    body: Json = {"Alias" + "".join(f"${{V{n}}}" for n in range(depth)): alias(ARN_OF_FUNCTION)}
    for number in range(depth):
        body = {f"Fn::ForEach::L{number}": [f"V{number}", ["a"], body]}
    return template(body)


@_case("many resources in the midst of many loops")
def full_loops(size: int) -> Json:
    """Each resource is in all of them."""
    depth = 200
    body: Json = _filled(size, _each(lambda n: {f"A{n}${{V0}}": alias(ARN_OF_FUNCTION)}))
    body = body["Resources"]
    for number in range(depth):
        body = {f"Fn::ForEach::L{number}": [f"V{number}", ["a"], body]}
    return template(body)


@_case("loops whose names may mean each other, and aliases that depend on them")
def names_in_loops(size: int) -> Json:
    """Put names together that may be those of each resource of each loop."""

    def loop(number: int) -> dict[str, Json]:
        arn = {"Fn::GetAtt": [{"Fn::Sub": f"${{X}}F{number}"}, "Arn"]}
        made = alias(arn, DependsOn=[f"Y{number}A{n}" for n in range(3)])
        body = {f"${{X}}{number}": made, f"${{X}}F{number}": function()}
        return {f"Fn::ForEach::L{number}": ["X", ["a", "b"], body]}

    return _filled(size, _each(loop), Metadata=BY_BOT)


# What is read again for each hook, each permission, or each reference to it.


@_case("a policy's condition of many values, many aliases")
def values_of_a_policy(size: int) -> Json:
    """Each alias is held against all values of one statement."""
    accounts = [str(number) for number in range(size // 20)]
    condition = {"StringEquals": {"AWS:SourceAccount": accounts}}
    first = {"Policy": policy(ARN_OF_FUNCTION, {**statement("x"), "Condition": condition})}
    aliases = _each(lambda number: {f"Alias{number}": alias(ARN_OF_FUNCTION)})
    return _filled(size, itertools.chain([first], aliases))


@_case("a condition of a policy with many operators")
def operators_of_a_policy(size: int) -> Json:
    """Each is looked for among all of them."""
    condition: Json = {f"Is{number}": {} for number in range(size // 16)}
    both = {"Policy": policy(ARN_OF_FUNCTION, {**statement("x"), "Condition": condition})}
    return template({**both, "Alias": alias(ARN_OF_FUNCTION)})


@_case("a policy and a permission that name many functions, many aliases")
def named_functions(size: int) -> Json:
    """Each alias's function is compared with all of them."""
    names = when("IsOwn", ARN_OF_FUNCTION, nested_ifs(f"f{n}" for n in range(size // 150)))
    allow = permission({"Ref": "AWS::NoValue"})
    allow["Properties"]["FunctionName"] = names
    aliases = _each(lambda number: {f"Alias{number}": alias(ARN_OF_FUNCTION)})
    return _filled(size, itertools.chain([{"Policy": policy(names), "Allow": allow}], aliases))


@_case("a permission of many functions and many ARNs")
def functions_times_arns(size: int) -> Json:
    """Each pair is a place in a table."""
    count = size // 90
    allow = permission(nested_ifs(f"a{number}" for number in range(count)))
    allow["Properties"]["FunctionName"] = nested_ifs(f"f{number}" for number in range(count))
    return template({"Allow": allow})


def _of_many_bots(size: int) -> Json:
    """Return an alias of many bots with hooks on many functions, half of the size each."""
    bots = nested_ifs(f"BOT{number:07}" for number in range(size // 90))
    return alias(*(f"orders-{number}" for number in range(size // 240)), bot=bots)


@_case("a replicated bot, and an alias of many bots with many hooks")
def replicated(size: int) -> Json:
    """Whether it is the replicated one is asked for each hook and each bot."""
    bot = {"Type": "AWS::Lex::Bot", "Properties": {"Replication": {"ReplicaRegions": []}}}
    return template({"Bot": bot, "Alias": _of_many_bots(size)})


@_case("a permission, and an alias of many bots with many hooks")
def arns_of_each_hook(size: int) -> Json:
    """All ARNs that the alias may have are keys for each hook."""
    return template({"Alias": _of_many_bots(size), "Allow": permission("x", "orders-1")})


@_case("SourceScope: Bot, a permission, and an alias of many bots")
def arns_of_each_bot(size: int) -> Json:
    """All ARNs that the alias may have are keys for each of its bots."""
    bots = nested_ifs(f"BOT{number:07}" for number in range(size // 40))
    aliases = {"Alias": alias(ARN_OF_FUNCTION, bot=bots)}
    return template({**aliases, "Allow": permission("x")}, Metadata=BY_BOT)


@_case("an alias of many bots with many hooks, which has opted out")
def opted_out_of_many_bots(size: int) -> Json:
    """All of its bots are read again for each of its hooks."""
    out = {"Metadata": {"AutoLexPermissions": {"Enabled": False}}}
    others = {**_of_many_bots(size), **out}
    return template({"Alias": alias(ARN_OF_FUNCTION), "Other": others})


@_case("a bot id of many slashes")
def slashes(size: int) -> Json:
    """Each beginning of an ARN is a key."""
    return template({"Alias": alias(ARN_OF_FUNCTION, bot="/" * size), "Allow": permission("x")})


@_case("permissions whose ARNs refer to an alias of many bots")
def references_to_many_bots(size: int) -> Json:
    """Each reference reads all bots of the alias again."""
    bots = nested_ifs(f"BOT{number:07}" for number in range(size // 90))
    allow = permission({"Fn::Sub": "${Alias.Arn}" * 24})
    permissions = _each(lambda number: {f"Allow{number}": allow})
    return _filled(size, itertools.chain([{"Alias": alias("orders", bot=bots)}], permissions))


@_case("ARNs with a wildcard in each field")
def wildcard_in_each_field(size: int) -> Json:
    """Match all fields but the last one, at the price of one."""
    patterns = nested_ifs(f"*:*:*:*:*:*/a{number}" for number in range(size // 120))
    aliases = _each(lambda number: {f"Alias{number}": alias(ARN_OF_FUNCTION)})
    return _filled(size, itertools.chain([{"Allow": permission(patterns)}], aliases))


@_case("ARNs of many fields")
def many_fields(size: int) -> Json:
    """Compare what is no ARN field by field."""

    def pair(number: int) -> dict[str, Json]:
        return {
            f"Alias{number}": alias(ARN_OF_FUNCTION, bot=":" * 2_000),
            f"Allow{number}": permission("x*" + ":" * 2_000),
        }

    return _filled(size, _each(pair))


@_case("an alias that has opted out, and a permission of many slashes")
def opted_out_of_slashes(size: int) -> Json:
    """Whether the permission is for a whole bot is asked for each hook."""
    out = {"Metadata": {"AutoLexPermissions": {"Enabled": False}}}
    hooks = [when(f"Is{number}", ARN_OF_FUNCTION) for number in range(size // 300)]
    allow = permission(f"arn:aws:lex:us-east-1:123456789012:bot-alias/*{'/' * (size // 2)}")
    return template({"Alias": alias(*hooks, **out), "Allow": allow})


@_case("permissions for no alias, on a function with many qualifiers")
def qualifiers_for_each_permission(size: int) -> Json:
    """All qualifiers are put together for each permission."""
    hooks = alias(*(f"orders:{number}" for number in range(size // 250)))
    allow = permission("x")
    allow["Properties"]["FunctionName"] = "orders"
    permissions = _each(lambda number: {f"Allow{number}": allow})
    return _filled(size, itertools.chain([{"Alias": hooks}], permissions))


@_case("a long AutoPublishAlias for all SAM functions")
def long_published_alias(size: int) -> Json:
    """Read it again for each of them."""
    shared = {"Function": {"AutoPublishAlias": {"Fn::Sub": "${A}" * (size // 8)}}}

    def pair(number: int) -> dict[str, Json]:
        arn = {"Fn::GetAtt": [f"F{number}", "Alias"]}
        return {f"F{number}": {"Type": "AWS::Serverless::Function"}, f"Alias{number}": alias(arn)}

    return _filled(size, _each(pair), Globals=shared)


@_case("a long bot id, and many hooks")
def long_bot_id_of_many_hooks(size: int) -> Json:
    """Read one id again for each of them."""
    arns = (f"orders-{number}" for number in range(size // 250))
    bot = {"Fn::ImportValue": "a" * (size // 3)}
    return template({"Alias": alias(*arns, bot=bot)}, Metadata=BY_BOT)


@_case("a long bot id, and many functions that a permission allows")
def long_bot_id_allowed(size: int) -> Json:
    """Each grant has a logical id, which is a digest of it."""
    functions = {f"F{number}": function() for number in range(size // 500)}
    allow = permission(NO_VALUE)
    allow["Properties"]["FunctionName"] = nested_ifs({"Ref": name} for name in functions)
    hooks = alias(*({"Ref": name} for name in functions), bot="a" * (size // 2))
    return template({**functions, "Allow": allow, "Alias": hooks}, Metadata=BY_BOT)


@_case("two long names of one function for many bots")
def long_names_of_many_bots(size: int) -> Json:
    """They are written as JSON for each bot."""
    arn = {"Fn::Sub": "a" * (size // 4)}
    bots = nested_ifs(f"BOT{number:07}" for number in range(size // 120))
    return template({"Alias": alias(when("A", arn), when("B", arn), bot=bots)}, Metadata=BY_BOT)


@_case("many spellings of one name, and none that means all hooks")
def many_spellings(size: int) -> Json:
    """Each spelling is held against each hook."""
    name = "orders-of-the-shop"
    hooks = [
        "".join(f"{letter}{' ' * (number >> at & 1)}" for at, letter in enumerate(name))
        for number in range(size // 130)
    ]
    made = {**function(name), "Condition": "IsMade"}
    conditions = {"IsMade": equals("P"), "IsOther": equals("Q")}
    aliases = {"Alias": alias(*hooks, when("IsOther", {"Ref": "Made"}))}
    return template({"Made": made, **aliases}, Conditions=conditions)


@_case("a DeletionPolicy of many values, and many hooks")
def deletion_policies(size: int) -> Json:
    """All values are read for each hook."""
    retained = nested_ifs("a" for _ in range(size // 90))
    hooks = [when(f"Is{number}", ARN_OF_FUNCTION) for number in range(size // 300)]
    return template({"Alias": alias(*hooks, DeletionPolicy=retained)})


@_case("one function that has one name under many conditions")
def one_name_many_times(size: int) -> Json:
    """Put a disjunction together operand by operand."""
    names = nested_ifs("orders" for _ in range(size // 40))
    return template({"Named": function(names), "Alias": alias("orders")})


@_case("many allowed values, and comparisons with the first")
def first_allowed_value(size: int) -> Json:
    """Each comparison asks which value is the last one."""
    values = [f"v{number:06}" for number in range(size // 24)]
    parameters = {"P": {"Type": "String", "AllowedValues": values}}
    conditions = {f"Is{number}": equals("P", values[0]) for number in range(size // 120)}
    conditions |= {"A": equals("A"), "B": equals("B")}
    aliases = {"Alias": alias(when("A", when("B", ARN_OF_FUNCTION)))}
    return template(aliases, Conditions=conditions, Parameters=parameters)


@_case("conditions of a loop that are all the same, and permissions that need a name")
def equivalent_conditions_of_a_loop(size: int) -> Json:
    """Each permission asks of each condition whether it may stand there."""
    same = {"Fn::And": [equals("A"), equals("B")]}
    body = {f"Is{number}${{X}}": same for number in range(size // 150)}
    loop = {"Fn::ForEach::L": ["X", ["a"], body]}
    conditions = {"A": equals("A"), "B": equals("B"), **loop}
    hook = when("A", when("B", ARN_OF_FUNCTION))
    aliases = {f"Alias{number}": alias(hook) for number in range(min(size // 300, 490))}
    others = {f"F{number}": function() for number in range(20)}
    return template({**aliases, **others}, Conditions=conditions)


# What is dependent.


@_case("SourceScope: Bot, resources that all depend on each other")
def dense(size: int) -> Json:
    """Follow all of their dependencies again for each alias and each function."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    pairs = map("".join, itertools.product(letters, letters))
    names = list(itertools.islice(pairs, int((size / 12) ** 0.5)))
    nodes: Json = {name: {"Type": "AWS::SNS::Topic", "DependsOn": names} for name in names}
    count = min(size // 4_000, 250)
    for number in range(count):
        nodes[f"F{number}"] = {**function(f"orders{number}"), "DependsOn": names[:1]}
    hooks = alias(*(f"{arn}{number}" for number in range(count)))
    return _filled(
        size, itertools.chain([nodes], _each(lambda n: {f"Alias{n}": hooks})), Metadata=BY_BOT
    )


@_case("SourceScope: Bot, a function that depends on what is not there, and long names in loops")
def long_names_in_loops(size: int) -> Json:
    """Ask of each name whether it may be that of each resource of a loop."""
    topic = {"Type": "AWS::SNS::Topic"}
    body = {f"R{number}{'${X}' * (size // 400)}": topic for number in range(50)}
    made = {**function("orders"), "DependsOn": [f"x{number}" for number in range(size // 30)]}
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    loop = {"Fn::ForEach::L": ["X", ["a"], body]}
    return template({**loop, "Made": made, "Alias": alias(arn)}, Metadata=BY_BOT)


@_case("SourceScope: Bot, many names in a loop, and many resources")
def names_and_resources(size: int) -> Json:
    """Ask of each name in a loop whether it may be that of each resource."""
    topic = {"Type": "AWS::SNS::Topic"}
    looped = {**topic, "DependsOn": [f"${{X}}{number}" for number in range(size // 30)]}
    loop = {"Fn::ForEach::L": ["X", ["a"], {"Topic${X}": looped}]}
    made = {**function("orders"), "DependsOn": "Topica"}
    arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    first = {**loop, "Made": made, "Alias": alias(arn)}
    others = _each(lambda number: {f"Topic{number}": topic})
    return _filled(size, itertools.chain([first], others), Metadata=BY_BOT)


@_case("SourceScope: Bot, an alias that already waits for much, and many permissions")
def waits_for_much(size: int) -> Json:
    """Whether it already waits for a permission is asked of all that it waits for."""
    listed: Json = {"AutoLexPermissions": {"WaitsFor": [{"Fn::If": 0}] * (size // 22)}}
    functions = {f"F{number}": function() for number in range(min(size // 600, 510))}
    arns = (when("C", {"Ref": name}) for name in list(functions)[:490])
    hooks = alias(*arns, Metadata=listed)
    return template({**functions, "Alias": hooks}, Conditions={"C": equals("P")}, Metadata=BY_BOT)


@_case("permissions and aliases in 20 loops through what is not written out")
def unknown_collections(size: int) -> Json:
    """Whether a permission exists wherever an alias does is asked of each variable."""

    def pair(number: int) -> dict[str, Json]:
        return {f"Alias{number}": alias(ARN_OF_FUNCTION), f"Allow{number}": permission("*x")}

    body: Json = _filled(size, _each(pair))["Resources"]
    for number in range(20):
        body = {f"Fn::ForEach::L{number}": [f"V{number}", {"Ref": "P"}, body]}
    return template(body)


# What is long, and said many times.


@_case("a long logical id of an alias, and many policies that silence it")
def many_silent_policies(size: int) -> Json:
    """Each mistake has it in its statement."""
    properties = {"ResourceArn": ARN_OF_FUNCTION}
    silent = {"Type": "AWS::Lambda::ResourcePolicy", "Properties": properties}
    first = {"A" * (size // 2): alias(ARN_OF_FUNCTION)}
    policies = _each(lambda number: {f"Policy{number}": silent})
    return _filled(size, itertools.chain([first], policies))


@_case("a long logical id that is not ASCII, with many reports")
def wide_reports(size: int) -> Json:
    """Look for marks of loops in it for each path."""
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    settings = {"AutoLexPermissions": {"OnUnreachable": "Skip"}}
    arns = [f"{arn}{number}" for number in range(size // 300)]
    return template({"\u00e9" * (size // 12): alias(*arns)}, Metadata=settings)


@_case("reports in 20 loops of long names")
def long_paths(size: int) -> Json:
    """Each path has all of them, four bytes a character."""
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    body: Json = {"Alias": alias(*[arn] * (size // 150))}
    for number in range(20):
        body = {f"Fn::ForEach::{number:0240}\U0001f600": [f"V{number}", ["a"], body]}
    return template(body, Metadata={"AutoLexPermissions": {"OnUnreachable": "Skip"}})


@_case("a long name of a condition around many hooks of one function")
def long_condition_of_hooks(size: int) -> Json:
    """One condition of all hooks would have it once for each."""
    name = "C" * (size // 2)
    conditions = {f"Is{number}": equals(f"P{number}") for number in range(size // 400)}
    hooks = alias(*(when(condition, ARN_OF_FUNCTION) for condition in conditions))
    hooks["Properties"] = when(name, hooks["Properties"])
    return template({"Alias": hooks}, Conditions={**conditions, name: equals("P")})


@_case("a long logical id of a function that is named by text, with many qualifiers")
def long_function_named_by_text(size: int) -> Json:
    """Each permission's logical id is a digest of it."""
    hooks = alias(*(f"orders:{number}" for number in range(min(size // 300, 490))))
    return template({"\u00e9" * (size // 12): function("orders"), "Alias": hooks})


@_case("a long logical id of an alias that is not ASCII, with many permissions")
def wide_logical_id(size: int) -> Json:
    """Each permission says its name, of which marks are looked for."""
    functions = {f"F{number}": function() for number in range(min(size // 300, 510))}
    hooks = alias(*({"Ref": name} for name in list(functions)[:490]))
    return template({**functions, "\u00e9" * (size // 12): hooks})


@_case("a long name of a loop's variable, and many permissions in the loop")
def long_variable(size: int) -> Json:
    """Each logical id has it."""
    arns = (f"orders-{number}" for number in range(min(size // 300, 480)))
    return template({"Fn::ForEach::L": ["X" * (size // 2), ["a"], {"Alias": alias(*arns)}]})


# What has broken the macro.


@_case("a function in a loop whose name is left unread, and named by it")
def unread_name_in_a_loop(_: int) -> Json:
    """Ask an expression that is left unread for its variables."""
    name = {"Fn::ImportValue": "name"}
    arn = {"Fn::Sub": ["arn:aws:lambda:us-east-1:123456789012:function:${N}", {"N": name}]}
    loop = {"Fn::ForEach::L": ["X", ["a"], {"Named${X}": function(name)}]}
    return template({**loop, "Alias": alias(arn)})


@_case("a bot whose logical id is a mark of a loop's variable")
def bot_called_like_a_mark(_: int) -> Json:
    """Write what the macro itself puts in place of a variable."""
    locales = alias(ARN_OF_FUNCTION)["Properties"]
    bot = {"Type": "AWS::Lex::Bot", "Properties": {"TestBotAliasSettings": locales}}
    return template({"\U0010ff02X\U0010ff04c\U0010ff05": bot})


# What cannot be delivered.


@_case("half a surrogate pair in each text")
def surrogates(size: int) -> Json:
    """JSON can write it, and UTF-8 cannot."""
    return template({"Alias\ud800": alias("\udfff" * (size // 12), bot="\ud800")})
