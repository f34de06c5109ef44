"""Loops: what the golden cases of `Fn::ForEach` do not show (rule 1.5)."""

import itertools
from typing import Any, Final

import pytest

from auto_lex_permissions import Request, TemplateError, transform
from auto_lex_permissions.cfn.intrinsics import Reference, name_of, substituted, text
from auto_lex_permissions.cfn.loops import (
    Variable,
    can_come_to,
    is_variable,
    unmark,
    variable_of,
    variables,
)
from auto_lex_permissions.cfn.loops import marked as marked_in
from tests.templates import ACCOUNT, REGION


def enter_loop(name: str, collection: object, body: Any) -> tuple[Variable, Any]:
    """Return the variable of a loop, and its body with marks where the variable stands."""
    variable = variable_of(name, collection)
    return variable, marked_in(body, [variable])


def _hook(function: Any) -> dict[str, Any]:
    """Return the properties of a bot alias that hooks a function."""
    hook = {"CodeHookInterfaceVersion": "1.0", "LambdaArn": function}
    setting = {"Enabled": True, "CodeHookSpecification": {"LambdaCodeHook": hook}}
    locale = {"LocaleId": "en_US", "BotAliasLocaleSetting": setting}
    return {"BotId": {"Ref": "Bot"}, "BotAliasLocaleSettings": [locale]}


def _added(resources: dict[str, Any]) -> int:
    """Return how many permissions the macro adds, each of a loop once."""
    return transform(Request({"Resources": resources}, REGION, ACCOUNT)).permissions_added


PERMISSION: dict[str, Any] = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "Orders"},
        "Principal": "lexv2.amazonaws.com",
    },
}


@pytest.mark.parametrize(
    ("collection", "added"),
    [
        pytest.param(["A", "B"], 0, id="some items"),
        pytest.param([], 1, id="no items"),
        pytest.param({"Ref": "Names"}, 1, id="items of a parameter"),
    ],
)
def test_a_permission_of_a_loop_counts_where_the_loop_has_items(
    collection: Any, added: int
) -> None:
    """What may never come to be covers nothing outside of its loop (rules 1.5 and 3.3)."""
    resources = {
        "Orders": {"Type": "AWS::Lambda::Function"},
        "Alias": {
            "Type": "AWS::Lex::BotAlias",
            "Properties": _hook({"Fn::GetAtt": ["Orders", "Arn"]}),
        },
        "Fn::ForEach::Permissions": ["Name", collection, {"Permission${Name}": PERMISSION}],
    }
    assert _added(resources) == added


@pytest.mark.parametrize(
    "written_as",
    [
        pytest.param({"Fn::GetAtt": [{"Fn::Sub": "Orders${Env}"}, "Arn"]}, id="Sub in GetAtt"),
        pytest.param({"Fn::GetAtt": ["Orders${Env}", "Arn"]}, id="plain GetAtt"),
        pytest.param({"Fn::GetAtt": "Orders${Env}.Arn"}, id="dotted GetAtt"),
        pytest.param({"Fn::Sub": "${Orders${Env}.Arn}"}, id="Sub"),
        pytest.param(
            {"Fn::GetAtt": [{"Fn::Join": ["", ["Orders", {"Ref": "Env"}]]}, "Arn"]},
            id="Join in GetAtt",
        ),
        pytest.param(
            {"Fn::Sub": ["${Arn}", {"Arn": {"Fn::GetAtt": [{"Fn::Sub": "Orders${Env}"}, "Arn"]}}]},
            id="Sub with a map",
        ),
    ],
)
def test_a_resource_of_a_loop_is_one_in_every_spelling(written_as: Any) -> None:
    """The forms that AWS documents and the plain ones name the same resource (rules 1.5, 3.2)."""
    (name,) = enter_loop("Env", ["Dev"], {"Orders${Env}": 1})[1]
    _, marked = enter_loop("Env", ["Dev"], written_as)
    assert text(marked) == (Reference(name, "Arn"),)


def test_a_name_that_is_no_text_is_not_read() -> None:
    """A reference to what a function names stays unread (rule 3.3)."""
    assert name_of({"Fn::ImportValue": "Name"}) is None
    assert name_of({"Fn::Sub": "Orders${Stage}"}) is None
    assert name_of(["Orders"]) is None


