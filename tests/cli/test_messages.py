"""What commands say: each sentence that once misled a person, by the property that it broke."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archiver.agency.privacy import reason_of
from archiver.core import errors
from archiver.core.errors import ArchiverError, spoken
from archiver.core.remedy import SignInKind
from tests.support.folder import jpeg, photo
from tests.support.homes import Home


def licence_of(home: Home) -> str:
    return str(home.json("find", "", "--limit", "1")[0]["licence"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("GDPR", "data_subject_request"), ("gdpr request of 3 May", "data_subject_request"),
        ("Art. 17 DSGVO", "data_subject_request"), ("Data Subject Request", "data_subject_request"),
        ("court-order", "court_order"), ("court order 4711", "court_order"), ("wrong client: beta", "wrong_client"),
        ("retention period is over", "retention_expired"), ("left us", "other"), ("a GDPR court order", "other"),
        ("the courtyard picture", "other"),
    ],
)  # fmt: skip
def test_a_reason_in_a_persons_words_has_the_class_that_it_names(text: str, reason: str) -> None:
    code, words = reason_of(text)
    assert code == reason
    assert words in text and (words or code != "other")


def test_an_erasure_says_what_it_did_and_a_dry_run_what_it_would_do(ran: Home) -> None:
    name = licence_of(ran)
    would = ran("erase", name, "--reason", "GDPR", "--by", "Ada Example", "--dry-run").stdout
    assert "would erase" in would and "What an erasure does not reach" in would
    did = ran("erase", name, "--reason", "GDPR", "--by", "Ada Example", "--yes")
    assert re.search(r": erased: \d+ files? \([\d,]+ bytes\), reason: data_subject_request", did.stdout)
    assert "this erases" not in did.stderr and "would" not in did.stdout
    assert ran.json("show", name)["reason"] == "data_subject_request"


def test_a_dry_run_of_an_import_speaks_of_what_would_be(home: Home, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "shutterstock_1234567890.jpg").write_bytes(jpeg(photo(1)))
    invoice = "Invoice 4711 from Stock Example\nLicence: royalty free, standard licence, licensed to Acme Ltd\n"
    (tmp_path / "in" / "invoice.txt").write_text(invoice)
    dry = home("import", tmp_path / "in", "--client", "acme", "--dry-run")
    assert "a dry run, which archives nothing" in dry.stderr and not re.search(r"\d archived", dry.stderr)
    done = home("import", tmp_path / "in", "--client", "acme")
    said = " ".join(done.stdout.split())
    assert "irrelevant" not in said and "without a licence here" in said, "a picture with a platform's id"
    assert "shutterstock 1234567890" in said and "archiver capture shutterstock" in said
    assert re.search(r"unread.*Import the platform's own PDF", said), "a text without a next step"


def test_a_scheduler_that_is_missing_is_named(ran: Home, tmp_path: Path) -> None:
    bare = Home(ran.root, ran.env | {"PATH": str(tmp_path), "HOME": str(tmp_path)})
    refused = bare("schedule", "--install", "--system", "cron", code=50).stderr
    assert "`crontab`" in refused and "Install the package `cron`" in refused and "permission" not in refused
    assert not (tmp_path / ".config").exists()


@pytest.mark.parametrize(
    "kind",
    [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ArchiverError)],
    ids=lambda kind: kind.__name__,
)
def test_an_error_of_an_account_advises_commands_for_that_account(kind: type[ArchiverError]) -> None:
    error = kind("this is why")
    error.about({"account": "acme-x", "client": "acme", "provider": "shutterstock"}, SignInKind.HTTP)
    said = str(error)
    assert not re.search(r"(account|sign-in|rotate|add) (NAME|\.\.\.)", said) and "{" not in said
    assert "sign-in acme-x" not in said, "accounts with a token refuse sign-in"


def test_an_account_is_checked_with_its_own_name_and_the_command_that_fits(new_home: Callable[..., Home]) -> None:
    home = new_home(replay=False)
    (home.root / "clients" / "acme.yaml").write_text(
        "name: Acme Ltd\naccounts:\n  t: {provider: shutterstock}\n  f: {provider: freepik}\n"
    )
    token = home("account", "check", "t", code=10).stdout
    assert "archiver account rotate t`" in token and "sign-in t" not in token
    accept = home("account", "check", "f", code=10).stdout
    assert "account add f --client acme --provider freepik --accept-automation NAME`" in accept
    run = home("run", "--account", "t", code=None)
    assert "SignInNeeded" not in run.stdout + run.stderr and "sign-in needed" in run.stdout + run.stderr


def test_a_hand_over_says_why_it_is_unproven_and_has_no_staging_folder(ran: Home, tmp_path: Path) -> None:
    done = ran("client", "hand-over", "acme", "--out", tmp_path / "out").stdout
    assert "UNPROVEN" in done and "it proves nothing" in done
    assert not (tmp_path / "out" / "staging").exists()
    assert "it proves nothing" in " ".join((tmp_path / "out" / "READ-ME.txt").read_text().split())
    checked = subprocess.run(
        [sys.executable, "-I", tmp_path / "out" / "tools" / "verify.py"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_a_finding_cites_a_page_only_of_what_has_pages(ran: Home) -> None:
    said = ran("assess", licence_of(ran), "--client", "acme").stdout
    assert "[record.json]" in said and "record.json, page" not in said


def test_what_is_not_archived_is_said_once_for_all_accounts_of_a_client(ran: Home) -> None:
    for name in ("two", "three"):
        ran.account(name, "shutterstock")
    said = ran("find", "nothing-like-it").stderr.splitlines()
    assert [line for line in said if "not been read" in line] == ["  Acme Ltd: two, three have not been read yet"]
    assert sum("archived up to" in line for line in said) == 1


def test_one_is_not_spoken_of_as_many(ran: Home) -> None:
    ran("client", "add", "beta", "--name", "Beta")
    ran("account", "add", "b", "--client", "beta", "--provider", "freepik")
    assert "Removed beta and 1 account." in ran("client", "remove", "beta", "--yes").stderr
    assert "45 licences" in ran("catalogue", "rebuild").stderr


def test_a_librarys_advice_to_programmers_is_not_for_people(ran: Home) -> None:
    code = (
        "import warnings, sys; from archiver.cli.app import app\n"
        "@app.command('warn')\ndef warn() -> None: warnings.warn('old cipher', DeprecationWarning, stacklevel=1)\n"
        "sys.argv = ['archiver', 'warn']; from archiver.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], env=ran.env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_errors_are_spoken_of_in_words() -> None:
    names = [
        kind.__name__ for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ArchiverError)
    ]
    assert all(re.fullmatch(r"[a-z]+([ -][a-z]+)*", spoken(name)) for name in names)


def test_a_name_that_cannot_be_resolved_is_named_as_such(new_home: Callable[..., Home]) -> None:
    home = new_home(replay=False)
    (home.root / "archiver.yaml").write_text("timestamps: [{name: a, url: 'http://no-such-host.invalid/tsa'}]\n")
    file = home.root.parent / "licence.txt"
    file.write_text("License Certificate\nShutterstock asset 1234567890\nlicensed to Acme Ltd\n")
    said = home("import", file, "--client", "acme", code=None).stderr
    assert "Temporary failure" not in said and "Errno" not in said
    assert "no-such-host.invalid: its name cannot be resolved" in said, said
