"""The recordings of Acme Stock: `python write_recordings.py` writes them. All that is in them is invented."""

from __future__ import annotations

from pathlib import Path

from archiver.devkit.authored_recording import AuthoredRecording, licence
from archiver.reading.placeholders import pdf

API = "https://api.acme-stock.example/v1"
LICENCES = (  # id, asset, title, kind, when, project, and whether there is a certificate
    ("L-30003", 70031, "Heron over a tidal flat", "standard", "2026-11-20T09:30:00Z", "Spring", True),
    ("L-30002", 70022, "Brass door handle", "extended", "2026-10-02T14:05:00Z", None, True),
    ("L-30001", 70013, "Chalk cliffs, from the sea", "standard", "2026-08-11T08:00:00Z", None, False),
)


def recording(scenario: str) -> AuthoredRecording:
    secrets = {"token": "RECORDED-TOKEN"}  # a placeholder, never a real one
    root = Path(__file__).parent / "recordings"
    return AuthoredRecording("acme_stock", scenario, "token", ["invented, with the example"], secrets, root=root)


def write() -> None:
    whole = recording("two-pages")
    whole.get(f"{API}/me", {"company": "Acme Ltd"}, slug="me")
    rows = [
        {"id": id_, "asset": {"id": asset, "title": title}, "kind": kind, "licensed_at": when, "licensee": "Acme Ltd",
         "project": project}
        for id_, asset, title, kind, when, project, _ in LICENCES
    ]  # fmt: skip
    for number in (1, 2):
        page = {"total": len(rows), "licences": rows[2 * number - 2 : 2 * number]}
        whole.get(f"{API}/licences?page={number}&per_page=2", page, slug=f"licences-{number}")
    for id_, asset, title, kind, when, project, certified in LICENCES:
        lines = (f"Licence {id_}", f"Asset {asset}: {title}", f"Kind: {kind}", "Licensee: Acme Ltd", f"Date: {when}")
        url = f"{API}/licences/{id_}/certificate.pdf"
        if certified:
            whole.get(url, pdf(lines), slug=f"{id_}.pdf")
        else:
            whole.get(url, status=404)
        expected = licence(
            licence_id=id_, asset_id=str(asset), title=title, kind=kind, licensed_at=when, licensee="Acme Ltd",
            client_hints={"project": project} if project else {},
            documents=["record.json", "certificate.pdf"] if certified else ["record.json"],
            gaps={} if certified else {"certificate": "none_offered"},
        )  # fmt: skip
        whole.licences.append(expected)
    whole.write()

    refused = recording("bad-token")
    refused.get(f"{API}/me", {"error": "unauthorised"}, slug="me", status=401)
    refused.write("failed", "WrongPassword")


if __name__ == "__main__":
    write()
