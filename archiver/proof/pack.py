"""The pack that is handed over: licences with what proves them, checkable by anyone without this software.

`write_proof` makes a PDF for people and portals, and a zip for lawyers: a BagIt bag with the same PDF, the documents to
read, and in `07_integrity/` what proves them. It reads archives only: no platform, adapter or network is needed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import bagit

from archiver.archive import verify
from archiver.archive.disclose import disclose, place_of
from archiver.archive.reader import Archive, StoredObject
from archiver.browsing.printing import print_pages
from archiver.catalogue.catalogue import Entry
from archiver.catalogue.embedding import installed
from archiver.catalogue.matching import laid_beside
from archiver.domain import DocumentKind, TermsReference, TermsRelation
from archiver.errors import ConfigError, IntegrityError, MachineRefused, UnreadablePicture
from archiver.proof import pages
from archiver.proof.assess import Assessment
from archiver.proof.external import Private, Tier, external, licence_excerpt, receipt_excerpt, record_excerpt
from archiver.proof.pages import Demand, Told, Words
from archiver.provider import ProviderInfo
from archiver.reading.licence_json import LicenceFile, from_json
from archiver.reading.worker import DocumentReader
from archiver.terms import TermsFile
from archiver.terms import from_json as terms_from_json

LARGEST_PDF = 5_000_000  # bytes; what portals and mail take
ROOM_FOR_DOCUMENTS = 4_000_000  # bytes of it
NOT_EVIDENCE = "NOT EVIDENCE: made from a replay of recordings, not from a platform. It proves nothing.\n\n"
INTERNAL = """\
INTERNAL. Do not hand this on: it holds prices, accounts, seats and whatever else the platform wrote.

Each folder beside this text is a complete proof: python3 -I verify.py --proof FOLDER
"""
TERMS_FOLDERS = {TermsRelation.AT_PURCHASE: "03_terms_at_purchase", TermsRelation.LATER: "03_terms_captured_later"}


@dataclass(frozen=True)
class Packed:
    """One licence to hand over: where it lies, and what its holder and its platform are called.

    `own` are further names of the client, which may be told; `assigned_at` is when it was assigned to the client.
    """

    archive: Archive
    entry: Entry
    client_name: str
    provider_info: ProviderInfo | None  # None where there is no adapter
    own: tuple[str, ...] = ()
    assigned_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """How to pack. `others` are names of all other clients, which must not get out; `pictures` are the claimant's.
    `elsewhere` as in `Private`. `verdicts`, by a licence's folder, stay inside.

    `now` becomes the bag's date, the one thing in which packs of the same licences differ.
    """

    now: datetime
    language: str = "en"
    claim: Demand | None = None
    pictures: Sequence[bytes] = ()
    others: Sequence[str] = ()
    elsewhere: Callable[[set[str]], bool] = lambda _: False
    internal: bool = False
    verdicts: Mapping[str, Assessment] = field(default_factory=dict)


def write_proof(
    packed: Sequence[Packed], out: Path, order: Order, warn: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write `out` (a zip), the PDF of the same name, and for `internal` a zip beside it; returns their paths.

    `warn` is told what certificates hold that the sender may not want to hand on. ConfigError where a file exists or
    cannot be made, IntegrityError for a damaged licence or one under no checkpoint; then nothing is left behind.
    """
    outs = [out, out.with_suffix(".pdf"), *([out.with_name(f"{out.stem}-internal.zip")] if order.internal else [])]
    if out.suffix.lower() == ".pdf":
        raise ConfigError(f"{out} is to be a zip; the PDF is written beside it. Name it {out.with_suffix('.zip')}.")
    distinct = list({(each.archive.root, each.entry.object_id): each for each in packed}.values())
    with ExitStack() as stack:
        reader = stack.enter_context(DocumentReader())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="archiver-proof-")))
        files = [stack.enter_context(_new_file(path)) for path in outs]
        told = _write_bag(distinct, folder / "proof", order, reader, warn)
        if order.internal:
            _write_internal(distinct, told, folder / "internal", order)
        for path, file in zip(outs, files, strict=True):
            with file.open("wb") as written:
                if path == outs[1]:
                    written.write((folder / "proof/data/proof.pdf").read_bytes())
                else:
                    _zip(folder, "proof" if path == out else "internal", written)
    return outs


@contextmanager
def _new_file(out: Path) -> Iterator[Path]:
    try:
        out.open("xb").close()
    except FileExistsError:
        raise ConfigError(f"{out} exists. Choose another name; nothing is overwritten.") from None
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}. Choose another place.") from None
    try:
        yield out
    except BaseException:
        out.unlink()
        raise


