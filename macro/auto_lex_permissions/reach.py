"""What no permission of this stack can do for a hook (rules 4.1 to 4.3).

A function of another account or Region can be granted by its owner only. Only what is visible
counts: literals of an ARN, `Fn::GetStackOutput` with another Region or a role, and the value of a
template parameter, which is read for nothing else. A parameter that is `NoEcho` or of an SSM type
is left unread: the first is secret, the second's value is a name.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Final

from .cfn.conditions import Conditions
from .cfn.intrinsics import (
    ACCOUNT,
    PARTITION,
    REGION,
    Reference,
    Unread,
    Word,
    deployed_text,
    function,
    is_literal,
    length,
    text,
    variables_in,
    with_dynamic_references,
    without_space,
)
from .cfn.loops import is_item, variables
from .cfn.template import Template
from .cfn.values import path
from .code_hooks import CodeHook
from .diagnostics import (
    NAME_TOO_LONG,
    NO_POLICY,
    OUT_OF_REACH,
    PERMISSION_IN_LOOP,
    UNREACHABLE,
    Diagnostic,
)
from .functions import Functions, LambdaFunction
from .iam import LONGEST_ARN, partition_of

# https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
LONGEST_FUNCTION_NAME: Final = 140


class Reach:
    """Which functions a stack can grant."""

    def __init__(
        self, template: Template, functions: Functions, parameters: Mapping[str, object]
    ) -> None:
        """Take the template, how its functions are named, and its parameters' values."""
        self._template = template
        self._functions = functions
        self._parameters = parameters

    def is_out_of_reach(self, hook: CodeHook) -> bool:
        """Return whether a hook's function visibly belongs to another account or Region."""
        if not (self._template.region and self._template.account):
            return False
        items = self._items(hook)
        return any(map(_is_elsewhere, items)) or (
            not hook.function.is_own
            and (self._is_foreign_output(hook) or self._foreign_parameter(hook) is not None)
        )

    def _items(self, hook: CodeHook) -> list[LambdaFunction]:
        """Return the function of a hook; in a loop, one for each item that the template says."""
        functions = [hook.function]
        if not self._template.collections:  # pragma: no mutate (a shortcut)
            return functions
        for name, collection in sorted(variables_in(hook.words)):
            items = self._template.collections.get((name, collection))
            for item in items if isinstance(items, list) else ():
                self._template.budget.spend(20, "Reading the items of loops")
                words = (
                    text(item) if _is_item_of(word, name, collection) else (word,)
                    for word in hook.words
                )
                known = without_space(tuple(chain.from_iterable(words)))
                functions.append(self._functions.resolve_text(known))
        return functions

    def diagnostics(self, hook: CodeHook, *, skips: bool) -> list[Diagnostic]:
        """Return, for each place of a hook, that its function is out of reach (rule 4.1).

        With `OnUnreachable: Skip`, it is no mistake.
        """
        if not self._can_live(hook):
            return []
        functions = self._items(hook)
        if skips and not all(map(_is_elsewhere, functions[1:])):
            return [PERMISSION_IN_LOOP.at(*place) for place in hook.places]
        if skips:
            return [UNREACHABLE.at(*place) for place in hook.places]
        found = next(filter(_is_elsewhere, functions), None)
        if found or self._is_foreign_output(hook):
            where = self._other(found)
            return [OUT_OF_REACH.at(*place, named="", elsewhere=where) for place in hook.places]
        parameter, found = self._foreign_parameter(hook) or ("", None)
        named, where = f"{path(hook.places[0])} names by it ", self._other(found)
        return [OUT_OF_REACH.at("Parameters", parameter, named=named, elsewhere=where)]

    def _other(self, found: LambdaFunction | None) -> str:
        """Return what a function is of another of: one partition has all Regions and accounts."""
        if found is None or not is_literal(found.partition):
            return "account or Region"
        partition = partition_of(self._template.region)
        return f"partition (here ARNs begin with arn:{partition}: or arn:${{AWS::Partition}}:)"

    def mistakes(self, hook: CodeHook) -> Iterator[Diagnostic]:
        """Yield that a hook's function takes no permission by the name that it has there."""
        wrong = list(_misnamed(hook, self._items(hook)))
        if wrong and self._can_live(hook):
            yield from wrong

    def _can_live(self, hook: CodeHook) -> bool:
        """Return whether a hook may exist in this deployment: its Region, account and parameters.

        What cannot is nobody's mistake: another deployment of the template has it.
        """
        if not (self._template.region and self._template.account):
            return True
        return self._conditions.possible(hook.when)

    @cached_property
    def _conditions(self) -> Conditions:
        """Return the template's conditions as this deployment decides them."""
        values = of_stack(self._template)
        for reference in map(Reference, self._template.section("Parameters")):
            value = self._value(reference)
            if isinstance(value, str):
                values[reference] = value
        return self._template.conditions_where(values)

    def _is_foreign_output(self, hook: CodeHook) -> bool:
        """Return whether a hook's expression holds an output of a stack elsewhere."""
        unread = (word.expression for word in hook.words if isinstance(word, Unread))
        return any(map(self._is_output_of_elsewhere, unread))

    def _is_output_of_elsewhere(self, expression: object) -> bool:
        match function(expression):
            case ("Fn::GetStackOutput", {"RoleArn": _}):
                return True
            case ("Fn::GetStackOutput", {"Region": str(region)}):
                words = deployed_text(region)
                return is_literal(words) and words != (self._template.region,)
        return False

    def _foreign_parameter(self, hook: CodeHook) -> tuple[str, LambdaFunction] | None:
        """Return the parameter whose value says that a function is elsewhere, and the function."""
        words = hook.words
        for word in words:
            if isinstance(word, Reference) and self._is_readable(word):
                known = without_space(tuple(map(self._value, words)))
                # No ARN is as long, whatever the value of a parameter.
                if length(known) <= LONGEST_ARN:
                    function = self._functions.resolve_text(known)
                    if _is_elsewhere(function):
                        return word.logical_id, function
        return None

    def _is_readable(self, reference: Reference) -> bool:
        parameter = self._template.section("Parameters").get(reference.logical_id)
        return (
            isinstance(parameter, dict)
            and not reference.attribute
            and str(parameter.get("NoEcho", "false")).lower() == "false"
            and not str(parameter.get("Type")).startswith("AWS::SSM::")
        )

    def _value(self, word: Word) -> Word:
        """Return a parameter's value in place of a reference to it, where that may be read."""
        if isinstance(word, Reference) and self._is_readable(word):
            value = self._parameters.get(word.logical_id)
            return value if isinstance(value, str) else word
        return word


