"""The number of licences that lack a document is the same wherever a person reads it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from archiver.catalogue.archives import writing
from archiver.catalogue.assignment import Assignment, assign
from archiver.catalogue.licence_list import LicenceList, ListFilter, entries
from archiver.core.model import DocumentKind, Gap, GapReason
from archiver.home.settings_edit import add_account
from tests.support.agency import Agency, agency, record
from tests.support.claims_kit import licence
from tests.support.desk_in_process import desk_on


def filed(at: Agency) -> None:
    """Acme's archive: a licence for each reason, one more whose certificate failed, and one that Beta has now."""
    gaps = [(str(200 + n), reason) for n, reason in enumerate((*GapReason, GapReason.FAILED))]
    for client, number, kind, reason in [
        ("house", "300", DocumentKind.RECEIPT, GapReason.FAILED),
        *(("acme", number, DocumentKind.CERTIFICATE, reason) for number, reason in gaps),
    ]:
        at.archive(client, (licence(number), [record(), Gap(kind=kind, reason=reason)]))
    [shared] = entries(at.home, LicenceList(at.home, ListFilter(client="house")).names())
    for client in ("acme", "beta"):
        made = Assignment(client=client, by="Ada Example", reason="Job 1")
        assign(at.home, partial(writing, at.home, at.vault), shared, made, lambda _: True)


def test_an_account_s_line_tells_what_lacks_a_document_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with agency(tmp_path) as at:
        add_account(at.run.root, "one", client="acme", provider="shutterstock")
        gap = Gap(kind=DocumentKind.RECEIPT, reason=GapReason.FAILED)
        at.archive("acme", (licence("200"), [record(), gap]), (licence("201"), [record()]))
        with writing(at.home, at.vault, "acme") as archive:  # a run when both lacked one; an import brought the other
            archive.append(
                "run", account="one", provider="shutterstock", sweep="full", total=2, listed=2, archived=2,
                incomplete=2, unexplained=0, outcome="partial", error=None,
            )  # fmt: skip
            archive.seal()
        with desk_on(at.run, monkeypatch) as desk:
            owner = desk.person()
            for place in ("/client/acme", "/accounts"):
                page = owner.get(place).text
                assert "1 licence lacks a document" in page and "2 licences lack" not in page, place
        coverage = {each["account"]: each["coverage"] for each in at.run.json("status")["accounts"]}
        assert coverage["one"]["incomplete"] == 1


def test_missing_documents_are_counted_alike_on_every_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with agency(tmp_path) as at:
        filed(at)
        lacking = at.run.json("report", "--client", "acme")["open"]
        today = {each["client"]: each["count"] for each in at.run.json("status")["today"]["tasks"]
                 if each["kind"] == "incomplete"}  # fmt: skip
        assert len(lacking) == today["acme"] == 3 and today["beta"] == 1
        chosen = ListFilter(client="acme", missing="any")
        assert sorted(LicenceList(at.home, chosen).names()) == sorted(lacking)
        asked = LicenceList(at.home, ListFilter(client="acme", missing="on_request"))
        assert len(asked.names()) == asked.totals().count == 1
        with desk_on(at.run, monkeypatch) as desk:
            owner = desk.person()
            assert "3 licences of Acme Ltd lack" in owner.get("/").text
            for place in ("/", "/client/acme", "/licences?client=acme"):  # nothing that Acme had to give back
                assert "7 licences" in owner.get(place).text, place
            assert "3 lack a document" in owner.get("/licences?client=acme").text
            assert "<strong>3 licences</strong>" in owner.get("/licences?client=acme&missing=any").text
            assert "3 lack a document" in owner.get("/client/acme").text
            assert "1 lacks a document" in owner.get("/client/beta").text
            failed = owner.get(f"/licence/{LicenceList(at.home, ListFilter(client='beta', missing='any')).names()[0]}")
            assert "Connect its account, or import the document." in failed.text
            add_account(at.run.root, "one", client="beta", provider="shutterstock")
            assert "The next run of its account tries again." in owner.get(failed.url.path).text