def _zip(folder: Path, top: str, out: object) -> None:
    with zipfile.ZipFile(out, "w") as zipped:  # type: ignore[call-overload]  # any binary file
        for path in sorted(path for path in (folder / top).rglob("*") if path.is_file()):
            # A fixed time and mode: what matters about dates is inside, proven.
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            info.external_attr, info.create_system, info.compress_type = 0o644 << 16, 3, zipfile.ZIP_DEFLATED
            zipped.writestr(info, path.read_bytes())


# ---------------------------------------------------------------- one licence


@dataclass(frozen=True)
class _Sound:
    """A licence that was found to be sound, and what of it goes out."""

    packed: Packed
    stored: StoredObject
    file: LicenceFile
    private: Private
    tier: Tier
    terms: Sequence[tuple[TermsReference, StoredObject]]

    def newest(self) -> Iterator[tuple[str, DocumentKind | None, bytes, bool]]:
        """Name, kind, bytes and whether it is withheld, of each file of the newest version."""
        kinds = {each.name: each.kind for each in self.file.documents}
        for name, file in sorted(self.stored.files().items()):
            place = file.path.relative_to(self.stored.path).as_posix()
            yield name, kinds.get(name), self.stored.read(name), place in self.tier.withheld


def _sound(packed: Packed, order: Order, reader: DocumentReader) -> _Sound:
    """Look whether everything is what was archived, also what stays here: excerpts are made of it."""
    stored = packed.archive.object(packed.entry.object_id)
    _refuse(verify.check_object(stored.path, f"{stored.folder}/").findings)
    file = from_json(stored.read("licence.json"))
    own = {each.casefold() for each in (packed.client_name, *packed.own)}
    others = [each for each in order.others if each.casefold() not in own]
    private = Private(file=file, others=others, own=(packed.client_name, *packed.own), elsewhere=order.elsewhere)
    terms = [(each, packed.archive.object(each.id)) for each in file.terms]
    return _Sound(packed, stored, file, private, external(stored, private, reader), terms)


def _refuse(findings: Sequence[verify.Finding]) -> None:
    if damage := [f"{finding.path} {finding.message}" for finding in findings if finding.damage]:
        raise IntegrityError("; ".join(damage[:3]))


def _disclosed(sound: _Sound, folder: Path, withheld: Sequence[str]) -> verify.Report:
    """Write the proof of one licence and check it as its receiver will."""
    disclose(sound.packed.archive, sound.stored.id, folder, [each.id for each in sound.file.terms], withheld)
    report = verify.verify_proof(folder)
    _refuse(report.findings)
    return report


# ---------------------------------------------------------------- the bag


def _write_bag(
    packed: Sequence[Packed], bag: Path, order: Order, reader: DocumentReader, warn: Callable[[str], None]
) -> Sequence[Told]:
    """Write the bag; what is told in it of each licence."""
    words = Words(order.language)
    data = bag / "data"
    sounds = [_sound(each, order, reader) for each in packed]
    seats = {
        seat: number
        for number, seat in enumerate(dict.fromkeys(filter(None, (s.file.licence.seat for s in sounds))), 1)
    }
    reports = [
        _disclosed(each, data / verify.PROOFS / each.stored.folder, sorted(each.tier.withheld)) for each in sounds
    ]
    shutil.copyfile(verify.__file__, data / verify.PROOFS / "verify.py")
    evidence = all(report.evidence for report in reports)
    natives = _natives(sounds, reader)
    theirs = [jpeg for content in order.pictures if (jpeg := _picture(content, reader, large=True))]
    told = [
        _told(sound, report, seats.get(sound.file.licence.seat or ""), natives, theirs, reader, words)
        for sound, report in zip(sounds, reports, strict=True)
    ]
    texts: dict[str, str] = {}
    for sound, each in zip(sounds, told, strict=True):
        for warning in sound.tier.warnings:
            warn(warning)
        if theirs and "our_picture_laid" not in dict(each.figures).values():
            warn(f"no picture of the enquiry could be laid over the preview of {each.folder}: compare them by eye")
        _write_documents(sound, each, data, reader)
        texts[f"05_client_assignment/{each.folder}/chain-by-us.txt"] = pages.chain_sheet(each, words)
        texts[f"06_use_and_dates/{each.folder}/dates-by-us.txt"] = pages.dates_sheet(each, words)
    if order.claim:
        texts["01_claim/claim-by-us.txt"] = pages.claim_sheet(order.claim, words)
        for number, picture in enumerate(dict.fromkeys(each.picture for each in told if each.picture), 1):
            _write(data / f"01_claim/picture-{number}.jpg", picture)
    places = [f"data/{verify.PROOFS}/{each.stored.folder}/{place_of(each.stored.id)}" for each in sounds]
    texts["../HOW-TO-CHECK.txt"] = pages.how_to_check(places, words)
    for name, text in texts.items():
        marked = text if evidence else NOT_EVIDENCE + text
        _write(data / name, marked.encode("utf-8", "replace"))
    _write(data / "proof.pdf", _pdf(sounds, told, natives, order, reader))
    _refuse([finding for report in verify.verify_pack(data) for finding in report.findings])
    _seal(bag, order.now)
    return told


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _seal(bag: Path, now: datetime) -> None:
    """The bag's own files: BagIt 1.0 (RFC 8493)."""
    payload = sorted(path for path in (bag / "data").rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in payload)
    _write(bag / "bagit.txt", b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
    info = f"Bag-Software-Agent: archiver\nBagging-Date: {now:%Y-%m-%d}\nPayload-Oxum: {size}.{len(payload)}\n"
    _write(bag / "bag-info.txt", info.encode())
    _write(bag / "manifest-sha256.txt", _manifest(bag, payload))
    tags = sorted(path for path in bag.iterdir() if path.is_file())
    _write(bag / "tagmanifest-sha256.txt", _manifest(bag, tags))
    try:
        bagit.Bag(str(bag)).validate()
    except bagit.BagError as error:
        raise MachineRefused(f"what was just written to {bag} is not there any more: {error}") from None


def _manifest(bag: Path, files: Sequence[Path]) -> bytes:
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bag).as_posix()}\n" for path in files]
    return "".join(lines).encode()


