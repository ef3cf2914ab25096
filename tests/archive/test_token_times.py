"""Authorities whose clocks are wrong: none dates an archive earlier or later alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from archiver.archive.checking.parts import timestamp_tokens
from archiver.archive.checking.parts.proven_dates import agreed
from archiver.archive.token_times import HonestTime
from archiver.archive.writer import Authority
from archiver.core.errors import SiteUnavailable
from tests.support.archive_kit import YEAR, Clock, Kit
from tests.support.token_kit import Forge, Shape

LONG = {"days": (-3000, 3000)}
DAY = 86400


@pytest.fixture(scope="module")
def forge() -> Forge:
    return Forge()


@pytest.fixture
def by(kit: Kit, forge: Forge, tmp_path: Path) -> Callable[..., Kit]:
    """The kit with authorities whose clocks are so many days off."""
    roots = tmp_path / "forge.pem"
    roots.write_bytes(forge.root.public_bytes(Encoding.PEM))

    def authorities(*days: float) -> Kit:
        def post(url: str, query: bytes, *_: object) -> bytes:
            off = next((n for n in days if url == f"http://{n}.example/"), None)
            if off is None:
                raise SiteUnavailable("no answer")
            nonce = timestamp_tokens.der_items(timestamp_tokens.der_items(query)[0].value)[2]
            moment = datetime.now(UTC) + timedelta(days=off)
            shape = Shape(time=f"{moment:%Y%m%d%H%M%SZ}", certify=LONG, nonce=int.from_bytes(nonce.value, "big"))
            return forge.answer(max(kit.root.glob("ledger/checkpoints/*.note")).read_bytes(), shape)

        kit.authorities = [Authority(name=f"n{n}", url=f"http://{d}.example/", roots=roots) for n, d in enumerate(days)]
        kit.post = post
        return kit

    return authorities


@pytest.mark.parametrize("off", [-900, -2, 2, 1500])
def test_a_time_that_is_not_now_is_not_sealed(by: Callable[..., Kit], off: float) -> None:
    seal = by(off, 0).write(1)
    [warning] = seal.warnings
    assert "from n0" in warning and "it states 20" in warning and "Another authority's timestamp" in warning
    assert seal.secured_since and abs(_since(seal.secured_since)) < DAY
    report = by(off).verify()
    assert (report.state, [each.path[-10:] for each in report.findings]) == ("PROVEN", ["sr.refused"])
    assert "UNPROVEN" in by(off).write(2).warnings[0]  # nor where it is the only one


def test_where_only_this_machines_clock_is_wrong_the_authorities_say_so(
    by: Callable[..., Kit], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    kit = by(0, 0.2)
    clock.ahead = YEAR
    assert kit.write(1).warnings == ()
    assert by(0).write(2).warnings, "one alone may be the one that is wrong"


def test_no_timestamp_is_older_than_those_before_it(by: Callable[..., Kit]) -> None:
    by(0).write(1)
    [warning] = by(-0.5).write(2).warnings
    assert "the archive has a timestamp of" in warning
    assert by(0).write(3).warnings == ()


@pytest.mark.parametrize("off", [-900, 1500])
def test_what_was_sealed_by_clocks_that_disagree_counts_as_of_the_later(
    by: Callable[..., Kit], forge: Forge, off: float
) -> None:
    kit = by(0)
    since = kit.write(1).secured_since
    note = kit.root / "ledger/checkpoints/00000002.note"
    time = f"{datetime.now(UTC) + timedelta(days=off):%Y%m%d%H%M%SZ}"
    note.with_name(f"{note.name}.other.tsr").write_bytes(
        forge.answer(note.read_bytes(), Shape(time=time, certify=LONG))
    )
    report = kit.verify()
    assert (report.state, [each.code for each in report.findings if each.code != "claimed-date"]) == (
        "PROVEN", ["dates-apart"],
    )  # fmt: skip
    assert report.secured_since and (report.secured_since == since if off < 0 else _since(report.secured_since) > DAY)


def test_one_clock_alone_never_sets_the_date() -> None:
    """Of three authorities, each a little or far off, and this machine: every combination."""
    now = int(datetime.now(UTC).timestamp())
    for offs in itertools.product((-900 * DAY, -3600, 0, 3600, 1500 * DAY), repeat=3):
        times = [timestamp_tokens.moment(now + off) for off in offs]
        honest = [off for off in offs if abs(off) < DAY]
        if honest:
            assert abs(HonestTime.at(times, 0).now - now) < 60
            assert timestamp_tokens.epoch(agreed(times)) - now >= min(honest)


def _since(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() - datetime.now(UTC).timestamp()
