"""Where a Chromium is, and how it is started."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.errors import BrowserMissing, ConfigError

ON_PATH = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "microsoft-edge",
)
CHANNELS = {
    "chrome": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "{ProgramFiles}/Google/Chrome/Application/chrome.exe",
        "{LocalAppData}/Google/Chrome/Application/chrome.exe",
        "/opt/google/chrome/chrome",
    ),
    "msedge": (
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
        "{ProgramFiles(x86)}/Microsoft/Edge/Application/msedge.exe",
        "/opt/microsoft/msedge/msedge",
    ),
}


@dataclass(frozen=True)
class Chromium:
    """A browser on this machine, and how it was found."""

    path: Path
    found: str

    def describe(self) -> str:
        """`Chromium 156.0.1 at /usr/bin/chromium (on the PATH)`; without the version where it does not say."""
        return f"{self.version() or 'Chromium'} at {self.path} ({self.found})"

    def version(self) -> str:
        """What `--version` prints; empty where it prints nothing (Windows) or does not start."""
        if sys.platform == "win32":
            return ""  # opens a window there
        try:
            done = subprocess.run(
                [self.path, "--version"],
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
                env=child_environment(),
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return " ".join(done.stdout.split()[:2])


def child_environment() -> dict[str, str]:
    """Our environment without what could carry a secret (ARCHIVER_*) or print one (Playwright's DEBUG)."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_") and name != "DEBUG"}


def find() -> Chromium | None:
    """The first Chromium there is, without installing any: the one named in ARCHIVER_CHROMIUM, Playwright's own, one on
    the PATH, Chrome, Edge. ConfigError where ARCHIVER_CHROMIUM names none."""
    named = os.environ.get("ARCHIVER_CHROMIUM")
    if named:
        path = shutil.which(named)
        if path is None:
            raise ConfigError(f"ARCHIVER_CHROMIUM names {named}, which is no program. Correct or unset it.")
        return Chromium(Path(path), "named in ARCHIVER_CHROMIUM")
    return next(_candidates(), None)


def _candidates() -> Iterator[Chromium]:
    if own := _playwrights_own():
        yield Chromium(own, "Playwright's own")
    for name in ON_PATH:
        if path := shutil.which(name):
            yield Chromium(Path(path), "on the PATH")
    for channel, places in CHANNELS.items():
        for place in places:
            for variable in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData"):
                place = place.replace(f"{{{variable}}}", os.environ.get(variable, "nowhere"))
            if Path(place).is_file():
                yield Chromium(Path(place), f"installed as {channel}")


def _playwrights_own() -> Path | None:
    """The newest full Chromium in the folder where `playwright install chromium` puts them."""
    system = platform.system()
    usual = {
        "Darwin": Path.home() / "Library/Caches/ms-playwright",
        "Windows": Path(os.environ.get("LOCALAPPDATA", "nowhere")) / "ms-playwright",
    }
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or usual.get(system, Path.home() / ".cache/ms-playwright"))
    programs = {"Darwin": "chrome-mac*/*.app/Contents/MacOS/*", "Windows": "chrome-win*/chrome.exe"}
    found = folder.glob(f"chromium-*/{programs.get(system, 'chrome-linux*/chrome')}")
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


def ensure(say: Callable[[str], None]) -> Chromium:
    """A Chromium, installed now if there is none; `say` hears what is being done. BrowserMissing if that fails too."""
    if there := find():
        return there
    for what, commands in _installers():
        say(f"No Chromium found: {what} ...")
        failure = ""
        for command in commands:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env=child_environment(), umask=0o022
            )  # a package of the system is for everybody
            failure = (done.stderr or done.stdout).strip() if done.returncode else ""
        if installed := find():
            return installed
        say(f"That did not work: {failure.splitlines()[-1] if failure else 'it left no Chromium behind'}")
    raise BrowserMissing("this machine has none, and none could be installed")


def _installers() -> Iterator[tuple[str, list[list[str]]]]:
    yield "installing Playwright's", [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "chromium"]
        yield "installing the distribution's package", [["apt-get", "update"], install]


if __name__ == "__main__":
    try:
        print(f"Browser: {ensure(print).describe()}")
    except (BrowserMissing, ConfigError) as error:
        sys.exit(str(error))
