"""What pictures say of themselves: real IPTC, XMP and EXIF in real files, and hostile ones that cost nothing."""

import io
import json
import shutil
import struct
import zlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from archiver.reading import embedded
from archiver.reading.certificates import Sure
from archiver.reading.embedded import Embedded, embedded_by_program, understood
from archiver.reading.filenames import NamedAsset
from archiver.reading.worker import DocumentReader
from tests.support import papers
from tests.support.pictures import bare_png


def read_embedded(content: bytes) -> Embedded:
    return embedded.read_embedded(content) or embedded_by_program(content)


def named(found: Embedded) -> list[tuple[str, str | None, Sure]]:
    return [(each.platform, each.asset_id, each.sure) for each in found.named]


def test_alamys_order_stands_in_the_file() -> None:
    found = read_embedded(papers.alamy_picture())
    assert named(found) == [("alamy", "A0001X", Sure.LIKELY)]
    assert (found.order, found.ordered_on) == ("IY01234567", date(2023, 3, 14))
    assert found.quotes["reference"] == papers.ALAMY_REFERENCE
    assert found.quotes["credit"] == "Alamy Stock Photo"
    assert Embedded.from_json(found.to_json()) == found


def test_a_reference_without_alamy_is_no_order() -> None:
    assert read_embedded(papers.picture({103: papers.ALAMY_REFERENCE, 110: "Ada Example"})).order is None


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"credit": "Getty Images/iStockphoto", "licensor_url": "https://www.istockphoto.com/photo/x-gm1234567-123"},
         [("istock", "1234567", Sure.LIKELY)]),
        ({"credit": "Getty Images", "supplier": "Getty Images", "supplier_image_id": "123456789"},
         [("getty_images", "123456789", Sure.LIKELY)]),
        ({"credit": "Getty Images/iStockphoto", "supplier_image_id": "1234567"}, [("istock", "1234567", Sure.LIKELY)]),
        ({"title": "AdobeStock_112670342"}, [("adobe_stock", "112670342", Sure.LIKELY)]),
        ({"copyright": "Ada Example / stock.adobe.com"}, [("adobe_stock", None, Sure.POSSIBLE)]),
        ({"credit": "Shutterstock", "source": "Alamy Stock Photo"}, []),
        ({"supplier": "Ada Example", "supplier_image_id": "123456789"}, []),
        ({"credit": "Alamy Stock Photo", "title": "SUNSET"}, [("alamy", None, Sure.POSSIBLE)]),
        ({"title": "IMG_1234", "credit": "Ada Example"}, []),
        ({"title": "123456789", "credit": "Getty Images/iStockphoto"}, [("istock", "123456789", Sure.LIKELY)]),
        ({"title": "123456789", "credit": "Ada Example"}, []),
        ({"getty_id": "123456789"}, [("getty_images", "123456789", Sure.LIKELY)]),
        ({"description": "See https://depositphotos.com/8235360/stock-photo-lion.html"},
         [("depositphotos", "8235360", Sure.LIKELY)]),
    ],
)  # fmt: skip
def test_platform_and_asset_from_the_fields_about_rights(
    fields: dict[str, str], wanted: list[tuple[str, str | None, Sure]]
) -> None:
    assert named(understood(fields)) == wanted


XMP = (
    "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Haus am Meer – Ä</rdf:li></rdf:Alt></dc:title>"
    "<dc:creator><rdf:Seq><rdf:li>Ada Example</rdf:li></rdf:Seq></dc:creator>"
    "<photoshop:Credit>Getty Images/iStockphoto</photoshop:Credit>"
    "<plus:Licensor><rdf:Seq><rdf:li rdf:parseType='Resource'>"
    "<plus:LicensorURL>https://www.istockphoto.com/photo/x-gm1234567-123</plus:LicensorURL></rdf:li></rdf:Seq>"
    "</plus:Licensor>"
)


def test_xmp_and_exif_are_read_like_iptc() -> None:
    found = read_embedded(papers.picture(xmp=XMP))
    wanted = {"title": "Haus am Meer – Ä", "creator": "Ada Example", "credit": "Getty Images/iStockphoto"}
    assert wanted.items() <= found.quotes.items()
    assert named(found) == [("istock", "1234567", Sure.LIKELY)]
    out, exif = io.BytesIO(), Image.Exif()
    exif[315], exif[33432] = "Ada Example", "stock.adobe.com"
    Image.new("RGB", (8, 8)).save(out, "JPEG", exif=exif)
    found = read_embedded(out.getvalue())
    assert (found.quotes["creator"], named(found)) == ("Ada Example", [("adobe_stock", None, Sure.POSSIBLE)])


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is optional")
def test_exiftool_reads_what_pillow_does_not_and_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"%!PS-Adobe-3.0 EPSF-3.0\n%%Title: pond5_12345678\n%%EndComments\n%%EOF\n"
    assert embedded.read_embedded(content) is None
    found = embedded_by_program(content)
    assert found.quotes["title"] == "pond5_12345678" and named(found) == [("pond5", "12345678", Sure.POSSIBLE)]
    with DocumentReader() as reader:
        assert reader.embedded(content) == found  # in a confined process, where exiftool is confined, too
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded_by_program(content) == Embedded()


def box(kind: bytes, *parts: bytes) -> bytes:
    return struct.pack(">I", 8 + sum(map(len, parts))) + kind + b"".join(parts)


