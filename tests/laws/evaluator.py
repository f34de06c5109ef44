"""What a template comes to when it is deployed: an evaluator that knows nothing of the macro.

A *world* is a template under concrete parameter values: its conditions are true or false, some of
its resources exist, and each expression is a text. Made-up but realistic ids stand for those that
AWS would give. The world then says which functions Lex will invoke for which caller, what the
resource-based policies allow, and what has to be created before what. Nothing is guessed: what
cannot be resolved is an error. Written from the documentation of CloudFormation, Lex and Lambda;
it shares no code with the macro, so that its laws (laws.py) are a second reading of the contract.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from tests.laws import policies
from tests.laws.policies import HOME, TEST_ALIAS, Call, Home, NotAPolicyError, Statement

type Template = dict[str, Any]

NO_VALUE = object()
DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:[^{}]+\}\}")
VARIABLE = re.compile(r"[$&]\{[^{}]*\}")
PLACEHOLDER = re.compile(r"\$\{(!?)([^${}]+)\}")
# The attributes of the types that the laws are about; all other types may have any attribute.
ATTRIBUTES = {
    "AWS::Lambda::Function": {"Arn"},
    "AWS::Serverless::Function": {"Arn"},
    "AWS::Lambda::Alias": {"AliasArn"},
    "AWS::Lambda::Version": {"FunctionArn", "Version"},
    "AWS::Lex::Bot": {"Arn", "Id"},
    "AWS::Lex::BotVersion": {"BotId", "BotVersion"},
    "AWS::Lex::BotAlias": {"Arn", "BotAliasId", "BotAliasStatus"},
}
FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
MAKERS = (*FUNCTIONS, "AWS::Lambda::Alias", "AWS::Lambda::Version")


class UnresolvableError(Exception):
    """Something that the evaluator cannot work out, and will not guess."""


@dataclass(frozen=True, slots=True, order=True)
class Hook:
    """Lex will invoke this function for this caller."""

    caller: str
    source_arn: str
    bot: str
    function: str
    opted_out: bool
    # The LambdaArn as it stands, which Lex wants to be an ARN.
    written: str


class World:
    """A template under one assignment: all that the laws ask about it.

    `atoms`, where given, says which comparisons are true (see worlds.py); the parameters then only
    serve the rest of the template.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, str],
        home: Home = HOME,
        atoms: Mapping[str, bool] | None = None,
    ) -> None:
        """Take the template as it is; nothing of it is changed."""
        self.template = template
        self.parameters = parameters
        self.home = home
        self._atoms = atoms
        self._truths: dict[str, bool] = {}
        self._deciding: set[str] = set()
        self.resources = with_resources_of_sam(template)
        misshapen = [name for name, resource in self.resources.items() if not is_resource(resource)]
        if misshapen:
            raise UnresolvableError(f"{misshapen[0]} is not a resource")

    # What exists.

    def truth(self, condition: str) -> bool:
        """Return what a named condition comes to."""
        if condition not in self._truths:
            definitions = self.template.get("Conditions", {})
            if condition not in definitions or condition in self._deciding:
                raise UnresolvableError(f"no condition {condition}, or one in terms of itself")
            self._deciding.add(condition)
            self._truths[condition] = self._decide(definitions[condition])
        return self._truths[condition]

    def _decide(self, formula: Any) -> bool:
        """Return what the definition of a condition comes to."""
        match formula:
            case {"Condition": str(name), **rest} if not rest:
                return self.truth(name)
            case {"Fn::Not": [operand], **rest} if not rest:
                return not self._decide(operand)
            case {"Fn::And": [*operands], **rest} if not rest:
                return all(self._decide(operand) for operand in operands)
            case {"Fn::Or": [*operands], **rest} if not rest:
                return any(self._decide(operand) for operand in operands)
            case {"Fn::Equals": [left, right], **rest} if not rest:
                if self._atoms is not None:
                    return self._atoms[atom(left, right)]
                return text(self.resolve(left)) == text(self.resolve(right))
        raise UnresolvableError(f"not a condition: {json.dumps(formula)}")

    def exists(self, logical_id: str) -> bool:
        """Return whether a resource of the template exists in this world."""
        condition = self.resources[logical_id].get("Condition")
        return condition is None or self.truth(condition)

    @cached_property
    def existing(self) -> list[str]:
        """Return the logical ids of all resources that exist in this world."""
        return [logical_id for logical_id in self.resources if self.exists(logical_id)]

    def existing_of(self, *types: str) -> list[str]:
        """Return the logical ids of the resources of these types that exist in this world."""
        return [
            logical_id
            for logical_id in self.existing
            if self.resources[logical_id].get("Type") in types
        ]

    # What expressions come to.

    def resolve(self, expression: Any) -> Any:
        """Return the plain value of an expression, NO_VALUE where there is none."""
        match expression:
            case str():
                return DYNAMIC_REFERENCE.sub(
                    lambda found: self.parameters.get(found[0], outside(found[0])), expression
                )
            case list():
                values = [self.resolve(item) for item in expression]
                return [value for value in values if value is not NO_VALUE]
            case dict() if is_function(expression):
                [(function, argument)] = expression.items()
                return self._apply(function, argument)
            case dict():
                resolved = {key: self.resolve(value) for key, value in expression.items()}
                return {key: value for key, value in resolved.items() if value is not NO_VALUE}
        return expression

    def _apply(self, function: str, argument: Any) -> Any:  # noqa: PLR0911 - a table.
        """Return what an intrinsic function comes to."""
        match function, argument:
            case "Ref", _:
                return self._ref(self._name(argument))
            case "Fn::GetAtt", _:
                return self._attribute(*self._attribute_of(argument))
            case "Fn::If", [str(condition), then, otherwise]:
                return self.resolve(then if self.truth(condition) else otherwise)
            case "Fn::Sub", _:
                return self._substitute(argument)
            case "Fn::Join", [str(delimiter), items]:
                return delimiter.join(text(item) for item in self.resolve(items))
            case "Fn::Select", [index, items]:
                return self.resolve(items)[int(text(self.resolve(index)))]
            case "Fn::Split", [str(delimiter), whole]:
                return self.resolve(whole).split(delimiter)
            case "Fn::FindInMap", [_, _, _]:
                return self._look_up(*self.resolve(argument))
            case "Fn::ImportValue" | "Fn::GetStackOutput", _:
                return outside(json.dumps([function, self.resolve(argument)], sort_keys=True))
        raise UnresolvableError(f"cannot resolve {function}: {json.dumps(argument)}")

    def _ref(self, name: str) -> Any:
        """Return what a Ref to this name comes to."""
        pseudo = {
            "AWS::AccountId": self.home.account,
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": self.home.partition,
            "AWS::Region": self.home.region,
            "AWS::StackId": self.home.arn("cloudformation", f"stack/{self.home.stack}/1"),
            "AWS::StackName": self.home.stack,
            "AWS::URLSuffix": self.home.suffix,
        }
        if name in pseudo:
            return pseudo[name]
        if name in self.parameters:
            declared = self.template["Parameters"][name].get("Type", "String")
            value = self.parameters[name]
            return value.split(",") if "List" in declared else value
        return self._identity(self._resource(name))

    def _resource(self, name: str) -> str:
        """Return the logical id that a reference means, which SAM may spell Function.Alias."""
        if name in self.resources:
            return name
        logical_id, _, suffix = name.rpartition(".")
        made = sam_made(self.template, logical_id)
        if suffix in made:
            return made[suffix]
        raise UnresolvableError(f"nothing is called {name}")

    def _name(self, argument: Any) -> str:
        """Return the name in a Ref or GetAtt, which loops may build by Fn::Sub."""
        name = self.resolve(argument)
        if not isinstance(name, str):
            raise UnresolvableError(f"not a name: {json.dumps(argument)}")
        return name

    def _attribute_of(self, argument: Any) -> tuple[str, str]:
        """Return the logical id and the attribute of a GetAtt in either spelling."""
        if isinstance(argument, list) and len(argument) == 2:
            logical_id, attribute = argument
            return self._name(logical_id), self._name(attribute)
        logical_id, dot, attribute = self._name(argument).partition(".")
        if not dot:
            raise UnresolvableError(f"not an attribute: {json.dumps(argument)}")
        return logical_id, attribute

    def _substitute(self, argument: Any) -> str:
        """Return a text with its placeholders filled in."""
        template, own = argument if isinstance(argument, list) else (argument, {})

        def fill(found: re.Match[str]) -> str:
            kept, name = found[1], found[2].strip()
            if kept:
                return f"${{{name}}}"
            if name in own:
                return text(self.resolve(own[name]))
            if "." in name and name not in self.resources and not self._by_sam(name):
                return text(self._attribute(*name.split(".", 1)))
            return text(self._ref(name))

        return PLACEHOLDER.sub(fill, template)

    def _by_sam(self, name: str) -> bool:
        """Return whether a dotted name means what SAM will make of a function."""
        logical_id, _, suffix = name.rpartition(".")
        return suffix in sam_made(self.template, logical_id)

    def _look_up(self, mapping: str, top: str, second: str) -> Any:
        """Return an entry of the template's Mappings."""
        try:
            return self.template["Mappings"][mapping][text(top)][text(second)]
        except KeyError as missing:
            raise UnresolvableError(f"no entry {mapping}.{top}.{second}") from missing

    # Made-up ids, as AWS would give them.

    def _identity(self, logical_id: str) -> str:
        """Return what a Ref to a resource comes to."""
        match self.resources[logical_id].get("Type"):
            case "AWS::Lambda::Function" | "AWS::Serverless::Function":
                return self._function_name(logical_id)
            case "AWS::Lambda::Alias":
                return self._qualified(logical_id, text(self._property(logical_id, "Name")))
            case "AWS::Lambda::Version":
                return self._qualified(logical_id, version_number(logical_id))
            case "AWS::Lex::Bot":
                return made_up(logical_id)
            case "AWS::Lex::BotAlias":
                return f"{made_up(logical_id)}|{self.bot_of(logical_id)}"
        return f"{self.home.stack}-{logical_id}-{made_up(logical_id)}"

    def _attribute(self, logical_id: str, attribute: str) -> str:  # noqa: PLR0911 - a table.
        """Return what a GetAtt comes to."""
        if logical_id not in self.resources:
            raise UnresolvableError(f"no resource {logical_id}")
        kind = str(self.resources[logical_id].get("Type"))
        if attribute not in ATTRIBUTES.get(kind, {attribute}):
            raise UnresolvableError(f"{kind} has no attribute {attribute}")
        match kind, attribute:
            case (("AWS::Lambda::Function" | "AWS::Serverless::Function"), _):
                return self.home.function(self._function_name(logical_id))
            case (("AWS::Lambda::Alias" | "AWS::Lambda::Version"), ("AliasArn" | "FunctionArn")):
                return self._identity(logical_id)
            case "AWS::Lambda::Version", _:
                return version_number(logical_id)
            case "AWS::Lex::Bot", "Arn":
                return self.home.arn("lex", f"bot/{made_up(logical_id)}")
            case ("AWS::Lex::Bot", _) | ("AWS::Lex::BotAlias", "BotAliasId"):
                return made_up(logical_id)
            case "AWS::Lex::BotVersion", "BotId":
                return self.bot_of(logical_id)
            case "AWS::Lex::BotAlias", "Arn":
                return self.alias_arn(self.bot_of(logical_id), made_up(logical_id))
        return outside(f"{logical_id}.{attribute}")

    def _property(self, logical_id: str, name: str) -> Any:
        """Return one property of a resource as plain values."""
        return self.resolve(self.resources[logical_id].get("Properties", {}).get(name))

    def _function_name(self, logical_id: str) -> str:
        """Return the name of a function: its own, or the one that CloudFormation gives."""
        name = self._property(logical_id, "FunctionName")
        if isinstance(name, str):
            return name
        return f"{self.home.stack}-{logical_id}-{made_up(logical_id)}"

    def _qualified(self, logical_id: str, qualifier: str) -> str:
        """Return the ARN of a version or alias."""
        function = self._property(logical_id, "FunctionName")
        return f"{self.home.function(text(function))}:{qualifier}"

    def bot_of(self, logical_id: str) -> str:
        """Return the bot id of a bot alias or a bot version."""
        return text(self._property(logical_id, "BotId"))

    def alias_arn(self, bot: str, alias: str) -> str:
        """Return the ARN of a bot alias."""
        return self.home.arn("lex", f"bot-alias/{bot}/{alias}")

    # Whom Lex invokes, and who may.

    @cached_property
    def hooks(self) -> list[Hook]:
        """Return what Lex will invoke in this world, each pair once."""
        found = {
            Hook(caller, arn, bot, self.home.function(function), self._opted_out(caller), function)
            for caller, arn, bot, settings in self._callers()
            for function in functions_of(settings)
        }
        return sorted(found)

    def _callers(self) -> Iterator[tuple[str, str, str, Any]]:
        """Yield each caller: its logical id, its ARN, its bot and its locales' settings."""
        for alias in self.existing_of("AWS::Lex::BotAlias"):
            settings = self._property(alias, "BotAliasLocaleSettings")
            if settings:
                bot = self.bot_of(alias)
                yield alias, self.alias_arn(bot, made_up(alias)), bot, settings
        for name in self.existing_of("AWS::Lex::Bot"):
            tree, bot = self._property(name, "TestBotAliasSettings"), made_up(name)
            if isinstance(tree, dict):
                arn = self.alias_arn(bot, TEST_ALIAS)
                yield name, arn, bot, tree.get("BotAliasLocaleSettings")

    def _opted_out(self, caller: str) -> bool:
        """Return whether the author asked the macro to leave a caller alone."""
        metadata = self.resources[caller].get("Metadata")
        setting = metadata.get("AutoLexPermissions") if isinstance(metadata, dict) else None
        return isinstance(setting, dict) and text(setting.get("Enabled", True)).lower() == "false"

    @cached_property
    def statements(self) -> list[Statement]:
        """Return the statements that stand in the functions' policies in this world.

        An AWS::Lambda::ResourcePolicy replaces whatever permissions have put on the same function,
        version or alias, unless it is unclear.
        """
        unsure = self.unclear | self.not_compared
        replaced = {function for function, name in self.documents.items() if name not in unsure}
        return [made for made in self.made if made.function not in replaced] + [
            statement for function in self.documents for statement in self.document(function)
        ]

    @cached_property
    def made(self) -> list[Statement]:
        """Return the statements of the permissions that exist."""
        return [self.statement(name) for name in self.existing_of("AWS::Lambda::Permission")]

    def document(self, function: str) -> list[Statement]:
        """Return the statements of the policy document that was put on a function."""
        document = self._property(self.documents[function], "PolicyDocument")
        return policies.of_document(function, document)

    @cached_property
    def unclear(self) -> set[str]:
        """Return the policies of which it is reported that what they say is not clear."""
        return self._reported("ALP206")

    @cached_property
    def not_compared(self) -> set[str]:
        """Return the policies of which it is reported that their function is not known."""
        return self._reported("ALP204")

    def _reported(self, code: str) -> set[str]:
        """Return the policies that are reported; the path to one in a loop has its variables."""
        report = self.template.get("Metadata", {}).get("AutoLexPermissionsReport", [])
        steps = {
            step
            for entry in report
            if entry.get("Id") == code
            for step in entry["Path"].split(".Properties")[0].split(".")[1:]
        }
        patterns = ["[A-Za-z0-9]*".join(VARIABLE.split(step)) for step in steps]
        return {
            name
            for name in self.documents.values()
            if any(re.fullmatch(pattern, name) for pattern in patterns)
        }

    @cached_property
    def documents(self) -> dict[str, str]:
        """Return which existing resource holds the whole policy of a function, version or alias."""
        return {
            self.home.function(text(self._property(name, "ResourceArn"))): name
            for name in self.existing_of("AWS::Lambda::ResourcePolicy")
        }

    def statement(self, permission: str) -> Statement:
        """Return the statement that a permission makes, whether it exists or not."""
        properties = self.resolve(self.resources[permission].get("Properties", {}))
        try:
            return policies.of_permission(permission, properties, self.home)
        except NotAPolicyError as error:
            raise NotAPolicyError(f"{permission}: {error}") from error

    def verdict(self, hook: Hook, *, of_a_reader: bool = False) -> bool | None:
        """Return whether the policy document of a hook's function lets Lex in.

        None where that depends on what nobody knows, or what a reader of the template need not see;
        no where there is no document.
        """
        if hook.function not in self.documents:
            return False
        call = self.call(hook, are_distinct=not of_a_reader)
        return policies.verdict(self.document(hook.function), call)

    def denied(self, hook: Hook) -> bool:
        """Return whether the policy document of a hook's function denies Lex the call."""
        statements = self.document(hook.function)
        return any(not one.allows and one.matches(self.call(hook)) for one in statements)

    def is_left_out(self, hook: Hook) -> bool:
        """Return whether nothing in the policy document of a hook's function may let Lex in."""
        allowing = [one for one in self.document(hook.function) if one.allows]
        return all(one.matches(self.call(hook)) is False for one in allowing)

    def call(self, hook: Hook, *, are_distinct: bool = True) -> Call:
        """Return the call that Lex makes for a hook."""
        return Call(hook.function, hook.source_arn, self.home, self.given, are_distinct)

    @cached_property
    def given(self) -> frozenset[str]:
        """Return the ids that AWS gives to the resources of this world."""
        return frozenset(map(made_up, self.resources))

    def permitted(self, hook: Hook, without: frozenset[str] = frozenset()) -> bool:
        """Return whether permissions let Lex invoke what a hook names, were some not there."""
        made = [statement for statement in self.made if statement.permission not in without]
        return policies.verdict(made, self.call(hook)) is True

    def allowed(self, hook: Hook, without: frozenset[str] = frozenset()) -> bool:
        """Return whether Lex may invoke what a hook names, were some permissions not there.

        Where it is unclear what the policy of a function says, or whose it is, which the answer has
        to report, the permissions count.
        """
        if hook.function not in self.documents:
            return self.permitted(hook, without)
        if self.verdict(hook):
            return True
        is_open = self.documents[hook.function] in self.not_compared
        return (is_open or self.is_unclear(hook)) and self.permitted(hook, without)

    def is_unclear(self, hook: Hook) -> bool:
        """Return whether it is reported, and so, that a policy may let Lex in or keep it out."""
        is_reported = self.documents.get(hook.function) in self.unclear
        return is_reported and self.verdict(hook, of_a_reader=True) is None

    # What is created before what.

    @cached_property
    def needs(self) -> dict[str, set[str]]:
        """Return for each existing resource what it refers to in any way that orders creation."""
        return {
            logical_id: self._references_of(self.resources[logical_id])
            for logical_id in self.existing
        }

    @cached_property
    def needs_of_all_branches(self) -> dict[str, set[str]]:
        """Return for each resource what it refers to, whatever the conditions come to."""
        return {
            logical_id: self._references_of(every_branch(resource))
            for logical_id, resource in self.resources.items()
        }

    def _references_of(self, resource: Template) -> set[str]:
        """Return what the Properties, the Metadata and the DependsOn of a resource refer to."""
        waits = resource.get("DependsOn", [])
        named = {waits} if isinstance(waits, str) else set(waits)
        unknown = sorted(named - set(self.resources))
        if unknown:
            raise UnresolvableError(f"DependsOn names {unknown[0]}, which is nowhere")
        return (
            named
            | self.references(resource.get("Properties"))
            | self.references(resource.get("Metadata"))
        )

    def references(self, expression: Any) -> set[str]:  # noqa: PLR0911 - a table.
        """Return the resources that an expression refers to in this world."""
        match expression:
            case {"Fn::If": [str(condition), then, otherwise], **rest} if not rest:
                return self.references(then if self.truth(condition) else otherwise)
            case {"Ref": name, **rest} if not rest:
                return self._known(self._name(name))
            case {"Fn::GetAtt": argument, **rest} if not rest:
                return self._known(self._attribute_of(argument)[0])
            case {"Fn::Sub": argument, **rest} if not rest:
                return self._references_of_text(argument)
            case dict():
                return set().union(*map(self.references, expression.values()))
            case list():
                return set().union(*map(self.references, expression))
        return set()

    def _references_of_text(self, argument: Any) -> set[str]:
        """Return the resources that a Fn::Sub refers to."""
        template, own = argument if isinstance(argument, list) else (argument, {})
        names = [
            name.strip()
            for kept, name in PLACEHOLDER.findall(template)
            if not kept and name.strip() not in own
        ]
        plain = [name if self._by_sam(name) else name.partition(".")[0] for name in names]
        return set().union(*map(self._known, plain)) | self.references(own)

    def _known(self, name: str) -> set[str]:
        """Return the resource that a name means, nothing for parameters and pseudo parameters."""
        if name in self.parameters or name.startswith("AWS::"):
            return set()
        return {self._resource(name)}

    @cached_property
    def dangling_references(self) -> set[tuple[str, str]]:
        """Return who refers to what does not exist."""
        return {
            (logical_id, other)
            for logical_id, others in self.needs.items()
            for other in others
            if not self.exists(other)
        }

    @cached_property
    def cycle(self) -> list[str]:
        """Return the resources of a cycle of dependencies, none where there is no cycle."""
        try:
            TopologicalSorter(self.needs).prepare()
        except CycleError as error:
            return [str(logical_id) for logical_id in error.args[1]]
        return []

    def after(self, logical_id: str) -> set[str]:
        """Return all that stands before a resource is created."""
        return reachable(self.needs, logical_id)

    def makers(self, function: str) -> list[str]:
        """Return the existing resources that make a function, and its version or alias, by ARN.

        Without those whose logical id depends on a parameter, since nothing can wait for them.
        """
        bare = ":".join(function.split(":")[:7])
        return [
            logical_id
            for logical_id in self.existing_of(*MAKERS)
            if self.home.function(self._identity(logical_id)) in {bare, function}
            and "." not in logical_id
        ]

    @cached_property
    def makes_twice(self) -> bool:
        """Return whether two existing resources make one function or alias, which AWS refuses."""
        made = [
            self.home.function(self._identity(logical_id))
            for logical_id in self.existing_of(*MAKERS)
        ]
        return len(set(made)) < len(made)


