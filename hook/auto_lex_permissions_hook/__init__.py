"""A CloudFormation Hook: no Lex V2 code hook is deployed without its permission."""
