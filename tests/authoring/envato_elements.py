"""The recordings of Envato Elements."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import date, timedelta

from tests.authoring.scenario import CLIENTS, DELAYED, Facts, Scenario, digits, expected, page, uuid

ELEMENTS = "https://elements.envato.com"
ELEMENTS_DOWNLOADS = f"{ELEMENTS}/account/downloads"
ELEMENTS_TITLES = """
Slow Harbour
Recipe Card Templates
Clay Texture Pack
Minimal Resume
Disco Corridor
Handwritten Serif Font
Forest Walk Footage
Paper Cut Shapes
Tiny Ukulele
Conference Badge Set
Watercolour Wash Brushes
Night Market Photos
Isometric Warehouse
Podcast Intro Kit
Hiking Boots Mockup
Seed Packet Labels
Chalkboard Alphabet
Glass Marimba
Village Map Vectors
Portrait by a Window
Tape Hiss Loop
Orchard Slideshow
""".strip().splitlines()
FOOTER = (
    "\nFor any queries related to this document or license please contact Envato Support.\n\n"
    "Envato Elements Pty Ltd (ABN 87 613 824 258)\nPO Box 16122, Collins St West, VIC 8007, Australia\n\n"
    "==== THIS IS NOT A TAX RECEIPT OR INVOICE ====\n"
)


@dataclass
class Item:
    """One download on Envato Elements. Era: `project`, `default` or `ai`."""

    number: int
    certified: bool = True

    @property
    def title(self) -> str:
        return ELEMENTS_TITLES[self.number]

    @property
    def era(self) -> str:
        return "ai" if self.number % 6 == 4 else "default" if self.number < 11 else "project"

    @property
    def item_id(self) -> str:
        return (
            uuid(self.title + " item")
            if self.era == "ai"
            else digits(self.title, 7, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ")
        )

    @property
    def code(self) -> str:
        return (
            uuid(self.title)
            if self.era == "ai"
            else digits(self.title + " code", 10, "23456789ABCDEFGHJKLMNPQRSTUVWXYZ")
        )

    @property
    def day(self) -> date:
        return date(2026, 11, 21) - timedelta(days=23 * self.number)

    @property
    def url(self) -> str:
        slug = self.title.lower().replace(" ", "-")
        return (
            f"https://app.envato.com/music-gen/{self.item_id}"
            if self.era == "ai"
            else f"{ELEMENTS}/{slug}-{self.item_id}"
        )

    @property
    def certificate_url(self) -> str:
        return f"{ELEMENTS_DOWNLOADS}/{self.code}/license-certificate.txt"

    def row(self) -> str:
        project = f'<span class="project">{CLIENTS[self.number % 4]}</span>' if self.era == "project" else ""
        return (
            f'<li data-item-id="{self.item_id}"><a href="{self.url}">{html.escape(self.title)}</a> '
            f'<span>studio{self.number % 5}</span> {project}<time datetime="{self.day}">{self.day:%d %b %Y}</time> '
            '<button type="button">Download</button> '
            + (
                f'<a href="/account/downloads/{self.code}/license-certificate.txt">License certificate</a></li>'
                if self.certified
                else "</li>"
            )
        )

    def certificate(self) -> str:
        day = self.day.day
        suffix = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
        kind = {"ai": "MusicGen"}.get(self.era, "Elements")
        head = f"LICENSE CERTIFICATE: Envato {kind} Item\n" + "=" * 49 + "\n"
        body = {
            "project": "This license certificate documents a license to use the item listed below\n"
            "on a non-exclusive, commercial, worldwide and revokable basis, for\n"
            "one Single Use for this Registered Project.\n\n",
            "default": "This license certificate documents a license to use the item listed below on a\n"
            "non-exclusive, commercial, worldwide and revocable basis as part of one specific\n"
            "project to create an End Product, subject to the Envato Elements User Terms and\n"
            "License, which form part of this certificate.\n\n",
            "ai": "This license certificate documents a perpetual, non-exclusive, commercial and\n"
            "worldwide license to use the item listed below.\n\n",
        }[self.era]
        project = CLIENTS[self.number % 4]
        lines = [("Item Title", self.title), ("Item URL", self.url), ("Item ID", self.item_id)]
        lines += (
            [("Item Source", "MusicGen")] if self.era == "ai" else [("Author Username", f"studio{self.number % 5}")]
        )
        lines += [("Licensee", "Ada Example")]
        lines += [("Registered Project Name", project)] if self.era == "project" else []
        lines += [("License Name", "Envato")] if self.era == "default" else []
        lines += [("License Date", f"{self.day:%B} {day}{suffix}, {self.day.year}"), ("Item License Code", self.code)]
        return head + body + "".join(f"{label + ':':<33}{value}\n" for label, value in lines) + FOOTER

    def expected(self) -> Facts:
        if not self.certified:  # all that is known is in the row, and the page that shows it
            return expected(
                asset_id=self.item_id, title=self.title, licensed_at=self.day.isoformat(),
                documents=["record.json", "page.pdf", "page.png", "capture.warc.gz"],
                gaps={"certificate": "none_offered"},
            )  # fmt: skip
        return expected(
            licence_id=self.code, asset_id=self.item_id, title=self.title,
            kind={"project": "single-use project", "default": "Envato", "ai": "perpetual"}[self.era],
            licensed_at=self.day.isoformat(), licensee="Ada Example",
            client_hints={"project": CLIENTS[self.number % 4]} if self.era == "project" else {},
            documents=["record.json", "certificate.txt"],
        )  # fmt: skip


def elements_sign_in(message: str = "") -> str:
    alert = f'<p role="alert">{message}</p>' if message else ""
    return page(
        "Sign in - Envato Elements",
        '<div id="banner">We use cookies. <button id="CybotCookiebotDialogBodyButtonAccept" '
        "onclick=\"document.getElementById('banner').remove()\">Accept Cookies</button></div>"
        f'<form method="post" action="/sign-in">{alert}<input name="username"><input name="password" type="password">'
        '<button type="submit">Sign in</button></form>',
    )


def elements_list(items: list[Item], following: str = "", after: str = "") -> str:
    rows = "\n".join(item.row() for item in items)
    return page("My Downloads", f'<h1>My Downloads</h1>\n<ul id="downloads">\n{rows}\n</ul>\n{following}{after}')


ELEMENTS_EMPTY = '<div data-testid="empty-state">You haven\'t downloaded any items yet</div>'
ELEMENTS_END = "<p>You've reached the end</p>"
ELEMENTS_CREDENTIALS = ["username", "password"]
SET_COOKIE = {"set-cookie": ["envatoid=RECORDED-ENVATOID; Path=/; Secure; HttpOnly"]}


def elements(name: str, *, to: str = "/account/downloads", signs_in: bool = True, **secrets: str) -> Scenario:
    """A scenario up to the moment after the password was sent."""
    scenario = Scenario(
        "envato_elements", name, "password",
        ["sign-in fields in public code", "certificate texts that buyers published", "assumed rows of My Downloads"],
        {"password": "RECORDED-ELEMENTS-PASSWORD", **secrets},
    )  # fmt: skip
    scenario.get(ELEMENTS_DOWNLOADS, status=302, headers={"location": "/sign-in"})
    scenario.get(f"{ELEMENTS}/sign-in", elements_sign_in(), slug="sign-in")
    if signs_in:
        elements_accepted(scenario, to)
    return scenario


def elements_accepted(scenario: Scenario, to: str = "/account/downloads") -> None:
    answer: Facts = {"status": 302, "headers": {"location": to, **SET_COOKIE}}
    scenario.post(f"{ELEMENTS}/sign-in", ELEMENTS_CREDENTIALS, **answer)


def elements_certificates(scenario: Scenario, items: list[Item]) -> None:
    for item in items:
        headers = {"content-disposition": 'attachment; filename="license-certificate.txt"'}
        if item.certified:
            scenario.get(
                item.certificate_url, item.certificate().encode(), slug=f"certificate-{item.code}.txt", headers=headers
            )
        scenario.licences.append(item.expected())


def elements_pages(scenario: Scenario, first: list[Item], second: list[Item]) -> None:
    following = '<nav><a rel="next" href="/account/downloads?page=2">Next</a></nav>'
    scenario.get(ELEMENTS_DOWNLOADS, elements_list(first, following), slug="downloads-1")
    scenario.get(f"{ELEMENTS_DOWNLOADS}?page=2", elements_list(second), slug="downloads-2")
    scenario.get(
        f"{ELEMENTS_DOWNLOADS}?page=3", page("My Downloads", ELEMENTS_EMPTY), slug="downloads-3"
    )  # nothing says that 2 is the last


def write() -> None:
    items = [Item(number) for number in range(len(ELEMENTS_TITLES))]

    whole = elements("two-pages", signs_in=False)
    interstitial = (
        '<h1>Great to have you back</h1><form method="post" action="/sign-in/continue"><button>Sign in</button></form>'
    )
    whole.post(
        f"{ELEMENTS}/sign-in",
        ELEMENTS_CREDENTIALS,
        page("Welcome back", interstitial),
        slug="welcome-back",
        headers=SET_COOKIE,
    )
    whole.post(f"{ELEMENTS}/sign-in/continue", [], status=302, headers={"location": "/"})
    whole.get(f"{ELEMENTS}/", page("Envato Elements", "<h1>Unlimited downloads</h1>"), slug="home")
    elements_pages(whole, items[:12], items[12:])
    elements_certificates(whole, items)
    whole.write()

    empty = elements("empty-history")
    empty.get(ELEMENTS_DOWNLOADS, page("My Downloads", ELEMENTS_EMPTY), slug="downloads-empty")
    empty.write()

    unlinked = elements("no-certificate")
    some = [Item(number, certified=number != 12) for number in range(10, 14)]
    elements_pages(unlinked, some[:2], some[2:])
    elements_certificates(unlinked, some)
    unlinked.write()

    wrong = elements("wrong-password", signs_in=False)
    wrong.post(
        f"{ELEMENTS}/sign-in", ELEMENTS_CREDENTIALS, elements_sign_in("Incorrect username or password"), slug="refused"
    )
    wrong.write("failed", "WrongPassword")

    coded = elements("code-needed", to="/sign-in/two-factor", totp="GEZDGNBVGY3TQOJQ")
    form = (
        '<form method="post" action="/sign-in/two-factor"><input name="twoFactorValue">'
        '<button type="submit">Verify</button></form>'
    )
    coded.get(f"{ELEMENTS}/sign-in/two-factor", page("Two-factor authentication", form), slug="two-factor")
    coded.post(
        f"{ELEMENTS}/sign-in/two-factor", ["twoFactorValue"], status=302, headers={"location": "/account/downloads"}
    )
    coded.get(ELEMENTS_DOWNLOADS, elements_list(items[:2], after=ELEMENTS_END), slug="downloads-1")
    elements_certificates(coded, items[:2])
    coded.write()

    scroll = elements("endless-scroll")
    script = """<script>
