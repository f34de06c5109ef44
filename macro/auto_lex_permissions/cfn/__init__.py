"""CloudFormation templates: expressions, conditions, values, loops. Nothing of Lex or Lambda."""
