// The page: takes a zip, has it checked, and tells the result in words.

const VERIFIER = "@VERIFIER@";

const WORDS = {
  en: {
    title: "Check this proof",
    lead: "Choose the ZIP file of the proof. It is checked here, on your computer. Nothing is sent anywhere.",
    choose: "Choose the ZIP file",
    drop: "or drop the ZIP file onto this page",
    checking: "Checking {name} …",
    PROVEN: "Proven",
    PROVEN_lead: "The documents listed below are unchanged. Authorities whose certificates you trust stated since when they have existed.",
    PROVEN_IF: "Proven, if the time authority is genuine",
    PROVEN_IF_lead: "The documents listed below are unchanged. A time authority stated since when they have existed. But its certificate came with this file, so a forger could have made it. Compare its fingerprint, shown below, with the one on the authority's own site.",
    UNPROVEN: "Unchanged, but not proven",
    UNPROVEN_lead: "No document in this file was changed. But something is missing that would prove since when all of them have existed. The notes below say what.",
    UNPROVEN_dates: "No document in this file differs from the sender's archive. But no independent authority states since when all of them have existed. So this proves no date.",
    DAMAGED: "Changed or damaged",
    DAMAGED_lead: "Do not rely on this file. Something in it was changed, is missing, or was added; see the list below. Ask the sender for a new copy.",
    NOT_EVIDENCE: "Not evidence",
    NOT_EVIDENCE_lead: "This file was made for a demonstration or a test. No platform was asked. It proves nothing. Ask the sender for a real proof.",
    NO_PACK: "This file cannot be checked",
    NO_PACK_lead: "{name} {reason}. Choose the ZIP file of a proof, as the sender sent it. If you did, ask the sender to send it again.",
    reason: {
      "is not a zip file": "is not a ZIP file",
      "is not a zip file, or something was added at its end": "is not a whole ZIP file: its end is missing, or something was added there",
    },
    wrong: "What is wrong",
    notes: "Notes",
    proven: "What is proven",
    licensed: "Licensed on {date}, as the platform's data says.",
    since: "unchanged since {date}",
    licence: "Licence {name}",
    by: "Time stated by: {names}",
    newest: "All documents have existed since: {date}",
    whole_since: "All enclosed documents of this licence have existed, unchanged, since {date}.",
    no_date: "no date is proven yet",
    document: "Document", state: "State", file: "File",
    withheld: "kept back by the sender; its digest is proven",
    terms: "Licence terms",
    vouch: "Who vouches for the time",
    vouch_none: "Nobody yet: there is no timestamp that covers these documents.",
    vouch_line: "{time}: {signer}. Policy {policy}. {stated}",
    stated: "The timestamp states that it is qualified in the EU.",
    not_listed: "No trusted list that shows it is enclosed, so it is not shown to be qualified.",
    listed: "The sender states that the trusted list of {country} of {list_of} names this authority as qualified. That list is enclosed, unchanged; this page has not read it.",
    list_later: "The list is younger than the timestamp and has the history of its service.",
    not_stated: "The timestamp does not state that it is qualified in the EU.",
    root_line: "Root certificate: {root}",
    fingerprint: "SHA-256 fingerprint",
    pinned: "You chose this certificate.",
    not_pinned: "Still to check (not pinned): this certificate came with the file. This page cannot know whether it really belongs to that authority. Compare the fingerprint with the one on the authority's own site, or choose the authority's certificate below.",
    signer_key: "For experts, key of the sender's archive",
    anchors: "Who else has seen this",
    anchors_lead: "These are no timestamps of an authority. No date above rests on them.",
    cosignature: "Witness {by} states that on {time} the sender's archive contradicted nothing that it had seen of it before. That is its own word. Its key came with this file; compare it with the one that the witness publishes:",
    bitcoin: "An OpenTimestamps proof leads to block {by} of Bitcoin. This page cannot look there. The block must have this Merkle root; any block explorer shows it:",
    pending: "The calendar {by} has promised to put this into a Bitcoin block. That proves no time yet.",
    not: "What this does not say",
    not_1: "The dates and times prove that the documents existed then and were not changed since. They do not prove that what a document says is true. Ask the platform to confirm the licence.",
    not_2: "Whether the licence covers a certain use is not checked here.",
    not_3: "These papers were written by the sender. Nothing proves what they say:",
    not_4: "A forger can also replace this page. If you do not trust where you got it, use one from a source that you trust, or check with verify.py and openssl.",
    files: "All {count} files, with their state",
    by_sender: "written by the sender, not proven",
    technical: "part of the technical proof; checked",
    listing: "lists the files of this pack; checked",
    trusted: "For experts: check against certificates and keys that you trust",
    trusted_lead: "Files in PEM form from a source that you trust. The check then runs again.",
    roots: "Root certificates of the timestamp authorities:", key: "Public key of the sender's archive:",
    bad_pem: "The file {name} cannot be used: {reason}.",
    details: "Details for experts",
    more: "… and {count} more",
    remarks: [],
    footer: "This page uses no network and no code of others. It checks by the rules of verify.py, which lies in the same ZIP file (data/07_integrity).",
    code: {
      changed: "was changed", copy: "is not the document that is proven for this place", missing: "is missing",
      extra: "does not belong here", invalid: "is not of the form that it must have", unreadable: "cannot be read",
      orphan: "is not recorded in the sender's archive", inclusion: "does not lead to a signed checkpoint",
      checkpoint: "is not a valid signed checkpoint", timestamp: "is not a valid timestamp of these documents",
      anchor: "is no valid statement of a witness or calendar about these documents", key: "is another key",
      ledger: "does not begin an archive", renamed: "is the proof of another licence", format: "is of a newer version than this page",
      withheld: "was kept back by the sender", remark: "see the details", recovered: "was completed after an interruption",
      verifier: "is another version of the checking program, or was changed", "dates-not-checked": "has a date that this page cannot check",
      stray: "is no part of the pack; nothing vouches for it",
      unfit: "breaks a rule for timestamps, so it does not count",
      "dates-apart": "has timestamps that are more than a day apart, so the later counts",
    },
  },
  de: {
    title: "Diesen Nachweis prüfen",
    lead: "Wählen Sie die ZIP-Datei des Nachweises. Sie wird hier auf Ihrem Computer geprüft. Nichts wird übertragen.",
    choose: "ZIP-Datei wählen",
    drop: "oder ziehen Sie die ZIP-Datei auf diese Seite",
    checking: "{name} wird geprüft …",
    PROVEN: "Belegt",
    PROVEN_lead: "Die unten aufgeführten Dokumente sind unverändert. Stellen, deren Zertifikaten Sie trauen, haben bestätigt, seit wann sie bestehen.",
    PROVEN_IF: "Belegt, falls die Zeitstelle echt ist",
    PROVEN_IF_lead: "Die unten aufgeführten Dokumente sind unverändert. Eine Stelle für Zeitstempel hat bestätigt, seit wann sie bestehen. Aber deren Zertifikat kam mit dieser Datei; ein Fälscher könnte es selbst gemacht haben. Vergleichen Sie seinen Fingerabdruck, der unten steht, mit dem auf der Website der Stelle.",
    UNPROVEN: "Unverändert, aber nicht belegt",
    UNPROVEN_lead: "Kein Dokument in dieser Datei wurde verändert. Aber es fehlt etwas, das belegen würde, seit wann alle bestehen. Die Hinweise unten sagen, was.",
    UNPROVEN_dates: "Kein Dokument in dieser Datei weicht vom Archiv des Absenders ab. Aber keine unabhängige Stelle bestätigt, seit wann alle bestehen. Damit ist kein Datum belegt.",
    DAMAGED: "Verändert oder beschädigt",
    DAMAGED_lead: "Verlassen Sie sich nicht auf diese Datei. Etwas darin wurde verändert, fehlt oder kam hinzu; die Liste unten nennt es. Bitten Sie den Absender um eine neue Kopie.",
    NOT_EVIDENCE: "Kein Beweismittel",
    NOT_EVIDENCE_lead: "Diese Datei entstand für eine Vorführung oder einen Test. Keine Plattform wurde gefragt. Sie belegt nichts. Bitten Sie den Absender um einen echten Nachweis.",
    NO_PACK: "Diese Datei kann nicht geprüft werden",
    NO_PACK_lead: "{name} {reason}. Wählen Sie die ZIP-Datei eines Nachweises, so wie der Absender sie geschickt hat. Haben Sie das getan, bitten Sie ihn, sie noch einmal zu schicken.",
    reason: {
      "is not a zip file": "ist keine ZIP-Datei",
      "is not a zip file, or something was added at its end": "ist keine ganze ZIP-Datei: Ihr Ende fehlt, oder dort kam etwas hinzu",
      "holds no proof of a licence": "enthält keinen Nachweis einer Lizenz",
      "holds several packs. Check them one by one": "enthält mehrere Nachweise. Prüfen Sie sie einzeln",
      "is an encrypted zip file": "ist eine verschlüsselte ZIP-Datei",
      other: "ist eine beschädigte oder ungewöhnliche ZIP-Datei",
    },
    wrong: "Was nicht stimmt",
    notes: "Hinweise",
    proven: "Was belegt ist",
    licensed: "Lizenziert am {date}, nach den Daten der Plattform.",
    since: "unverändert seit {date}",
    licence: "Lizenz {name}",
    by: "Die Zeit bestätigt: {names}",
    newest: "Alle Dokumente bestehen seit: {date}",
    whole_since: "Alle beigefügten Dokumente dieser Lizenz bestehen unverändert seit {date}.",
    no_date: "noch ist kein Datum belegt",
    document: "Dokument", state: "Zustand", file: "Datei",
    withheld: "vom Absender zurückbehalten; sein Prüfwert ist belegt",
    terms: "Lizenzbedingungen",
    vouch: "Wer die Zeit bestätigt",
    vouch_none: "Noch niemand: Kein Zeitstempel deckt diese Dokumente.",
    vouch_line: "{time}: {signer}. Richtlinie {policy}. {stated}",
    stated: "Der Zeitstempel gibt an, in der EU qualifiziert zu sein.",
    not_listed: "Eine Vertrauensliste, die es zeigt, liegt nicht bei. Es ist also nicht gezeigt.",
    listed: "Der Absender gibt an, dass die Vertrauensliste von {country} vom {list_of} diese Stelle als qualifiziert führt. Die Liste liegt unverändert bei; diese Seite hat sie nicht gelesen.",
    list_later: "Die Liste ist jünger als der Zeitstempel und enthält die Geschichte seines Dienstes.",
    not_stated: "Der Zeitstempel gibt nicht an, in der EU qualifiziert zu sein.",
    root_line: "Wurzelzertifikat: {root}",
    fingerprint: "Fingerabdruck (SHA-256)",
    pinned: "Sie haben dieses Zertifikat gewählt.",
    not_pinned: "Noch zu prüfen (nicht festgelegt): Dieses Zertifikat kam mit der Datei. Ob es wirklich dieser Stelle gehört, kann diese Seite nicht wissen. Vergleichen Sie den Fingerabdruck mit dem auf der Website der Stelle, oder wählen Sie unten das Zertifikat der Stelle.",
    signer_key: "Für Fachleute, Schlüssel des Archivs des Absenders",
    anchors: "Wer dies sonst noch gesehen hat",
    anchors_lead: "Dies sind keine Zeitstempel einer Stelle. Kein Datum oben beruht darauf.",
    cosignature: "Der Zeuge {by} gibt an, dass das Archiv des Absenders am {time} nichts widersprach, was er zuvor davon gesehen hatte. Das ist sein eigenes Wort. Sein Schlüssel kam mit dieser Datei; vergleichen Sie ihn mit dem, den der Zeuge veröffentlicht:",
    bitcoin: "Ein Beleg von OpenTimestamps führt zu Block {by} von Bitcoin. Diese Seite kann dort nicht nachsehen. Der Block muss diese Merkle-Wurzel haben; jeder Block-Explorer zeigt sie:",
    pending: "Der Kalender {by} hat zugesagt, dies in einen Block von Bitcoin aufzunehmen. Das belegt noch keine Zeit.",
    not: "Was dies nicht sagt",
    not_1: "Die Zeitangaben belegen, dass die Dokumente damals bestanden und seither unverändert sind. Sie belegen nicht, dass stimmt, was in einem Dokument steht. Lassen Sie sich die Lizenz von der Plattform bestätigen.",
    not_2: "Ob die Lizenz eine bestimmte Nutzung deckt, wird hier nicht geprüft.",
    not_3: "Diese Papiere hat der Absender geschrieben. Nichts belegt, was darin steht:",
    not_4: "Ein Fälscher kann auch diese Seite austauschen. Wenn Sie der Herkunft dieser Seite nicht trauen, nehmen Sie eine aus einer Quelle, der Sie trauen, oder prüfen Sie mit verify.py und openssl.",
    files: "Alle {count} Dateien mit ihrem Zustand",
    by_sender: "vom Absender geschrieben, nicht belegt",
    technical: "Teil des technischen Nachweises; geprüft",
    listing: "zählt die Dateien dieses Nachweises auf; geprüft",
    trusted: "Für Fachleute: mit eigenen Zertifikaten und Schlüsseln prüfen",
    trusted_lead: "Dateien im PEM-Format aus einer Quelle, der Sie trauen. Danach wird noch einmal geprüft.",
    roots: "Wurzelzertifikate der Zeitstempel-Stellen:", key: "Öffentlicher Schlüssel des Archivs des Absenders:",
    bad_pem: "Die Datei {name} ist nicht zu gebrauchen: {reason}.",
    details: "Einzelheiten für Fachleute (englisch)",
    more: "… und {count} weitere",
    remarks: [
      ["is of another archive", "stammt aus einem anderen Archiv als der erste Nachweis hier. Fragen Sie den Absender, ob beide von ihm sind."],
      ["what lies beside the folder", "Was neben dem Ordner data eines Nachweises liegt (bagit.txt und weitere), fehlt. Damit ist nicht geprüft, ob alles da ist, was der Absender schickte."],
      ["UNPROVEN: that the licence refers", "Nicht belegt: dass die Lizenz auf diese Bedingungen verweist und wann sie gesehen wurden. Das steht in licence.json, die der Absender zurückbehält."],
      ["which terms it refers to", "Auf welche Bedingungen die Lizenz verweist, steht in licence.json, die der Absender zurückbehält. Nichts anderes belegt es."],
      ["the certificates or hash functions", "Die Zertifikate oder Hash-Funktionen dieser Zeitstempel sind abgelaufen, und kein neuerer Zeitstempel hier deckte sie vorher. Das Datum gilt, wenn ihre Schlüssel seither nicht missbraucht wurden."],
    ],
    footer: "Diese Seite nutzt kein Netz und keinen fremden Code. Sie prüft nach den Regeln von verify.py, das in derselben ZIP-Datei liegt (data/07_integrity).",
    code: {
      changed: "wurde verändert", copy: "ist nicht das Dokument, das für diese Stelle belegt ist", missing: "fehlt",
      extra: "gehört nicht hierher", invalid: "hat nicht die vorgeschriebene Form", unreadable: "lässt sich nicht lesen",
      orphan: "ist im Archiv des Absenders nicht verzeichnet", inclusion: "führt zu keinem signierten Prüfpunkt",
      checkpoint: "ist kein gültiger signierter Prüfpunkt", timestamp: "ist kein gültiger Zeitstempel dieser Dokumente",
      anchor: "ist keine gültige Aussage eines Zeugen oder Kalenders über diese Dokumente",
      key: "ist ein anderer Schlüssel", ledger: "ist kein Anfang eines Archivs", renamed: "ist der Nachweis einer anderen Lizenz",
      format: "gehört zu einer neueren Version als diese Seite", withheld: "wurde vom Absender zurückbehalten", remark: "siehe Einzelheiten",
      recovered: "wurde nach einer Unterbrechung vervollständigt",
      verifier: "ist eine andere Version des Prüfprogramms oder wurde verändert", "dates-not-checked": "hat ein Datum, das diese Seite nicht prüfen kann",
      stray: "gehört nicht zum Nachweis; nichts bürgt dafür",
      unfit: "verletzt eine Regel für Zeitstempel und zählt darum nicht",
      "dates-apart": "hat Zeitstempel, die mehr als einen Tag auseinanderliegen, darum zählt der spätere",
    },
  },
};

