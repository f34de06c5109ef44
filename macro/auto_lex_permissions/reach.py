"""Functions out of reach: of another account or Region, where this stack cannot grant (4.1).

Only what is visible counts: literals of an ARN, `Fn::GetStackOutput` with another Region or a
role, and the value of a template parameter, which is read for nothing else. A parameter that is
`NoEcho` or of an SSM type is left unread: the one is secret, the other's value is a name.
"""

from collections.abc import Mapping

from .code_hooks import CodeHook
from .functions import Functions, LambdaFunction
from .intrinsics import REGION, Reference, Word, function, text, without_space
from .template import Template


def unreachable(
    template: Template, functions: Functions, values: Mapping[str, object], hook: CodeHook
) -> str | None:
    """Return the parameter that says that a hook's function is out of reach, as a path.

    Returns an empty text where `LambdaArn` says so itself, and None where nothing does.
    """
    if hook.named.is_own or not (template.region and template.account):
        return None
    if _is_elsewhere(hook.named) or _is_foreign_output(template, hook):
        return ""
    words = text(hook.function)
    for word in words:
        if isinstance(word, Reference) and _is_readable(template, word):
            known = tuple(_value(template, values, other) for other in words)
            if _is_elsewhere(functions.named_by(without_space(known))):
                return f"Parameters.{word.logical_id}"
    return None


def _is_elsewhere(found: LambdaFunction) -> bool:
    """Tell whether a field that is all literal names another partition, Region or account."""
    fields = (found.partition, found.region, found.account)
    return any(len(field) == 1 and isinstance(field[0], str) for field in fields)


def _is_foreign_output(template: Template, hook: CodeHook) -> bool:
    match function(hook.function):
        case ("Fn::GetStackOutput", {"RoleArn": _}):
            return True
        case ("Fn::GetStackOutput", {"Region": region}):
            return text(region) not in ((REGION,), (template.region,)) and isinstance(region, str)
    return False


def _is_readable(template: Template, word: Reference) -> bool:
    parameter = template.section("Parameters").get(word.logical_id)
    return (
        isinstance(parameter, dict)
        and not word.attribute
        and str(parameter.get("NoEcho", "false")).lower() == "false"
        and not str(parameter.get("Type")).startswith("AWS::SSM::")
    )


def _value(template: Template, values: Mapping[str, object], word: Word) -> Word:
    if isinstance(word, Reference) and _is_readable(template, word):
        value = values.get(word.logical_id)
        return value if isinstance(value, str) else word
    return word
