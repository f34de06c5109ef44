"""CloudFormation resource providers for LocalStack: Lex V2 and Connect, as far as stacks need them.

``resources`` holds what the types do and what they accept, ``plugins`` the entry points.
"""
