"""Recognise platforms in papers and pictures: their marks, and the form of their IDs.

The names are those of the adapters, if there is one. Sources: the platforms' pages and files in public code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from archiver.reading.phrases import MAX_REMEMBERED_TEXTS, Phrases


@dataclass(frozen=True)
class Platform:
    """`title` is its name in prose, `marks` its sites and companies; `asset` and `licence` are the forms of its ids.

    `licence` is None where the platform numbers no licences. `plans` says that a subscription is what it sells: what
    counts there is the plan and its period, which has an id of ours, or the one item that a certificate names.
    `called` is how a text names it, where its title alone is another word, too. `also` are its other names in a cell.
    `supplies` says that others sell its pictures, and name it beside them. `papers` says that nobody has looked yet at
    how its accounts are read: it is known by its papers.
    """

    name: str
    title: str
    marks: str
    asset: str
    licence: str | None = None
    plans: bool = False
    called: str = ""
    also: tuple[str, ...] = ()
    supplies: bool = False
    papers: bool = False


UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_MARKETS = r"(?:themeforest|codecanyon|graphicriver|audiojungle|videohive|photodune|3docean|activeden)\.net"

ANY_NUMBER = r"[A-Z0-9][A-Z0-9./_-]{2,39}"

_PLAN = r"plan-\d{4}-\d\d-\d\d"


_paper = partial(Platform, licence=ANY_NUMBER, papers=True)

_ALL = (
    Platform("123rf", "123RF", r"123rf\.com|123RF Limited", r"\d{5,12}", ANY_NUMBER),
    Platform(
        "adobe_stock",
        "Adobe Stock",
        r"stock\.adobe\.com|Adobe (?:Inc|Systems)\b(?=[\s\S]{1,4000}Adobe Stock)",
        r"\d{5,12}",
        also=("adobe", "adobestock"),
    ),
    Platform("alamy", "Alamy", r"alamy\.(?:com|de|es|fr)|Alamy (?:Ltd|Limited|Inc)", r"[A-Z0-9]{5,10}", ANY_NUMBER),
    Platform("artlist", "Artlist", r"artlist\.io|Artlist (?:Ltd|UK)", rf"{_PLAN}|\d{{4,9}}", ANY_NUMBER, plans=True),
    Platform("bigstock", "Bigstock", r"bigstockphoto\.com|bigstock\.com|Bigstock,? Inc", r"\d{5,12}", ANY_NUMBER),
    Platform(
        "canva", "Canva", r"canva\.com|Canva (?:Pty|US|UK)", rf"{_PLAN}|[ME]A[A-Za-z][\w-]{{8}}", ANY_NUMBER, plans=True
    ),
    Platform("depositphotos", "Depositphotos", r"depositphotos\.com|Depositphotos,? Inc", r"\d{4,12}", r"\d{4,14}"),
    Platform("dreamstime", "Dreamstime", r"dreamstime\.com", r"\d{4,12}", ANY_NUMBER),
    Platform(
        "envato_elements",
        "Envato Elements",
        r"elements\.envato\.com|Envato Elements Pty",
        rf"[A-Z0-9]{{7}}|{UUID}",
        rf"[A-Z0-9]{{10}}|{UUID}",
    ),
    Platform("envato_market", "Envato Market", rf"{_MARKETS}|market\.envato\.com|Envato Pty", r"\d{3,12}", UUID),
    Platform(
        "epidemic_sound", "Epidemic Sound", r"epidemicsound\.com|Epidemic Sound AB", r"[A-Za-z0-9]{6,12}", ANY_NUMBER
    ),
    Platform("flaticon", "Flaticon", r"flaticon\.com", r"\d{2,12}"),
    Platform("fotolia", "Fotolia", r"fotolia\.(?:com|de|fr|es|it)|Fotolia LLC", r"\d{4,12}", ANY_NUMBER),
    Platform("freepik", "Freepik", r"freepik\.com|magnific\.com|Freepik Company", r"\d{3,12}"),
    Platform(
        "getty_images",
        "Getty Images",
        r"gettyimages\.[a-z]{2,3}(?:\.[a-z]{2})?|Getty Images (?:\(US\)|International)",
        r"\d{5,12}(?:-\d{3})?|[a-z]{2}\d{5,9}[a-z]?(?:-\d{3})?",
        ANY_NUMBER,
        also=("getty", "gettyimages"),
    ),
    Platform("iconfinder", "Iconfinder", r"iconfinder\.com|Iconfinder ApS", r"\d{2,12}", ANY_NUMBER),
    Platform(
        "imago",
        "IMAGO",
        r"imago-images\.(?:de|com)|imago images GmbH|imago sportfotodienst",
        r"(?:imago)?\d{7,12}[a-z]?",
        ANY_NUMBER,
        also=("imago images",),
        supplies=True,
    ),
    Platform("istock", "iStock", r"istockphoto\.com|iStockphoto LP|iStock by Getty Images", r"\d{5,12}", ANY_NUMBER),
    Platform(
        "motion_array",
        "Motion Array",
        r"motionarray\.com|Motion Array,? LLC",
        rf"{_PLAN}|\d{{3,9}}",
        ANY_NUMBER,
        plans=True,
    ),
    Platform("motion_elements", "MotionElements", r"motionelements\.com|MotionElements Pte", r"\d{4,12}", ANY_NUMBER),
    Platform(
        "noun_project",
        "Noun Project",
        r"thenounproject\.com|Noun Project,? Inc",
        r"\d{1,9}",
        ANY_NUMBER,
        also=("TheNounProject",),
    ),
    Platform("panthermedia", "PantherMedia", r"panthermedia\.net|PantherMedia GmbH", r"[A-Z]?\d{4,12}", ANY_NUMBER),
    Platform(
        "picture_alliance",
        "picture alliance",
        r"picture-alliance\.com|dpa Picture-Alliance",
        r"\d{5,12}",
        ANY_NUMBER,
        also=("dpa", "dpa picture-alliance", "picture-alliance"),
        supplies=True,
    ),
    Platform("pixabay", "Pixabay", r"pixabay\.com|Pixabay GmbH", r"\d{3,12}"),
    Platform("pond5", "Pond5", r"pond5\.com|Pond5,? Inc", r"\d{4,12}", ANY_NUMBER),
    Platform(
        "shutterstock",
        "Shutterstock",
        r"shutterstock\.com|Shutterstock,? (?:Inc|Ireland|Netherlands)",
        r"\d{4,12}[a-z]{0,3}",
        r"[0-9a-f]{20,64}",
    ),
    Platform("stocksy", "Stocksy", r"stocksy\.com|Stocksy United", r"\d{4,12}", ANY_NUMBER),
    Platform(
        "storyblocks",
        "Storyblocks",
        r"storyblocks\.com|Footage Firm,? Inc",
        rf"{_PLAN}|(?:SB[A-Z]-)?\d{{5,12}}",
        ANY_NUMBER,
        plans=True,
    ),
    Platform("vecteezy", "Vecteezy", r"vecteezy\.com|Eezy,? (?:Inc|LLC)", r"\d{3,12}", ANY_NUMBER),
    Platform(
        "westend61",
        "Westend61",
        r"westend61\.(?:de|com)|Westend61 GmbH",
        r"[A-Z]{2,8}\d{4,8}|\d{4,12}",
        ANY_NUMBER,
        supplies=True,
    ),
    # Known by their papers alone.
    _paper(
        "akg_images",
        "akg-images",
        r"akg-images\.(?:com|de|fr|co\.uk)|akg-images GmbH",
        r"AKG\d{4,9}|\d{1,2}-[A-Z0-9]{1,4}(?:-[A-Z0-9]{1,6}){1,5}",
        also=("akg", "akg images"),
        supplies=True,
    ),
    _paper(
        "anp", "ANP Foto", r"anp(?:foto)?\.nl|ANP (?:Foto|B\.V)", r"(?:ANP-)?\d{6,12}", also=("anp",), supplies=True
    ),
    _paper(
        "apa_picturedesk",
        "APA-PictureDesk",
        r"picturedesk\.com|APA-PictureDesk GmbH",
        r"\d{8}_PD\d{3,6}|\d{6,12}",
        also=("apa", "apa picturedesk", "picturedesk"),
        supplies=True,
    ),
    _paper(
        "agefotostock",
        "age fotostock",
        r"agefotostock\.(?:com|es)|age fotostock (?:Spain|Art|SL)",
        r"[A-Z0-9]{3}-\d{5,9}",
        also=("agefotostock",),
        supplies=True,
    ),
    _paper(
        "bridgeman_images",
        "Bridgeman Images",
        r"bridgeman(?:images|art)\.(?:com|us|co\.uk)|Bridgeman (?:Images|Art Library),? (?:Ltd|Limited|GmbH|Inc)",
        r"[A-Z]{2,4}\d{3,9}",
        also=("bridgeman", "bridgeman art library"),
        supplies=True,
    ),
    _paper(
        "can_stock_photo",
        "Can Stock Photo",
        r"canstockphoto\.(?:com|de|fr|es|it|pl|nl|co\.uk)|Can Stock Photo,? Inc",
        r"(?:csp)?\d{5,9}",
        also=("canstock", "canstockphoto", "can stock"),
    ),
    _paper("clipdealer", "ClipDealer", r"clipdealer\.(?:com|de)|ClipDealer GmbH", r"[AB]?\d{4,12}"),
    _paper("colourbox", "Colourbox", r"colourbox\.(?:com|de|dk)|Colourbox(?:\.com)? (?:ApS|A/S)", r"\d{5,10}"),
    _paper(
        "corbis",
        "Corbis",
        r"corbis(?:images|motion)?\.com|Corbis (?:Corporation|GmbH|UK|France|Images)",
        r"42-\d{8}|[A-Z]{2,3}\d{5,7}",
        supplies=True,
    ),
    _paper(
        "ddp_images",
        "ddp images",
        r"ddp-?images\.(?:com|de)|ddp images GmbH",
        r"\d{6,12}",
        also=("ddp",),
        supplies=True,
    ),
    _paper(
        "interfoto",
        "INTERFOTO",
        r"interfoto\.(?:de|eu|com)|INTERFOTO (?:GmbH|e\.K|Bildagentur|Bildarchiv)",
        r"\d{6,10}",
        supplies=True,
    ),
    _paper(
        "laif",
        "laif",
        r"laif\.de|laif (?:Agentur|Genossenschaft)",
        r"\d{6,10}",
        called=r"(?:Agentur|Bildagentur) laif|laif (?:Agentur|Genossenschaft)",
        supplies=True,
    ),
    _paper(
        "masterfile",
        "Masterfile",
        r"masterfile\.com|Masterfile (?:Corporation|Corp|Deutschland|GmbH)",
        r"\d{3}-\d{8}[a-z]{0,2}",
        called=r"Masterfile (?:Corporation|Corp|Deutschland|GmbH|Images)",
        supplies=True,
    ),
    _paper(
        "mauritius",
        "mauritius images",
        r"mauritius-images\.(?:com|de)|mauritius images GmbH",
        r"\d{8}",
        also=("mauritius", "mauritius-images"),
        supplies=True,
    ),
    _paper("musicfox", "musicfox", r"musicfox\.(?:com|de)|musicfox (?:UG|GmbH)", r"(?:MF-?)?\d{3,8}"),
    _paper(
        "nature_picture_library",
        "Nature Picture Library",
        r"naturepl\.com|Nature Picture Library,? (?:Ltd|Limited)",
        r"\d{6,10}",
        also=("naturepl",),
        supplies=True,
    ),
    Platform("pexels", "Pexels", r"pexels\.com|Pexels GmbH", r"\d{3,12}"),
    _paper(
        "offset",
        "Offset",
        r"offset\.com",
        r"\d{4,9}",
        called=r"Offset(?:\.com| by Shutterstock| Collection)",  # printers have the word, too
    ),
    _paper("photocase", "Photocase", r"photocase\.(?:com|de)|Photocase Addicts", r"\d{3,10}"),
    _paper("photospin", "PhotoSpin", r"photospin\.com|PhotoSpin,? Inc", r"\d{4,10}"),
    _paper("picfair", "Picfair", r"picfair\.com|Picfair (?:Ltd|Limited)", r"\d{4,10}"),
    _paper(
        "plainpicture",
        "plainpicture",
        r"plainpicture\.(?:com|de)|plainpicture (?:GmbH|AG)",
        r"p\d{2,4}[a-z]\d{4,9}[a-z]?",
        supplies=True,
    ),
    _paper("premiumbeat", "PremiumBeat", r"premiumbeat\.com", r"\d{2,9}"),
    _paper(
        "robertharding",
        "robertharding",
        r"robertharding\.com|Robert Harding (?:World Imagery|Picture Library|Ltd)",
        r"\d{2,5}-\d{2,8}",
        also=("robert harding",),
        supplies=True,
    ),
    _paper(
        "science_photo_library",
        "Science Photo Library",
        r"sciencephoto\.com|Science Photo Library,? (?:Ltd|Limited)",
        r"[A-Z]\d{3}/\d{4}|\d{8}",
        supplies=True,
    ),
    _paper("soundstripe", "Soundstripe", r"soundstripe\.com|Soundstripe,? Inc", rf"{_PLAN}|\d{{2,9}}", plans=True),
    _paper("thinkstock", "Thinkstock", r"thinkstock(?:photos)?\.(?:com|de|fr|es|it|co\.uk)", r"[a-z]{0,2}\d{6,12}"),
    _paper(
        "ullstein_bild",
        "ullstein bild",
        r"ullstein-?bild\.de|ullstein bild GmbH",
        r"\d{8,10}",
        also=("ullstein", "ullsteinbild"),
        supplies=True,
    ),
    Platform(
        "unsplash",
        "Unsplash",
        r"unsplash\.com|Unsplash,? Inc",
        r"(?=[\w-]*(?:\d|[a-z][A-Z]))[A-Za-z0-9_-]{11}",
        also=("unsplash+",),
    ),
    _paper(
        "veer",
        "Veer",
        r"veer\.com|Veer,? (?:Inc|LLC)",
        r"[A-Z]{3}\d{7}|42-\d{8}",
        called=r"Veer(?:\.com|,? (?:Inc|LLC|Images))",
        supplies=True,
    ),
    _paper(
        "500px",
        "500px",
        r"500px\.com|500px,? (?:Inc|ULC)",
        r"\d{6,12}",
        called=r"500px(?:,? (?:Inc|ULC)| (?:Prime|Licensing|Marketplace))",
        supplies=True,
    ),
)
# Libraries that nobody has looked at closely: by their sites, and numbers as libraries write them.
_LIBRARY_NUMBER = r"[A-Z]{1,5}[-_]?\d{4,12}(?:[_-]\d{2,6})?|\d{4,12}[a-z]?"
_LIBRARIES = tuple(
    _paper(name, title, marks, asset or _LIBRARY_NUMBER, called=called, supplies=True)
    for name, title, marks, asset, called in (
        ("album", "Album", r"album-online\.com|album\.es|Album Archivo", r"alb\d{5,9}", r"Album(?: Archivo| Online)"),
        ("alinari", "Alinari", r"alinari\.it", "", ""),
        ("arcangel", "Arcangel Images", r"arcangel(?:-images)?\.com", r"[A-Z]{2}\d{6,8}", ""),
        ("audio_network", "Audio Network", r"audionetwork\.com", r"[A-Z]{2,4}\d{3,5}(?:[/_]\d{1,4})?|\d{4,9}", ""),
        ("belga", "Belga Image", r"belgaimage\.be|belga\.be", "", ""),
        ("bildagentur_online", "Bildagentur-online", r"bildagentur-online\.com", "", ""),
        ("blickwinkel", "blickwinkel", r"blickwinkel\.de", "", r"Bildagentur blickwinkel|blickwinkel GbR"),
        ("camera_press", "Camera Press", r"camerapress\.com", "", ""),
        ("creative_market", "Creative Market", r"creativemarket\.com", "", ""),
        ("dissolve", "Dissolve", r"dissolve\.com", r"D\d{3,4}_\d{1,4}_\d{1,4}", r"Dissolve(?:\.com|,? Inc)"),
        ("east_news", "East News", r"eastnews\.pl", "", ""),
        ("eyeem", "EyeEm", r"eyeem\.com", "", ""),
        ("f1online", "F1online", r"f1online\.de", "", ""),
        ("fotofinder", "Fotofinder", r"fotofinder\.com", "", ""),
        ("gallery_stock", "Gallery Stock", r"gallerystock\.com", "", ""),
        ("gamma_rapho", "Gamma-Rapho", r"gamma-rapho\.com", "", ""),
        ("hemis", "hemis.fr", r"hemis\.fr", "", ""),
        ("heritage_images", "Heritage Images", r"heritage-images\.com", "", ""),
        ("hollandse_hoogte", "Hollandse Hoogte", r"hollandse-?hoogte\.(?:nl|com)", "", ""),
        ("huber_images", "HUBER IMAGES", r"huber-images\.de", "", r"(?:HUBER IMAGES|Bildagentur Huber)"),
        ("ingimage", "Ingimage", r"ingimage\.com", r"(?:ING_)?\d{4,9}_?\d{0,6}", ""),
        ("keystone", "Keystone-SDA", r"keystone(?:-sda)?\.ch|KEYSTONE AG", "", r"K(?:EYSTONE|eystone)(?:-SDA| AG)"),
        ("lapresse", "LaPresse", r"lapresse\.it", "", r"LaPresse S\.?p\.?A"),
        ("look_foto", "LOOK-foto", r"look-foto\.de", "", ""),
        ("magnum_photos", "Magnum Photos", r"(?:pro\.)?magnumphotos\.com", r"[A-Z]{3}\d{5,14}[A-Z0-9]{0,6}", ""),
        ("mary_evans", "Mary Evans", r"maryevans\.com", "", r"Mary Evans Picture Library"),
        ("millennium_images", "Millennium Images", r"milim\.com", "", ""),
        ("minden_pictures", "Minden Pictures", r"mindenpictures\.com", "", ""),
        ("mostphotos", "Mostphotos", r"mostphotos\.com", "", ""),
        ("mondadori_portfolio", "Mondadori Portfolio", r"mondadoriportfolio\.com|mondadori\.it", "", ""),
        ("musicbed", "Musicbed", r"musicbed\.com", "", ""),
        ("pa_images", "PA Images", r"pa-?images\.co\.uk|pa\.media", r"\d\.\d{6,9}|\d{6,9}", ""),
        ("panos", "Panos Pictures", r"panos\.co\.uk", "", ""),
        ("photononstop", "Photononstop", r"photononstop\.com", "", ""),
        ("pixta", "PIXTA", r"pixta(?:stock)?\.(?:jp|com)|PIXTA,? Inc", "", ""),
        ("rawpixel", "rawpixel", r"rawpixel\.com", "", r"rawpixel(?:\.com|,? Ltd)"),
        ("reuters_pictures", "Reuters Pictures", r"reutersagency\.com|pictures\.reuters\.com", r"R[A-Z0-9]{6,14}", ""),
        ("rex_features", "Rex Features", r"rexfeatures\.com", r"\d{5,9}[a-z]{1,2}", ""),
        ("ritzau_scanpix", "Ritzau Scanpix", r"scanpix\.(?:dk|no|se)|ritzau\.dk", "", ""),
        ("scala", "Scala Archives", r"scalarchives\.(?:com|it)", "", ""),
        ("shotshop", "Shotshop", r"shotshop\.com", "", ""),
        ("sipa", "Sipa Press", r"sipa(?:press|usa)?\.com", "", ""),
        ("stockfood", "StockFood", r"stockfood\.(?:com|de|fr|co\.uk)|StockFood GmbH", "", ""),
        ("topfoto", "TopFoto", r"topfoto\.co\.uk", r"[A-Z]{2,3}\d{5,8}|\d{6,9}", ""),
        ("trevillion", "Trevillion Images", r"trevillion\.com", "", ""),
        ("vectorstock", "VectorStock", r"vectorstock\.com", "", ""),
        ("yay_images", "YAY Images", r"yay(?:images|micro)\.com", "", ""),
        ("zoonar", "Zoonar", r"zoonar\.(?:com|de)|Zoonar GmbH", "", ""),
    )
)  # fmt: skip
OTHER_PLATFORM = "other:"
"""How the provider of a licence begins whose platform is not known: its domain or its name follows."""

PLATFORMS = {each.name: each for each in (*_ALL, *_LIBRARIES)}


def forms_of(provider: str) -> Platform:
    """The forms of a provider's ids; those of one that is not known are any."""
    if provider.startswith(OTHER_PLATFORM):
        return Platform(
            provider,
            provider.removeprefix(OTHER_PLATFORM),
            "",
            r"[A-Za-zÀ-ÖØ-öø-ÿ0-9_][A-Za-zÀ-ÖØ-öø-ÿ0-9._/-]{0,38}[A-Za-zÀ-ÖØ-öø-ÿ0-9]",
            ANY_NUMBER,
        )
    return PLATFORMS[provider]


