"""Whether a timestamp is qualified in the EU, by the trusted list of its authority's country (ETSI TS 119 612).

The list of lists (LOTL) of the European Commission names each country's list and who signs it. pyHanko and signxml read
both and check their signatures. What was read is kept in the archive beside its keys, so that it can be read again.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from archiver.archive.checking.parts import (
    archive_words,
    ledger_lines,
    proven_dates,
    regular_files,
    timestamp_tokens,
    verify_report,
)
from archiver.archive.stated_files import statement_about
from archiver.core.atomic_files import read_file, replace_file
from archiver.core.errors import ArchiverError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from cryptography.x509 import Certificate
    from pyhanko.sign.validation.qualified.tsp import BaseServiceInformation

LOTL_URL = "https://ec.europa.eu/tools/lotl/eu-lotl.xml"
MAX_LIST_BYTES = 1 << 25
FETCH_TIMEOUT_S = 20.0  # for one list
RETRY_AFTER_S = 3600.0  # no list is asked for again so soon after one could not be fetched

BEST_PRACTICES_POLICY = "0.4.0.2023.1.1"

_TSL = "{http://uri.etsi.org/02231/v2#}"
_LIST = "TrustServiceStatusList"
_SIGNED_WITH = "{http://www.w3.org/2000/09/xmldsig#}Signature//{http://www.w3.org/2000/09/xmldsig#}X509Certificate"
_KINDS = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
_COUNTRIES = {"GR": "EL", "GB": "UK"}  # where the lists name a country otherwise than ISO 3166

type Get = Callable[[str, float, int], bytes]
"""Fetch `(address, timeout in seconds, most bytes)`. Raises ArchiverError."""


class UnprovenQualification(Exception):
    """A timestamp is not shown to be qualified. The text says why."""


@dataclass(frozen=True)
class TrustedLists:
    """The way to the lists. `signers` is a PEM file of the LOTL's signers; None means those that pyHanko comes with,
    which are the Official Journal's. `folder` keeps a day's lists for all archives of a home, and may be deleted.
    """

    get: Get
    folder: Path
    url: str = LOTL_URL
    signers: Path | None = None

    def keep(self, root: Path, tokens: Iterable[Path]) -> tuple[list[str], list[str]]:
        """Keep, for each of an archive's timestamps that may be qualified, what shows that it is.

        Returns the names of the statements that it wrote, and the reasons, in English, why some are not shown to be.
        """
        names, reasons = list[str](), list[str]()
        for path in tokens:
            try:
                response = regular_files.content(path)
                if not may_be_qualified(timestamp_tokens.Token.parse(response)) or statement_about(root, response):
                    continue
                found, lists = self.judge(response)
            except (OSError, UnprovenQualification, archive_words.Malformed) as error:
                reasons.append(f"The timestamp {path.name} is not shown to be qualified: {error}.")
                continue
            for each in lists:
                _write(root / archive_words.LISTS / f"trusted-list.{hashlib.sha256(each).hexdigest()}.xml", each)
            data = found.encode()
            names.append(f"qualified.{hashlib.sha256(data).hexdigest()}.json")
            _write(root / archive_words.LISTS / names[-1], data)
        return names, reasons

    def judge(self, response: bytes) -> tuple[timestamp_tokens.Qualification, tuple[bytes, bytes]]:
        """Judge a timestamp by today's lists: the LOTL and the national one, both as received."""
        pinned, country, at = signers(self.signers), country_of(response), timestamp_tokens.moment()
        lotl = self._today("lotl", self.url, lambda data: _pointer(data, pinned, country, at))
        url, trusted = _pointer(lotl, pinned, country, at)
        national = self._today(country, url, lambda data: _services(data, trusted, country, at, at))
        return qualified(response, lotl, national, pinned, at), (lotl, national)

    def _today(self, name: str, url: str, check: Callable[[bytes], object]) -> bytes:
        """A list as it was fetched today, or fetch it. Only a list that `check` accepts is kept for the day."""
        today = (
            self.folder / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}-{timestamp_tokens.moment()[:10]}.xml"
        )
        failed = self.folder / "not-fetched.txt"
        if today.exists():
            return read_file(today)
        if failed.exists() and time.time() - failed.stat().st_mtime < RETRY_AFTER_S:
            raise UnprovenQualification(read_file(failed).decode("utf-8", "replace"))
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            found = self.get(url, FETCH_TIMEOUT_S, MAX_LIST_BYTES)
        except ArchiverError as error:
            reason = f"the trusted list at {url} could not be fetched ({getattr(error, 'detail', None) or error})"
            replace_file(failed, reason.encode())
            raise UnprovenQualification(reason) from None
        check(found)
        for old in self.folder.glob("*.xml"):
            if timestamp_tokens.moment()[:10] not in old.name:
                old.unlink(missing_ok=True)
        replace_file(today, found)
        return found


