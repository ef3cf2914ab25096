"""Signing in as a person, in a browser that a person sees, and what the account's check says of it before and after."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.authoring import freepik, scenario
from tests.support.homes import RECORDINGS, Home

pytestmark = pytest.mark.usefixtures("full_browser")

# A captcha's frame and its answer come from hosts that only a person's sign-in may talk to; then the form can be sent.
CAPTCHA = "https://www.google.com/recaptcha/api2"
PAGE = f"""<title>Log in</title><iframe src="{CAPTCHA}/anchor"></iframe><form method="post" action="/log-in">
<input name="email" autofocus onfocus="document.title = 'Ready'"><input name="password" type="password">
<button type="button" onclick="fetch('{CAPTCHA}/verify', {{method: 'POST', mode: 'no-cors', body: 'x'}}).then(
  () => {{ send.disabled = false; send.focus(); document.title = 'Verified'; }})">I am no robot</button>
<button id="send" disabled>Log in</button></form>"""


@pytest.fixture
def screen() -> Iterator[str]:
    """A screen of its own; its name as DISPLAY has it."""
    if not (shutil.which("Xvfb") and shutil.which("xdotool")):
        pytest.skip("Xvfb or xdotool is not installed")
    read, told = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(told), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
                              pass_fds=[told], stderr=subprocess.DEVNULL)  # fmt: skip
    os.close(told)
    with os.fdopen(read) as names:
        yield f":{names.readline().strip()}"
    server.terminate()
    server.wait()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Freepik's sign-in with a captcha, then its downloads; the session lasts a day."""
    monkeypatch.setattr(scenario, "ROOT", tmp_path / "sites")
    login, resources = f"{freepik.FREEPIK}/log-in", [freepik.Resource(number) for number in range(2)]
    made = freepik.freepik("captcha")
    made.session = None
    made.get(freepik.freepik_page(1), status=302, headers={"location": "/log-in"})
    made.get(login, PAGE, slug="log-in")
    made.get(f"{CAPTCHA}/anchor", "<p>captcha</p>", slug="captcha")
    made.post(f"{CAPTCHA}/verify", None)
    made.post(login, ["email", "password"], status=302, headers={
        "location": "/", "set-cookie": [f"{name}=RECORDED-{name}; Path=/; Secure; HttpOnly; Max-Age=86400"
                                        for name in ("GR_TOKEN", "GR_REFRESH")]})  # fmt: skip
    made.get(f"{freepik.FREEPIK}/", "<title>Freepik</title>Welcome", slug="home")
    made.get(freepik.freepik_page(1), freepik.freepik_list(resources), slug="downloads")
    freepik.freepik_certificates(made, resources)
    made.write()
    return tmp_path / "sites" / "freepik" / "captcha"


@pytest.mark.long  # without a screen: tests/collect/test_run.py
@pytest.mark.browser
def test_a_person_signs_in_past_a_captcha_and_the_nights_use_the_session(home: Home, site: Path, screen: str) -> None:
    home.account("acme-token", "shutterstock")
    home.account("acme-freepik", "freepik", username="ada@example.com")
    assert "archiver sign-in acme-freepik" in home("account", "check", "acme-freepik", code=10).stdout
    broken = home.json("account", "check", "acme-freepik", "--replay", site, code=10)
    assert (broken["outcome"], broken["broken"]) == ("failed", "sign-in")

    home.env["DISPLAY"] = screen
    command = home.command("sign-in", "acme-token", "acme-freepik", "--replay", site)
    signing_in = subprocess.Popen(command, env=home.env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def hands(*arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=home.env, check=True, timeout=90, stdout=subprocess.DEVNULL)

    def eyes(title: str, *then: str, tries: int = 3) -> None:
        try:
            hands("search", "--sync", "--onlyvisible", "--name", title, *then)
        except subprocess.CalledProcessError:  # a window that closed while it looked at all of them
            if tries == 1:
                raise
            eyes(title, *then, tries=tries - 1)

    try:
        eyes("Log in|Ready", "windowfocus")
        eyes("Ready")  # else what is typed is lost now and then
        hands("type", "ada@example.com")
        hands("key", "Tab", "s", "e", "c", "r", "e", "t", "Tab", "space")
        eyes("Verified")
        hands("key", "Return")
        said = signing_in.communicate(timeout=90)[1]
    finally:
        signing_in.kill()
    assert "acme-token signs in with a token" in said, "the first account's trouble is told"
    assert signing_in.returncode == 2 and "Signed in acme-freepik" in said and "The session ends on" in said
    checked = {step["step"]: step for step in home.json("account", "check", "acme-freepik")["steps"]}
    assert checked["saved session"]["message"].startswith("until ")
    ended = home("run", "--account", "acme-freepik", "--replay", RECORDINGS / "freepik" / "empty-history")
    assert "the saved session ends on" in ended.stderr, "and a person is told in time"
