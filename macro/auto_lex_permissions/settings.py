"""Settings: of the stack, from the `Transform` entry or Metadata; of a resource, from Metadata."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from .cfn.values import Place
from .diagnostics import (
    SETTING_UNKNOWN,
    SETTING_VALUE,
    SETTING_WITHOUT_VALUE,
    SETTINGS_DISAGREE,
    SETTINGS_SHAPE,
    Diagnostic,
)

METADATA_KEY: Final = "AutoLexPermissions"
# What the macro itself writes into a resource's Metadata beside the author's settings.
WAITS_FOR: Final = "WaitsFor"
# What the command line alone reads: findings that may stay.
SUPPRESS: Final = "Suppress"
_STACK: Final[Mapping[str, tuple[str, ...]]] = {
    "SourceScope": ("Alias", "Bot"),
    "OnUnreachable": ("Fail", "Skip"),
}
_TRANSFORM: Final[Place] = ("Transform", "Parameters")
_RESOURCE: Final[Mapping[str, tuple[str, ...]]] = {"Enabled": ("true", "false")}


class Settings(NamedTuple):
    """How wide a generated permission is, and what to do about functions out of reach."""

    by_bot: bool = False
    skips_unreachable: bool = False


def stack_settings(
    parameters: object, metadata: Mapping[str, object]
) -> tuple[Settings, list[Diagnostic]]:
    """Return the settings of a stack, and what is wrong with them (rules 5.1 and 5.4).

    `parameters` are those of the `Transform` entry, `metadata` is the template's section.
    """
    values: dict[str, str] = {}
    mistakes: list[Diagnostic] = []
    places: tuple[tuple[Place, object], ...] = (
        (_TRANSFORM, parameters),
        (("Metadata", METADATA_KEY), metadata.get(METADATA_KEY, {})),
    )
    for place, given in places:
        for setting in _checked(place, given, _STACK):
            if isinstance(setting, Diagnostic):
                mistakes.append(setting)
                continue
            name, value = setting
            if values.setdefault(name, value) != value:
                mistakes.append(SETTINGS_DISAGREE.at(*place, name, name=name))
    settings = Settings(values.get("SourceScope") == "Bot", values.get("OnUnreachable") == "Skip")
    return settings, mistakes


def opts_out(place: Place, metadata: object) -> tuple[bool, list[Diagnostic]]:
    """Return whether a bot or bot alias opts out, and what is wrong with its settings (rule 5.1).

    `place` is the resource's, `metadata` its attribute of that name.
    """
    given = metadata.get(METADATA_KEY, {}) if isinstance(metadata, dict) else {}
    if isinstance(given, dict):
        others = [name for name in (WAITS_FOR, SUPPRESS) if isinstance(given.get(name), list)]
        given = {name: value for name, value in given.items() if name not in others}
    checked = list(_checked((*place, "Metadata", METADATA_KEY), given, _RESOURCE))
    mistakes = [setting for setting in checked if isinstance(setting, Diagnostic)]
    return ("Enabled", "false") in checked, mistakes


def _checked(
    place: Place, given: object, known: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str] | Diagnostic]:
    """Yield the settings that are as they should be, booleans as text, and what is not."""
    names = ", ".join(known)
    if not isinstance(given, dict):
        yield SETTINGS_SHAPE.at(*place, names=names)
        return
    for name, value in given.items():
        # A boolean may arrive as text, in any letter case.
        text = str(value).lower() if isinstance(value, bool | str) else ""
        normal = text if text in ("true", "false") else value
        if name not in known:
            of_resources = " Enabled belongs in the Metadata of a bot or of a bot alias."
            belongs = of_resources if name in _RESOURCE else ""
            yield SETTING_UNKNOWN.at(*place, name, names=names, belongs=belongs)
        elif isinstance(normal, str) and normal in known[name]:
            yield name, normal
        elif place == _TRANSFORM and isinstance(value, dict) and isinstance(value.get("Ref"), str):
            # Where the parameter has a value, that is what arrives.
            yield SETTING_WITHOUT_VALUE.at(*place, name, parameter=value["Ref"])
        else:
            yield SETTING_VALUE.at(*place, name, values=", ".join(known[name]))
