"""The checklist of a new home: what is done, and where to do the rest."""

from __future__ import annotations

from starlette.responses import Response

from archiver.agency.setup_checklist import SetupState, checklist, scheduled_here
from archiver.desk.app import PageRequest, PageRoute

PLACES = {"client": "/clients/new", "account or import": "/accounts/new", "first licences": "/arrivals"}
"""The pages on which a step is done. For the others, the page names the setting or the command."""


def setup(visit: PageRequest) -> Response:
    """What is set up, and what is not."""
    steps = [
        (each.name, each.state is SetupState.DONE) for each in checklist(visit.home, scheduled_here(visit.home.root))
    ]
    return visit.page("setup.html", steps=steps, places=PLACES)


ROUTES = [PageRoute("/setup", setup)]
