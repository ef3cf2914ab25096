"""Every shell example of README.md, docs/ and the help texts: the program accepts it, and it works."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from archiver.cli.commands import program
from docs.write_reference import commands, parts
from tests.support.agency import agency
from tests.support.audited_site import AuditedSite
from tests.support.folder import jpeg, photo
from tests.support.homes import QUICK, ROOT, Home, begun, clean_environment
from tests.support.replica_kit import buy

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = {
    "make",
    "uv",
    "cd",
    "python3",
    "openssl",
    "export",
    "pip",
    "unzip",
    "mkdir",
    "docker",
    "podman",
    "systemctl",
}


def shell_lines() -> Iterator[tuple[str, str]]:
    """The place and text of every line that a reader may copy into a shell."""
    for page in PAGES:
        for language, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines() if language in ("", "sh", "console") else ():
                code = re.split(r"\s+#", line)[0].strip()
                first = code.split(" ")[0] if code else ""
                if first == "archiver" or first in PROGRAMS:
                    yield page.name, code
    for name, command in commands():
        for example in parts(command)[1]:
            yield f"archiver {name} --help", example


LINES = list(dict.fromkeys(shell_lines()))
OURS = [(place, line) for place, line in LINES if line.startswith("archiver ")]


def words_of(line: str) -> list[str]:
    """The words after `archiver`, without redirections."""
    words = shlex.split(re.split(r"\s(?:>>?|\|)\s", line)[0])[1:]
    return [os.path.expanduser(word) for word in words]  # noqa: PTH111  # as the shell does it


def accept(words: list[str]) -> None:
    """Let the program read the words, down to the command that they name; it raises what it would say."""
    context = program.make_context("archiver", words)
    command: Any = program
    while hasattr(command, "commands") and (rest := [*context._protected_args, *context.args]):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


def test_there_are_examples_of_most_commands() -> None:
    assert len(OURS) > 80
    assert len({place for place, _ in OURS if place.endswith(".md")}) >= 8


@pytest.mark.parametrize(("place", "line"), OURS, ids=[line for _, line in OURS])
def test_an_example_is_accepted(place: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("cert.pem", "key.pem", "headers.txt"):
        Path(name).touch()
    with suppress(typer.Exit):  # as --version ends
        accept(words_of(line))


# ---------------------------------------------------------------- run

NOT_RUN = {
    "archiver demo": "runs for half a minute; tests/devkit/test_demo.py has it",
    "archiver setup": "asks; tests/agency/test_setup_checklist.py answers",
    "archiver sign-in": "needs a person in a browser",
    "archiver capture": "needs a person in a browser",
    "archiver backup make --command": "needs restic or borg; tests/agency/test_backup_places.py has a program",
    "archiver backup make /mnt/other-disk --encrypt": "asks; tests/agency/test_backup_places.py answers",
    "archiver desk": "serves until it is stopped; tests/desk has it",
    "archiver schedule": "shows files of this machine",
    "archiver doctor --online": "asks servers",
    "archiver verify --trusted-lists": "asks the EU's servers; tests/archive/test_timestamps_home.py has them",
    "archiver account check acme-shutterstock --live": "asks the platform",
    "archiver account check acme-stock --live": "asks the platform",
    "archiver recording": "tests/devkit/test_recordings.py has it",
    "archiver account first acme-freepik --month": "needs a list without proof of its end; tests/remedies has one",
    "archiver account add acme-stock": "needs the adapter that the page builds",
    "archiver account rotate": "asks for the new secret",
    "archiver adapter": "needs a site that changed; tests/devkit/test_repair.py has one",
    "archiver letter": "asks; tests/claims/test_dispute_commands.py answers",
    "archiver unassigned --assign-from": "the table is edited by a person",
    "archiver account rename": "its account is mistyped on purpose",
    "archiver terms diff": "needs terms that changed; tests/agency/test_terms_watch.py has them",
    "archiver source add acme-mail --client acme --kind mailbox --host outlook": "asks Microsoft",
    "archiver source check": "needs a mail server; tests/collect/test_mailbox.py has one",
    "archiver source rotate": "asks for the new secret",
    "archiver source origin": "needs a licence that came by mail; tests/collect/test_mailbox.py has one",
    "archiver run --source acme-mail": "needs a mail server; tests/collect/test_mailbox.py has one",
    "archiver watch --source": "runs until it is stopped; tests/collect/test_folder_source.py has it",
}
"""Examples that no test here runs, by how they begin, and why."""

IN_ORDER = ("archiver audit", "archiver replica", "archiver verify --against s3:", "archiver fleet")
"""How examples begin that need those before them; audits are below, the rest in tests/fleet/test_fleet_examples.py."""

EXAMPLES = {line: place for place, line in reversed(OURS)}
RUN = {line: place for line, place in EXAMPLES.items() if not line.startswith((*NOT_RUN, *IN_ORDER))}
SHORT = ("README.md", "onboarding.md")
"""The pages whose examples the suite runs; the long form runs all."""

LOOKS = re.compile(
    r"(--version|.*--dry-run|find|show|status|unassigned(?!.*--yes)|providers|terms|schema|completion|verify(?!.*--renew)"
    r"|doctor|report|anchors|(client|account|source|claim) (list|show)|claim calendar)\b"
)
"""What begins so changes nothing in a home."""

LETTER = "Rights Example Inc.\nReference: RX-4711\nYou use our picture without a licence.\nWe demand 389.59 EUR.\n"


def placed(home: Home, folder: Path) -> dict[str, str]:
    """Make what the examples speak of; returns what stands for it in their text, where READER is the folder."""
    home("client", "add", "beta", "--name", "Beta Ltd")
    home.account("acme-shutterstock", "shutterstock")
    home.account("shared", "shutterstock", client="house")
    home("run", "--replay", QUICK)
    home.account("acme-freepik", "freepik")
    projects = folder / "projects" / "acme"
    projects.mkdir(parents=True)
    (folder / "other-disk").mkdir()
    (projects / "harbour.jpg").write_bytes(jpeg(photo(1)))
    (folder / "screenshot.png").write_bytes(jpeg(photo(1)))
    (folder / "mail-of-2021.mbox").write_text("")
    (folder / "headers.txt").write_text("")
    (folder / "letter.pdf").write_text(LETTER)
    for name, text in (("your two pictures", "EX-1201 and EX-1202 are yours"), ("our song", "Use it")):
        head = "From: Bo <bo@example-photos.example>\nTo: ada@acme.example\nDate: Wed, 3 Jun 2026 10:00:00 +0000\n"
        (folder / f"Re_ {name}.eml").write_text(f"{head}Subject: Re: {name}\n\nYour licence: {text}.\n")
    (folder / "grants").mkdir()
    shutil.copy(folder / "Re_ your two pictures.eml", folder / "grants")
    licence = home.json("find", "--client", "acme", "--limit", "2")[0]["licence"]
    unassigned = home.json("unassigned")[0]["licence"]
    claim = home.json("claim", "add", "--manual", "--client", "acme", "--claimant", "Rights Example Inc.")["claim"]
    seats = (home.json("show", each["licence"])["seat"] for each in home.json("find", "--client", "acme"))
    return {
        "house/20261124_shutterstock_1234567890": unassigned, "acme/20260309_shutterstock_1_c31918c0": licence,
        "20261124_shutterstock_1234567890": licence, "1234567890_1a2b3c4d": licence, "LICENCE": licence,
        "acme-1a2b3c4d": claim, "leaver ada@example.com": f"leaver {next(filter(None, seats))}",
        "/mnt/disk": "READER", "/new/place": "READER/../home", "/srv/projects": "READER/projects",
        "/mnt/other-disk": "READER/other-disk", "~": "READER",
    }  # fmt: skip


def prepared(home: Home, words: list[str]) -> list[str]:
    """Make the home as a reader of the example has it, and answer what the command would ask a person."""
    start = " ".join(words[:3])
    if start.startswith(("client add acme", "account add acme-shutterstock", "client remove", "account remove")):
        for folder in ("archive", "state/catalogue", "state/archive"):
            shutil.rmtree(home.root / folder)
    if start.startswith("client add acme"):
        (home.root / "clients" / "acme.yaml").unlink()
    if start.startswith("account add acme-shutterstock"):
        (home.root / "clients" / "acme.yaml").write_text(yaml.safe_dump({"name": "Acme Ltd"}))
    if "--release" in words:
        home("hold", words[1], "--reason", "x", "--by", "Ada Example")
    if words[0] == "assign" and "--undo" in words:
        home("assign", words[1], "acme", "--reason", "Job 1", "--by", "Ada Example", "--yes")
    if start.startswith(("backup check", "restore")):
        home("backup", "make", next(word for word in words if word.endswith(".tar")))
    if words[0] == "home" and words[1:]:
        home("init", words[1])
    if start.startswith("claim reopen"):
        home("claim", "close", words[2], "withdrawn", "--by", "Ada Example")
    if start in ("source report acme-projects", "source remove acme-mail"):
        kind = ("folder", "--path", "projects") if words[1] == "report" else ("mailbox", "--host", "imap.example.com")
        home("source", "add", words[2], "--client", "acme", "--kind", *kind, "--username", "ada")
    if start == "source report acme-projects":
        home("run", "--source", "acme-projects", code=None)
    if "run" in (words[0], words[-1]) or words[:2] in (["account", "close"], ["account", "leaver"]):
        words = [*words, "--replay", str(QUICK)]
    known = dict(commands())
    name = max((name for name in known if f"archiver {' '.join(words)} ".startswith(f"{name} ")), key=len, default="")
    options = {option for each in known[name].params for option in each.opts} if name else set()
    asks = "--yes" in options - set(words) and "--dry-run" not in words and words[0] != "unassigned"
    return [*words, "--yes"] if asks else words


@pytest.fixture(scope="session")
def reader(once: Callable[..., Path]) -> Path:
    """A folder with a home, its key, the files that examples name, and what stands for the names in their text."""

    def fill(folder: Path) -> None:
        (folder / "reader").mkdir()
        (folder / "stands_for.json").write_text(json.dumps(placed(begun(folder), folder / "reader")))

    return once("reader", fill)


@pytest.fixture(scope="module")
def looked_at(reader: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy for all examples that only look."""
    folder = tmp_path_factory.mktemp("looked-at")
    return Path(shutil.copytree(reader, folder, dirs_exist_ok=True))


