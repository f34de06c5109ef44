"""Resource-based policies as Lambda keeps them, and whether they let Lex invoke a function.

Everything here is concrete: the ARNs of one world (see evaluator.py), no intrinsic functions. What
Lex's call brings along is known in part, so the answers are yes, no, and None where it depends on
what nobody knows. How Lambda turns a permission into a statement:
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
How IAM reads the statement:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

LEX = "lexv2.amazonaws.com"
INVOKE = "lambda:invokefunction"
TEST_ALIAS = "TSTALIASID"
# What stands for a value that only AWS knows (see evaluator.outside).
OUTSIDE = re.compile("value-[0-9a-f]{12}")
PART = re.compile(r"(?<![^:/])[0-9A-Za-z-]+(?![^:/])")
AN_ID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Z]{10}(?![0-9A-Za-z])|value-[0-9a-f]{12}")
ARN = re.compile(r"arn:[^:]+:lambda:(?P<region>[^:]*):(?P<account>[^:]*):function:[^:]+(:[^:]+)?")
PARTIAL_ARN = re.compile(r"(?P<account>[0-9]{12}):function:(?P<name>[^:]+(:[^:]+)?)")
NAME = re.compile(r"(function:)?(?P<name>[^:]+(:[^:]+)?)")
# What a permission may ask for that Lex's invocations do not bring along.
NEVER_IN_A_REQUEST_OF_LEX = (
    "EventSourceToken",
    "PrincipalOrgID",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
)
KNOWN = {
    "Action",
    "FunctionName",
    "Principal",
    "SourceAccount",
    "SourceArn",
    *NEVER_IN_A_REQUEST_OF_LEX,
}


class NotAPolicyError(ValueError):
    """A policy or permission that Lambda would not accept."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a stack is: the Region and account of which its ARNs are."""

    region: str = "us-east-1"
    account: str = "123456789012"
    partition: str = "aws"
    suffix: str = "amazonaws.com"
    stack: str = "stack"

    def arn(self, service: str, rest: str) -> str:
        """Return the ARN of something in this account and Region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    @property
    def names_of_lex(self) -> tuple[str, str]:
        """Return how a policy names Lex V2; its name by AWS::URLSuffix counts where it is not."""
        return LEX, f"lexv2.{self.suffix}"

    def function(self, name: str) -> str:
        """Return the ARN that a function's name, partial ARN or ARN stands for."""
        name = name.strip()
        if ARN.fullmatch(name):
            return name
        partial = PARTIAL_ARN.fullmatch(name)
        if partial:
            rest = f"{partial['account']}:function:{partial['name']}"
            return f"arn:{self.partition}:lambda:{self.region}:{rest}"
        plain = NAME.fullmatch(name)
        if not plain:
            raise NotAPolicyError(f"{name!r} names no function")
        return self.arn("lambda", f"function:{plain['name']}")

    def reaches(self, function: str) -> bool:
        """Return whether a permission of this stack can be put on the function."""
        arn = ARN.fullmatch(function)
        here = (self.region, self.account)
        return arn is not None and (arn["region"], arn["account"]) == here


HOME = Home()


# Keys that Lex's call does not have: a service belongs to no organization, and has no tags.
ABSENT = re.compile(
    r"aws:principalorg(id|paths)|aws:principaltag/.*"
    r"|lambda:(eventsourcetoken|functionurlauthtype|principalorgid|invokedviafunctionurl|nothing)"
)
NEGATED = re.compile(r"(string|arn)not(.+)")


@dataclass(frozen=True, slots=True)
class Call:
    """Lex invokes a function for a caller. `given` are the ids that AWS has given.

    Two of these are distinct, which who only reads the template need not see.
    """

    function: str
    source_arn: str
    home: Home
    given: frozenset[str] = frozenset()
    are_distinct: bool = True

    @property
    def keys(self) -> dict[str, str]:
        """Return the keys whose values are known."""
        return {
            "aws:sourcearn": self.source_arn,
            "aws:sourceaccount": self.home.account,
            "aws:principalisawsservice": "true",
            "aws:principalservicename": LEX,
            "aws:securetransport": "true",
        }


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of an element of a statement, or in its Not… form all but these."""

    patterns: tuple[str, ...]
    negated: bool = False

    def hold(self, matches: Callable[[str], bool | None]) -> bool | None:
        """Return whether the element is about what one of the patterns has to match."""
        found = some(map(matches, self.patterns))
        return not found if self.negated and found is not None else found


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of the policy of one function, version or alias."""

    function: str
    allows: bool
    principals: Patterns
    actions: Patterns
    # Of each operator the keys and the values.
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    resources: Patterns = Patterns(("*",))
    # The permission that makes it, or the empty text for one of a policy document.
    permission: str = field(default="", compare=False)

    def matches(self, call: Call) -> bool | None:
        """Return whether the statement speaks of a call, None where nobody knows."""
        # Whether a NotPrincipal that does not name a service is about it is documented nowhere.
        unsure = [None] if self.principals.negated else []
        return every(
            [
                self.function == call.function,
                self.actions.hold(lambda action: _like(action.lower(), INVOKE)),
                self.resources.hold(lambda arn: _is_about(arn, call)),
                self.principals.hold(lambda service: service in {"*", *call.home.names_of_lex}),
                *unsure,
                *(_holds(condition, call) for condition in self.conditions),
            ]
        )


