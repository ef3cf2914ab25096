"""The routes of the desk: the address of each page and its function."""

from __future__ import annotations

from archiver.desk import (
    account_pages,
    check_page,
    claim_licence_pages,
    claim_life_pages,
    claim_pack_pages,
    claim_pages,
    client_pages,
    companion_pages,
    connect_account,
    home_page,
    licence_pages,
    new_claim_pages,
    search_pages,
    session_pages,
    sign_in,
)

ROUTES = [
    *sign_in.WAYS,
    *home_page.WAYS,
    *search_pages.WAYS,
    *licence_pages.WAYS,
    *new_claim_pages.WAYS,
    *claim_pages.WAYS,
    *claim_licence_pages.WAYS,
    *claim_pack_pages.WAYS,
    *claim_life_pages.WAYS,
    *connect_account.WAYS,
    *client_pages.WAYS,
    *account_pages.WAYS,
    *session_pages.WAYS,
    *check_page.WAYS,
    *companion_pages.WAYS,
]
