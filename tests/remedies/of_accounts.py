"""States of sign-ins, accounts and sources, and the remedies that lead out of them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import time
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from archiver.catalogue.archives import writing
from archiver.collect.companion.captures import Inbox
from tests.collect.test_run import signing_in_at
from tests.devkit.test_repair import rehearse
from tests.support.agency import agency
from tests.support.companion_kit import capture, desk_of
from tests.support.homes import QUICK, RECORDINGS, ROOT, Home, begun

from .followed import Case, follow, follow_and_type, offered, printed


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


def see_platform(folder: Path) -> None:
    home = begun(folder)
    assert "sign-in" in follow(home, printed(home, "providers"), "see platform", NAME="shutterstock")


def platforms(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "find", "x", "--provider", "shutterstok", code=2)
    assert "shutterstock" in follow(home, said, "platforms")


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


def package_companion(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "account", "add", "one", "--client", "acme", "--provider", "Alamy", code=2)
    follow(home, said, "package companion", DIR=str(folder / "companion"))
    assert list((folder / "companion").iterdir())


def run_fully(folder: Path) -> None:
    """A list whose rows have gone is accepted by a person."""
    home = begun(folder)
    home.account("stock", "shutterstock")
    home("run", "--replay", QUICK)
    emptied = ("--replay", str(QUICK / "shutterstock" / "empty-history"))
    said = printed(home, "run", *emptied, code=40)
    follow(home, said, "run fully", *emptied, code=None)
    printed(home, "run", *emptied, code=0)


def check_account(folder: Path) -> None:
    """It tries each step; here the platform has stopped asking for what the rules refuse."""
    home = begun(folder)
    home.account("stock", "shutterstock")
    home("run", "--replay", QUICK)
    [log] = (home.root / "state" / "runs").glob("*Z-??????.jsonl")
    line = json.loads(log.read_text().splitlines()[0])
    log.write_text(json.dumps(line | {"outcome": "failed", "refused": ["POST https://api.example/buy"]}) + "\n")
    said = printed(home, "doctor")
    assert "the last run blocked" in said
    check = shlex.split(offered(said, "check account"))[1:-1]  # a replay home has recordings instead of `--live`
    assert "list" in home(*check, "--replay", QUICK).stdout
    home("run", "--replay", QUICK)
    assert "the last run blocked" not in printed(home, "doctor")


def also(home: Home, setting: str) -> None:
    """Write a further setting of the account of Shutterstock."""
    client, before = home.root / "clients" / "acme.yaml", "provider: shutterstock"
    client.write_text(client.read_text().replace(before, f"{before}\n    {setting}"))


def close_account(folder: Path) -> None:
    home = begun(folder)
    token = ("--secrets-stdin", "--no-check")
    home("account", "add", "stock", "--client", "acme", "--provider", "shutterstock", *token, stdin="token: abc")
    also(home, "closed: 2026-11-01")
    said = printed(home, "doctor")
    assert "holds secrets of stock, which is closed" in said
    follow(home, said, "close account", "--replay", str(QUICK), code=None)
    assert "holds secrets of stock" not in printed(home, "doctor")


def ending(folder: Path, when: str) -> tuple[Home, str]:
    """An account of which something ends next week, and what the messages say of it."""
    home = begun(folder)
    home.account("stock", "shutterstock")
    home("run", "--replay", QUICK)
    day = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}"
    also(home, when.format(day))
    return home, printed(home, "notify", "--dry-run")


def try_closing(folder: Path) -> None:
    """It says what is left to do; the account is closed then."""
    home, said = ending(folder, "plan_until: {}")
    assert "The plan of stock ends on" in said
    assert follow(home, said, "try closing", "--replay", str(QUICK), code=None)
    home("account", "close", "stock", "--anyway", "--reason", "The plan ends", "--by", "Ada", "--replay", QUICK)
    assert "The plan of stock" not in printed(home, "notify", "--dry-run")


def look_at_leaver(folder: Path) -> None:
    """It says what only this person can do; their seat is taken out of the settings then."""
    home, said = ending(folder, "seat_until: {{ada@acme.example: {}}}")
    assert "The seat of ada@acme.example" in said
    assert follow(home, said, "look at leaver", "--replay", str(QUICK), code=None)
    client = home.root / "clients" / "acme.yaml"
    client.write_text(re.sub(r"\n +seat_until: .*", "", client.read_text()))
    assert "The seat of" not in printed(home, "notify", "--dry-run")


def unassigned(folder: Path) -> None:
    home = begun(folder)
    home.account("shared", "shutterstock", client="house")
    said = printed(home, "run", "--replay", QUICK)
    assert "no client yet" in said
    assert "shutterstock" in follow(home, said, "unassigned")
    for each in home.json("unassigned"):
        home("assign", each["licence"], "acme", "--reason", "Job", "--by", "Ada", "--yes")
    assert "no client yet" not in printed(home, "run", "--replay", QUICK)


def remove_account(folder: Path) -> None:
    with agency(folder) as at:
        said = printed(at.run, "client", "remove", "house", code=2)
        follow(at.run, said, "remove account", "--yes")
        assert "house-stock" not in printed(at.run, "account", "list")


def change_user(folder: Path) -> None:
    home = begun(folder)
    (home.root / "clients" / "acme.yaml").write_text("name: Acme Ltd\naccounts:\n  f: {provider: depositphotos}\n")
    check = ("account", "check", "f", "--replay", QUICK / "depositphotos" / "two-pages")
    said = printed(home, *check)
    follow(home, said, "change user", "--secrets-stdin", "--no-check", stdin="password: x", NAME="ada")
    assert "has no user name" in said and "has no user name" not in printed(home, *check)


def read_leaver(folder: Path) -> None:
    home = begun(folder)
    home.account("stock", "shutterstock", username="ada")
    said = printed(home, "account", "leaver", "ada", "--dry-run")
    assert "account leaver" not in follow(home, said, "read leaver", "--replay", str(QUICK), code=None)


def sign_in(folder: Path) -> None:
    """The page stands in for the person: it goes to the account by itself, and gets the session cookie there."""
    home = begun(folder)
    home.account("one", "freepik", username="ada")
    site = RECORDINGS / "freepik"
    said = printed(home, "run", "--replay", site / "session-expired", code=10)
    follow(home, said, "sign in", "--replay", str(signing_in_at(folder / "site")), "--headless")
    assert "one waits for a person" in said or "sign-in one" in said
    assert "sign-in" not in printed(home, "run", "--replay", site / "two-pages", code=0)


def repair_adapter(folder: Path) -> None:
    home, site = changed_site(folder)
    said = printed(home, "run", "--replay", site, code=20)
    name = shlex.split(offered(said, "repair adapter"))[-1]
    rehearse(home, name, "envato_market", site, ('row["sold_at"]', 'row["bought_at"]'))
    assert "adapter repair" not in printed(home, "run", "--replay", site)


def remove_adapter(folder: Path) -> None:
    """The next release has the repair."""
    home, site = changed_site(folder)
    rehearse(home, "envato", "envato_market", site, ('row["sold_at"]', 'row["bought_at"]'))
    repaired = home.root / "adapters" / "envato_market"
    origin = yaml.safe_load((repaired / "origin.yaml").read_text())
    (repaired / "origin.yaml").write_text(yaml.safe_dump(origin | {"installed": "0" * 64}))
    shutil.rmtree(repaired / "recordings")
    shutil.copytree(QUICK / "envato_market" / "two-pages", repaired / "recordings" / "envato_market" / "repaired")
    follow(home, printed(home, "doctor"), "remove adapter")
    assert "every adapter is the installed one" in printed(home, "doctor")


def discard_adapter(folder: Path) -> None:
    """The installed adapter has no repair, so only a person's word removes it."""
    home, site = changed_site(folder)
    rehearse(home, "envato", "envato_market", site, ('row["sold_at"]', 'row["bought_at"]'))
    said = printed(home, "adapter", "remove", "envato_market", code=1)
    follow(home, said, "discard adapter")
    assert "every adapter is the installed one" in printed(home, "doctor")


