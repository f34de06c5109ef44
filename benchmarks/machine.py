"""Where the figures were measured: the machine, how busy it is, and the versions."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from auto_lex_permissions import __version__

PACKAGES = ("aws-lambda-powertools", "awslambdaric")


def described() -> str:
    """Return a line on the machine and a line on the versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()},"
        f" load {os.getloadavg()[0]:.1f}\n"
        f"auto-lex-permissions {__version__}, Python {platform.python_version()}, {packages}"
    )


def _processor() -> str:
    """Return the processor's name, which Linux says here and Python nowhere."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()})" if names else platform.machine()
