"""What each code hook needs, and what of it is missing.

A grant is (function with its qualifier, hook source). It is missing when declared permissions
are not proved to cover it under every condition under which one of its hooks lives.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .code_hooks import CodeHook
from .conditions import Formula, all_of, any_of, negation
from .declared import Declared
from .functions import Functions, LambdaFunction
from .intrinsics import (
    Reference,
    Text,
    canonical_json,
    references,
    text,
    without_space,
)
from .resource_policies import ResourcePolicies
from .sources import HookSource, Sources
from .template import Resource, Template


@dataclass(frozen=True, slots=True)
class Grant:
    """What an invocation needs: a function with its qualifier, and a hook source.

    `function` is the canonical function, `expression` the author's spelling of it; the hooks
    live as they do for this hook source.
    """

    function: LambdaFunction
    expression: object
    source: HookSource
    hooks: tuple[CodeHook, ...]

    @property
    def life(self) -> Formula:
        """Return when it lives: when one of its hooks does."""
        return any_of(hook.life for hook in self.hooks)


class Permissions:
    """The permissions of a template: needed, declared, and missing."""

    def __init__(self, template: Template) -> None:
        """Take the template whose declared permissions and resource policies count."""
        self._template = template
        self.functions = Functions(template)
        self.sources = Sources(template)
        self.declared = Declared(template, self.functions, self.sources)
        self.policies = ResourcePolicies(template, self.functions, self.sources, self.declared)

    def resources_of_type(self, wanted: str, logical_id: str) -> Iterator[Resource]:
        """Yield the resource of this logical id, if it is of this type."""
        resource = self._template.resources.get(logical_id)
        if resource and resource.type == wanted:
            yield resource

    def grants(self, hooks: Iterable[CodeHook], *, by_bot: bool) -> list[Grant]:
        """Return one grant per pair of function and hook source, in the hooks' order."""
        grouped: dict[tuple[HookSource, LambdaFunction], list[tuple[HookSource, CodeHook]]] = {}
        for hook in hooks:
            function = self.functions.key(self.functions.hooked(hook.function))
            for source, living in self.sources.of(hook, by_bot=by_bot):
                if self._template.conditions.possible(living.life):
                    grouped.setdefault((source, function), []).append((source, living))
        return [
            grant
            for (_, function), group in grouped.items()
            for grant in self._spelled(
                function,
                min((source for source, _ in group), key=lambda s: canonical_json(s.bot_id)),
                [hook for _, hook in group],
            )
        ]

    def _spelled(
        self, function: LambdaFunction, source: HookSource, hooks: list[CodeHook]
    ) -> Iterator[Grant]:
        """Yield the grant under the first spelling that lives wherever the grant does.

        Where no spelling does, each keeps its own hooks, named by its text.
        """
        spellings = {canonical_json(hook.function): hook.function for hook in hooks}
        life = any_of(hook.life for hook in hooks)
        for _, expression in sorted(spellings.items()):
            if len(spellings) == 1 or self._lives(expression, life):
                yield Grant(function, expression, source, tuple(hooks))
                return
        for words, group in _by_text(hooks).items():
            expression = min((hook.function for hook in group), key=canonical_json)
            yield Grant(LambdaFunction((), (), (), words), expression, source, tuple(group))

    def _lives(self, expression: object, life: Formula) -> bool:
        """Tell whether all that an expression refers to lives wherever the formula holds."""
        return all(
            self._template.conditions.implies(life, resource.life)
            for reference in references(expression)
            if (resource := self._template.resources.get(reference.logical_id))
        )

    def missing(self, grants: Iterable[Grant]) -> list[Grant]:
        """Return the grants that nothing else is proved to cover wherever they live.

        One grant can cover another where text names a resource; those are left out, the ones
        that name a resource first.
        """
        kept = [
            grant for grant in grants if not all(self._is_covered(hook, ()) for hook in grant.hooks)
        ]
        for grant in sorted(kept, key=lambda grant: not self._is_resource(grant)):
            others = [
                other for other in kept if other is not grant and other.source == grant.source
            ]
            if others and all(self._is_covered(hook, others) for hook in grant.hooks):
                kept = [other for other in kept if other is not grant]
        return kept

    def _is_resource(self, grant: Grant) -> bool:
        """Tell whether a grant's function is named by a resource of the template."""
        return any(isinstance(word, Reference) for word in grant.function.name)

    def _is_covered(self, hook: CodeHook, others: Iterable[Grant]) -> bool:
        """Tell whether a hook is proved to be covered wherever it lives."""
        covering = [*self._declared(hook), *self._by_others(hook, others)]
        return self._template.conditions.implies(hook.life, any_of(covering))

    def _declared(self, hook: CodeHook) -> Iterator[Formula]:
        """Yield what the author's template covers of a hook.

        Where a resource policy decides about the function, permissions count for nothing.
        """
        outside = negation(self.policies.deciding(hook))
        for formula in self.declared.covering(hook):
            yield all_of((formula, outside))
        yield self.policies.allowing(hook)

    def _by_others(self, hook: CodeHook, others: Iterable[Grant]) -> Iterator[Formula]:
        function = self.functions.hooked(hook.function)
        for other in others:
            same = self.functions.same(self.functions.hooked(other.expression), function)
            yield all_of((other.life, same))


def _by_text(hooks: list[CodeHook]) -> Mapping[Text, list[CodeHook]]:
    grouped: dict[Text, list[CodeHook]] = {}
    for hook in hooks:
        grouped.setdefault(without_space(text(hook.function)), []).append(hook)
    return grouped
