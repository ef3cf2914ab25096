"""The captured pages of a pack as a WACZ: every digest and place in it is right, and its own validator agrees."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver.claims.wacz import path_of, url_key, write_wacz
from archiver.core.errors import ConfigError

NOW = datetime(2026, 11, 28, tzinfo=UTC)
PAGE, STYLE, SEARCH = (
    "https://www.example.com/Licence?b=2&a=1",
    "https://cdn.example.com:8443/s.css",
    "https://example.com/q",
)


def warc(title: str) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    for url, method, media_type in (
        (PAGE, "GET", "text/html; charset=utf-8"),
        (STYLE, "GET", "text/css"),
        (SEARCH, "POST", "x/y"),
    ):
        answer = StatusAndHeaders("200 OK", [("Content-Type", media_type)], protocol="HTTP/1.1")
        made = writer.create_warc_record(url, "response", io.BytesIO(title.encode()), http_headers=answer)
        asked = StatusAndHeaders(f"{url} HTTP/1.1", [], protocol=method)
        with_it = {"WARC-Concurrent-To": made.rec_headers.get_header("WARC-Record-ID")}
        writer.write_record(made)
        writer.write_record(
            writer.create_warc_record(url, "request", io.BytesIO(), http_headers=asked, warc_headers_dict=with_it)
        )
    said = io.BytesIO(json.dumps({"main": {"url": PAGE}}).encode())
    writer.write_record(writer.create_warc_record(PAGE, "metadata", said, warc_content_type="application/json"))
    return out.getvalue()


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack with two captures: the same one of terms in two licences, one of a licence, and one that is no capture."""
    with zipfile.ZipFile(tmp_path / "proof.zip", "w") as made:
        for licence in ("one", "two"):
            made.writestr(f"proof/data/07_integrity/{licence}/terms/t/v1/content/capture.warc.gz", warc("terms"))
        made.writestr("proof/data/02_licence_original/one/capture.warc.gz", warc("licence"))
        made.writestr("proof/data/07_integrity/one/licence/one/v1/content/capture.warc.gz", b"not looked at")
    return tmp_path / "proof.zip"


def test_each_digest_and_each_place_in_the_index_is_right(pack: Path) -> None:
    out = path_of(pack)
    write_wacz(out, pack, NOW)
    with zipfile.ZipFile(out) as made:
        files = {name: made.read(name) for name in made.namelist()}
        stored = {each.filename for each in made.infolist() if each.compress_type == zipfile.ZIP_STORED}
    package = json.loads(files["datapackage.json"])
    listed = {each["path"]: (each["hash"], each["bytes"]) for each in package["resources"]}
    assert listed == {
        name: (f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))
        for name, data in files.items() if not name.startswith("datapackage")
    }  # fmt: skip
    assert (
        package["wacz_version"] == "1.1.1" and hashlib.sha256(pack.read_bytes()).hexdigest() in package["description"]
    )
    digest = json.loads(files["datapackage-digest.json"])["hash"]
    assert digest == f"sha256:{hashlib.sha256(files['datapackage.json']).hexdigest()}"
    assert stored == {name for name in files if name.startswith("archive/")}
    lines = files["indexes/index.cdx"].decode().splitlines()
    assert lines == sorted(lines) and not any(SEARCH in line for line in lines)
    for line in lines:
        key, _, described = line.split(" ", 2)
        said = json.loads(described)
        data = files[f"archive/{said['filename']}"][int(said["offset"]) :][: int(said["length"])]
        [record] = ArchiveIterator(io.BytesIO(data))
        assert record.rec_headers.get_header("WARC-Target-URI") == said["url"] and key == url_key(said["url"])
    head, *pages = map(json.loads, files["pages/pages.jsonl"].decode().splitlines())
    assert head["format"] == "json-pages-1.0" and [each["url"] for each in pages] == [PAGE] * len(pages)
    with pytest.raises(ConfigError, match="exists"):
        path_of(pack)


def test_an_address_is_sorted_by_its_host() -> None:
    assert url_key(PAGE) == "com,example)/licence?a=1&b=2" and url_key(STYLE) == "com,example,cdn:8443)/s.css"


def test_without_a_capture_nothing_is_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "proof.zip", "w") as made:
        made.writestr("proof/data/proof.pdf", b"%PDF-")
    assert write_wacz(tmp_path / "proof.wacz", tmp_path / "proof.zip", NOW) == 0
    assert not (tmp_path / "proof.wacz").exists()


@pytest.mark.skipif(not shutil.which("wacz"), reason="the program wacz is not here (pip install wacz)")
def test_the_validator_of_the_package_wacz_agrees(pack: Path) -> None:
    out = path_of(pack)
    write_wacz(out, pack, NOW)
    command = ["wacz", "validate", "-f", str(out)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    data = bytearray(out.read_bytes())
    data[data.index(b"\x1f\x8b") + 40] ^= 1
    out.write_bytes(data)
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
