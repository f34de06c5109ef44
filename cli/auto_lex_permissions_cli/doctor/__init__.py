"""`doctor`: the code hooks of a live account, and whether their functions' policies let Lex in."""
