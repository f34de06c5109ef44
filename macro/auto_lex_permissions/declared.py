"""Permissions that the author has declared: what they cover, and which are not as they should be.

Each property may have several values under conditions; what a permission covers is a formula
over them. The author's permissions are read and reported, never changed (rule 3.4).
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final

from .code_hooks import CodeHook
from .conditions import NEVER, Formula, all_of, any_of
from .functions import Functions, LambdaFunction
from .intrinsics import ACCOUNT, Reference, Text, is_no_value, text, without_space
from .reports import NEVER_MATCHES, TOO_WIDE, Report
from .sources import Sources
from .template import Branch, Resource, Template

PERMISSION: Final = "AWS::Lambda::Permission"
LEX_PRINCIPAL: Final = "lexv2.amazonaws.com"
INVOKE: Final = "lambda:InvokeFunction"
_EXACT_PRINCIPALS: Final[tuple[Text, ...]] = (
    (LEX_PRINCIPAL,),
    ("lexv2.", Reference("AWS::URLSuffix")),
)
_ANYONE: Final[Text] = ("*",)
# Lex V1 is what Lex V2 is most often mistaken for.
_LEX: Final = ("lex.", "lexv2.")
_ACTIONS: Final = frozenset({INVOKE.lower(), "lambda:*", "*"})
# A permission with one of these allows less than Lex needs.
_NARROWING: Final = (
    "EventSourceToken",
    "PrincipalOrgID",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
)


class Declared:
    """The declared permissions of a template."""

    def __init__(self, template: Template, functions: Functions, sources: Sources) -> None:
        """Take the template, and how its functions and hook sources are named."""
        self._template = template
        self._functions = functions
        self._sources = sources

    def covering(self, hook: CodeHook) -> Iterator[Formula]:
        """Yield when each declared permission that may cover a hook does so."""
        for permission in self._candidates(hook):
            yield self._coverage(permission, hook)

    def _coverage(self, permission: Resource, hook: CodeHook) -> Formula:
        """Return when a permission covers a hook: it lives, names, matches and suits."""
        return all_of((
            self._suiting[permission.logical_id],
            any_of(self._naming(permission, hook.named)),
            any_of(self._matching(permission, hook.source)),
        ))  # fmt: skip

    def covers_whole_bot(self, hook: CodeHook) -> bool:
        """Tell whether a permission for a hook's whole bot covers it under some condition."""
        return any(
            self._sources.is_whole_bot(branch.value)
            and self._template.conditions.possible(
                all_of((hook.life, self._coverage(permission, hook), branch.life))
            )
            for permission in self._candidates(hook)
            for branch in permission.values("SourceArn")
        )

    def _candidates(self, hook: CodeHook) -> list[Resource]:
        """Return the permissions that may be meant, found by function and bot alias."""
        if not self._index:
            return []
        found = dict.fromkeys(
            permission
            for name in self._functions.names(hook.named)
            for place in ((name, hook.source.logical_id), (name, ""))
            for permission in self._index.get(place, ())
        )
        # One in a loop over who knows what may never come to be.
        return [
            resource
            for name in found
            if (resource := self._template.find(name))
            and resource.scope.is_there_for(hook.source.scope)
        ]

    @cached_property
    def _index(self) -> dict[tuple[LambdaFunction, str], list[str]]:
        """Return the permissions by function and, where it is plain, by bot alias."""
        index: dict[tuple[LambdaFunction, str], list[str]] = {}
        for permission in self._template.of_type(PERMISSION):
            source = _plain_source(permission)
            for branch in permission.values("FunctionName"):
                for function in self._functions.granted(branch.value):
                    for name in self._functions.names(function):
                        index.setdefault((name, source), []).append(permission.logical_id)
        return index

    def _naming(self, permission: Resource, function: LambdaFunction) -> Iterator[Formula]:
        """Yield when a permission's `FunctionName` names the function."""
        for branch in permission.values("FunctionName"):
            for named in self._functions.granted(branch.value):
                yield all_of((branch.life, self._functions.same(named, function)))

    def _matching(self, permission: Resource, source: Resource) -> Iterator[Formula]:
        """Yield when a permission's `SourceArn` is absent or matches the hook source."""
        for branch in permission.values("SourceArn"):
            if is_no_value(branch.value):
                yield branch.life
            else:
                yield all_of((branch.life, self._sources.matches(branch.value, source)))

    @cached_property
    def _suiting(self) -> dict[str, Formula]:
        """Return when all but a permission's function and source suit Lex (rule 3.1)."""
        return {
            permission.logical_id: all_of((
                any_of(_where(permission.values("Principal"), is_lex_or_anyone)),
                any_of(_where(permission.values("Action"), is_invoke)),
                any_of(_where(permission.values("SourceAccount"), self.is_own_account)),
                *(any_of(_where(permission.values(key), is_no_value)) for key in _NARROWING),
            ))
            for permission in self._template.of_type(PERMISSION)
        }  # fmt: skip

    def is_own_account(self, value: object) -> bool:
        """Tell whether a `SourceAccount` is absent or the stack's own account."""
        if is_no_value(value):
            return True
        return without_space(text(value)) in ((ACCOUNT,), (self._template.account,))

    def reports(self, hooks: list[CodeHook], *, by_bot: bool) -> Iterator[Report]:
        """Yield what is too wide, and what can never match, on the functions of the hooks."""
        permissions = self._template.of_type(PERMISSION)
        if not permissions:
            return
        related: dict[LambdaFunction, list[CodeHook]] = {}
        for hook in hooks:
            for base in self._bases(hook.named):
                related.setdefault(base, []).append(hook)
        for permission in permissions:
            bases = {
                base: None
                for branch in permission.values("FunctionName")
                for function in self._functions.granted(branch.value)
                for base in self._bases(function)
            }
            found = [hook for base in bases for hook in related.get(base, ())]
            if found and any(map(_is_about_lex, permission.values("Principal"))):
                yield from self._report(permission, found, by_bot=by_bot)

    def _bases(self, function: LambdaFunction) -> Iterator[LambdaFunction]:
        """Yield the names of a function without its qualifier."""
        return self._functions.names(function.unqualified)

    def _report(
        self, permission: Resource, hooks: list[CodeHook], *, by_bot: bool
    ) -> Iterator[Report]:
        """Yield what there is to say about a permission on the function of these hooks."""
        source = _plain_source(permission)
        candidates = [hook for hook in hooks if source in ("", hook.source.logical_id)]
        if any(self._coverage(permission, hook) != NEVER for hook in candidates):
            if why := self._width(permission, by_bot=by_bot):
                yield Report(permission.path, TOO_WIDE, why)
        elif why := self._mismatch(permission, hooks):
            yield Report(permission.path, NEVER_MATCHES, why)

    def _width(self, permission: Resource, *, by_bot: bool) -> str:
        """Return in what a permission allows more than what the macro would add, or nothing."""
        if any(without_space(text(b.value)) == _ANYONE for b in permission.values("Principal")):
            return "Its Principal is anyone."
        if any(str(b.value).strip().lower() != INVOKE.lower() for b in permission.values("Action")):
            return f"Its Action is more than {INVOKE}."
        arns = [branch.value for branch in permission.values("SourceArn")]
        if any(map(is_no_value, arns)):
            return "It has no SourceArn."
        whole = self._sources.is_whole_bot
        if any(self._sources.is_wide(arn) and not (by_bot and whole(arn)) for arn in arns):
            return "Its SourceArn holds a wildcard."
        return ""

    def _mismatch(self, permission: Resource, hooks: list[CodeHook]) -> str:
        """Return why a permission is proved to let Lex V2 invoke no hook's function, or nothing."""
        if not any(_where(permission.values("Principal"), is_lex_or_anyone)):
            return f"Its Principal is not {LEX_PRINCIPAL}."
        if all(self._sources.is_no_alias(arn.value) for arn in permission.values("SourceArn")):
            return "Its SourceArn is not that of a bot alias."
        wanted = {hook.named.qualifier for hook in hooks}
        if all(
            qualifier != function.qualifier and _is_literal((*qualifier, *function.qualifier))
            for branch in permission.values("FunctionName")
            for function in self._functions.granted(branch.value)
            for qualifier in wanted
        ):
            return "It names another version or alias of the function."
        return ""


def _is_literal(words: Text) -> bool:
    return all(isinstance(word, str) for word in words)


def _plain_source(permission: Resource) -> str:
    """Return the bot alias whose `Arn` is the permission's only `SourceArn`, else nothing."""
    match text(permission.sole("SourceArn")):
        case (Reference(logical_id, "Arn"),):
            return logical_id
    return ""


def _where(values: Iterable[Branch], suits: Callable[[object], bool]) -> Iterator[Formula]:
    """Yield when a property has a value that suits."""
    return (branch.life for branch in values if suits(branch.value))


def is_lex_or_anyone(value: object) -> bool:
    """Tell whether a principal is Lex V2, or anyone."""
    words = without_space(text(value))
    return words in _EXACT_PRINCIPALS or words == _ANYONE


def is_invoke(value: object) -> bool:
    """Tell whether an action holds lambda:InvokeFunction; letter case does not matter."""
    return isinstance(value, str) and value.strip().lower() in _ACTIONS


def _is_about_lex(principal: Branch) -> bool:
    """Tell whether a principal is Lex V2, anyone, or what is often mistaken for Lex V2."""
    match without_space(text(principal.value)):
        case (str(literal), *_):
            return literal == "*" or literal.startswith(_LEX)
    return False
