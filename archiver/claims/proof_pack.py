"""The pack that is handed over: licences with what proves them, checkable by anyone without this software.

`write_proof` makes a PDF for people and portals, and a zip for lawyers: a BagIt bag with the same PDF, the documents to
read, and in `07_integrity/` what proves them. It reads archives only: no platform, adapter or network is needed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

import bagit

from archiver.archive.check_page import check_page
from archiver.archive.checking import CARRIED
from archiver.archive.checking.parts import one_proof, verify_report, whole_pack
from archiver.archive.inclusion_bundle import disclose, place_of
from archiver.browsing.pdf_printing import print_pages
from archiver.catalogue.matcher import Matcher
from archiver.claims import pack_pages
from archiver.claims.pack_input import LicenceToPack, PackOptions, VerifiedLicence, check_pinned, refuse, verify_licence
from archiver.claims.pack_pages import PackedLicence
from archiver.claims.pack_words import PackWords
from archiver.claims.proof_pdf import (
    Natives,
    PackContext,
    excerpt_text,
    html_of,
    natives_of,
    pdf_of,
    picture_of,
    summarise,
)
from archiver.claims.redaction import licence_excerpt, record_excerpt
from archiver.core.atomic_files import new_files, read_file, scratch_folder, settle_new_files
from archiver.core.errors import BrowserMissing, ConfigError, MachineRefused
from archiver.core.model import DocumentKind
from archiver.reading.worker import DocumentReader

PAGES = (".pdf", ".html")  # of the two kinds of pages, the second where no browser can print the first


def write_proof(
    packed: Sequence[LicenceToPack], out: Path, order: PackOptions, warn: Callable[[str], None],
    progress: Callable[[int, int], None],
) -> list[Path]:  # fmt: skip
    """Write `out` (a zip), the PDF of the same name, and for `internal` a zip beside it; returns their paths.

    Where no Chromium can print the PDF, an HTML file of the same pages takes its place, and `warn` is told.
    `warn` is told what certificates hold that the sender may not want to hand on. ConfigError where a file exists or
    cannot be made, IntegrityError for a damaged licence or one under no checkpoint; then nothing is left behind, nor if
    `progress` raises. It hears how many steps of how many are done.
    """
    outs = _places(out, internal=order.internal)
    if out.suffix.lower() in PAGES:
        raise ConfigError(f"{out} is to be a zip; the PDF is written beside it. Name it {out.with_suffix('.zip')}.")
    distinct = list({(each.archive.root, each.entry.object_id): each for each in packed}.values())
    done, steps = count(1), 2 * len(distinct) + 2  # each verified and described, then the PDF and the zip
    with ExitStack() as stack:
        reader = stack.enter_context(DocumentReader())
        folder = stack.enter_context(scratch_folder("proof"))
        files = stack.enter_context(_new_files(outs))
        summaries = _write_bag(distinct, folder / "proof", order, reader, warn, lambda: progress(next(done), steps))
        page = next((folder / "proof/data").glob("proof.*"))
        if order.internal:
            _write_internal(distinct, summaries, folder / "internal", order, reader)
        for path, file in zip(outs, files, strict=True):
            if path == out or path.stem.endswith("-internal"):
                with file.open("wb") as written:
                    _zip(folder, "proof" if path == out else "internal", written)
            elif path.suffix == page.suffix:
                file.write_bytes(page.read_bytes())
            else:
                file.unlink()
        progress(steps, steps)
    return [path for path in outs if path.suffix not in PAGES or path.suffix == page.suffix]


def is_written(out: Path) -> bool:
    """Whether there is a pack of this name. One that a killed command left unfinished is removed."""
    settle_new_files(_places(out, internal=True))
    return out.exists()


def _places(out: Path, *, internal: bool) -> list[Path]:
    """Where a pack's files may lie: the zip, one of the two kinds of pages, and the zip for internal use."""
    places = [out, *(out.with_suffix(each) for each in PAGES)]
    return [*places, out.with_name(f"{out.stem}-internal.zip")] if internal else places


@contextmanager
def _new_files(outs: Sequence[Path]) -> Iterator[Sequence[Path]]:
    with ExitStack() as stack:
        try:
            files = stack.enter_context(new_files(outs))
        except FileNotFoundError:
            raise ConfigError(
                f"There is no folder {outs[0].parent}. Make it, or name another file with --out."
            ) from None
        except OSError as error:
            raise ConfigError(f"{error.filename} cannot be written: {error.strerror}. Choose another place.") from None
        yield files


