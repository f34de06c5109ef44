"""The whole macro as one pure function: a request's fragment in, the new fragment out."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from .advice import mistakes, noticed, out_of_reach, still_covered
from .code_hooks import BOT, BOT_ALIAS, CodeHook, code_hooks
from .errors import Problem, TemplateError
from .fragment import Writer
from .limits import exceeded, full_policies
from .loops import written_text
from .permissions import Grant, Permissions
from .reach import unreachable
from .reports import POLICY_TOO_LARGE, UNDECIDED, UNREACHABLE, Report
from .settings import Settings, is_enabled, of_stack
from .template import Template

_NOTHING: Final[Mapping[str, object]] = {}


class Request(NamedTuple):
    """What a template is transformed with.

    `parameters` are the settings of the `Transform` entry; `region` and `account` are those of
    the stack, and `template_parameters` the values of the template's own parameters, as
    CloudFormation names them in its request.
    """

    fragment: Mapping[str, object]
    region: str = ""
    account: str = ""
    parameters: object = _NOTHING
    template_parameters: Mapping[str, object] = _NOTHING


class Result(NamedTuple):
    """The new fragment, what was found on the way to it, and what there is to say about it."""

    fragment: Mapping[str, object]
    code_hooks: int = 0
    permissions_added: int = 0
    grants_declared: int = 0
    reports: tuple[Report, ...] = ()


class Examination(NamedTuple):
    """What a template needs: its hooks, their grants, and which of these nothing covers yet.

    `hooks` are those that take part; `found` are all, `disabled` the logical ids of what has opted
    out, and `far` the hooks on functions out of reach.
    """

    template: Template
    permissions: Permissions
    settings: Settings
    found: list[CodeHook]
    disabled: frozenset[str]
    hooks: list[CodeHook]
    far: list[CodeHook]
    grants: list[Grant]
    missing: list[Grant]
    problems: list[Problem]

    def reports(self) -> Iterator[Report]:
        """Yield what is noteworthy about the author's part (rules 3.4, 3.5, 4.1, 4.4, 5.1, 6.7)."""
        permissions, by_bot = self.permissions, self.settings.by_bot
        yield from permissions.declared.reports(self.hooks, by_bot=by_bot)
        yield from permissions.policies.reports(self.hooks)
        yield from noticed(permissions, self.hooks, by_bot=by_bot)
        yield from still_covered(permissions, self.found, self.disabled, self.missing)
        for hook in self.far:
            yield from (Report(where, UNREACHABLE) for where in hook.paths)
        for grant in full_policies(self.grants):
            yield Report(grant.hooks[0].paths[0], POLICY_TOO_LARGE)
        # The last, since it is known only when all has been asked.
        if self.template.conditions.undecided:
            yield Report("Conditions", UNDECIDED)


def examine(request: Request) -> Examination:
    """Find out what a template needs; its author's mistakes are among the problems.

    Raises TemplateError where the fragment is neither a template nor a `Resources` map.
    """
    problems: list[Problem] = []
    template = Template(request.fragment, request.region, request.account)
    stack = of_stack(request.parameters, template.section("Metadata"), problems)
    permissions = Permissions(template)
    found = list(code_hooks(template, permissions.functions, problems))
    disabled = _disabled(template, problems)
    hooks: list[CodeHook] = []
    far: list[CodeHook] = []
    for hook in found:
        if hook.source.logical_id in disabled:
            continue
        says = unreachable(template, permissions.functions, request.template_parameters, hook)
        (hooks if says is None else far).append(hook)
        if says is not None and not stack.skips_unreachable:
            problems += out_of_reach(hook, says)
    problems += mistakes(permissions, hooks)
    grants = permissions.grants(hooks, by_bot=stack.by_bot)
    missing = permissions.missing(grants)
    return Examination(
        template, permissions, stack, found, disabled, hooks, far, grants, missing, problems
    )


def transform(request: Request) -> Result:
    """Give each code hook of the fragment the permission that it needs and does not have.

    The fragment itself is never changed. Raises TemplateError with all mistakes that the
    template's author has to mend.
    """
    found = examine(request)
    template, missing = found.template, found.missing
    writer = Writer(template, found.permissions)
    writer.add(found.grants, missing)
    reports = {*found.reports(), *writer.reports}
    fragment = writer.fragment(reports)
    problems = [*found.problems, *writer.problems, *exceeded(template, fragment, writer.added)]
    if problems:
        raise TemplateError(dict.fromkeys(map(_as_written, problems)))
    return Result(
        fragment,
        sum(len(hook.places) for hook in found.hooks),
        len(missing),
        len(found.grants) - len(missing),
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
        and not is_enabled(source.path, source.body["Metadata"], problems)
    )
