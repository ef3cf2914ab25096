"""Build the museum: what earlier versions of this program made, by those versions' own commands alone.

    python tests/museum/build.py COMMIT [KIND ...]
    python tests/museum/build.py pieces [COMMIT ...]

The program of a commit is taken out of this repository's history and run with this environment.

The first form writes one `KIND-COMMIT.tar.xz` for each kind of home beside this file. Each holds a folder: `home`, the
root of the timestamp authority that dated it, `vault.key` (a throw-away key of this test: what it opens was invented),
`label.json` and `said.json`, what that version printed about the home.

The second form makes the pieces of `HISTORY` anew, archives and a pack of each format, or those of the named commits,
and keeps them all in `pieces/kept.tar.xz`. Each is a folder, named by its commit: `home` without its state and its
vault, `packs`, the authority's root and `label.json`. The files in a pack's zip are stored there, which packs them
better; whoever takes it out deflates them again (`tests.museum.pieces`).
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import tomllib
import types
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

from archiver.archive.local_tsa import LocalAuthority

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.modules.setdefault("tests", types.ModuleType("tests")).__path__ = [str(ROOT / "tests")]

from tests.museum.pieces import KEPT, rezipped  # noqa: E402  # a package of that name may be installed
from tests.support.anchor_kit import LocalCalendar, LocalWitness  # noqa: E402  # as above

KEY_NOTE = "vault.key is a throw-away key of a test. It opens this home only, and everything in it was invented."
LARGEST_PX, QUALITY = 120, 40  # of the recordings' pictures, most of what a home holds
PASSWORD = "correct horse battery"  # of all users at the desk
BY = ("--by", "Ada Example")
LETTER = """Rights Example Inc.
Reference: RX-4711
Your company uses our client's picture at https://acme.example/harbour without a licence.
We demand 389.59 EUR by 2027-12-31.
"""
SAID = {
    "status": ("status",), "find a": ("find", "a", "--limit", "500"), "claim list": ("claim", "list"),
    "client list": ("client", "list"), "account list": ("account", "list"),
}  # fmt: skip
"""What each version is asked."""


@dataclass
class Earlier:
    """The program of a commit, in a folder of its own, and the folder of a home."""

    source: Path
    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def recordings(self) -> str:
        return str(self.source / "recordings")

    def __call__(self, *words: str | Path, stdin: str = "", codes: tuple[int, ...] = (0,)) -> str:
        env = {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_")} | {
            "ARCHIVER_HOME": str(self.home), "ARCHIVER_KEY_FILE": str(self.folder / "vault.key"),
            "PYTHONPATH": str(self.source), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "HOME": str(self.folder), "XDG_STATE_HOME": str(self.source / "state"),
            "PLAYWRIGHT_BROWSERS_PATH": os.environ.get(
                "PLAYWRIGHT_BROWSERS_PATH", str(Path.home() / ".cache/ms-playwright")
            ),
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "archiver", *map(str, words)], cwd=self.source, env=env, input=stdin,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in codes, f"{words} -> {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *words: str | Path) -> Any:
        document = json.loads(self(*words, "--json"))
        if isinstance(document, dict):
            document.pop("version", None)
        return document

    def settings(self, text: str) -> None:
        """Add settings, as a person does in an editor."""
        with (self.home / "archiver.yaml").open("a", encoding="utf-8") as file:
            file.write(text)


@contextmanager
def dated(archiver: Earlier) -> Iterator[None]:
    """A timestamp authority for a new home; its root stays beside the home."""
    with LocalAuthority(archiver.source / "authority") as authority:
        (archiver.folder / "tsa-root.pem").write_bytes(authority.root_pem.read_bytes())
        archiver.settings(f'timestamps: [{{name: local, url: "{authority.url}", roots: ../tsa-root.pem}}]\n')
        yield


@contextmanager
def site(files: Mapping[str, bytes]) -> Iterator[str]:
    """A client's web site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the server's name
            body = files.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("content-type", "image/jpeg" if self.path.endswith(".jpg") else "text/html")
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def demo(archiver: Earlier) -> None:
    """The demo's home: two clients, four accounts, a claim; no house, no agency's name."""
    archiver("demo", "--keep", archiver.folder)


