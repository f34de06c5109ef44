"""From a template to the request that CloudFormation would send to the macro for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from auto_lex_permissions import Request
from auto_lex_permissions.cfn.template import kind_of
from auto_lex_permissions.cfn.values import Place

from .console import UsageError

MACRO: Final = "AutoLexPermissions"
TRANSFORM: Final = "Transform"
FN_TRANSFORM: Final = "Fn::Transform"
_WHERE_IT_WORKS: Final[tuple[Place, ...]] = ((), ("Resources",))


@dataclass(frozen=True, slots=True)
class Stack:
    """What CloudFormation would know of the stack: its Region, its account, its parameters.

    `macro` is the name under which the macro is registered there, `stdin_name` what the standard
    input is called.
    """

    region: str = ""
    account: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    macro: str = MACRO
    stdin_name: str = "standard input"

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
        return cls(
            options["region"],
            options["account"],
            overrides,
            options["macro_name"],
            options["stdin_filename"],
        )


@dataclass(frozen=True, slots=True)
class Use:
    """Where a template names the macro, with which settings, and what it is handed there.

    That is the template without the macro's entry in its Transform section, or what stands beside
    `Fn::Transform`. `again` is where else the template names the macro.
    """

    place: Place
    settings: Any
    fragment: Mapping[str, Any]
    again: tuple[Place, ...] = ()


def use_of(template: Mapping[str, Any], stack: Stack) -> Use | None:
    """Return where a template names the macro, or None where it does not.

    Elsewhere than at the top or under Resources the macro refuses what it is handed. Where that
    happens to be empty or a map of resources the macro does nothing for the template: it is no use.
    """
    uses = [*_listed(template, stack.macro), *_called(template, stack.macro)]
    return replace(uses[0], again=tuple(use.place for use in uses[1:])) if uses else None


def _listed(template: Mapping[str, Any], macro: str) -> Iterator[Use]:
    """Yield each use in the Transform section."""
    entries = _transforms(template)
    others = [entry for entry in entries if _name(entry) != macro]
    left = {**template, TRANSFORM: others} if others else _without(template, TRANSFORM)
    for number, entry in enumerate(entries):
        if _name(entry) == macro:
            is_list = isinstance(template[TRANSFORM], list)
            yield Use((TRANSFORM, number) if is_list else (TRANSFORM,), _settings(entry), left)


def _called(template: Mapping[str, Any], macro: str) -> Iterator[Use]:
    """Yield each use by `Fn::Transform`, at any depth."""
    stack_of_parts: list[tuple[Any, Place]] = [(template, ())]
    while stack_of_parts:
        part, place = stack_of_parts.pop()
        if isinstance(part, dict):
            call = part.get(FN_TRANSFORM)
            if isinstance(call, dict) and _name(call) == macro:
                beside = _without(part, FN_TRANSFORM)
                if place in _WHERE_IT_WORKS or kind_of(beside) is None:
                    yield Use((*place, FN_TRANSFORM), _settings(call), beside)
                    part = beside
            stack_of_parts += [(below, (*place, key)) for key, below in part.items()]
        elif isinstance(part, list):
            stack_of_parts += [(below, (*place, at)) for at, below in enumerate(part)]


def without_use(template: Mapping[str, Any], use: Use) -> dict[str, Any]:
    """Return a template that no longer names the macro anywhere."""
    left: Any = template
    # The last of a list first, so that the numbers of the others stay.
    for place in reversed((use.place, *use.again)):
        left = _without_part(left, place)
    whole: dict[str, Any] = left
    return whole


def _without_part(value: Any, place: Place) -> Any:
    """Return a value without what is at a place of it, and without the list that this empties."""
    step, *below = place
    inner = _without_part(value[step], tuple(below)) if below else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    left = {
        key: inner if key == step else part for key, part in pairs if key != step or inner != []
    }
    return left if isinstance(value, dict) else list(left.values())


def processed(template: Mapping[str, Any], use: Use | None, fragment: Any) -> Mapping[str, Any]:
    """Return a template with a fragment in place of what the macro is handed."""
    place = use.place if use else ()
    if place[:1] == ("Resources",):
        return {**template, "Resources": fragment}
    whole: Mapping[str, Any] = fragment
    return whole


def request_of(template: Mapping[str, Any], stack: Stack, *, strict: bool = False) -> Request:
    """Return the request with which CloudFormation would call the macro for a template.

    Parameters have their overrides or defaults as values. With `strict`, raises UsageError for an
    override of a parameter that is not there.
    """
    declared = template.get("Parameters")
    parameters = declared if isinstance(declared, dict) else {}
    unknown = [name for name in stack.overrides if name not in parameters]
    if unknown and strict:
        raise UsageError(f"--parameter-overrides: the template has no parameter {unknown[0]}.")
    values = _values(parameters, stack.overrides)
    use = use_of(template, stack)
    settings = use.settings if use else {}
    if isinstance(settings, dict):
        settings = {name: _resolved(setting, values) for name, setting in settings.items()}
    fragment = use.fragment if use else template
    return Request(fragment, stack.region, stack.account, settings, values)


def _settings(entry: Any) -> Any:
    return entry.get("Parameters", {}) if isinstance(entry, dict) else {}


def _without(part: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != key}


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