def check_recording(folder: Path) -> None:
    """A new adapter, installed as the command before says."""
    home, made = begun(folder), folder / "acme"
    said = printed(home, "providers", "new", "acme_stock", "--out", made, "--api")
    installed = made / "archiver_acme_stock-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: archiver-acme-stock\nVersion: 0.1.0\n")
    points = tomllib.loads((made / "pyproject.toml").read_text())["project"]["entry-points"]["archiver.providers"]
    lines = "".join(f"{name} = {to}\n" for name, to in points.items())
    (installed / "entry_points.txt").write_text(f"[archiver.providers]\n{lines}")
    home.env["PYTHONPATH"] = f"{ROOT}:{made}"
    follow(home, said, "check recording")


def changed_site(folder: Path) -> tuple[Home, Path]:
    """An account of a platform that renamed a key of its list."""
    site = shutil.copytree(QUICK / "envato_market" / "two-pages", folder / "site")
    for body in (site / "bodies").glob("*purchases*.json"):
        body.write_text(body.read_text().replace('"sold_at"', '"bought_at"'))
    home = begun(folder)
    home.account("envato", "envato_market")
    return home, site


def say_date_order(folder: Path) -> None:
    """A list whose dates could all be two days: its licences wait until a person says which number is the day."""
    site = shutil.copytree(QUICK / "depositphotos" / "two-pages", folder / "site")
    for body in (site / "bodies").glob("*getPurchases*.json"):
        body.write_text(re.sub(r'(?<="purchaseDate": ")[^"]+', "03/04/2026 16:15:44", body.read_text()))
    home = begun(folder)
    home.account("photos", "depositphotos", username="ada")
    said = printed(home, "run", "--replay", site, code=40)
    assert "could be several days, such as 03/04/2026" in said and not home.json("find", "")
    follow(home, said, "say date order", ORDER="day-first")
    assert "which number" not in printed(home, "run", "--replay", site, code=0).lower()
    assert {each["licensed_at"] for each in home.json("find", "")} == {"2026-04-03"}


