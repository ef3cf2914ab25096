"""What a page says in eight languages: that a list is cut, how many there are, where the rest is; and chatter.

Each kind has one sentence a language. `{n}` is a count, `{days}` and `{months}` a span, `{year}` a year.
"""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "pl", "ja")

type Sentences = Mapping[str, str]


def said(*sentences: str) -> Sentences:
    """One sentence for each of `LANGUAGES`, in their order."""
    return dict(zip(LANGUAGES, sentences, strict=True))


# Each says that the list is not whole. Whoever reads the language sees it.
LIMITS: Mapping[str, Sentences] = {
    "the latest days": said(
        "Your latest {days} days", "Ihre letzten {days} Tage", "Vos {days} derniers jours",
        "Sus últimos {days} días", "I tuoi ultimi {days} giorni", "Os seus últimos {days} dias",
        "Twoje ostatnie {days} dni", "直近{days}日間",
    ),
    "kept for months": said(
        "Downloads stay visible here for {months} months.", "Downloads bleiben hier {months} Monate sichtbar.",
        "Les téléchargements restent affichés ici pendant {months} mois.",
        "Las descargas permanecen visibles aquí durante {months} meses.",
        "I download restano visibili qui per {months} mesi.", "Os downloads ficam visíveis aqui por {months} meses.",
        "Pobrania są tu widoczne przez {months} miesięcy.", "ダウンロードはここに{months}か月間表示されます。",
    ),
    "only this year": said(
        "You are looking at {year}.", "Sie sehen das Jahr {year}.", "Vous consultez l'année {year}.",
        "Está viendo el año {year}.", "Stai guardando il {year}.", "Está a ver o ano {year}.",
        "Przeglądasz rok {year}.", "{year}年を表示しています。",
    ),
    "older ones by request": said(
        "Ask our support team for anything earlier.", "Früheres erhalten Sie vom Kundendienst.",
        "Pour ce qui précède, adressez-vous au service client.", "Para lo anterior, escriba a nuestro equipo.",
        "Per quanto precede, scrivi all'assistenza.", "Para o que veio antes, fale com o suporte.",
        "O wcześniejsze zapytaj obsługę klienta.", "それ以前のものはサポートにお問い合わせください。",
    ),
    "at most so many": said(
        "This view holds at most {shown} entries.", "Diese Ansicht fasst höchstens {shown} Einträge.",
        "Cette vue contient {shown} entrées au plus.", "Esta vista contiene como máximo {shown} entradas.",
        "Questa vista contiene al massimo {shown} voci.", "Esta vista contém no máximo {shown} entradas.",
        "Ten widok mieści najwyżej {shown} pozycji.", "この表示は最大{shown}件です。",
    ),
    "a colleague's are apart": said(
        "What your colleagues licensed is on their own pages.", "Was Kollegen lizenziert haben, steht bei ihnen.",
        "Ce que vos collègues ont acquis figure sur leurs pages.", "Lo de sus compañeros está en sus propias páginas.",
        "Quanto acquistato dai colleghi è nelle loro pagine.", "O que os colegas licenciaram está nas páginas deles.",
        "To, co kupili współpracownicy, jest na ich stronach.", "同僚が取得したものは各自のページにあります。",
    ),
}  # fmt: skip

COUNTS: Mapping[str, Sentences] = {
    "a count of all": said(
        "{n} licences since you joined", "{n} Lizenzen seit Ihrer Anmeldung", "{n} licences depuis votre inscription",
        "{n} licencias desde su registro", "{n} licenze da quando sei iscritto", "{n} licenças desde a inscrição",
        "{n} licencji od rejestracji", "登録以来{n}件のライセンス",
    ),
    "so many of so many": said(
        "{shown} of {n}", "{shown} von {n}", "{shown} sur {n}", "{shown} de {n}", "{shown} di {n}", "{shown} / {n}",
        "{shown} z {n}", "{n}件中{shown}件",
    ),
}  # fmt: skip

# Labels of a control that brings the rest.
MORE: Mapping[str, Sentences] = {
    "more": said("More", "Mehr", "Plus", "Más", "Altro", "Mais", "Więcej", "もっと"),
    "go on": said("Keep going", "Weiterlesen", "Continuer", "Seguir", "Prosegui", "Prosseguir", "Dalej", "続き"),
    "unfold": said(
        "Unfold", "Aufklappen", "Déplier", "Desplegar", "Espandi", "Expandir", "Rozwiń", "展開",
    ),
    "further back": said(
        "Further back", "Weiter zurück", "Plus loin", "Más atrás", "Più indietro", "Mais atrás", "Wcześniej",
        "さらに前",
    ),
}  # fmt: skip

PARTS: Mapping[str, Sentences] = {
    "this and earlier": said(
        "This year|Earlier", "Dieses Jahr|Früher", "Cette année|Avant", "Este año|Antes", "Quest'anno|Prima",
        "Este ano|Antes", "W tym roku|Wcześniej", "今年|以前",
    ),
    "mine and ours": said(
        "Mine|Ours", "Meine|Unsere", "Les miens|Les nôtres", "Míos|Nuestros", "Miei|Nostri", "Meus|Nossos",
        "Moje|Nasze", "自分|チーム",
    ),
    "kinds": said(
        "Photos|Videos", "Fotos|Filme", "Photos|Vidéos", "Fotos|Vídeos", "Foto|Video", "Fotos|Vídeos",
        "Zdjęcia|Filmy", "写真|動画",
    ),
}  # fmt: skip

