"""Find the platform and asset ID in file names and preview addresses, without the additions of content systems.

Sources: names in public repositories, a public rule set for preview addresses, and the platforms' own pages. A pattern
without the platform's name is only `possible`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote, urlsplit

from archiver.reading.certificates import Sure

MAX_NAME_LENGTH = 1_000  # characters of a name or address; of a longer one nothing is read


@dataclass(frozen=True)
class NamedAsset:
    """An asset that a name refers to. `asset_id` is None if the platform's pattern holds no ID.

    `quote` is the part of the name that says so.
    """

    platform: str
    asset_id: str | None
    sure: Sure
    quote: str


@dataclass(frozen=True)
class _Pattern:
    """How a platform writes an asset's id; group 1 is the id. Addresses are matched from the host on."""

    platform: str
    pattern: re.Pattern[str]
    sure: Sure = Sure.CERTAIN


def _name(platform: str, pattern: str, sure: Sure = Sure.CERTAIN) -> _Pattern:
    return _Pattern(platform, re.compile(rf"(?<![A-Za-z0-9]){pattern}", re.IGNORECASE | re.ASCII), sure)


def _whole(platform: str, pattern: str) -> _Pattern:
    return _Pattern(platform, re.compile(rf"\A{pattern}\Z", re.IGNORECASE | re.ASCII), Sure.POSSIBLE)


def _at(platform: str, pattern: str, sure: Sure = Sure.CERTAIN) -> _Pattern:
    return _Pattern(platform, re.compile(rf"\A(?:www\.)?{pattern}", re.IGNORECASE | re.ASCII), sure)


# In the name of a file as it was downloaded, whatever stands before and after. No digit may follow an id, as a longer
# number is another thing; a letter may, such as a size.
NAMES = (
    _name("adobe_stock", r"AdobeStock_(\d{6,12})(?!\d)"),
    _name("fotolia", r"Fotolia_(\d{4,12})(?!\d)"),
    _name("adobe_stock", r"Fotolia_(\d{4,12})(?!\d)", Sure.LIKELY),  # it took the assets over, with their numbers
    _name("shutterstock", r"shutterstock_(?:editorial_)?(\d{5,10})(?![0-9a-z])"),
    _name("shutterstock", r"shutterstock_(?:editorial_)?(\d{5,10}[a-z]{1,2})(?![0-9a-z])", Sure.POSSIBLE),
    _name("shutterstock", r"[a-z-]{0,200}-(?:260nw|600w)-(\d{5,10})(?!\d)", Sure.LIKELY),  # saved previews
    _name("istock", r"iStock[-_]0*(\d{5,11})(?!\d)"),
    _name("istock", r"istockphoto-(\d{5,11})(?!\d)"),
    _name("getty_images", r"GettyImages-(\d{5,12})(?!\d)"),
    _name("depositphotos", r"Depositphotos_(\d{5,12})(?!\d)"),
    _name("dreamstime", r"dreamstime_(?:xs|s|m|l|xl|xxl)_(\d{4,12})(?!\d)"),
    _name("dreamstime", r"dreamstimefree_(\d{4,12})(?!\d)"),
    _name("bigstock", r"bigstock-(?:[^/]{0,200}?-)?(\d{6,12})(?!\d)"),
    _name("stocksy", r"Stocksy_txp?\w{1,40}?_(?:Small|Medium|Large|OriginalDelivery)_(\d{4,12})(?!\d)"),
    _name("pexels", r"pexels-photo-(\d{3,9})(?!\d)"),
    _name("unsplash", r"(?:[^/]{0,200}-)?([A-Za-z0-9_-]{11})-unsplash(?![A-Za-z])"),
    _name("imago", r"imago(\d{7,12})(?!\d)", Sure.LIKELY),
    _name("can_stock_photo", r"canstockphoto(\d{5,9})(?!\d)", Sure.LIKELY),
    _name("colourbox", r"COLOURBOX(\d{5,10})(?!\d)", Sure.LIKELY),
    _name("thinkstock", r"ThinkstockPhotos-(\d{6,12})(?!\d)", Sure.LIKELY),
    # Platforms that license no single items: the name says whose it is, and no id is of use.
    _name("storyblocks", r"()(?:storyblocks|videoblocks|audioblocks|graphicstock)(?![a-z])", Sure.LIKELY),
    _name("storyblocks", r"(SB[A-Z]-\d{6,12})(?!\d)", Sure.LIKELY),
    _name("artlist", r"()artlist(?![a-z])", Sure.LIKELY),
    _name("motion_array", r"()motion[-_ ]?array(?![a-z])", Sure.LIKELY),
    _name("canva", r"()canva(?![a-z])", Sure.POSSIBLE),
    _name("pond5", r"pond5[-_](\d{5,12})(?!\d)", Sure.POSSIBLE),
)
# Only as the whole name: the platform's name is missing, or the number may be anything.
WHOLE_NAMES = (
    _whole("123rf", r"(\d{7,9})_(?:s|m|l|xl|xxl)(?:_normal_none)?"),
    _whole("pixabay", r"[a-z]{2,30}(?:-[a-z]{1,30}){0,12}-(\d{4,8})_(?:_?340|640|960_720|1280|1920)"),
    _whole("freepik", r"[a-z]{2,30}(?:-[a-z]{1,30}){1,20}_(?!(?:19|20)\d\d-)(\d{2,8}-\d{4,10})"),
    _whole("envato_elements", r"()[a-z0-9]{1,30}(?:-[a-z0-9]{1,30}){0,20}?-\d{4}(?:-\d\d){5}-utc"),
)
# Platform, word that must begin the name, and that exactly one number of so many digits follows.
ONLY_NUMBER = (("pexels", "pexels-", 4, 9), ("vecteezy", "vecteezy_", 3, 12))