def test_an_item_is_not_the_resource_that_it_names() -> None:
    """`Ref` of the variable is the item; `Ref` of a name made of it is a resource (rule 3.3)."""
    _, (item, resource, part) = enter_loop(
        "Name", ["A"], [{"Ref": "Name"}, {"Ref": {"Fn::Sub": "${Name}"}}, {"Fn::Sub": "${Name}"}]
    )
    assert text(item) == text(part) != text(resource)
    _, plain = enter_loop("Name", ["A"], "orders-${Name}")
    assert text(plain) == ("orders-", *text(item))


def test_loops_of_one_variable_differ_by_what_they_go_through() -> None:
    """`Bot${Env}` of two loops is one thing only over the same items (rule 3.3)."""
    body = {"Fn::Sub": "Bot${Env}"}
    assert enter_loop("Env", ["A", "B"], body) == enter_loop("Env", ["A", "B"], body)
    assert enter_loop("Env", ["A", "B"], body) != enter_loop("Env", ["A"], body)


def test_the_order_of_keys_makes_no_other_items() -> None:
    """What a loop goes through may be put together by a function (rules 1.5, 3.2)."""
    one = {"Fn::Split": [",", {"Fn::Sub": ["${A}${B}", {"A": "a", "B": "b"}]}]}
    other = {"Fn::Split": [",", {"Fn::Sub": ["${A}${B}", {"B": "b", "A": "a"}]}]}
    assert enter_loop("Env", one, "${Env}") == enter_loop("Env", other, "${Env}")


def test_an_id_in_a_loop_is_of_bounded_length() -> None:
    """Both hints of a logical id stay short, wherever the loop's variable stands (rule 2.5)."""
    function = "f" * 40 + "${Env}" + "g" * 40
    body = {
        "a" * 40 + "${Env}" + "b" * 40: {
            "Type": "AWS::Lex::BotAlias",
            "Properties": _hook({"Fn::GetAtt": [{"Fn::Sub": function}, "Arn"]}),
        },
        function: {"Type": "AWS::Lambda::Function"},
    }
    resources = {"Fn::ForEach::Envs": ["Env", ["Dev"], body]}
    after: Any = transform(Request({"Resources": resources}, REGION, ACCOUNT)).fragment
    (name,) = after["Resources"]["Fn::ForEach::Envs"][2].keys() - body.keys()
    assert name.count("${Env}") == 2
    assert len(name.replace("${Env}", "")) < 64


@pytest.mark.parametrize(
    "body",
    [
        {"Alias${Env}": {"Ref": "Env"}, "&{Env}": ["${Env}", "${Other}", 1, None, True]},
        {"Ref": "Env", "${Env}": "Env"},
        {"Fn::Sub": ["${Env}${!Env}", {"Env": "${Env}&{Env}"}]},
    ],
)
def test_what_was_entered_is_written_as_it_was(body: Any) -> None:
    """The author's part comes back to the letter (rule 6.6)."""
    variable, marked = enter_loop("Env", {"Ref": "Envs"}, body)
    assert unmark(marked) == body
    assert marked != body
    assert variables(next(iter(marked))) <= {(variable.name, variable.collection)}


@pytest.mark.parametrize(
    "name",
    [
        "Alias${Env}",
        "${Env}",
        "&{Env}Alias",
        "Alias${Env}${Name}",
        "Alias${Env}${ Name }",
        "Alias${Env}${!Name}",
        "Alias${Env}${Name",
        "${Of${Env}}",
    ],
)
def test_a_name_with_variables_is_read_again_as_it_was_written(name: str) -> None:
    """What is no variable stays a text, also where it looks like a parameter (rules 1.5, 6.5)."""
    ((marked, _),) = enter_loop("Env", ["Dev"], {name: 1})[1].items()
    assert name_of(substituted(marked)) == marked


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("Boot", True),
        ("Boo", False),
        ("${Env}Boot", True),
        ("B${Env}t", True),
        ("Boot${Env}Boot", False),
        ("${Env}o${Env}", True),
        ("${Env}x${Env}", False),
        ("B${Env}o${Env}t", True),
        ("B${Env}B${Env}", False),
        ("B${Env}t${Env}t", False),
        ("${Env}o${Env}o${Env}", True),
        ("${Env}o${Env}o${Env}o${Env}", False),
    ],
)
def test_what_a_name_can_come_to(name: str, *, possible: bool) -> None:
    """Its literals stand in the text, in their order, and share no letter (rule 1.5)."""
    _, marked = enter_loop("Env", ["Dev"], name)
    assert can_come_to(marked, "Boot") is possible