# Nothing is missing where a page says this.
CHATTER: Mapping[str, Sentences] = {
    "a renewal": said(
        "Your plan renews in {days} days.", "Ihr Abo verlängert sich in {days} Tagen.",
        "Votre abonnement se renouvelle dans {days} jours.", "Su plan se renueva en {days} días.",
        "Il tuo piano si rinnova tra {days} giorni.", "O seu plano renova em {days} dias.",
        "Twój plan odnowi się za {days} dni.", "プランは{days}日後に更新されます。",
    ),
    "an offer": said(
        "Save 20 % on annual plans until 31 December.", "Sparen Sie bis 31. Dezember 20 % beim Jahresabo.",
        "Économisez 20 % sur les offres annuelles jusqu'au 31 décembre.",
        "Ahorre un 20 % en planes anuales hasta el 31 de diciembre.",
        "Risparmia il 20 % sui piani annuali fino al 31 dicembre.", "Poupe 20 % nos planos anuais até 31 de dezembro.",
        "Zaoszczędź 20 % na planach rocznych do 31 grudnia.", "12月31日まで年間プランが20%オフ。",
    ),
    "a tip": said(
        "Tip: press / to search.", "Tipp: Drücken Sie /, um zu suchen.", "Astuce : tapez / pour rechercher.",
        "Consejo: pulse / para buscar.", "Suggerimento: premi / per cercare.", "Dica: prima / para pesquisar.",
        "Wskazówka: naciśnij /, aby szukać.", "ヒント：/キーで検索できます。",
    ),
    "questions": said(
        "Questions about licences?", "Fragen zu Lizenzen?", "Des questions sur les licences ?",
        "¿Preguntas sobre licencias?", "Domande sulle licenze?", "Dúvidas sobre licenças?", "Pytania o licencje?",
        "ライセンスに関するご質問",
    ),
    "a survey": said(
        "How was your visit? 1 2 3 4 5", "Wie war Ihr Besuch? 1 2 3 4 5", "Votre visite ? 1 2 3 4 5",
        "¿Qué tal su visita? 1 2 3 4 5", "Com'è andata la visita? 1 2 3 4 5", "Como foi a visita? 1 2 3 4 5",
        "Jak minęła wizyta? 1 2 3 4 5", "ご利用はいかがでしたか？ 1 2 3 4 5",
    ),
    "a credit": said(
        "Monthly credits: 7 of 10 left", "Guthaben im Monat: noch 7 von 10", "Crédits du mois : 7 sur 10",
        "Créditos del mes: 7 de 10", "Crediti del mese: 7 di 10", "Créditos do mês: 7 de 10",
        "Kredyty w miesiącu: 7 z 10", "今月のクレジット：残り7/10",
    ),
}  # fmt: skip

EMPTY_BUT: Sentences = said(
    "Nothing in this period", "Nichts in diesem Zeitraum", "Rien sur cette période", "Nada en este periodo",
    "Niente in questo periodo", "Nada neste período", "Brak w tym okresie", "この期間にはありません",
)  # fmt: skip
MAINTENANCE: Sentences = said(
    "We will be right back. Scheduled maintenance.", "Wir sind gleich zurück. Geplante Wartung.",
    "Nous revenons bientôt. Maintenance prévue.", "Volvemos enseguida. Mantenimiento programado.",
    "Torniamo subito. Manutenzione programmata.", "Voltamos já. Manutenção programada.",
    "Zaraz wracamy. Prace konserwacyjne.", "ただいまメンテナンス中です。",
)  # fmt: skip
TOO_MANY: Sentences = said(
    "Too many requests. Try again later.", "Zu viele Anfragen. Versuchen Sie es später erneut.",
    "Trop de requêtes. Réessayez plus tard.", "Demasiadas solicitudes. Inténtelo más tarde.",
    "Troppe richieste. Riprova più tardi.", "Demasiados pedidos. Tente mais tarde.",
    "Zbyt wiele żądań. Spróbuj później.", "リクエストが多すぎます。後でもう一度お試しください。",
)  # fmt: skip
CODE_BY_MAIL: Sentences = said(
    "Enter the code that we sent to your e-mail.", "Geben Sie den Code aus unserer E-Mail ein.",
    "Saisissez le code envoyé par e-mail.", "Introduzca el código enviado por correo.",
    "Inserisci il codice inviato via e-mail.", "Introduza o código enviado por e-mail.",
    "Wpisz kod wysłany e-mailem.", "メールに届いたコードを入力してください。",
)  # fmt: skip
PENDING: Sentences = said(
    "Status: pending. The certificate will be e-mailed within 24 hours.",
    "Status: in Bearbeitung. Das Zertifikat folgt per E-Mail binnen 24 Stunden.",
    "Statut : en attente. Le certificat sera envoyé sous 24 heures.",
    "Estado: pendiente. El certificado se enviará en 24 horas.",
    "Stato: in attesa. Il certificato arriverà entro 24 ore.", "Estado: pendente. O certificado segue em 24 horas.",
    "Status: w toku. Certyfikat przyjdzie w ciagu 24 godzin.", "Status: pending (24h)",
)  # fmt: skip
