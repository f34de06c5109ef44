"""Spellings of one value are read as one text."""

from collections.abc import Callable
from typing import Any

import pytest

from auto_lex_permissions.cfn.intrinsics import (
    Reference,
    Text,
    Unread,
    deployed_text,
    length,
    references,
    split,
    text,
    without_space,
)

F_ARN = (Reference("F", "Arn"),)
IMPORT = {"Fn::ImportValue": "arn"}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        pytest.param("plain", ("plain",), id="literal"),
        pytest.param("", (), id="empty literal"),
        pytest.param({"Ref": "F"}, (Reference("F"),), id="ref"),
        pytest.param({"Ref": "F.Alias"}, (Reference("F", "Alias"),), id="SAM's ref to an alias"),
        pytest.param({"Fn::GetAtt": ["F", "Arn"]}, F_ARN, id="get-att list"),
        pytest.param({"Fn::GetAtt": "F.Arn"}, F_ARN, id="get-att string"),
        pytest.param({"Fn::Sub": "${F.Arn}"}, F_ARN, id="sub"),
        pytest.param({"Fn::Sub": "${ F.Arn }"}, F_ARN, id="sub with spaces"),
        pytest.param({"Fn::Sub": ["${X}", {"X": {"Ref": "F.Arn"}}]}, F_ARN, id="sub with a map"),
        pytest.param({"Fn::Sub": ["${F.Arn}", {}]}, F_ARN, id="sub with an empty map"),
        pytest.param({"Fn::Sub": ["${F.Arn}", {"F.Arn": "x"}]}, ("x",), id="map comes first"),
        pytest.param({"Fn::Sub": "a${!B}c"}, ("a${B}c",), id="sub with an escape"),
        pytest.param({"Fn::Sub": "a${B}c"}, ("a", Reference("B"), "c"), id="sub with text"),
        pytest.param({"Fn::Sub": "a${"}, ("a${",), id="sub that is not closed"),
        pytest.param({"Fn::Join": ["", ["a", {"Ref": "B"}]]}, ("a", Reference("B")), id="join"),
        pytest.param({"Fn::Join": [":", ["a", "b", "c"]]}, ("a:b:c",), id="join of literals"),
        pytest.param({"Fn::Join": [":", []]}, (), id="join of nothing"),
        pytest.param(IMPORT, (Unread('{"Fn::ImportValue":"arn"}'),), id="import"),
        pytest.param(
            {"Fn::Join": ["-", [{"Fn::GetAtt": "F.Arn"}, {"Fn::Sub": "x${Y}"}]]},
            (*F_ARN, "-x", Reference("Y")),
            id="nested",
        ),
        pytest.param({"Fn::GetAtt": "F"}, (Unread('{"Fn::GetAtt":"F"}'),), id="get-att of nothing"),
        pytest.param(
            {"Fn::GetAtt": [1, "Arn"]},
            (Unread('{"Fn::GetAtt":[1,"Arn"]}'),),
            id="get-att of a number",
        ),
        pytest.param({"Fn::Sub": 1}, (Unread('{"Fn::Sub":1}'),), id="sub of a number"),
        pytest.param({"Fn::Join": "x"}, (Unread('{"Fn::Join":"x"}'),), id="join of a string"),
        pytest.param({"Ref": 1}, (Unread('{"Ref":1}'),), id="ref of a number"),
        pytest.param(123456789012, ("123456789012",), id="number"),
        pytest.param(1.5, ("1.5",), id="fraction"),
        pytest.param(True, ("true",), id="boolean"),
        pytest.param(None, (Unread("null"),), id="null"),
        pytest.param(["a"], (Unread('["a"]'),), id="list"),
    ],
)
def test_text(expression: object, words: Text) -> None:
    """An expression is read into words, and only into those."""
    assert text(expression) == words


def test_unread_expressions_are_equal_whatever_the_order_of_their_keys() -> None:
    """Key order says nothing in CloudFormation."""
    one = {"Fn::GetStackOutput": {"StackName": "s", "OutputName": "o"}}
    other = {"Fn::GetStackOutput": {"OutputName": "o", "StackName": "s"}}
    assert text(one) == text(other)


def test_white_space_of_folded_text_is_dropped() -> None:
    """Folded YAML leaves blanks and line ends in ARNs (rule 3.2)."""
    folded = {"Fn::Sub": "arn: \n${A}\n"}
    assert without_space(text(folded)) == ("arn:", Reference("A"))
    assert without_space(text({"Fn::Sub": "${A}\n :live"})) == (Reference("A"), ":live")
    assert without_space(text(" \n")) == ()
    assert without_space(()) == ()


