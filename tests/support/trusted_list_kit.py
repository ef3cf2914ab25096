"""A small Union: a list of lists, a country's trusted list, and an authority whose timestamps state to be qualified."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from archiver.archive.local_tsa import LocalAuthority
from archiver.archive.trusted_list import TrustedLists
from archiver.core.errors import SiteUnavailable
from tests.support.authority_kit import STAMPING, certificate, key, pem

LOTL, NATIONAL = "https://lists.example/lotl.xml", "https://lists.example/de.xml"
QTST, GRANTED, WITHDRAWN = (
    f"http://uri.etsi.org/TrstSvc/{each}"
    for each in ("Svctype/TSA/QTST", "TrustedList/Svcstatus/granted", "TrustedList/Svcstatus/withdrawn")
)
Identity = tuple[x509.Certificate, Any]


def days(number: float) -> str:
    """The moment in so many days."""
    return f"{datetime.now(UTC) + timedelta(days=number):%Y-%m-%dT%H:%M:%SZ}"


def identity(name: str, issuer: Identity | None = None, *, stamps: bool = False, kind: str = "p256") -> Identity:
    own = key(kind)
    more = (STAMPING,) if stamps else ()
    return certificate(name, own, issuer, ca=not stamps, more=more, country="DE", days=(-500, 900)), own


def der(each: x509.Certificate) -> str:
    return base64.b64encode(each.public_bytes(Encoding.DER)).decode()


def service(certificate: x509.Certificate, history: Sequence[tuple[str, str]], kind: str = QTST) -> str:
    """A service in a list; `history` is its states and since when, the newest first."""
    identity = (
        f"<ServiceTypeIdentifier>{kind}</ServiceTypeIdentifier>"
        '<ServiceName><Name xml:lang="en">Example qualified time</Name></ServiceName>'
        "<ServiceDigitalIdentity><DigitalId><X509Certificate>"
        f"{der(certificate)}</X509Certificate></DigitalId></ServiceDigitalIdentity>"
    )
    states = [
        f"{identity}<ServiceStatus>{state}</ServiceStatus><StatusStartingTime>{since}</StatusStartingTime>"
        for state, since in history
    ]
    older = "".join(f"<ServiceHistoryInstance>{each}</ServiceHistoryInstance>" for each in states[1:])
    return (
        f"<TSPService><ServiceInformation>{states[0]}</ServiceInformation>"
        f"<ServiceHistory>{older}</ServiceHistory></TSPService>"
    )


def unsigned(
    kind: str, territory: str, *, pointer: x509.Certificate | None = None, services: Sequence[str] = (),
    issued: str = "", until: str = "", where: str = NATIONAL,
) -> str:  # fmt: skip
    pointers = ""
    if pointer:
        pointers = (
            "<PointersToOtherTSL><OtherTSLPointer><ServiceDigitalIdentities><ServiceDigitalIdentity><DigitalId>"
            f"<X509Certificate>{der(pointer)}</X509Certificate></DigitalId></ServiceDigitalIdentity>"
            f"</ServiceDigitalIdentities><TSLLocation>{where}</TSLLocation><AdditionalInformation>"
            "<OtherInformation><SchemeTerritory>DE</SchemeTerritory></OtherInformation><OtherInformation>"
            '<MimeType xmlns="http://uri.etsi.org/02231/v2/additionaltypes#">application/vnd.etsi.tsl+xml</MimeType>'
            "</OtherInformation></AdditionalInformation></OtherTSLPointer></PointersToOtherTSL>"
        )
    providers = (
        "<TrustServiceProviderList><TrustServiceProvider><TSPServices>"
        f"{''.join(services)}</TSPServices></TrustServiceProvider></TrustServiceProviderList>"
    )
    return (
        '<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="list"><SchemeInformation>'
        f"<TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/{kind}</TSLType>"
        '<SchemeInformationURI><URI xml:lang="en">https://lists.example/</URI></SchemeInformationURI>'
        f"<SchemeTerritory>{territory}</SchemeTerritory>{pointers}"
        f"<ListIssueDateTime>{issued or days(-2)}</ListIssueDateTime>"
        f"<NextUpdate><dateTime>{until or days(90)}</dateTime></NextUpdate>"
        f"</SchemeInformation>{providers if services else ''}</TrustServiceStatusList>"
    )


def signed(text: str, who: Identity) -> bytes:
    from lxml import etree
    from signxml.xades.xades import XAdESSigner

    signer = XAdESSigner(signature_algorithm="ecdsa-sha256")
    root = signer.sign(etree.fromstring(text.encode()), key=who[1], cert=pem(who[0]).decode())
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def qualified(token: bytes, own: Any) -> bytes:
    """The timestamp with the statement of ETSI EN 319 422 that it is qualified, signed anew."""
    response = tsp.TimeStampResp.load(token)
    signed = response["time_stamp_token"]["content"]
    info = tsp.TSTInfo.load(
        signed["encap_content_info"]["content"].native and signed["encap_content_info"]["content"].contents
    )
    statement = bytes.fromhex("300b3009060704008197" + "5e0101")
    info["policy"] = "0.4.0.2023.1.1"
    info["extensions"] = [
        {"extn_id": "1.3.6.1.5.5.7.1.3", "critical": False, "extn_value": core.OctetString(statement)}
    ]
    content = info.dump(force=True)
    signed["encap_content_info"]["content"] = core.ParsableOctetString(content)
    [signer] = signed["signer_infos"]
    for attribute in signer["signed_attrs"]:
        if attribute["type"].native == "message_digest":
            digest = hashlib.new(signer["digest_algorithm"]["algorithm"].native, content).digest()
            attribute["values"] = [digest]
    attributes = b"\x31" + signer["signed_attrs"].dump(force=True)[1:]
    hashed = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}[signer["digest_algorithm"]["algorithm"].native]
    signer["signature"] = own.sign(attributes, ec.ECDSA(hashed))
    return bytes(response.dump(force=True))


@dataclass
class Union:
    """Everything that is needed to show that a timestamp is qualified. A test changes `files` to forge it."""

    folder: Path
    commission: Identity = field(default_factory=lambda: identity("Commission"))
    supervisor: Identity = field(default_factory=lambda: identity("Supervisor of DE"))
    root: Identity = field(default_factory=lambda: identity("Root of time"))
    asked: list[str] = field(default_factory=list)

    @cached_property
    def unit(self) -> Identity:
        return identity("Example qualified time", self.root, stamps=True)

    @cached_property
    def files(self) -> dict[str, bytes]:
        return {LOTL: self.lotl(), NATIONAL: self.national()}

    def lotl(self, who: Identity | None = None, **how: Any) -> bytes:
        how = {"pointer": self.supervisor[0], **how}
        return signed(unsigned("EUlistofthelists", "EU", **how), who or self.commission)

    def national(self, *services: str, who: Identity | None = None, territory: str = "DE", **how: Any) -> bytes:
        every = services or (service(self.unit[0], [(GRANTED, days(-400))]),)
        return signed(unsigned("EUgeneric", territory, services=every, **how), who or self.supervisor)

    @cached_property
    def _authority(self) -> LocalAuthority:
        authority = LocalAuthority(self.folder / "unit")
        (self.folder / "unit/tsa.pem").write_bytes(pem(self.unit[0]))
        own = self.unit[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "unit/tsa.key").write_bytes(own)
        (self.folder / "root.pem").write_bytes(pem(self.root[0]))
        (self.folder / "signers.pem").write_bytes(pem(self.commission[0]))
        return authority

    @property
    def roots(self) -> Path:
        _ = self._authority
        return self.folder / "root.pem"

    def post(self, url: str, query: bytes, kind: str, timeout: float) -> bytes:
        return qualified(self._authority.reply(query), self.unit[1])

    def get(self, url: str, timeout: float, most: int) -> bytes:
        self.asked.append(url)
        if url not in self.files:
            raise SiteUnavailable("lists.example answered 404")
        return self.files[url]

    @property
    def lists(self) -> TrustedLists:
        _ = self._authority
        return TrustedLists(self.get, self.folder / "cache", LOTL, self.folder / "signers.pem")


@contextmanager
def served(union: Union) -> Iterator[str]:
    """The authority (`/tsa`) and its lists (`/lotl.xml`) at an address of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self, data: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.answer(union.post("", self.rfile.read(int(self.headers["Content-Length"])), "", 0))

        def do_GET(self) -> None:
            self.answer(lists[self.path])

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        lists = {"/lotl.xml": union.lotl(where=f"{url}/de.xml"), "/de.xml": union.national()}
        _ = union.roots
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield url
        finally:
            server.shutdown()
