"""Code hooks: where a template's Lex V2 bot aliases name the functions that Lex will invoke.

Two places hold them (rule 1.1), both with the same tree below them. `Fn::If` and `AWS::NoValue`
may stand at every level; whatever has the wrong shape is left to CloudFormation.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeGuard

from .conditions import Formula
from .errors import Problem
from .functions import Functions, LambdaFunction
from .intrinsics import function, holds_texts_alone, is_no_value
from .loops import pattern, variables
from .template import Branch, Place, Resource, Template, branches, is_if, path, unreadable

BOT: Final = "AWS::Lex::Bot"
BOT_ALIAS: Final = "AWS::Lex::BotAlias"
_BELOW_BOT: Final = ("TestBotAliasSettings", "BotAliasLocaleSettings")
_BELOW_ALIAS: Final = ("BotAliasLocaleSettings",)
_SETTING: Final = "BotAliasLocaleSetting"
_BELOW_SETTING: Final = ("CodeHookSpecification", "LambdaCodeHook", "LambdaArn")
_BELOW_LOCALE: Final = (_SETTING, *_BELOW_SETTING)
_PLAIN_ITEM: Final = 2  # A locale's id and its setting.
_PATH_BELOW_LOCALE: Final = "".join(f".{key}" for key in _BELOW_LOCALE)
# These keys hide no hook.
_PLAIN: Final = frozenset({"LocaleId", "Enabled", "CodeHookInterfaceVersion", *_BELOW_LOCALE})


_PLAIN_PROPERTIES: Final = frozenset({
    "BotAliasLocaleSettings",
    "BotAliasName",
    "BotAliasTags",
    "BotId",
    "BotVersion",
    "ConversationLogSettings",
    "Description",
    "SentimentAnalysisSettings",
})  # fmt: skip


class CodeHook(NamedTuple):
    """A bot alias names a function: who invokes what, and when.

    Several locales that name it alike, under the same formula, are one hook in several places.
    """

    source: Resource
    function: object
    named: LambdaFunction
    life: Formula
    places: list[Place]

    @property
    def paths(self) -> list[str]:
        """Return where each `LambdaArn` stands, as the author reads it."""
        return [path(place) for place in self.places]


def code_hooks(
    template: Template, functions: Functions, problems: list[Problem]
) -> Iterator[CodeHook]:
    """Yield every code hook that may live; what may hide one is a problem (rule 1.4)."""
    for kind in filter(_may_hide, template.types):
        problems += map(_looped, template.of_type(kind))
    for resource in template.of_type(BOT, BOT_ALIAS):
        hooks = _hooks(resource, functions, problems)
        yield from (hook for hook in hooks if template.conditions.possible(hook.life))


def _hooks(resource: Resource, functions: Functions, problems: list[Problem]) -> list[CodeHook]:
    """Return the hooks of a bot's test alias or of a bot alias, those that are alike as one."""
    hooks: list[CodeHook] = []
    for arn, life, places in _functions(resource, problems):
        named = functions.hooked(arn)
        for hook in hooks:
            if hook.named == named and hook.function == arn and hook.life == life:
                hook.places.extend(places)
                break
        else:
            hooks.append(CodeHook(resource, arn, named, life, places))
    return hooks


def _functions(
    resource: Resource, problems: list[Problem]
) -> list[tuple[object, Formula, list[Place]]]:
    """Return each `LambdaArn` of a bot's test alias or of a bot alias, when it stands and where."""
    found: list[tuple[object, Formula, list[Place]]] = []
    for listed in _lists(resource, problems):
        if isinstance(listed.value, list):
            found += _listed(listed, listed.value, problems)
        else:
            _is_opaque(listed, problems)
    return found


