"""A mailbox as a source, on a real IMAP server."""

from __future__ import annotations

import asyncio
import base64
import imaplib
import json
import random
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import certifi
import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from archiver.agency import after_run, mailed_letters, night
from archiver.agency.notification_causes import causes
from archiver.claims.claim_files import all_claims
from archiver.collect import mailbox
from archiver.collect.run_context import RunRequest
from archiver.collect.sources import SourceResult
from archiver.home.settings_edit import add_source, remove_input
from tests.support import mailbox_kills
from tests.support.agency import Agency, agency
from tests.support.imap_server import PASSWORD, USER, ImapServer, imap_server, mail, missing
from tests.support.letter_texts import ABMAHNUNG, COPYTRACK
from tests.support.papers import licence
from tests.support.pdf_files import pdf

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "")

CANARY = "kanarienvogel-9731"
ENCLOSED = (
    "Vexel Pictures Ltd", "Our ref: VX-2026-441", "You use our photo on www.acme.example/menu without a licence.",
    "Please pay GBP 300.00 by 30 November 2026.",
)  # fmt: skip
RECEIPT = "iStock <receipts@istockphoto.com>"


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with imap_server() as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    with agency(tmp_path_factory.mktemp("office")) as office:
        yield office


@pytest.fixture
def office(made: Agency, server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agency]:
    """The agency with an empty mailbox as the source `acme-mail`, and nothing else to read."""
    shutil.rmtree(server.mail)
    server.put([])
    monkeypatch.setattr(after_run, "search_pictures", lambda home: [])  # a matcher takes seconds to start
    add_source(
        made.home.root, "acme-mail", client="acme", kind="mailbox", host="localhost", port=server.port, username=USER,
        ca_file=str(server.ca_file),
    )  # fmt: skip
    made.vault.set_secrets("acme-mail", {"password": PASSWORD})
    yield made
    remove_input(made.home.root, "sources", "acme-mail")
    made.vault.forget("acme-mail")
    shutil.rmtree(made.home.state / "sources", ignore_errors=True)
    shutil.rmtree(made.home.root / "work", ignore_errors=True)


def read(office: Agency, **options: Any) -> SourceResult:
    order = RunRequest(sources=["acme-mail"], **options)
    [result] = asyncio.run(night.run(office.home, office.vault, order)).accounts
    assert isinstance(result, SourceResult)
    return result


def papers(numbers: range) -> list[bytes]:
    return [mail(RECEIPT, "Your licence", licence("en", "istock", n).text) for n in numbers]


def archived(office: Agency) -> list[str]:
    return [row["licence"] for row in office.run.json("find", "--client", "acme")]


def traces(office: Agency) -> list[Path]:
    """The files of the home in which the words of a mail that was passed over are found, as they are or encoded."""
    words = [CANARY.encode(), base64.b64encode(CANARY.encode())[:16], CANARY.encode("utf-16-le")]
    return [
        path
        for path in office.home.root.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in words)
    ]


