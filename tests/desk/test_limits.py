"""That nobody takes the desk from others: forms, connections, passwords and uploads, as counts and never as times."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect

from archiver.desk import connection_limits
from archiver.desk.connection_limits import Connection, DeskServer
from archiver.desk.password_throttle import (
    ADDRESS_BURST,
    MAX_GAP_SECONDS,
    MAX_WAIT_SECONDS,
    NAME_BURST,
    NETWORK_BURSTS,
    Throttle,
)
from archiver.desk.workers import (
    HASHES_AT_ONCE,
    MAX_HASHES_WAITING,
    MAX_UPLOADS_WAITING,
    MAX_WAITING,
    UPLOADS_AT_ONCE,
    UPLOADS_OF_PERSON,
    UPLOADS_READ_AT_ONCE,
    HashTurn,
    TooManyWaiting,
    Workers,
)
from tests.support.desk_kit import PASSWORD, Person, Served

type Sign = Callable[..., Person]

# ---------------------------------------------------------------- forms

CODECS = (
    "punycode", "idna", "undefined", "hex", "zip", "rot13", "utf-16", "utf-7", "unicode_escape", "latin-1", "x\0y",
    "utf-8; charset=punycode", "\xff", "x" * 3000,
)  # fmt: skip
CRLF = "\r\n"


def part(name: str, content: bytes, *headers: str, more: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"{more}'
    return f"--xx{CRLF}{CRLF.join([head, *headers])}{CRLF}{CRLF}".encode("latin-1") + content + CRLF.encode()


def odd_forms() -> list[tuple[str, bytes]]:
    """Content types and bodies that no page of the desk sends."""
    plain, end, multipart = part("name", b"Eve"), b"--xx--\r\n", "multipart/form-data; boundary=xx"
    several = [plain, plain + part("password", b"x")]
    forms = [("application/x-www-form-urlencoded; charset=" + each, b"name=Eve&password=x") for each in CODECS]
    forms += [(f"{multipart}; charset={each}", several[1] + end) for each in CODECS]
    forms += [(multipart, part("name", b"Eve", f"Content-Type: text/plain; charset={each}") + end) for each in CODECS]
    for more in (
        "; filename*=punycode''a", '; filename="a\xff"', "; name*=hex''61", '; charset="punycode"', "; filename*0=a",
    ):  # fmt: skip
        forms.append((multipart, plain + part("file", b"x", more=more) + end))
    forms += [
        (multipart, part("name", b"\xff\xfe\x00") + end),
        (multipart, part("name", b"x", "Content-Transfer-Encoding: base64") + end),
        (multipart, part("name", b"x", "Content-Type: text/plain", "Content-Type: text/plain") + end),
        (multipart, plain[:-9]), ("multipart/form-data", plain + end), (f"{multipart}; boundary=yy", plain + end),
        ("multipart/mixed; boundary=xx", plain + end), ("text/plain", b"name=Eve"), ("application/json", b"{}"),
    ]  # fmt: skip
    return forms


def raw(base: str, head: str, body: bytes = b"") -> int:
    """The status of a request that is sent as it stands; 0 where the connection ends instead."""
    address = urlsplit(base)
    with socket.create_connection((str(address.hostname), address.port or 0), 30) as sent:
        sent.sendall(f"{head}\r\nHost: {address.netloc}\r\nConnection: close\r\n".encode("latin-1"))
        sent.sendall(f"Origin: {base}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        line = sent.makefile("rb").readline().split()
    return int(line[1]) if line else 0


def test_only_what_a_browser_sends_is_read_as_a_form_and_no_codec_is_chosen_by_a_stranger(
    served: Served, person: Sign
) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in person("Olaf Operator").http.cookies.items())
    for path in ("/sign-in", "/find/file"):
        for kind, body in odd_forms():
            head = f"POST {path} HTTP/1.1\r\nContent-Type: {kind}\r\nCookie: {cookie if path != '/sign-in' else ''}"
            assert raw(served.base, head, body) == 400, (path, kind, body)
    good = part("token", b"x", "Content-Type: text/plain; charset=UTF-8") + b"--xx--\r\n"
    head = f"POST /find/file HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=xx\r\nCookie: {cookie}"
    assert raw(served.base, head, good) == 403  # read; and it is not this visit's token


def test_no_bytes_in_an_address_a_field_or_a_header_are_a_fault_of_the_program(served: Served, person: Sign) -> None:
    olaf = person("Olaf Operator")
    cookie = "; ".join(f"{name}={value}" for name, value in olaf.http.cookies.items())
    digits, odd = "9" * 5000, "%00%ff%ed%a0%80%0d%0a%F0%9F%98%80"
    paths = [
        f"/find?q={odd}", f"/find?q=x&show={digits}", f"/find?client={odd}", f"/licence/acme/{odd}", f"/client/{odd}",
        f"/find/picture/x/{digits}.png", f"{served.place('harbour')}/file/{odd}", f"/static/{odd}", f"/claim/{odd}",
        f"{served.place('harbour')}/terms/{odd}/{odd}", f"/client/acme?after={odd}", f"/client/acme?after=x+{digits}",
        f"/client/acme/report?month={odd}", f"/accounts?added={odd}", f"/unassigned?from={digits}", f"/link/{odd}",
        f"/enter/{odd}", f"/?lang={odd}", f"/accounts/new?provider={odd}", f"/static/{'a' * 5000}",
    ]  # fmt: skip
    for path in paths:
        for headers in ("", "\r\nAccept-Language: \xff\xfe;q=x", "\r\nX-Forwarded-For: \xff", "\r\nRange: bytes=\xb2-"):
            status = raw(served.base, f"GET {path} HTTP/1.1\r\nCookie: {cookie}{headers}")
            assert status < 500, (path, headers, status)


# ---------------------------------------------------------------- connections


async def answer_in_time(scope: Any, receive: Any, send: Any) -> None:
    """An application that knows whoever carries a cookie, and reads no body."""
    if any(name == b"cookie" for name, _ in scope["headers"]):
        scope["state"]["connection"].belongs_to("Olaf", shared=False)
    size = int(scope["query_string"] or 0)
    await asyncio.sleep(0.3 if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(size).encode())]})
    await send({"type": "http.response.body", "body": b"x" * size})


type Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Listening:
    """A server with the desk's connections, and clients of it."""

    def __init__(self, server: DeskServer, address: tuple[str, int]) -> None:
        self.server, self.address = server, address
        self.opened: list[Opened] = []

    async def open(self, said: bytes = b"", source: str = "127.0.0.1") -> Opened:
        opened = await asyncio.open_connection(*self.address, local_addr=(source, 0), limit=1 << 12)
        self.opened.append(opened)
        opened[1].write(said)
        await asyncio.sleep(0)
        return opened

    async def ended(self) -> list[int]:
        """Which of the connections have ended, by the order in which they were opened."""
        await asyncio.sleep(0.1)
        return [number for number, (reader, _) in enumerate(self.opened) if reader.at_eof() or reader.exception()]


