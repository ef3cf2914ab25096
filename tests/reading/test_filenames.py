"""Platform and asset id from names: every pattern, through what content systems add, and nothing from own pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.reading.certificates import Sure
from archiver.reading.filenames import names

C, L, P = Sure.CERTAIN, Sure.LIKELY, Sure.POSSIBLE
DOWNLOADED = {
    "AdobeStock_112670342": ("adobe_stock", "112670342", C),
    "AdobeStock_112670342_Preview": ("adobe_stock", "112670342", C),
    "AdobeStock_1234567890": ("adobe_stock", "1234567890", C),
    "shutterstock_2345678901": ("shutterstock", "2345678901", C),
    "rain-on-a-window-260nw-123456789": ("shutterstock", "123456789", L),
    "shutterstock_123456789": ("shutterstock", "123456789", C),
    "shutterstock_9763363ao": ("shutterstock", "9763363ao", P),
    "iStock-1234567890": ("istock", "1234567890", C),
    "iStock_000012345678Large": ("istock", "12345678", C),
    "istockphoto-1234567-612x612": ("istock", "1234567", C),
    "GettyImages-123456789": ("getty_images", "123456789", C),
    "Depositphotos_12345678_xl-2015": ("depositphotos", "12345678", C),
    "Depositphotos_12345678-stock-photo-lion": ("depositphotos", "12345678", C),
    "dreamstime_xxl_123456": ("dreamstime", "123456", C),
    "dreamstimefree_123456": ("dreamstime", "123456", C),
    "12345678_m": ("123rf", "12345678", P),
    "1234567_xl_normal_none": ("123rf", "1234567", P),
    "bigstock-Happy-Family-123456789": ("bigstock", "123456789", C),
    "RF_Stocksy_txp1234abcDE200_Medium_1234567": ("stocksy", "1234567", C),
    "vecteezy_summer-sea-background_1234567": ("vecteezy", "1234567", L),
    "hand-drawn-books_1048944-9269194": ("freepik", "1048944-9269194", P),
    "disco-corridor-2021-08-26-15-44-12-utc": ("envato_elements", None, P),
    "ada-example-AbC_dEf-123-unsplash": ("unsplash", "AbC_dEf-123", C),
    "pexels-photo-417173": ("pexels", "417173", C),
    "pexels-ada-example-417173": ("pexels", "417173", L),
    "lake-sea-1234567_1280": ("pixabay", "1234567", P),
    "imago0123456789h": ("imago", "0123456789", L),
    "6015932_Rain_By_Ada_Example_Artlist_HD": ("artlist", None, L),
    "storyblocks-rain-on-a-window_rXyZ": ("storyblocks", None, L),
    "canstockphoto12345678": ("can_stock_photo", "12345678", L),
    "COLOURBOX1234567": ("colourbox", "1234567", L),
    "ThinkstockPhotos-123456789": ("thinkstock", "123456789", L),
    "pond5_12345678": ("pond5", "12345678", P),
}
ADDRESSES = {
    "https://unsplash.com/de/fotos/rain-AbC_dEf-123?utm_source=x": ("unsplash", "AbC_dEf-123", C),
    "https://www.pexels.com/photo/rain-on-a-window-417173/": ("pexels", "417173", C),
    "https://pixabay.com/vectors/rain-1234567/": ("pixabay", "1234567", C),
    "https://t3.ftcdn.net/jpg/01/12/67/03/240_F_112670342_abcd.jpg": ("adobe_stock", "112670342", C),
    "https://stock.adobe.com/de/images/haus-am-meer/112670342?x=1": ("adobe_stock", "112670342", C),
    "https://www.shutterstock.com/image-photo/a-b-260nw-123456789.jpg": ("shutterstock", "123456789", C),
    "//image.shutterstock.com/image-vector/a-b-123456789": ("shutterstock", "123456789", C),
    "https://media.istockphoto.com/id/1234567/photo/x.jpg?s=612x612": ("istock", "1234567", C),
    "https://www.istockphoto.com/photo/x-gm1234567-123": ("istock", "1234567", C),
    "https://media.gettyimages.com/id/1234567/photo/x.jpg": ("getty_images", "1234567", C),
    "https://media.gettyimages.com/photos/x-picture-id1234567?s=1": ("getty_images", "1234567", C),
    "https://st2.depositphotos.com/360/823/i/450/depositphotos_8235360-lion.jpg": ("depositphotos", "8235360", C),
    "https://depositphotos.com/8235360/stock-photo-lion.html": ("depositphotos", "8235360", C),
    "https://depositphotos.com/photo/lion-8235360.html": ("depositphotos", "8235360", C),
    "https://thumbs.dreamstime.com/b/slug-12345678.jpg": ("dreamstime", "12345678", C),
    "https://previews.123rf.com/images/a/b/12345678-slug.jpg": ("123rf", "12345678", L),
    "https://p.bigstockphoto.com/x_bigstock-Happy-1234567.jpg": ("bigstock", "1234567", C),
    "https://img.freepik.com/free-photo/slug_1048944-9269194.jpg?w=740": ("freepik", "1048944-9269194", L),
    "https://www.freepik.com/free-photo/slug_7654321.htm": ("freepik", "7654321", C),
    "https://images.unsplash.com/photo-1516123456789-abcdef123456?w=1": (
        "unsplash", "photo-1516123456789-abcdef123456", L),
    "https://images.pexels.com/photos/417173/pexels-photo-417173.jpeg": ("pexels", "417173", C),
    "https://cdn.pixabay.com/photo/2015/04/23/22/00/tree-736885_1280.jpg": ("pixabay", "736885", C),
    "https://c8.alamy.com/comp/AAA123/x.jpg": ("alamy", "AAA123", C),
    "https://www.imago-images.de/bild/st/0123456789": ("imago", "0123456789", C),
    "https://static.thenounproject.com/png/1234567-200.png": ("noun_project", "1234567", C),
    "https://codecanyon.net/item/booking-calendar/18918857": ("envato_market", "18918857", C),
    "https://acme.example/wp-content/uploads/AdobeStock_112670342-300x200.jpg": ("adobe_stock", "112670342", C),
}  # fmt: skip
NOISE = ("{}.jpg", "{}-scaled.jpeg", "{}-1024x683.webp", "{}@2x.png", "{}_cropped.jpg", "{} (1).jpg", "{}-copy.jpg",
         "{} - Kopie.jpg", "03_{}.jpg", "{}-e1612345678901-300x200.jpg", "csm_{}_3f2a1b9c0d.jpg", "{}.3f2a1b9c.jpg",
         "{}_600x.jpg", "{}_x800@2x.jpg", "{}_600x600_crop_center.jpg", "{}-1024x683-1.jpg", "{}.jpg.webp",
         "folder/2021/{}.jpg", "C:\\Bilder\\{}.JPG",
         "{}.jpg?ver=2&x=1", "{}-edited-min-300x200-scaled.jpg")  # fmt: skip


@pytest.mark.parametrize("noise", NOISE)
def test_names_as_downloaded_through_every_noise(noise: str) -> None:
    for name, wanted in DOWNLOADED.items():
        text = noise.format(name)
        assert [(each.platform, each.asset_id, each.sure) for each in names(text)] == [wanted], text


def test_fotolias_files_may_stand_in_its_own_papers_or_in_those_of_adobe_which_took_them_over() -> None:
    found = names("Fotolia_1126703_L.jpg")
    assert [(each.platform, each.asset_id) for each in found] == [("fotolia", "1126703"), ("adobe_stock", "1126703")]


@pytest.mark.parametrize("name", ["hero-{}", "2021-03-{}", "acme_{}_final", "{}_Acme GmbH"])
def test_names_that_carry_the_platforms_word_may_be_renamed_around_it(name: str) -> None:
    for word, wanted in DOWNLOADED.items():
        if wanted[2] is C and "unsplash" not in word:
            assert [(each.platform, each.asset_id) for each in names(name.format(word))] == [wanted[:2]], word


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_of_previews_and_pages(address: str) -> None:
    assert [(each.platform, each.asset_id, each.sure) for each in names(address)] == [ADDRESSES[address]]


@pytest.mark.parametrize(
    "name",
    ["IMG_1234.JPG", "IMG_20210304_123456.jpg", "IMG-20210304-WA0001.jpg", "DSC_0001.jpg", "DSCF1234.jpg",
     "_DSC1234.jpg", "PXL_20210304_123456789.jpg", "20210304_123456.jpg", "20210304_m.jpg", "P1234567.jpg",
     "P1234567_m.jpg", "photo-1234567_1280.jpg", "1234567.jpg",
     "scan-1234567_640.jpg", "WhatsApp Image 2021-03-04 at 12.00.00.jpeg", "Screenshot_20210304-123456.png",
     "Bildschirmfoto 2021-03-04 um 12.00.00.png", "photo_12345-123456.jpg", "foto_1048944-9269194.jpg",
     "invoice_2021-0304.pdf", "holiday-at-sea_2021-0304.jpg", "rechnung-2021_1280.jpg", "rechnung-20210304_1280.jpg",
     "shutterstock_123456789012345.jpg", "myshutterstock_123456789.jpg", "AdobeStock_1.jpg", "pexels-ada-2021.jpg",
     "pexels-user-4321-417173.jpg", "vecteezy_1234567_7654321.jpg", "beach-unsplash.jpg", "iStock-final.jpg",
     "logo.svg", ".DS_Store", "", "http://[::1", "https://shutterstock.com.evil.example/image-photo/a-123456789",
     "https://www.shutterstock.com/blog/123456789", "https://acme.example/?file=AdobeStock_112670342"],
)  # fmt: skip
def test_own_pictures_days_and_strangers_are_nobodys(name: str) -> None:
    assert names(name) == ()


def test_two_assets_in_a_name_are_both_named() -> None:
    found = names("AdobeStock_112670342_and_shutterstock_123456789.jpg")
    assert {each.platform for each in found} == {"adobe_stock", "shutterstock"}


@given(
    st.text()
    | st.lists(st.sampled_from(["-", "_1", "pexels-", "csm_", "(1)", "-unsplash", "https://", "a"])).map("".join)
)
def test_hostile_names_never_crash(text: str) -> None:
    names(text)
