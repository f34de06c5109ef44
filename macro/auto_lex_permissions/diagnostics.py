"""Every message there is: mistakes of a template's author, and what the macro only reports.

A message has a code that never changes, the name under which reports have it, how serious it is,
what is wrong, and what to do. docs/messages.md explains each. A diagnostic is one message at one
place. Nothing in it may hold a value of the template: only logical ids, paths, names, and text that
the macro builds from these (rule 6.4).

CloudFormation shows the author one string for each failed transform, so all mistakes of a template
travel together in one exception, and the exception alone decides how they read (rule 6.3).
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from .cfn.intrinsics import LONGEST_NAME, canonical_json
from .cfn.loops import unmark, unmark_text
from .cfn.values import Place, Step, path

METADATA_KEY: Final = "AutoLexPermissionsReport"
HOME: Final = "https://github.com/OWNER/auto-lex-permissions"
# Where docs/messages.md is read.
PAGE: Final = f"{HOME}/blob/main/docs/messages.md"
MOST_MISTAKES: Final = 20
MOST_CHARACTERS: Final = 2_000
# Longer than any path of a template that CloudFormation takes.
LONGEST_PATH: Final = 1_000
MOST_STEPS_OF_PATH: Final = 300

Severity: TypeAlias = Literal["error", "warning", "note"]


class Message(NamedTuple):
    """What can be said of a template: a code, a name, a severity, what is wrong and what to do.

    `title` says it in one line for lists of messages. In `what` and `remedy`, words in braces are
    filled in by the details of a diagnostic.
    """

    code: str
    name: str
    severity: Severity
    title: str
    what: str
    remedy: str

    def at(self, *place: Step, **details: object) -> "Diagnostic":
        """Return this message at a place, with the details that fill it in."""
        return Diagnostic(self, place, details)

    @property
    def url(self) -> str:
        """Return where the message is explained."""
        return f"{PAGE}#{self.code.lower()}"


class Diagnostic(NamedTuple):
    """One message at one place of a template."""

    message: Message
    place: Place = ()
    details: Mapping[str, object] = {}

    @property
    def code(self) -> str:
        """Return the message's code, such as `ALP101`."""
        return self.message.code

    @property
    def name(self) -> str:
        """Return the message's name, such as `PermissionTooWide`."""
        return self.message.name

    @property
    def is_mistake(self) -> bool:
        """Return whether the template has to be changed before the macro can go on."""
        return self.message.severity == "error"

    @property
    def path(self) -> str:
        """Return the place as the author reads it: loops with their variables, long names cut."""
        steps = (
            cut(unmark_text(step), LONGEST_NAME) if isinstance(step, str) else step
            for step in self.place[:MOST_STEPS_OF_PATH]
        )
        return cut(path(tuple(steps)), LONGEST_PATH)

    @property
    def what(self) -> str:
        """Return what is wrong."""
        return self._filled(self.message.what)

    @property
    def remedy(self) -> str:
        """Return what to do about it."""
        return self._filled(self.message.remedy)

    def _filled(self, words: str) -> str:
        texts = {
            name: value if isinstance(value, str) else canonical_json(value)
            for name, value in self.details.items()
        }
        return str(unmark(words.format(**texts))).strip()

    @property
    def advice(self) -> str:
        """Return what is wrong and what to do about it."""
        return f"{self.what} {self.remedy}".strip()

    @property
    def entry(self) -> dict[str, str]:
        """Return the entry of the template's report: no values. `Code` is the message's name."""
        return {"Path": self.path, "Code": self.name, "Id": self.code}

    def __str__(self) -> str:
        """Return the sentence that the author reads: `ALP302 Transform.Parameters.Scop: …`."""
        return f"{self.code} {f'{self.path}: ' if self.place else ''}{self.advice}"


