"""`fix --narrow`: what is too wide or never matches goes, and nobody is silenced by that."""

import json
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from auto_lex_permissions_cli.fix import fix
from auto_lex_permissions_cli.fix import narrowed as reduced
from auto_lex_permissions_cli.reading import parse
from auto_lex_permissions_cli.requests import Stack, request_of
from auto_lex_permissions_cli.splice import unspliced
from tests.cli.commands import OF_BOT, PERMISSION, TEMPLATE, run, written

EXACT = "!GetAtt Alias.Arn"
WIDE = PERMISSION.replace("Permission:", "Wide:", 1).replace(EXACT, OF_BOT)
NEVER = PERMISSION.replace("Permission:", "Never:", 1).replace(EXACT, "!Ref Alias")
OF_ANY_BOT = PERMISSION.replace(f"      SourceArn: {EXACT}\n", "")
LOST = (
    "anyone but Lex V2; every action but lambda:InvokeFunction; "
    "every other bot alias that its SourceArn matches"
)
NAME = "AliasInvokesOrders6e2474dd"


def narrowed(text: str) -> str:
    """Return the text of a template after `fix --narrow`."""
    template = parse("t", text.encode())
    fixed = fix(template, request_of(template.value, Stack()), narrow=True)
    assert unspliced(fixed.text, fixed.edits) == text
    return fixed.text


def test_what_goes_and_who_loses_access(tmp_path: Path) -> None:
    """The exact permission takes its place; `patch` takes the diff, and nothing more is found."""
    anyone = WIDE.replace("lexv2.amazonaws.com", '"*"').replace("InvokeFunction", '*"', 1)
    text = TEMPLATE + anyone.replace("lambda:*", '"lambda:*') + NEVER
    template = written(tmp_path, text)
    shown = run("fix", template, "--narrow")
    assert (shown.code, shown.err.splitlines()) == (
        1,
        [
            f"{template}:25:3 ALP201 Wide goes. No longer allowed: {LOST}.",
            f"{template}:32:3 ALP202 Never goes. It allowed nothing.",
            f"{template}: 1 permission to write, 2 declared permissions to take out",
        ],
    )
    assert template.read_text() == text
    assert run("fix", template, "--narrow", "--write").code == 0
    by_hand = written(tmp_path / "other", text)
    subprocess.run(["patch", str(by_hand)], input=shown.out.encode(), check=True, timeout=60)
    assert by_hand.read_text() == template.read_text()
    assert template.read_text().startswith(f"{TEMPLATE}  {NAME}:\n")
    again = run("fix", template, "--narrow")
    assert (again.code, again.err) == (0, f"{template}: nothing to fix\n")
    assert run("check", template, "--fail-on", "note").code == 0


LOOP = """\
  Fn::ForEach::Permissions:
    - Function
    - [Orders]
    - Permission${Function}:
        Type: AWS::Lambda::Permission
        Properties:
          Action: lambda:InvokeFunction
          FunctionName: !Ref Orders
          Principal: "*"
          SourceArn: !GetAtt Alias.Arn
"""
OPTED_OUT = TEMPLATE[TEMPLATE.index("  Alias:\n") :].replace(
    "  Alias:\n", "  Quiet:\n    Metadata: {AutoLexPermissions: {Enabled: false}}\n"
)
STAYS = {
    "no SourceArn": (OF_ANY_BOT, "Permission stays: it may let in what is not in the template."),
    "any bot": (
        WIDE.replace("${Bot}/*", "*"),
        "Wide stays: it may let in what is not in the template.",
    ),
    "a bot of elsewhere": (
        WIDE.replace("${Bot}", "ABCDEFGHIJ")
        + OPTED_OUT.replace("!Ref Bot", "ABCDEFGHIJ").replace("Enabled: false", "Enabled: true"),
        "Wide stays: it may let in what is not in the template.",
    ),
    "Lex V1": (
        PERMISSION.replace("lexv2.", "lex.").replace(EXACT, "!Sub arn:aws:lex:*:*:intent:Order:*"),
        "Permission stays: it may let in what is not in the template.",
    ),
    "an organization": (
        OF_ANY_BOT.replace("lexv2.amazonaws.com", '"*"') + "      PrincipalOrgID: o-a1b2c3d4e5\n",
        "Permission stays: it may let in what is not in the template.",
    ),
    "opted out": (WIDE + OPTED_OUT, "Wide stays: it lets in Quiet, which has opted out."),
    "a reference": (
        WIDE + "Outputs: {Statement: {Value: !Ref Wide}}\n",
        "Wide stays: something refers to it.",
    ),
    "a reference in a long text": (
        WIDE + f"Outputs: {{Text: {{Value: !Sub '{'${AWS::Region}x' * 60}${{Wide}}'}}}}\n",
        "Wide stays: something refers to it.",
    ),
    "a wait": (
        WIDE + "  Topic: {Type: AWS::SNS::Topic, DependsOn: Wide}\n",
        "Wide stays: something refers to it.",
    ),
    "a wait of several": (
        WIDE + "  Topic: {Type: AWS::SNS::Topic, DependsOn: [Bot, Wide]}\n",
        "Wide stays: something refers to it.",
    ),
    "a loop": (LOOP, "Permission${Function} stays: it is in a loop."),
}


