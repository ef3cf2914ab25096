"""The walk: everything is seen, nothing outside is read, and what is hostile is refused with its reason."""

from __future__ import annotations

import os
import threading
import zipfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archiver.collect import file_walk as walking
from archiver.collect import import_reader
from archiver.collect.file_walk import walk
from archiver.collect.recognition import ClassifiedFile, recognise
from archiver.reading import containers
from archiver.reading.containers import MAX_COMPRESSION_RATIO, Item, Refused
from archiver.reading.mail import messages, origin, origin_by, read_mail
from archiver.reading.outlook import COMPOUND_FILE
from archiver.reading.worker import DocumentReader
from tests.support import folder
from tests.support.hostile_files import fill, packed


def seen(*paths: Path, forbidden: Path | None = None) -> dict[str, bytes | str | None]:
    """Path -> its bytes, or the reason why they are not read."""
    found = list(walk(paths, forbidden))
    assert len({each.path for each in found}) == len(found)
    return {each.path: each.content if isinstance(each, Item) else each.reason for each in found}


def letter(*attachments: tuple[str, bytes], text: str = "Dear Ada") -> bytes:
    return folder.letter("Your order", text, attachments)


def test_everything_in_everything_is_seen(tmp_path: Path) -> None:
    inner = letter(("deep.txt", b"deep"))
    outer = letter(("one.txt", b"one"), ("papers.zip", packed({"b.txt": b"bee"})), ("fwd.eml", inner))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "mail.eml").write_bytes(outer)
    (tmp_path / "box.mbox").write_bytes(b"From a Mon\n" + inner + b"\nFrom b Tue\n" + letter(("two.txt", b"two")))
    (tmp_path / "z.zip").write_bytes(packed({"x/y.txt": b"why", "in.zip": packed({"c.txt": b"sea"})}))
    (tmp_path / "report.docx").write_bytes(packed({"word/document.xml": b"<a/>"}))
    found = seen(tmp_path)
    root = tmp_path.name
    assert {path.removeprefix(root): content for path, content in found.items() if not path.endswith(".eml")} == {
        "/a/mail.eml!one.txt": b"one",
        "/a/mail.eml!papers.zip!b.txt": b"bee",
        "/a/mail.eml!Your order.eml!deep.txt": b"deep",
        "/box.mbox!1.eml!deep.txt": b"deep",
        "/box.mbox!2.eml!two.txt": b"two",
        "/report.docx": (tmp_path / "report.docx").read_bytes(),
        "/z.zip!in.zip!c.txt": b"sea",
        "/z.zip!x/y.txt": b"why",
    }
    assert found[f"{root}/a/mail.eml"] == outer  # a letter's own bytes, untouched
    assert found[f"{root}/box.mbox!1.eml"] == inner + b"\n"


