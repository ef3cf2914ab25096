"""States of claims, letters and sites, and the remedies that lead out of them."""

from __future__ import annotations

import re
from contextlib import chdir
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.agency.mailed_letters import MailedLetters
from archiver.collect.sources import ReceivedLetter
from tests.support.agency import Agency, agency, preview, record
from tests.support.audited_site import AuditedSite
from tests.support.claims_kit import jpeg, licence
from tests.support.homes import QUICK, begun
from tests.support.imap_server import mail
from tests.support.letter_texts import ABMAHNUNG, COPYTRACK
from tests.support.papers import licence as paper
from tests.support.pictures import scene
from tests.support.terms_kit import seen

from .followed import Case, follow, offered, printed, with_licence

ASSET = "9264430928"  # in the recordings of Shutterstock


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


def answer_letter(folder: Path) -> None:
    home = begun(folder)
    letter = folder / "letter.eml"
    letter.write_bytes(mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK))
    follow(home, printed(home, "claim", "list"), "answer letter", "--yes", code=None, FILE=str(letter), CLIENT="acme")
    assert "No claims yet" not in printed(home, "claim", "list")


def enter_paper(folder: Path) -> None:
    """The claim can be removed then, and its paper stays."""
    with agency(folder) as at:
        letter = folder / "letter.eml"
        letter.write_bytes(mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK))
        at.run("claim", "add", letter, "--client", "acme", "--yes")
        claim = at.run.json("claim", "list")[0]["claim"]
        said = printed(at.run, "claim", "remove", claim, code=2)
        assert "Entered as" in follow(at.run, said, "enter paper", FILE="letter.eml", NAME="Ada")
        at.run("claim", "remove", claim, "--yes")
        assert [*at.home.archive("acme").glob("evidence/**/letter.eml")]


def terms_list(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "terms", "diff", "shutterstock", code=2)
    follow(home, said, "terms list")


def mailed(at: Agency) -> str:
    """A letter that came by mail; the name of its claim."""
    letter = mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK)
    origin = {"dkim": "pass: copytrack.com"}
    return MailedLetters(at.home).open_claim(
        ReceivedLetter(client="acme", source="acme-mail", place="INBOX/1", content=letter, received=None, origin=origin)
    )


def dialogue(at: Agency, folder: Path, *more: str) -> str:
    """What the dialogue about a lawyer's letter says."""
    letter = folder / "letter.eml"
    letter.write_bytes(mail("k@example.org", "Az. 1", ABMAHNUNG))
    return printed(at.run, "letter", letter, "--client", "acme", "--yes", *more)


def confirm_letter(folder: Path) -> None:
    with agency(folder) as at:
        mailed(at)
        said = printed(at.run, "notify", "--dry-run")
        follow(at.run, said, "confirm letter", "--yes")
        assert "Nobody has confirmed" in said and "Nobody has confirmed" not in printed(at.run, "notify", "--dry-run")


def show_claim(folder: Path) -> None:
    """It shows how a claim is answered."""
    home = begun(folder)
    home("claim", "add", "--manual", "--client", "acme", "--claimant", "Rights Ltd", "--yes")
    said = printed(home, "status")
    assert "Rights Ltd: tell the platform" in said
    claim = home.json("claim", "list")[0]["claim"]
    assert claim in follow(home, said, "show claim")
    home("claim", "close", claim, "withdrawn", "--by", "Ada")
    assert "Rights Ltd: tell the platform" not in printed(home, "status")


def pictured(at: Agency, folder: Path) -> str:
    """A claim about a picture whose licence is archived; the name of the claim."""
    at.archive("acme", (licence("9001"), [record(), preview(jpeg(scene(22)))]))
    shown = folder / "use.jpg"
    shown.write_bytes(jpeg(scene(22)))
    at.run("claim", "add", "--manual", "--client", "acme", "--claimant", "Rights Ltd", "--picture", shown, "--yes")
    return str(at.run.json("claim", "list")[0]["claim"])


def assess_claim(folder: Path) -> None:
    with agency(folder) as at:
        claim = pictured(at, folder)
        pack = ("proof", "--claim", claim, "--out", folder / "proof.zip")
        follow(at.run.without_browser(), printed(at.run, *pack, code=2), "assess claim", code=None)
        printed(at.run.without_browser(), *pack, code=0)


def pack_claim(folder: Path) -> None:
    """A licence that does not cover the use: the dialogue packs nothing by itself."""
    with agency(folder) as at:
        said = dialogue(at, folder, "--licence", with_licence(at))
        with chdir(folder):
            follow(at.run.without_browser(), said, "pack claim")
        assert (folder / "proof.zip").is_file()


