"""The visits of a run to the pages of licence terms, one for each platform."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from archiver.archive.ocfl import object_path
from archiver.archive.writer import ArchiveWriter
from archiver.browsing.recording import Recording
from archiver.collect.account_session import AccountSession
from archiver.collect.run_context import RunContext, RunSummary
from archiver.collect.run_tools import RunTools
from archiver.collect.terms import SeenTerms, fetch_terms, terms_from_api
from archiver.collect.terms import rules as terms_rules
from archiver.core.errors import ArchiverError, SecretFound
from archiver.home.settings import Account, Home
from archiver.provider import AnyProvider, ProviderInfo, Request, TermsPage
from archiver.reading.secret_scan import all_forms, contains, mask_text


@dataclass
class TermsVisits:
    """The run's visits to the pages of licence terms: one for each platform, started by the first account that needs
    it.
    """

    tools: RunTools
    summary: RunSummary
    home: Home
    accounts: Sequence[Account]
    _visits: dict[str, asyncio.Task[list[SeenTerms]]] = field(default_factory=dict)

    async def seen(self, info: ProviderInfo, recording: Recording | None) -> list[SeenTerms]:
        """The terms as they are today; those that could not be had are a warning of the run."""
        if info.name not in self._visits:
            self._visits[info.name] = asyncio.create_task(self._visit(info, recording))
        return await asyncio.shield(self._visits[info.name])

    def end(self) -> None:
        """Stop waiting: all accounts have ended."""
        for visit in self._visits.values():
            visit.cancel()

    async def _visit(self, info: ProviderInfo, recording: Recording | None) -> list[SeenTerms]:
        network = self.tools.network
        if recording and self.tools.replay:
            info = replace(info, terms=tuple(page for page in info.terms if recorded(recording, page)))
        if not info.terms:
            return []
        if recording and self.tools.replay:
            listener = await self.tools.replay.serve(recording, terms_rules(info))
            self.summary.replays[f"terms of {info.name}"] = listener
            network = listener.network
        seen, warnings = await fetch_terms(
            self.tools.browsers, info, network=network, pacing=self.tools.pacing, missing=partial(self._missing, info)
        )
        self.summary.warnings.extend(warnings)
        return seen

    def _missing(self, info: ProviderInfo, object_id: str) -> bool:
        clients = {account.client for account in self.accounts if account.provider == info.name}
        return not all(object_path(self.home.archive(client), object_id).exists() for client in clients)


def recorded(recording: Recording, page: TermsPage) -> bool:
    """Whether a recording foresees the page at its declared place."""
    asked = [Request(each.request.method, each.request.url) for each in recording.exchanges]
    return any(page.rules[0].matches(request) for request in asked)


async def seen_terms(looked: asyncio.Task[list[SeenTerms]], given: list[SeenTerms]) -> list[SeenTerms]:
    """The public pages of terms, after they were visited, and the texts that the platform's interface gave.

    Shielded: giving up one licence must not end the visit that all others wait for.
    """
    seen = looked.result() if looked.done() else await asyncio.shield(looked)
    return [*seen, *given]


async def archive_terms(
    run: RunContext, client: str, archive: ArchiveWriter, info: ProviderInfo, recording: Recording | None
) -> list[SeenTerms]:
    """The platform's terms of today, each in this client's archive. A failure is a warning, and concerns no licence."""
    seen = await run.seen_terms(info, recording)
    try:
        for each in seen:
            if each.documents:  # else every archive holds it
                await asyncio.wrap_future(archive.put(each.new_object(run.summary.run)))
    except (ArchiverError, OSError) as error:
        run.summary.warnings.append(f"{client}: the terms of {info.title}: {error}")
        return []
    return seen


async def archive_given_terms(
    run: RunContext, account: Account, archive: ArchiveWriter, provider: AnyProvider, session: AccountSession
) -> list[SeenTerms]:
    """The terms that the platform's interface gives to this account, each in the archive.

    A failure is a warning, and concerns no licence.
    """
    title, seen = provider.info.title, list[SeenTerms]()
    try:
        for text in await provider.terms(session):
            terms = terms_from_api(provider.info, text)
            if contains(terms.text, all_forms(session.secret_values())):
                raise SecretFound(f"the text {text.page.name} contains a secret of this sign-in")
            await asyncio.wrap_future(archive.put(terms.new_object(run.summary.run)))
            seen.append(terms)
    except (ArchiverError, OSError) as error:
        why = mask_text(str(error), session.secret_values())
        run.summary.warnings.append(f"{account.name}: the terms from the API of {title}: {why}")
    return seen
