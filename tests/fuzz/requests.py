"""Random requests around known ones, each the same for its seed and number."""

import json
import random
from dataclasses import dataclass

from tests.fuzz.canaries import planted
from tests.fuzz.mutations import mutated
from tests.fuzz.seeds import WEIGHTS, seeds


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its number, its JSON, and the secret in it."""

    number: int
    text: str
    secret: str


def request(seed: int, number: int) -> Asked:
    """Return a request, whichever others were made before."""
    rng = random.Random(f"{seed} {number}")  # noqa: S311 - to be repeated.
    known = seeds()
    kind, donors = rng.choices([*WEIGHTS], [*WEIGHTS.values()])[0], known["golden"]
    event = json.loads(rng.choice(known[kind]))
    event = mutated(rng, event, json.loads(rng.choice(donors)))
    secret = f"canary{rng.getrandbits(64):016x}"
    planted(rng, event, secret)
    return Asked(number, json.dumps(event), secret)
