"""The parts of the APIs of Lex V2 and Lambda that `doctor` needs, on loopback; records each call.

Paths and shapes are those of botocore's service models. What an account holds is put into
`Stub`'s fields, and what goes wrong into `Stub.refused`: another answer, or a function that does
with the connection what no service should.
"""

import json
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from auto_lex_permissions_cli.doctor import account
from auto_lex_permissions_cli.doctor.account import Clients

REGION: Final = "us-east-1"
ACCOUNT: Final = "123456789012"
TEST_ALIAS: Final = ("TSTALIASID", "TestBotAlias")
FUNCTIONS: Final = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"

Answer: TypeAlias = tuple[int, dict[str, Any]]
Hostile: TypeAlias = Callable[[BaseHTTPRequestHandler], None]

CANARY: Final = "an-environment-variable"
NOT_FOUND: Final[Answer] = (
    404,
    {
        "__type": "ResourceNotFoundException",
        "Message": "The resource you requested does not exist.",
    },
)
THROTTLED: Final[Answer] = (429, {"__type": "ThrottlingException", "message": "Slow down."})
TOO_MANY: Final[Answer] = (429, {"__type": "TooManyRequestsException", "Message": "Slow down."})
FORBIDDEN: Final[Answer] = (
    403,
    {"__type": "AccessDeniedException", "Message": "User reader is not authorized."},
)
EXPIRED: Final[Answer] = (
    403,
    {"__type": "ExpiredTokenException", "message": "The security token has expired."},
)


@dataclass(frozen=True, slots=True)
class Called:
    """One call: its name as IAM has it, and what it asked for."""

    action: str
    of: str = ""


