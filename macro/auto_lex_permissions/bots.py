"""Who invokes: bots and bot aliases, their ARNs, and which of them a `SourceArn` means."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Final, Literal, NamedTuple

from .cfn.formulas import ALWAYS, Formula, any_of
from .cfn.intrinsics import (
    ACCOUNT,
    LONGEST_NAME,
    PARTITION,
    REGION,
    Reference,
    Text,
    Unread,
    Word,
    canonical_json,
    is_literal,
    merged,
    split,
    text,
    with_dynamic_references,
    without_space,
)
from .cfn.loops import as_part, is_item, unmark_text
from .cfn.template import OUTSIDE, Resource, Scope, Template
from .code_hooks import BOT, BOT_ALIAS
from .iam import (
    ANYONE,
    ARN_FIELDS,
    LONGEST_ARN,
    Arn,
    arn_of,
    compared_length,
    has_wildcard,
    matches_arn,
    own_field,
    partition_of,
    steps_of_matching,
)
from .wildcards import Wildcards

TEST_ALIAS_ID: Final = "TSTALIASID"
_LEX_ARN: Final = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}"
_OWN_LEX: Final[Text] = ("arn:", PARTITION, ":lex:", REGION, ":", ACCOUNT, ":")
_PLAIN_ATTRIBUTE: Final = re.compile(r"[\w.-]*")
# What no bot's id holds: a text with one of these is an ARN.
_NOT_IN_IDS: Final = frozenset(":/")
# Where an ARN has what differs between deployments.
_PLACES: Final = {"partition": 1, "Region": 3, "account": 4}
# https://docs.aws.amazon.com/lexv2/latest/APIReference/API_BotAliasSummary.html
_ALIAS_ID: Final = re.compile("[0-9A-Za-z]{10}")
_CUSTOM: Final = "AWS::CloudFormation::CustomResource"
# The attributes of resources that are ids or ARNs; none is what `Ref` returns.
_IDS: Final = frozenset({"", "Id", "Arn", "BotAliasId"})
# An ARN of Lex's ends in `bot-alias/BOT/ALIAS`.
_PARTS: Final = 3
_LABELS: Final = {
    "bot-alias": "bot alias",
    "test-alias": "the test alias of bot",
    "bot": "all aliases of bot",
}


class Caller(NamedTuple):
    """Who invokes: a bot alias, a bot's test alias, or under `SourceScope: Bot` a whole bot.

    `name` is the canonical text: a reference to the resource, or a bot's id.
    """

    kind: Literal["bot-alias", "test-alias", "bot"]
    name: Text

    @property
    def readable_name(self) -> str:
        """Return the name that the author knows it by: a logical id, or the id of a bot.

        It is `BotId` where there is none, or none as short as names are.
        """
        words = [_readable(word) for word in without_space(self.name)]
        name = "".join(filter(None, words))
        return "BotId" if None in words or len(unmark_text(name)) > LONGEST_NAME else name

    @property
    def label(self) -> str:
        """Return what it is, in words."""
        return f"{_LABELS[self.kind]} {self.readable_name}"


def _readable(word: Word) -> str | None:
    match word:
        case Reference(logical_id, attribute):
            return f"{as_part(logical_id)}.{attribute}" if attribute else as_part(logical_id)
        case Unread():
            return None
    return word


class Bots:
    """The bots and bot aliases of a template, and their ARNs."""

    def __init__(self, template: Template) -> None:
        """Take the template whose bots and bot aliases are meant."""
        self._template = template
        self._wildcards = Wildcards(template)
        self._ids: dict[Text, Text] = {}
        self._are_ids: dict[Text, bool] = {}
        self._bots: dict[str, tuple[tuple[Text, Formula], ...]] = {}
        self._arns: dict[str, tuple[tuple[Arn, Formula], ...]] = {}
        self._texts: dict[str, list[tuple[Text, Formula]]] = {}
        self._keys: dict[str, list[Arn]] = {}

    # Who invokes.

    def callers(self, resource: Resource, *, by_bot: bool) -> list[tuple[Caller, Formula]]:
        """Return who invokes at the hooks of a bot or bot alias, and when.

        A whole bot can be named only where the alias names a single one; else it is the alias
        alone (rule 5.2).
        """
        this = (Reference(resource.logical_id),)
        if resource.type == BOT:
            return [(Caller("bot" if by_bot else "test-alias", this), resource.when)]
        alone = Caller("bot-alias", this)
        bots = self._bots_of(resource) if by_bot else ()
        self._template.budget.spend(len(bots), "Following the bots of bot aliases")
        found = [(Caller("bot", bot) if self._is_id(bot) else alone, when) for bot, when in bots]
        return found or [(alone, resource.when)]

    def _is_id(self, bot: Text) -> bool:
        """Return whether a text is the id of one bot: no ARN, no longer than fits into one.

        It can hold no wildcard, either.
        """
        if bot not in self._are_ids:
            words = self._expanded(bot)
            is_arn = any(isinstance(w, str) and not _NOT_IN_IDS.isdisjoint(w) for w in words)
            is_too_long = compared_length(words) > LONGEST_ARN - len("bot-alias//*")
            may_be_one = not is_arn and not is_too_long
            self._are_ids[bot] = may_be_one and not self._wildcards.may_be_in(words)
        return self._are_ids[bot]

    def _bots_of(self, alias: Resource) -> tuple[tuple[Text, Formula], ...]:
        """Return each bot id that a bot alias may have, and when it has it."""
        if alias.logical_id not in self._bots:
            present = alias.values("BotId").present()
            self._bots[alias.logical_id] = tuple((self.bot_id(v.value), v.when) for v in present)
        return self._bots[alias.logical_id]

    def bot_id(self, expression: object) -> Text:
        """Return an expression for a bot's id as the one text of all its spellings.

        White space in it counts, as in a `SourceArn`: Lex is handed both as they are.
        """
        words = text(expression)
        known = self._ids.get(words)  # pragma: no mutate (only saves time)
        if known is None:
            pieces = map(self._bot_word, with_dynamic_references(words))
            known = self._ids[words] = tuple(piece for found in pieces for piece in found)
        return known

    def _bot_word(self, word: Word) -> Text:
        """Return a reference to a bot's id as the reference to the bot, other words as they are."""
        if isinstance(word, Reference):
            resource = self._template.find(word.logical_id)
            match resource.type if resource else "", word.attribute:
                case ("AWS::Lex::Bot", "Id"):
                    return (Reference(word.logical_id),)
                case ("AWS::Lex::BotVersion", "BotId") if resource:
                    match text(resource.sole("BotId")):
                        case (Reference(logical_id, "" | "Id"),):
                            return (Reference(logical_id),)
        return (word,)

    # Their ARNs, written.

    def source_arn(self, caller: Caller, scope: Scope = OUTSIDE) -> object:
        """Return the expression for `SourceArn` in a scope, as narrow as it may be (rule 2.1)."""
        alias = TEST_ALIAS_ID if caller.kind == "test-alias" else "*"
        taken = {variable.name for variable in scope.variables}
        match caller.kind, caller.name:
            case ("bot-alias", (Reference(logical_id, _),)):
                return Reference(logical_id, "Arn").expression
            case (_, (Reference(logical_id, attribute) as bot,)) if (
                not is_item(logical_id) or caller.name not in self._spelling
            ):
                is_plain = logical_id.isalnum() and _PLAIN_ATTRIBUTE.fullmatch(attribute)
                if is_plain and logical_id not in taken:
                    named = ".".join(filter(None, bot))
                    return {"Fn::Sub": f"{_LEX_ARN}:bot-alias/${{{named}}}/{alias}"}
                # `${…}` holds no loop's variable, nothing that one would hide, and no odd name.
                # Nor can `Ref` hold what a loop's item would replace, or a dot would split.
                if logical_id in taken or "." in logical_id:
                    bot = Reference(logical_id, attribute or "Id")
                bot_id = bot.expression
            case _:
                bot_id = self._spelling[caller.name]
        more = (f"IdOfBot{number}" for number in range(2, len(taken) + 2))
        free = next(name for name in ("BotId", "IdOfBot", *more) if name not in taken)
        return {"Fn::Sub": [f"{_LEX_ARN}:bot-alias/${{{free}}}/{alias}", {free: bot_id}]}

    @cached_property
    def _spelling(self) -> Mapping[Text, object]:
        """Return for each bot's id the first of its expressions, in the order of their JSON.

        The keys of objects are sorted, too: which alias comes first does not show.
        """
        written = (
            canonical_json(bot.value)
            for alias in self._template.of_type(BOT_ALIAS)
            for bot in alias.values("BotId").present()
        )
        expressions = map(json.loads, sorted(written, reverse=True))
        return {self.bot_id(expression): expression for expression in expressions}

    # Their ARNs, read.

    def matches_when(self, pattern: Arn, resource: Resource) -> Formula:
        """Return when a `SourceArn` is proved to match the ARN of a bot's hooks or bot alias's."""
        return any_of(when for arn, when in self.arns(resource) if self._matches(pattern, arn))

    def _matches(self, pattern: Arn, arn: Arn) -> bool:
        self._template.budget.spend(steps_of_matching(pattern, arn), "Matching ARNs with wildcards")
        return matches_arn(pattern, arn)

    def arns(self, resource: Resource) -> tuple[tuple[Arn, Formula], ...]:
        """Return each ARN that a bot's test alias or a bot alias may have, and when it has it."""
        if resource.logical_id not in self._arns:
            self._arns[resource.logical_id] = tuple(self._arns_of(resource))
        return self._arns[resource.logical_id]

    def _arns_of(self, resource: Resource) -> Iterator[tuple[Arn, Formula]]:
        if resource.type == BOT:
            test = ("bot-alias/", Reference(resource.logical_id), f"/{TEST_ALIAS_ID}")
            yield self.own_arn((*_OWN_LEX, *test)), resource.when
            return
        yield ((Reference(resource.logical_id, "Arn"),),), ALWAYS
        for bot, when in self._bots_of(resource):
            yield self.own_arn(_alias_arn(resource.logical_id, bot)), when

    def texts_of_arns(self, resource: Resource) -> list[tuple[Text, Formula]]:
        """Return them as texts, with the request's own literal values."""
        if resource.logical_id not in self._texts:
            self._texts[resource.logical_id] = [
                (self.placed_text(_joined(arn)), when) for arn, when in self.arns(resource)
            ]
        return self._texts[resource.logical_id]

    def keys(self, resource: Resource) -> list[Arn]:
        """Return by what a table may hold the ARNs and patterns that match one of them."""
        if resource.logical_id not in self._keys:
            arns = [arn for arn, _ in self.arns(resource)]
            self._keys[resource.logical_id] = [key for arn in arns for key in _keys_of(arn)]
        found = self._keys[resource.logical_id]
        self._template.budget.spend(len(found), "Looking for the ARNs of bot aliases")
        return found

    def placed(self, source_arn: object) -> Text:
        """Return an expression for a `SourceArn` as text, with the request's own literal values."""
        return self.placed_text(_joined(self.arn(source_arn)))

    def placed_text(self, words: Text) -> Text:
        """Return a text with the request's Region, account and partition where these are known."""
        return tuple(merged(self._own.get(word, word) for word in words))

    @cached_property
    def _own(self) -> Mapping[Word, Word]:
        region, account = self._template.region, self._template.account
        own = {REGION: region, PARTITION: region and partition_of(region), ACCOUNT: account}
        return {reference: literal for reference, literal in own.items() if literal}

    def are_different(self, one: Word, other: Word) -> bool:
        """Return whether two words, one of them a reference, are so in every deployment.

        The ids and ARNs of two bots or bot aliases are. No id or ARN of a resource is empty or a
        wildcard; other attributes, and what a custom resource returns, may be anything.
        """
        match one, other:
            case (Reference() as word, str(literal)) | (str(literal), Reference() as word):
                return literal in ("", *ANYONE) and self._is_id_or_arn(word)
            case Reference(), Reference():
                found = [self._template.find(word.logical_id) for word in (one, other)]
                types = {resource.type if resource else "" for resource in found}
                return (
                    one.attribute == other.attribute
                    and one.logical_id != other.logical_id
                    and len(types) == 1
                    and types <= {BOT, BOT_ALIAS}
                    and not any(resource.scope.loops for resource in found if resource)
                )
        return False

    def _is_id_or_arn(self, word: Reference) -> bool:
        """Return whether a reference is sure to be an id, a name, an ARN or a pseudo parameter."""
        kind = self._template.type_of(word.logical_id)
        is_of_aws = kind.startswith("AWS::") and kind != _CUSTOM
        return word.logical_id.startswith("AWS::") or (is_of_aws and word.attribute in _IDS)

    def arn(self, source_arn: object) -> Arn:
        """Return the fields of the ARN that an expression for `SourceArn` writes.

        White space in it counts: IAM compares it with an ARN that has none.
        """
        words = text(source_arn)
        match words:
            case (Reference(logical_id, "Arn"),) if self._template.type_of(logical_id) == BOT_ALIAS:
                return (words,)
        return self.own_arn(self._expanded(words))

    def _expanded(self, words: Text) -> Text:
        """Write out the references whose text is known to hold others."""
        pieces = map(self._expansion, with_dynamic_references(words))
        return tuple(piece for found in pieces for piece in found)

    def _expansion(self, word: Word) -> Text:
        match word:
            case Reference(logical_id, "Arn"):
                resource = self._template.find(logical_id)
                if resource and resource.type == BOT:
                    return (*_OWN_LEX, "bot/", Reference(logical_id))
                if resource and resource.type == BOT_ALIAS:
                    bots = self._bots_of(resource)
                    return _alias_arn(logical_id, bots[0][0]) if len(bots) == 1 else (word,)
        return self._bot_word(word)

    # What no SourceArn of a bot alias is.

    def faults_of(self, arn: Arn) -> Iterator[str]:
        """Yield why an ARN is sure to match no bot alias's.

        That it is another Region's or account's counts only for what the template makes.
        """
        if ("intent",) in arn[ARN_FIELDS - 1 : ARN_FIELDS]:
            yield "Its SourceArn is that of an intent of Lex V1."
        if any(self._is_alias(word, "") for field in arn for word in field):
            yield "Its SourceArn holds a Ref of the bot alias, which is not its id."
        match split(arn[-1], "/") if len(arn) == ARN_FIELDS else []:
            case [("bot",), *_] | [_, _, _, _, *_]:
                yield "Its SourceArn is not that of a bot alias."
            case [("bot-alias",), bot] if bot in self._known_ids or _is_plain(bot):
                yield "Its SourceArn holds no id of a bot alias."
            case [("bot-alias",), _, alias] if self._is_name(alias):
                yield "Its SourceArn holds a name in place of the bot alias's id."
        if len(arn) == ARN_FIELDS and self._own and self.is_made_here(arn):
            for field, place in _PLACES.items():
                if _is_plain(arn[place]):
                    yield f"Its SourceArn is of another {field}."

    def is_made_here(self, arn: Arn) -> bool:
        """Return whether all that an ARN or pattern means are bot aliases that the template makes.

        So are all aliases of a bot that it makes. One of another bot, whose aliases other stacks
        may make, is not, though an alias of that bot be here.
        """
        match split(arn[-1], "/"):
            case [("bot-alias",), (bot,), *_] if self._is_bot(bot):
                return True
        return self.is_alias_made_here(arn)

    def is_alias_made_here(self, arn: Arn) -> bool:
        """Return whether an ARN means one bot alias that the template makes, or a test alias."""
        if len(arn) == 1:
            return len(arn[0]) == 1 and self._is_alias(arn[0][0], "Arn")
        match split(arn[-1], "/"):
            case [("bot-alias",), bot, (alias,)]:
                is_test_alias = alias == TEST_ALIAS_ID and any(map(self._is_bot, bot))
                return is_test_alias or self._is_alias(alias, "BotAliasId")
        return False

    def _is_bot(self, word: Word) -> bool:
        match word:
            case Reference(logical_id, ""):
                return self._template.type_of(logical_id) == BOT
        return False

    @cached_property
    def _known_ids(self) -> frozenset[Text]:
        """Return what is known to be a bot's id: of the template's bots, and of its aliases'."""
        of_aliases = (
            bot for alias in self._template.of_type(BOT_ALIAS) for bot, _ in self._bots_of(alias)
        )
        made = ((Reference(bot.logical_id),) for bot in self._template.of_type(BOT))
        return frozenset((*of_aliases, *made))

    def _is_name(self, alias: Text) -> bool:
        """Return whether a text is the name of a bot alias, or no id of one."""
        return alias in self._alias_names or (
            _is_plain(alias) and not _ALIAS_ID.fullmatch("".join(map(str, alias)))
        )

    @cached_property
    def _alias_names(self) -> frozenset[Text]:
        return frozenset(
            text(name.value)
            for alias in self._template.of_type(BOT_ALIAS)
            for name in alias.values("BotAliasName").present()
        )

    def _is_alias(self, word: Word, attribute: str) -> bool:
        match word:
            case Reference(logical_id, given):
                is_alias = self._template.type_of(logical_id) == BOT_ALIAS
                return is_alias and given == attribute
        return False

    def own_arn(self, words: Text) -> Arn:
        """Split an ARN; the request's own literal values become pseudo parameters."""
        fields = list(arn_of(words))
        region = self._template.region
        owns = (
            ("partition", PARTITION, partition_of(region)),
            ("Region", REGION, region),
            ("account", ACCOUNT, self._template.account),
        )
        for field, own, literal in owns:
            if (place := _PLACES[field]) < len(fields):
                fields[place] = own_field(fields[place], own, literal)
        return tuple(fields)


