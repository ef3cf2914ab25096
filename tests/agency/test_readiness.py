"""What a home relies on is taken away for twelve nights: a person is told, and nothing says that all is well."""

from __future__ import annotations

import asyncio
import email
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path

import pytest

from archiver.agency import after_run, night, notification
from archiver.agency.archive_checks import timestamps
from archiver.agency.doctor import examine
from archiver.agency.readiness import ReadyState, items, readiness
from archiver.agency.schedule import System, schedule
from archiver.agency.today import TodayState
from archiver.agency.today_facts import look_at_today
from archiver.archive.local_tsa import LocalAuthority
from archiver.collect.run_context import RunRequest
from archiver.core.atomic_files import remove_tree
from archiver.core.remedy import Remedy
from archiver.desk.app import PLACES
from archiver.desk.auth import Role
from archiver.desk.routes import ROUTES
from archiver.desk.translations import LANGUAGES
from archiver.home.settings import Home
from archiver.home.settings_edit import add_account, add_source, create_home
from tests.support.agency import Agency, agency
from tests.support.imap_server import PASSWORD, USER, imap_server, missing
from tests.support.object_stores import seaweedfs
from tests.support.replica_kit import add_replica, buy
from tests.support.site import Site
from tests.support.smtp_server import MailServer

NIGHTS = (1, 2, 3, 4, 5, 9, 13)  # of the twelve, those on which a message may begin or come again
DEAD = "127.0.0.1:9/"


@dataclass
class Office:
    """A home that lacks nothing, and its nights. `now` is the time of the last one; archives have today's clock."""

    made: Agency
    site: Site
    mail: MailServer
    folder: Path
    bought: int = 0
    now: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def night(self, day: int, *, runs: bool = True) -> None:
        """New licences, a run, and the messages, so many days from today."""
        self.now = datetime.now(UTC) + timedelta(days=day)
        home = self.made.home
        if runs:
            self.bought += 1
            buy(self.made, self.bought)
            asyncio.run(night.run(home, self.made.vault, RunRequest()))
            (home.state / "runs" / f"{self.now:%Y%m%dT%H%M%SZ}-aaaaaa.jsonl").write_bytes(b"")
        notification.tell(home, now=self.now)

    def messages(self) -> list[str]:
        """All messages since the last call, by the hook and by mail."""
        mails = [email.message_from_bytes(each, policy=default) for each in self.mail.mails]
        found = [f"{each['subject']} {each['text']}" for each in self.site.hooks]
        found += [f"{each['subject']} {each.get_content()}" for each in mails]
        self.site.hooks.clear()
        self.mail.mails.clear()
        return [" ".join(each.split()) for each in found]

    def replace(self, old: str, new: str, file: str = "archiver.yaml") -> None:
        path = self.made.run.root / file
        text = path.read_text()
        assert old in text, text
        path.write_text(text.replace(old, new))

    def open_items(self) -> set[str]:
        return {each.name for each in readiness(self.made.home, self.now) if each.required and each.state != "ready"}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Office]:
    if "mailbox" in request.node.name and missing():
        pytest.skip(missing() or "")
    monkeypatch.setattr(after_run, "search_pictures", lambda home: [])  # a matcher takes seconds to start
    monkeypatch.setattr(night, "tell", lambda *_, **__: [])  # the test sends the messages, at its own time
    monkeypatch.setattr("archiver.agency.schedule.system_here", lambda: System.CRON)
    with ExitStack() as stack:
        made = stack.enter_context(agency(tmp_path))
        monkeypatch.setenv("HOME", str(tmp_path))
        second = stack.enter_context(LocalAuthority(tmp_path / "second"))
        site, mail = stack.enter_context(Site()), stack.enter_context(MailServer(encrypted=False))
        root, folder = made.run.root, tmp_path / "papers"
        (root / "clients" / "house.yaml").unlink()  # its platform is elsewhere
        for each in (folder, tmp_path / "disk"):
            each.mkdir()
        (folder / "note.txt").write_text("At noon?")
        made.run.env["HOME"] = str(tmp_path)
        text = (root / "archiver.yaml").read_text().replace("agency:", "agency:\n  country: DE", 1)
        stamps = f"timestamps:\n- {{name: second, url: '{second.url}', roots: ../second/root.pem}}"
        (root / "archiver.yaml").write_text(
            text.replace("timestamps:", stamps, 1) + "witnesses: [{name: disk, folder: ../disk}]\n"
            "backup: {elsewhere: 'restic, every night'}\n"
            f"mail: {{host: localhost, port: {mail.port}, from: archiver@example.com}}\n"
            f"notify: {{channels: ['{site.url}/hook', ops@example.com], weekly: true}}\n"
        )  # fmt: skip
        add_source(root, "papers", client="acme", kind="folder", path=str(folder))
        if "mailbox" in request.node.name:
            server = stack.enter_context(imap_server())
            more = {"host": "localhost", "port": server.port, "username": USER, "ca_file": str(server.ca_file)}
            add_source(root, "mailbox", client="acme", kind="mailbox", **more)
            made.vault.set_secrets("mailbox", {"password": PASSWORD})
        if "platform" in request.node.name:
            for place in ("collect.run", "collect.account_session", "agency.accounts", "agency.sign_ins"):
                monkeypatch.setattr(f"archiver.{place}.load", site.adapter)
            add_account(root, "platform", client="acme", provider="site", username="ada")
            made.vault.set_secrets("platform", {"token": "RECORDED-TOKEN"})
        if "replica" in request.node.name:
            store = stack.enter_context(seaweedfs(tmp_path / "weed"))
            add_replica(root, store, store.bucket("replica"))
        crontab = schedule(root, System.CRON)
        crontab.folder.mkdir(parents=True)
        (crontab.folder / "crontab").write_text(crontab.files["crontab"])
        yield Office(made, site, mail, folder)


