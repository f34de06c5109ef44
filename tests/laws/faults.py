"""Macros with a fault planted in them, each of which some law has to find.

Most wrap the real macro and spoil what it answers, or what it is asked; the first is the macro that
anyone would write in twenty lines.
"""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.laws.evaluator import Template, every_branch
from tests.laws.trial import OURS, REPORT, Deployment, Macro, the_macro

type Spoil = Callable[[Template, Template], None]

PERMISSION = "AWS::Lambda::Permission"
FAULTS: list["Fault"] = []


@dataclass(frozen=True, slots=True)
class Fault:
    """A faulty macro, and the law that has to find it."""

    name: str
    macro: Macro
    law: str


def planted(law: str) -> Callable[[Macro], Macro]:
    """Enter a faulty macro into the list, with the law that has to find it."""

    def enter(macro: Macro) -> Macro:
        FAULTS.append(Fault(macro.__name__, macro, law))
        return macro

    return enter


def spoiled(law: str) -> Callable[[Spoil], Spoil]:
    """Enter a macro whose answer is spoiled by a function of the template and the answer."""

    def enter(spoil: Spoil) -> Spoil:
        def macro(template: Template, deployment: Deployment) -> Template:
            answer = copy.deepcopy(the_macro(template, deployment))
            spoil(template, answer)
            return answer

        FAULTS.append(Fault(spoil.__name__, macro, law))
        return spoil

    return enter


def misled(template: Template, asked: Template, deployment: Deployment) -> Template:
    """Return the template with what the macro adds to another one, and reports of it."""
    answer = the_macro(asked, deployment)
    fragment = copy.deepcopy(template)
    for section in ("Conditions", "Resources"):
        new = {
            key: value
            for key, value in answer.get(section, {}).items()
            if key not in asked.get(section, {})
        }
        if new:
            fragment[section] = {**fragment.get(section, {}), **new}
    if REPORT in answer.get("Metadata", {}):
        said = {REPORT: answer["Metadata"][REPORT]}
        fragment["Metadata"] = {**fragment.get("Metadata", {}), **said}
    return fragment


def generated(template: Template, answer: Template) -> Iterator[tuple[str, Template]]:
    """Yield the permissions that a macro added."""
    for name, resource in list(answer["Resources"].items()):
        if name not in template["Resources"]:
            yield name, resource


def of_type(template: Template, *types: str) -> Iterator[Template]:
    """Yield the resources of these types."""
    return (
        resource for resource in template["Resources"].values() if resource.get("Type") in types
    )


def renamed(template: Template, answer: Template, name: Callable[[int, str, Any], str]) -> None:
    """Give the generated permissions other logical ids, wherever they are named."""
    new = {
        old: name(number, old, resource)
        for number, (old, resource) in enumerate(generated(template, answer))
    }
    text = json.dumps(answer)
    for old, other in new.items():
        text = text.replace(f'"{old}"', f'"{other}"')
    fragment = json.loads(text)
    answer.clear()
    answer.update(fragment)


