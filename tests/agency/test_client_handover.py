"""A client's archive is handed over whole or not at all, and what was checked when it came is not computed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from archiver.agency.client_handover import hand_over
from archiver.archive import seal
from archiver.archive.checking.parts.verify_command import main as verify_it
from archiver.archive.checking.parts.whole_archive import verify_archive
from archiver.archive.known_signatures import KnownSignatures
from archiver.catalogue.archives import writing
from archiver.core.errors import IntegrityError
from archiver.home.connections import trusted_roots
from tests.support.agency import Agency, agency, certificate, record
from tests.support.killed import licence


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Agency]:
    """An agency whose client Acme has an archive of two seals."""
    with agency(tmp_path / "agency") as at:
        for number in (1, 2):
            at.archive("acme", (licence(number), [record(), certificate(f"Licence e{number}")]))
        yield at


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(data)


def beside(file: Path) -> None:
    file.with_name("one-more.txt").write_text("nothing")


WITHOUT_A_DIGEST = ("READ-ME-FIRST.txt", "keys/history.jsonl", "tools/verify.py")
WITH_ONE = (
    "ledger/ledger.jsonl", "ledger/checkpoints/*.note", "ledger/checkpoints/*.tsr", "evidence/**/content/record.json",
    "evidence/**/inventory.json.sha512",
)  # fmt: skip


def test_a_fault_of_the_copys_disk_is_noticed_before_it_is_said_to_be_done(acme: Agency, tmp_path: Path) -> None:
    def disk(fault: Callable[[Path], None], pattern: str) -> Callable[[str, int, int | None], None]:
        def written(_: str, done: int, total: int | None) -> None:
            if done == total:
                fault(sorted((tmp_path / ".out.partial").glob(pattern))[-1])

        return written

    faults: tuple[Callable[[Path], None], ...] = (flip, Path.unlink, beside)
    for fault, pattern in product(faults, (*WITHOUT_A_DIGEST, *WITH_ONE)):
        with pytest.raises(IntegrityError):
            hand_over(acme.home, acme.vault, "acme", tmp_path / "out", progress=disk(fault, pattern))
        assert [each.name for each in tmp_path.iterdir()] == ["agency"], pattern
    source = acme.home.archive("acme")
    planted = ("READ-ME-FIRST.html", "keys/extra.pem", "licence proofs/forged.pdf", "tools/check.py")
    for name in planted:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text("see how well it is proven")
    (source / "tools/verify.py").write_text("print('acme: PROVEN')")
    before = {path.name for path in source.iterdir()}
    done = hand_over(acme.home, acme.vault, "acme", tmp_path / "out", progress=lambda *_: None)
    assert done.state == "PROVEN" and done.left_out == planted and before == {path.name for path in source.iterdir()}
    assert verify_it([str(tmp_path / "out")]) == 0
    assert not [name for name in planted if (tmp_path / "out" / name).exists()]
    with writing(acme.home, acme.vault, "acme") as archive:  # the next run tells what a hand-over did not
        assert "tools/verify.py in the archive of acme was changed" in str(archive.seal().warnings)
        archive.changes_reported()
    with writing(acme.home, acme.vault, "acme") as archive:
        assert archive.seal().warnings == ()


def test_a_timestamp_that_was_checked_when_it_came_is_not_computed_again(
    acme: Agency, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[bytes] = []
    refusal = seal._refusal

    def counted(response: bytes, *rest: object) -> str | None:
        computed.append(response)
        return refusal(response, *rest)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(seal, "_refusal", counted)

    def handed_over(name: str) -> int:
        computed.clear()
        assert hand_over(acme.home, acme.vault, "acme", tmp_path / name, progress=lambda *_: None).state == "PROVEN"
        return len(computed)

    known = acme.home.state / "archive/acme/signatures"
    lines = known.read_bytes()
    assert handed_over("known") == 0
    known.write_bytes(lines[: len(lines) // 3])  # cut off by a full disk
    assert handed_over("cut-off") == 2 and handed_over("known-again") == 0
    known.unlink()
    forger = KnownSignatures(known, acme.vault.signer("beta"))  # who may write here, and has another key
    verify_archive(acme.home.archive("acme"), trusted_roots(acme.home), checker=seal.strict_checker(known=forger))
    forger.save()
    assert len(known.read_bytes().split()) == len(lines.split()) and handed_over("forged") == 2
