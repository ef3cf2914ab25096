"""Platforms, clients and sites are understood as people write them."""

from __future__ import annotations

import pytest

from archiver.core.errors import ConfigError
from archiver.core.written_names import site_domain
from archiver.home.settings import Home as Loaded
from archiver.provider.registry import named
from archiver.reading.letters import read_letter
from archiver.reading.unsupported_platforms import served
from tests.support.homes import QUICK, Home


@pytest.mark.parametrize(
    ("written", "platform"),
    [
        ("Shutterstock", "shutterstock"), ("Adobe Stock", "adobe_stock"), ("Adobe", "adobe_stock"),
        ("Getty", "getty_images"), ("getty images", "getty_images"), ("iStock", "istock"), ("alamy", "alamy"),
        ("Depositphotos Enterprise", "depositphotos_enterprise"), ("https://stock.adobe.com/search", "adobe_stock"),
        ("www.shutterstock.com", "shutterstock"), ("istockphoto.com", "istock"), ("123 RF", "123rf"),
        ("ThemeForest", "envato_market"), ("elements.envato.com", "envato_elements"),
    ],
)  # fmt: skip
def test_a_platform_is_known_by_the_name_that_people_use(written: str, platform: str) -> None:
    assert named(written, served()) == platform


@pytest.mark.parametrize(
    ("written", "said"),
    [("Envato", "envato_elements or envato_market"), ("Gety", "mean 'getty'"), ("i", "no provider"), ("[", "no prov")],
)
def test_a_name_of_several_platforms_or_none_is_refused(written: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        named(written, served())


def test_commands_take_names_of_platforms_and_clients(home: Home) -> None:
    home("account", "add", "one", "--client", "ACME LTD", "--provider", "Adobe Stock", "--replay", QUICK)
    assert Loaded.load(home.root).account("one").provider == "adobe_stock"
    home("run", "--client", "Acme Ltd", "--replay", QUICK)
    found = home.json("find", "--client", "acme ltd", "--provider", "Adobe", "--limit", "1")
    assert found[0]["client"] == "acme"
    home("find", "--provider", "Flickr", code=2)
    assert home.json("client", "show", "Acme Ltd")["client"] == "acme"
    assert "getty_images: Getty Images" in home("providers", "Getty").stdout
    home("client", "add", "acme-2", "--name", "ACME, Ltd.")
    said = home("report", "--client", "acme ltd", "--out", home.root.parent / "report.pdf", code=2).stderr
    assert "acme-2 and acme" in said and "short name" in said
    assert home.json("client", "show", "acme")["client"] == "acme"  # which comes first


def test_an_account_of_a_platform_without_an_adapter_is_answered_with_what_works(home: Home) -> None:
    before = (home.root / "clients/acme.yaml").read_bytes()
    for written, title in (("Alamy", "Alamy"), ("Canva", "Canva"), ("123RF", "123RF")):
        said = home("account", "add", "one", "--client", "Acme Ltd", "--provider", written, code=2).stderr
        assert f"cannot sign in at {title}" in said and "archiver import FILE --client acme" in said
        assert f"archiver capture {title.lower()} --client" in said
        assert "archiver companion package" in said and "--kind mailbox" in said
    assert (home.root / "clients/acme.yaml").read_bytes() == before


def test_a_client_needs_no_short_name(home: Home) -> None:
    assert "beta is its short name" in home("client", "add", "Beta GmbH").stderr
    assert "acme-2 is its short name" in home("client", "add", "--name", "Acme AG").stderr
    home("client", "add", "gamma", code=2)
    assert {row["client"]: row["name"] for row in home.json("client", "list")} == {
        "acme": "Acme Ltd", "beta": "Beta GmbH", "acme-2": "Acme AG",
    }  # fmt: skip


@pytest.mark.parametrize(
    "pasted",
    ["https://gamma.example/shop", "www.gamma.example/", "GAMMA.example:8443", "gamma.example.", " gamma.example "],
)
def test_a_site_is_its_domain_however_it_is_pasted(pasted: str) -> None:
    assert site_domain(pasted) == "gamma.example"


def test_a_letter_about_a_site_is_read_however_its_address_was_pasted(home: Home) -> None:
    home("client", "add", "gamma", "--name", "Gamma", "--domain", "https://Gamma.example/shop")
    home("client", "change", "gamma", "--domain", "www.xn--mller-kva.example", "--domain", "gamma.example")
    assert home.json("client", "show", "gamma")["domains"] == ["gamma.example", "müller.example"]
    said = home("client", "change", "gamma", "--domain", "our site", code=2).stderr
    assert "'our site' is not a site" in said and "acme.example" in said
    old = home.root / "clients/old.yaml"
    old.write_text("name: Old\ndomains: ['https://www.old.example/shop', old.example, intranet]\n")
    domains = Loaded.load(home.root).client("old").domains
    assert domains == ("old.example", "intranet")
    text = "We found our picture at https://www.old.example/shop/boats.html on your site.\n\nRegards"
    assert read_letter(text, domains=domains).urls == ("https://www.old.example/shop/boats.html",)
