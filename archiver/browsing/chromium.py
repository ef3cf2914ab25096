"""Find Chromium and start it."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.browsing.chromium_version import version_warning
from archiver.browsing.request_guard import SWITCHES
from archiver.core.errors import BrowserMissing, ConfigError, SandboxRefused

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

SANDBOX_VARIABLE = "ARCHIVER_CHROMIUM_SANDBOX"  # with `off`, Chromium runs without its sandbox
NOWHERE = "http://127.0.0.1:9"  # a proxy address without a listener
SHORT_TEMPORARY_FOLDER = "/tmp"  # noqa: S108 # Chromium makes a folder of its own in it, which others cannot read
VERSION_TIMEOUT_S = 20
SIGN_OF_LIFE_S = 8.0
_SANDBOX_WORDS = re.compile(r"no usable sandbox|sandbox helper|setuid sandbox|move to new namespace|zygote_host", re.I)

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

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chromium:
    """A browser on this machine, and how it was found."""

    path: Path
    found: str

    def describe(self) -> str:
        """Return for example `Chromium 156.0.1 at /usr/bin/chromium (on the PATH)`, with a warning if it is too old.

        Without the version if the browser does not print one.
        """
        version = self.version()
        warning = version_warning(version, datetime.now(UTC).date())
        return f"{version or 'Chromium'} at {self.path} ({self.found}){f'; {warning}' if warning else ''}"

    def version(self) -> str:
        """Return the output of `--version`. Empty if it prints nothing (Windows) or does not start."""
        if sys.platform == "win32":
            return ""  # opens a window there
        try:
            done = subprocess.run(
                [self.path, "--version"],
                capture_output=True,
                text=True,
                timeout=VERSION_TIMEOUT_S,
                check=False,
                env=child_environment(),
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return " ".join(done.stdout.split()[:2])


def child_environment() -> dict[str, str]:
    """Return our environment without variables that may contain a secret (ARCHIVER_*) or print one (Playwright's
    DEBUG).
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("ARCHIVER_") and name != "DEBUG"}


def find() -> Chromium | None:
    """Return the first existing Chromium without installing one.

    The order is: ARCHIVER_CHROMIUM, Playwright's own, one on the PATH, Chrome, Edge. Raises ConfigError if
    ARCHIVER_CHROMIUM does not name a browser.
    """
    named = os.environ.get("ARCHIVER_CHROMIUM")
    if named:
        path = shutil.which(named)
        if path is None:
            raise ConfigError(f"ARCHIVER_CHROMIUM names {named}, which is not a program. Correct or unset it.")
        return Chromium(Path(path), "named in ARCHIVER_CHROMIUM")
    return next(_candidates(), None)


def usable() -> Chromium:
    """Return the first existing Chromium. Raises BrowserMissing if there is none; only set-up installs one."""
    if there := find():
        return there
    raise missing()


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
    """Return the newest full Chromium in the folder where `playwright install chromium` installs it."""
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
    """Return a Chromium, installing one if necessary.

    `say` receives the progress. Raises BrowserMissing if that fails.
    """
    if there := find():
        return there
    for what, commands in _installers():
        say(f"No Chromium found: {what} ...")
        failure = ""
        for command in commands:
            failure = _run(command)
            if failure:
                break
        if installed := find():
            return installed
        say(f"The installation failed: {failure or 'it installed no Chromium'}")
    raise missing()


def missing() -> BrowserMissing:
    """Return the error for a machine without Chromium, with the commands that install one."""
    return BrowserMissing(
        f"this machine has none. To get one: {' or '.join(f'`{each}`' for each in commands_to_install())}"
    )


def commands_to_install() -> list[str]:
    """Return the commands that install a Chromium on this machine, best first."""
    program = Path(sys.executable).with_name("playwright")
    short = program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program
    apt = ["sudo apt-get install chromium"] if shutil.which("apt-get") else []
    return [*apt, f"{short} install chromium"]


def _installers() -> Iterator[tuple[str, list[list[str]]]]:
    if is_root() and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "chromium-sandbox"]
        yield "installing the distribution's package (some 110 MB)", [["apt-get", "update", "-q"], install]
    if not driver_fault():
        yield "downloading Playwright's (some 170 MB)", [[sys.executable, "-m", "playwright", "install", "chromium"]]


def _run(command: Sequence[str]) -> str:
    """Run an installer and print a dot now and then as a sign of life.

    Returns the reason of a failure, else nothing.
    """
    environ = child_environment() | {"DEBIAN_FRONTEND": "noninteractive"}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", env=environ, umask=0o022,  # packages of the system are readable by everybody
    )  # fmt: skip
    said, dots = "", 0
    while True:
        try:
            said, _ = process.communicate(timeout=SIGN_OF_LIFE_S)
            break
        except subprocess.TimeoutExpired:
            dots += 1
            print(".", end="", file=sys.stderr, flush=True)
    if dots:
        print(file=sys.stderr)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|E:|cannot|unable|fail", line, re.I)]
    return (telling or lines or [f"it ended with {process.returncode}"])[0] if process.returncode else ""


# ---------------------------------------------------------------- starting