def every_branch(value: Any) -> Any:
    """Return a value in which a list of both branches stands for each Fn::If."""
    match value:
        case {"Fn::If": [_, *branches], **rest} if not rest:
            return [every_branch(branch) for branch in branches]
        case dict():
            return {key: every_branch(item) for key, item in value.items()}
        case list():
            return [every_branch(item) for item in value]
    return value


def reachable(needs: Mapping[str, set[str]], start: str) -> set[str]:
    """Return all that one resource needs, directly or through others."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = needs.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return found


def is_function(expression: Template) -> bool:
    """Return whether an object is a call of an intrinsic function."""
    return len(expression) == 1 and all(
        key == "Ref" or str(key).startswith("Fn::") for key in expression
    )


def atom(left: Any, right: Any) -> str:
    """Return a name for a comparison, the same whichever operand comes first."""
    return json.dumps(sorted([operand(left), operand(right)]))


def operand(value: Any) -> str:
    """Return a name for one side of a comparison."""
    return json.dumps(value if isinstance(value, dict | list) else text(value), sort_keys=True)


def operand_counts(formula: Any) -> Iterator[int]:
    """Yield how many operands each Fn::And and Fn::Or has."""
    if isinstance(formula, dict):
        for key, value in formula.items():
            if key in {"Fn::And", "Fn::Or"}:
                yield len(value)
            yield from operand_counts(value)
    if isinstance(formula, list):
        for value in formula:
            yield from operand_counts(value)


def text(value: Any) -> str:
    """Return a scalar as CloudFormation writes it into a text."""
    if isinstance(value, dict | list) or value is None or value is NO_VALUE:
        raise UnresolvableError(f"not a text: {value}")
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_resource(value: Any) -> bool:
    """Return whether an entry of Resources has the shape of one."""
    shaped = isinstance(value, dict) and isinstance(value.get("Type"), str)
    return shaped and isinstance(value.get("Properties", {}), dict)


def functions_of(settings: Any) -> Iterator[str]:
    """Yield the functions that resolved locale settings name; skip what has the wrong shape."""
    for item in settings if isinstance(settings, list) else []:
        tree = item
        for key in ("BotAliasLocaleSetting", "CodeHookSpecification", "LambdaCodeHook"):
            tree = tree.get(key) if isinstance(tree, dict) else None
        function = tree.get("LambdaArn") if isinstance(tree, dict) else None
        if isinstance(function, str):
            yield function


def with_resources_of_sam(template: Template) -> dict[str, Template]:
    """Return the resources, with the versions and aliases that SAM will add for its functions.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
    """
    if not isinstance(template["Resources"], dict):
        raise UnresolvableError("Resources is not an object")
    resources: dict[str, Template] = dict(template["Resources"])
    for logical_id, resource in template["Resources"].items():
        made = sam_made(template, logical_id)
        if made:
            own = {"Condition": resource["Condition"]} if "Condition" in resource else {}
            function = {"FunctionName": {"Ref": logical_id}}
            resources[made["Version"]] = {
                "Type": "AWS::Lambda::Version",
                "Properties": function,
                **own,
            }
            resources[made["Alias"]] = {
                "Type": "AWS::Lambda::Alias",
                "Properties": {**function, "Name": published_alias(template, logical_id)},
                "DependsOn": made["Version"],
                **own,
            }
    return resources


def sam_made(template: Template, logical_id: str) -> dict[str, str]:
    """Return the logical ids of the alias and the version that SAM adds for a function.

    An alias whose name is an expression gets an id that nobody can write.
    """
    name = published_alias(template, logical_id)
    if name is None:
        return {}
    alias = f"{logical_id}.Alias"
    if isinstance(name, str):
        alias = f"{logical_id}Alias{name.replace('-', 'D').replace('_', 'U')}"
    version = hashlib.sha256(logical_id.encode()).hexdigest()[:10]
    return {"Alias": alias, "Version": f"{logical_id}Version{version}"}


def published_alias(template: Template, logical_id: str) -> Any:
    """Return the name of the alias that SAM keeps on the newest version of a function."""
    resource = template["Resources"].get(logical_id)
    if not isinstance(resource, dict) or resource.get("Type") != "AWS::Serverless::Function":
        return None
    shared = template.get("Globals", {}).get("Function", {})
    return {**shared, **resource.get("Properties", {})}.get("AutoPublishAlias")


def made_up(logical_id: str) -> str:
    """Return ten characters as AWS gives them for an id."""
    return hashlib.sha256(logical_id.encode()).hexdigest()[:10].upper()


def version_number(logical_id: str) -> str:
    """Return a version number that no template writes out."""
    return str(1000 + int(hashlib.sha256(logical_id.encode()).hexdigest(), 16) % 9000)


def outside(what: str) -> str:
    """Return a text that stands for a value that only AWS knows."""
    return f"value-{hashlib.sha256(what.encode()).hexdigest()[:12]}"