@asynccontextmanager
async def listening(app: Any = answer_in_time) -> AsyncIterator[Listening]:
    config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
    config.load()
    server = DeskServer(config)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        await server.startup([bound])
        there = Listening(server, bound.getsockname())
        try:
            yield there
        finally:
            for _, writer in there.opened:
                writer.transport.abort()
            for each in server.servers:
                each.close()


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
KNOWN = b"GET / HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n"
FORM = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"


async def status(opened: Opened) -> bytes:
    async with asyncio.timeout(30):
        try:
            return (await opened[0].readline()).split()[1]
        except (ConnectionResetError, IndexError):
            return b""


@pytest.mark.parametrize("said", [b"", GET[:9], FORM])
def test_connections_of_strangers_make_room_for_whoever_comes(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(connection_limits, "MAX_STRANGERS", 10)

    async def reading(scope: Any, receive: Any, send: Any) -> None:
        while scope["method"] == "POST" and (await receive()).get("more_body"):
            pass
        await answer_in_time(scope, receive, send)

    async def scene() -> None:
        async with listening(reading) as there:
            signed_in = await there.open(KNOWN)
            assert await status(signed_in) == b"200"
            for _ in range(40):
                await there.open(said)
            ended = await there.ended()
            assert len(ended) >= 30 and 0 not in ended  # and whoever signed in keeps the connection
            assert len(there.server.server_state.connections) <= 11
            for _ in range(3):
                assert await status(await there.open(GET)) == b"200"
            signed_in[1].write(KNOWN)
            await signed_in[0].readuntil(b"\r\n\r\n")
            assert await status(signed_in) == b"200"

    asyncio.run(scene())


def test_whoever_holds_most_connections_loses_one_and_not_whoever_has_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "MAX_STRANGERS", 10)

    async def scene() -> None:
        async with listening() as there:
            try:
                for _ in range(3):
                    await there.open(source="127.0.0.2")
            except OSError:
                pytest.skip("this system has one loopback address only")
            for _ in range(40):
                await there.open(source="127.0.0.3")
            assert {0, 1, 2}.isdisjoint(await there.ended())

    asyncio.run(scene())


