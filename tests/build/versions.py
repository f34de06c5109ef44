"""When CloudFormation publishes a new version of a function, told from a plain template.

It does where a create-only property of AWS::Lambda::Version changes, or its logical id; all of them
but RuntimePolicy, which no template here has, stand in `PUBLISHING`:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html
"""

import re
from collections.abc import Mapping
from typing import Any, Final

type Template = dict[str, Any]
type Values = Mapping[str, str]

PUBLISHING: Final = ("CodeSha256", "Description", "ProvisionedConcurrencyConfig")
# What a function has and a version of it has not:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
OF_NO_VERSION: Final = {"Code", "ReservedConcurrentExecutions", "Tags"}


def one(template: Template, kind: str) -> tuple[str, dict[str, Any]]:
    """Return the one resource of a type, with its logical id."""
    ((name, resource),) = (
        each for each in template["Resources"].items() if each[1]["Type"] == kind
    )
    return name, resource


def configuration(template: Template, values: Values) -> object:
    """Return all that a version would keep of the function, its code aside."""
    properties = one(template, "AWS::Lambda::Function")[1]["Properties"]
    kept = {name: each for name, each in properties.items() if name not in OF_NO_VERSION}
    return evaluated(kept, template, values)


def published(template: Template, values: Values) -> tuple[str, object]:
    """Return what decides whether a version is published: other than before, and one is."""
    name, version = one(template, "AWS::Lambda::Version")
    function = template["Resources"][version["Properties"]["FunctionName"]["Ref"]]
    decisive = {key: version["Properties"].get(key) for key in PUBLISHING}
    decisive["FunctionName"] = function["Properties"].get("FunctionName")
    return name, evaluated(decisive, template, values)


def wrongly_published(template: Template) -> set[str]:
    """Return the parameters that change the function without a version, or the reverse."""
    defaults = {name: str(each.get("Default")) for name, each in template["Parameters"].items()}
    found = set()
    for name, declared in template["Parameters"].items():
        changed = defaults | {name: _another(declared)}
        configured, versioned = (
            look(template, defaults) != look(template, changed)
            for look in (configuration, published)
        )
        if configured != versioned:
            found.add(name)
    return found


def _another(declared: Mapping[str, Any]) -> str:
    default = str(declared.get("Default"))
    others = [str(each) for each in declared.get("AllowedValues", []) if str(each) != default]
    return others[0] if others else f"{default}2"


def evaluated(value: object, template: Template, values: Values) -> object:
    """Return a value with parameters and conditions put into it; other functions stay."""
    match value:
        case {"Ref": str(name)} if name in values:
            return values[name]
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)
        case {"Fn::If": [str(condition), then, otherwise]}:
            holds = _holds(template["Conditions"][condition], template, values)
            return evaluated(then if holds else otherwise, template, values)
        case dict():
            return {key: evaluated(each, template, values) for key, each in value.items()}
        case list():
            return [evaluated(each, template, values) for each in value]
    return value


def _holds(condition: object, template: Template, values: Values) -> bool:
    match condition:
        case {"Fn::Not": [inner]}:
            return not _holds(inner, template, values)
        case {"Fn::Equals": [left, right]}:
            return evaluated(left, template, values) == evaluated(right, template, values)
    raise ValueError(f"Not a condition of these templates: {condition!r}")
