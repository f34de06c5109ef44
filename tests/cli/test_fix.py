"""`fix`: what the macro adds, as insertions into files of every style."""

import json
import re
import stat
import subprocess
from functools import partial
from pathlib import Path
from random import Random
from textwrap import indent
from typing import Any

import pytest
import yaml
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from auto_lex_permissions import Request, transform
from auto_lex_permissions_cli.console import UsageError
from auto_lex_permissions_cli.findings import findings
from auto_lex_permissions_cli.fix import Fixed, encoded, fix
from auto_lex_permissions_cli.reading import Template, parse
from auto_lex_permissions_cli.requests import Stack, request_of, use_of
from auto_lex_permissions_cli.splice import unspliced
from tests.cli.commands import BY_MACRO, PERMISSION, TEMPLATE, run, written
from tests.templates import Case, cases, name

SECTIONS = ("Resources", "Conditions")
NAME = "AliasInvokesOrders6e2474dd"
OBJECT: dict[str, Any] = {
    "Resources": {
        "Orders": {"Type": "AWS::Lambda::Function"},
        "Alias": {
            "Type": "AWS::Lex::BotAlias",
            "Properties": {
                "BotId": {"Ref": "Bot"},
                "BotAliasLocaleSettings": [
                    {
                        "LocaleId": "en_US",
                        "BotAliasLocaleSetting": {
                            "CodeHookSpecification": {
                                "LambdaCodeHook": {
                                    "LambdaArn": {
                                        "Fn::If": [
                                            "A",
                                            {"Fn::GetAtt": ["Orders", "Arn"]},
                                            {"Ref": "AWS::NoValue"},
                                        ]
                                    }
                                }
                            }
                        },
                    }
                ],
            },
        },
    },
    "Conditions": {"A": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}},
}
ALIAS = """\
  Alias:
    Type: AWS::Lex::BotAlias
    Properties:
      BotId: !Ref Bot
      BotAliasLocaleSettings:
        - LocaleId: en_US
          BotAliasLocaleSetting:
            CodeHookSpecification:
              LambdaCodeHook:
                LambdaArn: {function}
"""
HOOK = ALIAS.format(function="!GetAtt Orders.Arn")
ORDERS = "  Orders:\n    Type: AWS::Lambda::Function\n"
PLAIN = f"Resources:\n{ORDERS}{HOOK}"
CONDITIONAL = ALIAS.format(function="!If [A, !GetAtt Orders.Arn, !If [B, !Ref Orders, !Ref C]]")
FLOW_ALIAS = (
    "{Type: AWS::Lex::BotAlias, Properties: {BotAliasLocaleSettings: [{LocaleId: en_US, "
    "BotAliasLocaleSetting: {CodeHookSpecification: {LambdaCodeHook: {LambdaArn: "
    "!GetAtt Orders.Arn}}}}]}}"
)
FLOW_LINES = """\
{
  # Kept.
  Resources: {
    Orders: {Type: AWS::Lambda::Function},
    Alias: {
      Type: AWS::Lex::BotAlias, # The alias.
      Properties: {
        BotAliasLocaleSettings: [{LocaleId: en_US, BotAliasLocaleSetting: {
          CodeHookSpecification: {LambdaCodeHook: {LambdaArn: !GetAtt Orders.Arn}}}}] # Its locale.
      }
    }%s # The end of it.
    # And of all.
  }
}
"""
LOOP = """\
Transform: AWS::LanguageExtensions
Resources:
  Orders:
    Type: AWS::Lambda::Function
  Fn::ForEach::Bots:
    - Env
    - [Dev, Prod]
    - Bot${Env}:
        Type: AWS::Lex::Bot
      Alias${Env}:
        Type: AWS::Lex::BotAlias
        Properties:
          BotId: !Ref {Fn::Sub: "Bot${Env}"}
          BotAliasLocaleSettings:
            - LocaleId: en_US
              BotAliasLocaleSetting:
                CodeHookSpecification:
                  LambdaCodeHook:
                    LambdaArn: !GetAtt Orders.Arn
      # The loop ends here.
  Topic:
    Type: AWS::SNS::Topic
"""
TWO_OF_ALL = """\
Conditions:
  A: !Equals [!Ref Stage, a]
  B: !Equals [!Ref Stage, b]
"""


def by_bot(text: str) -> str:
    """Return a template with `SourceScope: Bot`."""
    return f"Metadata: {{AutoLexPermissions: {{SourceScope: Bot}}}}\n{text}"


def wider(text: str) -> str:
    """Return blocks of YAML with twice the indentation."""
    return re.sub(
        r"^ +(- )?",
        lambda found: f"{2 * found[0]}" if not found[1] else f"{2 * found[0][:-2]}-   ",
        text,
        flags=re.MULTILINE,
    )


def dumped(**style: Any) -> str:
    """Return the template as JSON."""
    return json.dumps(OBJECT, **style)