def client(archiver: Earlier) -> None:
    """One client after `init`: one account, one run; no house, no agency's name."""
    archiver("init", archiver.home, "--replay")
    archiver("client", "add", "acme", "--name", "Acme Ltd")
    with dated(archiver):
        archiver("account", "add", "acme-adobe", "--client", "acme", "--provider", "adobe_stock")
        archiver("run", "--replay", archiver.recordings)


def agency(archiver: Earlier) -> None:
    """A small agency: two clients, a shared account with assignments, claims, users, a source, an audit."""
    archiver("init", archiver.home, "--replay")
    archiver.settings("agency: {name: Agency Ltd}\npacing: {default: 0}\n")
    archiver("client", "add", "acme", "--name", "Acme Ltd", "--domain", "acme.example")
    archiver("client", "add", "beta", "--name", "Beta GmbH", "--alias", "Betawerk")
    with dated(archiver):
        papers = archiver.folder / "papers"
        papers.mkdir()
        (papers / "list.csv").write_text("Licence ID,Asset ID,Title,Date\nL-1,4711,Quay at noon,2026-02-01\n")
        (archiver.folder / "letter.txt").write_text(LETTER)
        archiver("account", "add", "acme-adobe", "--client", "acme", "--provider", "adobe_stock")
        archiver("account", "add", "shared", "--client", "house", "--provider", "depositphotos_enterprise")
        archiver("source", "add", "beta-papers", "--client", "beta", "--kind", "folder", "--path", papers)
        archiver("run", "--replay", archiver.recordings)
        first, second, third = [each["licence"] for each in archiver.json("unassigned")["licences"]][:3]
        archiver("assign", first, "acme", "--reason", "Job 4711", *BY)
        archiver("assign", second, "beta", "--reason", "Job 4712", *BY)
        archiver("hold", first, "--reason", "letter of 3 May", *BY)
        archiver("erase", third, "--reason", "wrong_client: mixed up", "--yes", *BY)
        archiver(
            "claim", "add", archiver.folder / "letter.txt", "--client", "acme", "--yes", "--received", "2026-11-20"
        )
        archiver("claim", "add", "--manual", "--client", "beta", "--claimant", "Studio Ada Example", "--amount", "1200",
                 "--currency", "EUR", "--deadline", "2027-11-30")  # fmt: skip
        for role in ("admin", "operate", "read"):
            archiver("desk", "user", "add", f"Uma {role.title()}", "--role", role, stdin=f"{PASSWORD}\n")
        pictures = {f"/team-{n}.jpg": picture(n) for n in (1, 2)}
        page = "".join(f"<img src='{name}'>" for name in pictures).encode()
        with site({"/": page, **pictures}) as url:
            archiver("audit", "run", "acme", "--site", url, codes=(0, 40))


def picture(number: int) -> bytes:
    """An invented picture that no other resembles."""
    out, pixels = io.BytesIO(), bytes((x * x * number + y * 13 * number) % 256 for y in range(9) for x in range(12))
    Image.frombytes("L", (12, 9), pixels).resize((480, 360), Image.Resampling.BICUBIC).save(out, "JPEG", quality=60)
    return out.getvalue()


KINDS: Mapping[str, Callable[[Earlier], None]] = {"demo": demo, "client": client, "agency": agency}


@dataclass(frozen=True)
class Format:
    """A commit of the history, what its archives and packs have that earlier ones have not, and how it was asked."""

    commit: str
    what: str
    pack: tuple[str, ...] = ("--claim", "RX-4711")  # the options of its `proof`
    anchored: bool = False  # whether it knows anchors


HISTORY = (
    Format("c727bf93", "unsigned ledger lines, erasures, assignments; a proof in a zip, before there were packs", ()),
    Format("8c67327c", "a pack of format 1, which does not say its number; the acts of assignments"),
    Format("7820dc9d", "a pack of format 2; signed ledger lines, a name of the log"),
    Format("fd33bd4b", "a pack of format 3, with the page to check it"),
    Format("50fc16cc", "a pack of format 4, with anchors", anchored=True),
    Format("e392dea3", "files beside the evidence that the ledger states", anchored=True),
)
"""The last commit that wrote each format."""


