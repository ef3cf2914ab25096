"""The pack convinces without our software, says what it shows in plain words, and gives away nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.archive.authority import LocalAuthority
from archiver.archive.reader import Archive
from archiver.archive.seal import Authority
from archiver.archive.store import NewObject
from archiver.archive.writer import open_archive
from archiver.catalogue.catalogue import Catalogue
from archiver.domain import Asset, Document, DocumentKind, Gap, GapReason, Licence
from archiver.errors import ConfigError, IntegrityError
from archiver.network import Network
from archiver.proof.pack import Packed, write_proof
from archiver.provider import (
    Automation,
    AutomationTerms,
    Basis,
    Confirm,
    ProviderInfo,
    Rules,
    Scope,
    SignInMethod,
    Transport,
)
from archiver.reading.licence_json import to_json
from archiver.reading.worker import DocumentReader

INFO = ProviderInfo(
    name="acme_stock",
    title="Acme Stock",
    home="https://stock.example",
    login_url="https://stock.example/login",
    methods=(SignInMethod(name="token", transport=Transport.HTTP, secrets=("token",)),),
    rules=Rules(allow=()),
    scope=Scope.SEAT,
    listings=("downloads",),
    identity="licence id",
    documents={"record": "offered"},
    client_hints="none",
    basis=Basis.UNPROVEN,
    basis_detail="invented",
    automation=AutomationTerms(stance=Automation.PERMITTED, quote="-", source="-", read_on="2026-11-24"),
    confirm=Confirm(how="The order number, by mail to the platform's support.", who="The account's holder."),
)
HARBOUR = Licence(
    asset=Asset(provider="acme_stock", asset_id="1234567890", title="Harbour\nat dawn"),
    licence_id="L-1",
    kind="standard",
    licensed_at=datetime(2021, 7, 15, 15, 46, 34, tzinfo=UTC),
    order="PO 12",
    seat="ada@acme.example",
)
CAFE = Licence(asset=Asset(provider="acme_stock", asset_id="77"), licence_id="L-2", licensed_at=date(2024, 1, 5))
CERTIFICATE = Document(
    name="certificate.txt", kind=DocumentKind.CERTIFICATE, content=b"Licence of item 77", media_type="text/plain"
)
ON_REQUEST = Gap(kind=DocumentKind.CERTIFICATE, reason=GapReason.ON_REQUEST, detail="Proof of License form")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with LocalAuthority(tmp_path_factory.mktemp("authority")) as local:
        yield Authority(name="local", url=local.url, roots=local.root_pem)


def make(folder: Path, authority: Authority, origin: str = "live") -> list[Packed]:
    """An archive of two licences, sealed once, as two things to hand over: without and with a certificate."""
    root = folder / "archive" / "acme"
    filed = ((HARBOUR, (), (ON_REQUEST,)), (CAFE, (CERTIFICATE,), ()))
    with open_archive(
        root,
        client="acme",
        signer=Ed25519PrivateKey.generate(),
        origin=origin,
        authorities=[authority],
        state=folder,
        post=Network().post,
    ) as writer:
        for licence, documents, gaps in filed:
            files = {"licence.json": to_json(licence, documents, gaps, {"source": "adapter", "account": "acme-one"})}
            files |= {document.name: document.content for document in documents}
            asset = licence.asset
            new = NewObject(
                kind="licences", date=licence.licensed_at, provider=asset.provider, asset_id=asset.asset_id,
                identity=licence.identity, files=files, created=datetime.now(UTC),
            )  # fmt: skip
            writer.put(new).result()
        writer.seal()
    archive = Archive(root)
    with DocumentReader() as reader, Catalogue(folder / "acme.sqlite") as catalogue:
        catalogue.catch_up(archive, reader)
        return [Packed(archive, catalogue.matching(f"_{part}_")[0], "Acme Ltd", INFO) for part in ("1234567890", "77")]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> list[Packed]:
    return make(tmp_path_factory.mktemp("live"), authority)


def unpacked(packed: list[Packed], folder: Path) -> Path:
    write_proof(packed, folder / "proof.zip")
    with zipfile.ZipFile(folder / "proof.zip") as zipped:
        zipped.extractall(folder / "proof")
    return folder / "proof"


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """As a stranger would: with Python alone, isolated from everything installed here."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "integrity/verify.py", "--proof", "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_stranger_can_check_it_and_every_file_counts(packed: list[Packed], tmp_path: Path) -> None:
    folder = unpacked(packed[:1], tmp_path)
    done = check(folder)
    assert (done.returncode, "PROVEN" in done.stdout, "UNPROVEN" in done.stdout) == (0, True, False), done
    assert (folder / "HOW-TO-CHECK.txt").is_file()
    evidence = [path for path in folder.rglob("*") if path.is_file() and path.parent != folder and path.suffix != ".py"]
    assert len(evidence) > 8
    for path in evidence:
        content = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        spoiled = check(folder)
        assert spoiled.returncode == 90 or "UNPROVEN" in spoiled.stdout, f"{path.name}: {spoiled}"
        path.write_bytes(content)
    assert check(folder).stdout == done.stdout