def may_be_qualified(token: timestamp_tokens.Token) -> bool:
    """Whether a timestamp states to be qualified, or has the policy that qualified ones have (ETSI EN 319 421)."""
    return token.states_qualified or token.policy == BEST_PRACTICES_POLICY


def _write(path: Path, data: bytes) -> None:
    if not path.exists() or read_file(path) != data:
        replace_file(path, data)


def signers(pinned: Path | None) -> tuple[Certificate, ...]:
    """The certificates that may sign the LOTL. UnprovenQualification without the extra, or for an unusable file."""
    from cryptography import x509

    try:
        known = import_module("pyhanko.sign.validation.qualified.eutl_parse").latest_known_lotl_tlso_certs
    except ImportError as error:
        raise UnprovenQualification(
            f"reading trusted lists needs the extra `qualified`, which is not installed ({error})"
        ) from None
    try:
        if pinned:
            return tuple(x509.load_pem_x509_certificates(read_file(pinned)))
        return tuple(x509.load_der_x509_certificate(each.dump()) for each in known())
    except (OSError, ValueError) as error:
        raise UnprovenQualification(f"the file of the list's signers cannot be used ({error})") from None


def qualified(
    response: bytes, lotl: bytes, national: bytes, pinned: tuple[Certificate, ...], at: str
) -> timestamp_tokens.Qualification:
    """Judge a timestamp, whose signature was checked elsewhere, by two lists as they were received at the time `at`.

    UnprovenQualification unless the LOTL is signed by a pinned certificate, the national list by one that the LOTL
    names, neither had ended, and a service for qualified timestamps with the authority's certificate was granted at its
    time.
    """
    from cryptography.hazmat.primitives.serialization import Encoding

    token, country = timestamp_tokens.Token.parse(response), country_of(response)
    url, trusted = _pointer(lotl, pinned, country, at)
    scheme, services = _services(national, trusted, country, at, token.time)
    chain = _chain(response, [each for service in services for each in _certificates(service)])
    matching = [
        (service, each)
        for service in services
        for each in _certificates(service)
        if any(each.subject == one.subject and each.public_key() == one.public_key() for one in chain)
    ]
    if not matching:
        raise UnprovenQualification(
            f"{scheme} has no granted service for qualified timestamps with its authority's certificate"
        )
    then = datetime.fromisoformat(token.time)
    for service, certificate in matching:
        if service.valid_from <= then and (service.valid_until is None or then < service.valid_until):
            return timestamp_tokens.Qualification(
                certificate=hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
                country=country,
                fetched_at=at,
                granted_since=timestamp_tokens.moment(service.valid_from.timestamp()),
                issued_at=scheme.issued_at,
                lotl=hashlib.sha256(lotl).hexdigest(),
                next_update=scheme.next_update,
                service=" ".join(service.service_name.split())[:200],
                timestamp=hashlib.sha256(response).hexdigest(),
                trusted_list=hashlib.sha256(national).hexdigest(),
                url=url,
            )
    periods = ", ".join(
        f"from {each.valid_from:%Y-%m-%d}" + (f" to {each.valid_until:%Y-%m-%d}" if each.valid_until else "")
        for each, _ in matching
    )
    raise UnprovenQualification(
        f"{scheme} grants its authority's service only {periods}, and the timestamp is of {token.time}"
    )


def qualified_times(root: Path, line: int) -> list[verify_report.TimestampStatement]:
    """What the timestamps that first covered a ledger line say, of those that may be qualified.

    Neither signatures nor lists are checked, so this is cheap; `verify` does.
    """
    found = []
    covering = (
        tokens for size, _, tokens in ledger_lines.checkpoint_files(root / archive_words.CHECKPOINTS) if size > line
    )
    for path in next((tokens for tokens in covering if tokens), []):
        try:
            token = timestamp_tokens.Token.parse(response := regular_files.content(path))
        except (OSError, archive_words.Malformed):  # `verify` reports it
            continue
        kept = statement_about(root, response)
        if may_be_qualified(token) or kept:
            stated = timestamp_tokens.Qualification.parse(regular_files.content(kept)) if kept else None
            stamp = proven_dates.Stamp(token.time, None, False, token.policy, token.states_qualified, stated)
            found.append(stamp.statement())
    return found


