"""What the author's template already lets Lex invoke: permissions, and resource policies.

Two types of resources allow a call. An `AWS::Lambda::Permission` adds a statement to a function's
policy. An `AWS::Lambda::ResourcePolicy` replaces all statements of its function, version or alias
(rule 3.5), so where one belongs to a hook's function, its document alone decides. The author's part
is read and reported, never changed (rule 3.4).

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-resourcepolicy.html
"""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final, NamedTuple

from .bots import Bots, Caller, is_no_alias, is_whole_bot
from .cfn.formulas import ALWAYS, NEVER, Formula, all_of, any_of
from .cfn.intrinsics import (
    ACCOUNT,
    Reference,
    Text,
    compact,
    has_space,
    is_literal,
    is_no_value,
    split,
    text,
)
from .cfn.template import Resource, Scope, Template
from .cfn.values import Value, Values
from .code_hooks import CodeHook
from .diagnostics import (
    NEVER_MATCHES,
    POLICY_NOT_COMPARED,
    POLICY_SILENCES,
    TOO_WIDE,
    Diagnostic,
)
from .functions import ByFunction, Functions, LambdaFunction
from .iam import (
    INVOKE,
    LEX_PRINCIPAL,
    Arn,
    has_wildcard,
    includes_invoking,
    operator_named,
)

PERMISSION: Final = "AWS::Lambda::Permission"
RESOURCE_POLICY: Final = "AWS::Lambda::ResourcePolicy"
_COMPARING_PERMISSIONS: Final = "Holding bot aliases against the permissions of their functions"
_COMPARING_POLICIES: Final = "Holding bot aliases against the resource policies of their functions"
_LEX: Final[tuple[Text, ...]] = ((LEX_PRINCIPAL,), ("lexv2.", Reference("AWS::URLSuffix")))
_ANYONE: Final[Text] = ("*",)
# An ARN of Lex's ends in `bot-alias/BOT/ALIAS`.
_PARTS: Final = 3
# Lex V1 is what Lex V2 is most often mistaken for.
_BEGINNINGS: Final = ("lex.", "lexv2.")
_ACTIONS: Final = frozenset({INVOKE.lower(), "lambda:*", "*"})
# A permission with one of these allows less than Lex needs.
_NARROWING: Final = (
    "EventSourceToken",
    "PrincipalOrgID",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
)
# The elements of a statement; the statements of a policy are about its own function.
_ELEMENTS: Final = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})


class Permission(NamedTuple):
    """A declared permission, read once.

    `functions` are what its `FunctionName` may name, `arns` its `SourceArn`s, None where there is
    none; `lets_lex_invoke` is when its other properties do, whatever function and alias it names.
    """

    resource: Resource
    functions: Values[tuple[LambdaFunction, ...]]
    arns: Values[Arn | None]
    lets_lex_invoke: Formula


class Statement(NamedTuple):
    """A statement of a resource policy, read once.

    `allows` and `denies` are when it does that to Lex invoking the policy's function, as far as its
    `conditions` hold. By the `keys` a table finds it: they hold for no other ARNs, None for any.
    """

    allows: Formula
    denies: Formula
    conditions: Values[object]
    keys: frozenset[Arn | None]


class Policy(NamedTuple):
    """A resource policy, read once; `functions` are what its `ResourceArn` may name."""

    resource: Resource
    functions: Values[LambdaFunction]
    statements: list[Statement]


class _Hooks(NamedTuple):
    """The hooks of one function, whatever their qualifiers: all of them, and those of each ARN."""

    all: list[CodeHook]
    by_arn: dict[Arn, list[CodeHook]]
    qualifiers: set[Text]