def is_whole_bot(pattern: Arn) -> bool:
    """Return whether an ARN means all aliases of one bot, which `SourceScope: Bot` does."""
    if compared_length(pattern[-1]) > LONGEST_ARN:
        return False
    match split(pattern[-1], "/"):
        case [("bot-alias",), bot, ("*",)]:
            return not has_wildcard(bot)
    return False


def _is_plain(words: Text) -> bool:
    """Return whether a text is all literal, and no pattern."""
    return bool(words) and is_literal(words) and not has_wildcard(words)


def key_of(arn: Arn | None) -> Arn | None:
    """Return by what a table holds an ARN or pattern, None of one that the table cannot find.

    It can be found where each part between separators is plain, or a `*` alone. Of fewer parts than
    an ARN has, the last has to be a `*`: any other one may stand for several.
    """
    if arn is None:
        return None
    parts = split(arn[-1], "/", _PARTS - 1)
    is_plain = not any(map(has_wildcard, arn[:-1])) and all(
        part == ANYONE or not has_wildcard(part) for part in parts
    )
    is_whole = len(parts) == _PARTS or parts[-1] == ANYONE or not any(map(has_wildcard, parts))
    return (*arn[:-1], *parts) if is_plain and is_whole else None  # pragma: no mutate (a table)


def _keys_of(arn: Arn) -> Iterator[Arn]:
    """Yield the keys that match an ARN: any part may be a `*`, and the last one stands for all."""
    parts = split(arn[-1], "/", _PARTS - 1)
    for count in range(1, len(parts) + 1):
        choices = [(part, ANYONE) for part in parts[:count]]
        for chosen in product(*choices):
            if count == len(parts) or chosen[-1] == ANYONE:
                yield (*arn[:-1], *chosen)


def _alias_arn(logical_id: str, bot: Text) -> Text:
    return (*_OWN_LEX, "bot-alias/", *bot, "/", Reference(logical_id, "BotAliasId"))


def _joined(arn: Arn) -> Text:
    """Return the fields of an ARN as one text."""
    words = (word for number, field in enumerate(arn) for word in (":" * (number > 0), *field))
    return tuple(merged(words))
