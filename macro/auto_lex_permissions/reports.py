"""What the macro noticed and did not change: an entry in the template, a log line, a metric.

An entry holds a path and a code, no values: the processed template is the one place that the
author can see, and the log of a central account is not.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

METADATA_KEY: Final = "AutoLexPermissionsReport"


class Report(NamedTuple):
    """One thing noticed: where, a code of `ADVICE`, and why where there are several reasons."""

    path: str
    code: str
    why: str = ""

    @property
    def entry(self) -> dict[str, str]:
        """Return the entry of the template's `Metadata`."""
        return {"Path": self.path, "Code": self.code}


TOO_WIDE: Final = "PermissionTooWide"
NEVER_MATCHES: Final = "PermissionNeverMatches"
POLICY_NOT_COMPARED: Final = "ResourcePolicyNotCompared"
REPLICA: Final = "ReplicaNeedsPermission"
VERSION_HOOK: Final = "HookOnVersion"
STILL_COVERED: Final = "OptedOutButCovered"
CIRCLE: Final = "WaitWouldCloseCircle"
UNREACHABLE: Final = "FunctionUnreachable"
POLICY_TOO_LARGE: Final = "FunctionPolicyTooLarge"
UNDECIDED: Final = "ConditionsUndecided"

ADVICE: Final[Mapping[str, str]] = {
    TOO_WIDE: "This permission lets more invoke the function than Lex needs. Name the bot alias"
    " in SourceArn and lexv2.amazonaws.com as Principal, or delete the permission: the macro"
    " then adds an exact one.",
    NEVER_MATCHES: "This permission never lets Lex V2 invoke the function. Its Principal has to"
    " be lexv2.amazonaws.com, its SourceArn the bot alias's, its qualifier the hook's.",
    POLICY_NOT_COMPARED: "It cannot be told which function this resource policy belongs to. If"
    " it is a hook's, it replaces the permission that the macro adds: allow Lex in it.",
    REPLICA: "The bot's replica invokes a function of its own Region, which needs its own"
    " permission there.",
    VERSION_HOOK: "A hook on a version moves with every deployment, and Lex is not permitted for"
    " the seconds between. Hook a Lambda alias, or set SourceScope: Bot.",
    STILL_COVERED: "This hook source has opted out, and yet a permission for its whole bot lets"
    " it invoke the function.",
    CIRCLE: "The alias cannot wait for its new permission, since the permission already waits"
    " for the alias. Lex is not permitted for some seconds when the hook moves.",
    UNREACHABLE: "The function is of another account or Region: its owner has to let Lex invoke"
    " it. This stack cannot.",
    POLICY_TOO_LARGE: "The function's policy would grow past the 20 KB that Lambda takes. Set"
    " SourceScope: Bot for one permission per bot.",
    UNDECIDED: "The conditions are too many to be decided exactly. Where coverage could not be"
    " proved, a permission was added.",
}
