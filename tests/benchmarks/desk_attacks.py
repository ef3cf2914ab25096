"""How soon the desk answers a bystander while it is attacked. `python tests/benchmarks/desk_attacks.py`

The attackers are a process of their own at the same address as the bystander, who asks again and again, each time on a
connection of its own: as a stranger for the page to sign in, and signed in for a search and for a sign-in's result.
Prints for each attack the slowest answer, its ratio to the slowest without an attack, and how much memory the desk had
at most; exits 1 above 1 s, for any answer but a page, or where 45 uploads take more than 400 MB. Wall-clock figures
depend on what else the machine does: use it on a quiet one. Memory is told on Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

import httpx  # noqa: E402  # as above
import numpy as np  # noqa: E402  # as above
from PIL import Image  # noqa: E402  # as above

from archiver.desk.auth import Users  # noqa: E402  # as above
from tests.support.agency import agency, certificate, preview, record  # noqa: E402  # as above
from tests.support.claims_kit import jpeg, licence  # noqa: E402  # as above
from tests.support.desk_kit import PASSWORD, Person, started  # noqa: E402  # as above
from tests.support.pictures import scene  # noqa: E402  # as above

WAIT_SECONDS, MEMORY_MB = 1.0, 400
UPLOAD_BYTES, UPLOADS, SLOW_FORMS, IDLE, GUESSES = 17 << 20, 45, 600, 620, 300


# ---------------------------------------------------------------- the attackers, in a process of their own


async def attack(name: str, base: str, cookie: str, token: str, file: str) -> None:
    """Attack until standard input ends; then print what was answered, as JSON."""
    address = urlsplit(base)
    said: Counter[str] = Counter()
    head = f"Host: {address.netloc}\r\nOrigin: {base}\r\n"

    async def send(request: bytes, *trickle: bytes, every: float = 0.5) -> None:
        """One request, and then one more bit of it now and then; a second after its end the next."""
        while True:
            writer = None
            try:
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
                writer.write(request)
                for bit in trickle:
                    await asyncio.sleep(every)
                    writer.write(bit)
                    await writer.drain()
                line = (await reader.readline()).split()
                said[line[1].decode() if len(line) > 1 else "ended"] += 1
            except OSError as error:
                said[type(error).__name__] += 1
            finally:
                if writer:
                    writer.transport.abort()
            await asyncio.sleep(1)

    def form(path: str, kind: str, body: bytes, cookies: str = "") -> bytes:
        more = f"Cookie: {cookies}\r\n" if cookies else ""
        lines = f"POST {path} HTTP/1.1\r\n{head}{more}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        return lines.encode() + body

    requests: Sequence[tuple[bytes, ...]]
    urlencoded, multipart = "application/x-www-form-urlencoded", "multipart/form-data; boundary=xx"
    part = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'
    match name:
        case "punycode forms":
            body = b"--xx\r\n" + part.format("name", "").encode() + b"a-" + b"9a" * 400_000 + b"\r\n--xx--\r\n"
            requests = [(form("/sign-in", f"{multipart}; charset=punycode", body),)] * 8
            requests += [(form("/find/file", f"{multipart}; charset=punycode", body, cookie),)] * 8
        case "600 slow forms":
            slow = form("/sign-in", urlencoded, b"x" * 200)[:-199]
            requests = [(slow, *[b"x"] * 198)] * SLOW_FORMS
        case "620 idle connections":
            requests = [(b"",)] * (IDLE // 2) + [(f"GET / HTTP/1.1\r\n{head}".encode(),)] * (IDLE // 2)
        case "300 parallel guesses":
            body = b"name=Olaf+Operator&password=wrong"
            requests = [(form("/sign-in", urlencoded, body),)] * GUESSES
        case _:
            picture = await asyncio.to_thread(Path(file).read_bytes)
            fields = part.format("token", "") + f"{token}\r\n--xx\r\n" + part.format("file", '; filename="a.jpg"')
            body = b"--xx\r\n" + fields.encode() + picture + b"\r\n--xx--\r\n"
            requests = [(form("/find/file", multipart, body, cookie),)] * UPLOADS
    tasks = [asyncio.create_task(send(*each)) for each in requests]
    print("attacking", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for each in tasks:
        each.cancel()
    print(json.dumps(said))


# ---------------------------------------------------------------- the bystander


def memory(pid: int) -> float:
    """MB that a process has in memory just now; 0 where the system does not tell."""
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def look(base: str, cookies: dict[str, str]) -> tuple[float, list[int]]:
    """Seconds of the slowest of a bystander's pages, and their statuses."""
    slowest, statuses = 0.0, []
    for path, sent in (("/sign-in", {}), ("/find?q=9001", cookies), ("/client/acme", cookies)):
        began = time.monotonic()
        try:
            with httpx.Client(base_url=base, timeout=30, cookies=sent) as http:
                statuses.append(http.get(path).status_code)
        except httpx.HTTPError:
            statuses.append(0)
        slowest = max(slowest, time.monotonic() - began)
    return slowest, statuses


