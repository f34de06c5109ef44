"""`graph`: who invokes what, and whether it may, to the letter."""

from pathlib import Path

import pytest

from auto_lex_permissions_cli.findings import State, findings
from auto_lex_permissions_cli.graph import Edge, edge_of, mermaid, sorted_edges
from tests.cli.commands import ROOT, run, written
from tests.templates import Case, cases, name

HOOK = "BotAliasLocaleSetting: {CodeHookSpecification: {LambdaCodeHook: {LambdaArn: "
TEMPLATE = f"""\
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Metadata: {{AutoLexPermissions: {{OnUnreachable: Skip}}}}
Resources:
  Orders: {{Type: AWS::Lambda::Function}}
  OrdersBot:
    Type: AWS::Lex::Bot
    Properties:
      TestBotAliasSettings:
        BotAliasLocaleSettings:
          - LocaleId: en_US
            {HOOK}!GetAtt Orders.Arn}}}}}}
  Live:
    Type: AWS::Lex::BotAlias
    Properties:
      BotId: !Ref OrdersBot
      BotAliasLocaleSettings:
        - LocaleId: en_US
          {HOOK}!GetAtt Orders.Arn}}}}}}
        - LocaleId: ja_JP
          {HOOK}!GetAtt Orders.Arn}}}}}}
        - LocaleId: de_DE
          {HOOK}!If [IsProd, !Sub "${{Orders.Arn}}:live", !Ref AWS::NoValue]}}}}}}
  Idle:
    Type: AWS::Lex::BotAlias
    Metadata: {{AutoLexPermissions: {{Enabled: false}}}}
    Properties:
      BotId: !GetAtt OrdersBot.Id
      BotAliasLocaleSettings:
        - LocaleId: en_US
          {HOOK}!Ref Orders}}}}}}
  Far:
    Type: AWS::Lex::BotAlias
    Properties:
      BotId: ABCDEFGHIJ
      BotAliasLocaleSettings:
        - LocaleId: en_US
          {HOOK}"arn:aws:lambda:us-east-1:210987654321:function:far"}}}}}}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Orders
      Principal: lexv2.amazonaws.com
      SourceArn: !GetAtt Live.Arn
"""
AS_TEXT = """\
├── bot OrdersBot
│   ├── alias TSTALIASID
│   │   └── en_US: Orders: denied
│   ├── alias Live
│   │   ├── en_US: Orders: allowed
│   │   ├── ja_JP: Orders: allowed
│   │   └── de_DE where IsProd: ${Orders.Arn}:live: denied
│   └── alias Idle
│       └── en_US: Orders: opted out
└── bot ABCDEFGHIJ
    └── alias Far
        └── en_US: arn:aws:lambda:us-east-1:210987654321:function:far: out of reach
"""
AS_MERMAID = """\
flowchart LR
  bot1(["bot OrdersBot"])
  alias1["alias TSTALIASID"]
  function1[["Orders"]]
  alias2["alias Live"]
  function2[["${Orders.Arn}:live"]]
  alias3["alias Idle"]
  bot2(["bot ABCDEFGHIJ"])
  alias4["alias Far"]
  function3[["arn:aws:lambda:us-east-1:210987654321:function:far"]]
  bot1 --- alias1
  alias1 -.->|"en_US<br>denied"| function1
  bot1 --- alias2
  alias2 -->|"en_US<br>ja_JP<br>allowed"| function1
  alias2 -.->|"de_DE where IsProd<br>denied"| function2
  bot1 --- alias3
  alias3 -->|"en_US<br>opted out"| function1
  bot2 --- alias4
  alias4 -->|"en_US<br>out of reach"| function3
  linkStyle 1 stroke:#e5534b
  linkStyle 3 stroke:#2da44e
  linkStyle 4 stroke:#e5534b
  linkStyle 6 stroke:#8b949e
  linkStyle 8 stroke:#bf8700
"""
OWN = ("--account", "123456789012", "--region", "us-east-1")


def test_as_a_tree(tmp_path: Path) -> None:
    """Bots, their bot aliases, the locales of these, and the state of each."""
    template = written(tmp_path, TEMPLATE)
    ended = run("graph", template, *OWN, PYTHONIOENCODING="utf-8")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"{template}\n{AS_TEXT}"


