"""Runs the command line as its users do: as a program of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
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


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def run(*arguments: str | Path, stdin: str = "", cwd: Path = ROOT, **environment: str) -> Ended:
    """Run `auto-lex-permissions`."""
    own = {"PYTHONPATH": f"{ROOT / 'macro'}{os.pathsep}{ROOT / 'cli'}", "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "auto_lex_permissions_cli", *map(str, arguments)],
        input=stdin.encode(),
        cwd=cwd,
        env=own | environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def written(folder: Path, text: Any = TEMPLATE, name: str = "template.yaml") -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else str(text).encode())
    return path
