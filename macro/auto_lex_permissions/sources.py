"""Who invokes: the ARNs of hook sources, and whether a permission's `SourceArn` matches one.

ARNs are compared as IAM's `ArnLike` compares them, field by field, on words instead of
characters: a reference is one unknown piece of text, which only `*` can stand for.
"""

import json
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final, Literal, NamedTuple

from .code_hooks import BOT, BOT_ALIAS
from .conditions import ALWAYS, Formula, any_of
from .functions import arn_field, partition_of
from .intrinsics import (
    ACCOUNT,
    PARTITION,
    REGION,
    Reference,
    Text,
    Unread,
    Word,
    canonical_json,
    split,
    text,
    without_space,
)
from .loops import as_part, is_item
from .template import OUTSIDE, Resource, Scope, Template, present

TEST_ALIAS_ID: Final = "TSTALIASID"
_LEX_ARN: Final = "arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}"
_PLAIN_ATTRIBUTE: Final = re.compile(r"[\w.-]*")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
_DYNAMIC_REFERENCE: Final = re.compile(r"\{\{resolve:[^{}]*\}\}")
_ARN_FIELDS: Final = 6
_ALIAS_PARTS: Final = 3
_OWN_LEX: Final[Text] = ("arn:", PARTITION, ":lex:", REGION, ":", ACCOUNT, ":")


_LABELS: Final = {
    "bot-alias": "bot alias",
    "test-alias": "the test alias of bot",
    "bot": "all aliases of bot",
}


class HookSource(NamedTuple):
    """Who invokes: a bot alias, a bot's test alias, or under `SourceScope: Bot` a whole bot.

    `key` is the canonical name: a reference to the resource, or a bot's id. `bot_id` is the
    author's expression for a bot's id as canonical JSON, where no reference says it.
    """

    kind: Literal["bot-alias", "test-alias", "bot"]
    key: Text
    bot_id: str = ""

    @property
    def name(self) -> str:
        """Return the name that the author knows it by: a logical id, or the id of a bot."""
        names = [_name(word) for word in self.key]
        return "BotId" if None in names else "".join(filter(None, names))

    @property
    def label(self) -> str:
        """Return what it is, in words."""
        return f"{_LABELS[self.kind]} {self.name}"

    def arn(self, scope: Scope = OUTSIDE) -> object:
        """Return the expression for `SourceArn` in a scope, as narrow as it may be (rule 2.1)."""
        last = TEST_ALIAS_ID if self.kind == "test-alias" else "*"
        taken = {variable.name for variable in scope.variables}
        match self.kind, self.key:
            case ("bot-alias", (Reference(logical_id, _),)):
                return Reference(logical_id, "Arn").expression
            case (_, (Reference(logical_id, attribute) as bot,)) if not self.bot_id:
                is_plain = logical_id.isalnum() and _PLAIN_ATTRIBUTE.fullmatch(attribute)
                if is_plain and logical_id not in taken:
                    return {"Fn::Sub": f"{_LEX_ARN}:bot-alias/${{{self.name}}}/{last}"}
                # What `${…}` cannot hold: a loop's variable, what one would hide, an odd name.
                if logical_id in taken or "." in logical_id:
                    # Nor can `Ref` hold these: a loop would take the name, a dot would split it.
                    bot = Reference(logical_id, attribute or "Id")
                return _alias_of(bot.expression, last, taken)
        return _alias_of(json.loads(self.bot_id), last, taken)


def _alias_of(bot_id: object, alias: str, taken: AbstractSet[str]) -> object:
    """Return the expression for the ARN of an alias whose bot no plain reference names.

    Loops whose variables are `taken` stand around it, and would put their items in, too.
    """
    more = (f"IdOfBot{number}" for number in range(2, len(taken) + 2))
    name = next(name for name in ("BotId", "IdOfBot", *more) if name not in taken)
    return {"Fn::Sub": [f"{_LEX_ARN}:bot-alias/${{{name}}}/{alias}", {name: bot_id}]}


