"""From an empty home to archives in use, by the command line alone; and what ends: accounts, seats, clients."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from archiver.agency.asset_references import asked_for
from archiver.agency.run_messages import ProgressForecast, closing, forecast, spelt
from archiver.catalogue.archives import writing
from archiver.cli.output import Lines
from archiver.collect.account_result import AccountResult
from archiver.collect.run_context import RunSummary
from archiver.core.errors import ConfigError
from archiver.home.settings import Home as Loaded
from archiver.home.vault import Vault
from archiver.provider import declared, installed, load
from archiver.provider.registry import load_installed
from tests.support.homes import QUICK, Home, clean_environment
from tests.support.readiness_kit import item_of

ACCOUNTS = {
    "acme-shutterstock": ("acme", "shutterstock"),
    "acme-adobe": ("acme", "adobe_stock"),
    "acme-getty": ("acme", "getty_images"),
    "beta-depositphotos": ("beta", "depositphotos"),
    "beta-market": ("beta", "envato_market"),
    "beta-shutterstock": ("beta", "shutterstock"),
    "gamma-adobe": ("gamma", "adobe_stock"),
    "shared-depositphotos": ("house", "depositphotos_enterprise"),
}
RULES = """
    rules:
      - {name: acme-early, client: acme, project: "Job 100"}
      - {name: acme, client: acme, project: "Job 10?"}
      - {name: beta, client: beta, title: "Glass blower*"}