def say_first_purchase(folder: Path) -> None:
    """The platform's answer has a key that nobody documented: only a person knows whether the list goes on behind it.

    Then a row comes that is older than the first purchase.
    """
    site = shutil.copytree(QUICK / "depositphotos" / "two-pages", folder / "site")
    bodies = {each: json.loads(each.read_text()) for each in sorted(site.glob("bodies/*getPurchases*"))}
    oldest = [*bodies.values()][-1]["purchases"].pop()
    for path, body in bodies.items():
        path.write_text(json.dumps(body | {"window": {"of": "your seat"}, "count": 15}))
    home = begun(folder)
    home.account("photos", "depositphotos", username="ada")
    said = printed(home, "run", "--replay", site, code=0)
    assert "Rows" not in follow(home, said, "say first purchase")
    [waiting] = home.json("account", "first", "photos")["lists"]
    assert [each["day"] for each in waiting["rows"]] == ["2026-02-27", "2026-03-18", "2026-04-06"] and not waiting["by"]
    first = ("account", "first", "photos", "--by", "Ada Example", "--month")
    assert "rows are missing" in printed(home, *first, "2019-06", code=2)
    assert "not of 2026-03" in printed(home, *first, "2026-03", code=2)
    assert home.json(*first, "2026-02")["lists"][0]["by"] == "Ada Example"
    [account] = home.json("run", "--replay", site)["accounts"]
    assert (account["outcome"], account["ground"]) == ("complete", "person")
    assert "waits for its first purchase" in printed(home, "account", "first", "photos", code=0)
    for path, body in bodies.items():
        rows = body["purchases"] + ([oldest] if path == [*bodies][-1] else [])
        path.write_text(json.dumps(body | {"window": {"of": "your seat"}, "purchases": rows}))
    [account] = home.json("run", "--replay", site)["accounts"]
    assert account["outcome"] == "read_to_end" and "Ada Example said on" in account["message"], account["message"]
    assert "an older one, of 2026-02-08" in account["message"]


def see_captures(folder: Path) -> None:
    """Captures wait where a desk ended before it filed them; the next desk does."""
    with agency(folder) as at:
        with desk_of(at) as desk, writing(at.home, at.vault, "beta"):  # another command writes
            desk.browser().send(capture("beta"), page_html=b"<html>Walk</html>", page_txt=b"Walk")
            desk.process.kill()
        said = printed(at.run, "doctor")
        assert "wait to be filed" in said and shlex.split(offered(said, "see captures"))[-1] == "desk"
        with desk_of(at):
            while [*Inbox(at.home.state).waiting()]:
                time.sleep(0.1)
        assert "wait to be filed" not in printed(at.run, "doctor")


CASES: dict[str, Case] = {
    "rotate": rotate,
    "rotate source": rotate_source,
    "add mailbox": add_mailbox,
    "add account": add_account,
    "accept automation": accept_automation,
    "connect account": connect_account,
    "add client": add_client,
    "add source": add_source,
    "see account": see_account,
    "see platform": see_platform,
    "platforms": platforms,
    "run account": run_account,
    "run source": run_source,
    "package companion": package_companion,
    "run fully": run_fully,
    "check account": check_account,
    "say date order": say_date_order,
    "say first purchase": say_first_purchase,
    "close account": close_account,
    "try closing": try_closing,
    "look at leaver": look_at_leaver,
    "unassigned": unassigned,
    "remove account": remove_account,
    "change user": change_user,
    "read leaver": read_leaver,
    "sign in": sign_in,
    "repair adapter": repair_adapter,
    "remove adapter": remove_adapter,
    "discard adapter": discard_adapter,
    "check recording": check_recording,
    "see captures": see_captures,
}
