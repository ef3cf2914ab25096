"""The ASiC-E container, judged by the rules of ETSI EN 319 162-1 and by openssl."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from archiver.archive import seal
from archiver.archive.local_tsa import LocalAuthority
from archiver.claims.asic_container import MEDIA_TYPE, path_of, write_container
from archiver.core.errors import ConfigError
from archiver.home.network import Network

POST = Network().post
ASIC, DSIG = "{http://uri.etsi.org/02918/v1.2.1#}", "{http://www.w3.org/2000/09/xmldsig#}"
HASHES = {"http://www.w3.org/2001/04/xmlenc#sha256": "sha256", "http://www.w3.org/2001/04/xmlenc#sha512": "sha512"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[seal.Authority]:
    with LocalAuthority(tmp_path_factory.mktemp("tsa")) as local:
        yield seal.Authority(name="local", url=local.url, roots=local.root_pem)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "Beleg für Acme.zip", tmp_path / "Beleg für Acme.pdf"]
    for path in made:
        path.write_bytes(path.name.encode() * 1000)
    return made


def judge(container: Path, roots: Path, folder: Path) -> int:
    """How many timestamps hold. AssertionError for what the standard forbids, or what openssl refuses."""
    raw = container.read_bytes()
    assert raw[30:38] == b"mimetype" and raw[38 : 38 + len(MEDIA_TYPE)] == MEDIA_TYPE.encode()
    with zipfile.ZipFile(container) as opened:
        first, *entries = opened.infolist()
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        contents = {each.filename: opened.read(each) for each in entries}
    manifests = [name for name in contents if name.startswith("META-INF/ASiCManifest") and name.endswith(".xml")]
    data = {name for name in contents if not name.startswith("META-INF/")}
    for name in manifests:
        root = ElementTree.fromstring(contents[name])
        assert root.tag == f"{ASIC}ASiCManifest"
        reference, *objects = root
        assert reference.tag == f"{ASIC}SigReference"
        assert reference.get("MimeType") == "application/vnd.etsi.timestamp-token"
        covered = set()
        for each in objects:
            method, digest = each
            assert (each.tag, method.tag, digest.tag) == (
                f"{ASIC}DataObjectReference", f"{DSIG}DigestMethod", f"{DSIG}DigestValue",
            )  # fmt: skip
            named = unquote(each.get("URI", ""))
            hashed = hashlib.new(HASHES[method.get("Algorithm", "")], contents[named]).digest()
            assert base64.b64decode(digest.text or "") == hashed
            covered.add(named)
        assert covered == data
        token, about = folder / "token.tst", folder / "manifest.xml"
        token.write_bytes(contents[str(reference.get("URI"))])
        about.write_bytes(contents[name])
        command: list[str | Path] = [
            "openssl",
            "ts",
            "-verify",
            "-token_in",
            "-in",
            token,
            "-data",
            about,
            "-CAfile",
            roots,
        ]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert contents.keys() - data - set(manifests) == {
        f"META-INF/timestamp{n:03d}.tst" for n in range(1, len(manifests) + 1)
    }
    return len(manifests)


def test_the_standard_s_rules_and_openssl_accept_it_and_see_each_change(
    files: list[Path], authority: seal.Authority, tmp_path: Path
) -> None:
    out = path_of(files[0])
    assert write_container(out, files, [authority, authority], POST) == []
    assert authority.roots
    assert judge(out, authority.roots, tmp_path) == 2
    with pytest.raises(ConfigError, match="exists"):
        write_container(out, files, [authority], POST)
    with zipfile.ZipFile(out) as opened:
        contents = [(each, opened.read(each)) for each in opened.infolist()]
    for place in range(1, len(contents)):
        changed = tmp_path / f"{place}.asice"
        with zipfile.ZipFile(changed, "w") as made:
            for number, (info, content) in enumerate(contents):
                made.writestr(
                    info, content[:-40] + bytes([content[-40] ^ 1]) + content[-39:] if number == place else content
                )
        with pytest.raises((AssertionError, ElementTree.ParseError, KeyError)):
            judge(changed, authority.roots, tmp_path)


def test_without_an_answer_there_is_no_container(files: list[Path], authority: seal.Authority) -> None:
    deaf = seal.Authority(name="deaf", url="http://127.0.0.1:9/", roots=authority.roots)
    out = path_of(files[0])
    assert [each.partition(":")[0] for each in write_container(out, files, [deaf], POST)] == ["deaf"]
    assert not out.exists()
    assert len(write_container(out, files, [deaf, authority], POST)) == 1 and out.exists()
