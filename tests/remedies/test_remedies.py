"""Each remedy is run in the state that offers it, as it is printed, and leads out of that state.

The tables have a case for each action of `remedies.yaml`. A case brings the state about through the program, takes the
command that the program prints, runs exactly that, and looks for the state again. Where a word in CAPITALS is for a
person to choose, the case chooses; where a person types a secret, the case types it at a terminal.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.remedy import actions

from . import of_accounts, of_archives, of_claims, of_machines

CASES = of_accounts.CASES | of_archives.CASES | of_claims.CASES | of_machines.CASES

SHORT = {"rotate", "assign", "run", "init", "see settings", "remove setting", "reopen claim", "release hold",
         "say first purchase"}  # fmt: skip
"""Cases that the suite runs; the long form runs all."""

WITHOUT_CASE = {
    "accept the vault",
    "ask anchors",
    "capture",
    "capture platform",
    "check machine",
    "check online",
    "export client",
    "name agency",
    "name authorities",
    "name recipients",
    "name sites",
    "name witness",
    "open",
    "pack licence",
    "read accounts",
    "renew",
    "restore the archive",
    "schedule",
    "send again",
    "trusted lists",
    "try again",
}


def test_each_action_has_a_case() -> None:
    """Actions without a case are listed; the list only gets shorter."""
    assert actions().keys() - CASES.keys() == WITHOUT_CASE and CASES.keys() <= actions().keys()


@pytest.mark.browser
@pytest.mark.parametrize(
    "action", [pytest.param(each, marks=[pytest.mark.long] * (each not in SHORT)) for each in CASES]
)
def test_a_remedy_leads_out_of_the_state_that_offers_it(action: str, tmp_path: Path) -> None:
    CASES[action](tmp_path)
