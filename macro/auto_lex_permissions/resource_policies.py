"""`AWS::Lambda::ResourcePolicy`: one document in place of all statements of one function.

It replaces what permissions have added (rule 3.5), so where one belongs to a hook's function, it
is the document that has to allow Lex. Its statements are read as IAM evaluates them for a
service principal; whatever is not understood does not allow.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-resourcepolicy.html
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from .code_hooks import CodeHook
from .conditions import ALWAYS, NEVER, Formula, all_of, any_of
from .declared import INVOKE, LEX_PRINCIPAL, Declared, is_invoke, is_lex_or_anyone
from .errors import Problem
from .functions import Functions, LambdaFunction
from .intrinsics import canonical_json
from .reports import POLICY_NOT_COMPARED, Report
from .sources import HookSource, Sources
from .template import Branch, Resource, Template, branches, members, present

RESOURCE_POLICY: Final = "AWS::Lambda::ResourcePolicy"
_ALIKE: Final = frozenset({"arnlike", "arnequals", "stringlike", "stringequals"})
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
                    f"Add to its Statement list: {_statement(self._source(hook))}",
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
        if any(_denies_lex(statement.value) for statement in statements):
            return NEVER
        return any_of(
            all_of((statement.life, self._allows(statement.value, hook)))
            for statement in statements
        )

    def _allows(self, statement: object, hook: CodeHook) -> Formula:
        """Return when a statement's conditions hold for the hook source, if it is about Lex."""
        if not isinstance(statement, dict) or not _is_about_lex(statement, "Allow"):
            return NEVER
        tests = statement.get("Condition", {})
        return all_of(
            self._holds(operator, key, values, hook)
            for operator, keys in (tests.items() if isinstance(tests, dict) else [("", None)])
            for key, values in (keys.items() if isinstance(keys, dict) else [("", None)])
        )

    def _holds(self, operator: str, key: str, values: object, hook: CodeHook) -> Formula:
        if operator.lower() not in _ALIKE:
            return NEVER
        wanted = values if isinstance(values, list) else [values]
        match key.lower():
            case "aws:sourcearn":
                if operator.lower() == "stringequals":
                    wanted = [value for value in wanted if not self._sources.is_wide(value)]
                return any_of(self._sources.matches(value, hook.source) for value in wanted)
            case "aws:sourceaccount" if any(map(self._declared.is_own_account, wanted)):
                return ALWAYS
        return NEVER


def _statements(policy: Resource) -> Iterator[Branch]:
    documents = map(_parsed, present(policy.values("PolicyDocument")))
    for found in members(documents, "Statement"):
        items = found.value if isinstance(found.value, list) else [found.value]
        for number, item in enumerate(items):
            yield from present(branches(item, (found.place, f"[{number}]"), found.life))


def _parsed(document: Branch) -> Branch:
    """Read a document that is written as text."""
    if not isinstance(document.value, str):
        return document
    try:
        return document._replace(value=json.loads(document.value))
    except ValueError:
        return document


def _is_about_lex(statement: Mapping[str, object], effect: str) -> bool:
    """Tell whether a statement is about Lex V2 invoking whatever function it belongs to."""
    actions = statement.get("Action")
    return (
        statement.get("Effect") == effect
        and statement.keys() <= _UNDERSTOOD
        and any(map(is_lex_or_anyone, _principals(statement.get("Principal"))))
        and any(map(is_invoke, actions if isinstance(actions, list) else [actions]))
    )


def _principals(principal: object) -> list[object]:
    match principal:
        case {"Service": [*services]}:
            return services
        case {"Service": service}:
            return [service]
        case {"AWS": "*"}:
            return ["*"]
    return [principal]


def _denies_lex(statement: object) -> bool:
    """Tell whether a statement denies Lex without a condition; others deny something else."""
    if not isinstance(statement, dict) or "Condition" in statement:
        return False
    return _is_about_lex(statement, "Deny")


def _statement(source: HookSource) -> str:
    """Return the statement that lets a hook source invoke, as the author can paste it."""
    return canonical_json({
        "Effect": "Allow",
        "Principal": {"Service": LEX_PRINCIPAL},
        "Action": INVOKE,
        "Resource": "*",
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}},
            "ArnLike": {"AWS:SourceArn": source.arn},
        },
    })  # fmt: skip
