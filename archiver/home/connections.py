"""The network, the mail server and the trusted roots of a home, as its settings say."""

from __future__ import annotations

from pathlib import Path

from archiver.core.errors import ConfigError
from archiver.core.smtp import Mailer
from archiver.home.network import Network, joined
from archiver.home.settings import Home
from archiver.home.settings_models import QualifiedAuthority
from archiver.home.vault import open_vault, run_secret_command

MAIL_SECRETS = "mail server"
"""Under which name the vault has the mail server's password; no account has it, because of the blank."""


def network_of(home: Home) -> Network:
    """The network settings of a home: archiver.yaml first, then the environment."""
    chosen = home.settings.network
    ca_file = home.root / chosen.ca_file if chosen.ca_file else None
    return Network.from_environment(proxy=chosen.proxy, ca_file=ca_file, no_proxy=chosen.no_proxy)


def mailer_of(home: Home) -> Mailer:
    """The mail server in the home's settings; ConfigError if none is set."""
    mail = home.settings.mail
    if not (mail.host and mail.sender):
        raise ConfigError("Mail cannot be sent. Set `mail: {host: ..., from: ...}` in archiver.yaml.")

    def password() -> str:
        if mail.secret_command:
            return run_secret_command(mail.secret_command, bare="password").get("password", "")
        if kept := open_vault(home.vault).secrets(MAIL_SECRETS).get("password"):
            return kept
        raise ConfigError(
            "The mail settings name a user but no password. Run `setup --again`, or set a secret_command that prints "
            "it."
        )

    return Mailer(
        sender=mail.sender, host=mail.host, port=mail.port, username=mail.username, password=password,
        trust=network_of(home).ssl_context,
    )  # fmt: skip


def trusted_roots(home: Home) -> Path | None:
    """The timestamp roots that the home's settings pin, in one file; None if it pins none."""
    pinned = pinned_roots(home)
    return joined(*pinned) if pinned else None


def pinned_roots(home: Home) -> list[Path]:
    """The PEM files of the timestamp roots that the home pins: those of its authorities, and what lies in `roots/`.

    There those of former authorities stay, whose timestamps date the older lines.

    No file if an authority that is asked has none here: only the archive has the roots of its timestamps.
    """
    asked = [each for each in home.settings.timestamps if each.roots or not isinstance(each, QualifiedAuthority)]
    named = [home.root / each.roots for each in asked if each.roots]
    if len(named) < len(asked):
        return []
    return list({each.resolve(): each for each in (*named, *sorted((home.root / "roots").glob("*.pem")))}.values())