def _zip(folder: Path, top: str, out: object) -> None:
    with zipfile.ZipFile(out, "w") as zipped:  # type: ignore[call-overload]  # any binary file
        for path in sorted(path for path in (folder / top).rglob("*") if path.is_file()):
            # A fixed time and mode: what matters about dates is inside, proven.
            info = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            info.external_attr, info.create_system, info.compress_type = 0o644 << 16, 3, zipfile.ZIP_DEFLATED
            zipped.writestr(info, path.read_bytes())


def _disclosed(
    verified: VerifiedLicence, folder: Path, withheld: Sequence[str], roots: Path | None
) -> verify_report.VerifyReport:
    """Write the proof of one licence and check it as its receiver will, and against the roots that the home pins."""
    disclose(verified.packed.archive, verified.stored.id, folder, [each.id for each in verified.file.terms], withheld)
    report = one_proof.verify_proof(folder)
    refuse(report.findings)
    check_pinned(folder, roots)
    return report


# ---------------------------------------------------------------- the bag


def _write_bag(
    packed: Sequence[LicenceToPack], bag: Path, order: PackOptions, reader: DocumentReader,
    warn: Callable[[str], None], step: Callable[[], None],
) -> Sequence[PackedLicence]:  # fmt: skip
    """Write the bag; what is told in it of each licence."""
    words = PackWords(order.language)
    data = bag / "data"
    sounds = []
    for licence in packed:
        sounds.append(verify_licence(licence, order, reader))
        step()
    reports = [
        _disclosed(each, data / whole_pack.PROOFS / each.stored.folder, sorted(each.tier.withheld), order.roots)
        for each in sounds
    ]
    shutil.copyfile(CARRIED, data / whole_pack.PROOFS / "verify.py")
    evidence = all(report.evidence for report in reports)
    natives = natives_of(sounds, reader)
    theirs = [jpeg for content in order.pictures if (jpeg := picture_of(content, reader, large=True))]
    summaries = _summaries(sounds, reports, natives, theirs, reader, words)
    for verified, each in zip(sounds, summaries, strict=True):
        for warning in (*verified.tier.warnings, *(_comparison_lacks(each) if theirs else ())):
            warn(warning)
        _write_documents(verified, each, data, reader, words)
        step()
    if order.claim:
        for number, picture in enumerate(dict.fromkeys(each.picture for each in summaries if each.picture), 1):
            _write(data / f"01_claim/picture-{number}.jpg", picture)
    places = [f"data/{whole_pack.PROOFS}/{each.stored.folder}/{place_of(each.stored.id)}" for each in sounds]
    for name, text in _texts(summaries, order, places, words).items():
        marked = text if evidence else f"{words('not_evidence')}: {words('replay')}\n\n{text}"
        _write(data / name, marked.encode("utf-8", "replace"))
    try:
        digests = _manifest(bag, [path for path in data.rglob("*") if path.is_file()])
        pdf = pdf_of(sounds, summaries, natives, order, reader, digests)
        pdf, reasons = order.timestamped(pdf) if order.timestamped else (pdf, [])
        _write(data / "proof.pdf", pdf)
        for reason in reasons:
            warn(f"proof.pdf has no document timestamp of its own: {reason}. What the archive proves is not affected.")
    except BrowserMissing as error:
        _write(data / "proof.html", html_of(sounds, summaries, order, reader))
        warn(f"{error} Until then proof.html takes the place of proof.pdf: open it in a browser and print it there.")
    step()
    _write(bag / whole_pack.CHECK_PAGE, check_page())
    _seal(bag, order.now)
    refuse([finding for report in whole_pack.verify_pack(bag) for finding in report.findings])
    return summaries


def _summaries(
    sounds: Sequence[VerifiedLicence], reports: Sequence[verify_report.VerifyReport], natives: Natives,
    theirs: Sequence[bytes], reader: DocumentReader, words: PackWords,
) -> list[PackedLicence]:  # fmt: skip
    """The licences as the pack tells of them. `theirs` are the claimant's pictures."""
    named = dict.fromkeys(filter(None, (each.file.licence.seat for each in sounds)))
    seats = {seat: number for number, seat in enumerate(named, 1)}
    alone = len({(each.file.licence.asset.provider, each.file.licence.asset.asset_id) for each in sounds}) == 1
    with Matcher() as matcher:  # one for all, because its start is slow; none starts without the claimant's pictures
        pack = PackContext(natives, theirs, reader, matcher, words, alone)
        return [
            summarise(verified, report, seats.get(verified.file.licence.seat or ""), pack)
            for verified, report in zip(sounds, reports, strict=True)
        ]


def _comparison_lacks(licence: PackedLicence) -> Iterator[str]:
    """What a person should know of the comparison with the claimant's pictures."""
    captions = set(dict(licence.figures).values())
    if not captions - {"their_picture"}:
        yield f"no preview of {licence.folder} is in the archive, to be compared with the picture of the enquiry"
    elif "our_picture_laid" not in captions:
        yield f"no picture of the enquiry could be laid over the preview of {licence.folder}: compare them by eye"


