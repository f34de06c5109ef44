"""The whole macro as one pure function: a request's fragment in, the new fragment out."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from . import hook_reports
from .additions import Additions, Writer, with_additions
from .bots import Bots
from .cfn.budget import MOST_STEPS, TooMuchWorkError
from .cfn.intrinsics import LONGEST_NAME
from .cfn.template import SECTIONS, TRANSFORM, Template, kind_of
from .code_hooks import HOOKING_TYPES, CodeHook, code_hooks
from .declared import Declared
from .diagnostics import (
    MISPLACED,
    STILL_COVERED,
    TOO_MUCH_WORK,
    UNDECIDED,
    Diagnostic,
    TemplateError,
    cut,
    mistakes,
    reports,
)
from .functions import Functions
from .grants import Grant, Grants
from .limits import exceeded, full_policies, too_long_names
from .reach import Reach
from .resource_policies import ResourcePolicies
from .settings import Settings, opts_out, stack_settings

_NOTHING: Final[Mapping[str, object]] = {}


class Request(NamedTuple):
    """What a template is transformed with.

    `fragment` is a whole template or a `Resources` map, plain JSON in long forms. `region`
    (`us-east-1`) and `account` (12 digits) are those of the stack, empty where they are not known.
    `parameters` are the settings of the `Transform` entry, and `template_parameters` the values of
    the template's own parameters by name, as CloudFormation sends them.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
    """

    fragment: Mapping[str, object]
    region: str = ""
    account: str = ""
    parameters: object = _NOTHING
    template_parameters: Mapping[str, object] = _NOTHING


class Result(NamedTuple):
    """The new fragment, what was found on the way to it, and what there is to say about it.

    `code_hooks` counts the places that name a function; `grants_declared` the pairs of function and
    caller that the author's own template allows; `reports` are in the order of the template's
    report.
    """

    fragment: Mapping[str, object]
    code_hooks: int = 0
    permissions_added: int = 0
    grants_declared: int = 0
    reports: tuple[Diagnostic, ...] = ()


class Examination(NamedTuple):
    """What a template needs: its hooks, what has to be granted for them, what is added.

    `opted_out` are the logical ids of bots and bot aliases whose hooks do not take part, and
    `cross_account_or_region` the hooks on functions that this stack cannot grant; all others are
    active. `declared` are the author's permissions. `diagnostics` are all mistakes in the order of
    the template, and what is only reported.
    """

    template: Template
    settings: Settings
    all_hooks: list[CodeHook]
    active_hooks: list[CodeHook]
    opted_out: frozenset[str]
    cross_account_or_region: list[CodeHook]
    declared: Declared
    grants: list[Grant]
    additions: Additions
    diagnostics: list[Diagnostic]

    @property
    def mistakes(self) -> tuple[Diagnostic, ...]:
        """Return what the author has to change before the macro can go on."""
        return mistakes(self.diagnostics)

    @property
    def reports(self) -> tuple[Diagnostic, ...]:
        """Return what is only reported, in the order of the report."""
        return reports(self.diagnostics)


def examine(request: Request) -> Examination:
    """Find out what a template needs, and what is wrong or noteworthy in it.

    Mistakes of the author are among the diagnostics, so that a checker can show them beside the
    hooks. The limits of rule 6.7 are not looked at: those are of the new fragment.

    Raises TemplateError where the fragment is neither a template nor a `Resources` map, or takes
    more steps than there are for one or longer names than CloudFormation takes (rule 6.8).
    """
    diagnostics: list[Diagnostic] = []
    try:
        return _examined(request, diagnostics)
    except TooMuchWorkError as error:
        too_much = TOO_MUCH_WORK.at("Resources", work=error.work, most=f"{MOST_STEPS:,}")
        raise TemplateError([too_much, *diagnostics]) from error


def _examined(request: Request, diagnostics: list[Diagnostic]) -> Examination:
    """Do so; what is found on the way is added to the diagnostics as soon as it is found."""
    if kind_of(request.fragment) is None:
        others = (key for key in request.fragment if key not in {*SECTIONS, TRANSFORM})
        unknown = (f"; {cut(repr(key), LONGEST_NAME)} is no section" for key in others)
        raise TemplateError([MISPLACED.at(TRANSFORM, unknown=next(unknown, ""))])
    template = Template(request.fragment, request.region, request.account)
    if too_long := [*too_long_names(template)]:
        raise TemplateError(too_long)
    functions, bots = Functions(template), Bots(template)
    settings, wrong = stack_settings(request.parameters, template.section("Metadata"))
    diagnostics += wrong
    hooks, hidden = code_hooks(template, functions)
    diagnostics += hidden
    opted_out, wrong = _opted_out(template)
    diagnostics += wrong

    active: list[CodeHook] = []
    unreachable: list[CodeHook] = []
    in_reach = Reach(template, functions, request.template_parameters)
    for hook in hooks:
        if hook.resource.logical_id not in opted_out:
            if in_reach.is_out_of_reach(hook):
                unreachable.append(hook)
                diagnostics += in_reach.diagnostics(hook, skips=settings.skips_unreachable)
            else:
                active.append(hook)
    policies = ResourcePolicies(template, functions, bots)
    declared = Declared(template, functions, bots, policies)
    for hook in active:
        diagnostics += in_reach.mistakes(hook)
        diagnostics += policies.diagnostics(hook, declared.permitted_when)

    engine = Grants(template, functions, bots, declared)
    grants = engine.of(active, by_bot=settings.by_bot)
    additions = Writer(template, functions, bots).additions(grants)
    diagnostics += additions.diagnostics

    inactive = [hook for hook in hooks if hook.resource.logical_id in opted_out]
    diagnostics += declared.reports(active, inactive, by_bot=settings.by_bot)
    diagnostics += policies.reports(active)
    by_bot = settings.by_bot
    diagnostics += hook_reports.reports(template, functions, bots, active, by_bot=by_bot)
    missing = [grant for grant in grants if grant.is_missing]
    covered = [*filter(declared.covers_whole_bot, inactive), *engine.serving(missing, inactive)]
    diagnostics += (STILL_COVERED.at(*hook.resource.place, "Metadata") for hook in covered)
    diagnostics += full_policies(template, functions, grants, declared)
    if template.conditions.undecided:  # The last, since it is known only when all was asked.
        diagnostics.append(UNDECIDED.at("Conditions"))
    return Examination(
        template,
        settings,
        hooks,
        active,
        opted_out,
        unreachable,
        declared,
        grants,
        additions,
        diagnostics,
    )


def _opted_out(template: Template) -> tuple[frozenset[str], list[Diagnostic]]:
    """Return the bots and bot aliases that have opted out, and mistakes in this (rule 5.1)."""
    opted_out: set[str] = set()
    wrong: list[Diagnostic] = []
    for resource in template.of_type(*HOOKING_TYPES):
        if "Metadata" in resource.body:
            is_out, found = opts_out(resource.place, resource.body["Metadata"])
            wrong += found
            if is_out:
                opted_out.add(resource.logical_id)
    return frozenset(opted_out), wrong


def transform(request: Request) -> Result:
    """Give each code hook of the fragment the permission that it needs and does not have.

    Returns a new fragment, which shares the author's parts: the given one is never changed. Raises
    TemplateError with all mistakes that the template's author has to fix.

    Example: `transform(Request(template, "us-east-1", "123456789012")).fragment`.
    """
    found = examine(request)
    additions = found.additions
    reported = found.reports
    entries = [report.entry for report in reported]
    fragment = with_additions(found.template, additions, entries)
    added = (*additions.values, *entries)
    wrong = [
        *found.mistakes,
        *filter(None, [additions.refusal]),
        *exceeded(found.template, fragment, added, additions.permission_count),
    ]
    if wrong:
        raise TemplateError(wrong)
    places = sum(len(hook.places) for hook in found.active_hooks)
    missing = sum(grant.is_missing for grant in found.grants)
    declared = sum(not grant.uncovered for grant in found.grants)
    return Result(fragment, places, missing, declared, reported)
