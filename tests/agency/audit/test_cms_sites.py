"""Sites as content systems make them: every picture is found where a browser shows it, and nothing else is asked for.

The long form, with the answers about each picture, is `soak_audit`.
"""

from __future__ import annotations

import math

import pytest

from archiver.agency.audit.audit_store import AuditStore
from archiver.agency.audit.crawler import SiteVisit
from archiver.agency.audit.fetcher import PoliteFetcher
from archiver.agency.audit.site_scope import scope_of
from archiver.home.network import Network
from archiver.reading.worker import DocumentReader
from tests.support.audited_site import AuditedSite
from tests.support.cms_sites import build, compare, impolite, sketched


@pytest.mark.long  # one site: test_site_audit.py
def test_the_pictures_of_content_systems_are_found() -> None:
    waits: list[float] = []
    with AuditedSite({}) as site, AuditedSite({}) as cdn, AuditStore(None) as store, DocumentReader(1) as reader:
        truth = build(1, site.url, cdn.url, sketched)
        site.files, cdn.files = truth.files, truth.cdn_files
        fetcher = PoliteFetcher(Network(), scope_of([site.url], [cdn.url]), "", rate=0, wait=waits.append)
        number, _ = store.begin({})
        visit = SiteVisit(store, fetcher, reader, number, 500, math.inf)
        with fetcher:
            visit.begin()
            assert visit.run()
        found = [(each.addresses, each.pages, "", set[str]()) for each in store.site_pictures(number)]
    counts = compare(truth, found)
    assert counts.wrong == [] and counts.lost == []
    assert impolite(truth, site.asked, sum(waits)) == [] and {method for method, *_ in cdn.asked} == {"GET"}
