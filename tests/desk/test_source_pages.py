"""A mailbox or a folder at the desk: opened before it is kept, checked, read, and removed; its papers wait there."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.home.settings import Home as Loaded
from archiver.home.vault import Vault
from tests.support.desk_in_process import desk_on
from tests.support.desk_kit import PASSWORD
from tests.support.homes import Home


def test_a_source_is_opened_before_it_is_kept_and_administrators_alone_add_one(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home("client", "add", "acme", "--name", "Acme Ltd")
    projects = tmp_path / "projects"
    folder = {"kind": "folder", "client": "acme", "path": str(projects)}
    with desk_on(home, monkeypatch) as desk:
        anna = desk.person("Anna Admin", "admin")
        olaf, rita = desk.person("Olaf Operator", "operate"), desk.person("Rita Reader", "read")
        assert olaf.get("/sources/new").status_code == olaf.post("/sources/new", folder).status_code == 403
        refused = anna.post("/sources/new", folder)
        assert refused.status_code == 422 and 'role="alert"' in refused.text and str(projects) in refused.text
        assert not Loaded.load(home.root).sources()
        projects.mkdir()
        (projects / "readme.txt").write_text("nothing")
        added = anna.post("/sources/new", folder)
        assert added.headers["location"].startswith("/source/acme-folder?result=")
        assert "It is added. The next run reads it." in anna.get(added.headers["location"]).text
        assert "acme-folder" in rita.get("/source/acme-folder").text
        assert rita.post("/source/acme-folder/check").status_code == 403
        checked = olaf.post("/source/acme-folder/check").headers["location"]
        assert "It can be opened" in olaf.get(checked).text
        projects.rename(tmp_path / "moved")
        checked = olaf.post("/source/acme-folder/check").headers["location"]
        assert "It cannot be opened" in olaf.get(checked).text
        mailbox = {"kind": "mailbox", "client": "acme", "host": "localhost", "port": "1", "username": "ada"}
        assert anna.post("/sources/new", mailbox | {"password": "a secret word"}).status_code in (303, 422)
        assert "a secret word" not in "".join(each.read_text() for each in (home.root / "clients").iterdir())
        assert anna.post("/source/acme-folder/remove").status_code == 409  # without the password again
        assert anna.post("/source/acme-folder/remove", {"again": PASSWORD}).status_code == 303
        assert "acme-folder" not in {each.name for each in Loaded.load(home.root).sources()}
        assert anna.get("/source/acme-folder").status_code == 404
        assert "acme-folder" not in Vault(home.root / "vault.enc", desk.desk.vault_key or "").accounts()
