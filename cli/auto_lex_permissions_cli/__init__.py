"""The command line over the macro's own core: see, check, repair and diagnose."""

from auto_lex_permissions import __version__

__all__ = ["__version__"]