def test_hostile_files_end_in_a_reason_and_leave_nothing_behind(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.txt").write_text("Shutterstock")
    reasons = fill(inside)
    before = sorted((path, path.lstat().st_mtime_ns) for path in tmp_path.rglob("*"))
    refused: dict[str, str | None] = {}
    with DocumentReader() as reader:
        for each in walk([inside]):
            if isinstance(each, Refused):
                refused[each.path] = each.reason
            else:
                assert each.content is None or b"Shutterstock" not in each.content
                refused[each.path] = recognise(each, reader, lambda name: None, lambda *_: "").refused
    for path, reason in reasons.items():
        assert reason in (refused[f"in/{path}"] or ""), path
    assert sorted((path, path.lstat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def test_a_link_that_is_named_is_followed_and_the_home_is_passed_over(tmp_path: Path) -> None:
    real, home = tmp_path / "real", tmp_path / "real" / "home"
    home.mkdir(parents=True)
    (real / "a.txt").write_text("a")
    (home / "b.txt").write_text("b")
    (tmp_path / "named").symlink_to(real)
    assert seen(tmp_path / "named", forbidden=home) == {
        "real/a.txt": b"a", "real/home": "it is the archiver's own home"
    }  # fmt: skip


def test_a_file_that_changes_or_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("growing.txt", "locked.txt", "steady.txt"):
        (tmp_path / name).write_text(name)
    real_open = os.open

    def opened(path: str | Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if path == "locked.txt":
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, flags, mode, dir_fd=dir_fd)

    def taken(file: object, most: int | None = None) -> tuple[str, bytes | None, int]:
        with (tmp_path / "growing.txt").open("a") as growing:
            growing.write("!")
        return real_taken(file, most)  # type: ignore[arg-type]  # passed on

    real_taken = containers.taken
    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(walking, "_IN_FOLDERS", True)
    monkeypatch.setattr(walking, "taken", taken)
    found = seen(tmp_path)
    assert "changed while it was read" in str(found[f"{tmp_path.name}/growing.txt"])
    assert "Permission denied" in str(found[f"{tmp_path.name}/locked.txt"])
    assert found[f"{tmp_path.name}/steady.txt"] == b"steady.txt"


def test_the_next_files_are_opened_while_one_is_read_and_closed_if_nobody_reads_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first openings wait until others have begun, as on a share that takes its time."""
    names = [f"{number:02}.txt" for number in range(40)]
    for name in names:
        (tmp_path / name).write_text(f"This is {name}")
    opened, begun, together = os.open, list[str](), threading.Event()

    def slow(name: Any, *how: Any, **where: Any) -> int:
        if str(name).endswith(".txt"):
            begun.append(name)
            if len(begun) == 4:
                together.set()
            assert together.wait(timeout=20)
        return opened(name, *how, **where)

    monkeypatch.setattr(os, "open", slow)
    handles = Path("/proc/self/fd")
    with DocumentReader(workers=1) as reader:
        items = list(walk([tmp_path], reader=reader))
        assert [each.path.rpartition("/")[2] for each in items if isinstance(each, Item)] == names
        before = len(list(handles.iterdir())) if handles.exists() else 0
        left = walk([tmp_path], reader=reader)
        next(left)
        left.close()  # type: ignore[attr-defined]  # it is a generator
        assert not handles.exists() or len(list(handles.iterdir())) == before


def test_limits_hold_for_all_that_is_in_a_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        containers.Budget, "__init__", lambda self: self.__dict__.update(members=5, bytes=1000, seconds=0.0)
    )
    (tmp_path / "many.zip").write_bytes(packed({f"{n}.txt": b"x" for n in range(6)}))
    (tmp_path / "much.zip").write_bytes(packed({"a.zip": packed({"a": bytes(range(200)) * 4}, store=True)}))
    (tmp_path / "letters.zip").write_bytes(packed({"2.eml": b"From: ada@example.com\nSubject: Licence\n\nHello"}))
    found = seen(tmp_path)
    assert "took longer to read" in str(found[f"{tmp_path.name}/letters.zip!2.eml"])
    assert "it has 6 members" in str(found[f"{tmp_path.name}/many.zip"])
    assert "more than 4 GB" in str(found[f"{tmp_path.name}/much.zip!a.zip!a"])


def test_a_small_bomb_of_bombs_costs_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MIN_UNPACKED_LIMIT_BYTES", 1 << 20)
    content = packed({"a": bytes(range(200)) * 500})
    for width in (30, 30):
        content = packed({f"{n}.zip": content for n in range(width)})
    (tmp_path / "wide.zip").write_bytes(content)
    deep = packed({"a": b"x"})
    for _ in range(6):
        deep = packed({f"{n}.zip": deep for n in range(8)})
    (tmp_path / "deep.zip").write_bytes(deep)
    found = list(walk([tmp_path]))
    assert len(found) < 300 and sum(
        each.size for each in found if isinstance(each, Item)
    ) < MAX_COMPRESSION_RATIO * len(content)


def test_a_zip_whose_list_of_members_is_endless_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "MAX_DIRECTORY_BYTES", 1000)
    monkeypatch.setattr(containers, "CHUNK_BYTES", 8192)
    (tmp_path / "z.zip").write_bytes(packed({f"{n:0100}.txt": b"x" for n in range(100)}))
    assert "too many members" in str(seen(tmp_path)[f"{tmp_path.name}/z.zip"])


@pytest.fixture(scope="module")
def unpacker() -> Iterator[DocumentReader]:
    with DocumentReader(workers=1) as reader:
        yield reader


@given(st.binary(max_size=2000) | st.binary(max_size=300).map(lambda data: b"PK\x03\x04" + data))
def test_any_bytes_can_be_walked(
    tmp_path_factory: pytest.TempPathFactory, unpacker: DocumentReader, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.bin"
    path.write_bytes(content)
    zipped = path.with_suffix(".zip")
    with zipfile.ZipFile(zipped, "w") as made:
        made.writestr("a.eml", content)
        made.writestr("b.mbox", b"From x\n" + content)
    for each in walk([path, zipped], None, unpacker):
        assert each.path
        if isinstance(each, Item) and each.mail:
            assert isinstance(origin(each.content or b"", lambda name: None), str)


@given(st.text(alphabet='ab:;=- \n\t"/<>', max_size=300).map(str.encode) | st.binary(max_size=500))
def test_any_letter_can_be_read(content: bytes) -> None:
    assume(not content.startswith(COMPOUND_FILE))  # which Outlook's begin with
    head = b'From: a@example.com\nContent-Type: multipart/mixed; boundary="a"\n\n--a\n'
    for each in (content, head + content, b"Subject: =?utf-8?" + content + b"?=\n\nx"):
        assert isinstance(read_mail(each).text, str)


@pytest.mark.parametrize("subject", ["=?\xe4\xf6utf-8?q?a?=", "=?utf-8?b?A?=", "=?nowhere?q?a?=", "=?utf-8?b?\xff?="])
def test_a_subject_in_no_charset_is_shown_as_it_stands(subject: str) -> None:
    """In the letter, and in one inside it; as the name of an attachment, too."""
    raw = b"From: a@example.com\nSubject: %b\n" % subject.encode("latin-1")
    part = b'Content-Type: application/pdf; name="%b"\n\nx' % subject.encode("latin-1")
    read = read_mail(raw + b"Content-Type: message/rfc822\n\n" + raw + part)
    assert read.headers["Subject"] and read.attachments
    assert read_mail(raw + part).attachments


def test_an_mbox_is_split_at_its_letters_only() -> None:
    def letters(content: bytes, largest: int = 100) -> list[bytes | int]:
        import io

        return list(messages(io.BytesIO(content), largest))

    assert letters(b"From a\nx\n\nFrom b\ny: From c\nFrom d\n") == [b"x\n\n", b"y: From c\nFrom d\n"]
    assert letters(b"From a\n" + b"x" * 200 + b"\n\nFrom b\ny") == [202, b"y"]
    assert letters(b"") == []


@pytest.fixture(scope="module")
def signed() -> Iterator[tuple[bytes, bytes, bytes]]:
    """A letter that example.com signed, as a whole and its first bytes only, and the record that its DNS would hold."""
    import base64

    import dkim
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    content = letter().replace(b"\n", b"\r\n")
    whole, start = (dkim.sign(content, b"s1", b"example.com", pem, length=part) for part in (False, True))
    yield whole + content, start + content + b"And more.\r\n", b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def test_the_dkim_result_says_what_is_known_and_no_more(signed: tuple[bytes, bytes, bytes]) -> None:
    content, longer, record = signed

    def nobody(name: str) -> bytes | None:
        raise OSError("no DNS")

    assert origin(content, lambda name: record if name == "s1._domainkey.example.com." else None) == "pass: example.com"
    assert origin(content.replace(b"Dear Ada", b"Dear Eve"), lambda name: record).startswith("fail: example.com")
    assert origin(content, lambda name: None) == "not checked: example.com publishes this key no longer"
    assert origin(content, nobody) == "not checked: no DNS for example.com"
    assert origin(content, lambda name: b"v=DKIM1; p=") == "not checked: example.com publishes this key no longer"
    assert origin(content, lambda name: b"p=AAAA") == "not checked: example.com publishes a key of no known form"
    late = content.replace(b"; d=", b"; x=1000; d=", 1)
    assert origin(late, lambda name: record) == "not checked: the signature of example.com has expired"
    assert origin(longer, lambda name: record) == "pass: example.com (of its text the first 10 bytes only)"
    assert origin(b"\t" + content, lambda name: record).startswith("fail: ")
    assert origin(letter(), nobody) == "none: the letter is not signed"
    assert origin(letter() + b"\nDKIM-Signature: v=1", nobody) == "none: the letter is not signed"
    slow = content + b" " * 100_000
    assert origin(slow, lambda name: record).startswith("not checked")


def test_a_fault_of_a_reader_in_one_file_is_told_and_costs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(name)
    home = tmp_path / "home"
    home.mkdir()

    def faulty(item: Item, *rest: Any, **how: Any) -> ClassifiedFile:
        return recognise(item, *rest, **how) if item.name != "b.txt" else rest[99]

    monkeypatch.setattr("archiver.collect.recognition.recognise", faulty)
    with DocumentReader() as reader:
        found = [
            (each.path.rpartition("/")[2], each.refused or "")
            for each in import_reader.recognised([tmp_path], import_reader.FileReading(home=home, reader=reader))
        ]
    assert [(name, bool(reason)) for name, reason in found if name != "home"] == [
        ("a.txt", False), ("b.txt", True), ("c.txt", False),
    ]  # fmt: skip
    assert "IndexError" in dict(found)["b.txt"]


def test_a_reader_that_was_taken_over_can_ask_only_for_names_in_the_letter() -> None:
    """Else it could send out what it read before, as names that somebody's name server is asked for."""
    asked: list[str] = []

    class TakenOver(DocumentReader):
        def stream(
            self, job: str, content: bytes, seconds: float, answer: Callable[[bytes], bytes] | None = None
        ) -> Generator[bytes]:
            assert answer
            for name in (b"s1._domainkey.shop.example.", b"c2VjcmV0._domainkey.shop.example.", b"shop.example.",
                         b"s1._domainkey.c2VjcmV0.example.", b"_domainkey.", b""):  # fmt: skip
                yield answer(name)

    def lookup(name: str) -> bytes | None:
        asked.append(name)
        return b"v=DKIM1"

    letter = b"DKIM-Signature: v=1; s=s1; d=shop.example; b=x\nFrom: a@shop.example\n\nHello\n"
    assert origin_by(TakenOver(), letter, lookup) == "+v=DKIM1!!!!!"
    assert asked == ["s1._domainkey.shop.example."]


def test_a_reader_that_was_taken_over_names_no_files_from_elsewhere() -> None:
    class TakenOver(DocumentReader):
        def stream(self, *_: object) -> Generator[bytes]:
            yield b'{"path": "papers/other.pdf", "refused": "it is fine"}'

    [found] = containers.unpack(TakenOver(), containers.ContainerPlace("papers/mail.eml"), b"")
    assert isinstance(found, Refused) and "not valid" in found.reason and found.path == "papers/mail.eml"
