"""Each remedy is run in the state that offers it, as it is printed, and leads out of that state.

The table has a case for each action of `remedies.yaml`. A case brings the state about through the program, takes the
command that the program prints, runs exactly that, and looks for the state again. Where a word in CAPITALS is for a
person to choose, the case chooses; where a person types a secret, the case types it at a terminal.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from archiver.core.remedy import actions
from tests.support.agency import Agency, agency, record
from tests.support.claims_kit import licence
from tests.support.homes import QUICK, RECORDINGS, Home, begun


def offered(said: str, action: str) -> str:
    """The command of an action in what the program printed."""
    pattern = re.escape(actions()[action]["command"]).replace(r"\ ", " ")
    pattern = re.sub(r" \\\[(.*?)\\\]", r"(?: \1)?", pattern)
    pattern = r"archiver (?:--home ('[^']*'|[^\s`]+) )?" + re.sub(r"\\{\w+\\}", r"('[^']*'|[^\\s`]+)", pattern)
    found = re.search(pattern, " ".join(said.split()))
    assert found, f"{action!r} is not offered in: {said}"
    return found[0]


def follow(home: Home, said: str, action: str, *more: str, code: int = 0, **chosen: str) -> str:
    """Run the command that was printed, with what a person chooses for words in CAPITALS; what it says.

    `more` is what a replay home needs besides: recordings in place of the platform.
    """
    words = [chosen.get(word, word) for word in shlex.split(offered(said, action))[1:]]
    done = home(*words, *more, code=code)
    return done.stdout + done.stderr


def follow_and_type(home: Home, said: str, action: str, *answers: str, **chosen: str) -> str:
    """As `follow`, at a terminal: a person answers each question."""
    words = [chosen.get(word, word) for word in shlex.split(offered(said, action))[1:]]
    child = pexpect.spawn(
        home.command()[0], [*home.command()[1:], *words], env=home.env, encoding="utf-8", timeout=60,
        dimensions=(40, 200),
    )  # fmt: skip
    text = ""
    for answer in answers:
        child.expect(r"[:\]\?] $")
        text += str(child.before)
        child.sendline(answer)
    child.expect(pexpect.EOF)
    text += str(child.before)
    child.wait()
    child.close()
    assert child.exitstatus == 0, text
    return text


def printed(home: Home, *command: str | Path, code: int | None = None) -> str:
    """What a command says, on both streams."""
    done = home(*command, code=code)
    return str(done.stdout + done.stderr)


# ---------------------------------------------------------------- sign-ins


def rotate(folder: Path) -> None:
    home = begun(folder)
    home.account("stock", "shutterstock")
    home("run", "--replay", RECORDINGS / "shutterstock" / "bad-token", code=10)
    said = printed(home, "sign-in", "--due", "--dry-run")
    follow_and_type(home, said, "rotate", "new-token")
    assert "No sign-in needs a person" in printed(home, "sign-in", "--due", "--dry-run")


def rotate_source(folder: Path) -> None:
    home = begun(folder)
    mailbox = ("--kind", "mailbox", "--host", "127.0.0.1", "--port", "9", "--username", "ada", "--no-check")
    home("source", "add", "mail", "--client", "acme", *mailbox)
    said = printed(home, "source", "check", "mail", code=10)
    assert "sign-in mail" not in said
    follow_and_type(home, said, "rotate source", "a password")
    assert "password" not in printed(home, "source", "check", "mail", code=30)


def add_mailbox(folder: Path) -> None:
    home = begun(folder, replay=False)
    mailbox = ("--kind", "mailbox", "--host", "127.0.0.1", "--port", "9", "--username", "ada")
    said = printed(home, "source", "add", "mail", "--client", "acme", *mailbox, code=10)
    words = shlex.split(offered(said, "add mailbox"))[1:]
    assert words == ["source", "add", "mail", "--client", "acme", *mailbox[:-2], "--username", "ada"]
    home(*words, "--secrets-stdin", "--no-check", stdin="password: x")  # no mail server is here to try it
    assert home.json("source", "list")[0]["source"] == "mail"


def add_account(folder: Path) -> None:
    home = begun(folder)
    add = ("account", "add", "stock", "--client", "acme", "--provider", "shutterstock")
    said = printed(home, *add, "--replay", RECORDINGS / "shutterstock" / "bad-token", code=10)
    assert "rotate" not in said, "nothing was saved"
    follow(home, said, "add account")
    assert "stock" in printed(home, "account", "list", code=0)


def accept_automation(folder: Path) -> None:
    home = begun(folder, replay=False)
    (home.root / "archiver.yaml").write_text("timestamps: []\n")
    (home.root / "clients" / "acme.yaml").write_text("name: Acme Ltd\naccounts:\n  f: {provider: freepik}\n")
    said = printed(home, "account", "check", "f", code=10)
    follow(home, said, "accept automation", NAME="Ada Example")
    assert "accepted" in printed(home, "account", "check", "f")


# ---------------------------------------------------------------- clients, accounts and sources


def connect_account(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "run", "--replay", QUICK)
    follow(home, said, "connect account", NAME="stock", CLIENT="acme", PLATFORM="shutterstock")
    assert "no accounts yet" not in printed(home, "run", "--replay", QUICK)


def add_client(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "client", "show", "beta", code=2)
    follow(home, said, "add client", SLUG="beta", NAME="Beta GmbH")
    assert "Beta GmbH" in printed(home, "client", "show", "beta", code=0)


def add_source(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "source", "check", "papers", code=2)
    (folder / "papers").mkdir()
    follow(home, said, "add source", NAME="papers", CLIENT="acme", DIR=str(folder / "papers"))
    printed(home, "source", "check", "papers", code=0)


# ---------------------------------------------------------------- archives


def run_account(folder: Path) -> None:
    home = begun(folder)
    home.account("stock", "shutterstock")
    said = printed(home, "status")
    follow(home, said, "run account", "--replay", str(QUICK))
    assert "was never read" in said and "was never read" not in printed(home, "status")


def run_source(folder: Path) -> None:
    with agency(folder) as at:
        (folder / "papers").mkdir()
        at.run("source", "add", "papers", "--client", "acme", "--kind", "folder", "--path", folder / "papers")
        said = printed(at.run, "status")
        follow(at.run, said, "run source")
        assert "papers was never read" in said and "papers was never read" not in printed(at.run, "status")


def with_licence(at: Agency) -> str:
    """An archived licence, and its short id."""
    [stored] = at.archive("acme", (licence("1"), [record()]))
    return f"acme/{stored.folder}"


def timestamp(folder: Path) -> None:
    """Where `verify --renew` finds nothing to renew."""
    with agency(folder) as at:
        with_licence(at)
        for token in (at.home.archive("acme") / "ledger" / "checkpoints").glob("*.tsr"):
            token.unlink()
        said = printed(at.run, "status")
        assert "no trusted timestamp yet" in said
        follow(at.run, said, "timestamp")
        assert "no trusted timestamp yet" not in printed(at.run, "status")
        assert "PROVEN" in printed(at.run, "verify", "--client", "acme")


def run(folder: Path) -> None:
    with agency(folder) as at:
        with_licence(at)
        left = at.home.archive("acme") / "staging" / "half"
        left.mkdir(parents=True)
        said = printed(at.run, "doctor")
        follow(at.run, said, "run")
        assert "interrupted command left" in said and "interrupted command left" not in printed(at.run, "doctor")


def verify(folder: Path) -> None:
    with agency(folder) as at:
        with_licence(at)
        [damaged] = (at.home.archive("acme") / "evidence" / "licences").rglob("record.json")
        damaged.chmod(0o600)
        kept = damaged.read_bytes()
        damaged.write_bytes(b"x" + kept[1:])
        (at.home.archive("acme") / "ledger" / "ledger.jsonl").chmod(0o600)
        ledger = at.home.archive("acme") / "ledger" / "ledger.jsonl"
        line = ledger.read_bytes()
        ledger.write_bytes(line.replace(b'"seq":1', b'"seq":7'))
        said = printed(at.run, "doctor")
        assert "DAMAGED" in follow(at.run, said, "verify", code=90)
        damaged.write_bytes(kept)
        ledger.write_bytes(line)
        assert "DAMAGED" not in printed(at.run, "verify", "--client", "acme", code=0)


def after_restore(folder: Path) -> None:
    with agency(folder) as at:
        witness = folder / "witness"
        witness.mkdir()
        settings = at.run.root / "archiver.yaml"
        settings.write_text(settings.read_text() + f"witnesses: [{{name: disk, folder: '{witness}'}}]\n")
        with_licence(at)
        kept = {path: path.read_bytes() for path in at.home.archive("acme").rglob("*") if path.is_file()}
        at.archive("acme", (licence("2"), [record()]))
        for path in [each for each in at.home.archive("acme").rglob("*") if each.is_file()]:
            path.parent.chmod(0o700)
            path.unlink()
            if path in kept:
                path.write_bytes(kept[path])
        said = printed(at.run, "doctor")
        assert "does not continue" in said
        follow(at.run, said, "after restore")
        assert "does not continue" not in printed(at.run, "doctor")


def new_verifier(folder: Path) -> None:
    with agency(folder) as at:
        with_licence(at)
        tool = at.home.archive("acme") / "tools" / "verify.py"
        tool.chmod(0o600)
        tool.write_text(tool.read_text() + "# an older version\n")
        said = printed(at.run, "doctor")
        follow(at.run, said, "new verifier")
        with pytest.raises(AssertionError):
            offered(printed(at.run, "doctor"), "new verifier")


def show(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        [second] = [row["licence"] for row in at.run.json("find", "")]
        assert second == name
        at.run("erase", name, "--reason", "GDPR", "--by", "Ada", "--yes")
        said = printed(at.run, "proof", name, "--out", folder / "proof.zip")
        assert "tombstone" in follow(at.run, said, "show")


def assign(folder: Path) -> None:
    with agency(folder) as at:
        [stored] = at.archive("house", (licence("1"), [record()]))
        for client in ("acme", "beta"):
            at.run("assign", f"house/{stored.folder}", client, "--also", "--reason", "Job", "--by", "Ada", "--yes")
        said = printed(at.run, "notify", "--dry-run")
        assert "is assigned to 2 clients" in said
        follow_and_type(at.run, said, "assign", "y", CLIENT="acme", TEXT="Job 4711", NAME="Ada")
        assert "is assigned to 2 clients" not in printed(at.run, "notify", "--dry-run")


def find(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        said = printed(at.run, "show", "nothing_like_it", code=2)
        assert name in follow(at.run, said, "find")


def release_hold(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        at.run("hold", name, "--by", "Ada", "--reason", "a letter")
        erase = ("erase", name, "--reason", "GDPR", "--by", "Ada", "--yes")
        follow(at.run, printed(at.run, *erase, code=10), "release hold", LICENCE=name, NAME="Ada")
        printed(at.run, *erase, code=0)


def show_raw(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        assert "record.json" in follow(at.run, printed(at.run, "show", name), "show raw")


def see_account(folder: Path) -> None:
    """What it shows is what a person corrects."""
    home = begun(folder)
    client = home.root / "clients" / "acme.yaml"
    text = "name: Acme Ltd\naccounts:\n  stock: {provider: shutterstock, people: 3, seats: 1}\n"
    client.write_text(text)
    said = printed(home, "notify", "--dry-run")
    assert "people     3" in follow(home, said, "see account")
    client.write_text(text.replace("seats: 1", "seats: 3"))
    assert "3 people use stock" in said and "3 people use stock" not in printed(home, "notify", "--dry-run")


def platforms(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "find", "x", "--provider", "shutterstok", code=2)
    assert "shutterstock" in follow(home, said, "platforms")


# ---------------------------------------------------------------- claims, letters and sites


def reopen_claim(folder: Path) -> None:
    home = begun(folder)
    home("claim", "add", "--manual", "--client", "acme", "--claimant", "Rights Ltd", "--yes")
    claim = home.json("claim", "list")[0]["claim"]
    home("claim", "close", claim, "withdrawn", "--by", "Ada")
    answer = ("claim", "answer", claim, "--by", "Ada", "--how", "mail")
    follow(home, printed(home, *answer, code=2), "reopen claim", NAME="Ada")
    printed(home, *answer, code=0)


def list_claims(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "claim", "show", "nothing-1", code=2)
    assert "No claims yet" in follow(home, said, "list claims")


def terms_list(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "terms", "diff", "shutterstock", code=2)
    follow(home, said, "terms list")


# ---------------------------------------------------------------- this machine


def init(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "status", "--home", folder / "my other home", code=2)
    follow(home, said, "init")
    printed(home, "status", "--home", folder / "my other home", code=0)


def init_replay(folder: Path) -> None:
    home = begun(folder, replay=False)
    said = printed(home, "run", "--replay", QUICK, code=2)
    follow(home, said, "init replay", DIR=str(folder / "replays"))
    printed(home, "run", "--replay", QUICK, "--home", folder / "replays", code=0)


def package_companion(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "account", "add", "one", "--client", "acme", "--provider", "Alamy", code=2)
    follow(home, said, "package companion", DIR=str(folder / "companion"))
    assert list((folder / "companion").iterdir())


def choose_home(folder: Path) -> None:
    home = begun(folder)
    env = {name: value for name, value in home.env.items() if name != "ARCHIVER_HOME"}
    env |= {"XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
    person = Home(home.root, env)
    said = printed(person, "status", code=2)
    follow(person, said, "choose home", FOLDER=str(home.root))
    printed(person, "status", code=0)


def repair_clock(folder: Path) -> None:
    home = begun(folder)
    home.account("stock", "shutterstock")
    home("run", "--replay", QUICK)
    [log] = (home.root / "state" / "runs").glob("*Z-??????.jsonl")
    log.rename(log.with_name("20990101T000000Z-abcdef.jsonl"))
    said = printed(home, "doctor")
    follow_and_type(home, said, "repair clock", "y", NAME="Ada")
    assert "2099" in said and "2099" not in printed(home, "doctor")


def see_settings(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "settings", "agency.contry", "DE", code=2)
    assert "agency.country" in follow(home, said, "see settings")


def see_setting(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "settings", "agency", "Northlight", code=2)
    assert "agency.name" in follow(home, said, "see setting")


def remove_setting(folder: Path) -> None:
    home = begun(folder)
    (home.root / "archiver.yaml").write_text("replay: true\nagancy: {name: A}\n")
    follow(home, printed(home, "status", code=2), "remove setting")
    printed(home, "status", code=0)


def set_back(folder: Path) -> None:
    home = begun(folder)
    printed(home, "settings", "agency.name", "Northlight Media")
    follow(home, printed(home, "settings", "agency.name", "Other"), "set")
    assert "Northlight Media" in printed(home, "settings", "agency.name")


CASES: dict[str, Callable[[Path], None]] = {
    "rotate": rotate, "rotate source": rotate_source, "add mailbox": add_mailbox, "add account": add_account,
    "accept automation": accept_automation, "connect account": connect_account, "add client": add_client,
    "add source": add_source, "run account": run_account, "run source": run_source, "timestamp": timestamp,
    "run": run, "verify": verify, "after restore": after_restore, "new verifier": new_verifier, "show": show,
    "assign": assign, "find": find, "list claims": list_claims, "terms list": terms_list, "init": init,
    "init replay": init_replay, "choose home": choose_home, "repair clock": repair_clock, "release hold": release_hold,
    "show raw": show_raw, "see account": see_account, "platforms": platforms, "reopen claim": reopen_claim,
    "package companion": package_companion, "see settings": see_settings, "see setting": see_setting,
    "remove setting": remove_setting, "set": set_back,
}  # fmt: skip


WITHOUT_CASE = {
    "accept the vault",
    "ask anchors",
    "assess claim",
    "audit report",
    "capture",
    "capture platform",
    "check account",
    "check machine",
    "check online",
    "close account",
    "confirm letter",
    "export client",
    "import",
    "look at leaver",
    "name agency",
    "name authorities",
    "name recipients",
    "name sites",
    "name witness",
    "open",
    "pack claim",
    "pack licence",
    "read accounts",
    "remove adapter",
    "renew",
    "repair adapter",
    "restore the archive",
    "run asset",
    "run fully",
    "schedule",
    "see captures",
    "send again",
    "show claim",
    "sign in",
    "source report",
    "terms diff",
    "trusted lists",
    "try again",
    "try closing",
    "unassigned",
}


def test_each_action_has_a_case() -> None:
    """Actions without a case are listed; the list only gets shorter."""
    assert actions().keys() - CASES.keys() == WITHOUT_CASE and CASES.keys() <= actions().keys()


@pytest.mark.parametrize("action", CASES)
def test_a_remedy_leads_out_of_the_state_that_offers_it(action: str, tmp_path: Path) -> None:
    CASES[action](tmp_path)