def _is_about(resource: str, call: Call) -> bool | None:
    """Return whether a Resource means the function of a call.

    A value from elsewhere may be any name; it may be an ARN, though here it does not look like one.
    """
    if OUTSIDE.match(resource):
        resource = call.home.function(resource)
    if resource == "*" or arn_like(resource, call.function):
        return True
    loose, own = (OUTSIDE.sub("*", arn) for arn in (resource, call.function))
    return None if arn_like(loose, call.function) or arn_like(own, resource) else False


def of_permission(name: str, properties: Mapping[str, Any], home: Home) -> Statement:
    """Return the statement that Lambda makes of a permission with these resolved properties."""
    conditions = [
        (operator, key, (_text(properties[property_]),))
        for property_, operator, key in (
            ("SourceArn", "arnlike", "aws:sourcearn"),
            ("SourceAccount", "stringequals", "aws:sourceaccount"),
        )
        if property_ in properties
    ]
    before_resource = _text(properties.get("SourceArn", "")).split(":")[:5]
    has_wildcard = any(wildcard in field for field in before_resource for wildcard in "*?")
    if has_wildcard or not properties.keys() <= KNOWN:
        # Lambda takes no such permission, or nobody knows what it asks for.
        conditions.append(("stringequals", "lambda:nothing", ("",)))
    conditions += [
        ("stringequals", f"lambda:{asked.lower()}", (_text(properties[asked]),))
        for asked in NEVER_IN_A_REQUEST_OF_LEX
        if asked in properties
    ]
    return Statement(
        home.function(_required(properties, "FunctionName")),
        allows=True,
        principals=Patterns((_required(properties, "Principal"),)),
        actions=Patterns((_required(properties, "Action"),)),
        conditions=tuple(conditions),
        permission=name,
    )


def of_document(function: str, document: Any) -> list[Statement]:
    """Return the statements of a resolved policy document that was put on a function."""
    if isinstance(document, str):
        document = json.loads(document)
    if not isinstance(document, dict) or "Statement" not in document:
        raise NotAPolicyError("a document without a Statement")
    return [_of_entry(function, entry) for entry in _list(document["Statement"])]


def _of_entry(function: str, entry: Mapping[str, Any]) -> Statement:
    """Return one entry of a policy document as a statement."""
    return Statement(
        function,
        allows=entry["Effect"] == "Allow",
        principals=_patterns(entry, "Principal"),
        actions=_patterns(entry, "Action"),
        resources=_patterns({"Resource": "*", **entry}, "Resource"),
        conditions=tuple(
            (operator.lower(), key.lower(), tuple(_text(value) for value in _list(values)))
            for operator, keys in entry.get("Condition", {}).items()
            for key, values in keys.items()
        ),
    )


def _patterns(entry: Mapping[str, Any], element: str) -> Patterns:
    """Return an element of an entry, or the one that stands in its place."""
    negated = f"Not{element}" in entry
    value = entry[f"Not{element}" if negated else element]
    if isinstance(value, dict):
        # Of AWS's principals all, of the others the services.
        anyone = [who for who in _list(value.get("AWS", [])) if who == "*"]
        services = _list(value.get("Service", []))
        if "*" in services:
            raise NotAPolicyError("IAM documents no wildcard for a service")
        value = [*anyone, *services]
    return Patterns(tuple(map(_text, _list(value))), negated)


def verdict(statements: Iterable[Statement], call: Call) -> bool | None:
    """Return whether these statements let Lex make a call, None where nobody knows."""
    found = [(statement.allows, statement.matches(call)) for statement in statements]
    denied = some(matches for allows, matches in found if not allows)
    allowed_ = some(matches for allows, matches in found if allows)
    return every([allowed_, None if denied is None else not denied])


def allowed(
    statements: Iterable[Statement],
    function: str,
    source_arn: str,
    home: Home,
) -> bool:
    """Return whether these statements surely let Lex invoke the function for this caller."""
    return verdict(statements, Call(function, source_arn, home)) is True


def every(answers: Iterable[bool | None]) -> bool | None:
    """Return whether all answers are yes: no where one is no, else None where one is None."""
    found = set(answers)
    return False if False in found else None if None in found else True


def some(answers: Iterable[bool | None]) -> bool | None:
    """Return whether one answer is yes: yes where one is yes, else None where one is None."""
    found = set(answers)
    return True if True in found else None if None in found else False


