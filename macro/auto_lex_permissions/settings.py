"""Settings: of the stack, from the `Transform` entry or Metadata; of a resource, from Metadata."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from .errors import Problem

METADATA_KEY: Final = "AutoLexPermissions"
# What the macro itself writes into a resource's Metadata beside the author's settings.
WAITS_FOR: Final = "WaitsFor"
_STACK: Final[Mapping[str, tuple[str, ...]]] = {
    "SourceScope": ("Alias", "Bot"),
    "OnUnreachable": ("Fail", "Skip"),
}
_RESOURCE: Final[Mapping[str, tuple[str, ...]]] = {"Enabled": ("true", "false")}
_ENABLED_BELONGS: Final = " Enabled belongs in the Metadata of a bot or of a bot alias."


class Settings(NamedTuple):
    """How wide a generated permission is, and what to do about functions out of reach."""

    by_bot: bool = False
    skips_unreachable: bool = False


def of_stack(
    parameters: object, metadata: Mapping[str, object], problems: list[Problem]
) -> Settings:
    """Return the settings of both places; mistakes are added to the problems (rule 5.4)."""
    values: dict[str, str] = {}
    for place, given in (
        ("Transform.Parameters", parameters),
        (f"Metadata.{METADATA_KEY}", metadata.get(METADATA_KEY, {})),
    ):
        for name, value in _checked(place, given, _STACK, problems):
            if values.setdefault(name, value) != value:
                problems.append(
                    Problem(
                        f"{place}.{name}",
                        f"it disagrees with Transform.Parameters.{name}.",
                        "Set it in one of the two places.",
                    )
                )
    return Settings(values.get("SourceScope") == "Bot", values.get("OnUnreachable") == "Skip")


def is_enabled(path: str, metadata: object, problems: list[Problem]) -> bool:
    """Tell whether a bot or bot alias takes part; mistakes are added to the problems (5.1)."""
    given = metadata.get(METADATA_KEY, {}) if isinstance(metadata, dict) else {}
    if isinstance(given, dict):
        given = {name: value for name, value in given.items() if not _is_ours(name, value)}
    checked = _checked(f"{path}.Metadata.{METADATA_KEY}", given, _RESOURCE, problems)
    return dict(checked).get("Enabled") != "false"


def _is_ours(name: str, value: object) -> bool:
    """Tell whether this is what the macro wrote there itself."""
    return name == WAITS_FOR and isinstance(value, list)


def _told(value: object) -> object:
    """Return a boolean as text, in one letter case (rule 5.4)."""
    text = str(value).lower()
    return text if text in _RESOURCE["Enabled"] and isinstance(value, bool | str) else value


def _checked(
    place: str, given: object, known: Mapping[str, tuple[str, ...]], problems: list[Problem]
) -> Iterator[tuple[str, str]]:
    """Yield the settings that are as they should be, booleans as text."""
    names = f"Allowed names: {', '.join(known)}."
    if not isinstance(given, dict):
        problems.append(Problem(place, "settings are an object of names and values.", names))
        return
    for name, value in given.items():
        told = _told(value)
        if name not in known:
            elsewhere = "" if name not in _RESOURCE else _ENABLED_BELONGS
            what = "there is no such setting."
            problems.append(Problem(f"{place}.{name}", what, f"{names}{elsewhere}"))
        elif told not in known[name]:
            allowed = f"Allowed values: {', '.join(known[name])}."
            problems.append(Problem(f"{place}.{name}", "this value is not allowed.", allowed))
        else:
            yield name, told
