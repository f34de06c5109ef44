"""`graph`: which bots invoke which functions, and whether they may, as a picture or as a tree."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from rich.tree import Tree

from auto_lex_permissions.bots import TEST_ALIAS_ID
from auto_lex_permissions.cfn.formulas import ALWAYS

from .console import coloured, mermaid_label, print_error, print_tree, text_of, write
from .findings import Hook, State, condition_in_words, findings, short_name
from .requests import Stack
from .templates import open_template

# Dark enough on white and bright enough on black.
_COLOURS: Final = {
    State.ALLOWED: "#2da44e",
    State.ADDED: "#2da44e",
    State.DENIED: "#e5534b",
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
    def arrow(self) -> tuple[str, str, str, State]:
        """What edges have in common that are drawn as one arrow."""
        return self.bot, self.alias, self.function, self.state

    @property
    def when(self) -> str:
        """The locale, and the condition where there is one."""
        return f"{self.locale} where {self.condition}" if self.condition else self.locale


def run(path: str, form: str, options: Mapping[str, Any]) -> None:
    """Print a template's hooks as `mermaid` or as a tree; raises UsageError."""
    opened = open_template(path, Stack.of(options), strict=True)
    template = opened.template
    found = findings(opened.request, by_macro=opened.uses_macro)
    edges = sorted_edges(edge_of(template.value, hook) for hook in found.hooks)
    if form == "mermaid":
        write(mermaid(edges))
    else:
        print_tree(tree(template.name, edges))
    for note in found.mistakes:
        position = f"{opened.name}:{opened.position(note.place)}"
        print_error(f"{position}: {note.code} {note.advice}")


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
    # Places are those of a whole template, also where the file is a map of resources.
    value: Any = template if "Resources" in template else {"Resources": template}
    ids: dict[str, Any] = {"BotId": "?", "LocaleId": "?"}
    with suppress(KeyError, IndexError, TypeError):
        for step in hook.place:
            value = value[step]
            ids |= {key: value[key] for key in ids if isinstance(value, dict) and key in value}
    bot, locale = (short_name(ids[key]).removesuffix(".Id") for key in ids)
    condition = "" if hook.when == ALWAYS else condition_in_words(hook.when)
    alias = hook.resource
    if hook.is_of_test_alias:
        bot, alias = hook.resource, TEST_ALIAS_ID
    return Edge(bot, alias, locale, hook.function_name, condition, hook.state)


def tree(name: str, edges: list[Edge]) -> Tree:
    """Return the edges as a tree: bots, their bot aliases, what these invoke."""
    root = Tree(text_of(name))
    bots: dict[str, Tree] = {}
    aliases: dict[tuple[str, str], Tree] = {}
    for edge in edges:
        if edge.bot not in bots:
            bots[edge.bot] = root.add(text_of(f"bot {edge.bot}"))
        key = edge.bot, edge.alias
        if key not in aliases:
            aliases[key] = bots[edge.bot].add(text_of(f"alias {edge.alias}"))
        label = f"{edge.when}: {edge.function}: "
        aliases[key].add(text_of(label, coloured(edge.state.value)))
    if not edges:
        root.add(text_of(_NOTHING))
    return root


def mermaid(edges: list[Edge]) -> str:
    """Return the edges as a flow chart of Mermaid; the same template gives the same text."""
    if not edges:
        return f'flowchart LR\n  none["{_NOTHING}"]\n'
    nodes = _Nodes()
    links: list[str] = []
    styles: list[str] = []
    aliases: set[str] = set()
    for arrow in dict.fromkeys(edge.arrow for edge in edges):
        bot, alias, function, state = arrow
        owner = nodes.add("bot", bot, f'(["bot {mermaid_label(bot)}"])')
        left = nodes.add("alias", (bot, alias), f'["alias {mermaid_label(alias)}"]')
        right = nodes.add("function", function, f'[["{mermaid_label(function)}"]]')
        if left not in aliases:
            aliases.add(left)
            links.append(f"{owner} --- {left}")
        whens = [edge.when for edge in edges if edge.arrow == arrow]
        label = "<br>".join(map(mermaid_label, [*whens, state.value]))
        line = "-.->" if state is State.DENIED else "-->"
        styles.append(f"linkStyle {len(links)} stroke:{_COLOURS[state]}")
        links.append(f'{left} {line}|"{label}"| {right}')
    lines = [*nodes.lines, *links, *styles]
    return "".join(f"{line}\n" for line in ("flowchart LR", *(f"  {line}" for line in lines)))


class _Nodes:
    """The nodes of a flow chart, numbered as they are met."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, object], str] = {}
        self.lines: list[str] = []

    def add(self, kind: str, key: object, shape: str) -> str:
        """Return the id of a node, which is drawn in its shape the first time."""
        if (kind, key) not in self._ids:
            number = sum(known == kind for known, _ in self._ids) + 1
            self._ids[kind, key] = f"{kind}{number}"
            self.lines.append(f"{kind}{number}{shape}")
        return self._ids[kind, key]