SOURCES = {
    "blocks of 2": PLAIN,
    "blocks of 4": wider(PLAIN),
    "no step for lists": PLAIN.replace("        - Loc", "      - Loc").replace(
        "          BotAliasLocaleS", "        BotAliasLocaleS"
    ),
    "long forms": PLAIN.replace("!GetAtt Orders.Arn", "{Fn::GetAtt: [Orders, Arn]}").replace(
        "!Ref Bot", "{Ref: Bot}"
    ),
    "long forms in blocks": PLAIN.replace(
        "!GetAtt Orders.Arn",
        "\n                  Fn::GetAtt:\n                    - Orders\n                    - Arn",
    ).replace("!Ref Bot", "\n        Ref: Bot"),
    "quoted": PLAIN.replace("AWS::Lex::BotAlias", "'AWS::Lex::BotAlias'")
    .replace("AWS::Lambda::Function", "'AWS::Lambda::Function'")
    .replace("en_US", "'en_US'"),
    "comments at the end": f"{PLAIN}    # Of the alias.\n\n  # Of the resources.\n# Of the file.\n",
    "comments between": PLAIN.replace("  Alias:", "  # Between.\n\n  Alias: # Here."),
    "a comment on the last line": f"{PLAIN[:-1]} # The function.\n",
    "empty lines between": PLAIN.replace("  Alias:", "\n  Alias:") + "\nOutputs: {A: {Value: a}}\n",
    "other sections after": f"{PLAIN}# Of Outputs.\nOutputs:\n  A:\n    Value: a\n",
    "Resources in the middle": f"Description: d\n{PLAIN}Outputs: {{A: {{Value: a}}}}\n",
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "CRLF without an end": PLAIN.replace("\n", "\r\n")[:-2],
    "no final newline": PLAIN[:-1],
    "many empty lines at the end": f"{PLAIN}\n\n\n",
    "document marks": f"%YAML 1.1\n---\n# c\n{PLAIN}...\n",
    "a mark at the beginning": f"\ufeff{PLAIN}",
    "not ASCII": f"Description: 注文 🛒\n{PLAIN}    # Größe\n",
    "an anchor": PLAIN.replace("Type: AWS::Lambda::Function", "Type: &t AWS::Lambda::Function")
    + "  More:\n    Type: *t\n",
    "an alias before a comment": PLAIN.replace("Properties:", "Properties: &p") + "  M:\n"
    "    Type: X::Y::Z\n    Properties: *p # same\n",
    "an alias in a list": PLAIN.replace("en_US", "&l en_US") + "  M:\n"
    "    Type: X::Y::Z\n    Properties:\n      L:\n      - a\n      - *l\n",
    "a text in block style": PLAIN + "  M:\n    Type: X::Y::Z\n    Properties:\n      T: |\n"
    "        # text\n\n\n# c\n",
    "a text that keeps lines": PLAIN + "  M:\n    Type: X::Y::Z\n    Properties:\n      T: |+\n"
    "        text\n\n\n",
    "a text without an end": PLAIN + "  M:\n    Type: X::Y::Z\n    Properties:\n      T: >-\n"
    "        text",
    "a text of many lines": PLAIN + "  M:\n    Type: X::Y::Z\n    Properties:\n      T: one\n"
    "        two # c\n",
    "no value at the end": PLAIN + "  M:\n    Type: X::Y::Z\n    Properties:\n",
    "a short list at the end": PLAIN + "  M:\n    Type: X::Y::Z\n    Properties: !Join\n"
    "      - a\n      - - b\n        - c\n",
    "Conditions at the end": f"Resources:\n{ORDERS}{CONDITIONAL}{TWO_OF_ALL}",
    "Conditions at the end, without an end": f"Resources:\n{ORDERS}{CONDITIONAL}{TWO_OF_ALL}"[:-1],
    "Conditions first": f"{TWO_OF_ALL}# The rest.\nResources:\n{ORDERS}{CONDITIONAL}",
    "Conditions in flow style": f"Conditions: {{A: !Equals [a, !Ref S], B: !Equals [b, !Ref S]}}\n"
    f"Resources:\n{ORDERS}{CONDITIONAL}",
    "Conditions between empty lines": f"{TWO_OF_ALL}\n\nResources:\n{ORDERS}{CONDITIONAL}",
    "many conditions": "Conditions:\n"
    + "".join(f"  VeryLongNameOfCondition{n}: !Equals [!Ref Stage, '{n}']\n" for n in range(12))
    + f"Resources:\n{ORDERS}"
    + ALIAS.replace("{function}", "".join(
        f"!If\n{' ' * (18 + 2 * n)}- VeryLongNameOfCondition{n}\n{' ' * (18 + 2 * n)}"
        f"- !GetAtt Orders.Arn\n{' ' * (18 + 2 * n)}- " for n in range(12)) + "!Ref AWS::NoValue"),
    "no Conditions": f"Resources:\n{ORDERS}{CONDITIONAL}",
    "no Conditions, a text before": f"Description: |\n  # text\n\n# c\nResources:\n{ORDERS}"
    f"{CONDITIONAL}",
    "no Conditions, empty lines": f"Description: d\n\n# A.\n# B.\nResources:\n{ORDERS}"
    f"{CONDITIONAL}",
    "no Conditions in JSON": json.dumps(
        parse("t", f"Resources:\n{ORDERS}{CONDITIONAL}".encode()).value, indent=2
    ),
    "no Conditions in JSON on a line": json.dumps(
        parse("t", f"Resources:\n{ORDERS}{CONDITIONAL}".encode()).value
    ),
    "empty Conditions": f"Conditions: {{}}\nResources:\n{ORDERS}{CONDITIONAL}",
    "empty Conditions in JSON": json.dumps({**OBJECT, "Conditions": {}}, indent=2),
    "Conditions without a value": f"Conditions: # None.\nResources:\n{ORDERS}{CONDITIONAL}",
    "members in flow style": f"Resources:\n  Orders: {{Type: AWS::Lambda::Function}}\n"
    f"  Alias: {FLOW_ALIAS}\n",
    "members in padded flow style": f"Resources:\n  Orders: {{ Type: AWS::Lambda::Function }}\n"
    f"  B: {{ Type: AWS::Lex::Bot }}\n  Alias: {FLOW_ALIAS}\n",
    "flow style": f"Resources: {{Orders: {{Type: AWS::Lambda::Function}}, Alias: {FLOW_ALIAS}}}\n",
    "flow style, a comma at the end": "{Resources: {Orders: {Type: AWS::Lambda::Function}, "
    f"Alias: {FLOW_ALIAS}, # c\n}} , }}",
    "flow style on lines": FLOW_LINES % "",
    "flow style on lines, a comma at the end": FLOW_LINES % ",",
    "flow style on lines, CRLF": (FLOW_LINES % "").replace("\n", "\r\n"),
    "JSON, compact": dumped(separators=(",", ":")),
    "JSON on a line": f"{dumped()}\n",
    "JSON of 2": dumped(indent=2),
    "JSON of 4": f"{dumped(indent=4)}\n",
    "JSON of tabs": dumped(indent="\t"),
    "JSON with CRLF": dumped(indent=2).replace("\n", "\r\n"),
    "JSON with calls on a line": dumped(indent=2).replace('{\n  "Ref"', '{ "Ref"'),
    "JSON not in ASCII": json.dumps({"Description": "注", **OBJECT}, indent=2, ensure_ascii=False),
    "a loop": LOOP,
    "a loop in flow style": LOOP.replace("!Ref {Fn::Sub", "{Ref: {Fn::Sub")
    .replace('${Env}"}', '${Env}"}}'),
    "waits": by_bot(PLAIN),
    "waits in JSON": json.dumps(
        {"Metadata": {"AutoLexPermissions": {"SourceScope": "Bot"}}, **OBJECT}, indent=2
    ),
    "waits beside DependsOn": by_bot(
        PLAIN.replace("  Alias:\n", "  Alias:\n    DependsOn: Orders # c\n")
    ),
    "waits beside quoted DependsOn": by_bot(
        PLAIN.replace("  Alias:\n", "  Alias:\n    DependsOn: &d 'Orders'\n")
    ),
    "waits beside a list": by_bot(
        PLAIN.replace("  Alias:\n", "  Alias:\n    DependsOn:\n    - Orders # c\n    # d\n")
    ),
    "waits beside a list in flow style": by_bot(
        PLAIN.replace("  Alias:\n", "  Alias:\n    DependsOn: [Orders]\n")
    ),
    "waits beside an empty list": by_bot(
        PLAIN.replace("  Alias:\n", "  Alias:\n    DependsOn: []\n")
    ),
    "waits beside Metadata": by_bot(
        f"{TWO_OF_ALL}{PLAIN}".replace("  Alias:\n", "  Alias:\n    Metadata: {Of: me}\n").replace(
            "!GetAtt Orders.Arn", "!If [A, !GetAtt Orders.Arn, !Ref AWS::NoValue]"
        )
    ),
    "waits beside Metadata without a value": by_bot(
        f"{TWO_OF_ALL}{PLAIN}".replace("  Alias:\n", "  Alias:\n    Metadata: # None.\n").replace(
            "!GetAtt Orders.Arn", "!If [A, !GetAtt Orders.Arn, !Ref AWS::NoValue]"
        )
    ),
    "waits beside empty Metadata in JSON": json.dumps({
        "Metadata": {"AutoLexPermissions": {"SourceScope": "Bot"}},
        "Conditions": OBJECT["Conditions"],
        "Resources": {name: {**body, "Metadata": {}} for name, body in OBJECT["Resources"].items()},
    }, indent=2),
    "waits in a loop": by_bot(LOOP),
}  # fmt: skip


