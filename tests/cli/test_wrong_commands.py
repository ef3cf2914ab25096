"""A hundred wrong commands: no traceback, the right exit code, and a message that names the mend."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.homes import QUICK, Home

A_DAY, NAME_IT, SEE_HELP = "YYYY-MM-DD", r"There is no|No licence|has no", r"Try 'archiver.* -h' for help"

WRONG = [
    # what is typed, the exit code, and what the message says of the mend
    # -- typos in commands
    ("fnd harbour", 2, "Did you mean 'find'"),
    ("adapter repare", 2, "Did you mean 'repair'"),
    ("audit rum", 2, "Did you mean 'run'"),
    ("replica chek", 2, "Did you mean 'check'"),
    ("fleet statos", 2, "Did you mean 'status'"),
    ("fleet status", 2, "ARCHIVER_FLEET"),
    ("fleet status --database postgresql://127.0.0.1:1/none", 30, "Check that PostgreSQL runs"),
    ("companion pack", 2, "Did you mean 'package'"),
    ("watch nobody", 2, "nobody"),
    ("source lst", 2, "Did you mean 'list'"),
    ("verfy", 2, "Did you mean 'verify'"),
    ("stauts", 2, "Did you mean 'status'"),
    ("client ad beta", 2, "Did you mean 'add'"),
    ("account lst", 2, "Did you mean 'list'"),
    ("claim sho x", 2, "Did you mean 'show'"),
    ("desk user ad Ada", 2, "Did you mean 'add'"),
    ("catalog rebuild", 2, "Did you mean 'catalogue'"),
    ("recordings check x", 2, "Did you mean 'recording'"),
    ("nonsense-without-likeness", 2, SEE_HELP),
    ("client", 2, "Commands:"),
    ("", 2, "Answer a letter:"),
    # -- typos in options
    ("find --jsn", 2, "--json"),
    ("find x --clint acme", 2, "--client"),
    ("run --ful", 2, "--full"),
    ("status --colour", 2, SEE_HELP),
    ("verify --quik", 2, "--quick"),
    ("erase x --resaon GDPR --by Ada", 2, "--reason"),
    ("import --dryrun x --client acme", 2, "--dry-run"),
    # -- values that are missing
    ("client add", 2, "SLUG --name NAME"),
    ("client add beta", 2, "--name"),
    ("client change acme", 2, "give --alias or --domain"),
    ("home nowhere", 2, "Make a home"),
    ("settings agency.contry DE", 2, "Did you mean 'agency.country'"),
    ("settings --default", 2, "name the setting"),
    ("account add x --client acme", 2, "--provider"),
    ("account add x --provider freepik", 2, "--client"),
    ("import x", 2, "--client"),
    ("proof x", 2, "--out"),
    ("erase x --reason GDPR", 2, "--by"),
    ("assign x acme", 2, "--by"),
    ("hold x --reason y", 2, "--by"),
    ("show", 2, "LICENCE"),
    ("find --client", 2, "requires an argument"),
    ("open", 2, "LICENCE"),
    ("account rename one", 2, "NEW"),
    ("letter", 2, "FILE"),
    ("sign-in", 2, "name an account, or give --due"),
    # -- names that are not there
    ("run --client acm --replay {recordings}", 2, "Did you mean 'acme'"),
    ("run --account oen --replay {recordings}", 2, "Did you mean 'one'"),
    ("account add x --client acme --provider shuterstock", 2, "Did you mean 'shutterstock'"),
    ("account add x --client acmee --provider freepik", 2, "Did you mean 'acme'"),
    ("terms diff shuterstock", 2, "Did you mean 'shutterstock'"),
    ("anchors --client acm", 2, "Did you mean 'acme'"),
    ("account show noe", 2, "Did you mean 'one'"),
    ("account remove nobody", 2, "Known: one"),
    ("account rename nobody two", 2, "Known: one"),
    ("account rotate ne", 2, "Did you mean 'one'"),
    ("account check nobody", 2, "Known: one"),
    ("account close nobody --replay {recordings}", 2, "Known: one"),
    ("account list --client acmme", 2, "Did you mean 'acme'"),
    ("client show amce", 2, "Did you mean 'acme'"),
    ("client rename amce Acme", 2, "Did you mean 'acme'"),
    ("client remove amce", 2, "Did you mean 'acme'"),
    ("client hand-over amce --out {home}/out", 2, "Did you mean 'acme'"),
    ("providers shuterstock", 2, "Did you mean 'shutterstock'"),
    ("providers show nothing-like-it", 2, "archiver providers"),
    ("find x --client acmee", 2, "Did you mean 'acme'"),
    ("find x --provider shuterstock", 2, "Did you mean 'shutterstock'"),
    ("find x --sort newst", 2, "Did you mean 'newest'"),
    ("show nothing-like-it", 2, "archiver find"),
    ("open nothing-like-it", 2, "archiver find"),
    ("proof nothing-like-it --out {home}/p.zip", 2, "archiver find"),
    ("assess nothing-like-it --client acme", 2, "archiver find"),
    ("erase nothing-like-it --reason GDPR --by Ada", 2, "archiver find"),
    ("hold nothing-like-it --reason why --by Ada", 2, "archiver find"),
    ("assign nothing-like-it acme --by Ada", 2, "archiver find"),
    ("claim show nothing-like-it", 2, "claim"),
    ("claim enter nothing-like-it x --by Ada", 2, "claim"),
    ("proof --claim nothing-like-it --out {home}/p.zip", 2, "claim"),
    ("desk user remove Nobody", 2, "Nobody"),
    ("desk session end nothing", 2, "nothing"),
    ("desk link end nothing", 2, "nothing"),
    ("schema fnd", 2, "Did you mean 'find'"),
    ("completion tcsh", 2, "bash, zsh, fish"),
    ("schedule --system upstart", 2, "systemd, cron"),
    # -- dates, numbers and words
    ("find --since yesterday", 2, A_DAY),
    ("find --since 2026-02-30", 2, A_DAY),
    ("find --until 24.11.2026", 2, A_DAY),
    ("find --since 2026-12-01 --until 2026-01-01", 2, "is after --until"),
    ("find --limit 0", 2, "--limit"),
    ("find --limit many", 2, "--limit"),
    ("find --csv --json", 2, "--csv or --json, not both"),
    ("find --image {home}/archiver.yaml --kind x", 2, "not for --image"),
    ("report --client acme --month november", 2, "YYYY-MM"),
    ("report --client acme --month 2026-13", 2, "YYYY-MM"),
    ("schedule --at 25:00", 2, "HH:MM"),
    ("assess x --client acme --first-seen soon", 2, A_DAY),
    ("claim add --manual --client acme --amount lots", 2, "--amount"),
    ("claim add --manual --client acme --deadline 31.12.2026", 2, A_DAY),
    ("claim add --manual --client acme --kind threat", 2, "inquiry"),
    ("assess x --client acme --use private", 2, "commercial or editorial"),
    ("desk --port 99999", 2, "--port"),
    ("client add Acme_Ltd --name Acme", 2, "for example acme"),
    ("account rename one Two!", 2, "not a valid account name"),
    # -- files
    ("import {home}/missing --client acme", 2, "missing"),
    ("letter {home}/missing.pdf --client acme", 2, "missing.pdf"),
    ("claim add {home}/missing.pdf --client acme", 2, "missing.pdf"),
    ("find --image {home}/missing.png", 2, "missing.png"),
    ("find --image {home}/archiver.yaml", 2, "JPEG or PNG"),
    ("run --replay {home}/missing", 2, "recordings"),
    ("recording check {home}/missing", 2, "missing"),
    ("verify --against {home}/missing", 2, "missing"),
    ("verify --roots {home}/missing.pem", 2, "missing.pem"),
    ("verify --key /dev/null", 2, "null"),
    ("unassigned --assign-from {home}/missing.csv --by Ada", 2, "unassigned --csv"),
    ("report --client acme --out {home}/no/such/r.html", 2, "Make it"),
    ("status --log-file {home}/no/such/log", 2, "folder that exists"),
    ("status --home {home}/missing", 2, "archiver init"),
    ("status --home /dev/null", 2, "archiver init"),
    ("letter /dev/null --client acme", 2, "null"),
    ("claim calendar --out {home}/no/such/d.ics", 2, "Make it"),
    ("proof shutterstock --out {home}/no/such/p.zip --sign {home}/none.p12", 2, "does not exist"),
    ("source add m --client acme --kind folder", 2, "needs --path"),
    ("source add m --client acme --kind mailbox", 2, "needs --host"),
    ("source add m --client acme --kind folder --path {home}/none", 2, "there is no folder"),
    # -- variables of the shell that are not set
    ("find harbour --client ''", 2, "--client is empty"),
    ("find harbour --client=", 2, "--client is empty"),
    ("run --account '' --replay {recordings}", 2, "--account is empty"),
    ("verify --client ''", 2, "--client is empty"),
    ("import '' --client acme", 2, "PATH is empty"),
    ("import /dev/null --client acme", 40, "not a regular file"),
    # -- what would go wrong
    ("backup make {home}/inside.tar", 2, "outside of it"),
    ("backup check {home}/archiver.yaml", 90, "earlier backup"),
    ("restore {home}/none.tar {home}/new", 2, "Name a backup's file"),
    ("restore {home} {home}", 2, "Name a new folder"),
    ("account rotate one", 2, "--secrets-stdin"),
    ("account remove one", 2, "archiver account close one"),
    ("client remove acme", 2, "evidence is never removed"),
    ("client hand-over acme --out {home}/inside", 2, "outside"),
    ("run", 2, "--replay DIR"),
    ("sign-in one --replay {recordings}", 2, "archiver account rotate one"),
    ("account check one --live", 2, "--replay"),
]


@pytest.fixture(scope="module")
def archived(first_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One home for all wrong commands: none of them may change it."""
    import shutil

    from tests.support.homes import clean_environment

    folder = tmp_path_factory.mktemp("wrong")
    shutil.copytree(first_run, folder, dirs_exist_ok=True)
    return Home(folder / "home", clean_environment(folder) | {"COLUMNS": "40"})


