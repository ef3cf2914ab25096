"""What a run leads to: letters become claims, their pictures are searched for, shared licences get their clients."""

from __future__ import annotations

from functools import partial

from archiver.agency.mailed_letters import claim_of_letter, search_pictures
from archiver.catalogue.assigning import assign_shared
from archiver.collect.sources import OpenClaim
from archiver.home.settings import Home

__all__ = ["assign_shared", "open_claim", "search_pictures"]


def open_claim(home: Home) -> OpenClaim:
    """What makes a claim of each letter that a source receives."""
    return partial(claim_of_letter, home)