@pytest.mark.parametrize(("more", "sentence"), STAYS.values(), ids=STAYS)
def test_what_stays(more: str, sentence: str, tmp_path: Path) -> None:
    """It may serve others, or something needs it: that is a finding, also where it is written."""
    template = written(tmp_path, TEMPLATE + more)
    ended = run("fix", template, "--narrow", "--write")
    assert ended.code == 1
    assert ended.err.splitlines()[0].split(" ", 2)[2] == sentence
    assert more in template.read_text()


def test_what_an_output_refers_to_stays_where_the_macro_sees_resources_alone(
    tmp_path: Path,
) -> None:
    """The file has more than the macro is handed under Resources."""
    call = "Resources:\n  Fn::Transform: {Name: AutoLexPermissions}\n"
    text = TEMPLATE.replace("Resources:\n", call, 1).replace("    Condition: IsProd\n", "") + WIDE
    for more, is_left in (("", False), ("Outputs: {Statement: {Value: !Ref Wide}}\n", True)):
        template = written(tmp_path, text + more)
        run("fix", template, "--narrow", "--write")
        assert ("  Wide:" in template.read_text()) is is_left


def test_what_never_matches_and_may_serve_nobody_goes() -> None:
    """Of Lex V2 alone, whatever its SourceArn."""
    intent = NEVER.replace("!Ref Alias", "!Sub arn:aws:lex:*:*:intent:Order:*")
    assert narrowed(TEMPLATE + intent) == narrowed(TEMPLATE)
    of_literal = "arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/TSTALIASID"
    elsewhere = NEVER.replace("!Ref Alias", of_literal)
    assert "Never:" in narrowed(TEMPLATE + elsewhere)


def test_what_serves_an_alias_that_has_opted_out_stays() -> None:
    """The macro would add nothing in its place."""
    assert narrowed(TEMPLATE + WIDE + OPTED_OUT) == TEMPLATE + WIDE + OPTED_OUT
    of_another_bot = OPTED_OUT.replace("!Ref Bot", "ABCDEFGHIJ")
    assert "Wide:" not in narrowed(TEMPLATE + WIDE + of_another_bot)


def test_what_is_suppressed_stays() -> None:
    """Its reason says why; no finding is left by that."""
    suppressed = WIDE.replace(
        "    Properties:",
        "    Metadata: {AutoLexPermissions: {Suppress: [{Id: ALP201, Reason: Shared.}]}}\n"
        "    Properties:",
    )
    assert narrowed(TEMPLATE + suppressed) == TEMPLATE + suppressed


@pytest.mark.parametrize("width", [None, 2])
@pytest.mark.parametrize("order", ["first", "middle", "last"])
def test_json(width: int | None, order: str) -> None:
    """Commas go with what they separate."""
    value = parse("t", (TEMPLATE + WIDE + NEVER).encode()).value
    resources = dict(value["Resources"])
    going = {name: resources.pop(name) for name in ("Wide", "Never")}
    kept = list(resources.items())
    at = {"first": 0, "middle": 1, "last": len(kept)}[order]
    whole = {**value, "Resources": dict([*kept[:at], *going.items(), *kept[at:]])}
    after = json.loads(narrowed(json.dumps(whole, indent=width)))
    assert [*after["Resources"]] == [*resources, NAME]


ALIAS = TEMPLATE[TEMPLATE.index("    Type: AWS::Lex::BotAlias") :].replace(
    "    Condition: IsProd\n", ""
)
SPACED = f"""\
# About all of it.
Resources:
  # Lets Lex in.
{WIDE}
  Orders:
    Type: AWS::Lambda::Function
    Properties:
      Code:
        ZipFile: |
          def handler(event, context):
              return event
          # The end.

  # Goes as well,
  # with all of this.
{NEVER}
  # Of the bot.
  Bot: {{Type: AWS::Lex::Bot}}

  Alias:
{ALIAS}
Outputs: {{}}
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comments_and_empty_lines(newline: str) -> None:
    """The comments right above go, and empty lines do not add up; texts stay what they are."""
    after = narrowed(SPACED.replace("\n", newline)).replace(newline, "\n")
    for gone in ("Wide", "Never", "Goes as well", "with all of this"):
        assert gone not in after
    for kept in ("# About all of it.", "          # The end.\n\n  # Of the bot.\n  Bot:"):
        assert kept in after
    assert "\n\n\n" not in after


COMMENTED_OUT = """\
  Bot:
    Type: AWS::Lex::Bot
      # DependsOn: Orders
  # Goes with it.
