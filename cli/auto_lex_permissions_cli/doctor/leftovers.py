"""What is left over in the policies of functions, and the commands that would remove it.

Only what is sure: that a bot or a bot alias is gone is what Lex itself answers. Nothing is removed
here.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from operator import ne
from typing import Any, Final

from auto_lex_permissions.cfn.values import Values
from auto_lex_permissions.diagnostics import (
    POLICY_NEARLY_FULL,
    STATEMENT_LEFT_OVER,
    STATEMENT_REPEATED,
    STATEMENT_TOO_WIDE,
    Diagnostic,
)
from auto_lex_permissions.iam import operator_named
from auto_lex_permissions.limits import MOST_POLICY_BYTES
from auto_lex_permissions.statements import SOURCE_ARN, speaks_of_lex

from .account import Account, Document, Policy, Unreadable
from .commands import command
from .diagnosis import Diagnosis, State, Wanted
from .fixes import Fix, fix_for
from .policies import Call, Function, Statement, judge, texts

_NEARLY_FULL: Final = MOST_POLICY_BYTES * 3 // 4
_BOT_ALIAS: Final = re.compile(
    r"arn:[\w-]+:lex:(?P<region>[\w-]+):(?P<account>\d{12})"
    r":bot-alias/(?P<bot>[0-9A-Za-z]{10})/(?P<alias>[0-9A-Za-z]{10}|\*)"
)
# A bot and a bot alias of no account: what lets these in lets in all.
_ANY: Final = "0000000000/0000000000"
_NO_ACCOUNT: Final = "000000000000"

# A bot's id and its alias's, or `*` for the whole bot.
_Named = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What can go from a function's policy: a statement, or something of the whole policy.

    `fixes` are what has to be added before.
    """

    function: Function
    said: Diagnostic
    statement_id: str = ""
    fixes: tuple[Fix, ...] = ()

    def commands(self, region: str, profile: str) -> list[str]:
        """Return the lines for a shell that remove it; none where that takes more than a call."""
        if not self.statement_id:
            return []
        removing = command(
            *("lambda", "remove-permission"),
            function_name=self.function.unqualified.arn,
            qualifier=self.function.qualifier,
            statement_id=self.statement_id,
            region=region,
            profile=profile,
        )
        return [*(fix.command(region, profile) for fix in self.fixes), removing]


def left_over(
    account: Account,
    policies: Mapping[Function, Policy],
    diagnoses: Iterable[Diagnosis],
    wanted: Wanted,
    *,
    is_all: bool,
) -> tuple[list[LeftOver], list[str]]:
    """Return what is left over in policies, and why there may be more.

    A statement that is too wide may serve any bot, so that is judged where `is_all` of a Region was
    looked at, and at functions of the bots' account alone. An account that is not known is none of
    those that statements and functions name.
    """
    served: dict[Function | None, list[Diagnosis]] = {}
    seen: set[_Named] = set()
    for one in diagnoses:
        seen.add((one.hook.alias.bot.id, one.hook.alias.id))
        if one.state is State.ALLOWED:
            served.setdefault(one.function, []).append(one)
    documents = {
        function: [
            (statement, _callers(statement, wanted.region, wanted.account))
            for statement in policy.statements
        ]
        for function, policy in policies.items()
        if isinstance(policy, Document)
    }
    named = {caller for each in documents.values() for _, callers in each for caller in callers}
    answers = account.are_gone(sorted(named - seen))
    gone = frozenset(caller for caller, answer in answers.items() if answer is True)
    found: list[LeftOver] = []
    for function, statements in documents.items():
        needed: list[Statement] = []
        for statement, said in _unneeded(statements, gone):
            if said:
                found.append(LeftOver(function, said, statement.sid))
            else:
                needed.append(statement)
        if is_all and function.account == wanted.account:
            found += _too_wide(function, needed, served.get(function, []))
        found += _nearly_full(function, policies[function])
    problems = (answer.why for answer in answers.values() if isinstance(answer, Unreadable))
    return found, list(dict.fromkeys(problems))


def _unneeded(
    statements: Iterable[tuple[Statement, list[_Named]]], gone: AbstractSet[_Named]
) -> Iterator[tuple[Statement, Diagnostic | None]]:
    """Yield each statement of a policy, and that it is for nobody or repeats one before it."""
    names: dict[str, str] = {}
    for statement, callers in statements:
        # Two that differ in their ids alone have one text.
        words = json.dumps({**statement.body, "Sid": ""}, sort_keys=True)
        if callers and gone >= set(callers):
            said = STATEMENT_LEFT_OVER.at(statement=statement.name, callers=_in_words(callers))
            yield statement, said
        elif words in names:
            yield statement, STATEMENT_REPEATED.at(statement=statement.name, other=names[words])
        else:
            names[words] = statement.name
            yield statement, None


def _nearly_full(function: Function, policy: Policy) -> Iterator[LeftOver]:
    if isinstance(policy, Document) and policy.size >= _NEARLY_FULL:
        figures = {"size": f"{policy.size:,}", "most": f"{MOST_POLICY_BYTES:,}"}
        yield LeftOver(function, POLICY_NEARLY_FULL.at(**figures))


def _callers(statement: Statement, region: str, account: str) -> list[_Named]:
    """Return the bot aliases of a Region and account that alone a statement is for.

    None where it may be for any other.
    """
    if statement.denies or not speaks_of_lex(Values.at(statement.body, ()), ne).known:
        return []
    for arns in _source_arns(statement.body.get("Condition")):
        found = [_BOT_ALIAS.fullmatch(arn) for arn in arns]
        callers = [
            (one["bot"], one["alias"])
            for one in found
            if one and (one["region"], one["account"]) == (region, account)
        ]
        if len(callers) == len(arns):
            return callers
    return []


def _source_arns(condition: Any) -> Iterator[list[str]]:
    """Yield the values of each comparison that asks for the caller's ARN."""
    for name, keys in condition.items() if isinstance(condition, dict) else ():
        operator = operator_named(name)
        if operator and not (operator.is_negated or operator.if_exists or operator.quantifier):
            for key, values in keys.items() if isinstance(keys, dict) else ():
                if key.lower() == SOURCE_ARN:
                    yield texts(values)


def _in_words(callers: Iterable[_Named]) -> str:
    return " and ".join(
        f"bot {bot}" if alias == "*" else f"bot alias {bot}/{alias}" for bot, alias in callers
    )


def _too_wide(
    function: Function, statements: Iterable[Statement], served: Iterable[Diagnosis]
) -> Iterator[LeftOver]:
    """Yield the statements that let in any bot, and what to add before for the hooks served."""
    reach = [(one, "" if one.denies else _reach(one, function)) for one in statements]
    rest = [one for one, whose in reach if not whose]
    needed = []
    for hook in served:
        verdict = judge(rest, Call(function, hook.source_arn, hook.account))
        needed.append(fix_for(replace(hook, verdict=verdict)))
    fixes = tuple(dict.fromkeys(fix for fix in needed if fix))
    for statement, whose in reach:
        if whose:
            said = STATEMENT_TOO_WIDE.at(statement=statement.name, whose=whose)
            yield LeftOver(function, said, statement.sid, fixes)
            fixes = ()  # Added once.


def _reach(statement: Statement, function: Function) -> str:
    """Return whose bots a statement lets in, whichever they are; empty where it names them."""
    for account, whose in ((_NO_ACCOUNT, "any account"), (function.account, "the account")):
        arn = f"arn:{function.partition}:lex:{function.region}:{account}:bot-alias/{_ANY}"
        if judge([statement], Call(function, arn, account)).allowed:
            return whose
    return ""
