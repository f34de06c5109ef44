"""Whether a text may turn out to hold a wildcard, as far as the template itself says.

A bot's id that a parameter, a mapping, a list or a loop gives may be `*`, and a permission for all
aliases of that bot would then let in every bot of the account (rule 5.2). Looked through are the
defaults and allowed values of parameters, mappings, the collections of loops, and whatever else is
written inside of an expression. What another stack exports or Systems Manager keeps is not seen.
"""

from collections.abc import Callable, Iterator

from .cfn.intrinsics import Reference, Text, Word, canonical_json, references
from .cfn.loops import variables
from .cfn.template import Template


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
                return self._may_come_from(name)
        return self._may_be_in_value(word.expression)

    def _may_be_in_value(self, value: object) -> bool:
        return (
            _is_written_in(value)
            or any(self._may_come_from(reference.logical_id) for reference in references(value))
            or any(map(self._may_be_mapped_by, _mappings_in(value)))
        )

    def _may_come_from(self, name: str) -> bool:
        """Return whether a parameter, or the variables of loops in a name, may give a wildcard."""
        parameter = self._template.section("Parameters").get(name)
        if isinstance(parameter, dict) and not str(parameter.get("Type")).startswith("AWS::SSM::"):
            values = [parameter.get("Default"), parameter.get("AllowedValues")]
            return self._once(("Parameters", name), _is_written_in, values)
        return any(
            self._once(variable, self._may_be_in_value, self._template.collections.get(variable))
            for variable in variables(name)
        )

    def _may_be_mapped_by(self, name: object) -> bool:
        """Return whether a mapping may give a wildcard; of an unknown name, any of them."""
        mappings = self._template.section("Mappings")
        names = [name] if isinstance(name, str) else [*mappings]
        return any(
            self._once(("Mappings", one), _is_written_in, mappings.get(one)) for one in names
        )

    def _once(self, part: tuple[str, str], test: Callable[[object], bool], value: object) -> bool:
        if part not in self._known:
            self._known[part] = test(value)
        return self._known[part]


def _is_written_in(value: object) -> bool:
    written = canonical_json(value)
    return "*" in written or "?" in written


def _mappings_in(value: object) -> Iterator[object]:
    """Yield the name, or the expression for it, of each mapping that is looked up in a value."""
    stack = [value]
    while stack:
        match stack.pop():
            case {"Fn::FindInMap": [name, *keys]}:
                yield name
                stack += keys
            case dict(item):
                stack += item.values()
            case list(items):
                stack += items