def recheck(
    pinned: tuple[Certificate, ...],
) -> Callable[[timestamp_tokens.Qualification, bytes, bytes, bytes], str | None]:
    """A function that reads kept lists again: of (statement, timestamp, LOTL, national list); it returns a reason
    against the statement, or None.
    """

    def refuses(stated: timestamp_tokens.Qualification, response: bytes, lotl: bytes, national: bytes) -> str | None:
        try:
            found = qualified(response, lotl, national, pinned, stated.fetched_at)
        except UnprovenQualification as error:
            return str(error)
        return None if found == stated else "the kept trusted list says something else"

    return refuses


@dataclass(frozen=True)
class _Scheme:
    """The head of a signed list: its country, and when it was issued and is to be renewed."""

    country: str
    issued_at: str
    next_update: str

    def must_hold(self, name: str, at: str) -> None:
        """Raise UnprovenQualification if the list had ended, or was not yet issued, at a time."""
        if self.next_update < at:
            text = f"{name} of {self.issued_at[:10]} ended at {self.next_update}, before it was read"
            raise UnprovenQualification(text)
        if self.issued_at > at:
            raise UnprovenQualification(f"{name} says that it was issued at {self.issued_at}, after it was read")

    def __str__(self) -> str:
        return f"the trusted list of {self.country} of {self.issued_at[:10]}"


def _pointer(
    lotl: bytes, pinned: tuple[Certificate, ...], country: str, at: str
) -> tuple[str, tuple[Certificate, ...]]:
    """The address of a country's list, and the certificates that may sign it."""
    scheme, pointers = _pointers(lotl, pinned)
    scheme.must_hold("the list of trusted lists", at)
    if country not in pointers:
        raise UnprovenQualification(f"the list of trusted lists names no list of {country}, the authority's country")
    return pointers[country]


def _services(
    national: bytes, trusted: tuple[Certificate, ...], country: str, at: str, until: str
) -> tuple[_Scheme, tuple[BaseServiceInformation, ...]]:
    """What a country's list says of services for qualified timestamps: each with a time for which it was granted."""
    scheme, services = _listed(national, trusted, country)
    scheme.must_hold(f"the trusted list of {country}", at)
    if scheme.country != country:
        raise UnprovenQualification(
            f"the list that is named as the trusted list of {country} is that of {scheme.country}"
        )
    if scheme.next_update < until:
        raise UnprovenQualification(f"{scheme} ended at {scheme.next_update}, before the timestamp")
    return scheme, services


@functools.lru_cache(4)
def _pointers(
    lotl: bytes, pinned: tuple[Certificate, ...]
) -> tuple[_Scheme, dict[str, tuple[str, tuple[Certificate, ...]]]]:
    """The head of the list of lists, and what it says of each country."""
    from cryptography import x509
    from pyhanko.sign.validation.qualified import eutl_parse as eutl

    text, scheme = _signed_part(lotl, pinned, "the list of trusted lists", "EUlistofthelists")
    with _reading("the list of trusted lists"):
        return scheme, {
            each.territory: (
                each.location_uri, tuple(x509.load_der_x509_certificate(one.dump()) for one in each.tlso_certs),
            )
            for each in eutl.parse_lotl_unsafe(text).references
            if eutl.LOTL_RULE not in each.scheme_rules
        }  # fmt: skip


@functools.lru_cache(4)
def _listed(
    national: bytes, trusted: tuple[Certificate, ...], country: str
) -> tuple[_Scheme, tuple[BaseServiceInformation, ...]]:
    """The head of a country's list, and its services for qualified timestamps."""
    from pyhanko.sign.validation.qualified.eutl_parse import read_qualified_service_definitions
    from pyhanko.sign.validation.qualified.tsp import QTST_URI

    text, scheme = _signed_part(national, trusted, f"the trusted list of {country}", "EUgeneric")
    with _reading(str(scheme)):
        found = [each.base_info for each in read_qualified_service_definitions(text)]
    return scheme, tuple(each for each in found if each.service_type == QTST_URI)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """UnprovenQualification where pyHanko cannot read a list that is signed."""
    try:
        yield
    except (ValueError, AttributeError, AssertionError) as error:
        raise UnprovenQualification(f"{name} cannot be read ({error})") from None


