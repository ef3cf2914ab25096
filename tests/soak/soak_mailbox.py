"""A mailbox of 20,000 mails, whose first reading is killed at 20 random points; run by `make soak-long`."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.support import mailbox_kills as kills
from tests.support.agency import agency
from tests.support.imap_server import imap_server, missing

MAILS, PAPERS, LETTERS, KILLS = 20_000, 600, 12, 20


@pytest.mark.skipif(bool(missing()), reason=missing() or "")
def test_a_large_mailbox(tmp_path: Path) -> None:
    with agency(tmp_path) as office, imap_server() as server:
        server.put(kills.mails(MAILS, PAPERS, LETTERS))
        kills.add_mailbox(office, server)
        before, chance = server.state(), random.Random(11)
        for _ in range(KILLS):
            process = kills.run(office)
            time.sleep(chance.uniform(1.5, 9.0))
            kills.kill(process)
        result, peak_mb = kills.complete(office)
        assert result["error"] is None
        kills.check(office, PAPERS, LETTERS)
        assert server.state() == before
        assert peak_mb < 200, peak_mb
        again, _ = kills.complete(office)
        assert (again["listed"], again["archived"]) == (0, 0)
        print(f"peak {peak_mb:.0f} MB; second night {again['seconds']} s")
