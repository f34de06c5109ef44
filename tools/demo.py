"""`make demo`: the macro at work on a local CloudFormation, without Docker and without AWS.

Builds and deploys the macro with the real SAM CLI, deploys examples/connect-bot.yaml, and shows
what came of its one line `Transform: AutoLexPermissions`: what the macro added to the template, and
what Lambda now lets Lex do. Whatever was started is stopped again, also after Ctrl-C or a failure.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from auto_lex_permissions_cli.expand import difference, print_diff
from localcloud.account import Account
from localcloud.sam import ROOT, Sam, SamError
from localcloud.server import ACCOUNT, StartError, local_cloud

EXAMPLE = ROOT / "examples" / "connect-bot.yaml"
STACK = "connect-bot"
PARAMETERS = {
    "ConnectInstanceArn": (
        f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/12345678-1234-1234-1234-123456789012"
    ),
    "ProjectName": "hello-bot",
}
# SAM CLI would make a bucket for the code by itself, and then wait 15 seconds before it looks.
BUCKET = "code-of-the-demo"
BUCKET_OPTIONS = ("--no-resolve-s3", "--s3-bucket", BUCKET)

console = Console(highlight=False)


def main() -> int:
    """Run the demo and return the exit status."""
    try:
        _demo()
    except (StartError, SamError) as error:
        console.print(f"[bold red]The demo failed.[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted; what was running is stopped.")
        return 130
    return 0


def _demo() -> None:
    """Start, deploy, show; the stack stops and removes everything on the way out."""
    console.print("AutoLexPermissions on a local CloudFormation: no Docker, no AWS account.\n")
    with ExitStack() as started:
        with _step("Start LocalStack"):
            cloud = started.enter_context(local_cloud())
        account = Account(cloud, Sam(cloud.environment()), ACCOUNT, BUCKET_OPTIONS)
        with _step("Build the macro (sam build)"):
            built = account.sam.build(cloud.folder / "macro")
        with _step("Deploy the macro (sam deploy)"):
            account.client("s3").create_bucket(Bucket=BUCKET)
            account.deploy_macro(built)
        with _step(f"Deploy {EXAMPLE.relative_to(ROOT)} (sam deploy)"):
            outputs = account.deploy(STACK, EXAMPLE, **PARAMETERS)
        _show_additions(account)
        _show_policy(account, outputs["FunctionName"], outputs["BotAliasArn"])
    console.print("LocalStack is stopped, and its files are removed.")


@contextmanager
def _step(title: str) -> Iterator[None]:
    """Show a step while it runs, with its seconds on a terminal, and how long it took."""
    begun = time.monotonic()
    if not console.is_terminal:
        console.print(f"  … {title}")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        bar.add_task(title)
        yield
    console.print(f"  [green]✓[/] {title}: {time.monotonic() - begun:.1f} s")


def _show_additions(account: Account) -> None:
    """Show the processed template against the original one; what stays the same is left out."""
    before, after = account.original(STACK), account.processed(STACK)
    # CloudFormation takes the line out when it has done what it says.
    line = before.pop("Transform")
    console.print(f"\n[bold]What “Transform: {line}” added to the template[/]\n")
    # Without the two lines of file names: both are one template.
    print_diff(console, difference(before, after, STACK, STACK)[2:])


def _show_policy(account: Account, function: str, alias_arn: str) -> None:
    """Show the statements of a function's resource-based policy, and whom they let in."""
    console.print(f"\n[bold]What now stands in the policy of function {function}[/]\n")
    for statement in account.statements(function):
        console.print_json(data=statement)
        allowed = statement["Condition"]["ArnLike"]["AWS:SourceArn"]
        whom = "the bot alias of this stack" if allowed == alias_arn else "another caller"
        console.print(f"\nLex may invoke the function for {whom}, {allowed}.", soft_wrap=True)
    console.print(
        "Real Lambda keeps SourceAccount in the condition, too; LocalStack leaves it out.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
