"""The routes of the desk: the address of each page and its function."""

from __future__ import annotations

from importlib import import_module

from archiver.desk.app import PageRoute

PAGES = (
    "sign_in", "openid_pages", "passkey_pages", "home_page", "search_pages", "arrival_pages", "licence_list_pages",
    "chosen_licences", "licence_overview", "licence_actions", "licence_pages", "new_claim_pages", "claim_pages",
    "claim_licence_pages", "claim_client_pages", "claim_pack_pages", "claim_life_pages", "connect_account",
    "client_pages", "damage_pages", "unassigned_pages", "account_pages", "session_pages", "manage_account",
    "manage_client", "leaver_page", "source_pages", "progress_pages", "user_pages", "setup_pages", "settings_page",
    "token_pages", "check_page", "companion_pages", "site_picture_pages", "terms_pages",
)  # fmt: skip
"""The modules of the pages. Each has its own in `ROUTES`. The first route that matches an address serves it."""

ROUTES: list[PageRoute] = [each for name in PAGES for each in import_module(f"archiver.desk.{name}").ROUTES]