def _name(word: Word) -> str | None:
    match word:
        case Reference(logical_id, attribute):
            return f"{as_part(logical_id)}.{attribute}" if attribute else as_part(logical_id)
        case Unread():
            return None
    return word


class Sources:
    """The hook sources of a template, as `SourceArn`s see them."""

    def __init__(self, template: Template) -> None:
        """Take the template whose bots and bot aliases are meant."""
        self._template = template
        self._known: dict[tuple[str, bool], list[tuple[HookSource, Formula]]] = {}
        self._bots: dict[Text, Text] = {}
        self._whole: dict[Text, HookSource | None] = {}

    def of(self, resource: Resource, *, by_bot: bool) -> list[tuple[HookSource, Formula]]:
        """Return who invokes at the hooks of a bot or bot alias, and when.

        A whole bot can be told only where the alias names one; else it is the alias alone.
        """
        key = (resource.logical_id, by_bot)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._of(resource, by_bot=by_bot)
        return known

    def _of(self, resource: Resource, *, by_bot: bool) -> list[tuple[HookSource, Formula]]:
        this = (Reference(resource.logical_id),)
        if resource.type == BOT:
            whole = self._bot(this) if by_bot else None
            return [(whole or HookSource("test-alias", this), resource.life)]
        alone = HookSource("bot-alias", this)
        bots = self.bots(resource) if by_bot else ()
        found = [(self._bot(bot) or alone, life) for bot, life in bots]
        return found or [(alone, resource.life)]

    def _bot(self, bot: Text) -> HookSource | None:
        """Return all aliases of a bot as one hook source; None of what is no bot's id.

        That is an ARN, or what would mean several bots in one.
        """
        if bot not in self._whole:
            is_id = not _holds(self._expanded(bot), "*?:/")
            self._whole[bot] = HookSource("bot", bot, self._spelled(bot)) if is_id else None
        return self._whole[bot]

    def _spelled(self, bot: Text) -> str:
        """Return the first spelling in sorted JSON of a bot's id, unless it is a reference."""
        match bot:
            case (Reference(logical_id, _),) if not is_item(logical_id):
                return ""
        return min(
            canonical_json(branch.value)
            for alias in self._template.of_type(BOT_ALIAS)
            for branch in present(alias.values("BotId"))
            if self.bot_id(branch.value) == bot
        )

    def matches(self, source_arn: object, source: Resource) -> Formula:
        """Return when a `SourceArn` is proved to match the hook source's own ARN."""
        words = without_space(text(source_arn))
        if words == (Reference(source.logical_id, "Arn"),) and source.type == BOT_ALIAS:
            return ALWAYS
        pattern = self._fields(self._expanded(words))
        return any_of(
            life
            for arn, life in self._arns(source)
            if len(pattern) == len(arn) and all(map(like, pattern, arn))
        )

    def is_wide(self, source_arn: object) -> bool:
        """Tell whether a `SourceArn` holds a wildcard."""
        return _holds(text(source_arn), "*?")

    def is_whole_bot(self, source_arn: object) -> bool:
        """Tell whether a `SourceArn` means all aliases of one bot, which `SourceScope: Bot` is."""
        fields = self._fields(self._expanded(without_space(text(source_arn))))
        match split(fields[-1], "/"):
            case [("bot-alias",), bot, ("*",)]:
                return not self.is_wide("".join(w for w in bot if isinstance(w, str)))
        return False

    def is_no_alias(self, source_arn: object) -> bool:
        """Tell whether a `SourceArn` is proved to be no bot alias's: `bot/…`, or too long."""
        fields = self._fields(self._expanded(without_space(text(source_arn))))
        if len(fields) != _ARN_FIELDS:
            return False
        parts = split(fields[-1], "/")
        return parts[0] == ("bot",) or len(parts) > _ALIAS_PARTS

    def _arns(self, source: Resource) -> Iterator[tuple[list[Text], Formula]]:
        """Yield the fields of each ARN that the hook source may have, and when it has it."""
        if source.type == BOT:
            test = ("bot-alias/", Reference(source.logical_id), f"/{TEST_ALIAS_ID}")
            yield self._fields((*_OWN_LEX, *test)), source.life
            return
        for bot, life in self.bots(source):
            yield self._fields(self._alias_arn(source.logical_id, bot)), life

    def bots(self, alias: Resource) -> Iterator[tuple[Text, Formula]]:
        """Yield each canonical bot id that a bot alias may have, and when it has it."""
        for branch in present(alias.values("BotId")):
            yield self.bot_id(branch.value), branch.life

    def bot_id(self, expression: object) -> Text:
        """Return an expression for a bot's id as the one text of all its spellings."""
        words = without_space(text(expression))
        known = self._bots.get(words)
        if known is None:
            pieces = tuple(piece for word in words for piece in self._bot_word(word))
            known = self._bots[words] = pieces
        return known

    def _bot_word(self, word: Word) -> Text:
        """Return a reference to a bot's id as the reference to the bot, other words as they are.

        A dynamic reference is left unread, whatever colons and slashes it holds.
        """
        if isinstance(word, str):
            return tuple(filter(None, _with_dynamic_references(word)))
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

    def _alias_arn(self, logical_id: str, bot: Text) -> Text:
        return (*_OWN_LEX, "bot-alias/", *bot, "/", Reference(logical_id, "BotAliasId"))

    def _expanded(self, words: Text) -> Text:
        """Write out the references whose text is known to hold others."""
        return tuple(piece for word in words for piece in self._expansion(word))

    def _expansion(self, word: Word) -> Text:
        match word:
            case Reference(logical_id, "Arn"):
                resource = self._template.find(logical_id)
                if resource and resource.type == BOT:
                    return (*_OWN_LEX, "bot/", Reference(logical_id))
                if resource and resource.type == BOT_ALIAS:
                    bots = [bot for bot, _ in self.bots(resource)]
                    return self._alias_arn(logical_id, bots[0]) if len(bots) == 1 else (word,)
        return self._bot_word(word)

    def _fields(self, words: Text) -> list[Text]:
        """Split an ARN; the request's own literal values become pseudo parameters."""
        fields = split(words, ":")
        owns = (
            (1, PARTITION, partition_of(self._template.region)),
            (3, REGION, self._template.region),
            (4, ACCOUNT, self._template.account),
        )
        for place, own, literal in owns:
            if place < len(fields):
                fields[place] = arn_field(fields[place], own, literal)
        return fields


def _with_dynamic_references(literal: str) -> Iterator[Word]:
    """Yield the pieces of a literal between its dynamic references, and these left unread."""
    position = 0
    for found in _DYNAMIC_REFERENCE.finditer(literal):
        yield literal[position : found.start()]
        position = found.end()
        yield Unread(found[0])
    yield literal[position:]


def _holds(words: Text, characters: str) -> bool:
    return any(isinstance(word, str) and not set(word).isdisjoint(characters) for word in words)


def like(pattern: Text, field: Text) -> bool:
    """Tell whether a field matches a pattern of `*`, `?`, characters and references."""
    wanted, given = _pieces(pattern), _pieces(field)
    # The places in `given` that the pattern read so far can have reached.
    reached = {0}
    for piece in wanted:
        if piece == "*":
            reached = set(range(min(reached), len(given) + 1))
        else:
            reached = {
                place + 1
                for place in reached
                if place < len(given)
                and (piece == given[place] or (piece == "?" and isinstance(given[place], str)))
            }
        if not reached:
            return False
    return len(given) in reached


def _pieces(words: Text) -> list[Word]:
    """Return the characters and references of a text."""
    return [piece for word in words for piece in (word if isinstance(word, str) else (word,))]