@dataclass
class Stub:
    """An account: bots with their aliases, locales' functions, functions and their policies."""

    port: int = 0
    page: int = 1000
    """The most that the service itself puts on a page."""
    bots: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    hooks: dict[str, dict[str, str]] = field(default_factory=dict)
    """By `bot/alias`: locale to function; a function that begins with `-` is of a locale off."""
    functions: dict[str, str | None] = field(default_factory=dict)
    """By ARN with its qualifier: the text of its policy, or None where it has none."""
    versions: dict[str, dict[str, float]] = field(default_factory=dict)
    """By bot: its versions, and when each was made; version 1 where there are none."""
    served: dict[str, str] = field(default_factory=dict)
    """By `bot/alias`: the version; the test alias serves the draft, others version 1."""
    locales: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By `bot/version`: locales; where there are none, those of all hooks, built."""
    replicas: dict[str, dict[str, str]] = field(default_factory=dict)
    """By bot: Region to the status of the replica there."""
    without_error_logs: set[str] = field(default_factory=set)
    instances: dict[str, list[str]] = field(default_factory=dict)
    """By instance of Connect: the ARNs of its bot aliases."""
    alias_policies: dict[str, str] = field(default_factory=dict)
    """By ARN of a bot alias: the text of its own policy."""
    configurations: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By ARN with its qualifier: what GetFunctionConfiguration says beside the ARN."""
    refused: dict[Called, list[Answer | Hostile]] = field(default_factory=dict)
    """Answers to give first; the last one stays where `for_good` names its call."""
    for_good: set[Called] = field(default_factory=set)
    calls: list[Called] = field(default_factory=list)
    sizes: list[Any] = field(default_factory=list)
    """What each page was asked to hold."""
    elsewhere: dict[tuple[str, str], "Stub"] = field(default_factory=dict)
    """Other accounts and Regions of the same port, by the access key and the Region of a call."""
    times: list[float] = field(default_factory=list)
    """When each call came, by this machine's clock."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environment(self) -> dict[str, Any]:
        """Return what points boto3 here, with credentials that are good for nothing else."""
        url = f"http://127.0.0.1:{self.port}"
        return {
            "AWS_ENDPOINT_URL_LEX_MODELS_V2": url,
            "AWS_ENDPOINT_URL_LAMBDA": url,
            "AWS_ENDPOINT_URL_CONNECT": url,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "NO_PROXY": "127.0.0.1",
        }

    def add_bot(self, bot: str, name: str) -> str:
        """Make a bot; it has its test alias from the start."""
        self.bots[bot] = name
        self.aliases[bot] = dict([TEST_ALIAS])
        return bot

    def add_alias(self, bot: str, alias: str, name: str, **hooks: str) -> str:
        """Make an alias of a bot, or give hooks to one; returns its ARN."""
        self.aliases[bot][alias] = name
        self.hooks[f"{bot}/{alias}"] = hooks
        return f"arn:aws:lex:{REGION}:{ACCOUNT}:bot-alias/{bot}/{alias}"

    def at(self, key: str, region: str) -> "Stub":
        """Return what another access key, or another Region, finds at the same port."""
        return self.elsewhere.setdefault((key, region), Stub(self.port, self.page))

    def refuse(
        self, action: str, of: str, *answers: Answer | Hostile, for_good: bool = False
    ) -> None:
        """Answer a call by something else, so many times or for good."""
        self.refused[Called(action, of)] = list(answers)
        if for_good:
            self.for_good.add(Called(action, of))

    def clear(self) -> None:
        """Make it an empty account again, at the same port."""
        with self._lock:
            for name, value in vars(Stub(self.port)).items():
                if name != "_lock":
                    setattr(self, name, value)

    def counts(self) -> dict[str, int]:
        """Return how often each action was called."""
        return dict(Counter(call.action for call in self.calls))

    def answer(self, method: str, url: str, body: dict[str, Any]) -> Answer | Hostile:
        """Answer one request."""
        parts = urlsplit(url)
        path = unquote(parts.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        for wanted, pattern, reply in _ROUTES:
            if wanted == method and (found := re.fullmatch(pattern, path)):
                answer: Answer | Hostile = reply(
                    self, *found.groups(), **({"body": body} if body else {}), **query
                )
                return answer
        return 404, {"__type": "UnknownOperationException"}

    def first(self, action: str, of: str = "") -> Answer | Hostile | None:
        """Record a call; return what it is refused with, if it is."""
        call = Called(action, of)
        with self._lock:
            self.calls.append(call)
            self.times.append(time.monotonic())
            answers = self.refused.get(call) or self.refused.get(Called(action, "*"), [])
            is_for_good = {call, Called(action, "*")} & self.for_good
            if not answers:
                return None
            return answers[0] if is_for_good and len(answers) == 1 else answers.pop(0)

    def _page(self, found: list[Any], name: str, body: dict[str, Any]) -> Answer:
        start = int(body.get("nextToken", "0"))
        end = start + min(self.page, body.get("maxResults", 10))
        self.sizes.append(body.get("maxResults"))
        more = {"nextToken": str(end)} if end < len(found) else {}
        return 200, {name: found[start:end], **more}

    def list_bots(self, *, body: dict[str, Any]) -> Answer | Hostile:
        """Answer ListBots."""
        found = [{"botId": bot, "botName": name} for bot, name in self.bots.items()]
        return self.first("lex:ListBots") or self._page(found, "botSummaries", body)

    def list_bot_aliases(self, bot: str, *, body: dict[str, Any]) -> Answer | Hostile:
        """Answer ListBotAliases."""
        found = [
            {"botAliasId": alias, "botAliasName": name} for alias, name in self.aliases[bot].items()
        ]
        refused = self.first("lex:ListBotAliases", bot)
        return refused or self._page(found, "botAliasSummaries", body)

    def describe_bot_alias(self, bot: str, alias: str) -> Answer | Hostile:
        """Answer DescribeBotAlias."""
        settings: dict[str, Any] = {"fr_FR": {"enabled": True}}
        for locale, function in self.hooks.get(f"{bot}/{alias}", {}).items():
            hook = {"lambdaARN": function.lstrip("-"), "codeHookInterfaceVersion": "1.0"}
            settings[locale] = {
                "enabled": not function.startswith("-"),
                "codeHookSpecification": {"lambdaCodeHook": hook},
            }
        refused = self.first("lex:DescribeBotAlias", f"{bot}/{alias}")
        answer = {
            "botAliasId": alias,
            "botId": bot,
            "botVersion": self.version(bot, alias),
            "botAliasStatus": "Available",
            "botAliasLocaleSettings": settings,
        }
        return refused or (200, answer)

    def version(self, bot: str, alias: str) -> str:
        """Return the version that an alias serves."""
        default = "DRAFT" if alias == TEST_ALIAS[0] else "1"
        return self.served.get(f"{bot}/{alias}", default)

    def list_bot_locales(self, bot: str, version: str, *, body: dict[str, Any]) -> Answer | Hostile:
        """Answer ListBotLocales."""
        hooks = [locales for alias, locales in self.hooks.items() if alias.startswith(f"{bot}/")]
        built = {"botLocaleStatus": "Built", "lastBuildSubmittedDateTime": 1_000}
        all_built = {locale: built for locales in hooks for locale in locales}
        locales = self.locales.get(f"{bot}/{version}", all_built)
        found = [{"localeId": locale, **state} for locale, state in locales.items()]
        refused = self.first("lex:ListBotLocales", f"{bot}/{version}")
        return refused or self._page(found, "botLocaleSummaries", body)

    def list_bot_versions(self, bot: str, *, body: dict[str, Any]) -> Answer | Hostile:
        """Answer ListBotVersions."""
        versions = self.versions.get(bot, {"1": 2_000})
        found = [{"botVersion": name, "creationDateTime": made} for name, made in versions.items()]
        refused = self.first("lex:ListBotVersions", bot)
        return refused or self._page(found, "botVersionSummaries", body)

    def describe_bot(self, bot: str) -> Answer | Hostile:
        """Answer DescribeBot."""
        enabled = bot not in self.without_error_logs
        answer = {"botId": bot, "errorLogSettings": {"enabled": enabled}}
        return self.first("lex:DescribeBot", bot) or (200, answer)

    def list_bot_replicas(self, bot: str) -> Answer | Hostile:
        """Answer ListBotReplicas."""
        found = [
            {"replicaRegion": region, "botReplicaStatus": status, "creationDateTime": 1_000}
            for region, status in self.replicas.get(bot, {}).items()
        ]
        refused = self.first("lex:ListBotReplicas", bot)
        answer = {"botId": bot, "sourceRegion": REGION, "botReplicaSummaries": found}
        return refused or (200, answer)

    def connected(self, instance: str, **query: str) -> Answer | Hostile:
        """Answer ListBots of Connect."""
        found = [{"LexV2Bot": {"AliasArn": arn}} for arn in self.instances.get(instance, [])]
        start, size = int(query.get("nextToken", "0")), int(query["maxResults"])
        more = {"NextToken": str(start + size)} if start + size < len(found) else {}
        refused = self.first("connect:ListBots", instance)
        if query["lexVersion"] != "V2" or instance not in self.instances:
            return refused or NOT_FOUND
        return refused or (200, {"LexBots": found[start : start + size], **more})

    def describe_resource_policy(self, arn: str) -> Answer | Hostile:
        """Answer DescribeResourcePolicy of Lex."""
        refused = self.first("lex:DescribeResourcePolicy", arn)
        text = self.alias_policies.get(arn)
        known = (200, {"resourceArn": arn, "policy": text, "revisionId": "1"})
        return refused or (NOT_FOUND if text is None else known)

    def assume_role(self) -> Answer | Hostile:
        """Answer AssumeRole of STS, for which there is no role."""
        return self.first("sts:AssumeRole") or NOT_FOUND

    def _policy(self, action: str, arn: str) -> Answer | Hostile:
        refused = self.first(action, arn)
        policy = self.functions.get(arn)
        return refused or ((200, {"Policy": policy}) if policy is not None else NOT_FOUND)

    def get_resource_policy(self, arn: str) -> Answer | Hostile:
        """Answer GetResourcePolicy."""
        return self._policy("lambda:GetResourcePolicy", arn)

    def get_policy(self, name: str, **query: str) -> Answer | Hostile:
        """Answer GetPolicy."""
        return self._policy("lambda:GetPolicy", _qualified(name, query))

    def get_function_configuration(self, name: str, **query: str) -> Answer | Hostile:
        """Answer GetFunctionConfiguration."""
        arn = _qualified(name, query)
        refused = self.first("lambda:GetFunctionConfiguration", arn)
        # What must never be shown or kept stands in every answer.
        answer = {"FunctionArn": arn, "Environment": {"Variables": {"KEY": CANARY}}}
        known = (200, answer | self.configurations.get(arn, {"State": "Active"}))
        return refused or (known if arn in self.functions else NOT_FOUND)


def _qualified(name: str, query: dict[str, str]) -> str:
    return f"{name}:{query['Qualifier']}" if "Qualifier" in query else name


_ROUTES: Final[Any] = (
    ("POST", r"/bots/", Stub.list_bots),
    ("POST", r"/bots/(\w{10})/botaliases/", Stub.list_bot_aliases),
    ("POST", r"/bots/(\w{10})/botversions/", Stub.list_bot_versions),
    ("POST", r"/bots/(\w{10})/botversions/(\w+)/botlocales/", Stub.list_bot_locales),
    ("GET", r"/bots/(\w{10})/", Stub.describe_bot),
    ("POST", r"/bots/(\w{10})/replicas/", Stub.list_bot_replicas),
    ("GET", r"/instance/([\w-]+)/bots", Stub.connected),
    ("GET", r"/policy/(.+)/", Stub.describe_resource_policy),
    ("POST", r"/", Stub.assume_role),
    ("GET", r"/bots/(\w{10})/botaliases/(\w{10})/", Stub.describe_bot_alias),
    ("GET", r"/2026-07-09/resource-policy/([^/]+)", Stub.get_resource_policy),
    ("GET", r"/2015-03-31/functions/([^/]+)/policy", Stub.get_policy),
    ("GET", r"/2015-03-31/functions/([^/]+)/configuration", Stub.get_function_configuration),
)


# https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
_SCOPE: Final = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/")


class _Handler(BaseHTTPRequestHandler):
    stub: Stub
    protocol_version = "HTTP/1.1"
    # Else the body of an answer waits until its headers are acknowledged: 40 ms for each call.
    disable_nagle_algorithm = True

    def _reply(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length)
        # STS takes forms, of which nothing is read here.
        body: dict[str, Any] = json.loads(content) if content.startswith(b"{") else {}
        signed = _SCOPE.search(self.headers.get("Authorization", ""))
        place = (signed[1], signed[2]) if signed else ("", "")
        stub = self.stub.elsewhere.get(place, self.stub)
        replied = stub.answer(self.command, self.path, body)
        if not isinstance(replied, tuple):
            self.close_connection = True
            with suppress(ConnectionError):
                replied(self)
            return
        status, answer = replied
        content = json.dumps({k: v for k, v in answer.items() if k != "__type"}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if "__type" in answer:
            self.send_header("x-amzn-ErrorType", answer["__type"])
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _reply  # noqa: N815 - http.server calls them so.

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name.
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving() -> Iterator[Stub]:
    """Run an empty account's APIs on a free port of loopback."""
    stub = Stub()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": stub}))
    stub.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def signed_in() -> Iterator[tuple[Stub, Clients]]:
    """Run an account that is signed in to once: that takes longer than all calls of a test."""
    with serving() as stub, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in stub.environment.items():
            patch.setenv(name, value)
        patch.setattr(account, "LAMBDA_CALLS_A_SECOND", 10_000.0)
        clients = account.Sessions().sign_in("", "")
        connect = clients.connect()
        yield stub, replace(clients, connect=lambda: connect)


def raw(body: bytes, status: int = 200, kind: str = "application/json") -> Hostile:
    """Return an answer of any bytes."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def hang(handler: BaseHTTPRequestHandler) -> None:
    """Answer nothing, until the other side has had enough."""
    handler.connection.recv(1)


def dribble(handler: BaseHTTPRequestHandler) -> None:
    """Answer one byte a second, so that no wait for the next one is ever too long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(1)


def statement(
    function: str, source_arn: str, sid: str = "lex", principal: Any = None, **changed: Any
) -> dict[str, Any]:
    """Return a statement as AddPermission makes it, with some elements changed."""
    made = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal or {"Service": "lexv2.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": function,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            "ArnLike": {"AWS:SourceArn": source_arn},
        },
    }
    return made | changed


def policy(*statements: Any) -> str:
    """Return the text of a policy."""
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": list(statements)})
