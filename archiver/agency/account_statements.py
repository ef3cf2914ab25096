"""Archive the statements of named persons about an account: accepted unattended runs, or authorised access."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

from archiver.archive import pending_statements
from archiver.archive.ocfl import NewObject
from archiver.collect.automation import acceptance, account_statement
from archiver.core.errors import Erased
from archiver.core.json_files import readable
from archiver.core.model import iso
from archiver.home.settings import Account, Home
from archiver.home.vault import Vault
from archiver.provider import ProviderInfo

ACCEPTED, AUTHORISED = "automation accepted", "access authorised"


def file_statements(home: Home, vault: Vault, account: Account, info: ProviderInfo, stated: Mapping[str, str]) -> None:
    """Archive the statements of named persons about an account: unattended runs accepted, access authorised.

    A recorded statement is not recorded again.
    """
    from archiver.catalogue.archives import writing

    with writing(home, vault, account.client) as archive:
        before = pending_statements.about(archive.reader, account.name)
        for what, person in stated.items():
            said: dict[str, object] = {
                "format": 1,
                "statement": what,
                "account": account.name,
                "provider": info.name,
                "by": person,
                "at": iso(datetime.now(UTC)),
            }
            if what == ACCEPTED:
                terms = info.automation
                said |= {"stance": terms.stance, "quote": terms.quote, "source": terms.source, "read_on": terms.read_on}
            if pending_statements.same(before, said):
                continue
            if left := pending_statements.same(pending_statements.pending(archive.reader), said):
                archive.append("statement", id=left, account=account.name)
                continue
            content = readable(said)
            if what == ACCEPTED:
                new = acceptance(account, info, content)
                try:
                    stored = archive.put(new).result()
                except Erased:
                    stored = archive.put(acceptance(account, info, content, again=f":{said['at']}")).result()
            else:
                stored = archive.put(authorisation(account, content)).result()
            archive.append("statement", id=stored.object_id, account=account.name)
        archive.seal()


def authorisation(account: Account, statement: bytes) -> NewObject:
    """The archive object of a person's authorisation of access to an account; each statement gets its own."""
    return account_statement(account, f"access:{account.name}:{sha256(statement).hexdigest()}", statement)
