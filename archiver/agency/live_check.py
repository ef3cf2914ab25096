"""Check an account at the platform: sign in, and open one page for each step of its adapter."""

from __future__ import annotations

from collections.abc import Mapping

from archiver.agency.check_steps import AccountSteps, Step
from archiver.browsing.browser_session import PlaywrightSession
from archiver.collect.account_session import (
    AccountAccess,
    AccountSession,
    SigningIn,
    Totp,
    open_session,
)
from archiver.collect.run_tools import open_tools
from archiver.core.errors import ConfigError, LayoutChanged, NotACertificate
from archiver.core.model import Document, DocumentKind, Licence
from archiver.provider import AnyProvider, Page, Phase
from archiver.reading.documents import CertificateForm, check_certificate
from archiver.reading.worker import DocumentReader

ROWS_IN_CHECK = 3  # rows of a list whose fields are shown
NO_TOTAL_FOUND = (
    "the adapter declares that the platform states a total, but it found none on this page. Correct where it looks, or "
    "declare states_total=False"
)


async def check_live(steps: AccountSteps) -> None:
    """Open one page for each step at the platform, in the order of a run."""
    access = AccountAccess.of(steps.account, steps.replay).with_stored(steps.vault)
    provider, secrets, steps.digest = access.provider, access.secrets, access.secret_digest
    state = steps.vault.session(steps.account.name) or access.recorded_session
    async with open_tools(steps.home, replay=bool(steps.replay)) as shared:
        network = await shared.network_for(access.recording, provider.info.rules)
        async with open_session(shared, access, network, state) as session:
            try:
                await _steps(steps, provider, session, secrets, Totp(secrets.get("totp"), access.now))
            finally:
                steps.found.refused = provider.info.rules.explained(session.refused)
                if isinstance(session, PlaywrightSession) and not steps.found.failed:
                    steps.vault.save_session(steps.account.name, await session.state())


async def _steps(
    steps: AccountSteps, provider: AnyProvider, session: AccountSession, secrets: Mapping[str, str], code: Totp
) -> None:
    signing_in = SigningIn(provider, session, secrets, code)
    async with steps.step("sign-in", session) as said:
        await signing_in.once()
        said.append("signed in")
    first: Licence | None = None
    for history in [] if steps.found.failed else provider.history(session):
        page: Page | None = None
        async with steps.step(f"list {history.listing}", session) as said:
            page = await anext(history.pages, None)
            if page is None:
                raise ConfigError("the adapter returned no page, not even an empty one")
            first = first or next((each for each in page.licences if not each.comp), None)
            total = f" of {page.total}" if page.total is not None else ", and no total is stated"
            said.append(f"{len(page.licences)}{total}; only the first page was read")
            said += [_fields(each) for each in page.licences[:ROWS_IN_CHECK]]
            if page.fault:
                raise page.fault
            if strange := [each for each in page.licences if not _is_identified(each)]:
                raise _changed_row(strange[0])
        if steps.found.failed or page is None:
            return
        if isinstance(session, PlaywrightSession) and provider.info.states_total and page.total is None:
            steps.found.steps.append(Step(f"list {history.listing}", "note", NO_TOTAL_FOUND))
    if not steps.found.failed:
        async with steps.step("documents", session) as said:
            said.append(await _documents(provider, session, first) if first else "there are no licences yet")


def _fields(licence: Licence) -> str:
    """What was read of a row."""
    read = {
        "id": licence.platform_id, "asset": licence.asset.asset_id, "title": licence.asset.title,
        "kind": licence.kind, "date": licence.licensed_at, "licensee": licence.licensee, "order": licence.order,
    }  # fmt: skip
    return ", ".join(f"{name} {value if value else '-'}" for name, value in read.items())


def _is_identified(licence: Licence) -> bool:
    return bool(licence.asset.asset_id.strip()) and bool(licence.licence_id or any(licence.key))


def _changed_row(licence: Licence) -> LayoutChanged:
    """The error of a row that nothing tells apart from others."""
    return LayoutChanged(f"a row has no identity: {_fields(licence)}")


async def _documents(provider: AnyProvider, session: AccountSession, licence: Licence) -> str:
    """Read the documents of one licence as a run does, and discard them. Returns their names."""
    names: list[str] = []
    with DocumentReader(workers=1) as reader, session.during(Phase.DOCUMENTS):
        async for item in provider.documents(session, licence):
            if isinstance(item, Document):
                said = _certified(provider, item, licence, reader) if item.kind is DocumentKind.CERTIFICATE else ""
                names.append(item.name + said)
            elif not isinstance(item, Licence):
                names.append(f"no {item.kind} ({item.reason})")
    return ", ".join(names)


def _certified(provider: AnyProvider, document: Document, licence: Licence, reader: DocumentReader) -> str:
    """What a certificate says about its licence; NotACertificate if it cannot be read."""
    reading = reader.read(document.content, document.media_type)
    form = CertificateForm(
        provider.text_layouts.get(document.name), provider.info.certificate, provider.read_certificate
    )
    checked = check_certificate(document, reading, licence, form)
    if not checked.identified:
        raise NotACertificate(f"{document.name} cannot be read: {reading.error or 'no text in it'}")
    if checked.lacking:
        return f" (provisional: {', '.join(checked.lacking)})"
    fuller = provider.read_certificate(licence, reading.text)
    return f" (licensee {fuller.licensee or 'not read'}, date {fuller.licensed_at or 'not read'})"
