"""The recording format: what it says, and where it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.browsing.recording import Recording
from archiver.core.errors import ConfigError

GOOD = """format: 1
provider: acme_stock
scenario: two-pages
method: token
origin: authored
sources: ["invented"]
secrets: {token: RECORDED-TOKEN}
now: 2026-11-24T02:00:00Z
session: null
known: ["0123"]
exchanges:
  - request:  {method: GET, url: "https://acme.example.com/a?page=1"}
    response: {status: 200, headers: {content-type: application/pdf, set-cookie: [a=1, b=2]}, body: bodies/1.pdf}
  - request:  {method: POST, url: "https://acme.example.com/rpc", form: [command], match: {command: list}}
    response: {status: 200, json: {total: 0}, delay: 2, cut: 3}
    repeat: 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "two-pages"
    (folder / "bodies").mkdir(parents=True)
    (folder / "bodies" / "1.pdf").write_bytes(b"%PDF-\xff")
    (folder / "session.yaml").write_text(GOOD)
    (tmp_path / "outside.pdf").write_bytes(b"%PDF-")
    return folder


def test_everything_in_its_type(folder: Path) -> None:
    recording = Recording.load(folder)
    assert recording == Recording.load(folder / "session.yaml")
    assert (recording.provider, recording.method, recording.known) == ("acme_stock", "token", ("0123",))
    assert recording.now == datetime(2026, 11, 24, 2, tzinfo=UTC)
    assert recording.hosts == {"acme.example.com"}
    first, second = recording.exchanges
    assert first.response.headers["set-cookie"] == ("a=1", "b=2")
    assert recording.content(first.response) == b"%PDF-\xff"
    assert recording.content(second.response) == b'{"total": 0}'
    assert (second.request.form, second.request.match, second.repeat) == (("command",), {"command": "list"}, 3)
    assert (second.response.delay, second.response.cut) == (2.0, 3)


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ("scenario: two-pages", "scenario: 7", ":3:1 scenario: must be text"),
        ("format: 1", "format: 2", ":1:1 format: Input should be 1"),
        ("origin: authored", "origin: imagined", ":5:1 origin: Input should be 'authored' or 'captured'"),
        ("method: token", "methods: token", ":4:1 methods: is not a known key"),
        ("method: token", "methods: token", ":1:1 method: is missing"),
        ("method: token", "origin: captured", ":5:1 origin: this key occurs twice"),
        (
            "status: 200, json",
            "status: ok, json",
            ":15:16 exchanges.1.response.status: must be a whole number",
        ),
        ("json: {total: 0}", "json: {}, text: x", ":15:5 exchanges.1.response: give one of body, text and json"),
        ("bodies/1.pdf", "bodies/2.pdf", ":13:95 the body bodies/2.pdf is not a file"),
        ("bodies/1.pdf", "../outside.pdf", ":13:95 the body ../outside.pdf is not a file"),
        ("2026-11-24T02:00:00Z", "2026-11-24", ":8:1 now: Input should"),
        ('url: "https://acme.example.com/rpc"', "url: /rpc", ":14:30 exchanges.1.request.url: "),
        ("repeat: 3", "repeat: 0", ":16:5 exchanges.1.repeat: "),
    ],
)
def test_every_fault_is_named_with_its_place(folder: Path, good: str, bad: str, words: str) -> None:
    file = folder / "session.yaml"
    assert good in GOOD
    file.write_text(GOOD.replace(good, bad))
    with pytest.raises(ConfigError) as error:
        Recording.load(folder)
    assert f"{file}{words}" in str(error.value)


def test_a_folder_without_a_recording(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"session\.yaml cannot be read"):
        Recording.load(tmp_path)
