"""What a run leads to: letters become claims, their pictures are searched for, shared licences get their clients."""

from __future__ import annotations

from archiver.agency.mailed_letters import MailedLetters, search_pictures
from archiver.catalogue.assigning import assign_shared

__all__ = ["MailedLetters", "assign_shared", "search_pictures"]