def read(text: str) -> tuple[Template, Request]:
    """Read a template, and make the macro's request for it."""
    template = parse("t", text.encode())
    return template, request_of(template.value, Stack())


def holds(template: Template, request: Request, fixed: Fixed) -> dict[str, Any]:
    """Hold the laws of `fix`, and return the new template's value."""
    assert fixed.edits
    assert unspliced(fixed.text, fixed.edits) == template.text
    value = parse("t", fixed.text.encode()).value
    sections = SECTIONS if "Resources" in value else tuple(value)
    assert {key: value[key] for key in value if key not in sections} == {
        key: template.value[key] for key in template.value if key not in sections
    }
    fragment = {
        key: section
        for key, section in value.items()
        if key != "Transform" or key in request.fragment
    }
    again = request._replace(fragment=fragment)
    assert not findings(again).missing
    after: Any = transform(again).fragment
    assert [after.get(key) for key in sections] == [value.get(key) for key in sections]
    assert not fix(parse("t", fixed.text.encode()), again).edits
    return value


@pytest.mark.parametrize("text", SOURCES.values(), ids=SOURCES.keys())
def test_files_of_every_style(text: str) -> None:
    """The value becomes the macro's own; without the insertions the file is what it was."""
    template, request = read(text)
    fixed = fix(template, request)
    value = holds(template, request, fixed)
    after: Any = transform(request).fragment
    assert [value.get(key) for key in SECTIONS] == [after.get(key) for key in SECTIONS]
    assert text.endswith("\n") or not fixed.text.endswith("\n")
    if "\r\n" in text:
        assert "\n" not in fixed.text.replace("\r\n", "")


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_golden_cases_as_files(case: Case) -> None:
    """What is written is what the macro is expected to add (rules 2.1 to 2.8, 5.2)."""
    template = parse("t", (case.folder / "template.yaml").read_bytes())
    fixed = fix(template, case.request)
    before, expected = case.request.fragment, case.expected
    whole = isinstance(before.get("Resources"), dict)
    sections = SECTIONS if whole else tuple(expected)
    wanted = [expected.get(key) for key in sections]
    if wanted == [before.get(key) for key in sections]:
        assert not fixed.edits
        return
    value = holds(template, case.request, fixed)
    assert [value.get(key) for key in sections] == wanted


