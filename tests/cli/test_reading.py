"""Templates are read as CloudFormation reads them, with the place of each part."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from auto_lex_permissions.cfn.values import Place
from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.reading import DEEPEST, LARGEST, MOST, Template, parse
from tests.cli.commands import TEMPLATE, WAYS, run, written

pytestmark = pytest.mark.long


def read(text: str) -> Template:
    """Read a template."""
    return parse("t.yaml", text.encode())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("2010-09-09", "2010-09-09", id="a date"),
        pytest.param("012345678901", "012345678901", id="an account id with digits over 7"),
        pytest.param("012345670123", "012345670123", id="an account id that looks octal"),
        pytest.param("yes", True, id="yes"),
        pytest.param("Off", False, id="off"),
        pytest.param("'yes'", "yes", id="quoted"),
        pytest.param("300", 300, id="an integer"),
        pytest.param("-1", -1, id="a negative integer"),
        pytest.param("1" * 5_000, "1" * 5_000, id="more digits than Python takes"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param("12:30:45", "12:30:45", id="a time"),
        pytest.param("0.4", 0.4, id="a float"),
        pytest.param(".inf", ".inf", id="infinity"),
        pytest.param("~", None, id="nothing"),
        pytest.param("!Ref A", {"Ref": "A"}, id="Ref"),
        pytest.param("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}, id="GetAtt"),
        pytest.param("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}, id="GetAtt of a list"),
        pytest.param("!Sub '${A}'", {"Fn::Sub": "${A}"}, id="Sub"),
        pytest.param("!Condition C", {"Condition": "C"}, id="Condition"),
        pytest.param(
            "!If [C, !Ref A, !Sub [b, {c: !Ref D}]]",
            {"Fn::If": ["C", {"Ref": "A"}, {"Fn::Sub": ["b", {"c": {"Ref": "D"}}]}]},
            id="nested",
        ),
        pytest.param("&x [1, *x2, 2]", None, id="an unknown alias"),
        pytest.param("[&x {a: 1}, *x]", [{"a": 1}, {"a": 1}], id="an alias"),
        pytest.param("!Transform {Name: M}", {"Fn::Transform": {"Name": "M"}}, id="Transform"),
    ],
)
def test_values(text: str, value: Any) -> None:
    """Scalars by the rules of YAML 1.1 as CloudFormation has them, short forms as long ones."""
    if text.startswith("&x"):
        with pytest.raises(UsageError):
            read(f"Key: {text}")
    else:
        assert read(f"Key: {text}").value == {"Key": value}


@pytest.mark.parametrize(
    ("place", "position"),
    [
        (("Resources",), "1:1"),
        (("Resources", "A"), "2:3"),
        (("Resources", "A", "L", 1), "3:12"),
        (("Resources", "A", "L", 1, "Fn::If", 2), "3:23"),
        (("Resources", "A", "L", 1, "Fn::If", 2, "X"), "3:23"),
        (("Resources", "A", "L", "1"), "3:5"),
        (("Nowhere",), "1:1"),
    ],
)
def test_positions(place: Place, position: str) -> None:
    """A place leads to its key or item in the file, or to what is around it."""
    template = read("Resources:\n  A:\n    L: [a, !If [C, b, !Ref D]]\n")
    assert str(template.position(place)) == position


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("odd", ["\u2028", "\u2029", "\x85"])
def test_lines_end_as_for_editors(end: str, odd: str) -> None:
    """What YAML takes for more ends of lines is a character like any other."""
    text = f'Resources: {{D: "x{odd}y"}} # {odd}{end}B: {{C: 1}}{end}'
    template = read(text)
    assert str(template.position(("B", "C"))) == "2:5"
    for wrong, place in ((f"{text}B: 1{end}", "3:1"), (f"{text}{end}\tC: 1{end}", "4:1")):
        with pytest.raises(UsageError, match=rf"^t\.yaml:{place}: "):
            read(wrong)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        pytest.param(b"a: 1\nb: 2\na: 3\n", "t.yaml:3:1: the key a is there twice", id="twice"),
        pytest.param(b"a:\n\tb: 1\n", "t.yaml:2:1: YAML takes no tab here", id="a tab"),
        pytest.param(b"a: [1\n", "t.yaml:2:1: ", id="not closed"),
        pytest.param(b"- a\n", "t.yaml: is no template", id="a list"),
        pytest.param(b"", "t.yaml: is no template", id="empty"),
        pytest.param(b"a: \xff\n", "t.yaml: is not UTF-8 text", id="not UTF-8"),
        pytest.param(b"a: \x07\n", "t.yaml", id="a bell"),
        pytest.param(b"a: &x [*x]\n", "t.yaml:1:4: an alias refers to itself", id="a cycle"),
        pytest.param(
            b"a: 1\n<<: 1\n", "t.yaml:2:5: a merge key (<<) takes objects only", id="a merge"
        ),
        pytest.param(b"<<: [1]\n", "t.yaml:1:6: a merge key (<<) takes", id="a merged list"),
        pytest.param(b"<<: !Ref A\n", "t.yaml:1:5: a merge key (<<) takes", id="a merged call"),
        pytest.param(b"a: &x {<<: *x}\n", "t.yaml:1:4: an alias refers", id="a merged cycle"),
        pytest.param(b"a: 1\n<<: {}\na: 2\n", "t.yaml:3:1: the key a is there", id="own twice"),
        pytest.param(b"[a]: 1\n", "t.yaml:1:1: a key has to be a text", id="a list as key"),
        pytest.param(
            b"---\nResources: 1\n---\nb: 1\n",
            "t.yaml:3:1: a second YAML document begins here; a template is one.",
            id="two documents",
        ),
        pytest.param(b"---\na: 1\n---\nb: 1\n", "t.yaml: is no template: it is several", id="two"),
        pytest.param(
            b"TemplateBody: '[a'\n", "t.yaml (TemplateBody):1:3: ", id="the output of get-template"
        ),
    ],
)
def test_what_is_wrong_is_one_line(content: bytes, line: str) -> None:
    """File, line and column, and what is wrong."""
    with pytest.raises(UsageError) as problem:
        parse("t.yaml", content)
    assert str(problem.value).startswith(line)
    assert "\n" not in str(problem.value)


BASE = "A: &base {Type: T, N: 1}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{<<: *base}", {"Type": "T", "N": 1}),
        ("{N: 2, <<: *base}", {"Type": "T", "N": 2}),
        ("{<<: *base, N: 2}", {"Type": "T", "N": 2}),
        ("{<<: [*base, {N: 2, M: 3}]}", {"N": 1, "M": 3, "Type": "T"}),
        ("{<<: [{N: 2, M: 3}, *base]}", {"Type": "T", "N": 2, "M": 3}),
        ("{<<: {<<: *base, M: 3}}", {"Type": "T", "N": 1, "M": 3}),
        ("{'<<': 1}", {"<<": 1}),
    ],
)
def test_merge_keys_are_read_as_sam_reads_them(text: str, value: dict[str, Any]) -> None:
    """What an object says itself wins, and of a list what comes first."""
    template = read(f"{BASE}B: {text}\n")
    assert template.value["B"] == value
    plain = yaml.safe_load(f"{BASE}B: {text}\n")
    assert template.value == plain
    assert (template.first_shared is None) == ("<<:" not in text)


def test_positions_of_what_is_merged() -> None:
    """It stands where it is written."""
    template = read(f"{BASE}B: {{<<: [{{M: 3}}, *base], L: 1}}\n")
    places = {key: str(template.position(("B", key))) for key in ("N", "M", "L", "X")}
    assert places == {"N": "1:20", "M": "2:11", "L": "2:26", "X": "2:1"}
    assert str(template.first_shared) == "2:4"
    assert str(read(f"{BASE}B: *base\n").first_shared) == "1:4"


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ('{"TemplateBody": {"Resources": {"A": 1}}, "StagesAvailable": []}', "1:33"),
        ("TemplateBody:\n  Resources: {A: 1}\n", "2:15"),
        ("TemplateBody: |\n  # A comment.\n  Resources:\n    A: 1\n", "3:3"),
        ('{"TemplateBody": "\\nResources: {A: 1}"}', "2:13"),
    ],
)
def test_the_output_of_get_template(text: str, position: str) -> None:
    """JSON in JSON, YAML in JSON, or all in YAML: it is the template that is read."""
    template = read(text)
    assert template.value == {"Resources": {"A": 1}}
    assert str(template.position(("Resources", "A"))) == position
    assert template.is_quoted == ("(TemplateBody)" in template.name)


@pytest.mark.parametrize(
    "text",
    [
        "{TemplateBody: {Type: T}, Resources: {}}",
        "TemplateBody: [1]",
        "TemplateBody: !Sub x",
        "TemplateBody: 'TemplateBody: x'",
    ],
)
def test_what_is_called_alike_is_no_output_of_get_template(text: str) -> None:
    """A resource may have this name, and once is enough."""
    assert "TemplateBody" in read(text).value


def test_json_may_be_indented_by_tabs() -> None:
    """As CloudFormation takes it."""
    template = parse("t.json", b'{\n\t"a": {\n\t\t"b": "c"\n\t}\n}')
    assert template.value == {"a": {"b": "c"}}
    assert str(template.position(("a", "b"))) == "3:3"


def test_a_tab_within_a_text_stays() -> None:
    """A text that begins as JSON does may be YAML."""
    assert read("{a: 'x\ty'}").value == {"a": "x\ty"}


PAIR, LONE = r"\ud83d\uDE00", r"\ude00"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(f'"{PAIR}"', "\U0001f600", id="between double quotes"),
        pytest.param(f'"{PAIR}{PAIR}x"', "\U0001f600\U0001f600x", id="two"),
        pytest.param(rf'"\\{PAIR}"', "\\\U0001f600", id="behind a backslash"),
        pytest.param(r'"\\ud83d\\ude00"', r"\ud83d\ude00", id="escaped backslashes"),
        pytest.param(f"'{PAIR}'", PAIR, id="between single quotes"),
        pytest.param(f"a {PAIR}", f"a {PAIR}", id="without quotes"),
        pytest.param(f"|-\n  {PAIR} {LONE}", f"{PAIR} {LONE}", id="a text in block style"),
        pytest.param(f'!Sub "{PAIR}"', {"Fn::Sub": "\U0001f600"}, id="a short form"),
        pytest.param(f'[&x "{PAIR}", *x]', ["\U0001f600"] * 2, id="an alias"),
        pytest.param(f'{{"{PAIR}": 1, b: {PAIR}}}', {"\U0001f600": 1, "b": PAIR}, id="a key"),
    ],
)
def test_surrogate_pairs(text: str, value: Any) -> None:
    """A character that JSON escapes as a pair is read as one, where escapes are read at all."""
    template = read(f"Key: {text}\nLast: [a]\n")
    assert template.value == {"Key": value, "Last": ["a"]}
    assert str(template.position(("Last", 0))) == f"{template.text.count(chr(10))}:8"


def test_json_of_any_character_is_read() -> None:
    """As json.dumps writes it, and with marks that are those of the file."""
    value = {"a": "\U0001f600\t", "\U00010000\U0010ffff": "\u2028\x85\x1b\x7f", "c": "d"}
    for text in (json.dumps(value), json.dumps(value, indent="\t")):
        template = read(text)
        assert template.value == value
        assert template.text == text
        mark = template.root.value[2][0].start_mark
        assert text[mark.index :].startswith('"c"')


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f'a: 1\nb: "x{LONE}"\n', rf"t.yaml:2:6: {LONE} alone is no character."),
        (r'{"a":"\ud83d\\ude00"}', r"t.yaml:1:7: \ud83d alone is no character."),
        (r'a: "\U00110000"', r"t.yaml:1:5: \U00110000 alone is no character."),
        (f'"{PAIR}": "\U0010fffe"', "t.yaml: holds U+10FFFE, which is no character."),
        (f'"{PAIR}": "{chr(92)}U0010FfFE"', "t.yaml: holds U+10FFFE, which is no character."),
    ],
)
def test_half_a_pair_is_no_character(text: str, line: str) -> None:
    """It says where; nor is there anything that could be taken for a pair."""
    with pytest.raises(UsageError) as problem:
        read(text)
    assert str(problem.value) == line


# What costs more than any template may.


def nested(opening: str, closing: str, levels: int) -> str:
    """Return a template with a value that is so many levels deep, the template among them."""
    return f"Key: {opening * (levels - 2)}x{closing * (levels - 2)}"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("!If [", "]")])
def test_depth_is_bounded(opening: str, closing: str) -> None:
    """As deep as it may be a template is read; a level more is refused."""
    read(nested(opening, closing, DEEPEST))
    with pytest.raises(
        UsageError, match=r"^t\.yaml:1:\d+: is nested more deeply than any template"
    ):
        read(nested(opening, closing, DEEPEST + 1))


@pytest.mark.parametrize("way", [way for way in WAYS if way[0] != "doctor"], ids=str)
def test_what_may_be_read_is_no_fault_of_any_command(
    way: tuple[str, tuple[str, ...]], tmp_path: Path
) -> None:
    """The deepest value there may be, where nothing looks at it and where all do."""
    command, options = way
    levels = DEEPEST - 12
    hook = f"{'!If [IsProd, ' * (levels // 2)}!GetAtt Orders.Arn{', !Ref N]' * (levels // 2)}"
    deepest = TEMPLATE.replace("!GetAtt Orders.Arn # The function.", hook)
    for text in (
        f"{nested('[', ']', DEEPEST)}\n{TEMPLATE}",
        deepest,
        json.dumps(read(deepest).value),
    ):
        ended = run(command, *options, written(tmp_path, text))
        assert "fault" not in ended.err
        assert "nested" not in ended.err


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"Key: {'[' * 100_000}", id="brackets"),
        pytest.param(f"Key: {'[' * 100_000}{']' * 100_000}", id="brackets that are closed"),
        pytest.param(f'{{\t"Key": {"[" * 100_000}{"]" * 100_000}}}', id="JSON"),
        pytest.param(f"Key:\n  {'- ' * 100_000}", id="dashes"),
        pytest.param(f"Key:\n  {'? ' * 100_000}", id="keys"),
        pytest.param(
            "".join(f"K{n}: &a{n} [{f'*a{n - 1}' if n else ''}]\n" for n in range(10_000)),
            id="aliases of aliases",
        ),
    ],
)
def test_what_is_nested_without_end_is_refused(text: str) -> None:
    """Before anything calls itself for each level, and with its place."""
    with pytest.raises(UsageError, match=r"^t\.yaml:\d+:\d+: is nested more deeply than any templ"):
        read(text)


def laughs(levels: int) -> str:
    """Return a template whose aliases stand for nine of the level below each."""
    lines = [
        f"K{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, levels)
    ]
    return "\n".join(["K0: &a0 [x, x, x, x, x, x, x, x, x]", *lines])


def merged_laughs(levels: int) -> str:
    """Return a template whose objects merge nine of the level below each."""
    lines = [
        f"K{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 9)}]}}"
        for level in range(1, levels)
    ]
    return "\n".join(["K0: &a0 {x: 1}", *lines])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(laughs(9), id="aliases"),
        pytest.param(merged_laughs(9), id="merge keys"),
        pytest.param(laughs(6), id="aliases beside each other"),
        pytest.param(f'{laughs(9)}\nPair: "{PAIR}"', id="aliases and a surrogate pair"),
        pytest.param(f"Key: [{'a,' * MOST}]", id="values"),
        pytest.param(f"Key: {{{','.join(f'{n}: ' for n in range(MOST // 2))}}}", id="keys"),
        pytest.param(f"Key: [&a {'x' * 600}{', *a' * 10_000}]", id="characters"),
        pytest.param(f"Key: [&a {{{'x' * 600}: 1}}{', *a' * 10_000}]", id="characters of keys"),
    ],
)
def test_what_is_more_than_any_template_is_refused(text: str) -> None:
    """Also where only its aliases make it so."""
    with pytest.raises(UsageError, match=r"^t\.yaml:\d+:\d+: holds more than any template: over "):
        read(text)
    assert read(laughs(5)).value["K4"]


def test_the_size_of_a_file_is_bounded() -> None:
    """A byte more is refused before it is read as text."""
    start = b"Key: "
    assert read((start + b"x" * (LARGEST - len(start))).decode()).value
    with pytest.raises(
        UsageError, match=r"^t\.yaml: is larger than any template: over 6,000,000 byt"
    ):
        parse("t.yaml", start + b"\xff" * (LARGEST + 1 - len(start)))


def test_directives_for_tags_are_refused() -> None:
    """Each is compared with each: thousands take minutes. A text may begin like one."""
    with pytest.raises(UsageError, match=r"^t\.yaml: CloudFormation takes no directive %TAG\.$"):
        read("%TAG !a! tag:a,2026:\n---\nKey: 1\n")
    assert read("%YAML 1.1\n---\nKey: |\n  %TAG\n").value == {"Key": "%TAG\n"}