def digits(value: Any) -> str:
    """Return eight hex digits that depend on a value."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:8]


def lambda_arns(tree: Any) -> Iterator[Any]:
    """Yield each LambdaArn in a tree, whichever branch it stands in."""
    tree = every_branch(tree)
    if isinstance(tree, list):
        for item in tree:
            yield from lambda_arns(item)
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "LambdaArn":
                yield from value if isinstance(value, list) else [value]
            else:
                yield from lambda_arns(value)


# The macro that anyone would write.


@planted("existing_hooks_are_allowed")
def the_obvious_macro(template: Template, deployment: Deployment) -> Template:
    """Add a permission for each LambdaArn found, whatever the conditions are."""
    del deployment
    fragment = copy.deepcopy(template)
    for alias, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Lex::BotAlias":
            continue
        for arn in lambda_arns(resource["Properties"]):
            if isinstance(arn, dict) and "Fn::If" not in arn and "Ref" not in arn:
                name = f"{alias}Permission{digits(arn)}"
                fragment["Resources"][name] = {
                    "Type": PERMISSION,
                    "Properties": {
                        "Action": "lambda:InvokeFunction",
                        "FunctionName": arn,
                        "Principal": "lexv2.amazonaws.com",
                        "SourceAccount": {"Ref": "AWS::AccountId"},
                        "SourceArn": {"Fn::GetAtt": [alias, "Arn"]},
                    },
                }
    return fragment


# Hooks that are not served, and what is granted beside them.


@planted("existing_hooks_are_allowed")
def a_locale_is_forgotten(template: Template, deployment: Deployment) -> Template:
    """Read no list of locales to its end."""
    asked = copy.deepcopy(template)
    for resource in of_type(asked, "AWS::Lex::BotAlias"):
        settings_ = resource["Properties"].get("BotAliasLocaleSettings")
        if isinstance(settings_, list):
            del settings_[1:]
    return misled(template, asked, deployment)


@planted("existing_hooks_are_allowed")
def the_test_alias_is_forgotten(template: Template, deployment: Deployment) -> Template:
    """Read bot aliases only."""
    asked = copy.deepcopy(template)
    for resource in of_type(asked, "AWS::Lex::Bot"):
        resource["Properties"].pop("TestBotAliasSettings", None)
    return misled(template, asked, deployment)


@planted("existing_hooks_are_allowed")
def a_conditional_declaration_covers_everywhere(
    template: Template, deployment: Deployment
) -> Template:
    """Take what the author declared under a condition for always there."""
    asked = copy.deepcopy(template)
    for resource in of_type(asked, PERMISSION):
        resource.pop("Condition", None)
    return misled(template, asked, deployment)


@planted("existing_hooks_are_allowed")
def a_declaration_for_another_source_covers(template: Template, deployment: Deployment) -> Template:
    """Do not look at the SourceArn of what the author declared."""
    asked = copy.deepcopy(template)
    for resource in of_type(asked, PERMISSION):
        resource["Properties"].pop("SourceArn", None)
    return misled(template, asked, deployment)


@planted("existing_hooks_are_allowed")
def the_account_of_a_declaration_is_not_read(
    template: Template, deployment: Deployment
) -> Template:
    """Do not look at the SourceAccount of what the author declared."""
    asked = copy.deepcopy(template)
    for resource in of_type(asked, PERMISSION):
        resource["Properties"].pop("SourceAccount", None)
    return misled(template, asked, deployment)


@spoiled("existing_hooks_are_allowed")
def the_qualifier_is_lost(template: Template, answer: Template) -> None:
    """Put the permission on the function instead of its alias."""
    for _, resource in generated(template, answer):
        match resource["Properties"]["FunctionName"]:
            case {"Fn::Join": [":", [{**function}, _]]}:
                resource["Properties"]["FunctionName"] = function
            case {"Fn::Sub": str(written)} if "}:" in written.removeprefix(
                "arn:${AWS::Partition}:"
            ):
                bare = written.rpartition(":")[0]
                resource["Properties"]["FunctionName"] = {"Fn::Sub": bare}


@spoiled("existing_hooks_are_allowed")
def a_condition_is_turned_round(template: Template, answer: Template) -> None:
    """Confuse the two branches of an Fn::If."""
    for name, resource in generated(template, answer):
        condition = resource.get("Condition")
        if condition is not None:
            own = answer["Conditions"][name] if condition == name else {"Condition": condition}
            answer["Conditions"][name] = {"Fn::Not": [own]}
            resource["Condition"] = name


@spoiled("nothing_else_is_granted")
def the_condition_is_dropped(template: Template, answer: Template) -> None:
    """Add every permission without a condition."""
    for _, resource in generated(template, answer):
        resource.pop("Condition", None)


@spoiled("nothing_else_is_granted")
def only_the_condition_of_the_caller_counts(template: Template, answer: Template) -> None:
    """Do not look at the conditions on the way to a hook."""
    for _, resource in generated(template, answer):
        caller = resource["Properties"]["SourceArn"].get("Fn::GetAtt", [""])[0]
        own = template["Resources"].get(caller, {}).get("Condition")
        if own is not None:
            resource["Condition"] = own
        elif caller:
            resource.pop("Condition", None)


@spoiled("nothing_else_is_granted")
def the_permission_is_too_wide(template: Template, answer: Template) -> None:
    """Allow every bot of the account."""
    for _, resource in generated(template, answer):
        every = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/*"
        resource["Properties"]["SourceArn"] = {"Fn::Sub": every}


@planted("nothing_else_is_granted")
def opting_out_is_not_read(template: Template, deployment: Deployment) -> Template:
    """Serve callers that are opted out."""
    asked = copy.deepcopy(template)
    for resource in of_type(asked, "AWS::Lex::Bot", "AWS::Lex::BotAlias"):
        resource.pop("Metadata", None)
    return misled(template, asked, deployment)


@planted("no_permission_is_spare")
def declared_permissions_are_added_again(template: Template, deployment: Deployment) -> Template:
    """Do not look for what the author declared."""
    kept = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] != PERMISSION
    }
    return misled(template, {**template, "Resources": kept}, deployment)


@spoiled("no_permission_is_spare")
def one_permission_for_each_locale(template: Template, answer: Template) -> None:
    """Add the same permission once more under another name."""
    for name, resource in generated(template, answer):
        answer["Resources"][f"{name}0{digits(name)}"] = copy.deepcopy(resource)


@spoiled("permissions_exist_as_their_grants")
def a_declaration_is_subtracted(template: Template, answer: Template) -> None:
    """Let a permission exist only where the first declared one does not."""
    declared = [
        permission["Condition"]
        for permission in of_type(template, PERMISSION)
        if "Condition" in permission
    ]
    for name, resource in generated(template, answer):
        if declared:
            operands = [{"Fn::Not": [{"Condition": declared[0]}]}]
            operands += [{"Condition": resource["Condition"]}] if "Condition" in resource else []
            old = answer["Conditions"].get(resource.get("Condition", ""))
            whole = operands if resource.get("Condition") != name else [operands[0], old]
            answer["Conditions"][name] = {"Fn::And": whole} if len(whole) > 1 else whole[0]
            resource["Condition"] = name


# References.


@spoiled("no_reference_dangles")
def a_text_is_taken_for_a_resource(template: Template, answer: Template) -> None:
    """Write a reference to the function of that name, though it may not exist."""
    named = {
        json.dumps(resource.get("Properties", {}).get("FunctionName")): name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    for _, resource in generated(template, answer):
        written = json.dumps(resource["Properties"]["FunctionName"])
        for text, name in named.items():
            if text.startswith('"') and text[1:] in written:
                resource["Properties"]["FunctionName"] = {"Fn::GetAtt": [name, "Arn"]}


@spoiled("no_reference_dangles")
def it_waits_by_depends_on_alone(template: Template, answer: Template) -> None:
    """Write a DependsOn where the other resource may not exist."""
    for name, resource in answer["Resources"].items():
        ours = resource.get("Metadata", {}).get(OURS, {})
        waits = [
            item
            for key in ours
            if key not in {"Enabled", "Reason", "HookSource"}
            for item in named_in(ours[key], answer)
        ]
        if waits and resource.get("Metadata") != template["Resources"].get(name, {}).get(
            "Metadata"
        ):
            resource["DependsOn"] = [*as_list(resource.get("DependsOn", [])), *waits]


@spoiled("no_cycle_is_closed")
def it_waits_whatever_cycle_that_closes(template: Template, answer: Template) -> None:
    """Let every bot alias wait for every generated permission without a condition."""
    if any(
        "bot-alias/${" not in str(permission["Properties"]["SourceArn"])
        for _, permission in generated(template, answer)
    ):
        return
    waits = [
        name for name, permission in generated(template, answer) if "Condition" not in permission
    ]
    for resource in of_type(answer, "AWS::Lex::BotAlias"):
        resource["DependsOn"] = [*as_list(resource.get("DependsOn", [])), *waits]


@spoiled("permissions_wait_for_their_functions")
def a_permission_does_not_wait(template: Template, answer: Template) -> None:
    """Leave the order to CloudFormation."""
    for _, resource in generated(template, answer):
        resource.pop("DependsOn", None)
        settings = resource["Metadata"][OURS]
        resource["Metadata"] = {OURS: {key: settings[key] for key in ("Reason", "HookSource")}}


@planted("aliases_wait_for_their_permissions")
def an_alias_does_not_wait(template: Template, deployment: Deployment) -> Template:
    """Add the permissions of SourceScope Bot and nothing else."""
    return misled(template, template, deployment)


# The author's part.


@spoiled("the_author_is_left_alone")
def the_alias_is_marked(template: Template, answer: Template) -> None:
    """Leave a note on what was read."""
    del template
    for resource in of_type(answer, "AWS::Lex::BotAlias"):
        resource.setdefault("Metadata", {})["Seen"] = True


@spoiled("the_author_is_left_alone")
def keys_are_sorted(template: Template, answer: Template) -> None:
    """Write the resources in another order."""
    del template
    answer["Resources"] = dict(sorted(answer["Resources"].items()))


@spoiled("the_author_is_left_alone")
def a_wide_permission_is_narrowed(template: Template, answer: Template) -> None:
    """Fix what the author declared."""
    del template
    for resource in of_type(answer, PERMISSION):
        resource["Properties"].setdefault("SourceAccount", {"Ref": "AWS::AccountId"})


@spoiled("the_report_holds_no_values")
def the_report_is_always_there(template: Template, answer: Template) -> None:
    """Write a report with nothing in it."""
    del template
    answer["Metadata"] = {"AutoLexPermissionsReport": [], **answer.get("Metadata", {})}


# Looks.


@spoiled("permissions_are_shaped")
def the_account_is_missing(template: Template, answer: Template) -> None:
    """Leave the door to confused deputies open."""
    for _, resource in generated(template, answer):
        del resource["Properties"]["SourceAccount"]


@spoiled("permissions_are_shaped")
def the_function_is_respelled(template: Template, answer: Template) -> None:
    """Write the function in the macro's own way."""
    for _, resource in generated(template, answer):
        arn = resource["Properties"]["FunctionName"]
        resource["Properties"]["FunctionName"] = {"Fn::Join": ["", ["", arn]]}


