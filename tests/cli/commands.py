"""Runs the command line as its users do: as a program of its own."""

import ctypes
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import click

from auto_lex_permissions_cli.app import app

ROOT = Path(__file__).parent.parent.parent
# Of Linux: <linux/prctl.h> and <linux/capability.h>.
PR_CAPBSET_DROP: Final = 24
CAP_CHOWN: Final = 0
CAP_DAC_OVERRIDE: Final = 1
CAP_DAC_READ_SEARCH: Final = 2
TEMPLATE = """\
# Kept as it is.
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Stage: {Type: String, Default: dev}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Orders:
    Type: AWS::Lambda::Function
  Bot:
    Type: AWS::Lex::Bot
  Alias:
    Type: AWS::Lex::BotAlias
    Condition: IsProd
    Properties:
      BotId: !Ref Bot
      BotAliasLocaleSettings:
        - LocaleId: en_US
          BotAliasLocaleSetting:
            Enabled: yes
            CodeHookSpecification:
              LambdaCodeHook:
                CodeHookInterfaceVersion: "1.0"
                LambdaArn: !GetAtt Orders.Arn # The function.
"""
BY_MACRO = TEMPLATE.replace("Parameters:", "Transform: AutoLexPermissions\nParameters:", 1)
PERMISSION = """\
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Orders
      Principal: lexv2.amazonaws.com
      SourceArn: !GetAtt Alias.Arn
"""
OF_BOT = "!Sub arn:${AWS::Partition}:lex:${AWS::Region}:${AWS::AccountId}:bot-alias/${Bot}/*"


def ways(command: click.Command) -> Iterator[tuple[str, ...]]:
    """Yield the options of a command: each format with and without each flag of what is shown."""
    options = [option for option in command.params if isinstance(option, click.Option)]
    choices = [
        [(option.opts[0], choice) for choice in option.type.choices]
        for option in options
        if isinstance(option.type, click.Choice) and option.name == "form"
    ]
    flags = [
        [(), (option.opts[0],)]
        for option in options
        if option.is_flag and option.opts[0] != "--no-ignore"
    ]
    for chosen in itertools.product(*choices, *flags):
        yield tuple(itertools.chain.from_iterable(chosen))


WAYS = [(name, way) for name, command in app.commands.items() for way in ways(command)]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def as_nobody_special() -> None:
    """Take from this process what lets root read and write every file, if it is root's."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")


def environment_of(**more: str) -> dict[str, str]:
    """Return the environment of a command: where its modules are, and what else is given."""
    own = {"PYTHONPATH": f"{ROOT / 'macro'}{os.pathsep}{ROOT / 'cli'}", "PATH": os.environ["PATH"]}
    return own | more


def run(
    *arguments: str | bytes | Path,
    stdin: str | IO[bytes] | None = "",
    stdout: IO[bytes] | int = subprocess.PIPE,
    cwd: Path = ROOT,
    before: Callable[[], None] | None = None,
    program: tuple[str, ...] = ("-m", "auto_lex_permissions_cli"),
    **environment: str,
) -> Ended:
    """Run `auto-lex-permissions`; `before` is called in its process before it starts."""
    given: dict[str, Any] = (
        {"input": stdin.encode()} if isinstance(stdin, str) else {"stdin": stdin}
    )
    done = subprocess.run(
        [sys.executable, *program, *arguments],
        **given,
        cwd=cwd,
        env=environment_of(**environment),
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=before,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, (done.stdout or b"").decode(), done.stderr.decode())


def written(folder: Path, text: Any = TEMPLATE, name: str = "template.yaml") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else str(text).encode())
    return path