_COMPANY = (  # what a company's name ends with, as in `Getty Images Deutschland GmbH`
    r"(?:GmbH|AG|UG|Ltd|Limited|Unlimited|Inc|LLC|LP|SAS|SARL|S\.?L|S\.?r\.?l|B\.?V|AB|A/S|ApS|Oy|Pty|Pte|ULC|SE|"
    r"Sp\.\s?z\s?o\.\s?o|S\.?p\.?A|S\.A|Lda)"
)


def _mark(each: Platform) -> re.Pattern[str]:
    """Its sites and companies, and any company that is called as it is, unless its title is another word, too."""
    company = "" if each.called else rf"|(?-i:{each.title}),? (?:[\w()&.]{{1,20}} ){{0,3}}?(?-i:{_COMPANY})"
    return re.compile(rf"(?<![\w-])(?:{each.marks}{company})(?!\w)".replace(" ", r"\s+"), re.IGNORECASE)


_MARK = {name: _mark(each) for name, each in PLATFORMS.items()}
_CALLED = {name: each.called or re.escape(each.title) for name, each in PLATFORMS.items()}
_TITLE = {name: re.compile(rf"(?<![\w.-]){called}(?![\w.-])") for name, called in _CALLED.items()}
MAX_SHORT_NAME = 5  # letters; such a name begins other words, as `Imagoteca`
# In file names words run together, or are joined by other signs than spaces. A name of few letters may be another's.
_IN_NAME = {
    name: re.compile(
        "|".join(
            rf"(?<![a-z]){each.replace('\\ ', '[ _-]?').replace('\\-', '[ _-]?')}"
            for each in (
                f"{called}(?![a-z])" if len(PLATFORMS[name].title) <= MAX_SHORT_NAME else called,
                *(f"{re.escape(also)}(?![a-z])" for also in PLATFORMS[name].also if len(also) > 4),
            )
        ),
        re.IGNORECASE,
    )
    for name, called in _CALLED.items()
} | {"adobe_stock": re.compile(r"(?<![a-z])adobe(?![a-z]|[ _-]?fonts?)|adobe[ _-]?stock", re.IGNORECASE)}
ANY_IN_NAME = Phrases("|".join(f"(?:{each.pattern})" for each in _IN_NAME.values()), re.IGNORECASE)
MARKS_AND_TITLES = [re.compile(f"{each.marks}|{_CALLED[name]}", re.IGNORECASE) for name, each in PLATFORMS.items()]

