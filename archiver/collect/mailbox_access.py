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
from archiver.home.setting_keys import Meaning
from archiver.home.settings import Home
from archiver.home.source_settings import SourceSettings

if TYPE_CHECKING:
    from imapclient import IMAPClient


class MailRuleSettings(BaseModel):
    """A person's rule. Patterns: `*` is any text, `?` one character; case does not count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: Annotated[
        str,
        Field(alias="from"),
        Meaning("A pattern for the sender: `*` is any text, `?` one character.", "*@stock.example"),
    ] = "*"
    subject: Annotated[str, Meaning("A pattern for the subject.", "*invoice*")] = "*"
    take: Annotated[bool, Meaning("Whether to take such a mail, or to leave it.")] = True


class MailboxSettings(SourceSettings):
    """A mailbox. `auth` says how to sign in: by a password or by OAuth 2. For `oauth2`, addresses and scope are given
    here.
    """

    host: Annotated[str, Meaning("The mail server (IMAP).", "imap.example.com")]
    auth: Annotated[
        Literal["password", "microsoft", "google", "oauth2"], Meaning("How to sign in: by a password, or by OAuth 2.")
    ] = "password"
    client_id: Annotated[
        str | None, Meaning("For OAuth 2: the program that the mail server's organisation registered.")
    ] = None
    tenant: Annotated[str, Meaning("For `microsoft`: the tenant.")] = "organizations"
    token_url: Annotated[str | None, Meaning("For `oauth2`: the address for tokens.")] = None
    device_url: Annotated[str | None, Meaning("For `oauth2`: the address for sign-in with a code.")] = None
    authorise_url: Annotated[str | None, Meaning("For `oauth2`: the address for sign-in in a browser.")] = None
    scope: Annotated[str | None, Meaning("For `oauth2`: what to ask leave for.")] = None
    port: Annotated[
        Annotated[int, Field(ge=1, le=65535)] | None, Meaning("Its port; 993 or 143 if it is left out.")
    ] = None
    security: Annotated[
        Literal["tls", "starttls"], Meaning("Whether the connection is encrypted from the start, or by STARTTLS.")
    ] = "tls"
    ca_file: Annotated[
        Path | None, Meaning("The root certificates of the server's own authority, a PEM file.", "mail.pem")
    ] = None
    folders: Annotated[
        tuple[str, ...],
        Meaning(
            "The mail folders to read, or patterns; without them, all but those for deleted, unwanted, sent and "
            "unfinished mails.",
            "[INBOX, 'Stock*']",
        ),
    ] = ()
    since: Annotated[date | None, Meaning("The first day of arrival that counts.", "2026-01-01")] = None
    rules: Annotated[
        tuple[MailRuleSettings, ...],
        Meaning(
            "Which mails to take; the first rule that fits decides, and known platforms need none.",
            "[{from: '*@stock.example', subject: '*invoice*'}]",
        ),
    ] = ()


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
