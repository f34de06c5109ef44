"""What the author's permissions let Lex invoke, and what there is to say about them.

An `AWS::Lambda::Permission` adds a statement to the policy of a function. The author's part is read
and reported, never changed (rule 3.4).
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

from .bots import Bots, is_whole_bot, key_of
from .cfn.formulas import ALWAYS, NEVER, Formula, all_of, any_of
from .cfn.intrinsics import (
    ACCOUNT,
    Text,
    compact,
    deployed_text,
    has_space,
    is_literal,
    is_no_value,
    text,
    variables_in,
)
from .cfn.template import Resource, Template
from .cfn.values import Values
from .code_hooks import CodeHook
from .diagnostics import (
    NEVER_MATCHES,
    TOO_WIDE,
    Diagnostic,
)
from .functions import Functions, LambdaFunction, of_resource
from .iam import (
    ANYONE,
    INVOKE,
    LEX_PRINCIPAL,
    LEX_SPELLINGS,
    Arn,
    has_wildcard,
    may_equal,
    nothing_known,
)
from .resource_policies import ResourcePolicies

T = TypeVar("T")
PERMISSION: Final = "AWS::Lambda::Permission"
_COMPARING: Final = "Holding bot aliases against the permissions of their functions"
# Lex V1 is what Lex V2 is most often mistaken for.
_BEGINNINGS: Final = ("lex.", "lexv2.")
_ACTIONS: Final = frozenset({INVOKE.lower(), "lambda:*", "*"})
# What a permission asks for with one of these, no call by Lex has.
_NEVER_SENT: Final = ("EventSourceToken", "PrincipalOrgID", "FunctionUrlAuthType")
# What is read of a permission: anything else may let it allow less than Lex needs.
_READ: Final = frozenset({"Action", "FunctionName", "Principal", "SourceAccount", "SourceArn"})


class DeclaredPermission(NamedTuple):
    """A declared permission, read once.

    `functions` are what its `FunctionName` may name, `arns` its `SourceArn`s, None where there is
    none; `lets_lex_invoke` is when its other properties do, whatever function and alias it names.
    """

    resource: Resource
    functions: Values[tuple[LambdaFunction, ...]]
    arns: Values[Arn | None]
    lets_lex_invoke: Formula


class Excess(NamedTuple):
    """In what a permission allows more than the macro would add, and what that is."""

    reason: str
    others: str


class _Hooks(NamedTuple):
    """The hooks of one function, whatever their qualifiers: all of them, and those of each ARN.

    `active` are the logical ids of the bot aliases of hooks that have not opted out.
    """

    all: list[CodeHook]
    by_arn: dict[Arn, list[CodeHook]]
    qualifiers: set[Text]
    active: set[str]

    def of(self, permission: DeclaredPermission) -> Iterator[CodeHook]:
        """Yield the hooks whose bot aliases the permission may mean."""
        for key in {key_of(arn.value): None for arn in permission.arns}:
            yield from self.all if key is None else self.by_arn.get(key, ())


class Declared:
    """The permissions of a template, found by function, beside its resource policies."""

    def __init__(
        self, template: Template, functions: Functions, bots: Bots, policies: ResourcePolicies
    ) -> None:
        """Take the template, how its functions and bots are named, and what its policies say."""
        self._template = template
        self._functions = functions
        self._bots = bots
        self._resource_policies = policies
        self._permissions = [self._read(resource) for resource in template.of_type(PERMISSION)]
        # Permissions by function and ARN; by None the ones that no table of ARNs finds.
        self._by_function: dict[LambdaFunction, dict[Arn | None, list[DeclaredPermission]]] = {}
        for permission in self._permissions:
            arns = {
                key_of(arn.value): None
                for arn in permission.arns
                if arn.value is None or not _is_refused(arn.value)
            }
            names = (name for named in permission.functions for name in named.value)
            for function in dict.fromkeys(self._keys(names)):
                template.budget.spend(5 * len(arns), _COMPARING)
                by_arn = self._by_function.setdefault(function, {})
                for arn in arns:
                    by_arn.setdefault(arn, []).append(permission)
        self._coverage: dict[tuple[str, str, LambdaFunction], Formula] = {}

    def _read(self, resource: Resource) -> DeclaredPermission:
        """Read a permission, property by property (rule 3.1)."""
        return DeclaredPermission(
            resource,
            resource.values("FunctionName").map(self._functions.resolve_name),
            resource.values("SourceArn").map(
                lambda arn: None if is_no_value(arn) else self._bots.arn(arn)
            ),
            resource.values("Principal").where(_is_lex_or_anyone)
            & resource.values("Action").where(_is_invoke)
            & resource.values("SourceAccount").where(self._is_absent_or_own)
            & all_of(
                resource.values(key).where(is_no_value)
                for key in resource.property_names
                if key not in _READ
            ),
        )

    def _is_absent_or_own(self, account: object) -> bool:
        is_own = compact(account) in ((ACCOUNT,), (self._template.account,))
        return is_own or is_no_value(account)

    def _keys(
        self, functions: Iterator[LambdaFunction] | tuple[LambdaFunction, ...]
    ) -> Iterator[LambdaFunction]:
        for function in functions:
            yield from self._functions.keys(function)

    # What is allowed.

    def allowed_when(self, hook: CodeHook) -> Formula:
        """Return when the author's template lets Lex invoke at a hook.

        A resource policy that keeps Lex out is a mistake; where nobody can tell, permissions count.
        """
        return self.permitted_when(hook) | self._resource_policies.allow_when(hook)

    def permitted_when(self, hook: CodeHook) -> Formula:
        """Return when a permission lets Lex invoke at a hook, as far as permissions count."""
        return any_of(covered for _, covered in self._covering(hook))

    @cached_property
    def count(self) -> int:
        """Return how many statements the permissions make, on whatever functions."""
        return sum(permission.resource.scope.items for permission in self._permissions)

    def statements(self, function: LambdaFunction) -> Iterator[tuple[Formula, int]]:
        """Yield the statements that permissions make in a function's policy: when, and how many.

        They may be for anybody.
        """
        by_arn = (self._by_function.get(name, {}) for name in self._functions.keys(function))
        found = {
            permission.resource.logical_id: permission
            for permissions in by_arn
            for same in permissions.values()
            for permission in same
        }
        self._template.budget.spend(10 * len(found), _COMPARING)
        for permission in found.values():
            named = (name for names in permission.functions for name in names.value)
            own = frozenset().union(*(variables_in(name.arn) for name in named))
            when = self._names_when(permission, function)
            yield when, permission.resource.scope.items_without(own)

    def _names_when(self, permission: DeclaredPermission, function: LambdaFunction) -> Formula:
        """Return when a permission is one on a function."""
        return permission.functions.where(
            lambda names: any_of(self._functions.same_when(name, function) for name in names)
        )

    def _covering(self, hook: CodeHook) -> Iterator[tuple[DeclaredPermission, Formula]]:
        """Yield the permissions that may cover a hook, and when they do."""
        for permission in self._permissions_of(hook):
            covered = self._covers_when(permission, hook)
            # One in a loop over who knows what may never come to be.
            if permission.resource.scope.exists_for(hook.resource.scope):
                yield permission, covered

    def _permissions_of(self, hook: CodeHook) -> Iterator[DeclaredPermission]:
        """Yield each permission that names a hook's function, and whose ARN may match its ARN."""
        if not self._permissions:
            return
        yielded: set[str] = set()
        for function in self._functions.keys(hook.function):
            if by_arn := self._by_function.get(function):
                for arn in (*self._bots.keys(hook.resource), None):
                    for permission in by_arn.get(arn, ()):
                        if permission.resource.logical_id not in yielded:
                            yielded.add(permission.resource.logical_id)
                            yield permission

    def _covers_when(self, permission: DeclaredPermission, hook: CodeHook) -> Formula:
        """Return when a permission names a hook's function and ARN, and lets Lex invoke."""
        self._template.budget.spend(2, _COMPARING)
        key = permission.resource.logical_id, hook.resource.logical_id, hook.function
        if key not in self._coverage:
            values = permission.functions.count + permission.arns.count
            self._template.budget.spend(20 * values, _COMPARING)
            self._coverage[key] = self._new_coverage(permission, hook)
        return self._coverage[key]

    def _new_coverage(self, permission: DeclaredPermission, hook: CodeHook) -> Formula:
        matches = permission.arns.where(
            lambda arn: (
                arn is None
                or (not _is_refused(arn) and self._bots.matches_when(arn, hook.resource))
            )
        )
        if matches == NEVER:  # Of many permissions on one function, most are for other aliases.
            return NEVER
        return permission.lets_lex_invoke & self._names_when(permission, hook.function) & matches

    def covers_whole_bot(self, hook: CodeHook) -> bool:
        """Return whether a permission for a hook's whole bot covers it in some deployment."""
        return any(
            self._template.conditions.possible(
                hook.when
                & covered
                & permission.arns.where(lambda arn: arn is not None and is_whole_bot(arn))
            )
            for permission, covered in self._covering(hook)
        )

    # What there is to say about them.

    def reports(
        self, active: list[CodeHook], opted_out: list[CodeHook], *, by_bot: bool
    ) -> Iterator[Diagnostic]:
        """Yield which permissions on the functions of active hooks are too wide, or never match.

        One that serves a hook which has opted out does match (rule 3.4).
        """
        if not self._permissions:
            return
        by_function = self._grouped(active, opted_out)
        are_known = all(self._functions.known_name(hook.function) for hook in (*active, *opted_out))
        for permission in self._permissions:
            principals = permission.resource.values("Principal")
            if not any(_is_about_lex(principal.value) for principal in principals):
                continue
            names = (name.unqualified for named in permission.functions for name in named.value)
            related = [
                by_function[function]
                for function in dict.fromkeys(self._keys(names))
                if function in by_function
            ]
            if any(hooks.active for hooks in related):
                yield from self._report(permission, related, are_known=are_known, by_bot=by_bot)

    def _grouped(
        self, active: list[CodeHook], opted_out: list[CodeHook]
    ) -> dict[LambdaFunction, _Hooks]:
        """Return the hooks by function; the qualifiers also of those that may be on it."""
        by_function: dict[LambdaFunction, _Hooks] = {}
        ids = {hook.resource.logical_id for hook in active}
        for hook in (*active, *opted_out):
            # Of one that is left unread, the qualifier is not known.
            qualifier = hook.function.qualifier if hook.function.account else hook.function.name
            owners = (owner for owner, _ in self._functions.owners(hook.function))
            for function in dict.fromkeys(self._keys(owners)):
                found = by_function.setdefault(function, _Hooks([], {}, set(), set()))
                found.active.update(ids & {hook.resource.logical_id})
                found.all.append(hook)
                found.qualifiers.add(qualifier)
                for arn in self._bots.keys(hook.resource):
                    found.by_arn.setdefault(arn, []).append(hook)
        # A name that is written out may be that of a function whose own name is not.
        for named in dict.fromkeys(hook.function for hook in (*active, *opted_out)):
            for logical_id in self._functions.may_be(named):
                if same := by_function.get(of_resource(logical_id)):
                    same.qualifiers.add(named.qualifier)
        return by_function

    def _report(
        self,
        permission: DeclaredPermission,
        related: list[_Hooks],
        *,
        are_known: bool,
        by_bot: bool,
    ) -> Iterator[Diagnostic]:
        """Report a permission; `are_known` is whether all hooks name functions that are known."""
        candidates = (hook for hooks in related for hook in hooks.of(permission))
        served = [hook for hook in candidates if self._covers_when(permission, hook) != NEVER]
        if served:
            active = set().union(*(hooks.active for hooks in related))
            is_active = any(hook.resource.logical_id in active for hook in served)
            excess = next(self._excess(permission, by_bot=by_bot), None)
            if excess and is_active:
                yield TOO_WIDE.at(*permission.resource.place, reason=excess.reason)
            return
        qualifiers = set().union(*(hooks.qualifiers for hooks in related))
        self._template.budget.spend(len(qualifiers), _COMPARING)
        wanted = qualifiers if are_known else None
        if reason := next(self._never_matching(permission, wanted), None):
            yield NEVER_MATCHES.at(*permission.resource.place, reason=reason)

    def _never_matching(
        self, permission: DeclaredPermission, wanted: set[Text] | None
    ) -> Iterator[str]:
        """Yield why a permission is sure to let Lex V2 invoke no function.

        One that may serve a bot outside of the template is left alone: who deleted it would silence
        that bot. `wanted` are the qualifiers of its function that bot aliases name, None where that
        is not known.
        """
        yield from self._never_lets_lex_in(permission)
        arns = [arn.value for arn in permission.arns]
        if arns and all(arn and self._bots.is_made_here(arn) for arn in arns):
            accounts = permission.resource.values("SourceAccount")
            if accounts.count and not any(self._may_be_own(each.value) for each in accounts):
                yield "Its SourceAccount is another account."
            if wanted is not None and self._names_other_qualifier(permission, wanted):
                yield "It names another version or alias of the function."

    def _names_other_qualifier(self, permission: DeclaredPermission, wanted: set[Text]) -> bool:
        """Return whether none of the qualifiers of a permission is wanted.

        Sure is that of single bot aliases: of the same bot another stack may make more.
        """
        names = [name for named in permission.functions for name in named.value]
        own = {name.qualifier for name in names}
        return (
            all(arn.value and self._bots.is_alias_made_here(arn.value) for arn in permission.arns)
            and all(name.account for name in names)
            and all(is_literal(words) for words in (*wanted, *own))
            and wanted.isdisjoint(own)
        )

    def _never_lets_lex_in(self, permission: DeclaredPermission) -> Iterator[str]:
        """Yield why a permission lets no bot of Lex V2 invoke, whatever its function.

        Nothing is sure where a malformed `Fn::If` leaves no value.
        """
        values = permission.resource.values
        principals, actions = values("Principal"), values("Action")
        if principals.count and not any(_may_be_lex(principal.value) for principal in principals):
            yield f"Its Principal is not {LEX_PRINCIPAL}."
        if actions.count and not any(_may_be_invoke(action.value) for action in actions):
            yield f"Its Action does not include {INVOKE}."
        for name in _NEVER_SENT:
            asked = values(name)
            if asked.count and not any(is_no_value(value.value) for value in asked):
                yield f"Its {name} asks for what Lex does not send."
        faults = [next(self._faults_of(a.value), "") if a.value else "" for a in permission.arns]
        if faults and all(faults):
            yield faults[0]

    def _excess(self, permission: DeclaredPermission, *, by_bot: bool) -> Iterator[Excess]:
        """Yield in what a permission allows more than what the macro would add, where it does."""
        values, when = permission.resource.values, permission.lets_lex_invoke
        if any(compact(caller) == ANYONE for caller in self._possible(values("Principal"), when)):
            yield Excess("Its Principal is anyone.", "anyone but Lex V2")
        actions = map(_action, self._possible(values("Action"), when))
        if any(action != INVOKE.lower() for action in actions):
            others = f"every action but {INVOKE}"
            yield Excess(f"Its Action is more than {INVOKE}.", others)
        arns = [*self._possible(permission.arns, when)]
        if None in arns:
            yield Excess("It has no SourceArn.", "every other bot")
        wide = (arn for arn in arns if arn and any(map(has_wildcard, arn)))
        if not all(by_bot and is_whole_bot(arn) for arn in wide):
            others = "every other bot alias that its SourceArn matches"
            yield Excess("Its SourceArn holds a wildcard.", others)

    # What `fix --narrow` asks.

    def excess(self, logical_id: str, *, by_bot: bool) -> list[Excess]:
        """Return in what the permission of a logical id allows more than the macro would add."""
        return [*self._excess(self._of(logical_id), by_bot=by_bot)]

    def reason_to_stay(self, logical_id: str, opted_out: list[CodeHook]) -> str:
        """Return why `fix --narrow` leaves a permission, or nothing: it may serve what is not seen.

        What has opted out of the macro counts, too: nothing would be added for it.
        """
        permission = self._of(logical_id)
        for hook in opted_out:
            if self._covers_when(permission, hook) != NEVER:
                return f"it lets in {hook.resource.logical_id}, which has opted out"
        arns = [*self._possible(permission.arns)]
        if arns and all(arn and self._bots.is_made_here(arn) for arn in arns):
            return ""
        principals = self._possible(permission.resource.values("Principal"))
        is_for_lex = all(text(principal) in LEX_SPELLINGS for principal in principals)
        if is_for_lex and any(self._never_lets_lex_in(permission)):
            return ""
        return "it may let in what is not in the template"

    def _of(self, logical_id: str) -> DeclaredPermission:
        return next(p for p in self._permissions if p.resource.logical_id == logical_id)

    def _possible(self, values: Values[T], when: Formula = ALWAYS) -> Iterator[T]:
        """Yield the values that stand there in some deployment of a kind."""
        possible = self._template.conditions.possible
        return (value.value for value in values if possible(value.when & when))

    def _may_be_own(self, account: object) -> bool:
        return self._is_absent_or_own(account) or not (
            self._template.account and is_literal(deployed_text(account))
        )

    def _faults_of(self, arn: Arn) -> Iterator[str]:
        """Yield why a `SourceArn` is sure to let in no bot alias."""
        if any(map(has_space, arn)):
            yield "Its SourceArn holds white space."
        if _is_refused(arn):
            yield "Its SourceArn holds a wildcard before the resource, where Lambda takes none."
        yield from self._bots.faults_of(arn)


