"""Ways in, sessions, links and the audit log: what each uses up, when each ends, and what is kept of it."""

from __future__ import annotations

import asyncio
import json
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.core.errors import AuditChanged, ConfigError
from archiver.desk import auth
from archiver.desk.api_tokens import ApiTokens
from archiver.desk.audit_log import BURST_LINES, AuditLog, newest, verify
from archiver.desk.auth import (
    AccessControl,
    Links,
    Role,
    Sessions,
    Users,
    Visitor,
    end_session_on_disk,
    owner,
    sessions_on_disk,
)
from archiver.desk.desk_state import Site
from archiver.desk.serve import application
from tests.support.desk_kit import PASSWORD, Person, Served, started

type Sign = Callable[..., Person]

HOST = "archive.example.com"

# ---------------------------------------------------------------- the one-time link


@pytest.fixture
def browser_program(tmp_path: Path, served: Served) -> Iterator[Path]:
    """A program that stands for the browser, and writes down with what it is started."""
    program, told = tmp_path / "browser", tmp_path / "told"
    program.write_text(f'#!{sys.executable}\nimport sys\nopen({str(told)!r}, "a").write("\\n".join(sys.argv[1:]))\n')
    program.chmod(0o700)
    before = dict(served.agency.run.env)
    served.agency.run.env["BROWSER"] = f"{program} %s"
    yield told
    served.agency.run.env.clear()
    served.agency.run.env.update(before)


def test_the_one_time_link_is_in_no_command_line_and_only_a_persons_visit_uses_it_up(
    served: Served, browser_program: Path
) -> None:
    process, link = started(served.agency, browse=True)
    try:
        until = time.monotonic() + 60
        while not (browser_program.exists() and (said := browser_program.read_text())):
            assert time.monotonic() < until
            time.sleep(0.02)
        secret = link.rpartition("/")[2]
        assert secret not in said
        page = Path(unquote(urlsplit(said).path))
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
        assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
        assert f'url={link}"' in page.read_text()
        for _ in range(2):
            assert httpx.head(link).status_code == 200
            assert "set-cookie" not in httpx.head(link).headers
            assert "set-cookie" not in httpx.get(link, headers={"sec-purpose": "prefetch;prerender"}).headers
        with httpx.Client(base_url=link.partition("/enter/")[0], timeout=60) as http:
            assert http.get(link).status_code == 200
            assert http.get("/access").status_code == 200
            assert not page.exists()
            assert httpx.get(link).status_code == 401
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert urlsplit(link).netloc not in {each.desk for each, _ in sessions_on_disk(served.agency.home.state)}


# ---------------------------------------------------------------- behind a proxy


def test_behind_a_proxy_no_answer_leads_to_http_and_no_cookie_goes_in_clear(served: Served, tmp_path: Path) -> None:
    home = served.agency.home
    access = AccessControl(home.root, tmp_path)
    app = application(home, Site(hosts=frozenset({HOST}), secure=True, proxied=True), access)
    answers: list[httpx.Response] = []

    async def note(answer: httpx.Response) -> None:
        answers.append(answer)

    async def scene() -> None:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 9))
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://{HOST}", event_hooks={"response": [note]}
        ) as http:
            for path in ("/", "/find/", "/static", "/static/", "/sign-in/", "/client/acme/", "/sign-in?lang=de"):
                await http.get(path)
            sent = {
                "data": {"name": "Olaf Operator", "password": PASSWORD},
                "headers": [("origin", f"https://{HOST}"), ("x-forwarded-for", "6.6.6.6"),
                            ("x-forwarded-for", "7.7.7.7, 198.51.100.7")],
            }  # fmt: skip
            assert (await http.post("/sign-in", **sent)).status_code == 200  # type: ignore[arg-type]
            cookie = {each.name: each.value for each in http.cookies.jar}["__Host-desk"]
            signed = {"cookie": f"__Host-desk={cookie}", "origin": f"https://{HOST}"}
            for path in ("/find", "/find/", "/client/acme/", "/access", "/?lang=en", "/unassigned/"):
                await http.get(path, headers=signed)
            found = re.search(r'name="token" value="([^"]+)"', (await http.get("/find", headers=signed)).text)
            assert found
            form = {"token": found[1], "days": "7"}
            made = await http.post("/client/acme/link", data=form, headers=signed)
            assert f"https://{HOST}/link/acme." in made.text
            await http.post("/sign-out", data=form, headers=signed)

    asyncio.run(scene())
    assert any("location" in each.headers for each in answers)
    for each in answers:
        assert "http://" not in each.headers.get("location", ""), each.url
        assert "http://" not in each.headers.get("refresh", "")
        assert all("secure" in line.lower() for line in each.headers.get_list("set-cookie")), each.url
    [entered] = [line for line in newest(access.audit.path, 99) if line["what"] == "entered"]
    assert entered["origin"] == "198.51.100.7"  # what the proxy added, not what the visitor claims


