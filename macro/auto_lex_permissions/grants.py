"""What each code hook needs, whether or not the author's template allows it already.

A grant is one function with its qualifier, and one caller that has to be able to invoke it. It is
missing when the template is not proved to allow the call wherever one of its hooks exists.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

from .bots import Bots, Caller
from .cfn.formulas import ALWAYS, Formula, any_of
from .cfn.intrinsics import Text, Unread, Word, canonical_json, length, references
from .cfn.loops import by_items, variables
from .cfn.template import OUTSIDE, Scope, Template
from .code_hooks import CodeHook
from .declared import Declared
from .functions import ByFunction, Functions, LambdaFunction, named_by_text

T = TypeVar("T")
_SPELLING: Final = "Looking for the one name that means the function of several code hooks"
_COVERING: Final = "Holding bot aliases against the permissions of their bots"


class Grant(NamedTuple):
    """What an invocation needs: a function with its qualifier, and a caller.

    `spelled_at` is the hook whose expression the permission repeats; `canonical` stands for all
    spellings of the function and decides the logical id. `when` is when one of the hooks exists;
    the hooks exist as they do for this caller. `scope` is the loop's body that the permission
    belongs to, None where there is no such place. `uncovered` are the hooks that the author's
    template is not proved to allow, and the grant `is_missing` where no other grant covers these.
    """

    caller: Caller
    canonical: LambdaFunction
    spelled_at: CodeHook
    hooks: tuple[CodeHook, ...]
    when: Formula
    scope: Scope | None
    uncovered: tuple[CodeHook, ...]
    is_missing: bool

    @property
    def function(self) -> LambdaFunction:
        """Return the function that the permission names."""
        return self.spelled_at.function

    @property
    def expression(self) -> object:
        """Return the expression by which the permission names it."""
        return self.spelled_at.expression

    @property
    def by_items(self) -> str:
        """Return what the grants of all loops over the same items have in common."""
        texts = (self.caller.name, *self.function)
        written = [[_written(word) for word in words] for words in texts]
        return by_items(canonical_json([self.caller.kind, written]))


class Grants:
    """The grants of a template's hooks, each held against what the template allows."""

    def __init__(
        self, template: Template, functions: Functions, bots: Bots, declared: Declared
    ) -> None:
        """Take the template, and how its functions, bots and permissions are read."""
        self._template = template
        self._functions = functions
        self._bots = bots
        self._declared = declared
        self._implies = template.conditions.implies

    def of(self, hooks: Iterable[CodeHook], *, by_bot: bool) -> list[Grant]:
        """Return one grant for each pair of function and caller, in the order of the hooks.

        Where none of the hooks' expressions means all of them, there is one for each expression.
        """
        grouped: dict[tuple[Caller, LambdaFunction], list[CodeHook]] = {}
        for hook in hooks:
            canonical = self._functions.canonical(hook.function)
            for caller, when in self._bots.callers(hook.resource, by_bot=by_bot):
                self._template.budget.spend(60, "Pairing functions with the bots that invoke them")
                both = hook.when & when
                if self._template.conditions.possible(both):
                    of_caller = hook if both == hook.when else hook._replace(when=both)
                    grouped.setdefault((caller, canonical), []).append(of_caller)
        grants = [
            self._grant(caller, canonical, spelled_at, hooks)
            for (caller, canonical_of_all), group in grouped.items()
            for canonical, spelled_at, hooks in self._spelled(canonical_of_all, group)
        ]
        self._cover_by_items(grants)
        self._cover_by_function(grants)
        return grants

    def _spelled(
        self, canonical: LambdaFunction, hooks: list[CodeHook]
    ) -> Iterator[tuple[LambdaFunction, CodeHook, list[CodeHook]]]:
        """Yield the hooks of a grant, with the first whose expression means all (rules 2.2, 2.4).

        Where none means all, the hooks of each text are a grant of their own.
        """
        spelled = sum(1 + length(hook.words) // 50 for hook in hooks) if len(hooks) > 1 else 0
        self._template.budget.spend(spelled, _SPELLING)
        different = _by_expression(hooks)
        for spelled_at in different:
            if len(different) == 1 or self._means_all(spelled_at, hooks):
                yield canonical, spelled_at, hooks
                return
        by_text: dict[Text, list[CodeHook]] = {}
        for hook in hooks:
            by_text.setdefault(hook.words, []).append(hook)
        for words, group in by_text.items():
            yield named_by_text(words), _by_expression(group)[0], group

    def _means_all(self, spelled_at: CodeHook, hooks: list[CodeHook]) -> bool:
        """Return whether a hook's expression names the function of each hook wherever that exists.

        What it refers to has to exist there, too.
        """
        self._template.budget.spend(2 * len(hooks), _SPELLING)
        when = any_of(hook.when for hook in hooks)
        referred = (
            self._template.find(name.logical_id) for name in references(spelled_at.expression)
        )
        return all(self._implies(when, resource.when) for resource in referred if resource) and all(
            self._implies(hook.when, self._functions.same_when(spelled_at.function, hook.function))
            for hook in hooks
        )

    def _grant(
        self,
        caller: Caller,
        canonical: LambdaFunction,
        spelled_at: CodeHook,
        hooks: list[CodeHook],
    ) -> Grant:
        uncovered = tuple(hook for hook in hooks if not self._is_covered(hook))
        return Grant(
            caller,
            canonical,
            spelled_at,
            tuple(hooks),
            any_of(hook.when for hook in hooks),
            self._scope(caller, spelled_at, hooks),
            uncovered,
            is_missing=bool(uncovered),
        )

    def _scope(
        self, caller: Caller, spelled_at: CodeHook, hooks: Iterable[CodeHook]
    ) -> Scope | None:
        """Return the loop's body that a permission belongs to, or the template itself.

        It is that of the hooks. A permission for a whole bot belongs where the variables are known
        that it needs, and no others; there may be no such place.
        """
        if not self._template.scopes:
            return OUTSIDE
        scopes = sorted({hook.resource.scope for hook in hooks})
        if caller.kind != "bot" or not any(scope.variables for scope in scopes):
            return scopes[0]
        needed = variables(canonical_json([self._bots.source_arn(caller), spelled_at.expression]))
        around = (outer for scope in scopes for outer in scope.around)
        return next((outer for outer in around if outer.names == needed), None)

    # A missing grant is not missing any more where others cover it. Each may be covered by several.

    def _cover_by_items(self, grants: list[Grant]) -> None:
        """Let one grant cover those of other loops over the same items.

        One that the author allows covers them first. Which of the others is left does not depend on
        the order of the template: one that always exists, and of several the first by its names.
        """
        alike: dict[str, list[int]] = {}
        for number, grant in enumerate(grants) if self._template.scopes else ():
            self._template.budget.spend(20 + length(grant.spelled_at.words) // 20, _SPELLING)
            if grant.scope and grant.scope.loops:
                alike.setdefault(grant.by_items, []).append(number)
        for numbers in alike.values():
            declared = any_of(grants[n].when for n in numbers if not grants[n].is_missing)
            kept = dict.fromkeys(numbers)
            missing = [number for number in numbers if grants[number].is_missing]
            missing.sort(key=lambda number: repr(grants[number][:2]), reverse=True)
            missing.sort(key=lambda number: grants[number].when == ALWAYS)
            for number in missing:
                del kept[number]
                self._template.budget.spend(5 * len(kept), _COVERING)
                others = any_of(grants[other].when for other in kept)
                if self._exist_only_when(declared, grants[number].hooks):
                    grants[number] = grants[number]._replace(is_missing=False, uncovered=())
                elif self._exist_only_when(others, grants[number].hooks):
                    grants[number] = grants[number]._replace(is_missing=False)
                else:
                    kept[number] = None

    def _exist_only_when(self, when: Formula, hooks: Iterable[CodeHook]) -> bool:
        return all(self._implies(hook.when, when) for hook in hooks)

    def _cover_by_function(self, grants: list[Grant]) -> None:
        """Let missing grants of one caller cover each other.

        One can cover another where text names a resource, and where two references mean one ARN; of
        those one is left, the ones that name a resource go first.
        """
        missing: dict[Caller, list[int]] = {}
        for number, grant in enumerate(grants):
            if grant.is_missing:
                missing.setdefault(grant.caller, []).append(number)
        for numbers in missing.values():
            functions = {number: grants[number].function for number in numbers}
            by_text = {n: self._functions.is_named_by_text(f) for n, f in functions.items()}
            plain = {n: self._functions.plain(f) for n, f in functions.items()}
            if any(by_text.values()) or len({*plain.values()}) < len(numbers):
                kept = dict.fromkeys(numbers)
                by_function = self._by_function((number, grants[number]) for number in numbers)
                order = {n: (by_text[n], plain[n] == functions[n]) for n in numbers}
                for number in sorted(order, key=order.__getitem__):
                    del kept[number]
                    if all(
                        self._is_covered(
                            hook,
                            (grants[n] for n in by_function.of(hook.function) if n in kept),
                        )
                        for hook in grants[number].hooks
                    ):
                        grants[number] = grants[number]._replace(is_missing=False)
                    else:
                        kept[number] = None

    def _by_function(self, grants: Iterable[tuple[T, Grant]]) -> ByFunction[T]:
        return ByFunction(self._functions, ((item, [grant.function]) for item, grant in grants))

    def _is_covered(self, hook: CodeHook, others: Iterable[Grant] = ()) -> bool:
        """Return whether a hook is proved to be allowed, by the author or by other grants."""
        serving = (self._serves_when(grant, hook) for grant in others)
        allowed = any_of([self._declared.allowed_when(hook), *serving])
        return self._implies(hook.when, allowed)

    def _serves_when(self, grant: Grant, hook: CodeHook) -> Formula:
        self._template.budget.spend(50, _COVERING)
        return grant.when & self._functions.same_when(grant.function, hook.function)

    def serving(self, grants: Iterable[Grant], hooks: Sequence[CodeHook]) -> Iterator[CodeHook]:
        """Yield the hooks that a grant for their whole bot serves in some deployment (rule 5.1)."""
        if not hooks:
            return
        by_caller: dict[Caller, list[Grant]] = {}
        for grant in grants:
            by_caller.setdefault(grant.caller, []).append(grant)
        by_function = {
            caller: self._by_function((grant, grant) for grant in of_caller)
            for caller, of_caller in by_caller.items()
        }
        for hook in hooks:
            if any(
                self._template.conditions.possible(
                    hook.when & when & self._serves_when(grant, hook)
                )
                for caller, when in self._bots.callers(hook.resource, by_bot=True)
                if caller in by_function
                for grant in by_function[caller].of(hook.function)
            ):
                yield hook


def _written(word: Word) -> object:
    """Return a word as JSON that no other word has."""
    return {"expression": word.json} if isinstance(word, Unread) else word


def _by_expression(hooks: list[CodeHook]) -> list[CodeHook]:
    """Return a hook for each different expression, in the order of their JSON."""
    if len(hooks) == 1:
        return hooks
    different: dict[str, CodeHook] = {}
    for hook in hooks:
        different.setdefault(canonical_json(hook.expression), hook)
    return [different[written] for written in sorted(different)]
