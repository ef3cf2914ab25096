"""Which mails are taken, as what, and that no mail takes long to choose."""

from __future__ import annotations

from io import BytesIO

import pytest
from docx import Document

from archiver.collect.mail_selection import MailUse, SelectionRule, choose, reads_as_letter
from archiver.reading.mail import documents_in
from tests.support.claim_letters import SENT
from tests.support.imap_server import USER, mail
from tests.support.paper_kinds import SELLERS, of_kind
from tests.support.papers import licence, receipt
from tests.support.pdf_files import pdf

MANY = "<mailto:u@example.com>"
OURS = USER.rpartition("@")[2]
POLITE = """Hello,

I saw the picture of the lighthouse on https://www.acme.example/trips, which I made. I gave no permission for it.
My invoice for 180 EUR follows. Please tell me your address.
"""
PDF = [("Abmahnung.pdf", b"%PDF-1.7")]


@pytest.mark.parametrize(
    ("content", "use"),
    [
        (mail("x@mail.shutterstock.com", "Your invoice"), MailUse.PAPER),
        (mail("x@shutterstock.com.example", "Your invoice"), MailUse.NONE),
        (mail("x@notshutterstock.com", "Your invoice"), MailUse.NONE),
        (mail("x@e.freepik.com", "10 new pictures", List_Unsubscribe=MANY), MailUse.NONE),
        (mail("x@e.freepik.com", "Your receipt", List_Unsubscribe=MANY), MailUse.PAPER),
        (mail("x@adobe.com", "Your password was changed"), MailUse.NONE),
        (mail("x@copytrack.com", "Claim X7K2P9", "See your portal."), MailUse.LETTER),
        (mail("x@copytrack.com", "Our news", "All about us.", List_Unsubscribe=MANY), MailUse.NONE),
        (mail("license@gettyimages.com", "Case 1", SENT[0].text), MailUse.LETTER),
        (mail("sales@gettyimages.com", "Your invoice", "Thank you."), MailUse.PAPER),
        (mail("b@example.org", "Unser Zeichen 1", "Anbei.", attachments=PDF), MailUse.LETTER),
        (mail("b@example.org", "Letter", "RD Legal GmbH", attachments=[("1.pdf", b"%PDF-1.7")]), MailUse.LETTER),
        (mail("b@example.org", "Letter", "Legal", attachments=[("1.pdf", b"%PDF-1.7")]), MailUse.NONE),
        (mail("b@example.org", "Fwd: order", "> From: x <x@istockphoto.com>\n> Your receipt"), MailUse.PAPER),
        (
            mail("b@example.org", "Five tips", SENT[0].text, List_Unsubscribe=MANY),
            MailUse.NONE,
        ),
        (mail("b@example.org", "Lunch", "At noon?"), MailUse.NONE),
        (
            mail(f"b@{OURS}", "Picture", "Please say if it was bought. I fear an Abmahnung for that photo."),
            MailUse.NONE,
        ),
        (mail(f"b@{OURS}", "Form", f"Name: Ada Example\n{POLITE} Abmahnung."), MailUse.LETTER),
        (mail(f"b@{OURS}", "See below", f"> {POLITE} Abmahnung."), MailUse.LETTER),
        (mail("b@example.org", "Question", "I am writing a piece on Copytrack. Who paid for a photo?"), MailUse.NONE),
    ],
)
def test_a_mail_is_taken_as_what_it_is(content: bytes, use: MailUse) -> None:
    assert choose(content).use is use


def test_a_persons_rules_come_first() -> None:
    rules = [
        SelectionRule(sender="news@*", take=False),
        SelectionRule(sender="*@printshop.example", subject="*invoice*"),
    ]
    assert choose(mail("news@istockphoto.com", "Your receipt"), rules).use is MailUse.NONE
    assert choose(mail("a@printshop.example", "Invoice 7"), rules).use is MailUse.PAPER
    assert choose(mail("a@printshop.example", "Hello"), rules).use is MailUse.NONE