@pytest.mark.parametrize(
    ("name", "possible"),
    [("Env", True), ("My Env", True), ("E{nv", False), ("E}nv", False), ("{}", False)],
)
def test_what_names_a_variable(name: str, *, possible: bool) -> None:
    """A brace would end `${…}`, or begin another (rule 1.5)."""
    assert is_variable(name) is possible


def test_of_two_variables_of_one_name_the_outer_one_counts() -> None:
    """What an inner loop of the same name means is CloudFormation's to say (rule 1.4)."""
    outer, inner = variable_of("Env", ["A", "B"]), variable_of("Env", ["C"])
    both = marked_in({"${Env}": {"Ref": "Env"}}, [outer, inner])
    assert both == marked_in({"${Env}": {"Ref": "Env"}}, [outer])


@pytest.mark.parametrize("items", [["C"], [], {"Ref": "Names"}], ids=str)
def test_a_permission_under_two_variables_of_one_name_is_known_again(items: object) -> None:
    """A text in it holds the outer one, whichever is missing there (rules 2.6, 6.5)."""
    hook = _hook({"Fn::GetAtt": ["Function", "Arn"]})
    alias = {"Type": "AWS::Lex::BotAlias", "DeletionPolicy": "Retain", "Properties": hook}
    inner = {"Fn::ForEach::Inner": ["Env", items, {"Alias${Env}": alias}]}
    resources = {"Fn::ForEach::Outer": ["Env", ["A", "B"], inner]}
    once = transform(Request({"Resources": resources}, REGION, ACCOUNT))
    assert [report.code for report in once.reports] == ["ALP112"]
    assert transform(Request(once.fragment, REGION, ACCOUNT)).fragment == once.fragment


def test_permissions_that_would_have_one_id_are_refused() -> None:
    """A loop's variable has the name of a bot outside; none silently replaces the other (2.5)."""
    hook = _hook({"Fn::GetAtt": [{"Fn::Sub": "Function${Bot}"}, "Arn"]})
    of_item = {"Type": "AWS::Lex::BotAlias", "Properties": hook}
    of_bot = {**of_item, "Properties": {**hook, "BotId": {"Fn::GetAtt": ["Bot", "Id"]}}}
    function = {"Type": "AWS::Lambda::Function"}
    body = {"Function${Bot}": function, "OfItem${Bot}": of_item, "OfBot${Bot}": of_bot}
    loop = ["Bot", ["ABCDEFGHIJ"], body]
    resources = {"Bot": {"Type": "AWS::Lex::Bot"}, "Fn::ForEach::Bots": loop}
    assert _refused(resources)
    del body["OfBot${Bot}"]
    assert not _refused(resources)


def test_a_name_of_all_items_is_no_items_name() -> None:
    """A text outside of the loop names none of its functions by id (rules 2.5, 3.2)."""
    named = {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:orders"}
    never = {"Fn::And": [{"Condition": "IsProd"}, {"Fn::Not": [{"Condition": "IsProd"}]}]}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "orders"}}
    template: dict[str, Any] = {
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}, "Never": never},
        "Resources": {
            "Alias": {"Type": "AWS::Lex::BotAlias", "Properties": _hook(named)},
            "Fn::ForEach::Envs": [
                "Env",
                ["Dev"],
                {"Function${Env}": {**function, "Condition": "Never"}},
            ],
        },
    }
    after: Any = transform(Request(template, REGION, ACCOUNT)).fragment
    (name,) = after["Resources"].keys() - template["Resources"].keys()
    assert name.startswith("AliasInvokes")
    assert name.isalnum()


def _refused(resources: dict[str, Any]) -> bool:
    """Return whether the macro refuses a template under `SourceScope: Bot` for its loops."""
    try:
        transform(Request({"Resources": resources}, REGION, ACCOUNT, {"SourceScope": "Bot"}))
    except TemplateError as error:
        return "differ from item to item of the loop" in str(error)
    return False


