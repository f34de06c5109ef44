"""What would fix a denied hook: a resource for its template, or one call by hand."""

import re
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from auto_lex_permissions.cfn.digests import digest
from auto_lex_permissions.iam import INVOKE, LEX_PRINCIPAL
from auto_lex_permissions.reach import LONGEST_FUNCTION_NAME

from .commands import options
from .diagnosis import Diagnosis
from .policies import Function, Reason

_LONGEST_PART: Final = 22
_BY_DENY: Final = frozenset({Reason.DENY, Reason.MAY_DENY})


@dataclass(frozen=True, slots=True)
class Fix:
    """A permission to add: for which function and bot alias, and the names that it gets."""

    function: Function
    source_arn: str
    account: str
    statement_id: str
    logical_id: str

    @property
    def properties(self) -> dict[str, str]:
        """The properties of the CloudFormation resource."""
        arn = self.function.arn
        return {
            "Action": INVOKE,
            "FunctionName": arn if len(arn) <= LONGEST_FUNCTION_NAME else self.function.label,
            "Principal": LEX_PRINCIPAL,
            "SourceAccount": self.account,
            "SourceArn": self.source_arn,
        }

    @property
    def resource(self) -> dict[str, Any]:
        """The CloudFormation resource under its logical id."""
        return {self.logical_id: {"Type": "AWS::Lambda::Permission", "Properties": self.properties}}

    @property
    def yaml(self) -> str:
        """The resource as YAML, indented as it stands under `Resources`."""
        # In quotes, since an account may begin with 0.
        values = self.properties | {"SourceAccount": f'"{self.account}"'}
        properties = "".join(f"      {name}: {value}\n" for name, value in values.items())
        head = f"  {self.logical_id}:\n    Type: AWS::Lambda::Permission\n"
        return f"{head}    Properties:\n{properties}"

    def command(self, region: str, profile: str) -> str:
        """Return the line for a shell that adds the permission."""
        return " \\\n  ".join(
            [
                f"aws lambda add-permission {options(region=region, profile=profile)}",
                options(
                    function_name=self.function.unqualified.arn, qualifier=self.function.qualifier
                ),
                options(statement_id=self.statement_id, action=INVOKE),
                options(principal=LEX_PRINCIPAL, source_account=self.account),
                options(source_arn=self.source_arn),
            ]
        )


def fix_for(diagnosis: Diagnosis) -> Fix | None:
    """Return what to add for a denied hook; None where adding something does not help."""
    reasons = {mismatch.reason for mismatch in diagnosis.verdict.mismatches}
    if diagnosis.function is None or not reasons or reasons & _BY_DENY:
        return None
    takes_unqualified = Reason.LATEST in reasons
    function = diagnosis.function.unqualified if takes_unqualified else diagnosis.function
    alias = diagnosis.hook.alias
    # A name that no statement of the policy has.
    statement_id = name = f"lex-{alias.bot.id}-{alias.id}"
    numbers = count(2)
    while statement_id in diagnosis.taken:
        statement_id = f"{name}-{next(numbers)}"
    # A readable logical id that no other permission has. The core makes one from logical ids of the
    # template; here there is none, and names that people know take their place.
    caller = f"{_readable_part(alias.bot.name)}{_readable_part(alias.name)}"
    suffix = digest(f"{diagnosis.source_arn} {function.arn}")
    logical_id = f"{caller}Invokes{_readable_part(function.name)}{suffix}"
    return Fix(function, diagnosis.source_arn, diagnosis.account, statement_id, logical_id)


def _readable_part(name: str) -> str:
    """Return a name as a part of a logical id, `orders-live` as `OrdersLive`."""
    words = re.findall("[0-9A-Za-z]+", name)
    return "".join(word[:1].upper() + word[1:] for word in words)[:_LONGEST_PART]
