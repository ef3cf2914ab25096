"""The network and the mail server of a home, as its settings say."""

from __future__ import annotations

from archiver.core.errors import ConfigError
from archiver.core.smtp import Mailer
from archiver.home.network import Network
from archiver.home.settings import Home
from archiver.home.vault import run_secret_command


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
        if not mail.secret_command:
            raise ConfigError("The mail settings name a user but no password. Set a secret_command that prints it.")
        return run_secret_command(mail.secret_command, bare="password").get("password", "")

    return Mailer(
        sender=mail.sender, host=mail.host, port=mail.port, username=mail.username, password=password,
        trust=network_of(home).ssl_context,
    )  # fmt: skip