def _write_documents(sound: _Sound, told: Told, data: Path, reader: DocumentReader) -> None:
    """The licence's newest files to read, or excerpts of those that are withheld, and its terms."""
    place = {DocumentKind.RECEIPT: data / "04_invoice_payment" / told.folder}
    usual = data / "02_licence_original" / told.folder
    for name, kind, content, withheld in sound.newest():
        folder, stem = place.get(kind, usual) if kind else usual, name.partition(".")[0]
        if not withheld:
            _write(folder / name, content)
        elif name == "licence.json":
            seat = f"seat {told.seat}" if told.seat else None
            _write(folder / "licence-excerpt.json", _json(licence_excerpt(sound.private, seat)))
        elif kind is DocumentKind.RECORD and name.endswith(".json"):
            _write(folder / f"{stem}-excerpt.json", _json(record_excerpt(content, sound.private)))
        elif text := _receipt_text(kind, content, sound, reader):
            _write(folder / f"{stem}-excerpt.txt", text.encode("utf-8", "replace"))
    for reference, terms in sound.terms:
        for name, file in terms.files().items():
            if name in ("terms.txt", "page.pdf"):
                _write(data / TERMS_FOLDERS[reference.relation] / terms.folder / name, file.path.read_bytes())


def _receipt_text(kind: DocumentKind | None, content: bytes, sound: _Sound, reader: DocumentReader) -> str | None:
    if kind is not DocumentKind.RECEIPT:
        return None
    media_type = "application/pdf" if content.startswith(b"%PDF-") else "text/plain"
    return receipt_excerpt(reader.read(content, media_type).text, sound.private)