class Declared:
    """The permissions and resource policies of a template, found by function."""

    def __init__(self, template: Template, functions: Functions, bots: Bots) -> None:
        """Take the template, and how its functions, bots and bot aliases are named."""
        self._template = template
        self._functions = functions
        self._bots = bots
        self._permissions = [self._read(resource) for resource in template.of_type(PERMISSION)]
        self._policies = [self._read_policy(found) for found in template.of_type(RESOURCE_POLICY)]
        # Permissions by function and ARN; by None the ones that no table of ARNs finds.
        self._by_function: dict[LambdaFunction, dict[Arn | None, list[Permission]]] = {}
        for permission in self._permissions:
            arns = {
                _key(arn.value): None
                for arn in permission.arns
                if arn.value is None or not _is_refused(arn.value)
            }
            names = (name for named in permission.functions for name in named.value)
            for function in dict.fromkeys(self._spellings(names)):
                template.budget.spend(5 * len(arns), _COMPARING_PERMISSIONS)
                by_arn = self._by_function.setdefault(function, {})
                for arn in arns:
                    by_arn.setdefault(arn, []).append(permission)
        self._keys_by_name: dict[str, list[Arn]] = {}
        self._coverage: dict[tuple[str, str, LambdaFunction], Formula] = {}
        self._allowances: dict[tuple[str, str], Formula] = {}
        self._policies_by_function: ByFunction[Policy] = ByFunction(
            functions,
            ((policy, [named.value for named in policy.functions]) for policy in self._policies),
        )

    def _read(self, resource: Resource) -> Permission:
        """Read a permission, property by property (rule 3.1)."""
        return Permission(
            resource,
            resource.values("FunctionName").map(self._functions.resolve_name),
            resource.values("SourceArn").map(
                lambda arn: None if is_no_value(arn) else self._bots.arn(arn)
            ),
            resource.values("Principal").where(is_lex_or_anyone)
            & resource.values("Action").where(_is_invoke)
            & resource.values("SourceAccount").where(self._is_absent_or_own)
            & all_of(resource.values(key).where(is_no_value) for key in _NARROWING),
        )

    def _is_absent_or_own(self, account: object) -> bool:
        return is_no_value(account) or self._is_own(account)

    def _is_own(self, account: object) -> bool:
        return compact(account) in ((ACCOUNT,), (self._template.account,))

    def _spellings(
        self, functions: Iterator[LambdaFunction] | tuple[LambdaFunction, ...]
    ) -> Iterator[LambdaFunction]:
        for function in functions:
            yield from self._functions.spellings(function)

    def _read_policy(self, resource: Resource) -> Policy:
        """Read a resource policy, statement by statement (rule 3.5)."""
        documents = resource.values("PolicyDocument").present().map(_parsed)
        return Policy(
            resource,
            resource.values("ResourceArn").present().map(self._functions.resolve),
            [*filter(None, map(self._read_statement, documents.get("Statement").each()))],
        )

    def _read_statement(self, statement: Value[object]) -> Statement | None:
        """Read a statement, None of one that is not about Lex, or that is not understood."""
        if not isinstance(statement.value, dict) or not statement.value.keys() <= _ELEMENTS:
            return None
        this = Values([statement])
        principals = this.get("Principal")
        effects = this.get("Effect")
        # IAM knows no wildcard for a service.
        is_lex = (
            principals.where(is_lex_or_anyone)
            | principals.get("Service")
            .each()
            .where(lambda name: name != "*" and is_lex_or_anyone(name))
            | principals.get("AWS").each().where(lambda name: name == "*")
        )
        is_about_it = statement.when & is_lex & this.get("Action").each().where(includes_invoking)
        if is_about_it == NEVER:
            return None
        conditions = this.get("Condition")
        return Statement(
            is_about_it & effects.where(lambda effect: effect == "Allow"),
            is_about_it & effects.where(lambda effect: effect == "Deny"),
            conditions,
            frozenset(self._keys_of_conditions(conditions)),
        )

    def _keys_of_conditions(self, conditions: Values[object]) -> Iterator[Arn | None]:
        """Yield by what a table finds a statement: the keys of the ARNs that it may hold for."""
        if not conditions.count:
            yield None
        for condition in conditions:
            operators = condition.value if isinstance(condition.value, dict) else {}
            self._template.budget.spend(len(operators) ** 2 // 10, _COMPARING_POLICIES)
            sources = [
                Values([condition]).get(operator, key).each()
                for operator, tests in operators.items()
                if isinstance(tests, dict)
                for key in tests
                if key.lower() == "aws:sourcearn"
            ]
            yield from (_key(self._bots.arn(arn.value)) for arns in sources for arn in arns)
            if not sources:
                yield None

    # What is allowed.

    def allowed_when(self, hook: CodeHook) -> Formula:
        """Return when the author's template lets Lex invoke at a hook.

        Where a resource policy decides about the function, permissions count for nothing.
        """
        permitted = any_of(covered for _, covered in self._covering(hook))
        policies = self._policies_by_function.of(hook.function)
        if not policies:
            return permitted
        decided = any_of(self._decides_when(policy, hook) for policy in policies)
        return (permitted & ~decided) | any_of(
            self._decides_when(policy, hook) & self._allows_when(policy, hook)
            for policy in policies
        )

    def _covering(self, hook: CodeHook) -> Iterator[tuple[Permission, Formula]]:
        """Yield the permissions that may cover a hook, and when they do."""
        for permission in self._permissions_of(hook):
            covered = self._covers_when(permission, hook)
            # One in a loop over who knows what may never come to be.
            if permission.resource.scope.exists_for(hook.resource.scope):
                yield permission, covered

    def _permissions_of(self, hook: CodeHook) -> Iterator[Permission]:
        """Yield each permission that names a hook's function, and whose ARN may match its ARN."""
        if not self._permissions:
            return
        yielded: set[str] = set()
        for function in self._functions.spellings(hook.function):
            if by_arn := self._by_function.get(function):
                for arn in (*self._keys(hook), None):
                    for permission in by_arn.get(arn, ()):
                        if permission.resource.logical_id not in yielded:
                            yielded.add(permission.resource.logical_id)
                            yield permission

    def _keys(self, hook: CodeHook) -> list[Arn]:
        """Return by what a table may hold the ARNs and patterns that match a hook's ARN."""
        name = hook.resource.logical_id
        if name not in self._keys_by_name:
            arns = [arn for arn, _ in self._bots.arns(hook.resource)]
            self._keys_by_name[name] = [key for arn in arns for key in _keys_of(arn)]
        self._template.budget.spend(len(self._keys_by_name[name]), _COMPARING_PERMISSIONS)
        return self._keys_by_name[name]

    def _covers_when(self, permission: Permission, hook: CodeHook) -> Formula:
        """Return when a permission names a hook's function and ARN, and lets Lex invoke."""
        self._template.budget.spend(2, _COMPARING_PERMISSIONS)
        key = permission.resource.logical_id, hook.resource.logical_id, hook.function
        if key not in self._coverage:
            values = permission.functions.count + permission.arns.count
            self._template.budget.spend(20 * values, _COMPARING_PERMISSIONS)
            self._coverage[key] = self._new_coverage(permission, hook)
        return self._coverage[key]

    def _new_coverage(self, permission: Permission, hook: CodeHook) -> Formula:
        matches = permission.arns.where(
            lambda arn: (
                arn is None
                or (not _is_refused(arn) and self._bots.matches_when(arn, hook.resource))
            )
        )
        if matches == NEVER:  # Of many permissions on one function, most are for other aliases.
            return NEVER
        names = permission.functions.where(
            lambda names: any_of(self._functions.same_when(name, hook.function) for name in names)
        )
        return permission.lets_lex_invoke & names & matches

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

    # Resource policies.

    def _decides_when(self, policy: Policy, hook: CodeHook) -> Formula:
        self._template.budget.spend(5 + 10 * policy.functions.count, _COMPARING_POLICIES)
        return policy.functions.where(
            lambda function: self._functions.same_when(function, hook.function)
        )

    def _allows_when(self, policy: Policy, hook: CodeHook) -> Formula:
        """Return when a policy's document lets Lex invoke: an Allow fits, and no Deny does.

        A denial whose conditions are not proved to hold is taken to be about something else.
        """
        key = policy.resource.logical_id, hook.resource.logical_id
        if key not in self._allowances:
            keys = {None, *self._keys(hook)}
            self._template.budget.spend(3 * len(policy.statements), _COMPARING_POLICIES)
            holding = [
                (statement, self._conditions_hold_when(statement.conditions, hook))
                for statement in policy.statements
                if not statement.keys.isdisjoint(keys)
            ]
            self._allowances[key] = any_of(
                statement.allows & holds for statement, holds in holding
            ) & ~any_of(statement.denies & holds for statement, holds in holding)
        return self._allowances[key]

    def _conditions_hold_when(self, conditions: Values[object], hook: CodeHook) -> Formula:
        """Return when all conditions of a statement hold for a hook; none at all always do."""
        self._template.budget.spend(10, _COMPARING_POLICIES)
        if not conditions.count:
            return ALWAYS
        found = []
        for condition in conditions:
            if isinstance(condition.value, dict):
                operators = self._each_key(condition.value)
                holding = (
                    self._operator_holds_when(operator, Values([condition]).get(operator), hook)
                    for operator in operators
                )
                found.append(condition.when & all_of(holding))
        return any_of(found)

    def _operator_holds_when(self, operator: str, tests: Values[object], hook: CodeHook) -> Formula:
        found = []
        for test in tests:
            if isinstance(test.value, dict):
                keys = self._each_key(test.value)
                holding = (
                    self._holds_when(operator, key, Values([test]).get(key).each(), hook)
                    for key in keys
                )
                found.append(test.when & all_of(holding))
        return any_of(found)

    def _each_key(self, value: dict[str, object]) -> Iterator[str]:
        """Yield the keys of a part of a condition; to look one up is to look at all of them."""
        for key in value:
            self._template.budget.spend(5 + len(value) // 10, _COMPARING_POLICIES)
            yield key

    def _holds_when(
        self, operator: str, key: str, wanted: Values[object], hook: CodeHook
    ) -> Formula:
        """Return when one of a test's values is what Lex sends for a hook."""
        self._template.budget.spend(5 + 10 * wanted.count, _COMPARING_POLICIES)
        known = operator_named(operator)
        if known is None or known.is_negated or known.compares == "ignoring case":
            return NEVER
        match key.lower():
            case "aws:sourceaccount":
                return wanted.where(self._is_own)
            case "aws:sourcearn":
                takes_wildcards = known.compares != "exactly"
                return wanted.map(self._bots.arn).where(
                    lambda arn: (
                        (takes_wildcards or not any(map(has_wildcard, arn)))
                        and self._bots.matches_when(arn, hook.resource)
                    )
                )
        return NEVER

    # What there is to say about them.

    def mistakes(self, hook: CodeHook) -> Iterator[Diagnostic]:
        """Yield, for each resource policy that silences a hook, the statement to add."""
        for policy in self._policies_by_function.of(hook.function):
            silent = hook.when & self._decides_when(policy, hook)
            if not self._template.conditions.implies(silent, self._allows_when(policy, hook)):
                ((caller, _),) = self._bots.callers(hook.resource, by_bot=False)
                yield POLICY_SILENCES.at(
                    *policy.resource.place,
                    "Properties",
                    "PolicyDocument",
                    alias=hook.resource.logical_id,
                    statement=self._statement(caller, policy.resource.scope),
                )

    def _statement(self, caller: Caller, scope: Scope) -> Mapping[str, object]:
        """Return the statement that lets a caller invoke, for the author to paste."""
        return {
            "Effect": "Allow",
            "Principal": {"Service": LEX_PRINCIPAL},
            "Action": INVOKE,
            "Resource": "*",
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}},
                "ArnLike": {"AWS:SourceArn": self._bots.source_arn(caller, scope)},
            },
        }

    def reports(self, hooks: list[CodeHook], *, by_bot: bool) -> Iterator[Diagnostic]:
        """Yield what is too wide, what never matches, and what cannot be compared (3.4, 3.5)."""
        yield from self._permission_reports(hooks, by_bot=by_bot)
        yield from self._policy_reports(hooks)

    def _permission_reports(self, hooks: list[CodeHook], *, by_bot: bool) -> Iterator[Diagnostic]:
        """Yield what there is to say about permissions on the functions of hooks."""
        if not self._permissions:
            return
        by_function: dict[LambdaFunction, _Hooks] = {}
        for hook in hooks:
            for function in self._functions.spellings(hook.function.unqualified):
                found = by_function.setdefault(function, _Hooks([], {}, set()))
                found.all.append(hook)
                found.qualifiers.add(hook.function.qualifier)
                for arn in self._keys(hook):
                    found.by_arn.setdefault(arn, []).append(hook)
        for permission in self._permissions:
            principals = permission.resource.values("Principal")
            if not any(_is_about_lex(principal.value) for principal in principals):
                continue
            names = (name.unqualified for named in permission.functions for name in named.value)
            related = [
                by_function[function]
                for function in dict.fromkeys(self._spellings(names))
                if function in by_function
            ]
            if related:
                yield from self._report(permission, related, by_bot=by_bot)

    def _report(
        self, permission: Permission, related: list[_Hooks], *, by_bot: bool
    ) -> Iterator[Diagnostic]:
        keys = [_key(arn.value) for arn in permission.arns]
        candidates = (
            hook
            for hooks in related
            for key in keys
            for hook in (hooks.all if key is None else hooks.by_arn.get(key, ()))
        )
        if any(self._covers_when(permission, hook) != NEVER for hook in candidates):
            if reason := _too_wide(permission, by_bot=by_bot):
                yield TOO_WIDE.at(*permission.resource.place, reason=reason)
            return
        qualifiers = sum(len(hooks.qualifiers) for hooks in related)
        self._template.budget.spend(qualifiers, _COMPARING_PERMISSIONS)
        if reason := _never_matching(permission, related):
            yield NEVER_MATCHES.at(*permission.resource.place, reason=reason)

    def _policy_reports(self, hooks: list[CodeHook]) -> Iterator[Diagnostic]:
        """Yield the resource policies that may or may not decide about a hook's function."""
        if not self._policies:
            return
        functions = dict.fromkeys(hook.function for hook in hooks)
        by_name: dict[LambdaFunction | None, list[LambdaFunction]] = {}
        for function in functions:
            by_name.setdefault(self._functions.known_name(function), []).append(function)
        for policy in self._policies:
            for named, _, places in policy.functions:
                name = self._functions.known_name(named)
                # Two functions whose names are known for sure and differ are compared.
                others = (
                    functions if name is None else (*by_name.get(name, ()), *by_name.get(None, ()))
                )
                if any(self._is_open(named, other) for other in others):
                    yield POLICY_NOT_COMPARED.at(*places[0])

    def _is_open(self, one: LambdaFunction, other: LambdaFunction) -> bool:
        """Return whether two functions are proved neither the same nor different."""
        self._template.budget.spend(10, _COMPARING_POLICIES)
        if self._functions.same_when(one, other) != NEVER:
            return False
        return not self._functions.never_same(one, other)


