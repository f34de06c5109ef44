"""How every command opens files: as templates, with what CloudFormation knows of the stack."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from auto_lex_permissions import Request
from auto_lex_permissions.cfn.values import Place

from .console import UsageError, print_note
from .files import STDIN, found, read
from .reading import LARGEST, Position, Template, parse
from .requests import FN_TRANSFORM, TRANSFORM, Stack, Use, request_of, use_of

# What every template with a code hook holds, and hardly any other file.
_LEX: Final = re.compile(rb"AWS::Lex::Bot|AWS::Lex::\$|AutoLexPermissions")
# A byte more than a template may have, by which what is larger is known.
_MOST: Final = LARGEST + 1


@dataclass(frozen=True, slots=True)
class OpenedTemplate:
    """A file that was read: as bytes, as a template, and as a request to the macro.

    `use` is where the template names the macro, if it does. `is_named` is false where the file was
    found in a folder that was named.
    """

    path: str
    content: bytes
    template: Template
    request: Request
    use: Use | None
    is_named: bool = True

    @property
    def name(self) -> str:
        """What the file is called in results."""
        return self.template.name

    @property
    def uses_macro(self) -> bool:
        """Whether the template names the macro, which then adds what is missing."""
        return self.use is not None

    def position(self, place: Place) -> Position:
        """Return where a place of the macro's messages is in the file."""
        if self.use and place[:1] == (FN_TRANSFORM,):
            place = self.use.place
        elif self.use and place[:1] == (TRANSFORM,):
            place = (*self.use.place, *place[1:])
        return self.template.position(place)


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
    if template.first_shared:
        where = f"{template.name}:{template.first_shared}"
        print_note(f"{where}: CloudFormation takes no aliases (*) and no merge keys (<<); SAM does")
    request = request_of(template.value, stack, strict=strict)
    use = use_of(template.value, stack)
    return OpenedTemplate(path, content, template, request, use, is_named)
