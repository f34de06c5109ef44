"""The whole macro as one pure function: a request's fragment in, the new fragment out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import settings
from .advice import mistakes, noticed, out_of_reach, still_covered
from .code_hooks import BOT, BOT_ALIAS, CodeHook, code_hooks
from .errors import Problem, TemplateError
from .fragment import Writer
from .limits import exceeded, full_policies
from .loops import written_text
from .permissions import Permissions
from .reach import unreachable
from .reports import POLICY_TOO_LARGE, UNDECIDED, UNREACHABLE, Report
from .template import Template


@dataclass(frozen=True, slots=True)
class Request:
    """What a template is transformed with.

    `parameters` are the settings of the `Transform` entry; `region` and `account` are those of
    the stack, and `template_parameters` the values of the template's own parameters, as
    CloudFormation names them in its request.
    """

    fragment: Mapping[str, object]
    region: str = ""
    account: str = ""
    parameters: object = field(default_factory=dict)
    template_parameters: Mapping[str, object] = field(default_factory=dict)


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
    stack = settings.of_stack(request.parameters, template.section("Metadata"), problems)
    permissions = Permissions(template)
    found = list(code_hooks(template, permissions.functions, problems))
    disabled = _disabled(template, problems)
    hooks: list[CodeHook] = []
    far: list[CodeHook] = []
    for hook in found:
        if hook.source.logical_id in disabled:
            continue
        says = unreachable(template, permissions.functions, request.template_parameters, hook)
        (far if says else hooks).append(hook)
        if says and not stack.skips_unreachable:
            problems += out_of_reach(hook, says)
    problems += mistakes(permissions, hooks)
    grants = permissions.grants(hooks, by_bot=stack.by_bot)
    missing = permissions.missing(grants)
    writer = Writer(template, permissions)
    writer.add(grants, missing)
    reports = {
        *permissions.declared.reports(hooks, by_bot=stack.by_bot),
        *permissions.policies.reports(hooks),
        *noticed(permissions, hooks, by_bot=stack.by_bot),
        *still_covered(permissions, found, disabled, missing),
        *(Report(where, UNREACHABLE) for hook in far for where in hook.paths),
        *(Report(grant.hooks[0].paths[0], POLICY_TOO_LARGE) for grant in full_policies(grants)),
        *writer.reports,
        *([Report("Conditions", UNDECIDED)] if template.conditions.undecided else []),
    }
    fragment = writer.fragment(reports)
    problems += [*writer.problems, *exceeded(template, fragment, writer.added)]
    if problems:
        raise TemplateError(map(_as_written, problems))
    return Result(
        fragment,
        sum(len(hook.places) for hook in hooks),
        len(missing),
        len(grants) - len(missing),
        tuple(sorted(reports)),
    )


def _as_written(problem: Problem) -> Problem:
    """Return a problem in the author's words, in which loops have variables."""
    return Problem(*map(written_text, (problem.path, problem.what, problem.remedy)))


def _disabled(template: Template, problems: list[Problem]) -> frozenset[str]:
    """Return the bots and bot aliases that have opted out (rule 5.1)."""
    return frozenset(
        source.logical_id
        for source in template.of_type(BOT, BOT_ALIAS)
        if "Metadata" in source.body
        and not settings.is_enabled(source.path, source.body["Metadata"], problems)
    )
