"""Small recorded sites of an invented platform, served to real clients."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from archiver.browsing.browser_pool import Browsers
from archiver.browsing.http_session import HttpSession
from archiver.browsing.pacing import Pacing
from archiver.browsing.recording import Recording
from archiver.browsing.replay import Listener, Replay
from archiver.browsing.request_pipeline import SessionAccount
from archiver.home.network import Network
from archiver.provider import (
    Automation,
    AutomationTerms,
    Basis,
    Confirm,
    ProviderInfo,
    Purpose,
    Rule,
    Rules,
    Scope,
    SignInMethod,
    Transport,
)

SITE = "https://acme.example.com"
HEAD = "format: 1\nprovider: acme_stock\nscenario: small\nmethod: token\norigin: authored\nexchanges:\n"


@dataclass
class Site:
    """A session on a recorded site, and what the site saw."""

    session: HttpSession
    listener: Listener

    @property
    def seen(self) -> list[str]:
        return [f"{each.method} {each.url} {each.status}" for each in self.listener.log]


def exchange(
    path: str, text: str = "", *, status: int = 200, body: str = "", method: str = "GET", delay: float = 0.0,
    **headers: str,
) -> str:  # fmt: skip
    """One exchange of a recorded page: a text, or a body's file. Headers by their names, with `_` for `-`."""
    said = {"content-type": "text/html; charset=utf-8"} | {name.replace("_", "-"): headers[name] for name in headers}
    response = {"status": status, "delay": delay, "headers": said} | ({"body": body} if body else {"text": text})
    return f"  - {json.dumps({'request': {'method': method, 'url': SITE + path}, 'response': response})}\n"


type Visit = Callable[[str], AbstractAsyncContextManager[Site]]
type Record = Callable[[str], Recording]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def replay() -> AsyncIterator[Replay]:
    async with Replay() as replay:
        yield replay


@pytest.fixture(scope="module")
async def browsers(replay: Replay) -> AsyncIterator[Browsers]:
    async with Browsers(Network(ca_file=replay.ca_file)) as browsers:
        yield browsers


@pytest.fixture
def info() -> ProviderInfo:
    return ProviderInfo(
        name="acme_stock",
        title="Acme Stock",
        home="https://acme.example.com/",
        login_url="https://acme.example.com/login",
        methods=(SignInMethod(name="token", transport=Transport.HTTP, secrets=("token",)),),
        rules=Rules(
            allow=(
                Rule("GET", "https://acme.example.com/api/**", query=("page", "key", "q", "x")),
                Rule("GET", "https://acme.example.com/login", query=("next",)),
                Rule("POST", "https://acme.example.com/login", Purpose.SIGN_IN),
                Rule("POST", "https://acme.example.com/search", body=("page",)),
                Rule("POST", "https://acme.example.com/rpc", fields={"command": "list"}),
                Rule("POST", "https://acme.example.com/order", Purpose.SIGN_IN),
                Rule("GET", "https://other.example.com/file"),
            ),
            refuse=(Rule("*", "https://acme.example.com/api/**/buy"),),
            assets=("https://pictures.example.com/**",),
        ),
        scope=Scope.SEAT,
        listings=("downloads",),
        identity="licence id",
        documents={},
        client_hints="none",
        basis=Basis.UNPROVEN,
        basis_detail="invented",
        automation=AutomationTerms(stance=Automation.SILENT, quote="", source="", read_on=""),
        confirm=Confirm(how="", who=""),
    )


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Makes a recording of exchanges, written as YAML list items."""

    def make(exchanges: str) -> Recording:
        (tmp_path / "session.yaml").write_text(HEAD + exchanges)
        return Recording.load(tmp_path)

    return make


@pytest.fixture
def visit(record: Record, info: ProviderInfo) -> Visit:
    """Opens a session on a site that these exchanges describe."""

    @asynccontextmanager
    async def open_site(exchanges: str) -> AsyncIterator[Site]:
        async with Replay() as replay:
            listener = await replay.serve(record(exchanges), info.rules)
            async with HttpSession(
                info,
                network=listener.network,
                pacing=Pacing(off=True),
                account=SessionAccount(secrets={"token": "RECORDED-TOKEN"}),
            ) as session:
                yield Site(session, listener)

    return open_site


type Ask = Callable[..., Awaitable[object]]
