"""From a template to the request that CloudFormation would send to the macro for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from auto_lex_permissions import Request

from .console import UsageError

MACRO: Final = "AutoLexPermissions"
TRANSFORM: Final = "Transform"


@dataclass(frozen=True, slots=True)
class Stack:
    """What CloudFormation would know of the stack: its Region, its account, its parameters."""

    region: str = ""
    account: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Stack":
        """Read the options of the command line; raises UsageError for what is not `NAME=VALUE`."""
        pairs = [text.partition("=") for text in options["overrides"]]
        if not all(name and equals for name, equals, _ in pairs):
            raise UsageError("--parameter-overrides: write each as Name=Value.")
        overrides = {name: value for name, _, value in pairs}
        try:
            "".join([options["region"], options["account"], *options["overrides"]]).encode()
        except UnicodeEncodeError as error:
            raise UsageError("the options about the stack are not UTF-8 text.") from error
        return cls(options["region"], options["account"], overrides)


def request_of(template: Mapping[str, Any], stack: Stack, *, strict: bool = False) -> Request:
    """Return the macro's request for a template, whose Transform section no longer lists the macro.

    Other transforms stay listed. Parameters have their overrides or defaults as values. With
    `strict`, raises UsageError for an override of a parameter that is not there.
    """
    declared = template.get("Parameters")
    parameters = declared if isinstance(declared, dict) else {}
    unknown = [name for name in stack.overrides if name not in parameters]
    if unknown and strict:
        raise UsageError(f"--parameter-overrides: the template has no parameter {unknown[0]}.")
    values = _values(parameters, stack.overrides)
    entries = _transforms(template)
    own = [entry for entry in entries if _name(entry) == MACRO]
    others = [entry for entry in entries if _name(entry) != MACRO]
    fragment = dict(template)
    if not others:
        fragment.pop(TRANSFORM, None)
    elif own:
        fragment[TRANSFORM] = others
    settings = own[0].get("Parameters", {}) if own and isinstance(own[0], dict) else {}
    if isinstance(settings, dict):
        settings = {name: _resolved(setting, values) for name, setting in settings.items()}
    return Request(fragment, stack.region, stack.account, settings, values)


def uses_macro(template: Mapping[str, Any]) -> bool:
    """Whether a template lists the macro, which then adds what is missing."""
    return any(_name(entry) == MACRO for entry in _transforms(template))


def _transforms(template: Mapping[str, Any]) -> list[Any]:
    section = template.get(TRANSFORM)
    if section is None:
        return []
    return section if isinstance(section, list) else [section]


def _name(transform: Any) -> Any:
    return transform.get("Name") if isinstance(transform, dict) else transform


def _values(parameters: Mapping[str, Any], overrides: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of parameters as CloudFormation hands them on, lists as lists."""
    values: dict[str, Any] = {}
    for name, body in parameters.items():
        parameter = body if isinstance(body, dict) else {}
        value = overrides.get(name, parameter.get("Default"))
        if value is None:
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        kind = str(parameter.get("Type", ""))
        is_list = "List" in kind and not kind.startswith("AWS::SSM")
        values[name] = [item.strip() for item in text.split(",")] if is_list else text
    return values


def _resolved(setting: Any, values: Mapping[str, Any]) -> Any:
    """Return a setting with a reference to a parameter resolved."""
    match setting:
        case {"Ref": str(name)} if len(setting) == 1 and name in values:
            return values[name]
    return setting
