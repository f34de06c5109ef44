"""Every world that a template can come to.

There are two ways to go through them. The *real* worlds come from the values that the parameters
may have: AllowedValues, or else the literals that conditions mention and one other value. The
*formal* worlds come from the comparisons alone, each true or false as it pleases, except that one
expression cannot equal two literals, and a parameter equals one of its AllowedValues: the laws on
what is too much are judged in these too, since the contract does not ask the macro to know more
about comparisons than that.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tests.laws.evaluator import (
    DYNAMIC_REFERENCE,
    Template,
    UnresolvableError,
    World,
    atom,
    operand,
    outside,
    text,
)
from tests.laws.policies import HOME, Home

# More than these would take minutes; a template of the laws has a few dozen.
MOST = 20_000
OTHER = "another-value"


def real(
    template: Template, home: Home = HOME, given: Mapping[str, str] | None = None
) -> Iterator[World]:
    """Yield the template under every assignment of its parameters that differs from the others.

    A given value is the only one where no condition asks about its parameter. Two assignments under
    which all conditions and all parameters used elsewhere agree are one world.
    """
    elsewhere = _mentioned({**template, "Conditions": {}}) & set(template.get("Parameters", {}))
    seen = set()
    for parameters in assignments(template, given):
        world = World(template, parameters, home)
        outcome = (
            tuple(world.truth(name) for name in template.get("Conditions", {})),
            tuple(parameters[name] for name in sorted(elsewhere)),
        )
        if outcome not in seen:
            seen.add(outcome)
            yield world


def formal(
    template: Template, home: Home = HOME, known: Mapping[str, str] | None = None
) -> Iterator[World]:
    """Yield the template under every choice of what its comparisons come to.

    Where parameters are known, the comparisons of these, and of where the stack is, are no choice.
    """
    parameters = next(assignments(template, known))
    if known is not None:
        place = (
            ("Region", home.region),
            ("AccountId", home.account),
            ("Partition", home.partition),
        )
        known = {**known, **{f"AWS::{name}": value for name, value in place}}
    seen = set()
    for atoms in _choices(template, known or {}):
        world = World(template, parameters, home, atoms)
        outcome = tuple(world.truth(name) for name in template.get("Conditions", {}))
        if outcome not in seen:
            seen.add(outcome)
            yield world


def assignments(
    template: Template, given: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Yield every assignment of the parameters that may matter."""
    compared = _compared(template)
    values = {
        name: _values(name, parameter, compared.get(name))
        for name, parameter in template.get("Parameters", {}).items()
    }
    for name, value in (given or {}).items():
        others = values[name] if name in compared else []
        values[name] = sorted({*others, written(value)})
    # What a dynamic reference comes to may be anything, too.
    values |= {
        name: sorted({*compared[name], outside(name)})
        for name in compared
        if DYNAMIC_REFERENCE.fullmatch(name)
    }
    count = 1
    for options in values.values():
        count *= len(options)
    if count > MOST:
        raise UnresolvableError(f"{count} assignments are too many to go through")
    for combination in itertools.product(*values.values()):
        yield dict(zip(values, combination, strict=True))


def _values(name: str, parameter: Template, compared: set[str] | None) -> list[str]:
    """Return the values of a parameter that may matter, given what it is compared with."""
    allowed = _allowed(parameter)
    default = written(parameter["Default"]) if "Default" in parameter else ""
    if compared is None:
        return [(allowed or [default or outside(name)])[0]]
    others = {*compared, f"{OTHER}-of-{name}"}
    if "Default" in parameter and not is_of_ssm(parameter):
        others.add(default)
    return allowed or sorted(others)


def _allowed(parameter: Template) -> list[str]:
    """Return the values that a parameter may have, none where these are not known."""
    if is_of_ssm(parameter):
        return []
    return [written(value) for value in parameter.get("AllowedValues", [])]


def written(value: Any) -> str:
    """Return the value of a parameter as a text."""
    return ",".join(map(text, value)) if isinstance(value, list) else text(value)