JSON_STYLES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({
    "indent": st.sampled_from([None, 1, 2, 4, "\t"]),
    "separators": st.sampled_from([(",", ":"), (", ", ": "), (",", ": "), (",", " : ")]),
    "ensure_ascii": st.booleans(),
})  # fmt: skip
YAML_STYLES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({
    "indent": st.integers(2, 6),
    "default_flow_style": st.sampled_from([False, None, True]),
    "default_style": st.sampled_from([None, None, '"', "'"]),
    "width": st.sampled_from([20, 80, 1_000_000]),
    "line_break": st.sampled_from(["\n", "\r\n"]),
    "explicit_end": st.booleans(),
})  # fmt: skip
# Nothing is explained, which takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
GOLDEN = [case for case in cases("cases") if "Transform" not in case.request.fragment]


@pytest.mark.long
@given(
    st.sampled_from(GOLDEN),
    YAML_STYLES,
    st.randoms(use_true_random=False),
    st.sampled_from(["", "\n"]),
)
@settings(phases=PHASES)
def test_yaml_of_any_style(case: Case, style: dict[str, Any], random: Random, end: str) -> None:
    """However PyYAML writes the template, with comments and empty lines anywhere."""
    text: str = yaml.safe_dump(case.request.fragment, sort_keys=False, **style)
    # PyYAML writes a text of several lines wrongly where it breaks a line before leading spaces.
    assume(yaml.safe_load(text) == case.request.fragment)
    if style["width"] > 80 and "\\n" not in json.dumps(case.request.fragment):
        text = "".join(map(partial(commented, random), text.splitlines(keepends=True)))
    agrees(case, text.rstrip("\r\n") + end)


def commented(random: Random, line: str) -> str:
    """Return a line, and perhaps a comment on it and lines of their own above it."""
    end = "\r\n" if line.endswith("\r\n") else "\n"
    if line.startswith("..."):
        return line
    above = random.choice(["", "", "", end, f"{' ' * random.randrange(9)}# {{a: [b]}}{end}"])
    return above + line.rstrip("\r\n") + random.choice(["", "", " # , }"]) + end


@pytest.mark.long
@given(st.sampled_from(GOLDEN), JSON_STYLES, st.sampled_from(["\n", "\r\n"]))
@settings(phases=PHASES)
def test_json_of_any_style(case: Case, style: dict[str, Any], line_end: str) -> None:
    """However a program writes the template."""
    text = json.dumps(case.request.fragment, **style)
    agrees(case, text.replace("\n", line_end))


def agrees(case: Case, text: str) -> None:
    """Hold that a file becomes what the golden case expects, and is itself without insertions."""
    template = parse("t", text.encode())
    assert template.value == case.request.fragment
    fixed = fix(template, case.request)
    assert unspliced(fixed.text, fixed.edits) == text
    value = parse("t", fixed.text.encode()).value
    report = {"Metadata"} if "Resources" in value else set()
    assert {key: value[key] for key in value if key not in report} == {
        key: case.expected[key] for key in case.expected if key not in report
    }


def shown(text: str) -> str:
    """Return a new text, less its old lines."""
    template, request = read(text)
    fixed = fix(template, request)
    return "".join(insertion.text for insertion in fixed.edits)


BLOCK = f"""\
  {NAME}:
    Type: AWS::Lambda::Permission
    Metadata:
      AutoLexPermissions:
        Reason: Lex invokes this function for bot alias Alias.
        HookSource: Alias
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !GetAtt Orders.Arn
      Principal: lexv2.amazonaws.com
      SourceAccount: !Ref AWS::AccountId
      SourceArn: !GetAtt Alias.Arn
"""
AS_JSON = f""",
    "{NAME}": {{
      "Type": "AWS::Lambda::Permission",
      "Condition": "A",
      "Metadata": {{
        "AutoLexPermissions": {{
          "Reason": "Lex invokes this function for bot alias Alias.",
          "HookSource": "Alias"
        }}
      }},
      "Properties": {{
        "Action": "lambda:InvokeFunction",
        "FunctionName": {{
          "Fn::GetAtt": [
            "Orders",
            "Arn"
          ]
        }},
        "Principal": "lexv2.amazonaws.com",
        "SourceAccount": {{
          "Ref": "AWS::AccountId"
        }},
        "SourceArn": {{
          "Fn::GetAtt": [
            "Alias",
            "Arn"
          ]
        }}
      }}
    }}"""