let language = (navigator.language || "en").toLowerCase().startsWith("de") ? "de" : "en";
let chosen = null; // the zip
let last = null; // what was found: {report} or {error}
const supplied = {};
const byId = (id) => document.getElementById(id);

function say(word, values = {}) {
  return (WORDS[language][word] || word).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  made.append(...children.filter((each) => each !== null && each !== ""));
  return made;
}

function dateOf(moment) {
  const form = { dateStyle: "long", timeStyle: "medium", timeZone: "UTC" };
  return `${new Intl.DateTimeFormat(language === "de" ? "de-DE" : "en-GB", form).format(new Date(1000 * epoch(moment)))} UTC`;
}

/** A day or moment as a licence states it; what is neither, as it stands there. */
function dayOf(moment) {
  if (!isMoment(moment.length === 10 ? `${moment}T00:00:00Z` : moment)) return moment;
  return moment.length > 10 ? dateOf(moment)
    : new Intl.DateTimeFormat(language === "de" ? "de-DE" : "en-GB", { dateStyle: "long", timeZone: "UTC" }).format(new Date(moment));
}

const since = (moment) => (moment ? say("since", { date: dateOf(moment) }) : say("no_date"));
const list = (items, most = 40) => element("ul", {}, ...items.slice(0, most).map((each) => element("li", {}, ...[each].flat())),
  items.length > most ? element("li", {}, say("more", { count: items.length - most })) : null);

