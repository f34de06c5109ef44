"""A secret in a request, where secrets stand: it must come out nowhere (rule 6.4)."""

import random
from typing import Any

from tests.fuzz.mutations import places, resources_of


def planted(rng: random.Random, event: Any, secret: str) -> None:
    """Put a secret where values stand, in place of them or behind them; names are left alone.

    Also as the value of a `NoEcho` parameter, a Description and an environment variable.
    """
    if not isinstance(event, dict):
        return
    values = [
        place for place in places(event) if isinstance(place.value, str) and not place.is_name
    ]
    for place in rng.sample(values, min(len(values), rng.choice((0, 1, 2, 6)))):
        if place.holder is not event or place.key not in {"requestId", "region", "accountId"}:
            # Behind an ARN or a function it still means one, and so is looked at further.
            place.put(rng.choice(("", place.value)) + secret)
    _as_parameter(rng, event, secret)
    fragment = event.get("fragment")
    if isinstance(fragment, dict) and "Resources" in fragment and rng.random() < 0.5:
        fragment["Description"] = secret
    for resource in resources_of(event).values():
        match resource:
            case {"Type": "AWS::Lambda::Function", "Properties": dict(properties)}:
                properties["Environment"] = {"Variables": {"TOKEN": secret}}


def _as_parameter(rng: random.Random, event: dict[str, Any], secret: str) -> None:
    """Give a parameter of the template the secret as its value."""
    match event:
        case {
            "fragment": {"Parameters": dict(parameters), "Resources": _},
            "templateParameterValues": dict(values),
        }:
            name = rng.choice((*parameters, "Secret"))
            parameters.setdefault(name, {"Type": "String", "NoEcho": True})
            values[name] = rng.choice(
                (secret, f"arn:aws:lambda:eu-west-1:999999999999:function:{secret}")
            )
