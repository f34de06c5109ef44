"""What makes a command end with 2: misuse, unreadable files, an account that does not answer."""


class UsageProblem(Exception):  # noqa: N818 - it is the user's to mend, not the program's
    """One line that says where, what is wrong and what to do."""