def _alias(bot_id: object) -> dict[str, Any]:
    """Return a bot alias of a bot, with Orders as its code hook."""
    hook = _hook({"Fn::GetAtt": ["Orders", "Arn"]})
    return {"Type": "AWS::Lex::BotAlias", "Properties": hook | {"BotId": bot_id}}


@pytest.mark.parametrize("order", [1, -1])
def test_loops_whose_permissions_meet_are_refused_in_either_order(order: int) -> None:
    """One loop makes the bots, and another over some of its items names them (rule 2.5)."""
    alias = _alias({"Ref": {"Fn::Sub": "Bot${Env}"}})
    bots = {"Bot${Env}": {"Type": "AWS::Lex::Bot"}, "Alias${Env}": alias}
    loops = {
        "Fn::ForEach::One": ["Env", ["A", "B", "C"], bots],
        "Fn::ForEach::Two": ["Env", ["A", "B"], {"Second${Env}": alias}],
    }
    orders = {"Orders": {"Type": "AWS::Lambda::Function"}}
    assert _refused(orders | dict(list(loops.items())[::order]))


IMPORTED = {"Fn::ImportValue": {"Fn::Sub": "bot-${Env}"}}


@pytest.mark.parametrize(
    "loops",
    [
        pytest.param(
            {
                "Fn::ForEach::One": ["Env", ["A", "B"], {"First${Env}": _alias(IMPORTED)}],
                "Fn::ForEach::Two": ["Env", ["C", "D"], {"Second${Env}": _alias(IMPORTED)}],
            },
            id="over different items",
        ),
        pytest.param(
            {
                "Fn::ForEach::Outer": [
                    "Stage",
                    ["X", "Y"],
                    {
                        "Fn::ForEach::Inner": [
                            "Env",
                            ["A", "B"],
                            {"Alias${Stage}${Env}": _alias(IMPORTED)},
                        ]
                    },
                ]
            },
            id="in one that its bot does not name",
        ),
    ],
)
def test_what_a_declared_permission_covers_cannot_fail_to_be_written(loops: dict[str, Any]) -> None:
    """Where nothing is to be added nothing is refused (rules 3.1, 6.6)."""
    orders = {"Orders": {"Type": "AWS::Lambda::Function"}}
    assert _refused(orders | loops)
    assert not _refused(orders | loops | {"Allow": PERMISSION})


def test_what_meets_is_refused_beside_what_is_covered_and_what_was_added_before() -> None:
    """A permission that needs no id meets none; one that has its id already does (rule 2.5)."""
    first = ["Env", ["A", "B"], {"First${Env}": _alias(IMPORTED)}]
    second = ["Env", ["C", "D"], {"Second${Env}": _alias(IMPORTED)}]
    refunds = {"Fn::GetAtt": ["Refunds", "Arn"]}
    before: dict[str, Any] = {
        "Orders": {"Type": "AWS::Lambda::Function"},
        "Refunds": {"Type": "AWS::Lambda::Function"},
        "Allow": {
            **PERMISSION,
            "Properties": {**PERMISSION["Properties"], "FunctionName": refunds},
        },
        "Covered": {"Type": "AWS::Lex::BotAlias", "Properties": _hook(refunds)},
        "Fn::ForEach::One": first,
    }
    assert _refused(before | {"Fn::ForEach::Two": second})
    request = Request({"Resources": before}, REGION, ACCOUNT, {"SourceScope": "Bot"})
    processed: Any = transform(request).fragment["Resources"]
    assert _refused(processed | {"Fn::ForEach::Two": second})


def _looped(function: Any, items: object) -> dict[str, Any]:
    """Return resources with a loop of bot aliases that hook a function for each item."""
    alias = {"Type": "AWS::Lex::BotAlias", "Properties": _hook(function)}
    return {"Fn::ForEach::Aliases": ["Item", items, {"Alias&{Item}": alias}]}


def _codes(resources: dict[str, Any], **settings: str) -> list[str]:
    """Return the codes of the mistakes."""
    try:
        transform(Request({"Resources": resources}, REGION, ACCOUNT, settings))
    except TemplateError as error:
        return [mistake.code for mistake in error.diagnostics]
    return []


OWN_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
IN_REGION = {"Fn::Sub": f"arn:aws:lambda:${{Item}}:{ACCOUNT}:function:orders"}
QUALIFIED = {"Fn::Sub": f"{OWN_ARN}:orders:${{Item}}"}


