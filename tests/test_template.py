"""What of a fragment counts as a template, and what of it is CloudFormation's to reject."""

from typing import Any

import pytest

from auto_lex_permissions import Request, TemplateError, transform
from auto_lex_permissions.cfn.formulas import Named
from auto_lex_permissions.cfn.template import Template
from auto_lex_permissions.cfn.values import Key, Values, path
from tests.templates import ACCOUNT, REGION
from tests.test_declared import F_ARN, added, stack

SECTIONS = (
    *("AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Hooks", "Mappings"),
    *("Metadata", "Outputs", "Parameters", "Resources", "Rules", "Transform"),
)


def test_an_object_of_nothing_but_sections_is_a_template() -> None:
    """All of them may be of the wrong shape, Resources too (rule 6.1)."""
    fragment = dict.fromkeys(SECTIONS, "text")
    assert transform(Request(fragment, REGION, ACCOUNT)).fragment == fragment


def test_resources_that_are_called_like_sections_are_none() -> None:
    """Nothing is read of them, and they may be whatever they are (rule 6.1)."""
    topic = {"Type": "AWS::SNS::Topic", "AutoLexPermissions": {"Unknown": "setting"}}
    conditions = {"Type": "AWS::SNS::Topic", "IsProd": {"Fn::Equals": ["a", "b"]}}
    alias = {**stack(F_ARN)["Resources"]["A"], "Condition": "IsProd"}
    resources = {**stack(F_ARN)["Resources"], "A": alias}
    del resources["Allow"]
    fragment = {**resources, "Metadata": topic, "Conditions": conditions}
    assert transform(Request(fragment, REGION, ACCOUNT)).permissions_added == 1


def test_conditions_take_the_steps_of_their_template() -> None:
    """All work of a request is counted together (rule 6.8)."""
    template = Template({"Conditions": {"IsProd": True}, "Resources": {}}, REGION, ACCOUNT)
    spent = template.budget.spent
    assert template.conditions.possible(Named("IsProd"))
    assert template.budget.spent > spent


def test_fn_transform_among_resources_passes_through() -> None:
    """LocalStack leaves it in a `Resources` map (rule 6.1)."""
    resources = {"Fn::Transform": {"Name": "AutoLexPermissions"}, **stack(F_ARN)["Resources"]}
    del resources["Allow"]
    result = transform(Request(resources, REGION, ACCOUNT))
    assert result.permissions_added == 1
    assert list(result.fragment)[: len(resources)] == list(resources)
    assert result.fragment["Fn::Transform"] == {"Name": "AutoLexPermissions"}


@pytest.mark.parametrize("condition", [1, ["IsProd"], {}, {"IsProd": True}])
def test_a_condition_of_the_wrong_shape_is_cloudformations_to_reject(condition: object) -> None:
    """The hook gets its permission meanwhile (rule 1.4)."""
    template = stack(F_ARN, SourceArn="x")
    template["Resources"]["A"]["Condition"] = condition
    assert added(template) == 1


def test_empty_metadata_stays() -> None:
    """The author's part is never changed (rule 6.6)."""
    fragment = stack(F_ARN, SourceArn="x") | {"Metadata": {}}
    assert transform(Request(fragment, REGION, ACCOUNT)).fragment["Metadata"] == {}


def test_a_report_needs_metadata_of_the_right_shape() -> None:
    """Metadata that is no object is CloudFormation's to reject (rules 1.4, 6.6)."""
    fragment = stack({"Ref": "One"}) | {"Metadata": ["text"]}
    result = transform(Request(fragment, REGION, ACCOUNT))
    assert [report.name for report in result.reports] == ["HookOnVersion"]
    assert result.fragment["Metadata"] == ["text"]


def test_private_characters_are_text_like_any_other() -> None:
    """What the macro marks variables with inside may stand in a template (rules 2.2, 6.2)."""
    private = "orders-\U0010ff02Env\U0010ff04x\U0010ff05"
    template = stack(private, SourceArn="x")
    fragment: Any = transform(Request(template, REGION, ACCOUNT)).fragment
    (name,) = fragment["Resources"].keys() - template["Resources"].keys()
    assert fragment["Resources"][name]["Properties"]["FunctionName"] == private