# ---------------------------------------------------------------- sessions and links


@contextmanager
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[float], None]]:
    now = [time.time()]
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: now[0])

        def later(minutes: float) -> None:
            now[0] += 60 * minutes

        yield later


def visitor(name: str = "Rita", role: Role = Role.READ, hours: float = 12) -> Visitor:
    return Visitor(name=name, role=role, expires=time.time() + 3600 * hours)


def test_a_session_that_nobody_uses_ends_and_one_in_use_ends_in_the_evening(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with clock(monkeypatch) as later:
        sessions = Sessions(tmp_path)
        idle, used, mine = (sessions.begin(each, "") for each in (visitor(), visitor(), owner()))
        for hour in range(12):
            later(59)
            assert sessions.visitor(used)
            assert hour == 0 or sessions.visitor(idle, asks=False) is None  # a page that asks by itself is nobody
        assert sessions.visitor(mine) is None  # after four hours
        later(59)
        assert sessions.visitor(used) is None
        assert list((tmp_path / "desk" / "sessions").iterdir()) == []
        short = Sessions(tmp_path, idle_minutes=5)
        cookie = short.begin(owner(), "")
        later(6)
        assert short.visitor(cookie) is None


def test_of_one_name_only_some_sessions_go_on(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path)
    cookies = [sessions.begin(visitor(), "") for _ in range(auth.MAX_SESSIONS_OF_HOLDER + 5)]
    other = sessions.begin(visitor("Olaf"), "")
    assert [bool(sessions.visitor(each)) for each in cookies] == [False] * 5 + [True] * auth.MAX_SESSIONS_OF_HOLDER
    assert sessions.visitor(other)
    guest = sessions.begin(replace(visitor("link of acme"), link="one"), "")
    for _ in range(auth.MAX_SESSIONS_OF_HOLDER + 5):  # another link of the same client
        sessions.begin(replace(visitor("link of acme"), link="two"), "")
    assert sessions.visitor(guest)


def test_a_session_is_listed_and_ended_by_others_and_a_disk_that_is_full_bars_nobody(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path, desk="127.0.0.1:8737")
    one, two = visitor(), visitor("Olaf", Role.OPERATE)
    first, second = sessions.begin(one, "198.51.100.7"), sessions.begin(two, "")
    listed = {each.id: each for each, _ in sessions_on_disk(tmp_path)}
    assert listed[one.id].who == "Rita" and listed[one.id].address == "198.51.100.7"
    assert first not in (tmp_path / "desk" / "sessions" / f"{one.id}.json").read_text()
    end_session_on_disk(tmp_path, one.id)
    assert sessions.visitor(first) is None and sessions.visitor(second) == two
    with pytest.raises(ConfigError, match="no session"):
        end_session_on_disk(tmp_path, one.id)
    Sessions(tmp_path, desk="127.0.0.1:8737").clear()  # as a desk does that starts where another one was killed
    assert sessions.visitor(second) is None
    (tmp_path / "full").write_text("no folder")
    unwritten = Sessions(tmp_path / "full")
    cookie = unwritten.begin(one, "")
    assert unwritten.visitor(cookie) == one
    assert unwritten.end(one.id) and unwritten.visitor(cookie) is None


def test_sessions_and_links_are_listed_and_ended_at_the_desk_and_by_command(served: Served, person: Sign) -> None:
    before = {each.id for each, _ in sessions_on_disk(served.agency.home.state)}
    olaf, rita = person("Olaf Operator", fresh=True), person("Rita Reader", fresh=True)
    ids = {each.who: each.id for each, _ in sessions_on_disk(served.agency.home.state) if each.id not in before}
    assert ids["Olaf Operator"] not in rita.get("/access").text  # everybody sees their own
    assert ids["Rita Reader"] in rita.get("/access").text
    assert rita.post("/access/session", {"id": ids["Olaf Operator"]}).status_code == 404
    assert ids["Rita Reader"] in {each["id"] for each in served.agency.run.json("desk", "session", "list")}
    assert olaf.post("/access/session", {"id": ids["Rita Reader"]}).status_code == 303
    assert rita.get("/").status_code == 303 and olaf.get("/").status_code == 200

    made = re.search(r"/link/(acme\.[\w.-]+)", olaf.post("/client/acme/link", {"days": "7"}).text)
    assert made
    secret, id = made[1], made[1].split(".")[1]
    guest, later = person(), person()
    assert guest.get(f"/link/{secret}").status_code == 200
    assert guest.get("/access").status_code == 404  # neither see
    assert guest.post("/access/link", {"id": id}).status_code == 404  # nor do
    assert id in olaf.get("/access").text and secret not in olaf.get("/access").text
    served.agency.run("desk", "link", "end", id)
    assert guest.get("/client/acme").status_code == 303
    assert later.get(f"/link/{secret}").status_code == 401
    second = Links(served.agency.home.state).made("acme", 7)[0].split(".")[1]
    assert olaf.post("/access/link", {"id": second}).status_code == 303
    assert second not in {each.id for each in Links(served.agency.home.state).all()}
    said = {(each["who"], each["what"]) for each in served.agency.run.json("desk", "audit", "--count", "99")}
    assert {("command line", "link ended"), ("Olaf Operator", "link ended")} <= said


# ---------------------------------------------------------------- the audit log


def test_strangers_and_guests_cannot_fill_the_audit_log_and_what_was_left_out_is_told(tmp_path: Path) -> None:
    now = [0.0]
    access = AccessControl(tmp_path, tmp_path)
    access.audit = AuditLog(tmp_path / "audit.jsonl", lambda: now[0])
    guest = Visitor(name="link of acme", role=Role.CLIENT, expires=0, client="acme")
    for number in range(1000):
        access.log_action(None, "refused", f"link {number}" + "x" * 9999, origin=f"203.0.113.{number}")
        access.log_action(guest, "saved", "9001/certificate.pdf")
    operator = visitor("Olaf", Role.OPERATE)
    for _ in range(100):
        access.log_action(operator, "assigned", "9001")
    lines = newest(access.audit.path, 9999)
    assert [sum(each["who"] == who for each in lines) for who in (None, "link of acme", "Olaf")] == [
        BURST_LINES, BURST_LINES, 100,
    ]  # fmt: skip
    assert access.audit.path.stat().st_size < 100_000
    now[0] += 120
    access.log_action(None, "refused", "link")
    assert newest(access.audit.path, 1)[0]["left_out"] == 1000 - BURST_LINES
    assert verify(access.audit.path) == 2 * BURST_LINES + 101


ADD = """
import sys; from pathlib import Path
from archiver.desk.auth import Users; from archiver.desk.api_tokens import ApiTokens
home = Path(sys.argv[1])
for number in range(30):
    Users(home).add_without_password(f"process {number}", "read")
    ApiTokens(home).made(f"process {number}", ("search",), "", 1, "Olga")
"""


def test_names_that_nobody_has_are_neither_told_nor_kept(
    served: Served, person: Sign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users, hashed, checked = Users(tmp_path), list[str](), PasswordHasher.verify
    other = subprocess.Popen([sys.executable, "-c", ADD, tmp_path])
    users.add_without_password("Olga", "read")
    for number in range(30):
        Users(tmp_path).add_without_password(f"thread {number}", "read")
        ApiTokens(tmp_path).made(f"thread {number}", ("search",), "", 1, "Olga")
    assert other.wait(60) == 0
    assert len(users.all()) == 61 and len(ApiTokens(tmp_path).all()) == 60  # two processes lost none of each other's

    def counted(own: PasswordHasher, password_hash: str, password: str) -> bool:
        hashed.append(password_hash)
        return bool(checked(own, password_hash, password))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for name in ("Olga", "nobody"):  # neither is told from the other by the time that it takes
        assert users.known(name, "wrong password") is None
    assert all(each.startswith("$argon2id$") for each in hashed) and len(hashed) == 2
    person().post("/sign-in", {"name": "s3cret-typed-in-the-wrong-field", "password": "x"}, token="")
    assert "wrong-field" not in (served.agency.home.state / "desk" / "audit.jsonl").read_text()


def test_an_audit_log_that_cannot_be_written_bars_nobody_and_is_caught_up(served: Served, person: Sign) -> None:
    olaf, path = person("Olaf Operator"), served.agency.home.state / "desk" / "audit.jsonl"
    olaf.post("/client/acme/link", {"days": "7"})
    kept = path.rename(path.with_suffix(".kept"))
    path.mkdir()
    try:
        again = person("Olaf Operator", fresh=True)
        assert again.get("/find?q=9001").status_code == 200
        assert again.get(served.place("harbour") + "/file/record.json?save=1").status_code == 200
        assert "The desk cannot write the audit log" in again.get("/").text
        assert "The audit log" not in person("Rita Reader").get("/").text
    finally:
        path.rmdir()
        kept.rename(path)
    before = len(newest(path, 9999))
    assert olaf.post("/client/acme/link", {"days": "7"}).status_code == 200
    after = newest(path, 9999)
    assert [each["what"] for each in after[before:]][:2] == ["entered", "saved"] and after[-1]["what"] == "link made"
    assert "The audit log" not in olaf.get("/").text
    assert verify(path) == len(after)


WRITE = """
import sys; from pathlib import Path; from archiver.desk.audit_log import AuditLog
log = AuditLog(Path(sys.argv[1]))
for number in range(20): log.write("a process", "tested", str(number))
while log.fault: log.write("a process", "tested")
"""


def test_threads_and_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    other = subprocess.Popen([sys.executable, "-c", WRITE, path])
    log = AuditLog(path)
    threads = [threading.Thread(target=log.write, args=(f"thread {number}", "tested")) for number in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    while log.fault:  # the other one held it for too long
        log.write("thread", "tested")
    assert other.wait(60) == 0
    assert verify(path) >= 40


OLD = [json.dumps({"at": "2026-11-24T00:00:00Z", "who": "Olaf", "what": "entered", "target": ""})] * 3


@settings(max_examples=40)
@given(st.data())
def test_a_line_that_is_changed_taken_out_or_put_in_is_named(tmp_path_factory: Any, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    old = data.draw(st.integers(0, 2))
    path.write_text("".join(f"{each}\n" for each in OLD[:old]) + '{"an unfinished li')
    log = AuditLog(path)
    for number in range(6):
        log.write("Olaf", "assigned", f"900{number}")
    lines = path.read_bytes().splitlines(keepends=True)
    assert verify(path) == 6 and len(lines) == old + 6
    place = data.draw(st.integers(old, len(lines) - 2))
    match data.draw(st.sampled_from(["change", "take out", "put in", "swap"])):
        case "change":
            at = data.draw(st.integers(0, len(lines[place]) - 2))
            new = data.draw(st.integers(32, 126).filter(lambda each: each != lines[place][at]))
            lines[place] = lines[place][:at] + bytes([new]) + lines[place][at + 1 :]
        case "take out":
            del lines[place]
        case "put in":
            lines.insert(place + 1, data.draw(st.sampled_from([lines[place], b"{}\n", b"\n", OLD[0].encode() + b"\n"])))
        case "swap":
            lines[place], lines[place + 1] = lines[place + 1], lines[place]
    path.write_bytes(b"".join(lines))
    with pytest.raises(AuditChanged):
        verify(path)