@pytest.mark.parametrize(
    ("function", "items", "codes"),
    [
        pytest.param(IN_REGION, [REGION, "eu-west-1"], ["ALP401"], id="one of the Regions"),
        pytest.param(IN_REGION, ["eu-west-1"], ["ALP401"], id="the Region"),
        pytest.param(IN_REGION, [REGION, {"Ref": "AWS::Region"}], [], id="the own Region"),
        pytest.param(IN_REGION, {"Ref": "Regions"}, [], id="Regions of a parameter"),
        pytest.param(
            {"Ref": "Item"},
            [f"{OWN_ARN}:orders", "arn:aws:lambda:us-east-1:999999999999:function:x"],
            ["ALP401"],
            id="whole ARNs",
        ),
        pytest.param(QUALIFIED, ["live", "$LATEST"], ["ALP403"], id="qualifiers"),
        pytest.param(QUALIFIED, ["live", 7], [], id="other qualifiers"),
        pytest.param(
            {"Fn::GetAtt": [{"Fn::Sub": "Function${Item}"}, "Arn"]}, ["$LATEST"], [], id="no ARN"
        ),
    ],
)
def test_items_that_the_template_says_are_seen(
    function: object, items: object, codes: list[str]
) -> None:
    """Before the loop is written out as after it (rules 1.5, 4.1 and 4.2)."""
    assert _codes(_looped(function, items)) == codes


def test_what_only_some_items_are_cannot_be_skipped() -> None:
    """The loop's one permission would be for all of them (rules 1.5 and 5.3)."""
    assert _codes(_looped(IN_REGION, [REGION, "eu-west-1"]), OnUnreachable="Skip") == ["ALP104"]
    skipped = _looped(IN_REGION, ["eu-west-1", "eu-central-1"])
    request = Request({"Resources": skipped}, REGION, ACCOUNT, {"OnUnreachable": "Skip"})
    result = transform(request)
    assert result.permissions_added == 0
    assert [report.code for report in result.reports] == ["ALP402"]


@pytest.mark.parametrize("name", ["AWS::AccountId", "AliasStage", "AliasOther"])
def test_a_name_that_looks_like_an_item_closes_no_cycle(name: str) -> None:
    """A pseudo parameter and a parameter are no resources (rule 2.8)."""
    alias = {"Type": "AWS::Lex::BotAlias", "Properties": _hook(f"{OWN_ARN}:orders")}
    variables_of_orders = {"Variables": {"X": {"Ref": name}}}
    orders = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"FunctionName": "orders", "Environment": variables_of_orders},
    }
    topic = {"Type": "AWS::SNS::Topic", "DependsOn": "Alias"}
    template: dict[str, Any] = {
        "Parameters": {"AliasStage": {"Type": "String"}},
        "Resources": {
            "Bot": {"Type": "AWS::Lex::Bot"},
            "Orders": orders,
            "Alias": alias,
            "Fn::ForEach::Topics": ["E", ["liasOther"], {"A${E}": topic}],
        },
    }
    result = transform(Request(template, REGION, ACCOUNT, {"SourceScope": "Bot"}))
    assert [report.code for report in result.reports] == (["ALP110"] if "Other" in name else [])


def test_what_a_loop_may_make_is_waited_for_inside_of_the_loop_alone() -> None:
    """From outside its items are not known by name (rules 1.5 and 2.7)."""
    named = {"Fn::Sub": "orders-${E}"}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": named}}
    live = {"FunctionName": named, "FunctionVersion": "1", "Name": "live"}
    inside = {"Type": "AWS::Lex::BotAlias", "Properties": _hook(f"{OWN_ARN}:orders-x:live")}
    made = {"F${E}": function, "L${E}": {"Type": "AWS::Lambda::Alias", "Properties": live}}
    template: dict[str, Any] = {
        "Bot": {"Type": "AWS::Lex::Bot"},
        "Outside": inside,
        "Fn::ForEach::Envs": ["E", ["x", "y"], {**made, "A${E}": inside}],
    }
    result = transform(Request({"Resources": template}, REGION, ACCOUNT))
    resources: Any = result.fragment["Resources"]
    body = resources["Fn::ForEach::Envs"][2]
    (outside,) = (n for n in resources if n.startswith("OutsideInvokes"))
    (added,) = (n for n in body if "Invokes" in n)
    assert "DependsOn" not in resources[outside]
    assert "WaitsFor" not in resources[outside]["Metadata"]["AutoLexPermissions"]
    waits = body[added]["Metadata"]["AutoLexPermissions"]["WaitsFor"]
    assert waits == [{"Ref": {"Fn::Sub": "F${E}"}}, {"Ref": {"Fn::Sub": "L${E}"}}]


