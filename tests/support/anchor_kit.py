"""A C2SP witness and an OpenTimestamps calendar on this machine, over HTTP; and a file of block headers.

They are written from the specifications alone, and check for themselves what they are sent.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archiver.archive.anchors import Calendar, CosigningWitness
from archiver.archive.checking.parts.anchor_proofs import WitnessKey
from archiver.home.network import Network

type Answer = tuple[int, bytes]


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def continues(old: int, old_root: bytes, size: int, root: bytes, path: list[bytes]) -> bool:
    """Whether a consistency proof holds, by the steps of RFC 9162, 2.1.4.2."""
    if old == 0 or old == size:
        return not path and (old == 0 or old_root == root)
    if not path:
        return False
    if old & (old - 1) == 0:
        path = [old_root, *path]
    here, last = old - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = node(each, first), node(each, second)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            second = node(second, each)
        here, last = here >> 1, last >> 1
    return (first, second, last) == (old_root, root, 0)


class _Served:
    def __enter__(self) -> _Served:
        party = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content = party.reply(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815  # the names that the server calls

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def reply(self, method: str, path: str, body: bytes) -> Answer:
        raise NotImplementedError


@dataclass
class LocalWitness(_Served):
    """A witness. `logs` are the keys that it knows, by name; `tamper` changes its answers."""

    name: str = "witness.example/w1"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    logs: dict[str, bytes] = field(default_factory=dict)
    seen: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    tamper: Callable[[Answer], Answer] = lambda answer: answer
    asked: int = 0

    def trust(self, line: str) -> None:
        """Know a log, by the line that its operator gave."""
        name, _, key = line.split("+", 2)
        self.logs[name] = base64.b64decode(key)[1:]

    @property
    def vkey(self) -> str:
        own = b"\4" + self.key.public_key().public_bytes_raw()
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(own).decode()}"

    @property
    def id(self) -> bytes:
        own = b"\4" + self.key.public_key().public_bytes_raw()
        return hashlib.sha256(self.name.encode() + b"\n" + own).digest()[:4]

    def anchor(self, name: str = "armored") -> CosigningWitness:
        return CosigningWitness(name=name, url=self.url, key=WitnessKey.parse(self.vkey), ask=Network().ask)

    def reply(self, method: str, path: str, body: bytes) -> Answer:
        self.asked += 1
        return self.tamper(self.judge(body) if (method, path) == ("POST", "/add-checkpoint") else (405, b""))

    def judge(self, body: bytes) -> Answer:
        head, text, signatures = body.split(b"\n\n")
        first, *proof = head.decode().split("\n")
        old = int(first.removeprefix("old "))
        origin, size_line, root_line = text.decode().split("\n")
        size, root = int(size_line), base64.b64decode(root_line)
        if origin not in self.logs:
            return 404, b""
        try:
            blob = base64.b64decode(signatures.decode().split()[2])
            Ed25519PublicKey.from_public_bytes(self.logs[origin]).verify(blob[4:], text + b"\n")
        except InvalidSignature:
            return 403, b""
        if old > size:
            return 400, b""
        known, known_root = self.seen.get(origin, (0, b""))
        if old != known or (old == size and root != known_root):
            return 409, b"%d\n" % known
        if not continues(old, known_root, size, root, [base64.b64decode(each) for each in proof]):
            return 422, b""
        self.seen[origin] = (size, root)
        return 200, self.cosign(text + b"\n")

    def cosign(self, text: bytes, at: int | None = None) -> bytes:
        now = int(time.time()) if at is None else at
        blob = self.id + struct.pack(">Q", now) + self.key.sign(b"cosignature/v1\ntime %d\n" % now + text)
        return f"\u2014 {self.name} {base64.b64encode(blob).decode()}\n".encode()


def number(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found, value = found + bytes([value & 0x7F | 0x80]), value >> 7
    return found + bytes([value])


def text(data: bytes) -> bytes:
    return number(len(data)) + data


def attestation(tag: str, payload: bytes) -> bytes:
    return b"\0" + bytes.fromhex(tag) + text(payload)


def pending(url: str) -> bytes:
    return attestation("83dfe30d2ef90c8e", text(url.encode()))


def bitcoin(height: int) -> bytes:
    return attestation("0588960d73d71901", number(height))


@dataclass
class LocalCalendar(_Served):
    """A calendar. `mine` puts what it was sent so far into a block, whose header `headers` then holds."""

    height: int = 800_000
    waiting: list[bytes] = field(default_factory=list)
    paths: dict[str, bytes] = field(default_factory=dict)  # commitment in hex -> the rest of its proof
    headers: dict[int, bytes] = field(default_factory=dict)
    tamper: Callable[[Answer], Answer] = lambda answer: answer

    def anchor(self, name: str = "alice") -> Calendar:
        return Calendar(name=name, url=self.url, ask=Network().ask)

    def reply(self, method: str, path: str, body: bytes) -> Answer:
        if (method, path) == ("POST", "/digest"):
            before, after = os.urandom(8), struct.pack(">I", int(time.time()))
            self.waiting.append(after + hashlib.sha256(body + before).digest())
            return self.tamper((200, b"\xf0" + text(before) + b"\x08\xf1" + text(after) + pending(self.url)))
        found = self.paths.get(path.rpartition("/")[2])
        return self.tamper((200, found) if found else (404, b"Pending confirmation in Bitcoin blockchain"))

    def mine(self) -> int:
        """Put each commitment into a block of its own. Returns the height of the last one."""
        for each in self.waiting:
            self.height += 1
            left, right = os.urandom(20), os.urandom(9)
            inside = hashlib.sha256(hashlib.sha256(left + each + right).digest()).digest()
            other = os.urandom(32)
            root = hashlib.sha256(hashlib.sha256(inside + other).digest()).digest()
            way = b"\xf1" + text(left) + b"\xf0" + text(right) + b"\x08\x08\xf0" + text(other) + b"\x08\x08"
            self.paths[each.hex()] = way + bitcoin(self.height)
            self.headers[self.height] = header(root)
        self.waiting.clear()
        return self.height

    def header_file(self, folder: Path) -> Path:
        file = folder / "headers.txt"
        file.write_text("".join(f"{height} {each.hex()}\n" for height, each in self.headers.items()))
        return file


def header(root: bytes, at: int = 1_790_000_000) -> bytes:
    """A block's header with work, of the least difficulty that there is."""
    for nonce in range(1 << 16):
        made = struct.pack("<I", 4) + bytes(32) + root + struct.pack("<III", at, 0x207FFFFF, nonce)
        if hashlib.sha256(hashlib.sha256(made).digest()).digest()[-1] < 0x7F:
            return made
    raise AssertionError


@pytest.fixture
def witness() -> Iterator[LocalWitness]:
    with LocalWitness() as made:
        assert isinstance(made, LocalWitness)
        yield made


@pytest.fixture
def calendar() -> Iterator[LocalCalendar]:
    with LocalCalendar() as made:
        assert isinstance(made, LocalCalendar)
        yield made
