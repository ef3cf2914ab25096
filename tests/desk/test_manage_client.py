"""A client at the desk: renamed, handed over as a checked copy and as a zip file, removed if nothing is archived."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from archiver.home.settings import Home as Loaded
from tests.support.desk_in_process import desk_on, ended
from tests.support.homes import Home


def test_a_client_is_renamed_handed_over_and_removed_in_the_page(
    ran: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran("client", "add", "beta", "--name", "Beta GmbH")
    with desk_on(ran, monkeypatch) as desk:
        owner = desk.person()
        assert owner.post("/client/acme/name", {"name": "  "}).status_code == 409
        assert owner.post("/client/acme/name", {"name": "Acme Group Ltd"}).status_code == 303
        assert "Manage Acme Group Ltd" in owner.get("/client/acme/manage").text
        assert Loaded.load(ran.root).client("acme").aliases == ("Acme Ltd",)
        assert owner.post("/client/acme/remove").status_code == 409  # evidence always stays
        assert owner.post("/client/acme/hand-over").status_code == 303
        ended(owner, ["The copy is ready"])
        page = owner.get("/client/acme/manage").text
        [copy] = (ran.root.parent / f"{ran.root.name}-hand-over").iterdir()
        assert str(copy) in page and f"{copy.name}.zip" in page
        sent = owner.get(f"/client/acme/hand-over/{copy.name}.zip")
        with zipfile.ZipFile(io.BytesIO(sent.content)) as whole:
            assert whole.testzip() is None
            whole.extractall(tmp_path / "out")
        unpacked = tmp_path / "out" / copy.name
        assert {p.relative_to(unpacked) for p in unpacked.rglob("*") if p.is_file()} == {
            p.relative_to(copy) for p in copy.rglob("*") if p.is_file()
        }
        verified = subprocess.run([sys.executable, unpacked / "tools/verify.py"], capture_output=True, text=True)
        assert verified.returncode == 0, verified.stdout
        assert owner.get("/client/beta/hand-over/" + copy.name + ".zip").status_code == 404
        assert owner.get("/client/acme/hand-over/..%2Fhome.zip").status_code == 404
        assert owner.post("/client/beta/remove").status_code == 303
        assert "beta" not in Loaded.load(ran.root).clients


def test_a_new_client_gets_its_short_name_from_its_full_name(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with desk_on(home, monkeypatch) as desk:
        owner = desk.person()
        made = owner.post("/clients/new", {"name": "Bäckerei Grünwald & Söhne"})
        assert made.headers["location"] == "/client/baeckerei-gruenwald-soehne"
        assert owner.post("/clients/new", {"name": "Other Ltd", "slug": "other"}).headers["location"] == "/client/other"
        assert owner.post("/clients/new", {"name": "Other GmbH"}).headers["location"] == "/client/other-2"
        again = owner.post("/clients/new", {"name": "Other", "slug": "other"})
        assert again.status_code == 422 and "exists already. Choose another short name" in again.text
        assert owner.post("/clients/new", {}).status_code == 422
