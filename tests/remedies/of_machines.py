"""States of a machine and its homes, and the remedies that lead out of them."""

from __future__ import annotations

from pathlib import Path

from tests.support.agency import agency, record
from tests.support.claims_kit import licence
from tests.support.homes import NOT_STARTING, QUICK, Home, begun

from .followed import Case, follow, follow_and_type, printed


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


def set_up(folder: Path) -> None:
    home = begun(folder, replay=False)
    home.env["ARCHIVER_CHROMIUM"] = NOT_STARTING
    said = printed(home, "setup", "--home", home.root, "--yes")
    now = follow(home, said, "set up", "--yes", "--agency", "Northlight Media")
    assert "name is missing" not in now


def see_schemas(folder: Path) -> None:
    home = begun(folder)
    assert "find" in follow(home, printed(home, "schema", "fnd", code=2), "see schemas").split()


def add_user(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "desk", "user", "list")
    follow(home, said, "add user", stdin="a long password of many words\n", NAME="Ada")
    assert "No users" not in printed(home, "desk", "user", "list")


def list_sessions(folder: Path) -> None:
    home = begun(folder)
    follow(home, printed(home, "desk", "session", "end", "1a2b3c4d", code=2), "list sessions")


def list_links(folder: Path) -> None:
    home = begun(folder)
    follow(home, printed(home, "desk", "link", "end", "1a2b3c4d", code=2), "list links")


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


def back_up(folder: Path) -> None:
    with agency(folder) as at:
        at.archive("acme", (licence("1"), [record()]))
        (folder / "disk").mkdir()
        follow(at.run, printed(at.run, "status"), "back up", FOLDER=str(folder / "disk"))
        assert "never backed up" not in printed(at.run, "status")


CASES: dict[str, Case] = {
    "back up": back_up,
    "init": init,
    "init replay": init_replay,
    "set up": set_up,
    "see schemas": see_schemas,
    "add user": add_user,
    "list sessions": list_sessions,
    "list links": list_links,
    "choose home": choose_home,
    "repair clock": repair_clock,
    "see settings": see_settings,
    "see setting": see_setting,
    "remove setting": remove_setting,
    "set": set_back,
}
