"""Every page of the desk as pictures, in every look: light and dark, wide and narrow, English and German.

A look has a folder such as `error-dark-390-de`, with one PNG for each page, and sheets of many pages beside it.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page

from archiver.agency.audit import site_audit
from archiver.agency.audit.visit_options import AuditOptions
from archiver.claims import claim_files, claim_life
from archiver.claims.claim_events import ClaimOutcome
from archiver.collect.terms import SeenTerms
from archiver.core.model import Document, DocumentKind, Gap, GapReason, Licence
from archiver.desk.auth import Users
from archiver.home.settings import Home as Loaded
from archiver.home.settings_edit import add_account, add_client, add_source
from archiver.home.vault import Vault
from tests.support.agency import Agency, certificate, preview, record
from tests.support.audited_site import AuditedSite
from tests.support.claims_kit import CLAIM, jpeg, licence
from tests.support.desk_kit import PASSWORD
from tests.support.homes import Home
from tests.support.pictures import scene
from tests.support.terms_kit import seen

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDE_PX = 1280
WIDTHS_PX, LANGUAGES = (WIDE_PX, 390), ("en", "de")
WINDOW_HEIGHT_PX = 900
SHEET_PX, SCALES, GAP_PX, TITLE_PX = (1_568, 1_568), {WIDE_PX: 0.6, 390: 0.78}, 8, 16
WAIT_MS = 60_000  # on a slow machine
PERSON = "Anna Adler"
MISSING = Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.FAILED)
FOREIGN = "main span[lang=en]"  # how the desk marks a sentence that has no German
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
MOVING = """[...document.querySelectorAll("*")].map((each) => getComputedStyle(each))
    .some((style) => /[1-9]/.test(style.transitionDuration + style.animationDuration))"""

PLACES: Mapping[str, Sequence[str]] = {
    "/": ("/",),
    "/find": ("/find", "/find?q=harbour", "/find?q=nothing-has-this-name"),
    "/find/picture/{key}": ("/find/picture/{found}", "/find/picture/{unknown}"),
    "/arrivals": ("/arrivals",),
    "/arrivals/{key}": ("/arrivals/{arrived}",),
    "/licences": ("/licences", "/licences?view=table", "/licences?text=nothing-has-this-name"),
    "/licences/totals": ("/licences/totals",),
    "/licences/chosen/{key}": ("/licences/chosen/{chosen}", "/licences/chosen/none"),
    "/licences/chosen/{key}/assign": ("/licences/chosen/{chosen}/assign?client=gruenwald&reason=Job+4711",),
    "/licence/{client}/{folder}": ("/licence/{licence}", "/licence/{other}"),
    "/licence/{client}/{folder}/verdict": ("/licence/{licence}/verdict",),
    "/claims": ("/claims", "/claims?show=closed"),
    "/claims/new": ("/claims/new",),
    "/claim/{claim}": (
        "/claim/{claim}", "/claim/looks-new", "/claim/looks-late", "/claim/looks-none", "/claim/looks-closed",
    ),
    "/clients/new": ("/clients/new",),
    "/client/{client}": ("/client/{client}", "/client/gruenwald"),
    "/client/{client}/manage": ("/client/{client}/manage",),
    "/accounts": ("/accounts",),
    "/accounts/new": (
        "/accounts/new", "/accounts/new?provider=shutterstock", "/accounts/new?provider=depositphotos",
        "/accounts/new?provider=freepik",
    ),
    "/accounts/secret": ("/accounts/secret?account={account}",),
    "/account/{account}": ("/account/{account}",),
    "/leaver": ("/leaver", "/leaver?person={seat}"),
    "/sources/new": ("/sources/new?kind=mailbox", "/sources/new?kind=folder"),
    "/source/{source}": ("/source/{source}",),
    "/unassigned": ("/unassigned",),
    "/unassigned/review/{key}": ("/unassigned/review/{review}",),
    "/pictures": ("/pictures",),
    "/pictures/{client}": ("/pictures/{client}", "/pictures/gruenwald"),
    "/pictures/{client}/{picture}": ("/pictures/{client}/{picture}",),
    "/terms": ("/terms",),
    "/terms/{provider}": ("/terms/shutterstock",),
    "/companion": ("/companion",),
    "/check": ("/check",),
    "/setup": ("/setup",),
    "/settings": ("/settings",),
    "/access": ("/access",),
    "/users": ("/users",),
    "/tokens": ("/tokens",),
    "/audit": ("/audit",),
    "/you": ("/you",),
    "/you/app/{key}": ("/you/app/{app}",),
    "/you/passkey/{key}": ("/you/passkey/{passkey}",),
    "/sign-in": ("/sign-in",),
    "/enter/{key}": ("/enter/none",),
    "/link/{link}": ("/link/none",),
}  # fmt: skip
"""The addresses to look at, by the route that serves them. A name in braces is one of `names`; an address whose name
is missing in a home is left out there."""

NO_PAGES = frozenset({
    "/sign-in/openid", "/sign-in/openid/back", "/find/picture/{key}/{number}.png", "/licences/export.{kind}",
    "/licences/chosen/{key}/export.{kind}", "/licences/chosen/{key}/pack/{name}",
    "/licence/{client}/{folder}/pack/{name}", "/licence/{client}/{folder}/preview",
    "/licence/{client}/{folder}/file/{name:path}", "/licence/{client}/{folder}/terms/{terms}/{name:path}",
    "/claim/{claim}/file/{name:path}", "/claims/calendar.ics", "/calendar/{secret}", "/client/{client}/report",
    "/client/{client}/hand-over/{zip}", "/progress/events", "/you/app/{key}/code.svg",
    "/pictures/{client}/report.{kind}", "/pictures/{client}/{picture}/captures/{folder}/{file}",
    "/pictures/{client}/{picture}/{which}.jpg", "/companion/extension/{family}.zip",
})  # fmt: skip
"""Routes that answer with a file, a stream or another address."""

FORMS: Sequence[tuple[str, Mapping[str, str]]] = (
    ("/clients/new", {"name": "Acme Ltd", "slug": "Nicht so!"}),
    ("/accounts/new", {"client": "acme", "provider": "depositphotos", "name": "Übel!"}),
    ("/sources/new", {"kind": "folder", "client": "acme", "path": "/no/such/folder"}),
    ("/unassigned", {}),
    ("/you/password", {"again": "not the password"}),
    ("/users", {"name": PERSON, "role": "read", "password": "short", "again": PASSWORD}),
    ("/claim/{claim}/close", {"outcome": "paid", "amount": "much"}),
    ("/no-such-page", {}),
)
"""What is posted to see how the desk refuses it."""

STRANGERS = ("/sign-in", "/enter/none", "/link/none")
CLIENTS = (
    "/",
    "/find",
    "/find?q=harbour",
    "/find?q=nothing-has-this-name",
    "/licence/{licence}",
    "/check",
    "/accounts",
)


@contextmanager
def desk(home: Path, key: Path, *arguments: str) -> Iterator[str]:
    """The desk on a home, as the command serves it; gives the link that opens it."""
    environment = os.environ | {"ARCHIVER_HOME": str(home), "ARCHIVER_KEY_FILE": str(key)}
    command = [sys.executable, "-m", "archiver", "desk", "--no-open", "--port", "0", *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        try:
            yield next(found[0] for line in process.stdout if (found := re.search(r"http\S+/enter/\S+", line)))
        finally:
            process.terminate()


def empty_home(folder: Path) -> Path:
    """A home as `archiver init` leaves it."""
    home = folder / "empty"
    subprocess.run([sys.executable, "-m", "archiver", "init", str(home), "--replay"], check=True)
    return home


def filing(of: Licence, *with_it: Document | Gap | SeenTerms) -> tuple[Licence, tuple[Document | Gap | SeenTerms, ...]]:
    return of, with_it


def full_home(folder: Path, demo: Path, key: Path) -> Path:
    """A copy of the demo's home with what the demo has none of: shared licences, changed terms, pictures in use on a
    site, a mailbox and a folder, users, and claims at every step. Its authority of timestamps has ended."""
    shutil.copyfile(demo / "tsa-root.pem", folder / "tsa-root.pem")
    root = shutil.copytree(demo / "home", folder / "full")
    add_client(root, "gruenwald", name="Bäckerei Grünwald & Söhne GmbH", aliases=["Grünwald"])
    add_account(root, "house-stock", client="house", provider="shutterstock")
    add_source(root, "acme-mail", client="acme", kind="mailbox", host="mail.acme.example", username="ada@acme.example")
    add_source(root, "acme-projects", client="acme", kind="folder", path=str(folder))
    Users(root).add(PERSON, "admin", PASSWORD)
    Users(root).add("Rita Reader", "read", PASSWORD)
    at = Agency(Home(root), Vault(root / "vault.enc", key.read_text("utf-8").strip()))
    hints = [{"client": "Bäckerei Grünwald"}, {"job": "4711"}, {}]
    at.archive("house", *(
        filing(licence(f"77{n}", client_hints=hints[n % 3], seat="ada@northlight.example"),
               record(), certificate(f"Licence 77{n}"), preview(jpeg(scene(n))))
        for n in range(1, 7)
    ))  # fmt: skip
    at.archive("gruenwald", *(
        filing(licence(f"88{n}", licensee="Bäckerei Grünwald & Söhne GmbH"),
               record(), preview(jpeg(scene(20 + n))), seen(str(n), 9 - n), MISSING)
        for n in (1, 2)
    ))  # fmt: skip
    settings = root / "archiver.yaml"
    settings.write_text(f"{settings.read_text('utf-8')}pacing: {{default: 0}}\n", "utf-8")
    names = [f"/shutterstock_19999999{n}.jpg" for n in range(3)] + [f"/team-{n}.jpg" for n in range(3)]
    files: dict[str, str | bytes] = {name: jpeg(scene(310 + n)) for n, name in enumerate(names)}
    with AuditedSite({"/": "".join(f"<img src='{name}'>" for name in names), **files}) as site:
        site_audit.run(at.home, "acme", AuditOptions(sites=[site.url]))
    today = datetime.now(UTC).date()
    new = replace(CLAIM, claim="looks-new", reference="NEU-1", deadline=today + timedelta(days=1))
    late = replace(new, claim="looks-late", reference="SPÄT-2", confirmed=True, deadline=today - timedelta(days=3))
    none = replace(late, claim="looks-none", reference="OHNE-3", deadline=today + timedelta(days=8), client="gruenwald")
    closed = replace(none, claim="looks-closed", reference="ZU-4", claimant="Studio Ada Example")
    for each in (new, late, none, closed):
        claim_files.save(at.home, each)
    claim_life.no_licence(at.home, none, by=PERSON)
    claim_life.note(at.home, closed, "Telefonat mit Frau Example", by=PERSON)
    claim_life.answer(at.home, closed, by=PERSON, how="E-Mail", text="Die Lizenz ist belegt.")
    claim_life.close(at.home, claim_files.load(at.home, "looks-closed"), ClaimOutcome.PAID, by=PERSON, amount=1200.5)
    return root


def faulty_home(folder: Path, full: Path) -> Path:
    """A copy of the full home in which Acme's archive lost its ledger, another's picture is not what was archived, and
    one claim cannot be read."""
    home = shutil.copytree(full, folder / "faulty")
    (home / "archive/acme/ledger/ledger.jsonl").write_bytes(b"not a ledger\n")
    picture = next((home / "archive/gruenwald").rglob("preview.jpg"))
    picture.chmod(0o600)
    picture.write_bytes(b"another picture")
    (home / "work/looks-late/claim.json").write_text("{", "utf-8")
    return home


def names(home: Path) -> dict[str, str]:
    """What the addresses of `PLACES` name in the full home, and in the faulty one."""

    def of(client: str, wanted: str) -> str:
        return f"{client}/{next((home / f'archive/{client}/evidence/licences').glob(f'*/*/*_{wanted}_*')).name}"

    demo_claim = next(each.parent.name for each in (home / "work").glob("acme-*/claim.json"))
    report = site_audit.last_report(Loaded.load(home), "acme")
    assert report
    return {
        "client": "acme", "account": "acme-shutterstock", "source": "acme-mail", "seat": "grace.example",
        "licence": of("acme", "shutterstock"), "other": of("gruenwald", "shutterstock"), "claim": demo_claim,
        "picture": report["pictures"][0]["picture"],
    }  # fmt: skip


def enter(context: BrowserContext, link: str, *, user: bool) -> Page:
    """Sign in: as the user where there is one, else as whoever opened the desk."""
    page = context.new_page()
    if user:
        page.goto(link.partition("/enter/")[0] + "/sign-in")
        page.fill("#name", PERSON)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
    else:
        page.goto(link)
    page.wait_for_url(re.compile(r":\d+/$"))
    return page


def post(page: Page, base: str, address: str, fields: Mapping[str, str]) -> None:
    """Send a form of the desk, whatever its page would not let through."""
    page.goto(f"{base}/find")
    with page.expect_navigation():
        page.evaluate(
            """([address, fields]) => {
                const form = Object.assign(document.createElement("form"), { method: "post", action: address });
                const token = document.querySelector("input[name=token]").value;
                for (const [name, value] of Object.entries({ token, ...fields }))
                    form.append(Object.assign(document.createElement("input"), { name, value }));
                document.body.append(form);
                form.submit();
            }""",
            [base + address, dict(fields)],
        )


def key_of(page: Page) -> str:
    return page.url.rpartition("/")[2].partition("?")[0]


def search_for(page: Page, base: str, name: str, content: bytes) -> str:
    page.goto(f"{base}/find")
    page.set_input_files("#file", {"name": name, "mimeType": "image/jpeg", "buffer": content})
    page.locator("form[data-drop] button").click()
    page.wait_for_url("**/find/picture/**", timeout=WAIT_MS)
    return key_of(page)


def kept(page: Page, base: str, demo: Path) -> dict[str, str]:
    """Names of what only a form leads to: pictures found, files that arrived, licences chosen, and so on."""
    again = {"again": PASSWORD}
    found = search_for(page, base, "letter-picture.jpg", (demo / "letter-picture.jpg").read_bytes())
    unknown = search_for(page, base, "von-der-website.jpg", jpeg(scene(777)))
    page.goto(f"{base}/arrivals")
    files = [demo / "letter.pdf", demo / "letter-picture.jpg", demo / "proof.zip"]
    page.locator("main input[type=file]").set_input_files(files)
    page.locator("main form[enctype] button").first.click()
    page.wait_for_url(re.compile("/arrivals/."), timeout=WAIT_MS)
    arrived = key_of(page)
    page.goto(f"{base}/licences?view=table")
    boxes = page.locator("main input[type=checkbox][name=pick]")
    for n in range(3):
        boxes.nth(n).check()
    page.locator("form[action='/licences/choose'] button").first.click()
    page.wait_for_url("**/licences/chosen/**")
    chosen = key_of(page)
    post(page, base, "/unassigned", {"suggested": "1", "by": PERSON, "reason": "Job 4711"})
    review = key_of(page)
    post(page, base, "/you/app", again)
    app = key_of(page)
    post(page, base, "/you/passkey", again)
    return {"found": found, "unknown": unknown, "arrived": arrived, "chosen": chosen, "review": review, "app": app,
            "passkey": key_of(page)}  # fmt: skip


def link_of(page: Page, base: str) -> str:
    """A client's link, as the page of the client shows it once."""
    post(page, base, "/client/acme/link", {"days": "30"})
    found = re.search(r"http\S+?/link/[\w.-]+", page.content())
    assert found
    return found[0]


