"""Commands that write, each killed at a change of the disk and repeated: what must hold then."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver.agency import archive_checks, diagnosis, home_checks
from archiver.archive.checking.parts import archive_words, ledger_lines, whole_archive
from archiver.archive.erasure import holds
from archiver.archive.reader import Archive
from archiver.core.model import Asset, Licence
from archiver.core.stale_files import in_home
from archiver.home.settings import Home as Loaded
from archiver.home.vault import open_vault
from tests.support import kills
from tests.support.agency import agency, certificate, record
from tests.support.homes import QUICK, Home, begun, clean_environment

BY = ("--by", "Ada Example")
KILLED = -9


@dataclass(frozen=True)
class Scenario:
    """A command that writes. `prepare` comes before it, in a home of an agency or, with `replay`, of recordings.

    `PLACE` in an argument is the folder of the test. `done`: what it says instead where nothing was left to be done.
    """

    command: str
    arguments: tuple[str, ...]
    prepare: tuple[tuple[str, ...], ...] = ()
    stdin: str = ""
    replay: bool = False
    done: str = ""
    pages: bool = False  # a browser prints them, which takes its time
    parts: int = 1  # of a soak: it makes two thousand changes, which take an hour and more


LICENCE, OTHER = "house/20260309_shutterstock_1_", "acme/20260309_shutterstock_2_"
SECRET = "token: another-secret"  # of nothing
ASSIGN = ("assign", LICENCE, "acme", "--reason", "Job 1", *BY)
CLOSE = ("account", "close", "one", "--replay", str(QUICK))
HOLD = ("hold", OTHER, "--reason", "letter of 3 May", *BY)
ACCOUNT = ("account", "add", "beta-stock", "--client", "beta", "--provider", "shutterstock", "--username", "ada",
           "--no-check", "--secrets-stdin", "--authorised-by", "Ada Example")  # fmt: skip
ROTATE = ("account", "rotate", "beta-stock", "--no-check", "--secrets-stdin")
THERE = "exists. Choose another"
CLAIM = ("claim", "add", "PLACE/letter.txt", "--client", "acme", "--yes", "--received", "2026-11-20")
FOLDER = ("source", "add", "beta-papers", "--client", "beta", "--kind", "folder", "--path", "PLACE/papers")
RUN = ("run", "--replay", str(QUICK))

SCENARIOS = (
    Scenario("init", ("init", "PLACE/another"), done="is a home already"),
    Scenario("client add", ("client", "add", "gamma", "--name", "Gamma AG")),
    Scenario("account add", ACCOUNT, stdin=SECRET),
    Scenario("account rotate", (*ROTATE, "--username", "ben"),
             prepare=(ACCOUNT,), stdin=SECRET),
    Scenario("account close", CLOSE, replay=True, parts=8),
    Scenario("account leaver", ("account", "leaver", "ada@example.com", "--replay", str(QUICK)), replay=True, parts=8),
    Scenario("run", RUN, replay=True, parts=8),
    Scenario("import", ("import", "PLACE/papers", "--client", "acme", *BY)),
    Scenario("source add", FOLDER),
    Scenario("source remove", ("source", "remove", "beta-papers"), prepare=(FOLDER,), done="no source"),
    Scenario("run --source", ("run", "--source", "beta-papers"), prepare=(FOLDER,)),
    Scenario("assign", ASSIGN),
    Scenario("assign to another", ("assign", LICENCE, "beta", "--reason", "Job 2", *BY, "--yes"), prepare=(ASSIGN,)),
    Scenario("assign --undo", ("assign", LICENCE, "--undo", *BY, "--yes"), prepare=(ASSIGN,)),
    Scenario("unassigned", ("unassigned", "--assign-from", "PLACE/todo.csv", *BY)),
    Scenario("claim add", CLAIM),
    Scenario("claim enter", ("claim", "enter", "acme-", "letter.txt", *BY), prepare=(CLAIM,)),
    Scenario("letter", ("letter", "PLACE/letter.txt", "--client", "acme", "--yes", "--licence", OTHER),
             prepare=(CLAIM,), pages=True),
    Scenario("proof", ("proof", OTHER, "--out", "PLACE/pack.zip"), pages=True, done=THERE),
    Scenario("erase", ("erase", OTHER, "--reason", "wrong_client: mixed up", "--yes", *BY)),
    Scenario("hold", HOLD),
    Scenario("hold --release", ("hold", OTHER, "--release", *BY), prepare=(HOLD, (*HOLD[:3], "another", *BY))),
    Scenario("client hand-over", ("client", "hand-over", "acme", "--out", "PLACE/handed"), done=THERE),
    Scenario("report", ("report", "--client", "acme", "--out", "PLACE/report.html")),
    Scenario("notify", ("notify",)),
    Scenario("desk user add", ("desk", "user", "add", "Ada Example"), stdin="a long pass phrase of Ada's\n"),
    Scenario("desk user remove", ("desk", "user", "remove", "Ada Example"), done="Ada Example",
             prepare=(("desk", "user", "add", "Ada Example"),)),
    Scenario("catalogue rebuild", ("catalogue", "rebuild")),
    Scenario("providers new", ("providers", "new", "acme_stock", "--out", "PLACE/adapter"), done=THERE),
    Scenario("recording expect", ("recording", "expect", "PLACE/recording", "--force"), parts=8),
    Scenario("recording scrub", ("recording", "scrub", "PLACE/recording")),
)  # fmt: skip

READERS = {
    "audit list", "anchors", "terms list", "terms diff",
    "find", "show", "status", "verify", "assess", "doctor", "providers", "account check", "claim list", "claim show",
    "source check", "source list", "source origin", "source report",
    "desk user list", "desk session list", "desk link list", "desk audit", "recording check", "client list",
    "client show", "backup check",
    "account list", "account show", "providers show", "completion", "schema", "open", "replica check",
    "fleet status",
}  # fmt: skip
"""They write nothing but the index; `find --sheet` writes as `proof` does, `verify --renew` as every seal."""

ELSEWHERE = {
    "settings": "replaces one file; repeated, it changes nothing",
    "claim answer": "replaces the claim's file; repeated, it says that the claim is answered",
    "claim close": "replaces the claim's file, as `claim answer` does",
    "claim reopen": "replaces the claim's file, as `claim answer` does",
    "claim note": "copies a paper, then replaces the claim's file",
    "claim remove": "deletes one folder of working papers; repeated, it deletes the rest",
    "claim calendar": "replaces one file",
    "companion package": "builds beside its place and replaces one file",
    "audit run": "is killed in tests/agency/audit, which has a site to visit",
    "audit mark": "is one transaction; a capture before it is complete with its last file",
    "audit capture": "is complete with its last file",
    "audit enter": "archives one object as `claim enter` does; repeated, it changes nothing",
    "audit report": "writes as `report` does",
    "client rename": "replaces one file",
    "client change": "replaces one file",
    "client remove": "forgets secrets, then removes one file; repeated, it forgets the rest",
    "account first": "writes a statement and its line as `hold` does, then replaces one file",
    "account rename": "replaces one file, then renames in the vault; repeated, it finishes that",
    "account remove": "replaces one file, then forgets secrets, which `account add` does too",
    "demo": "makes a new home each time",
    "setup": "is `init` with questions",
    "repair-clock": "writes a statement and its line as `hold` does",
    "home": "replaces one file",
    "backup make": "is killed in tests/agency/test_backup.py",
    "restore": "is killed in tests/agency/test_backup.py",
    "schedule": "hands files to the system's scheduler",
    "sign-in": "needs a person in a browser; it ends with one write to the vault",
    "capture": "needs a browser; what it took is filed as an import",
    "adapter repair": "copies files, the last of which makes it whole; recordings end as `recording scrub`",
    "adapter remove": "renames one folder",
    "recording capture": "builds in a temporary folder and ends as `recording scrub`",
    "source rotate": "writes to the vault as `account rotate` does",
    "watch": "does what `run --source` does, again and again",
    "desk": "calls what the commands call",
    "desk session end": "removes one file",
    "desk link end": "removes one file",
    "fleet init": "makes tables and rows in transactions; repeated, it makes the rest",
    "fleet adopt": "is repeated after a kill: the client's file leaves the home last",
    "fleet export": "writes a new folder, whose archive is verified before it gets its name",
    "fleet checkout": "works in a scratch folder; publishing is killed in tests/fleet",
    "fleet run": "is one transaction",
    "fleet worker": "is killed in tests/fleet",
    "fleet drain": "is one transaction",
    "replica restore": "builds in a temporary folder, verifies it, and gives it its name with one rename",
}


def licence(number: int) -> Licence:
    return Licence(
        asset=Asset(provider="shutterstock", asset_id=str(number), title=f"Harbour {number}"), licence_id=f"e{number}",
        kind="standard", licensee="Acme Ltd", licensed_at=datetime(2026, 3, 9, tzinfo=UTC),
    )  # fmt: skip


LETTER = """Rights Example Inc.
Reference: RX-4711
Your company uses our client's picture at https://acme.example/harbour without a licence.
We demand 389.59 EUR by 2026-12-31.
"""


def run(place: Path, scenario: Scenario, pattern: str = "", number: int = 0) -> subprocess.CompletedProcess[str]:
    """The scenario's command in a folder, perhaps killed at one change of the disk that fits the pattern."""
    armed = {kills.PATTERN: pattern, kills.NUMBER: str(number), kills.UNDER: str(place)} if number else {}
    home = Home(place / "home", clean_environment(place) | {"TMPDIR": str(place / "tmp")} | armed)
    os.environ["ARCHIVER_KEY_FILE"] = str(place / "vault.key")  # for what this process looks at afterwards
    arguments = [each.replace("PLACE", str(place)) for each in scenario.arguments]
    return home(*arguments, code=None, stdin=scenario.stdin)


