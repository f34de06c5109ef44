"""The core's modules import in one direction, and only the handler knows powertools."""

import ast
from pathlib import Path

CORE = Path(__file__).parent.parent / "macro" / "auto_lex_permissions"
ORDER = (
    "cfn/__init__",
    "cfn/digests",
    "cfn/loops",
    "cfn/intrinsics",
    "cfn/formulas",
    "cfn/budget",
    "cfn/diagrams",
    "cfn/conditions",
    "cfn/values",
    "cfn/template",
    "diagnostics",
    "settings",
    "iam",
    "statements",
    "functions",
    "code_hooks",
    "wildcards",
    "bots",
    "resource_policies",
    "declared",
    "reach",
    "grants",
    "limits",
    "ids",
    "dependencies",
    "retention",
    "additions",
    "hook_reports",
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
    "itertools",
    "json",
    "marshal",
    "math",
    "re",
    "types",
    "typing",
}


def _imports(module: str) -> tuple[set[str], set[str]]:
    """Return the siblings and the foreign packages that a module imports."""
    own: set[str] = set()
    foreign: set[str] = set()
    folder = list(Path(module).parent.parts)
    for node in ast.walk(ast.parse((CORE / f"{module}.py").read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            parent = folder[: len(folder) + 1 - node.level]
            named = [node.module] if node.module else [alias.name for alias in node.names]
            own |= {"/".join([*parent, *name.split(".")]) for name in named}
        elif isinstance(node, ast.ImportFrom):
            foreign.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.Import):
            foreign |= {alias.name.split(".")[0] for alias in node.names}
    return own, foreign


def test_every_module_has_its_place() -> None:
    """A new module is put into the order."""
    assert {
        path.relative_to(CORE).with_suffix("").as_posix() for path in CORE.rglob("*.py")
    } == set(ORDER)


def test_imports_run_one_way() -> None:
    """A module imports only those before it."""
    for place, module in enumerate(ORDER):
        own, _ = _imports(module)
        assert own - {"__version__"} <= set(ORDER[:place]), module


def test_cloudformation_knows_nothing_of_the_macro() -> None:
    """What stands in cfn/ imports nothing from outside of it."""
    for module in ORDER:
        if module.startswith("cfn/"):
            assert all(name.startswith("cfn/") for name in _imports(module)[0]), module


def test_the_core_needs_only_the_standard_library() -> None:
    """What Lambda and the command line share runs without powertools and boto3."""
    for module in ORDER[:-1]:
        _, foreign = _imports(module)
        assert foreign <= STANDARD, module
    shell = {"aws_lambda_powertools", "gc", "logging", "traceback"}
    assert _imports("handler")[1] <= shell | STANDARD
