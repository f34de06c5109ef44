"""Which Lambda function an expression names, so that two spellings of one can be compared.

An expression becomes a `LambdaFunction`: the fields of its ARN as texts. A function of the
template is named by its logical id; text that equals a resource's own `FunctionName` names that
resource too, but only where the resource lives.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from .conditions import ALWAYS, NEVER, Formula, all_of, any_of
from .intrinsics import (
    ACCOUNT,
    PARTITION,
    REGION,
    Reference,
    Text,
    canonical_json,
    split,
    text,
    without_space,
)
from .loops import variables
from .template import Resource, Template, present

FUNCTION_TYPES: Final = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_OWN: Final = ((PARTITION,), (REGION,), (ACCOUNT,))
# https://docs.aws.amazon.com/general/latest/gr/aws-arns-and-namespaces.html
_PARTITIONS: Final = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}


class LambdaFunction(NamedTuple):
    """A function with its qualifier; of an expression left unread only the name is there."""

    partition: Text
    region: Text
    account: Text
    name: Text
    qualifier: Text = ()

    @property
    def is_own(self) -> bool:
        """Tell whether it is in the account and Region of the stack."""
        return (self.partition, self.region, self.account) == _OWN

    @property
    def is_reference(self) -> bool:
        """Tell whether it is named by one reference alone."""
        return not self.qualifier and len(self.name) == 1 and isinstance(self.name[0], Reference)

    @property
    def unqualified(self) -> "LambdaFunction":
        """Return the function without its qualifier."""
        return self._replace(qualifier=())


def arn_field(field: Text, own: Reference, literal: str) -> Text:
    """Return an ARN's field; the request's own literal value is the pseudo parameter."""
    return (own,) if field == (literal,) else field


def partition_of(region: str) -> str:
    """Return the partition that a Region belongs to."""
    return next((p for prefix, p in _PARTITIONS.items() if region.startswith(prefix)), "aws")


class Functions:
    """The functions that a template's expressions name."""

    def __init__(self, template: Template) -> None:
        """Take the template whose functions, aliases and versions are meant."""
        self._template = template
        self._known: dict[Text, LambdaFunction] = {}
        self._keys: dict[LambdaFunction, LambdaFunction] = {}

    def hooked(self, expression: object) -> LambdaFunction:
        """Return what a hook's `LambdaArn` names."""
        return self.named_by(without_space(text(expression)))

    def named_by(self, words: Text) -> LambdaFunction:
        """Return what a text without white space names."""
        known = self._known.get(words)
        if known is None:
            known = self._known[words] = self._read(words, through_aliases=True)
        return known

    def granted(self, expression: object) -> tuple[LambdaFunction, ...]:
        """Return what a permission's `FunctionName` may name: a whole ARN, or a bare name."""
        found = self.hooked(expression)
        if found.account:
            return (found,)
        return found, LambdaFunction(*_OWN, found.name, found.qualifier)

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
        return LambdaFunction((), (), (), words)

    def _own_fields(self, partition: Text, region: Text, account: Text) -> tuple[Text, Text, Text]:
        template = self._template
        return (
            arn_field(partition, PARTITION, partition_of(template.region)),
            arn_field(region, REGION, template.region),
            arn_field(account, ACCOUNT, template.account),
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
        return LambdaFunction((), (), (), base, qualifier)

    def _referred(
        self, resource: Resource | None, attribute: str, *, through_aliases: bool
    ) -> LambdaFunction | None:
        """Return what a reference to a resource names, or None where it is no function."""
        if resource is None:
            return None
        this = self.of_resource(resource.logical_id, ())
        match resource.type, attribute:
            case ("AWS::Lambda::Function" | "AWS::Serverless::Function", "" | "Arn"):
                return this
            case ("AWS::Serverless::Function", "Alias" | "Version"):
                name = self.published_alias(resource) if attribute == "Alias" else None
                unknown = (Reference(resource.logical_id, attribute),)
                return this._replace(qualifier=unknown if name is None else text(name))
        return self._of_qualifier(resource, attribute) if through_aliases else None

    def _of_qualifier(self, resource: Resource, attribute: str) -> LambdaFunction | None:
        """Return the function and qualifier that a Lambda alias or version resource makes."""
        match resource.type, attribute:
            case ("AWS::Lambda::Alias", "" | "AliasArn"):
                name = resource.sole("Name")
            case ("AWS::Lambda::Version", "" | "FunctionArn"):
                name = {"Fn::GetAtt": [resource.logical_id, "Version"]}
            case _:
                return None
        function = resource.sole("FunctionName")
        if function is None or name is None:
            return None
        base = self._read(without_space(text(function)), through_aliases=False)
        if not base.account and any(isinstance(word, str) for word in base.name):
            # A text put together that is no ARN is the name of a function of this account.
            base = LambdaFunction(*_OWN, base.name, base.qualifier)
        return None if base.qualifier else base._replace(qualifier=without_space(text(name)))

    def published_alias(self, resource: Resource) -> object:
        """Return the `AutoPublishAlias` of a SAM function, own or from Globals, or None."""
        if any(present(resource.values("AutoPublishAlias"))):
            return resource.sole("AutoPublishAlias")
        shared = self._template.section("Globals").get("Function")
        return shared.get("AutoPublishAlias") if isinstance(shared, dict) else None

    @cached_property
    def _by_name(self) -> Mapping[Text, dict[str, Formula]]:
        """Return, by `FunctionName` text, the resources that have it, and when."""
        named: dict[Text, dict[str, Formula]] = {}
        for resource in self._template.of_type(*FUNCTION_TYPES):
            for branch in present(resource.values("FunctionName")):
                lives = named.setdefault(without_space(text(branch.value)), {})
                before = lives.get(resource.logical_id, NEVER)
                lives[resource.logical_id] = any_of((before, branch.life))
        return named

    def resources(self, function: LambdaFunction) -> Mapping[str, Formula]:
        """Return the resources of the template that may be this function, and when they are."""
        if not function.is_own:
            return {}
        referred = self._resource(function)
        return {referred: ALWAYS} if referred else self._by_name.get(function.name, {})

    def _resource(self, function: LambdaFunction) -> str:
        """Return the logical id by which a function is referred to, or nothing."""
        match function.name:
            case (Reference(logical_id, ""),) if (
                self._template.type_of(logical_id) in FUNCTION_TYPES
            ):
                return logical_id
        return ""

    def is_by_text(self, function: LambdaFunction) -> bool:
        """Tell whether a function is named as a resource of the template is, not by its id."""
        return bool(self.resources(function)) and not self._resource(function)

    def names(self, function: LambdaFunction) -> Iterator[LambdaFunction]:
        """Yield the names of a function; two spellings of one function share a name."""
        yield function
        for logical_id in self.resources(function):
            yield self.of_resource(logical_id, function.qualifier)

    def key(self, function: LambdaFunction) -> LambdaFunction:
        """Return the one value that stands for all spellings of a function.

        Text that can be but one resource of the template stands for that resource, whether or
        not the resource lives everywhere: so an id does not depend on conditions. Of a resource
        with several names, one under each condition, text names but one; and of a loop's functions
        that all have one name, any.
        """
        known = self._keys.get(function)
        if known is None:
            named = self.resources(function)
            told = variables(canonical_json(function.name))
            sole = [
                one
                for one, life in named.items()
                if self._is_sole(one, life) and variables(one) <= told
            ]
            known = self._keys[function] = (
                self.of_resource(sole[0], function.qualifier)
                if len(sole) == len(named) == 1
                else function
            )
        return known

    def _is_sole(self, logical_id: str, life: Formula) -> bool:
        """Tell whether a name that a resource has under a formula is its name wherever it lives."""
        resource = self._template.find(logical_id)
        return not resource or self._template.conditions.implies(resource.life, life)

    @staticmethod
    def of_resource(logical_id: str, qualifier: Text) -> LambdaFunction:
        """Return a function of the template, with a qualifier."""
        return LambdaFunction(*_OWN, (Reference(logical_id),), qualifier)

    def same(self, one: LambdaFunction, other: LambdaFunction) -> Formula:
        """Return when two spellings are proved to name the same function and qualifier."""
        if one == other:
            return ALWAYS
        if one.qualifier != other.qualifier:
            return NEVER
        return any_of(self._common(one, other))

    def different(self, one: LambdaFunction, other: LambdaFunction) -> bool:
        """Tell whether two functions are proved never to be the same one.

        Logical ids and literals tell; what a parameter or an import holds is not known.
        """
        names = (self._plain(one), self._plain(other))
        if None not in names and names[0] != names[1]:
            return True
        literal = all(isinstance(word, str) for word in (*one.qualifier, *other.qualifier))
        return literal and one.qualifier != other.qualifier and None not in names

    def _plain(self, function: LambdaFunction) -> LambdaFunction | None:
        """Return a function's own name, without its qualifier, where that is known for sure."""
        fields = (*function.partition, *function.region, *function.account)
        known = all(
            isinstance(word, str)
            or (isinstance(word, Reference) and word.logical_id.startswith("AWS::"))
            for word in fields
        )
        key = self.key(function)
        match key.name:
            case (str(),) if known:
                return key.unqualified
        return key.unqualified if self._resource(key) else None

    def _common(self, one: LambdaFunction, other: LambdaFunction) -> Iterator[Formula]:
        others = self.resources(other)
        for logical_id, life in self.resources(one).items():
            if logical_id in others:
                yield all_of((life, others[logical_id]))
