"""`fix --narrow`: declared permissions that are too wide, or never match, are taken out.

What they let in of the template itself, the permissions let in that `fix` writes. One that may
let in anything else stays, and so does one that something refers to.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from auto_lex_permissions import Diagnostic, Request
from auto_lex_permissions.cfn.intrinsics import references
from auto_lex_permissions.cfn.values import Place
from auto_lex_permissions.diagnostics import NEVER_MATCHES, TOO_WIDE
from auto_lex_permissions.transform import Examination, examine

from .findings import suppressions


class Narrowing(NamedTuple):
    """A permission that has to go by its report: who loses access by that, or why it stays."""

    report: Diagnostic
    losing: tuple[str, ...] = ()
    stays: str = ""

    @property
    def place(self) -> Place:
        """Where the permission stands."""
        return self.report.place

    @property
    def sentence(self) -> str:
        """What becomes of it, in words."""
        name = self.place[-1]
        if self.stays:
            return f"{name} stays: {self.stays}."
        if self.losing:
            return f"{name} goes. No longer allowed: {'; '.join(self.losing)}."
        return f"{name} goes. It allowed nothing."


def narrowings(request: Request, whole: Mapping[str, Any]) -> list[Narrowing]:
    """Return the permissions of a template that are reported as too wide or never matching.

    `whole` is the template, of which the macro may be handed a part. What is suppressed is left
    alone. Raises TemplateError where the fragment is no template.
    """
    examination = examine(request)
    kinds = (TOO_WIDE, NEVER_MATCHES)
    reported = [report for report in examination.reports if report.message in kinds]
    found = suppressions(request.fragment, reported)
    return [
        _narrowing(examination, whole, one.diagnostic)
        for one in found
        if one.reason is None and one.diagnostic.message in kinds
    ]


def _narrowing(examination: Examination, whole: Mapping[str, Any], report: Diagnostic) -> Narrowing:
    if len(report.place) > len(("Resources", "LogicalId")):
        return Narrowing(report, stays="it is in a loop")
    logical_id = str(report.place[-1])
    out = [h for h in examination.all_hooks if h.resource.logical_id in examination.opted_out]
    if unseen := examination.declared.reason_to_stay(logical_id, out):
        return Narrowing(report, stays=unseen)
    if _is_referred_to(whole, logical_id):
        return Narrowing(report, stays="something refers to it")
    if report.message == NEVER_MATCHES:
        return Narrowing(report)
    excess = examination.declared.excess(logical_id, by_bot=examination.settings.by_bot)
    return Narrowing(report, tuple(one.others for one in excess))


def _is_referred_to(template: Any, logical_id: str) -> bool:
    """Return whether anything refers to a resource, or depends on it, at any depth.

    A text of any length may: what stands in `${…}` counts wherever it stands.
    """
    if any(found.logical_id == logical_id for found in references(template)):
        return True
    substituted = re.compile(rf"\$\{{\s*{re.escape(logical_id)}\s*[.}}]")
    stack = [template]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            if substituted.search(part):
                return True
        elif isinstance(part, dict):
            waits = part.get("DependsOn")
            if logical_id in (waits if isinstance(waits, list) else [waits]):
                return True
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    return False
