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
from archiver.agency.setup_unattended import settle
from archiver.home.settings import Home
from archiver.home.settings_edit import create_home


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
    assert len(asked) == 7 and (home.root / "archiver.yaml").read_text() == "timestamps: []\n"
