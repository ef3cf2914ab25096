"""The whole job on bundled recordings: two clients, four accounts, a real browser, a local timestamp authority, and
a letter about one of the pictures.

The recordings are authored, so the archives they make are marked NOT EVIDENCE. Everything else is the real thing. On a
machine without a browser the accounts that need none are shown, and what was left out is said.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from html import escape
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

from archiver.agency import integrity
from archiver.agency.night import run
from archiver.agency.setup import missing_extras
from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.reader import Archive
from archiver.browsing.chromium import SANDBOX_VARIABLE, commands_to_install, try_start, usable
from archiver.browsing.pdf_printing import print_pages
from archiver.browsing.recording import bundled
from archiver.catalogue import embedding, picture_search, search
from archiver.catalogue.index import Catalogue
from archiver.claims import claim_files
from archiver.claims.assessment import assess
from archiver.claims.claim_entry import add
from archiver.claims.claim_pack import HandOver, hand_over
from archiver.claims.facts import Use
from archiver.claims.pack_pages import PackWords
from archiver.collect.run_context import RunRequest, RunSummary
from archiver.core import atomic_files
from archiver.core.errors import BrowserMissing, ConfigError, SandboxRefused
from archiver.core.model import DocumentKind
from archiver.home.settings import Home, add_account, add_client, create_home
from archiver.home.vault import Vault, find_key, open_vault
from archiver.provider import Transport, load
from archiver.reading.licence_json import from_json

CLIENTS = {"acme": "Acme Ltd", "northlight": "Northlight Cafe"}
ACCOUNTS = {
    "acme-shutterstock": ("acme", "shutterstock"),
    "acme-elements": ("acme", "envato_elements"),
    "northlight-market": ("northlight", "envato_market"),
    "northlight-freepik": ("northlight", "freepik"),
}
MARKER = "made-by-archiver-demo.txt"
LETTER_ABOUT = "Lighthouse in heavy surf"
FINDINGS_SHOWN = 3


async def demo(keep: Path | None, say: Callable[[str], None]) -> None:
    """Run the demo and tell what happens. All that it makes stays in `keep`, else in a new folder."""
    folder = cleared(keep) if keep else Path(tempfile.mkdtemp(prefix="archiver-demo-"))
    (folder / MARKER).write_text("Everything in this folder was made by `archiver demo`, which may make it anew.\n")
    with ExitStack() as stack:
        browser = browser_for_demo(say)
        await show(folder, say, stack, browser=browser)
    say(
        f"Everything lies in {_near(folder)}; remove it when you have seen enough. The demo's timestamp authority has "
        "stopped: what you archive there from now on stays UNPROVEN."
    )
    if not browser:
        say("Left out for want of a browser: Envato Elements, Freepik, licence terms, PDFs. To bring one, run")
        say("  " + " or ".join(commands_to_install()))
    if extras := list(missing_extras()):
        say("Not installed, and optional:")
        say("\n".join(extras))
    if find_spec("starlette"):
        say("To look at it in your browser, run")
        say(f"  {_desk_command(folder)}")


def cleared(folder: Path) -> Path:
    """The folder, made where it is not there and emptied of an earlier demo; ConfigError if other files lie in it."""
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        return folder
    if not (folder / MARKER).is_file():
        raise ConfigError(f"{folder} is not empty, and no demo made it. Choose a new folder for the demo.")
    for path in sorted(folder.iterdir(), key=lambda path: path.name == MARKER):  # the marker goes last
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return folder


def browser_for_demo(say: Callable[[str], None]) -> bool:
    """Whether a browser can be used."""
    try:
        chromium = usable()
        try:
            try_start(chromium)
        except SandboxRefused:
            say("Chromium's sandbox cannot start here. The demo opens only pages of its own, so it goes on without.")
            os.environ[SANDBOX_VARIABLE] = "off"
            try_start(chromium)
    except BrowserMissing as error:
        say(f"{error} The demo goes on without a browser.")
        return False
    return True


def _near(path: Path) -> Path:
    """The path as it is shortest to type from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _desk_command(folder: Path) -> str:
    """The command that opens the desk on this demo, as it works from where the person stands."""
    program = Path(sys.argv[0]).absolute()
    if program.name == "__main__.py":
        name = f"{quote(sys.executable)} -m archiver"
    else:
        name = "archiver" if shutil.which("archiver") == str(program) else quote(str(_near(program)))
    settings = {"ARCHIVER_HOME": _near(folder) / "home", "ARCHIVER_KEY_FILE": _near(folder) / "vault.key"}
    if sys.platform == "win32":
        return "".join(f'set "{key}={value}" && ' for key, value in settings.items()) + f"{name} desk"
    return " ".join([*(f"{key}={quote(str(value))}" for key, value in settings.items()), name, "desk"])