def _json(tree: Mapping[str, object]) -> bytes:
    return (json.dumps(tree, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


# ---------------------------------------------------------------- the PDF


def _natives(sounds: Sequence[_Sound], reader: DocumentReader) -> dict[tuple[str, str], tuple[bytes, int] | str]:
    """The PDFs that proof.pdf holds, made harmless, with their pages; a text says why one is not in it.

    Certificates come first, then receipts; captures only where there is no certificate.
    """
    found: dict[tuple[str, str], tuple[bytes, int] | str] = {}
    room = ROOM_FOR_DOCUMENTS
    for wanted in (DocumentKind.CERTIFICATE, DocumentKind.RECEIPT, DocumentKind.CAPTURE):
        for sound in sounds:
            certified = any(each.kind is DocumentKind.CERTIFICATE for each in sound.file.documents)
            for name, kind, content, withheld in sound.newest():
                if kind is not wanted or withheld or not content.startswith(b"%PDF-"):
                    continue
                if kind is DocumentKind.CAPTURE and certified:
                    continue
                joined, error = reader.join([(name, content)])
                if not error and len(joined) > room:
                    error = "too_large"
                if not error:
                    room -= len(joined)
                found[sound.stored.folder, name] = error or (joined, reader.read(joined, "application/pdf").pages)
    return found


def _told(
    sound: _Sound,
    report: verify.Report,
    seat: int | None,
    natives: Mapping[tuple[str, str], tuple[bytes, int] | str],
    theirs: Sequence[bytes],
    reader: DocumentReader,
    words: Words,
) -> Told:
    inside = {}
    for (folder, name), native in natives.items():
        if folder == sound.stored.folder:
            reason = words("too_large") if native == "too_large" else native
            inside[name] = (
                words("in_the_zip", reason=reason) if isinstance(reason, str) else words("follows", pages=reason[1])
            )
    files = list(sound.newest())
    previews = [content for _, kind, content, withheld in files if kind is DocumentKind.PREVIEW and not withheld]
    preview = _picture(previews[0], reader) if previews else None
    picture, figures = _side_by_side(theirs, preview)
    terms: list[tuple[TermsReference, TermsFile, str]] = [
        (reference, terms_from_json(stored.read("terms.json")), stored.read("terms.txt").decode("utf-8", "replace"))
        for reference, stored in sound.terms
    ]
    return Told(
        folder=sound.stored.folder,
        file=sound.file,
        report=report,
        private=sound.private,
        client_name=sound.packed.client_name,
        provider_info=sound.packed.provider_info,
        terms=terms,
        withheld=frozenset(name for name, _, _, withheld in files if withheld),
        inside=inside,
        picture=picture,
        figures=figures,
        seat=seat,
        assigned_at=sound.packed.assigned_at,
    )


def _picture(content: bytes, reader: DocumentReader, *, large: bool = False) -> bytes | None:
    """A small JPEG of it; None where it cannot be read."""
    try:
        return reader.look(content, large=large).preview
    except UnreadablePicture:
        return None


def _side_by_side(theirs: Sequence[bytes], preview: bytes | None) -> tuple[bytes | None, Sequence[tuple[bytes, str]]]:
    """The claimant's picture that shows this asset, and the pictures of the summary with their captions' wording."""
    for picture in theirs:
        if preview and (laid := laid_beside(picture, preview, points=installed())):
            return picture, [(laid[0], "their_picture"), (laid[1], "our_picture_laid")]
    ours = [(preview, "our_picture")] if preview else []
    if len(theirs) != 1:  # whichever of several it is, a person has to say
        return None, ours
    return theirs[0], [(theirs[0], "their_picture"), *ours]


def _pdf(
    sounds: Sequence[_Sound],
    told: Sequence[Told],
    natives: Mapping[tuple[str, str], tuple[bytes, int] | str],
    order: Order,
    reader: DocumentReader,
) -> bytes:
    words = Words(order.language)
    summaries = [pages.overview_page(told, words, order.claim)] if len(told) > 1 else []
    summaries += [pages.summary_page(each, words, order.claim) for each in told]
    front = pages.document(words, [*summaries, *(pages.details_pages(each, words) for each in told)])
    behind = list(dict.fromkeys(_texts(sounds, told, words, reader)))
    printed = print_pages([front, *([pages.document(words, behind)] if behind else [])])
    parts = [(words("title"), printed[0])]
    parts += [(name, native[0]) for (_, name), native in natives.items() if not isinstance(native, str)]
    parts += [(words("terms"), each) for each in printed[1:]]
    joined, error = reader.join(parts)
    if error:
        raise MachineRefused(f"proof.pdf could not be put together: {error}")
    return joined


def _texts(sounds: Sequence[_Sound], told: Sequence[Told], words: Words, reader: DocumentReader) -> Iterator[str]:
    for sound, each in zip(sounds, told, strict=True):
        for name, kind, content, withheld in sound.newest():
            if kind is DocumentKind.CERTIFICATE and name.endswith(".txt") and not withheld:
                text = reader.read(content, "text/plain").text
                yield pages.text_pages(words("certificate_text", name=name), text, words)
            elif withheld and (text := _receipt_text(kind, content, sound, reader) or ""):
                yield pages.text_pages(words("receipt_text", name=name), text, words)
        for _, said, text in each.terms:
            yield pages.text_pages(words("terms_text", url=said.url), text, words)


# ---------------------------------------------------------------- what stays inside


def _write_internal(packed: Sequence[Packed], told: Sequence[Told], folder: Path, order: Order) -> None:
    """Everything about each licence, whole, and the verdicts."""
    _write(folder / "INTERNAL.txt", INTERNAL.encode())
    shutil.copyfile(verify.__file__, folder / "verify.py")
    for each in packed:
        stored = each.archive.object(each.entry.object_id)
        file = from_json(stored.read("licence.json"))
        disclose(each.archive, stored.id, folder / stored.folder, [reference.id for reference in file.terms])
    words = Words(order.language)
    judged = [(each, order.verdicts[each.folder]) for each in told if each.folder in order.verdicts]
    if judged:
        sheets = [pages.verdict_page(each, words, order.claim, assessed) for each, assessed in judged]
        _write(folder / "verdict.pdf", print_pages([pages.document(words, sheets)])[0])