function table(heads, rows) {
  const head = element("thead", {}, element("tr", {}, ...heads.map((each) => element("th", { scope: "col" }, each))));
  const body = rows.map(([name, state, tone]) =>
    element("tr", {}, element("td", {}, element("code", {}, name)), element("td", { class: `state ${tone || ""}` }, state)));
  return element("table", {}, head, element("tbody", {}, ...body));
}

/** All findings with paths in the pack, each {code, path, message, damage}. */
function findingsOf(report) {
  const ofProofs = report.proofs.flatMap((proof) =>
    proof.findings.map((each) => ({ ...each, path: `data/${PROOFS}/${proof.client}/${each.path}` })));
  return [...ofProofs, ...report.copies.findings].map((each) => ({ ...each, damage: !NO_DAMAGE.has(each.code) }));
}

/** How a verdict looks. PROVEN_IF is no green: who forges a whole file makes its authority, too. */
const LOOKS = { PROVEN: ["good", "✓"], PROVEN_IF: ["warn", "✓"], UNPROVEN: ["warn", "!"], NOT_EVIDENCE: ["bad", "✗"], DAMAGED: ["bad", "✗"] };

const authorityName = (each) => [...new Set([each.title, each.organisation])].filter(Boolean).join(", ");

/** What a finding says, in the reader's language as far as there are words for it. */
function wordsOf({ code, message }) {
  const remark = WORDS[language].remarks.find(([start]) => message.startsWith(start));
  if (code === "remark") return remark ? remark[1] : language === "en" ? message : WORDS[language].code.remark;
  return WORDS[language].code[code] || message;
}