def test_split_keeps_references_whole() -> None:
    """Only literals are split."""
    words = text({"Fn::Sub": "a:${B}c::${D}"})
    assert split(words, ":") == [("a",), (Reference("B"), "c"), (), (Reference("D"),)]
    assert split((), ":") == [()]


@pytest.mark.parametrize(
    ("most", "fields"),
    [
        (0, [("a:", Reference("B"), ":c:d")]),
        (1, [("a",), (Reference("B"), ":c:d")]),
        (2, [("a",), (Reference("B"),), ("c:d",)]),
        (3, [("a",), (Reference("B"),), ("c",), ("d",)]),
        (9, [("a",), (Reference("B"),), ("c",), ("d",)]),
        (-1, [("a",), (Reference("B"),), ("c",), ("d",)]),
    ],
)
def test_split_stops_as_str_split_does(most: int, fields: list[Text]) -> None:
    """The first fields of an ARN are split off; what is left may hold the separator."""
    assert split(text({"Fn::Sub": "a:${B}:c:d"}), ":", most) == fields


@pytest.mark.parametrize(
    ("value", "logical_ids"),
    [
        ({"Ref": "A"}, {"A"}),
        ({"Fn::GetAtt": ["A", "Arn"]}, {"A"}),
        ({"Fn::GetAtt": ["A", {"Ref": "B"}]}, {"A", "B"}),
        ({"Fn::GetAtt": "A.Arn"}, {"A"}),
        ({"Fn::Sub": ["${A}${B}${X}", {"X": {"Ref": "C"}}]}, {"A", "B", "C"}),
        ({"k": [{"Fn::If": ["Cond", {"Ref": "A"}, {"Fn::Sub": "${B.Arn}"}]}]}, {"A", "B"}),
        ({"Fn::Select": [0, [{"Ref": "A"}]]}, {"A"}),
        ({"Ref": ["A"]}, set()),
        ("text", set()),
    ],
)
def test_references(value: object, logical_ids: set[str]) -> None:
    """Everything that a value refers to is found, at any depth."""
    assert {reference.logical_id for reference in references(value)} == logical_ids


def joined(value: object) -> dict[str, Any]:
    """Return a call of Fn::Join that comes to a value."""
    return {"Fn::Join": ["", [value]]}


def substituted(value: object) -> dict[str, Any]:
    """Return a call of Fn::Sub that comes to a value."""
    return {"Fn::Sub": ["${V}", {"V": value}]}


@pytest.mark.parametrize("call", [joined, substituted])
@pytest.mark.parametrize(
    ("inner", "outer", "words", "deepest"),
    [
        pytest.param("x", None, ("x",), 10, id="a text"),
        pytest.param({"Ref": "R"}, None, (Reference("R"),), 9, id="a reference"),
        pytest.param({"Ref": joined("R")}, None, (Reference("R"),), 8, id="a name of pieces"),
        pytest.param("R", "Ref", (Reference("R"),), 9, id="inside of a Ref"),
        pytest.param("R", "Fn::GetAtt", (Reference("R", "Arn"),), 9, id="inside of a GetAtt"),
    ],
)
def test_calls_are_read_ten_deep(
    call: Callable[[object], object], inner: object, outer: str | None, words: Text, deepest: int
) -> None:
    """What is deeper is left unread (rule 6.8)."""
    for depth in (deepest, deepest + 1):
        value = inner
        for _ in range(depth):
            value = call(value)
        if outer:
            value = {outer: value if outer == "Ref" else [value, "Arn"]}
        assert (text(value) == words) is (depth == deepest)


def test_a_text_is_read_as_far_as_a_name_may_come_to() -> None:
    """50 words, and what is between two references is one, too; 10,000 characters (rule 6.8)."""
    for count in (24, 25, 26):
        words = tuple(Reference(f"R{number}") for number in range(count))
        placeholders = "".join(f"${{{word.logical_id}}}" for word in words)
        assert (text({"Fn::Sub": placeholders}) == words) is (count == 24)
        items = [word.expression for word in words]
        assert (text({"Fn::Join": ["", items]}) == words) is (count < 26)
    for more in ("y" * 5_000, "y" * 5_001):
        read = text({"Fn::Join": ["", ["x" * 4_000, {"Ref": "R"}, "x" * 1_000, more]]})
        assert (len(read) == 3) is (len(more) == 5_000)


def test_dynamic_references_are_left_unread_among_literals() -> None:
    """Each by itself: what is around it is known."""
    resolved = "{{resolve:ssm:/x}}"
    words = deployed_text(f"ab{resolved}c{resolved}")
    assert words == ("ab", Unread(resolved), "c", Unread(resolved))
    assert (length(words), Unread(resolved).expression) == (3 + 2 * len(resolved), resolved)
    assert len({*words}) == 3