def bought(archiver: Earlier, format: Format) -> None:
    """Three archives of a replay and a pack: bought for a shared account, assigned, held, erased, claimed and dated."""
    archiver("init", archiver.home, "--replay")
    archiver("client", "add", "acme", "--name", "Acme Ltd")
    archiver("client", "add", "beta", "--name", "Beta GmbH")
    (archiver.folder / "letter.txt").write_text(LETTER)
    with dated(archiver):
        archiver("account", "add", "shared", "--client", "house", "--provider", "freepik")
        archiver("run", "--replay", archiver.recordings)
        rows = [row["licence"] for row in listed(archiver.json("find", "a")) if row["client"] == "house"]
        archiver("assign", rows[0], "acme", "--reason", "Job 4711", *BY)
        archiver("assign", rows[1], "beta", "--reason", "Job 4712", *BY)
        archiver("hold", rows[0], "--reason", "letter of 3 May", *BY)
        archiver("erase", rows[2], "--reason", "wrong_client: mixed up", "--yes", *BY)
        archiver(
            "claim", "add", archiver.folder / "letter.txt", "--client", "acme", "--yes", "--received", "2026-11-20"
        )
        archiver("run", "--replay", archiver.recordings)  # finds nothing new; its lines wait for a seal
        archiver("proof", rows[0].replace("house", "acme"), *format.pack, "--out", archiver.folder / "packs/pack.zip")


def anchored(archiver: Earlier, format: Format) -> None:
    """One archive that is no replay, of imported certificates, and a pack: a witness and a calendar vouch for them."""
    archiver("init", archiver.home)
    (archiver.home / "archiver.yaml").write_text("")  # which names public authorities
    archiver("client", "add", "acme", "--name", "Acme Ltd")
    with dated(archiver), LocalWitness() as witness, LocalCalendar() as calendar:
        assert isinstance(witness, LocalWitness)
        assert isinstance(calendar, LocalCalendar)
        archiver.settings(
            f"anchors:\n  - {{name: armored, witness: '{witness.url}', key: '{witness.vkey}'}}\n"
            f"  - {{name: alice, calendar: '{calendar.url}'}}\n"
        )
        for number, paper in enumerate(sorted(Path(archiver.recordings).glob("freepik/two-pages/bodies/*.pdf"))[:2]):
            archiver("import", paper, "--client", "acme", codes=(0, 40))
            for line in re.findall(r"[^\s\"]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", archiver("anchors")):
                witness.trust(line)
            calendar.mine()
            archiver("anchors", "--ask", codes=(0, 40))
            print(number, archiver("anchors"))
        first, *_ = [row["licence"] for row in listed(archiver.json("find", "a"))]
        archiver("proof", first, "--out", archiver.folder / "packs/pack.zip")


OF_A_PIECE = ("home/archiver.yaml", "home/clients", "home/archive", "packs/pack.zip", "tsa-root.pem")


def piece(format: Format, source: Path, made: Path, out: Path) -> None:
    """Make the piece of one format, each kind in a folder of its own, and put what is kept of it into another."""
    for make in (bought, anchored) if format.anchored else (bought,):
        archiver = Earlier(source, made / make.__name__)
        (archiver.folder / "packs").mkdir(parents=True)
        make(archiver, format)
        state = archiver.json("verify", "--roots", archiver.folder / "tsa-root.pem")["state"]
        assert state == "PROVEN", state
        for name in OF_A_PIECE:
            kept, place = archiver.folder / name, out / make.__name__ / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(kept, place) if kept.is_dir() else shutil.copy(kept, place)
        rezipped(out / make.__name__ / "packs/pack.zip", zipfile.ZIP_STORED)
    label = {"commit": format.commit, "what": format.what, "state": "PROVEN", "code": 0}
    (out / "label.json").write_text(json.dumps(label, indent=2) + "\n")


