"""The checklist of a new home: what is done, and where to do the rest."""

from __future__ import annotations

from starlette.responses import Response

from archiver.agency.schedule import Schedule, install, nights_of
from archiver.agency.setup_checklist import SetupState, checklist, scheduled_here
from archiver.core.errors import ArchiverError
from archiver.desk.app import PageRequest, PageRoute
from archiver.desk.auth import Role

PLACES = {"client": "/clients/new", "account or import": "/accounts/new", "first licences": "/arrivals"}
SETTINGS = {"timestamps": "/settings#timestamps", "notification": "/settings#messages", "backup": "/settings#witness"}
"""The pages on which a step is done, the latter by administrators. The nightly run has its button on the checklist."""


def setup(visit: PageRequest) -> Response:
    """What is set up, and what is not."""
    steps = list(checklist(visit.home, scheduled_here(visit.home.root)))
    places = (PLACES if visit.operates else {}) | (SETTINGS if visit.administers else {})
    night, obstacle = _nights(visit)
    return visit.page(
        "setup.html", steps=[(each.name, each.state is SetupState.DONE) for each in steps], places=places, night=night,
        obstacle=obstacle, commands={each.name: each.command for each in steps}, done=visit.asked("done"),
    )  # fmt: skip


def _nights(visit: PageRequest) -> tuple[Schedule | None, str]:
    """What the button would install, or why the desk cannot do it."""
    try:
        return nights_of(visit.home), ""
    except ArchiverError as error:
        return None, str(error)


def schedule_nights(visit: PageRequest) -> Response:
    """Install the nightly run for the user of the desk. The form says only that it is wanted."""
    made = nights_of(visit.home)
    install(made)
    visit.log_action("night scheduled", made.system.value)
    return visit.to("setup", done="night_scheduled")


ROUTES = [
    PageRoute("/setup", setup),
    PageRoute("/setup/nights", schedule_nights, Role.ADMIN, post=True, confirms=True),
]
