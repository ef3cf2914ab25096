"""Both proxies of ours: one request, one judgement, whatever a client writes on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from archiver.browsing.forward_proxy import GuardProxy
from archiver.browsing.recording import Recording
from archiver.browsing.replay import Replay
from archiver.home.network import Network
from archiver.provider import ProviderInfo, Rule, Rules

pytestmark = pytest.mark.anyio

HOST = "Host: SITE\r\n"
POST = f"POST http://SITE/list HTTP/1.1\r\n{HOST}"
SPEND = f"POST http://SITE/spend HTTP/1.1\r\n{HOST}Content-Length: 0\r\n\r\n"
SHAPES = {
    "two lengths": f"{POST}Content-Length: 4\r\nContent-Length: 0\r\n\r\nabcd",
    "one length twice": f"{POST}Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
    "a list of lengths": f"{POST}Content-Length: 4, 4\r\n\r\nabcd",
    "a signed length": f"{POST}Content-Length: +4\r\n\r\nabcd",
    "a blank before the colon": f"{POST}Content-Length : 4\r\n\r\nabcd",
    "a length and chunks": f"{POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and a length": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "chunks that are not": f"{POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunks in a coding": f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": f"{POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk's wrong end": f"{POST}Transfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n",
    "a chunk's bare LF": f"{POST}Transfer-Encoding: chunked\r\n\r\n1;\na\r\n0\r\n\r\n",
    "trailers": f"{POST}Transfer-Encoding: chunked\r\n\r\n0\r\nX-Method: PUT\r\n\r\n",
    "a folded line": f"{POST}X-Note: a\r\n Content-Length: 4\r\nContent-Length: 0\r\n\r\n",
    "a bare LF": f"GET http://SITE/list HTTP/1.1\n{HOST}\r\n",
    "a bare LF in a header": f"{POST}X-Note: a\nContent-Length: 4\r\n\r\n",
    "a bare CR": f"{POST}X-Note: a\rContent-Length: 4\r\n\r\n",
    "another Host": "GET http://SITE/list HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n",
    "two Hosts": f"GET http://SITE/list HTTP/1.1\r\n{HOST}{HOST}\r\n",
    "no Host": "GET http://SITE/list HTTP/1.1\r\n\r\n",
    "a user in the address": f"GET http://ada@SITE/list HTTP/1.1\r\n{HOST}\r\n",
    "a TLS address in the clear": f"GET https://SITE/list HTTP/1.1\r\n{HOST}\r\n",
    "a path alone": f"GET /list HTTP/1.1\r\n{HOST}\r\n",
    "a fragment": f"GET http://SITE/list#x HTTP/1.1\r\n{HOST}\r\n",
    "three blanks": f"GET  http://SITE/list  HTTP/1.1\r\n{HOST}\r\n",
    "an old version": f"GET http://SITE/list HTTP/1.0\r\n{HOST}\r\n",
    "no version": f"GET http://SITE/list\r\n{HOST}\r\n",
    "a tunnel with a body": f"CONNECT SITE HTTP/1.1\r\n{HOST}Content-Length: 4\r\n\r\nabcd",
    "an unsent body": f"{POST}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n",
    "an empty line first": f"\r\nGET http://SITE/list HTTP/1.1\r\n{HOST}\r\n",
}


@asynccontextmanager
async def upstream() -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers whatever comes and never hangs up; its `host:port` and all that came."""
    came: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(2**16):
            came.append(data)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}", came


async def said(proxy: str, *parts: str) -> bytes:
    """What a proxy answers to these bytes until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.rpartition(":")[2]))
    for part in parts:
        writer.write(part.encode("latin-1"))
        await asyncio.sleep(0.02 * (len(parts) > 1))
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()


def guarded(authority: str) -> GuardProxy:
    allow = tuple(Rule(method, f"http://{authority}/list", query=("a",), body=("a",)) for method in ("GET", "POST"))
    return GuardProxy(Rules(allow=allow), Network())


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
async def test_what_could_be_read_in_two_ways_is_not_passed_on(shape: str) -> None:
    async with upstream() as (authority, came), guarded(authority) as proxy:
        answer = await said(proxy.url, shape.replace("SITE", authority) + SPEND.replace("SITE", authority))
    assert (answer[9:10], came, len(proxy.refused)) == (b"4", [], 1), answer


@pytest.mark.parametrize("apart", [False, True])
async def test_a_second_request_behind_the_first_reaches_nobody(apart: bool) -> None:
    for body in ("Content-Length: 4\r\n\r\na=bc", "Transfer-Encoding: chunked\r\n\r\n4\r\na=bc\r\n0\r\n\r\n"):
        await reaches_nobody(f"{POST}Content-Type: application/x-www-form-urlencoded\r\n{body}", apart)


async def reaches_nobody(first: str, apart: bool) -> None:
    async with upstream() as (authority, came), guarded(authority) as proxy:
        parts = [first.replace("SITE", authority), SPEND.replace("SITE", authority)]
        answer = await said(proxy.url, *(parts if apart else ["".join(parts)]))
    assert answer.count(b"HTTP/1.1") == 1 and answer.endswith(b"ok") and b"Connection: close" in answer
    assert b"".join(came).endswith(b"\r\n\r\na=bc") and b"spend" not in b"".join(came)


async def test_headers_between_neighbours_are_not_passed_on() -> None:
    async with upstream() as (authority, came), guarded(authority) as proxy:
        ours = "Connection: keep-alive, X-Secret\r\nX-Secret: 1\r\nProxy-Authorization: Basic x\r\nUpgrade: h2c\r\n"
        asked = f"GET http://{authority}/list?a=/b HTTP/1.1\r\nHost: {authority}\r\n{ours}X-Kept: 2\r\n\r\n"
        await said(proxy.url, asked)
    assert came == [f"GET /list?a=/b HTTP/1.1\r\nHost: {authority}\r\nX-Kept: 2\r\nConnection: close\r\n\r\n".encode()]


async def test_the_replay_does_not_answer_it_either(record: Callable[[str], Recording], info: ProviderInfo) -> None:
    exchange = '  - {request: {method: GET, url: "http://plain.example/list"}, response: {status: 200, text: found}}\n'
    async with Replay() as replay:
        listener = await replay.serve(record(exchange), info.rules)
        for name, shape in SHAPES.items():
            answer = await said(listener.network.proxy or "", shape.replace("SITE", "plain.example"))
            assert answer[9:10] == b"4", name
    assert (listener.log, len(listener.unknown)) == ([], len(SHAPES))
