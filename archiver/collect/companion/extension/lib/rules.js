// Which addresses may be fetched or opened: the exported rules of adapters, matched exactly. Pure.

const HOST = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const BUYING = /\/(cart|basket|checkout|renew(al)?)([/.]|$)/;
const METHOD_HINT = /method|verb/i;
const PRINTABLE = /^[\x21-\x7e]+$/;

/** `https://host/path`, host in lower case, path decoded once; "" if the address hides where it goes. */
export function placeOf(raw) {
  const match = /^https:\/\/([^/?#]*)([^?#]*)(\?[^#]*)?$/.exec(raw);
  if (!match || !PRINTABLE.test(raw)) return "";
  const host = match[1].toLowerCase();
  let path;
  try {
    path = decodeURIComponent(match[2] || "/");
    if (new URL(raw).href !== raw) return ""; // what the browser would ask for is not what was judged
  } catch {
    return "";
  }
  const hidden =
    !HOST.test(host) || /%2f/i.test(match[2]) || /[\\%;]|\/\/|\ufffd/.test(path) || /[^\P{C}]|[^\S ]/u.test(path) ||
    path.split("/").some((part) => part === "." || part === "..");
  return hidden ? "" : `https://${host}${path}`;
}

const patterns = new Map();

/** `*` stays inside one path segment or host label; `**` is the rest of the path. */
function pattern(glob) {
  if (!patterns.has(glob)) {
    const escape = (text) => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
    const [scheme, rest] = glob.split("://");
    const slash = rest.indexOf("/");
    const host = slash < 0 ? rest : rest.slice(0, slash);
    const path = slash < 0 ? "" : rest.slice(slash);
    const parts = path.split(/(\*\*|\*)/).map((part) => ({ "**": "[^]*", "*": "[^/]*" })[part] ?? escape(part));
    const hosts = host.split("*").map(escape).join("[^/.:]*");
    patterns.set(glob, new RegExp(`^${scheme}://${hosts}${parts.join("")}$`));
  }
  return patterns.get(glob);
}

/** How lenient servers may read a place: case, empty segments and closing marks do not count. */
function lenient(place) {
  const lower = place.toLowerCase();
  return [lower, lower.replace(/\/+$/, ""), lower.replace(/[/. ]+$/, "")];
}

/** Why no platform's rules let this address be asked for by GET; "" if none refuses it. */
export function refusal(raw, platforms) {
  const place = placeOf(raw);
  if (!place) return "hidden";
  const query = raw.split("?").slice(1).join("?"); // of two question marks, the second belongs to it
  let plain = query;
  try {
    plain = decodeURIComponent(query);
  } catch {
    return "hidden";
  }
  if (METHOD_HINT.test(plain)) return "disguised";
  const places = lenient(place);
  if (places.some((each) => BUYING.test(each))) return "buying";
  for (const platform of platforms)
    if (platform.refuse.some((glob) => places.some((each) => pattern(glob.toLowerCase()).test(each)))) return "refused";
  return "";
}

const allowed = (raw, platforms, key) =>
  !refusal(raw, platforms) && platforms.some((platform) => platform[key].some((glob) => pattern(glob).test(placeOf(raw))));

/** Whether the extension may fetch this address: a declared document of a platform, which no platform refuses. */
export const mayFetch = (raw, platforms) => allowed(raw, platforms, "allow");

/** Whether the extension may lead the person's tab there: a page of a platform's own list. */
export const mayOpen = (raw, platforms) => allowed(raw, platforms, "history");

/** The platform whose site a page is on. */
export function platformOf(url, platforms) {
  const host = hostOf(url);
  return platforms.find((platform) => platform.hosts.includes(host));
}

export function hostOf(url) {
  try {
    const parsed = new URL(url);
    return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.hostname : "";
  } catch {
    return "";
  }
}

/** The asset's id in the address of its page; "" where there is none. */
export function assetOf(url, platform) {
  const match = platform?.asset ? new RegExp(platform.asset).exec(new URL(url).pathname) : null;
  return match?.[1] ?? "";
}

const MAX_LINKED = 3; // documents that a page of one asset may link to; with more, it is a list

/** The documents that belong to what a page shows: `{url, refused}`. Links of a list belong to it if `all` is true. */
export function documentsOf(page, platforms, all = false) {
  const platform = platformOf(page.url, platforms);
  if (!platform) return [];
  const origin = new URL(page.url).origin;
  const asset = assetOf(page.url, platform);
  const found = new Set();
  if (platform.document && asset) found.add(onHost(platform.document.replace("{asset}", encodeURIComponent(asset)), origin, platform));
  const linked = [...new Set(page.links)].filter((url) => looksLikeDocument(url, platform));
  const mine = all ? linked : linked.filter((url) => asset && url.includes(asset));
  for (const url of mine.length || all ? mine : linked.length <= MAX_LINKED ? linked : []) found.add(url);
  return [...found].map((url) => {
    if (originOf(url) !== origin) return { url, refused: "other-origin" };
    return { url, refused: mayFetch(url, platforms) ? "" : refusal(url, platforms) || "undeclared" };
  });
}

/** A platform that is on several hosts answers each on its own. */
function onHost(url, origin, platform) {
  const moved = url.replace(originOf(url), origin);
  return platform.allow.some((glob) => pattern(glob).test(placeOf(moved))) ? moved : url;
}

/** Whether a link is, or pretends to be, a declared document: judged leniently, so that a refusal can be shown. */
function looksLikeDocument(url, platform) {
  const bare = url.split(/[?#]/)[0];
  return platform.allow.some((glob) => {
    const start = glob.split("*")[0];
    return bare.startsWith(start) && bare.length > start.length && (pattern(glob).test(placeOf(url)) || /\.\.|%2e|%2f/i.test(url) || start.length > 40);
  });
}

function originOf(url) {
  try {
    return new URL(url).origin;
  } catch {
    return "";
  }
}