def test_one_person_cannot_hold_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "MAX_OF_PERSON", 5)

    async def scene() -> None:
        async with listening() as there:
            for _ in range(20):
                assert await status(await there.open(KNOWN)) == b"200"
            held = [each for each in there.server.server_state.connections if isinstance(each, Connection)]
            assert len(held) <= 5

    asyncio.run(scene())


def test_whoever_asks_nothing_or_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUEST_TIMEOUT_S", "PERSON_REQUEST_TIMEOUT_S", "WRITE_TIMEOUT_S", "CLOSING_S"):
        monkeypatch.setattr(connection_limits, name, 0.1)
    monkeypatch.setattr(connection_limits, "KEEP_ALIVE_S", 0.1)

    async def scene(said: bytes) -> bytes:
        async with listening() as there:
            reader, writer = await there.open(said)
            if b"?" in said:  # nothing of the answer is taken for a while
                await asyncio.sleep(0.5)
            try:
                async with asyncio.timeout(30):
                    if said.startswith(b"POST"):  # refused unread, and then it trickles
                        while not reader.at_eof():
                            writer.write(b"x")
                            await asyncio.sleep(0.03)
                            if reader.exception():
                                break
                    return await reader.read()
            except (ConnectionResetError, BrokenPipeError):
                return b"reset"
            finally:
                assert not there.server.server_state.connections

    assert asyncio.run(scene(b"")) in (b"", b"reset")
    assert asyncio.run(scene(GET[:20])) in (b"", b"reset")
    assert asyncio.run(scene(GET.replace(b"/ ", b"/slow "))).startswith(b"HTTP/1.1 200")  # an answer may take its time
    asyncio.run(scene(FORM))
    asyncio.run(scene(GET.replace(b"/ ", b"/?90000000 ")))


# ---------------------------------------------------------------- uploads


def test_few_uploads_are_in_memory_whoever_sends_them_and_pages_do_not_wait_for_them() -> None:
    async def most(people: list[str]) -> tuple[int, int]:
        workers, arriving, reading = Workers(), [0, 0], [0, 0]

        def count(what: list[int], by: int) -> None:
            what[0] += by
            what[1] = max(what)

        async def upload(who: str) -> None:
            async with workers.upload_of(who):
                count(arriving, 1)
                await asyncio.sleep(0)
                count(reading, 1)
                await workers.read_upload(lambda: None)
                count(reading, -1)
                count(arriving, -1)

        await asyncio.gather(*map(upload, people))
        return arriving[1], workers._uploads.total_tokens  # type: ignore[return-value]  # which is whole here

    assert asyncio.run(most(["Eve"] * 45)) == (UPLOADS_OF_PERSON, UPLOADS_READ_AT_ONCE)
    assert asyncio.run(most([f"Eve {number}" for number in range(45)])) == (UPLOADS_AT_ONCE, UPLOADS_READ_AT_ONCE)


