"""No secret of any recording is found in anything a run leaves behind, in any form."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from archiver.reading.secret_scan import all_forms, contains
from tests.support.homes import RECORDINGS, Home


def secrets_of(path: Path) -> set[str]:
    session = yaml.load((path / "session.yaml").read_text(), yaml.CSafeLoader)
    values = {str(value) for value in (session.get("secrets") or {}).values()}
    for cookie in (session.get("session") or {}).get("cookies", []):
        values.add(cookie["value"])
    return values


@pytest.mark.long
def test_no_secret_survives_a_run(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    paths = {
        f"{path.parent.parent.name}-{path.parent.name}".replace("_", "-"): path.parent
        for path in RECORDINGS.glob("*/*/session.yaml")
    }
    accounts = {}
    for name, path in paths.items():
        (folder / name).symlink_to(path)
        method = yaml.load((path / "session.yaml").read_text(), yaml.CSafeLoader)["method"]
        accounts[name] = {"provider": path.parent.name, "method": method, "username": "ada"}
    client = home.root / "clients" / "acme.yaml"  # by the command, this many take a minute
    client.write_text(yaml.safe_dump({"name": "Acme Ltd", "accounts": accounts}))
    said = home("run", "--replay", folder, code=None)
    secret_values = all_forms(secret for path in paths.values() for secret in secrets_of(path))
    assert secret_values
    texts = {"output": (said.stdout + said.stderr).encode()}
    for root, _, files in os.walk(home.root):
        texts |= {str(Path(root, name)): Path(root, name).read_bytes() for name in files if name != "vault.enc"}
    assert len(texts) > 100
    assert [
        (name, needle) for name, text in texts.items() for needle in secret_values if contains(text, [needle])
    ] == []