SAME: Final = ["a", "b"]


def _hooked(arn: object) -> dict[str, Any]:
    """Return a bot alias that hooks a function."""
    return {"Type": "AWS::Lex::BotAlias", "Properties": _hook(arn)}


def over(variable: str, items: object, logical_id: str, arn: object) -> list[object]:
    """Return a loop that makes a bot alias of one bot for each item."""
    return [variable, items, {f"{logical_id}${{{variable}}}": _hooked(arn)}]


def by_bot(*loops: list[object], **more: object) -> dict[str, Any]:
    """Return the resources of a template with these loops, processed under `SourceScope: Bot`."""
    resources: dict[str, Any] = {
        "Bot": {"Type": "AWS::Lex::Bot"},
        **{f"Fn::ForEach::L{number}": loop for number, loop in enumerate(loops)},
        **more,
    }
    request = Request({"Resources": resources}, REGION, ACCOUNT, {"SourceScope": "Bot"})
    fragment: Any = transform(request).fragment
    again = transform(request._replace(fragment=fragment)).fragment
    assert again == fragment
    return dict(fragment["Resources"])


def permissions(made: dict[str, Any]) -> list[str]:
    """Return the logical ids of permissions in loops."""
    bodies = [loop[2] for loop in made.values() if isinstance(loop, list)]
    return [name for body in bodies for name in body if "Invoke" in name]


def arn_of(variable: str) -> object:
    """Return the ARN of a function that another loop makes."""
    return {"Fn::GetAtt": [f"Orders${{{variable}}}", "Arn"]}


@pytest.mark.parametrize(
    ("variable", "items", "count"),
    [
        ("X", SAME, 1),
        ("Y", SAME, 1),
        ("Y", SAME[::-1], 1),
        ("Y", ["b", "c"], 2),
        ("X", ["c", "d"], 2),
        ("Y", {"Ref": "Items"}, 2),
    ],
)
def test_loops_over_the_same_items_have_one_grant(variable: str, items: object, count: int) -> None:
    """Whatever their variables are called, and in whatever order the items are (rule 1.5)."""
    loops = over("X", SAME, "A", arn_of("X")), over(variable, items, "B", arn_of(variable))
    for pair in (loops, loops[::-1]):
        made = by_bot(*pair)
        found = permissions(made)
        assert len(found) == count
        for variable_of_loop, _, body in filter(lambda part: isinstance(part, list), made.values()):
            (alias,) = (body[name] for name in body if "Invoke" not in name)
            ((waits_for,),) = alias["Metadata"]["AutoLexPermissions"].values()
            named = waits_for["Ref"]["Fn::Sub"].replace(variable_of_loop, "V")
            assert named in {name.replace("X", "V").replace("Y", "V") for name in found}


def test_which_of_them_is_left_does_not_depend_on_their_order() -> None:
    """The template's order decides nothing (rule 6.5)."""
    loops = over("X", SAME, "A", arn_of("X")), over("Y", SAME, "B", arn_of("Y"))
    assert permissions(by_bot(*loops)) == permissions(by_bot(*loops[::-1]))


def imported(variable: str) -> object:
    """Return an expression that the macro does not look into."""
    return {"Fn::ImportValue": {"Fn::Sub": f"orders-${{{variable}}}"}}


def test_which_of_them_is_left_does_not_depend_on_the_memory() -> None:
    """Not even where their functions are named by what is left unread (rule 6.5)."""
    loops = [over(name, SAME, name, imported(name)) for name in ("Env", "Name", "Stage")]
    answers: list[dict[str, Any]] = []
    kept: list[object] = []  # So that Python's objects have other addresses each time.
    for number in range(40):
        answers.append(by_bot(*loops))
        kept.append([object() for _ in range(number)])
    assert ["{Env}" in name for name in permissions(answers[0])] == [True]
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_what_always_exists_covers_what_does_not(order: tuple[int, ...]) -> None:
    """There is one grant, wherever the one under a condition stands (rules 1.5, 2.4)."""
    loops = [over(name, SAME, name, arn_of(name)) for name in ("A", "B", "C")]
    body: Any = loops[0][2]
    body["A${A}"]["Condition"] = "IsProd"
    made = by_bot(*(loops[number] for number in order))
    assert ["{B}" in name for name in permissions(made)] == [True]


