"""Resource policies of the author: whether they let Lex invoke the functions of code hooks.

An `AWS::Lambda::ResourcePolicy` replaces all statements of its function, version or alias, so where
one belongs to a hook's function, its document alone decides (rule 3.5). That has three outcomes: it
is proved to let Lex in, it is proved not to, or nobody can tell.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-resourcepolicy.html
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, NamedTuple

from .bots import Bots, key_of
from .cfn.formulas import ALWAYS, NEVER, Formula, any_of
from .cfn.intrinsics import ACCOUNT, deployed_text, is_literal, without_space
from .cfn.template import Resource, Template
from .cfn.values import Place, Value, Values
from .code_hooks import CodeHook
from .diagnostics import (
    POLICY_CONDITIONAL,
    POLICY_DENIES,
    POLICY_NOT_COMPARED,
    POLICY_SILENCES,
    POLICY_UNCLEAR,
    Diagnostic,
)
from .functions import ByFunction, Functions, LambdaFunction
from .iam import (
    ANYONE,
    ARN_FIELDS,
    INVOKE,
    LEX_PRINCIPAL,
    Arn,
    Operator,
    compared,
    has_wildcard,
    stays_in_fields,
    steps_of_comparing,
)
from .statements import (
    NO,
    SOURCE_ARN,
    UNKNOWN,
    YES,
    Answer,
    Comparison,
    action_fits,
    all_fit,
    answer,
    any_fits,
    any_value,
    comparisons,
    element,
    is_absent,
    is_understood,
    sent_by_lex,
    speaks_of_lex,
)

RESOURCE_POLICY: Final = "AWS::Lambda::ResourcePolicy"
_COMPARING: Final = "Holding bot aliases against the resource policies of their functions"
_PATTERN: Final = Operator("pattern")
# Operators whose values are the ARNs, or patterns of the ARNs, that they hold for.
_BY_TABLE: Final = frozenset({"exactly", "arn", "pattern"})
# What a Deny takes to leave out the services of AWS.
_EXEMPTION: Final = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}


class Statement(NamedTuple):
    """A statement of a resource policy, read once.

    `allows` and `denies` are whether it does that to Lex invoking the policy's function, as far as
    `sources` hold: what it asks of the caller's ARN. By the `keys` a table finds an Allow: it is
    proved to hold for no other ARNs, None for any.
    """

    place: Place
    allows: Answer
    denies: Answer
    sources: list[Comparison]
    keys: frozenset[Arn | None]


class Policy(NamedTuple):
    """A resource policy, read once; `functions` are what its `ResourceArn` may name."""

    resource: Resource
    functions: Values[LambdaFunction]
    statements: list[Statement]


class ResourcePolicies:
    """The resource policies of a template, found by function."""

    def __init__(self, template: Template, functions: Functions, bots: Bots) -> None:
        """Take the template, and how its functions, bots and bot aliases are named."""
        self._template = template
        self._functions = functions
        self._bots = bots
        self._policies = [self._read(resource) for resource in template.of_type(RESOURCE_POLICY)]
        self._allowances: dict[tuple[str, str], Formula] = {}
        self._by_function: ByFunction[Policy] = ByFunction(
            functions,
            ((policy, [named.value for named in policy.functions]) for policy in self._policies),
        )

    # Reading.

    def _read(self, resource: Resource) -> Policy:
        functions = resource.values("ResourceArn").present().map(self._functions.resolve)
        documents = resource.values("PolicyDocument").present().map(_parsed)
        found = documents.get("Statement").each()
        statements = [*filter(None, (self._read_statement(one, functions) for one in found))]
        if found.hidden or any(_is_unread(document.value) for document in documents):
            place = *resource.place, "Properties", "PolicyDocument"
            statements.append(Statement(place, UNKNOWN, UNKNOWN, [], frozenset([None])))
        return Policy(resource, functions, statements)

    def _read_statement(
        self, statement: Value[object], functions: Values[LambdaFunction]
    ) -> Statement | None:
        """Read a statement, None of one that is surely about something else."""
        if not isinstance(statement.value, dict):
            return None
        this = Values([statement._replace(when=ALWAYS)])
        about_lex = speaks_of_lex(this, self._bots.are_different)
        if about_lex != NO:
            about_lex &= element(this, "Action", action_fits)
        if about_lex == NO:
            return None
        asked, others = comparisons(this.get("Condition"), self._bots.placed)
        self._template.budget.spend(sum(5 + 5 * one.values.count for one in asked), _COMPARING)
        sent = sent_by_lex(self._bots.placed({"Ref": ACCOUNT.logical_id}), ())
        applies = (
            about_lex
            & self._is_about(this, functions)
            & all_fit(
                one.holds(sent, self._bots.are_different) for one in asked if one.key != SOURCE_ARN
            )
            & others
            & (YES if is_understood(statement.value) else UNKNOWN)
        ).where(statement.when)
        sources = [one for one in asked if one.key == SOURCE_ARN]
        effects = this.get("Effect")
        allows, denies = (any_value(effects, partial(_is, effect)) for effect in ("Allow", "Deny"))
        return Statement(
            statement.places[0],
            applies & allows,
            applies & denies,
            sources,
            frozenset(self._keys(sources)),
        )

    def _is_about(self, statement: Values[object], functions: Values[LambdaFunction]) -> Answer:
        """Return whether the `Resource` of a statement fits the policy's own function.

        A policy takes none for all.
        """
        is_for_all = YES.where(is_absent(statement, "Resource"))
        return is_for_all | all_fit(
            element(statement, "Resource", partial(self._fits, function.value))
            | YES.where(~function.when)
            for function in functions
        )

    def _fits(self, function: LambdaFunction, arns: object) -> Answer:
        """Return whether one of the ARNs of a `Resource` is, or by wildcards means, a function."""
        return any_fits(
            self._is_meant(arn.value, function).where(arn.when)
            for arn in Values.at(arns, ()).each()
        )

    def _is_meant(self, arn: object, function: LambdaFunction) -> Answer:
        words = self._bots.placed_text(
            tuple(piece for word in deployed_text(arn) for piece in self._functions.arn_of(word))
        )
        if words == ANYONE:
            return YES
        own = self._bots.placed_text(function.arn)
        self._template.budget.spend(steps_of_comparing(words, own), _COMPARING)
        known = compared(_PATTERN, words, own, self._bots.are_different)
        if known and not stays_in_fields(words, own):
            known = None
        named = self._functions.resolve_text(without_space(deployed_text(arn)))
        proved = ALWAYS if known else self._functions.same_when(named, function)
        if known is False:
            return Answer(proved, proved)
        if has_wildcard(words):
            return Answer(proved, ALWAYS)
        return Answer(proved, proved | self._functions.may_be_same_when(named, function))

    def _keys(self, sources: list[Comparison]) -> Iterator[Arn | None]:
        """Yield by what a table finds a statement: the keys of the ARNs that it may hold for."""
        for one in sources:
            match one.operator:
                case Operator(compares, False) if compares in _BY_TABLE and one.stands == ALWAYS:
                    for wanted in one.values:
                        arn = self._bots.own_arn(wanted.value)
                        is_found = compares != "pattern" or len(arn) == ARN_FIELDS
                        yield key_of(arn) if is_found else None
                    return
        yield None

    # Asking.

    def _decides_when(self, policy: Policy, hook: CodeHook) -> Formula:
        self._template.budget.spend(5 + 10 * policy.functions.count, _COMPARING)
        return policy.functions.where(
            lambda function: self._functions.same_when(function, hook.function)
        )

    def allow_when(self, hook: CodeHook) -> Formula:
        """Return when a policy that decides is proved to let Lex invoke at a hook."""
        return any_of(
            self._decides_when(policy, hook) & self._allows_when(policy, hook)
            for policy in self._by_function.of(hook.function)
            if policy.resource.scope.exists_for(hook.resource.scope)
        )

    def _allows_when(self, policy: Policy, hook: CodeHook) -> Formula:
        """Return when a policy's document is proved to: an Allow fits, and no Deny may."""
        key = policy.resource.logical_id, hook.resource.logical_id
        if key not in self._allowances:
            keys = {None, *self._bots.keys(hook.resource)}
            self._template.budget.spend(3 * len(policy.statements), _COMPARING)
            allowing = (
                statement
                for statement in policy.statements
                if statement.allows.proved != NEVER and not statement.keys.isdisjoint(keys)
            )
            denying = (one for one in policy.statements if one.denies.possible != NEVER)
            self._allowances[key] = any_of(
                (one.allows & self._holds(one, hook)).proved for one in allowing
            ) & ~any_of((one.denies & self._holds(one, hook)).possible for one in denying)
        return self._allowances[key]

    def _holds(self, statement: Statement, hook: CodeHook) -> Answer:
        """Return whether what a statement asks of the caller's ARN holds for a hook."""
        if not statement.sources:
            return YES
        arns = self._bots.texts_of_arns(hook.resource)
        self._template.budget.spend(
            sum(
                steps_of_comparing(wanted.value, arn)
                for one in statement.sources
                for wanted in one.values
                for arn, _ in arns
            ),
            _COMPARING,
        )
        return all_fit(
            one.holds({SOURCE_ARN: arns}, self._bots.are_different) for one in statement.sources
        )

    # What there is to say about them.

    def diagnostics(
        self, hook: CodeHook, permitted_when: Callable[[CodeHook], Formula]
    ) -> Iterator[Diagnostic]:
        """Yield what keeps a policy from letting Lex invoke at a hook, or may do so.

        `permitted_when` says when permissions of the author do where no policy decides.
        """
        policies = self._by_function.of(hook.function)
        if not policies:
            return
        for policy in policies:
            decides = hook.when & self._decides_when(policy, hook)
            if not self._template.conditions.implies(decides, self._allows_when(policy, hook)):
                yield from self._faults(policy, hook, decides)
        # One in a loop over who knows what may never come to be.
        decided = any_of(
            self._decides_when(policy, hook)
            for policy in policies
            if policy.resource.scope.exists_for(hook.resource.scope)
        )
        is_meant = any_of(
            self._functions.same_when(function.value, hook.function)
            for policy in policies
            for function in policy.functions
        )
        possible, elsewhere = self._template.conditions.possible, hook.when & is_meant & ~decided
        if not self._template.conditions.implies(elsewhere, permitted_when(hook)):
            alias = hook.resource.logical_id
            yield from (
                POLICY_CONDITIONAL.at(*policy.resource.place, alias=alias)
                for policy in policies
                if possible(self._decides_when(policy, hook))
            )

    def _faults(self, policy: Policy, hook: CodeHook, decides: Formula) -> Iterator[Diagnostic]:
        """Yield the statements that deny, that an Allow is missing, or else what is not clear."""
        possible, alias = self._template.conditions.possible, hook.resource.logical_id
        held = [(one, self._holds(one, hook)) for one in policy.statements]
        denials = [
            POLICY_DENIES.at(*one.place, alias=alias, exemption=_EXEMPTION)
            for one, holds in held
            if possible(decides & (one.denies & holds).proved)
        ]
        yield from denials
        if possible(decides & ~any_of((one.allows & holds).possible for one, holds in held)):
            ((caller, _),) = self._bots.callers(hook.resource, by_bot=False)
            yield POLICY_SILENCES.at(
                *policy.resource.place,
                "Properties",
                "PolicyDocument",
                alias=alias,
                statement=self._statement(self._bots.source_arn(caller, policy.resource.scope)),
            )
        elif not denials:
            for one, holds in held:
                either = any_fits([one.allows, one.denies]) & holds
                if possible(decides & either.possible & ~either.proved):
                    yield POLICY_UNCLEAR.at(*one.place)

    def _statement(self, source_arn: object) -> Mapping[str, object]:
        """Return the statement that lets a caller invoke, for the author to paste."""
        return {
            "Effect": "Allow",
            "Principal": {"Service": LEX_PRINCIPAL},
            "Action": INVOKE,
            "Resource": "*",
            "Condition": {
                "StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}},
                "ArnLike": {"AWS:SourceArn": source_arn},
            },
        }

    def reports(self, hooks: list[CodeHook]) -> Iterator[Diagnostic]:
        """Yield the policies that may or may not decide about a hook's function."""
        if not self._policies:
            return
        existing: dict[LambdaFunction, list[Formula]] = {}
        for hook in hooks:
            existing.setdefault(hook.function, []).append(hook.when)
        functions = {function: any_of(whens) for function, whens in existing.items()}
        by_name: dict[LambdaFunction | str | None, list[LambdaFunction]] = {}
        for function in functions:
            name = self._functions.known_name(function)
            for key in (name, *self._functions.may_be(function)):
                by_name.setdefault(key, []).append(function)
        for policy in self._policies:
            for named, when, places in policy.functions:
                name = self._functions.known_name(named)
                # Names that are known for sure and differ may yet be those of one resource.
                keys = (name, None, *self._functions.may_be(named))
                others = (other for key in keys for other in by_name.get(key, ()))
                if any(
                    self._is_open(named, other, when & functions[other])
                    for other in (functions if name is None else dict.fromkeys(others))
                ):
                    yield POLICY_NOT_COMPARED.at(*places[0])

    def _is_open(self, one: LambdaFunction, other: LambdaFunction, when: Formula) -> bool:
        """Return whether two functions may be the same somewhere where that is not proved."""
        self._template.budget.spend(10, _COMPARING)
        may_be = when & self._functions.may_be_same_when(one, other)
        return self._template.conditions.possible(may_be & ~self._functions.same_when(one, other))


def _is(effect: str, found: object) -> Answer:
    words = deployed_text(found)
    return answer(words == (effect,)) if is_literal(words) else UNKNOWN


def _is_unread(document: object) -> bool:
    """Return whether a policy document is text that CloudFormation completes."""
    return isinstance(document, str) and not is_literal(deployed_text(document))


def _parsed(document: object) -> object:
    """Return a policy document, read where it is written as text."""
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except (ValueError, RecursionError):
        return document
