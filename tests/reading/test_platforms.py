"""Whose paper a text is: a site, a company or a name, where only one platform is meant."""

from __future__ import annotations

import re

from archiver.reading.document_parser import read_text
from archiver.reading.platforms import PLATFORMS, marked, named_platform, the_platform, titled


def test_the_one_platform_that_a_text_means() -> None:
    table: list[tuple[str, str | None]] = [
        ("PremiumBeat\nLicense\nShutterstock Canada ULC d/b/a PremiumBeat, Montréal", "premiumbeat"),
        ("PremiumBeat.com by Shutterstock\nMUSIC LICENSE", "premiumbeat"),
        ("pixabay.com\nPixabay, a Canva Germany GmbH brand", "pixabay"),
        ("mauritius images GmbH, Mittenwald", "mauritius"),
        ("iStock\nwww.istockphoto.com\nCollection: Westend61", "istock"),
        ("Adobe Stock\nContributor: Science Photo Library", "adobe_stock"),
        ("Rechnung\nlaif Agentur für Photos & Reportagen GmbH", "laif"),
        ("banner 500px wide, we veer left, the masterfile", None),
        ("Shutterstock and Adobe Stock", None),
        ("westend61.de and mauritius-images.com", None),
    ]
    for text, platform in table:
        assert the_platform(text)[0] == platform


def test_a_files_name_names_a_platform_only_by_a_word_that_means_nothing_else() -> None:
    table: list[tuple[str, str | None]] = [
        ("RE plainpicture R7.pdf", "plainpicture"),
        ("picture-alliance 3.pdf", "picture_alliance"),
        ("getty 2021.xlsx", "getty_images"),
        *(
            (name, None)
            for name in ("gettysburg.pdf", "hero_500px.pdf", "masterfile.xlsx", "veer.pdf", "Imagoteca_51.txt")
        ),
    ]
    for name, platform in table:
        assert the_platform("", name)[0] == platform


def test_a_cell_names_a_platform_as_people_do() -> None:
    table: list[tuple[str, str | None]] = [
        ("dpa", "picture_alliance"),
        ("Getty", "getty_images"),
        ("Photocase.de", "photocase"),
        ("500px", "500px"),
        ("?", None),
    ]
    for cell, platform in table:
        assert named_platform(cell) == platform


def test_every_name_and_site_of_a_platform_is_found_in_a_text() -> None:
    for name, each in PLATFORMS.items():
        assert each.called or titled(f"Paid to {each.title}, thank you") == {name: each.title}
        for site in re.findall(r"(?:^|\|)([a-z0-9.\\-]+\.(?:com|net|io|de|nl))(?:\||$)", each.marks):
            plain = site.replace("\\", "")
            assert name in marked(f"see https://www.{plain}/account"), plain


def test_ids_of_a_platform_have_its_form() -> None:
    table: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
        ("storyblocks", ("SBV-509923308", "633476187", "plan-2024-01-31"), ("SBV", "12")),
        ("canva", ("MACGuAern4k", "EAFx1_2-3ab"), ("Magnificent", "02574-1070452")),
        ("plainpicture", ("p209m7413080",), ("R705460", "209")),
        ("can_stock_photo", ("csp3214473", "3214473"), ("csp",)),
        ("unsplash", ("Hk6-ragnmc9", "-k9iC4p0m1C"), ("description",)),
        ("apa_picturedesk", ("20160120_PD6176",), ("05.09.2016",)),
        ("masterfile", ("600-01234567n",), ("2016",)),
    ]
    for platform, ids, others in table:
        form = re.compile(PLATFORMS[platform].asset)
        assert all(map(form.fullmatch, ids)) and not any(map(form.fullmatch, others))


def test_a_certificate_of_one_item_is_a_licence_where_receipts_are_of_plans() -> None:
    table: list[tuple[str, str, str]] = [
        ("Artlist Ltd", "artlist", "125170"),
        ("Motion Array, LLC", "motion_array", "4818470"),
        ("Footage Firm, Inc. dba Storyblocks", "storyblocks", "633476187"),
    ]
    for issuer, provider, asset_id in table:
        head = f"License certificate\nLicensee: Acme Ltd\nAsset ID: {asset_id}\n"
        paper = read_text(f"{head}License: Standard License\nLicense date: May 6, 2022\n{issuer}\n")
        assert paper
        assert [(each.asset.provider, each.asset.asset_id, each.plan_ends) for each in paper.licences] == [
            (provider, asset_id, None)
        ]
