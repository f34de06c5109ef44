"""Mistakes of a template's author: where, what is wrong, and what to do.

CloudFormation shows the author one string per failed transform. All mistakes of a template
therefore travel together in one exception, and the exception alone decides how they read.
"""

from collections.abc import Iterable
from typing import NamedTuple

MOST_PROBLEMS = 20
MOST_CHARACTERS = 2_000


class Problem(NamedTuple):
    """One mistake: the path in the template, what is wrong there, and what to do about it.

    Nothing in it may hold a value of the template: only logical ids, paths, names and text
    that the macro builds from these.
    """

    path: str
    what: str
    remedy: str

    def __str__(self) -> str:
        """Return the sentence that the author reads."""
        return f"{self.path}: {self.what} {self.remedy}"


class TemplateError(Exception):
    """The template has mistakes that its author has to mend; holds all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the problems in the order of the template."""
        self.problems = tuple(problems)
        super().__init__(_message(self.problems))


def _message(problems: tuple[Problem, ...]) -> str:
    """Join the problems, at most 20 of them and 2,000 characters, then "and N more"."""
    if len(problems) == 1:
        return _cut(str(problems[0]), MOST_CHARACTERS)
    lines = [f"({number}) {problem}" for number, problem in enumerate(problems, start=1)]
    for shown in range(min(len(lines), MOST_PROBLEMS), 0, -1):
        rest = [f"and {len(lines) - shown} more"] if shown < len(lines) else []
        message = " ".join(lines[:shown] + rest)
        if len(message) <= MOST_CHARACTERS:
            return message
    more = f" and {len(lines) - 1} more"
    return _cut(lines[0], MOST_CHARACTERS - len(more)) + more


def _cut(line: str, most: int) -> str:
    """Shorten a line that is longer than there is room: a path may be of any length."""
    return line if len(line) <= most else f"{line[: most - 1]}…"