async def show(folder: Path, say: Callable[[str], None], stack: ExitStack, *, browser: bool) -> None:
    say("The archiver's demo. Its recordings are authored from public documents and prove nothing of real accounts.")
    os.environ["ARCHIVER_KEY_FILE"] = str(folder / "vault.key")
    find_key(create=True)
    authority = stack.enter_context(LocalAuthority(folder / "authority"))
    shutil.copyfile(authority.root_pem, folder / "tsa-root.pem")
    accounts = {name: of for name, of in ACCOUNTS.items() if browser or not needs_browser(of[1])}
    home = prepare(folder / "home", authority, accounts)
    vault = open_vault(home.vault)
    order = RunRequest(replay=bundled())

    with_browser = len(accounts) - sum(not needs_browser(provider) for _, provider in accounts.values())
    said = f", {with_browser} of them in Chromium" if with_browser else ""
    say(f"1. archiver run: {len(accounts)} accounts of {len(CLIENTS)} clients{said}")
    first = await timed(home, vault, order, say)
    second = await timed(home, vault, order)
    documents = document_urls(home)
    before, again = (len(documents & urls(summary)) for summary in (first, second))
    already = sum(result.already for result in second.accounts)
    say(
        f"2. archiver run, again: {already} licences were there already; certificates and previews fetched: {before} "
        f"before, {again} again"
    )

    [hit, *_] = search.find(home, "harbour crane")
    say('3. archiver find "harbour crane"')
    say(f"   {hit['licence']}: licensed on {hit['licensed_at']}, secured since {hit['secured_since']}")

    code, checked, text = integrity.verify(home)
    say("4. archiver verify")
    if code:
        say(text)
        raise SystemExit(code)
    for each in checked["clients"]:
        since = each["secured_since"]
        say(f"   {each['client']}: {each['state']}, {each['licences']} licences, the newest secured since {since}")

    started = time.monotonic()
    arrived = letter_arrives(home, folder, browser=browser)
    stated = {"claimant": "Northgate Picture Claims", "first_seen": arrived.first_seen}
    claim = add(home, "acme", arrived.letter, stated, accept=True)
    say(f"5. archiver claim add {arrived.letter.name} --client acme --first-seen {arrived.first_seen} --yes ...")
    say(f"   {claim.claimant}, case {claim.reference}: {claim.currency} {claim.amount:.2f} for {claim.urls[0]}")
    left = claim.clocks(datetime.now(UTC))["days_left"]
    say(f"   The deadline ends with {claim.deadline} ({claim.deadline_zone}): {left} days left.")

    found = picture_search.find_picture(home, arrived.picture.read_bytes(), client="acme")
    say(f"6. archiver find --image {arrived.picture.name}: {arrived.how}")
    if not found.rows:
        raise SystemExit("The demo's own picture was not found in its archive. Please report this.")
    best = found.rows[0]
    atomic_files.write_new(folder / "side-by-side.png", found.sheet())
    say(f"   {best['match']}: {best['licence']}. A person compares: {_near(folder / 'side-by-side.png')}")

    use = Use(kind="commercial")
    assessed = assess(home, "acme", use, name=best["licence"], claim=claim)
    say(f"7. archiver assess {best['licence']} --client acme --claim {claim.claim} --use commercial")
    if assessed.assessment:
        findings = [finding.messages["en"] for finding in assessed.assessment.findings]
        say(f"   {PackWords('en').of('verdicts', assessed.assessment.verdict)}")
        for finding in findings[:FINDINGS_SHOWN]:
            say(f"   - {finding}")
        if len(findings) > FINDINGS_SHOWN:
            say(f"   - and {len(findings) - FINDINGS_SHOWN} more, each with the document it rests on")

    out = folder / "proof.zip"
    handed = HandOver(out=out, claim=claim, use=use, drafts=True)
    _, page, *_ = hand_over(home, [best["licence"]], handed, warn=lambda warning: say(f"   {warning}"))
    say(f"8. archiver proof {best['licence']} --claim {claim.claim} --drafts --out proof.zip")
    say(f"   to read ({page.stat().st_size // 1024} KB): {_near(page)}")
    say(f"   to check, without this software ({out.stat().st_size // 1024} KB): {_near(out)}")
    say(f"   letters to send, for a person to check: {_near(claim_files.folder(home, claim.claim) / 'drafts')}")
    say(f"   From the letter to the pack in {time.monotonic() - started:.1f} s.")
    say("NOT EVIDENCE: this archive was made from authored recordings, and verify and the proof say so.")


