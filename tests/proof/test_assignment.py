"""A shared account's licence becomes a client's: same bytes, said by whom, and told of nobody else."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from archiver.archive.verify import InclusionProof, Note, Token
from archiver.domain import Asset, Licence
from archiver.opening import writing
from tests.proof.agency import agency, certificate, record

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
            assert "Ada" not in ledger and "Job" not in ledger
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

        run("assign", stored.folder, "beta", "--reason", "It was Beta's", "--by", "Ada Example")
        assert (
            run.json("find", "harbour", "--client", "acme") == run.json("find", "1234567890", "--client", "acme") == []
        )
        assert [row["client"] for row in run.json("find", "harbour", "--client", "beta")] == ["beta"]
        withdrawn = run("proof", f"acme/{stored.folder}", "--out", tmp_path / "no.zip", code=2)
        assert "another client" in withdrawn.stderr
        assert not any(b"beta" in content.lower() for content in tree(run.archive("acme")).values())
        run("proof", f"beta/{stored.folder}", "--out", tmp_path / "proof.zip")
        with zipfile.ZipFile(tmp_path / "proof.zip") as zipped:
            proofs = [zipped.read(name) for name in zipped.namelist() if name.endswith(".tlog-proof")]
        types = {json.loads(InclusionProof.parse(each).line)["type"] for each in proofs}
        assert types == {"origin", "capture", "version"}  # who else has it is nobody's business
        report = run.json("verify")
        assert [each["state"] for each in report["clients"]] == ["PROVEN"] * 3, report


def test_a_clients_own_licence_goes_to_another_client_or_to_both(tmp_path: Path) -> None:
    with agency(tmp_path) as at:
        [stored] = at.archive("acme", (LICENCE, [record()]))
        at.run("assign", stored.folder, "beta", "--reason", "Both use it", "--by", "Ada Example", "--also")
        assert len(at.run.json("find", "harbour")) == 2
        at.run("assign", f"acme/{stored.folder}", "beta", "--reason", "Only Beta", "--by", "Ada Example")
        assert [row["client"] for row in at.run.json("find", "harbour")] == ["beta"]
        at.run("assign", f"beta/{stored.folder}", "acme", "--reason", "Back", "--by", "Ada Example")
        assert [row["client"] for row in at.run.json("find", "harbour")] == ["acme"]
        assert at.run.json("verify")["state"] == "PROVEN"
