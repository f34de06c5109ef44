"""Limits that the macro's own additions would break are reported beforehand (6.7)."""

import json
from typing import Any

import pytest

from auto_lex_permissions import Request, Result, TemplateError, transform
from auto_lex_permissions.limits import MOST_BYTES, MOST_POLICY_BYTES, STATEMENT_BYTES

POLICY_TOO_LARGE = "FunctionPolicyTooLarge"


def template(resources: int, aliases: int, description: str = "") -> dict[str, Any]:
    """Return a template of so many resources, some of them aliases with one function."""
    setting = {"CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": {"Fn::GetAtt": "F.Arn"}}}}
    made: dict[str, Any] = {
        "F": {"Type": "AWS::Lambda::Function"},
        "Bot": {"Type": "AWS::Lex::Bot"},
    }
    for number in range(aliases):
        made[f"A{number}"] = {
            "Type": "AWS::Lex::BotAlias",
            "Properties": {
                "BotId": {"Ref": "Bot"},
                "BotAliasLocaleSettings": [{"BotAliasLocaleSetting": setting}],
            },
        }
    for number in range(len(made), resources):
        made[f"T{number}"] = {"Type": "AWS::SNS::Topic"}
    return {"Description": description, "Resources": made}


def run(fragment: dict[str, Any], **parameters: str) -> Result:
    """Apply the macro."""
    return transform(Request(fragment, "us-east-1", "123456789012", parameters))


def test_five_hundred_resources_reached_exactly() -> None:
    """CloudFormation takes 500 resources (rule 6.7)."""
    resources: Any = run(template(497, 3)).fragment["Resources"]
    assert len(resources) == 500


def test_one_resource_too_many() -> None:
    """With one more, the author hears of it before the deployment fails."""
    with pytest.raises(TemplateError) as rejected:
        run(template(498, 3))
    assert str(rejected.value) == (
        "ALP501 Resources: with the 3 permissions that AutoLexPermissions adds, the template has"
        " 501 resources; CloudFormation allows 500. Move some resources into a nested stack, or set"
        " SourceScope: Bot."
    )
    resources: Any = run(template(498, 3), SourceScope="Bot").fragment["Resources"]
    assert len(resources) == 499


def test_one_resource_beyond_a_full_template() -> None:
    """A template of exactly 500 resources had kept the limit (rule 6.7)."""
    assert run(template(500, 0)).permissions_added == 0
    with pytest.raises(TemplateError, match="has 501 resources;"):
        run(template(500, 1))


def test_what_was_too_much_before_is_cloudformations_to_reject() -> None:
    """The macro's additions are its own concern, and no more."""
    resources: Any = run(template(501, 1)).fragment["Resources"]
    assert len(resources) == 502
    assert run(template(501, 0)).fragment == template(501, 0)


def size(fragment: object) -> int:
    """Return a fragment's size in bytes, as compact JSON."""
    return len(json.dumps(fragment, ensure_ascii=False, separators=(",", ":")).encode())


@pytest.mark.parametrize("letter", ["x", "\N{HIRAGANA LETTER A}", "\n"])
def test_a_megabyte_reached_exactly_and_passed(letter: str) -> None:
    """A template may have 1,000,000 bytes after the macro, and not one more."""
    bare = size(run(template(3, 1)).fragment)
    each = size(letter) - 2
    count, rest = divmod(MOST_BYTES - bare, each)
    full = letter * count + "x" * rest
    assert size(run(template(3, 1, full)).fragment) == MOST_BYTES
    with pytest.raises(TemplateError) as rejected:
        run(template(3, 1, full + "x"))
    assert str(rejected.value) == (
        "ALP502 Resources: with the 1 permissions that AutoLexPermissions adds the template is"
        " larger than the 1,000,000 bytes that CloudFormation takes. Move some of the resources"
        " into a nested stack, or set SourceScope: Bot."
    )


def test_a_template_that_was_too_large_before() -> None:
    """It is CloudFormation's to reject."""
    assert run(template(3, 1, "x" * MOST_BYTES)).permissions_added == 1


