"""50 people read at the desk while a run writes. `python tests/benchmarks/desk_readers.py [--new 400] [--think 2]`

The same run against a loopback site, alone and with the desk being read, in turns; each archives new licences with a
certificate for a client of its own. The readers are a process of their own; each opens a page, looks at it for a while
(`--think` seconds in the mean; 0: as fast as they can), and opens the next. Prints what they were answered and the
run's pace beside its pace alone; exits 1 for any answer but a page, or a pace below 0.9. Use it on a quiet machine.
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
from pathlib import Path
from statistics import median, quantiles
from types import ModuleType

import aiohttp
import httpx
from yarl import URL

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.config import Home, add_account, add_client, create_home  # noqa: E402  # as above
from archiver.run import Order, run  # noqa: E402
from archiver.vault import Vault, new_key  # noqa: E402
from tests.benchmarks.night import site  # noqa: E402
from tests.homes import clean_environment  # noqa: E402

PEOPLE, LEAST, TURNS = 50, 0.9, 3
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
    summary = asyncio.run(run(Home.load(home), vault, Order(accounts=[f"account-{number}"])))
    assert [each.archived for each in summary.accounts] == [new], summary
    return time.monotonic() - began


def main(new: int, think: float) -> int:
    spent: list[list[float]] = []
    by_itself: list[float] = []
    alone, beside, statuses, seconds = [], [], Counter[str](), list[float]()
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
            for turn in range(TURNS):
                start = used(os.getpid())
                alone.append(archived(root, vault, 2 * turn + 1, new))
                by_itself.append(used(os.getpid()) - start)
                reading = [sys.executable, __file__, "--read", base, "--cookie", cookie, "--think", str(think)]
                readers = subprocess.Popen(reading, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                assert readers.stdout and readers.stdout.readline() == "reading\n"
                before = used(desk.pid), used(os.getpid()), used(readers.pid)
                beside.append(archived(root, vault, 2 * turn + 2, new))
                after = used(desk.pid), used(os.getpid()), used(readers.pid)
                spent.append([later - first for first, later in zip(before, after, strict=True)])
                told = json.loads(readers.communicate("", timeout=120)[0])
                statuses.update(told["statuses"])
                seconds += told["seconds"]
        finally:
            desk.terminate()
            desk.communicate(timeout=30)
    pace = median(alone) / median(beside)
    print(f"run of {new}: alone {', '.join(f'{each:.1f}' for each in alone)} s; "
          f"with {PEOPLE} readers {', '.join(f'{each:.1f}' for each in beside)} s: {pace:.2f} of its pace alone "
          f"(goal >= {LEAST})")  # fmt: skip
    print(f"answers {dict(statuses)}, {len(seconds) / sum(beside):.0f} a second; "
          f"median {median(seconds) * 1000:.0f} ms, 95 of 100 within "
          f"{quantiles(seconds, n=20)[-1] * 1000:.0f} ms")  # fmt: skip
    print(f"CPU seconds of the run alone: {' '.join(f'{each:.1f}' for each in by_itself)}")
    print(
        "CPU seconds of desk, run and readers: " + "; ".join(" ".join(f"{each:.1f}" for each in turn) for turn in spent)
    )
    return int(set(statuses) != {"200"} or pace < LEAST)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--new", type=int, default=400)
    parser.add_argument("--think", type=float, default=2.0)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--cookie", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        raise SystemExit(asyncio.run(read(arguments.read, arguments.cookie, arguments.think)))
    raise SystemExit(main(arguments.new, arguments.think))