def test_the_summary_keeps_the_dates_apart_and_promises_nothing(packed: list[Packed], tmp_path: Path) -> None:
    text = (unpacked(packed[:1], tmp_path) / "summary.txt").read_text("utf-8")
    secured = next(line for line in text.splitlines() if line.startswith("Secured since: "))
    assert "Licensed on: 2021-07-15 15:46:34 UTC" in text
    assert re.fullmatch(datetime.now(UTC).strftime(r"Secured since: %Y-%m-\d\d \d\d:\d\d:\d\d UTC\. .*"), secured)
    assert "Title        Harbour at dawn" in text
    assert "certificate  the platform gives it on request only (Proof of License form)" in text
    assert "The order number, by mail" in text and "The account's holder." in text
    assert "received by us" in text and "issued" not in text
    assert "NOT EVIDENCE" not in text and "@" not in text


def test_several_licences_have_one_folder_each_and_know_nothing_of_neighbours(
    packed: list[Packed], tmp_path: Path
) -> None:
    folder = unpacked(packed, tmp_path)
    both = sorted(folder.iterdir())
    assert [path.name for path in both] == sorted(each.entry.folder for each in packed)
    assert [check(path).returncode for path in both] == [0, 0]
    cafe = next(path for path in both if "_77_" in path.name)
    assert "licence document is enclosed" in (cafe / "summary.txt").read_text("utf-8")
    for path in cafe.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"1234567890" not in content and b"L-1" not in content and b"ada@" not in content, path


def test_the_same_archive_gives_the_same_bytes_and_nothing_is_overwritten(packed: list[Packed], tmp_path: Path) -> None:
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    write_proof(packed, one)
    write_proof(packed, two)
    assert one.read_bytes() == two.read_bytes()
    assert {info.date_time for info in zipfile.ZipFile(one).infolist()} == {(1980, 1, 1, 0, 0, 0)}
    before = two.read_bytes()
    with pytest.raises(ConfigError, match="exists"):
        write_proof(packed[:1], two)
    assert two.read_bytes() == before
    with pytest.raises(ConfigError, match="cannot be written"):
        write_proof(packed, tmp_path / "no-such-folder" / "proof.zip")


def test_a_damaged_licence_is_not_handed_over(packed: list[Packed], tmp_path: Path) -> None:
    shutil.copytree(packed[0].archive.root, tmp_path / "acme")
    [content] = tmp_path.rglob("certificate.txt")
    content.chmod(0o644)
    content.write_bytes(b"Licence of item 78")
    archive = Archive(tmp_path / "acme")
    with pytest.raises(IntegrityError, match=r"certificate\.txt"):
        write_proof([replace(each, archive=archive) for each in packed], tmp_path / "proof.zip")
    assert not (tmp_path / "proof.zip").exists()
    write_proof([replace(packed[0], archive=archive)], tmp_path / "proof.zip")  # the neighbour's damage is not its own


def test_a_replay_says_what_it_is(authority: Authority, tmp_path: Path) -> None:
    folder = unpacked(make(tmp_path, authority, origin="replay")[:1], tmp_path)
    for name in ("summary.txt", "HOW-TO-CHECK.txt"):
        assert (folder / name).read_text("utf-8").startswith("NOT EVIDENCE")
    assert "NOT EVIDENCE" in check(folder).stdout