def _compared(template: Template) -> dict[str, set[str]]:
    """Return for each parameter in a condition the texts it may be equal to."""
    parameters = template.get("Parameters", {})
    comparisons = []
    for operands in _comparisons(template):
        texts = set(_texts(operands))
        references = set(filter(DYNAMIC_REFERENCE.fullmatch, texts))
        names = (_mentioned(operands) & set(parameters)) | references
        comparisons.append((names, texts - references))
    found: dict[str, set[str]] = {}
    # Parameters that are compared with each other hand on what they may equal.
    for _ in comparisons:
        for names, texts in comparisons:
            both = set().union(texts, *(found.get(name, set()) for name in names))
            for name in names:
                both |= {*_allowed(parameters.get(name, {})), OTHER} if len(names) > 1 else set()
            found |= {name: found.get(name, set()) | both for name in names}
    return found


def _comparisons(template: Template) -> Iterator[list[Any]]:
    """Yield the operands of every Fn::Equals in the conditions."""
    conditions = template.get("Conditions", {})
    if not isinstance(conditions, dict):
        raise UnresolvableError("Conditions is no object")
    waiting = list(conditions.values())
    while waiting:
        expression = waiting.pop()
        if isinstance(expression, dict) and set(expression) == {"Fn::Equals"}:
            yield expression["Fn::Equals"]
        elif isinstance(expression, dict):
            waiting.extend(expression.values())
        elif isinstance(expression, list):
            waiting.extend(expression)


def _mentioned(expression: Any) -> set[str]:
    """Return the names that an expression may refer to; a few too many do no harm."""
    match expression:
        case {"Ref": str(name), **rest} if not rest:
            return {name}
        case {"Fn::Sub": argument, **rest} if not rest:
            whole = json.dumps(argument)
            return {part.split("}")[0] for part in whole.split("${")[1:]} | _mentioned(argument)
        case dict():
            return set().union(*map(_mentioned, expression.values()))
        case list():
            return set().union(*map(_mentioned, expression))
    return set()


def _texts(expression: Any) -> Iterator[str]:
    """Yield the scalars in an expression that are not names of parameters."""
    if isinstance(expression, dict):
        for key, value in expression.items():
            if key != "Ref":
                yield from _texts(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _texts(value)
    else:
        yield text(expression)


def _choices(template: Template, known: Mapping[str, str]) -> Iterator[Mapping[str, bool]]:
    """Yield every way in which the comparisons can come out."""
    constant: dict[str, bool] = {}
    free: set[str] = set()
    exclusive: dict[str, dict[str, str]] = defaultdict(dict)
    for left, right in _comparisons(template):
        name = atom(left, right)
        both = [_known(side, known) for side in (left, right)]
        if None not in both:
            constant[name] = both[0] == both[1]
            continue
        literal = [_is_literal(side) for side in (left, right)]
        if all(literal) or operand(left) == operand(right):
            constant[name] = operand(left) == operand(right)
        elif any(literal):
            side, value = (right, left) if literal[0] else (left, right)
            exclusive[operand(side)][name] = text(value)
        else:
            free.add(name)
    groups = [[set(), {name}] for name in sorted(free)]
    groups += [_outcomes(template, side, names) for side, names in exclusive.items()]
    everything = set(constant) | free | set().union(*exclusive.values())
    for chosen in itertools.product(*groups):
        true = set().union(*chosen)
        yield {name: constant.get(name, name in true) for name in everything}


def _is_literal(side: Any) -> bool:
    """Return whether one side of a comparison is written out."""
    return not isinstance(side, dict | list) and not DYNAMIC_REFERENCE.search(str(side))


def _known(side: Any, known: Mapping[str, str]) -> str | None:
    """Return what one side of a comparison comes to where that is known."""
    match side:
        case {"Ref": str(name), **rest} if not rest:
            return text(known[name]) if name in known else None
    return text(side) if _is_literal(side) else None


def is_of_ssm(parameter: Template) -> bool:
    """Return whether the value of a parameter is the name of another."""
    return str(parameter.get("Type")).startswith("AWS::SSM::")


def _outcomes(template: Template, side: str, names: dict[str, str]) -> list[set[str]]:
    """Return which comparisons of one expression with literals can be true together."""
    expression = json.loads(side)
    is_ref = isinstance(expression, dict) and set(expression) == {"Ref"}
    declared = template.get("Parameters", {}).get(expression["Ref"], {}) if is_ref else {}
    # A number may be written in several ways.
    allowed = set(_allowed(declared)) if declared.get("Type") == "String" else set()
    if not allowed:
        return [set(), *({name} for name in sorted(names))]
    others: list[set[str]] = [set()] if allowed - set(names.values()) else []
    return others + [{name} for name in sorted(names) if names[name] in allowed]
