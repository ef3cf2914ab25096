"""An audit of a simulated site against its truth: pictures found, answers, politeness, a second visit, memory, speed.

`python tests/benchmarks/site_audit.py [--no-model] [--folder FOLDER]`, by default 2,000 pages and 10,000 pictures; they
are drawn once into FOLDER. Prints every figure and every fault, and exits 1 below the targets.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.agency.audit.fetcher import PoliteFetcher  # noqa: E402  # as above
from archiver.agency.audit.site_scope import scope_of  # noqa: E402  # as above
from archiver.core.errors import UnreadablePicture  # noqa: E402  # as above
from archiver.home.network import Network  # noqa: E402  # as above
from archiver.reading.worker import DocumentReader  # noqa: E402  # as above
from tests.support.agency import Agency, agency  # noqa: E402  # as above
from tests.support.audit_measure import fill, measure  # noqa: E402  # as above
from tests.support.audited_site import AuditedSite  # noqa: E402  # as above
from tests.support.simulated_site import Endless, SimulatedSite, build  # noqa: E402  # as above

# How long a visit takes without the browser and the searches, which are another matter.
MEASURED = """
import atexit, pathlib, time
from archiver.agency.audit import crawler, scripted_pages
spent = {"run": 0.0, "browser": 0.0}
def timed(holder, name, key):
    work = getattr(holder, name)
    def measured(*arguments, **named):
        began = time.monotonic()
        try:
            return work(*arguments, **named)
        finally:
            spent[key] += time.monotonic() - began
    setattr(holder, name, measured)