def of_stack(template: Template) -> dict[Reference, str]:
    """Return the pseudo parameters that never change in a stack, as far as they are known."""
    region, account = template.region, template.account
    values = {REGION: region, PARTITION: partition_of(region), ACCOUNT: account}
    return values if region and account else {}


def _is_elsewhere(found: LambdaFunction) -> bool:
    """Return whether a field that is all literal names another partition, Region or account."""
    fields = (found.partition, found.region, found.account)
    return any(len(field) == 1 and isinstance(field[0], str) for field in fields)


def _is_item_of(word: Word, name: str, collection: str) -> bool:
    """Return whether a word is the item of a loop."""
    return (
        isinstance(word, Reference)
        and is_item(word.logical_id)
        and variables(word.logical_id) == {(name, collection)}
    )


def _misnamed(hook: CodeHook, items: Iterable[LambdaFunction]) -> Iterator[Diagnostic]:
    if any(map(_is_without_policy, items)):  # Rule 4.2.
        yield from (NO_POLICY.at(*place) for place in hook.places)
    # What a dynamic reference comes to is of no known length.
    literals = (w for w in with_dynamic_references(hook.words) if isinstance(w, str))
    if sum(map(len, literals)) > LONGEST_FUNCTION_NAME:  # Rule 4.3.
        most = str(LONGEST_FUNCTION_NAME)
        yield from (NAME_TOO_LONG.at(*place, most=most) for place in hook.places)


def _is_without_policy(function: LambdaFunction) -> bool:
    """Return whether Lambda keeps no policy for a function's qualifier."""
    match function.qualifier:
        case (str(literal), *_):
            return literal.startswith("$")
    return False