def test_there_are_a_hundred_wrong_commands_and_each_group_of_commands_has_one() -> None:
    from archiver.cli.commands import program

    assert len({typed for typed, _, _ in WRONG}) == len(WRONG) >= 100
    words = {typed.split()[0] for typed, _, _ in WRONG if typed}
    without = {
        "demo",
        "setup",
        "init",
        "home",
        "doctor",
        "notify",
        "capture",
        "repair-clock",
        "catalogue",
    }  # little to mistype
    assert set(program.commands) - words <= without


@pytest.mark.parametrize(("typed", "code", "mend"), WRONG, ids=[typed or "nothing" for typed, _, _ in WRONG])
def test_a_wrong_command_says_how_to_mend_it(archived: Home, typed: str, code: int, mend: str) -> None:
    done = archived(*(each.format(home=archived.root, recordings=QUICK) for each in shlex.split(typed)), code=None)
    said = " ".join(f"{done.stdout} {done.stderr}".split())
    assert done.returncode == code, said
    assert "Traceback" not in said and "Error(" not in said and ".py:" not in said
    wanted = mend if mend is SEE_HELP else re.escape(mend)
    assert re.search(wanted, said), said
    assert not re.search(r"\b(?!ConfigError)[A-Z][a-z]+[A-Z][a-z]+\w*(Error|Needed|Changed|Refused)\b", said), "a class"


