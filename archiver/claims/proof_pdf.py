"""proof.pdf: the summaries, the documents themselves made harmless, and the texts, in one file that portals take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from archiver.archive.checking.parts import verify_report
from archiver.browsing.pdf_printing import print_pages
from archiver.catalogue.matcher import Matcher
from archiver.claims.pack_input import PackOptions, VerifiedLicence
from archiver.claims.pack_pages import PackedLicence, TextPage, pack_html
from archiver.claims.pack_words import PackWords
from archiver.claims.redaction import text_excerpt
from archiver.core.errors import MachineRefused, UnreadablePicture
from archiver.core.model import DocumentKind, TermsReference
from archiver.reading.terms_json import TermsFile
from archiver.reading.terms_json import from_json as terms_from_json
from archiver.reading.worker import DocumentReader

MAX_DOCUMENTS_BYTES = 4_000_000  # bytes of proof.pdf, of which portals and mail take 5 MB

ATTACHED_LIST = "zip-manifest-sha256.txt"
"""The file in proof.pdf that lists the other files of the zip with their SHA-256, as BagIt does."""

type Natives = Mapping[tuple[str, str], tuple[bytes, int] | str]


def natives_of(sounds: Sequence[VerifiedLicence], reader: DocumentReader) -> Natives:
    """The PDFs that proof.pdf holds, made harmless, with their pages; a text says why one is not in it.

    Certificates come first, then receipts; captures only where there is no certificate.
    """
    found: dict[tuple[str, str], tuple[bytes, int] | str] = {}
    room = MAX_DOCUMENTS_BYTES
    for wanted in (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT, DocumentKind.CAPTURE):
        for verified in sounds:
            certified = any(each.kind is DocumentKind.CERTIFICATE for each in verified.file.documents)
            for name, kind, content, withheld in verified.newest():
                if kind is not wanted or withheld or not content.startswith(b"%PDF-"):
                    continue
                if kind is DocumentKind.CAPTURE and certified:
                    continue
                joined, error = reader.join([(name, content)])
                if not error and len(joined) > room:
                    error = "too_large"
                if not error:
                    room -= len(joined)
                found[verified.stored.folder, name] = error or (joined, reader.read(joined, "application/pdf").pages)
    return found


@dataclass(frozen=True)
class PackContext:
    """What all licences of a pack share. `theirs` are the claimant's pictures, as JPEGs of ours; `alone`: the pack is
    about one asset only.
    """

    natives: Natives
    theirs: Sequence[bytes]
    reader: DocumentReader
    matcher: Matcher
    words: PackWords
    alone: bool


def summarise(
    verified: VerifiedLicence, report: verify_report.VerifyReport, seat: int | None, pack: PackContext
) -> PackedLicence:
    """One licence as the pack tells of it."""
    inside, words = {}, pack.words
    for (folder, name), native in pack.natives.items():
        if folder == verified.stored.folder:
            reason = words("too_large") if native == "too_large" else native
            inside[name] = (
                words("in_the_zip", reason=reason) if isinstance(reason, str) else words("follows", pages=reason[1])
            )
    files = list(verified.newest())
    previews = [content for _, kind, content, withheld in files if kind is DocumentKind.PREVIEW and not withheld]
    preview = picture_of(previews[0], pack.reader) if previews else None
    picture, figures = _side_by_side(pack, previews[0] if preview else None, preview)
    terms: list[tuple[TermsReference, TermsFile, str]] = [
        (reference, terms_from_json(stored.read("terms.json")), stored.read("terms.txt").decode("utf-8", "replace"))
        for reference, stored in verified.terms
    ]
    return PackedLicence(
        folder=verified.stored.folder,
        file=verified.file,
        report=report,
        private=verified.private,
        client_name=verified.packed.client_name,
        provider_info=verified.packed.provider_info,
        terms=terms,
        withheld=frozenset(name for name, _, _, withheld in files if withheld),
        inside=inside,
        picture=picture,
        figures=figures,
        seat=seat,
        assigned_at=verified.packed.assigned_at,
    )


def picture_of(content: bytes, reader: DocumentReader, *, large: bool = False) -> bytes | None:
    """A JPEG of it for people to look at; None where it cannot be read."""
    try:
        return reader.look(content, large=large).preview
    except UnreadablePicture:
        return None


def _side_by_side(
    pack: PackContext, archived: bytes | None, preview: bytes | None
) -> tuple[bytes | None, Sequence[tuple[bytes, str]]]:
    """The claimant's picture that shows this asset, and the pictures of the summary with their captions' wording.

    `preview` is what people see of the `archived` one.
    """
    theirs = pack.theirs
    if theirs and archived:
        # Looking at the parts of a picture takes seconds: first each is looked at as a whole.
        for entire, picture in product((True, False) if len(theirs) > 1 else (False,), theirs):
            if laid := pack.matcher.laid_beside(picture, archived, entire=entire):
                return picture, [(laid[0], "their_picture"), (laid[1], "our_picture_laid")]
    ours = [(preview, "our_picture")] if preview else []
    if len(theirs) != 1 or not pack.alone:  # which shows which, a person has to say
        return None, ours
    small = picture_of(theirs[0], pack.reader)
    return theirs[0], [*([(small, "their_picture")] if small else []), *ours]


def pdf_of(
    sounds: Sequence[VerifiedLicence],
    packed: Sequence[PackedLicence],
    natives: Natives,
    order: PackOptions,
    reader: DocumentReader,
    digests: bytes,
) -> bytes:
    """The whole proof.pdf, with the list of `digests` attached.

    BrowserMissing where no Chromium prints it, MachineRefused where its parts do not join.
    """
    words = PackWords(order.language)
    texts = _texts(sounds, packed, words, reader)
    front = pack_html(words, order.claim, packed)
    printed = print_pages([front, *([pack_html(words, order.claim, texts=texts)] if texts else [])])
    parts = [(words("title"), printed[0])]
    for (folder, name), native in natives.items():
        if not isinstance(native, str):
            parts.append((f"{folder}: {name}" if len(packed) > 1 else name, native[0]))
    parts += [(words("terms"), each) for each in printed[1:]]
    joined, error = reader.join(parts, [(ATTACHED_LIST, digests)])
    if error:
        raise MachineRefused(f"proof.pdf could not be put together: {error}")
    return joined


def html_of(
    sounds: Sequence[VerifiedLicence], packed: Sequence[PackedLicence], order: PackOptions, reader: DocumentReader
) -> bytes:
    """The pages of proof.pdf that are ours, as one HTML file that any browser shows and prints."""
    words = PackWords(order.language)
    texts = _texts(sounds, packed, words, reader)
    return pack_html(words, order.claim, packed, texts).encode("utf-8", "replace")


def _texts(
    sounds: Sequence[VerifiedLicence], packed: Sequence[PackedLicence], words: PackWords, reader: DocumentReader
) -> list[TextPage]:
    """The pages behind the summaries, each once."""
    pages = []
    for verified, each in zip(sounds, packed, strict=True):
        of = each.folder if len(packed) > 1 else ""
        for name, kind, content, withheld in verified.newest():
            if kind is DocumentKind.CERTIFICATE and name.endswith(".txt") and not withheld:
                text = reader.read(content, "text/plain").text
                pages.append(TextPage(words("certificate_text", name=name), text, of))
            elif withheld and (text := excerpt_text(kind, content, verified, reader, words) or ""):
                pages.append(TextPage(words("excerpt_text", name=name), text, of))
        pages += [TextPage(words("terms_text", url=said.url), text) for _, said, text in each.terms]
    return list(dict.fromkeys(pages))


def excerpt_text(
    kind: DocumentKind | None, content: bytes, verified: VerifiedLicence, reader: DocumentReader, words: PackWords
) -> str | None:
    """The excerpt of a receipt or certificate that is withheld; None for other documents."""
    if kind not in (DocumentKind.RECEIPT, DocumentKind.CERTIFICATE):
        return None
    media_type = "application/pdf" if content.startswith(b"%PDF-") else "text/plain"
    return text_excerpt(reader.read(content, media_type).text, verified.private, words("excerpt_made"))
