"""Read the metadata of a media file: IPTC, XMP, EXIF, C2PA, and Alamy's order reference.

A hostile file can take over any parser, so call these functions in a confined process. No picture is decoded. Pillow
reads pictures. exiftool, if installed, reads the formats that Pillow does not know (video, sound, EPS).
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from xml.etree import ElementTree

from archiver.core.model import Moment, iso, parse_iso
from archiver.reading.c2pa import c2pa_texts
from archiver.reading.certificates import Quote, Sure, day
from archiver.reading.external_tools import exiftool_json
from archiver.reading.filenames import NamedAsset, names
from archiver.reading.platforms import PLATFORMS, marked, titled

MAX_VALUE_LENGTH = 2_000  # characters kept of one field
MAX_XMP_BYTES = 4 << 20  # bytes
PICTURES = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "PSD", "AVIF")  # opened where Pillow can
_OTHERS = (b"%!PS", b"\xc5\xd0\xd3\xc6", b"%PDF-", b"ID3", b"RIFF", b"OggS", b"fLaC")  # files for exiftool


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """What was found. `named` are the assets that the fields speak of, the surest first; an asset id may be unknown.

    `order` and `ordered_on` are Alamy's, which writes them into each file that it licenses. `quotes` are the fields as
    the file has them; those named under `c2pa` come from its manifests.
    """

    named: Sequence[NamedAsset] = ()
    order: str | None = None
    ordered_on: Moment | None = None
    quotes: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """For the way out of a worker."""
        return json.dumps(asdict(self) | {"ordered_on": iso(self.ordered_on)}).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Embedded:
        """The inverse of `to_json`."""
        found: dict[str, Any] = json.loads(content)
        named = tuple(NamedAsset(**{**each, "sure": Sure(each["sure"])}) for each in found["named"])
        return cls(**{**found, "named": named, "ordered_on": parse_iso(found["ordered_on"])})


_DC = "{http://purl.org/dc/elements/1.1/}"
_PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
_RIGHTS = "{http://ns.adobe.com/xap/1.0/rights/}"
_PLUS = "{http://ns.useplus.org/ldf/xmp/1.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


@dataclass(frozen=True)
class _Tag:
    """Where a field stands: in XMP, in IPTC-IIM (record 2), in EXIF, and as exiftool calls it."""

    xmp: str
    iptc: int | None = None
    exif: int | None = None
    exiftool: tuple[str, ...] = ()


_TAGS = {
    "title": _Tag(f"{_DC}title", 5, exiftool=("Title", "ObjectName")),
    "headline": _Tag(f"{_PHOTOSHOP}Headline", 105, exiftool=("Headline",)),
    "creator": _Tag(f"{_DC}creator", 80, 315, ("Creator", "By-line", "Artist")),
    "credit": _Tag(f"{_PHOTOSHOP}Credit", 110, exiftool=("Credit",)),
    "source": _Tag(f"{_PHOTOSHOP}Source", 115, exiftool=("Source",)),
    "copyright": _Tag(f"{_DC}rights", 116, 33432, ("Rights", "CopyrightNotice", "Copyright")),
    "reference": _Tag(
        f"{_PHOTOSHOP}TransmissionReference", 103, None, ("TransmissionReference", "OriginalTransmissionReference")
    ),
    "instructions": _Tag(f"{_PHOTOSHOP}Instructions", 40, exiftool=("Instructions", "SpecialInstructions")),
    "web_statement": _Tag(f"{_RIGHTS}WebStatement", exiftool=("WebStatement",)),
    "licensor_name": _Tag(f"{_PLUS}LicensorName", exiftool=("LicensorName", "LicensorLicensorName")),
    "licensor_url": _Tag(f"{_PLUS}LicensorURL", exiftool=("LicensorURL", "LicensorLicensorURL")),
    "supplier": _Tag(f"{_PLUS}ImageSupplierName", exiftool=("ImageSupplierName", "ImageSupplierImageSupplierName")),
    "supplier_image_id": _Tag(f"{_PLUS}ImageSupplierImageID", exiftool=("ImageSupplierImageID",)),
    "getty_id": _Tag("{http://xmp.gettyimages.com/gift/1.0/}AssetID", exiftool=("AssetID",)),
    "identifier": _Tag(f"{_DC}identifier", exiftool=("Identifier",)),
    "description": _Tag(f"{_DC}description", 120, 270, ("Description", "Caption-Abstract", "ImageDescription")),
}  # fmt: skip

# Names in C2PA manifests: those of XMP and of schema.org.
_C2PA = {tag.xmp.rpartition("}")[2]: name for name, tag in _TAGS.items()} | {
    "author.name": "source", "provider.name": "supplier", "creditText": "credit", "copyrightNotice": "copyright",
    "copyrightHolder.name": "copyright", "url": "web_statement", "acquireLicensePage": "licensor_url",
    "identifier": "supplier_image_id",
}  # fmt: skip

_ADDRESS = re.compile(r"https?://[^\s<>\"']{4,500}")
# "Your ref …; Our Ref …; Downloaded date", as Alamy's help describes it.
_ALAMY = re.compile(
    r"Your ref[.: ]{0,3}[^;]{0,80};\s{0,5}Our ref[.: ]{0,3}(?P<our>[A-Za-z0-9/-]{3,40})"
    r"(?:\s{0,5};\s{0,5}Downloaded(?: date)?[.: ]{0,3}(?P<day>[^;]{6,40}))?",
    re.IGNORECASE,
)
# What malformed files make Pillow raise.
_BROKEN = (ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError, TypeError,
           ValueError)  # fmt: skip


def read_embedded(content: bytes) -> Embedded | None:
    """What the bytes of a picture, video or sound file say about themselves; empty if they say nothing, None if only an
    external program can tell.
    """
    found, opened = _picture(content)
    found = _xmp(content) | found
    if not found and not opened and (content[4:8] == b"ftyp" or content.startswith(_OTHERS)):
        return None
    return _understood_with_manifests(content, found)


def embedded_by_program(content: bytes) -> Embedded:
    """Like `read_embedded`, with exiftool; empty if it is not installed."""
    return _understood_with_manifests(content, _exiftool(content))


def _understood_with_manifests(content: bytes, found: dict[str, str]) -> Embedded:
    said = understood(found)
    if (manifests := _manifests(content)) and not any(each.asset_id for each in said.named):
        return understood(found | manifests | {"c2pa": ", ".join(manifests)})
    return said


def understood(found: Mapping[str, str]) -> Embedded:
    """What named fields say: the keys of `_TAGS` with their values."""
    named: list[NamedAsset] = []
    platform, words = _platform(found)
    for name in ("web_statement", "licensor_url", "title", "headline", "supplier_image_id", "identifier", "source"):
        named += [_less_sure(each) for each in names(found.get(name, ""))]
    for address in _ADDRESS.findall(found.get("description", "")):
        named += [_less_sure(each) for each in names(address)]
    order = _ALAMY.search(found.get("reference", "")) if platform == "alamy" else None
    if platform is None and "getty_id" in found:
        platform, words = "getty_images", found["getty_id"]
    # An agency's file whose name is a number only is named by the agency's number of it.
    title = found.get("title", "")
    asset_id = found.get("supplier_image_id") or found.get("getty_id")
    asset_id = asset_id or (title if platform == "alamy" or re.fullmatch(r"\d{6,12}", title, re.ASCII) else None)
    if platform and asset_id and re.fullmatch(PLATFORMS[platform].asset, asset_id) and re.search(r"\d", asset_id):
        named.append(NamedAsset(platform, asset_id, Sure.LIKELY, asset_id))
    if platform and not any(each.platform == platform for each in named):
        named.append(NamedAsset(platform, None, Sure.POSSIBLE, words))
    return Embedded(
        named=tuple({(each.platform, each.asset_id): each for each in named}.values()),
        order=order["our"] if order else None,
        ordered_on=day(Quote(order["day"].strip(), "")) if order and order["day"] else None,
        quotes=dict(found),
    )


def _platform(found: Mapping[str, str]) -> tuple[str | None, str]:
    """The only platform that the fields about rights name. Getty Images credits its iStock to both."""
    rights = ("credit", "source", "copyright", "instructions", "licensor_name", "licensor_url", "supplier")
    text = "\n".join(found.get(name, "") for name in rights).replace("iStockphoto", "iStock")
    platforms = titled(text.replace("/", " / ")) | marked(text)
    if "istock" in platforms:
        platforms.pop("getty_images", None)
    return next(iter(platforms.items())) if len(platforms) == 1 else (None, "")


def _less_sure(named: NamedAsset) -> NamedAsset:
    return replace(named, sure=Sure.LIKELY) if named.sure is Sure.CERTAIN else named


def _picture(content: bytes) -> tuple[dict[str, str], bool]:
    """IPTC and EXIF of what Pillow opens, by its header alone, and whether Pillow opened it."""
    # Heavy, and needed in the worker only.
    from PIL import Image, IptcImagePlugin

    Image.init()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=[each for each in PICTURES if each in Image.OPEN])
        iptc = IptcImagePlugin.getiptcinfo(image) or {}
        exif = image.getexif()
    except (Image.DecompressionBombError, *_BROKEN):
        return {}, False
    found = {}
    for name, tag in _TAGS.items():
        raw = iptc.get((2, tag.iptc)) if tag.iptc else None
        value = _text(raw) or (_text(exif.get(tag.exif)) if tag.exif else "")
        if value:
            found[name] = value
    return found, True


def _text(raw: object) -> str:
    """A value of any type as one line: several values are joined, bytes are read as UTF-8 or else Latin-1."""
    if isinstance(raw, list | tuple):
        return _text("; ".join(filter(None, map(_text, raw[:20]))))
    if isinstance(raw, bytes):
        kept = raw[: 4 * MAX_VALUE_LENGTH]
        try:
            raw = kept.decode()
        except UnicodeDecodeError:
            raw = kept.decode("latin-1")
    if not isinstance(raw, str | int | float):
        return ""
    storable = str(raw).replace("\0", " ").encode("utf-8", "replace").decode()
    return " ".join(storable.split())[:MAX_VALUE_LENGTH]


def _xmp(content: bytes) -> dict[str, str]:
    """The first XMP packet, wherever it stands: it is plain text in every format."""
    start = content.find(b"<x:xmpmeta")
    end = content.find(b"</x:xmpmeta>", start)
    packet = content[start : end + len(b"</x:xmpmeta>")]
    if start < 0 or end < 0 or len(packet) > MAX_XMP_BYTES:
        return {}
    try:
        root = ElementTree.fromstring(packet)  # noqa: S314  # begins with its root, so it declares no entities
    except (ElementTree.ParseError, ValueError):
        return {}
    wanted = {tag.xmp: name for name, tag in _TAGS.items()}
    found: dict[str, str] = {}
    for tag, value in _properties(root):
        if (name := wanted.get(tag)) and (text := _text(value)):
            found.setdefault(name, text)
    return found


def _manifests(content: bytes) -> dict[str, str]:
    """The fields of C2PA manifests, the newest one's first.

    A picture that was put together has the titles of all its parts: of several texts counts what names an asset, and
    none does where they name two.
    """
    texts: dict[str, list[str]] = {}
    for key, each in c2pa_texts(content):
        if (name := _C2PA.get(key)) and (text := _text(each)):
            texts.setdefault(name, []).append(text)
    found = {}
    for name, several in texts.items():
        assets = {(each.platform, each.asset_id): text for text in several for each in names(text) if each.asset_id}
        if len(assets) < 2:
            found[name] = next(iter(assets.values()), several[0])
    return found


def _properties(root: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Names and values, whether written as attributes, as elements, or as lists and alternatives in them."""
    for element in root.iter():
        yield from element.attrib.items()
        if element.tag.startswith(_RDF):
            continue
        items = [item.text or "" for item in element.findall(f"./*/{_RDF}li")[:20]]
        yield element.tag, "; ".join(filter(None, items)) or element.text or ""


def _exiftool(content: bytes) -> dict[str, str]:
    """The same fields by exiftool, if it is installed; bytes in by its standard input, nothing written."""
    wanted = {tag: name for name, each in _TAGS.items() for tag in each.exiftool}
    try:
        [fields] = json.loads(exiftool_json(content, list(wanted)))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}
    found: dict[str, str] = {}
    for tag, name in wanted.items():
        with suppress(KeyError):
            if text := _text(fields[tag]):
                found.setdefault(name, text)
    return found
