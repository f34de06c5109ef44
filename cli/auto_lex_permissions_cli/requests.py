"""From a template file to the request that CloudFormation would send to the macro for it."""

from collections.abc import Iterable, Mapping
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
        """Return what the options of the command line say; raises UsageError."""
        return cls(options["region"], options["account"], overrides_of(options["overrides"]))


def request_of(template: Mapping[str, Any], stack: Stack, *, strict: bool = True) -> Request:
    """Return the macro's request for a template: without its own entry in the Transform section.

    Other transforms stay listed. Parameters have their overrides or defaults as values. Raises
    UsageError for an override of a parameter that is not there, unless that is no mistake.
    """
    values = _values(template, stack.overrides, strict=strict)
    entries = _entries(template.get(TRANSFORM))
    others = [entry for entry in entries if _name(entry) != MACRO]
    parameters: Any = next((_parameters(entry) for entry in entries if _name(entry) == MACRO), {})
    fragment = {
        name: _without(section, entries, others) if name == TRANSFORM else section
        for name, section in template.items()
        if name != TRANSFORM or others
    }
    settings = _resolved(parameters, values)
    return Request(fragment, stack.region, stack.account, settings, values)


def uses_macro(template: Mapping[str, Any]) -> bool:
    """Tell whether a template lists the macro, which then adds what is missing."""
    return any(_name(entry) == MACRO for entry in _entries(template.get(TRANSFORM)))


def _entries(transform: Any) -> list[Any]:
    if transform is None:
        return []
    return transform if isinstance(transform, list) else [transform]


def _without(section: Any, entries: list[Any], others: list[Any]) -> Any:
    """Return the Transform section without the macro; as it was where it has none."""
    return section if len(entries) == len(others) else others


def _name(entry: Any) -> Any:
    return entry.get("Name") if isinstance(entry, dict) else entry


def _parameters(entry: Any) -> Any:
    return entry.get("Parameters", {}) if isinstance(entry, dict) else {}


def _values(
    template: Mapping[str, Any], overrides: Mapping[str, str], *, strict: bool
) -> dict[str, Any]:
    """Return the values of a template's parameters, lists as lists."""
    declared = template.get("Parameters")
    parameters = declared if isinstance(declared, dict) else {}
    unknown = [name for name in overrides if name not in parameters]
    if unknown and strict:
        raise UsageError(f"--parameter-overrides: the template has no parameter {unknown[0]}.")
    found: dict[str, Any] = {}
    for name, parameter in parameters.items():
        given = parameter.get("Default") if isinstance(parameter, dict) else None
        value = overrides.get(name, given)
        if value is not None:
            kind = str(parameter.get("Type", "")) if isinstance(parameter, dict) else ""
            text = str(value).lower() if isinstance(value, bool) else str(value)
            is_list = "List" in kind and not kind.startswith("AWS::SSM")
            found[name] = [item.strip() for item in text.split(",")] if is_list else text
    return found


def _resolved(parameters: Any, values: Mapping[str, Any]) -> Any:
    """Return the settings with their references to template parameters resolved."""
    if not isinstance(parameters, dict):
        return parameters
    return {name: _setting(value, values) for name, value in parameters.items()}


def _setting(value: Any, values: Mapping[str, Any]) -> Any:
    match value:
        case {"Ref": str(name)} if len(value) == 1 and name in values:
            return values[name]
    return value


def overrides_of(given: Iterable[str]) -> dict[str, str]:
    """Read `Key=Value` pairs; raises UsageError."""
    pairs = [text.partition("=") for text in given]
    wrong = next((name for name, equals, _ in pairs if not (name and equals)), None)
    if wrong is not None:
        raise UsageError("--parameter-overrides: write each as Name=Value.")
    return {name: value for name, _, value in pairs}