def port(office: Office, old: int, new: int, file: str = "archiver.yaml") -> None:
    office.replace(f"port: {old}", f"port: {new}", file)


def unmount(office: Office) -> Callable[[], object]:
    """Take a share away, whose empty folder stays."""
    back = unplug(office, "papers")
    office.folder.mkdir()

    def mounted() -> None:
        office.folder.rmdir()
        back()

    return mounted


def no_sign_in(office: Office) -> Callable[[], object]:
    """Let the platform refuse the account."""
    file = "clients/acme.yaml"
    office.replace("username: ada", "username: wrong", file)

    def signed_in() -> None:
        office.replace("username: wrong", "username: ada", file)
        office.made.vault.set_secrets("platform", {"token": "ANOTHER-TOKEN"})

    return signed_in


def refuse_mailbox(office: Office) -> Callable[[], object]:
    office.made.vault.set_secrets("mailbox", {"password": "another horse 8"})
    return lambda: office.made.vault.set_secrets("mailbox", {"password": PASSWORD})


def unplug(office: Office, place: str) -> Callable[[], object]:
    """Take a folder away; returns what brings it back."""
    here = office.folder.parent / place
    here.rename(gone := here.with_name(f"{place}-gone"))
    return lambda: gone.rename(here)


def swap(office: Office, *names: str) -> Callable[[], object]:
    """Let authorities be dead; returns what brings them back."""
    path = office.made.run.root / "archiver.yaml"
    before = path.read_text()
    for each in office.made.home.settings.timestamps:
        if each.name in names:
            office.replace(each.url, f"http://{DEAD}")
    return lambda: path.write_text(before)


def no_mail(office: Office) -> Callable[[], object]:
    port(office, office.mail.port, 9)
    return lambda: port(office, 9, office.mail.port)


def no_mailbox(office: Office) -> Callable[[], object]:
    file = "clients/acme.yaml"
    there = int((office.made.run.root / file).read_text().partition("port: ")[2].split()[0])
    port(office, there, 9, file)
    return lambda: port(office, 9, there, file)


