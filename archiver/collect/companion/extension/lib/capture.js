// Captures a page: its DOM, text, picture and MHTML, and the documents that rules allow, all without secrets.

import { PLATFORMS } from "../platforms.js";
import { collectPage, scrollTo } from "./page.js";
import { holdsSecret, maskMhtml, maskText, maskUrl, secretsOfPage, secretsOfUrls } from "./mask.js";
import { MAX_DOCUMENT_BYTES, Refused, fetchDocument, readFromCache } from "./request.js";
import { assetOf, documentsOf, platformOf } from "./rules.js";

export const EXTENSION = chrome.runtime.getManifest().version;
const MAX_HTML = 6_000_000;
const MAX_TEXT = 1_500_000;
const MAX_LINKS = 20_000;
const MAX_MHTML_BYTES = 12_000_000;
const MHTML_AGAIN_MS = 250;
const MAX_SCREENS = 12;
const SCREEN_EVERY_MS = 550; // browsers take two pictures a second
const MAX_CAPTURE_BYTES = 38_000_000;
const MAX_DOCUMENTS = 25;
const MAX_SECRETS = 150; // searched for in all forms; a hostile page may claim thousands
const ENDINGS = { "application/pdf": "pdf", "text/plain": "txt", "text/html": "html", "application/json": "json" };

const RULES = PLATFORMS.platforms; // as all installed adapters declare them

const inTab = async (tab, func, ...args) => (await chrome.scripting.executeScript({ target: { tabId: tab.id }, func, args }))[0].result;

export const newId = () => crypto.randomUUID().replaceAll("-", "");

const blob = (content, type) => new Blob([content], { type });

/**
 * What a tab shows now: `{about, files, page}`. `about` and `files` hold no secrets; `page` has the raw addresses, for the
 * documents. Throws where the browser lets no extension into the tab.
 */
export async function capturePage(tab, how, choice) {
  const page = await inTab(tab, collectPage, MAX_HTML, MAX_TEXT, MAX_LINKS);
  page.hidden = [...new Set([...secretsOfUrls([page.url, page.referrer]), ...secretsOfPage(page.secrets)])].slice(0, MAX_SECRETS);
  const platform = platformOf(page.url, RULES);
  const remarks = [...page.remarks];
  const about = {
    format: 1, id: newId(), how, at: new Date().toISOString(), client: choice.client, job: choice.job, platform: platform?.name ?? "",
    asset: assetOf(page.url, platform).slice(0, 300),
    page: { url: maskUrl(page.url, page.hidden).slice(0, 4000), title: maskText(page.title, page.hidden).slice(0, 300), referrer: maskUrl(page.referrer, page.hidden).slice(0, 4000), remarks },
    download: null, documents: [], missed: [], extension: EXTENSION,
  };
  const files = {};
  if (page.type === "text/html" || page.type === "application/xhtml+xml") {
    files["page.html"] = blob(maskText(page.html, page.hidden), "text/html");
    files["page.txt"] = blob(maskText(page.text, page.hidden), "text/plain");
    await addMhtml(tab, page, files, remarks);
    await addScreens(tab, page, files, remarks);
  } else await addFromCache(tab, page, about, files);
  return { about, files, page };
}

async function addMhtml(tab, page, files, remarks) {
  if (!chrome.pageCapture?.saveAsMHTML) return;
  const save = async () => {
    const saved = await chrome.pageCapture.saveAsMHTML({ tabId: tab.id });
    return saved.size > MAX_MHTML_BYTES ? undefined : new Uint8Array(await saved.arrayBuffer());
  };
  try {
    // Now and then the browser drops its own file before it can be read.
    const bytes = await save().catch(() => new Promise((resolve) => setTimeout(resolve, MHTML_AGAIN_MS)).then(save));
    if (!bytes) {
      remarks.push("mhtml-too-large");
      return;
    }
    const parts = [];
    for (let at = 0; at < bytes.length; at += 32768) parts.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
    const masked = maskMhtml(parts.join(""), page.hidden);
    if (masked) files["page.mhtml"] = blob(Uint8Array.from(masked, (each) => each.charCodeAt(0)), "multipart/related");
  } catch (error) {
    remarks.push(`no-mhtml: ${String(error.message).slice(0, 200)}`);
  }
}

