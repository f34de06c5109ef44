"""`graph`: which bots invoke which functions, and whether they may, as a picture or as a tree."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text
from rich.tree import Tree

from auto_lex_permissions.sources import TEST_ALIAS_ID

from .check import function_name
from .console import coloured, print_error, print_tree, write
from .findings import MISTAKE, Hook, State, findings, steps
from .reading import read_bytes, source_of
from .requests import Stack, request_of, uses_macro

# What Mermaid would read as something else inside of quotes: entities by name or by number.
_ENTITIES: Final = str.maketrans({
    "#": "#35;",
    '"': "#quot;",
    "&": "#amp;",
    "<": "#lt;",
    ">": "#gt;",
    "`": "#96;",
    "\\": "#92;",
})  # fmt: skip
# Dark enough on white and bright enough on black.
_COLOURS: Final = {
    State.PERMITTED: "#2da44e",
    State.ADDED: "#2da44e",
    State.MISSING: "#e5534b",
    State.OPTED_OUT: "#8b949e",
    State.UNREACHABLE: "#bf8700",
}
_NOTHING: Final = "no code hooks"


@dataclass(frozen=True, slots=True)
class Edge:
    """A bot alias of a bot invokes a function for a locale, under a condition or always."""

    bot: str
    alias: str
    locale: str
    function: str
    condition: str
    state: State

    @property
    def ends(self) -> tuple[str, str, str, State]:
        """Return what edges have in common that are drawn as one."""
        return self.bot, self.alias, self.function, self.state

    @property
    def when(self) -> str:
        """Return the locale, and the condition where there is one."""
        return f"{self.locale} where {self.condition}" if self.condition else self.locale


def run(template: str, form: str, options: Mapping[str, Any]) -> None:
    """Print a template's hooks as a picture or as a tree; raises UsageError."""
    source = source_of(template, read_bytes(template, sys.stdin.buffer))
    request = request_of(source.template, Stack.of(options), strict=False)
    found = findings(request, by_macro=uses_macro(source.template))
    edges = sorted_edges(edge_of(source.template, hook) for hook in found.hooks)
    if form == "mermaid":
        write(mermaid(edges))
    else:
        print_tree(tree(source.name, edges))
    for note in found.notes:
        if note.code == MISTAKE:
            print_error(f"{source.name}:{source.position(note.path)}: {note.message}")


def sorted_edges(edges: Iterable[Edge]) -> list[Edge]:
    """Return edges with those of one bot together, and in it those of one bot alias."""
    found = list(edges)
    bots = list(dict.fromkeys(edge.bot for edge in found))
    aliases = list(dict.fromkeys((edge.bot, edge.alias) for edge in found))
    return sorted(
        found, key=lambda edge: (bots.index(edge.bot), aliases.index((edge.bot, edge.alias)))
    )


def edge_of(template: Mapping[str, Any], hook: Hook) -> Edge:
    """Return a hook as an edge, with the names that its template has for bot and locale."""
    alias = hook.source.removesuffix(f"/{TEST_ALIAS_ID}")
    is_test = alias != hook.source
    # Paths are those of a whole template, also where the file is a map of resources.
    whole = template if "Resources" in template else {"Resources": template}
    values = list(_along(whole, hook.path))
    return Edge(
        alias if is_test else _bot(values),
        TEST_ALIAS_ID if is_test else alias,
        _locale(values),
        function_name(hook.function),
        _condition(hook.condition),
        hook.state,
    )


def _along(template: Any, path: str) -> Iterator[Any]:
    """Yield the values on the way down a path, as far as they are there."""
    value = template
    for step in steps(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return
        yield value


def _bot(values: list[Any]) -> str:
    bots = (one["BotId"] for one in values if isinstance(one, dict) and "BotId" in one)
    return _name(next(bots, "?"))


def _locale(values: list[Any]) -> str:
    locales = (one["LocaleId"] for one in values if isinstance(one, dict) and "LocaleId" in one)
    return _name(next(locales, "?"))


def _name(expression: Any) -> str:
    """Return the name of a bot or of a locale, without what says that it is an id."""
    return function_name(expression).removesuffix(".Id")


def _condition(condition: Any) -> str:
    match condition:
        case None:
            return ""
        case {"Condition": str(name)}:
            return name
    return json.dumps(condition, ensure_ascii=False)


def tree(name: str, edges: list[Edge]) -> Tree:
    """Return the edges as a tree: bots, their bot aliases, what these invoke."""
    root = Tree(Text(name))
    bots: dict[str, Tree] = {}
    aliases: dict[tuple[str, str], Tree] = {}
    for edge in edges:
        if edge.bot not in bots:
            bots[edge.bot] = root.add(Text(f"bot {edge.bot}"))
        key = edge.bot, edge.alias
        if key not in aliases:
            aliases[key] = bots[edge.bot].add(Text(f"alias {edge.alias}"))
        label = f"{edge.when}: {edge.function}: "
        aliases[key].add(Text.assemble(label, coloured(edge.state.value)))
    if not edges:
        root.add(Text(_NOTHING))
    return root


def mermaid(edges: list[Edge]) -> str:
    """Return the edges as a flow chart of Mermaid; the same template gives the same text."""
    if not edges:
        return f'flowchart LR\n  none["{_NOTHING}"]\n'
    nodes = _Nodes()
    links: list[str] = []
    styles: list[str] = []
    aliases: set[str] = set()
    for bot, alias, function, state in dict.fromkeys(edge.ends for edge in edges):
        owner, left = nodes.bot(bot), nodes.alias(bot, alias)
        right = nodes.function(function)
        if left not in aliases:
            aliases.add(left)
            links.append(f"{owner} --- {left}")
        alike = [edge.when for edge in edges if edge.ends == (bot, alias, function, state)]
        arrow = "-.->" if state is State.MISSING else "-->"
        label = "<br>".join(map(_escaped, [*alike, state.value]))
        styles.append(f"linkStyle {len(links)} stroke:{_COLOURS[state]}")
        links.append(f'{left} {arrow}|"{label}"| {right}')
    lines = [*nodes.lines, *links, *styles]
    return "".join(f"{line}\n" for line in ("flowchart LR", *(f"  {line}" for line in lines)))


class _Nodes:
    """The nodes of a flow chart, numbered as they are met."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, ...], str] = {}
        self.lines: list[str] = []

    def bot(self, name: str) -> str:
        return self._id("bot", ("bot", name), f'(["bot {_escaped(name)}"])')

    def alias(self, bot: str, name: str) -> str:
        return self._id("alias", ("alias", bot, name), f'["alias {_escaped(name)}"]')

    def function(self, name: str) -> str:
        return self._id("function", ("function", name), f'[["{_escaped(name)}"]]')

    def _id(self, kind: str, key: tuple[str, ...], shape: str) -> str:
        if key not in self._ids:
            number = sum(known[0] == kind for known in self._ids) + 1
            self._ids[key] = f"{kind}{number}"
            self.lines.append(f"{self._ids[key]}{shape}")
        return self._ids[key]


def _escaped(label: str) -> str:
    """Return a text as a part of a label between quotes."""
    return " ".join(label.split()).translate(_ENTITIES)