def test_loops_under_two_conditions_have_a_grant_each() -> None:
    """Neither exists wherever the other one does (rule 2.4)."""
    loops = [over(name, SAME, name, arn_of(name)) for name in ("A", "B")]
    for loop, condition in zip(loops, ("IsProd", "IsDev"), strict=True):
        body: Any = loop[2]
        for alias in body.values():
            alias["Condition"] = condition
    assert len(permissions(by_bot(*loops))) == 2


def test_what_another_loop_covers_is_not_declared() -> None:
    """What is declared is what the author allows (rule 3.1)."""
    loops = {f"Fn::ForEach::{name}": over(name, SAME, name, arn_of(name)) for name in ("A", "B")}
    resources = {"Bot": {"Type": "AWS::Lex::Bot"}, **loops}
    request = Request({"Resources": resources}, REGION, ACCOUNT, {"SourceScope": "Bot"})
    result = transform(request)
    assert (result.permissions_added, result.grants_declared) == (1, 0)
    again = transform(request._replace(fragment=result.fragment))
    assert (again.permissions_added, again.grants_declared) == (0, 2)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_ids_that_meet_are_found_among_any_number_of_loops(order: tuple[int, ...]) -> None:
    """Each is held against all others of its name, not against the first (rule 2.5)."""

    def loop(logical_id: str, *items: str) -> list[object]:
        arn = {"Fn::Sub": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn-${{Env}}"}
        return over("Env", [*items], logical_id, arn)

    loops = [loop("A", "a", "b"), loop("B", "c", "d"), loop("C", "d", "e")]
    with pytest.raises(TemplateError, match="ALP104"):
        by_bot(*(loops[number] for number in order))


def test_a_qualifier_of_each_item_has_a_policy_of_its_own() -> None:
    """Before as well as after (rules 6.5 and 6.7)."""
    arn = {"Fn::Sub": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn:${{Env}}"}
    loop = over("Env", [f"v{number}" for number in range(60)], "A", arn)
    request = Request({"Resources": {"Fn::ForEach::L": loop}}, REGION, ACCOUNT)
    first = transform(request)
    assert not first.reports
    assert transform(request._replace(fragment=first.fragment)).fragment == first.fragment


def test_loops_with_two_variables_over_the_same_items() -> None:
    """Nothing says which of the two is which, so each has its own (rule 1.5)."""

    def nested(outer: str, inner: str, logical_id: str) -> list[object]:
        arn = {"Fn::Sub": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f-${{{outer}}}-${{{inner}}}"}
        name = f"{logical_id}${{{outer}}}x${{{inner}}}"
        return [outer, SAME, {"Fn::ForEach::Inner": [inner, SAME, {name: _hooked(arn)}]}]

    made = by_bot(nested("X", "Y", "A"), nested("Y", "X", "B"))
    found = [
        name
        for _, _, body in (made["Fn::ForEach::L0"], made["Fn::ForEach::L1"])
        for name in body["Fn::ForEach::Inner"][2]
        if "Invoke" in name
    ]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("items", "others", "is_refused"),
    [
        (SAME, ["b", "c"], True),
        (SAME, ["c"], False),
        (SAME, {"Ref": "Items"}, False),
        (SAME, [{"Ref": "Item"}], False),
        ({"Ref": "Names"}, {"Ref": "Items"}, False),
    ],
)
def test_ids_of_loops_that_share_an_item(
    items: object, others: object, *, is_refused: bool
) -> None:
    """Both would make the permission of that item, under one id (rule 2.5)."""
    loops = over("X", items, "A", arn_of("X")), over("X", others, "B", arn_of("X"))
    if is_refused:
        with pytest.raises(TemplateError, match="ALP104"):
            by_bot(*loops)
    else:
        assert len(permissions(by_bot(*loops))) == 2