function tell() {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = say(each.dataset.word);
  for (const each of document.querySelectorAll("[data-language]")) each.setAttribute("aria-pressed", each.dataset.language === language);
  const result = byId("result");
  if (!last) return;
  document.body.dataset.state = last.report ? last.report.state : "NO_PACK";
  document.body.dataset.verdict = last.report ? last.report.verdict : "NO_PACK";
  result.replaceChildren(...(last.report ? tellReport(last.report, last.name) : tellError(last)));
}

function box(state, tone, mark, ...lines) {
  return element("div", { class: `verdict ${tone}` }, element("h2", {}, `${mark} ${say(state)}`), ...lines.map((each) => element("p", {}, each)));
}

function tellError({ name, reason, pem }) {
  const known = WORDS[language].reason, said = known[reason] || (language === "en" ? reason : known.other);
  return pem ? [box("NO_PACK", "bad", "✗", say("bad_pem", { name, reason }))]
    : [box("NO_PACK", "warn", "?", say("NO_PACK_lead", { name, reason: said })), said === known.other ? element("p", { class: "quiet", lang: "en" }, reason) : ""].filter(Boolean);
}

function tellReport(report, name) {
  const state = report.verdict, [tone, mark] = LOOKS[state], findings = findingsOf(report), damage = findings.filter((each) => each.damage);
  const dateless = state === "UNPROVEN" && report.proofs.some((each) => each.state !== "PROVEN");
  const lines = [say(dateless ? "UNPROVEN_dates" : `${state}_lead`)];
  if (report.state === "PROVEN" && state !== "NOT_EVIDENCE") {
    const names = new Set(report.proofs.flatMap((each) => each.authorities).map(authorityName));
    lines.push(say("newest", { date: dateOf(report.proofs.map((each) => each.secured_since).sort().pop()) }));
    lines.push(say("by", { names: [...names].join("; ") }));
  }
  const shown = [box(state, tone, mark, ...lines, name)];
  const sentence = (each) => [element("code", {}, each.path), ` ${wordsOf(each)}`];
  if (damage.length) {
    const first = [...new Map(damage.map((each) => [each.path, each])).values()];
    shown.push(element("h2", {}, say("wrong")), list(first.map(sentence)));
  }
  if (state !== "NOT_EVIDENCE" && state !== "DAMAGED") {
    const papers = list(report.copies.by_sender.map((path) => [element("code", {}, path)]));
    shown.push(...tellLicences(report), ...tellTime(report), ...tellAnchors(report), element("h2", {}, say("not")),
      list([say("not_1"), say("not_2"), [say("not_3"), papers], say("not_4")]));
  }
  const notes = findings.filter((each) => !each.damage && each.code !== "withheld");
  if (notes.length) shown.push(element("h2", {}, say("notes")), list(notes.map(sentence)));
  shown.push(tellFiles(report, damage));
  if (findings.length) {
    shown.push(element("details", {}, element("summary", {}, say("details")),
      element("div", { lang: "en" }, list(findings.map((each) => `${each.path}: ${each.message} [${each.code}]`), 500))));
  }
  return shown;
}