def test_what_permissions_repeat_is_measured_as_often() -> None:
    """Each of four permissions holds the long expression of the bot's id again (rule 6.7)."""
    fragment = template(7, 0)
    for number in range(4):
        fragment["Resources"][f"F{number}"] = {"Type": "AWS::Lambda::Function"}
    settings = [
        {"CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": {"Fn::GetAtt": f"F{n}.Arn"}}}}
        for n in range(4)
    ]
    properties = {
        "BotId": {"Fn::ImportValue": "a" * 205_000},
        "BotAliasLocaleSettings": [{"BotAliasLocaleSetting": setting} for setting in settings],
    }
    fragment["Resources"]["A"] = {"Type": "AWS::Lex::BotAlias", "Properties": properties}
    with pytest.raises(TemplateError, match="ALP502"):
        run(fragment, SourceScope="Bot")
    # So long that none is written to be measured.
    properties["BotId"] = {"Fn::ImportValue": "a" * 300_000}
    with pytest.raises(TemplateError, match="with the 4 permissions"):
        run(fragment, SourceScope="Bot")
    properties["BotId"] = {"Fn::Join": ["", ["a" * 100_000, {"Ref": "Rest"}]]}
    assert run(fragment, SourceScope="Bot").permissions_added == 4


@pytest.mark.parametrize("length", [200, 900])
def test_what_permissions_wait_for_is_measured_as_often(length: int) -> None:
    """Each of a hundred waits for each of eighty Lambda aliases of one name (rules 2.7, 6.7)."""
    fragment = template(102, 100)
    resources = fragment["Resources"]
    resources["F"]["Properties"] = {"FunctionName": "orders"}
    setting = resources["A0"]["Properties"]["BotAliasLocaleSettings"][0]["BotAliasLocaleSetting"]
    hook = setting["CodeHookSpecification"]["LambdaCodeHook"]
    hook["LambdaArn"] = "arn:aws:lambda:us-east-1:123456789012:function:orders:live"
    live = {"FunctionName": {"Ref": "F"}, "Name": "live"}
    for number in range(80):
        name = f"Live{number}".ljust(length, "X")
        resources[name] = {"Type": "AWS::Lambda::Alias", "Properties": live}
    with pytest.raises(TemplateError, match="with the 100 permissions"):
        run(fragment)


def test_more_permissions_than_there_may_be_resources() -> None:
    """They are refused before any is made, whatever the template was before (rule 6.7)."""
    assert run(template(0, 500)).permissions_added == 500
    with pytest.raises(TemplateError, match="with the 501 permissions"):
        run(template(0, 501))


def test_a_number_that_looks_like_half_a_surrogate_pair() -> None:
    """Its bytes are those of one, and it can be sent back (rule 6.2)."""
    fragment = template(3, 1) | {"Metadata": {"Number": 0xA0ED}}
    assert run(fragment).permissions_added == 1


def hooking(function: object) -> dict[str, Any]:
    """Return a template with one alias that hooks this function."""
    fragment = template(3, 1)
    (locale,) = fragment["Resources"]["A0"]["Properties"]["BotAliasLocaleSettings"]
    specification = locale["BotAliasLocaleSetting"]["CodeHookSpecification"]
    specification["LambdaCodeHook"]["LambdaArn"] = function
    return fragment


@pytest.mark.parametrize(
    "function",
    [
        pytest.param("f" * 140, id="140 characters"),
        pytest.param({"Fn::Sub": "${F.Arn}:" + "q" * 139}, id="beside what F.Arn is"),
        pytest.param({"Fn::Sub": "f" * 140 + " \n"}, id="white space of folded text"),
        pytest.param("{{resolve:ssm:/" + "f" * 140 + "}}", id="a dynamic reference"),
        pytest.param("f" * 140 + "{{resolve:ssm:/orders}}", id="140 characters beside one"),
    ],
)
def test_a_function_is_named_in_140_characters(function: object) -> None:
    """That many fit a permission, as far as literals say (rule 4.3)."""
    assert run(hooking(function)).permissions_added == 1