def filled(addresses: Iterable[str], known: Mapping[str, str]) -> Iterator[str]:
    """The addresses whose names are all known, with what they stand for."""
    for each in addresses:
        if set(re.findall(r"\{(\w+)\}", each)) <= known.keys():
            yield each.format(**known)


def take(browser: Browser, state: str, link: str, known: dict[str, str], demo: Path, out: Path) -> Iterator[str]:
    """All pages of one desk, in every look. Yields each page that is wider than its window, or in which axe finds a
    fault of any grade."""
    link = link.replace("127.0.0.1", "localhost")  # passkeys need a name
    base, user = link.partition("/enter/")[0], state != "empty"
    first, of_client = browser.new_context(locale="en-GB"), browser.new_context(locale="en-GB")
    first.set_default_timeout(WAIT_MS)
    page = enter(first, link, user=user)
    visitors = {"": first.cookies(), "stranger": []}
    if state == "data":  # there is no link to a damaged archive
        opened = of_client.new_page()
        opened.goto(link_of(page, base))
        opened.wait_for_url("**/client/acme")
        visitors["client"] = of_client.cookies()
    if state == "data":
        known |= kept(page, base, demo)
    every = [each for addresses in PLACES.values() for each in addresses if each not in STRANGERS]
    gets = {"": every, "stranger": STRANGERS, "client": CLIENTS}
    for scheme, width, language in itertools.product(SCHEMES, WIDTHS_PX, LANGUAGES):
        look = f"{state}-{scheme}-{width}-{language}"
        shots: list[tuple[str, Path]] = []
        for who, cookies in visitors.items():
            context = browser.new_context(
                viewport={"width": width, "height": WINDOW_HEIGHT_PX},
                color_scheme=scheme,
                locale=language,
            )
            context.set_default_timeout(WAIT_MS)
            context.add_cookies(cookies)  # type: ignore[arg-type]  # as Playwright gave them
            page = context.new_page()
            posts = [(address, fields) for address, fields in FORMS if not who and list(filled([address], known))]
            for address, fields in [*((each, None) for each in filled(gets[who], known)), *posts]:
                if fields is None:
                    page.goto(base + address)
                else:
                    post(page, base, next(filled([address], known)), fields)
                if page.locator("[data-part]").count():  # comes after the page
                    page.wait_for_load_state("networkidle")
                shot = out / look / f"{len(shots):02}.png"
                shot.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=shot, full_page=True)
                title = f"{len(shots):02} {who} {'' if fields is None else 'POST '}{address}"
                yield from (f"{look} {title}: {fault}" for fault in faults(page, width, language))
                shots.append((title, shot))
            context.close()
        for number, made in enumerate(sheets(shots, SCALES[width])):
            made.save(out / f"{look}-{number:02}.png")


