"""A new adapter works from the first minute, and is the one that the documentation shows."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.homes import ROOT, Home


@pytest.mark.long  # adapters of ours: test_recordings.py
@pytest.mark.browser
@pytest.mark.parametrize("form", ["--api", "--web"])
def test_the_documented_examples_are_laid_out_and_pass_everything(home: Home, tmp_path: Path, form: str) -> None:
    folder = tmp_path / "acme"
    home("providers", "new", "acme_stock", "--out", folder, form)
    source = (folder / "archiver_acme_stock.py").read_text("utf-8")
    documented = (ROOT / "docs" / "adapters.md").read_text("utf-8")
    assert f"```python\n{source}```\n" in documented
    if form == "--web":
        assert (folder / "write_recordings.py").read_text("utf-8") in documented
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["name"]
    assert project["dependencies"] == [ours]  # a package called like our module is a stranger's
    installed = folder / "archiver_acme_stock-0.1.0.dist-info"  # as installing it leaves it
    installed.mkdir()
    (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1.0\n")
    points = "".join(f"{name} = {to}\n" for name, to in project["entry-points"]["archiver.providers"].items())
    (installed / "entry_points.txt").write_text(f"[archiver.providers]\n{points}")
    home.env["PYTHONPATH"] = f"{ROOT}:{folder}"
    assert "acme_stock" in {info["name"] for info in home.json("providers")}
    # Types are checked with all others: the example lies in the source tree as it is.
    tests = ("pytest", "-q", "-p", "no:schemathesis", ".")
    for tool in (("ruff", "check", "."), ("ruff", "format", "--check", "."), tests):
        done = subprocess.run([sys.executable, "-m", *tool], cwd=folder, env=home.env, capture_output=True, text=True)
        assert done.returncode == 0, f"{tool}: {done.stdout}{done.stderr}"
    assert "already" in home("providers", "new", "acme_stock", "--out", folder, code=2).stderr
    if form == "--web":  # what an author forgets: the adapter then claims a total that it does not read
        claims = source.replace("states_total=False", "states_total=True")
        (folder / "archiver_acme_stock.py").write_text(claims, "utf-8")
        home.account("one", "acme_stock", username="ada@example.com")
        checked = home.json("account", "check", "one", "--replay", folder / "recordings/acme_stock/two-pages")
        [note] = [step["message"] for step in checked["steps"] if step["state"] == "note" and "list" in step["step"]]
        assert "states_total=False" in note