@dataclass
class Killer:
    """Kills one scenario's command, each time in a new copy of a prepared folder.

    `thorough` has the verifier look, too.
    """

    scenario: Scenario
    origin: Path
    folder: Path
    thorough: bool = True
    expected: Any = None

    def __post_init__(self) -> None:
        prepared = self.copy("prepared")
        for each in self.scenario.prepare:
            assert run(prepared, Scenario("", each, stdin=first_input(each))).returncode == 0
        self.origin = prepared
        place = self.copy("undisturbed")
        assert run(place, self.scenario).returncode == 0
        self.expected = left(place)

    def copy(self, name: str) -> Path:
        place = self.folder / name
        shutil.copytree(self.origin, place)
        return place

    def kill(self, number: int, pattern: str = ".") -> bool:
        """Kill the command at one change of the disk, then repeat it. Whether it came to that change at all."""
        place, where = self.copy(f"killed-{number}"), (self.scenario.command, number, pattern)
        killed = run(place, self.scenario, pattern, number)
        if killed.returncode == KILLED:
            told(place, where)
            again = run(place, self.scenario)
            done = self.scenario.done and self.scenario.done in again.stderr
            assert again.returncode == 0 or done, (where, again.stderr)
            assert left(place) == self.expected, where
            sound(place, where, thorough=self.thorough)
        else:
            assert killed.returncode == 0, (where, killed.stderr)
        shutil.rmtree(place)
        return bool(killed.returncode == KILLED)


