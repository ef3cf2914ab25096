"""A local timestamp authority for the demo and the tests. Its timestamps prove nothing to others."""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from archiver.archive.checking.parts import openssl_program
from archiver.core.atomic_files import scratch_folder
from archiver.core.errors import ConfigError

CONFIGURATION = """\
[tsa]
default_tsa = local
[local]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = {digest}
default_policy = 1.3.6.1.4.1.32473.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
{chain}
"""


class LocalAuthority:
    """Serve timestamps: `with LocalAuthority(folder) as authority:` gives `authority.url`; `root_pem` is the root.

    Each start makes a new root and a new authority certificate in the folder, both valid for `lifetime`. With
    `chain=True`, responses include the root, as some authorities do. `digest` is the hash function of the signatures.
    Raises ConfigError if OpenSSL 3 is missing.
    """

    def __init__(
        self, folder: Path, *, chain: bool = False, lifetime: timedelta = timedelta(days=3650), digest: str = "sha256"
    ) -> None:
        program = openssl_program.openssl()
        if program is None:
            raise ConfigError("The local timestamp authority needs the program openssl, version 3. Install it.")
        self.root_pem = folder / "root.pem"
        self._program, self._folder, self._turn = program, folder, threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        _certify(folder, lifetime)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(
            CONFIGURATION.format(
                folder=folder.as_posix(), digest=digest, chain=f"certs = {folder.as_posix()}/root.pem" * chain
            )
        )
        authority = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                answer = authority.reply(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Log nothing: the demo's output is for people."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def reply(self, query: bytes) -> bytes:
        """Return the timestamp response to an RFC 3161 query."""
        with (
            self._turn,
            scratch_folder("authority") as folder,
        ):  # one at a time: openssl counts in the serial file
            asked, answered = folder / "query", folder / "reply"
            asked.write_bytes(query)
            command: list[str | Path] = [
                self._program,
                "ts",
                "-reply",
                "-config",
                self._folder / "tsa.cnf",
                "-section",
                "local",
            ]
            subprocess.run([*command, "-queryfile", asked, "-out", answered], check=True, capture_output=True)
            return answered.read_bytes()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _certify(folder: Path, lifetime: timedelta) -> None:
    """Make a root, and a certificate under it that may only make timestamps."""
    root_key, tsa_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, tsa_name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
        for text in ("Local demo root", "Local demo timestamp authority")
    )
    now = datetime.now(UTC)
    never = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    usage = dict.fromkeys((*never, "encipher_only", "decipher_only"), False)

    def certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + lifetime)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, **usage), critical=True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        )

    root = certificate(root_name, root_key, ca=True).sign(root_key, hashes.SHA256())
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    tsa = certificate(tsa_name, tsa_key, ca=False).add_extension(purpose, critical=True).sign(root_key, hashes.SHA256())
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(tsa.public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(tsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "tsa.key").chmod(0o600)