def test_papers_are_archived_letters_become_claims_and_the_rest_leaves_no_trace(
    server: ImapServer, office: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    forwarded = f"FYI\n\n---------- Forwarded message ---------\nFrom: x <claims@copytrack.com>\n\n{COPYTRACK}"
    server.put(
        [
            *papers(range(1)),
            mail(f"Ben {CANARY} <ben@example.net>", f"Lunch {CANARY}", f"At noon? {CANARY}"),
            mail("iStock <news@istockphoto.com>", f"New {CANARY}", CANARY, List_Unsubscribe="<mailto:u@example.com>"),
            mail("iStock <login@istockphoto.com>", "Your verification code", CANARY),
            mail("Claims <claims@copytrack.com>", "Berechtigungsanfrage", COPYTRACK),
            mail("Ada <ada@example.com>", "Fwd: Berechtigungsanfrage", forwarded),
            mail("Kanzlei <kanzlei@example.org>", "Az. 123/26-AB", ABMAHNUNG),
            mail("Desk <d@example.net>", "Documents", "See the PDF.", attachments=[("1.pdf", pdf(*ENCLOSED))]),
            mail("Ben <ben@example.net>", "Menu", "See the PDF.", attachments=[("2.pdf", pdf(f"Soup, {CANARY}"))]),
        ]
    )
    server.put(papers(range(1, 2)), folder="Belege &AOQ-rger")  # Belege ärger, as modified UTF-7 writes it
    server.put([mail(RECEIPT, "Your licence", "in the bin")], folder="Trash")
    before = server.state()
    planned = read(office, dry_run=True)
    assert [item["taken"] for item in planned.items].count(True) == 6
    assert not archived(office) and not (office.home.root / "work").exists()
    assert all(CANARY not in str(item) for item in planned.items)
    result = read(office)
    assert (result.outcome, result.listed, result.archived, len(result.claims)) == ("complete", 2, 2, 3)
    assert sum(result.reasons.values()) == 10 and len(archived(office)) == 2
    claims = {claim.reference: claim for claim in all_claims(office.home)}
    assert set(claims) == {"X7K2P9", "123/26-AB", "VX-2026-441"} and not any(
        claim.confirmed for claim in claims.values()
    )
    assert [len(mailed_letters.mails_of(office.home, each.claim)) for each in claims.values()].count(2) == 1
    told = [each for each in causes(office.home, datetime.now(UTC)) if "came by mail" in each.happened]
    assert {each.about for each in told} == {claim.claim for claim in claims.values()}
    assert not traces(office)
    asked, command = list[str](), imaplib.IMAP4._command  # type: ignore[attr-defined]  # private, and what is sent

    def count(self: Any, name: str, *arguments: Any) -> Any:
        asked.append(name)
        return command(self, name, *arguments)

    monkeypatch.setattr(imaplib.IMAP4, "_command", count)
    again = read(office)
    assert len(asked) <= 10 and {"EXAMINE", "LOGOUT"} <= {*asked} and "SELECT" not in asked, asked
    assert (again.listed, again.claims, sum(again.reasons.values())) == (0, [], 0)
    assert server.state() == before
    shutil.rmtree(office.home.state / "sources")  # what it remembers may vanish
    assert (read(office).already, len(archived(office)), len(all_claims(office.home))) == (2, 2, 3)


def test_the_server_numbers_its_mails_anew(server: ImapServer, office: Agency) -> None:
    server.put(papers(range(10, 13)))
    assert read(office).archived == 3
    server.put(papers(range(13, 14)))
    for _ in range(9):  # the server numbers by the second, and may still have the old numbers in memory
        time.sleep(1)
        for path in server.mail.glob("dovecot*"):
            path.unlink()
        result = read(office)
        if result.warnings:
            break
    assert "anew" in result.warnings[0] and result.archived + result.already == 4
    path = office.home.state / "sources" / "acme-mail" / "cursor.json"
    cursor = json.loads(path.read_text())
    cursor["folders"]["INBOX"]["top"] += 100  # as of a server that was restored from a backup
    path.write_text(json.dumps(cursor))
    server.put(papers(range(14, 15)))
    result = read(office)
    assert result.archived == 1 and "anew" in result.warnings[0]


def test_a_refused_password_is_tried_once(server: ImapServer, office: Agency) -> None:
    office.vault.set_secrets("acme-mail", {"password": "another"})
    tried = server.log().count("auth failed")
    for _ in range(3):
        result = read(office)
        assert (result.error, result.exit_code) == ("WrongPassword", 10) and "another" not in result.message
    assert server.log().count("auth failed") == tried + 1
    [cause] = [each for each in causes(office.home, datetime.now(UTC)) if each.about == "acme-mail"]
    assert (cause.kind, cause.fix.command) == ("person", "archiver source rotate acme-mail")
    office.run("account", "rotate", "acme-mail", "--secrets-stdin", stdin=f"password: {PASSWORD}")
    server.put(papers(range(70, 72)))
    assert read(office).archived == 2
    office.vault.set_secrets("acme-mail", {"password": "another"})
    assert read(office, full=True).error == "WrongPassword"  # the night that was to read all anew
    office.vault.set_secrets("acme-mail", {"password": PASSWORD})
    assert (again := read(office)).error is None and again.already == 2


def test_a_certificate_of_nobody_and_a_server_that_is_down(
    server: ImapServer, office: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = office.home.root / "clients" / "acme.yaml"
    text = path.read_text()
    path.write_text(text.replace(str(server.ca_file), certifi.where()))
    refused = read(office)
    assert refused.error == "ConfigError" and "not trusted" in refused.message
    path.write_text(text.replace(str(server.port), "1"))
    assert (down := read(office)).error == "SiteUnavailable" and down.exit_code == 30
    path.write_text(
        text.replace(str(server.port), str(server.starttls_port)).replace("host:", "security: starttls\n    host:")
    )
    assert read(office).error is None
    path.write_text(text.replace("host:", 'folders: ["Receipts*"]\n    host:'))
    assert (none := read(office)).outcome == "partial" and "Receipts*" in none.unexplained[0]
    path.write_text(text)
    folder_list = IMAPClient._proc_folder_list
    odd = b'() "." "R&D"'  # no modified UTF-7
    monkeypatch.setattr(IMAPClient, "_proc_folder_list", lambda self, rows: folder_list(self, [*rows, odd, odd]))
    assert (named := read(office)).error is None and named.unexplained == ["acme-mail/R&D: this folder does not exist"]


@contextmanager
def cut_after(server: ImapServer, *sizes: int) -> Iterator[int]:
    """A port that leads to the server; of each connection in turn, so many bytes of the answers come through."""
    with socket.create_server(("127.0.0.1", 0)) as gate:

        def copy(source: socket.socket, target: socket.socket, most: float) -> None:
            with suppress(OSError):
                while most > 0 and (data := source.recv(min(65536, int(min(most, 65536))))):
                    target.sendall(data)
                    most -= len(data)
            for each in (source, target):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

        def serve() -> None:
            left = [*sizes]
            with suppress(OSError):
                while True:
                    inner, _ = gate.accept()
                    outer = socket.create_connection(("127.0.0.1", server.port))
                    most = left.pop(0) if left else float("inf")
                    threading.Thread(target=copy, args=(inner, outer, float("inf")), daemon=True).start()
                    threading.Thread(target=copy, args=(outer, inner, most), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield gate.getsockname()[1]


@pytest.mark.long  # a server that numbers anew: below
def test_a_connection_is_cut_in_the_middle_of_a_mail(
    server: ImapServer, office: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "BATCH_MAILS", 4)
    large = mail(RECEIPT, "Your licence", licence("en", "istock", 40).text, attachments=[("x.bin", bytes(3 << 20))])
    server.put([*papers(range(30, 38)), large, *papers(range(38, 40))])
    path = office.home.root / "clients" / "acme.yaml"
    text = path.read_text()
    with cut_after(server, 2_000_000, 12_000, 20_000) as port:
        path.write_text(text.replace(str(server.port), str(port)))
        results = [read(office) for _ in range(4)]
    path.write_text(text)
    assert {each.error for each in results} <= {None, "SiteUnavailable"} and results[-1].error is None
    mine = [each for each in archived(office) if "_12345003" in each or "_12345004" in each]
    assert sum(each.archived for each in results) == 11 == len(mine)
    # Three mails that the server does not give, among others: they are named, and read once it gives them.
    fetch, broken = IMAPClient.fetch, {13: "cuts", 15: "refuses", 18: "gives nothing"}

    def faulty(self: Any, messages: Any, data: Any, modifiers: Any = None) -> Any:
        for each in messages:
            if broken.get(each) == "cuts":
                raise IMAPClientAbortError("socket error: EOF")
            if broken.get(each) == "refuses":
                raise IMAPClientError("UID FETCH failed: NO [SERVERBUG] Internal error")
        found = fetch(self, messages, data, modifiers)
        return {each: {} if each in broken else given for each, given in found.items()}

    monkeypatch.setattr(IMAPClient, "fetch", faulty)
    server.put(papers(range(60, 69)))  # 12 to 20
    for expected in (6, 0):
        result = read(office)
        assert (result.outcome, result.error, len(result.unexplained)) == ("partial", None, 3), result
        assert result.archived == expected
        places = {each["place"] for each in office.run.json("source", "report", "acme-mail")}
        assert places == {f"acme-mail/INBOX/{uid}" for uid in broken}
    broken.clear()
    assert (result := read(office)).archived == 3 and result.outcome == "complete"
    assert not office.run.json("source", "report", "acme-mail")


def test_mails_that_are_too_large_or_hostile(
    server: ImapServer, office: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MAX_FILE_BYTES", 1 << 20)
    parts = b"".join(b"--x\r\nContent-Type: text/plain\r\n\r\n1\r\n" for _ in range(5000))
    head = f"From: {RECEIPT}\r\nSubject: Your receipt\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n".encode()
    script = (
        b"From: a@example.net\r\nSubject: =?utf-7?q?+2AA-?=\r\nContent-Type: text/plain; charset=undefined\r\n\r\n\xfc"
    )
    large = mail(RECEIPT, "Your receipt", "x" * 70 + ("\ny" * 1_000_000))
    server.put([head + parts + b"--x--\r\n", large, script])
    assert read(office, dry_run=True).error is None
    result = read(office)
    assert (result.outcome, result.exit_code, result.archived) == ("partial", 40, 1)  # the first as it came
    assert result.unexplained == ["acme-mail/INBOX/2: it is larger than 1 MB"]
    rows = office.run.json("source", "report", "acme-mail")
    assert rows == [{"place": "acme-mail/INBOX/2", "why": "it is larger than 1 MB"}]
    assert read(office).outcome == "complete"


@pytest.mark.long  # the limit itself: above
@pytest.mark.parametrize(("mb", "archived_mails"), [(48, 1), (60, 0)])
def test_a_large_mail_takes_little_memory(server: ImapServer, office: Agency, mb: int, archived_mails: int) -> None:
    """It is archived as it came, or named with the reason."""
    text, paper = licence("en", "istock", mb).text, random.Random(mb).randbytes((mb << 20) * 3 // 4)
    content = mail(RECEIPT, "Your licence", text, attachments=[("film.bin", paper)])
    server.put([content])
    result, peak_mb = mailbox_kills.complete(office)
    print(f"{len(content) >> 20} MB: peak {peak_mb:.0f} MB")
    assert result["archived"] == archived_mails, result
    assert bool(result["unexplained"]) is not bool(archived_mails)
    assert peak_mb < 200, peak_mb


def test_the_answer_of_the_dns_is_kept_and_proves_the_mail_later(
    server: ImapServer, office: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    content = mail(RECEIPT, "Your licence", licence("en", "istock", 50).text).replace(b"\n", b"\r\n")
    signature = dkim.sign(content, b"s1", b"istockphoto.com", pem, include_headers=[b"from", b"subject", b"date"])
    monkeypatch.setattr("archiver.reading.mail.DnsLookup", lambda: lambda name: record)
    server.put([b"Authentication-Results: mx.example.com; dkim=pass\r\n" + signature + content])
    assert read(office).archived == 1
    [short_id] = [each for each in archived(office) if "_12345005" in each]
    shown = office.run.json("source", "origin", short_id)
    [found] = shown
    assert found["on_arrival"] == "pass: istockphoto.com" == found["now"]
    assert found["keys"]["s1._domainkey.istockphoto.com"]["txt"] == record.decode()
    assert found["authentication_results"] == ["Authentication-Results: mx.example.com; dkim=pass"]


@pytest.mark.long  # a connection that is cut: below
def test_a_first_reading_that_is_killed_goes_on(server: ImapServer, office: Agency) -> None:
    server.put(mailbox_kills.mails(250, 6, 2))
    process = mailbox_kills.run(office)
    cursor = office.home.state / "sources" / "acme-mail" / "cursor.json"
    until = time.monotonic() + 60
    while not cursor.exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.01)
    mailbox_kills.kill(process)
    low = json.loads(cursor.read_text())["folders"]["INBOX"]["low"]
    result = read(office)
    assert sum(result.reasons.values()) == low - 1 and result.error is None  # what was read is not read again
    ids = [each.rpartition("_istock_")[2][:9] for each in archived(office)]
    assert len(ids) == len(set(ids)) and {f"12345000{n}" for n in range(1, 7)} <= {*ids}
    assert len(all_claims(office.home)) == 2 and not traces(office)
