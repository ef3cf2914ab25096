"""The agency's own signature in proof.pdf (PAdES), by a certificate and key in a PKCS#12 file.

It says that the holder of the key signed this very file, and nothing about what it says. The key is read for one pack;
neither it nor its passphrase is stored.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.archive import verify
from archiver.core.errors import ConfigError

if TYPE_CHECKING:
    from pyhanko.sign.signers import SimpleSigner

FIELD = "AgencySignature"
RESERVED_BYTES = 32_768  # for the signature, whose certificates may be several


def load_signer(path: Path, passphrase: str) -> SimpleSigner:
    """Read a certificate and its key. Raises ConfigError if the file cannot be used to sign today."""
    try:
        from pyhanko.sign.signers import SimpleSigner
    except ImportError as error:
        raise ConfigError(f"A signature needs the extra `pdf`, which is not installed ({error}).") from None
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

    try:
        data = verify.content(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Name the certificate's PKCS#12 file.") from None
    try:
        found = load_pkcs12(data, passphrase.encode() or None)
    except ValueError:
        raise ConfigError(f"{path} cannot be opened. Check the passphrase, and that it is a PKCS#12 file.") from None
    if not found.cert or not found.key:
        raise ConfigError(f"{path} holds no certificate with its key. Export both into one PKCS#12 file.")
    certificate, now = found.cert.certificate, datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        ends = certificate.not_valid_after_utc
        raise ConfigError(
            f"The certificate in {path} is not valid today (it ends on {ends:%Y-%m-%d}). Use another one."
        )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    if usage and not (usage.digital_signature or usage.content_commitment):
        raise ConfigError(f"The certificate in {path} may not sign documents. Use one that may.")
    signer: SimpleSigner = SimpleSigner.load_pkcs12_data(data, other_certs=[], passphrase=passphrase.encode() or None)
    return signer


def signed(pdf: bytes, signer: SimpleSigner) -> bytes:
    """The PDF with the signature, in a revision of its own."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

    about = PdfSignatureMetadata(field_name=FIELD, md_algorithm="sha512", subfilter=SigSeedSubFilter.PADES)
    out, writer = io.BytesIO(), IncrementalPdfFileWriter(io.BytesIO(pdf))
    with ThreadPoolExecutor(1) as pool:  # pyHanko starts an event loop, and the caller may be in one
        sign = PdfSigner(about, signer).sign_pdf
        pool.submit(sign, writer, bytes_reserved=RESERVED_BYTES, output=out).result()
    return out.getvalue()
