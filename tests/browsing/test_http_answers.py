"""A session against servers that speak HTTP in every way, well and badly."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from archiver.browsing import http_session
from archiver.browsing.http_session import HttpSession
from archiver.browsing.pacing import Pacing
from archiver.browsing.request_pipeline import AnswerLost, RawAnswer
from archiver.core.errors import SiteUnavailable
from archiver.home.network import Network
from archiver.provider import ProviderInfo

pytestmark = pytest.mark.anyio
OK = b"HTTP/1.1 200 OK\r\n"
TWO = OK + b"content-length: 2\r\n\r\nok"
PACKED = gzip.compress(b"first ", mtime=0) + gzip.compress(b"second", mtime=0)


@dataclass
class Speaker:
    """Answers each request with the next of `answers`; `None` says nothing, and `b""` hangs up.

    After an answer that ends with `END` (which is not sent) the connection is closed.
    """

    answers: list[bytes | None]
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
                answer = self.answers.pop(0)
                if answer is None:
                    await reader.read()  # until whoever asked has had enough
                writer.write((answer or b"").removesuffix(b"END"))
                if not answer or answer.endswith(b"END"):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever asked has gone
        finally:
            writer.close()


def lines(head: str) -> list[str]:
    """The request line, and the headers with lower-case names."""
    first, *rest = head.split("\r\n")
    return [first, *(f"{name.lower()}: {value}" for name, _, value in (line.partition(": ") for line in rest))]


@asynccontextmanager
async def speaking(
    info: ProviderInfo, *answers: bytes | None, proxy: str = ""
) -> AsyncIterator[tuple[Speaker, Callable[..., Awaitable[RawAnswer]]]]:
    speaker = Speaker(list(answers))
    async with await asyncio.start_server(speaker.speak, "127.0.0.1", 0) as listening:
        speaker.port = listening.sockets[0].getsockname()[1]
        network = Network(f"http://{proxy}127.0.0.1:{speaker.port}", no_proxy=()) if proxy else Network()
        async with HttpSession(info, network=network, pacing=Pacing(off=True)) as session:

            async def ask(url: str = f"http://127.0.0.1:{speaker.port}/a", method: str = "GET") -> RawAnswer:
                return await session._send(method, url, {"X-Key": "k"}, None)

            yield speaker, ask


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (TWO, b"ok"),
        (OK + b"transfer-encoding: chunked\r\n\r\n2\r\nok\r\n3;x=y\r\nay!\r\n0\r\nlast: one\r\n\r\n", b"okay!"),
        (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + TWO, b"ok"),
        (OK + b"\r\nto the endEND", b"to the end"),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nokEND", b"ok"),
        (OK + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(PACKED) + PACKED, b"first second"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
async def test_every_way_to_say_it_is_understood(info: ProviderInfo, answer: bytes, content: bytes) -> None:
    async with speaking(info, answer, TWO) as (speaker, ask):
        assert (await ask()).content == content
        assert (await ask()).content == b"ok"
        assert speaker.connections == 1 + answer.endswith(b"END")


async def test_what_is_sent_is_what_was_judged(info: ProviderInfo) -> None:
    async with speaking(info, TWO, TWO) as (speaker, ask):
        place = f"http://127.0.0.1:{speaker.port}"
        await ask(place + "/a;v=1/é b?q=%20x y#part")
        await ask(place, "POST")
        first, second = map(lines, speaker.heads)
        assert first[:2] == ["GET /a;v=1/%C3%A9%20b?q=%20x%20y HTTP/1.1", f"host: 127.0.0.1:{speaker.port}"]
        assert "x-key: k" in first and "content-length: 0" not in first
        assert second[0] == "POST / HTTP/1.1" and "content-length: 0" in second


@pytest.mark.parametrize("unasked", [b"", b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n"])
async def test_a_connection_that_was_closed_or_spoke_unasked_is_not_used_again(
    info: ProviderInfo, unasked: bytes
) -> None:
    async with speaking(info, TWO + unasked + b"END", TWO) as (speaker, ask):
        await ask()
        await asyncio.sleep(0.05)
        assert (await ask()).content == b"ok"
        assert speaker.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        OK + b"content-length: 20\r\n\r\nhalfEND",
        OK + b"transfer-encoding: chunked\r\n\r\n9\r\nhalfEND",
        b"SSH-2.0-other\r\nEND",
        OK + b"content-encoding: br\r\ncontent-length: 2\r\n\r\nok",
        OK + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\nok",
        OK + b"content-encoding: gzip\r\ncontent-length: 20\r\n\r\n" + PACKED[:20],
        OK + b"x: " + b"y" * (200 << 10) + b"\r\n\r\n",
        None,
    ],
)
async def test_an_answer_that_is_none_is_lost_after_it_was_asked_for(
    info: ProviderInfo, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    monkeypatch.setattr(http_session, "IDLE_TIMEOUT_S", 1.0)
    async with speaking(info, answer) as (_, ask):
        with pytest.raises(AnswerLost) as lost:
            await ask()
        assert lost.value.received


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"transfer-encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n",
        OK + b"content-encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 1024, mtime=0) + b"END",
    ],
)
async def test_an_answer_larger_than_any_document_is_not_taken_in(
    info: ProviderInfo, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(http_session, "MAX_ANSWER_BYTES", 1000)
    async with speaking(info, answer) as (_, ask):
        with pytest.raises(SiteUnavailable, match="no document is so large"):
            await ask()


async def test_where_there_is_no_connection_nothing_was_received(info: ProviderInfo) -> None:
    async with speaking(info) as (_, ask):
        for url in ("http://127.0.0.1:9/a", f"http://{'a' * 64}.example.com/"):
            with pytest.raises(AnswerLost) as lost:
                await ask(url)
            assert not lost.value.received


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "it closed the connection without an answer"),
        (OK + b"content-length: 20\r\n\r\nhalfEND", "the answer was cut off"),
        (b"SSH-2.0-other\r\nEND", "its answer is not valid HTTP"),
        (None, "it did not answer in time"),
    ],
)
async def test_why_there_is_no_answer_is_said_in_plain_words(
    info: ProviderInfo, monkeypatch: pytest.MonkeyPatch, answer: bytes | None, words: str
) -> None:
    monkeypatch.setattr(http_session, "IDLE_TIMEOUT_S", 1.0)
    async with speaking(info, answer) as (_, ask):
        with pytest.raises(AnswerLost, match=f"^{words}$"):
            await ask()


async def test_a_proxy_passes_plain_requests_on_and_is_asked_for_tunnels(info: ProviderInfo) -> None:
    refusing = [b"HTTP/1.1 %d No\r\ncontent-length: 0\r\n\r\n" % status for status in (407, 502)]
    async with speaking(info, TWO, *refusing, proxy="ada:p%40ss@") as (speaker, ask):
        await ask("http://acme.example.com/a?b")
        with pytest.raises(SiteUnavailable, match=r"user name and password \(407\)"):
            await ask("https://acme.example.com/a")
        with pytest.raises(AnswerLost, match="proxy answered 502") as lost:
            await ask("https://acme.example.com/a")
        assert not lost.value.received
        plain, tunnel, _ = map(lines, speaker.heads)
        assert plain[:2] == ["GET http://acme.example.com/a?b HTTP/1.1", "host: acme.example.com"]
        assert tunnel[0] == "CONNECT acme.example.com:443 HTTP/1.1"
        assert "x-key: k" not in tunnel
        for head in (plain, tunnel):
            assert "proxy-authorization: Basic YWRhOnBAc3M=" in head
