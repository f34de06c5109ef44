"""`python -m tests.laws.digest MACRO SEED`: a digest of a macro's answers to some templates.

Run twice under different hash seeds, it shows whether an answer depends on the order of a set.
"""

import hashlib
import json
import sys

from auto_lex_permissions import TemplateError
from tests.laws.evaluator import Template
from tests.laws.templates import cases
from tests.laws.trial import Deployment, Macro, the_macro

TEMPLATES = 300


def set_order(template: Template, deployment: Deployment) -> Template:
    """Return the resources in the order of a set, as a careless macro would."""
    del deployment
    return {**template, "Resources": dict.fromkeys(set(template["Resources"]))}


MACROS: dict[str, Macro] = {"the_macro": the_macro, "set_order": set_order}


def answer(macro: Macro, template: Template, deployment: Deployment) -> str:
    """Return what a macro answers, or why it refuses, as one text."""
    try:
        return json.dumps(macro(template, deployment))
    except TemplateError as refused:
        return str(refused)


def main(macro: str, seed: str) -> None:
    """Write the digest of the answers to the templates of a seed."""
    digest = hashlib.sha256()
    for case in cases(int(seed), TEMPLATES):
        digest.update(answer(MACROS[macro], case.template, case.deployment).encode())
    sys.stdout.write(digest.hexdigest())


if __name__ == "__main__":
    main(*sys.argv[1:])