def needs_browser(provider: str) -> bool:
    return load(provider).info.method(None).transport is Transport.BROWSER


# ---------------------------------------------------------------- the letter


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A letter, its picture, what was done to the picture, and the day on which a page first showed it."""

    letter: Path
    picture: Path
    how: str
    first_seen: date


def letter_arrives(home: Home, folder: Path, *, browser: bool) -> Arrived:
    """An invented letter about a picture of the demo's archive, as a web page would show it.

    It is a PDF, or a mail where no browser prints one. The picture is cropped and recompressed; only recompressed where
    the extra that recognises crops is not installed.
    """
    from PIL import Image

    archive = Archive(home.archive("acme"))
    [row] = [row for row in search.find(home, f'"{LETTER_ABOUT}"', client="acme") if row["title"] == LETTER_ABOUT]
    image: Image.Image = Image.open(io.BytesIO(archive.object(row["licence"].partition("/")[2]).read("preview.jpg")))
    width, height = image.size
    how = "the letter's picture is smaller and recompressed"
    if embedding.installed():
        image = image.crop((round(0.05 * width), 0, width, round(0.94 * height)))
        how = "the letter's picture is cropped and recompressed"
    jpeg = io.BytesIO()
    image.resize((600, round(600 * image.height / image.width))).save(jpeg, "JPEG", quality=70)
    picture = folder / "letter-picture.jpg"
    picture.write_bytes(jpeg.getvalue())
    today = datetime.now(UTC)
    first_seen = date.fromisoformat(row["licensed_at"][:10]) + timedelta(days=3)
    lines = LETTER.format(today=f"{today.day} {today:%B %Y}", seen=f"{first_seen.day} {first_seen:%B %Y}").split("\n")
    if browser:
        letter = folder / "letter.pdf"
        [content] = print_pages([letter_page(lines, jpeg.getvalue())])
        letter.write_bytes(content)
    else:
        letter = folder / "letter.eml"
        letter.write_bytes(letter_mail(lines, jpeg.getvalue(), today))
    return Arrived(letter=letter, picture=picture, how=how, first_seen=first_seen)


LETTER = """\
Northgate Picture Claims
on behalf of Studio Ada Example
12 Example Quay, Sampleburg
claims@northgate.example

Acme Ltd
The Management
4 Invented Street
Exampletown

{today}

Case Number: DEMO-4711
Unauthorised use of a photograph

Dear Sir or Madam,

We act for Studio Ada Example, which holds the rights in the photograph shown below. On {seen} our search found it on \
your website:

https://www.acme.example/news/launch.html

We hold no record of a licence for this use. Please send us your licence within ten business days, with the invoice or \
the order number. If you have no licence, please stop the use and settle the amount of EUR 389.59 within the same time.

This letter is sent without prejudice to all rights of our client.