def pieces(commits: list[str]) -> None:
    """Make these pieces of the history anew, or all of them, and keep them with the others."""
    with tempfile.TemporaryDirectory(prefix="museum-") as scratch:
        shelf = Path(scratch, "shelf")
        shelf.mkdir()
        if KEPT.exists():
            with tarfile.open(KEPT) as packed:
                packed.extractall(shelf, filter="data")

        def make(format: Format) -> None:
            shutil.rmtree(shelf / format.commit, ignore_errors=True)
            source = taken_out(format.commit, Path(scratch, f"program-{format.commit}"))
            piece(format, source, Path(scratch, "made", format.commit), shelf / format.commit)

        with ThreadPoolExecutor(3) as pool:
            [*pool.map(make, (each for each in HISTORY if not commits or each.commit in commits))]
        with tarfile.open(KEPT, "w:xz", preset=9) as packed:
            for format in (each for each in HISTORY if (shelf / each.commit).exists()):
                packed.add(shelf / format.commit, format.commit, filter=nobody)
    print(f"{KEPT.name}: {KEPT.stat().st_size // 1000} kB")


def taken_out(commit: str, folder: Path) -> Path:
    """The program of a commit, with smaller pictures in its recordings; its own adapters are found, not today's."""
    packed = subprocess.run(["git", "-C", ROOT, "archive", commit], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    for path in (folder / "recordings").rglob("*.jpg"):
        with Image.open(path) as image:
            image.thumbnail((LARGEST_PX, LARGEST_PX))
            image.convert("RGB").save(path, "JPEG", quality=QUALITY)
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    installed = folder / "stock_licence_archiver-0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: stock-licence-archiver\nVersion: 0\n")
    found = project["entry-points"]["archiver.providers"].items()
    lines = "\n".join(f"{name} = {place}" for name, place in found)
    (installed / "entry_points.txt").write_text(f"[archiver.providers]\n{lines}\n")
    return folder


def build(kind: str, commit: str, source: Path, folder: Path) -> Path:
    """Make one home in a folder, label it and pack it; returns the file."""
    folder.mkdir()
    archiver = Earlier(source, folder)
    KINDS[kind](archiver)
    said = {}
    for name, words in SAID.items():
        if printed := archiver(*words, "--json", codes=(0, 2)):  # the first versions had fewer commands
            said[name] = listed(json.loads(printed))
    verdict = archiver.json("verify", "--roots", folder / "tsa-root.pem")["state"]
    label = {"kind": kind, "what": KINDS[kind].__doc__, "commit": commit, "verdict": verdict, "key": KEY_NOTE}
    (folder / "label.json").write_text(json.dumps(label, indent=2) + "\n")
    (folder / "said.json").write_text(json.dumps(said, indent=2) + "\n")
    out = HERE / f"{kind}-{commit[:8]}.tar.xz"
    wanted = ("home", "papers", "letter.txt", "tsa-root.pem", "vault.key", "label.json", "said.json")
    with tarfile.open(out, "w:xz", preset=9) as packed:
        for name in wanted:
            if (folder / name).exists():
                packed.add(folder / name, name, filter=nobody)
    return out


def listed(document: Any) -> Any:
    """A document's one list, as the first versions printed it, or the document without its version."""
    if isinstance(document, dict):
        document.pop("version", None)
    values = list(document.values()) if isinstance(document, dict) else []
    return values[0] if len(values) == 1 and isinstance(values[0], list) else document


def nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def homes(commit: str, kinds: list[str]) -> None:
    """Make a home of each of these kinds, or of all, with the program of a commit."""
    whole = subprocess.run(["git", "-C", ROOT, "rev-parse", commit], capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory(prefix="museum-") as scratch:
        source = taken_out(commit, Path(scratch, "program"))
        for kind in kinds or KINDS:
            out = build(kind, whole.strip(), source, Path(scratch, kind))
            print(f"{out.name}: {out.stat().st_size // 1000} kB")


if __name__ == "__main__":
    first, *others = sys.argv[1:]
    if first == "pieces":
        pieces(others)
    else:
        homes(first, others)
