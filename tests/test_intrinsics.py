"""Spellings of one value are read as one text."""

import pytest

from auto_lex_permissions.cfn.intrinsics import (
    Reference,
    Text,
    Unread,
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
