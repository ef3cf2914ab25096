"""50 people read at the desk while a run writes. `python tests/benchmarks/desk_readers.py`

The same run against a loopback site, alone and with the desk being read, in pairs whose order changes, since a disk's
pace drifts; each archives new licences with a certificate for a client of its own. The readers are a process of their
own; each opens a page, looks at it for a while (`--think` seconds in the mean; 0: as fast as they can), and opens the
next. Prints what they were answered and the run's pace beside its pace alone, over all pairs, with its standard error;
exits 1 for any answer but a page, or a ratio of paces below 0.9. Use it on a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from math import exp, log, sqrt
from pathlib import Path
from statistics import mean, median, quantiles, stdev
from types import ModuleType

import aiohttp
import httpx
from yarl import URL

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.agency.night import run  # noqa: E402
from archiver.collect.run_context import RunRequest  # noqa: E402
from archiver.home.settings import Home  # noqa: E402  # as above
from archiver.home.settings_edit import add_account, add_client, create_home  # noqa: E402
from archiver.home.vault import Vault, new_key  # noqa: E402
from tests.benchmarks.night import site  # noqa: E402
from tests.support.homes import clean_environment  # noqa: E402

PEOPLE, LEAST = 50, 0.9
PATHS = ("/", "/find", "/find?q=picture", "/find?q=A00001", "/claims", "/accounts", "/unassigned")


def used(pid: int) -> float:
    """CPU seconds of a process and its ended children (Linux; else 0)."""
    try:
        return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15])) / 100
    except OSError:
        return 0.0


async def read(base: str, cookie: str, think: float) -> None:
    """Read until standard input ends; then print what was answered, as JSON."""
    statuses: Counter[str] = Counter()
    seconds: list[float] = []
    name, _, value = cookie.partition("=")
    # Not httpx: its requests take as much of the processor as the desk's answers.
    async with aiohttp.ClientSession(
        base,
        cookie_jar=aiohttp.CookieJar(unsafe=True),
        timeout=aiohttp.ClientTimeout(60),
        connector=aiohttp.TCPConnector(limit=PEOPLE),
    ) as http:
        http.cookie_jar.update_cookies({name: value}, URL(base))

        async def page(path: str) -> tuple[int, str]:
            async with http.get(path) as answer:
                return answer.status, await answer.text()

        clients = re.findall(r'href="(/client/[^"]+)"', (await page("/"))[1])

        async def person(number: int) -> None:
            chance, known = random.Random(number), [*PATHS, *clients]
            while True:
                await asyncio.sleep(chance.expovariate(1 / think) if think else 0)
                path, began = chance.choice(known), time.monotonic()
                try:
                    status, text = await page(path)
                    statuses[str(status)] += 1
                    known = [*PATHS, *clients, *dict.fromkeys(re.findall(r'href="(/licence/[^"?]+)"', text))]
                except aiohttp.ClientError as error:
                    statuses[type(error).__name__] += 1
                seconds.append(time.monotonic() - began)

        people = [asyncio.create_task(person(number)) for number in range(PEOPLE)]
        print("reading", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for each in people:
            each.cancel()
    print(json.dumps({"statuses": statuses, "seconds": seconds}))


def archived(home: Path, vault: Vault, number: int, new: int) -> float:
    """Seconds that a run takes for a new client's new licences."""
    add_client(home, f"client-{number}", name=f"Client {number}")
    add_account(home, f"account-{number}", client=f"client-{number}", provider="shutterstock", username=f"user{number}")
    vault.set_secrets(f"account-{number}", {"token": "RECORDED-TOKEN"})
    began = time.monotonic()
    summary = asyncio.run(run(Home.load(home), vault, RunRequest(accounts=[f"account-{number}"])))
    assert [each.archived for each in summary.accounts] == [new], summary
    return time.monotonic() - began


def readers_of(base: str, cookie: str, think: float) -> subprocess.Popen[str]:
    """The readers, who have begun."""
    command = [sys.executable, __file__, "--read", base, "--cookie", cookie, "--think", str(think)]
    readers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert readers.stdout and readers.stdout.readline() == "reading\n"
    return readers


def main(asked: argparse.Namespace) -> int:
    new, think = asked.new, asked.think
    spent_alone, spent_beside = list[tuple[float, float]](), list[tuple[float, float]]()
    alone, beside, statuses, seconds = list[float](), list[float](), Counter[str](), list[float]()
    with tempfile.TemporaryDirectory() as folder, site(new, certificates=True):
        os.environ |= (env := clean_environment(Path(folder)))
        root, key = Path(folder) / "home", new_key()
        Path(env["ARCHIVER_KEY_FILE"]).write_text(key)
        Path(env["ARCHIVER_KEY_FILE"]).chmod(0o600)
        create_home(root, timestamps=[])
        vault = Vault.create(root / "vault.enc", key)
        archived(root, vault, 0, new)  # what is read from the start; and it warms this process
        command = [sys.executable, "-m", "archiver", "desk", "--no-open", "--port", "0"]
        desk = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert desk.stderr
        link = next(found[0] for line in desk.stderr if (found := re.search(r"http://\S+/enter/\S+", line)))
        base = link.partition("/enter/")[0]
        cookie = httpx.get(link).headers["set-cookie"].partition(";")[0]
        try:
            for number in range(1, 2 * asked.pairs + 1):
                reading = number % 4 < 2  # every second pair begins with it
                readers = readers_of(base, cookie, think) if reading else None
                before = used(os.getpid()), used(desk.pid)
                (beside if reading else alone).append(archived(root, vault, number, new))
                spent = used(os.getpid()) - before[0], used(desk.pid) - before[1]
                (spent_beside if reading else spent_alone).append(spent)
                if readers:
                    told = json.loads(readers.communicate("", timeout=120)[0])
                    statuses.update(told["statuses"])
                    seconds += told["seconds"]
        finally:
            desk.terminate()
            desk.communicate(timeout=30)
    ratios = [log(one / two) for one, two in zip(alone, beside, strict=True)]
    pace, error = exp(mean(ratios)), stdev(ratios) / sqrt(len(ratios))
    print(f"run of {new}: alone {' '.join(f'{each:.1f}' for each in alone)} s; "
          f"with {PEOPLE} readers {' '.join(f'{each:.1f}' for each in beside)} s: "
          f"ratio of its paces {pace:.2f} ± {pace * error:.2f} (goal >= {LEAST})")  # fmt: skip
    print(f"answers {dict(statuses)}, {len(seconds) / sum(beside):.0f} a second; "
          f"median {median(seconds) * 1000:.0f} ms, 95 of 100 within "
          f"{quantiles(seconds, n=20)[-1] * 1000:.0f} ms")  # fmt: skip
    for name, each in (("alone", spent_alone), ("with readers", spent_beside)):
        run_cpu, desk_cpu = (mean(parts) for parts in zip(*each, strict=True))
        print(f"CPU seconds {name}, mean: run {run_cpu:.1f}, desk {desk_cpu:.1f}")
    return int(set(statuses) != {"200"} or (pace < LEAST and not asked.quick))


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--cookie", help=argparse.SUPPRESS)
    arguments = asked(parser, new=(1500, 20), think=(2.0, 2.0), pairs=(10, 2))
    if arguments.read:
        raise SystemExit(asyncio.run(read(arguments.read, arguments.cookie, arguments.think)))
    raise SystemExit(main(arguments))
