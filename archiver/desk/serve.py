"""Starting the desk: where it listens, by which names it may be called, and who is let in."""

from __future__ import annotations

import socket
import ssl
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from archiver.core.errors import ConfigError, VaultLocked
from archiver.desk.app import build
from archiver.desk.auth import AccessControl
from archiver.desk.desk_state import Desk, Site
from archiver.desk.routes import ROUTES
from archiver.home.settings import Home
from archiver.home.vault import find_key

LOOPBACK = "127.0.0.1"
PORT = 8737
PORTS_TRIED = 20


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """How the desk is to be served. `names` are hosts by which others call it; none means this machine alone.

    TLS is by `certificate` and `key` (PEM), or ends at a reverse proxy on this machine (`behind_proxy`).
    """

    port: int | None = None
    names: Sequence[str] = ()
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    idle_minutes: float | None = None  # after which a session ends; None: the usual times


def checked(plan: ServeOptions, access: AccessControl) -> None:
    """ConfigError where others would be served without names and passwords, or passwords without encryption."""
    if not plan.names:
        if plan.certificate or plan.behind_proxy:
            raise ConfigError("A certificate or a proxy is for others: name the host they use with --serve HOST.")
        return
    if not access.users.all():
        raise ConfigError(
            "Nobody may use the desk from another machine yet. Add whoever may with `archiver desk user add NAME`."
        )
    if bool(plan.certificate) != bool(plan.key):
        raise ConfigError("A certificate needs its private key, and a key its certificate: name both.")
    if bool(plan.certificate) == plan.behind_proxy:
        raise ConfigError(
            "Passwords never cross a network in clear. Name a certificate with --certificate PEM and --private-key "
            "PEM, or say --behind-proxy where a reverse proxy on this machine ends TLS."
        )
    if plan.certificate and plan.key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(plan.certificate, plan.key)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(
                f"{plan.certificate} and {plan.key} cannot be used together: {error.strerror or error}. Name a "
                "certificate with its chain and the private key that belongs to it, both PEM."
            ) from None
    for name in plan.names:
        if not name or any(each in name for each in "/:@ ") or name == "*":
            raise ConfigError(f"{name!r} is no host's name. Name it as it stands in the address: archive.example.com.")


def bound(plan: ServeOptions) -> socket.socket:
    """The socket to listen on; ConfigError where its port is taken."""
    host = "0.0.0.0" if plan.names and not plan.behind_proxy else LOOPBACK  # noqa: S104  # that is what --serve asks for
    wanted = [plan.port] if plan.port is not None else [*range(PORT, PORT + PORTS_TRIED), 0]
    for port in wanted:
        listening = socket.socket(proto=socket.IPPROTO_TCP)  # named, so that asyncio lets small packets go at once
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(128)  # whoever comes before the server is ready waits
            return listening
        except OSError as error:
            listening.close()
            last = error
    raise ConfigError(f"Port {plan.port} cannot be used: {last.strerror}. Choose another with --port.")


def site_of(plan: ServeOptions, port: int) -> Site:
    """By which names the desk answers on a port. Any other name is refused, so that no foreign page can borrow one."""
    if not plan.names:
        return Site(hosts=frozenset(f"{each}:{port}" for each in (LOOPBACK, "localhost")))
    usual = 443
    hosts = {name.lower() for name in plan.names} if plan.behind_proxy or port == usual else set()
    hosts |= {f"{name.lower()}:{port}" for name in plan.names} if not plan.behind_proxy else set()
    return Site(hosts=frozenset(hosts), secure=True, proxied=plan.behind_proxy)


def application(home: Home, site: Site, access: AccessControl, vault_key: str | None = None) -> ASGIApp:
    """The desk of a home."""
    desk = Desk(home.root, site, access, vault_key=vault_key)
    return build(desk, ROUTES)


def serve(home: Home, plan: ServeOptions, *, browse: bool, say: Callable[[str], None]) -> None:
    """Serve the desk until Ctrl-C. `browse` opens it in the browser of whoever started it."""
    import uvicorn

    from archiver.desk.connection_limits import PERSON_KEEP_ALIVE_S, DeskServer, allow_open_files

    checked(plan, AccessControl(home.root, home.state))
    key = None
    with suppress(VaultLocked):  # then pages say so where they need it
        key = find_key()
    with bound(plan) as listening:
        port = listening.getsockname()[1]
        site = site_of(plan, port)
        address = min(site.hosts)
        access = AccessControl(home.root, home.state, desk=address, idle_minutes=plan.idle_minutes)
        access.sessions.clear()  # whose desk was killed
        allow_open_files()
        config = uvicorn.Config(
            application(home, site, access, key), http="h11", ws="none", log_level="warning", access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=5,
            h11_max_incomplete_event_size=32 << 10, timeout_keep_alive=PERSON_KEEP_ALIVE_S,
            ssl_certfile=plan.certificate, ssl_keyfile=plan.key, lifespan="off",
        )  # fmt: skip
        if plan.names:
            say(f"The desk is at https://{address}/ for named users. Stop it with Ctrl-C.")
            if plan.behind_proxy:
                say(f"It listens on {LOOPBACK}:{port}; the proxy passes the Host header on and ends TLS.")
        else:
            link = f"http://{LOOPBACK}:{port}/enter/{access.one_time_key()}"
            say(f"The desk is open on this machine. Stop it with Ctrl-C.\nThis link opens it once: {link}")
            if browse:
                _open_browser(access, home, link)
        DeskServer(config, access.close).run(sockets=[listening])


def _open_browser(access: AccessControl, home: Home, link: str) -> None:
    try:
        page = access.opener(home.state, link)
    except OSError:  # a home that can only be read: the person opens the link
        return
    webbrowser.open(page.as_uri())