def test_pages_are_made_for_others_while_a_person_and_strangers_ask_for_more_than_may_wait() -> None:
    async def scene() -> None:
        workers = Workers()
        over = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wait() -> None:
            asyncio.run_coroutine_threadsafe(over.wait(), loop).result()

        async def arrive(workers: Workers) -> None:
            async with workers.upload_of("Eve"):
                await over.wait()

        flood = [asyncio.ensure_future(workers.run(who, wait)) for who in ["Eve"] * 1600 + [None] * 1600]
        uploads = [asyncio.ensure_future(arrive(workers)) for _ in range(900)]
        await asyncio.sleep(0.05)
        refused = [each for each in (*flood, *uploads) if each.done()]
        assert {type(each.exception()) for each in refused} == {TooManyWaiting}
        assert sum(not each.done() for each in flood) == 2 * MAX_WAITING
        assert sum(not each.done() for each in uploads) == MAX_UPLOADS_WAITING
        busy = [each for each in (*flood, *uploads) if not each.done()]
        busy += [asyncio.ensure_future(workers.read_upload(wait)) for _ in range(20)]

        def hashing(number: int, turn: str, *, known: bool = False, gone: bool = False) -> asyncio.Future[None]:
            async def left() -> bool:
                return gone

            def check() -> None:
                wait()
                checked.append(number)

            return asyncio.ensure_future(workers.hash(HashTurn(turn, known, left), check))

        checked = list[int]()
        passwords = [hashing(number, "203.0.113.7") for number in range(MAX_HASHES_WAITING + HASHES_AT_ONCE)]
        await asyncio.sleep(0.05)
        full = [hashing(1000 + number, "203.0.113.7") for number in range(900)]
        others = [hashing(2000 + number, f"198.51.100.{number}", gone=number == 1) for number in range(3)]
        people = [hashing(3000 + number, "a known browser", known=True) for number in range(3)]
        ended = hashing(4000, "203.0.113.8")
        await asyncio.sleep(0.05)
        assert {type(each.exception()) for each in full} == {TooManyWaiting}  # at once
        assert sum(each.done() for each in passwords) == 4  # the newest of the network that has most make way
        assert not any(each.done() for each in (*others, *people))
        ended.cancel()
        assert await workers.run("Olaf", lambda: "made") == "made"
        over.set()
        told = await asyncio.gather(*busy, *passwords, *others, *people, ended, return_exceptions=True)
        assert Counter(type(each) for each in told if each is not None) == {
            TooManyWaiting: 4, ClientDisconnect: 1, asyncio.CancelledError: 1,
        }  # fmt: skip
        # Networks take turns, people and known browsers besides; who has gone costs no check.
        assert len(checked) == MAX_HASHES_WAITING + HASHES_AT_ONCE - 4 + 2 + 3
        assert all(checked.index(each) < 14 for each in (2000, 2002, 3000, 3001, 3002))
        assert not {2001, 4000} & set(checked)
        await hashing(5000, "203.0.113.7")  # every place is free again

    asyncio.run(asyncio.wait_for(scene(), 60))