def mistakes(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics that are mistakes, each once, in their order."""
    return _distinct(diagnostic for diagnostic in diagnostics if diagnostic.is_mistake)


def reports(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics that are no mistakes, each once, in the order of the report."""
    found = _distinct(diagnostic for diagnostic in diagnostics if not diagnostic.is_mistake)
    return tuple(sorted(found, key=lambda report: (report.path, report.name, report.what)))


def _distinct(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return each diagnostic once: the first one of those that ask for the same at one place.

    None is written out, since a place may be of any length.
    """
    found: dict[tuple[str, Place, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        remedy = diagnostic.message.remedy
        asked = {name: v for name, v in diagnostic.details.items() if f"{{{name}}}" in remedy}
        found.setdefault((diagnostic.code, diagnostic.place, repr(asked)), diagnostic)
    return tuple(found.values())


class TemplateError(Exception):
    """The template has mistakes that its author has to fix; holds all of them."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Take one mistake or more, in the order of the template; each counts once."""
        self.diagnostics = mistakes(diagnostics)
        super().__init__(_joined(self.diagnostics))


def _joined(mistakes: tuple[Diagnostic, ...]) -> str:
    """Join mistakes, at most 20 of them and 2,000 characters, then "and N more"."""
    if len(mistakes) == 1:
        return cut(str(mistakes[0]), MOST_CHARACTERS)
    first = enumerate(mistakes[:MOST_MISTAKES], start=1)
    lines = [f"({number}) {mistake}" for number, mistake in first]
    for shown in range(len(lines), 0, -1):
        rest = [f"and {len(mistakes) - shown} more"] if shown < len(mistakes) else []
        message = " ".join(lines[:shown] + rest)
        if len(message) <= MOST_CHARACTERS:
            return message
    more = f" and {len(mistakes) - 1} more"
    return cut(lines[0], MOST_CHARACTERS - len(more)) + more


def cut(line: str, most: int) -> str:
    """Return a line that can be encoded, shortened where there is less room."""
    line = line[: most + 1].encode("utf-8", "backslashreplace").decode()
    return line if len(line) <= most else f"{line[: most - 1]}…"


_AFTER_LOOPS: Final = "In the Transform list, put AutoLexPermissions after AWS::LanguageExtensions."

# Code hooks, and the permissions that they need: ALP1xx.

NO_PERMISSION: Final = Message(
    "ALP101",
    "CodeHookWithoutPermission",
    "error",
    "Nothing lets Lex invoke the function of a code hook",
    "Lex is not allowed to invoke {function} for {caller}{where}: no permission covers this call.",
    "Run auto-lex-permissions fix --write on this template, or add Transform:"
    " AutoLexPermissions to it.",
)
HOOK_HIDDEN: Final = Message(
    "ALP102",
    "CodeHookHidden",
    "error",
    "An intrinsic function may hide a code hook",
    "the value of {function} may hide a code hook from AutoLexPermissions, which reads templates"
    " but does not resolve intrinsic functions.",
    "Write the value out here, or {way_out}.",
)
TYPE_IN_LOOP: Final = Message(
    "ALP103",
    "TypeDiffersInLoop",
    "error",
    "A loop may make bots for some of its items",
    "its type differs from item to item of the loop, and may be a bot or a bot alias for"
    " some items.",
    _AFTER_LOOPS,
)
PERMISSION_IN_LOOP: Final = Message(
    "ALP104",
    "PermissionDiffersInLoop",
    "error",
    "A permission cannot be written inside a loop",
    "its permission would differ from item to item of the loop in a way that cannot be"
    " written inside the loop.",
    _AFTER_LOOPS,
)
WAIT_IN_LOOP: Final = Message(
    "ALP105",
    "DependencyDiffersInLoop",
    "error",
    "A dependency cannot be written inside a loop",
    "it has to wait for a different resource for each item of the loop, which cannot be"
    " written inside the loop.",
    _AFTER_LOOPS,
)
ID_TAKEN: Final = Message(
    "ALP106",
    "LogicalIdTaken",
    "error",
    "The logical id of a generated permission is taken",
    "AutoLexPermissions needs this logical id for a permission of its own.",
    "{remedy}",
)
CONDITIONS_NEEDED: Final = Message(
    "ALP107",
    "ConditionsNeeded",
    "error",
    "A permission needs a condition where none can be added",
    "these permissions need new conditions, which cannot be added from Fn::Transform under"
    " Resources.",
    "List AutoLexPermissions in the template's Transform section instead.",
)
VERSION_HOOK: Final = Message(
    "ALP108",
    "HookOnVersion",
    "note",
    "A code hook names a function version",
    "A code hook that names a version changes with every new version, and Lex is denied"
    " access to the new one for a few seconds.",
    "Name a Lambda alias in the code hook, or set SourceScope: Bot.",
)
STILL_COVERED: Final = Message(
    "ALP109",
    "OptedOutButCovered",
    "note",
    "A bot alias opted out, and its bot's permission covers it",
    "This bot alias has opted out, and yet a permission for its whole bot lets it invoke the"
    " function.",
    "Name single bot aliases in that permission, or remove the code hook from this bot alias.",
)
CYCLE: Final = Message(
    "ALP110",
    "WaitWouldCloseCircle",
    "note",
    "A bot alias cannot wait for its permission",
    "The bot alias cannot wait for its new permission, since the permission already"
    " waits for the bot alias. When the hook moves to another function, Lex is denied"
    " access to that function for a few seconds.",
    "Remove the reference to the bot alias from what the permission refers to.",
)
UNDECIDED: Final = Message(
    "ALP111",
    "ConditionsUndecided",
    "note",
    "There are too many conditions to decide exactly",
    "There are too many conditions to decide exactly.",
    "You need not do anything: where AutoLexPermissions could not prove that a"
    " permission exists, it added one.",
)

STATEMENT_STAYS: Final = Message(
    "ALP112",
    "RetainedPermissionStays",
    "note",
    "The permission of a retained bot or bot alias stays when its hook moves",
    "It is retained, and so is its permission: when its hook moves to another function or away, the"
    " permission on the old one stays.",
    "Remove that statement by hand, with aws lambda remove-permission.",
)

OUT_OF_PLACE: Final = Message(
    "ALP113",
    "HookOutOfPlace",
    "warning",
    "A function is named where Lex V2 reads none",
    "Lex V2 reads no function here, so this is no code hook.",
    "Name it as BotAliasLocaleSetting.CodeHookSpecification.LambdaCodeHook.LambdaArn in the list"
    " BotAliasLocaleSettings of the bot alias, one for each locale.",
)

CONDITIONAL_HOOK: Final = Message(
    "ALP114",
    "HookChosenByCondition",
    "note",
    "A condition chooses the function of a code hook",
    "When the condition changes, the hook moves to another function, and Lex is denied"
    " access to that function for a few seconds.",
    "Set SourceScope: Bot, or leave it where the condition never changes in a stack.",
)

# Permissions and resource policies of the author: ALP2xx.

TOO_WIDE: Final = Message(
    "ALP201",
    "PermissionTooWide",
    "warning",
    "A declared permission allows more than Lex needs",
    "{reason} This permission allows more than Lex needs.",
    "Name the bot alias in SourceArn and lexv2.amazonaws.com as Principal, or delete the"
    " permission: the macro then adds an exact one.",
)
NEVER_MATCHES: Final = Message(
    "ALP202",
    "PermissionNeverMatches",
    "warning",
    "A declared permission never lets Lex V2 invoke the function",
    "{reason} This permission never lets Lex V2 invoke the function.",
    "Set Principal to lexv2.amazonaws.com, SourceArn to the ARN of the bot alias, and FunctionName"
    " to the version or alias that the hook names.",
)
POLICY_SILENCES: Final = Message(
    "ALP203",
    "ResourcePolicyWithoutLex",
    "error",
    "A resource policy does not let Lex invoke the function",
    "it replaces every permission of the function that {alias} names as its code hook, and does"
    " not let Lex invoke it.",
    "Add to its Statement list: {statement}",
)
POLICY_NOT_COMPARED: Final = Message(
    "ALP204",
    "ResourcePolicyNotCompared",
    "warning",
    "A resource policy may belong to the function of a code hook",
    "AutoLexPermissions cannot tell which function this resource policy belongs to.",
    "If it is the function of a code hook, the policy replaces the function's permissions: let Lex"
    " invoke the function in it.",
)

POLICY_DENIES: Final = Message(
    "ALP205",
    "ResourcePolicyDeniesLex",
    "error",
    "A resource policy denies Lex the function",
    "this statement denies Lex access to the function that {alias} names as its code hook.",
    "An Allow cannot override a Deny. Exclude Lex from this statement, for example with"
    " {exemption} in its Condition.",
)
POLICY_UNCLEAR: Final = Message(
    "ALP206",
    "ResourcePolicyUnclear",
    "warning",
    "It is not clear whether a resource policy lets Lex invoke the function",
    "AutoLexPermissions cannot tell whether this statement is about Lex invoking the function. The"
    " stack has a permission for that, which the policy may replace.",
    "Rewrite the statement so that it clearly allows Lex to invoke the function, or clearly does"
    " not apply to Lex.",
)
POLICY_CONDITIONAL: Final = Message(
    "ALP207",
    "ResourcePolicyUnderCondition",
    "error",
    "A resource policy decides about a function in some deployments only",
    "this resource policy decides about the function that {alias} names as its code"
    " hook, and exists in some deployments only. Elsewhere the function needs a"
    " permission, which may be removed with the policy.",
    "Keep a resource policy on the function in every deployment, or use"
    " AWS::Lambda::Permission instead.",
)

# Settings: ALP3xx.

SETTINGS_SHAPE: Final = Message(
    "ALP301",
    "SettingsNotAnObject",
    "error",
    "Settings are not an object",
    "settings are an object of names and values.",
    "Allowed names: {names}.",
)
SETTING_UNKNOWN: Final = Message(
    "ALP302",
    "SettingUnknown",
    "error",
    "There is no such setting",
    "there is no such setting.",
    "Allowed names: {names}.{belongs}",
)
SETTING_VALUE: Final = Message(
    "ALP303",
    "SettingValueNotAllowed",
    "error",
    "A setting has a value that is not allowed",
    "this value is not allowed.",
    "Allowed values: {values}.",
)
SETTINGS_DISAGREE: Final = Message(
    "ALP304",
    "SettingsDisagree",
    "error",
    "Two places set different values",
    "it disagrees with Transform.Parameters.{name}.",
    "Set it in one of the two places.",
)

SETTING_WITHOUT_VALUE: Final = Message(
    "ALP305",
    "SettingWithoutValue",
    "error",
    "A setting is a parameter that has no value",
    "the parameter {parameter} has no value.",
    "Give it one: as its Default, or by --parameter-overrides on the command line.",
)

# Hooks that no permission of this stack makes work: ALP4xx.

OUT_OF_REACH: Final = Message(
    "ALP401",
    "FunctionOutOfReach",
    "error",
    "A function belongs to another account or Region",
    "{named}a function in another {elsewhere}; this stack cannot give Lex permission to invoke it.",
    "Either ask the function's owner to add the permission there and set OnUnreachable:"
    " Skip here, or name a function in this account and Region.",
)
UNREACHABLE: Final = Message(
    "ALP402",
    "FunctionUnreachable",
    "warning",
    "A function of another account or Region was skipped",
    "The function is in another account or Region; this stack cannot give Lex permission"
    " to invoke it.",
    "Ask the function's owner to add the permission.",
)
NO_POLICY: Final = Message(
    "ALP403",
    "QualifierWithoutPolicy",
    "error",
    "A qualifier takes no resource-based policy",
    "Lex V2 takes no qualifier with $ in a function's ARN, and Lambda keeps no resource-based"
    " policy for $LATEST, so Lex could never invoke the function by that name.",
    "Name the function without a qualifier, or with a version or a Lambda alias.",
)
NAME_TOO_LONG: Final = Message(
    "ALP404",
    "FunctionNameTooLong",
    "error",
    "A function's name is longer than a permission takes",
    "a permission names its function in at most {most} characters.",
    "Give the function or its alias a shorter name.",
)
REPLICA: Final = Message(
    "ALP405",
    "ReplicaNeedsPermission",
    "warning",
    "A bot's replica needs a permission of its own",
    "The bot's replica invokes a function of its own Region.",
    "That function needs its own permission there.",
)
NO_ARN: Final = Message(
    "ALP406",
    "HookNamesNoArn",
    "warning",
    "A code hook names a function by its name, and Lex V2 takes an ARN",
    "This is the name of a function, and Lex V2 takes its ARN only.",
    "Name the function by its ARN: with Fn::GetAtt, or Ref of a Lambda alias.",
)
DURABLE: Final = Message(
    "ALP407",
    "DurableFunctionUnqualified",
    "warning",
    "A code hook names a durable function without a qualifier",
    "The function is a durable one, which Lambda invokes by a version or a Lambda alias only.",
    "Name a Lambda alias of the function.",
)
TENANT_ISOLATED: Final = Message(
    "ALP408",
    "FunctionTenantIsolated",
    "warning",
    "A code hook names a function with tenant isolation",
    "Lambda invokes the function for a tenant only, and Lex V2 sends none.",
    "Name a function without TenancyConfig.",
)

# Limits: ALP5xx.

TOO_MANY_RESOURCES: Final = Message(
    "ALP501",
    "TooManyResources",
    "error",
    "The permissions would take the stack past CloudFormation's limit of resources",
    "with the {added} permissions that AutoLexPermissions adds, the template has {count}"
    " resources; CloudFormation allows {most}.",
    "Move some resources into a nested stack, or set SourceScope: Bot.",
)
TEMPLATE_TOO_LARGE: Final = Message(
    "ALP502",
    "TemplateTooLarge",
    "error",
    "The permissions would take the template past CloudFormation's size limit",
    "with the {added} permissions that AutoLexPermissions adds the template is larger than the"
    " {most} bytes that CloudFormation takes.",
    "Move some of the resources into a nested stack, or set SourceScope: Bot.",
)
POLICY_TOO_LARGE: Final = Message(
    "ALP503",
    "FunctionPolicyTooLarge",
    "warning",
    "A function's policy would grow past Lambda's size limit",
    "The function's policy would grow past the 20 KB that Lambda takes.",
    "Set SourceScope: Bot for one permission per bot.",
)
TOO_MUCH_WORK: Final = Message(
    "ALP504",
    "TemplateTooComplex",
    "error",
    "The template takes more work than the macro may do",
    "{work} takes more than the {most} steps that AutoLexPermissions may take for a template.",
    "Split the template into several stacks.",
)
NAME_BEYOND_LIMIT: Final = Message(
    "ALP505",
    "NameTooLong",
    "error",
    "A name is longer than CloudFormation takes",
    "this name has more than {most} characters, and CloudFormation takes 255.",
    "Give it a shorter one.",
)

# The request itself: ALP6xx.

MISPLACED: Final = Message(
    "ALP601",
    "MacroMisplaced",
    "error",
    "The macro was given neither a template nor a Resources section",
    "AutoLexPermissions was given neither a template nor a Resources section{unknown}.",
    "List it in the template's Transform section, or put Fn::Transform at the top of the template"
    " or directly under Resources.",
)
NO_FRAGMENT: Final = Message(
    "ALP602",
    "RequestWithoutFragment",
    "error",
    "The request holds no fragment",
    "AutoLexPermissions received a request without a fragment.",
    "It is a CloudFormation macro: name it in a template's Transform section.",
)
FRAGMENT_SHAPE: Final = Message(
    "ALP603",
    "FragmentNotAnObject",
    "error",
    "The request's fragment is not an object",
    "AutoLexPermissions received a fragment that is not an object.",
    "A template is an object with a Resources section.",
)
NOT_DELIVERABLE: Final = Message(
    "ALP604",
    "AnswerNotDeliverable",
    "error",
    "The new template cannot be sent back",
    "AutoLexPermissions cannot send the new template back: half a surrogate pair (such as \\ud800)"
    " is in it, which UTF-8 does not have, or it is larger than the 6 MB that Lambda takes.",
    "Take the character out, or split the template.",
)

# What only the command line says: ALP7xx.

UNREADABLE: Final = Message(
    "ALP701",
    "TemplateUnreadable",
    "error",
    "A file that names a Lex V2 bot cannot be read as a template",
    "{what}.",
    "Until it can be read, nobody knows whether its code hooks have their permissions.",
)
SUPPRESSION: Final = Message(
    "ALP702",
    "SuppressionNotAllowed",
    "error",
    "Something is suppressed that cannot be, or without a reason",
    "{what}.",
    "Write each as {{Id: ALP201, Reason: why it may stay}}; what stops a deployment cannot be"
    " suppressed, only corrected.",
)

NOT_JUDGED: Final = Message(
    "ALP703",
    "TemplateNotJudged",
    "error",
    "The CloudFormation Hook could not judge a template",
    "AutoLexPermissions could not judge this template: {why}.",
    "Run auto-lex-permissions check on the template, or ask the owner of the hook.",
)

# What only `doctor` says, of a live account: ALP8xx. Errors silence a bot; notes may explain a
# complaint.

DENIED: Final = Message(
    "ALP801",
    "LexDenied",
    "error",
    "A function's policy does not let Lex invoke it for a bot alias",
    "The policy of the function does not let Lex invoke it.",
    "Add the permission that is proposed.",
)
FUNCTION_MISSING: Final = Message(
    "ALP802",
    "FunctionMissing",
    "error",
    "A bot alias names a function that is not there",
    "There is no such function, version or Lambda alias.",
    "Deploy it, or let the bot alias name another one.",
)
CONNECT_DENIED: Final = Message(
    "ALP803",
    "ConnectDenied",
    "error",
    "A Connect instance may not use a bot alias",
    "Connect instance {instance} may not use the bot alias: {why}.",
    "Remove the bot from the Connect instance and add it again, which restores the"
    " association and the statement in the policy of the bot alias.",
)
LOCALE_ABSENT: Final = Message(
    "ALP804",
    "LocaleNotInVersion",
    "error",
    "A locale of a bot alias is not in the version that it serves",
    "Version {version} of the bot has no locale {locale}.",
    "Build the locale, make a version, and let the bot alias serve that one.",
)
LOCALE_NOT_BUILT: Final = Message(
    "ALP805",
    "LocaleNotBuilt",
    "error",
    "A locale of a bot alias is not built in the version that it serves",
    "Locale {locale} of version {version} is not built: {status}.",
    "Build the locale, make a version, and let the bot alias serve that one.",
)
FUNCTION_FAILED: Final = Message(
    "ALP806",
    "FunctionFailed",
    "error",
    "A function is in the state Failed",
    "The function is in the state Failed: {reason}.",
    "Correct what it names, and deploy it again.",
)
VERSION_BEHIND: Final = Message(
    "ALP811",
    "VersionBehindDraft",
    "note",
    "A bot alias serves a version that is older than the draft's last build",
    "The bot alias serves version {version}, which is older than the draft's last build.",
    "If you pinned this version on purpose, do nothing. To serve later changes, create a"
    " version and point the bot alias to it.",
)
TEST_ALIAS_ALONE: Final = Message(
    "ALP812",
    "TestAliasAlone",
    "note",
    "A bot has no other alias than the test alias",
    "The bot has no other alias than the test alias: who calls it in production calls the draft.",
    "Make a version, and an alias that serves it.",
)
ERROR_LOGS_OFF: Final = Message(
    "ALP813",
    "ErrorLogsOff",
    "note",
    "A bot writes no error logs",
    "Error logs are off for the bot.",
    "Set ErrorLogSettings.Enabled to see what Lex could not do.",
)
FUNCTION_INACTIVE: Final = Message(
    "ALP814",
    "FunctionInactive",
    "note",
    "A function is in the state Inactive, and its first call fails",
    "The function is in the state Inactive: its next call fails, and wakes it.",
    "Call it once in a while, or once before callers do.",
)

STATEMENT_LEFT_OVER: Final = Message(
    "ALP821",
    "StatementLeftOver",
    "note",
    "A statement of a function's policy is for a bot or bot alias that is gone",
    "Statement {statement} is for {callers}, and Lex has no such thing any more.",
    "Remove the statement.",
)
STATEMENT_REPEATED: Final = Message(
    "ALP822",
    "StatementRepeated",
    "note",
    "Two statements of a function's policy differ in their ids alone",
    "Statement {statement} repeats statement {other}.",
    "Remove one of the two.",
)
STATEMENT_TOO_WIDE: Final = Message(
    "ALP823",
    "StatementTooWide",
    "note",
    "A statement of a function's policy lets any bot invoke the function",
    "Statement {statement} lets any bot of {whose} invoke the function.",
    "Add a statement for each bot alias that needs one, then remove this one.",
)
POLICY_NEARLY_FULL: Final = Message(
    "ALP824",
    "PolicyNearlyFull",
    "note",
    "A function's policy is close to Lambda's size limit",
    "The policy has {size} of the {most} bytes that Lambda takes.",
    "Remove statements that nothing needs, or let one statement serve all aliases of a bot, which"
    " SourceScope: Bot does.",
)

# The macro itself, and the hook.

INTERNAL_FAILURE: Final = Message(
    "ALP901",
    "InternalFailure",
    "error",
    "The macro failed because of a bug in its own code",
    "AutoLexPermissions failed because of a bug in its own code; your template is not the cause.",
    "Ask whoever deployed the macro to look up request {request} in log group {log_group}.",
)

CATALOGUE: Final = tuple(value for value in globals().values() if isinstance(value, Message))
# What is said of templates; all else is of a live account.
OF_TEMPLATES: Final = tuple(message for message in CATALOGUE if not message.code.startswith("ALP8"))