def test_letters_read_as_letters_and_papers_do_not() -> None:
    read = [each for each in SENT if reads_as_letter(each.text)]
    assert len(read) >= 0.95 * len(SENT)
    closed = (
        "We confirm that this matter is resolved. No further sums are due for the use of the photo without licence."
    )
    asked = "Once you have paid, we confirm that this matter is resolved. The photo was used without licence."
    for sender, text, use in (
        ("x@pixsy.com", closed, MailUse.PAPER),  # kept, and no claim
        ("x@pixsy.com", asked, MailUse.LETTER),
        ("b@example.org", f"{closed} Please keep it.", MailUse.NONE),
        ("b@example.org", f"{asked} Please pay.", MailUse.LETTER),
    ):
        assert choose(mail(sender, "Case 13-208846", text)).use is use
    for own in (
        "Je suis journaliste et prépare une enquête sur qui réclame de l'argent pour une photo sans licence. Merci de",
        "Ich bin Journalistin und recherchiere für einen Beitrag über Abmahnungen wegen Fotos. Bitte melden Sie sich.",
        "As a reporter I am preparing an article on claims for photos without a licence. Please call by Friday.",
        "You got a letter of Pixsy about a photo. Please do not admit liability; send us the letter by 1 May.",
        "Votre licence de la photo expire le 31 mai. Vous pouvez la renouveler ; sans licence, merci de la retirer.",
        "Your licence for the photo runs until 2029, so nothing to do. Pixsy is after others. Please write.",
        "Ausschüttungsmitteilung: Ihre Fotos. Melden Sie eine Nutzung ohne Lizenz bitte bis zum 1. Mai.",
        "Ada Web\nAngebot 2026-0142\nPrüfung aller Bilder nach der Abmahnung ohne Lizenz: 160 EUR, bitte bis 1. Mai.",
        "Mis diligencias. Minuta: su asunto contra Pixsy por una foto sin licencia. A pagar antes del 1 de mayo.",
        "Nota spese per la vostra causa contro Pixsy: foto senza licenza. Pagamento entro il 1 maggio.",
        "Wij rekenen: uitkering collectieve rechten 2025 voor uw foto's. Meld gebruik zonder licentie vóór 1 mei.",
    ):
        assert not reads_as_letter(own), own
    for theirs in (
        "Your licence for the photo ended, as you did not renew it; you used it without a licence since. Please pay.",
        "Ihre Lizenz für das Foto lief ab, ohne dass Sie sie verlängert haben. Nutzung ohne Lizenz: bitte zahlen Sie.",
        "Ada Bild\nAngebot 26-118 zur Nachlizenzierung: Sie nutzen unser Foto ohne Lizenz. Bitte zahlen Sie 300 EUR.",
        "If you have a licence for the photo there is nothing to do. You use it without a licence. Please pay £300.",
    ):
        assert reads_as_letter(theirs), theirs
    assert reads_as_letter("I am a journalist, and my photo is on your page without a licence. Please pay by 1 May.")
    assert reads_as_letter("Our client has not licensed the image to you. Please pay.")
    assert reads_as_letter("Billedet bruges uden aftale. Betal senest den 1. maj.")
    assert reads_as_letter("Bilden används utan tillstånd. Vi kräver ersättning.")
    assert reads_as_letter("Bildet brukes uten tillatelse. Betal innen 1. mai.")
    assert reads_as_letter("Please pay for the photograph HB-7, for which you say that no licence was\nheld.")
    for language in ("en", "de", "fr", "es"):
        for paper in (licence(language, "istock", 1), receipt(language, "istock", 1)):
            assert not reads_as_letter(paper.text), paper.text


@pytest.mark.parametrize(
    "own",
    [
        "Our client bought the picture; our licence certificate is attached. Please withdraw the claim.",
        "Your claim of £430.00 is therefore rejected. The photo was licensed by order 77. No payment will be made.",
        "Ihre Forderung von 430,00 EUR wird zurückgewiesen: Das Foto ist lizenziert. Bitte antworten Sie bis Freitag.",
        "Der Beleg liegt bei. Bitte bestätigen Sie uns, dass der Vorgang geschlossen ist.",
        "Your policy carries an excess of £500 for each claim about the use of a picture. Send us the letter by 1 May.",
        "Votre déclaration de sinistre : franchise de 500 €. Merci d'envoyer la photo sans licence avant mai.",
        "Hello, an agency claims that our client has no licence for the photo. Please send us a copy by Friday.",
        "This confirms that the matter is closed: you have paid for the use of the photo without a licence.",
        "Policy no. HL-77120. We notify you of a claim: a claimant says that the photo is used without a licence.",
        "Contrat de cession de droits – projet\nEntre : Ada Exemple et Acme. Toute photo sans licence est à payer.",
        "Photo agreement between Ada Example and Acme. Use without licence is an infringement. Pay within 30 days.",
        "Thanks for your enquiry. Without a licence the photo may not be used. The fee is £90, valid until 1 May.",
    ],
)
def test_what_only_speaks_of_a_letter_is_none_even_above_one_that_it_quotes(own: str) -> None:
    quoted = f"{own}\n\nOn 5 Nov 2026 at 09:00 Desk <desk@example.net> wrote:\n> {SENT[0].text}"
    assert not reads_as_letter(own) and not reads_as_letter(quoted)
    assert reads_as_letter(f"Look.\n\nOn 6 Nov 2026 at 09:00 Ben <ben@{OURS}> wrote:\n{quoted}")  # a colleague asks
    assert not reads_as_letter("See below.\f" + own)
    assert reads_as_letter(f"Fwd: Claim\n{quoted}")


