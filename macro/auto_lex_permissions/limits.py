"""CloudFormation's and Lambda's limits, as far as the macro's own additions meet them (6.7).

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
and https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import json
import marshal
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from math import prod
from typing import Any, Final

from .cfn.intrinsics import canonical_json
from .cfn.loops import variables
from .cfn.template import Template
from .diagnostics import (
    NOT_DELIVERABLE,
    POLICY_TOO_LARGE,
    TEMPLATE_TOO_LARGE,
    TOO_MANY_RESOURCES,
    Diagnostic,
)
from .grants import Grant

MOST_RESOURCES: Final = 500
MOST_BYTES: Final = 1_000_000
# What Lambda takes as an answer, less some room for what stands around the fragment.
MOST_ANSWER_BYTES: Final = 6_000_000
MOST_POLICY_BYTES: Final = 20_480
# A statement as Lambda stores it, with a stack name and a logical id of ordinary length.
STATEMENT_BYTES: Final = 444
# Python's own format is written five times as fast as JSON, and a look at its size is enough for
# most templates. It repeats no key: JSON takes 1.7 times the room of it on ordinary templates, and
# 2.13 times on nothing but bot aliases, whose keys are long and whose values are short. Only
# thousands of keys that are longer still and all the same take more; CloudFormation refuses those.
_JSON_PER_MARSHAL: Final = 2.25
# Half a surrogate pair, as marshal writes it.
_HALF_PAIR: Final = re.compile(rb"\xed[\xa0-\xbf]")


def too_many_resources(template: Template, added: int) -> Diagnostic | None:
    """Return that `added` permissions take a template past the number of resources, or None."""
    before = template.size
    if not before <= MOST_RESOURCES < before + added:
        return None
    counts = {"added": added, "count": before + added, "most": MOST_RESOURCES}
    return TOO_MANY_RESOURCES.at("Resources", **counts)


def too_large(template: Template, fragment: Mapping[str, object], added: int) -> Diagnostic | None:
    """Return that `added` permissions have taken a template past its size, or None."""
    if added and _is_too_large(fragment) and not _is_too_large(template.fragment):
        return TEMPLATE_TOO_LARGE.at("Resources", added=added, most=f"{MOST_BYTES:,}")
    return None


def _is_too_large(fragment: Any) -> bool:  # noqa: ANN401 - what marshal takes has no name
    """Return whether a fragment takes too many bytes as compact JSON."""
    try:
        if len(marshal.dumps(fragment)) * _JSON_PER_MARSHAL <= MOST_BYTES:
            return False
    except ValueError:
        pass  # It takes plain JSON types alone, and no subclasses.
    compact = json.dumps(fragment, ensure_ascii=False, separators=(",", ":"))
    return len(compact.encode("utf-8", "surrogatepass")) > MOST_BYTES


def not_deliverable(fragment: Any) -> Diagnostic | None:  # noqa: ANN401 - as above
    """Return that Lambda's runtime client cannot encode a fragment, or not send it, or None."""
    try:
        packed = marshal.dumps(fragment)
    except ValueError:
        packed = b""  # As above.
    fits = len(packed) * _JSON_PER_MARSHAL <= MOST_ANSWER_BYTES
    if packed and fits and not _HALF_PAIR.search(packed):
        return None
    try:
        size = len(json.dumps(fragment, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        return NOT_DELIVERABLE.at()
    return None if size <= MOST_ANSWER_BYTES else NOT_DELIVERABLE.at()


def full_policies(grants: Iterable[Grant]) -> Iterator[Diagnostic]:
    """Yield a hook of each function whose policy all its grants would fill beyond the limit."""
    statements: Counter[object] = Counter()
    last: dict[object, Grant] = {}
    for grant in grants:
        statements[grant.canonical] += _statements(grant)
        last[grant.canonical] = grant
    for function, grant in last.items():
        if statements[function] * STATEMENT_BYTES > MOST_POLICY_BYTES:
            yield POLICY_TOO_LARGE.at(*grant.hooks[0].places[0])


def _statements(grant: Grant) -> int:
    """Return how many statements a grant is in its function's policy: a loop may repeat it."""
    scope = grant.hooks[0].resource.scope
    if grant.caller.kind == "bot" or not scope.variables:
        return 1
    own = variables(canonical_json(grant.expression))
    return prod(
        max(variable.items, 1)
        for variable in scope.variables
        if (variable.name, variable.collection) not in own
    )