def _is_refused(arn: Arn) -> bool:
    """Return whether Lambda refuses a permission's `SourceArn`: before the resource all is plain.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    return any(map(has_wildcard, arn[:-1]))


def _is_lex_or_anyone(principal: object) -> bool:
    """Return whether a principal is Lex V2, or anyone."""
    words = text(principal)
    return words in LEX_SPELLINGS or words == ANYONE


def _may_be_lex(principal: object) -> bool:
    """Return whether a principal is not sure to be another one than Lex V2."""
    words = deployed_text(principal)
    return _is_lex_or_anyone(principal) or may_equal((LEX_PRINCIPAL,), words, nothing_known)


def _is_about_lex(principal: object) -> bool:
    """Return whether a principal is Lex V2, anyone, or what is often mistaken for Lex V2."""
    match compact(principal):
        case (str(literal), *_):
            return literal == "*" or literal.startswith(_BEGINNINGS)
    return False


def _is_invoke(action: object) -> bool:
    """Return whether a permission's action includes invoking; letter case does not matter."""
    return _action(action) in _ACTIONS


def _may_be_invoke(action: object) -> bool:
    """Return whether a permission's action is not sure to be another one."""
    return _is_invoke(action) or not is_literal(deployed_text(action))


def _action(action: object) -> str:
    """Return an action as it is compared, or nothing of one that is not written out."""
    words = text(action)
    return "".join(map(str, words)).strip().lower() if is_literal(words) else ""
