"""CloudFormation's and Lambda's limits, as far as the macro's own additions meet them (6.7).

Sources: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
and https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import json
import marshal
from collections import Counter
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, Final

from .code_hooks import CodeHook
from .errors import Problem
from .intrinsics import canonical_json, text, without_space
from .loops import variables
from .permissions import Grant
from .template import Template

MOST_RESOURCES: Final = 500
MOST_BYTES: Final = 1_000_000
LONGEST_FUNCTION_NAME: Final = 140
MOST_POLICY_BYTES: Final = 20_480
# A statement as Lambda stores it, with a stack name and a logical id of ordinary length.
STATEMENT_BYTES: Final = 444
# Python's own format is written five times as fast as JSON, and a look at its size is enough for
# most templates. It repeats no key: JSON takes 1.7 times the room of it on ordinary templates, and
# 2.13 times on nothing but bot aliases, whose keys are long and whose values are short. Only
# thousands of keys that are longer still and all the same take more; CloudFormation refuses those.
_JSON_PER_MARSHAL: Final = 2.25


def exceeded(template: Template, fragment: Mapping[str, object], added: int) -> Iterator[Problem]:
    """Yield the limits of a template that were kept before the macro added to it."""
    before = template.size
    if added and before <= MOST_RESOURCES < before + added:
        yield Problem(
            "Resources",
            f"with the {added} permissions that AutoLexPermissions adds they are"
            f" {before + added}; CloudFormation takes {MOST_RESOURCES}.",
            "Move some of them into a nested stack, or set SourceScope: Bot.",
        )
    if added and _is_too_large(fragment) and not _is_too_large(template.fragment):
        yield Problem(
            "Resources",
            f"with the {added} permissions that AutoLexPermissions adds the template is larger"
            f" than the {MOST_BYTES:,} bytes that CloudFormation takes.",
            "Move some of the resources into a nested stack, or set SourceScope: Bot.",
        )


def _is_too_large(fragment: Any) -> bool:  # noqa: ANN401 - what marshal takes has no name
    """Tell whether a fragment takes too many bytes as compact JSON."""
    if _marshalled_size(fragment) * _JSON_PER_MARSHAL <= MOST_BYTES:
        return False
    compact = json.dumps(fragment, ensure_ascii=False, separators=(",", ":"))
    return len(compact.encode("utf-8", "surrogatepass")) > MOST_BYTES


def _marshalled_size(fragment: Any) -> int:  # noqa: ANN401 - what marshal takes has no name
    """Return the size in Python's own format, which takes plain JSON types and no subclasses."""
    try:
        return len(marshal.dumps(fragment))
    except ValueError:
        return MOST_BYTES


def is_too_long(hook: CodeHook) -> bool:
    """Tell whether the literals of a `FunctionName` alone are longer than Lambda takes (4.3)."""
    if hook.named.is_reference:
        return False
    words = without_space(text(hook.function))
    return sum(len(word) for word in words if isinstance(word, str)) > LONGEST_FUNCTION_NAME


def full_policies(grants: list[Grant]) -> Iterator[Grant]:
    """Yield a grant of each function whose policy all its grants would fill beyond the limit."""
    statements: Counter[object] = Counter()
    for grant in grants:
        statements[grant.function] += _statements(grant)
    for grant in {grant.function: grant for grant in grants}.values():
        if statements[grant.function] * STATEMENT_BYTES > MOST_POLICY_BYTES:
            yield grant


def _statements(grant: Grant) -> int:
    """Return how many statements a grant is in its function's policy: a loop may repeat it."""
    scope = grant.hooks[0].source.scope
    if grant.source.kind == "bot" or not scope.variables:
        return 1
    own = variables(canonical_json(grant.expression))
    return prod(
        max(one.items, 1) for one in scope.variables if (one.name, one.collection) not in own
    )
