"""The core's modules import in one direction, and only the handler knows powertools."""

import ast
from pathlib import Path

CORE = Path(__file__).parent.parent / "macro" / "auto_lex_permissions"
ORDER = (
    "errors",
    "reports",
    "settings",
    "digests",
    "loops",
    "intrinsics",
    "conditions",
    "template",
    "functions",
    "code_hooks",
    "sources",
    "declared",
    "resource_policies",
    "permissions",
    "reach",
    "limits",
    "waits",
    "fragment",
    "advice",
    "transform",
    "protocol",
    "__init__",
    "handler",
)
STANDARD = {
    "collections",
    "_sha2",
    "functools",
    "hashlib",
    "json",
    "marshal",
    "math",
    "re",
    "typing",
}


def _imports(module: str) -> tuple[set[str], set[str]]:
    """Return the siblings and the foreign packages that a module imports."""
    own: set[str] = set()
    foreign: set[str] = set()
    for node in ast.walk(ast.parse((CORE / f"{module}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            own |= {node.module} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            foreign.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.Import):
            foreign |= {alias.name.split(".")[0] for alias in node.names}
    return own, foreign


def test_every_module_has_its_place() -> None:
    """A new module is put into the order."""
    assert {path.stem for path in CORE.glob("*.py")} == set(ORDER)


def test_imports_run_one_way() -> None:
    """A module imports only those before it."""
    for place, module in enumerate(ORDER):
        own, _ = _imports(module)
        assert own - {"__version__"} <= set(ORDER[:place]), module


def test_the_core_needs_only_the_standard_library() -> None:
    """What Lambda and the command line share runs without powertools and boto3."""
    for module in ORDER[:-1]:
        _, foreign = _imports(module)
        assert foreign <= STANDARD, module
    assert _imports("handler")[1] == {"aws_lambda_powertools", "logging", "traceback", "typing"}
