"""A clock that is behind what the archive knows: nothing is written, and what is right is found out."""

from __future__ import annotations

import pytest

from archiver.archive.clock_skew import was_ahead
from archiver.core.errors import ClockWrong
from tests.support.archive_kit import YEAR, Clock, Kit, licence

HALF_A_DAY = 43200


def test_a_clock_set_back_while_writing_places_nothing(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    with kit.open() as archive:
        archive.put(licence(1)).result()
        clock.ahead = -3600
        with pytest.raises(ClockWrong, match="the last line"):
            archive.put(licence(2)).result()
    assert not kit.place(2).exists()
    clock.ahead = 0
    kit.write(2, 3)
    assert (kit.verify().state, kit.verify().licences, kit.verify().findings) == ("PROVEN", 3, [])


def test_a_timestamp_is_believed_before_a_clock_that_was_ahead(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of tomorrow: under a timestamp they do no harm, and where there is none yet, an authority is asked."""
    clock = Clock(monkeypatch)
    kit.write(1)
    assert was_ahead(kit.root) is None
    clock.ahead = HALF_A_DAY
    kit.write(2)
    claimed, stamped = was_ahead(kit.root) or ("", "")
    assert claimed > stamped, "the authority shows it at once"
    clock.ahead = 0
    kit.write(3)
    assert was_ahead(kit.root) is None
    authorities, kit.authorities = kit.authorities, []
    clock.ahead = YEAR
    kit.write(4)
    clock.ahead = 0
    before = (kit.root / "ledger/ledger.jsonl").read_bytes()
    with pytest.raises(ClockWrong, match="the last line"), kit.open():
        pass
    assert (kit.root / "ledger/ledger.jsonl").read_bytes() == before
    kit.authorities = authorities
    kit.write(5)
    clock.ahead = -3600
    with pytest.raises(ClockWrong, match=r"the timestamp \d+\.note\.local\.tsr"), kit.open():
        pass
