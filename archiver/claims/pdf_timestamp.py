"""A document timestamp in proof.pdf (PAdES, RFC 3161): readers of PDFs show since when this very file exists.

It says that the file existed at that time and was not changed since, and nothing about what it says. It does not take
the place of the archive's own timestamps, which are older and cover the documents themselves.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING

from archiver.archive import seal
from archiver.archive.checking.parts import archive_words
from archiver.claims.pdf_signature import signed, use_utc

if TYPE_CHECKING:
    from asn1crypto import tsp
    from pyhanko.sign.signers import Signer

MODULES = ("pyhanko.sign.signers.pdf_signer", "pyhanko.sign.timestamps", "pyhanko.pdf_utils.incremental_writer")
"""What it needs of pyHanko. Loading it takes most of a second, so a pack loads it while its pages are printed."""

FIELD = "DocumentTimestamp"
RESERVED_BYTES = 32_768  # hexadecimal digits for the authority's answer, whose certificates may be several


def load() -> str | None:
    """Load pyHanko; why that cannot be done, or None."""
    try:
        for name in MODULES:
            import_module(name)
    except ImportError as error:
        return f"the extra `pdf` is not installed ({error})"
    return None


def signed_and_timestamped(
    pdf: bytes, signer: Signer | None, authorities: Sequence[seal.Authority], post: seal.Post
) -> tuple[bytes, list[str]]:
    """The PDF with the agency's signature, if there is a signer, under a timestamp, if there are authorities."""
    pdf = signed(pdf, signer) if signer else pdf
    return timestamped(pdf, authorities, post) if authorities else (pdf, [])


def timestamped(pdf: bytes, authorities: Sequence[seal.Authority], post: seal.Post) -> tuple[bytes, list[str]]:
    """The PDF with a document timestamp by the first of the authorities whose answer holds.

    All are asked at once, each for at most `seal.TSA_TIMEOUT_S`. Where none gives a timestamp, the PDF is returned as
    it was, with the reason of each.
    """
    if missing := load():
        return pdf, [missing]
    from asn1crypto import tsp
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfReadError
    from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
    from pyhanko.sign.timestamps import TimeStamper

    use_utc()
    reasons: list[str] = []

    def answer(authority: seal.Authority, request: bytes, digest: bytes) -> bytes | str:
        given = seal.send(request, authority, post)
        if isinstance(given, str):
            return given
        try:
            seal.hold_against_roots(given, digest, authority)
        except (archive_words.Malformed, subprocess.TimeoutExpired) as error:
            return f"its answer does not hold ({error})"
        return given

    class Authorities(TimeStamper):
        async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
            digest, request = req["message_imprint"]["hashed_message"].native, req.dump()
            with ThreadPoolExecutor(len(authorities)) as pool:
                answers = pool.map(lambda each: answer(each, request, digest), authorities)
                for authority, given in zip(authorities, answers, strict=True):
                    if isinstance(given, bytes):
                        return tsp.TimeStampResp.load(given)
                    reasons.append(f"{authority.name}: {given}")
            raise OSError

    out = io.BytesIO()
    client = Authorities()  # type: ignore[no-untyped-call]  # pyHanko leaves its constructor untyped
    try:
        stamper, writer = PdfTimeStamper(client, field_name=FIELD), IncrementalPdfFileWriter(io.BytesIO(pdf))
        with ThreadPoolExecutor(1) as pool:  # pyHanko starts an event loop, and the caller may be in one
            pool.submit(stamper.timestamp_pdf, writer, "sha512", bytes_reserved=RESERVED_BYTES, output=out).result()
    except OSError:
        return pdf, reasons
    except PdfReadError as error:
        return pdf, [str(error)]
    return out.getvalue(), []
