"""The whole macro as one pure function: a request's fragment in, the new fragment out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import settings
from .advice import mistakes, noticed, still_covered
from .code_hooks import CodeHook, code_hooks
from .errors import Problem, TemplateError
from .fragment import Writer
from .permissions import Permissions
from .reports import UNDECIDED, Report
from .template import Template


@dataclass(frozen=True, slots=True)
class Request:
    """What a template is transformed with.

    `parameters` are the settings of the `Transform` entry; `region` and `account` are those of
    the stack, as CloudFormation names them in its request.
    """

    fragment: Mapping[str, object]
    region: str = ""
    account: str = ""
    parameters: object = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The new fragment, what was found on the way to it, and what there is to say about it."""

    fragment: Mapping[str, object]
    code_hooks: int = 0
    permissions_added: int = 0
    grants_declared: int = 0
    reports: tuple[Report, ...] = ()


def transform(request: Request) -> Result:
    """Give each code hook of the fragment the permission that it needs and does not have.

    The fragment itself is never changed. Raises TemplateError with all mistakes that the
    template's author has to mend.
    """
    problems: list[Problem] = []
    template = Template(request.fragment, request.region, request.account)
    by_bot = settings.of_stack(request.parameters, template.section("Metadata"), problems).by_bot
    found = [
        hook for hook in code_hooks(template, problems) if template.conditions.possible(hook.life)
    ]
    disabled = _disabled(found, problems)
    hooks = [hook for hook in found if hook.source.logical_id not in disabled]
    permissions = Permissions(template)
    problems += mistakes(permissions, hooks)
    grants = permissions.grants(hooks, by_bot=by_bot)
    missing = permissions.missing(grants)
    writer = Writer(template, permissions)
    writer.add(grants, missing)
    if problems or writer.problems:
        raise TemplateError([*problems, *writer.problems])
    reports = {
        *permissions.declared.reports(hooks, by_bot=by_bot),
        *permissions.policies.reports(hooks),
        *noticed(permissions, hooks, by_bot=by_bot),
        *still_covered(permissions, found, disabled, missing),
        *writer.reports,
        *([Report("Conditions", UNDECIDED)] if template.conditions.undecided else []),
    }
    return Result(
        writer.fragment(reports),
        len(hooks),
        len(missing),
        len(grants) - len(missing),
        tuple(sorted(reports)),
    )


def _disabled(hooks: list[CodeHook], problems: list[Problem]) -> frozenset[str]:
    """Return the hook sources that have opted out (rule 5.1)."""
    sources = {hook.source.logical_id: hook.source for hook in hooks}
    return frozenset(
        name
        for name, source in sources.items()
        if not settings.is_enabled(source.path, source.body.get("Metadata"), problems)
    )