@spoiled("logical_ids_are_as_promised")
def ids_have_no_digits(template: Template, answer: Template) -> None:
    """End the ids in something else."""
    renamed(template, answer, lambda number, old, _: f"{old[:-8]}Permission{number}")


@spoiled("order_does_not_matter")
def ids_depend_on_order(template: Template, answer: Template) -> None:
    """Count which resource of the template a permission is for."""
    order = list(template["Resources"])

    def name(_: int, old: str, resource: Template) -> str:
        places = [
            order.index(logical_id) for logical_id in named_in(resource["Properties"], template)
        ]
        return f"{old[:-8]}{digits([old, places])}"

    renamed(template, answer, name)


@spoiled("order_does_not_matter")
def the_first_caller_is_named(template: Template, answer: Template) -> None:
    """Say in the Metadata which caller stands first in the template."""
    first = next((key for key in template["Resources"] if key.startswith(("Alias", "Bot"))), "")
    for _, resource in generated(template, answer):
        resource["Metadata"][OURS]["First"] = first


@spoiled("spelling_does_not_matter")
def ids_depend_on_spelling(template: Template, answer: Template) -> None:
    """Hash the expression as it was written."""

    def name(_: int, old: str, resource: Template) -> str:
        return f"{old[:-8]}{digits(resource['Properties']['FunctionName'])}"

    renamed(template, answer, name)


