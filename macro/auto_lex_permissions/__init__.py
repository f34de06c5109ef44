"""Give each Lex V2 code hook of a CloudFormation template its Lambda permission."""

from .diagnostics import Diagnostic, Message, TemplateError
from .transform import Request, Result, transform

__all__ = ["Diagnostic", "Message", "Request", "Result", "TemplateError", "transform"]
__version__ = "1.1.0"
