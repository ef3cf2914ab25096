"""The checklist of a new home: what is done, and where to do the rest."""

from __future__ import annotations

from starlette.responses import Response

from archiver.agency.setup_checklist import SetupState, checklist, scheduled_here
from archiver.desk.app import PageRequest, PageRoute

PLACES = {"client": "/clients/new", "account or import": "/accounts/new", "first licences": "/arrivals"}
SETTINGS = {"timestamps": "/settings#timestamps", "notification": "/settings#messages"}
"""The pages on which a step is done, the latter by administrators. For the others, the page names the command."""


def setup(visit: PageRequest) -> Response:
    """What is set up, and what is not."""
    steps = [
        (each.name, each.state is SetupState.DONE) for each in checklist(visit.home, scheduled_here(visit.home.root))
    ]
    places = (PLACES if visit.operates else {}) | (SETTINGS if visit.administers else {})
    return visit.page("setup.html", steps=steps, places=places)


ROUTES = [PageRoute("/setup", setup)]