FLOW = (
    f", {NAME}: {{Type: AWS::Lambda::Permission, Metadata: {{AutoLexPermissions: {{Reason: Lex"
    " invokes this function for bot alias Alias., HookSource: Alias}}, Properties: {Action:"
    " lambda:InvokeFunction, FunctionName: !GetAtt Orders.Arn, Principal: lexv2.amazonaws.com,"
    " SourceAccount: !Ref AWS::AccountId, SourceArn: !GetAtt Alias.Arn}}"
)


@pytest.mark.parametrize(
    ("style", "inserted"),
    [
        pytest.param("blocks of 2", BLOCK, id="blocks of 2"),
        pytest.param("blocks of 4", wider(BLOCK), id="blocks of 4"),
        pytest.param("CRLF", BLOCK.replace("\n", "\r\n"), id="CRLF"),
        pytest.param("no final newline", f"\n{BLOCK[:-1]}", id="no final newline"),
        pytest.param("empty lines between", f"\n{BLOCK}", id="empty lines between"),
        pytest.param(
            "long forms",
            BLOCK.replace("!GetAtt Orders.Arn", "{Fn::GetAtt: [Orders, Arn]}")
            .replace("!GetAtt Alias.Arn", "{Fn::GetAtt: [Alias, Arn]}")
            .replace("!Ref AWS::AccountId", "{Ref: AWS::AccountId}"),
            id="long forms",
        ),
        pytest.param("flow style", FLOW, id="flow style"),
        pytest.param("JSON of 2", AS_JSON, id="JSON of 2"),
        pytest.param("JSON of tabs", AS_JSON.replace("  ", "\t"), id="JSON of tabs"),
    ],
)
def test_the_style_is_the_files_own(style: str, inserted: str) -> None:
    """To the letter."""
    assert shown(SOURCES[style]) == inserted


def test_comments_stay_with_what_they_are_about() -> None:
    """Those that are indented like a resource belong to the resources, others to what follows."""
    template, request = read(SOURCES["comments at the end"])
    before, after = fix(template, request).text.split(BLOCK)
    assert before.endswith("    # Of the alias.\n\n  # Of the resources.\n")
    assert after == "# Of the file.\n"


def test_new_conditions_stand_before_the_resources() -> None:
    """And before the comment about these."""
    template, request = read(SOURCES["no Conditions, empty lines"])
    new = fix(template, request).text
    assert new.startswith("Description: d\n\nConditions:\n  AliasInvokes")
    assert "\n\n# A.\n# B.\nResources:\n" in new


def test_bytes_before_the_text_stay() -> None:
    """A byte order mark is no part of the text, and no byte of the file is lost."""
    content = f"\ufeff{PLAIN}".encode()
    template = parse("t", content)
    fixed = fix(template, request_of(template.value, Stack()))
    assert encoded(fixed, content) == b"\xef\xbb\xbf" + fixed.text.encode()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            by_bot(PLAIN).replace("  Alias:\n", "  Alias:\n    DependsOn: >-\n      Orders\n"),
            "t:6:16: what is here would have to be written anew.",
            id="a text in block style",
        ),
        pytest.param(
            by_bot(PLAIN.replace("  Alias:\n", "  Alias:\n    DependsOn: !Ref Orders\n")),
            "t:6:16: what is here would have to be written anew.",
            id="a short form",
        ),
        pytest.param(
            by_bot(f"{PLAIN.replace('  Alias:', '  Alias: &a')}  Other: *a\n"),
            "t:5:10: what has to be added belongs to an alias (*): write it out.",
            id="an alias",
        ),
        pytest.param(
            PLAIN.replace("!GetAtt Orders.Arn", "!Sub ${Orders.Arn}:$LATEST"),
            "t: ALP403 Resources.Alias.Properties.",
            id="a mistake",
        ),
    ],
)
def test_what_cannot_be_inserted_is_refused(text: str, line: str) -> None:
    """One line that says where and why; nothing is written that would be something else."""
    template, request = read(text)
    with pytest.raises(UsageError) as problem:
        fix(template, request)
    assert str(problem.value).startswith(line)


POLICY = """\
  Policy:
    Type: AWS::Lambda::ResourcePolicy
    Properties:
      ResourceArn: !GetAtt Orders.Arn
      PolicyDocument:
        Version: "2012-10-17"
        Statement: {statement}
"""
STATEMENT = "{Effect: Allow, Principal: {Service: a.b}, Action: lambda:InvokeFunction}"


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(f"[{STATEMENT}]", id="flow style"),
        pytest.param("[]", id="none"),
        pytest.param(STATEMENT, id="alone"),
        pytest.param(f"\n          - {STATEMENT} # c", id="blocks"),
        pytest.param(f"\n        - {STATEMENT}", id="no step"),
    ],
)
def test_a_resource_policy_gets_a_statement(statement: str) -> None:
    """It replaces every permission of its function, so a permission beside it would be lost."""
    text = PLAIN + POLICY.format(statement=statement)
    template, request = read(text)
    fixed = fix(template, request)
    assert (fixed.permissions, fixed.statements) == (0, 1)
    holds(template, request, fixed)


