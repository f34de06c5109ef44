"""The command `auto-lex-permissions`: its commands, arguments and options.

The module of a command is imported when it runs, so that `--help` is quick.
"""

import io
import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final, NoReturn

import click

from .console import (
    FINE,
    MISUSE,
    NAME,
    UsageError,
    be_quiet,
    output,
    print_beside,
    print_error,
    visible,
)

_OVERRIDES: Final = "--parameter-overrides"
# Which a shell completes; whether it is there is found out when it is opened.
_FILE: Final = click.Path(allow_dash=True)
_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


# How a template's parameter and its value are written.
_OVERRIDE: Final = re.compile(r"[A-Za-z0-9]+=.*", re.DOTALL)
_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")
_INSTANCE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def _version(context: click.Context, _: click.Parameter, wanted: object) -> None:
    if wanted:
        from auto_lex_permissions import __version__  # noqa: PLC0415 - it brings all of the core.

        commit = _commit()
        click.echo(f"{NAME} {__version__}{f' (commit {commit})' if commit else ''}")
        context.exit()


def _commit() -> str:
    """Return the commit that was installed, where pip installed one from a repository.

    Source: https://packaging.python.org/en/latest/specifications/direct-url/
    """
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - see above.

    try:
        source = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return ""
    return str(json.loads(source or "{}").get("vcs_info", {}).get("commit_id", ""))


class _Command(click.Command):
    """A command that takes several parameters behind one option, as the AWS CLI does."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write `--parameter-overrides A=1 B=2` as click reads it."""
        written: list[str] = []
        is_inside = False
        for arg in args:
            is_inside = is_inside and _OVERRIDE.fullmatch(arg) is not None
            if is_inside and written[-1] != _OVERRIDES:
                written.append(_OVERRIDES)
            written.append(arg)
            is_inside = is_inside or arg == _OVERRIDES
        return super().parse_args(ctx, written)


def _checked(pattern: re.Pattern[str], example: str) -> Callable[..., str]:
    """Return a callback that refuses what is no Region, account or instance, wherever given."""

    def check(_: click.Context, parameter: click.Parameter, value: str) -> str:
        if value and not pattern.fullmatch(value):
            raise click.BadParameter(f"{value!r} is none, such as {example}.", param=parameter)
        return value

    return check


def _regions(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Refuse what is no Region, each of several."""
    check = _checked(_REGION, "us-east-1 or all")
    return tuple(value if value == "all" else check(context, parameter, value) for value in values)


def _quiet(_: click.Context, __: click.Parameter, wanted: object) -> None:
    if wanted:
        be_quiet()


quiet_option: Final = click.option(
    *("-q", "--quiet", "_"),
    is_flag=True,
    expose_value=False,
    callback=_quiet,
    help="Print findings and errors only.",
)
output_option: Final = click.option(
    *("-o", "--output"),
    metavar="FILE",
    default="",
    type=_FILE,
    # The standard output is where it goes without this option.
    callback=lambda _context, _parameter, path: "" if path == "-" else path,
    help="Write to this file, - for the standard output.",
)
region_option: Final = click.option(
    "--region",
    metavar="REGION",
    default="",
    callback=_checked(_REGION, "us-east-1"),
    help="The Region.",
)


@click.group(name=NAME, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    *("--version", "_"),
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
@click.option("--debug", is_flag=True, help="Show a traceback where something fails.")
@click.pass_context
def app(context: click.Context, *, debug: bool) -> None:
    """See, check and repair the permissions that Lex V2 bots need to invoke Lambda functions.

    \b
    Shell completion, in the file that your shell reads when it starts:
    bash:
      eval "$(_AUTO_LEX_PERMISSIONS_COMPLETE=bash_source \\
        auto-lex-permissions)"
    zsh:
      eval "$(_AUTO_LEX_PERMISSIONS_COMPLETE=zsh_source \\
        auto-lex-permissions)"
    fish:
      _AUTO_LEX_PERMISSIONS_COMPLETE=fish_source \\
        auto-lex-permissions | source
    """
    context.obj = debug


def stack_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what CloudFormation would know of the stack."""
    for option in (
        click.option(
            "--account",
            metavar="ID",
            default="",
            callback=_checked(_ACCOUNT, "123456789012"),
            help="The stack's account.",
        ),
        region_option,
        click.option(
            "--stdin-filename",
            metavar="NAME",
            default="standard input",
            show_default=True,
            help="What the standard input is called in results.",
        ),
        click.option(
            "--macro-name",
            metavar="NAME",
            default="AutoLexPermissions",
            show_default=True,
            help="The name that the macro has in templates.",
        ),
        click.option(
            _OVERRIDES,
            "overrides",
            metavar="NAME=VALUE ...",
            multiple=True,
            help="Values of template parameters.",
        ),
    ):
        command = option(command)
    return command