def run_asset(folder: Path) -> None:
    home = begun(folder)
    home.account("stock", "shutterstock")
    letter = folder / "letter.eml"
    letter.write_bytes(mail("a@copytrack.com", "Fall X7K2P9", COPYTRACK))
    again = ("letter", letter, "--client", "acme", "--yes")
    said = printed(home, *again)
    follow(home, said, "run asset", "--replay", str(QUICK), ID=ASSET)
    assert "No licence found" in said and ASSET in printed(home, *again, "--licence", ASSET)


def import_what_you_have(folder: Path) -> None:
    home = begun(folder)
    said = printed(home, "account", "add", "one", "--client", "acme", "--provider", "Alamy", code=2)
    file = folder / "paper.txt"
    file.write_text(paper("en", "istock", 1).text)
    follow(home, said, "import", FILE=str(file))
    assert home.json("find", "")


def name_the_licence(folder: Path) -> None:
    with agency(folder) as at:
        name = with_licence(at)
        at.run("claim", "add", "--manual", "--client", "acme", "--claimant", "Rights Ltd", "--yes")
        claim = at.run.json("claim", "list")[0]["claim"]
        pack = ("proof", "--claim", claim, "--out", folder / "proof.zip")
        said = printed(at.run, *pack, code=2)
        with pytest.raises(AssertionError, match="not offered"):
            offered(said, "assess claim")  # it has no picture by which to find one
        follow(at.run, said, "name the licence", LICENCE=name)
        printed(at.run.without_browser(), *pack, code=0)


def terms_diff(folder: Path) -> None:
    """It shows what changed; the message is one of news, and does not come again."""
    with agency(folder) as at:
        for number, (copies, days) in enumerate((("500,000", 20), ("250,000", 2))):
            bought = replace(licence(str(number)), licensed_at=datetime.now(UTC) - timedelta(days=days))
            at.archive("acme", (bought, [record(), seen(copies, days)]))
        said = printed(at.run, "notify", "--dry-run")
        assert "[-500,000-]{+250,000+}" in follow(at.run, said, "terms diff")


def source_report(folder: Path) -> None:
    """It names the papers; once a person has taken one away that is none, the state is gone."""
    with agency(folder) as at:
        projects = folder / "projects"
        projects.mkdir()
        at.run("source", "add", "projects", "--client", "acme", "--kind", "folder", "--path", projects)
        (projects / "licence.zip").write_bytes(b"PK\x03\x04" + b"x" * 300)
        at.run("run", "--source", "projects", code=None)
        said = printed(at.run, "status")
        assert "licence.zip" in follow(at.run, said, "source report")
        (projects / "licence.zip").unlink()
        at.run("run", "--source", "projects", code=None)
        assert "waits for a person" not in printed(at.run, "status")


def audit_report(folder: Path) -> None:
    """It names the pictures; once a person says of each what it is, the state is gone."""
    with agency(folder) as at, AuditedSite({"/": "<img src=/a.jpg>", "/a.jpg": jpeg(scene(300))}) as site:
        at.run("audit", "run", "acme", "--site", site.url, "--weekly")
        said = printed(at.run, "notify", "--dry-run")
        [picture] = re.findall(r"^([0-9a-f]{12})  ", follow(at.run, said, "audit report"), re.MULTILINE)
        at.run("audit", "mark", "acme", picture, "own", "--by", "Ada", "--reason", "Taken by us")
        assert "no licence covers" in said and "no licence covers" not in printed(at.run, "notify", "--dry-run")


def audit_site(folder: Path) -> None:
    with agency(folder) as at, AuditedSite({"/": "<img src=/a.jpg>", "/a.jpg": jpeg(scene(300))}) as site:
        follow(at.run, printed(at.run, "audit", "list"), "audit site", "--site", site.url, CLIENT="acme")
        assert "no audits yet" not in printed(at.run, "audit", "list")


def capture_picture(folder: Path) -> None:
    with agency(folder) as at, AuditedSite({"/": "<img src=/a.jpg>", "/a.jpg": jpeg(scene(300))}) as site:
        at.run("audit", "run", "acme", "--site", site.url)
        [picture] = re.findall(r"^([0-9a-f]{12})  ", printed(at.run, "audit", "report", "acme"), re.MULTILINE)
        enter = ("audit", "enter", "acme", picture, "--by", "Ada")
        follow(at.run, printed(at.run, *enter, code=2), "capture picture")
        printed(at.run, *enter, code=0)


CASES: dict[str, Case] = {
    "reopen claim": reopen_claim,
    "list claims": list_claims,
    "answer letter": answer_letter,
    "enter paper": enter_paper,
    "audit site": audit_site,
    "capture picture": capture_picture,
    "terms list": terms_list,
    "confirm letter": confirm_letter,
    "show claim": show_claim,
    "assess claim": assess_claim,
    "name the licence": name_the_licence,
    "pack claim": pack_claim,
    "run asset": run_asset,
    "import": import_what_you_have,
    "terms diff": terms_diff,
    "source report": source_report,
    "audit report": audit_report,
}
