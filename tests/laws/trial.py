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
from tests.laws.policies import HOME, Home


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a request brings beside the template: how, where and with what values it is deployed."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    home: Home = HOME
    # Of the template's parameters, as CloudFormation sends them.
    values: Mapping[str, str] = field(default_factory=dict)


type Macro = Callable[[Template, Deployment], Template]

REPORT = "AutoLexPermissionsReport"
OURS = "AutoLexPermissions"


def the_macro(template: Template, deployment: Deployment) -> Template:
    """Return what the macro of this project makes of a template."""
    return dict(transform(request(template, deployment)).fragment)


def request(template: Template, deployment: Deployment) -> Request:
    """Return the request that brings a template to the macro."""
    return Request(
        template,
        region=deployment.home.region,
        account=deployment.home.account,
        parameters=deployment.settings,
        template_parameters=deployment.values,
    )


@dataclass
class Trial:
    """A template, how it is deployed, and what a macro makes of it."""

    before: Template
    deployment: Deployment = Deployment()
    macro: Macro = the_macro
    # Decides how the laws on order and spelling rewrite the template.
    seed: int = 0

    @cached_property
    def after(self) -> Template:
        """Return the fragment that the macro answers with."""
        return self.macro(self.before, self.deployment)

    @property
    def rng(self) -> random.Random:
        """Return the choices that the laws on order and spelling make, the same each time."""
        return random.Random(self.seed)  # noqa: S311 - to be repeated.

    def setting(self, name: str, default: str) -> str:
        """Return a setting from the request or from the template's Metadata (5.1)."""
        own = self.before.get("Metadata", {}).get(OURS, {})
        return text({**own, **self.deployment.settings}.get(name, default))

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
    def given(self) -> dict[str, str]:
        """Return the values that may be read: none is secret or the name of another value (4.1)."""
        declared = self.before.get("Parameters", {})
        return {
            name: value
            for name, value in self.deployment.values.items()
            if not declared[name].get("NoEcho")
            if not worlds.is_of_ssm(declared[name]) and "List" not in declared[name]["Type"]
        }

    @cached_property
    def real(self) -> list[World]:
        """Return the answer under every assignment of the parameters."""
        return list(worlds.real(self.after, self.deployment.home, self.given))

    @cached_property
    def formal(self) -> list[World]:
        """Return the answer under every outcome of the comparisons."""
        return list(worlds.formal(self.after, self.deployment.home))

    @cached_property
    def deployable(self) -> list[World]:
        """Return the worlds in which the author's own part can be deployed."""
        return [world for world in self.real if self._sound(world)]

    def _sound(self, world: World) -> bool:
        """Return whether nothing that the author wrote refers to what does not exist."""
        ours = set(self.generated)
        return all({logical_id, other} & ours for logical_id, other in world.dangling_references)

    def hooks(self, world: World) -> Iterator[Hook]:
        """Yield the hooks that the macro has to serve in a world.

        Without those on functions that no permission of this stack can serve.
        """
        for hook in world.hooks:
            if not hook.opted_out and world.home.reaches(hook.function):
                yield hook

    @cached_property
    def here(self) -> list[World]:
        """Return the template in this deployment: under the values that it is known to have."""
        home, given = self.deployment.home, self.given
        return [
            world
            for world in worlds.real(self.before, home, given)
            if all(world.parameters[name] == text(value) for name, value in given.items())
        ]

    @cached_property
    def formal_here(self) -> list[World]:
        """Return it under every outcome of the comparisons that these values leave open."""
        return list(worlds.formal(self.before, self.deployment.home, self.given))

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