ADDRESSES = (
    _at("adobe_stock", r"t\d\.ftcdn\.net/(?:v2/)?jpg/(?:\d\d/){4}\d{1,6}_F_(\d{4,12})_"),
    _at("adobe_stock", r"stock\.adobe\.com/(?:[a-z]{2}/)?(?:[a-z-]{1,20}/[^/]{1,300}/)?(\d{6,12})(?!\d)"),
    _at("shutterstock", r"(?:image\.)?shutterstock\.com/(?:[a-z]{2}/)?image-(?:photo|vector|illustration)/[^/]{0,300}?"
        r"(?<=[-/])(?:260nw-|600w-)?(\d{5,10})(?:\.jpg)?(?![0-9a-z-])"),
    _at("shutterstock", r"(?:image\.)?shutterstock\.com/editorial/[^?]{0,300}-(\d{4,10}[a-z]{1,2})(?![0-9a-z])"),
    _at("shutterstock", r"shutterstock\.com/(?:[a-z]{2}/)?video/clip-(\d{4,12})(?!\d)"),
    _at("istock", r"media\.istockphoto\.com/id/(\d{5,12})/"),
    _at("istock", r"istockphoto\.com/[^?]{0,300}-gm(\d{5,12})(?!\d)"),
    _at("getty_images", r"media\.gettyimages\.com/id/(\d{5,12})/"),
    _at("getty_images", r"media\.gettyimages\.com/[^?]{0,300}-id(\d{5,12})(?!\d)"),
    _at("getty_images", r"gettyimages\.[a-z]{2,3}(?:\.[a-z]{2})?/detail/[^?]{1,300}/(\d{5,12})/?\Z"),
    _at("depositphotos", r"(?:st\d?|static\d)\.depositphotos\.com/\d{1,10}/\d{1,8}/"
        r"[iv]/(?:110|380|450|600|950)/depositphotos_(\d{4,12})-"),
    _at("depositphotos", r"depositphotos\.com/(?:[a-z]{2}/)?(\d{4,12})/stock-"),
    _at("depositphotos", r"depositphotos\.com/(?:[a-z]{2}/)?(?:photo|vector|illustration|video)/"
        r"[^/]{1,300}-(\d{4,12})\.html"),
    _at("dreamstime", r"thumbs\.dreamstime\.com/[a-z]/[^/]{1,300}-(\d{4,12})\.jpg"),
    _at("dreamstime", r"dreamstime\.com/[^?]{1,300}-image(\d{4,12})(?!\d)"),
    _at("123rf", r"previews\.123rf\.com/images/(?:[^/]{1,60}/){1,6}(\d{5,12})-", Sure.LIKELY),
    _at("123rf", r"123rf\.com/(?:[a-z]{2}/)?photo_(\d{5,12})(?!\d)", Sure.LIKELY),
    _at("bigstock", r"p\.bigstockphoto\.com/[^?]{0,200}_?bigstock-[^?]{0,200}-(\d{6,12})\.jpg"),
    _at("freepik", r"img\.(?:freepik|magnific)\.com/[^?]{1,300}_(\d{2,8}-\d{3,10})\.", Sure.LIKELY),
    _at("freepik", r"(?:freepik|magnific)\.com/[^?]{1,300}_(\d{4,12})\.htm"),
    _at("unsplash", r"unsplash\.com/(?:[a-z-]{2,5}/)?(?:photos|fotos)/(?:[^/]{0,200}-)?([A-Za-z0-9_-]{11})/?\Z"),
    _at("pexels", r"pexels\.com/(?:[a-z-]{2,5}/)?(?:photo|foto)/(?:[^/]{0,200}-)?(\d{1,12})/?\Z"),
    _at("pixabay", r"pixabay\.com/(?:[a-z]{2}/)?(?:photos|illustrations|vectors)/(?:[^/]{0,200}-)?(\d{1,12})/?\Z"),
    _at("unsplash", r"images\.unsplash\.com/(photo-\d{13}-[0-9a-f]{12})", Sure.LIKELY),
    _at("unsplash", r"plus\.unsplash\.com/(premium_photo-\d{13}-[0-9a-f]{12})", Sure.LIKELY),
    _at("pexels", r"images\.pexels\.com/photos/(\d{1,9})/"),
    _at("pixabay", r"cdn\.pixabay\.com/photo/\d{4}/(?:\d\d/){4}[^/]{1,200}-(\d{1,9})_"),
    _at("alamy", r"c\d\.alamy\.com/(?:comp|zooms)/([0-9A-Z]{5,10})/"),
    _at("alamy", r"alamy\.(?:com|de|es|fr)/[^?]{1,300}-image(\d{5,12})\.html", Sure.LIKELY),
    _at("imago", r"imago-images\.(?:de|com)/(?:bild/)?st/(\d{7,12})(?!\d)"),
    _at("noun_project", r"static\.thenounproject\.com/png/(\d{1,9})-200\.png"),
    _at("envato_elements", r"elements\.envato\.com/(?:[a-z]{2}(?:-[a-z]{2})?/)?[^/?]{1,300}-(?-i:([A-Z0-9]{7}))/?\Z"),
    _at("pond5", r"pond5\.com/(?:[a-z]{2}/)?(?:stock|royalty|sound)-[a-z-]{1,30}/(?:item/)?(\d{5,12})(?!\d)"),
    _at("motion_array", r"motionarray\.com/(?:stock|royalty|sound|premiere|after|davinci|final|motion|photoshop)-"
        r"[a-z-]{1,40}/(?:[a-z-]{1,60}/){0,2}[^/?]{1,200}-(\d{3,9})/?\Z"),
    _at("artlist", r"artlist\.io/(?:(?:royalty|stock|sound|video)-[a-z-]{1,30}|sfx)/[a-z]{1,20}/"
        r"[^/?]{1,200}/(\d{4,9})/?\Z"),
    _at("artlist", r"artlist\.io/song/(\d{4,9})(?=/|\Z)"),
    _at("epidemic_sound", r"epidemicsound\.com/(?:[a-z]{2}/)?track/([A-Za-z0-9]{6,12})/?\Z"),
    _at("vecteezy", r"vecteezy\.com/[a-z-]{3,30}/(\d{3,12})-"),
    _at("stocksy", r"stocksy\.com/(\d{4,12})/"),
    _at("flaticon", r"flaticon\.com/(?:[a-z]{2}/)?(?:free|premium)-icon/[^?]{1,200}_(\d{2,12})\Z"),
    _at("envato_market", r"(?:themeforest|codecanyon|graphicriver|audiojungle|videohive|photodune|3docean)\.net/"
        r"item/[^/]{1,200}/(\d{3,12})(?![0-9])"),
)  # fmt: skip