@spoiled("other_aliases_do_not_matter")
def ids_depend_on_other_aliases(template: Template, answer: Template) -> None:
    """Count the bot aliases into the ids."""
    count = len(list(of_type(template, "AWS::Lex::BotAlias")))
    renamed(template, answer, lambda _, old, __: f"{old[:-8]}{digits([old, count])}")


@spoiled("a_locale_more_does_not_matter")
def the_locales_are_counted(template: Template, answer: Template) -> None:
    """Say in the Metadata how many locales there are."""
    count = json.dumps(template).count('"LocaleId"')
    for _, resource in generated(template, answer):
        resource["Metadata"][OURS]["Locales"] = count


@spoiled("conditions_are_the_fewest")
def a_condition_too_many(template: Template, answer: Template) -> None:
    """Write a condition of its own for each permission."""
    for name, resource in generated(template, answer):
        if resource.get("Condition", name) != name:
            own = resource["Condition"]
            answer["Conditions"][name] = {"Fn::And": [{"Condition": own}, {"Condition": own}]}
            resource["Condition"] = name


@spoiled("conditions_have_few_operands")
def all_operands_in_one(template: Template, answer: Template) -> None:
    """Write an Fn::Or as long as it gets."""
    for name in set(answer.get("Conditions", {})) - set(template.get("Conditions", {})):
        answer["Conditions"][name] = flat(answer["Conditions"][name])


