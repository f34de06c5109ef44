"""What real Lambda makes of a permission: the statement in the function's resource-based policy.

A reimplementation in a few lines, since LocalStack leaves ``SourceAccount`` out of its own. After
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html.
"""

from collections.abc import Mapping
from typing import Any

type Attributes = Mapping[tuple[str, str], str]
"""The value of each `Fn::GetAtt`, and of each `Ref` with an empty attribute name."""


def statement(sid: str, permission: Mapping[str, Any], values: Attributes) -> dict[str, Any]:
    """Return the policy statement of an AWS::Lambda::Permission of a processed template."""
    properties = {k: resolved(v, values) for k, v in permission["Properties"].items()}
    condition = {}
    if account := properties.pop("SourceAccount", None):
        condition["StringEquals"] = {"AWS:SourceAccount": account}
    if source_arn := properties.pop("SourceArn", None):
        condition["ArnLike"] = {"AWS:SourceArn": source_arn}
    made = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": properties.pop("Principal")},
        "Action": properties.pop("Action"),
        "Resource": properties.pop("FunctionName"),
        "Condition": condition,
    }
    if properties:
        raise ValueError(f"Unknown properties of a permission: {sorted(properties)}")
    return made


def resolved(value: object, values: Attributes) -> str:
    """Return the value of a text, a `Ref` or an `Fn::GetAtt`."""
    match value:
        case str():
            return value
        case {"Ref": str(name)}:
            return values[name, ""]
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return values[name, attribute]
    raise ValueError(f"Not a value that a permission of these tests has: {value!r}")