def _signed_part(data: bytes, trusted: tuple[Certificate, ...], name: str, kind: str) -> tuple[str, _Scheme]:
    """The part of a list that a trusted certificate signed, which was valid when the list was issued."""
    from lxml import etree
    from signxml.exceptions import SignXMLException
    from signxml.xades.xades import XAdESSignatureConfiguration, XAdESVerifier

    if b"<!DOCTYPE" in data[:4096]:
        raise UnprovenQualification(f"{name} is not written as such a list is")
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        signer = next(filter(None, (_named(each.text, trusted) for each in root.iterfind(_SIGNED_WITH))), None)
        if signer is None:
            raise UnprovenQualification(f"{name} is not signed by one of the certificates that may sign it")
        issued = _scheme(root, kind).issued_at
        config = XAdESSignatureConfiguration(
            location="./", expect_references=True, verification_time=datetime.fromisoformat(issued)
        )
        results = XAdESVerifier().verify(data, x509_cert=signer, expect_config=config)
        signed = next((each for each in results if getattr(each.signed_xml, "tag", "") == f"{_TSL}{_LIST}"), None)
        scheme = _scheme(signed.signed_xml, kind) if signed and signed.signed_xml is not None else None
        if signed is None or scheme is None or scheme.issued_at != issued:
            raise UnprovenQualification(f"the signature of {name} does not cover the list")
    except (SignXMLException, etree.XMLSyntaxError, ValueError, AttributeError) as error:
        raise UnprovenQualification(f"the signature of {name} does not hold ({error})") from None
    return signed.signed_data.decode(), scheme


def _named(text: str | None, trusted: Sequence[Certificate]) -> Certificate | None:
    """The trusted certificate that a signature names in base64."""
    from cryptography.hazmat.primitives.serialization import Encoding

    der = base64.b64decode(text or "")
    return next((each for each in trusted if each.public_bytes(Encoding.DER) == der), None)


def _scheme(root: Element, kind: str) -> _Scheme:
    """Read a list's head. ValueError if it is a list of another kind or lacks something."""
    head = f"{_TSL}SchemeInformation/{_TSL}"
    issued, until = root.findtext(f"{head}ListIssueDateTime"), root.findtext(f"{head}NextUpdate/{_TSL}dateTime")
    if root.findtext(f"{head}TSLType") != _KINDS + kind:
        raise ValueError("it is a list of another kind")
    times = [datetime.fromisoformat(each or "").timestamp() for each in (issued, until)]
    return _Scheme(root.findtext(f"{head}SchemeTerritory") or "", *map(timestamp_tokens.moment, times))


def _certificates(service: BaseServiceInformation) -> Iterator[Certificate]:
    from cryptography import x509

    for each in service.provider_certs:
        yield x509.load_der_x509_certificate(each.dump())


@functools.lru_cache(16)
def _signer(response: bytes) -> tuple[Certificate, tuple[Certificate, ...]]:
    """The certificate that signed a timestamp, by the digest of it that is signed, and all that came with it."""
    from asn1crypto import tsp
    from cryptography import x509
    from pyhanko.sign.general import check_ess_certid

    try:
        signed = tsp.TimeStampResp.load(response)["time_stamp_token"]["content"]
        came = [each.chosen for each in signed["certificates"]]
        said = [
            each["values"][0]["certs"][0]
            for each in signed["signer_infos"][0]["signed_attrs"]
            if each["type"].native in ("signing_certificate", "signing_certificate_v2")
        ]
        own = [each for each in came if said and all(check_ess_certid(each, one) for one in said)]
        every = tuple(x509.load_der_x509_certificate(each.dump()) for each in came)
        return x509.load_der_x509_certificate(own[0].dump()), every
    except (IndexError, KeyError, ValueError, TypeError) as error:
        raise UnprovenQualification(f"its authority's certificate cannot be read from it ({error})") from None


def country_of(response: bytes) -> str:
    """The country of a timestamp's authority, as the lists name it. UnprovenQualification if it names none."""
    from cryptography.x509.oid import NameOID

    signer, _ = _signer(response)
    for name in (signer.subject, signer.issuer):
        for each in name.get_attributes_for_oid(NameOID.COUNTRY_NAME):
            return _COUNTRIES.get(str(each.value).upper(), str(each.value).upper())
    raise UnprovenQualification("its authority's certificate names no country")


def _chain(response: bytes, further: Sequence[Certificate]) -> list[Certificate]:
    """The certificates from a timestamp's signer upwards, each of which signed the one before."""
    from cryptography.exceptions import InvalidSignature

    signer, came = _signer(response)
    chain = [signer]
    for below in chain:
        for each in (*came, *further):
            if each.subject == below.issuer and each not in chain:
                try:
                    below.verify_directly_issued_by(each)
                except (ValueError, TypeError, InvalidSignature):
                    continue
                chain.append(each)
    return chain