let next = 2, busy = false;
addEventListener('scroll', async () => {
  if (busy || !next || innerHeight + scrollY < document.body.scrollHeight - 40) return;
  busy = true;
  const answer = await (await fetch('/account/downloads?page=' + next)).json();
  document.getElementById('downloads').insertAdjacentHTML('beforeend', answer.rows);
  next = answer.next;
  if (!next) document.body.insertAdjacentHTML('beforeend', "<p>You've reached the end</p>");
  busy = false;
});
</script>"""
    scroll.get(ELEMENTS_DOWNLOADS, elements_list(items[:8], after=script), slug="downloads-1")
    for number, start in ((2, 8), (3, 15)):
        more = {
            "rows": "".join(item.row() for item in items[start : start + 7]),
            "next": number + 1 if number < 3 else None,
        }
        scroll.get(f"{ELEMENTS_DOWNLOADS}?page={number}", more, slug=f"downloads-{number}")
    elements_certificates(scroll, items)
    scroll.write()

    expired = elements("session-expired")
    following = '<nav><a rel="next" href="/account/downloads?page=2">Next</a></nav>'
    expired.get(ELEMENTS_DOWNLOADS, elements_list(items[:2], following), slug="downloads-1")
    expired.get(f"{ELEMENTS_DOWNLOADS}?page=2", status=302, headers={"location": "/sign-in"})
    elements_accepted(expired)
    elements_pages(expired, items[:2], items[2:4])
    elements_certificates(expired, items[:4])
    expired.write()

    changed = elements("layout-changed")
    undated = re.sub(r' datetime="[^"]*"', "", elements_list(items[:2], after=ELEMENTS_END))
    changed.get(ELEMENTS_DOWNLOADS, undated, slug="downloads-undated")
    changed.write("failed", "LayoutChanged")

    login = elements("html-not-pdf")
    login.get(ELEMENTS_DOWNLOADS, elements_list(items[:2], after=ELEMENTS_END), slug="downloads-1")
    elements_certificates(login, items[:1])
    login.get(items[1].certificate_url, elements_sign_in(), slug="login-instead")
    bare: Facts = {
        "kind": None,
        "licensee": None,
        "client_hints": {},
        "documents": ["record.json"],
        "gaps": {"certificate": "failed"},
    }
    login.licences.append({**items[1].expected(), **bare})
    login.write("partial")

    limited = elements("rate-limited")
    for url in (ELEMENTS_DOWNLOADS, items[0].certificate_url):
        limited.exchanges.append({"request": {"method": "GET", "url": url}, "response": DELAYED})
    limited.get(ELEMENTS_DOWNLOADS, elements_list(items[:2], after=ELEMENTS_END), slug="downloads-1")
    elements_certificates(limited, items[:2])
    limited.write()
