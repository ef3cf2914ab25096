"""The replay proxy as real HTTP clients see it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from archiver.browsing.recording import Recording
from archiver.browsing.replay import Listener, Replay
from archiver.provider import ProviderInfo

pytestmark = pytest.mark.anyio
SITE = "https://acme.example.com"
type Record = Callable[[str], Recording]


@asynccontextmanager
async def played(recording: Recording, info: ProviderInfo) -> AsyncIterator[tuple[Listener, httpx.AsyncClient]]:
    async with Replay() as replay:
        listener = await replay.serve(recording, info.rules)
        async with client_of(listener) as client:
            yield listener, client


def client_of(listener: Listener) -> httpx.AsyncClient:
    network = listener.network
    return httpx.AsyncClient(proxy=network.proxy, verify=network.ssl_context(), trust_env=False)


def answers(*lines: str) -> str:
    """Exchanges from `METHOD url text` lines; what follows a `|` goes into the request."""
    made = ""
    for line in lines:
        shape, _, more = line.partition("|")
        method, url, text = shape.split()
        url = url if "://" in url else SITE + url
        made += f'  - {{request: {{method: {method}, url: "{url}"{more}}}, response: {{status: 200, text: {text}}}}}\n'
    return made


async def test_the_serving_rule(record: Record, info: ProviderInfo) -> None:
    recording = record(
        answers(
            "GET /api/list one",
            "GET /api/list two",
            "GET /api/list skipped",
            "POST /search found",
            "POST /login in",
            "GET /api/list three",
            "GET /api/list four",
            "POST /login again",
            "GET /api/me me",
        )
    )

    async def said(client: httpx.AsyncClient, method: str, path: str) -> str:
        return (await client.request(method, SITE + path)).text

    async with played(recording, info) as (listener, client):
        assert await said(client, "GET", "/api/list") == "one"
        assert await said(client, "POST", "/search") == "found"  # declared read-only: the barrier stays
        assert await said(client, "GET", "/api/list") == "two"
        assert await said(client, "POST", "/login") == "in"
        assert [await said(client, "GET", "/api/list") for _ in range(4)] == ["three", "four", "four", "four"]
        assert await said(client, "GET", "/api/me") == "me"
        assert await said(client, "POST", "/login") == "again"
        assert await said(client, "GET", "/api/list") == "four"  # nothing after the barrier: the newest earlier one
        assert listener.unknown == []


async def test_queries_are_sets_and_match_binds_fields_of_query_or_body(record: Record, info: ProviderInfo) -> None:
    recording = record(
        answers(
            "GET /api/list?page=1&sort=new first",
            "POST /rpc any",
            "POST /rpc listed |, match: {command: list}",
            "POST /rpc bought |, match: {command: buy}",
        )
    )
    async with played(recording, info) as (listener, client):
        assert (await client.get(SITE + "/api/list?sort=new&page=1")).text == "first"
        assert (await client.get("https://ACME.example.com:443/api/%6cist?page=1&sort=%6Eew#top")).text == "first"
        assert (await client.post(SITE + "/rpc", data={"command": "list", "n": "1"})).text == "listed"
        assert (await client.post(SITE + "/rpc", json={"command": "buy"})).text == "bought"
        assert (await client.post(SITE + "/rpc", data={"command": "other"})).text == "any"
        assert listener.unknown == []
        fields = [[*each.request.body_fields] for each in listener.log[2:]]
        assert fields == [["command", "n"], ["command"], ["command"]]
        assert (await client.get(SITE + "/api/list?page=1")).status_code == 599
        assert listener.unknown == [f"GET {SITE}/api/list?page=1"]


async def test_what_a_recording_does_not_foresee_is_listed(record: Record, info: ProviderInfo) -> None:
    recording = record(answers("POST /login in |, form: [user, password]", "GET http://plain.example.com/a plain"))
    async with played(recording, info) as (listener, client):
        assert (await client.post(SITE + "/login", data={"user": "ada", "pass": "x"})).text == "in"
        upgrade = {"connection": "Upgrade", "upgrade": "websocket"}
        assert (await client.get(SITE + "/socket", headers=upgrade)).status_code == 599
        assert (await client.get(SITE + "/favicon.ico")).status_code == 404
        assert (await client.get("http://plain.example.com/a")).text == "plain"
        assert (await client.get("http://elsewhere.example.net/")).status_code == 599
        assert (await client.get("https://pictures.example.com/1.jpg")).status_code == 599
        with pytest.raises(httpx.ProxyError):
            await client.get("https://elsewhere.example.net/")
        assert listener.unknown == [
            f"POST {SITE}/login has the fields pass, user and should have password, user",
            f"GET {SITE}/socket as a WebSocket",
            "GET http://elsewhere.example.net/",
            "GET https://pictures.example.com/1.jpg",
            "CONNECT elsewhere.example.net:443",
        ]
        assert [each.status for each in listener.log] == [200, 599, 404, 200, 599, 599, 502]


async def test_framing(record: Record, info: ProviderInfo) -> None:
    recording = record(
        f"""
  - {{request: {{method: HEAD, url: "{SITE}/api/a"}}, response: {{status: 200, text: four}}}}
  - {{request: {{method: GET, url: "{SITE}/api/a"}}, response: {{status: 204}}}}
  - {{request: {{method: POST, url: "{SITE}/login", form: [x, y]}}, response: {{status: 200, json: [é],
     headers: {{content-encoding: gzip, content-length: "7", set-cookie: [a=1, b=2]}}}}}}
  - {{request: {{method: GET, url: "{SITE}/api/slow"}}, response: {{status: 200, delay: 0.3}}, repeat: 2}}
  - {{request: {{method: GET, url: "{SITE}/api/slow"}}, response: {{status: 404}}}}
"""
    )

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x=1&"
        yield b"y=2"

    async with played(recording, info) as (listener, client):
        head = await client.head(SITE + "/api/a")
        assert (head.headers["content-length"], head.content) == ("4", b"")
        assert (await client.get(SITE + "/api/a")).status_code == 204
        answer = await client.post(SITE + "/login", content=chunks())
        assert (answer.json(), answer.headers.get_list("set-cookie")) == (["é"], ["a=1", "b=2"])
        begin = time.monotonic()
        assert [(await client.get(SITE + "/api/slow")).status_code for _ in range(4)] == [200, 200, 404, 404]
        assert time.monotonic() - begin >= 0.6
        assert listener.unknown == []


async def test_each_listener_has_its_own_cursor(record: Record, info: ProviderInfo) -> None:
    recording = record(answers("GET /api/list one", "GET /api/list two"))
    async with Replay() as replay:
        listeners = [await replay.serve(recording, info.rules) for _ in range(2)]
        for listener in listeners:
            async with client_of(listener) as client:
                assert [(await client.get(SITE + "/api/list")).text for _ in range(2)] == ["one", "two"]
