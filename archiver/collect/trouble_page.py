"""Save the page on which an adapter failed, for its maintainer: always scrubbed, with a note in plain words beside it.

A person is asked to send both on, so nothing leaves here that the scrubber knows or recognises as secret or personal.
"""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archiver.browsing import scrub
from archiver.browsing.browser_session import PlaywrightSession
from archiver.core.atomic_files import replace_file
from archiver.core.errors import AdapterBroken, ArchiverError, Remedy, SavedPage
from archiver.home.settings import Account, Home
from archiver.provider import redact_url
from archiver.provider.layout_errors import place_of

MIN_REPEATS = 3  # elements of one kind that look like the rows of a list
MAX_LINES = 12  # of one kind in a note
NOTE = ".txt"
MAX_PAGE_BYTES = 1 << 19  # of a page that is kept
MARGIN_BYTES = 1 << 14  # scrubbed behind them, and cut then: what is secret must not be cut before it is recognised
MAX_OUTLINE_CHARACTERS = 1 << 17  # of it that are outlined: nested elements take the square of their number


def personal(home: Home, account: Account, secrets: Iterable[str] = ()) -> dict[str, str]:
    """What no saved page may show, and its kind (`scrub.Scrubber`): secrets, user names and names of clients."""
    known = dict.fromkeys(secrets, scrub.TOKEN)
    known |= dict.fromkeys(scrub.names_of_mail(account.username or ""), scrub.NAME)
    for client in home.clients.values():
        known |= dict.fromkeys((client.name, *client.aliases), scrub.NAME)
        known |= {each.username: scrub.NAME for each in client.accounts if each.username}
    return known


def adapter_fault(error: Exception) -> AdapterBroken:
    """An exception that an adapter let out, with its line, and its trace instead of a page."""
    trace = "".join(traceback.format_exception(error)).encode("utf-8", "replace")
    return AdapterBroken(f"{type(error).__name__}: {error}{place_of(error)}", page=SavedPage("", trace))


async def add_page(error: ArchiverError, session: object) -> None:
    """Give an error without a page the page that the browser shows."""
    if error.page is None and isinstance(session, PlaywrightSession):
        with suppress(ArchiverError):
            now = await session.page()
            error.page = SavedPage(now.url, now.content)


def save_trouble(
    home: Home, account: Account, error: ArchiverError, secrets: Iterable[str], *, step: str, blocked: str
) -> None:
    """Save the page of an account's error without secrets and names, and have the error say where it is."""
    known = personal(home, account, secrets)
    path = keep_trouble(home.state / "trouble", account.name, error, known, step=step, blocked=blocked)
    if path:
        error.detail += f" (page saved as {path.relative_to(home.root).as_posix()}, with a note beside it)"


def keep_trouble(
    folder: Path, account: str, error: ArchiverError, known: Mapping[str, str], *, step: str = "", blocked: str = ""
) -> Path | None:
    """Save the error's page and the note; None where it has none. The same page is saved once.

    `step` says what was done, `blocked` which requests the rules refused meanwhile. A folder that cannot be written
    costs the page alone.
    """
    if error.page is None or not error.page.content:
        return None
    scrubber = scrub.Scrubber(known)
    page = scrub.page(error.page.content[: MAX_PAGE_BYTES + MARGIN_BYTES], known, scrubber)
    page = page[:-MARGIN_BYTES] if len(error.page.content) > MAX_PAGE_BYTES + MARGIN_BYTES else page
    path = folder / f"{account}-{sha256(page).hexdigest()[:12]}.html"
    said = [
        f"What broke:  {step or 'reading the account'}, account {account}",
        f"Error:       {type(error).__name__}: {error.detail}",
        f"URL:         {_address(error.page) or 'none; the page is the trace of a fault in the adapter'}",
        *([f"Blocked:     {blocked}"] if blocked else []),
        f"Page:        {path.name}, without secrets and names as far as the archiver knows or recognises them",
    ]
    note = scrubber.text("\n".join(said))  # an error's words may quote the page
    outline = "\n".join(_outline(page.decode("utf-8", "replace")[:MAX_OUTLINE_CHARACTERS]))
    repair = Remedy("repair adapter", {"account": account})
    going_on = f"The repair checks each change of the adapter on the saved pages.\n{repair}\n"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(path, page)
        replace_file(path.with_suffix(NOTE), f"{note}\n\n{outline}\n\n{going_on}".encode("utf-8", "replace"))
        return path
    return None


def _address(page: SavedPage) -> str:
    try:
        return redact_url(page.url)
    except ValueError:
        return "an address that no program can read"


def _outline(page: str) -> Iterator[str]:
    """The parts of the page that an adapter could look for."""
    if not re.search(r"<(?:html|body|div|table|ul|p|form|h1)\b", page, re.IGNORECASE):
        yield f"The answer is no web page. It begins: {' '.join(page[:300].split())}"
        return
    tree = LexborHTMLParser(page)
    title = tree.css_first("title")
    yield f"Title:       {_words(title) if title else 'none'}"
    yield from _some("Headings", (_words(each) for each in tree.css("h1, h2")))
    alike = Counter(_selector(each) for each in tree.css("body *") if each.attributes or each.parent)
    rows = (f"{name} ({count} times)" for name, count in alike.most_common() if count >= MIN_REPEATS)
    yield from _some("What repeats, as rows do", rows)
    links = (f"{_selector(each)} to {redact_path(each.attributes.get('href'))}" for each in tree.css("a[rel]"))
    yield from _some("Links with a relation", links)
    yield from _some("Buttons", (f"{_selector(each)}: {_words(each)}" for each in tree.css("button, [role=button]")))
    yield from _some("Fields", map(_selector, tree.css("input, select, textarea")))
    yield from _some("Warnings and states", (
        f"{_selector(each)}: {_words(each)}" for each in tree.css("[role=alert], [role=status], [data-testid]")
    ))  # fmt: skip


def _some(name: str, found: Iterable[str]) -> Iterator[str]:
    lines = list(dict.fromkeys(found))
    if lines:
        yield f"{name}:"
        yield from (f"  {each}" for each in lines[:MAX_LINES])
        if len(lines) > MAX_LINES:
            yield f"  and {len(lines) - MAX_LINES} more"


def _selector(node: LexborNode) -> str:
    """The element as a selector, with what an adapter can rely on."""
    known = {name: value for name, value in node.attributes.items() if name in ("id", "name", "rel", "role", "type")}
    marks = "".join(f'[{name}="{value}"]' for name, value in known.items() if value)
    marks += "".join(f"[{name}]" for name in node.attributes if name.startswith("data-") or name == "datetime")
    classes = "".join(f".{each}" for each in (node.attributes.get("class") or "").split()[:3])
    return f"{node.tag}{classes}{marks}"


def redact_path(href: str | None) -> str:
    """An address of a page without its values."""
    return re.sub(r"=[^&]*", "=…", href or "nowhere")


def _words(node: LexborNode) -> str:
    return " ".join(node.text(separator=" ").split())[:80]
