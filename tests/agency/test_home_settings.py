"""`archiver settings`: every key is explained and listed, and a change keeps what a person wrote."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from archiver.agency.home_settings import part_of
from archiver.collect.sources import models_of_kinds
from archiver.core.errors import ConfigError
from archiver.core.yaml_source import load
from archiver.home.setting_keys import keys_of
from archiver.home.settings_edit import add_source
from archiver.home.settings_models import AccountSettings, ClientFile, Settings
from tests.support.homes import ROOT, Home, begun

MODELS: tuple[type[BaseModel], ...] = (Settings, ClientFile, AccountSettings, *models_of_kinds().values())

WRITTEN = """\
# ours
replay: true
agency: {name: Old Name}   # as in the register
notify:   # who is told
  - ntfy://team/secret
network:
  # of the house
  no_proxy: [localhost]   # nobody else
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = begun(tmp_path)
    made.account("stock", "shutterstock")
    add_source(made.root, "box", client="acme", kind="mailbox", host="imap.example.com", username="ada")
    (made.root / "archiver.yaml").write_text(WRITTEN)
    return made


@pytest.mark.parametrize("model", MODELS, ids=[each.__name__ for each in MODELS])
def test_every_key_has_a_sentence_and_a_line_in_the_reference(model: type[BaseModel]) -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    for key in keys_of(model):
        assert re.fullmatch(r"[A-Z].*\.", key.meaning.text), key.name
        assert f"| `{key.name}` | {key.kind} |" in page or f"### {key.path[0]}\n" in page, key.name


@pytest.mark.parametrize("model", MODELS, ids=[each.__name__ for each in MODELS])
def test_defaults_and_examples_are_as_a_file_may_have_them(model: type[BaseModel]) -> None:
    """A default that is written for people is the one that holds."""
    for key in keys_of(model):
        above = model
        for step in key.path[:-1]:
            name = step.removesuffix("[]")
            above = next(each.model for each in keys_of(above) if each.model and each.path == (name,))
        field = next(each for name, each in above.model_fields.items() if key.path[-1] in (name, each.alias))
        for text in (key.meaning.default, key.meaning.example):
            if text and not key.meaning.command:
                value = text if key.is_text else load(Path("x"), text).value
                read = TypeAdapter(field.rebuild_annotation()).validate_python(value)
                assert text != key.meaning.default or read == field.default, key.name


def test_all_keys_are_listed_and_secrets_are_not(home: Home) -> None:
    for named, model in ((), Settings), (("--client", "acme"), ClientFile), (("--account", "stock"), AccountSettings):
        listed = home.json("settings", *named)["settings"]
        assert [each["key"] for each in listed] == [each.name for each in keys_of(model)]
    listed = {each["key"]: each["value"] for each in home.json("settings", "--source", "box")["settings"]}
    assert (listed["host"], listed["port"]) == ("imap.example.com", None)
    said = home("settings").stdout + home("settings", "notify").stdout + home("settings", "--json").stdout
    assert "ntfy://..." in said and "team" not in said and "Old Name" in said
    shown = home("settings", "run.deadline").stdout
    assert all(each in shown for each in ("The longest time for one account", "not set", "4h", "duration"))


def test_a_change_is_shown_keeps_comments_and_is_taken_back(home: Home) -> None:
    path = home.root / "archiver.yaml"
    dry = home("settings", "agency.country", "de", "--dry-run")
    assert "not set -> de (nothing was written)" in dry.stdout and path.read_text() == WRITTEN
    for key, *value in (("agency.country", "de"), ("agency.name", "Müller: Söhne"), ("notify.weekly", "true"),
                        ("network.no_proxy", "localhost", "10.0.0.1"), ("run.deadline", "90m"),
                        ("pacing.hosts.api.example.com", "0.5")):  # fmt: skip
        home("settings", key, *value)
    text = path.read_text("utf-8")
    assert all(each in text for each in ("# ours", "# as in the register", "# who is told", "# of the house"))
    assert "ntfy://team/secret" in text and "Müller: Söhne" in text and "api.example.com: 0.5" in text
    changed = home("settings", "agency.language", "fr")
    undo = re.search(r"archiver (settings .*)", changed.stderr)
    assert undo and "not set -> fr" in changed.stdout
    home(*undo[1].split())
    assert path.read_text("utf-8") == text
    home("settings", "domains", "acme.example", "shop.acme.example", "--client", "Acme")
    home("settings", "plan_until", "2027-01-31", "--account", "stock")
    home("settings", "port", "993", "--source", "box")
    assert "plan_until: '2027-01-31'" in (home.root / "clients/acme.yaml").read_text()
    home("status")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("agency.country Germany", "is not a country code"),
        ("agency.contry DE", "Did you mean 'agency.country'?"),
        ("agency X", "has keys of its own"),
        ("notify.channels nobody", "neither a mail address"),
        ("notify.channels ada@example.com", "needs `mail:"),
        ("network.ca_file nowhere.pem", "does not exist"),
        ("witnesses.folder /mnt", "as a whole"),
        ("run.deadline 90", "not a duration"),
        ("replay false", "archiver init"),
        ("name Other --client acme", "archiver client rename"),
        ("port 99999 --source box", "less than or equal to 65535"),
        ("port 993 --source bx", "Did you mean 'box'?"),
        ("plan x --account stock --client acme", "Name one of"),
        ("agency.name A --default", "not both"),
    ],
)
def test_what_no_setting_can_be_is_refused_and_nothing_changes(home: Home, change: str, why: str) -> None:
    before = {path: path.read_bytes() for path in home.root.rglob("*.yaml")}
    assert why in home("settings", *change.split(), code=2).stderr
    assert {path: path.read_bytes() for path in home.root.rglob("*.yaml")} == before


def test_a_home_with_unknown_keys_is_listed_and_mended(home: Home) -> None:
    path, client = home.root / "archiver.yaml", home.root / "clients" / "acme.yaml"
    path.write_text(WRITTEN + "agancy: {password: hidden}\nrun: {dead_line: 4h}\n")
    client.write_text(client.read_text().replace("provider:", "plann: x\n    provider:"))
    told = home("status", code=2).stderr
    assert "Did you mean 'agency'?" in told and "`archiver settings run.dead_line --default`" in told
    listed = home("settings", code=2)
    assert "Old Name" in listed.stdout and "agancy" in listed.stderr and "hidden" not in listed.stdout + listed.stderr
    assert home.json("settings", code=2)["unknown"] == ["agancy", "run.dead_line"]
    home("settings", "agancy", "--default")
    home("settings", "run.dead_line", "--default")
    assert "`archiver settings plann --default --account stock`" in home("status", code=2).stderr
    home("settings", "plann", "--default", "--account", "stock")
    home("status")
    assert path.read_text().startswith(WRITTEN)


def test_an_unknown_name_is_told(home: Home) -> None:
    with pytest.raises(ConfigError, match="There is no account 'x'"):
        part_of(home.root, {"account": "x"})