def test_lines_of_a_tree_are_whole_where_no_terminal_is(tmp_path: Path) -> None:
    """However narrow one would be, and whatever colours are asked for."""
    written(tmp_path, TEMPLATE)
    ended = run("graph", "template.yaml", *OWN, cwd=tmp_path, FORCE_COLOR="1", COLUMNS="40")
    assert len(ended.out.splitlines()) == len(AS_TEXT.splitlines()) + 1


def test_as_a_flow_chart(tmp_path: Path) -> None:
    """What is denied is dashed and red; locales that invoke alike are one arrow."""
    ended = run("graph", written(tmp_path, TEMPLATE), *OWN, "--format", "mermaid")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == AS_MERMAID


def test_a_template_that_lists_the_macro(tmp_path: Path) -> None:
    """What it will add is not denied."""
    text = f"Transform: AutoLexPermissions\n{TEMPLATE}"
    ended = run("graph", written(tmp_path, text), *OWN, "--format", "mermaid")
    assert 'alias1 -->|"en_US<br>added by the macro"| function1' in ended.out
    assert "denied" not in ended.out


def test_a_bot_of_any_name(tmp_path: Path) -> None:
    """Also where its logical id is the name of the property that refers to it."""
    text = TEMPLATE.replace("OrdersBot", "BotId")
    ended = run("graph", written(tmp_path, text), *OWN, PYTHONIOENCODING="utf-8")
    assert ended.out.endswith(AS_TEXT.replace("OrdersBot", "BotId"))


def test_labels_are_escaped() -> None:
    """Nothing in a name ends a label, opens an element, or is read as Markdown or an entity."""
    edge = Edge("`b`", 'a"]', "<&#;", 'Fn::Join["\\n\n]', '{"Fn::Not": []}', State.DENIED)
    assert mermaid([edge]) == (
        "flowchart LR\n"
        '  bot1(["bot #96;b#96;"])\n'
        '  alias1["alias a#34;]"]\n'
        '  function1[["Fn::Join[#34;#92;n#92;n]"]]\n'
        "  bot1 --- alias1\n"
        '  alias1 -.->|"#60;#38;#35;#59; where {#34;Fn::Not#34;: []}<br>denied"| function1\n'
        "  linkStyle 1 stroke:#e5534b\n"
    )


def test_nothing_to_draw_and_mistakes(tmp_path: Path) -> None:
    """It says so; mistakes are reported beside the picture; what is no template exits with 2."""
    template = written(tmp_path, "Resources: {Topic: {Type: AWS::SNS::Topic}}\n")
    assert run("graph", template).out.endswith("no code hooks\n")
    ended = run("graph", template, "--format", "mermaid")
    assert ended.out == 'flowchart LR\n  none["no code hooks"]\n'
    wrong = written(tmp_path, TEMPLATE.replace("${Orders.Arn}:live", "${Orders.Arn}:$LATEST"))
    ended = run("graph", wrong)
    assert (ended.code, "de_DE where IsProd" in ended.out) == (0, True)
    assert ended.err.startswith(f"auto-lex-permissions: {wrong}:23:100: ALP403 Lex V2 takes")
    assert run("graph", written(tmp_path, "[]")).code == 2


@pytest.mark.parametrize("case", cases("cases"), ids=name)
def test_every_golden_case_can_be_drawn(case: Case) -> None:
    """Every arrow has its style."""
    found = findings(case.request).hooks
    edges = sorted_edges(edge_of(case.request.fragment, hook) for hook in found)
    lines = mermaid(edges).splitlines()
    links = [line for line in lines if " --- " in line or ">|" in line]
    styled = [int(line.split()[1]) for line in lines if "linkStyle" in line]
    assert styled == [number for number, line in enumerate(links) if ">|" in line]
    assert len(edges) == len(found)
    assert "?" not in "".join(edge.bot for edge in edges)


@pytest.mark.parametrize("folder", ["loop-two-over-the-same-items", "by-bot-circle-of-two-waits"])
def test_a_hook_that_a_generated_permission_would_cover_is_denied_without_it(folder: str) -> None:
    """Whether it has one of its own, or shares that of another hook."""
    request = Case(ROOT / "tests" / "cases" / folder).request
    assert {hook.state for hook in findings(request).hooks} == {State.DENIED}
    assert {hook.state for hook in findings(request, by_macro=True).hooks} == {State.ADDED}


def test_the_picture_of_the_readme_is_that_of_the_example() -> None:
    """Drawn again it is the same."""
    ended = run("graph", "examples/connect-bot.yaml", "--format", "mermaid", cwd=ROOT)
    assert (ROOT / "docs" / "graph.mmd").read_text() == ended.out