def arn_like(pattern: str, arn: str) -> bool:
    """Compare as IAM's ArnLike does: part by part, * and ? within a part."""
    parts, wanted = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(wanted) == 6 and all(
        _like(*both) for both in zip(wanted, parts, strict=True)
    )


def _holds(condition: tuple[str, str, tuple[str, ...]], call: Call) -> bool | None:
    """Return whether one line of a Condition holds for a call, None where nobody knows."""
    operator, key, values = condition
    quantifier, colon, rest = operator.partition(":")
    operator = rest if colon else operator
    plain = operator.removesuffix("ifexists")
    is_absent = ABSENT.fullmatch(key) is not None
    if not is_absent and key not in call.keys:
        return None
    if plain == "null":
        return ("true" if is_absent else "false") in {value.lower() for value in values}
    negated = NEGATED.fullmatch(plain)
    positive = f"{negated[1]}{negated[2]}" if negated else plain
    if positive not in OPERATORS:
        return None
    if is_absent and colon:
        # Nothing is all that anybody asks for, and never one of them.
        return quantifier == "forallvalues" or plain != operator
    if is_absent:
        return bool(negated) or plain != operator
    found = some(_compared(OPERATORS[positive], value, call.keys[key], call) for value in values)
    return not found if negated and found is not None else found


def _compared(
    matches: Callable[[str, str], bool], pattern: str, value: str, call: Call
) -> bool | None:
    """Return whether a pattern matches a value of a call, None where that depends on ids.

    An id that AWS gives may be the one that somebody has written out or brings from elsewhere.
    """
    if matches(pattern, value):
        return True
    if matches is arn_like and pattern.count(":") < 5:
        # What IAM makes of a pattern that is no ARN is documented nowhere.
        return None
    loose = OUTSIDE.sub("*", pattern)
    compare = _like if loose != pattern and matches is not arn_like else matches
    if not call.are_distinct:
        wide, wider = (_with_any_ids(words, call) for words in (loose, value))
        if matches is not arn_like:
            compare = _like_in_any_case
        if compare(wide, value) or compare(wider, loose):
            return None
    may_match = any(
        compare(one, other)
        for one in _with_ids(loose, value, call)
        for other in _with_ids(value, loose, call)
    )
    return None if may_match else False


def _with_ids(words: str, others: str, call: Call) -> Iterator[str]:
    """Yield a text with parts of another in the place of the ids that are not written out.

    An id may be one that a wildcard of the other text allows, though never a test alias's.
    """
    part = AN_ID if call.are_distinct else PART
    own, parts = (set(part.findall(_plain(one))) for one in (words, others))
    ids = sorted(parts - own - ({*call.given, TEST_ALIAS} if call.are_distinct else set()))
    open_ = [word for word in AN_ID.findall(words) if word in call.given or OUTSIDE.match(word)]
    for chosen in itertools.product(*([word, *ids] for word in open_)):
        whole = words
        for word, other in zip(open_, chosen, strict=True):
            whole = whole.replace(word, other)
        yield whole


def _with_any_ids(words: str, call: Call) -> str:
    """Return a text in which any text may stand for the ids that AWS gives."""
    return AN_ID.sub(lambda word: "*" if word[0] in call.given else word[0], words)


def _plain(pattern: str) -> str:
    """Return the shortest text that a pattern matches."""
    return pattern.replace("*", "").replace("?", "0")


def _like(pattern: str, text: str) -> bool:
    """Match a pattern of * and ? against a whole text."""
    return pattern == text or bool(_expression(pattern).fullmatch(text))


def _like_in_any_case(pattern: str, text: str) -> bool:
    """Match a pattern of * and ? against a whole text, whatever the case of letters."""
    return _like(pattern.lower(), text.lower())


@lru_cache(maxsize=4096)
def _expression(pattern: str) -> re.Pattern[str]:
    """Return a pattern of * and ? as a regular expression."""
    signs = {"*": ".*", "?": "."}
    return re.compile("".join(signs.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)


# How an operator compares a pattern with a value. ArnEquals and ArnLike are the same.
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda pattern, value: pattern == value,
    "stringequalsignorecase": lambda pattern, value: pattern.lower() == value.lower(),
    "stringlike": _like,
    "arnequals": arn_like,
    "arnlike": arn_like,
    "bool": lambda pattern, value: pattern.lower() == value,
}


def _required(properties: Mapping[str, Any], key: str) -> str:
    """Return a property that a permission cannot do without."""
    if not isinstance(properties.get(key), str):
        raise NotAPolicyError(f"a permission without {key}")
    return str(properties[key])


def _list(value: Any) -> list[Any]:
    """Return a list, or the one thing that stands for a list of it."""
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """Return a scalar as CloudFormation hands it over."""
    return str(value).lower() if isinstance(value, bool) else str(value)