function tellLicences(report) {
  const shown = [element("h2", {}, say("proven"))];
  for (const proof of report.proofs) {
    shown.push(element("h3", {}, say("licence", { name: proof.client })));
    if (proof.licensed_at) shown.push(element("p", {}, say("licensed", { date: dayOf(proof.licensed_at) })));
    shown.push(element("p", {}, proof.secured_since ? say("whole_since", { date: dateOf(proof.secured_since) }) : `${say("no_date")}.`));
    const rows = proof.documents.map((each) => [each.name, each.withheld ? `${since(each.secured_since)}; ${say("withheld")}` : since(each.secured_since)]);
    for (const [folder, files] of Object.entries(proof.terms)) {
      const text = files.find((each) => each.name === "terms.txt");
      if (text) rows.push([`${say("terms")}: ${folder}`, since(text.secured_since)]);
    }
    shown.push(table([say("document"), say("state")], rows));
  }
  return shown;
}

/** Whether a timestamp is qualified: what it states of itself, and what the archive states about a trusted list. */
function statedOf(each) {
  const said = [say(each.states_qualified ? "stated" : "not_stated")];
  if (each.country) said.push(say("listed", { country: each.country, list_of: dayOf(each.list_of.slice(0, 10)) }));
  else if (each.states_qualified) said.push(say("not_listed"));
  if (each.country && each.list_of > each.time) said.push(say("list_later"));
  return said.join(" ");
}