# Words by which a text that no reader knows is still about licences: platforms, and what their papers are called.
LICENCE_SIGNS = Phrases(
    r"shutterstock|istock|getty ?images|adobe ?stock|fotolia|depositphotos|dreamstime|123rf|bigstock|stocksy|vecteezy"
    r"|freepik|flaticon|envato|themeforest|graphicriver|photodune|videohive|audiojungle|unsplash|pexels|pixabay|\balamy"
    r"|imago[ ._-]images|picture[ ._-]alliance|pond5|storyblocks|artlist|epidemic ?sound|motion ?array"
    r"|westend61|panthermedia"
    r"|plainpicture|mauritius[ ._-]images|akg[ ._-]images|ullstein[ ._-]bild|photocase|clipdealer|picfair|premiumbeat"
    r"|can ?stock ?photo|thinkstock|picturedesk|age ?fotostock|bridgeman|soundstripe|musicfox"
    r"|colourbox|\bcanva\b|iconfinder|noun ?project|creative ?market"
    r"|royalty[ ._-]free|rights[ ._-]managed|lizenzfrei|libre de droits|libre de derechos|item purchase code"
    r"|(?:image|photo|picture|stock|asset|media) licen[cs]e|licen[cs]e (?:certificate|history|number|date|id\b)"
    r"|(?:bild|foto|nutzungs)lizenz|lizenz(?:zertifikat|nummer|bescheinigung|nachweis)|bildrechte|nutzungsrechte"
    r"|certificat de licence|licence d.utilisation|certificado de licencia|licencia de uso"
    r"|copyright (?:infringement|claim)",
    re.IGNORECASE,
)

