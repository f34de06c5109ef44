"""Values as text in the style of a file, to the letter."""

from typing import Any

import pytest

from auto_lex_permissions_cli.expand import as_yaml
from auto_lex_permissions_cli.reading import parse
from auto_lex_permissions_cli.rendering import Style, block, flow, style_of

SHORT = "Resources:\n  A:\n    Tags: [a]\n    B: !Ref B\n"
LONG = "Resources:\n  A:\n    B: {Ref: B}\n"
BLOCKS = "Resources:\n  A:\n    B:\n      Ref: B\n    Tags:\n    - a\n"
WIDE = "Resources:\n    A:\n        Tags:\n            - a\n"


def style(text: str) -> Style:
    """Return the style of a template."""
    return style_of(parse("t", text.encode()))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("AWS::Lambda::Permission", "AWS::Lambda::Permission", id="a type"),
        pytest.param("Lex invokes this.", "Lex invokes this.", id="words"),
        pytest.param("012345678901", "'012345678901'", id="an account that begins with 0"),
        pytest.param("123456789012", "'123456789012'", id="an account"),
        pytest.param("2012-10-17", "'2012-10-17'", id="a date"),
        pytest.param("1e3", "'1e3'", id="what YAML 1.2 reads as a number"),
        pytest.param("Y", "'Y'", id="what YAML 1.1 reads as a boolean"),
        pytest.param("no", "'no'", id="what PyYAML reads as a boolean"),
        pytest.param("", "''", id="nothing"),
        pytest.param("*", "'*'", id="what begins an alias"),
        pytest.param("a: b # c", "'a: b # c'", id="what looks like a key and a comment"),
        pytest.param("a\nb", r'"a\nb"', id="two lines"),
        pytest.param("注文", "注文", id="not ASCII"),
        pytest.param("word " * 50, f"'{'word ' * 50}'", id="a long text"),
        pytest.param(True, "true", id="a boolean"),
        pytest.param(1, "1", id="a number"),
        pytest.param(None, "null", id="null"),
        pytest.param({}, "{}", id="an empty object"),
        pytest.param({"Ref": "AWS::Region"}, "!Ref AWS::Region", id="Ref"),
        pytest.param({"Fn::GetAtt": ["A", "B.C"]}, "!GetAtt A.B.C", id="GetAtt"),
        pytest.param({"Fn::GetAtt": ["A.B", "C"]}, "!GetAtt [A.B, C]", id="GetAtt of a dotted id"),
        pytest.param({"Fn::GetAtt": "A.B"}, "{Fn::GetAtt: A.B}", id="GetAtt of a text"),
        pytest.param({"Fn::Sub": "${A}:live"}, "!Sub ${A}:live", id="Sub"),
        pytest.param({"Fn::Not": [{"Condition": "A"}]}, "!Not [!Condition A]", id="Not"),
        pytest.param({"Fn::Base64": {"Ref": "A"}}, "{Fn::Base64: !Ref A}", id="a call of a call"),
        pytest.param({"Fn::ToJsonString": [1]}, "{Fn::ToJsonString: [1]}", id="no short form"),
    ],
)
def test_a_value_in_yaml(value: Any, text: str) -> None:
    """It reads back as the same value; what others might read otherwise is in quotes."""
    assert block({"Key": value}, style(SHORT)) == [f"Key: {text}"]
    for line in (f"Key: {text}", f"{{{flow({'Key': value}, style(SHORT))}}}"):
        assert parse("t", line.encode()).value == {"Key": value}


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        (SHORT, ["If: !If [A, !Ref B, !GetAtt C.Arn]", "Tags: [a, b]"]),
        (LONG, ["If: {Fn::If: [A, {Ref: B}, {Fn::GetAtt: [C, Arn]}]}", "Tags: [a, b]"]),
        (
            BLOCKS,
            [
                *("If:", "  Fn::If:", "  - A", "  - Ref: B", "  - Fn::GetAtt:", "    - C"),
                *("    - Arn", "Tags:", "- a", "- b"),
            ],
        ),
        (WIDE, ["If: !If [A, !Ref B, !GetAtt C.Arn]", "Tags:", "    - a", "    - b"]),
    ],
)
def test_calls_and_lists_as_the_file_has_them(file: str, lines: list[str]) -> None:
    """Short or long, on one line or on several, dashes below their key or further in."""
    call = {"Fn::If": ["A", {"Ref": "B"}, {"Fn::GetAtt": ["C", "Arn"]}]}
    assert block({"If": call, "Tags": ["a", "b"]}, style(file)) == lines


def test_what_is_too_long_for_a_line() -> None:
    """Calls and lists have a line for each item then, and texts are never broken."""
    name = "LongNameOfSomeCondition"
    call = {"Fn::Or": [{"Condition": f"{name}{number}"} for number in range(3)]}
    assert block({"Or": call, "Tags": [name] * 4}, style(SHORT)) == [
        *("Or: !Or", *(f"  - !Condition {name}{number}" for number in range(3))),
        *("Tags:", *[f"  - {name}"] * 4),
    ]


@pytest.mark.parametrize(
    ("file", "on_a_line", "on_lines"),
    [
        ("{A: !Ref B}", "A: !Ref B, C: {D: [1, 2]}", "A: !Ref B,\n\tC: {D: [1, 2]}"),
        (
            '{"A": {"Ref": "B"}}',
            '"A": {"Ref": "B"}, "C": {"D": [1, 2]}',
            '"A": {\n\t  "Ref": "B"\n\t},\n\t"C": {\n\t  "D": [\n\t    1,\n\t    2\n\t  ]\n\t}',
        ),
        (
            '{"A":{"Ref":"B"}}',
            '"A":{"Ref":"B"},"C":{"D":[1,2]}',
            '"A":{\n\t  "Ref":"B"\n\t},\n\t"C":{\n\t  "D":[\n\t    1,\n\t    2\n\t  ]\n\t}',
        ),
    ],
)
def test_between_braces(file: str, on_a_line: str, on_lines: str) -> None:
    """YAML in flow style, and JSON as wide as the file's."""
    value = {"A": {"Ref": "B"}, "C": {"D": [1, 2]}}
    assert flow(value, style(file)) == on_a_line
    assert flow(value, style(file), "\t", deep=True) == on_lines


@pytest.mark.parametrize(
    "text", ["1e3", "0o17", "08", "0x1F", "1_000", "-.5", ".inf", "12:30", "y", "N", "2010-09-09"]
)
def test_a_whole_template_in_yaml_reads_the_same_everywhere(text: str) -> None:
    """Texts that some readers of YAML take for numbers, dates or booleans are in quotes."""
    assert as_yaml({"Default": text, text: "a"}) == f"Default: '{text}'\n'{text}': a\n"
