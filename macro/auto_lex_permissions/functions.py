"""Which Lambda function an expression names, so that two spellings of one can be compared.

An expression becomes a `LambdaFunction`: the fields of its ARN as texts. A function of the
template is named by its logical id; text that equals a resource's own `FunctionName` names that
resource too, but only where the resource exists (rule 3.2).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, Generic, NamedTuple, TypeVar

from .cfn.formulas import ALWAYS, NEVER, Formula, any_of
from .cfn.intrinsics import (
    ACCOUNT,
    PARTITION,
    REGION,
    Reference,
    Text,
    Word,
    compact,
    is_literal,
    length,
    merged,
    split,
    text,
    variables_in,
    with_dynamic_references,
)
from .cfn.loops import variables
from .cfn.template import Resource, Template
from .iam import may_equal, nothing_known, own_field, partition_of

SAM_FUNCTION: Final = "AWS::Serverless::Function"
FUNCTION_TYPES: Final = ("AWS::Lambda::Function", SAM_FUNCTION)
LAMBDA_ALIAS: Final = "AWS::Lambda::Alias"
LAMBDA_VERSION: Final = "AWS::Lambda::Version"
T = TypeVar("T")
_OWN: Final = ((PARTITION,), (REGION,), (ACCOUNT,))


class LambdaFunction(NamedTuple):
    """A function with its qualifier; of an expression left unread only the name is there."""

    partition: Text
    region: Text
    account: Text
    name: Text
    qualifier: Text = ()

    @property
    def is_own(self) -> bool:
        """Return whether it is in the account and Region of the stack."""
        return (self.partition, self.region, self.account) == _OWN

    @property
    def arn(self) -> Text:
        """Return its ARN as text; of an expression left unread, what it is known by."""
        if not self.account:
            return self.name
        qualifier = (":", *self.qualifier) if self.qualifier else ()
        service = "arn:", *self.partition, ":lambda:", *self.region, ":", *self.account
        return tuple(merged([*service, ":function:", *self.name, *qualifier]))

    @property
    def unqualified(self) -> "LambdaFunction":
        """Return the function without its qualifier."""
        return self._replace(qualifier=())


class _Named(NamedTuple):
    """By name, the resources that have it, and when; and those whose name is written as an ARN.

    `open` are the names that are not written out.
    """

    by_name: Mapping[Text, Mapping[str, Formula]]
    open: list[Text]
    by_arn: frozenset[str]


def named_by_text(words: Text) -> LambdaFunction:
    """Return a function of which nothing is known but the text that names it."""
    return LambdaFunction((), (), (), words)


def of_resource(logical_id: str, qualifier: Text = ()) -> LambdaFunction:
    """Return a function of the template, with a qualifier."""
    return LambdaFunction(*_OWN, (Reference(logical_id),), qualifier)


class Functions:
    """The functions that a template's expressions name."""

    def __init__(self, template: Template) -> None:
        """Take the template whose functions, aliases and versions are meant."""
        self._template = template
        self._known: dict[Text, LambdaFunction] = {}
        self._canonical: dict[LambdaFunction, LambdaFunction] = {}

    # From an expression to a function.

    def resolve(self, expression: object) -> LambdaFunction:
        """Return what an expression names where a function's name or ARN belongs."""
        return self.resolve_text(compact(expression))

    def resolve_text(self, words: Text) -> LambdaFunction:
        """Return what a text without white space names."""
        known = self._known.get(words)  # pragma: no mutate (only saves time)
        if known is None:
            known = self._known[words] = self._read(words, through_aliases=True)
        return known

    def resolve_name(self, expression: object) -> tuple[LambdaFunction, ...]:
        """Return what a permission's `FunctionName` may name: a whole ARN, or a bare name."""
        found = self.resolve(expression)
        if found.account:
            return (found,)
        return found, LambdaFunction(*_OWN, found.name, found.qualifier)

    def arn_of(self, word: Word) -> Text:
        """Return the ARN of a function for a reference to it, any other word alone."""
        match word:
            case Reference(logical_id, "Arn") if self._template.type_of(logical_id) in (
                FUNCTION_TYPES
            ):
                return of_resource(logical_id).arn
        return (word,)

    def _read(self, words: Text, *, through_aliases: bool) -> LambdaFunction:
        if len(words) == 1 and isinstance(words[0], Reference):
            return self._based(words, (), through_aliases=through_aliases)
        match split(words, ":"):
            case [("arn",), partition, ("lambda",), region, account, ("function",), name, *rest]:
                own = self._own_fields(partition, region, account)
                if len(rest) <= 1:
                    return LambdaFunction(*own, name, *rest)
            case [account, ("function",), name, *rest] if len(rest) <= 1:
                return LambdaFunction(*self._own_fields(*_OWN[:2], account), name, *rest)
            case [base, *rest] if len(rest) <= 1:
                return self._based(base, rest[0] if rest else (), through_aliases=through_aliases)
        return named_by_text(words)

    def _own_fields(self, partition: Text, region: Text, account: Text) -> tuple[Text, Text, Text]:
        template = self._template
        return (
            own_field(partition, PARTITION, partition_of(template.region)),
            own_field(region, REGION, template.region),
            own_field(account, ACCOUNT, template.account),
        )

    def _based(self, base: Text, qualifier: Text, *, through_aliases: bool) -> LambdaFunction:
        """Read `base` or `base:qualifier`."""
        match base:
            case (Reference(logical_id, attribute),):
                resource = self._template.find(logical_id)
                found = self._referred(resource, attribute, through_aliases=through_aliases)
                if found and not (found.qualifier and qualifier):
                    return found._replace(qualifier=found.qualifier or qualifier)
            case (str(),):
                return LambdaFunction(*_OWN, base, qualifier)
        return named_by_text(base)._replace(qualifier=qualifier)

    def _referred(
        self, resource: Resource | None, attribute: str, *, through_aliases: bool
    ) -> LambdaFunction | None:
        """Return what a reference to a resource names, or None where it is no function."""
        if resource is None:
            return None
        this = of_resource(resource.logical_id)
        match resource.type, attribute:
            case ("AWS::Lambda::Function" | "AWS::Serverless::Function", "" | "Arn"):
                return this
            case ("AWS::Serverless::Function", "Alias" | "Version"):
                published = self.published_alias(resource) if attribute == "Alias" else None
                unknown = (Reference(resource.logical_id, attribute),)
                return this._replace(qualifier=published[1] if published else unknown)
            case ("AWS::Lambda::Alias", "" | "AliasArn") if through_aliases:
                return self._qualified(resource, resource.sole("Name"))
            case ("AWS::Lambda::Version", "" | "FunctionArn") if through_aliases:
                return self._qualified(resource, {"Fn::GetAtt": [resource.logical_id, "Version"]})
        return None

    def _qualified(self, resource: Resource, qualifier: object) -> LambdaFunction | None:
        """Return the function and qualifier that a Lambda alias or version resource makes."""
        function = resource.sole("FunctionName")
        if function is None or qualifier is None:
            return None
        base = self._owner(function)
        return None if base.qualifier else base._replace(qualifier=compact(qualifier))

    def _owner(self, expression: object) -> LambdaFunction:
        """Return what an expression names as the function of a Lambda alias or version."""
        owner = self._read(compact(expression), through_aliases=False)
        if not owner.account and any(isinstance(word, str) for word in owner.name):
            # A text put together that is no ARN is the name of a function of this account.
            return LambdaFunction(*_OWN, owner.name, owner.qualifier)
        return owner

    def owners(self, function: LambdaFunction) -> Iterator[tuple[LambdaFunction, Formula]]:
        """Yield the function without its qualifier; of an alias or version left unread, owners too.

        That has several names, or several owners, each under a condition.
        """
        match function.name:
            case (Reference(logical_id),) if not function.account and (
                resource := self._template.find(logical_id)
            ):
                if resource.type in (LAMBDA_ALIAS, LAMBDA_VERSION):
                    for name in resource.values("FunctionName").present():
                        yield self._owner(name.value).unqualified, name.when
        yield function.unqualified, ALWAYS

    def published_alias(self, resource: Resource) -> tuple[object, Text] | None:
        """Return the `AutoPublishAlias` of a SAM function, own or from Globals, also as text."""
        if any(resource.values("AutoPublishAlias").present()):
            own = resource.sole("AutoPublishAlias")
            return None if own is None else (own, text(own))
        return self._shared_alias

    @cached_property
    def _shared_alias(self) -> tuple[object, Text] | None:
        name = self._shared.get("AutoPublishAlias")
        return None if name is None else (name, text(name))

    @property
    def _shared(self) -> Mapping[str, object]:
        """Return the properties that `Globals` gives to all SAM functions."""
        shared = self._template.section("Globals").get("Function")
        return shared if isinstance(shared, dict) else {}

    def having(self, key: str) -> Mapping[str, Formula]:
        """Return the functions of the template that have a property, and when they do."""
        found: dict[str, Formula] = {}
        for resource in self._template.of_type(*FUNCTION_TYPES):
            if key in resource.property_names:
                found[resource.logical_id] = any_of(v.when for v in resource.values(key).present())
            elif resource.type == SAM_FUNCTION and key in self._shared:
                found[resource.logical_id] = resource.when
        return found

    # From a function to the resources that it may be.

    @cached_property
    def _named(self) -> _Named:
        """Return the resources that have a `FunctionName`: a name, or a whole ARN."""
        by_name: dict[Text, dict[str, list[Formula]]] = {}
        by_arn: set[str] = set()
        for resource in self._template.of_type(*FUNCTION_TYPES):
            for name in resource.values("FunctionName").present():
                words = compact(name.value)
                if len(split(words, ":", 1)) > 1:
                    by_arn.add(resource.logical_id)
                ids = by_name.setdefault(self.resolve_text(words).name, {})
                ids.setdefault(resource.logical_id, []).append(name.when)
        found = {
            name: {logical_id: any_of(whens) for logical_id, whens in ids.items()}
            for name, ids in by_name.items()
        }
        return _Named(found, [n for n in found if not is_literal(n)], frozenset(by_arn))

    def resources(self, function: LambdaFunction) -> Mapping[str, Formula]:
        """Return the resources of the template that may be this function, and when they are."""
        if not function.is_own:
            return {}
        referred = self._referred_id(function)
        return {referred: ALWAYS} if referred else self._named.by_name.get(function.name, {})

    def may_be(self, function: LambdaFunction) -> Mapping[str, Formula]:
        """Return the resources of the template that a function may be, and when they may be.

        Whatever names come to: one without a `FunctionName` has a name that nobody can write.
        """
        found = dict(self.resources(function))
        if function.is_own and not self._referred_id(function):
            is_known = is_literal(function.name)
            for name in self._named.open if is_known else self._named.by_name:
                self._template.budget.spend(5 + length(name) // 20, "Comparing functions' names")
                if may_equal(name, function.name, nothing_known):
                    for logical_id, when in self._named.by_name[name].items():
                        found[logical_id] = found.get(logical_id, NEVER) | when
        return found

    def may_be_one_when(self, one: LambdaFunction, other: LambdaFunction) -> Formula:
        """Return when two may be the same function of this account, qualifiers aside."""
        if not (one.is_own and other.is_own):
            return NEVER
        if self._referred_id(one) or self._referred_id(other):
            ones, others = self.may_be(one), self.may_be(other)
            return any_of(ones[name] & others[name] for name in ones if name in others)
        return ALWAYS if may_equal(one.name, other.name, nothing_known) else NEVER

    def _referred_id(self, function: LambdaFunction) -> str:
        """Return the logical id by which a function is referred to, or nothing."""
        match function.name:
            case (Reference(logical_id, ""),) if (
                self._template.type_of(logical_id) in FUNCTION_TYPES
            ):
                return logical_id
        return ""

    def is_written_out(self, function: LambdaFunction) -> bool:
        """Return whether a function is named by its logical id, or by letters alone."""
        return is_literal(function.name) or bool(self._referred_id(function))

    def is_named_by_text(self, function: LambdaFunction) -> bool:
        """Return whether a function is named as a resource of the template is, not by its id."""
        return not self._referred_id(function) and bool(self.resources(function))

    # Comparing functions.

    def keys(self, function: LambdaFunction) -> Iterator[LambdaFunction]:
        """Yield the keys of tables by function: two that may be one function share a key."""
        yield function
        if (plain := self.plain(function)) != function:
            yield plain
        resources = self.resources(function)
        self._template.budget.spend(3 * len(resources), "Comparing functions that have one name")
        for logical_id in resources:
            yield of_resource(logical_id, function.qualifier)  # pragma: no mutate (coarse is safe)

    def same_when(self, one: LambdaFunction, other: LambdaFunction) -> Formula:
        """Return when two spellings are proved to name the same function and qualifier."""
        if one == other or self.plain(one) == self.plain(other):
            return ALWAYS
        if one.qualifier != other.qualifier:
            return NEVER
        ones, others = self.resources(one), self.resources(other)
        self._template.budget.spend(len(ones), "Comparing functions that have one name")
        return any_of(ones[name] & others[name] for name in ones if name in others)

    def plain(self, function: LambdaFunction) -> LambdaFunction:
        """Return a function by one of the two references that mean the ARN of one resource.

        These are left unread where it has several names.
        """
        match function.name:
            case (Reference(logical_id, "AliasArn" | "FunctionArn"),) if self._template.type_of(
                logical_id
            ) in (LAMBDA_ALIAS, LAMBDA_VERSION):
                return function._replace(name=(Reference(logical_id),))
        return function

    def may_be_same_when(self, one: LambdaFunction, other: LambdaFunction) -> Formula:
        """Return when two may be the same function and qualifier: elsewhere they surely are not.

        A name that is put together is known in part; what is left unread may be any function.
        """
        both = one, other
        are_known = all(self.known_name(function) for function in both)
        are_texts = all(function.is_own and not self._referred_id(function) for function in both)
        if are_known and not may_equal(one.qualifier, other.qualifier, nothing_known):
            return NEVER
        if one.unqualified != other.unqualified and (are_known or are_texts):
            return self.may_be_one_when(one, other)
        return ALWAYS

    def known_name(self, function: LambdaFunction) -> LambdaFunction | None:
        """Return a function's own name, without its qualifier, where that is known for sure.

        Logical ids and literals are; what a parameter or an import holds is not. A literal may yet
        be the name of a resource whose own name is not written out.
        """
        fields = with_dynamic_references((*function.partition, *function.region, *function.account))
        is_known = all(
            isinstance(word, str)
            or (isinstance(word, Reference) and word.logical_id.startswith("AWS::"))
            for word in fields
        )
        canonical = self.canonical(function)
        match with_dynamic_references(canonical.name):
            case (str(),) if is_known:
                return canonical.unqualified
        return canonical.unqualified if self._referred_id(canonical) else None

    def canonical(self, function: LambdaFunction) -> LambdaFunction:
        """Return the one value that stands for all spellings of a function.

        Text that can be but one resource of the template stands for that resource, whether or
        not the resource exists everywhere: so an id does not depend on conditions. Of a resource
        with several names, one under each condition, text names but one; and of a loop's functions
        that all have one name, any.
        """
        known = self._canonical.get(function)  # pragma: no mutate (only saves time)
        if known is None:
            known = self._canonical[function] = self._only_resource(function) or function
        return known

    def _only_resource(self, function: LambdaFunction) -> LambdaFunction | None:
        """Return the one resource that a function can only be, with the function's qualifier.

        One whose `FunctionName` is an ARN does not count, as in the first release.
        """
        if self._referred_id(function):
            return None  # It stands for its resource as it is.
        match list(self.resources(function).items()):
            case [(logical_id, when)]:
                if logical_id in self._named.by_arn:
                    return None
                resource = self._template.find(logical_id)
                # Else it has other names, where it has this one not.
                has_one_name = not resource or self._template.conditions.implies(
                    resource.when, when
                )
                items = variables(logical_id)
                is_one_item = items <= variables_in(function.name)
                if has_one_name and is_one_item:
                    return of_resource(logical_id, function.qualifier)
        return None


class ByFunction(Generic[T]):
    """What belongs to functions, found by any function that may be one of them."""

    def __init__(
        self, functions: Functions, items: Iterable[tuple[T, Iterable[LambdaFunction]]]
    ) -> None:
        """Take how functions are named, and each item with the functions that it belongs to."""
        self._functions = functions
        self._items: list[T] = []
        self._numbers: dict[LambdaFunction, list[int]] = {}
        for number, (item, names) in enumerate(items):
            self._items.append(item)
            for key in dict.fromkeys(key for name in names for key in functions.keys(name)):
                self._numbers.setdefault(key, []).append(number)

    def of(self, function: LambdaFunction) -> list[T]:
        """Return the items that may belong to a function, each once."""
        if not self._items:  # pragma: no mutate (a shortcut)
            return []
        numbers = (
            number
            for key in self._functions.keys(function)
            for number in self._numbers.get(key, ())
        )
        return [self._items[number] for number in dict.fromkeys(numbers)]
