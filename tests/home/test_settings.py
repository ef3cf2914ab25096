"""The home folder: found in order, refused with a place in the file, written so that a person can go on editing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography import x509

from archiver.core.errors import ConfigError
from archiver.home import settings
from archiver.home.home_folder import other_homes, remember_home
from archiver.home.settings import Home, find_home
from archiver.home.settings_edit import add_account, add_client, change_account, create_home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    root = tmp_path / "home"
    create_home(root, replay=True)
    add_client(root, "acme", "Acme Ltd", ("ACME",), ("acme.example",))
    return root


def refusal(root: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        Home.load(root)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_a_real_home_names_two_authorities_with_their_roots(tmp_path: Path) -> None:
    home = create_home(tmp_path / "h", agency="Northlight Media")
    assert not home.settings.replay
    assert home.settings.agency.name == "Northlight Media"
    subjects = {
        each.name: {
            cert.subject.rfc4514_string()
            for cert in x509.load_pem_x509_certificates((each.roots or Path()).read_bytes())
        }
        for each in home.settings.timestamps
    }
    assert any("DigiCert Trusted Root G4" in subject for subject in subjects["digicert"])
    assert any("USERTrust RSA" in subject for subject in subjects["sectigo"])
    assert str(tmp_path) not in (tmp_path / "h/archiver.yaml").read_text()
    with pytest.raises(ConfigError, match="is a home already"):
        create_home(tmp_path / "h")


def test_a_replay_home_names_no_authority_and_is_private(home: Path) -> None:
    settings = Home.load(home).settings
    assert settings.replay
    assert settings.timestamps == ()
    if os.name == "posix":
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (home, home / "clients", home / "archive")}
        assert modes == {0o700}
        assert stat.S_IMODE((home / "clients/acme.yaml").stat().st_mode) == 0o600


def test_every_key_of_the_settings(home: Path) -> None:
    (home / "roots-a.pem").write_text("")
    (home / "corp.pem").write_text("")
    (home / "archiver.yaml").write_text(
        "agency: {name: Northlight Media, country: DE, language: en}\n"
        'timestamps: [{name: a, url: "http://tsa.example/a", roots: roots-a.pem}]\n'
        "witnesses: [{name: disk, folder: w}, {name: counsel, email: a@example.com}, {name: s, command: [prog, arg]}]\n"
        "mail: {host: mx.example, port: 25, from: a@example.com, username: }\n"
        "notify: {channels: [a@example.com, 'slack://x/y/z'], missing_days: 3, ping: 'https://p.example/1'}\n"
        "run: {deadline: 1h 30m}\n"
        "pacing: {default: 1, hosts: {api.example.com: 0.5}}\n"
        "network: {proxy: , ca_file: corp.pem, no_proxy: [localhost]}\n"
        "match:\n"
    )
    settings = Home.load(home).settings
    assert settings.network.ca_file == home / "corp.pem"
    assert settings.network.proxy is None
    assert settings.notify.channels == ("a@example.com", "slack://x/y/z") and settings.run.deadline == 5400
    assert settings.timestamps[0].roots == home / "roots-a.pem"
    assert settings.pacing.hosts == {"api.example.com": 0.5}
    assert settings.witnesses[2].command == ("prog", "arg")


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("agency: {name: x\n", "archiver.yaml:2:1", "expected"),
        ("notify: []\nagency:\n  colour: red\n", "archiver.yaml:3:3", "agency.colour: is not a known key"),
        ("replay: true\nreplay: false\n", "archiver.yaml:2:1", "twice"),
        ("pacing:\n  hosts: {api.example.com: fast}\n", "archiver.yaml:2:11", "must be a number"),
        ("timestamps:\n- {name: a, url: 'http://a.example', roots: no.pem}\n", "archiver.yaml:2:38", "does not exist"),
        ("network: {proxy: 'http://a:b:c'}\n", "archiver.yaml:1:11", "is not an http"),
        ("network: {ca_file: no.pem}\n", "archiver.yaml:1:11", "does not exist"),
        ("witnesses: [{name: a}]\n", "archiver.yaml:1:13", "exactly one of"),
        ("witnesses: [{name: a, folder: x, email: a@example.com}]\n", "archiver.yaml:1:13", "exactly one of"),
        ("witnesses: [{name: a, email: a@example.com}]\n", "archiver.yaml:1:1", "needs `mail:"),
        ("notify: [nobody]\n", "archiver.yaml:1:1", "neither a mail address"),
        ("notify: [a@example.com]\n", "archiver.yaml:1:1", "needs `mail:"),
        ("run: {deadline: 90}\n", "archiver.yaml:1:7", "is not a duration"),
        ("- a list\n", "archiver.yaml:1:1", "must be a mapping"),
    ],
)
def test_bad_settings_are_refused_with_their_place(home: Path, text: str, place: str, words: str) -> None:
    (home / "archiver.yaml").write_text(text)
    message = refusal(home)
    assert f"{place} " in message
    assert words in message


def test_bad_clients_are_refused_with_their_place(home: Path) -> None:
    add_account(home, "one", client="acme", provider="freepik")
    path = home / "clients/other.yaml"
    path.write_text("name: Other\naccounts:\n  one: {provider: freepik}\n")
    first = home / "clients/acme.yaml"
    assert f"{path}:3:3 one: {first}:8:3 already has this account" in refusal(home)
    path.write_text("name: Other\naccounts:\n  a:\n    provider: freepik\n    password: oh\n")
    assert f"{path}:5:5 accounts.a.password: is not a known key" in refusal(home)
    path.rename(home / "clients/other.yml")
    assert "Rename it to other.yaml" in refusal(home)


def test_homes_are_found_in_order(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, first = tmp_path / "data" / "archiver", tmp_path / "first"
    monkeypatch.setenv("XDG_DATA_HOME", str(data.parent))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("ARCHIVER_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"archiver does not exist. Make a home: `archiver init"):
        find_home(None)
    create_home(data)
    assert find_home(None) == data
    create_home(first)
    assert not remember_home(first) and find_home(None) == data  # a second home takes nobody's place
    assert remember_home(first, default=True) and find_home(None) == first
    assert other_homes(first) == [data]
    first.rename(tmp_path / "moved")
    with pytest.raises(ConfigError, match=r"first does not exist any more.*`archiver home FOLDER`"):
        find_home(None)  # and not another home in its place
    assert remember_home(data) and find_home(None) == data
    monkeypatch.chdir(home)
    assert find_home(None) == home
    monkeypatch.setenv("ARCHIVER_HOME", str(data))
    assert find_home(None) == data
    assert find_home(home) == home
    with pytest.raises(ConfigError, match=r"has no archiver\.yaml"):
        find_home(tmp_path)


def test_unknown_names_are_answered_with_the_known_ones(home: Path) -> None:
    add_account(home, "acme-freepik", client="acme", provider="freepik")
    loaded = Home.load(home)
    with pytest.raises(ConfigError, match=r"no client 'acne'. Known: acme"):
        loaded.client("acne")
    with pytest.raises(ConfigError, match=r"no account 'x'. Known: acme-freepik"):
        loaded.account("x")
    with pytest.raises(ConfigError, match=r"no client 'acne'"):
        add_account(home, "new", client="acne", provider="freepik")


@pytest.mark.parametrize("slug", ["", "Acme", "../x", "a" * 41, "con", "com1", "-a", "a.b", "house"])
def test_names_that_some_system_cannot_store_are_refused(home: Path, slug: str) -> None:
    with pytest.raises(ConfigError):
        add_client(home, slug, "X")
    if slug not in ("house", "a.b"):
        with pytest.raises(ConfigError):
            add_account(home, slug, client="acme", provider="freepik")


def test_writing_keeps_what_a_person_wrote(home: Path) -> None:
    path = home / "clients/acme.yaml"
    path.write_text(
        "name: Acme Ltd  # since 2019\naccounts:\n  first:\n    provider: freepik # paid by card\n\n# end\n"
    )
    account = add_account(
        home, "second", client="acme", provider="shutterstock", plan="0123", settings={"country": "on"}
    )
    assert (account.client, account.plan, account.settings) == ("acme", "0123", {"country": "on"})
    change_account(home, "first", username="ada@example.com")
    text = path.read_text()
    assert all(comment in text for comment in ("# since 2019", "# paid by card", "# end"))
    assert text.index("second") < text.index("# end")
    loaded = Home.load(home)
    assert [account.name for account in loaded.accounts()] == ["first", "second"]
    assert loaded.account("first").username == "ada@example.com"
    change_account(home, "first", username="bo@example.com")
    assert Home.load(home).account("first").username == "bo@example.com"
    with pytest.raises(ConfigError, match="already"):
        add_account(home, "first", client="acme", provider="freepik")
    with pytest.raises(ConfigError, match="already"):
        add_client(home, "acme", "Acme again")


def test_files_in_braces_can_be_added_to(home: Path) -> None:
    path = home / "clients/acme.yaml"
    path.write_text("{name: Acme Ltd, accounts: {a: {provider: freepik, settings: {team_history: false}}}}\n")
    add_account(home, "b", client="acme", provider="freepik", secret_command=("op", "read"))
    loaded = Home.load(home)
    assert loaded.account("a").settings == {"team_history": "false"}
    assert loaded.account("b").secret_command == ("op", "read")


def test_the_house_begins_with_its_first_account(tmp_path: Path) -> None:
    create_home(tmp_path / "h", agency="Northlight Media")
    add_account(tmp_path / "h", "shared", client=settings.HOUSE, provider="freepik", username="ada@example.com")
    house = Home.load(tmp_path / "h").client("house")
    assert (house.name, house.accounts[0].username) == ("Northlight Media", "ada@example.com")