def test_no_wrong_command_changed_anything(archived: Home) -> None:
    assert archived.json("verify")["state"] == "UNPROVEN"
    assert [each["account"] for each in archived.json("account", "list")["accounts"]] == ["one"]
    assert archived("doctor", code=None).returncode in (0, 50)


def shell(home: Home, line: str) -> subprocess.CompletedProcess[str]:
    words = [*home.command()]
    script = line.replace("ARCHIVER", " ".join(words))
    env = {name: value for name, value in home.env.items() if name != "PYTHONUNBUFFERED"}  # which few users have
    return subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ARCHIVER find '' --limit 40 | true; exit ${PIPESTATUS[0]}", (0, 141)),
        ("ARCHIVER find '' >&-", (0,)),
        pytest.param("ARCHIVER find '' 2>&-", (0,), marks=pytest.mark.long),
        ("ARCHIVER status <&- >/dev/null", (0,)),
        ("ARCHIVER find '' > /dev/full", (50,)),
        ("PYTHONUNBUFFERED=1 ARCHIVER find '' > /dev/full", (50,)),
        pytest.param("ARCHIVER find '' --json > /dev/full", (50,), marks=pytest.mark.long),
        pytest.param("ARCHIVER --version > /dev/full", (50,), marks=pytest.mark.long),
        pytest.param("ARCHIVER claim add --help > /dev/full", (50,), marks=pytest.mark.long),
        ("ARCHIVER fnd 2> /dev/full", (2,)),
        pytest.param("ARCHIVER --help | true; exit ${PIPESTATUS[0]}", (0, 141), marks=pytest.mark.long),
        pytest.param("ARCHIVER providers | true; exit ${PIPESTATUS[0]}", (0, 141), marks=pytest.mark.long),
        pytest.param("ARCHIVER fnd 2>&1 | true; exit ${PIPESTATUS[0]}", (2, 141), marks=pytest.mark.long),
        pytest.param("ARCHIVER status 2> /dev/full > /dev/null", (0,), marks=pytest.mark.long),
        pytest.param("ARCHIVER show nothing 2> /dev/full", (2,), marks=pytest.mark.long),
        pytest.param("ARCHIVER find harbour --log-file /dev/full -v 2> /dev/null", (0,), marks=pytest.mark.long),
        ("ARCHIVER __complete show '' > /dev/full", (0,)),
        pytest.param(
            "ARCHIVER account add two --client acme --provider shutterstock --no-check < /dev/null",
            (0,),
            marks=pytest.mark.long,
        ),
    ],
)
def test_closed_and_full_streams_end_a_command_quietly(ran: Home, line: str, code: tuple[int, ...]) -> None:
    done = shell(ran, line)
    assert done.returncode in code, done.stderr
    assert not re.search(r"Traceback|BrokenPipe|Exception ignored", done.stderr)
    assert done.stderr.count("The disk is full") == (1 if done.returncode == 50 else 0)


def test_an_account_of_a_real_home_needs_a_secret(new_home: object) -> None:
    home = new_home(replay=False)  # type: ignore[operator]  # the fixture's own type is a callable
    refused = home("account", "add", "a", "--client", "acme", "--provider", "shutterstock", "--no-check", code=2)
    assert "No token was given" in refused.stderr and "--secrets-stdin" in refused.stderr
    assert home.json("account", "list")["accounts"] == []
    home("account", "add", "a", "--client", "acme", "--provider", "shutterstock", "--no-check",
         "--secret-command", "printf 'token: abc'")  # fmt: skip
    assert "secret_command:" in (home.root / "clients" / "acme.yaml").read_text()
    home("account", "remove", "a")
    assert home.json("account", "list")["accounts"] == []
