"""Write the locks anew: every package of an environment, its version and its files' hashes.

`make lock` runs this with uv from the development environment. A lock names neither a package index
nor a path of the machine it was made on, and keeps the versions it already has as long as the `.in`
file allows them; `make lock PACKAGES="boto3 ruff"` moves these to their newest release.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).parent / "uv"
LIMIT_SECONDS = 300
PYTHON = "3.13"
# What runs under another Python than all else.
PYTHONS = {"oldest": "3.11"}

OPTIONS = (
    # The user's own settings of uv may name an index of theirs; only what the `.in` files say
    # counts.
    "--no-config",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--generate-hashes",
    # The same lock wherever it is made. A lock for several platforms would carry markers, and pip
    # judges those by the Python that runs it, which for the macro need not be a 3.13.
    "--python-platform=linux",
    "--custom-compile-command=make lock",
    "--quiet",
)


def inputs() -> list[Path]:
    """Return the `.in` files; that of the macro comes first, since the others keep to its lock."""
    deployed = [ROOT / folder / "requirements.in" for folder in ("macro", "hook")]
    return [*deployed, *sorted((ROOT / "requirements").glob("*.in"))]


def lock(path: Path, upgrades: list[str]) -> int:
    """Write the lock beside one `.in` file; return uv's exit code."""
    target = path.with_suffix(".txt")
    sys.stdout.write(f"Locking {target.relative_to(ROOT)}\n")
    sys.stdout.flush()
    command = [
        *(str(UV), "pip", "compile", *OPTIONS, f"--python={sys.executable}"),
        f"--python-version={PYTHONS.get(path.stem, PYTHON)}",
        *(f"--upgrade-package={name}" for name in upgrades),
        # Relative paths: uv writes them into the lock.
        f"--output-file={target.relative_to(ROOT)}",
        str(path.relative_to(ROOT)),
    ]
    return subprocess.run(command, cwd=ROOT, timeout=LIMIT_SECONDS, check=False).returncode


def main() -> int:
    """Lock everything; stop at the first failure."""
    return next((code for path in inputs() if (code := lock(path, sys.argv[1:]))), 0)


if __name__ == "__main__":
    sys.exit(main())