# What cameras, phones and screens write; the numbers in such names are no platform's.
_OWN = re.compile(
    r"(?:IMG|IMGP|DSC[FN]?|_DSC|PXL|VID|MVI|P|GOPR|DJI|WP|SAM|CIMG|KIMG|SCAN|Screenshot|Bildschirmfoto|Screen ?Shot|"
    r"Capture d.écran|WhatsApp|Signal|photo|image|Foto|bild|scan)[-_ ]?\d",
    re.IGNORECASE,
)

# Taken off the beginning of a name that must fit as a whole: its place in a gallery.
_BEFORE = re.compile(r"\A\d{1,3}[-_. ]+(?=\w)", re.ASCII)
# Taken off the end of a name, again and again: sizes, editors' and browsers' marks, stamps, hashes.
_AFTER = re.compile(
    r"(?:[-_. ](?:\d{2,5}x(?:\d{2,5})?|x\d{2,5})(?:_crop_[a-z]{3,6})?(?:-\d{1,2})?|"
    r"-scaled|-rotated|-e\d{13}|@[1-4]x|[-_ ]?\(\d{1,3}\)|"
    r"[-_ ](?:cropped|crop|copy|copie|kopie|copia|edited|bearbeitet|min|web|final|thumb|thumbnail|small|resized|"
    r"optimized|compressed|q\d{2,3}|\d{2,5}w)|"
    r" - (?:copy|copie|kopie|copia)|[.-](?=[0-9a-f]*[a-f])(?=[0-9a-f]*[0-9])[0-9a-f]{8,32})\Z",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"\.(?:jpe?g|png|webp|avif|gif|tiff?|psd|ai|eps|svg|heic|bmp|mp4|mov|webm|mp3|wav|zip|jfif)\Z", re.IGNORECASE
)


