"""CloudFormation's and Lambda's limits, as far as the macro's own additions meet them (6.7).

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
and https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import json
import marshal
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from .cfn.conditions import Conditions
from .cfn.formulas import ALWAYS, Formula
from .cfn.intrinsics import canonical_json, length
from .cfn.loops import variables
from .cfn.template import OUTSIDE, Template
from .declared import Declared
from .diagnostics import (
    NAME_BEYOND_LIMIT,
    NOT_DELIVERABLE,
    POLICY_TOO_LARGE,
    TEMPLATE_TOO_LARGE,
    TOO_MANY_RESOURCES,
    Diagnostic,
)
from .functions import ByFunction, Functions, LambdaFunction
from .grants import Grant

MOST_RESOURCES: Final = 500
MOST_BYTES: Final = 1_000_000
# What Lambda takes as an answer, less some room for what stands around the fragment.
MOST_ANSWER_BYTES: Final = 6_000_000
MOST_POLICY_BYTES: Final = 20_480
# A statement as Lambda stores it, with a stack name and a logical id of ordinary length.
STATEMENT_BYTES: Final = 444
# Python's own format is written eight times as fast as JSON, and a look at its size is enough for
# most templates. It writes each text once: where a key comes again it takes 5 bytes, and 2 for an
# object under it. JSON takes 1.1 to 1.7 times the room on the templates of the benchmarks. On
# nothing but nested objects with keys of 25 letters it would take 4.3 times. Where this factor does
# not decide, the bytes are counted.
_JSON_PER_MARSHAL: Final = 5
# No JSON holds itself: to look for that would take as long as to write it.
_COMPACT: Final = json.JSONEncoder(check_circular=False, ensure_ascii=False, separators=(",", ":"))
# Half a surrogate pair, as UTF-8 would write it; in marshal's bytes a number may look like one.
_HALF_PAIR: Final = re.compile(rb"\xed[\xa0-\xbf]")
# Kinds of deployments, by which statements exist in them, that are told apart.
_MOST_DEPLOYMENTS: Final = 16
_COUNTING: Final = "Counting the statements of functions' policies"
# More than CloudFormation takes, since the variables of loops stand in names.
LONGEST_NAME_READ: Final = 1_000


def too_many_resources(template: Template, added: int) -> Diagnostic | None:
    """Return that `added` permissions take a template past the number of resources, or None.

    Where it was past them before, more permissions than there may be resources are refused still.
    """
    before = template.size
    if not before <= MOST_RESOURCES < before + added and added <= MOST_RESOURCES:
        return None
    counts = {"added": added, "count": before + added, "most": MOST_RESOURCES}
    return TOO_MANY_RESOURCES.at("Resources", **counts)


def too_long(grants: Iterable[Grant], added: int) -> Diagnostic | None:
    """Return that the names alone that permissions repeat are larger than a template, or None."""
    characters = 0
    for grant in grants:
        characters += length((*grant.spelled_at.words, *grant.canonical.name, *grant.caller.name))
        if characters > MOST_BYTES:
            return TEMPLATE_TOO_LARGE.at("Resources", added=added, most=f"{MOST_BYTES:,}")
    return None


def exceeded(
    template: Template, fragment: Mapping[str, object], added: Iterable[object], count: int
) -> Iterator[Diagnostic]:
    """Yield that a new fragment is too large for CloudFormation, or cannot be sent by Lambda.

    `added` is what the fragment holds beside the template, `count` how many permissions that is.
    What is added may hold the same long text many times, so it is measured piece by piece.
    """
    more = 0
    for value in added:
        more += len(_encoded(value))
        if more > MOST_ANSWER_BYTES:
            break
    packed = _packed(template.fragment)
    is_small = packed and len(packed) * _JSON_PER_MARSHAL + more <= MOST_BYTES
    if is_small and b"\xed" not in packed:  # With that byte half a pair begins.
        return
    # What is far too large is not written out to be measured.
    is_written = more <= MOST_BYTES
    new = _encoded(fragment if is_written else template.fragment)
    size = len(new) if is_written else len(new) + more
    if count and size > MOST_BYTES >= len(_encoded(template.fragment)):
        yield TEMPLATE_TOO_LARGE.at("Resources", added=count, most=f"{MOST_BYTES:,}")
    if _HALF_PAIR.search(new) or size > MOST_ANSWER_BYTES:
        yield NOT_DELIVERABLE.at()


def too_long_names(template: Template) -> Iterator[Diagnostic]:
    """Yield the names that are longer than any that CloudFormation takes."""
    for place in template.longer_names(LONGEST_NAME_READ):
        yield NAME_BEYOND_LIMIT.at(*place, most=f"{LONGEST_NAME_READ:,}")


def _packed(fragment: Any) -> bytes:  # noqa: ANN401 - what marshal takes has no name
    """Return a fragment in Python's own format, or nothing of what is more than plain JSON."""
    try:
        return marshal.dumps(fragment)
    except ValueError:
        return b""


