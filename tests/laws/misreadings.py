"""Macros that misread one thing of a template: each is the real one, asked about another template.

Or told of another deployment, or with another report. They are entered beside those of faults.py.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.laws.evaluator import Template, every_branch
from tests.laws.faults import FAULTS, PERMISSION, Fault, misled, of_type, planted, spoiled
from tests.laws.rewriting import branches
from tests.laws.trial import REPORT, Deployment, the_macro

type Misread = Callable[[Template], None]

POLICY = "AWS::Lambda::ResourcePolicy"
LAST_OF_FOUR = 4
LATE = re.compile("[Ll]ate[0-9]")
UNKNOWN_KEY = re.compile("aws:(Source(OrgID|Vpce?|Ip)|Principal(Arn|Account)|CurrentTime)")


def misread(law: str) -> Callable[[Misread], Misread]:
    """Enter a macro that is asked about a template in which a function has changed something."""

    def enter(change: Misread) -> Misread:
        def macro(template: Template, deployment: Deployment) -> Template:
            asked = copy.deepcopy(template)
            change(asked)
            return misled(template, asked, deployment)

        FAULTS.append(Fault(change.__name__, macro, law))
        return change

    return enter


def rewritten(asked: Template, kind: str, *changes: tuple[str, str]) -> None:
    """Replace texts in the resources of a type, by regular expressions."""
    for name, resource in asked["Resources"].items():
        if resource["Type"] == kind:
            whole = json.dumps(resource)
            for pattern, text in changes:
                whole = re.sub(pattern, text, whole)
            asked["Resources"][name] = json.loads(whole)


def statements_of(asked: Template) -> Iterator[list[Any]]:
    """Yield the list of statements of each policy that has one."""
    for resource in of_type(asked, POLICY):
        document = resource["Properties"]["PolicyDocument"]
        if isinstance(document, dict) and isinstance(document["Statement"], list):
            yield document["Statement"]


def is_deny(statement: Any) -> bool:
    """Return whether a statement denies, in whichever branch."""
    return any(branch["Effect"] == "Deny" for branch in branches(statement))


# Statements of policies.


@misread("existing_hooks_are_allowed")
def no_deny_is_read(asked: Template) -> None:
    """Look for an Allow, and for nothing else."""
    for statements in statements_of(asked):
        statements[:] = [one for one in statements if not is_deny(one)]


@misread("existing_hooks_are_allowed")
def a_deny_that_nobody_understands_is_none(asked: Template) -> None:
    """Take a Deny for nothing where it asks for what is not known."""
    for statements in statements_of(asked):
        statements[:] = [
            one for one in statements if not (is_deny(one) and UNKNOWN_KEY.search(str(one)))
        ]


@misread("existing_hooks_are_allowed")
def the_first_statement_alone_is_read(asked: Template) -> None:
    """Read no list of statements to its end."""
    for statements in statements_of(asked):
        del statements[1:]


@misread("existing_hooks_are_allowed")
def an_unknown_key_is_taken_to_fit(asked: Template) -> None:
    """Leave out the lines of a Condition whose keys are not known."""
    for resource in of_type(asked, POLICY):
        for condition in conditions_in(resource["Properties"]["PolicyDocument"]):
            for keys in condition.values():
                for key in [key for key in keys if UNKNOWN_KEY.fullmatch(key)]:
                    del keys[key]


def conditions_in(tree: Any) -> Iterator[Template]:
    """Yield each Condition in a policy document."""
    if isinstance(tree, list):
        for item in tree:
            yield from conditions_in(item)
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "Condition":
                yield value
            yield from conditions_in(value)


@misread("existing_hooks_are_allowed")
def presence_is_not_asked_for(asked: Template) -> None:
    """Do not read the operator Null."""
    for resource in of_type(asked, POLICY):
        for condition in conditions_in(resource["Properties"]["PolicyDocument"]):
            condition.pop("Null", None)


@misread("existing_hooks_are_allowed")
def the_negation_of_an_operator_is_lost(asked: Template) -> None:
    """Read StringNotEquals as StringEquals."""
    rewritten(asked, POLICY, (r"StringNot(Equals|Like)", r"String\1"))


@misread("answers")
def what_need_not_exist_is_asked_for(asked: Template) -> None:
    """Do not see the IfExists of an operator."""
    rewritten(asked, POLICY, ("IfExists", ""))


@misread("answers")
def the_case_of_letters_counts(asked: Template) -> None:
    """Read StringEqualsIgnoreCase as StringEquals."""
    rewritten(asked, POLICY, ("IgnoreCase", ""))


@misread("answers")
def all_of_nothing_is_nothing(asked: Template) -> None:
    """Read ForAllValues as ForAnyValue."""
    rewritten(asked, POLICY, ("ForAllValues:", "ForAnyValue:"))


@misread("answers")
def not_action_is_action(asked: Template) -> None:
    """Do not see the Not of NotAction."""
    rewritten(asked, POLICY, ("NotAction", "Action"))


@misread("answers")
def not_resource_is_resource(asked: Template) -> None:
    """Do not see the Not of NotResource."""
    rewritten(asked, POLICY, ("NotResource", "Resource"))


@misread("reports_are_true")
def no_pattern_crosses_a_colon(asked: Template) -> None:
    """Compare by StringLike as by ArnLike."""
    rewritten(asked, POLICY, ('"StringLike"', '"ArnLike"'))


@misread("policies_in_some_deployments_are_refused")
def a_policy_under_a_condition_is_none(asked: Template) -> None:
    """Leave policies that are not always there to their authors."""
    asked["Resources"] = {
        name: resource
        for name, resource in asked["Resources"].items()
        if resource["Type"] != POLICY or "Condition" not in resource
    }


# Parameters and conditions.


@misread("existing_hooks_are_allowed")
def the_last_allowed_value_is_none_of_the_first_three(asked: Template) -> None:
    """Know of the first three allowed values and the last."""
    for parameter in asked.get("Parameters", {}).values():
        allowed = parameter.get("AllowedValues", [])
        if len(allowed) > LAST_OF_FOUR:
            parameter["AllowedValues"] = [*allowed[:3], allowed[-1]]


@misread("existing_hooks_are_allowed")
def the_names_of_values_are_values(asked: Template) -> None:
    """Take the AllowedValues of a parameter of Systems Manager for its values."""
    for parameter in asked.get("Parameters", {}).values():
        if parameter["Type"].startswith("AWS::SSM"):
            parameter["Type"] = "String"


@misread("existing_hooks_are_allowed")
def booleans_are_written_as_in_python(asked: Template) -> None:
    """Take the allowed value true for the text True."""
    for parameter in asked.get("Parameters", {}).values():
        if "AllowedValues" in parameter:
            parameter["AllowedValues"] = list(map(str, parameter["AllowedValues"]))


@misread("existing_hooks_are_allowed")
def a_dynamic_reference_is_a_text(asked: Template) -> None:
    """Compare a dynamic reference by its own letters."""
    if "Conditions" in asked:
        whole = json.dumps(asked["Conditions"])
        asked["Conditions"] = json.loads(whole.replace("{{resolve:", "{{"))


# Names.


@misread("existing_hooks_are_allowed")
def a_version_is_of_the_first_of_two_bots(asked: Template) -> None:
    """Take the first branch of the BotId of a version for the only one."""
    for resource in of_type(asked, "AWS::Lex::BotVersion"):
        resource["Properties"]["BotId"] = next(branches(resource["Properties"]["BotId"]))


@misread("existing_hooks_are_allowed")
def a_function_has_the_first_of_two_names(asked: Template) -> None:
    """Take the first branch of a FunctionName for the only one."""
    for resource in of_type(asked, "AWS::Lambda::Function"):
        if "FunctionName" in resource["Properties"]:
            name = resource["Properties"]["FunctionName"]
            resource["Properties"]["FunctionName"] = next(branches(name))


@misread("permissions_wait_for_their_functions")
def an_alias_has_the_first_of_two_names(asked: Template) -> None:
    """Take the first branch of the Name of a Lambda alias for the only one."""
    for resource in of_type(asked, "AWS::Lambda::Alias"):
        resource["Properties"]["Name"] = next(branches(resource["Properties"]["Name"]))


@misread("existing_hooks_are_allowed")
def a_question_mark_matches_a_reference(asked: Template) -> None:
    """Let ? stand for a bot's or an alias's id, which has ten characters."""
    rewritten(asked, PERMISSION, (r"/\?(?=[/\"])", "/*"))


@misread("existing_hooks_are_allowed")
def every_partition_is_the_own(asked: Template) -> None:
    """Do not look at the partition and the Region of a SourceArn."""
    own = r"arn:${AWS::Partition}:lex:${AWS::Region}"
    for resource in of_type(asked, PERMISSION):
        source_arn = resource["Properties"].get("SourceArn")
        if isinstance(source_arn, str):
            text = re.sub(r"arn:[^:]+:lex:[^:]+", own, source_arn)
            resource["Properties"]["SourceArn"] = {"Fn::Sub": text}


@misread("existing_hooks_are_allowed")
def every_account_is_the_own(asked: Template) -> None:
    """Do not look at the account of a SourceArn."""
    rewritten(asked, PERMISSION, (r"999999999999:bot-alias", "${AWS::AccountId}:bot-alias"))


# Where a template is deployed.


@planted("what_cannot_be_served_is_refused")
def what_is_out_of_reach_is_left_out(template: Template, deployment: Deployment) -> Template:
    """Go on without functions of another account, whether or not that was asked for."""
    settings = {**deployment.settings, "OnUnreachable": "Skip"}
    return the_macro(template, replace(deployment, settings=settings))


@planted("what_cannot_be_served_is_refused")
def no_value_is_read(template: Template, deployment: Deployment) -> Template:
    """Look at what is written in the template alone."""
    return the_macro(template, replace(deployment, values={}))


@planted("answers")
def a_hook_of_another_deployment_is_a_mistake(
    template: Template, deployment: Deployment
) -> Template:
    """Do not ask whether a hook can live where this deployment is."""
    own = {key: value for key, value in deployment.values.items() if key == "HookArn"}
    return the_macro(template, replace(deployment, values=own))


@spoiled("what_is_skipped_is_reported")
def nothing_is_said_of_what_is_skipped(template: Template, answer: Template) -> None:
    """Leave out what is reported of functions out of reach."""
    del template
    metadata = answer.get("Metadata", {})
    if REPORT in metadata:
        kept = [entry for entry in metadata[REPORT] if entry.get("Id") != "ALP402"]
        metadata[REPORT] = kept


# Late values.


def is_late(value: Any) -> bool:
    """Return whether a value is decided at deployment (see late_values.py)."""
    return LATE.search(str(value)) is not None


@misread("late_values_are_not_trusted")
def an_account_that_nobody_knows_is_the_own(asked: Template) -> None:
    """Take whatever is no other account for this one."""
    for resource in of_type(asked, PERMISSION):
        if is_late(resource["Properties"].get("SourceAccount")):
            resource["Properties"]["SourceAccount"] = {"Ref": "AWS::AccountId"}


@misread("late_values_are_not_trusted")
def a_key_that_nobody_knows_is_not_asked_for(asked: Template) -> None:
    """Leave out what a Condition asks for by a value that is decided at deployment."""
    for resource in of_type(asked, POLICY):
        for condition in conditions_in(resource["Properties"]["PolicyDocument"]):
            for keys in condition.values():
                for key in [key for key, values in keys.items() if is_late(values)]:
                    del keys[key]


# What is reported.


def reported(template: Template, answer: Template, kind: str, code: str) -> None:
    """Report something of each resource of a type of which nothing is reported."""
    entries = answer.setdefault("Metadata", {}).setdefault(REPORT, [])
    known = {entry["Path"].split(".")[1] for entry in entries}
    entries += [
        {"Path": f"Resources.{name}", "Code": code, "Id": code}
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind and name not in known
    ]


@spoiled("reports_are_true")
def every_permission_is_too_wide(template: Template, answer: Template) -> None:
    """Report each permission of the author."""
    reported(template, answer, PERMISSION, "ALP201")


@spoiled("reports_are_true")
def what_is_not_used_here_never_matches(template: Template, answer: Template) -> None:
    """Report each permission of the author that is not too wide, also one for another bot."""
    reported(template, answer, PERMISSION, "ALP202")


@spoiled("reports_are_true")
def no_policy_is_compared(template: Template, answer: Template) -> None:
    """Report each policy as one of which nobody knows whose it is."""
    reported(template, answer, POLICY, "ALP204")


@spoiled("reports_are_true")
def no_policy_is_clear(template: Template, answer: Template) -> None:
    """Report each policy as one of which nobody knows what it says."""
    reported(template, answer, POLICY, "ALP206")


@spoiled("reports_are_true")
def every_hook_is_out_of_reach(template: Template, answer: Template) -> None:
    """Report the hooks of bot aliases as if their functions were another account's."""
    entries = answer.setdefault("Metadata", {}).setdefault(REPORT, [])
    for name, resource in template["Resources"].items():
        settings = resource["Properties"].get("BotAliasLocaleSettings")
        place = f"Resources.{name}.Properties.BotAliasLocaleSettings[0].BotAliasLocaleSetting"
        if isinstance(settings, list) and every_branch(settings) == settings and settings:
            path = f"{place}.CodeHookSpecification.LambdaCodeHook.LambdaArn"
            if "LambdaArn" in str(settings[0]):
                entries.append({"Path": path, "Code": "ALP402", "Id": "ALP402"})