def _key(arn: Arn | None) -> Arn | None:
    """Return by what a table holds an ARN or pattern, None of one that the table cannot find.

    It can be found where each part between separators is plain, or a `*` alone. Of fewer parts than
    an ARN has, the last has to be a `*`: any other one may stand for several.
    """
    if arn is None:
        return None
    parts = split(arn[-1], "/", _PARTS - 1)
    is_plain = not any(map(has_wildcard, arn[:-1])) and all(
        part == _ANYONE or not has_wildcard(part) for part in parts
    )
    is_whole = len(parts) == _PARTS or parts[-1] == _ANYONE or not any(map(has_wildcard, parts))
    return (*arn[:-1], *parts) if is_plain and is_whole else None  # pragma: no mutate (a table)


def _is_refused(arn: Arn) -> bool:
    """Return whether Lambda refuses a permission's `SourceArn`: before the resource all is plain.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    """
    return any(map(has_wildcard, arn[:-1]))


def _keys_of(arn: Arn) -> Iterator[Arn]:
    """Yield the keys that match an ARN: any part may be a `*`, and the last one stands for all."""
    parts = split(arn[-1], "/", _PARTS - 1)
    for length in range(1, len(parts) + 1):
        choices = [(part, _ANYONE) for part in parts[:length]]
        for chosen in product(*choices):
            if length == len(parts) or chosen[-1] == _ANYONE:
                yield (*arn[:-1], *chosen)


