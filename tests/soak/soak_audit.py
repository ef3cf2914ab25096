"""The long form of the audit's crash test: a visit of a simulated site is killed at 20 random points and goes on."""

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

from tests.support.agency import Agency, agency
from tests.support.audit_measure import fill
from tests.support.audited_site import AuditedSite
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
