"""Lines for a shell that show or change by hand what `doctor` speaks of."""

import shlex


def options(**given: str) -> str:
    """Return options of the AWS CLI, quoted for a shell; those without a value are left out."""
    return " ".join(
        f"--{name.replace('_', '-')} {shlex.quote(value)}" for name, value in given.items() if value
    )


def command(service: str, operation: str, **given: str) -> str:
    """Return a call of the AWS CLI on one line."""
    return f"aws {service} {operation} {options(**given)}"
