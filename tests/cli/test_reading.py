"""Templates are read as CloudFormation reads them, with the place of each part."""

from typing import Any

import pytest

from auto_lex_permissions.cfn.values import Place
from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.reading import Template, parse


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
        pytest.param(b"<<: {a: 1}\n", "t.yaml:1:1: CloudFormation takes no merge", id="a merge"),
        pytest.param(b"[a]: 1\n", "t.yaml:1:1: a key has to be a text", id="a list as key"),
        pytest.param(b"---\na: 1\n---\nb: 1\n", "t.yaml:3:1: ", id="two documents"),
    ],
)
def test_what_is_wrong_is_one_line(content: bytes, line: str) -> None:
    """File, line and column, and what is wrong."""
    with pytest.raises(UsageError) as problem:
        parse("t.yaml", content)
    assert str(problem.value).startswith(line)
    assert "\n" not in str(problem.value)


def test_json_may_be_indented_by_tabs() -> None:
    """As CloudFormation takes it."""
    template = parse("t.json", b'{\n\t"a": {\n\t\t"b": "c"\n\t}\n}')
    assert template.value == {"a": {"b": "c"}}
    assert str(template.position(("a", "b"))) == "3:3"


NESTED = "[" * 3_000 + "]" * 3_000


@pytest.mark.parametrize("text", [f"Key: {NESTED}", f'{{"Key":{NESTED}}}', f'{{\t"Key":{NESTED}}}'])
def test_what_is_nested_too_deeply_is_no_fault_of_the_program(text: str) -> None:
    """It is reported with its file, so that the other files of a folder are still looked at."""
    with pytest.raises(UsageError, match=r"^t\.yaml: is nested more deeply than any template\.$"):
        read(text)
