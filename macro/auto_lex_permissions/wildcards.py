"""Whether a text may turn out to hold a wildcard, as far as the template itself says.

A bot's id that a parameter, a mapping, a list or a loop gives may be `*`, and a permission for all
aliases of that bot would then let in every bot of the account (rule 5.2). Looked through are the
defaults and allowed values of parameters, mappings, the collections of loops, and whatever else is
written inside of an expression. What another stack exports or Systems Manager keeps is not seen.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from .cfn.intrinsics import Reference, Text, Word, canonical_json, name_of, references
from .cfn.loops import can_come_to, is_item, variables
from .cfn.template import Template

_LOOKING: Final = "Looking for wildcards in parameters and mappings"


class Wildcards:
    """Where a template may hold a wildcard; each part of it is looked into once."""

    def __init__(self, template: Template) -> None:
        """Take the template whose parameters, mappings and loops give values."""
        self._template = template
        self._known: dict[tuple[str, str], bool] = {}

    def may_be_in(self, words: Text) -> bool:
        """Return whether a text may hold `*` or `?`."""
        return any(map(self._may_be_in_word, words))

    def _may_be_in_word(self, word: Word) -> bool:
        match word:
            case str():
                return "*" in word or "?" in word
            case Reference(name):
                return self._may_be_in_items(name) or self._may_be_a_parameter(name)
        return self._may_be_in_value(word.expression)

    def _may_be_in_value(self, value: object) -> bool:
        return (
            _is_written_in(value)
            or self._may_be_in_items(canonical_json(value))
            or any(self._may_be_a_parameter(one.logical_id) for one in references(value))
            or any(self._may_come_from("Mappings", name) for name in _mappings_in(value))
        )

    def _may_be_in_items(self, text: str) -> bool:
        """Return whether the variables of loops in a text may be a wildcard, or hold one."""
        collections = self._template.collections
        return any(
            self._once(variable, partial(self._may_be_in_value, collections.get(variable)))
            for variable in sorted(variables(text))
        )

    def _may_be_a_parameter(self, name: str) -> bool:
        return not is_item(name) and self._may_come_from("Parameters", name)

    def _may_come_from(self, section: str, name: str | None) -> bool:
        """Return whether a parameter or mapping of a name may give a wildcard.

        A name that holds variables of loops is that of several; one that is not known, of any.
        """
        return self._once((section, name or ""), lambda: any(self._given_by(section, name)))

    def _given_by(self, section: str, name: str | None) -> Iterator[bool]:
        entries = self._template.section(section)
        if name is not None and not variables(name):
            named = [name] if name in entries else []
        else:
            self._template.budget.spend(len(entries), _LOOKING)
            named = [one for one in entries if name is None or can_come_to(name, one)]
        for one in named:
            value = entries[one]
            yield _is_written_in(_values(value) if section == "Parameters" else value)

    def _once(self, part: tuple[str, str], test: Callable[[], bool]) -> bool:
        if part not in self._known:
            self._known[part] = test()
        return self._known[part]


def _values(parameter: object) -> object:
    """Return what a parameter may be, as far as it says; of one of Systems Manager, nothing."""
    match parameter:
        case {"Type": str(kind)} if kind.startswith("AWS::SSM::"):
            return None
        case dict():
            return [parameter.get("Default"), parameter.get("AllowedValues")]
    return None


def _is_written_in(value: object) -> bool:
    written = canonical_json(value)
    return "*" in written or "?" in written


def _mappings_in(value: object) -> Iterator[str | None]:
    """Yield the name of each mapping that is looked up in a value, None of one not written out."""
    stack = [value]
    while stack:
        match stack.pop():
            case {"Fn::FindInMap": [name, *keys]}:
                yield name_of(name)
                stack += [name, *keys]
            case dict(item):
                stack += item.values()
            case list(items):
                stack += items
