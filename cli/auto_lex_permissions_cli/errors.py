"""How a command ends, and what makes it end with 2: misuse, what is unreadable, no answer."""

from typing import Final

FINE: Final = 0
FINDINGS: Final = 1
MISUSE: Final = 2


class UsageProblem(Exception):  # noqa: N818 - it is the user's to mend, not the program's
    """One line that says where, what is wrong and what to do."""
