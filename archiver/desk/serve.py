"""Start the desk: its address, its permitted host names, and who may use it."""

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
from archiver.desk import api, companion_api
from archiver.desk.app import build
from archiver.desk.auth import AccessControl
from archiver.desk.desk_state import Desk, Site
from archiver.desk.routes import ROUTES
from archiver.desk.shared_desk import following_others
from archiver.home.settings import Home
from archiver.home.vault import find_key

LOOPBACK = "127.0.0.1"
PORT = 8737
PORTS_TRIED = 20


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """How to serve the desk. `names` are the host names for other machines; without any, only this machine can use it.

    TLS uses `certificate` and `key` (PEM), or ends at a reverse proxy on this machine (`behind_proxy`).
    """

    port: int | None = None
    names: Sequence[str] = ()
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    idle_minutes: float | None = None  # an idle session ends after this time; None: the default


def checked(plan: ServeOptions, access: AccessControl) -> None:
    """ConfigError if other machines could use the desk without sign-in, or without encryption."""
    if not plan.names:
        if plan.certificate or plan.behind_proxy:
            raise ConfigError("A certificate or a proxy needs a host name. Add it with --serve HOST.")
        return
    if not access.users.all():
        raise ConfigError(
            "The desk has no users yet, so nobody can use it from another machine. "
            "Add one: `archiver desk user add NAME`."
        )
    if bool(plan.certificate) != bool(plan.key):
        raise ConfigError("A certificate and its private key belong together. Give both.")
    if bool(plan.certificate) == plan.behind_proxy:
        raise ConfigError(
            "Passwords must not cross a network unencrypted. Give --certificate PEM and --private-key "
            "PEM, or add --behind-proxy if a reverse proxy on this machine ends TLS."
        )
    if plan.certificate and plan.key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(plan.certificate, plan.key)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError(
                f"{plan.certificate} and {plan.key} do not work together: {error.strerror or error}. Give a "
                "certificate with its chain, and its private key, both as PEM."
            ) from None
    for name in plan.names:
        if not name or any(each in name for each in "/:@ ") or name == "*":
            raise ConfigError(
                f"{name!r} is not a host name. Write it as in the address, for example archive.example.com."
            )


def bound(plan: ServeOptions) -> socket.socket:
    """The listening socket; ConfigError if the port is in use."""
    host = "0.0.0.0" if plan.names and not plan.behind_proxy else LOOPBACK  # noqa: S104  # that is what --serve asks for
    wanted = [plan.port] if plan.port is not None else [*range(PORT, PORT + PORTS_TRIED), 0]
    for port in wanted:
        listening = socket.socket(
            proto=socket.IPPROTO_TCP
        )  # with the protocol, so that asyncio sends small packets at once
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(128)  # early connections wait until the server is ready
            return listening
        except OSError as error:
            listening.close()
            last = error
    raise ConfigError(f"The desk cannot use port {plan.port}: {last.strerror}. Choose another with --port.")


def site_of(plan: ServeOptions, port: int) -> Site:
    """The host names that the desk accepts on a port. It refuses all others, against DNS rebinding."""
    if not plan.names:
        return Site(hosts=frozenset(f"{each}:{port}" for each in (LOOPBACK, "localhost")))
    usual = 443
    hosts = {name.lower() for name in plan.names} if plan.behind_proxy or port == usual else set()
    hosts |= {f"{name.lower()}:{port}" for name in plan.names} if not plan.behind_proxy else set()
    return Site(hosts=frozenset(hosts), secure=True, proxied=plan.behind_proxy)


def application(home: Home, site: Site, access: AccessControl, vault_key: str | None = None) -> ASGIApp:
    """The desk of a home."""
    return application_of(Desk(home.root, site, access, vault_key=vault_key))


def application_of(desk: Desk) -> ASGIApp:
    """The application of a desk whose state the caller keeps."""
    desk.companion.filer.start()  # files what an earlier desk left
    return following_others(build(desk, ROUTES, [*api.routes(desk), *companion_api.routes(desk)]), desk.root)


def serve(home: Home, plan: ServeOptions, *, browse: bool, say: Callable[[str], None]) -> None:
    """Serve the desk until Ctrl-C. `browse` opens it in the user's browser."""
    import uvicorn

    from archiver.desk.connection_limits import PERSON_KEEP_ALIVE_S, DeskServer, allow_open_files

    checked(plan, AccessControl(home.root, home.state))
    key = None
    with suppress(VaultLocked):  # pages that need the vault report it
        key = find_key()
    with bound(plan) as listening:
        port = listening.getsockname()[1]
        site = site_of(plan, port)
        address = min(site.hosts)
        access = AccessControl(home.root, home.state, desk=address, idle_minutes=plan.idle_minutes)
        access.sessions.clear()  # left by a killed desk
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
                say(f"It listens on {LOOPBACK}:{port}. Your proxy must end TLS and pass the Host header on.")
        else:
            link = f"http://{LOOPBACK}:{port}/enter/{access.one_time_key()}"
            say(f"The desk is open on this machine. Stop it with Ctrl-C.\nThis link opens it once: {link}")
            if browse:
                _open_browser(access, home, link)
        DeskServer(config, access.close).run(sockets=[listening])


def _open_browser(access: AccessControl, home: Home, link: str) -> None:
    try:
        page = access.opener(home.state, link)
    except OSError:  # a read-only home: the person opens the link
        return
    webbrowser.open(page.as_uri())
