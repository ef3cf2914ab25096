"""The page on which anybody checks a pack in the browser: the same file that lies in every pack."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from archiver.archive.check_page import check_page, policy
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role


def show(_: PageRequest) -> Response:
    """Send the page. It runs its own script, which the other pages' policy would refuse, and asks the desk nothing."""
    return HTMLResponse(check_page(), headers={"content-security-policy": f"{policy()}; frame-ancestors 'none'"})


ROUTES = [PageRoute("/check", show, Role.CLIENT)]
