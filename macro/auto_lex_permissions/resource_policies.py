"""`AWS::Lambda::ResourcePolicy`: one document in place of all statements of one function.

It replaces what permissions have added (rule 3.5), so where one belongs to a hook's function, it
is the document that has to allow Lex. Its statements are read as IAM evaluates them for a
service principal; whatever is not understood does not allow.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-resourcepolicy.html
"""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from .code_hooks import CodeHook
from .conditions import ALWAYS, NEVER, Formula, all_of, any_of
from .declared import INVOKE, LEX_PRINCIPAL, Declared, is_lex_or_anyone
from .errors import Problem
from .functions import Functions, LambdaFunction
from .intrinsics import canonical_json
from .reports import POLICY_NOT_COMPARED, Report
from .sources import HookSource, Sources, like
from .template import Branch, Resource, Scope, Template, branches, members, present

# What stands before the statement in the problem, for those who read it from there.
ADD_STATEMENT: Final = "Add to its Statement list: "
RESOURCE_POLICY: Final = "AWS::Lambda::ResourcePolicy"
_ALIKE: Final = frozenset({
    "arnequals",
    "arnlike",
    "stringequals",
    "stringequalsifexists",
    "stringlike",
})  # fmt: skip
# The parts of a statement; a policy's statements can only be about its own function.
_UNDERSTOOD: Final = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})


class ResourcePolicies:
    """The resource policies of a template, and the hooks that they decide about."""

    def __init__(
        self, template: Template, functions: Functions, sources: Sources, declared: Declared
    ) -> None:
        """Take the template, and how its functions, hook sources and permissions are read."""
        self._functions = functions
        self._sources = sources
        self._declared = declared
        self._policies = template.of_type(RESOURCE_POLICY)
        self._conditions = template.conditions

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._policies)

    def deciding(self, hook: CodeHook) -> Formula:
        """Return when some resource policy decides about a hook's function."""
        return any_of(self._deciding(policy, hook) for policy in self._policies)

    def allowing(self, hook: CodeHook) -> Formula:
        """Return when a resource policy decides about a hook's function and allows Lex."""
        return any_of(
            all_of((self._deciding(policy, hook), self._allowing(policy, hook)))
            for policy in self._policies
        )

    def _deciding(self, policy: Resource, hook: CodeHook) -> Formula:
        return any_of(
            all_of((branch.life, self._functions.same(named, hook.named)))
            for branch, named in self._named(policy)
        )

    def _named(self, policy: Resource) -> Iterator[tuple[Branch, LambdaFunction]]:
        for branch in present(policy.values("ResourceArn")):
            yield branch, self._functions.hooked(branch.value)

    def problems(self, hook: CodeHook) -> Iterator[Problem]:
        """Yield, per resource policy, that it silences a hook, and the statement to add."""
        for policy in self._policies:
            silent = all_of((hook.life, self._deciding(policy, hook)))
            if not self._conditions.implies(silent, self._allowing(policy, hook)):
                yield Problem(
                    f"{policy.path}.Properties.PolicyDocument",
                    f"it replaces every permission of the function that {hook.source.logical_id}"
                    " names as its code hook, and does not let Lex invoke it.",
                    f"{ADD_STATEMENT}{_statement(self._source(hook), policy.scope)}",
                )

    def _source(self, hook: CodeHook) -> HookSource:
        ((source, _),) = self._sources.of(hook.source, by_bot=False)
        return source

    def reports(self, hooks: list[CodeHook]) -> Iterator[Report]:
        """Yield the resource policies that may or may not decide about a hook's function."""
        if not self._policies:
            return
        functions = {hook.named for hook in hooks}
        for policy in self._policies:
            for branch, named in self._named(policy):
                if any(self._is_open(named, function) for function in functions):
                    yield Report(branch.path, POLICY_NOT_COMPARED)

    def _is_open(self, one: LambdaFunction, other: LambdaFunction) -> bool:
        """Tell whether two functions are proved neither the same nor different."""
        if self._functions.same(one, other) != NEVER:
            return False
        return not self._functions.different(one, other)

    def _allowing(self, policy: Resource, hook: CodeHook) -> Formula:
        """Return when a policy's document allows the hook source to invoke."""
        statements = list(_statements(policy))
        allowed = (
            all_of((_about_lex(statement, "Allow"), self._conditions_hold(statement, hook)))
            for statement in statements
        )
        # A denial whose conditions are not proved to hold is taken to be about something else.
        denied = (
            all_of((_about_lex(statement, "Deny"), self._conditions_hold(statement, hook)))
            for statement in statements
        )
        return all_of((any_of(allowed), ~any_of(denied)))

    def _conditions_hold(self, statement: Branch, hook: CodeHook) -> Formula:
        """Return when all conditions of a statement hold for the hook source."""
        tests = list(members([statement], "Condition"))
        return any_of(self._all_hold(test, hook) for test in tests) if tests else ALWAYS

    def _all_hold(self, tests: Branch, hook: CodeHook) -> Formula:
        if not isinstance(tests.value, dict):
            return NEVER
        return all_of(
            any_of(
                all_of(self._holds(operator, key, members([keys], key), hook) for key in keys.value)
                for keys in members([tests], operator)
                if isinstance(keys.value, dict)
            )
            for operator in tests.value
        )

    def _holds(self, operator: str, key: str, wanted: Iterable[Branch], hook: CodeHook) -> Formula:
        """Return when one of a test's values is the hook source's own."""
        if operator.lower() not in _ALIKE:
            return NEVER
        by_letters = operator.lower().startswith("stringequals")
        match key.lower():
            case "aws:sourcearn":
                return any_of(
                    all_of((one.life, self._sources.matches(one.value, hook.source)))
                    for one in _each(wanted)
                    if not (by_letters and self._sources.is_wide(one.value))
                )
            case "aws:sourceaccount":
                own = self._declared.is_own_account
                return any_of(one.life for one in _each(wanted) if own(one.value))
        return NEVER


