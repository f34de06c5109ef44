"""Give each Lex V2 code hook of a CloudFormation template its Lambda permission."""

from .errors import Problem, TemplateError
from .transform import Request, Result, transform

__all__ = ["Problem", "Request", "Result", "TemplateError", "transform"]
__version__ = "1.0.0"
