"""docs/messages.md explains each message of the catalogue, and its examples show what it says.

An example is laid over the template of ALP101, as the page asks its readers to do, and given to
the macro as CloudFormation would.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from auto_lex_permissions import Message, Request, TemplateError, transform
from auto_lex_permissions.diagnostics import CATALOGUE
from auto_lex_permissions.limits import MOST_BYTES
from auto_lex_permissions.protocol import request_of
from auto_lex_permissions_cli import requests
from auto_lex_permissions_cli.findings import findings, suppressions
from auto_lex_permissions_cli.reading import parse
from benchmarks.hostile import permissions_with_wildcards
from tests.pages import fenced, rules
from tests.templates import ACCOUNT, REGION
from tests.test_conditions import _parity, equals
from tests.test_limits import size, template

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = (ROOT / "docs" / "messages.md").read_text()
JAPANESE: Final = (ROOT / "docs" / "messages.ja.md").read_text()
IN_JAPANESE: Final = {"error": "エラー", "warning": "警告", "note": "情報"}
CODES: Final = [message.code for message in CATALOGUE]
HEADING: Final = re.compile(r"^### (.+)\n", re.MULTILINE)
# What stands behind this is the corrected example.
CORRECTED: Final = re.compile(r"[Uu]se instead:\n|[Aa]dd this line:\n")
# `[Rule 3.4](contract.md#3-…)`, and `[3.1 and 3.4](contract.md#3-…)` behind the word "Rules".
RULES: Final = re.compile(r"\[(?:[Rr]ule )?(\d\.\d+(?: and \d\.\d+)*)\]\(contract\.md#(\d)-")


def _sections() -> dict[str, str]:
    """Return the text of each section by its code, in the order of the page."""
    _, *found = HEADING.split(PAGE)
    return {code: text.partition("\n## ")[0] for code, text in zip(*[iter(found)] * 2, strict=True)}


SECTIONS: Final = _sections()


def _undecided() -> dict[str, Any]:
    """Return a template with a declared permission, and more conditions than can be decided."""
    fragment = template(3, 1)
    fragment["Conditions"] = {**_parity(40), "IsA": equals("P", "a")}
    fragment["Resources"]["A0"]["Condition"] = "Sum"
    fragment["Resources"]["P"] = {
        "Type": "AWS::Lambda::Permission",
        "Condition": "IsA",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "F"},
            "Principal": "lexv2.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": ["A0", "Arn"]},
        },
    }
    return fragment


# What no example can show: it takes more conditions, resources, bytes or permissions than a page
# holds, or a request that CloudFormation does not send.
EVENTS: Final[Mapping[str, dict[str, Any]]] = {
    "ALP111": {"fragment": _undecided()},
    "ALP501": {"fragment": template(500, 1)},
    "ALP502": {"fragment": template(3, 1, "x" * (MOST_BYTES - size(template(3, 1))))},
    "ALP503": {"fragment": template(49, 47)},
    "ALP504": {"fragment": permissions_with_wildcards(1_000_000)},
    "ALP505": {"fragment": {"Resources": {"X" * 1_001: {"Type": "AWS::SNS::Topic"}}}},
    "ALP602": {},
    "ALP603": {"fragment": []},
    "ALP604": {"fragment": {"Description": "\ud800", "Resources": {}}},
}
# No template shows that a file cannot be read (tests/cli/test_commands.py does), or that the hook
# cannot judge one (tests/hook/test_handler.py does), and no input is known to show a fault of the
# macro; tests/test_handler.py plants one.
# What `doctor` says of a live account, tests/cli/test_doctor_remarks.py shows.
OF_DOCTOR: Final = {code for code in CODES if code.startswith("ALP8")}
NOT_SHOWN: Final = {"ALP701", "ALP703", "ALP901", *OF_DOCTOR}
# These are said by the command line alone.
OF_COMMAND_LINE: Final = {"ALP101", "ALP702"}


def _examples(code: str) -> list[dict[str, Any]]:
    """Return the template of a section's example, and that of the corrected one if there is one."""
    return [_laid_over(fenced(part, "yaml")) for part in CORRECTED.split(SECTIONS[code])]


def _laid_over(blocks: Iterable[str]) -> dict[str, Any]:
    """Lay an example over the template of ALP101, as the page says above its first section."""
    first = fenced(SECTIONS["ALP101"], "yaml")[0]
    laid: dict[str, Any] = parse("ALP101", first.encode()).value
    for block in blocks:
        for section, value in parse("example", block.encode()).value.items():
            if section == "LambdaArn":
                (locale,) = laid["Resources"]["LiveAlias"]["Properties"]["BotAliasLocaleSettings"]
                specification = locale["BotAliasLocaleSetting"]["CodeHookSpecification"]
                specification["LambdaCodeHook"]["LambdaArn"] = value
            elif isinstance(value, dict):
                laid[section] = laid.get(section, {}) | value
            else:
                laid[section] = value
    return laid


def _request(laid: Mapping[str, Any]) -> Request:
    """Return what CloudFormation sends."""
    return requests.request_of(laid, requests.Stack(REGION, ACCOUNT))


def _codes(request: Request) -> set[str]:
    """Return the codes of all that the macro says: of mistakes alone where there are any."""
    try:
        return {report.code for report in transform(request).reports}
    except TemplateError as error:
        return {mistake.code for mistake in error.diagnostics}


