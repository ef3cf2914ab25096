"""The agency's own signature in proof.pdf (PAdES), by a certificate and key in a PKCS#12 file or on a card (PKCS#11).

It says that the holder of the key signed this very file, and nothing about what it says. The key is used for one pack;
neither it nor its passphrase or PIN is stored.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.archive.checking.parts import regular_files
from archiver.core.errors import ConfigError
from archiver.home.vault import run_secret_command

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from pyhanko.sign.signers import Signer, SimpleSigner

    from archiver.home.settings import Home
    from archiver.home.settings_models import CardSettings

FIELD = "AgencySignature"
RESERVED_BYTES = 32_768  # for the signature, whose certificates may be several


@contextmanager
def signer_of(home: Home, file: Path | None, *, card: bool, ask: Callable[[str], str]) -> Iterator[Signer | None]:
    """What signs proof.pdf: a PKCS#12 file, the home's card, or nothing. `ask` asks a person for a secret."""
    if not card:
        yield load_signer(file, ask("Passphrase")) if file else None
        return
    named = home.settings.card
    if not named:
        raise ConfigError("No card is set. Write `card: {module: ..., token: ..., key: ...}` into archiver.yaml.")
    command = named.secret_command
    pin = run_secret_command(command, bare="password").get("password", "") if command else ask("PIN")
    with card_signer(named, pin) as signer:
        yield signer


def load_signer(path: Path, passphrase: str) -> SimpleSigner:
    """Read a certificate and its key. Raises ConfigError if the file cannot be used to sign today."""
    try:
        from pyhanko.sign.signers import SimpleSigner
    except ImportError as error:
        raise ConfigError(f"A signature needs the extra `pdf`, which is not installed ({error}).") from None
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

    try:
        data = regular_files.content(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. Name the certificate's PKCS#12 file.") from None
    try:
        found = load_pkcs12(data, passphrase.encode() or None)
    except ValueError:
        raise ConfigError(f"{path} cannot be opened. Check the passphrase, and that it is a PKCS#12 file.") from None
    if not found.cert or not found.key:
        raise ConfigError(f"{path} holds no certificate with its key. Export both into one PKCS#12 file.")
    _must_sign(found.cert.certificate, str(path))
    signer: SimpleSigner = SimpleSigner.load_pkcs12_data(data, other_certs=[], passphrase=passphrase.encode() or None)
    return signer


def _must_sign(certificate: Certificate, place: str) -> None:
    """Raise ConfigError if a certificate cannot sign documents today."""
    from cryptography import x509

    now, ends = datetime.now(UTC), certificate.not_valid_after_utc
    if not certificate.not_valid_before_utc <= now <= ends:
        raise ConfigError(
            f"The certificate in {place} is not valid today (it ends on {ends:%Y-%m-%d}). Use another one."
        )
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise ConfigError(f"The certificate in {place} may not sign documents. Use one that may.")


@contextmanager
def card_signer(card: CardSettings, pin: str) -> Iterator[Signer]:
    """The key on a card or token, as long as it is needed. Raises ConfigError if it cannot sign today.

    A refused PIN is not tried again, since cards lock themselves. The key never leaves the card.
    """
    try:
        from pkcs11.exceptions import PinIncorrect, PinInvalid, PinLenRange, PinLocked, PKCS11Error
        from pyhanko.config.pkcs11 import PKCS11SignatureConfig, TokenCriteria
        from pyhanko.sign.general import SigningError
        from pyhanko.sign.pkcs11 import PKCS11SigningContext
    except ImportError as error:
        raise ConfigError(f"A card needs the extra `card`, which is not installed ({error}).") from None
    from cryptography import x509

    place, key = f"the card {card.token!r}", card.key
    config = PKCS11SignatureConfig(
        module_path=str(card.module), token_criteria=TokenCriteria(label=card.token), cert_label=key, key_label=key,
        other_certs_to_pull=None,
    )  # fmt: skip
    with ExitStack() as stack:
        try:
            signer = stack.enter_context(PKCS11SigningContext(config, user_pin=pin))
            _must_sign(x509.load_der_x509_certificate(signer.signing_cert.dump()), place)
        except (SigningError, PKCS11Error, RuntimeError, ValueError) as error:
            if isinstance(error.__cause__, PinIncorrect | PinInvalid | PinLenRange | PinLocked):
                raise ConfigError(f"{place} refuses the PIN. Check it: a card locks after a few wrong ones.") from None
            raise ConfigError(
                f"{place} cannot sign ({error}). Check that it is inserted, and `card:` in archiver.yaml."
            ) from None
        yield signer


def use_utc() -> None:
    """Let pyHanko write times in UTC.

    It offers no choice: it asks for this machine's zone, and fails where that has no name (`TZ=CET-1CEST`), its files
    contradict each other, or the system has no zones. Only pyHanko asks this way.
    """
    import tzlocal

    tzlocal.get_localzone = lambda: UTC  # type: ignore[assignment,return-value]


def signed(pdf: bytes, signer: Signer) -> bytes:
    """The PDF with the signature, in a revision of its own."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

    use_utc()
    about = PdfSignatureMetadata(field_name=FIELD, md_algorithm="sha512", subfilter=SigSeedSubFilter.PADES)
    out, writer = io.BytesIO(), IncrementalPdfFileWriter(io.BytesIO(pdf))
    with ThreadPoolExecutor(1) as pool:  # pyHanko starts an event loop, and the caller may be in one
        sign = PdfSigner(about, signer).sign_pdf
        pool.submit(sign, writer, bytes_reserved=RESERVED_BYTES, output=out).result()
    return out.getvalue()