def test_a_mail_to_whom_it_quotes_is_an_answer_unless_it_reads_as_a_letter_itself() -> None:
    quoted = f"\n\nOn 5 Nov 2026 at 09:00 Desk <{USER}> wrote:\n> {SENT[0].text}"  # to whom all mails here go
    assert choose(mail("b@example.org", "Re: Claim", f"It is paid for, see order 7.{quoted}")).use is MailUse.NONE
    theirs = f"We did not know that.\n\nOn 4 Nov 2026 at 09:00 Ben <b@example.org> wrote:\n> {SENT[0].text}"
    deeper = quoted.replace(SENT[0].text, theirs.replace("\n", "\n> "))
    assert choose(mail("b@example.org", "Re: Claim", f"We await it.{deeper}")).use is MailUse.LETTER
    assert (
        choose(mail("b@example.org", "Re: Claim", f"{POLITE}{quoted}"), domains=["acme.example"]).use is MailUse.LETTER
    )
    assert (
        choose(mail("b@example.org", "Claim", f"See order 7.{quoted.replace(USER, 'x@y.example')}")).use
        is MailUse.LETTER
    )


def test_the_documents_of_a_mail_decide_where_its_words_do_not() -> None:
    content = mail("b@example.org", "Documents", "See the attached.", attachments=[("1.pdf", b"%PDF-1.7")])
    assert choose(content).undecided
    assert choose(content, documents=["", SENT[0].text]).use is MailUse.LETTER
    for text in ("", receipt("en", "istock", 1).text):
        assert choose(content, documents=[text]).use is MailUse.NONE
    for other in (mail("b@example.org", "Lunch"), mail("b@example.org", "x", attachments=PDF, List_Unsubscribe=MANY)):
        assert not choose(other).undecided


def test_the_documents_of_a_mail_are_read_in_and_below_it_and_few_of_them() -> None:
    word = BytesIO()
    paper = Document()
    paper.add_paragraph("From a Word paper")
    paper.save(word)
    inner = mail("c@example.net", "Inside", attachments=[("2.pdf", pdf("From a PDF inside"))])
    files = [("logo.png", b"\x89PNG"), ("broken.pdf", b"%PDF-1.7"), ("1.docx", word.getvalue()), ("in.eml", inner)]
    read = documents_in(mail("b@example.org", "Documents", attachments=files))
    assert [each.strip() for each in read] == ["", "From a Word paper", "From a PDF inside"]
    assert len(documents_in(mail("b@example.org", "Many", attachments=[("1.pdf", b"%PDF-1.7")] * 20))) < 10


INFORMAL = [
    "My invoice of £264 for the use of my picture on https://www.acme.example/workshops/quilting .",
    "La photographie « Pointes » apparaît sans crédit ni licence sur https://acme.example/cours . Merci de régler.",
    "Sie haben unser Produktfoto für https://acme.example/tee übernommen. Wir berechnen 170 €, sonst hilft ein Anwalt.",
    "Namens fotograaf Gijs Damp wijzen wij u op de foto op https://acme.example/gazon . Fotorecht Damp rekent 300 EUR.",
    "Sie zeigen meine Aufnahme auf https://acme.example/saal. Ich habe Ihnen kein Nutzungsrecht erteilt. CHF 630.00",
    "Auf https://acme.example/weg.html benutzt ihr mein Foto. Ich habe niemandem die Nutzung erlaubt. Für 180,- Euro "
    "vergesse ich das, sonst hilft mein Anwalt.",
    "Na stronie https://acme.example/o-nas znalazłem moje zdjęcie, bez mojej zgody. Proszę o zapłatę 800 zł.",
    "A minha foto está em https://acme.example/sobre sem a minha autorização. Peço o pagamento até 25/11/2026.",
    "You've got my photo on https://acme.example/do.html and did not say you would. £350, or the small claims court.",
    "Cliënte zag haar foto op https://acme.example/brood. U vroeg noch kreeg haar toestemming. Betaal binnen 8 dagen.",
    "Ik stel u in gebreke om binnen 8 dagen te betalen voor de foto op https://acme.example/brood .",
    "En vuestra web usáis mi foto: https://acme.example/aves. Por el uso que habéis hecho pido 180 euros.",
    "Hola, estáis usando una foto mía en https://acme.example/olas sin haberme pedido permiso. Si me pagáis 180 € por "
    "el uso, os mando factura.",
]