def is_root() -> bool:
    """Return whether this process runs as root: Chromium then refuses to use its sandbox."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def sandboxed() -> bool:
    """Return whether Chromium starts in its sandbox: not as root, and not if ARCHIVER_CHROMIUM_SANDBOX is `off`.

    Raises ConfigError if the variable has any other value.
    """
    setting = os.environ.get(SANDBOX_VARIABLE, "on")
    if setting not in ("on", "off"):
        raise ConfigError(f"{SANDBOX_VARIABLE} is {setting!r}. Set it to `off`, or unset it.")
    return setting == "on" and not is_root()


@asynccontextmanager
async def playwright_driver(variables: Mapping[str, str]) -> AsyncIterator[Playwright]:
    """Start Playwright with these environment variables. Raises BrowserMissing if its driver does not start."""
    from playwright.async_api import async_playwright

    if fault := await asyncio.to_thread(driver_fault):
        raise BrowserMissing(f"Playwright, which controls it, does not start on this machine ({fault})")
    async with AsyncExitStack() as stack:
        with environment(variables):  # Playwright passes on this process's environment and accepts no other
            try:
                playwright = await stack.enter_async_context(async_playwright())
            except Exception as error:  # noqa: BLE001 # Playwright has no type of its own for a driver that ends
                raise BrowserMissing(f"Playwright, which controls it, does not start ({first_line(error)})") from None
        yield playwright


def driver_fault() -> str:
    """Return why Playwright's driver does not start on this machine, in the system's words. Empty if it does.

    Checked beforehand, because the driver would print its own message in the middle of ours.
    """
    import playwright

    program = Path(playwright.__file__).parent / "driver" / ("node.exe" if sys.platform == "win32" else "node")
    if not program.exists():  # the system's Node.js may replace it
        return ""
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=VERSION_TIMEOUT_S,
            env=child_environment(),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if not done.returncode:
        return ""
    said = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[0]
    library = re.search(r"(lib[\w+-]+)\.so\.(\d+)", said)
    if library and shutil.which("apt-get"):
        return f"it needs a library: `sudo apt-get install {library[1]}{library[2]}`"
    return said


async def launch(
    playwright: Playwright,
    executable: Path,
    *,
    headless: bool = True,
    proxy: str = NOWHERE,
    switches: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> Browser:
    """Start a Chromium with the guard's and these switches. Raises SandboxRefused or BrowserMissing."""
    from playwright.async_api import Error

    try:
        return await playwright.chromium.launch(
            executable_path=executable,
            headless=headless,
            chromium_sandbox=sandboxed(),
            proxy={"server": proxy},
            args=[*SWITCHES, *switches],
            env=_with_short_temporary_folder(child_environment() if variables is None else variables),
        )
    except Error as error:
        if sandboxed() and _SANDBOX_WORDS.search(str(error)):
            raise SandboxRefused(str(executable)) from None
        raise BrowserMissing(f"{executable} does not start ({first_line(error)})") from None


def _with_short_temporary_folder(variables: Mapping[str, str]) -> dict[str, str | float | bool]:
    """Chromium ends at once if the path of its socket, 46 bytes below the temporary folder, is too long for the system
    (107 bytes on Linux, 103 on macOS).
    """
    longest = 103 - len("/org.chromium.Chromium.XXXXXX/SingletonSocket")
    if os.name == "posix" and len(os.fsencode(tempfile.gettempdir())) > longest:
        return {**variables, "TMPDIR": SHORT_TEMPORARY_FOLDER}
    return dict(variables)


def try_start(chromium: Chromium) -> None:
    """Start this Chromium and end it. Raises SandboxRefused or BrowserMissing if it does not start."""

    async def start() -> None:
        async with playwright_driver(child_environment()) as playwright:
            browser = await launch(playwright, chromium.path)
            await browser.close()

    run_apart(start())


def run_apart[T](work: Coroutine[object, None, T]) -> T:
    """Run this in a new event loop in a new thread, because the caller may already be in a loop."""

    async def main() -> T:
        # Awaited code raises its own errors. The rest are tasks that Ctrl-C interrupted.
        asyncio.get_running_loop().set_exception_handler(lambda _, context: log.debug("%s", context["message"]))
        return await work

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(main())).result()


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Give this process's environment these variables alone, for a moment.

    Put back is only what nobody else changed meanwhile: two threads may do this at once, and the later one would
    otherwise bring back for good what the earlier one had taken away.
    """
    before = {
        name: os.environ.get(name)
        for name in os.environ.keys() | variables.keys()
        if os.environ.get(name) != variables.get(name)
    }
    _set(variables, before)
    try:
        yield
    finally:
        _set(before, {name for name in before if os.environ.get(name) == variables.get(name)})


def _set(values: Mapping[str, str | None], names: Iterable[str]) -> None:
    """Give variables of this process their values; where there is none, take them away."""
    for name in names:
        if (value := values.get(name)) is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def first_line(error: Exception) -> str:
    """Return the error without Playwright's call log, which contains typed values."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def main() -> None:
    """Find or install a Chromium and try it, for set-up. Says what is missing if that fails."""
    try:
        chromium = ensure(print)
        try_start(chromium)
        print(f"Browser: {chromium.describe()}")
    except (BrowserMissing, ConfigError) as error:
        print(f"Browser: {error}")


if __name__ == "__main__":
    main()