def faults(page: Page, width: int, language: str) -> Iterator[str]:
    """What is wrong with a page: it is wider than its window, also at 200 %; something moves although nothing should;
    a sentence has no German; or axe finds a fault of any grade."""
    if page.evaluate(TOO_WIDE):
        yield "wider than the window"
    if width == WIDE_PX:
        page.set_viewport_size({"width": width // 2, "height": WINDOW_HEIGHT_PX // 2})
        if page.evaluate(TOO_WIDE):
            yield "wider than the window at 200 %"
        page.set_viewport_size({"width": width, "height": WINDOW_HEIGHT_PX})
        page.emulate_media(reduced_motion="reduce")
        if page.evaluate(MOVING):
            yield "moves for people who want no motion"
        page.emulate_media(reduced_motion="no-preference")
    for text in page.locator(FOREIGN).all_text_contents() if language == "de" else ():
        yield f"has no German: {text}"
    for each in Axe().run(page).response["violations"]:
        yield f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:160]}"


def strips(title: str, path: Path, scale: float) -> Iterator[tuple[str, Image.Image]]:
    """One page as strips that fit into a column of a sheet."""
    with Image.open(path) as shot:
        whole = shot.convert("RGB")
    small = whole.resize((round(whole.width * scale), round(whole.height * scale)), Image.Resampling.LANCZOS)
    most = SHEET_PX[1] - TITLE_PX
    for number, top in enumerate(range(0, small.height, most)):
        yield f"{title} {number or ''}", small.crop((0, top, small.width, min(small.height, top + most)))


def sheets(shots: Iterable[tuple[str, Path]], scale: float) -> Iterator[Image.Image]:
    """Many pages side by side, each with its address above it, at a size at which they can be read."""
    sheet, x, y = Image.new("RGB", SHEET_PX, "#888"), 0, 0
    for title, strip in (each for shot in shots for each in strips(*shot, scale)):
        if y + TITLE_PX + strip.height > SHEET_PX[1]:
            x, y = x + strip.width + GAP_PX, 0
        if x + strip.width > SHEET_PX[0]:
            yield sheet
            sheet, x, y = Image.new("RGB", SHEET_PX, "#888"), 0, 0
        ImageDraw.Draw(sheet).text((x + 4, y + 2), title[:90], fill="#fff")
        sheet.paste(strip, (x, y + TITLE_PX))
        y += TITLE_PX + strip.height + GAP_PX
    yield sheet