def no_replica(office: Office) -> Callable[[], object]:
    settings = office.made.home.settings.replica
    assert settings and settings.endpoint
    there = settings.endpoint
    office.replace(there, f"http://{DEAD}")
    return lambda: office.replace(f"http://{DEAD}", there)


def no_schedule(office: Office) -> Callable[[], object]:
    (office.folder.parent / ".config" / "archiver" / "crontab").rename(kept := office.folder.parent / "kept")
    return lambda: shutil.move(kept, office.folder.parent / ".config" / "archiver" / "crontab")


TAKEN: dict[str, tuple[str, Callable[[Office], Callable[[], object]], str]] = {
    # what is taken away: the item, how, and what people read
    "both authorities": ("timestamps", lambda o: swap(o, "local", "second"), "No timestamp authority has answered"),
    "one of two authorities": ("timestamps", lambda o: swap(o, "second"), "authority second has not answered"),
    "the witness": ("witness", lambda o: unplug(o, "disk"), "The witness disk has not taken"),
    "the folder": ("inputs", lambda o: unplug(o, "papers"), "could not read papers"),
    "the folder's share": ("inputs", unmount, "could not read papers"),
    "the platform's sign-in": ("inputs", no_sign_in, "could not read platform"),
    "the mailbox's password": ("inputs", refuse_mailbox, "could not read mailbox"),
    "the mailbox": ("inputs", no_mailbox, "could not read mailbox"),
    "the replica": ("replica", no_replica, "The replica of acme has been behind"),
    "the schedule": ("schedule", no_schedule, "Nothing ran for"),
    "the mail server": ("recipients", no_mail, "Messages do not reach"),
}


SHORT = ("the schedule",)
"""What is taken away in the suite; the long form takes away each thing."""


@pytest.mark.parametrize("what", [pytest.param(e, marks=[] if e in SHORT else [pytest.mark.long]) for e in TAKEN])
def test_after_twelve_nights_without_it_people_know_and_once_it_is_mended_it_ends(office: Office, what: str) -> None:
    item, take, words = TAKEN[what]
    office.night(0)
    first = office.messages()
    assert len(first) == 2 and all("archiver: all is well" in each for each in first), first
    assert office.open_items() == set()
    mend = take(office)
    for day in NIGHTS:
        office.night(day, runs=what != "the schedule")
    told = office.messages()
    reminders = [each for each in told if words in each]
    weekly = [each for each in reminders if "this week" in each]
    assert weekly and len(reminders) - len(weekly) >= 2, told  # once, and again after a week or on the other channel
    assert not any("all is well" in each for each in told)
    home = office.made.home
    assert office.open_items() == {item}
    _, _, today = look_at_today(home, office.now)
    assert today.state is TodayState.OPEN
    assert any(words in line for line in today.as_lines()) or any(
        task.kind in ("not_read", "sign_in") for task in today.tasks
    )
    checks = [each for each in examine(home.root).diagnoses if each.check == "readiness" and each.state != "ok"]
    assert item == "schedule" or any(words in each.message for each in checks)
    said = office.made.run.json("status", code=None)["readiness"]
    assert not said["ready"] and item in {e["name"] for e in said["items"] if e["state"] in ("missing", "failing")}

    mend()
    office.night(14)
    assert office.open_items() == set()
    office.messages()
    office.night(21)
    last = office.messages()
    assert len(last) == 2 and all("archiver: all is well" in each for each in last), last


def test_without_its_notes_the_checkpoints_say_which_authority_answered(office: Office) -> None:
    office.night(0)
    swap(office, "second")
    office.night(1)
    (office.made.home.state / "reliance.json").unlink()
    [stamps] = [each for each in readiness(office.made.home, office.now) if each.name == "timestamps"]
    assert (stamps.state, stamps.names, stamps.situation) == ("failing", ("second",), "some")
    remove_tree(office.made.home.state)
    _, _, today = look_at_today(office.made.home, office.now)
    assert "timestamps" in {each.kind for each in today.tasks} and "disk" in " ".join(today.why("de"))