def test_a_lambda_alias_of_itself_is_cloudformations_to_reject() -> None:
    """A cycle of references ends no search for a function (rule 6.2)."""
    template = stack({"Ref": "Live"})
    template["Resources"]["Live"]["Properties"]["FunctionName"] = {"Ref": "Live"}
    assert added(template) == 1


def test_an_alias_that_names_no_bot_waits_for_no_permission() -> None:
    """Its permission refers to the alias itself, so a wait would close a cycle (2.8, 5.2)."""
    template = stack(F_ARN, SourceArn="x")
    alias: Any = template["Resources"]["A"]
    template["Resources"]["Other"] = {**alias, "Properties": {**alias["Properties"]}}
    del alias["Properties"]["BotId"]
    result = transform(Request(template, REGION, ACCOUNT, {"SourceScope": "Bot"}))
    resources: Any = result.fragment["Resources"]
    assert result.permissions_added == 2
    assert resources["A"] == alias
    assert "DependsOn" in resources["Other"]


def test_an_id_is_alphanumeric_whatever_it_is_made_of() -> None:
    """A reference to what can be no logical id is CloudFormation's to reject (rules 2.2, 2.5)."""
    template = stack({"Ref": "My-Function"}, SourceArn="x")
    fragment: Any = transform(Request(template, REGION, ACCOUNT)).fragment
    (name,) = fragment["Resources"].keys() - template["Resources"].keys()
    assert name.startswith("AInvokesMyFunction")
    assert name.isalnum()


def test_a_condition_of_an_odd_name_stays_as_it_is() -> None:
    """A name like an object's beginning is CloudFormation's to reject (rule 1.4)."""
    hook = {"LambdaCodeHook": {"LambdaArn": {"Fn::GetAtt": ["F", "Arn"]}}}
    settings = [{"BotAliasLocaleSetting": {"CodeHookSpecification": hook}}]
    alias = {
        "Type": "AWS::Lex::BotAlias",
        "Condition": "{{",
        "Properties": {"BotAliasLocaleSettings": settings},
    }
    result = transform(Request({"Resources": {"A": alias}}))
    resources = result.fragment["Resources"]
    assert isinstance(resources, dict)
    _, permission = resources.values()
    assert permission["Condition"] == "{{"


def test_metadata_of_the_wrong_shape_stays_as_it_is() -> None:
    """Where a wait would stand in it, CloudFormation is left to reject it (rules 1.4, 5.2)."""
    template = stack({"Fn::If": ["IsProd", F_ARN, {"Ref": "AWS::NoValue"}]})
    del template["Resources"]["Allow"]
    template["Resources"]["A"]["Metadata"] = "text"
    result = transform(Request(template, REGION, ACCOUNT, {"SourceScope": "Bot"}))
    assert result.permissions_added == 1
    resources = result.fragment["Resources"]
    assert isinstance(resources, dict)
    assert resources["A"] == template["Resources"]["A"]


def test_a_loop_whose_variable_a_loop_names_is_cloudformations_to_reject() -> None:
    """A variable is a plain name: nothing is read of what goes through it (rule 1.4)."""
    template = stack(F_ARN)
    template["Resources"] = {"Alias&{${V}}": template["Resources"]["A"]}
    inner = {"Fn::ForEach::&{${V}}": ["${V}", ["Env"], template["Resources"]]}
    template["Resources"] = {"Fn::ForEach::Names": ["V", ["Env"], inner]}
    assert transform(Request(template, REGION, ACCOUNT)).fragment == template


def test_conditions_that_cannot_be_read_are_found_in_both_branches() -> None:
    """Each `Fn::If` below another is looked at, wherever it stands (rule 1.4)."""
    unread = {"Fn::If": [{"Fn::FindInMap": ["Map", "A", "B"]}, "x", "y"]}
    both = {"Fn::If": ["IsProd", {"Fn::If": ["IsDev", unread, "z"]}, unread]}
    found = [(path(*found.places), found.function) for found in Values.at(both, ("A",)).hidden]
    assert found == [
        ("A.Fn::If[1].Fn::If[1].Fn::If[0]", "Fn::FindInMap"),
        ("A.Fn::If[2].Fn::If[0]", "Fn::FindInMap"),
    ]