@pytest.mark.parametrize(
    ("text", "use"),
    [
        (POLITE, MailUse.LETTER),
        *((text, MailUse.LETTER) for text in INFORMAL),
        (f"Press release. A court gave a photographer damages.\n\n{POLITE.replace('acme', 'other')}", MailUse.NONE),
        (
            "We would love to include the photo on https://acme.example/mill. Which licence fee do you ask?",
            MailUse.NONE,
        ),
        (
            "Yes, you may use my photo on https://acme.example/mill. Copyright stays with me; please credit me.",
            MailUse.NONE,
        ),
        (
            "Could you replace the photo on https://acme.example/ ? I saw one for $29; is a licence included?",
            MailUse.NONE,
        ),
        (
            "Op https://acme.example/team staat een foto van mij. Ik verzoek u die te wissen (artikel 17 AVG).",
            MailUse.NONE,
        ),
        ("Les ofrezco un paquete de fotos con licencia para https://acme.example/historia por 600 €.", MailUse.NONE),
        ("Please pay for hosting https://other.example by 1 May, or it goes to our solicitor.", MailUse.NONE),
        ("Pay the fee for the photo on https://other.example by 1 May, or it goes to our solicitor.", MailUse.LETTER),
        ("Invoice for two images. Unlicensed use is an infringement. No further payment is due.", MailUse.NONE),
        ("Your page https://acme.example/ sends my IP address abroad without consent. I demand 170 EUR.", MailUse.NONE),
    ],
)
def test_a_letter_in_no_words_of_law_is_known_by_the_clients_page(text: str, use: MailUse) -> None:
    assert choose(mail("b@example.org", "Your website", text), domains=["acme.example"]).use is use


def test_a_demand_is_a_letter_and_a_paper_none_whoever_sends_it() -> None:
    """Agencies that sell pictures also demand money for them: what a mail says decides."""
    for kind, use in (("demands", True), ("papers", False)):
        for text in of_kind(kind):
            subject, _, body = text.partition("\n\n")
            for domain, agency in SELLERS.items():
                content = mail(f"a@{domain}", subject.format(agency=agency), body.format(agency=agency))
                choice = choose(content, domains=["acme.example"])
                assert (choice.use is MailUse.LETTER) == use, (domain, subject, choice)


def test_what_a_claimant_announces_opens_no_claim_and_a_bulk_mail_about_the_clients_page_does() -> None:
    news = mail("x@pixsy.com", "Webinar", "How to protect your images. Join our webinar by 1 May.")
    assert choose(news).use is MailUse.NONE
    demand = mail("x@alamy.com", "Your use", f"{POLITE} Pay within 14 days.", List_Unsubscribe=MANY)
    assert choose(demand, domains=["acme.example"]).use is MailUse.LETTER


def test_a_demand_that_a_sellers_mail_only_encloses_is_a_letter() -> None:
    enclosed = mail(
        "x@alamy.com", "A message", "Please see the attached document.", attachments=[("1.pdf", b"%PDF-1.7")]
    )
    first = choose(enclosed)
    assert first.use is MailUse.PAPER and first.undecided
    assert choose(enclosed, documents=[of_kind("demands")[1]]).use is MailUse.LETTER
    assert choose(enclosed, documents=[of_kind("papers")[1]]).use is MailUse.PAPER


def test_a_certificate_that_a_sellers_mail_encloses_makes_it_no_letter() -> None:
    papers = [(f"{n}.txt", each("en", "istock", 20).text.encode()) for n, each in enumerate((licence, receipt))]
    assert choose(mail("x@istockphoto.com", "Your order 20", "Hello", attachments=papers)).use is MailUse.PAPER