def _listed(
    listed: Branch, items: list[object], problems: list[Problem]
) -> Iterator[tuple[object, Formula, list[Place]]]:
    """Yield the functions of a list of locales; of locales that are alike, once."""
    before: object = None
    alike: list[Place] = []
    for number, item in enumerate(items):
        place = (listed.place, number)
        setting = item.get(_SETTING) if _is_plain_item(item) else None
        # Locales mostly name the same function: what was looked at once is known.
        if setting is not None and setting == before:
            alike.append((place, _PATH_BELOW_LOCALE))
            continue
        plain = _plain_function(setting)
        if _is_function(plain):
            before = setting if holds_texts_alone(plain) else None
            alike = [(place, _PATH_BELOW_LOCALE)]
            yield plain, listed.life, alike
            continue
        problems += map(_unread, unreadable(item, place))
        for locale in branches(item, place, listed.life):
            for branch in _below(locale, _BELOW_LOCALE, problems):
                if _is_function(branch.value):
                    yield branch.value, branch.life, [branch.place]


def _is_plain_item(item: object) -> TypeGuard[dict[str, object]]:
    """Tell whether an item of a list of locales is no intrinsic function."""
    return isinstance(item, dict) and "LocaleId" in item and len(item) == _PLAIN_ITEM


def _lists(resource: Resource, problems: list[Problem]) -> Iterable[Branch]:
    """Return each list of settings of a bot's test alias or of a bot alias."""
    keys = _BELOW_BOT if resource.type == BOT else _BELOW_ALIAS
    properties = resource.body.get("Properties")
    if not isinstance(properties, dict) or keys[0] not in properties:
        return ()
    settings = properties[keys[0]]
    if isinstance(settings, list) and properties.keys() <= _PLAIN_PROPERTIES:
        place = ((resource.place, ".Properties"), f".{keys[0]}")
        return (Branch(settings, place, resource.life),)
    return _below(resource.properties, keys, problems)


def _plain_function(setting: object) -> object | None:
    """Return the `LambdaArn` of a setting that is written without any condition, as most are."""
    value = setting
    for key in _BELOW_SETTING:
        if not isinstance(value, dict) or not _PLAIN.issuperset(value):
            return None
        value = value.get(key)
    return value


def _is_function(value: object) -> bool:
    """Tell whether a value may name a function, and needs no further look."""
    if isinstance(value, str):
        return bool(value.strip())
    return function(value) is not None and not (is_if(value) or is_no_value(value))


def _below(start: Branch, keys: tuple[str, ...], problems: list[Problem]) -> Iterator[Branch]:
    """Yield what stands under a chain of keys, through `Fn::If` at every step."""
    stack = [(start, 0)]
    while stack:
        branch, depth = stack.pop()
        if depth == len(keys):
            if not is_no_value(branch.value):
                yield branch
        elif (
            isinstance(branch.value, dict)
            and not is_no_value(branch.value)
            and not _is_opaque(branch, problems)
        ):
            key = keys[depth]
            if key in branch.value:
                below = Branch(branch.value[key], (branch.place, f".{key}"), branch.life)
                problems += map(_unread, unreadable(below.value, below.place))
                stack += [(one, depth + 1) for one in branches(*below)]


def _is_opaque(branch: Branch, problems: list[Problem]) -> bool:
    """Tell whether an intrinsic function stands where an object or a list belongs."""
    if isinstance(branch.value, dict):
        for key in branch.value:
            if key == "Ref" or key.startswith("Fn::"):
                problems.append(_hidden(branch.place, key))
                return True
    return False


def _may_hide(kind: str) -> bool:
    """Tell whether a loop may make bots or bot aliases of a type that holds its variable."""
    return bool(variables(kind)) and any(pattern(kind).fullmatch(one) for one in (BOT, BOT_ALIAS))


def _looped(resource: Resource) -> Problem:
    return beyond_loops(
        f"{resource.path}.Type",
        "it is another type for each item of the loop, which may be that of bots or bot aliases.",
    )


def beyond_loops(path: str, what: str) -> Problem:
    """Return the problem of what cannot be done inside a loop (rule 1.5)."""
    return Problem(path, what, "List AutoLexPermissions after AWS::LanguageExtensions.")


def _unread(found: tuple[Place, str]) -> Problem:
    place, name = found
    return _hidden(place, name)


def _hidden(place: Place, name: str) -> Problem:
    return Problem(
        path(place),
        f"the value of {name} may hide a code hook from AutoLexPermissions, which reads"
        " templates but does not resolve intrinsic functions.",
        "Write the value out here, or choose between values with Fn::If.",
    )
