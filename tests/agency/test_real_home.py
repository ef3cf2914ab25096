"""A real home behind a company proxy: every connection goes through it, and its certificates are trusted by name."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.browsing.recording import Recording
from archiver.browsing.replay import Replay
from archiver.provider import load
from tests.support.homes import RECORDINGS, Home


@pytest.fixture
def company_proxy(tmp_path: Path) -> Iterator[Callable[[Path], tuple[str, Path]]]:
    """Serves a recording as a TLS-intercepting proxy would; gives its URL and its CA file."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    replay = Replay()
    asyncio.run_coroutine_threadsafe(replay.__aenter__(), loop).result()

    def serve(path: Path) -> tuple[str, Path]:
        recording = Recording.load(path)
        serving = replay.serve(recording, load(recording.provider).info.rules)
        listener = asyncio.run_coroutine_threadsafe(serving, loop).result()
        assert listener.network.proxy
        return listener.network.proxy, Path(shutil.copy(replay.ca_file, tmp_path / "company-ca.pem"))

    yield serve
    asyncio.run_coroutine_threadsafe(replay.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("provider", ["shutterstock", "envato_elements"])
def test_a_real_run_through_a_company_proxy(
    new_home: Callable[..., Home], company_proxy: Callable[[Path], tuple[str, Path]], provider: str
) -> None:
    home = new_home(replay=False)
    proxy, ca_file = company_proxy(RECORDINGS / provider / "two-pages")
    settings = home.root / "archiver.yaml"
    settings.write_text(
        f"timestamps: []\npacing: {{default: 0}}\nnetwork: {{proxy: '{proxy}', ca_file: '{ca_file}'}}\n"
    )
    home(
        "account", "add", "one", "--client", "acme", "--provider", provider, "--username", "ada@example.com",
        "--accept-automation", "Ada Example", "--secrets-stdin", stdin="token: t0ken-one\npassword: passw0rd-one\n",
    )  # fmt: skip
    run = home.json("run")
    assert run["outcome"] == "complete" and run["accounts"][0]["archived"] > 20
    [report] = home.json("verify")["clients"]
    assert report["evidence"] is True and report["licences"] == run["accounts"][0]["archived"]

    assert not (home.root / "live.yaml").exists(), "only a person's own check says that an adapter was seen to work"
    checked = home.json("account", "check", "one", "--live")
    assert {step["state"] for step in checked["steps"]} == {"ok"} and checked["steps"][-1]["step"] == "documents"
    listed = {each["name"]: each["live"] for each in home.json("providers")}
    assert (listed[provider], listed["freepik"]) == (f"{datetime.now(UTC):%Y-%m-%d}", "never")

    settings.write_text(f"timestamps: []\npacing: {{default: 0}}\nnetwork: {{proxy: '{proxy}'}}\n")
    untrusted = home.json("run", "--full", code=30)
    assert untrusted["accounts"][0]["error"] == "SiteUnavailable"
    assert "certificate" in untrusted["accounts"][0]["message"].lower()
