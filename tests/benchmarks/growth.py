"""What an idle client costs after 100, 1,000 and 3,650 nights, against its first night.

`python tests/benchmarks/growth.py`: a home with one client, two local timestamp authorities and a folder witness.
Nights are simulated with a clock of their own, so that nobody waits: each records a run that found nothing new, and
seals, as `archiver run` does. Then the commands run as a user runs them, each in a new process, and their CPU seconds
are taken; the lowest of some rounds counts, and what counts is the ratio to the first night. `--nights 1 100` takes
other nights, `--accounts 12` a client with many accounts. Then the same nights pass for other clients, one of whose
authorities is dead, or slow (every other answer comes after the time-out, which is no answer), or answers every tenth
night only; `--faulty 365` is the number of these nights.

Goals: `verify --licence` 1.2 times its first time; `verify --quick`, `doctor`, opening, `run` and hand-over 1.5 times;
at most 150 files a year, in the archive and at the witness, whatever an authority does; whole `verify` at most 0.5 ms a
night more. Needs the programs openssl and faketime.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

# The tests are a folder, not a package; elsewhere something else may be installed by that name.
sys.modules["tests"] = ModuleType("tests")
sys.modules["tests"].__path__ = [str(Path(__file__).parents[1])]

from archiver.archive import ledger as ledger_module  # noqa: E402
from archiver.archive import local_tsa as authority_module  # noqa: E402
from archiver.archive import seal as sealing  # noqa: E402
from archiver.archive.local_tsa import LocalAuthority  # noqa: E402
from archiver.catalogue.archives import writing  # noqa: E402
from archiver.catalogue.search import followed  # noqa: E402
from archiver.home.settings import Home  # noqa: E402
from archiver.home.vault import Vault, locate_key  # noqa: E402
from tests.support import homes  # noqa: E402

NIGHTS = (1, 100, 1_000, 3_650)
MAX_RATIO = {
    "verify --licence": 1.2,
    "verify --quick": 1.5,
    "doctor": 1.5,
    "opening": 1.5,
    "run": 1.5,
    "hand-over": 1.5,
}
MAX_VERIFY_MS_PER_NIGHT = 0.5
MAX_FILES_PER_YEAR = 150
RUN_LOG_DAYS = 400  # as long as run logs are kept
CLIENT = "acme"
HABITS: dict[str, Callable[[int, int], bool]] = {  # (night, request) -> whether the second authority answers in time
    "dead": lambda night, request: False,
    "slow": lambda night, request: request % 2 == 0,
    "answering every tenth night": lambda night, request: night % 10 == 0,
}


class Clock:
    """The clock of this process's ledger and of the authorities' openssl; not that of the commands measured."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        clock = self

        class Simulated(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return clock.now.astimezone(tz)

        for module in (ledger_module, authority_module):
            setattr(module, "datetime", Simulated)  # noqa: B010  # only this benchmark has another clock
        printed = subprocess.run(["faketime", "2030-01-01", "env"], capture_output=True, text=True, check=True).stdout
        self._library = next(line.partition("=")[2] for line in printed.splitlines() if line.startswith("LD_PRELOAD="))

    @contextmanager
    def for_children(self) -> Iterator[None]:
        """Programs that are started meanwhile see this clock."""
        os.environ |= {"LD_PRELOAD": self._library, "FAKETIME": f"@{self.now:%F %T}", "TZ": "UTC"}
        try:
            yield
        finally:
            for name in ("LD_PRELOAD", "FAKETIME", "TZ"):
                del os.environ[name]


def begin(folder: Path, authorities: list[LocalAuthority], accounts: int, clock: Clock) -> homes.Home:
    """A home after its first night."""
    home = homes.begun(folder)
    (folder / "disk").mkdir()
    roots = [{"name": f"tsa{n}", "url": each.url, "roots": str(each.root_pem)} for n, each in enumerate(authorities)]
    with (home.root / "archiver.yaml").open("a") as settings:
        settings.write(f"timestamps: {json.dumps(roots)}\nwitnesses: [{{name: disk, folder: ../disk}}]\n")
    for number in range(accounts):
        home.account(f"account-{number}", "shutterstock")
    with clock.for_children():
        homes.Home(home.root, {**os.environ, **home.env})("run", "--replay", homes.QUICK)
    return home


def idle(home: Home, vault: Vault, nights: int, accounts: int, clock: Clock) -> None:
    """What `archiver run` writes in so many nights where nothing is new."""
    with writing(home, vault, CLIENT) as archive:
        for _ in range(nights):
            clock.now += timedelta(days=1)
            for number in range(accounts):
                archive.append(
                    "run", account=f"account-{number}", provider="shutterstock", sweep="known", listed=20, archived=0,
                    total=None, outcome="complete", error=None, incomplete=0, unexplained=0,
                )  # fmt: skip
            with clock.for_children():
                archive.seal()
    with followed(home, CLIENT):  # a run brings the index up to date
        pass


def files_with(habit: str, nights: int, folder: Path, authorities: list[LocalAuthority], clock: Clock) -> list[float]:
    """Files a year in the archive and at the witness of an idle client whose second authority has this habit."""
    home = begin(folder, authorities, 1, clock)
    os.environ |= home.env
    opened, vault = Home.load(home.root), Vault(home.root / "vault.enc", locate_key(interactive=False)[0])
    places, begun, send, requests = [home.archive(CLIENT), folder / "disk"], clock.now, sealing.send, 0

    def sent(request: bytes, authority: sealing.Authority, post: sealing.Post) -> bytes | str:
        nonlocal requests
        if authority.name != "tsa1":
            return send(request, authority, post)
        requests += 1
        answers = HABITS[habit]((clock.now - begun).days, requests)
        return send(request, authority, post) if answers else "it did not answer in time"

    before = [count(each) for each in places]
    sealing.send = sent
    try:
        idle(opened, vault, nights, 1, clock)
    finally:
        sealing.send = send
    verified = home("verify")
    assert "DAMAGED" not in verified.stdout and "UNPROVEN" not in verified.stdout, verified.stdout
    return [(count(each) - files) * 365 / nights for each, files in zip(places, before, strict=True)]


def used() -> float:
    """CPU seconds of this process and of those that it started and that ended: other work counts less in them."""
    both = (resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def seconds(work: Callable[[], object]) -> float:
    before = used()
    work()
    return used() - before


def measure(home: homes.Home, folder: Path, rounds: int) -> dict[str, float]:
    """The lowest of some rounds of each command, in CPU seconds."""
    licence = next((home.archive(CLIENT) / "evidence/licences").glob("*/*/*")).name
    opened, vault = Home.load(home.root), Vault(home.root / "vault.enc", locate_key(interactive=False)[0])

    def opening() -> None:
        with writing(opened, vault, CLIENT):
            pass

    def copied(work: Callable[[Path], object]) -> float:
        """In a copy, since it writes; with a line that waits for a seal, as after most nights."""
        with tempfile.TemporaryDirectory(dir=folder) as place:
            copy = homes.Home(Path(place) / "home", home.env | {"ARCHIVER_HOME": f"{place}/home"})
            shutil.copytree(home.root, copy.root)
            shutil.copytree(folder / "disk", Path(place) / "disk")
            with writing(Home.load(copy.root), vault, CLIENT) as archive:
                archive.append("run", account="account-0", listed=20, archived=0, outcome="complete")
            return seconds(lambda: work(copy.root))

    def command(*words: str | Path, root: Path = home.root) -> None:
        environment = home.env | {"ARCHIVER_HOME": str(root)}
        done = subprocess.run(home.command(*words), env=environment, capture_output=True, text=True, check=False)
        assert not done.returncode or words[0] == "doctor", done.stdout + done.stderr
        assert "DAMAGED" not in done.stdout and "UNPROVEN" not in done.stdout, done.stdout

    works: dict[str, Callable[[], float]] = {
        "verify": lambda: seconds(lambda: command("verify")),
        "verify --licence": lambda: seconds(lambda: command("verify", "--licence", licence)),
        "verify --quick": lambda: seconds(lambda: command("verify", "--quick")),
        "verify --against": lambda: seconds(lambda: command("verify", "--against", folder / "disk")),
        "doctor": lambda: seconds(lambda: command("doctor")),
        "opening": lambda: seconds(opening),
        "run": lambda: copied(lambda root: command("run", "--replay", homes.QUICK, root=root)),
        "hand-over": lambda: copied(
            lambda root: command("client", "hand-over", CLIENT, "--out", root.parent / "out", root=root)
        ),
        "tools/verify.py": lambda: seconds(
            lambda: subprocess.run([sys.executable, home.archive(CLIENT) / "tools/verify.py"], check=True,
                                   stdout=subprocess.DEVNULL)
        ),
    }  # fmt: skip
    # What takes milliseconds, or makes thousands of files, needs more rounds until it meets a quiet moment.
    more = {"opening": 10, "hand-over": 3}
    return {name: min(work() for _ in range(rounds * more.get(name, 1))) for name, work in works.items()}


def main(options: Namespace) -> int:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as tests/conftest.py has it
    os.environ["PYTHONPYCACHEPREFIX"] = str(homes.ROOT / ".venv" / "cache" / "bytecode")
    homes.make_quick()
    fsync, setting = os.fsync, setattr
    setting(os, "fsync", lambda _: None)  # it is not what is measured here
    clock = Clock(datetime.now(UTC).replace(microsecond=0) - timedelta(days=max(*options.nights, options.faulty)))
    failed, faulty = [], dict[str, list[float]]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            LocalAuthority(folder / "tsa0", lifetime=timedelta(days=9_000)) as first,
            LocalAuthority(folder / "tsa1", lifetime=timedelta(days=9_000)) as second,
        ):
            home = begin(folder, [first, second], options.accounts, clock)
            os.environ |= home.env
            opened = Home.load(home.root)
            vault = Vault(home.root / "vault.enc", locate_key(interactive=False)[0])
            files = {0: count(home.archive(CLIENT))}
            at: dict[int, dict[str, float]] = {}
            before = 0
            for number in sorted(options.nights):
                idle(opened, vault, number - before, options.accounts, clock)
                files[number], before = count(home.archive(CLIENT)), number
                end, clock.now = clock.now, datetime.now(UTC)
                at[number] = measure(home, folder, options.rounds)
                clock.now = end
            for number, habit in enumerate(HABITS):
                clock.now = datetime.now(UTC).replace(microsecond=0) - timedelta(days=options.faulty)
                (place := folder / f"faulty-{number}").mkdir()
                faulty[habit] = files_with(habit, options.faulty, place, [first, second], clock)
        setting(os, "fsync", fsync)
    base = min(at)
    print(f"{options.accounts} account(s), two authorities, CPU seconds after so many nights (ratio to the first)")
    for what in at[base]:
        row = [f"{at[n][what]:.4f} (ratio {at[n][what] / at[base][what]:.2f})" for n in at]
        goal, most = MAX_RATIO.get(what), max(at[n][what] / at[base][what] for n in at)
        verdict = "" if goal is None else f"  goal <= {goal}: {'kept' if most <= goal else 'MISSED'}"
        failed += [what] if goal and most > goal else []
        print(f"{what:18}", *(f"{cell:>20}" for cell in row), verdict)
    last = max(at)
    if last > base:
        more = (at[last]["verify"] - at[base]["verify"]) * 1000 / (last - base)
        a_year = (files[last] - files[base]) * 365 / (last - base)
        print(f"whole verify: {more:.2f} ms a night more, goal <= {MAX_VERIFY_MS_PER_NIGHT}")
        print(f"files: {a_year:.0f} a year, goal <= {MAX_FILES_PER_YEAR}")
        failed += ["verify"] if more > MAX_VERIFY_MS_PER_NIGHT else []
        failed += ["files"] if a_year > MAX_FILES_PER_YEAR else []
    for habit, (here, outside) in faulty.items():
        print(f"files with one authority {habit}: {here:.0f} a year, {outside:.0f} at the witness "
              f"(ratio to the goal {here / MAX_FILES_PER_YEAR:.2f}), goal <= {MAX_FILES_PER_YEAR}")  # fmt: skip
        failed += ["files"] if max(here, outside) > MAX_FILES_PER_YEAR else []
    return int(bool(failed) and not options.quick)


def count(root: Path) -> int:
    """The files of an archive."""
    return sum(len(names) for _, _, names in os.walk(root))


if __name__ == "__main__":
    from arguments import asked  # type: ignore[import-not-found]  # lies beside this file

    sys.exit(main(asked(__doc__, nights=(NIGHTS, (1, 5)), accounts=(1, 1), rounds=(3, 1), faulty=(365, 12))))
