"""How every command opens files: as templates, with what CloudFormation knows of the stack."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from auto_lex_permissions import Request

from .console import UsageError
from .files import STDIN, found, read
from .reading import LARGEST, Template, parse
from .requests import Stack, request_of, uses_macro

# What every template with a code hook holds, and hardly any other file.
_LEX: Final = re.compile(rb"AWS::Lex::Bot|AWS::Lex::\$|AutoLexPermissions")
# A byte more than a template may have, by which what is larger is known.
_MOST: Final = LARGEST + 1


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
    return _opened(path, read(path, _MOST), stack, strict=strict)


def open_templates(
    paths: Iterable[str], stack: Stack, errors: list[UsageError]
) -> Iterator[OpenedTemplate]:
    """Open the files that are named, and in named folders those that look like templates with Lex.

    What cannot be opened is put on the list of errors.
    """
    for path, is_named in found(paths, errors):
        try:
            content = read(path, _MOST)
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
