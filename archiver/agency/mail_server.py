"""The server that sends the home's mail, as `setup` and the desk set it: signed in to before anything is kept."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.core.errors import ConfigError, SiteUnavailable
from archiver.core.smtp import Mailer
from archiver.home.connections import MAIL_SECRETS, network_of
from archiver.home.settings import Home
from archiver.home.settings_edit import change_settings
from archiver.home.vault import Vault


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """What a person says of the server: `host` may end in its port. Without a user, nobody signs in; an empty password
    stands for the one that the vault has."""

    host: str
    sender: str
    username: str = ""
    password: str = ""


def set_mail(home: Home, vault: Vault, server: MailServer, *, check: bool = True) -> Home:
    """Sign in to the server, unless `check` is off, then keep it: the password in the vault, the rest in archiver.yaml.

    ConfigError for what cannot be; SiteUnavailable if the server cannot be reached or refuses, and nothing is kept.
    """
    host, _, number = server.host.strip().partition(":")
    if number and not (number.isascii() and number.isdecimal() and 0 < int(number) < 1 << 16):
        raise ConfigError(f"{number!r} is not a port. Write the server as smtp.example.com or smtp.example.com:465.")
    if not host or "@" not in server.sender:
        raise ConfigError("A mail server needs its name and the address from which it sends, such as ada@example.com.")
    port = int(number) if number else None
    password = server.password or vault.secrets(MAIL_SECRETS).get("password", "")
    if server.username and not password and not home.settings.mail.secret_command:
        raise ConfigError(f"The password of {server.username} is missing.")
    if check:
        mailer = Mailer(
            sender=server.sender, host=host, port=port, username=server.username or None, password=lambda: password,
            trust=network_of(home).ssl_context,
        )  # fmt: skip
        try:
            mailer.test_sign_in()
        except OSError as error:
            raise SiteUnavailable(f"the mail server {host} ({error})") from None
    if server.password:
        vault.set_secrets(MAIL_SECRETS, {"password": server.password})
    fields = {"host": host, "port": port, "from": server.sender, "username": server.username}
    if server.password:
        fields |= {"secret_command": None}
    return change_settings(home.root, "mail", fields)
