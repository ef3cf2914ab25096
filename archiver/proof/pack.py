"""The pack that is handed over: licences with what proves them, checkable by anyone without this software."""

from __future__ import annotations

import tempfile
import textwrap
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archiver.archive.disclose import disclose
from archiver.archive.reader import Archive
from archiver.archive.verify import PROVEN, Report, verify_proof
from archiver.catalogue.catalogue import Entry
from archiver.domain import DocumentKind, GapReason, TermsReference, TermsRelation, iso
from archiver.errors import ConfigError, IntegrityError
from archiver.provider import ProviderInfo
from archiver.reading.licence_json import IMPORT_PREFIX, FiledDocument, LicenceFile, from_json
from archiver.reading.printable import printable
from archiver.terms import from_json as terms_from_json

NOT_EVIDENCE = "NOT EVIDENCE: made from a replay of recordings, not from a platform. It proves nothing.\n\n"

DOCUMENTS = {
    DocumentKind.RECORD: "the platform's own data about this licence, received by us",
    DocumentKind.CERTIFICATE: "the platform's licence document, unaltered",
    DocumentKind.RECEIPT: "the platform's receipt, unaltered",
    DocumentKind.TERMS: "the licence terms, received by us",
    DocumentKind.CAPTURE: "our dated observation of a page of the platform",
    DocumentKind.PREVIEW: "the platform's preview picture, unaltered",
    DocumentKind.LETTER: "an e-mail, as it was received",
    DocumentKind.DELIVERED: "a file that the platform delivered, or its digest and size",
}
IMPORTED = {
    DocumentKind.RECORD: "what an imported list says of this licence",
    DocumentKind.CERTIFICATE: "a licence document, imported from the holder's files, unaltered",
    DocumentKind.RECEIPT: "a receipt, imported from the holder's files, unaltered",
    DocumentKind.PREVIEW: "a small picture that we made of a delivered file",
}
REASONS = {
    GapReason.ON_REQUEST: "the platform gives it on request only",
    GapReason.NONE_OFFERED: "the platform offers none",
    GapReason.FAILED: "it could not be had yet",
    GapReason.LAPSED: "it is no longer offered",
    GapReason.UNREAD: "it is there and could not be read",
}

RELATIONS = {
    TermsRelation.AT_PURCHASE: "within a day of the licence's date",
    TermsRelation.LATER: "not at the time of the licence; what it said then is not shown",
}
TERMS = "These are texts that the platform showed in public. Which terms apply to this licence, they alone do not say."
NO_TERMS = "None were captured when this licence was archived."

SECURED = "An independent timestamp authority confirms that the enclosed files existed then; they are unchanged since."
UNSECURED = "not proven. No independent timestamp that could be checked covers the enclosed files yet."
IMPORT = (
    "The enclosed documents were imported from files that the holder of the licence kept, not fetched from the "
    "platform. licence.json says of each where it lay and what was read in it."
)
LIMITS = """\
    The enclosed files show what the platform sent, and since when it has been kept unchanged. They do not show that
    the platform's statements are right, whether a use is within the licence's terms, or what a court will make of
    them. This page states facts; it is no legal advice."""

HOW_TO_CHECK = """\
HOW TO CHECK THIS WITHOUT THE SOFTWARE THAT MADE IT

You need Python 3.9 or later and, for the dates, OpenSSL 3. Open a command line in this folder.

1. Everything at once:

     python3 -I integrity/verify.py --proof .          (Windows: py -I integrity\\verify.py --proof .)

   PROVEN    every file is what it was when an independent authority timestamped it.
   UNPROVEN  every file is sound, but no timestamp covers it yet.
   DAMAGED   a file is not what was archived; it is named.

   The timestamp authorities' root certificates lie in integrity/tsa-roots.pem. Whoever doubts them takes them from the
   authorities themselves and adds `--roots FILE`.

2. The files by hand: their SHA-512 digests are in the following file, in a public format that other validators read as
   well (OCFL, the Oxford Common File Layout 1.1):

     {object}/inventory.json

3. The time by hand. NOTE stands for a file integrity/NUMBER.note and TOKEN for one of its files .tsr:

     openssl ts -reply -in TOKEN -text
     openssl ts -verify -data NOTE -in TOKEN -CAfile integrity/tsa-roots.pem

   After the authority's certificate has expired, add -attime with the token's time in seconds since 1970.

How it hangs together: inventory.json lists the digests of all files. A line of the archive's ledger, in a .tlog-proof
file, holds the digest of inventory.json; the hashes beside it lead to the root in the .note file (a signed Merkle tree,
C2SP tlog-checkpoint and RFC 6962). The .tsr files (RFC 3161) say when an independent authority saw that note.
"""


@dataclass(frozen=True)
class Packed:
    """One licence to hand over: where it lies, and what its holder and its platform are called."""

    archive: Archive
    entry: Entry
    client_name: str
    provider_info: ProviderInfo | None  # None where there is no adapter


def write_proof(packed: Sequence[Packed], out: Path) -> None:
    """Write the zip: one licence at its top, or one folder for each of several. The same archive gives the same bytes.

    ConfigError where `out` exists or cannot be made, IntegrityError for a damaged licence or one that is under no
    checkpoint; then nothing is left behind.
    """
    licences = {each.entry.folder: each for each in packed}
    with tempfile.TemporaryDirectory(prefix="archiver-proof-") as temporary:
        folder = Path(temporary)
        for name, each in licences.items():
            _write_one(each, folder / name if len(licences) > 1 else folder)
        with _new_file(out) as zipped:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                # A fixed time and mode: what matters about dates is inside, proven.
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix())
                info.external_attr, info.create_system, info.compress_type = 0o644 << 16, 3, zipfile.ZIP_DEFLATED
                zipped.writestr(info, path.read_bytes())