Yours faithfully,
Bo Sample
Claims Department, Northgate Picture Claims"""


def letter_page(lines: list[str], jpeg: bytes) -> str:
    """The letter on paper, with its letterhead and the picture."""
    import base64

    sender, _, rest = "\n".join(lines).partition("\n\n")
    name, *address = sender.split("\n")
    blocks = rest.split("\n\n")
    recipient, day, subject, *body = blocks
    case, title = subject.split("\n")
    picture = f'<img src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" alt="">'
    paragraphs = [f"<p>{escape(each).replace(chr(10), '<br>')}</p>" for each in body]
    return f"""<!doctype html><html lang=en><meta charset=utf-8><title>{escape(case)}</title><style>
      @page {{ size: A4; margin: 22mm 24mm 18mm }}
      body {{ font: 10.5pt/1.42 "Liberation Serif", "Noto Serif", Georgia, serif; color: #1a1a1a; margin: 0 }}
      header {{ border-bottom: 1pt solid #7a1f2b; padding-bottom: 3mm; display: flex; justify-content: space-between }}
      header b {{ font: 600 17pt/1.1 "Liberation Sans", "Noto Sans", sans-serif; color: #7a1f2b }}
      header span {{ font-size: 8.5pt; text-align: right }}
      address {{ font-style: normal; margin: 12mm 0 8mm }}
      .day {{ text-align: right }}
      h1 {{ font-size: 11.5pt; margin: 6mm 0 1mm }}
      .case {{ margin: 0 0 5mm }}
      img {{ width: 78mm; border: .6pt solid #888; margin: 1mm 0 3mm; display: block }}
      p {{ margin: 0 0 3.2mm }}
    </style><body><header><b>{escape(name)}</b><span>{"<br>".join(map(escape, address))}</span></header>
    <address>{escape(recipient).replace(chr(10), "<br>")}</address><p class=day>{escape(day)}</p>
    <h1>{escape(title)}</h1><p class=case>{escape(case)}</p>
    {"".join(paragraphs[:3])}{picture}{"".join(paragraphs[3:])}</body></html>"""


def letter_mail(lines: list[str], jpeg: bytes, sent: datetime) -> bytes:
    """The letter as a mail with the picture attached."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Northgate Picture Claims <claims@northgate.example>", "office@acme.example"
    mail["Subject"], mail["Date"] = "Case Number: DEMO-4711", sent
    mail.set_content("\n".join(lines))
    mail.add_attachment(jpeg, maintype="image", subtype="jpeg", filename="photograph.jpg")
    return mail.as_bytes()


# ---------------------------------------------------------------- the home


def prepare(root: Path, authority: LocalAuthority, accounts: Mapping[str, tuple[str, str]]) -> Home:
    """A replay home with the demo's clients and accounts and a local timestamp authority."""
    (root.parent / "tsa-root.pem").chmod(0o644)
    create_home(root, replay=True, timestamps=[{"name": "local", "url": authority.url, "roots": "../tsa-root.pem"}])
    for slug, name in CLIENTS.items():
        add_client(root, slug, name=name, domains=[f"{slug}.example"])
    open_vault(root / "vault.enc", create=True)
    for name, (client, provider) in accounts.items():
        add_account(root, name, client=client, provider=provider)
    return Home.load(root)


async def timed(home: Home, vault: Vault, order: RunRequest, say: Callable[[str], None] = lambda _: None) -> RunSummary:
    """One run, told in a line per account."""
    started = time.monotonic()
    summary = await run(home, vault, order)
    for each in summary.accounts:
        say(f"   {each.account:<20} {each.outcome:<9} {each.listed:>3} listed, {each.archived:>3} archived, "
            f"{each.comps} previews without a licence")  # fmt: skip
    archived = sum(result.archived for result in summary.accounts)
    say(f"   {archived} licences archived in {time.monotonic() - started:.1f} s.")
    if summary.exit_code:
        raise SystemExit(summary.exit_code)
    return summary


def urls(summary: RunSummary) -> set[str]:
    """What a run asked of the replay proxy."""
    return {request.url for listener in summary.replays.values() for request in listener.log}


def document_urls(home: Home) -> set[str]:
    """Where the archived certificates and previews came from."""
    found: set[str] = set()
    for slug in CLIENTS:
        archive = Archive(home.archive(slug))
        with Catalogue(home.catalogue(slug)) as catalogue:
            for entry in catalogue.entries():
                described = from_json(archive.object(entry.object_id).read("licence.json"))
                found |= {each.url for each in described.documents if each.url and each.kind is not DocumentKind.RECORD}
    return found
