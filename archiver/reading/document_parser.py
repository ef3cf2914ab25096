"""Recognise and parse certificates and receipts from any source; `history_tables` reads histories.

A parsed licence has the same identity as from the platform's adapter, so both become one. If the adapter's key begins
with the account, which no paper names, `one_licence.same_licence` decides whether two licences are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from archiver.core.model import Asset, DocumentKind, Licence, iso
from archiver.reading.author_grants import names_picture_and_rights, read_grant
from archiver.reading.certificates import (
    Paper,
    Sure,
    certificate,
    elements_certificate,
    freepik_certificate,
    in_one_line,
    market_certificate,
)
from archiver.reading.documents import MAX_TEXT_LENGTH, PAGE_BREAK
from archiver.reading.field_labels import names_picture_and_grant
from archiver.reading.labelled_documents import read_labelled, why_no_paper
from archiver.reading.not_granted import is_demand, says_ended, shows_example
from archiver.reading.paper_parties import Envelope
from archiver.reading.paper_titles import titled
from archiver.reading.phrases import Phrases
from archiver.reading.platforms import OTHER_PLATFORM, the_platform
from archiver.reading.proposals import may_license, proposed
from archiver.reading.relevance import is_relevant, page_is_relevant
from archiver.reading.unfilled import has_blank, is_template

__all__ = [
    "Envelope", "Paper", "Sure", "is_demand", "is_relevant", "may_license", "names_picture_and_grant",
    "names_picture_and_rights", "page_is_relevant", "proposed", "read_text", "why_unread",
]  # fmt: skip

MAX_CERTIFICATES = 500  # in one text


def read_text(
    text: str, name: str = "", columns: Callable[[], str] = str, envelope: Envelope | None = None
) -> Paper | None:
    """Read a certificate or receipt. A form that nobody filled in is not a paper.

    `name` is the file's name, which may name the platform if the text does not. `columns` gives the text of a PDF as it
    is laid out on the page; it is asked for only if labels have to be read. `envelope` is that of a mail.
    """
    text = text[:MAX_TEXT_LENGTH].replace("\r\n", "\n")
    if shows_example(text) or any(says_ended(text)):
        return None
    found = [paper for paper in (_of_pages(text, name, columns), _of_one(text, name, columns)) if paper]
    if not any(paper.licences or not (paper.platform or "").startswith(OTHER_PLATFORM) for paper in found):
        granted = read_grant(text, columns, envelope)
        found += [granted] if granted else []
    return max(found, key=lambda paper: len(paper.licences), default=None)


def why_unread(text: str, name: str = "", columns: Callable[[], str] = str) -> str:
    """Why `read_text` reads nothing, in a sentence for the person who looks at it; empty if nothing tells."""
    text = text[:MAX_TEXT_LENGTH].replace("\r\n", "\n")
    if titled(text) and has_blank(text):
        return "it is a form that nobody filled in. It is kept"
    return why_no_paper(text, name, columns)


def _of_one(text: str, name: str, columns: Callable[[], str]) -> Paper | None:
    envato = bool(_ENVATO.search(text))
    paper = _envato(text, columns()) if envato else _freepik(text, columns) or read_labelled(text, name, columns)
    return None if paper and any(is_template(text, each) for each in paper.licences) else paper


def _of_pages(text: str, name: str, columns: Callable[[], str]) -> Paper | None:
    """Certificates that somebody joined into one PDF; None unless each page begins one or goes on with the last."""
    pages, placed = text.split(PAGE_BREAK), cache(lambda: columns().split(PAGE_BREAK))

    def read(start: int, end: int) -> Paper | None:
        part = PAGE_BREAK.join(pages[start:end])
        paper = _of_one(part, name, lambda: PAGE_BREAK.join(placed()[start:end]))
        return paper if paper and paper.kind is DocumentKind.CERTIFICATE and paper.licences else None

    if len(pages) < 2:
        return None
    starts = [number for number in range(len(pages)) if read(number, number + 1)]
    if len(starts) < 2 or starts[0]:
        return None
    found = [read(start, end) for start, end in zip(starts, [*starts[1:], len(pages)], strict=True)]
    papers = [paper for paper in found if paper]
    return _joined(papers, "joined_certificates") if len(papers) == len(starts) else None


def _joined(papers: Sequence[Paper], reader: str) -> Paper:
    """What several certificates in one file say. `reader` is the name where they are of different kinds."""
    readers, platforms = {paper.reader for paper in papers}, {paper.platform for paper in papers}
    return Paper(
        reader=readers.pop() if len(readers) == 1 else reader,
        sure=max((paper.sure for paper in papers), key=list(Sure).index),  # the least sure
        kind=DocumentKind.CERTIFICATE,
        platform=platforms.pop() if len(platforms) == 1 else None,
        licences=tuple({each.identity: each for paper in papers for each in paper.licences}.values()),
        quotes={f"{n}.{name}": text for n, paper in enumerate(papers, 1) for name, text in paper.quotes.items()},
    )


# Where one Envato certificate begins; a file may hold many, one after the other.
# A narrow column breaks it between words and within.
_ENVATO = re.compile(
    r"\s{0,60}".join((*"LICEN", "[CS]", "E", *"CERTIFICATE", ":", *"Envato", r"((?:\w\s{0,60}){2,30}?)", *"Item"))
    + r"\b"
)


def _envato(text: str, columns: str) -> Paper | None:
    """Certificates of Envato Market and Elements; a text with one that cannot be read is not read at all."""
    parts = _parts(text)
    on_page = [part for _, part in _parts(columns)]
    if len(on_page) != len(parts):
        on_page = [""] * len(parts)
    papers = [
        _market(part, other) if head.startswith("Market") else _elements(part, other, ai=head != "Elements")
        for (head, part), other in zip(parts, on_page, strict=True)
    ]
    found = [paper for paper in papers if paper]
    if not found or len(found) < len(papers) or len(papers) > MAX_CERTIFICATES:
        return None
    return found[0] if len(found) == 1 else _joined(found, "envato_certificates")


def _parts(text: str) -> list[tuple[str, str]]:
    """Each certificate, by what its head says that it is of."""
    heads = list(_ENVATO.finditer(text))[: MAX_CERTIFICATES + 1]
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return [("".join(head[1].split()), text[head.start() : end]) for head, end in zip(heads, ends, strict=False)]


def _elements(text: str, columns: str, *, ai: bool) -> Paper | None:
    """Envato Elements, all three layouts. The licence code, ten letters and digits or a UUID, is the licence's id."""
    found = elements_certificate(text, columns)
    if found.url and found.item_id and "elements.envato.com" in found.url and not found.url.endswith(found.item_id):
        return None
    asset = Asset(provider="envato_elements", asset_id=found.item_id or "", title=found.title, contributor=found.author)
    licence = Licence(
        asset=asset,
        licence_id=found.code,
        kind=found.kind,
        licensed_at=found.licensed_at,
        licensee=found.licensee,
        client_hints={"project": found.project} if found.project else {},
    )
    layout = "ai" if ai else "project" if "Registered Project" in " ".join(text.split()) else "default"
    return certificate(f"envato_elements_certificate_{layout}", Sure.CERTAIN, licence, found.quotes)


