"""The agency's own signature in proof.pdf, judged by pyHanko's validator and by poppler."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyhanko", reason="the extra pdf is not installed")

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from archiver.archive import seal
from archiver.archive.local_tsa import LocalAuthority
from archiver.claims.pdf_signature import card_signer, load_signer, signed, signer_of
from archiver.claims.pdf_timestamp import timestamped
from archiver.core.errors import ConfigError
from archiver.home.network import Network
from archiver.home.settings import Home
from archiver.home.settings_models import CardSettings, Settings
from tests.authoring.scenario import pdf
from tests.support.authority_kit import CERTIFYING, certificate, key

DOCUMENTS = x509.KeyUsage(True, True, False, False, False, False, False, False, False)


def stored(path: Path, **how: Any) -> x509.Certificate:
    """A certificate of the agency with its key, in a PKCS#12 file; returns its root."""
    keys = key("p256"), key("rsa")
    root = certificate("Root", keys[0])
    own = certificate("Agency Ltd", keys[1], (root, keys[0]), ca=False, **{"usage": DOCUMENTS, **how})
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"a", keys[1], own, [root], BestAvailableEncryption(b"secret"))
    )
    return root


def judged(content: bytes, root: x509.Certificate) -> bool:
    trusted = asn1_x509.Certificate.load(root.public_bytes(Encoding.DER))
    (signature,) = PdfFileReader(io.BytesIO(content), strict=False).embedded_regular_signatures
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[trusted], allow_fetching=False))
    return bool(status.intact and status.valid and status.trusted and status.bottom_line)


def test_validators_accept_it_beneath_the_timestamp_and_see_a_changed_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST")  # a rule, which is the name of no zone
    monkeypatch.setattr("tzlocal.unix._cache_tz", None)
    root = stored(tmp_path / "own.p12")
    made = signed(pdf(["A page"]), load_signer(tmp_path / "own.p12", "secret"))
    dates = re.findall(rb"/(?:M|ModDate) \(D(?::|\\072)\d{14}(Z|[+-])", made)
    assert dates == [b"Z", b"Z"], "times in UTC"
    with LocalAuthority(tmp_path / "tsa") as local:
        authority = seal.Authority(name="local", url=local.url, roots=local.root_pem)
        whole, reasons = timestamped(made, [authority], Network().post)
    assert reasons == [] and judged(made, root) and judged(whole, root)
    if shutil.which("pdfsig"):
        (tmp_path / "proof.pdf").write_bytes(whole)
        said = subprocess.run(["pdfsig", "-nocert", "proof.pdf"], cwd=tmp_path, capture_output=True, text=True).stdout
        assert "Agency Ltd" in said and "Signature is Valid." in said, said
    at = whole.index(b"A page")
    assert not judged(whole[:at] + b"B" + whole[at + 1 :], root)


def test_what_cannot_sign_is_told_before_anything_is_made(tmp_path: Path) -> None:
    file = tmp_path / "own.p12"
    with pytest.raises(ConfigError, match="cannot be read"):
        load_signer(file, "secret")
    file.write_bytes(b"no certificate")
    with pytest.raises(ConfigError, match="PKCS#12"):
        load_signer(file, "secret")
    stored(file)
    with pytest.raises(ConfigError, match="passphrase"):
        load_signer(file, "wrong")
    stored(file, days=(-9, -1))
    with pytest.raises(ConfigError, match="not valid today"):
        load_signer(file, "secret")
    stored(file, usage=CERTIFYING)
    with pytest.raises(ConfigError, match="may not sign"):
        load_signer(file, "secret")


PIN = "4711"


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[CardSettings, x509.Certificate]:
    """A card of SoftHSM2 with the agency's key and certificate, and the certificate's root."""
    pytest.importorskip("pkcs11", reason="the extra card is not installed")
    module = next((Path(each) for each in SOFTHSM if Path(each).is_file()), None)
    if not (module and shutil.which("softhsm2-util")):
        pytest.skip("SoftHSM2 is not installed (Debian: softhsm2)")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    keys = key("p256"), key("rsa")
    root = certificate("Root", keys[0])
    own = certificate("Agency Ltd", keys[1], (root, keys[0]), ca=False, usage=DOCUMENTS)
    private = keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "own.key").write_bytes(private)
    token = ("--token", "agency", "--pin", PIN)
    for command in (
        ("--init-token", "--free", "--label", "agency", "--so-pin", "123456", "--pin", PIN),
        ("--import", str(tmp_path / "own.key"), *token, "--label", "own", "--id", "01"),
    ):
        subprocess.run(["softhsm2-util", *command], check=True, capture_output=True)
    (tmp_path / "own.der").write_bytes(own.public_bytes(Encoding.DER))
    subprocess.run([sys.executable, "-c", PUT_CERTIFICATE, module, PIN, tmp_path / "own.der"], check=True)
    return CardSettings(module=module, token="agency", key="own"), root


SOFTHSM = (
    "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)  # fmt: skip
PUT_CERTIFICATE = """
import pathlib, sys, pkcs11
from pkcs11.util.x509 import decode_x509_certificate
(token,) = pkcs11.lib(sys.argv[1]).get_tokens(token_label="agency")
with token.open(rw=True, user_pin=sys.argv[2]) as session:
    fields = decode_x509_certificate(pathlib.Path(sys.argv[3]).read_bytes())
    session.create_object(fields | {pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: "own"})
"""


def test_a_card_signs_and_a_wrong_pin_is_told_once(card: tuple[CardSettings, x509.Certificate], tmp_path: Path) -> None:
    settings, root = card
    with pytest.raises(ConfigError, match="refuses the PIN"), card_signer(settings, "0815"):
        pass
    command = (sys.executable, "-c", f"print('{PIN}')")
    home = Home(tmp_path, Settings(card=settings.model_copy(update={"secret_command": command})), {})
    with signer_of(home, None, card=True, ask=pytest.fail) as signer:
        assert signer
        made = signed(pdf(["A page"]), signer)
    assert judged(made, root)
    at = made.index(b"A page")
    assert not judged(made[:at] + b"B" + made[at + 1 :], root)
    for wrong in ({"token": "other"}, {"key": "other"}, {"module": Path(__file__)}):
        with pytest.raises(ConfigError, match="cannot sign"), card_signer(settings.model_copy(update=wrong), PIN):
            pass
