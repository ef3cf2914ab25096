"""The recordings of Freepik."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from tests.authoring.scenario import DELAYED, Facts, Scenario, digits, expected, page, pdf, terms_page

FREEPIK = "https://www.freepik.com"
FREEPIK_TITLES = """
Flat lay of spring vegetables
Isometric city blocks
Smiling cobbler in a workshop
Abstract wave background
Set of weather icons
Vintage travel poster
Hands holding seedlings
Watercolour fox
Retro radio mockup
Children painting a fence
Geometric logo collection
Misty pine forest
Coffee cup from above
Festival ticket template
Line art herbs
Modern reading room
Bicycle repair stand
Marble texture in grey
""".strip().splitlines()


@dataclass
class Resource:
    """One download on Freepik."""

    number: int

    @property
    def title(self) -> str:
        return FREEPIK_TITLES[self.number]

    @property
    def resource_id(self) -> str:
        return digits(self.title, 8)

    @property
    def kind(self) -> str:
        return "Free" if self.number % 5 == 2 else "Premium"

    @property
    def day(self) -> date:
        return date(2026, 11, 22) - timedelta(days=13 * self.number)

    @property
    def author(self) -> str:
        return f"example-studio-{self.number % 4}"

    @property
    def certificate_url(self) -> str:
        return f"{FREEPIK}/profile/license/pdf/{self.resource_id}?lang=en"

    def row(self) -> str:
        slug = self.title.lower().replace(" ", "-")
        return (
            '<tr><td><img alt="" width="1" height="1" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></td>'
            f'<td><a href="{FREEPIK}/{self.kind.lower()}-photo/{slug}_{self.resource_id}.htm">{self.title}</a> '
            f"by {self.author}</td><td>{self.kind}</td>"
            f'<td><time datetime="{self.day}">{self.day:%d %b %Y}</time></td><td><a role="button" '
            f'href="/profile/license/pdf/{self.resource_id}?lang=en">Download license</a></td></tr>'
        )

    def certificate(self) -> bytes:
        return pdf([
            "Freepik license certificate", f"Resource: {self.resource_id}", f"Title: {self.title}",
            f"Author: {self.author}",
            "Licensee: Ada Example", f"License: {self.kind}", f"Download date: {self.day}", "",
            "This document certifies that the licensee may use the resource above under the terms",
            f"of the {self.kind} license in force on the download date.",
        ])  # fmt: skip

    def expected(self) -> Facts:
        return expected(
            asset_id=self.resource_id, title=self.title, kind=self.kind.lower(), licensed_at=self.day.isoformat(),
            licensee="Ada Example", documents=["record.json", "certificate.pdf"],
        )  # fmt: skip


FREEPIK_SESSION: Facts = {
    "cookies": [{"name": name, "value": f"RECORDED-{name}", "domain": ".freepik.com", "path": "/", "expires": -1,
                 "httpOnly": True, "secure": True, "sameSite": "Lax"} for name in ("GR_TOKEN", "GR_REFRESH")],
    "origins": [],
}  # fmt: skip


def freepik(name: str, method: str = "attended") -> Scenario:
    return Scenario(
        "freepik", name, method, ["addresses and fields in public code", "assumed rows of the download history"],
        {} if method == "attended" else {"password": "RECORDED-FREEPIK-PASSWORD"},
        session=FREEPIK_SESSION if method == "attended" else None,
    )  # fmt: skip


def freepik_page(number: int) -> str:
    return f"{FREEPIK}/user/downloads?page={number}&type=regular"


def freepik_list(resources: list[Resource], number: int = 1, of: int = 1) -> str:
    rows = "\n".join(resource.row() for resource in resources)
    head = "<tr><th></th><th>Resource</th><th>License</th><th>Date</th><th></th></tr>"
    following = (
        f'<a rel="next" href="/user/downloads?page={number + 1}&amp;type=regular">Next</a>' if number < of else ""
    )
    return page(
        "Downloads", f"<h1>Downloads</h1><table>{head}\n{rows}\n</table>\n<p>Page {number} of {of} {following}</p>"
    )


def freepik_certificates(scenario: Scenario, resources: list[Resource]) -> None:
    for resource in resources:
        scenario.get(resource.certificate_url, resource.certificate(), slug=f"certificate-{resource.resource_id}.pdf")
        scenario.licences.append(resource.expected())


def freepik_sign_in(message: str = "") -> str:
    alert = f'<p role="alert">{message}</p>' if message else ""
    return page(
        "Log in - Freepik",
        '<button id="onetrust-accept-btn-handler" onclick="this.remove()">Accept all</button>'
        '<div id="social"><button>Continue with Example</button>'
        '<button onclick="social.hidden = true; mail.hidden = false">Continue with email</button></div>'
        f'{alert}<form id="mail" hidden method="post" action="/log-in"><input name="email">'
        '<input name="password" type="password"><button id="submit">Log in</button></form>',
    )


def write() -> None:
    resources = [Resource(number) for number in range(len(FREEPIK_TITLES))]

    whole = freepik("two-pages")
    whole.get(freepik_page(1), freepik_list(resources[:10], 1, 2), slug="downloads-1")
    whole.get(freepik_page(2), freepik_list(resources[10:], 2, 2), slug="downloads-2")
    freepik_certificates(whole, resources)
    whole.get(f"{FREEPIK}/legal/terms-of-use", terms_page("Example terms of use"), slug="terms")
    whole.write()

    empty = freepik("empty-history")
    empty.get(
        freepik_page(1), page("Downloads", "<h1>Downloads</h1><p>You have no downloads yet</p>"), slug="downloads-empty"
    )
    empty.write()

    wrong = freepik("wrong-password", "password")
    wrong.get(freepik_page(1), status=302, headers={"location": "/log-in?client_id=freepik&lang=en"})
    wrong.get(f"{FREEPIK}/log-in?client_id=freepik&lang=en", freepik_sign_in(), slug="log-in")
    wrong.post(f"{FREEPIK}/log-in", ["email", "password"], freepik_sign_in("Wrong email or password"), slug="refused")
    wrong.write("failed", "WrongPassword")

    expired = freepik("session-expired")
    expired.get(freepik_page(1), status=302, headers={"location": "/log-in?client_id=freepik&lang=en"})
    expired.get(f"{FREEPIK}/log-in?client_id=freepik&lang=en", freepik_sign_in(), slug="log-in")
    expired.write("failed", "SignInNeeded")

    blocked = freepik("blocked")
    blocked.get(freepik_page(1), page("Access Denied", "<h1>Access Denied</h1>"), slug="access-denied", status=403)
    blocked.write("failed", "BrowserRefused")

    changed = freepik("layout-changed")
    changed.get(
        freepik_page(1),
        re.sub(r' datetime="[^"]*"', "", freepik_list(resources[:2])),
        slug="downloads-undated",
    )
    changed.write("failed", "LayoutChanged")

    login = freepik("html-not-pdf")
    login.get(freepik_page(1), freepik_list(resources[:2]), slug="downloads-1")
    freepik_certificates(login, resources[:1])
    login.get(resources[1].certificate_url, freepik_sign_in(), slug="login-instead")
    bare: Facts = {"licensee": None, "documents": ["record.json"], "gaps": {"certificate": "failed"}}
    login.licences.append({**resources[1].expected(), **bare})
    login.write("partial")

    limited = freepik("rate-limited")
    for url in (freepik_page(1), resources[0].certificate_url):
        limited.exchanges.append({"request": {"method": "GET", "url": url}, "response": DELAYED})
    limited.get(freepik_page(1), freepik_list(resources[:2]), slug="downloads-1")
    freepik_certificates(limited, resources[:2])
    limited.write()
