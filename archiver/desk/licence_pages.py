"""The pages of one licence: its documents, its verification, and downloads of bytes of unknown origin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from starlette.exceptions import HTTPException
from starlette.responses import Response

from archiver.archive.reader import Archive, StoredObject
from archiver.catalogue import search
from archiver.catalogue.index import Catalogue, CatalogueEntry
from archiver.catalogue.index_rows import FOR_CLIENTS
from archiver.claims.assessment import assess
from archiver.claims.claim_files import USES
from archiver.claims.facts import Use
from archiver.core.errors import IntegrityError
from archiver.core.model import DocumentKind
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role
from archiver.desk.forms import given_day
from archiver.reading.documents import is_pdf
from archiver.reading.worker import DocumentReader

# Media types that the page can show. Every other file is only a download.
PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp",
}  # fmt: skip


IN_PLACE = {
    "text/html": "text/html; charset=utf-8", "image/svg+xml": "image/svg+xml",
    "text/plain": "text/plain; charset=utf-8",
    "application/json": "text/plain; charset=utf-8", "text/csv": "text/plain; charset=utf-8",
    "message/rfc822": "text/plain; charset=utf-8", "text/xml": "text/plain; charset=utf-8",
    "application/xml": "text/plain; charset=utf-8",
}  # fmt: skip


SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)


# Browsers show no PDF in a sandbox. Their PDF viewer is a sandbox itself, and `nosniff` keeps the type.
PDF_POLICY = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@contextmanager
def opened(visit: PageRequest) -> Iterator[tuple[Archive, Catalogue, CatalogueEntry]]:
    """The licence at this address, in its client's archive; HTTPException 404 if the visitor may not see it."""
    slug = visit.client().slug
    if not visit.home.archive(slug).is_dir():
        raise HTTPException(404)
    with DocumentReader() as reader, search.catalogue_of(visit.home, slug, reader) as (archive, catalogue):
        found = [each for each in catalogue.matching(visit.path["folder"]) if each.folder == visit.path["folder"]]
        if not found or (visit.visitor.client and (not found[0].held or found[0].licence.comp)):
            raise HTTPException(404)
        yield archive, catalogue, found[0]


def verdict(visit: PageRequest) -> Response:
    """A page fragment: the verdict of the rules on a licence and its known use."""
    with opened(visit) as (_, _, entry):
        owner = visit.asked("for") or entry.client
    kind = visit.asked("use")
    use = Use(first_seen=given_day(visit.asked("first")), kind=kind if kind in USES else None)
    assessed = assess(visit.home, visit.client(owner).slug, use, name=entry.short_id)
    assert assessed.assessment
    parts = {"1": "verdict.html", "line": "verdict-line.html"}
    template = parts.get(visit.asked("part"), "verdict-page.html")
    return visit.page(
        template, assessment=assessed.assessment, notes=assessed.notes, entry=entry, use=use, owner=owner, kinds=USES
    )


def document(visit: PageRequest) -> Response:
    """Send a document's archived bytes so that no code in it can run."""
    with opened(visit) as (archive, _, entry):
        name = visit.path["name"]
        filed = next((each for each in entry.file.documents if each.name == name), None)
        if filed is None or (visit.visitor.client and filed.kind not in FOR_CLIENTS):
            raise HTTPException(404)
        content = archive.object(entry.object_id).read(name)
    if visit.asked("save"):
        visit.log_action("saved", f"{entry.short_id}/{name}")
    return handed_out(visit, content, name, filed.media_type)


def terms(visit: PageRequest) -> Response:
    """Send a text of terms that a licence names."""
    with opened(visit) as (archive, _, entry):
        found = next((each for each in entry.file.terms if each.id.endswith(f":{visit.path['terms']}")), None)
        if found is None:
            raise HTTPException(404)
        stored, name = archive.object(found.id), visit.path["name"]
        content = _read(stored, name)
    return handed_out(visit, content, name, "text/plain" if name.endswith(".txt") else "")


def _read(stored: StoredObject, name: str) -> bytes:
    if name not in stored.files():
        raise HTTPException(404)
    return stored.read(name)


def preview(visit: PageRequest) -> Response:
    """Send the licence's preview picture, or a placeholder if it has none."""
    try:
        with opened(visit) as (archive, _, entry), suppress(IntegrityError):
            for filed in entry.file.documents:
                if filed.kind is DocumentKind.PREVIEW and filed.media_type.startswith("image/"):
                    content = archive.object(entry.object_id).read(filed.name)
                    if media_type := _picture_type(content):
                        headers = {"content-security-policy": SANDBOX, "cache-control": "private, max-age=3600"}
                        return Response(content, media_type=media_type, headers=headers)
    except HTTPException:
        if visit.visitor.client or not visit.home.archive(visit.client().slug).is_dir():
            raise  # else it was erased, and a claim still shows it
    return visit.to("static", "no-picture.svg")


def _picture_type(content: bytes) -> str | None:
    return next((kind for start, kind in PICTURES.items() if content.startswith(start)), None)


def handed_out(visit: PageRequest, content: bytes, name: str, media_type: str) -> Response:
    """Send bytes of unknown origin. Their type comes from their content or a short list; all else gets a sandbox."""
    pdf, picture = is_pdf(content), _picture_type(content)
    in_place = "application/pdf" if pdf else picture or IN_PLACE.get(media_type.partition(";")[0].strip().lower())
    saved = bool(visit.asked("save")) or in_place is None
    plain = "".join(each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in name)[-80:]
    headers = {
        "content-security-policy": PDF_POLICY if pdf else SANDBOX,
        "content-disposition": f'{"attachment" if saved else "inline"}; filename="{plain}"',
    }
    kind = "application/octet-stream" if in_place is None else in_place
    return Response(content, headers=headers | {"content-type": kind})


ROUTES = [
    PageRoute("/licence/{client}/{folder}/verdict", verdict, Role.READ),
    PageRoute("/licence/{client}/{folder}/preview", preview, Role.CLIENT),
    PageRoute("/licence/{client}/{folder}/file/{name:path}", document, Role.CLIENT),
    PageRoute("/licence/{client}/{folder}/terms/{terms}/{name:path}", terms, Role.CLIENT),
]