def _statements(policy: Resource) -> Iterator[Branch]:
    documents = map(_parsed, present(policy.values("PolicyDocument")))
    return _each(members(documents, "Statement"))


def _parsed(document: Branch) -> Branch:
    """Read a document that is written as text."""
    if not isinstance(document.value, str):
        return document
    try:
        return document._replace(value=json.loads(document.value))
    except (ValueError, RecursionError):
        return document


def _about_lex(statement: Branch, effect: str) -> Formula:
    """Return when a statement of this effect is about Lex V2 invoking its policy's function."""
    if not isinstance(statement.value, dict) or not statement.value.keys() <= _UNDERSTOOD:
        return NEVER
    parts = (members([statement], key) for key in ("Effect", "Principal", "Action"))
    effects, principals, actions = parts
    return all_of((
        statement.life,
        any_of(found.life for found in effects if found.value == effect),
        any_of(found.life for found in _principals(principals) if is_lex_or_anyone(found.value)),
        any_of(found.life for found in _each(actions) if _is_invoke(found.value)),
    ))  # fmt: skip


def _is_invoke(action: object) -> bool:
    """Tell whether an action is that of an invocation; IAM takes `*` and `?` in it."""
    return isinstance(action, str) and like((action.lower(),), (INVOKE.lower(),))


def _principals(principals: Iterable[Branch]) -> Iterator[Branch]:
    """Yield the services that are named, and `*` for anyone."""
    for principal in principals:
        yield principal
        # IAM knows no wildcard for a service.
        yield from (one for one in _each(members([principal], "Service")) if one.value != "*")
        yield from (one for one in _each(members([principal], "AWS")) if one.value == "*")


def _each(found: Iterable[Branch]) -> Iterator[Branch]:
    """Yield the items of lists, and what stands alone, through `Fn::If`."""
    for branch in found:
        if isinstance(branch.value, list):
            for number, item in enumerate(branch.value):
                yield from present(branches(item, (branch.place, number), branch.life))
        else:
            yield branch


def _statement(source: HookSource, scope: Scope) -> str:
    """Return the statement that lets a hook source invoke, for the author to paste in a scope."""
    return canonical_json({
        "Effect": "Allow",
        "Principal": {"Service": LEX_PRINCIPAL},
        "Action": INVOKE,
        "Resource": "*",
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}},
            "ArnLike": {"AWS:SourceArn": source.arn(scope)},
        },
    })  # fmt: skip
