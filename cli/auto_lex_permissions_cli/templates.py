"""How every command opens files: as templates, with what CloudFormation knows of the stack."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from auto_lex_permissions import Request

from .console import UsageError
from .reading import Template, parse
from .requests import Stack, request_of, uses_macro

STDIN: Final = "-"
# What every template with a code hook holds, and hardly any other file.
_LEX: Final = re.compile(rb"AWS::Lex::Bot|AWS::Lex::\$|AutoLexPermissions")
_SUFFIXES: Final = (".yaml", ".yml", ".json", ".template")
# Folders of other people's files, and of what was built.
_SKIPPED: Final = frozenset({"node_modules", "cdk.out", "__pycache__", "venv"})


@dataclass(frozen=True, slots=True)
class OpenedTemplate:
    """A file that was read: as bytes, as a template, and as a request to the macro.

    `is_named` is false where it was found in a folder that was named.
    """

    path: str
    content: bytes
    template: Template
    request: Request
    is_named: bool = True

    @property
    def uses_macro(self) -> bool:
        """Whether the template lists the macro, which then adds what is missing."""
        return uses_macro(self.template.value)


def open_template(path: str, stack: Stack, *, strict: bool = False) -> OpenedTemplate:
    """Open a file, or the standard input where the path is `-`.

    With `strict`, each overridden parameter has to be there. Raises UsageError for what cannot be
    read or is no template.
    """
    return _opened(path, _read(path), stack, strict=strict)


def open_templates(
    paths: Iterable[str], stack: Stack, errors: list[UsageError]
) -> Iterator[OpenedTemplate]:
    """Open the files that are named, and in named folders those that look like templates with Lex.

    What cannot be opened is put on the list of errors.
    """
    for path, is_named in _files(paths, errors):
        try:
            content = _read(path)
            # Of thousands of files in folders most have no hook: they are not even parsed.
            if is_named or _LEX.search(content):
                yield _opened(path, content, stack, is_named=is_named)
        except UsageError as error:
            errors.append(error)


def _opened(
    path: str, content: bytes, stack: Stack, *, strict: bool = False, is_named: bool = True
) -> OpenedTemplate:
    template = parse("standard input" if path == STDIN else path, content)
    request = request_of(template.value, stack, strict=strict)
    return OpenedTemplate(path, content, template, request, is_named)


def _read(path: str) -> bytes:
    try:
        if path == STDIN:
            return sys.stdin.buffer.read()
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes longer, thousands of times.
            return file.read()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}.") from error


def _files(paths: Iterable[str], errors: list[UsageError]) -> Iterator[tuple[str, bool]]:
    """Yield each file, and whether it is named itself."""
    for path in paths:
        if path == STDIN or Path(path).is_file():
            yield path, True
        elif Path(path).is_dir():
            yield from ((found, False) for found in _files_below(path))
        else:
            errors.append(UsageError(f"{path}: there is no such file or folder."))


def _files_below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _SKIPPED and not entry.name.startswith("."):
                yield from _files_below(entry.path)
        elif entry.name.endswith(_SUFFIXES):
            yield entry.path