def _market(text: str, columns: str) -> Paper | None:
    """Envato Market: 2012, 2017, and later. The purchase code, a UUID, is the licence's id."""
    found = market_certificate(text, columns)
    asset = Asset(
        provider="envato_market",
        asset_id=found.item_id or "",
        title=found.title,
        contributor=found.author,
        media_type=found.site,
    )
    licence = Licence(
        asset=asset,
        licence_id=found.code,
        kind=found.kind,
        licensed_at=found.licensed_at,
        licensee=found.licensee,
    )
    later = "following" in found.quotes.get("kind", "")
    layout = "later" if later else "2017" if "licensed_at" in found.quotes else "2012"
    return certificate(f"envato_market_certificate_{layout}", Sure.CERTAIN, licence, found.quotes)


_FREEPIK = Phrases(r"(?:Freepik|Magnific)\s{1,60}licen[cs]e", re.IGNORECASE)


def _freepik(text: str, columns: Callable[[], str]) -> Paper | None:
    """Freepik's personal PDF. The texts in its zips, the same for everybody, name no resource and no licensee."""
    by_title = _FREEPIK.search(text[:1000])
    platform, _, strong = the_platform(text)
    if not by_title and not (platform == "freepik" and (strong or titled(text))):
        return None
    found = freepik_certificate(in_one_line(text, _FREEPIK), in_one_line(columns(), _FREEPIK))
    when = iso(found.licensed_at)
    if len(found.resource_ids) != 1 or not when or "licensee" not in found.quotes:
        return None
    if found.kind not in ("free", "freemium", "premium", "essential", "pro"):
        return None
    asset = Asset(provider="freepik", asset_id=found.resource_ids[0], title=found.title, contributor=found.author)
    licence = Licence(
        asset=asset,
        key=("", asset.asset_id, found.kind, when[:10]),
        kind=found.kind,
        licensed_at=found.licensed_at,
        licensee=found.licensee,
    )
    return certificate("freepik_certificate", Sure.LIKELY, licence, found.quotes)
