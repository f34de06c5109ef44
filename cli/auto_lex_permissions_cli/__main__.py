"""`python -m auto_lex_permissions_cli` is the command `auto-lex-permissions`."""

from .app import main

main()