def _codes_of_event(event: Mapping[str, Any]) -> set[str]:
    try:
        return _codes(request_of({"region": REGION, "accountId": ACCOUNT, **event}))
    except TemplateError as error:
        return {mistake.code for mistake in error.diagnostics}


def _is_missing(laid: Mapping[str, Any]) -> bool:
    """Return whether `check` finds a code hook without a permission."""
    by_macro = requests.use_of(laid, requests.Stack()) is not None
    return bool(findings(_request(laid), by_macro=by_macro).missing)


def test_every_code_has_its_section() -> None:
    """One each, in the order of the catalogue; nothing else has a heading of this level."""
    assert HEADING.findall(PAGE) == CODES


@pytest.mark.parametrize("message", CATALOGUE, ids=lambda message: str(message.code))
def test_a_section_says_what_the_catalogue_says(message: Message) -> None:
    """Name, severity and title stand below the heading, to which the message's own link leads."""
    first = SECTIONS[message.code].strip().splitlines()[0]
    assert first == f"**{message.name}** · {message.severity} · {message.title}"
    assert message.url.endswith(f"/docs/messages.md#{message.code.lower()}")


def test_the_table_lists_all_messages() -> None:
    """With name, severity and title, as the catalogue has them."""
    rows = re.findall(r"^\| \[(\w+)\]\(#(\w+)\) \| (.+) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (message.code, message.code.lower(), message.name, message.severity, message.title)
        for message in CATALOGUE
    ]


def test_the_japanese_page_has_all_messages() -> None:
    """In the catalogue's order, with name and severity, what it means and what to do."""
    rows = re.findall(
        r"^\| \[(\w+)\]\(messages\.md#(\w+)\) \| (\w+) \| (\S+) \| (.+。) \| (.+。) \|$",
        JAPANESE,
        re.MULTILINE,
    )
    assert [row[:4] for row in rows] == [
        (message.code, message.code.lower(), message.name, IN_JAPANESE[message.severity])
        for message in CATALOGUE
    ]
    for *_, meaning, remedy in rows:
        assert re.search(r"[ぁ-ヿ]", meaning)
        assert re.search(r"[ぁ-ヿ]", remedy)


@pytest.mark.parametrize("code", CODES)
def test_a_section_leads_to_its_rules(code: str) -> None:
    """The contract has the rules that it names, in the section that it links to."""
    found = RULES.findall(SECTIONS[code])
    known = {number for number, _ in rules()}
    assert found
    for numbers, section in found:
        for number in numbers.split(" and "):
            assert number in known
            assert number.startswith(f"{section}.")


def test_every_message_is_shown() -> None:
    """By an example on the page or, where none can be, by an input that is made here."""
    with_example = {code for code, text in SECTIONS.items() if fenced(text, "yaml")}
    assert sorted([*with_example, *EVENTS, *NOT_SHOWN]) == CODES


@pytest.mark.parametrize("code", sorted({*CODES} - {*OF_COMMAND_LINE, *EVENTS, *NOT_SHOWN}))
def test_an_example_shows_its_message(code: str) -> None:
    """It alone; and the corrected one shows nothing at all."""
    example, *corrected = _examples(code)
    assert _codes(_request(example)) == {code}
    assert [_codes(_request(other)) for other in corrected] in ([], [set()])


def test_a_hook_without_permission_is_found_until_the_macro_is_listed() -> None:
    """The example of ALP101 is for the command line: the macro would add what is missing."""
    example, corrected = _examples("ALP101")
    assert _is_missing(example)
    assert not _is_missing(corrected)
    assert transform(_request(corrected)).permissions_added == 1


def test_what_is_suppressed_needs_a_reason() -> None:
    """The examples of ALP702: the first has none, so that both are found; the second has one."""
    shown = []
    for example in _examples("ALP702"):
        found = suppressions(example, findings(_request(example), by_macro=True).notes)
        shown.append([(one.diagnostic.code, one.reason) for one in found])
    (_, reason), *_ = shown[1]
    assert shown == [[("ALP201", None), ("ALP702", None)], [("ALP201", reason)]]
    assert reason


@pytest.mark.parametrize("code", EVENTS)
def test_what_no_example_shows_is_so(code: str) -> None:
    """The macro says it of an input that is too large for a page, or is no template."""
    assert _codes_of_event(EVENTS[code]) == {code}


def test_the_event_on_the_page_is_the_one_of_its_example() -> None:
    """What CloudFormation shows for ALP302, whose line is broken for the page."""
    (shown,) = fenced(PAGE.partition("\n## All messages")[0], "text")
    with pytest.raises(TemplateError) as rejected:
        transform(_request(_examples("ALP302")[0]))
    assert shown.split() == (
        f"Transform {ACCOUNT}::AutoLexPermissions failed with: {rejected.value}".split()
    )


def test_the_report_on_the_page_is_the_one_of_its_example() -> None:
    """What the processed template of ALP201 holds."""
    (shown,) = fenced(PAGE.partition("\n## All messages")[0], "yaml")
    fragment = transform(_request(_examples("ALP201")[0])).fragment
    assert parse("report", shown.encode()).value == {"Metadata": fragment["Metadata"]}
