"""Shared accounts at scale: rules, suggestions, tables and project folders say for whom a licence is, in that order of
force; and a licence for two clients is told of."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from archiver.agency import alerts, notification, notification_causes, unassigned
from archiver.catalogue import assignment_rules
from archiver.catalogue.archives import writing
from archiver.catalogue.assignment_rules import fitting, follow_rules
from archiver.core.errors import ConfigError
from archiver.core.model import Asset, Licence
from archiver.home.settings import Account
from archiver.home.settings import Home as Loaded
from archiver.home.settings_models import AssignmentRule
from archiver.reading import spreadsheet
from tests.support.agency import Agency, agency, preview, record
from tests.support.folder import jpeg, photo

BASE = Licence(
    asset=Asset(provider="adobe_stock", asset_id="100", title="Harbour at dawn"), licence_id="e0", seat="ada.example",
    licensed_at=datetime(2026, 3, 9, 23, tzinfo=UTC), client_hints={"project": "Acme relaunch", "folder": "Spring"},
)  # fmt: skip


def licence(number: int, title: str = "Harbour", **hints: str) -> Licence:
    asset = Asset(provider="adobe_stock", asset_id=f"{48288130 + number}", title=title)
    return replace(BASE, asset=asset, licence_id=f"e{number}", client_hints=hints)


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"project": "acme*"}, True),
        ({"project": "acme"}, False),
        ({"hint": "spr?ng"}, True),
        ({"hints": {"folder": "spring", "project": "*relaunch"}}, True),
        ({"hints": {"client": "*"}}, False),
        ({"folder": "Spring", "seat": "ADA.*"}, True),
        ({"title": "*dawn", "since": date(2026, 3, 9), "until": date(2026, 3, 9)}, True),
        ({"until": date(2026, 3, 8)}, False),
        ({"title": "[h]*"}, False),
    ],
)
def test_a_rule_fits_where_all_its_conditions_do(conditions: dict[str, object], fits: bool) -> None:
    rule = AssignmentRule.model_validate({"name": "one", "client": "acme", **conditions})
    assert bool(fitting([rule], BASE)) is fits


def test_why_a_rule_fits_is_told_by_condition() -> None:
    rule = AssignmentRule.model_validate(
        {"name": "one", "client": "acme", "hints": {"project": "*", "folder": "*"}, "since": date(2026, 3, 1)}
    )
    [(_, why)] = fitting([rule], BASE)
    assert why == {"hints": "project is 'Acme relaunch'; folder is 'Spring'", "dates": "licensed on 2026-03-09"}
    assert not fitting([rule], replace(BASE, licensed_at=None))


@pytest.mark.parametrize(
    ("since", "until", "fits"),
    [(None, date(2026, 3, 9), True), (date(2026, 3, 9), None, True), (date(2026, 3, 10), None, False),
     (None, date(2026, 3, 8), False)],
)  # fmt: skip
def test_the_first_and_the_last_day_of_a_rule_are_included(since: date | None, until: date | None, fits: bool) -> None:
    rule = AssignmentRule(name="one", client="acme", since=since, until=until)
    assert bool(fitting([rule], BASE)) is fits


def test_the_first_of_two_rules_for_a_client_counts_and_what_is_so_already_is_not_said_again() -> None:
    ruled: Any = SimpleNamespace(name="one", rules=[
        AssignmentRule(name="a", client="acme", title="*"), AssignmentRule(name="b", client="acme", seat="*"),
        AssignmentRule(name="c", client="beta", folder="summer"),
    ])  # fmt: skip
    entry, moved = (
        SimpleNamespace(licence=BASE, assigned=None),
        SimpleNamespace(licence=BASE, assigned={"clients": ["beta"], "rule": "x"}),
    )
    same = SimpleNamespace(licence=BASE, assigned={"clients": ["acme"], "rule": "x"})
    both = SimpleNamespace(licence=replace(BASE, client_hints={"folder": "Summer"}), assigned=None)
    entries: Any = [entry, moved, same, both]
    decided, several = assignment_rules._by_rules(ruled, entries)
    assert [(id(each), made.client, made.by) for each, made in decided] == [
        (id(each), "acme", "rule a of the account one") for each in (entry, moved)
    ]  # fmt: skip
    assert [*map(id, several)] == [id(both)] and decided[0][1].reason == "title is 'Harbour at dawn'"


@pytest.mark.parametrize(
    ("said", "lines", "may"),
    [
        (None, ["capture"], True),
        (None, ["capture", "version"], True),
        (None, ["capture", "assign"], False),  # and it was undone
        ({"rule": "", "rules": "x"}, [], False),  # a person decided
        ({"rule": "a", "rules": "x"}, [], True),
        ({"rule": "a", "rules": "now"}, [], False),
    ],
)
def test_rules_decide_where_no_person_has_and_once(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str] | None, lines: list[str], may: bool
) -> None:
    read: list[str] = []

    def line(kind: str) -> Any:
        read.append(kind)
        return SimpleNamespace(type=kind)

    archive = SimpleNamespace(line=line)
    monkeypatch.setattr(assignment_rules, "Archive", lambda _: archive)
    monkeypatch.setattr(assignment_rules, "rules_digest", lambda _: "now")
    entry: Any = SimpleNamespace(assigned=said, lines=[(each,) for each in lines])
    home: Any = SimpleNamespace(archive=lambda _: Path("none"))
    assert assignment_rules._may_rule(home, cast("Account", SimpleNamespace(rules=[])), entry) is may
    assert "capture" not in read, "most licences have only that line, and nothing is read for them"


def test_a_fingerprint_of_rules_has_16_digits() -> None:
    """Assignments hold it: another length would rule anew."""
    assert assignment_rules.rules_digest([]) == "4f53cda18c2baa0c"


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ("[{name: a, client: acme}]", "7:13 accounts.one.rules.0: needs a condition"),
        ("[{name: a, client: gamma, title: x}]", "7:23 client: there is no client 'gamma'"),
        ("[{name: a, client: acme, titel: x}]", "7:37 accounts.one.rules.0.titel: is not a known key"),
        ("[{name: a, client: acme, since: soon}]", "7:37 accounts.one.rules.0.since"),
    ],
)
def test_a_wrong_rule_is_named_with_its_place(tmp_path: Path, rules: str, fault: str) -> None:
    (tmp_path / "clients").mkdir()
    (tmp_path / "archiver.yaml").write_text("")
    (tmp_path / "clients" / "acme.yaml").write_text("name: Acme Ltd\n")
    house = tmp_path / "clients" / "house.yaml"
    text = f"name: House\naccounts:\n\n  # ours\n  one:\n    provider: shutterstock\n    rules: {rules}\n"
    house.write_text(text)
    with pytest.raises(ConfigError) as told:
        Loaded.load(tmp_path)
    assert f"{house}:{fault}" in str(told.value)
    (tmp_path / "clients" / "acme.yaml").write_text(text.replace("one", "two").replace("gamma", "acme"))
    house.unlink()
    with pytest.raises(ConfigError):
        Loaded.load(tmp_path)


def rules(at: Agency, text: str) -> None:
    house = at.home.root / "clients" / "house.yaml"
    house.write_text(
        f"name: House\naccounts:\n  one:\n    provider: adobe_stock\n    plan: CC Pro unmetered\n    rules: {text}\n"
    )


def assigned(at: Agency, folder: str) -> list[tuple[str, str, bool]]:
    shown = at.run.json("show", f"house/{folder}")["assignments"]
    return [(each["client"], each["by"], each["held"]) for each in shown]


def test_rules_assign_and_persons_overrule_them(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        filed = [
            licence(0, project="Acme 1"),
            licence(1, project="Beta 1"),
            licence(2, project="Acme Beta"),
            licence(3),
        ]
        filed += [licence(number, project="Acme Beta") for number in (4, 5, 6)]
        acme, beta, both, nobody, *further = at.archive("house", *((each, [record()]) for each in filed))
        rules(at, '[{name: a, client: acme, project: "*acme*"}, {name: b, client: beta, project: "*beta*"}]')

        def follow() -> list[str]:
            return list(follow_rules(at.home, partial(writing, at.home, at.vault)))

        [told] = follow()
        assert "4 licences fit rules for more than one client" in told
        assert sum(each.folder in told for each in (both, *further)) == 3
        lines = (at.run.archive("house") / "ledger/ledger.jsonl").read_text().splitlines()
        ruled = [json.loads(line) for line in lines if '"type":"assign"' in line]
        assert [(each["rule"], each["reason"], each["clients"]) for each in ruled] == [
            ("a", "project", ["acme"]), ("b", "project", ["beta"]),
        ]  # fmt: skip
        assert (at.run.archive("acme") / "evidence/licences/2026/03" / acme.folder / "v1").is_dir()
        assert follow() == [told]  # and nothing else
        assert (at.run.archive("house") / "ledger/ledger.jsonl").read_text().splitlines() == lines

        at.run("assign", f"house/{acme.folder}", "acme", "--reason", "Job 1", "--by", "Ada Example")
        rules(at, '[{name: c, client: beta, hint: "*1"}]')
        follow()
        by_rule = ("acme", "rule a of the account one", True)
        assert assigned(at, acme.folder) == [by_rule, ("acme", "Ada Example", True)]
        rules(at, '[{name: c, client: acme, hint: "beta*"}]')
        [moved] = follow()
        assert moved == f"beta: beta/{beta.folder} is no longer for this client, because the rules changed."
        assert follow() == []
        assert [each[0] for each in assigned(at, beta.folder)] == ["beta", "acme"]
        assert [row["client"] for row in at.run.json("find", "48288131", "--client", "beta")] == []
        assert {row.entry.folder for row in unassigned.listed(at.home)} == {
            each.folder for each in (both, nobody, *further)
        }  # fmt: skip
        assert at.run.json("verify")["state"] == "PROVEN"


def test_suggestions_go_out_as_a_table_and_come_back_on_a_persons_word(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        filed = [
            licence(0, client="ACME Limited", project="Spring"), licence(1, "=cmd()", project="spring"),
            licence(2, client="Acme", other="for Beta"), licence(3, purchase_order="acme.example/7"),
        ]  # fmt: skip
        one, two, three, four = at.archive("house", *((each, [record()]) for each in filed))
        rows = {row["licence"].partition("/")[2]: row for row in at.run.json("unassigned")}
        assert [rows[each.folder]["proposal"] for each in (one, two, three, four)] == ["acme", None, None, "acme"]
        assert rows[three.folder]["suggestions"] == [
            {"client": "acme", "how": "client_field", "reason": "the platform's client field is 'Acme'"},
            {"client": "beta", "how": "hint", "reason": "the licence names 'for Beta' as its further detail"},
        ]
        table = tmp_path / "todo.csv"
        printed = at.run("unassigned", "--csv").stdout
        assert "'=cmd()" in printed
        edited = printed.replace(f"house/{three.folder},,", f"house/{three.folder},Beta GmbH,").replace("\n", "\r\n")
        cells = list(spreadsheet.read(edited.encode()))
        back = io.StringIO()
        for row in [["Licence", "Client"], *([row["licence"], row["client"]] for _, row in cells)]:
            back.write(";".join(row) + "\n")  # as a German spreadsheet saves it
        table.write_bytes(back.getvalue().encode("utf-8-sig"))
        assert "--by" in at.run("unassigned", "--assign-from", table, code=2).stderr
        dry = at.run.json("unassigned", "--assign-from", table, "--by", "Ada Example", "--dry-run")
        assert len(dry) == 3 and len(unassigned.listed(at.home)) == 4
        at.run("unassigned", "--assign-from", table, "--by", "Ada Example")
        [left] = unassigned.listed(at.home)
        assert left.entry.folder == two.folder
        assert [each.reason for each in left.suggestions] == []  # `Spring` and `spring` are not one name
        assert assigned(at, three.folder) == [("beta", "Ada Example", True)]
        assert unassigned.from_csv(at.home, table, "Ada Example") == []  # once is enough
        table.write_text(f"licence,client\n{two.folder},acme\n{two.folder},beta\nhouse/none,acme\n{two.folder},Delta\n")
        with pytest.raises(ConfigError) as told:
            unassigned.from_csv(at.home, table, "Ada Example")
        assert [line.partition("todo.csv:")[2][:2] for line in str(told.value).splitlines()] == ["3 ", "4 ", "5 "]
        table.write_text(f"client,licence\nacme,{two.folder}\nacme\n")
        with pytest.raises(ConfigError, match="csv:3 licence: there is no licence ''"):
            unassigned.from_csv(at.home, table, "Ada Example")
        table.write_text(f'licence,client\n{two.folder},acme\n"{"x" * 140_000}",acme\n')
        with pytest.raises(ConfigError, match=r"csv:3 a cell of this row is too long; .* Name a table"):
            unassigned.from_csv(at.home, table, "Ada Example")
        for cell, fault in (('"x', "opens here and never closes"), ('"x"y', "stands within a cell")):
            table.write_text(f'licence,client\n"{two.folder}\n",acme\n{two.folder},{cell}\n{two.folder},beta\n')
            with pytest.raises(ConfigError, match=rf"csv:4 a quotation mark {fault}.* Name a table"):
                unassigned.from_csv(at.home, table, "Ada Example")


def test_project_folders_propose_clients(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        look = replace(licence(1), asset=replace(licence(1).asset, provider="getty_images"))
        twice = replace(licence(3), licence_id="e33")
        filed = [(licence(0), [record()]), (look, [record(), preview(jpeg(photo(5)))])]
        filed += [(each, [record()]) for each in (licence(2), licence(3), twice)]
        named, shown, torn, *_ = at.archive("house", *filed)
        projects = tmp_path / "Projects"
        for path, content in {
            "2026/ACME relaunch/web/AdobeStock_48288130-scaled.jpeg": jpeg(photo(1)),
            "2026/ACME relaunch/web/hero.jpg": jpeg(photo(5, (160, 120)), 70),
            "2026/ACME relaunch/AdobeStock_48288132.jpeg": jpeg(photo(2)),
            "Beta/print/AdobeStock_48288132.jpeg": jpeg(photo(2)),
            "Beta/AdobeStock_48288133.jpeg": jpeg(photo(3)),
            "stuff/AdobeStock_48288131.jpeg": jpeg(photo(4)),
        }.items():
            (projects / path).parent.mkdir(parents=True, exist_ok=True)
            (projects / path).write_bytes(content)
        rows = at.run.json("unassigned", "--from-folder", projects)
        assert {row["licence"].partition("/")[2]: row["proposal"] for row in rows} == {
            named.folder: "acme", shown.folder: "acme", torn.folder: None,
        }  # fmt: skip
        assert len(unassigned.listed(at.home)) == 5
        at.run("unassigned", "--from-folder", projects, "--yes", "--by", "Ada Example")
        assert len(unassigned.listed(at.home)) == 3
        [(client, by, _)] = assigned(at, shown.folder)
        assert (client, by) == ("acme", "Ada Example")


def test_a_grant_for_two_clients_under_an_unmetered_plan_is_one_alert_with_both_jobs(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        rules(at, "[]")
        [stored] = at.archive("house", (licence(0), [record()]))
        for client, job in (("acme", "Job 4711"), ("beta", "Job 4712")):
            at.run("assign", f"house/{stored.folder}", client, "--reason", job, "--by", "Ada Example", "--also")
        [alert] = [
            each for each in alerts.find_alerts(at.home, date(2026, 11, 24)) if each.subject.startswith("house/")
        ]
        assert alert.flags == ("two_clients", "plan") and alert.clients == ("acme", "beta")
        assert "acme (Job 4711) and beta (Job 4712)" in alert.message and "6(D)" in alert.risk
        with (at.home.root / "archiver.yaml").open("a") as settings:
            settings.write("notify: ['http://127.0.0.1:9/hook']\n")
        here, now = Loaded.load(at.home.root), datetime(2026, 11, 24, tzinfo=UTC)
        [(who, message, _)] = notification.due(here, notification_causes.causes(here, now), {}, now)
        assert who == "http://127.0.0.1:9/hook" and alert.message in message.body and alert.risk in message.body
        told = at.run("run", code=10).stderr
        assert told.count("Job 4711") == told.count("Job 4712") == 1
        at.run("assign", f"house/{stored.folder}", "beta", "--reason", "only Beta", "--by", "Ada Example", "--yes")
        found = alerts.find_alerts(at.home, date(2026, 11, 24))
        assert [each.flags for each in found] == [("plan",)]


def account(name: str = "one", provider: str = "shutterstock", client: str = "acme", **more: object) -> Account:
    return Account(name=name, client=client, provider=provider, settings={}, **more)  # type: ignore[arg-type]


def test_shared_logins_and_what_ends_are_concerns() -> None:
    today = date(2026, 11, 24)
    assert [each.flags for each in alerts.about_logins([account(people=3)])] == [("shared_login",)]
    assert not list(alerts.about_logins([account(people=3, seats=3), account("two", "istock", people=9)]))
    one_login = [account(username="ada"), account("two", client="beta", username="Ada")]
    [shared] = alerts.about_logins(one_login)
    assert shared.clients == ("acme", "beta")
    soon, later = date(2026, 12, 20), date(2027, 3, 1)
    [plan] = alerts.ending([account(provider="istock", plan_until=soon), account(plan_until=later)], today)
    assert "2026-12-20" in plan.message and "2027-01-19" in plan.risk  # first use within 30 days of its end
    [seat] = alerts.ending([account(seat_until={"ada": soon, "ben": later})], today)
    assert "leaver ada" in seat.remedy.command
    assert not list(alerts.ending([account(plan_until=soon, closed=today)], today))
