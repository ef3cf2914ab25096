"""Anchors of an agency: settings, what the doctor, the status and the command say, and a wrong setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.agency.anchored import anchor_states, anchors, ask_anchors
from archiver.agency.diagnosis import State
from archiver.agency.status import status
from archiver.catalogue.archives import anchors_of
from archiver.core.errors import ConfigError
from tests.support.agency import agency, record
from tests.support.anchor_kit import LocalCalendar, LocalWitness, calendar, witness
from tests.support.claims_kit import licence

__all__ = ["calendar", "witness"]


def test_what_an_anchor_owes_is_told_until_it_is_given(
    witness: LocalWitness, calendar: LocalCalendar, tmp_path: Path
) -> None:
    with agency(tmp_path) as made:
        with (made.run.root / "archiver.yaml").open("a") as settings:
            settings.write(
                f"anchors:\n  - {{name: armored, witness: '{witness.url}', key: '{witness.vkey}'}}\n"
                f"  - {{name: alice, calendar: '{calendar.url}'}}\n"
            )
        made.archive("acme", (licence("1"), [record()]))
        unknown, promised = made.run.json("anchors", "--client", "acme")
        assert (unknown["lacks_newest"], unknown["held"], promised["pending"]) == (True, 0, [2])
        assert "acme" not in unknown["log"]
        told = {message: state for state, message, *_ in anchors(made.home)}
        assert told == {
            "acme: armored has 0 checkpoints, but not the newest": State.WARNING,
            "acme: alice has 1 checkpoint; 1 waits for a Bitcoin block": State.OK,
        }
        assert status(made.home).notes()[0] == "acme: armored has 0 checkpoints, but not the newest"
        witness.trust(unknown["log"])
        calendar.mine()
        said: list[str] = []
        ask_anchors(made.home, made.vault, None, said.append)
        assert said == [] and not any(each.behind or each.pending for each in anchor_states(made.home))
        settings_file = made.run.root / "archiver.yaml"
        settings_file.write_text(settings_file.read_text().replace(witness.vkey[-8:], "AAAAAAAA"))
        with pytest.raises(ConfigError, match="its key is a damaged key of a witness"):
            anchors_of(made.home)
        settings_file.write_text(settings_file.read_text().replace(f", key: '{witness.vkey[:-8]}AAAAAAAA'", ""))
        with pytest.raises(ConfigError, match="needs the key of its witness"):
            _ = made.home
