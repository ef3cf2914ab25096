"""`setup` from nothing to the first archived licences, at a terminal of its own: few questions, and it resumes."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from archiver.agency.new_client import slug_for
from archiver.agency.setup_questions import ask_about_agency, ask_about_sites
from archiver.home.settings import Home as Loaded
from archiver.home.settings_edit import add_client, create_home
from tests.support.homes import NOT_STARTING, QUICK, Home, clean_environment, nothing_but_openssl

pexpect = pytest.importorskip("pexpect", reason="pexpect, the terminal of this test, is not installed")

ANSWERS = {
    "Keep the vault's key": "",
    "first client's name": "Acme Ltd",
    "Its short name": "",
    "A platform of": "Shutterstock",
}
"""What the person types, by what the question says; an empty answer takes the default."""


def converse(home: Home, answers: dict[str, str], *words: str) -> tuple[list[str], str, int]:
    """Answer the program's questions at a terminal. Returns the questions, all text, and the exit code."""
    command = home.command("setup", "--replay", QUICK, *words)
    child = pexpect.spawn(command[0], command[1:], env=home.env, encoding="utf-8", timeout=120, dimensions=(40, 100),
                          searchwindowsize=400)  # fmt: skip
    text, asked = "", []
    while True:
        found = child.expect([r"[^\r\n]{1,200}(\]|\)|\?|platform): $", pexpect.EOF])
        text += child.before + (child.after if found == 0 else "")
        if found == 1:
            break
        asked.append(child.after.strip())
        answer = next((typed for said, typed in answers.items() if said in text.splitlines()[-1]), None)
        if answer is None:  # the person leaves
            for _ in range(4):  # one that comes while something else is tidied up is lost
                child.sendintr()
                if child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=30) == 0:
                    break
            else:
                child.kill(signal.SIGKILL)
            break
        child.sendline(answer)
    child.wait()  # on a busy machine, its end takes longer than `close` waits
    child.close()
    return asked, text, child.exitstatus if child.exitstatus is not None else 130


def test_from_nothing_to_the_first_licences_in_one_sitting_that_can_be_left(tmp_path: Path) -> None:
    plain = clean_environment(tmp_path) | nothing_but_openssl(tmp_path / "tools") | {"COLUMNS": "100", "TERM": "dumb"}
    plain["ARCHIVER_CHROMIUM"] = NOT_STARTING
    home = Home(tmp_path / "home", plain)
    place = ("--home", str(home.root))
    first, said, _ = converse(home, {key: ANSWERS[key] for key in list(ANSWERS)[:1]}, *place)
    assert "Home: created" in said and not (home.root / "clients" / "acme.yaml").exists()
    second, said, code = converse(home, ANSWERS, *place)  # it goes on where the person left
    assert code == 0, said
    assert "exists and is kept" in said and not any("agency" in each for each in second)
    assert re.search(r"[1-9]\d* licences archived", said)
    for done in (
        "First client: Clients: Acme Ltd",
        "Account or import: Connected: acme-shutterstock",
        "First licences",
    ):
        assert f"[x] {done}" in said, said
    assert len({re.sub(r"\W", "", each)[:24] for each in first + second}) <= 6
    assert home.json("find", "", "--limit", "1")
    again, said, code = converse(Home(home.root, plain | {"ARCHIVER_HOME": str(home.root)}), {})
    assert (again, code) == ([], 0) and said.count("[x]") >= 3, "a home that commands use is not asked for again"


def test_the_agency_and_a_clients_site_are_asked_kept_and_changed(tmp_path: Path) -> None:
    home = create_home(tmp_path / "home")
    add_client(home.root, "acme", name="Acme Ltd")
    answers = {
        "agency's name": "Northlight",
        "country": "Germany",
        "language": "de",
        "web site": "https://www.acme.example/x",
    }
    asked: list[str] = []

    def ask(question: str, known: str) -> str:
        asked.append(question)
        typed = next(text for said, text in answers.items() if said in question)
        return "de" if typed == "Germany" and sum("country" in each for each in asked) > 1 else typed

    said: list[str] = []
    made = ask_about_sites(ask_about_agency(home, ask, said.append, again=False), ask, said.append)
    agency = made.settings.agency
    assert (agency.name, agency.country, agency.language) == ("Northlight", "DE", "de")
    assert made.client("acme").domains == ("acme.example",) and said[0] == (
        "archiver: Germany: is not a country code such as DE. Nothing was saved; try again."
    )
    asked.clear()
    assert (
        ask_about_sites(ask_about_agency(made, ask, said.append, again=False), ask, said.append) == made and not asked
    )
    answers["agency's name"] = "Northlight Media"
    assert ask_about_agency(made, ask, said.append, again=True).settings.agency.name == "Northlight Media"
    left = create_home(tmp_path / "left")
    assert ask_about_agency(left, lambda _, known: known, said.append, again=False) == left


def test_without_a_terminal_it_asks_nothing_and_shows_the_checklist(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", clean_environment(tmp_path) | {"ARCHIVER_CHROMIUM": NOT_STARTING})
    said = home("setup", "--home", home.root, "--agency", "Northlight Media", "--country", "de").stderr
    assert (Loaded.load(home.root).settings.agency.name, Loaded.load(home.root).settings.agency.country) == (
        "Northlight Media",
        "DE",
    )
    for line in (
        "[ ] First client",
        "client add SLUG",
        "[ ] Nightly run",
        "schedule --install",
        "[x] The agency's name",
    ):
        assert line in said, said
    assert "[?] Timestamps" in said, "nobody asked the authorities yet"


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Acme Ltd", "acme"), ("Müller & Söhne GmbH", "mueller-soehne"), ("株式会社", "client"), ("A" * 60, "a" * 40)],
)
def test_a_clients_short_name_comes_from_its_name(name: str, slug: str) -> None:
    assert slug_for(name) == slug
