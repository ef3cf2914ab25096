"""A real IMAP server for tests: Dovecot, of the system, with TLS of a local authority and a mailbox in a folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import trustme

USER, PASSWORD = "ada@example.com", "correct horse 7"

_CONFIG = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols = imap
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
listen = 127.0.0.1
default_login_user = {nobody}
default_internal_user = {nobody}
default_internal_group = {group}
ssl = required
ssl_server_cert_file = {base}/server.pem
ssl_server_key_file = {base}/server.key
auth_mechanisms = plain login{mechanism}
auth_failure_delay = 0
mail_driver = maildir
mail_path = {base}/mail
mail_uid = {owner}
mail_gid = {owner_group}
first_valid_uid = 1
passdb passwd-file {{
  passwd_file_path = {base}/users
}}
userdb static {{
  fields {{
    uid = {owner}
    gid = {owner_group}
    home = {base}
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


def missing() -> str | None:
    """Why Dovecot cannot be started here; None if it can."""
    if not shutil.which("dovecot"):
        return "Dovecot is not installed (Debian: apt-get install dovecot-imapd)"
    if os.geteuid():
        return "Dovecot is started as root only"
    version = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=False).stdout
    return None if version.startswith("2.4") else f"the tests write a configuration for Dovecot 2.4, not {version[:6]}"


@dataclass
class ImapServer:
    """A running server. `ca_file` verifies its certificate; `mail` is its maildir."""

    base: Path
    port: int
    starttls_port: int
    ca_file: Path

    @property
    def mail(self) -> Path:
        return self.base / "mail"

    def put(self, mails: Iterable[bytes], folder: str = "INBOX", prefix: str = "m") -> None:
        """Deliver mails into a folder, whose name is given as it is on disk (modified UTF-7)."""
        place = self.mail if folder == "INBOX" else self.mail / f".{folder}"
        for part in ("cur", "new", "tmp"):
            (place / part).mkdir(parents=True, exist_ok=True)
        start = 1_700_000_000 + sum(1 for _ in (place / "new").iterdir()) + sum(1 for _ in (place / "cur").iterdir())
        for number, content in enumerate(mails, start):
            path = place / "new" / f"{number}.{prefix}.example"
            path.write_bytes(content)
        for path in (self.mail, *self.mail.rglob("*")):
            shutil.chown(path, "nobody")

    def state(self) -> list[tuple[str, int]]:
        """Names, with flags, and sizes of all mails: what a client that only reads must not change."""
        paths = sorted((*self.mail.rglob("cur/*"), *self.mail.rglob("new/*")))
        return [(path.name, path.stat().st_size) for path in paths]

    def log(self) -> str:
        return (self.base / "log").read_text("utf-8", "replace")


_OAUTH = """
oauth2 {{
  introspection_mode = post
  introspection_url = {url}
  username_attribute = email
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2
}}
"""


@contextmanager
def imap_server(introspection_url: str = "") -> Iterator[ImapServer]:
    """A server with an empty mailbox of `USER`; it ends with the context.

    With an authorisation server's `introspection_url`, it accepts that server's access tokens, too.
    """
    base = Path(tempfile.mkdtemp(prefix="dovecot-"))  # short: the paths of sockets have a limit
    base.chmod(0o755)
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(base / "ca.pem")
    certificate.private_key_pem.write_to_path(base / "server.key")
    for number, pem in enumerate(certificate.cert_chain_pems):
        pem.write_to_path(base / "server.pem", append=number > 0)
    (base / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    (base / "mail").mkdir()
    shutil.chown(base / "mail", "nobody")
    tls, plain = _free_port(), _free_port()
    config = base / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            base=base, tls=tls, plain=plain, nobody="nobody", group=_group("nobody"), owner="nobody",
            owner_group=_group("nobody"), mechanism=" xoauth2" if introspection_url else "",
        )
        + (_OAUTH.format(url=introspection_url) if introspection_url else "")
    )  # fmt: skip
    process = subprocess.Popen(["dovecot", "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        for _ in range(400):
            if process.poll() is not None:
                assert process.stderr
                raise RuntimeError(f"Dovecot ended: {process.stderr.read().decode()} {_log(base)}")
            with suppress(OSError), socket.create_connection(("127.0.0.1", tls), 1):
                break
            time.sleep(0.05)
        yield ImapServer(base, tls, plain, base / "ca.pem")
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        shutil.rmtree(base, ignore_errors=True)


def _log(base: Path) -> str:
    path = base / "log"
    return path.read_text("utf-8", "replace") if path.exists() else ""


def _group(user: str) -> str:
    import grp
    import pwd

    return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def mail(
    sender: str, subject: str, text: str = "", *, attachments: Iterable[tuple[str, bytes]] = (), **headers: str
) -> bytes:
    """A mail as a mailbox holds it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, USER, subject
    message["Date"] = headers.pop("date", "Mon, 23 Nov 2026 09:00:00 +0000")
    message["Message-ID"] = f"<{abs(hash((sender, subject, text)))}@example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text or "Nothing here.")
    for name, content in attachments:
        kind = {"pdf": "application/pdf", "jpg": "image/jpeg"}.get(name.rpartition(".")[2], "application/octet-stream")
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()