"""


def test_what_is_commented_out_stays_with_its_resource() -> None:
    """A comment that is deeper than a resource is a part of the one above."""
    text = TEMPLATE.replace("  Bot:\n    Type: AWS::Lex::Bot\n", f"{COMMENTED_OUT}{WIDE}")
    deeper = text.replace(
        "  Alias:\n", "      # SourceAccount: 1\n\n  # Of the alias.\n  Alias:\n", 1
    )
    directly = deeper.replace("  # Goes with it.\n", "")
    expected = narrowed(TEMPLATE).replace(
        "AWS::Lex::Bot\n", "AWS::Lex::Bot\n      # DependsOn: Orders\n\n  # Of the alias.\n", 1
    )
    assert narrowed(deeper) == narrowed(directly) == expected


FLOW = """\
Resources: {
  # About all of it.
  %(first)s
  Orders: {Type: AWS::Lambda::Function}, # Of Orders.
  # Above.
  %(middle)s
  # Of the bot.
  Bot: {Type: AWS::Lex::Bot},
  Alias: {Type: AWS::Lex::BotAlias, Properties: {BotId: !Ref Bot, BotAliasLocaleSettings: [
    {LocaleId: en_US, BotAliasLocaleSetting: {CodeHookSpecification: {LambdaCodeHook: {
      LambdaArn: !GetAtt Orders.Arn}}}}]}}%(last)s
  # The end.
}
"""
IN_FLOW = (
    "Wide: {Type: AWS::Lambda::Permission, Properties: {Action: lambda:InvokeFunction,\n"
    f"    FunctionName: !Ref Orders, Principal: lexv2.amazonaws.com, SourceArn: {OF_BOT}}}}}"
).replace(OF_BOT, f'!Sub "{OF_BOT.removeprefix("!Sub ")}"')
EMPTY = {"first": "", "middle": "", "last": " # Of the alias."}
AT = {
    "first": {"first": f"{IN_FLOW}, # It.\n"},
    "middle": {"middle": f"{IN_FLOW}, # It.\n"},
    "last": {"last": f", # Of the alias.\n  # Goes.\n  {IN_FLOW} # It."},
    "last, a comma": {"last": f", # Of the alias.\n  # Goes.\n  {IN_FLOW}, # It."},
    "last on another's line": {"last": f", {IN_FLOW} # It."},
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("with_macro", [False, True])
@pytest.mark.parametrize("at", AT.values(), ids=AT)
def test_comments_between_braces(at: dict[str, str], newline: str, *, with_macro: bool) -> None:
    """Those of other members stay on their lines, whether or not something comes at the end."""
    text = (FLOW % {**EMPTY, **at}).replace(newline, "\n").replace("\n", newline)
    template = parse("t", text.encode())
    request = request_of(template.value, Stack())
    fixed = reduced(template, request) if with_macro else fix(template, request, narrow=True)
    assert unspliced(fixed.text, fixed.edits) == text
    lines = fixed.text.split(newline)
    assert not [line for line in lines if "Wide" in line or "# It." in line or "# Goes" in line]
    for kept in ("  # About all of it.", "  # Of the bot.", "  # The end."):
        assert kept in lines
    for line in lines:
        assert ("# Of Orders." in line) == ("Orders: {" in line)
    assert ("# Of the alias." in text) == (f"# Of the alias.{newline}" in fixed.text)
    assert (NAME in fixed.text) is not with_macro


def test_with_the_macro_the_macro_adds_what_is_exact(tmp_path: Path) -> None:
    """The permission goes, and nothing else changes; without the macro, all does."""
    text = f"Transform: AutoLexPermissions\n{TEMPLATE}{WIDE}"
    template = written(tmp_path, text)
    ended = run("fix", template, "--narrow", "--write")
    assert ended.code == 0
    assert ended.err.endswith(f"{template}: 1 declared permission taken out\n")
    assert template.read_text() == text.removesuffix(WIDE)
    template = written(tmp_path, text)
    assert run("fix", template, "--narrow", "--without-macro", "--write").code == 0
    assert template.read_text() == narrowed(TEMPLATE)
    bad = text.replace("Resources:", "Resources: 1\nOthers:")
    template = written(tmp_path, bad)
    ended = run("fix", template, "--narrow")
    assert (ended.code, "Traceback" in ended.err) == (2, False)


def test_a_map_of_resources(tmp_path: Path) -> None:
    """As `Fn::Transform` may be handed one."""
    resources = TEMPLATE[TEMPLATE.index("  Orders:") :].replace("    Condition: IsProd\n", "")
    template = written(tmp_path, dedent(f"{resources}{WIDE}"))
    assert run("fix", template, "--narrow", "--write").code == 0
    assert "Wide" not in template.read_text()
    assert f"\n{NAME}:\n" in template.read_text()