def _texts(
    licences: Sequence[PackedLicence], order: PackOptions, places: Sequence[str], words: PackWords
) -> dict[str, str]:
    """The texts that we write ourselves, by their names below `data`. `places` are those of the proven objects."""
    texts: dict[str, str] = {}
    for each in licences:
        texts[f"05_client_assignment/{each.folder}/chain-by-us.txt"] = pack_pages.chain_sheet(each, words)
        texts[f"06_use_and_dates/{each.folder}/dates-by-us.txt"] = pack_pages.dates_sheet(each, words)
    if order.claim:
        texts["01_claim/claim-by-us.txt"] = pack_pages.claim_sheet(order.claim, words)
    return texts | {"../HOW-TO-CHECK.txt": pack_pages.how_to_check(places, words)}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _seal(bag: Path, now: datetime) -> None:
    """The bag's own files: BagIt 1.0 (RFC 8493)."""
    payload = [path for path in (bag / "data").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in payload)
    _write(bag / "bagit.txt", whole_pack.BAGIT)
    _write(
        bag / "bag-info.txt",
        whole_pack.bag_info(
            f"{now:%Y-%m-%d}", size, len(payload), whole_pack.pack_format(path.name for path in payload)
        ),
    )
    _write(bag / "manifest-sha256.txt", _manifest(bag, payload))
    tags = [path for path in bag.iterdir() if path.is_file()]
    _write(bag / "tagmanifest-sha256.txt", _manifest(bag, tags))
    try:
        bagit.Bag(str(bag)).validate()
    except bagit.BagError as error:
        raise MachineRefused(f"what was just written to {bag} is not there any more: {error}") from None


def _manifest(bag: Path, files: Sequence[Path]) -> bytes:
    sums = {path.relative_to(bag).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return whole_pack.manifest(sums)


def _write_documents(
    verified: VerifiedLicence, packed: PackedLicence, data: Path, reader: DocumentReader, words: PackWords
) -> None:
    """The licence's newest files to read, or excerpts of those that are withheld, and its terms."""
    for name, kind, content, withheld in verified.newest():
        folder, stem = data / whole_pack.folder_of_copy(name) / packed.folder, name.partition(".")[0]
        if not withheld:
            _write(folder / name, content)
        elif name == "licence.json":
            seat = words("seat_number", number=packed.seat) if packed.seat else None
            _write(
                folder / "licence-excerpt.json",
                _json(licence_excerpt(verified.private, seat, words("description_excerpt_made"))),
            )
        elif kind is DocumentKind.RECORD and name.endswith(".json"):
            _write(
                folder / f"{stem}-excerpt.json", _json(record_excerpt(content, verified.private, words("excerpt_made")))
            )
        elif text := excerpt_text(kind, content, verified, reader, words):
            _write(folder / f"{stem}-excerpt.txt", text.encode("utf-8", "replace"))
    for reference, terms in verified.terms:
        for name, file in terms.files().items():
            if name in ("terms.txt", "page.pdf"):
                _write(
                    data / whole_pack.TERMS_FOLDERS[reference.relation.value] / terms.folder / name,
                    read_file(file.path),
                )


def _json(tree: Mapping[str, object]) -> bytes:
    return (json.dumps(tree, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


# ---------------------------------------------------------------- what stays inside


def _write_internal(
    packed: Sequence[LicenceToPack],
    summaries: Sequence[PackedLicence],
    folder: Path,
    order: PackOptions,
    reader: DocumentReader,
) -> None:
    """Everything about each licence, whole, and the verdicts."""
    words = PackWords(order.language)
    _write(folder / "INTERNAL.txt", words("internal_sheet").encode())
    shutil.copyfile(CARRIED, folder / "verify.py")
    for each, said in zip(packed, summaries, strict=True):
        terms = [reference.id for reference in said.file.terms]
        disclose(each.archive, each.entry.object_id, folder / said.folder, terms)
    judged = [(each, order.verdicts[each.folder]) for each in summaries if each.folder in order.verdicts]
    if judged:
        html = pack_pages.verdict_html(words, order.claim, judged)
        try:
            printed = print_pages([html])
        except BrowserMissing:  # told already
            _write(folder / "verdict.html", html.encode("utf-8", "replace"))
            return
        joined, error = reader.join([(words("title"), printed[0])])  # which leaves out the day of printing
        if error:
            raise MachineRefused(f"verdict.pdf could not be put together: {error}")
        _write(folder / "verdict.pdf", joined)