@app.command(cls=_Command, short_help="Print a template as the macro makes it.")
@click.argument("template", type=_FILE)
@output_option
@click.option("--diff", is_flag=True, help="Show only what is added.")
@click.option("--format", "form", type=click.Choice(["json", "yaml"]), default="json")
@stack_options
def expand(template: str, *, output: str, form: str, diff: bool, **stack: Any) -> None:
    """Print TEMPLATE (- for the standard input) as the macro makes it.

    JSON is byte for byte the fragment that the deployed macro answers with. The macro's own entry
    in the Transform section is taken out; others stay.

    \b
    Examples:
      auto-lex-permissions expand template.yaml --diff
      auto-lex-permissions expand template.yaml --format yaml -o expanded.yaml
    """
    from .expand import run  # noqa: PLC0415 - see above.

    run(template, output, form, stack, diff=diff)


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which files of folders are looked at."""
    for option in (
        click.option(
            "--no-ignore",
            is_flag=True,
            help="Search cdk.out, node_modules, hidden and such folders, too.",
        ),
        click.option(
            "--exclude",
            metavar="GLOB",
            multiple=True,
            help="Leave out paths or names like this; may be given more than once.",
        ),
    ):
        command = option(command)
    return command


@app.command(cls=_Command, short_help="Report what keeps Lex from invoking functions.")
@click.argument("templates", nargs=-1, required=True, type=_FILE)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github"]),
    default="text",
    show_default=True,
)
@output_option
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note"]),
    default="error",
    show_default=True,
    help="Exit with 1 for findings as serious as this.",
)
@click.option("--show-suppressed", is_flag=True, help="Show what a template's Metadata lets stay.")
@quiet_option
@search_options
@stack_options
def check(templates: tuple[str, ...], **options: Any) -> int:
    """Report what keeps Lex from invoking the functions of code hooks in TEMPLATES.

    TEMPLATES are files, folders, or - for the standard input. Exits with 1 where there are errors,
    and with 2 where a file could not be read.

    \b
    Examples:
      auto-lex-permissions check template.yaml
      auto-lex-permissions check . --format sarif -o findings.sarif
    """
    from .check import run  # noqa: PLC0415 - see above.

    return run(templates, **options)


@app.command(cls=_Command, short_help="Report the same of a live account, and how to fix it.")
@click.option(
    "--region",
    "regions",
    metavar="REGION|all",
    multiple=True,
    callback=_regions,
    help="The Region, all that have Lex V2, or several.",
)
@click.option(
    "--profile",
    "profiles",
    metavar="NAME",
    multiple=True,
    help="A profile of the AWS configuration, or several.",
)
@click.option("--bot", metavar="NAME|ID", default="", help="Look at this bot only.")
@click.option("--alias", metavar="NAME|ID", default="", help="Look at bot aliases so named only.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.IntRange(1, 86_400),
    default=600,
    show_default=True,
    help="Look no longer than this, and print what was found until then.",
)
@click.option(
    "--explain",
    "explained",
    metavar="BOT/ALIAS",
    default="",
    help="Show the chain behind this bot alias, step by step.",
)
@click.option(
    "--connect",
    "instance",
    metavar="INSTANCE_ID",
    default="",
    callback=_checked(_INSTANCE, "12345678-1234-1234-1234-123456789012"),
    help="With --explain: begin with this instance of Amazon Connect.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl", "mermaid"]),
    default="text",
)
def doctor(**options: Any) -> int:
    """Report for each code hook in a live account whether Lex may invoke its function.

    Reads bots, bot aliases and the policies of the functions that they name, and changes nothing.
    Exits with 1 where a function is missing or Lex may not invoke it, and prints what would fix it;
    with 2 where something could not be looked at.

    \b
    Examples:
      auto-lex-permissions doctor --region us-east-1
      auto-lex-permissions doctor --explain OrdersBot/live
      auto-lex-permissions doctor --bot OrdersBot --alias live --format json
      auto-lex-permissions doctor --region all --profile dev --profile prod --format jsonl
    """
    from .doctor.command import run  # noqa: PLC0415 - see above.

    return run(**options)


@app.command(cls=_Command, short_help="Write missing permissions into templates.")
@click.argument("templates", nargs=-1, required=True, type=_FILE)
@click.option("--write", is_flag=True, help="Write into the files.")
@click.option(
    "--without-macro",
    is_flag=True,
    help="Write what the macro adds, and take the macro out of the template.",
)
@click.option(
    "--narrow",
    is_flag=True,
    help="Replace declared permissions that are too wide or never match by exact ones.",
)
@quiet_option
@search_options
@stack_options
def fix(
    templates: tuple[str, ...], *, write: bool, without_macro: bool, narrow: bool, **options: Any
) -> int:
    """Add the missing permissions to TEMPLATES themselves; the stack then needs no macro.

    TEMPLATES are files, folders, or - for the standard input. Shows a diff, and exits with 1 where
    there is something to write; with --write it is written. Comments and all else stay as they are.
    A template that names the macro is left alone, unless with --without-macro.

    With --narrow, declared permissions go that allow more than the hooks need, or never match; who
    loses access by that is listed. One that may serve what is not in the template stays.

    \b
    Examples:
      auto-lex-permissions fix template.yaml
      auto-lex-permissions fix . --write
      auto-lex-permissions fix template.yaml --without-macro --write
    """
    from .fix import run  # noqa: PLC0415 - see above.

    return run(templates, options, write=write, without_macro=without_macro, narrow=narrow)


@app.command(cls=_Command, short_help="Draw which bot invokes what, and whether it may.")
@click.argument("template", type=_FILE)
@click.option("--format", "form", type=click.Choice(["text", "mermaid"]), default="text")
@stack_options
def graph(template: str, *, form: str, **stack: Any) -> None:
    """Draw which bot of TEMPLATE (- for the standard input) invokes what, and whether it may.

    Mermaid is a flow chart that GitHub and GitLab draw in a fenced block called mermaid.

    \b
    Examples:
      auto-lex-permissions graph template.yaml
      auto-lex-permissions graph template.yaml --format mermaid
    """
    from .graph import run  # noqa: PLC0415 - see above.

    run(template, form, stack)


def main() -> NoReturn:
    """Run the command line; what fails is one line on the standard error."""
    for number in _ENDING:
        # A run in the background is not asked by Ctrl-C, and goes on.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    sys.stdout, sys.stderr = (output(stream) for stream in (sys.stdout, sys.stderr))
    try:
        result = _result()
    except UsageError as error:
        _fail(error)
    except click.ClickException as error:
        # An argument may hold ends of lines, those of the usage are click's.
        error.message = visible(error.message or "")  # type: ignore[misc] # Final in its class only.
        shown = io.StringIO()
        error.show(shown)
        for line in shown.getvalue().rstrip("\n").split("\n"):
            print_beside(line)
        sys.exit(MISUSE)
    except OSError as error:
        # What is still to be written would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"{error.filename or 'the output cannot be written'}: {error.strerror or error}.")
    except Exception as error:  # noqa: BLE001 - nobody reads a traceback who did not ask for it.
        _fail(f"a fault of this program ({type(error).__name__}); --debug shows where.")
    sys.exit(result if isinstance(result, int) else FINE)


def _result() -> object:
    """Run the command and return its result; where a signal ends it, that is what counts."""
    try:
        result = app.main(prog_name=NAME, standalone_mode=False)
        sys.stdout.flush()
    except Exception as error:
        # What was under way may fail by the end, such as a lock that is released twice.
        context = error.__context__
        while context is not None:
            if isinstance(context, SystemExit):
                raise context from None
            context = context.__context__
        raise
    return result


def _end(number: int, _: object) -> NoReturn:
    """End as a shell expects of a program that a signal ends; a second one changes nothing."""
    for each in _ENDING:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def _fail(error: object) -> NoReturn:
    if "--debug" in sys.argv:
        for line in traceback.format_exc().rstrip("\n").split("\n"):
            print_beside(f"  {line}")
    print_error(error)
    sys.exit(MISUSE)
