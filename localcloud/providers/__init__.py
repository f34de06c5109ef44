"""CloudFormation resource providers for LocalStack: Lex V2, Connect, hooks, as stacks need them.

``resources`` holds what the types do and what they accept, ``plugins`` the entry points.
"""