def _too_wide(permission: Permission, *, by_bot: bool) -> str:
    """Return in what a permission allows more than what the macro would add, or nothing."""
    resource = permission.resource
    if any(compact(caller.value) == _ANYONE for caller in resource.values("Principal")):
        return "Its Principal is anyone."
    if any(
        str(action.value).strip().lower() != INVOKE.lower() for action in resource.values("Action")
    ):
        return f"Its Action is more than {INVOKE}."
    arns = [arn.value for arn in permission.arns]
    if None in arns:
        return "It has no SourceArn."
    if any(
        any(map(has_wildcard, arn)) and not (by_bot and is_whole_bot(arn)) for arn in arns if arn
    ):
        return "Its SourceArn holds a wildcard."
    return ""


def _never_matching(permission: Permission, related: list[_Hooks]) -> str:
    """Return why a permission is proved to let Lex V2 invoke no hook's function, or nothing."""
    if not any(
        is_lex_or_anyone(caller.value) for caller in permission.resource.values("Principal")
    ):
        return f"Its Principal is not {LEX_PRINCIPAL}."
    arns = [arn.value for arn in permission.arns]
    if all(arn is not None and any(map(has_space, arn)) for arn in arns):
        return "Its SourceArn holds white space."
    if all(arn is not None and _is_refused(arn) for arn in arns):
        return "Its SourceArn holds a wildcard before the resource, where Lambda takes none."
    if all(arn is not None and is_no_alias(arn) for arn in arns):
        return "Its SourceArn is not that of a bot alias."
    wanted = set().union(*(hooks.qualifiers for hooks in related))
    own = {name.qualifier for named in permission.functions for name in named.value}
    if all(map(is_literal, (*wanted, *own))) and wanted.isdisjoint(own):
        return "It names another version or alias of the function."
    return ""


def is_lex_or_anyone(principal: object) -> bool:
    """Return whether a principal is Lex V2, or anyone."""
    words = text(principal)
    return words in _LEX or words == _ANYONE


def _is_about_lex(principal: object) -> bool:
    """Return whether a principal is Lex V2, anyone, or what is often mistaken for Lex V2."""
    match compact(principal):
        case (str(literal), *_):
            return literal == "*" or literal.startswith(_BEGINNINGS)
    return False


def _is_invoke(action: object) -> bool:
    """Return whether a permission's action includes invoking; letter case does not matter."""
    return isinstance(action, str) and action.strip().lower() in _ACTIONS


def _parsed(document: object) -> object:
    """Return a policy document, read where it is written as text."""
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return document
