"""A shared account's licence becomes a client's: same bytes, said by whom, and told of nobody else."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archiver.archive.checking.parts.one_proof import InclusionProof
from archiver.archive.checking.parts.signed_notes import Note
from archiver.archive.checking.parts.timestamp_tokens import Token
from archiver.catalogue.archives import writing
from archiver.core.model import Asset, Licence
from archiver.home.settings_edit import add_client
from tests.support.agency import Agency, agency, certificate, record

LICENCE = Licence(
    asset=Asset(provider="shutterstock", asset_id="1234567890", title="Harbour at dawn"), licence_id="e1", order="778",
    kind="standard", licensee="Agency Ltd", licensed_at=datetime(2026, 3, 9, tzinfo=UTC),
)  # fmt: skip


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_licence_is_assigned_copied_followed_and_taken_back(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        run, place = at.run, "evidence/licences/2026/03"
        [stored] = at.archive("house", (LICENCE, [record(), certificate("Licence e1", "Licensee: Agency Ltd")]))
        assert [row["licence"] for row in run.json("find", "harbour", "--client", "acme")] == [f"house/{stored.folder}"]
        refused = run("assign", stored.folder, "acme", "--reason", " ", "--by", "Ada Example", code=2)
        assert "--reason" in refused.stderr
        run("assign", stored.folder, "acme", "--reason", "Job 4711", "--by", "Ada Example")

        copy = run.archive("acme") / place / stored.folder
        original = run.archive("house") / place / stored.folder
        assert tree(copy) == tree(original)
        assert [row["client"] for row in run.json("find", "harbour", "--client", "acme")] == ["acme"]
        assert run.json("find", "harbour", "--client", "beta") == []
        [said] = run.json("show", stored.folder)["assignments"]
        assert (said["client"], said["by"], said["reason"], said["held"]) == ("acme", "Ada Example", "Job 4711", True)
        for client in ("acme", "house"):
            ledger = (run.archive(client) / "ledger/ledger.jsonl").read_text()
            assert '"type":"assign"' in ledger
            assert "Ada Example" not in ledger and "Job 4711" not in ledger
        [statement] = (run.archive("acme") / "evidence/statements").rglob("v1/content")
        proof = InclusionProof.parse((statement / "original.tlog-proof").read_bytes())
        note = Note.parse(proof.note)
        assert proof.leads_to(note.root, note.size)
        assert stored.object_id.encode() in proof.line
        assert Token.parse((statement / "original.note.local.tsr").read_bytes()).covers(proof.note)

        with writing(at.home, at.vault, "house") as archive:  # a later version follows
            archive.add_version(stored.object_id, {"receipt.txt": b"paid"}).result()
            archive.seal()
        at.run("run", code=10)  # the account has no token
        assert tree(copy) == tree(original)
        assert (copy / "v2").is_dir()

        betas = ("assign", stored.folder, "beta", "--reason", "It was Beta's", "--by", "Ada Example")
        asked = run(*betas, code=2)
        assert f"acme loses its copy: acme/{stored.folder}" in asked.stderr and "--yes" in asked.stderr
        assert [row["client"] for row in run.json("find", "harbour", "--client", "acme")] == ["acme"]
        run(*betas, "--yes")
        assert (
            run.json("find", "harbour", "--client", "acme") == run.json("find", "1234567890", "--client", "acme") == []
        )
        assert [row["client"] for row in run.json("find", "harbour", "--client", "beta")] == ["beta"]
        withdrawn = run("proof", f"acme/{stored.folder}", "--out", tmp_path / "no.zip", code=2)
        assert "another client" in withdrawn.stderr
        assert not any(re.search(rb"\bbeta\b", content, re.I) for content in tree(run.archive("acme")).values())
        run.without_browser()("proof", f"beta/{stored.folder}", "--out", tmp_path / "proof.zip")
        with zipfile.ZipFile(tmp_path / "proof.zip") as zipped:
            proofs = [zipped.read(name) for name in zipped.namelist() if name.endswith(".tlog-proof")]
        types = {json.loads(InclusionProof.parse(each).line)["type"] for each in proofs}
        assert types == {"origin", "capture", "version"}  # who else has it is nobody's business
        report = run.json("verify")
        assert [each["state"] for each in report["clients"]] == ["PROVEN"] * 3, report


def lines(at: Agency, client: str) -> list[dict[str, Any]]:
    ledger = (at.run.archive(client) / "ledger/ledger.jsonl").read_text().splitlines()
    return [json.loads(line) for line in ledger if '"type":"assign"' in line]


def holders(at: Agency) -> list[str]:
    return sorted(row["client"] for row in at.run.json("find", "harbour"))


def test_what_a_clients_own_account_captured_is_no_assignments_to_take(tmp_path: Path) -> None:
    """Three accounts list the same licence; only copies that assignments made are ever taken back."""
    with agency(tmp_path) as at:
        add_client(at.home.root, "gamma", name="Gamma AG")
        [stored] = at.archive("house", (LICENCE, [record()]))
        for client in ("acme", "beta"):
            at.archive(client, (LICENCE, [record(b'{"account": "%s"}' % client.encode())]))
        name, by = f"house/{stored.folder}", ("--by", "Ada Example")
        at.run("assign", name, "gamma", "--reason", "Job 1", *by)  # nobody loses anything: nobody is asked
        assert holders(at) == ["acme", "beta", "gamma", "house"]
        for client in ("acme", "beta"):
            assert lines(at, client) == []
            assert [row["client"] for row in at.run.json("find", "harbour", "--client", client)] == [client]
        with writing(at.home, at.vault, "acme") as archive:  # as earlier versions took it away
            archive.append("assign", id=stored.object_id, statement=lines(at, "gamma")[0]["statement"], held=False)
            archive.seal()
        assert [row["client"] for row in at.run.json("find", "harbour", "--client", "acme")] == ["acme"]
        at.run("assign", name, "acme", "--reason", "Job 2", *by, "--yes")  # who has it already, of its own
        at.run("assign", name, "beta", "--reason", "Job 3", *by)
        assert holders(at) == ["acme", "beta", "house"]
        assert at.run.json("verify")["state"] == "PROVEN"


@pytest.mark.long  # shorter: below
def test_an_assignment_is_undone_and_no_more_than_that(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        [stored] = at.archive("house", (LICENCE, [record()]))
        name, by = f"house/{stored.folder}", ("--by", "Ada Example")
        assert "nothing to undo" in at.run("assign", name, "--undo", *by, code=2).stderr
        at.run("assign", name, "acme", "--reason", "Job 1", *by)
        at.run("assign", name, "beta", "--reason", "Job 2", *by, "--yes")
        refused = at.run("assign", name, "--undo", *by, code=2)
        assert f"beta loses its copy: beta/{stored.folder}" in refused.stderr and holders(at) == ["beta", "house"]
        for _ in range(2):  # the second one finds it undone
            done = at.run("assign", name, "--undo", *by, "--yes")
            assert "now with acme" in done.stderr and holders(at) == ["acme", "house"]
        assert [each.get("clients") for each in lines(at, "house")] == [["acme"], ["beta"], ["acme"]]
        at.run("assign", name, "beta", "--reason", "Job 2", *by, "--yes")  # the same words, and said anew
        assert holders(at) == ["beta", "house"] and len(lines(at, "beta")) == 3
        at.run("assign", name, "--undo", *by, "--yes")
        [shown] = {row["client"] for row in at.run.json("find", "harbour", "--client", "acme")}
        assert shown == "acme" and at.run.json("verify")["state"] == "PROVEN"


def test_the_first_assignment_undone_leaves_the_licence_to_nobody(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        [stored] = at.archive("house", (LICENCE, [record()]))
        at.run("assign", stored.folder, "acme", "--reason", "Job 1", "--by", "Ada Example")
        assert at.run.json("unassigned") == []
        at.run("assign", stored.folder, "--undo", "--by", "Ada Example", "--yes")
        assert [row["licence"] for row in at.run.json("unassigned")] == [f"house/{stored.folder}"]
        assert lines(at, "house")[-1]["clients"] == [] and holders(at) == ["house"]
        at.run("assign", stored.folder, "acme", "--reason", "Job 1", "--by", "Ada Example")
        at.run("assign", stored.folder, "acme", "--reason", "Job 1", "--by", "Ada Example")  # said already
        assert holders(at) == ["acme", "house"] and len(lines(at, "acme")) == len(lines(at, "house")) == 3


def test_a_clients_own_licence_stays_when_it_goes_to_another_client(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        [stored] = at.archive("acme", (LICENCE, [record()]))
        at.run("assign", stored.folder, "beta", "--reason", "Both use it", "--by", "Ada Example", "--also")
        assert holders(at) == ["acme", "beta"]
        at.run("assign", f"acme/{stored.folder}", "beta", "--reason", "Only Beta", "--by", "Ada Example")
        assert holders(at) == ["acme", "beta"]
        at.run("assign", f"beta/{stored.folder}", "acme", "--reason", "Back", "--by", "Ada Example", "--yes")
        assert holders(at) == ["acme"]
        at.run("assign", f"acme/{stored.folder}", "--undo", "--by", "Ada Example")
        assert holders(at) == ["acme", "beta"]
        assert at.run.json("verify")["state"] == "PROVEN"
