"""How a mailbox is opened: its settings, its server, and the sign-in by a password or by OAuth 2."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from archiver.collect.imap import ImapConnection, connect
from archiver.collect.mail_oauth import AuthorisationServer, OAuthClient, server_of
from archiver.collect.sources import KeepSecrets
from archiver.core.errors import SignInNeeded
from archiver.home.connections import network_of
from archiver.home.settings import Home
from archiver.home.source_settings import SourceSettings

if TYPE_CHECKING:
    from imapclient import IMAPClient


class MailRuleSettings(BaseModel):
    """A person's rule. Patterns: `*` is any text, `?` one character; case does not count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Annotated[str, Field(alias="from")] = "*"
    subject: str = "*"
    take: bool = True


class MailboxSettings(SourceSettings):
    """A mailbox. Without `folders`, all are read but those for deleted, unwanted, sent and unfinished mails.

    `folders` may be patterns. `since` is the first day of arrival that counts. The first of `rules` that fits a mail
    decides; known platforms and claimants need none. `ca_file` names a PEM file of the server's own authority.

    `auth` says how to sign in: by a password, or by OAuth 2 as the program `client_id` that the mail server's
    organisation registered; `tenant` is Microsoft's. For `oauth2`, the addresses and the scope are given here.
    """

    host: str
    auth: Literal["password", "microsoft", "google", "oauth2"] = "password"
    client_id: str | None = None
    tenant: str = "organizations"
    token_url: str | None = None
    device_url: str | None = None
    authorise_url: str | None = None
    scope: str | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    security: Literal["tls", "starttls"] = "tls"
    ca_file: Path | None = None
    folders: tuple[str, ...] = ()
    since: date | None = None
    rules: tuple[MailRuleSettings, ...] = ()


@contextmanager
def opened(
    home: Home, settings: MailboxSettings, secrets: Mapping[str, str], keep: KeepSecrets
) -> Iterator[ImapConnection]:
    """The mailbox, signed in; it is signed out at the end. `keep` gets secrets that the server renewed."""
    wanted = "password" if settings.auth == "password" else "token"
    if not secrets.get(wanted):
        raise SignInNeeded(f"the vault has no {wanted} for this mailbox")
    access = ""
    if settings.auth != "password":
        access, renewed = oauth_client(home, settings, secrets).access(secrets["token"])
        if renewed:
            keep({**secrets, "token": renewed})

    def sign_in(client: IMAPClient) -> object:
        if access:
            return client.oauth2_login(settings.username or "", access)
        return client.login(settings.username or "", secrets["password"])

    trust = network_of(home).ssl_context()
    if settings.ca_file:
        trust = ssl.create_default_context(cafile=home.root / settings.ca_file)
    box = connect(settings.host, settings.port, settings.security, trust, sign_in)
    try:
        yield box
    finally:
        box.close()


def oauth_client(home: Home, settings: MailboxSettings, secrets: Mapping[str, str]) -> OAuthClient:
    server = server_of(settings.auth, settings.tenant)
    if settings.auth == "oauth2":
        server = AuthorisationServer(
            token_url=settings.token_url or "", device_url=settings.device_url, authorise_url=settings.authorise_url,
            scope=settings.scope or "",
        )  # fmt: skip
    return OAuthClient(
        server=server, network=network_of(home), client_id=settings.client_id or "", secret=secrets.get("client_secret")
    )