def cbor(value: object) -> bytes:
    match value:
        case str():
            return struct.pack(">BB", 0x78, len(value)) + value.encode()
        case list():
            return bytes([0x80 + len(value)]) + b"".join(map(cbor, value))
        case dict():
            return bytes([0xA0 + len(value)]) + b"".join(cbor(each) for pair in value.items() for each in pair)
    return b"\xd2\x43abc"  # tagged bytes


def manifest(claim: object, *assertions: object, ingredient: object = None) -> bytes:
    """As the specification of C2PA lays it out: claim and ingredients as CBOR, other assertions as JSON or CBOR."""
    about = box(b"jumd", b"\0" * 16, b"\x03c2pa\0")
    parts = [box(b"jumb", about, box(b"json", json.dumps(each).encode())) for each in assertions]
    parts += [box(b"jumb", about, box(b"cbor", cbor(ingredient)))] if ingredient else []
    return box(b"jumb", about, *parts, box(b"jumb", about, box(b"cbor", cbor(claim))))


def in_jpeg(*manifests: bytes) -> bytes:
    """In segments that are far too short, so that the boxes are cut anywhere."""
    store = box(b"jumb", box(b"jumd", b"\0" * 16, b"\x03c2pa\0"), *manifests)
    heads = [store[:8], *(store[:8] for _ in store[48::40])]
    parts = [store[8:48], *(store[at : at + 40] for at in range(48, len(store), 40))]
    segments = [
        b"\xff\xeb" + struct.pack(">H2sHI", 10 + len(head + part), b"JP", 1, number) + head + part
        for number, (head, part) in enumerate(zip(heads, parts, strict=False), 1)
    ]
    picture = papers.picture()
    return picture[:2] + b"".join(segments) + picture[2:]


CLAIM = {"dc:title": "AdobeStock_112670342.jpeg", "hash": None, "redacted": [None, "x"]}
WORK = {"@type": "CreativeWork", "url": "https://stock.adobe.com/112670342", "author": [{"name": "Ada Example"}]}
RIGHTS = {"plus:ImageSupplierImageID": "123456789", "photoshop:Credit": "Getty Images"}
OTHER = {"dc:title": "shutterstock_1234567890.jpg"}


def test_manifests_name_the_asset_where_nothing_else_does_and_name_none_of_several() -> None:
    adobe = [("adobe_stock", "112670342", Sure.LIKELY)]
    found = read_embedded(in_jpeg(manifest(CLAIM)))
    assert (named(found), found.quotes) == (adobe, {"title": "AdobeStock_112670342.jpeg", "c2pa": "title"})
    assert named(read_embedded(papers.picture() + manifest({"dc:title": "hero.jpg"}, WORK))) == []  # behind the picture
    picture = png(20, 20)
    assert named(read_embedded(picture[:33] + manifest({"dc:title": "hero.jpg"}, WORK) + picture[33:])) == adobe
    assert named(read_embedded(in_jpeg(manifest({"a": "b"}, RIGHTS)))) == [("getty_images", "123456789", Sure.LIKELY)]
    assert named(read_embedded(in_jpeg(manifest({"dc:title": "hero.jpg"}, ingredient=CLAIM)))) == adobe
    assert named(read_embedded(in_jpeg(manifest(CLAIM), manifest({"dc:title": "later.jpg"})))) == adobe
    assert read_embedded(in_jpeg(manifest(OTHER, ingredient=CLAIM))) == Embedded()
    by_xmp = papers.picture(xmp="<dc:title>shutterstock_1234567890</dc:title>")
    assert named(read_embedded(by_xmp[:2] + in_jpeg(manifest(CLAIM))[2:] + by_xmp)) == [
        ("shutterstock", "1234567890", Sure.LIKELY)
    ]
    assert read_embedded(papers.picture()) == Embedded()


def png(side: int, rows: int) -> bytes:
    """A PNG that says it has side × side pixels, and holds so many rows of them."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(b"\0" * (side + 1)) for _ in range(rows)) + packer.flush()
    return bare_png(side, side, data, grey=True)


def test_a_picture_of_200_megapixels_is_not_decoded() -> None:
    assert read_embedded(png(14_200, 1)) == Embedded()


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xd8\xff", papers.alamy_picture()[:200], b"\x89PNG\r\n\x1a\n" + b"\0" * 99, b"no picture",
     b"<x:xmpmeta><!DOCTYPE a [<!ENTITY b 'c'>]>&b;</x:xmpmeta>", b"<x:xmpmeta", b"</x:xmpmeta><x:xmpmeta>",
     b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + b"<x:a>" * 200_000 + b"</x:xmpmeta>"],
)  # fmt: skip
def test_broken_files_say_nothing_and_break_nothing(content: bytes) -> None:
    assert read_embedded(content) == Embedded()


RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
FILES = [papers.alamy_picture(), papers.picture(xmp=XMP), in_jpeg(manifest(CLAIM, WORK, ingredient=OTHER))]


@settings(max_examples=60, deadline=2000)
@given(st.sampled_from(FILES), st.lists(st.tuples(st.integers(0, 1500), st.binary(min_size=1, max_size=8)), max_size=6))
def test_damaged_files_never_crash(content: bytes, damage: list[tuple[int, bytes]]) -> None:
    for place, data in damage:
        content = content[:place] + data + content[place + len(data) :]
    found = read_embedded(content)
    assert Embedded.from_json(found.to_json()) == found


@given(
    st.dictionaries(st.sampled_from(["credit", "title", "reference", "licensor_url", "supplier_image_id"]), st.text())
)
def test_hostile_fields_never_crash(fields: dict[str, str]) -> None:
    assert all(isinstance(each, NamedAsset) for each in understood(fields).named)
