"""Change for whom a filed capture is.

A licence in the house archive is assigned, as any other of a shared account. Anything else is filed once more, for the
other client: an archive never gives back what it holds.
"""

from __future__ import annotations

from archiver.catalogue.assigning import assign
from archiver.catalogue.assignment import Assignment
from archiver.collect.companion.captures import CaptureRefused, CaptureResult, Inbox
from archiver.core.errors import ConfigError
from archiver.home.settings import HOUSE, Home
from archiver.home.vault import Vault

REASON = "stated in the companion, in the person's own browser"


def change_client(home: Home, vault: Vault, result: CaptureResult, client: str, person: str) -> bool:
    """Make this client the capture's. Returns whether the capture waits to be filed for it.

    CaptureRefused if it was filed too long ago, ArchiveBusy while another command writes to an archive.
    """
    inbox = Inbox(home.state)
    if result.client == client:
        return False
    if result.client == HOUSE and result.licences:
        for each in result.licences:
            try:
                assign(home, vault, str(each["licence"]), Assignment(client=client, by=person, reason=REASON))
            except ConfigError as error:
                raise CaptureRefused(error.detail) from None
        inbox.note(result.assigned_to(client))
        return False
    capture = inbox.filed(result.id)
    if capture is None:
        raise CaptureRefused("This capture was filed more than a day ago. An operator can import its documents.")
    inbox.put_back(capture.for_client(client))
    return True