@contextmanager
def origin(folder: Path) -> Iterator[Path]:
    """A folder with an agency's home, to begin from."""
    before = os.environ.copy()
    (folder / "tmp").mkdir(parents=True)
    try:
        with agency(folder) as at:
            at.archive("house", (licence(1), [record(), certificate("Licence e1")]))
            at.archive("acme", (licence(2), [record(), certificate("Licence e2")]))
            papers(folder)
            yield folder
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def replay_origin(folder: Path) -> Iterator[Path]:
    """The same with a home of recordings and one account."""
    before = os.environ.copy()
    (folder / "tmp").mkdir(parents=True)
    try:
        begun(folder).account("one", "shutterstock", username="ada@example.com")
        yield folder
    finally:
        os.environ.clear()
        os.environ.update(before)


def first_input(command: tuple[str, ...]) -> str:
    return "token: first-secret" if command[0] == "account" else "a long pass phrase of Ada's\n"


def papers(folder: Path) -> None:
    (folder / "papers").mkdir()
    (folder / "papers" / "list.csv").write_text("Licence ID,Asset ID,Title,Date\nL-1,4711,Quay,2026-02-01\n")
    (folder / "letter.txt").write_text(LETTER)
    name = next((folder / "home/archive/house/evidence/licences").glob("*/*/*")).name
    (folder / "todo.csv").write_text(f"licence,client\nhouse/{name},acme\n")
    shutil.copytree(QUICK / "shutterstock/two-pages", folder / "recording")


