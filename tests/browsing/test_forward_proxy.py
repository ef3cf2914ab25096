"""The account's own proxy: where it lets a client go, and how it gets there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from archiver.browsing.forward_proxy import NOTHING, GuardProxy, host_and_port, may_connect
from archiver.home.network import Network
from archiver.provider import Mode, Rule, Rules

pytestmark = pytest.mark.anyio

RULES = Rules(
    allow=(Rule("GET", "https://*.example.com/**"), Rule("POST", "https://odd.example.org:8443/x")),
    assets=("http://plain.example.com/pictures/*",),
    sign_in_hosts=("captcha.example.net",),
)


@pytest.mark.parametrize(
    ("authority", "strict", "sign_in"),
    [
        ("acme.example.com:443", True, True),
        ("ACME.example.com:443", True, True),
        ("acme.example.com:80", False, False),
        ("a.b.example.com:443", False, False),
        ("example.com:443", False, False),
        ("acme.example.com.evil.test:443", False, False),
        ("evil.test?.example.com:443", False, False),
        ("odd.example.org:8443", True, True),
        ("odd.example.org:443", False, False),
        ("plain.example.com:80", True, True),
        ("captcha.example.net:443", False, True),
        ("", False, False),
    ],
)
def test_only_declared_hosts_and_ports_are_connected_to(authority: str, strict: bool, sign_in: bool) -> None:
    for hiding in ("localhost/", "2130706433?", "localhost#", "ada@", "localhost\\", "[::1]", "a..", "%2e"):
        assert host_and_port(hiding + authority) is None  # the host is whole, and no second reading finds another
        assert host_and_port(f"{authority}{hiding}") is None
    place = host_and_port(authority)
    if place is None:
        assert authority in ("", "evil.test?.example.com:443")
        return
    assert f"{place[0]}:{place[1]}" == authority.lower()
    assert may_connect(RULES, Mode.STRICT, *place) is strict
    assert may_connect(RULES, Mode.SIGN_IN, *place) is sign_in
    assert may_connect(RULES, Mode.OBSERVE, *place)


type Answer = Callable[[bytes], bytes]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers each request's head and body once; its `host:port` and what it got."""
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer(got[-1]))
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}", got


def ok(body: bytes) -> Answer:
    return lambda head: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def test_plain_requests_are_judged_one_by_one_and_arrive_whole() -> None:
    content = bytes(range(256)) * 8000
    async with server(ok(content)) as (authority, got):
        rules = Rules(allow=(Rule("GET", f"http://{authority}/list", fields={"page": "1"}),))
        async with GuardProxy(rules, Network()) as proxy, httpx.AsyncClient(proxy=proxy.url) as client:
            assert (await client.get(f"http://{authority}/list?page=1")).content == content
            assert proxy.reached(f"http://{authority}/list").startswith(
                authority.replace(":", " port ") + ", as reached"
            )
            assert (await client.get(f"http://{authority}/list?page=2")).status_code == 403
            assert (await client.post(f"http://{authority}/list?page=1")).status_code == 403
            assert (await client.get("http://127.0.0.1:9/list?page=1")).status_code == 403
    assert len(got) == 1 and got[0].startswith(b"GET /list?page=1 HTTP/1.1\r\n")
    assert len(proxy.refused) == 3 and "page" not in "".join(proxy.refused)


@pytest.mark.parametrize(
    ("status", "seen"),
    [("200 OK", b"hello"), ("407 Proxy Authentication Required", b"HTTP/1.1 407"), ("", b"HTTP/1.1 502")],
)
async def test_the_network_s_own_proxy_is_used_with_its_password(status: str, seen: bytes) -> None:
    reply = f"HTTP/1.1 {status}\r\n\r\nhello".encode() if status else b""
    async with server(lambda head: reply) as (authority, got):
        network = Network(proxy=f"http://ada:p%40ss@{authority}")
        async with GuardProxy(RULES, network) as proxy:
            answer = await connect(proxy, "acme.example.com:443")
    assert seen in answer
    assert got[0].startswith(b"CONNECT acme.example.com:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic YWRhOnBAc3M=\r\n" in got[0]


async def connect(proxy: GuardProxy, authority: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
    writer.write(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


async def test_the_browser_s_own_traffic_goes_nowhere() -> None:
    async with GuardProxy(NOTHING, Network()) as proxy:
        assert b" 403 " in await connect(proxy, "update.example.com:443")
    assert proxy.refused == ["update.example.com:443"]
    # Nor does anything that hides where it leads; and a host that no name can be is out of reach.
    async with server(ok(b"within")) as (inside, got):
        host, port = inside.split(":")
        rules = Rules(allow=(Rule("GET", f"https://*.example.com:{port}/**"), Rule("GET", "https://*.example.com/**")))
        hiding = [f"localhost{mark}.example.com:{said}" for mark in "/?" for said in (443, port)]
        hiding += [
            f"{host}:{port}/.example.com:443",
            f"x@.example.com:{port}",
            ".example.com:443",
            "a.example.com:99999",
            "a.example.com:0443",
        ]
        async with GuardProxy(rules, Network()) as proxy:
            for authority in hiding:
                assert b" 403 " in await connect(proxy, authority), authority
            assert b" 502 " in await connect(proxy, f"{'a' * 64}.example.com:443")
        async with GuardProxy(NOTHING, Network(), Mode.OBSERVE) as observing:
            assert b" 502 " in await connect(observing, f"{'a' * 64}.example.com:443")
            assert b" 403 " in await connect(observing, f"{host}:{port}/.example.com:443")
            async with httpx.AsyncClient(proxy=observing.url) as client:
                assert (await client.get(f"http://{'a' * 64}.example.com/")).status_code == 502
                assert (await client.get(f"http://{inside}/")).content == b"within"
    assert len(got) == 1 and proxy.refused == hiding


async def test_closing_the_proxy_ends_what_is_open() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as listening:
        authority = f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        rules = Rules(allow=(Rule("GET", f"http://{authority}/"),))
        async with GuardProxy(rules, Network()) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rpartition(":")[2]))
            writer.write(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
            assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), 2) == b""
        writer.close()
