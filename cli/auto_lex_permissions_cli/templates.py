"""How every command opens files: as templates, with what CloudFormation knows of the stack."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from auto_lex_permissions import Request
from auto_lex_permissions.cfn.template import kind_of
from auto_lex_permissions.cfn.values import Place

from .console import UsageError, print_note
from .files import STDIN, Search, found, read
from .reading import LARGEST, NoTemplateError, Position, Template, names_a_bot, parse
from .requests import FN_TRANSFORM, TRANSFORM, Stack, Use, request_of, use_of

# One of these is in every template.
_SECTIONS: Final = ("AWSTemplateFormatVersion", "Resources")
_NO_TEMPLATE: Final = "%s: names a Lex V2 bot and is no template; not looked at"
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


def shown(path: str, stack: Stack) -> str:
    """Return what a file is called in results."""
    return stack.stdin_name if path == STDIN else path


def open_template(path: str, stack: Stack, *, strict: bool = False) -> OpenedTemplate:
    """Open a file, or the standard input where the path is `-`.

    With `strict`, each overridden parameter has to be there. Raises UsageError for what cannot be
    read or is no template.
    """
    return _opened(path, read(path, _MOST), stack, strict=strict)


def open_templates(search: Search, stack: Stack) -> Iterator[OpenedTemplate]:
    """Open what is found and names a Lex V2 bot; of all other files nothing is even parsed.

    What names one and cannot be read is put on the search's list of errors. What names one and is
    no template, such as a change set, is noted.
    """
    unknown = set(stack.overrides)
    for path, is_named in found(search):
        try:
            content = read(path, _MOST)
            if not names_a_bot(content):
                continue
            opened = _opened(path, content, stack, is_named=is_named)
        except NoTemplateError:
            print_note(_NO_TEMPLATE % shown(path, stack))
        except UsageError as error:
            search.errors.append(error)
        else:
            if _is_template(opened.template.value):
                unknown -= {*_parameters(opened)}
                yield opened
            else:
                print_note(_NO_TEMPLATE % opened.name)
    if unknown:
        no_parameter = f"--parameter-overrides: no template has a parameter {min(unknown)}."
        search.errors.append(UsageError(no_parameter))


def _parameters(opened: OpenedTemplate) -> Iterable[str]:
    declared = opened.template.value.get("Parameters")
    return declared if isinstance(declared, dict) else ()


def _is_template(value: Mapping[str, Any]) -> bool:
    """Return whether an object is meant as a template, or is a map of resources.

    White space that is no blank, such as an ideographic space, stays in front of a section's name.
    """
    sections = {key.strip() for key in value}
    return not sections.isdisjoint(_SECTIONS) or kind_of(value) == "resources"


def _opened(
    path: str, content: bytes, stack: Stack, *, strict: bool = False, is_named: bool = True
) -> OpenedTemplate:
    template = parse(shown(path, stack), content)
    if template.first_shared:
        where = f"{template.name}:{template.first_shared}"
        print_note(f"{where}: CloudFormation takes no aliases (*) and no merge keys (<<); SAM does")
    request = request_of(template.value, stack, strict=strict)
    use = use_of(template.value, stack)
    return OpenedTemplate(path, content, template, request, use, is_named)
