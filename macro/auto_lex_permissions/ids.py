"""Logical ids of generated permissions. They are a promise: no later version changes one (2.5).

An id is readable letters for the caller and for the function, and eight digits of a SHA-256 over
both. It depends on nothing else: not on the order of locales, on other aliases, on the values of
parameters, or on how an expression is spelled. Whatever is changed here, tests/releases has to stay
green: an id that changes is a permission that CloudFormation replaces under a running bot.
"""

import re
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from .cfn.digests import digest
from .cfn.intrinsics import Reference, Text, Unread, Word
from .cfn.loops import is_item, split_at_marks, unmark_text, variables
from .cfn.template import Scope
from .grants import Grant

_VERBS: Final = {
    "bot-alias": "Invokes",
    "test-alias": "TestAliasInvokes",
    "bot": "AliasesInvoke",
}
# Two readable parts of 22 characters, the words between them and 8 hex digits stay under 64.
_LONGEST_PART: Final = 22
# So that (1, 11) and (11, 1) are two ids.
_BETWEEN_VARIABLES: Final = "X"
_NO_LETTERS: Final = re.compile("[^0-9A-Za-z]")


class Placement(NamedTuple):
    """A grant, and by which name its permission stands in which scope."""

    logical_id: str
    scope: Scope
    grant: Grant


def placement_of(grant: Grant) -> Placement | None:
    """Return where the permission of a grant stands, None where there is no such place."""
    if grant.scope is None:
        return None
    return Placement(logical_id(grant, grant.scope), grant.scope, grant)


def logical_id(grant: Grant, scope: Scope) -> str:
    """Return the logical id of a grant's permission, at most 255 characters of plain names.

    In a loop it holds the loop's variables: the rest is the same for all items.

    Example: `LiveInvokesOrders1a2b3c4d`.
    """
    caller = _readable_part(grant.caller.name) or "Bot"
    function = _readable_part(grant.canonical.name) or "Function"
    words = f"{caller}{_VERBS[grant.caller.kind]}{function}"
    known = variables(words)
    # Of several variables of one name a text holds the outermost.
    held = {variable.name: variable for variable in reversed(scope.variables)}
    missing = [
        held[variable.name].mark_in_id
        for variable in scope.variables
        if (variable.name, variable.collection) not in known
    ]
    between = _BETWEEN_VARIABLES if len(known) + len(missing) > 1 else ""
    return f"{words}{''.join(between + mark for mark in missing)}{_digest(grant)}"


def _readable_part(words: Text) -> str:
    """Return readable letters for a text: those of the first logical id of the template in it."""
    for word in words:
        if (
            isinstance(word, Reference)
            and not word.logical_id.startswith("AWS::")
            and not is_item(word.logical_id)
        ):
            return _letters(word.logical_id)
    return ""


def _letters(logical_id: str) -> str:
    """Return the letters of a logical id as far as there is room, and all its variables.

    What stands between two variables stays whole: it keeps the author's ids apart, and so ours.
    """
    parts: list[str] = []
    room = _LONGEST_PART
    pieces = split_at_marks(logical_id)
    for number, (literal, mark) in enumerate(pieces):
        letters = _NO_LETTERS.sub("", literal)
        if number in {0, len(pieces) - 1}:
            letters = letters[:room]
        room = max(room - len(letters), 0)
        parts.append(letters + mark)
    return "".join(parts)


def _digest(grant: Grant) -> str:
    """Hash the canonical caller and the canonical function."""
    caller = f'["{grant.caller.kind}",{_encoded(grant.caller.name)}]'
    function = ",".join(map(_encoded, grant.canonical))
    return digest(f"[{caller},[{function}]]")


def _encoded(words: Text) -> str:
    """Return a text as canonical JSON that no other text has."""
    return f"[{','.join(map(_encoded_word, words))}]"


def _encoded_word(word: Word) -> str:
    match word:
        case Reference(logical_id, attribute):
            name = encode_basestring(unmark_text(logical_id))
            return f'{{"reference":[{name},{encode_basestring(attribute)}]}}'
        case Unread(json):
            return f'{{"expression":{encode_basestring(unmark_text(json))}}}'
    return encode_basestring(word)
