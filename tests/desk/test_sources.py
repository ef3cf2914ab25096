"""Sources on the desk: beside the accounts, with what is wrong with them."""

from __future__ import annotations

import httpx
import pytest

from archiver.home.settings_edit import add_source
from tests.support.agency import Agency, agency
from tests.support.desk_kit import Person, started


@pytest.mark.long  # a desk takes seconds to start
def test_sources_stand_beside_the_accounts(tmp_path_factory: pytest.TempPathFactory) -> None:
    with agency(tmp_path_factory.mktemp("office")) as office:
        path = tmp_path_factory.mktemp("projects")
        add_source(office.home.root, "acme-projects", client="acme", kind="folder", path=str(path))
        add_source(
            office.home.root, "acme-mail", client="acme", kind="mailbox", host="localhost", port=1, username="ada"
        )
        office.run("run", "--client", "acme", code=None)
        process, link = started(Agency(office.run, office.vault))
        try:
            with httpx.Client(base_url=link.partition("/enter/")[0], timeout=60, follow_redirects=True) as http:
                owner = Person(http)
                assert owner.get(link).status_code == 200
                page = owner.get("/accounts").text
                assert "Mailboxes and folders" in page and "acme-projects" in page and "in order" in page
                assert "a person is needed" in page and "archiver source rotate acme-mail" in page
                assert "acme-mail" in owner.get("/").text and owner.get("/client/acme").status_code == 200
        finally:
            process.terminate()
            process.communicate(timeout=20)