# Whose company a platform is: `iStock by Getty Images`, `Bigstock, a Shutterstock company`, `Shutterstock Canada ULC
# d/b/a PremiumBeat`.
_TITLES = "|".join(re.escape(each.title) for each in PLATFORMS.values())
_OWNER = Phrases(
    rf"(?P<owned>(?<![\w.-])(?:{_TITLES}))(?:\.com)?\s(?:by|von|par|de|di|da|van|od)\s(?:{_TITLES})(?![\w.-])"
    rf"|(?<![\w.-])(?:{_TITLES})(?=[\w .,]{{0,40}}\s(?:d/b/a|dba|trading\sas)\s(?:{_TITLES}))"
    rf"|,?\s(?:[Aa]n?|[Pp]art of the)\s(?:{_TITLES})\s(?:[\w.]{{1,20}}\s){{0,2}}(?:company|brand|group|family)\b"
    rf"|,?\s(?:[Ee]in(?:e Marke|e Firma| Unternehmen)?|[Uu]ne (?:marque|société)|[Uu]na (?:empresa|marca|società)|"
    rf"[Ee]en (?:bedrijf|merk))\s(?:der |von |du |de |di |van )?(?:{_TITLES})"
    rf"(?:[- ](?:Gruppe|Unternehmen|Marke))?(?![\w.-])"
)