@pytest.mark.parametrize(
    "function",
    [
        pytest.param("f" * 141, id="a name"),
        pytest.param({"Fn::Sub": "${F.Arn}:" + "q" * 140}, id="a qualifier"),
        pytest.param({"Fn::Sub": "${Prefix}" + "f" * 141}, id="a name behind a parameter"),
        pytest.param("{{resolve:ssm:/orders}}" + "f" * 141, id="a name behind a dynamic reference"),
        pytest.param("f" * 70 + "{{resolve:ssm:/orders}}" + "f" * 71, id="a name around one"),
        pytest.param("{{" + "f" * 140, id="what is no dynamic reference"),
    ],
)
def test_a_function_is_not_named_in_more(function: object) -> None:
    """One more is too many (rule 4.3)."""
    with pytest.raises(TemplateError, match="at most 140 characters"):
        run(hooking(function))


def test_a_policy_that_would_grow_too_large_is_reported() -> None:
    """Lambda takes 20 KB for the policy of one function; some 45 of our statements fit."""
    most = MOST_POLICY_BYTES // STATEMENT_BYTES
    assert [report.name for report in run(template(0, most)).reports] == []
    (report,) = run(template(0, most + 1)).reports
    assert report.name == POLICY_TOO_LARGE
    assert report.path.startswith("Resources.A")
    assert report.path.endswith(".LambdaCodeHook.LambdaArn")
    assert run(template(0, most + 1), SourceScope="Bot").reports == ()


def test_subclasses_of_json_types_are_measured_too() -> None:
    """A loader may hand over subclasses of dict and str."""

    class Text(str):
        __slots__ = ()

    assert run(template(3, 1, Text("x"))).permissions_added == 1
    with pytest.raises(TemplateError):
        run(template(3, 1, Text("x" * (MOST_BYTES - size(run(template(3, 1)).fragment) + 1))))


def test_a_loop_counts_by_its_items() -> None:
    """Resources of a loop are as many as it has items, where the template says how many."""
    fragment = template(400, 0)
    alias = template(3, 1)["Resources"]["A0"]
    fragment["Resources"]["Fn::ForEach::Aliases"] = [
        "Name",
        [f"N{number}" for number in range(51)],
        {"Alias${Name}": alias},
    ]
    with pytest.raises(TemplateError) as rejected:
        run(fragment)
    assert str(rejected.value).startswith(
        "ALP501 Resources: with the 51 permissions that AutoLexPermissions adds, the template has"
        " 502 resources;"
    )
    fragment["Resources"]["Fn::ForEach::Aliases"][1] = {"Ref": "Names"}
    assert run(fragment).permissions_added == 1


def test_a_loop_of_one_item_counts_once() -> None:
    """Its permission is the five hundredth resource (rule 6.7)."""
    fragment = template(498, 0)
    loop = ["Name", ["Only"], {"Alias${Name}": template(3, 1)["Resources"]["A0"]}]
    fragment["Resources"]["Fn::ForEach::Aliases"] = loop
    assert run(fragment).permissions_added == 1


def test_a_policy_grows_by_the_bots_of_a_loop() -> None:
    """Each bot has a permission of its own, also where one serves all aliases of a bot (6.5)."""
    fragment = template(3, 0)
    hook = template(3, 1)["Resources"]["A0"]["Properties"]["BotAliasLocaleSettings"]
    test_alias = {"TestBotAliasSettings": {"BotAliasLocaleSettings": hook}}
    bot = {"Type": "AWS::Lex::Bot", "Properties": test_alias}
    loop = ["Name", [f"N{n}" for n in range(47)], {"Bot${Name}": bot}]
    fragment["Resources"]["Fn::ForEach::Bots"] = loop
    answered = run(fragment, SourceScope="Bot")
    assert [report.name for report in answered.reports] == [POLICY_TOO_LARGE]
    assert run({**answered.fragment}, SourceScope="Bot").fragment == answered.fragment