function tellTime(report) {
  const shown = [element("h2", {}, say("vouch"))];
  const authorities = report.proofs.flatMap((each) => each.authorities);
  if (!authorities.length) return [...shown, element("p", {}, say("vouch_none"))];
  const lines = new Set(authorities.map((each) => say("vouch_line", {
    time: dateOf(each.time), signer: authorityName(each), policy: each.policy || "?", stated: statedOf(each),
  })));
  shown.push(list([...lines].sort()));
  for (const each of new Map(authorities.map((one) => [one.fingerprint, one])).values()) {
    shown.push(element("p", {}, say("root_line", { root: each.root }), element("br"), `${say("fingerprint")}: `, element("code", {}, each.fingerprint)));
    shown.push(element("p", { class: each.supplied ? "good" : "warn" }, say(each.supplied ? "pinned" : "not_pinned")));
  }
  const keys = new Map(report.proofs.flatMap((each) => each.trusted).filter((each) => each.what === "signer key").map((each) => [each.fingerprint, each]));
  for (const fingerprint of keys.keys()) {
    shown.push(element("p", { class: "quiet" }, `${say("signer_key")}: `, element("code", {}, fingerprint)));
  }
  return shown;
}

function tellAnchors(report) {
  const lines = new Map(report.proofs.flatMap((each) => each.anchors).map((each) => {
    const text = say(each.kind, { by: each.by, time: each.time && dateOf(each.time) });
    return [text + each.key + each.root, [text, each.key || each.root ? " " : "", element("code", {}, each.key || each.root)]];
  }));
  if (!lines.size) return [];
  return [element("h2", {}, say("anchors")), element("p", {}, say("anchors_lead")), list([...lines.values()])];
}

