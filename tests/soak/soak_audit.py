"""The long forms of the audit's tests: a visit that is killed often goes on, and sites of content systems."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from archiver.agency.audit import site_audit
from archiver.agency.audit.visit_options import AuditOptions
from archiver.catalogue import embedding
from tests.support.agency import Agency, agency
from tests.support.audit_measure import fill
from tests.support.audited_site import AuditedSite
from tests.support.cms_sites import archived, compare, impolite
from tests.support.cms_sites import build as build_cms
from tests.support.simulated_site import Endless, build

KILLS = 20


def command(at: Agency, site: AuditedSite, cdn: AuditedSite) -> list[str]:
    arguments = ["audit", "run", "acme", "--site", site.url, "--host", cdn.url.removeprefix("http://"), "--use",
                 "commercial", "--pages", "90", "--no-browser", "--json"]  # fmt: skip
    code = "import sys; from archiver.catalogue import embedding; embedding.installed = lambda: False\n"
    code += f"from archiver.cli import main; sys.argv = ['archiver', *{arguments!r}]; main()"
    return [sys.executable, "-c", code]


def result(document: dict[str, Any]) -> Any:
    """What must not depend on kills: everything but when it happened and how many requests it took."""
    times = ("began", "ended", "requests", "bytes", "last_seen", "first_seen", "on_site_since")
    return {
        key: [{name: said for name, said in row.items() if name not in times} for row in value]
        if key == "pictures" else value
        for key, value in document.items() if key not in times
    }  # fmt: skip


def test_a_visit_killed_at_20_random_points_ends_the_same(tmp_path: Path) -> None:
    with AuditedSite(Endless()) as site, AuditedSite(Endless()) as cdn, agency(tmp_path / "at") as at:
        truth = build(tmp_path / "pictures", 40, 120, cdn.url)
        site.files, cdn.files = Endless(truth.files), Endless(truth.cdn)
        settings = at.run.root / "archiver.yaml"
        settings.write_text(settings.read_text() + "pacing: {default: 0}\n")
        fill(at, truth.works)
        env = {**at.run.env, "ARCHIVER_HOME": str(at.run.root)}
        run = command(at, site, cdn)

        def whole() -> Any:
            return result(json.loads(subprocess.run(run, env=env, check=True, capture_output=True).stdout))

        undisturbed, requests = whole(), len(site.asked)
        (at.run.root / "work/audits/acme.sqlite").unlink()
        chance, killed = random.Random(26), 0
        for point in sorted(chance.sample(range(5, requests), KILLS)):
            site.asked.clear()
            child = subprocess.Popen(run, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            more = max(3, point // KILLS)
            while len(site.asked) < more and child.poll() is None:
                time.sleep(0.002)
            if child.poll() is None:
                os.kill(child.pid, signal.SIGKILL)
                killed += 1
            child.wait()
        assert killed >= KILLS // 2
        assert whole() == undisturbed


@pytest.mark.parametrize("seed", range(2, 7))
def test_the_pictures_of_content_systems_get_their_answers(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the site's own photographs none looks like stock, whatever their names and metadata say."""
    monkeypatch.setattr(embedding, "installed", lambda: False)
    waits: list[float] = []
    with AuditedSite({}) as site, AuditedSite({}) as cdn, agency(tmp_path / "at") as at:
        settings = at.run.root / "archiver.yaml"
        settings.write_text(settings.read_text() + "pacing: {default: 0}\n")
        truth = build_cms(seed, site.url, cdn.url)
        site.files, cdn.files = truth.files, truth.cdn_files
        archived(at, truth)
        options = AuditOptions(sites=[site.url], hosts=[cdn.url], use="commercial")
        made = site_audit.run(at.home, "acme", options, wait=waits.append)
    counts = compare(truth, [(row["addresses"], row["pages"], row["answer"], {each["rule"] for each in row["reasons"]})
                             for row in made["pictures"]])  # fmt: skip
    assert counts.wrong == [] and len(counts.lost) <= 0.01 * counts.shown, counts
    assert impolite(truth, site.asked, sum(waits)) == []