def test_properties_that_are_absent_hide_nothing() -> None:
    """`AWS::NoValue` in their place is CloudFormation's to reject (rules 1.2, 1.4)."""
    alias = {"Type": "AWS::Lex::BotAlias", "Properties": {"Ref": "AWS::NoValue"}}
    assert transform(Request({"Resources": {"A": alias}})).permissions_added == 0


def test_a_condition_that_is_no_name_has_no_values() -> None:
    """Such an `Fn::If` is CloudFormation's to reject, and hides nothing (rule 1.4)."""
    values = Values.at({"Fn::If": [1, "x", "y"]}, ("A",))
    assert (list(values), values.hidden) == ([], ())


@pytest.mark.parametrize(
    ("value", "keys"),
    [
        ({"Fn::If": ["IsProd", "x", "y"], "Beside": "z"}, ()),
        (["x"], ("Key",)),
        ([{"Key": "x"}], ("Key",)),
        ("text", (...,)),
        ({"Key": "x"}, (...,)),
    ],
)
def test_what_has_another_shape_has_no_values(value: object, keys: tuple[Key, ...]) -> None:
    """It is CloudFormation's to reject, and hides nothing (rule 1.4)."""
    values = Values.at(value, ("A",)).get(*keys)
    assert (list(values), values.hidden) == ([], ())


def test_what_is_hidden_stays_so_whatever_is_read_further() -> None:
    """A code hook may stand in it (rule 1.4)."""
    unread = {"Fn::If": [{"Fn::FindInMap": ["Map", "A", "B"]}, ["x"], ["y"]]}
    values = Values.at({"Key": [unread, "z"]}, ("A",)).get("Key", ...)
    assert [hidden.function for hidden in values.hidden] == ["Fn::FindInMap"]
    for further in (values.present(), values.each(), values.map(str), values.get()):
        assert further.hidden == values.hidden


@pytest.mark.parametrize(
    ("depth", "length", "is_read"),
    [(100, 1, True), (101, 1, False), (1, 2_000, True), (1, 2_001, False)],
)
def test_fn_if_is_looked_through_as_far_as_it_is_bounded(
    depth: int, length: int, *, is_read: bool
) -> None:
    """100 calls deep, and for names that a condition can have (rule 6.8)."""
    value: object = "x"
    for _ in range(depth):
        value = {"Fn::If": ["C" * length, value, "y"]}
    values = Values.at(value, ("A",))
    assert any(found.value == "x" for found in values) is is_read
    assert [hidden.function for hidden in values.hidden] == ([] if is_read else ["Fn::If"])


def test_half_a_surrogate_pair_is_text_like_any_other() -> None:
    """JSON can hold what UTF-8 cannot; that it cannot be sent is all that is wrong (rule 6.2)."""
    with pytest.raises(TemplateError, match="ALP604"):
        transform(Request(stack("orders\ud800")))


def test_a_resource_in_place_of_the_resources() -> None:
    """Its logical id is missing, which CloudFormation says best itself (rule 6.1)."""
    fragment = {"Resources": stack("orders")["Resources"]["A"]}
    assert transform(Request(fragment, REGION, ACCOUNT)).fragment == fragment


def test_a_map_with_a_resource_that_is_called_resources() -> None:
    """It is a resource like the other (rule 6.1)."""
    resources = stack("orders")["Resources"]
    fragment = {"Resources": resources["A"], "B": resources["A"]}
    assert transform(Request(fragment, REGION, ACCOUNT)).permissions_added == 2


@pytest.mark.parametrize("name", ["Hooks", "Rules"])
def test_a_map_of_one_resource_that_is_called_like_a_section(name: str) -> None:
    """It is a resource, not that section (rule 6.1)."""
    resources = {name: stack("orders")["Resources"]["A"]}
    fragment: Any = transform(Request(resources, REGION, ACCOUNT)).fragment
    assert fragment[name] == resources[name]
    assert len(fragment) == 2
