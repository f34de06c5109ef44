"""What each code hook needs, and what of it is missing.

A grant is (function with its qualifier, hook source). It is missing when declared permissions
are not proved to cover it under every condition under which one of its hooks lives.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .code_hooks import BOT, CodeHook
from .conditions import Formula, all_of, any_of
from .declared import Declared
from .functions import Functions, LambdaFunction
from .intrinsics import (
    Text,
    canonical_json,
    holds_texts_alone,
    references,
    text,
    without_space,
)
from .resource_policies import ResourcePolicies
from .sources import HookSource, Sources
from .template import Resource, Template, present


class Grant(NamedTuple):
    """What an invocation needs: a function with its qualifier, and a hook source.

    `function` is the canonical function, `expression` the author's spelling of it; the hooks
    live as they do for this hook source, and the grant lives when one of them does.
    """

    function: LambdaFunction
    expression: object
    source: HookSource
    hooks: list[CodeHook]
    life: Formula


class Permissions:
    """The permissions of a template: needed, declared, and missing."""

    def __init__(self, template: Template) -> None:
        """Take the template whose declared permissions and resource policies count."""
        self._template = template
        self.functions = Functions(template)
        self.sources = Sources(template)
        self.declared = Declared(template, self.functions, self.sources)
        self.policies = ResourcePolicies(template, self.functions, self.sources, self.declared)

    def bots_with(self, key: str) -> Iterator[Resource]:
        """Yield the bots of the template that have a property."""
        for bot in self._template.of_type(BOT):
            if any(present(bot.values(key))):
                yield bot

    def grants(self, hooks: Iterable[CodeHook], *, by_bot: bool) -> list[Grant]:
        """Return one grant per pair of function and hook source, in the hooks' order."""
        grouped: dict[tuple[HookSource, LambdaFunction], list[CodeHook]] = {}
        for hook in hooks:
            function = self.functions.key(hook.named)
            for source, life in self.sources.of(hook.source, by_bot=by_bot):
                living = hook
                if life is not hook.source.life:
                    living = hook._replace(life=all_of((hook.life, life)))
                if living is hook or self._template.conditions.possible(living.life):
                    grouped.setdefault((source, function), []).append(living)
        return [
            grant
            for (source, function), group in grouped.items()
            for grant in self._spelled(function, source, group)
        ]

    def _spelled(
        self, function: LambdaFunction, source: HookSource, hooks: list[CodeHook]
    ) -> Iterator[Grant]:
        """Yield the grant under the first spelling that means it wherever the grant lives.

        Where no spelling does, each keeps its own hooks, named by its text.
        """
        spellings = _spellings(hooks)
        life = any_of(hook.life for hook in hooks)
        for expression in spellings:
            if len(spellings) == 1 or (
                self._lives(expression, life) and self._names_all(expression, hooks)
            ):
                yield Grant(function, expression, source, hooks, life)
                return
        by_text: dict[Text, list[CodeHook]] = {}
        for hook in hooks:
            by_text.setdefault(without_space(text(hook.function)), []).append(hook)
        for words, group in by_text.items():
            by_words = LambdaFunction((), (), (), words)
            life = any_of(hook.life for hook in group)
            yield Grant(by_words, _spellings(group)[0], source, group, life)

    def _names_all(self, expression: object, hooks: Iterable[CodeHook]) -> bool:
        """Tell whether an expression names the function of each hook wherever that hook lives."""
        named = self.functions.hooked(expression)
        return all(
            self._template.conditions.implies(hook.life, self.functions.same(named, hook.named))
            for hook in hooks
        )

    def _lives(self, expression: object, life: Formula) -> bool:
        """Tell whether all that an expression refers to lives wherever the formula holds."""
        return all(
            self._template.conditions.implies(life, resource.life)
            for reference in references(expression)
            if (resource := self._template.find(reference.logical_id))
        )

    def meets(self, grants: Iterable[Grant], hook: CodeHook) -> bool:
        """Tell whether a hook can live while its whole bot has a permission of these."""
        sources = dict(self.sources.of(hook.source, by_bot=True))
        return any(
            self._template.conditions.possible(all_of((hook.life, sources[grant.source], formula)))
            for grant, formula in self._serving(grants, hook)
            if grant.source in sources
        )

    def _serving(self, grants: Iterable[Grant], hook: CodeHook) -> Iterator[tuple[Grant, Formula]]:
        """Yield each grant and when it is one of the hook's function."""
        for grant in grants:
            same = self.functions.same(self.functions.hooked(grant.expression), hook.named)
            yield grant, all_of((grant.life, same))

    def missing(self, grants: Iterable[Grant]) -> list[Grant]:
        """Return the grants that nothing else is proved to cover wherever they live.

        One grant can cover another where text names a resource; those are left out, the ones
        that name a resource first.
        """
        kept = [grant for grant in grants if not self._is_covered(grant, [])]
        if any(self._is_by_text(grant) for grant in kept):
            for grant in sorted(kept, key=self._is_by_text):
                others = [other for other in kept if other is not grant]
                same_source = [other for other in others if other.source == grant.source]
                if self._is_covered(grant, same_source):
                    kept = others
        return kept

    def _is_by_text(self, grant: Grant) -> bool:
        """Tell whether a grant names by text a function that may be a resource of the template."""
        return self.functions.is_by_text(self.functions.hooked(grant.expression))

    def _is_covered(self, grant: Grant, others: list[Grant]) -> bool:
        """Tell whether all hooks of a grant are proved to be covered wherever they live."""
        return all(self.is_covered(hook, others) for hook in grant.hooks)

    def is_covered(self, hook: CodeHook, others: Iterable[Grant] = ()) -> bool:
        """Tell whether a hook is proved to be covered wherever it lives."""
        served = (formula for _, formula in self._serving(others, hook))
        covering = [*self._declared(hook), *served]
        return bool(covering) and self._template.conditions.implies(hook.life, any_of(covering))

    def _declared(self, hook: CodeHook) -> Iterator[Formula]:
        """Yield what the author's template covers of a hook.

        Where a resource policy decides about the function, permissions count for nothing.
        """
        if not self.policies:
            yield from self.declared.covering(hook)
            return
        outside = ~self.policies.deciding(hook)
        for formula in self.declared.covering(hook):
            yield all_of((formula, outside))
        yield self.policies.allowing(hook)


def _spellings(hooks: list[CodeHook]) -> list[object]:
    """Return the different expressions of the hooks' function, in the order of their JSON."""
    first, *others = (hook.function for hook in hooks)
    if not others or (holds_texts_alone(first) and all(other == first for other in others)):
        return [first]
    different: dict[str, object] = {}
    for expression in (first, *others):
        different.setdefault(canonical_json(expression), expression)
    return [different[told] for told in sorted(different)]