def test_a_statement_about_what_may_not_live_is_conditional() -> None:
    """It refers to the alias, which may be absent where the policy is not."""
    text = TWO_OF_ALL + PLAIN.replace("  Alias:\n", "  Alias:\n    Condition: A\n")
    template, request = read(text + POLICY.format(statement="[]"))
    value = holds(template, request, fix(template, request))
    (statement,) = value["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"]
    condition, _, otherwise = statement["Fn::If"]
    assert (condition, otherwise) == ("A", {"Ref": "AWS::NoValue"})


def test_a_policy_written_as_text_is_refused_in_the_macros_words() -> None:
    """Nothing can be put into it as a list's item."""
    text = PLAIN + POLICY.format(statement="'x'")
    with pytest.raises(UsageError, match="Add to its Statement list"):
        fix(*read(text))


def test_a_policy_in_a_loop_is_refused_in_the_macros_words() -> None:
    """Each item of the loop would get the statement, and be another policy."""
    policy = POLICY.format(statement="[]").replace("Policy:", "Policy${Env}:", 1)
    loop = f"  Fn::ForEach::Policies:\n  - Env\n  - [Dev]\n  - {indent(policy, '  ').strip()}\n"
    with pytest.raises(UsageError, match="Add to its Statement list"):
        fix(*read(f"Transform: AWS::LanguageExtensions\n{PLAIN}{loop}"))


def test_the_rejected_case_of_a_policy_is_fixed() -> None:
    """The golden case that the macro refuses."""
    (case,) = (case for case in cases("rejected") if case.folder.name == "resource-policy-silences")
    template = parse("t", (case.folder / "template.yaml").read_bytes())
    fixed = fix(template, case.request)
    holds(template, case.request, fixed)
    assert (
        "\n          - Effect: Allow\n            Principal:"
        in fixed.text.split("DevAlias, Arn")[1]
    )


# As a program.


def test_a_diff_is_shown_and_nothing_written(tmp_path: Path) -> None:
    """1 where there is something to add; `patch` takes the diff."""
    template = written(tmp_path)
    ended = run("fix", template)
    assert (ended.code, template.read_text()) == (1, TEMPLATE)
    assert ended.err == f"{template}: 1 permission to write\n"
    assert "\n+    Type: AWS::Lambda::Permission\n" in ended.out
    assert [line for line in ended.out.splitlines()[2:] if line.startswith("-")] == []
    subprocess.run(["patch", str(template)], input=ended.out.encode(), check=True, timeout=60)
    assert run("check", template).code == 0


