"""What would mend a denied hook: a resource for its template, or one call by hand."""

import hashlib
import re
import shlex
from dataclasses import dataclass
from typing import Any, Final

from auto_lex_permissions.iam import INVOKE, LEX_PRINCIPAL
from auto_lex_permissions.reach import LONGEST_FUNCTION_NAME

from .account import Function
from .diagnosis import Diagnosis
from .policies import Reason

_LONGEST_HINT: Final = 22
_BY_DENY: Final = frozenset({Reason.DENY, Reason.MAY_DENY})


@dataclass(frozen=True, slots=True)
class Mending:
    """A permission to add: for which function and bot alias, and the name it gets by hand."""

    function: Function
    source: str
    account: str
    statement: str
    name: str

    @property
    def properties(self) -> dict[str, str]:
        """Return the properties of the CloudFormation resource."""
        arn = self.function.arn
        return {
            "Action": INVOKE,
            "FunctionName": arn if len(arn) <= LONGEST_FUNCTION_NAME else self.function.label,
            "Principal": LEX_PRINCIPAL,
            "SourceAccount": self.account,
            "SourceArn": self.source,
        }

    @property
    def resource(self) -> dict[str, Any]:
        """Return the CloudFormation resource under its logical id."""
        return {self.name: {"Type": "AWS::Lambda::Permission", "Properties": self.properties}}

    @property
    def yaml(self) -> str:
        """Return the resource as YAML, indented as it stands under `Resources`."""
        # In quotes, since an account may begin with 0.
        told = self.properties | {"SourceAccount": f'"{self.account}"'}
        properties = "".join(f"      {name}: {value}\n" for name, value in told.items())
        return f"  {self.name}:\n    Type: AWS::Lambda::Permission\n    Properties:\n{properties}"

    def command(self, region: str, profile: str) -> str:
        """Return the line for a shell that adds the permission."""
        return " \\\n  ".join(
            [
                f"aws lambda add-permission {_options(region=region, profile=profile)}",
                _options(function_name=self.function.bare.arn, qualifier=self.function.qualifier),
                _options(statement_id=self.statement, action=INVOKE),
                _options(principal=LEX_PRINCIPAL, source_account=self.account),
                _options(source_arn=self.source),
            ]
        )


def _options(**given: str) -> str:
    return " ".join(
        f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in given.items() if value
    )


def mending(one: Diagnosis) -> Mending | None:
    """Return what to add for a denied hook; None where adding something does not help."""
    reasons = {miss.reason for miss in one.verdict.misses}
    if one.function is None or not reasons or reasons & _BY_DENY:
        return None
    function = one.function.bare if Reason.LATEST in reasons else one.function
    alias = one.hook.alias
    return Mending(
        function,
        one.source,
        one.account,
        _free(f"lex-{alias.bot.id}-{alias.id}", one.taken),
        _logical_id(alias.bot.name, alias.name, function, one.source),
    )


def _free(name: str, taken: frozenset[str]) -> str:
    """Return a name that no statement of the policy has."""
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name}-{number}"
    return free


def _logical_id(bot: str, alias: str, function: Function, source: str) -> str:
    """Return a readable logical id that no other permission has."""
    digest = hashlib.sha256(f"{source} {function.arn}".encode()).hexdigest()[:8]
    return f"{_hint(bot)}{_hint(alias)}Invokes{_hint(function.name)}{digest}"


def _hint(name: str) -> str:
    words = re.findall("[0-9A-Za-z]+", name)
    return "".join(word[:1].upper() + word[1:] for word in words)[:_LONGEST_HINT]