def names(text: str) -> Sequence[NamedAsset]:
    """The assets that a file's name, its path or an address refers to, the surest first; usually one or none."""
    if len(text) > MAX_NAME_LENGTH:
        return ()
    if re.match(r"https?://|//", text, re.IGNORECASE):
        with suppress(ValueError):
            address = urlsplit(text)
            place = f"{address.hostname or ''}{unquote(address.path)}"
            found = [_named(each, match) for each in ADDRESSES if (match := each.pattern.match(place))]
            return _distinct(found) or names(unquote(address.path))
        return ()
    stem = _stripped(unquote(re.split(r"[/\\]", text)[-1].partition("?")[0]))
    found = [_named(each, match) for each in NAMES if (match := each.pattern.search(stem))]
    bare = _BEFORE.sub("", stem)
    found += [
        named for platform, word, least, most in ONLY_NUMBER if (named := _only(bare, platform, word, least, most))
    ]
    if not found and not _OWN.match(bare):
        found = [_named(each, match) for each in WHOLE_NAMES if (match := each.pattern.match(bare))]
    return _distinct(found)


def _stripped(name: str) -> str:
    """The name as it was downloaded, as far as can be told."""
    while shorter := _EXTENSION.sub("", name, count=1):
        if shorter == name:
            break
        name = shorter
    if typo3 := re.fullmatch(r"csm_(.+)_[0-9a-f]{10}", name):
        name = typo3[1]
    for _ in range(10):
        shorter = _AFTER.sub("", name)
        if not shorter or shorter == name:
            break
        name = shorter
    return name


def _named(pattern: _Pattern, match: re.Match[str]) -> NamedAsset | None:
    asset_id = match[1] or None
    if asset_id and pattern.sure is Sure.POSSIBLE and _is_day(asset_id):
        return None
    return NamedAsset(pattern.platform, asset_id, pattern.sure, match[0].strip("-_"))


def _only(stem: str, platform: str, word: str, least: int, most: int) -> NamedAsset | None:
    """The one number in a name that begins with the platform's word; None if there are two, or if it is a date."""
    if not stem.lower().startswith(word):
        return None
    numbers = [each for each in re.findall(r"(?<=[-_])\d+(?![0-9A-Za-z])", stem) if least <= len(each) <= most]
    if len(numbers) != 1 or _is_day(numbers[0]):
        return None
    return NamedAsset(platform, numbers[0], Sure.LIKELY, stem[:80])


def _is_day(digits: str) -> bool:
    """Whether the digits are a year of this century or the last, or a day of one, as cameras and people write it."""
    if re.fullmatch(r"(?:19|20)\d\d", digits, re.ASCII):
        return True
    if not re.fullmatch(r"(?:19|20)\d{6}", digits, re.ASCII):
        return False
    with suppress(ValueError):
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        return True
    return False


_RANK = list(Sure)


def _distinct(found: Sequence[NamedAsset | None]) -> Sequence[NamedAsset]:
    """Each asset once, by its surest pattern."""
    best: dict[tuple[str, str | None], NamedAsset] = {}
    for each in sorted((each for each in found if each), key=lambda each: _RANK.index(each.sure)):
        best.setdefault((each.platform, each.asset_id), each)
    return tuple(best.values())