"""


@pytest.fixture(scope="session")
def agency(once: Callable[..., Path]) -> Path:
    """A folder with a home after its first run: three clients, eight accounts over six platforms."""

    def fill(folder: Path) -> None:
        home = Home(folder / "home", clean_environment(folder))
        home("init", home.root, "--replay")
        for slug, name in {"acme": "Acme Ltd", "beta": "Beta GmbH", "gamma": "Gamma SA"}.items():
            home("client", "add", slug, "--name", name)
        for name, (client, provider) in ACCOUNTS.items():
            authorised: list[str | Path] = ["--replay", QUICK, "--authorised-by", "Ada Example"]
            extra = authorised if name == "beta-market" else []
            home("account", "add", name, "--client", client, "--provider", provider, *extra)
        house = home.root / "clients" / "house.yaml"
        house.write_text(house.read_text().rstrip() + RULES)
        (folder / "first.json").write_text(home("run", "--replay", QUICK, "--json").stdout)

    return once("agency", fill)


@pytest.fixture
def used(agency: Path, tmp_path: Path) -> Home:
    """A copy of that home, to be changed."""
    shutil.copytree(agency, tmp_path, dirs_exist_ok=True)
    return Home(tmp_path / "home", clean_environment(tmp_path))


def types(home: Home, client: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (home.archive(client) / "ledger/ledger.jsonl").read_text().splitlines()]


@pytest.mark.long  # of fewer accounts: tests/collect/test_run.py, test_shared_accounts.py
def test_three_clients_and_eight_accounts_are_archived_assigned_reconciled_and_verified(used: Home) -> None:
    first = json.loads((used.root.parent / "first.json").read_text())
    assert first["outcome"] == "complete" and len(first["accounts"]) == 8
    for each in first["accounts"]:
        assert each["listed"] == each["archived"] + each["comps"] and each["total"] in (None, each["listed"])
    shared = next(each for each in first["accounts"] if each["account"] == "shared-depositphotos")
    ruled = [line for line in types(used, "house") if line["type"] == "assign"]
    left = used.json("unassigned")
    assert len(ruled) + len(left) == shared["archived"] and len(ruled) > 5
    assert {line["rule"] for line in ruled} <= {"acme-early", "acme", "beta"}
    assert any(len(row["rules"]) == 2 for row in left)  # the glass blower of Job 102
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        used.command("run", "--replay", QUICK, "--json"), env=used.env, capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    second, seconds = json.loads(done.stdout), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert second["outcome"] == "complete" and sum(each["archived"] for each in second["accounts"]) == 0
    assert seconds < 10  # of processors; how long it takes by the clock depends on what else runs here
    assert [line for line in types(used, "house") if line["type"] == "assign"] == ruled
    report = used.json("verify")
    assert [client["findings"] for client in report["clients"]] == [[]] * 4


def test_a_refused_sign_in_leaves_nothing(home: Home) -> None:
    for provider, scenario in (("depositphotos", "wrong-password"), ("envato_market", "bad-token")):
        before = (home.root / "vault.enc").read_bytes(), (home.root / "clients/acme.yaml").read_bytes()
        done = home(
            "account", "add", "one", "--client", "acme", "--provider", provider, "--username", "ada",
            "--authorised-by", "Ada Example", "--replay", QUICK / provider / scenario, "--secrets-stdin",
            code=10, stdin="token: s3cret-one\npassword: s3cret-two\napi_key: s3cret-three\n",
        )  # fmt: skip
        assert "s3cret" not in done.stdout + done.stderr
        assert before == ((home.root / "vault.enc").read_bytes(), (home.root / "clients/acme.yaml").read_bytes())
        assert not home.archive().exists()
    options = ("--client", "acme", "--provider", "envato_market", "--authorised-by", "Ada Example")
    vault = open_vault_of(home)
    with writing(Loaded.load(home.root), vault, "acme"):  # the statement cannot be filed
        done = home(
            "account", "add", "one", *options, "--replay", QUICK, "--secrets-stdin", code=50, stdin="token: x\n"
        )
    assert "accepts the sign-in" in done.stderr and not vault.secrets("one")
    assert before[1] == (home.root / "clients/acme.yaml").read_bytes()
    home("account", "add", "one", *options, "--replay", QUICK)
    [statement] = home.archive().glob("evidence/statements/**/statement.json")
    said = json.loads(statement.read_text())
    assert (said["statement"], said["by"], said["account"]) == ("access authorised", "Ada Example", "one")
    assert "Ada Example" not in (home.archive() / "ledger/ledger.jsonl").read_text()


def test_every_method_that_asks_for_a_secret_says_where_it_is_found() -> None:
    for name in installed():
        assert all(len(method.where) > 30 for method in load(name).info.methods), name


def test_a_first_run_is_foretold_and_its_progress_told(home: Home, tmp_path: Path) -> None:
    home.account("one", "shutterstock")
    lines: list[str] = []
    loaded = Loaded.load(home.root)
    clock = iter([0.0, 70.0])
    watch = ProgressForecast(loaded, lines.append, Lines(lines.append, now=lambda: next(clock)))
    watch("one", 0, 20_000)
    watch("one", 140, 20_000)
    assert "states 20,000" in lines[0] and lines[1:] == ["one: 140 of 20,000, 2.0 a second, 2 h 46 min left"]
    info = load("shutterstock").info
    assert forecast(7200, info, 1.0) == 7200 and forecast(7200, info, 0) == 0 and spelt(7200) == "2 h"
    dry = home("run", "--dry-run", "--replay", QUICK)
    assert "one: a run would archive 45 in less than a minute." in dry.stdout and "45 to archive" in dry.stderr
    for said in (dry.stdout.splitlines()[0], dry.stderr):  # what was not done is not called archived, nor to be stopped
        assert "archived" not in said and "next run" not in said
    assert home.json("run", "--dry-run", "--replay", QUICK)["dry_run"] and not list(home.archive().glob("evidence/*"))
    later = datetime.now(UTC) + timedelta(days=7)  # a dry run is none that would be missed
    assert item_of(loaded, "schedule", later).count >= 4 and not item_of(loaded, "schedule", datetime.now(UTC)).count
    assert home.json("report", "--client", "acme")["coverage"][0]["listed"] is None
    home("report", "--client", "acme", "--month", "2024-02", "--out", tmp_path / "never.html")
    assert "says nothing about the month" in (tmp_path / "never.html").read_text()


def test_a_closed_account_signs_in_no_more_and_its_proof_stays(ran: Home) -> None:
    vault = open_vault_of(ran)
    vault.set_secrets("one", {"token": "t0ken"})
    unread = ran.json("account", "close", "one", "--replay", QUICK / "shutterstock/layout-changed", code=20)
    assert unread["outcome"] == "incomplete" and vault.secrets("one")
    emptied = ran.json("account", "close", "one", "--replay", QUICK / "shutterstock/empty-history", code=40)
    assert emptied["outcome"] == "incomplete" and "show none now" in emptied["sweep"]["message"]
    assert vault.secrets("one")
    dry = ran.json("account", "close", "one", "--dry-run", "--replay", QUICK)
    assert dry["outcome"] == "would_close" and "closed" not in (ran.root / "clients/acme.yaml").read_text()
    done = ran.json("account", "close", "one", "--replay", QUICK)
    assert done["outcome"] == "closed" and done["sweep"]["sweep"] == "full"
    assert {each["reason"] for each in done["on_request"]} == {"on_request"} and done["missing"] == []
    [line] = [line for line in types(ran, "acme") if line["type"] == "close"]
    assert (line["account"], line["listed"]) == ("one", done["sweep"]["listed"])
    assert not vault.secrets("one")
    assert "was closed on" in ran("run", "--account", "one", "--replay", QUICK, code=2).stderr
    assert "was closed on" in ran("account", "rotate", "one", "--secrets-stdin", code=2, stdin="token: x\n").stderr
    assert ran.json("run", "--replay", QUICK)["accounts"] == []
    assert ran.json("account", "close", "one")["outcome"] == "already_closed"
    [stands] = ran.json("status")["accounts"]
    assert (stands["trouble"], stands["next_full"]) == ("closed", None)
    assert [each["closed"] for each in ran.json("report", "--client", "acme")["coverage"]] == [True]

    ran.account("two", "envato_market")
    bad = QUICK / "envato_market/bad-token"
    assert "--by" in ran("account", "close", "two", "--anyway", "--replay", bad, code=2).stderr
    by = ("--anyway", "--by", "Ada Example", "--reason", "cancelled")
    assert ran.json("account", "close", "two", *by, "--replay", bad)["outcome"] == "closed"
    *_, line = [line for line in types(ran, "acme") if line["type"] == "close"]
    assert line["outcome"] == "failed" and line["statement"]
    assert ran.json("find", "harbour") and ran.json("verify")["clients"][0]["findings"] == []


def open_vault_of(home: Home) -> Vault:
    return Vault(home.root / "vault.enc", Path(home.env["ARCHIVER_KEY_FILE"]).read_text().strip())


def test_a_broken_adapter_costs_neither_a_runs_end_nor_what_is_archived(
    ran: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "broken-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    adapters = "broken = no_such_module:A\nunsplash = no_such_module:B\n"
    (package / "entry_points.txt").write_text(f"[archiver.providers]\n{adapters}")
    monkeypatch.syspath_prepend(tmp_path)
    load_installed.cache_clear()
    assert asked_for("ada-example-aBcDeFgHiJk-unsplash.jpg") is None  # a person can still capture it
    with pytest.raises(ConfigError, match="Install its package again"):
        asked_for("broken:1")
    assert "broken" in installed() and declared("broken") is None
    told = [
        *closing(
            Loaded.load(ran.root), RunSummary(run="", accounts=[AccountResult("one", "broken", error="ConfigError")])
        )
    ]
    assert told == ["Next: fix config error (1), as described above."]


def test_a_user_of_no_name_is_not_everybody_whose_seat_is_not_named(ran: Home) -> None:
    assert "names the user ''" in ran("account", "leaver", "", "--dry-run", code=2).stderr


def test_before_a_leavers_seat_goes_everything_is_read_and_what_is_missing_is_named(ran: Home) -> None:
    dry = ran.json("account", "leaver", "ada.example", "--dry-run")
    assert dry["sweep"] is None and dry["checklist"][0].startswith("Read the histories")
    found = ran.json("account", "leaver", "Ada.Example", "--replay", QUICK)
    assert found["sweep"]["accounts"][0]["sweep"] == "full" and found["accounts"] == ["one"]
    counts = found["coverage"]
    assert counts["licences"] == len(found["licences"]) > 5 and counts["certificates"] == 0
    assert counts["on_request"] == counts["licences"] == len(found["on_request"])
    assert "given only on request. Ask the platform while the account is open" in found["checklist"][0]
    [stands] = ran.json("status")["accounts"]
    assert len(found["missing"]) == stands["coverage"]["incomplete"] == 0  # one place decides what is missing
    ran("account", "close", "one", "--replay", QUICK)
    later = ran.json("find", "ada.example", "--limit", "200")  # seat and subscription are gone
    assert {row["licence"] for row in later} >= set(found["licences"])
    after = ran.json("account", "leaver", "ada.example", "--replay", QUICK)
    assert after["sweep"] is None and after["coverage"] == counts
    assert "nobody.at.all" in ran("account", "leaver", "nobody.at.all", code=2).stderr


@pytest.mark.long  # shorter: tests/desk/test_manage_client.py, tests/cli/test_messages.py
def test_a_client_takes_its_archive_along_and_nothing_of_the_house(used: Home, tmp_path: Path) -> None:
    out = tmp_path / "to" / "acme"
    dry = used.json("client", "hand-over", "acme", "--out", out, "--dry-run")
    assert dry["outcome"] == "would_hand_over" and not out.parent.exists()
    done = used.json("client", "hand-over", "acme", "--out", out)
    checked = subprocess.run(
        [sys.executable, "-I", out / "tools" / "verify.py", "--json"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(checked.stdout)
    assert checked.returncode == 0 and report["licences"] == done["licences"]
    told = [(each["code"], each["path"]) for each in report["findings"]]
    assert told == [("remark", "READ-ME.txt"), ("remark", "licences.csv")]
    files = [path for path in out.rglob("*") if path.is_file()]
    assert not any(word in path.read_bytes() for path in files for word in (b"Beta GmbH", b"PRIVATE KEY", b"gamma"))
    rows = (out / "licences.csv").read_text("utf-8-sig").splitlines()
    assert len(rows) == done["licences"] + 1
    assert done["key"] in (out / "READ-ME.txt").read_text()
    assert used("client", "hand-over", "acme", "--out", out, code=2).stderr
    assert used("client", "hand-over", "house", "--out", tmp_path / "house", code=2).stderr
    assert used("client", "hand-over", "acme", "--out", used.root / "work" / "x", code=2).stderr
    [damaged, *_] = sorted(used.archive("beta").glob("evidence/licences/**/record.json"))
    damaged.chmod(0o600)
    damaged.write_bytes(b"{}")
    assert "record.json" in used("client", "hand-over", "beta", "--out", tmp_path / "beta", code=90).stderr
    (used.archive("gamma") / "evidence" / "link").symlink_to("/etc/hostname")
    assert "link" in used("client", "hand-over", "gamma", "--out", tmp_path / "gamma", code=90).stderr
    assert not [path for path in tmp_path.iterdir() if "beta" in path.name or "gamma" in path.name]


def test_what_is_about_to_end_is_told_after_a_run(ran: Home) -> None:
    path = ran.root / "clients" / "acme.yaml"
    said = yaml.safe_load(path.read_text())
    said["accounts"]["one"] |= {"plan_until": "2020-01-01", "people": 3, "seat_until": {"ada.example": "2020-01-01"}}
    path.write_text(yaml.safe_dump(said))
    told = ran("run", "--replay", QUICK, "--dry-run").stderr
    assert told.count("note: ") == 3
    assert "archiver account leaver ada.example --dry-run" in told and "3 people use one" in told
