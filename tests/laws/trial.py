"""One template before and after the macro, with all that the laws ask about the two."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from auto_lex_permissions import Request, transform
from tests.laws import worlds
from tests.laws.evaluator import Hook, Template, World, text
from tests.laws.policies import HOME

type Settings = dict[str, Any]
type Macro = Callable[[Template, Settings], Template]

REPORT = "AutoLexPermissionsReport"
OURS = "AutoLexPermissions"


def the_macro(template: Template, settings: Settings) -> Template:
    """Return what the macro of this project makes of a template."""
    request = Request(template, region=HOME.region, account=HOME.account, parameters=settings)
    return dict(transform(request).fragment)


@dataclass
class Trial:
    """A template, its settings, and what a macro makes of it."""

    before: Template
    settings: Settings = field(default_factory=dict)
    macro: Macro = the_macro
    # Decides how the laws on order and spelling rewrite the template.
    seed: int = 0
    # Values of parameters that no condition asks about, where they matter.
    given: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def after(self) -> Template:
        """Return the fragment that the macro answers with."""
        return self.macro(self.before, self.settings)

    @property
    def rng(self) -> random.Random:
        """Return the choices that the laws on order and spelling make, the same each time."""
        return random.Random(self.seed)  # noqa: S311 - to be repeated.

    def setting(self, name: str, default: str) -> str:
        """Return a setting from the request or from the template's Metadata (5.1)."""
        own = self.before.get("Metadata", {}).get(OURS, {})
        return text({**own, **self.settings}.get(name, default))

    @cached_property
    def bot_wide(self) -> bool:
        """Return whether one permission serves all aliases of a bot (5.2)."""
        return self.setting("SourceScope", "Alias") == "Bot"

    @cached_property
    def skips(self) -> bool:
        """Return whether functions out of reach are passed over (5.3)."""
        return self.setting("OnUnreachable", "Fail") == "Skip"

    @cached_property
    def generated(self) -> list[str]:
        """Return the logical ids of the resources that the macro added."""
        return [name for name in self.after["Resources"] if name not in self.before["Resources"]]

    @cached_property
    def new_conditions(self) -> list[str]:
        """Return the names of the conditions that the macro added."""
        old = self.before.get("Conditions", {})
        return [name for name in self.after.get("Conditions", {}) if name not in old]

    @cached_property
    def permissions(self) -> list[str]:
        """Return the logical ids of the permissions that the macro added."""
        kind = "AWS::Lambda::Permission"
        return [name for name in self.generated if self.resource(name).get("Type") == kind]

    def resource(self, logical_id: str) -> Template:
        """Return a resource of the answer."""
        resource: Template = self.after["Resources"][logical_id]
        return resource

    @cached_property
    def real(self) -> list[World]:
        """Return the answer under every assignment of the parameters."""
        return list(worlds.real(self.after, given=self.given))

    @cached_property
    def formal(self) -> list[World]:
        """Return the answer under every outcome of the comparisons."""
        return list(worlds.formal(self.after))

    @cached_property
    def deployable(self) -> list[World]:
        """Return the worlds in which the author's own part can be deployed."""
        return [world for world in self.real if self._sound(world)]

    def _sound(self, world: World) -> bool:
        """Return whether nothing that the author wrote refers to what does not exist."""
        ours = set(self.generated)
        return all({logical_id, other} & ours for logical_id, other in world.dangling_references)

    def hooks(self, world: World) -> Iterator[Hook]:
        """Yield the hooks that the macro has to serve in a world."""
        for hook in world.hooks:
            skipped = self.skips and not world.home.reaches(hook.function)
            if not hook.opted_out and not skipped:
                yield hook

    @cached_property
    def everywhere(self) -> list[World]:
        """Return all worlds, for laws on what is too much in every one of them."""
        return [*self.real, *self.formal]


def same_bytes(one: Any, other: Any) -> bool:
    """Return whether two values are written alike, order of keys included."""
    return json.dumps(one) == json.dumps(other)


def is_subsequence(some: list[str], every: list[str]) -> bool:
    """Return whether all of the first list stand in the second, in the same order."""
    rest = iter(every)
    return all(item in rest for item in some)