def test_a_policy_of_a_lambda_alias_with_two_names_is_reported_once() -> None:
    """Both references to its ARN mean one policy, also for the next run (6.5)."""
    fragment = template(3, 0)
    lambda_alias = {"FunctionName": {"Ref": "F"}, "Name": {"Fn::If": ["IsProd", "live", "beta"]}}
    fragment["Resources"]["Live"] = {"Type": "AWS::Lambda::Alias", "Properties": lambda_alias}
    alias = template(3, 1)["Resources"]["A0"]
    alias["Properties"]["BotAliasLocaleSettings"] = [
        {"BotAliasLocaleSetting": {"CodeHookSpecification": {"LambdaCodeHook": {"LambdaArn": arn}}}}
        for arn in ({"Ref": "Live"}, {"Fn::GetAtt": ["Live", "AliasArn"]})
    ]
    loop = ["Name", [f"N{n}" for n in range(47)], {"Alias${Name}": alias}]
    fragment["Resources"]["Fn::ForEach::Aliases"] = loop
    answered = run(fragment)
    assert [report.name for report in answered.reports] == [POLICY_TOO_LARGE]
    assert run({**answered.fragment}).fragment == answered.fragment


def test_a_policy_grows_by_the_items_of_a_loop() -> None:
    """A function that all items share gets a statement for each of them."""
    fragment = template(3, 0)
    loop = [
        "Name",
        [f"N{n}" for n in range(47)],
        {"Alias${Name}": template(3, 1)["Resources"]["A0"]},
    ]
    fragment["Resources"]["Fn::ForEach::Aliases"] = loop
    assert [report.name for report in run(fragment).reports] == [POLICY_TOO_LARGE]
    assert run(fragment, SourceScope="Bot").reports == ()


def test_a_loop_of_functions_spreads_its_statements() -> None:
    """Where each item has a function of its own, no policy grows (rule 6.7)."""
    fragment = template(3, 0)
    alias = hooking({"Fn::GetAtt": [{"Fn::Sub": "F${Name}"}, "Arn"]})["Resources"]["A0"]
    body = {"F${Name}": {"Type": "AWS::Lambda::Function"}, "Alias${Name}": alias}
    fragment["Resources"]["Fn::ForEach::Aliases"] = ["Name", [f"N{n}" for n in range(47)], body]
    assert run(fragment).reports == ()


def test_a_loop_of_one_item_is_one_statement() -> None:
    """With it the function's policy is just full (rule 6.7)."""
    fragment = template(0, MOST_POLICY_BYTES // STATEMENT_BYTES - 1)
    loop = ["Name", ["Only"], {"Alias${Name}": template(3, 1)["Resources"]["A0"]}]
    fragment["Resources"]["Fn::ForEach::Aliases"] = loop
    assert run(fragment).reports == ()


def test_long_keys_that_come_again_are_counted_each_time() -> None:
    """Bots have many: Python's own format would write each once (rule 6.7)."""
    slot: Any = "S"
    for key in ("ElicitationCodeHook", "PostCodeHookSpecification", "FailureNextStep") * 4:
        slot = {f"{key}OfTheSlot": slot}
    fragment = template(3, 1)
    bot = fragment["Resources"]["Bot"]
    each = size([slot]) - 1
    bot["Properties"] = {"Slots": [slot] * ((MOST_BYTES - size(fragment)) // each - 2)}
    fragment["Description"] = "x" * (MOST_BYTES - size(fragment))
    assert size(fragment) == MOST_BYTES
    with pytest.raises(TemplateError, match="ALP502"):
        run(json.loads(json.dumps(fragment)))


def declaring(count: int, function: object, **properties: object) -> dict[str, Any]:
    """Return a template with a hook, and so many permissions of others on a function."""
    fragment = template(3, 1)
    fragment["Conditions"] = {"IsProd": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}}
    for number in range(count):
        fragment["Resources"][f"Allow{number}"] = {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": function,
                "Principal": "s3.amazonaws.com",
                **properties,
            },
        }
    return fragment


MOST = MOST_POLICY_BYTES // STATEMENT_BYTES


@pytest.mark.parametrize(
    ("fragment", "codes"),
    [
        pytest.param(declaring(MOST - 1, {"Ref": "F"}), [], id="just full"),
        pytest.param(declaring(MOST, {"Ref": "F"}), ["ALP503"], id="of others"),
        pytest.param(declaring(MOST, {"Fn::GetAtt": "F.Arn"}), ["ALP503"], id="by ARN"),
        pytest.param(declaring(MOST, {"Fn::Sub": "${F}:live"}), [], id="of an alias"),
        pytest.param(declaring(MOST, {"Ref": "Other"}), [], id="of another function"),
        pytest.param(
            declaring(MOST, {"Fn::If": ["IsProd", {"Ref": "F"}, {"Ref": "Other"}]}),
            ["ALP503"],
            id="in Prod",
        ),
    ],
)
def test_statements_of_the_author_count(fragment: dict[str, Any], codes: list[str]) -> None:
    """Lambda's limit is on the policy of the function and qualifier (rule 6.7)."""
    result = run(fragment)
    assert result.permissions_added == 1
    assert [report.code for report in result.reports] == codes


def test_what_one_permission_covers_is_one_statement() -> None:
    """A grant that is covered adds none (rule 6.7)."""
    fragment = template(0, MOST + 10)
    fragment["Resources"]["Allow"] = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "F"},
            "Principal": "lexv2.amazonaws.com",
        },
    }
    assert [report.code for report in run(fragment).reports] == ["ALP201"]


