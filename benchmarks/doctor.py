"""What `doctor` costs over a fleet: time, calls and memory, against its APIs on loopback.

`python -m benchmarks.doctor [PROFILES [REGIONS [BOTS]]]`. The APIs run in a process of their own;
what they take of the machine is part of the time.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from tests.cli.aws_stub import Stub, policy, serving, statement

ROOT: Final = Path(__file__).parent.parent
REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-2", "eu-central-1")
COMMAND = [sys.executable, "-m", "auto_lex_permissions_cli", "doctor"]


def fill(stub: Stub, account: str, region: str, bots: int) -> None:
    """Make bots with one alias, of which each hook is allowed by its own function."""
    for number in range(bots):
        bot, alias = f"BOT{number:07}", f"ALIAS{number:05}"
        function = f"arn:aws:lambda:{region}:{account}:function:orders{number}"
        stub.add_alias(stub.add_bot(bot, f"bot{number}"), alias, "live", en_US=function)
        arn = f"arn:aws:lex:{region}:{account}:bot-alias/{bot}/{alias}"
        condition = {
            "StringEquals": {"AWS:SourceAccount": account},
            "ArnLike": {"AWS:SourceArn": arn},
        }
        stub.functions[function] = policy(statement(function, arn, Condition=condition))


def serve(pipe: Connection, profiles: int, regions: int, bots: int) -> None:
    """Run the APIs of all accounts until the other end has had enough; send the calls then."""
    with serving() as stub:
        for number in range(profiles):
            for region in REGIONS[:regions]:
                fill(stub.at(f"p{number}", region), f"{number:012}", region, bots)
        pipe.send(stub.environment)
        pipe.recv()
        calls = Counter(call.action for each in stub.elsewhere.values() for call in each.calls)
        pipe.send(dict(calls))


def main() -> None:
    """Measure once, and print a line for each figure."""
    given = [int(word) for word in sys.argv[1:]]
    profiles, regions, bots = given + [40, 4, 50][len(given) :]
    ours, theirs = get_context("spawn").Pipe()
    server = get_context("spawn").Process(target=serve, args=(theirs, profiles, regions, bots))
    server.start()
    environment = {name: v for name, v in ours.recv().items() if "KEY" not in name}
    options = [word for region in REGIONS[:regions] for word in ("--region", region)]
    for number in range(profiles):
        options += ["--profile", f"p{number}"]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        config.write_text(
            "".join(
                f"[profile p{number}]\naws_access_key_id = p{number}\naws_secret_access_key = s\n"
                for number in range(profiles)
            )
        )
        paths = {"PYTHONPATH": f"{ROOT / 'macro'}:{ROOT / 'cli'}", "PATH": os.environ["PATH"]}
        start = time.monotonic()
        with subprocess.Popen(
            [*COMMAND, *options, "--format", "jsonl", "--timeout", "3600"],
            env=paths | environment | {"AWS_CONFIG_FILE": str(config)},
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - what PIPE gives.
            kinds: Counter[str] = Counter()
            first = 0.0
            for line in process.stdout:
                first = first or time.monotonic() - start
                kinds[json.loads(line)["kind"]] += 1
            _, status, used = os.wait4(process.pid, 0)
            code = process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
    ours.send("enough")
    calls = ours.recv()
    server.join()
    sys.stdout.write(
        f"{profiles} profiles x {regions} Regions x {bots} bots: exit code {code}\n"
        f"lines: {dict(kinds)}\n"
        f"time: {seconds:.1f} s, the first line after {first:.1f} s\n"
        f"calls: {sum(calls.values())} {calls}\n"
        f"most memory: {used.ru_maxrss / 1024:.0f} MB\n"
    )


if __name__ == "__main__":
    main()
