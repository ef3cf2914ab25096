"""What `setup` asks so that a home works alone: each answer is tried out before it is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from archiver.agency import schedule, setup_unattended
from archiver.agency.schedule import System
from archiver.agency.setup_questions import ask_about_mail
from archiver.agency.setup_unattended import settle
from archiver.home.connections import MAIL_SECRETS, mailer_of
from archiver.home.settings import Home
from archiver.home.settings_edit import create_home
from archiver.home.vault import Vault, new_key
from tests.support.homes import NOT_STARTING, begun
from tests.support.smtp_server import MailServer


@pytest.fixture
def inbox() -> Iterator[tuple[str, list[str]]]:
    """An address that takes messages, and their subjects; it refuses what is sent to /closed."""
    subjects: list[str] = []

    class Inbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(403 if self.path == "/closed" else 200)
            self.end_headers()
            subjects.append(json.loads(body)["subject"])

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Inbox)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", subjects
    server.shutdown()


def test_an_answer_is_kept_once_it_works(
    tmp_path: Path, inbox: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "system_here", lambda: System.CRON)
    tab, program, disk = tmp_path / "tab", tmp_path / "bin" / "crontab", tmp_path / "disk"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncase $1 in -l) cat "{tab}" 2>/dev/null ;; -) cat >"{tab}" ;; esac\ntrue\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    disk.mkdir()
    home = create_home(tmp_path / "home")
    settings = home.root / "archiver.yaml"
    settings.write_text("# by hand\ntimestamps: []\n")
    address, subjects = inbox
    answers = iter((
        "Agency", "Germany", "de", "en", "nobody", "", f"{address}/closed", f"{address}/ada", "25:00", "02:45",
        str(tmp_path / "nowhere"), str(home.root), str(disk),
    ))  # fmt: skip
    said: list[str] = []
    made = settle(Home.load(home.root), False, lambda *_: next(answers), said.append)
    assert next(answers, None) is None
    assert made.settings.notify.channels == (f"{address}/ada",) and len(subjects) == 2
    assert [each.folder for each in made.settings.witnesses] == [disk]
    assert "45 2 * * *" in tab.read_text() and settings.read_text().startswith("# by hand\n")
    assert sum("Nothing was saved" in each for each in said) == 6
    assert (made.settings.agency.name, made.settings.agency.country) == ("Agency", "DE")
    monkeypatch.setattr(setup_unattended, "timestamps", lambda *_, **__: [])  # which would ask those authorities
    made = settle(made, True, lambda *_: "public", said.append)
    assert [each.name for each in made.settings.timestamps] == ["digicert", "sectigo"]
    assert settle(made, True, lambda *_: pytest.fail("asked again"), said.append) == made


def test_an_empty_answer_leaves_it_for_later(tmp_path: Path) -> None:
    home = create_home(tmp_path / "home")
    (home.root / "archiver.yaml").write_text("timestamps: []\n")
    asked: list[str] = []

    def leave(question: str, _: str) -> str:
        asked.append(question)
        return ""

    settle(Home.load(home.root), False, leave, lambda _: None)
    assert (
        len(asked) == 7
        and [each for each in asked if "empty: later" not in each] == []
        and (home.root / "archiver.yaml").read_text() == "timestamps: []\n"
    )


def test_a_mail_server_is_signed_in_to_before_it_is_kept(tmp_path: Path) -> None:
    home = begun(tmp_path, replay=False)
    home.env["ARCHIVER_CHROMIUM"] = NOT_STARTING
    with MailServer(encrypted=False) as mail:
        where = ("--mail-host", f"localhost:{mail.port}", "--mail-from", "archiver@example.com")
        home("setup", "--yes", "--home", home.root, *where, "--country", "de", "--client", "Acme Ltd", "--site",
             "https://www.acme.example/shop", "--messages", "ada@example.com ben@example.com")  # fmt: skip
        assert len(mail.mails) == 2
    settings = Home.load(home.root).settings
    assert (settings.mail.host, settings.mail.port, settings.agency.country) == ("localhost", mail.port, "DE")
    assert settings.notify.channels == ("ada@example.com", "ben@example.com")
    assert Home.load(home.root).client("acme").domains == ("acme.example",)
    before = (home.root / "archiver.yaml").read_bytes()
    other = ("setup", "--yes", "--home", home.root, "--mail-host", "localhost:9", "--mail-from", "a@example.com")
    assert "mail server localhost" in home(*other, code=30).stderr
    assert (home.root / "archiver.yaml").read_bytes() == before
    signed = ("--mail-user", "ada", "--secrets-stdin", "--no-check")
    home(*other, *signed, stdin="password: RECORDED-PASSWORD\n")
    text = (home.root / "archiver.yaml").read_text()
    assert "username: ada" in text and "RECORDED" not in text
    assert "password of ben is missing" not in home("status", code=None).stderr


def test_a_refused_mail_server_is_asked_again_and_may_stay_untested(tmp_path: Path) -> None:
    home, key = create_home(tmp_path / "home"), new_key()
    vault = Vault.create(home.vault, key)
    answers = iter(("localhost:port", "a@example.com", "", "localhost:9", "a@example.com", "ada", "perhaps", "no",
                    "localhost:9", "a@example.com", "ada", "yes"))  # fmt: skip
    said: list[str] = []
    made = ask_about_mail(home, vault, lambda *_: next(answers), lambda _: "RECORDED-PASSWORD", said.append)
    assert next(answers, None) is None and len(said) == 3 and "is not a port" in said[0]
    assert (made.settings.mail.username, vault.secrets(MAIL_SECRETS)) == ("ada", {"password": "RECORDED-PASSWORD"})
    assert mailer_of(made).username == "ada"