def archives(place: Path) -> list[Path]:
    return sorted(each for each in (place / "home/archive").glob("*") if (each / archive_words.LEDGER).exists())


def left(place: Path) -> dict[str, Any]:
    """What counts of what a command leaves: the same, whether it was killed and repeated or not."""
    found: dict[str, Any] = {}
    for root in archives(place):
        lines = [line.fields for line in Archive(root).lines()]
        recorded = {"recovered": "capture"}
        types = Counter(recorded.get(each["type"], each["type"]) for each in lines)
        for unimportant in ("anchor", "run"):  # how often it was begun
            del types[unimportant]
        found[root.name] = types, len(list((root / "evidence").rglob("0=ocfl_object_1.1"))), len(holds(Archive(root)))
    home = Loaded.load(place / "home")
    vault = open_vault(home.vault)
    accounts = [(each.name, each.username, bool(each.closed)) for each in home.accounts()]
    found["accounts"] = accounts, {name: vault.secrets(name) for name in vault.accounts()}
    found["files"] = sorted(
        path.relative_to(place).as_posix()
        for pattern in ("home/*", "home/clients/*", "home/work/*/*", "*", "another/*", "adapter/**/*", "recording/*")
        for path in place.glob(pattern)
        if path.name != "tmp"
    )
    return found


def warnings(place: Path) -> list[str]:
    """What `doctor` says is left of killed commands."""
    home, before = Loaded.load(place / "home"), tempfile.tempdir
    tempfile.tempdir = str(place / "tmp")
    try:
        said = [*home_checks.leftovers(home)]
    finally:
        tempfile.tempdir = before
    for root in archives(place):
        said += archive_checks._leftovers(root.name, root)
    return [words for state, words, *_ in said if state is not diagnosis.State.OK]


def told(place: Path, where: object) -> None:
    """After a kill, `doctor` names what is left."""
    if not (place / "home/archiver.yaml").exists():
        return
    said = warnings(place)
    if in_home(place / "home"):
        assert any("killed commands left" in words for words in said), (where, said)


def sound(place: Path, where: object, *, thorough: bool) -> None:
    """After the repetition nothing is left, and every line is sealed, but for those of runs, which may wait."""
    told = warnings(place)
    assert told == [], f"{where}: {told}"
    for root in archives(place):
        lines = [line.type for line in Archive(root).lines()]
        size, _, stamps = ledger_lines.checkpoint_files(root / archive_words.CHECKPOINTS)[-1]
        assert size <= len(lines) and archive_words.PRACTICE.issuperset(lines[size:]), (where, root.name, size, lines)
        assert stamps or not (place / "root.pem").exists(), where
        if thorough:
            report = whole_archive.verify_archive(root, quick=True)
            assert not any(each.damage or each.code == "interrupted" for each in report.findings), (where, report)