def _encoded(value: object) -> bytes:
    """Return a value as compact JSON, half surrogate pairs included."""
    return _COMPACT.encode(value).encode("utf-8", "surrogatepass")


def full_policies(
    template: Template, functions: Functions, grants: Sequence[Grant], declared: Declared
) -> Iterator[Diagnostic]:
    """Yield a hook of each function whose policy may grow beyond the limit.

    Its statements are the author's, and those that are added under any name of the function: as
    many as can exist at once.
    """
    most = MOST_POLICY_BYTES // STATEMENT_BYTES
    by_function: dict[LambdaFunction, list[Grant]] = {}
    for grant in grants:
        by_function.setdefault(functions.plain(grant.canonical), []).append(grant)
    # Only where text names a function of the template may two of these be one.
    may_meet = any(map(functions.is_named_by_text, by_function))
    missing = [grant for grant in grants if grant.is_missing] if may_meet else []
    by_any_name = ByFunction(functions, ((grant, [grant.function]) for grant in missing))
    for of_function in by_function.values():
        last = of_function[-1]
        own = [grant for grant in of_function if grant.is_missing]
        found = by_any_name.of(last.function) if may_meet else own
        template.budget.spend(len(found), _COUNTING)
        items = sum((grant.scope or OUTSIDE).items for grant in found)
        if items + declared.count > most:  # In most templates not all together are as many.
            template.budget.spend(10 * len(found), _COUNTING)
            same = (functions.same_when(grant.function, last.function) for grant in found)
            statements = [*map(_statement, found, same), *declared.statements(last.function)]
            at_once = _at_once(template.conditions, statements)
            if sum(count for _, count in statements) > most < at_once:
                yield POLICY_TOO_LARGE.at(*last.hooks[0].places[0])


def _statement(grant: Grant, same: Formula) -> tuple[Formula, int]:
    """Return when a grant's permission is one on a function, and how many a loop makes of it."""
    own = variables(canonical_json(grant.expression))
    return grant.when & same, (grant.scope or OUTSIDE).items_without(own)


def _at_once(conditions: Conditions, statements: Iterable[tuple[Formula, int]]) -> int:
    """Return how many statements can exist in one deployment, or more of very many conditions."""
    counts: dict[Formula, int] = {}
    for when, count in statements:
        counts[when] = counts.get(when, 0) + count
    deployments = [(ALWAYS, 0)]
    for when, count in sorted(counts.items(), key=lambda both: -both[1]):
        if len(deployments) > _MOST_DEPLOYMENTS:
            deployments = [(kind, found + count) for kind, found in deployments]
        else:
            with_it = ((kind & when, found + count) for kind, found in deployments)
            without = ((kind & ~when, found) for kind, found in deployments)
            deployments = [
                (kind, found) for kind, found in (*with_it, *without) if conditions.possible(kind)
            ]
    return max(found for _, found in deployments)
