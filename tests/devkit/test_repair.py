"""Repairing an adapter whose platform changed its pages: rehearsed from the failing run to the patch."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from archiver.devkit import repair as repairing
from archiver.home import settings
from tests.support.homes import QUICK, ROOT, Home


class Repairing:
    """`archiver adapter repair` in a terminal, while its person edits the adapter."""

    def __init__(self, home: Home, account: str, replay: Path) -> None:
        command = home.command("adapter", "repair", account, "--replay", replay)
        self._process = subprocess.Popen(
            command, env=home.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.said = ""

    def until(self, text: str) -> str:
        """What it says next, to the line that has this text."""
        assert self._process.stdout
        said = ""
        for line in self._process.stdout:
            said += line
            self.said += line
            if text in line:
                return said
        raise AssertionError(f"{text!r} was not said:\n{self.said}")

    def ended(self) -> int:
        assert self._process.stdout
        self.said += self._process.stdout.read()
        return self._process.wait(60)


def edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)


def rehearse(home: Home, account: str, provider: str, site: Path, *changes: tuple[str, str]) -> Repairing:
    """From the failing run to the patch; the seconds of each check on saved pages are in what it said."""
    repairing = Repairing(home, account, site)
    repairing.until("saved pages: fails")
    repairing.until("Ctrl-C stops")
    file = home.root / "adapters" / provider / f"{provider}.py"
    edit(file, *((before, f"{after} syntax error(") for before, after in changes[:1]))
    assert "cannot load" in repairing.until("Ctrl-C stops") and "SyntaxError" in repairing.said
    edit(file, *((f"{after} syntax error(", after) for _, after in changes[:1]), *changes[1:])
    assert repairing.ended() == 0, repairing.said
    return repairing


@pytest.mark.long  # a repair without the patch: tests/journeys
@pytest.mark.skipif(not shutil.which("git"), reason="git, which applies the patch, is not installed")
@pytest.mark.parametrize("back", [False, pytest.param(True, marks=pytest.mark.long)], ids=["to the patch", "and back"])
def test_a_repair_from_the_failing_run_to_the_patch_and_back_to_the_release(
    home: Home, tmp_path: Path, back: bool
) -> None:
    site = tmp_path / "site"
    shutil.copytree(QUICK / "envato_market" / "two-pages", site)
    for body in (site / "bodies").glob("*purchases*.json"):
        body.write_text(body.read_text().replace('"sold_at"', '"bought_at"'))
    home.account("acme-envato", "envato_market")
    run = ("run", "--account", "acme-envato", "--replay", site)
    assert home.json(*run, code=20)["accounts"][0]["adapter"] is None

    said = rehearse(home, "acme-envato", "envato_market", site, ('row["sold_at"]', 'row["bought_at"]')).said
    assert "no 'sold_at' (envato_market.py:" in said and "platform: complete" in said
    assert [float(each) for each in re.findall(r"saved pages: .*\((\d+\.\d) s\)", said)], said
    folder = home.root / "adapters" / "envato_market"
    patched = shutil.copytree(ROOT / "providers", tmp_path / "repository" / "providers").parent
    subprocess.run(["git", "apply", folder / "repair.patch"], cwd=patched, check=True)
    assert 'row["bought_at"]' in (patched / "providers" / "envato_market.py").read_text()
    assert "recording two-pages: plays the same with the new names (key sold_at -> bought_at)" in said
    shutil.copytree(QUICK / "envato_market", patched / "recordings" / "envato_market")
    subprocess.run(["git", "apply", folder / "recordings.patch"], cwd=patched, check=True)
    home("recording", "check", patched / "recordings" / "envato_market" / "two-pages")  # by the repaired adapter
    assert "recording two-pages: differs" in said and "recording bad-token: as expected" in said

    if not back:
        return
    [account] = home.json(*run)["accounts"]
    assert account["adapter"]["file"] == "adapters/envato_market" and len(account["adapter"]["sha256"]) == 64
    described = [json.loads(file.read_text()) for file in home.archive().rglob("licence.json")]
    assert described and all(each["provenance"]["adapter"] == account["adapter"] for each in described)
    home("recording", "check", folder / "recordings/envato_market/repaired", code=0)

    assert "adapters/envato_market, a repair of" in home("doctor", code=None).stdout
    kept = home("adapter", "remove", "envato_market", code=1)
    assert "does not have the repair" in kept.stderr and folder.is_dir()
    origin = yaml.safe_load((folder / "origin.yaml").read_text())
    (folder / "origin.yaml").write_text(yaml.safe_dump({**origin, "installed": "0" * 64}))
    assert "archiver adapter remove envato_market" in home("doctor", code=None).stdout
    shutil.rmtree(folder / "recordings")
    shutil.copytree(QUICK / "envato_market" / "two-pages", folder / "recordings" / "envato_market" / "repaired")
    home("adapter", "remove", "envato_market")
    assert not folder.exists() and [*(home.root / "state" / "removed-adapters").iterdir()]
    assert home.json(*run, code=20)["accounts"][0]["adapter"] is None


@pytest.mark.long
def test_pages_behind_the_first_failure_are_taken_over_and_repaired_in_the_same_command(
    home: Home, tmp_path: Path
) -> None:
    """The second page has another change, which nobody sees before the first one is repaired."""
    site = shutil.copytree(QUICK / "envato_market" / "two-pages", tmp_path / "site")
    for body in sorted((site / "bodies").glob("*purchases*.json")):
        text = body.read_text().replace('"sold_at"', '"bought_at"')
        body.write_text(text if "purchases-1" in body.name else text.replace('"license"', '"licence"'))
    home.account("acme-envato", "envato_market")
    repairing = Repairing(home, "acme-envato", site)
    file = home.root / "adapters" / "envato_market" / "envato_market.py"
    repairing.until("Ctrl-C stops")
    edit(file, ('row["sold_at"]', 'row["bought_at"]'))
    said = repairing.until("new pages were saved")
    assert "read up to a page that is not saved" in said and "no 'license' (envato_market.py:" in said
    repairing.until("saved pages: fails")
    edit(file, ('row["license"]', '(row.get("licence") or row["license"])'))
    assert repairing.ended() == 0 and "platform: complete" in repairing.said


def test_a_check_that_does_not_end_and_a_repair_that_nobody_does_are_told_and_end(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adapter may turn pages in a circle, and an editor may stay closed."""

    async def for_ever(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(repairing, "replayed", for_ever)
    for name, seconds in (("CHECK_TIMEOUT_S", 0.05), ("REMIND_EVERY_S", 0.2), ("MAX_WATCH_S", 1.0)):
        monkeypatch.setattr(repairing, name, seconds)
    home.account("acme-envato", "envato_market")
    job = repairing.repair_of(settings.Home.load(home.root), "acme-envato")
    job.pages.mkdir(parents=True)
    (job.pages / "session.yaml").touch()
    assert repairing.copy_adapter(job)

    async def watched() -> list[repairing.OfflineCheck | None]:
        return [each async for each in repairing.offline_checks(job)]

    checked, *reminders = asyncio.run(watched())
    assert checked and not checked.reads and "did not end" in checked.lines[0]
    assert reminders and set(reminders) == {None}