/** Pictures of the whole page in parts. Browsers allow them only in a tab where the person asked for something. */
async function addScreens(tab, page, files, remarks) {
  const { height, view, at } = page.size;
  const count = Math.max(1, Math.min(MAX_SCREENS, Math.ceil(height / Math.max(view, 1))));
  if (page.hidden.some((secret) => page.text.includes(secret))) {
    remarks.push("no-picture-secret"); // what the page shows cannot be taken out of a picture
    return;
  }
  try {
    for (let number = 0; number < count; number += 1) {
      if (count > 1) await inTab(tab, scrollTo, number * view);
      if (number) await new Promise((resolve) => setTimeout(resolve, SCREEN_EVERY_MS));
      if (!(await chrome.tabs.get(tab.id)).active) throw new Error("another tab");
      const url = await chrome.tabs.captureVisibleTab(tab.windowId, { format: "png" });
      const bytes = Uint8Array.from(atob(url.split(",")[1]), (each) => each.charCodeAt(0));
      files[`screen-${String(number + 1).padStart(2, "0")}.png`] = blob(bytes, "image/png");
    }
    if (height > MAX_SCREENS * view) remarks.push("picture-cut");
  } catch {
    remarks.push(Object.keys(files).some((name) => name.startsWith("screen-")) ? "picture-cut" : "no-picture");
  } finally {
    if (count > 1) await inTab(tab, scrollTo, at).catch(() => {});
  }
}

/** A file that the tab shows (PDF, text): from the browser's own cache, never asked for again. */
async function addFromCache(tab, page, about, files) {
  const kept = await inTab(tab, readFromCache, MAX_DOCUMENT_BYTES);
  if (kept?.base64) {
    const bytes = Uint8Array.from(atob(kept.base64), (each) => each.charCodeAt(0));
    addDocument(about, files, { url: page.url, bytes, type: kept.type, by: "cache" }, page.hidden);
  } else about.missed.push({ url: about.page.url, reason: kept?.error ?? "not-kept" });
}

function addDocument(about, files, { url, bytes, type, by }, secrets) {
  const masked = maskUrl(url, secrets).slice(0, 4000);
  const text = new TextDecoder("latin1").decode(bytes);
  if (holdsSecret(text, secrets)) about.missed.push({ url: masked, reason: "holds-a-secret" });
  else {
    const ending = text.startsWith("%PDF-") ? "pdf" : ENDINGS[type] ?? "bin";
    const name = `document-${String(about.documents.length + 1).padStart(2, "0")}.${ending}`;
    about.documents.push({ name, url: masked, media_type: type.slice(0, 300), retrieved_at: new Date().toISOString(), by });
    files[name] = blob(bytes, type);
  }
}

/** The documents of what a page shows: `{documents, missed, files}`, fetched one after another by rule. */
export async function captureDocuments(page, about, all = false, between = async () => {}) {
  const found = { documents: [...about.documents], missed: [...about.missed] };
  const files = {};
  let size = 0;
  for (const { url, refused } of documentsOf(page, RULES, all).slice(0, MAX_DOCUMENTS)) {
    const masked = maskUrl(url, page.hidden).slice(0, 4000);
    if (refused) {
      found.missed.push({ url: masked, reason: `not allowed (${refused})` });
      continue;
    }
    try {
      await between();
      const { bytes, type } = await fetchDocument(url, RULES);
      size += bytes.length;
      if (size > MAX_CAPTURE_BYTES - 15_000_000) throw new Error("too-large");
      addDocument(found, files, { url, bytes, type, by: "rule" }, page.hidden);
    } catch (error) {
      const reason = error instanceof Refused ? `not allowed (${error.message})` : error instanceof TypeError ? "redirected or unreachable" : String(error.message);
      found.missed.push({ url: masked, reason: reason.slice(0, 300) });
    }
  }
  return { found, files };
}