def main(asked: argparse.Namespace) -> int:
    bad, alone = False, 0.0
    with tempfile.TemporaryDirectory() as folder, agency(Path(folder)) as at:
        at.archive("acme", (licence("9001"), [record(), certificate("Licence 9001"), preview(jpeg(scene(22)))]))
        noise = np.random.default_rng(0).integers(0, 256, (2600, 3600, 3), np.uint8)
        picture = jpeg(Image.fromarray(noise), 97)
        upload = Path(folder) / "upload.jpg"
        upload.write_bytes(picture[:UPLOAD_BYTES].ljust(UPLOAD_BYTES, b"\0"))
        for name in ("Rita Reader", "Olaf Operator", "Eve Example"):
            Users(at.home.root).add(name, "operate", PASSWORD)
        attacks = ("nobody", "punycode forms", "600 slow forms", "620 idle connections", "300 parallel guesses",
                   "45 uploads of 17 MB")  # fmt: skip
        for name in attacks[:3] if asked.quick else attacks:
            if asked.only not in name and name != "nobody":
                continue
            process, key = started(at)
            base = key.partition("/enter/")[0]
            try:
                people = {}
                for who in ("Rita Reader", "Eve Example"):
                    people[who] = Person(httpx.Client(base_url=base, timeout=60))
                    people[who].post("/sign-in", {"name": who, "password": PASSWORD}, token="")
                rita, eve = people.values()
                cookie = "; ".join(f"{each}={value}" for each, value in eve.http.cookies.items())
                look(base, dict(rita.http.cookies))  # and what is started by a first page has started
                before = memory(process.pid)
                command = [sys.executable, __file__, "--attack", name, base, cookie, eve.token, str(upload)]
                attackers = None
                if name != "nobody":
                    attackers = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                    assert attackers.stdout and attackers.stdout.readline() == "attacking\n"
                worst, most, statuses, until = 0.0, before, Counter[int](), time.monotonic() + asked.seconds
                while time.monotonic() < until:
                    took, answered = look(base, dict(rita.http.cookies))
                    worst, most = max(worst, took), max(most, memory(process.pid))
                    statuses.update(answered)
                said = json.loads(attackers.communicate("", timeout=60)[0]) if attackers else {}
                alone = alone or worst
                missed = worst > WAIT_SECONDS or most - before > MEMORY_MB
                wrong = set(statuses) != {200} or (missed and not asked.quick)
                bad |= wrong
                print(f"{name:22} slowest of {statuses.total():4} pages {worst * 1000:6.0f} ms (goal < 1000), "
                      f"ratio {worst / alone:.1f}, answers {dict(statuses)}, "
                      f"memory {before:.0f} -> {most:.0f} MB; attackers were told {said}"
                      f"{'  <--' if wrong else ''}", flush=True)  # fmt: skip
            finally:
                process.terminate()
                process.communicate(timeout=60)
    return int(bad)


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a part of an attack's name")
    parser.add_argument("--attack", nargs=5, help=argparse.SUPPRESS)
    arguments = asked(parser, seconds=(12.0, 0.1))
    if arguments.attack:
        raise SystemExit(asyncio.run(attack(*arguments.attack)))
    raise SystemExit(main(arguments))
