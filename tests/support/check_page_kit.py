"""The page that checks packs in a browser, opened from a file in a real Chromium, and what it says of a folder."""

from __future__ import annotations

import base64
import io
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from archiver.archive.check_page import check_page
from archiver.archive.checking.parts import strict_zip
from archiver.archive.checking.parts.archive_words import Malformed
from archiver.archive.checking.parts.verify_report import VerifyReport
from archiver.archive.checking.parts.whole_pack import PackReport, verify_pack
from archiver.browsing.chromium import find

CHECK = """async ([zip, { pins = {}, ...options }]) => {
    const bytes = Uint8Array.from(atob(zip), (letter) => letter.charCodeAt(0));
    const supplied = {
        ...(pins.key && { key: publicKey(pins.key) }),
        ...(pins.roots && { roots: certificatesIn(encoded(pins.roots)).found }),
    };
    try {
        return await checkPack(new Blob([bytes]), { verifier: VERIFIER, supplied, ...options });
    } catch (error) {
        if (error instanceof Malformed) return { state: null, reason: error.message };
        throw error;
    }
}"""


def zipped(folder: Path) -> bytes:
    """A folder as a zip, with its links, devices and empty folders."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for path in sorted(folder.rglob("*")):
            info = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix())
            mode = path.lstat().st_mode
            info.create_system, info.external_attr = 3, mode << 16
            if stat.S_ISLNK(mode):
                made.writestr(info, str(path.readlink()))
            elif stat.S_ISDIR(mode):
                info.filename += "/"
                made.writestr(info, b"")
            else:
                info.compress_type = zipfile.ZIP_DEFLATED
                made.writestr(info, path.read_bytes() if stat.S_ISREG(mode) else b"")
    return out.getvalue()


@dataclass
class Checker:
    """The page in its own thread: Playwright's event loop would be in the way of the code under test."""

    do: Callable[[Callable[[Page], Any]], Any]

    def of_zip(self, zip_file: bytes, **options: object) -> dict[str, Any]:
        argument = [base64.b64encode(zip_file).decode(), options]
        found: dict[str, Any] = self.do(lambda page: page.evaluate(CHECK, argument))
        return found

    def __call__(self, bag: Path) -> dict[str, Any]:
        return self.of_zip(zipped(bag))

    def agrees(self, bag: Path, reports: list[VerifyReport] | None) -> None:
        """The page says the same as verify.py, of which `reports` are what it says; None where it sees no pack."""
        found = self(bag)
        names = [unicodedata.normalize("NFC", path.as_posix()).lower() for path in bag.rglob("*")]
        odd = any(
            path.is_symlink()
            or not (path.is_file() or path.is_dir())
            or not strict_zip._is_zip_path(path.relative_to(bag).as_posix())
            for path in bag.rglob("*")
        )
        if odd or len(set(names)) < len(names):
            # The page cannot follow where a link leads, and refuses a zip that some computers unpack otherwise.
            assert found["state"] in (None, "DAMAGED"), found
            assert reports is None or reports[-1].state == "DAMAGED"
            return
        if reports is None:
            assert found["state"] is None, found
            return
        copies = reports[-1]
        assert isinstance(copies, PackReport)
        assert found["state"] == copies.state, (found, copies.as_text())
        assert (found["verdict"], found["trust"] or "") == (copies.verdict.word, copies.verdict.trust)
        whole = found["state"] != "DAMAGED"  # else the page may judge bytes of a timestamp that nobody signed otherwise
        codes = {"timestamp", "dates-not-checked"} if not whole else set[str]()
        told = {(report.client, each.code, each.path) for report in reports for each in report.findings}
        seen = [*found["proofs"], found["copies"]]
        said = {(report["client"], each["code"], each["path"]) for report in seen for each in report["findings"]}
        assert {each for each in said ^ told if each[1] not in codes} == set()
        assert found["copies"]["by_sender"] == copies.by_sender
        if whole:
            self.same_report(found, reports)

    @staticmethod
    def same_report(found: dict[str, Any], reports: list[VerifyReport]) -> None:
        """The page tells of each document and each proof what verify.py tells."""
        *proofs, copies = reports
        assert isinstance(copies, PackReport)
        assert found["copies"]["by_sender"] == copies.by_sender
        assert (found["verdict"], found["trust"] or "") == (copies.verdict.word, copies.verdict.trust)
        assert {each["path"]: each["secured_since"] for each in found["copies"]["documents"]} == copies.copies
        for one, other in zip(found["proofs"], proofs, strict=True):
            mine = other.as_json()
            keys = (mine.keys() & one.keys()) - {"findings"}
            assert {key: one[key] for key in keys} == {key: mine[key] for key in keys}


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker]:
    file = tmp_path_factory.mktemp("page") / "CHECK-THIS.html"
    file.write_bytes(check_page())
    chromium = find()
    assert chromium
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        browser = thread.submit(
            lambda: playwright.chromium.launch(executable_path=chromium.path, args=["--no-sandbox"])
        ).result()
        page = thread.submit(browser.new_page).result()
        thread.submit(page.goto, file.as_uri()).result()
        yield Checker(lambda act: thread.submit(act, page).result())
        thread.submit(browser.close).result()
        thread.submit(playwright.stop).result()


def reports_of(bag: Path) -> list[VerifyReport] | None:
    """What verify.py says of a pack; None where it sees none."""
    try:
        return verify_pack(bag)
    except Malformed:
        return None
