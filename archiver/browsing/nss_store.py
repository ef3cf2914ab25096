"""Make Chromium trust the certificates of a CA file, with a private NSS database in its HOME (on Linux).

Run it as a separate process, because NSS keeps one database per process:
`python -m archiver.browsing.nss_store HOME CA_FILE`.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import re
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.core.atomic_files import scratch
from archiver.core.errors import ConfigError

CERTUTIL_TIMEOUT_S = 60.0  # for NSS to write its database
DATABASE = Path(".pki/nssdb")  # Chromium looks here, below its HOME


def certificates(ca_file: Path) -> list[bytes]:
    """Return the certificates of a PEM file as DER. Raises ConfigError if it contains none."""
    block = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
    try:
        found = [ssl.PEM_cert_to_DER_cert(pem) for pem in block.findall(ca_file.read_text("ascii", "replace"))]
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The archiver cannot read the CA file {ca_file} ({error}). Give a PEM file of certificates."
        ) from None
    if not found:
        raise ConfigError(f"The CA file {ca_file} contains no certificate. Give a PEM file of certificates.")
    return found


@contextmanager
def chromium_trust(ca_file: Path | None) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Return switches and variables that make Chromium on Linux trust the CA file.

    Elsewhere it uses the system's store.
    """
    if ca_file is None or sys.platform != "linux":
        yield [], {}
        return
    with tempfile.TemporaryDirectory(prefix=scratch("browser"), ignore_cleanup_errors=True) as home:
        if trusting_home(ca_file, Path(home)):
            yield [], {"HOME": home}
        else:  # works only if the other side sends the certificate itself, so this is the second choice
            yield [f"--ignore-certificate-errors-spki-list={key_hashes(ca_file)}"], {}


def trusting_home(ca_file: Path, home: Path) -> bool:
    """Prepare `home` so that Chromium trusts the CA file. Returns False if this machine's NSS cannot be used."""
    certificates(ca_file)
    command = [sys.executable, "-m", "archiver.browsing.nss_store", str(home), str(ca_file)]
    try:
        return subprocess.run(command, capture_output=True, timeout=CERTUTIL_TIMEOUT_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def key_hashes(ca_file: Path) -> str:
    """Return the base64 SHA-256 of each certificate's public key, comma-separated, in the form of Chromium."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    keys = [
        x509.load_der_x509_certificate(der).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for der in certificates(ca_file)
    ]
    return ",".join(base64.b64encode(hashlib.sha256(key).digest()).decode() for key in keys)


class _Item(ctypes.Structure):
    """NSS's SECItem."""

    _fields_ = (("type", ctypes.c_int), ("data", ctypes.c_char_p), ("len", ctypes.c_uint))


def _write_database(folder: Path, ders: list[bytes]) -> None:
    """Do what `certutil -N` and `certutil -A -t C,,` do. Chromium itself needs libnss3; certutil is often missing."""
    nss = ctypes.CDLL("libnss3.so")
    for function in (nss.PK11_GetInternalKeySlot, nss.CERT_GetDefaultCertDB, nss.CERT_NewTempCertificate):
        function.restype = ctypes.c_void_p
    trust = (ctypes.c_uint * 3)()

    def succeed(status: int) -> None:
        if status:
            raise OSError(f"NSS error {nss.PORT_GetError()}")

    succeed(nss.NSS_InitReadWrite(f"sql:{folder}".encode()))
    slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
    database = ctypes.c_void_p(nss.CERT_GetDefaultCertDB())
    succeed(nss.PK11_InitPin(slot, None, b""))
    succeed(nss.CERT_DecodeTrustString(trust, b"C,,"))
    for number, der in enumerate(ders):
        item = _Item(0, der, len(der))
        certificate = ctypes.c_void_p(nss.CERT_NewTempCertificate(database, ctypes.byref(item), None, 0, 1))
        succeed(nss.PK11_ImportCert(slot, certificate, ctypes.c_ulong(0), f"ca-{number}".encode(), 0))
        succeed(nss.CERT_ChangeCertTrust(database, certificate, trust))
        nss.CERT_DestroyCertificate(certificate)
    nss.PK11_FreeSlot(slot)
    succeed(nss.NSS_Shutdown())


if __name__ == "__main__":
    target = Path(sys.argv[1]) / DATABASE
    target.mkdir(parents=True, exist_ok=True)
    _write_database(target, certificates(Path(sys.argv[2])))