@pytest.mark.parametrize("texts", [1, MOST + 1], ids=["of one hook", "of all hooks"])
@pytest.mark.parametrize("references", [1, MOST + 1], ids=["by one hook", "by all hooks"])
def test_what_text_names_counts_with_what_is_referred_to(texts: int, references: int) -> None:
    """A function by its name under a condition is that function (rules 3.2, 6.7).

    That is so whether its permissions are generated or were.
    """
    fragment = template(0, MOST + 1)
    fragment["Conditions"] = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    fragment["Resources"]["F"]["Properties"] = {
        "FunctionName": {"Fn::If": ["IsProd", "orders", "billing"]}
    }
    text = "arn:aws:lambda:us-east-1:123456789012:function:orders"
    by_text = hooking({"Fn::If": ["IsProd", text, {"Ref": "AWS::NoValue"}]})
    (locale,) = by_text["Resources"]["A0"]["Properties"]["BotAliasLocaleSettings"]
    for number in range(MOST + 1):
        locales = fragment["Resources"][f"A{number}"]["Properties"]["BotAliasLocaleSettings"]
        own = locales if number < references else []
        locales[:] = [*own, locale] if number < texts else own
    result = run(fragment)
    is_full = texts + references > MOST
    codes = ["ALP503"] * (2 if is_full else 0)
    assert [report.code for report in result.reports] == codes
    assert run(dict(result.fragment)).fragment == result.fragment


@pytest.mark.parametrize("count", [2, 12])
def test_what_never_exists_at_once_is_not_added_up(count: int) -> None:
    """Aliases of different stages have statements in different deployments (rule 6.7)."""
    fragment = template(0, MOST * 2)
    names = [f"Is{number}" for number in range(count)]
    fragment["Conditions"] = {name: {"Fn::Equals": [{"Ref": "Stage"}, name]} for name in names}
    for number in range(MOST * 2):
        fragment["Resources"][f"A{number}"]["Condition"] = names[number % count]
    assert run(fragment).reports == ()
    for number in range(MOST):
        del fragment["Resources"][f"A{2 * number}"]["Condition"]
    assert [report.code for report in run(fragment).reports] == ["ALP503"]


def test_very_many_conditions_are_added_up() -> None:
    """Which of them exclude each other is looked at only so far (rules 6.7, 6.8)."""
    fragment = template(0, MOST + 1)
    fragment["Conditions"] = {
        f"Is{number}": {"Fn::Equals": [{"Ref": f"P{number}"}, "x"]} for number in range(MOST + 1)
    }
    for number in range(MOST + 1):
        fragment["Resources"][f"A{number}"]["Condition"] = f"Is{number}"
    assert [report.code for report in run(fragment).reports] == ["ALP503"]


def test_a_loop_of_permissions_counts_by_its_items() -> None:
    """The author's as the macro's own (rule 6.7)."""
    fragment = declaring(1, {"Ref": "F"})
    loop = [
        "Name",
        [f"N{n}" for n in range(MOST)],
        {"Allow${Name}": fragment["Resources"].pop("Allow0")},
    ]
    fragment["Resources"]["Fn::ForEach::Permissions"] = loop
    assert [report.code for report in run(fragment).reports] == ["ALP503"]
    loop[2] = {"Allow${Name}": declaring(1, {"Ref": "F${Name}"})["Resources"]["Allow0"]}
    assert run(fragment).reports == ()