_OWNED_BY = {
    "pixabay": "canva", "pexels": "canva", "istock": "getty_images", "unsplash": "getty_images",
    "bigstock": "shutterstock", "pond5": "shutterstock", "premiumbeat": "shutterstock", "offset": "shutterstock",
    "fotolia": "adobe_stock", "thinkstock": "getty_images", "flaticon": "freepik",
}  # fmt: skip

_BY_TITLE = {called.casefold(): name for name, each in PLATFORMS.items() for called in (each.title, *each.also)}
_NUMBERED = re.compile(rf"({'|'.join(map(re.escape, sorted(_BY_TITLE, key=len, reverse=True)))}) (.+)")


def _words_of(marks: str) -> list[str]:
    """A word of small letters that is in whatever fits each of the alternatives of a pattern."""
    plain = [re.sub(r"\\.|\(.*?\)\??|\[.*?\]|.\?", " ", each.lower()) for each in re.split(r"\|(?![^(]*\))", marks)]
    return [max(re.findall(r"[a-z0-9]+", each), key=len) for each in plain]


# Sixty patterns are slow in a long text; a word is not.
_WORD = {name: max(each.title.split(), key=len) for name, each in PLATFORMS.items()}
_WORDS = {name: [*_words_of(each.marks), _WORD[name].lower()] for name, each in PLATFORMS.items()}
ANY_WORD = Phrases("|".join(re.escape(word) for words in _WORDS.values() for word in words), re.IGNORECASE)