def test_written_it_is_clean(tmp_path: Path) -> None:
    """0, and a second time there is nothing to do."""
    template = written(tmp_path)
    template.chmod(0o640)
    ended = run("fix", template, "--write")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == f"{template}: 1 permission written\n"
    assert stat.S_IMODE(template.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["template.yaml"]
    assert run("check", template).code == 0
    again = run("fix", template)
    assert (again.code, again.out, again.err) == (0, "", f"{template}: nothing to fix\n")


def test_a_template_that_names_the_macro_is_left_alone(tmp_path: Path) -> None:
    """As `check` has nothing to say of it; what would write it is named."""
    template = written(tmp_path, BY_MACRO)
    ended = run("fix", template, "--write")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == (f"{template}: the macro adds what is missing; --without-macro writes it\n")
    assert template.read_text() == BY_MACRO


def test_a_template_that_does_without_the_macro(tmp_path: Path) -> None:
    """It gets what the macro would add, and its entry goes; `patch` takes the diff."""
    template = written(tmp_path, BY_MACRO)
    shown = run("fix", template, "--without-macro")
    assert (shown.code, shown.err) == (
        1,
        f"{template}: 1 permission to write, the macro to take out\n",
    )
    assert "\n-Transform: AutoLexPermissions\n" in shown.out
    assert run("fix", template, "--without-macro", "--write").code == 0
    by_hand = written(tmp_path / "other", BY_MACRO)
    subprocess.run(["patch", str(by_hand)], input=shown.out.encode(), check=True, timeout=60)
    assert by_hand.read_text() == template.read_text()
    assert "AutoLexPermissions\n" not in template.read_text()
    plain = written(tmp_path / "plain", TEMPLATE)
    assert run("fix", plain, "--write").code == 0
    assert plain.read_text() == template.read_text()


@pytest.mark.parametrize("colours", ["", "1"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_patch_takes_the_diff_of_a_file(mark: str, colours: str, tmp_path: Path) -> None:
    """With a mark at its beginning or without, whatever colours are asked for."""
    text = f"{mark}Transform: AutoLexPermissions\n{TEMPLATE}"
    template = written(tmp_path, text)
    assert run("expand", template, "--diff", FORCE_COLOR=colours).out.startswith("--- ")
    shown = run("fix", template, "--without-macro", FORCE_COLOR=colours)
    subprocess.run(["patch", str(template)], input=shown.out.encode(), check=True, timeout=60)
    by_hand = template.read_bytes()
    assert run("fix", written(tmp_path, text), "--without-macro", "--write").code == 0
    assert template.read_bytes() == by_hand
    assert template.read_text().startswith(f"{mark}# Kept")


USES = {
    "alone": ("Transform: AutoLexPermissions # It.\n", ""),
    "an object": ("Transform:\n  Name: AutoLexPermissions\n  Parameters: {}\n", ""),
    "a list of one": ("Transform:\n  - AutoLexPermissions\n", ""),
    "a list of one in flow": ("Transform: [{Name: AutoLexPermissions}]\n", ""),
    "first": (
        "Transform:\n- AutoLexPermissions # It.\n- B # Other.\n",
        "Transform:\n- B # Other.\n",
    ),
    "last": (
        "Transform:\n  - B\n  # Above.\n  - Name: AutoLexPermissions\n    Parameters: {}\n",
        "Transform:\n  - B\n",
    ),
    "first, a comment about the next": (
        "Transform:\n- AutoLexPermissions\n# Other.\n- B\n",
        "Transform:\n# Other.\n- B\n",
    ),
    "last, a comment in what is before": (
        "Transform:\n  - B\n    # Of B.\n  # Above.\n  - AutoLexPermissions\n    # In it.\n",
        "Transform:\n  - B\n    # Of B.\n",
    ),
    "first on a line in flow": (
        "Transform: [\n  AutoLexPermissions, # It.\n  # Other.\n  B # B.\n]\n",
        "Transform: [\n  # Other.\n  B # B.\n]\n",
    ),
    "first in flow, a comment on the line of all": (
        "Transform: [AutoLexPermissions, # All, [#].\n  B]\n",
        "Transform: [ # All, [#].\n  B]\n",
    ),
    "in the middle on a line in flow": (
        "Transform: [\n  A, # A.\n  # Above.\n  AutoLexPermissions, # It.\n  B # B.\n]\n",
        "Transform: [\n  A, # A.\n  B # B.\n]\n",
    ),
    "last on a line in flow": (
        "Transform: [\n  B, # B, first.\n  AutoLexPermissions # It.\n]\n",
        "Transform: [\n  B # B, first.\n]\n",
    ),
    "last on a line in flow, a comma at the end": (
        "Transform: [\n  B, # B.\n  AutoLexPermissions, # It.\n]\n",
        "Transform: [\n  B, # B.\n]\n",
    ),
    "last in flow, a comment before": (
        "Transform: [B, # B.\n  AutoLexPermissions]\n",
        "Transform: [B # B.\n]\n",
    ),
    "last in flow on two lines": (
        "Transform: [B,\n  {Name: AutoLexPermissions,\n   Parameters: {}} # It.\n]\n",
        "Transform: [B\n]\n",
    ),
    "commas first": (
        "Transform: [ B # B.\n, AutoLexPermissions # It.\n, C # C.\n]\n",
        "Transform: [ B # B.\n, C # C.\n]\n",
    ),
    "commas first, last": (
        "Transform: [ B # B.\n, AutoLexPermissions # It.\n]\n",
        "Transform: [ B # B.\n]\n",
    ),
    "beside an alias": (
        "Mappings: {M: {A: {B: &b B}}}\nTransform: [*b , # B.\n  AutoLexPermissions, C]\n",
        "Mappings: {M: {A: {B: &b B}}}\nTransform: [*b , # B.\n  C]\n",
    ),
    "first in flow": ("Transform: [AutoLexPermissions, B]\n", "Transform: [B]\n"),
    "last in flow": ("Transform: [B, AutoLexPermissions ]\n", "Transform: [B ]\n"),
    "in the middle": ("Transform: [A, AutoLexPermissions, B]\n", "Transform: [A, B]\n"),
    "Fn::Transform": ("Fn::Transform: {Name: AutoLexPermissions}\n", ""),
    "twice": (
        "Transform:\n- AutoLexPermissions\n- B\n- Name: AutoLexPermissions\n",
        "Transform:\n- B\n",
    ),
    "twice in flow": (
        "Transform: [AutoLexPermissions, B, {Name: AutoLexPermissions}]\n",
        "Transform: [B]\n",
    ),
    "twice and nothing else": (
        "Transform:\n- AutoLexPermissions\n- Name: AutoLexPermissions\n",
        "",
    ),
    "in both ways": (
        "Transform: [AutoLexPermissions]\nFn::Transform: {Name: AutoLexPermissions}\n",
        "",
    ),
    "where it is refused": (
        "Mappings:\n  Fn::Transform: {Name: AutoLexPermissions}\n  M: {A: {B: C}}\n",
        "Mappings:\n  M: {A: {B: C}}\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), USES.values(), ids=USES)
def test_how_a_template_names_the_macro(before: str, after: str) -> None:
    """Its entry goes with its line; others stay, to the letter."""
    made = []
    for text in (before, after):
        template = parse("t", (text + TEMPLATE).encode())
        use = use_of(template.value, Stack())
        fixed = fix(template, request_of(template.value, Stack()), use)
        assert unspliced(fixed.text, fixed.edits) == template.text
        made.append(fixed.text)
    assert made[0] == made[1]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "entry", ["AutoLexPermissions", ["AutoLexPermissions"], ["A", "AutoLexPermissions"]]
)
@pytest.mark.parametrize("is_last", [False, True])
def test_json_that_names_the_macro(entry: Any, indent: int | None, *, is_last: bool) -> None:
    """The comma goes, too."""
    value = parse("t", TEMPLATE.encode()).value
    whole = {**value, "Transform": entry} if is_last else {"Transform": entry, **value}
    template = parse("t", json.dumps(whole, indent=indent).encode())
    fixed = fix(template, request_of(template.value, Stack()), use_of(template.value, Stack()))
    after = json.loads(fixed.text)
    assert after.get("Transform") == (["A"] if len(entry) == 2 else None)
    assert len(after["Resources"]) == 4


def test_fn_transform_under_resources_goes(tmp_path: Path) -> None:
    """First, last, or alone in a line of its own."""
    call = "  Fn::Transform: {Name: AutoLexPermissions}\n"
    for text in (TEMPLATE + call, TEMPLATE.replace("Resources:\n", f"Resources:\n{call}")):
        template = written(tmp_path, text)
        assert run("fix", template, "--without-macro", "--write").code == 0
        assert "Fn::Transform" not in template.read_text()
        assert run("check", template).code == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Resources: !Transform {Name: AutoLexPermissions}\nA: AWS::Lex::Bot\n", "another form"),
        ("? Transform\n: AutoLexPermissions\n", "shares its line"),
    ],
)
def test_what_cannot_be_taken_out_is_refused(text: str, why: str, tmp_path: Path) -> None:
    """With its place; nothing is written."""
    whole = text if "Resources" in text else text + TEMPLATE
    template = written(tmp_path, whole)
    ended = run("fix", template, "--without-macro", "--write")
    assert (ended.code, template.read_text()) == (2, whole)
    assert why in ended.err


ANCHORED = TEMPLATE.replace("  Alias:\n", "  Alias: &alias\n")
SHARED = f"{ANCHORED}  Other:\n    <<: *alias\n"
BY_BOT = "Metadata: {AutoLexPermissions: {SourceScope: Bot}}\n"
WAITING = BY_BOT + SHARED.replace("&alias\n", "&alias\n    DependsOn: [Bot]\n")


def test_what_is_merged_gets_its_permission_too(tmp_path: Path) -> None:
    """Two bot aliases of one body; CloudFormation takes no merge keys, which is said."""
    template = written(tmp_path, SHARED)
    ended = run("fix", template, "--write")
    where = f"{template}:26:5"
    assert (ended.code, ended.err.splitlines()) == (
        0,
        [
            f"{where}: CloudFormation takes no aliases (*) and no merge keys (<<); SAM does",
            f"{template}: 2 permissions written",
        ],
    )
    assert "\n  Other:\n    <<: *alias\n" in template.read_text()
    assert run("check", template).code == 0


def test_what_would_change_by_a_merge_key_is_refused(tmp_path: Path) -> None:
    """The list of what a bot alias waits for is that of another one."""
    template = written(tmp_path, WAITING)
    ended = run("fix", template, "--write")
    assert ended.code == 2
    assert "28:5: what has to be added belongs to a merge key (<<): write it out." in ended.err
    assert template.read_text() == WAITING


def test_the_output_of_get_template_is_fixed_where_it_is_no_text(tmp_path: Path) -> None:
    """An object of JSON gets its permission; a text of YAML is shown only."""
    value = parse("t", TEMPLATE.encode()).value
    template = written(tmp_path, json.dumps({"TemplateBody": value, "StagesAvailable": []}))
    assert run("fix", template, "--write").code == 0
    changed = json.loads(template.read_text())
    assert len(changed["TemplateBody"]["Resources"]) == 4
    assert changed["StagesAvailable"] == []
    quoted = json.dumps({"TemplateBody": TEMPLATE})
    template = written(tmp_path, quoted)
    ended = run("fix", template)
    assert (ended.code, ended.out.splitlines()[0]) == (1, f"--- {template} (TemplateBody)")
    ended = run("fix", template, "--write")
    assert (ended.code, template.read_text()) == (2, quoted)
    assert "--write takes the file of a template, and this one holds it as a text." in ended.err


def test_many_files_and_folders(tmp_path: Path) -> None:
    """What is without Lex is not even reported; what cannot be read leaves the others written."""
    template, other = written(tmp_path), written(tmp_path, dumped(), "a/b.json")
    permitted = written(tmp_path, TEMPLATE + PERMISSION, "c.yaml")
    written(tmp_path, "A: [", "d.yaml")
    broken = written(tmp_path, "AWS::Lex::Bot: [", "e.yaml")
    ended = run("fix", tmp_path, tmp_path / "no", "--write")
    assert ended.code == 2
    assert f"{broken}:" in ended.err
    assert f"{template}: 1 permission written\n" in ended.err
    assert run("check", template, other, permitted).code == 0


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Its target is written."""
    target = written(tmp_path, name="a/real.yaml")
    link = tmp_path / "link.yaml"
    link.symlink_to(target)
    assert run("fix", link, "--write").code == 0
    assert link.is_symlink()
    assert "AWS::Lambda::Permission" in target.read_text()


def test_the_standard_input_is_only_shown() -> None:
    """There is no file to write."""
    ended = run("fix", "-", stdin=TEMPLATE)
    assert (ended.code, ended.out[:20]) == (1, "--- standard input\n+")
    ended = run("fix", "-", "--write", stdin=TEMPLATE)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "auto-lex-permissions: standard input: --write takes files only.\n"


def test_a_last_line_without_end_is_marked(tmp_path: Path) -> None:
    """As `diff` marks it."""
    ended = run("fix", written(tmp_path, TEMPLATE[:-1]))
    assert ended.out.count("\n\\ No newline at end of file\n") == 2