timed(crawler.SiteVisit, "run", "run")
timed(scripted_pages.ScriptedPages, "__call__", "browser")
atexit.register(lambda: pathlib.Path(SPENT).write_text(str(spent["run"] - spent["browser"])))
"""
FOUND, RECALL, UNCHANGED, AGAIN, MEMORY_MB, SPEED = 0.99, 0.97, 0.9, 0.1, 400, 0.7


def main() -> int:
    from arguments import asked as sizes  # type: ignore[import-not-found]  # lies beside this file

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-model", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path(".venv/simulated-site"))
    asked = sizes(parser, pages=(2000, 12), pictures=(10_000, 30))
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder, AuditedSite(Endless()) as site, AuditedSite(Endless()) as cdn:
        asked.folder = Path(folder) / "drawn" if asked.quick else asked.folder
        truth = build(asked.folder, asked.pages, asked.pictures, cdn.url, processes=os.cpu_count() or 1)
        site.files, cdn.files = Endless(truth.files), Endless(truth.cdn)
        with agency(Path(folder)) as at:
            settings = at.run.root / "archiver.yaml"
            lines = [each for each in settings.read_text().splitlines() if not each.startswith("match:")]
            settings.write_text("\n".join([*lines, "pacing: {default: 0}", ""]))  # with the model that users have
            started = time.monotonic()
            fill(at, truth.works)
            print(f"{len(truth.works)} works, {len(truth.work_of)} addresses, archived in "
                  f"{time.monotonic() - started:.0f} s", flush=True)  # fmt: skip
            faults += _first(at, site, cdn, truth, asked)
            slow = _speed(site, cdn, float((asked.folder / "spent").read_text()))
            faults += [] if asked.quick else slow
            faults += _second(at, site, cdn, asked)
    print(*faults or ["every target is met"], sep="\n")
    return bool(faults)


type Report = dict[str, Any]


def _run(
    at: Agency, site: AuditedSite, cdn: AuditedSite, asked: argparse.Namespace
) -> tuple[Report, float, float]:  # fmt: skip
    host = cdn.url.removeprefix("http://")
    arguments = ["audit", "run", "acme", "--site", site.url, "--host", host, "--use", "commercial", "--pages",
                 str(asked.pages * 2), "--json"]  # fmt: skip
    code = "import sys; from archiver.catalogue import embedding\n"
    code += "embedding.installed = lambda: False\n" if asked.no_model else ""
    code += f"SPENT = {str(asked.folder / 'spent')!r}\n{MEASURED}"
    code += f"from archiver.cli import main; sys.argv = ['archiver', *{arguments!r}]; main()"
    env = {**at.run.env, "ARCHIVER_HOME": str(at.run.root)}
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=out)
        _, status, used = os.wait4(child.pid, 0)
        out.seek(0)
        if status:
            sys.exit(f"the audit ended with {status}")
        return json.load(out), time.monotonic() - started, used.ru_maxrss / 1024


def _first(
    at: Agency, site: AuditedSite, cdn: AuditedSite, truth: SimulatedSite, asked: argparse.Namespace
) -> list[str]:
    made, seconds, memory = _run(at, site, cdn, asked)
    (asked.folder / "report.json").write_text(json.dumps(made))
    got = measure(truth, made)
    scripted = measure(truth, made, ("scripted",))
    print(f"pages {made['pages']}, pictures {len(made['pictures'])}, answers {made['answers']}, {seconds:.0f} s, "
          f"{memory:.0f} MB, requests {made['requests']}, {made['bytes'] / 1e6:.0f} MB received")  # fmt: skip
    print(f"found {got.found} of {got.shown} ({got.found / got.shown:.2%}); by script {scripted.found} of "
          f"{scripted.shown}")  # fmt: skip
    print(f"licensed recognised {got.recognised} of {got.licensed} ({got.recognised / max(1, got.licensed):.2%}), "
          f"covers {got.covers}, but {got.but}, stock {got.stock}, merged {got.merged}", dict(got.missed))  # fmt: skip
    print("wrong:", len(got.wrong), *got.wrong[:25], sep="\n  ")
    print("lost:", len(got.lost), *got.lost[:25], *scripted.lost[:5], sep="\n  ")
    both = [*site.asked, *cdn.asked]
    never = ("/private", "/wp-login", "/login", "/order")
    forbidden = sorted({path for _, path, _ in both if path.startswith(never)})
    methods = {method for method, _, _ in both}
    print(f"methods {methods}, forbidden addresses asked for {forbidden}")
    faults = [f"found {got.found / got.shown:.2%}"] if got.found < FOUND * got.shown else []
    faults += [f"recall {got.recognised / got.licensed:.2%}"] if got.recognised < RECALL * got.licensed else []
    faults += [f"{len(got.wrong)} wrong answers"] if got.wrong else []
    faults += ["asked for what is forbidden"] if forbidden or not methods <= {"GET", "HEAD"} else []
    faults += [f"{memory:.0f} MB"] if memory > MEMORY_MB else []
    return faults


def _speed(site: AuditedSite, cdn: AuditedSite, visit_s: float) -> list[str]:
    """What the visit took against asking for the same files one by one and looking at each new picture."""
    hosts = [(each, [path for _, path, _ in each.asked]) for each in (site, cdn)]
    seen, began = set[str](), time.monotonic()
    scope = scope_of([site.url], [cdn.url])
    with DocumentReader() as reader, PoliteFetcher(Network(), scope, "", rate=0, wait=lambda _: None) as fetcher:
        for each, paths in hosts:
            for path in paths:
                content = fetcher.fetch(f"{each.url}{path}").content
                digest = sha256(content).hexdigest()
                if digest not in seen and not content.lstrip().startswith((b"<", b"%", b"{")):
                    with suppress(UnreadablePicture):
                        reader.look(content)
                seen.add(digest)
    alone_s = time.monotonic() - began
    print(f"the visit took {visit_s:.0f} s; fetching and hashing alone {alone_s:.0f} s; ratio {alone_s / visit_s:.2f}")
    for each, paths in hosts:  # as if nobody had asked
        del each.asked[len(paths) :]
    return [f"throughput {alone_s / visit_s:.2f}"] if alone_s < SPEED * visit_s else []


def _second(at: Agency, site: AuditedSite, cdn: AuditedSite, asked: argparse.Namespace) -> list[str]:
    before, bodies, first = len(site.asked), site.bodies + cdn.bodies, json.loads(
        (asked.folder / "report.json").read_text()
    )["bytes"]  # fmt: skip
    cdn.asked.clear()
    made, seconds, _ = _run(at, site, cdn, asked)
    statuses = [status for _, _, status in (*site.asked[before:], *cdn.asked) if status in (200, 304)]
    share, received = statuses.count(304) / len(statuses), (site.bodies + cdn.bodies - bodies) / first
    news = [row for row in made["pictures"] if row["new"] or row["before"] not in (None, row["answer"])]
    print(f"second visit: {share:.1%} of answers 304, {received:.1%} of the bytes, {seconds:.0f} s, "
          f"{len(news)} changed, {len(made['gone'])} gone")  # fmt: skip
    faults = [f"{share:.1%} of answers 304"] if share < UNCHANGED else []
    faults += [f"{received:.1%} of the bytes again"] if received > AGAIN else []
    return faults + (["the second visit says that something changed"] if news or made["gone"] else [])


if __name__ == "__main__":
    sys.exit(main())