def _write_one(packed: Packed, folder: Path) -> None:
    archive, entry = packed.archive, packed.entry
    folder.mkdir(exist_ok=True)
    file = from_json(archive.object(entry.object_id).read("licence.json"))
    disclose(archive, entry.object_id, folder, [each.id for each in file.terms])
    report = verify_proof(folder)  # what is handed over is checked as its receiver will check it
    if damage := [f"{finding.path} {finding.message}" for finding in report.findings if finding.damage]:
        raise IntegrityError("; ".join(damage[:3]))
    place = "/".join(entry.object_id.split(":")[2:])
    texts = {"summary.txt": summary(packed, file, report), "HOW-TO-CHECK.txt": HOW_TO_CHECK.format(object=place)}
    for name, text in texts.items():
        marked = text if report.evidence else NOT_EVIDENCE + text
        (folder / name).write_bytes(marked.encode("utf-8", "replace"))


@contextmanager
def _new_file(out: Path) -> Iterator[zipfile.ZipFile]:
    try:
        file = out.open("xb")
    except FileExistsError:
        raise ConfigError(f"{out} exists. Choose another name; nothing is overwritten.") from None
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}. Choose another place.") from None
    try:
        with file, zipfile.ZipFile(file, "w") as zipped:
            yield zipped
    except BaseException:
        out.unlink()
        raise


def summary(packed: Packed, file: LicenceFile, report: Report) -> str:
    """What the pack shows, in plain words. The proven date is the one that the verifier found to hold."""
    licence, asset, info = file.licence, file.licence.asset, packed.provider_info
    facts = {
        "Held for": packed.client_name,
        "Platform": info.title if info else asset.provider,
        "Asset": asset.asset_id,
        "Title": asset.title,
        "Contributor": asset.contributor,
        "Licence": licence.kind,
        "Licence id": licence.licence_id,
        "Order": licence.order,
        "Licensed to": licence.licensee or "not named in the platform's data",
        "Plan": licence.plan,
    }
    documents = {each.name: described(each) for each in file.documents}
    gaps = {each.kind.value: REASONS[each.reason] + (f" ({each.detail})" if each.detail else "") for each in file.gaps}
    terms = [_terms(packed.archive, each) for each in file.terms]
    has_certificate = any(each.kind is DocumentKind.CERTIFICATE for each in file.documents)
    imported = file.provenance.get("source") == "import"
    comp = "This is a comp, a preview download. It grants no licence." if licence.comp else ""
    later = "Documents added since then are not timestamped yet." if report.state != PROVEN else ""
    secured = _words(report.secured_since)
    dates_apart = f"""\
        Licensed on: {_words(iso(licence.licensed_at)) or "not stated"}. This is what the platform's data says.

        Secured since: {f"{secured}. {SECURED} {later}" if secured else UNSECURED}

        These are two different things. A licence may be secured long after it was granted; that alone says nothing
        against it."""
    rests_on = (
        IMPORT
        if imported
        else "The platform's own licence document is enclosed, as it came."
        if has_certificate
        else "No certificate is enclosed. The record was received by us from the platform, through the account that "
        "holds the licence."
    )
    return "\n\n".join(
        part
        for part in (
            "WHAT THIS SHOWS",
            _table(facts),
            comp and _wrapped(comp),
            "TWO DATES",
            _wrapped(dates_apart),
            "DOCUMENTS",
            _wrapped(rests_on),
            _table(documents | {"licence.json": "our own description of the licence and of the files beside it"}),
            "LICENCE TERMS",
            _wrapped("\n\n".join([*terms, TERMS if terms else NO_TERMS])),
            gaps and "MISSING, AND WHY",
            gaps and _table(gaps),
            info and "HOW THE PLATFORM ITSELF CONFIRMS IT",
            info and _wrapped(f"How: {info.confirm.how}\n\nWho may ask: {info.confirm.who}"),
            "WHAT THIS DOES NOT SHOW",
            _wrapped(LIMITS),
        )
        if part
    ) + "\n"  # fmt: skip


def _terms(archive: Archive, reference: TermsReference) -> str:
    """One text of terms that a licence refers to: what was seen when, and no more."""
    stored = archive.object(reference.id)
    file = terms_from_json(stored.read("terms.json"))
    seen = _words(iso(reference.seen_at))
    return printable(
        f"terms/{stored.folder}: what {file.url} said on {seen}, {RELATIONS[reference.relation]}. This text was first "
        f"captured on {_words(file.captured_at)}; its SHA-256 is {file.text_sha256}."
    )


def described(document: FiledDocument) -> str:
    """What a document is. Imported ones, which no adapter fetched, are named so."""
    imported = IMPORTED if document.name.startswith(IMPORT_PREFIX) else {}
    return imported.get(document.kind, DOCUMENTS[document.kind])


def _words(moment: str | None) -> str:
    return (moment or "").replace("T", " ").replace("Z", " UTC")


def _wrapped(text: str) -> str:
    return "\n\n".join(textwrap.fill(" ".join(part.split()), 100) for part in text.split("\n\n"))


def _table(rows: Mapping[str, str | None]) -> str:
    """Two columns; the values are one line each, whatever the platform put into them."""
    width = max(map(len, rows))
    return "\n".join(
        f"  {name:<{width}}  {printable(' '.join(value.split()))}" for name, value in rows.items() if value
    )