# ---------------------------------------------------------------- passwords


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_guesses_that_come_at_once_are_counted_before_they_are_looked_at() -> None:
    throttle = Throttle(Clock())
    tried = [not throttle.reserve("Olaf", "203.0.113.7").refused for _ in range(300)]
    assert NAME_BURST <= sum(tried) <= NAME_BURST + 3
    tried = [not throttle.reserve(f"name {number}", "203.0.113.8").refused for number in range(300)]
    assert ADDRESS_BURST <= sum(tried) <= ADDRESS_BURST + 3
    many = [not throttle.reserve(f"n{number}", f"2001:db8::{number:x}").refused for number in range(300)]
    assert sum(many) <= ADDRESS_BURST + 3  # one network, whatever its addresses
    for wide, prefix, shift in ((56, "2001:db8:1:", 0), (48, "2001:db8:2:", 8)):  # nor do many networks of one customer
        throttle = Throttle(Clock())
        each_other = [f"{prefix}{(number % 256) << shift:x}::{number:x}" for number in range(900)]
        tried = [not throttle.reserve(f"n{number}", each).refused for number, each in enumerate(each_other)]
        assert NETWORK_BURSTS[wide] <= sum(tried) <= NETWORK_BURSTS[wide] + 3
        throttle = Throttle(Clock())
        tried = [not throttle.reserve("Olaf", each).refused for each in each_other]
        assert sum(tried) <= NAME_BURST + 3
        assert not throttle.reserve("Olaf", "2001:db8:3::1").refused


STEP = st.tuples(st.sampled_from(["olaf", "Olaf", "eve"]), st.integers(0, 3), st.floats(0, 400))


@given(st.lists(STEP, max_size=60))
def test_strangers_never_lock_a_person_out(steps: list[tuple[str, int, float]]) -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for name, address, later in steps:
        clock.now += later if later < 50 else 0
        throttle.reserve(name, f"203.0.113.{address}")
        known = throttle.reserve("Olaf", "203.0.113.0", device="a browser that knows Olaf")
        assert (known.wait, known.refused) == (0, False)
        throttle.give_back(known)
        elsewhere = throttle.reserve("Olaf", "198.51.100.1")  # an address from which nobody guesses
        assert (elsewhere.wait, elsewhere.refused) == (0, False)
        throttle.give_back(elsewhere)
    beside = throttle.reserve("Olaf", "203.0.113.0")  # and not even where strangers guess, a person waits for long
    assert beside.wait <= MAX_GAP_SECONDS + MAX_WAIT_SECONDS
    clock.now += beside.wait
    assert not beside.refused or not throttle.reserve("Olaf", "203.0.113.0").refused


def test_a_lasting_attack_gets_one_guess_a_minute_and_is_forgotten_later() -> None:
    clock = Clock()
    throttle, tried = Throttle(clock), 0
    for clock.now in range(3600):
        tried += not throttle.reserve("Olaf", "203.0.113.7").refused
    assert 60 <= tried <= 75
    clock.now += 1000
    assert [throttle.reserve("Olaf", "203.0.113.7").wait for _ in range(NAME_BURST)] == [0] * NAME_BURST


@pytest.mark.long  # without a server: above
def test_parallel_guesses_are_few_and_the_person_gets_in_all_the_same(served: Served, person: Sign) -> None:
    # A user of this test alone: the name must wait afterwards.
    gina = person("Gina Guessed", fresh=True)  # signed in here before, so that this browser is known
    gina.post("/sign-out")
    headers, numbers = {"origin": served.base}, itertools.count()

    def guess(_: int) -> int:
        data = {"name": "Gina Guessed", "password": f"wrong {next(numbers)}"}
        with httpx.Client(base_url=served.base, timeout=60) as http:
            return http.post("/sign-in", data=data, headers=headers).status_code

    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(guess, range(40)))
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= NAME_BURST + 4
    again = gina.post("/sign-in", {"name": "Gina Guessed", "password": PASSWORD}, token="")
    assert again.status_code == 200 and gina.get("/").status_code == 200
    try:
        transport = httpx.HTTPTransport(local_address="127.0.0.9")
        with httpx.Client(base_url=served.base, timeout=60, transport=transport) as http:
            right = {"name": "Gina Guessed", "password": PASSWORD}
            assert http.post("/sign-in", data=right, headers=headers).status_code == 200
    except httpx.ConnectError:
        pass  # this system has one loopback address only