function tellFiles(report, damage) {
  const proven = new Map(report.copies.documents.map((each) => [each.path, each.secured_since]));
  const wrong = new Map(damage.map((each) => [each.path, each])), sender = new Set(report.copies.by_sender);
  const rows = report.files.map((path) => {
    const fault = [...wrong.keys()].find((each) => path === each || path.startsWith(`${each}/`));
    if (fault) return [path, wordsOf(wrong.get(fault)), "bad"];
    if (sender.has(path)) return [path, say("by_sender")];
    if (proven.has(path)) return [path, since(proven.get(path)), proven.get(path) ? "good" : "warn"];
    return [path, say(path.startsWith("data/") ? "technical" : "listing")];
  });
  for (const each of damage.filter((one) => !report.files.some((path) => path === one.path || path.startsWith(`${one.path}/`)))) {
    rows.push([each.path, wordsOf(each), "bad"]);
  }
  return element("details", {}, element("summary", {}, say("files", { count: report.files.length })), table([say("file"), say("state")], rows));
}

async function check() {
  if (!chosen) return;
  const zip = chosen, bar = element("progress", { max: 1, value: 0 });
  let done = 0, total = 1;
  document.body.dataset.state = "checking";
  byId("result").replaceChildren(element("p", {}, say("checking", { name: zip.name })), bar);
  const progress = (bytes, all) => {
    done += bytes;
    total = all || total;
    bar.value = Math.min(done / total, 1);
  };
  try {
    const report = await checkPack(zip, { supplied, verifier: VERIFIER, progress });
    if (zip === chosen) last = { report, name: zip.name };
  } catch (error) {
    if (zip !== chosen) return;
    last = { name: zip.name, reason: error instanceof Malformed || error instanceof Unreadable ? error.message : `cannot be checked by this browser (${error})` };
  }
  try {
    tell();
  } catch (error) { // whatever a pack may say, the reader is never left waiting
    last = { name: zip.name, reason: `cannot be checked by this browser (${error})` };
    tell();
  }
  byId("result").focus();
}

function take(file) {
  if (!file) return;
  chosen = file;
  check();
}

async function takePem(name, input, read) {
  const file = input.files[0];
  try {
    if (file) supplied[name] = read(new Uint8Array(await file.slice(0, MAX_BYTES).arrayBuffer()));
    else delete supplied[name];
    check();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    input.value = "";
    delete supplied[name];
    last = { name: file.name, reason: error.message, pem: true };
    tell();
  }
}

byId("pack").addEventListener("change", (event) => take(event.target.files[0]));
byId("roots").addEventListener("change", (event) => takePem("roots", event.target, (bytes) => {
  const { found, wrong } = certificatesIn(bytes);
  must(found.length && !wrong, wrong || "holds no certificate");
  return found;
}));
byId("key").addEventListener("change", (event) => takePem("key", event.target, (bytes) => publicKey(utf8(bytes))));
for (const each of document.querySelectorAll("[data-language]")) {
  each.addEventListener("click", () => {
    language = each.dataset.language;
    tell();
  });
}
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop") take(event.dataTransfer.files[0]);
  });
}
tell();