def marked(text: str) -> dict[str, str]:
    """The platforms whose site or company the text names, with the words."""
    return {**_marked(text)}


@lru_cache(MAX_REMEMBERED_TEXTS)
def _marked(text: str) -> Mapping[str, str]:
    if not ANY_WORD.may_fit(text):
        return {}
    low = text.lower()
    near = [name for name, words in _WORDS.items() if any(word in low for word in words)]
    return {name: match[0] for name in near if (match := _MARK[name].search(text))}


def titled(text: str) -> dict[str, str]:
    """The platforms that the text calls by name, with the words; one that supplies another, only if it is alone."""
    return {**_titled(text)}


@lru_cache(MAX_REMEMBERED_TEXTS)
def _titled(text: str) -> Mapping[str, str]:
    if not ANY_WORD.may_fit(text):
        return {}
    found = {name: match[0] for name, word in _WORD.items() if word in text and (match := _TITLE[name].search(text))}
    return {name: words for name, words in found.items() if not PLATFORMS[name].supplies} or found


_HOST = re.compile(r"(?:https?://|\bwww\.|@)(?:www\.)?((?:[a-z0-9à-ÿ-]{1,63}\.){1,4}[a-z]{2,18})\b", re.IGNORECASE)
_BARE_HOST = re.compile(
    r"(?<![\w.@/-])((?:[a-z0-9à-ÿ-]{2,63}\.){1,3}(?:com|net|org|io|co\.uk|co|de|fr|es|it|nl|eu|example))\b(?!\.\w)",
    re.IGNORECASE,
)
_MAIL_HOST = re.compile(r"@((?:[a-z0-9à-ÿ-]{1,63}\.){1,4}[a-z]{2,18})\b", re.IGNORECASE)
_AUTHOR = re.compile(  # who may call himself as a site
    r"^[ \t]*(?:author|artist|contributor|photographer|urheber(?:in)?|fotograf(?:in)?|künstler(?:in)?|auteur|"
    r"photographe|contributeur|autor|fotógrafo|colaborador|artista|autore|fotografo|collaboratore)[ \t]*"
    r"(?:[:\t][ \t]*|:?[ \t]*\n)[^\n\t]{2,60}$",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED_AS = re.compile(
    r"^[ \t]*(?:platform|provider|agency|website|source|licensor|plattform|anbieter|lizenzgeber(?:in)?|bildagentur"
    r"|agentur|webseite|quelle|plateforme|fournisseur|agence|donneur de licence|plataforma|proveedor|agencia"
    r"|licenciante"
    r"|piattaforma|fornitore|agenzia|licenziante|leverancier|licentiegever|bron|dostawca|licencjodawca)"
    r"[ \t]*[:\t][ \t]*(?P<name>[^\n\t]{2,60}?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def other_platform(text: str) -> tuple[str, str] | None:
    """The provider of a paper that names no known platform: the one site or name that it gives, with the words.

    None if it names a known platform, several sites, or nothing.
    """
    text = _AUTHOR.sub("", _OWNER.sub(lambda owner: owner["owned"] or "", text))
    if marked(text) or titled(text):
        return None
    stated = _NAMED_AS.findall(text)
    names = {" ".join(name.split()).casefold(): name for name in stated if not _HOST.search(name)}
    plain = _MAIL_HOST.sub(" ", text)
    sites = {_site(each) for each in (*_HOST.findall(plain), *_BARE_HOST.findall(plain))}
    sites = sites or ({_site(each) for each in _MAIL_HOST.findall(text)} if not names else set())
    if len(sites) == 1:
        [site] = sites
        return f"{OTHER_PLATFORM}{site}", site
    if not sites and len(names) == 1:
        [(name, words)] = names.items()
        return f"{OTHER_PLATFORM}{name}", words
    return None


_PARENTS = {"adobe_stock": ".adobe.com", "envato_elements": ".envato.com", "envato_market": ".envato.com"}
_SITES = {
    "adobe_stock": "stock.adobe.com",
    "envato_elements": "elements.envato.com",
    "envato_market": "market.envato.com",
}


MAX_EDGE_CHARACTERS = 5_000  # from a text's beginning, in which its first line stands
_BY_LETTERHEAD = {re.sub(r"\W+", "", each.title).casefold(): name for name, each in PLATFORMS.items()}


def letterhead(text: str) -> tuple[str, str] | None:
    """The platform whose name begins a text, as a letterhead or a page of its site does, and that line."""
    lines = (line.strip() for line in _OWNER.sub(lambda owner: owner["owned"] or "", text).splitlines())
    first = next((line for line in lines if re.search(r"\w", line)), "")
    alone = re.sub(r"(?:\sby\s|\s{2,}|\s[|–—-]\s).*$", "", first)  # `fotolia by Adobe`, and a page's menu
    alone = re.sub(r"\.(?:com|net|io|de)$", "", _BEHIND_NAME.sub("", alone))
    name = _BY_LETTERHEAD.get(re.sub(r"[\W_]+", "", alone).casefold())
    if name is None and _PAGE_OF_ACCOUNT.search(first) and len(named := titled(first)) == 1:
        [name] = named
    return (name, first) if name else None


def begins_as_platform(text: str) -> bool:
    """Whether a text may have the letterhead or the footer of a platform, in whatever way its name is parted."""
    lines = re.findall(r"[^\n]*\w[^\n]*", text[:MAX_EDGE_CHARACTERS])[:1] + text.rstrip().splitlines()[-1:]
    edges = (re.sub(r"[\W_]+", "", line).casefold() for line in lines)
    return any(title in edge for edge in edges for title in _BY_LETTERHEAD)


def footer(text: str) -> tuple[str, str] | None:
    """The platform whose page a text is by its last line, `© 2026 Bigstock`, and that line."""
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "").strip()
    owner = _COPYRIGHT.fullmatch(last)
    name = _BY_LETTERHEAD.get(re.sub(r"[\W_]+", "", owner["name"]).casefold()) if owner else None
    return (name, last) if name else None


_COPYRIGHT = re.compile(r"(?:copyright )?© ?(?:\d{4}(?:\s?[-–]\s?\d{4})?,? )?(?P<name>[^\n\d]{2,40})", re.IGNORECASE)
# What a page's menu offers, and what a paper calls itself: `Adobe Stock Photos Vectors Audio`, `POND5 LICENSE`.
_BEHIND_NAME = re.compile(
    r"(?:(?:\s+(?:photos?|images?|illustrations?|vectors?|videos?|footage|audio|music|sfx|templates?|fonts?|3d|free|"
    r"premium|editorial|pricing|plans?|collections?|fotos|bilder|vektoren|vorlagen|kostenlos|preise|musik|musique|"
    r"vidéos|vecteurs|gratuit|tarifs|vectores|plantillas|precios|immagini|vettoriali|prezzi)){3,}.*"
    r"|\s+(?:licen[cs]e|invoice|receipt|order|certificate|rechnung|lizenz|licencia|licenza|licentie|facture|factura|"
    r"fattura|factuur))$",
    re.IGNORECASE,
)
# The name of a page that a browser prints: `Order details - iStock`.
_PAGE_OF_ACCOUNT = re.compile(
    r"\b(?:order details|my (?:downloads|purchases|licen[cs]es)|(?:licen[cs]e|download|purchase|order) history|"
    r"bestelldetails|meine downloads|lizenzverlauf|historique|mes téléchargements|historial|cronologia)\b",
    re.IGNORECASE,
)


def site_of(sender: str) -> str | None:
    """The site of the platform whose name and company's domain a letter's sender has: `Adobe Stock <a@mail.adobe.com>`.

    None for none: of a company's other letters nothing is known.
    """
    hosts = [f".{host.lower()}" for host in _MAIL_HOST.findall(sender)]
    found = [name for name in titled(sender) if any(host.endswith(_PARENTS.get(name, "@")) for host in hosts)]
    return _SITES.get(found[0]) if len(found) == 1 else None


def site_by_company(text: str, sender: str) -> str | None:
    """The only site that a letter names of those of the sender's company: Envato writes for AudioJungle and others."""
    hosts = [f".{host.lower()}" for host in _MAIL_HOST.findall(sender)]
    found = [
        words for name, words in marked(text).items() if any(host.endswith(_PARENTS.get(name, "@")) for host in hosts)
    ]
    return found[0] if len(found) == 1 else None


def sites_beside(text: str, platform: str) -> set[str]:
    """The sites in a text that are not the platform's, unless an address of the platform stands in it."""
    if any(_MARK[platform].search(host) for host in _MAIL_HOST.findall(text)):
        return set()
    plain = _MAIL_HOST.sub(" ", text)
    sites = {_site(each) for each in (*_HOST.findall(plain), *_BARE_HOST.findall(plain))}
    parent = _PARENTS.get(platform)
    return {
        each
        for each in sites
        if not _MARK[platform].search(each)
        and not _MARK[platform].search(_OTHER_ENDING.sub(".com", each))
        and not (parent and f".{each}".endswith(parent))
    }


_OTHER_ENDING = re.compile(r"\.(?:com?\.)?[a-z]{2,3}$")  # its site in another country


def _site(host: str) -> str:
    return host.lower().removeprefix("www.")


def named_platform(cell: str) -> str | None:
    """The platform that a table's cell names, by its name as people write it, by its site, or among other words."""
    if found := _BY_TITLE.get(" ".join(cell.split()).casefold()):
        return found
    by_site = set(marked(cell))
    return by_site.pop() if len(by_site) == 1 else the_platform(cell)[0]


def numbered_by(label: str) -> tuple[str, str] | None:
    """The platform that a label (as `spelled` has it) begins with, and what follows: `shutterstock id`."""
    match = _NUMBERED.fullmatch(label)
    return (_BY_TITLE[match[1]], match[2]) if match else None


def the_platform(text: str, name: str = "") -> tuple[str | None, str, bool]:
    """The only platform that a text names: its name, the words, and whether its site or company is named.

    If the text names none, the file's name counts. None for none or several: a paper that names two is evidence for
    neither.
    """
    owned = _OWNER.sub(lambda owner: owner["owned"] or "", text)
    weak, named = titled(owned), marked(owned)
    strong = {each: words for each, words in marked(text).items() if each in named or each in weak}
    sites = [each for each, words in strong.items() if "." in words]
    owners = {_OWNED_BY.get(each) for each in sites}  # `pixabay.com`, and at its foot `Canva Germany GmbH`
    strong = {each: words for each, words in strong.items() if each in sites or each not in owners}
    if len(strong) > 1 and len(sites) == 1:  # one whose site is named, beside names of those that supply it
        strong = {each: words for each, words in strong.items() if each in sites or not PLATFORMS[each].supplies}
    weak = {each: title for each, title in weak.items() if not (strong and PLATFORMS[each].supplies)}
    if not strong and not weak:
        weak = {each: match[0] for each, title in _IN_NAME.items() if (match := title.search(name))}
    if len({*strong, *weak}) != 1:
        return None, "", False
    [(found, words)] = (weak | strong).items()
    return found, words, bool(strong)
