"""Which permissions outlive their stack, as the bot aliases and functions that they serve (2.6).

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

from collections.abc import Iterator
from typing import Final

from .cfn.formulas import ALWAYS, Formula, all_of, any_of
from .cfn.intrinsics import canonical_json, references
from .cfn.loops import variables
from .cfn.template import Resource, Scope, Template
from .cfn.values import Values
from .diagnostics import STATEMENT_STAYS, Diagnostic
from .functions import Functions
from .grants import Grant

_ATTRIBUTE: Final = "DeletionPolicy"
_LITERAL: Final = "RetainExceptOnCreate"


class Retention:
    """The `DeletionPolicy` of resources, and of the permissions that serve them."""

    def __init__(self, template: Template, functions: Functions) -> None:
        """Take the template, and how its functions are named."""
        self._template = template
        self._functions = functions
        self._retained: dict[str, Formula] = {}

    def policy(self, grant: Grant, scope: Scope) -> object | None:
        """Return the `DeletionPolicy` of a grant's permission in a scope, None where it has none.

        It is the expression of bot alias and function where both have the same one, or the function
        is outside of the template.
        """
        retained = [hook for hook in grant.hooks if _ATTRIBUTE in hook.resource.body]
        if not retained:
            return None
        makers = [*self._makers(grant)]
        kept = all_of(
            (
                any_of(hook.when & self._is_retained_when(hook.resource) for hook in retained),
                *(~when | self._is_retained_when(maker) for maker, when in makers),
            )
        )
        if not self._is_possible(grant, kept):
            return None
        policies = {
            canonical_json(resource.body.get(_ATTRIBUTE)): resource.body.get(_ATTRIBUTE)
            for resource in (*self._callers(grant), *(maker for maker, _ in makers))
        }
        ((written, policy), *others) = policies.items()
        is_common = isinstance(policy, dict) and not others and variables(written) <= scope.names
        return policy if is_common else _LITERAL

    def reports(self, grant: Grant) -> Iterator[Diagnostic]:
        """Yield the retained bots and bot aliases whose permission stays when their hook moves."""
        for caller in self._callers(grant):
            if _ATTRIBUTE in caller.body and self._is_possible(
                grant, self._is_retained_when(caller)
            ):
                yield STATEMENT_STAYS.at(*caller.place, _ATTRIBUTE)

    def _is_possible(self, grant: Grant, kept: Formula) -> bool:
        return self._template.conditions.possible(grant.when & kept)

    def _callers(self, grant: Grant) -> Iterator[Resource]:
        yield from {hook.resource.logical_id: hook.resource for hook in grant.hooks}.values()

    def _makers(self, grant: Grant) -> Iterator[tuple[Resource, Formula]]:
        """Yield what a grant's function is made of, and when it is."""
        referred = ((name.logical_id, ALWAYS) for name in references(grant.expression))
        named = (
            (name, when & owned)
            for owner, owned in self._functions.owners(grant.function)
            for name, when in self._functions.resources(owner).items()
        )
        for name, when in (*referred, *named):
            resource = self._template.find(name)
            if resource and self._is_possible(grant, resource.when & when):
                yield resource, resource.when & when

    def _is_retained_when(self, resource: Resource) -> Formula:
        """Return when a resource outlives its stack, as far as is known: else it may always."""
        if resource.logical_id not in self._retained:
            policies = Values.at(resource.body.get(_ATTRIBUTE, "Delete"), ())
            self._retained[resource.logical_id] = policies.where(
                lambda policy: not isinstance(policy, str) or policy.startswith("Retain")
            )
        return self._retained[resource.logical_id]
