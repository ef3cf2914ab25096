"""Which Chromium is used, and what happens where there is none."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from archiver.browsing import chromium
from archiver.browsing.pdf_printing import print_pages
from archiver.core.errors import BrowserMissing, ConfigError, SandboxRefused

PATH = os.environ["PATH"]


def program(path: Path, version: str = "Chromium 1.2.3") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version} and more\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.delenv("ARCHIVER_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "CHANNELS", {"chrome": (str(tmp_path / "opt/chrome"),)})


@pytest.mark.skipif(sys.platform != "linux", reason="the fake programs are shell scripts in Linux's places")
def test_the_first_of_the_known_places_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chromium.find() is None
    for path in (
        "opt/chrome",
        "bin/google-chrome",
        "bin/chromium",
        "playwright/chromium-1/chrome-linux/chrome",
        "mine",
    ):
        if path == "mine":
            monkeypatch.setenv("ARCHIVER_CHROMIUM", str(tmp_path / path))
            with pytest.raises(ConfigError, match="ARCHIVER_CHROMIUM"):
                chromium.find()
        made = program(tmp_path / path)
        found = chromium.find()
        assert found and found.path == made
        assert found.describe().startswith(f"Chromium 1.2.3 at {made} (")


def test_a_missing_browser_is_installed_or_its_absence_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "bin" / "chromium"
    make = f"import os, pathlib; p = pathlib.Path({str(target)!r}); p.parent.mkdir(); p.touch(); p.chmod(0o755)"
    failing = ("failing", [[sys.executable, "-c", "import sys; sys.exit('no network')"]])
    said: list[str] = []
    monkeypatch.setattr(chromium, "_installers", lambda: iter([failing]))
    with pytest.raises(BrowserMissing):
        chromium.ensure(said.append)
    assert said == ["No Chromium found: failing ...", "The installation failed: no network"]
    monkeypatch.setattr(
        chromium, "_installers", lambda: iter([failing, ("making one", [[sys.executable, "-c", make]])])
    )
    assert chromium.ensure(said.append).path == target


@pytest.mark.skipif(sys.platform != "linux", reason="the fake programs are shell scripts in Linux's places")
def test_without_a_sandbox_chromium_starts_only_where_a_setting_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("chromium-headless-shell", path=PATH) or shutil.which("chromium", path=PATH)
    if real is None:
        pytest.skip("no Chromium is installed")
    refusing = tmp_path / "bin" / "chromium"
    program(refusing)
    refusing.write_text(
        f'#!/bin/sh\ncase "$*" in *--no-sandbox*) PATH={PATH} exec {real} "$@";; esac\n'
        'echo "FATAL:content/browser/zygote_host.cc No usable sandbox!" >&2; exit 1\n'
    )
    monkeypatch.setattr(chromium, "is_root", lambda: False)
    monkeypatch.delenv(chromium.SANDBOX_VARIABLE, raising=False)  # it is off where the real sandbox is refused
    with pytest.raises(SandboxRefused, match=r"ARCHIVER_CHROMIUM_SANDBOX=off") as caught:
        print_pages(["<p>Ada Example"])
    assert caught.value.exit_code == 50
    monkeypatch.setenv("ARCHIVER_CHROMIUM_SANDBOX", "off")
    [printed] = print_pages(["<p>Ada Example"])
    assert printed.startswith(b"%PDF")
    monkeypatch.setenv("ARCHIVER_CHROMIUM_SANDBOX", "perhaps")
    with pytest.raises(ConfigError, match="Set it to `off`"):
        print_pages([""])


@pytest.mark.browser
def test_chromium_starts_where_the_temporary_folder_has_a_long_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", PATH)
    monkeypatch.setenv("TMPDIR", str(tmp_path / ("deep" * 30)))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / ("deep" * 30)).mkdir()
    [printed] = print_pages(["<p>Ada Example"])
    assert printed.startswith(b"%PDF")
    assert not list((tmp_path / ("deep" * 30)).iterdir())


def test_two_who_change_the_environment_at_once_leave_it_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_HOME", "/a")
    first, second = chromium.environment(chromium.child_environment()), chromium.environment({"PATH": PATH})
    before = dict(os.environ)
    first.__enter__()
    second.__enter__()
    assert set(os.environ) == {"PATH"}
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert dict(os.environ) == before


def test_what_another_thread_sets_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_HOME", "/a")
    with chromium.environment(chromium.child_environment()):
        monkeypatch.setenv("ARCHIVER_HOME", "/b")
    assert os.environ["ARCHIVER_HOME"] == "/b"