def test_the_command_ends_with_30_while_the_mail_server_is_gone_even_if_nothing_is_to_be_told(office: Office) -> None:
    office.night(0)
    back = no_mail(office)
    assert "mail server localhost takes no messages" in office.made.run("notify", code=30).stderr
    back()
    office.made.run("notify")


def test_one_authority_alone_is_ready_and_says_what_that_costs(office: Office) -> None:
    path = office.made.run.root / "archiver.yaml"
    path.write_text("".join(e for e in path.read_text().splitlines(keepends=True) if "name: second" not in e))
    office.night(0)
    [stamps] = [each for each in readiness(office.made.home, office.now) if each.name == "timestamps"]
    assert stamps.state == "ready" and "local alone" in str(stamps) and "rest on one operator" in str(stamps)


def test_a_home_with_licences_is_backed_up_at_least_every_month(office: Office) -> None:
    def item(days: int) -> tuple[str, bool]:
        found = [e for e in readiness(office.made.home, datetime.now(UTC) + timedelta(days=days)) if e.name == "backup"]
        return (found[0].state, found[0].is_due(datetime.now(UTC) + timedelta(days=days))) if found else ("", False)

    assert item(0) == ("ready", False)  # by restic
    office.replace("backup: {elsewhere: 'restic, every night'}", "")
    assert item(0) == ("", False)  # nothing is lost yet
    office.night(0)
    assert item(0) == ("missing", False) and item(8) == ("missing", True)
    office.made.run("backup", office.folder.parent / "backup.tar")
    assert item(30) == ("ready", False) and item(32) == ("failing", True)
    office.made.run("restore", office.folder.parent / "backup.tar", office.folder.parent / "restored")
    [restored] = [e for e in readiness(Home.load(office.folder.parent / "restored"), office.now) if e.name == "backup"]
    assert restored.state == "ready"


def test_nobody_reads_the_tokens_in_addresses_of_services(office: Office) -> None:
    office.replace(f"'{office.site.url}/hook'", "'slack://TokenA/TokenB', 'https://ada:pass@hooks.example.com/T0'")
    [said] = [each.sentence("en") for each in readiness(office.made.home, office.now) if each.name == "recipients"]
    assert said == "Messages go to: slack://…, https://hooks.example.com…, ops@example.com."


def test_each_item_says_in_each_language_what_is_so_what_it_costs_and_what_helps() -> None:
    needs = {each.path: each.needs for each in ROUTES if not each.post}
    for name, texts in items().items():
        for said in (texts["title"], texts["cost"], *texts["says"].values(), *texts.get("costs", {}).values()):
            assert {*said} == {*LANGUAGES}, name
        assert {*texts.get("remedies", {}), *texts.get("costs", {})} <= {*texts["says"], "missing", "failing"}
        for action in (texts["remedy"], *texts.get("remedies", {}).values()):
            offered = Remedy.of(action, {})
            if (place := offered.place) and not offered.post and (path := place.partition("#")[0]) in needs:
                role = next((role for begin, role in PLACES.items() if path.startswith(begin)), Role.READ)
                assert role == needs[path], path


def test_an_authority_that_was_asked_before_the_first_archive_and_did_not_answer_is_failing(tmp_path: Path) -> None:
    home = create_home(tmp_path / "home", timestamps=[{"name": "away", "url": "http://127.0.0.1:9/"}])
    states = []
    for _ in range(2):
        states += [each.state for each in readiness(home, datetime.now(UTC)) if each.name == "timestamps"]
        list(timestamps(home, online=True))  # as setup and `doctor --online` ask
    assert states == [ReadyState.UNKNOWN, ReadyState.FAILING]
