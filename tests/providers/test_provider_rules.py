"""What spends is refused, by whatever method and whoever asks: adapter, page or a person signing in."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from archiver.agency.platform_list import describe_providers
from archiver.browsing.http_session import HttpSession
from archiver.browsing.pacing import Pacing
from archiver.browsing.recording import Recording
from archiver.collect.run_tools import RunTools
from archiver.core.errors import ConfigError, SpendRefused
from archiver.devkit import golden
from archiver.provider import Automation, Mode, Phase, Request, Rule, installed, load
from tests.support.homes import RECORDINGS

SPENDING = [
    ("shutterstock", "POST", "https://api.shutterstock.com/v2/images/licenses?subscription_id=s1"),
    ("shutterstock", "POST", "https://api.shutterstock.com/v2/editorial/videos/licenses"),
    ("shutterstock", "POST", "https://api.shutterstock.com/v2/videos/licenses"),
    ("shutterstock", "POST", "https://api.shutterstock.com/v2/audio/licenses"),
    ("shutterstock", "POST", "https://api.shutterstock.com/v2/sfx/licenses"),
    ("shutterstock", "POST", "https://api.shutterstock.com/v2/editorial/images/licenses"),
    ("shutterstock", "POST", "https://api.shutterstock.com/v2/images/licenses/e1/downloads"),
    ("shutterstock", "GET", "https://api.shutterstock.com/v2/images/licenses/e1/downloads"),
    ("envato_market", "GET", "https://api.envato.com/v3/market/buyer/download?item_id=1"),
    ("envato_elements", "POST", "https://elements.envato.com/elements-api/items/AB12/download_and_license.json"),
    ("envato_elements", "GET", "https://elements.envato.com/elements-api/items/AB12/download_and_license.json"),
    ("envato_elements", "GET", "https://app.envato.com/download.data?itemUuid=1&itemType=photo"),
    ("envato_elements", "POST", "https://app.envato.com/download.data"),
    ("envato_elements", "POST", "https://app.envato.com/account/downloads"),
    ("envato_elements", "POST", "https://elements.envato.com/account/downloads/AB12/license"),
    ("envato_elements", "GET", "https://app.envato.com/account/downloads/AB12/download"),
    ("freepik", "GET", "https://www.magnific.com/api/regular/download?resource=1&walletId=2"),
    ("envato_elements", "GET", "https://elements.envato.com/account/downloads/AB12/download"),
    *(
        (platform, method, f"https://api.gettyimages.com/{path}")
        for platform in ("getty_images", "istock")
        for method, path in (
            ("POST", "v3/downloads/images/1"),
            ("GET", "v3/downloads/images/1?auto_download=true&product_type=premiumaccess"),
            ("POST", "v3/downloads/videos/1"),
            ("GET", "v3/downloads/videos/1"),
            ("POST", "v3/downloads"),
            ("POST", "v3/asset-licensing/1"),
            ("GET", "v3/asset-licensing/1"),
            ("POST", "v3/ai/image-generations"),
            ("PUT", "v3/ai/image-generations/1/images/0/download"),
            ("GET", "v3/ai/image-generations/1/images/0/download"),
            ("POST", "v3/ai/redownloads"),
            ("GET", "v3/ai/redownloads"),
            ("POST", "beta/ai/image-generations/background-generations"),
            ("PUT", "v3/boards/1/assets"),
        )
    ),
    ("freepik", "GET", "https://www.freepik.com/api/regular/download?resource=1&action=download&walletId=2"),
    ("freepik", "GET", "https://www.freepik.com/api/video/1/download?walletId=2&optionId=3"),
    ("freepik", "GET", "https://www.freepik.com/api/icon/download"),
    ("freepik", "GET", "https://www.freepik.com/api/model3d/1/download"),
    ("freepik", "POST", "https://www.freepik.com/api/fonts/download"),
    ("freepik", "GET", "https://www.magnific.com/api/regular/download?resource=1"),
    ("freepik", "GET", "https://api.freepik.com/v1/resources/1/download/jpg"),
    ("freepik", "GET", "https://api.magnific.com/v1/resources/1/download"),
    ("adobe_stock", "GET", "https://stock.adobe.io/Rest/Libraries/1/Content/License?content_id=1&license=Standard"),
    ("adobe_stock", "POST", "https://stock.adobe.io/Rest/Libraries/1/Content/License?content_id=1"),
    ("adobe_stock", "GET", "https://stock.adobe.io/rest/libraries/1/content/license/?license_again=true"),
    ("adobe_stock", "GET", "https://stock.adobe.com/Download/DownloadFileDirectly/x?token=t"),
    ("adobe_stock", "GET", "https://stock.adobe.com/Rest/Libraries/Download/1/1?token=t"),
    ("adobe_stock", "POST", "https://stock.adobe.io/1/Enterprise/ReportCsv/Reports"),
    ("depositphotos", "GET", "https://st.depositphotos.com/storage/item/download?id=1"),
    *(
        (provider, method, f"https://api.depositphotos.com/?dp_command={command}")
        for provider in ("depositphotos", "depositphotos_enterprise")
        for method in ("GET", "POST")
        for command in (
            "getMedia", "licenseItem", "transferEnterpriseLicense", "createEnterpriseInvoice", "reDownload",
            "createSubaccount", "createSubaccountSubscription", "imageGenerator.generate", "getDownloadLink",
            "complimentaryDownload", "removeBg", "updateSubaccount", "deleteSubaccount",
        )
    ),
    # Nothing is paid at free sites; what is refused there is counted as a use of the picture.
    *(("unsplash", method, f"https://{place}/photos/AbCdEfGhIjk/download{query}")
      for method in ("GET", "POST") for query in ("", "?force=true", "/")
      for place in ("unsplash.com", "api.unsplash.com", "unsplash.com/napi")),
    ("pexels", "GET", "https://www.pexels.com/photo/1234567/download/?size=original"),
    ("pexels", "POST", "https://www.pexels.com/en-us/api/v3/media/1234567/download"),
    ("pixabay", "GET", "https://pixabay.com/images/download/rain-1234567_1920.jpg"),
]  # fmt: skip


@pytest.mark.parametrize(("provider", "method", "url"), SPENDING)
def test_spending_is_refused_by_name_and_whatever_is_allowed(provider: str, method: str, url: str) -> None:
    rules = load(provider).info.rules
    for passive, mode in product((False, True), (Mode.STRICT, Mode.SIGN_IN)):  # in observe mode a person may buy
        assert not rules.permit(Request(method, url, passive=passive), mode), (passive, mode)
    # Where one address reads and spends, the commands that read are named, and nothing else is.
    assert provider.startswith("depositphotos") or any(rule.resembles(Request(method, url)) for rule in rules.refuse)


TRAP = """<!doctype html><title>trap</title><script>
for (const [method, url] of %s) {
  fetch(url, {method, mode: method === 'PUT' ? 'cors' : 'no-cors', keepalive: true}).catch(() => 0);
  navigator.sendBeacon(url);
  new Image().src = url;
  for (const name of ['iframe', 'script'])
    document.head.append(Object.assign(document.createElement(name), {src: url}));
}
setTimeout(() => document.body.innerHTML = '<p id="fired">fired</p>', 100);
</script><body></body>"""


@pytest.fixture(scope="module")
def tools() -> Iterator[tuple[asyncio.Runner, RunTools]]:
    with asyncio.Runner() as loop:
        context = golden.checking()
        yield loop, loop.run(context.__aenter__())
        loop.run(context.__aexit__(None, None, None))


@pytest.mark.browser
@pytest.mark.parametrize(
    "provider",
    [
        pytest.param(provider, marks=[pytest.mark.long] * (turn % 3 != 0))  # their rules, each of them: above
        for turn, provider in enumerate(sorted({provider for provider, _, _ in SPENDING}))
    ],
)
def test_nothing_that_spends_leaves_when_a_page_or_the_adapter_asks(
    provider: str, tools: tuple[asyncio.Runner, RunTools]
) -> None:
    """A page of the platform fires every spending request by every means; then the client is told to send each."""
    loop, shared = tools
    fired = [(method, url) for each, method, url in SPENDING if each == provider]
    trap = f"https://{urlsplit(fired[0][1]).netloc}/trap"
    info = load(provider).info
    rules = replace(info.rules, allow=(*info.rules.allow, Rule("GET", trap)))
    page = {"status": 200, "headers": {"content-type": "text/html"}, "text": TRAP % json.dumps(fired)}
    recording = Recording.model_validate(
        {"format": 1, "provider": provider, "scenario": "trap", "method": "token", "origin": "authored",
         "exchanges": [{"request": {"method": "GET", "url": trap}, "response": page}]}
    )  # fmt: skip

    async def visit() -> list[str]:
        assert shared.replay
        listener = await shared.replay.serve(recording, rules)
        given: dict[str, Any] = {"network": listener.network, "pacing": Pacing(off=True)}
        browser = await shared.browsers.open(replace(info, rules=rules), **given)
        await browser.goto(trap)
        assert await browser.seen("#fired", wait=10)
        await browser.close()
        async with HttpSession(info, **given) as client:
            for method, url in fired:
                with pytest.raises(SpendRefused):
                    await (client.post(url, form={}) if method == "POST" else client.get(url))
        assert browser.refused and len(client.refused) == len(fired)
        assert [logged.url for logged in listener.log if logged.url == trap]
        spends = {*fired}
        return [
            logged.url
            for logged in listener.log
            if (logged.method, logged.url) in spends or any(rule.resembles(logged.request) for rule in rules.refuse)
        ]

    assert loop.run(visit()) == []


def test_no_recording_answers_what_spends() -> None:
    for path in RECORDINGS.glob("*/*/session.yaml"):
        refuse = load(path.parts[-3]).info.rules.refuse
        for exchange in yaml.load(path.read_text(), yaml.CSafeLoader)["exchanges"]:
            asked = exchange["request"]
            body = json.dumps(asked.get("match", {})).encode()
            assert not any(rule.resembles(Request(asked["method"], asked["url"], body)) for rule in refuse), path


@pytest.mark.parametrize("command", ["licenseItem", "createEnterpriseInvoice", "aCommandThatNobodyKnows"])
@pytest.mark.parametrize(
    "body",
    [
        "dp_command={}",
        "dp_command=getPurchases&dp_command={}",
        '{{"dp_command": "{}"}}',
        "dp_command=%6cicenseItem&a={}",
    ],
)
def test_one_address_that_reads_and_spends_is_told_by_its_command(command: str, body: str) -> None:
    """Wherever the command stands: in the query, a form or a JSON body, once or twice."""
    address, text = "https://api.depositphotos.com/", body.format(command).encode()
    form = {"content-type": "application/x-www-form-urlencoded"}
    sent = {"content-type": "application/json"} if text.startswith(b"{") else form
    for provider, reading in (("depositphotos", "getPurchases"), ("depositphotos_enterprise", "getLicensedItems")):
        rules = load(provider).info.rules
        for mode in (Mode.STRICT, Mode.SIGN_IN):
            assert rules.permit(Request("POST", address, f"dp_command={reading}".encode(), headers=form), mode)
            assert not rules.permit(Request("POST", address, text, headers=sent), mode)
            assert not rules.permit(Request("POST", f"{address}?dp_command={reading}", text, headers=sent), mode)
            assert not rules.permit(Request("GET", f"{address}?dp_command={reading}"), mode)


def test_a_request_that_asks_to_be_taken_for_another_is_refused() -> None:
    rules, url = load("shutterstock").info.rules, "https://api.shutterstock.com/v2/images/licenses"
    assert rules.permit(Request("GET", url, headers={"Accept": "*/*"}))
    for header in ("X-HTTP-Method-Override", "x-http-method", "X-Method-Override"):
        assert not rules.permit(Request("GET", url, headers={header: "POST"}))
    assert not rules.permit(Request("GET", f"{url}?_method=post"))


@pytest.mark.parametrize(
    ("provider", "url"),
    [
        ("envato_elements", "https://elements.envato.com/renew"),
        ("envato_elements", "https://elements.envato.com/account/downloads/AB12"),
        ("envato_elements", "https://elements.envato.com/account/downloads/AB12/add-license"),
        ("unsplash", "https://unsplash.com/napi/photos/AbCdEfGhIjk"),
        ("unsplash", "https://api.unsplash.com/me"),
        ("pexels", "https://www.pexels.com/search/rain/"),
        ("pixabay", "https://pixabay.com/accounts/media/"),
        ("envato_elements", "https://elements.envato.com/data-api/buy"),
        ("freepik", "https://www.freepik.com/checkout"),
        ("freepik", "https://www.freepik.com/_next/data/build/en/user/my-subscriptions.json"),
        ("freepik", "https://www.freepik.com/user/downloads/again"),
        ("shutterstock", "https://api.shutterstock.com/v2/cart/checkout"),
        ("envato_market", "https://api.envato.com/v3/market/buyer/refund"),
        ("getty_images", "https://api.gettyimages.com/v3/images/1"),
        ("getty_images", "https://delivery.gettyimages.com/downloads/1.jpg"),
        ("istock", "https://api.gettyimages.com/v3/purchased-assets"),
        ("istock", "https://authentication.gettyimages.com/oauth2/token?grant_type=refresh_token"),
    ],
)
@pytest.mark.parametrize("passive", [False, True])
def test_what_nobody_declared_is_refused_in_unattended_runs(provider: str, url: str, passive: bool) -> None:
    assert not load(provider).info.rules.permit(Request("GET", url, passive=passive))


def test_every_adapter_says_what_it_rests_on() -> None:
    for name, provider in ((name, load(name)) for name in installed()):
        info = provider.info
        assert info.name == name and info.documents["record"] == "offered" and info.listings
        assert "live" in info.basis_detail and info.confirm.how and info.automation.source and info.automation.read_on
        assert info.automation.quote or info.automation.stance is Automation.UNREAD


def test_a_broken_adapter_is_named_and_hinders_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "broken-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[archiver.providers]\nbroken = no_such_module:Broken\n")
    monkeypatch.syspath_prepend(tmp_path)
    told: list[str] = []
    names = [each["name"] for each in describe_providers({}, told.append)]
    assert "shutterstock" in names and "broken" in installed() and "broken" not in names
    assert len(told) == 1 and "cannot load the provider 'broken' from no_such_module:Broken" in told[0]
    assert load("shutterstock").info.name == "shutterstock"
    with pytest.raises(ConfigError, match="cannot load"):
        load("broken")


def test_elements_sign_in_may_use_pages_of_envatos_identity_host_and_nothing_else_there() -> None:
    rules = load("envato_elements").info.rules
    for path in ("sign_in", "sign_in/two_factor", "welcome-back"):
        for method, phase in product(("GET", "POST"), Phase):
            sent = Request(method, f"https://account.envato.com/{path}")
            assert rules.permit(sent, phase=phase) == (method == "GET" or phase is Phase.SIGNING_IN)
    for path in ("billing", "account/close", "settings/password", "deposits/new", "sign_in/upgrade", "sign_in?buy=1"):
        for method, phase in product(("GET", "POST"), Phase):
            assert not rules.permit(Request(method, f"https://account.envato.com/{path}"), phase=phase)
