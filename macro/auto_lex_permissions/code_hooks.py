"""Code hooks: where a template's Lex V2 bot aliases name the functions that Lex will invoke.

Two places hold them (rule 1.1), both with the same tree below them. `Fn::If` and `AWS::NoValue`
may stand at every level; whatever has the wrong shape is left to CloudFormation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from .conditions import Formula
from .errors import Problem
from .intrinsics import function
from .template import (
    LOOP,
    Branch,
    Place,
    Resource,
    Template,
    branches,
    members,
    path,
    present,
)

BOT: Final = "AWS::Lex::Bot"
BOT_ALIAS: Final = "AWS::Lex::BotAlias"
_SETTINGS: Final = "BotAliasLocaleSettings"
_BELOW_ITEM: Final = ("BotAliasLocaleSetting", "CodeHookSpecification", "LambdaCodeHook")


@dataclass(frozen=True, slots=True)
class CodeHook:
    """One place where a bot alias names a function: who invokes what, where, and when."""

    source: Resource
    function: object
    place: Place
    life: Formula

    @property
    def path(self) -> str:
        """Return where its `LambdaArn` stands, as the author reads it."""
        return path(self.place)

    @property
    def is_test_alias(self) -> bool:
        """Tell whether the hook source is a bot's built-in test alias."""
        return self.source.type == BOT


def code_hooks(template: Template, problems: list[Problem]) -> Iterator[CodeHook]:
    """Yield every code hook, in the order of the template.

    What may hide a hook from the macro is added to the problems (rule 1.4).
    """
    for resource in template.of_type(BOT, BOT_ALIAS):
        parents: Iterable[Branch] = (resource.properties,)
        if resource.type == BOT:
            parents = _members(parents, "TestBotAliasSettings", problems)
        for branch in _functions(parents, problems):
            yield CodeHook(resource, branch.value, branch.place, branch.life)


def _functions(parents: Iterable[Branch], problems: list[Problem]) -> Iterator[Branch]:
    found = _items(_members(parents, _SETTINGS, problems), problems)
    for key in _BELOW_ITEM:
        found = _members(found, key, problems)
    for branch in members(_readable(found, problems), "LambdaArn"):
        if function(branch.value) or (isinstance(branch.value, str) and branch.value.strip()):
            yield branch


def _members(parents: Iterable[Branch], key: str, problems: list[Problem]) -> Iterator[Branch]:
    return members(_readable(parents, problems), key)


def _items(lists: Iterable[Branch], problems: list[Problem]) -> Iterator[Branch]:
    for branch in _readable(lists, problems):
        if isinstance(branch.value, list):
            for number, item in enumerate(branch.value):
                yield from present(branches(item, (branch.place, f"[{number}]"), branch.life))


def _readable(found: Iterable[Branch], problems: list[Problem]) -> Iterator[Branch]:
    """Pass on what can be looked into; an intrinsic function that cannot is a problem."""
    for branch in found:
        name = _opaque(branch.value)
        if name is None:
            yield branch
            continue
        problems.append(
            Problem(
                branch.path,
                f"{name} may hide a code hook from AutoLexPermissions, which reads templates"
                " but does not resolve intrinsic functions.",
                "Write the value out here, or choose between values with Fn::If.",
            )
        )


def _opaque(value: object) -> str | None:
    """Return the intrinsic function that stands where an object or a list belongs."""
    called = function(value)
    if called:
        return called[0]
    if isinstance(value, dict):
        return next((key for key in value if key.startswith((LOOP, "Fn::Transform"))), None)
    return None
