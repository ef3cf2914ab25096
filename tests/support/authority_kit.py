"""Timestamps by authorities of all kinds, sound and not, made by openssl over certificates made here."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from archiver.archive.local_tsa import CONFIGURATION

NOW = datetime.now(UTC)
SIGNING = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
CERTIFYING = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
STAMPING = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)


def key(kind: str) -> Any:
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key({"p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}[kind])


def certificate(
    name: str, own: Any, issuer: tuple[x509.Certificate, Any] | None = None, *, ca: bool = True,
    length: int | None = None, usage: x509.KeyUsage | None = None, days: tuple[float, float] = (-1, 900),
    more: tuple[tuple[x509.ExtensionType, bool], ...] = (), digest: hashes.SHA384 | None = None,
    country: str = "",
) -> x509.Certificate:  # fmt: skip
    """A certificate, good for `days` from now; its own root without `issuer`."""
    within = [x509.NameAttribute(NameOID.COUNTRY_NAME, country)] if country else []
    subject = x509.Name([*within, x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=length), critical=True)
        .add_extension(usage or (CERTIFYING if ca else SIGNING), critical=True)
    )
    for extension, critical in more:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer[1] if issuer else own, digest or hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def spellings(genuine: str, others: str) -> dict[str, tuple[str, bool]]:
    """A root's PEM file as people and opponents write it, and whether it holds nothing but that certificate."""
    begin, *lines, end = genuine.splitlines()
    block, empty = "".join(lines), f"{begin}\nAAAA\n{end}\n"
    hidden = {
        f"another root as {each}": genuine + others.replace("CERTIFICATE", each)
        for each in ("TRUSTED CERTIFICATE", "X509 CERTIFICATE", "X509 CRL", "CERTIFICATE ")
    }
    fit = {
        "text around": f"The authority's root, \xe9t\xe9 2026:\n{genuine}-----END OF TEXT\n",
        "ends of lines as on Windows": genuine.replace("\n", "\r\n"),
        "lines of other lengths": f"{begin}\n{block}\n{end}",
        "a mark of UTF-8": f"\xef\xbb\xbf{genuine}",
        "indented": genuine.replace("\n", "\n "),
    }
    unfit = {
        "with headers": f"{genuine}{others.replace(begin, f'{begin}\nA: b\n')}",
        "no certificate behind it": genuine + empty,
        "no certificate before it": empty + genuine,
        "no end": f"{genuine}{begin}\n{block}\n",
        "a beginning in the text": f"# {begin}\n{genuine}",
        "a longer mark": f"{genuine}{others.replace(begin, f'{begin}-')}",
        "another sign within": genuine + others.replace("\n", "\n\f", 1),
    } | hidden
    return {name: (text, name in fit) for name, text in {**fit, **unfit}.items()}


def stamped(folder: Path, data: Path, leaf: x509.Certificate, own: Any, between: bytes, digest: str, ess: str) -> bytes:
    """openssl's timestamp of a file by that certificate, with the certificates `between` sent along."""
    folder.mkdir()
    (folder / "tsa.pem").write_bytes(pem(leaf))
    (folder / "tsa.key").write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "between.pem").write_bytes(between)
    (folder / "serial").write_text("01\n")
    text = CONFIGURATION.format(folder=folder, digest=digest, chain=f"certs = {folder}/between.pem" if between else "")
    (folder / "tsa.cnf").write_text(text.replace("ess_cert_id_alg = sha256", f"ess_cert_id_alg = {ess}"))
    query: list[str | Path] = ["-query", "-data", data, "-sha512", "-cert", "-out", folder / "query"]
    reply: list[str | Path] = ["-reply", "-config", folder / "tsa.cnf", "-section", "local"]
    for command in (query, [*reply, "-queryfile", folder / "query", "-out", folder / "reply"]):
        subprocess.run(["openssl", "ts", *command], check=True, capture_output=True)
    return (folder / "reply").read_bytes()