@spoiled("retained_permissions_are_those_of_retained_bots")
def nothing_is_retained(template: Template, answer: Template) -> None:
    """Delete the permissions of bots that stay."""
    for _, resource in generated(template, answer):
        resource.pop("DeletionPolicy", None)


@spoiled("retained_permissions_are_those_of_retained_bots")
def everything_is_retained(template: Template, answer: Template) -> None:
    """Keep the permissions of bots that go."""
    for _, resource in generated(template, answer):
        resource["DeletionPolicy"] = "RetainExceptOnCreate"


@planted("twice_is_once")
def a_second_application_adds(template: Template, deployment: Deployment) -> Template:
    """Take the macro's own permissions for nobody's."""
    answer = copy.deepcopy(the_macro(template, deployment))
    for name, resource in list(template["Resources"].items()):
        if OURS in resource.get("Metadata", {}) and resource["Type"] == PERMISSION:
            answer["Resources"][f"{name}Again"] = copy.deepcopy(resource)
    return answer


@spoiled("templates_without_hooks_come_back_equal")
def an_empty_section_is_added(template: Template, answer: Template) -> None:
    """Write the Conditions section whether or not there is anything in it."""
    del template
    answer.setdefault("Conditions", {})


@planted("answers")
def it_gives_up_on_conditions(template: Template, deployment: Deployment) -> Template:
    """Fail on whatever is not simple."""
    if any(json.dumps(template).count(word) for word in ("Fn::And", "Fn::Or")):
        raise NotImplementedError
    return the_macro(template, deployment)


def named_in(expression: Any, answer: Template) -> list[str]:
    """Return the resources that an expression names, in whichever branch."""
    text = json.dumps(expression)
    return [name for name in answer["Resources"] if f'"{name}"' in text or f"${{{name}" in text]


def as_list(value: Any) -> list[Any]:
    """Return a list, or the one thing that stands for a list of it."""
    return value if isinstance(value, list) else [value]


def flat(formula: Any) -> Any:
    """Return a formula with each Fn::Or inside an Fn::Or taken up into it."""
    match formula:
        case {"Fn::Or": operands}:
            parts = [flat(operand) for operand in operands]
            return {
                "Fn::Or": [
                    item
                    for part in parts
                    for item in (part["Fn::Or"] if set(part) == {"Fn::Or"} else [part])
                ]
            }
        case {"Fn::And": operands}:
            return {"Fn::And": [flat(operand) for operand in operands]}
    return formula
