"""What a person writes as a recording says so, and takes the place of nothing but another one of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from archiver.browsing.recording import Recording
from archiver.core.errors import ConfigError
from archiver.devkit.authored_recording import AuthoredRecording


def written(root: Path, url: str = "https://api.acme-stock.example/v1/me") -> AuthoredRecording:
    made = AuthoredRecording("acme_stock", "one", "token", ["invented"], {"token": "RECORDED"}, root=root)
    made.get(url, {"company": "Acme Ltd"}, slug="me")
    return made


def test_it_is_authored_and_replaces_itself_but_never_a_captured_one(tmp_path: Path) -> None:
    folder = written(tmp_path).write()
    assert Recording.load(folder).origin == "authored"
    before = {path.name: path.read_bytes() for path in folder.rglob("*.*")}
    written(tmp_path).write()
    assert {path.name: path.read_bytes() for path in folder.rglob("*.*")} == before  # the same bytes each time
    session = folder / "session.yaml"
    session.write_text(session.read_text().replace("origin: authored", "origin: captured"))
    with pytest.raises(ConfigError, match="not an authored recording"):
        written(tmp_path).write("failed", "WrongPassword")
    assert yaml.safe_load((folder / "expected.yaml").read_text())["outcome"] == "complete"


def test_what_cannot_be_played_leaves_the_earlier_one(tmp_path: Path) -> None:
    folder = written(tmp_path).write()
    before = (folder / "session.yaml").read_bytes()
    with pytest.raises(ConfigError):
        written(tmp_path, url="acme-stock.example").write()
    with pytest.raises(ConfigError, match=r"certificate\.pdf"):
        written(tmp_path).get("https://a.example/", b"%PDF", slug="paper.docx")
    assert (folder / "session.yaml").read_bytes() == before
