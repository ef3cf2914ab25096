// Takes secrets out of pages, addresses and MHTML before they leave the browser. Pure.

export const MASK = "[removed before archiving]";
const NAME =
  "(?:csrf|xsrf|authenticity[-_]?token|verification[-_]?token|sess(?:ion)?[-_]?(?:id|token|key)?|sid|jwt|api[-_]?key|(?:access|refresh|id|auth|bearer|api|user|login)[-_]?token|client[-_]?secret|credential|passw(?:or)?d|pwd|nonce|token|secret|signature|sig|hmac|policy|key-pair-id|x-amz-[\\w-]+|x-goog-[\\w-]+)";
const SECRET_NAME = new RegExp(`(?:^|[^a-z])${NAME}(?:$|[^a-z])|${NAME}$`, "i");
const TOKEN = /^(?=[^]*\d)[\w+/=.~%:-]{16,}$/;
const ADDRESS_FIELD = /([?&;]|&amp;|\\u0026|%3F|%26)([\w.[\]%-]{1,60}?)(=|%3D)((?:(?!%26|&amp;|\\u0026)[^&#;\s"'<>\\)]){1,8192})/gi;
const NAMED = [
  new RegExp(`(["']?[\\w.-]{0,40}${NAME}[\\w.-]{0,20}["']?\\s{0,4}[:=]\\s{0,4}(["'])|(?:&quot;)[\\w.-]{0,40}${NAME}[\\w.-]{0,20}&quot;\\s{0,4}[:=]\\s{0,4}(&quot;))((?:(?!\\2\\3)[^\\r\\n<>"']){1,8192}?)(?=["']|&quot;)`, "gi"),
  /(\bbearer\s+)()()([\w.~+/-]{12,8192}=*)/gi,
  /()()()(\beyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}\.[\w-]{8,4096})/g,
];

export const isSecretName = (name) => SECRET_NAME.test(name);

/** Whether the value of this field of an address is, or may be, a secret. */
function secretField(name, value) {
  let plain = value;
  try {
    plain = decodeURIComponent(value);
  } catch {
    /* masked by its shape */
  }
  return isSecretName(name) || TOKEN.test(plain) || plain.length > 120;
}

/** An address without secrets: user and password, fragment, and each value in the query that may be one. */
export function maskUrl(url, secrets = []) {
  if (/^(data|javascript):/i.test(url)) return `${url.split(":")[0]}:${MASK}`;
  const bare = String(url).replace(/#[^]*$/, "").replace(/^([a-z]+:\/\/)[^/@?]*@/i, "$1");
  const masked = bare.replace(ADDRESS_FIELD, (whole, before, name, equals, value) =>
    secretField(name, value) ? `${before}${name}${equals}${MASK}` : whole);
  return maskValues(masked, secrets);
}

/** The address of a delivered file, whose path may be signed, too. */
export function maskDownloadUrl(url, secrets = []) {
  const masked = maskUrl(url, secrets);
  const at = masked.indexOf("?");
  const [path, query] = at < 0 ? [masked, ""] : [masked.slice(0, at), masked.slice(at)];
  return path.replace(/(?<=\/)(?=[^/]*\d)(?=[^/]*[a-zA-Z])[\w=~:-]{24,}(?=\/|$)/g, MASK) + query;
}

/** The secret values in the addresses, to be searched for wherever they stand. */
export function secretsOfUrls(urls) {
  const found = new Set();
  for (const url of urls)
    for (const [, , name, , value] of String(url).matchAll(ADDRESS_FIELD))
      if (secretField(name, value)) {
        found.add(value);
        try {
          found.add(decodeURIComponent(value));
        } catch {
          /* as it stands */
        }
      }
  return [...found].filter((each) => each.length >= 8);
}

/** What of a page's cookies, storage and fields is secret: `{cookies: "a=b; c=d", stored: [[name, value]], fields}`. */
export function secretsOfPage({ cookies, stored, fields }) {
  const found = new Set();
  const weigh = (name, value) => {
    if (value && value.length >= 8 && (isSecretName(name) || TOKEN.test(value)) && !/^\d{1,15}$/.test(value)) found.add(value);
  };
  for (const pair of String(cookies).split(";")) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    weigh(name, value);
    try {
      weigh(name, decodeURIComponent(value));
    } catch {
      /* as it stands */
    }
  }
  for (const [name, value] of stored) {
    if (value.length <= 4096) weigh(name, value);
    for (const [, inner] of value.slice(0, 100_000).matchAll(/"[\w.-]*(?:token|secret|session|csrf|jwt|key)[\w.-]*"\s*:\s*"([^"]{8,4096})"/gi)) found.add(inner);
  }
  for (const [name, value] of fields) weigh(name, value);
  return [...found];
}

/** A secret in each form in which pages, scripts and addresses write it, longest first. */
export function formsOf(secret) {
  const bytes = new TextEncoder().encode(secret);
  const html = secret.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret);
  const hex = [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
  const found = new Set([secret, html, html.replace(/'/g, "&#39;"), html.replace(/'/g, "&#x27;"), json, json.replace(/\//g, "\\/"), url,
    url.replace(/%[0-9A-F]{2}/g, (each) => each.toLowerCase()), url.replace(/%20/g, "+"), encodeURIComponent(url), hex, hex.toUpperCase()]);
  for (let lead = 0; lead < 3; lead += 1) {
    const text = btoa(String.fromCharCode(...new Array(lead).fill(0), ...bytes));
    const inner = text.slice(Math.ceil((lead * 8) / 6), Math.floor(((lead + bytes.length) * 8) / 6));
    if (inner.length >= 8) found.add(inner).add(inner.replace(/\+/g, "-").replace(/\//g, "_"));
  }
  return [...found].sort((a, b) => b.length - a.length);
}

export function maskValues(text, secrets) {
  let masked = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length))
    for (const form of formsOf(secret)) if (masked.includes(form)) masked = masked.split(form).join(MASK);
  return masked;
}

/** Text or HTML without the given secrets, and without what its name or shape shows to be one. */
export function maskText(text, secrets) {
  let masked = maskValues(text, secrets);
  masked = masked.replace(ADDRESS_FIELD, (whole, before, name, equals, value) =>
    value.startsWith("[removed") || !secretField(name, value) ? whole : `${before}${name}${equals}${MASK}`);
  for (const each of NAMED)
    masked = masked.replace(each, (whole, before, _q, _e, value) => (value.startsWith("[removed") ? whole : `${before}${MASK}`));
  return masked.replace(/<(?:input|meta)\b[^>]{0,9000}>/gi, (tag) =>
    new RegExp(`\\b(?:name|id|property|http-equiv)\\s*=\\s*["']?[^"'\\s>]{0,60}?${NAME}|\\btype\\s*=\\s*["']?(?:password|hidden)`, "i").test(tag)
      ? tag.replace(/(\s(?:value|content)\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/gi, `$1"${MASK}"`)
      : tag);
}

/** Whether an unaltered document holds one of these secrets, in any form. */
export const holdsSecret = (text, secrets) => secrets.some((secret) => formsOf(secret).some((form) => text.includes(form)));

// ---------------------------------------------------------------- MHTML

const decodeQuoted = (text) =>
  Uint8Array.from(
    text.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/gi, (_, code) => String.fromCharCode(parseInt(code, 16))),
    (each) => each.charCodeAt(0) & 255);

function encodeQuoted(bytes) {
  let line = "";
  const lines = [];
  for (const byte of bytes) {
    if (byte === 10) {
      lines.push(line.endsWith("\r") ? line.slice(0, -1) : line);
      line = "";
      continue;
    }
    const plain = (byte >= 32 && byte <= 126 && byte !== 61) || byte === 9 || byte === 13;
    const part = plain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (line.length + part.length > 74) {
      lines.push(`${line}=`);
      line = "";
    }
    line += part;
  }
  lines.push(line);
  return lines.map((each) => each.replace(/[ \t]$/, (end) => (end === " " ? "=20" : "=09"))).join("\r\n");
}

/** MHTML (as a binary string) with secrets taken out of its texts and addresses; "" where it cannot be read. */
export function maskMhtml(mhtml, secrets) {
  const boundary = /boundary="([^"\r\n]{1,200})"/i.exec(mhtml.slice(0, 4000))?.[1];
  if (!boundary) return "";
  const parts = mhtml.split(`--${boundary}`);
  const masked = parts.map((part, number) => {
    const at = part.search(/\r?\n\r?\n/);
    if (at < 0) return part;
    const head = maskHead(part.slice(0, at), secrets);
    if (number === 0) return head + part.slice(at);
    const gap = /\r?\n\r?\n/.exec(part.slice(at))[0];
    const body = part.slice(at + gap.length);
    if (!/content-type:\s*(?:text\/|application\/(?:json|xml|xhtml|javascript)|image\/svg)/i.test(head)) return head + gap + body;
    const encoding = /content-transfer-encoding:\s*([\w-]+)/i.exec(head)?.[1]?.toLowerCase() ?? "binary";
    let bytes;
    if (encoding === "quoted-printable") bytes = decodeQuoted(body);
    else if (encoding === "base64") bytes = Uint8Array.from(atob(body.replace(/\s/g, "")), (each) => each.charCodeAt(0));
    else bytes = Uint8Array.from(body, (each) => each.charCodeAt(0));
    const text = new TextEncoder().encode(maskText(new TextDecoder().decode(bytes), secrets));
    return `${head.replace(/(content-transfer-encoding:\s*)[\w-]+/i, "$1quoted-printable")}${gap}${encodeQuoted(text)}`;
  });
  return masked.join(`--${boundary}`);
}

const maskHead = (head, secrets) =>
  head.replace(/\r?\n[ \t]+/g, (fold) => fold).replace(/^((?:snapshot-)?content-location:\s*)(.*)$/gim, (_, name, url) => name + maskUrl(url.trim(), secrets))
    .replace(/^(subject:\s*)(.*)$/gim, (_, name, text) => name + maskValues(text, secrets));