@pytest.mark.browser
@pytest.mark.parametrize(
    "line", [pytest.param(line, marks=[] if place in SHORT else pytest.mark.long) for line, place in RUN.items()]
)
def test_an_example_works(
    line: str, reader: Path, looked_at: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = looked_at if LOOKS.match(line.removeprefix("archiver ")) else shutil.copytree(reader, tmp_path / "copy")
    monkeypatch.chdir(folder / "reader")
    home = Home(folder / "home", clean_environment(folder) | {"HOME": str(folder / "reader")})
    for written, real in json.loads((folder / "stands_for.json").read_text()).items():
        line = line.replace(written, real.replace("READER", str(folder / "reader")))
    done = home(*prepared(home, words_of(line)), code=None)
    if done.returncode == 50 and (missing := os.environ.get("TESTS_WITHOUT_BROWSER")):
        pytest.skip(missing)
    assert done.returncode in ((0, 40, 50) if "doctor" in line else (0, 40)), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


OTHERS = {
    "make": "make of this source; who builds it, runs it",
    "export ": "sets what each test sets",
    "cd archive-home/archive/acme": "below",
    "python3 tools/verify.py": "below",
    "openssl ts -verify": "below",
    "uv pip install --python .venv/bin/python -e archiver-acme-stock": "tests/devkit/test_scaffold.py installs it",
    "systemctl --user enable": "changes this machine",
    "python3 verify.py --proof proof.zip --headers headers.txt": "tests/archive/test_anchors.py has it",
}
"""Lines of other programs, by how they begin, and where they are run."""


def test_an_archive_is_verified_without_this_program(tmp_path: Path) -> None:
    lines = [line for _, line in LINES if not line.startswith("archiver ")]
    assert [line for line in lines if not line.startswith(tuple(OTHERS))] == []
    with agency(tmp_path) as made:
        buy(made, 1)
        token = next(made.run.archive().glob("ledger/checkpoints/*.tsr"))
    for begin in ("python3 tools/verify.py", "openssl ts -verify"):
        [line] = [line for line in lines if line.startswith(begin)]
        named = line.replace("N.note.digicert.tsr", token.name).replace("N.note", token.name.removesuffix(".local.tsr"))
        words = shlex.split(named)
        done = subprocess.run(words, cwd=made.run.archive(), capture_output=True, text=True, check=False)
        assert done.returncode == 0 and re.search("PROVEN|Verification: OK", done.stdout + done.stderr), done


@dataclass
class InOrder:
    """Examples that a test runs one after the other, each with `home` and with what stands for names in its text."""

    home: Home
    begin: str
    stands_for: dict[str, str]
    left: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = [line for line in EXAMPLES if line.startswith(self.begin)]

    def words(self, line: str) -> list[str]:
        """The words of an example, which then counts as run."""
        self.left.remove(line)
        for written, real in self.stands_for.items():
            line = line.replace(written, real)
        return words_of(line)

    def __call__(self, line: str) -> str:
        """Run an example, and return what it says."""
        done = self.home(*self.words(line))
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.browser
def test_the_examples_of_audits_work_in_their_order(reader: Path, tmp_path: Path) -> None:
    shutil.copytree(reader, tmp_path, dirs_exist_ok=True)
    home = Home(tmp_path / "home", clean_environment(tmp_path))
    with (home.root / "archiver.yaml").open("a") as settings:
        settings.write("pacing: {default: 0}\n")
    with AuditedSite({"/": "<h1>News</h1><img src=/a.jpg><img src=/b.jpg>"}) as site:
        site.files |= {"/a.jpg": jpeg(photo(1)), "/b.jpg": jpeg(photo(2))}
        run = InOrder(home, "archiver audit", {"https://www.acme.example": site.url, "acme-pictures": f"{tmp_path}/p"})
        run("archiver audit run acme --site https://www.acme.example --dry-run")
        run("archiver audit run acme --site https://www.acme.example --use commercial")
        run("archiver audit run acme --site https://www.acme.example --weekly")
        run("archiver audit list")
        first, second = (each["picture"] for each in home.json("audit", "report", "acme")["pictures"])
        run.stands_for["3f2a"] = first
        run('archiver audit mark acme 3f2a own --by "Ada Example" --reason "Taken by our photographer"')
        run.stands_for["3f2a"] = second
        run("archiver audit capture acme 3f2a")
        site.files["/"] = "<h1>News</h1>"
        run("archiver audit run acme")
        run('archiver audit mark acme 3f2a removed --by "Ada Example" --reason "Replaced on the page"')
        run('archiver audit enter acme 3f2a --by "Ada Example"')
        run("archiver audit report acme --out acme-pictures.xlsx")
        run("archiver audit report acme --out acme-pictures.html")
    assert not run.left


def test_most_examples_are_run_and_each_reason_is_for_one() -> None:
    assert len(RUN) > 90
    assert [each for each in NOT_RUN if not any(line.startswith(each) for line in EXAMPLES)] == []
    named = {path for why in NOT_RUN.values() for path in re.findall(r"tests/[\w/.]*\w", why)}
    assert [each for each in sorted(named) if not (ROOT / each).exists()] == []
