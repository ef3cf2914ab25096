// The only place that asks for anything over the network: documents that rules allow, and the paired desk.

import { mayFetch, refusal } from "./rules.js";

export const MAX_DOCUMENT_BYTES = 20 * 1024 * 1024;
const DOCUMENT_TIMEOUT_MS = 30_000;
const DESK_TIMEOUT_MS = 90_000;

export class Refused extends Error {}

/**
 * Every request of the extension. `desk` is the desk's origin: only its `/companion/` paths may be asked for. Without it
 * the address must be a declared document of `platforms`; it is read by GET, with the person's session, and no redirect
 * is followed, since nobody could judge where it leads.
 */
export async function request(url, { platforms = [], desk = "", method = "GET", headers = {}, body } = {}) {
  if (desk) {
    const asked = new URL(url);
    if (asked.origin !== desk || !/^\/companion\/[\w/-]+$/.test(asked.pathname) || asked.search) throw new Refused("desk");
    const timeout = AbortSignal.timeout(DESK_TIMEOUT_MS);
    return fetch(url, { method, headers, body, credentials: "omit", redirect: "error", cache: "no-store", signal: timeout });
  }
  if (!mayFetch(url, platforms)) throw new Refused(refusal(url, platforms) || "undeclared");
  const timeout = AbortSignal.timeout(DOCUMENT_TIMEOUT_MS);
  return fetch(url, { method: "GET", credentials: "include", redirect: "error", cache: "no-store", signal: timeout });
}

/** A document by its rule: `{bytes, type}`. Errors: Refused, "too-large", "status", "sign-in" (HTML instead of a document). */
export async function fetchDocument(url, platforms) {
  const answer = await request(url, { platforms });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const type = (answer.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  const parts = [];
  let size = 0;
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_DOCUMENT_BYTES) {
      await reader.cancel();
      throw new Error("too-large");
    }
    parts.push(value);
  }
  return { bytes: new Uint8Array(await new Blob(parts).arrayBuffer()), type };
}

/**
 * Runs in a tab that shows a file: its bytes as the browser keeps them, as base64. `only-if-cached` never reaches the
 * network, so that nothing is asked for twice.
 */
export async function readFromCache(most) {
  try {
    const answer = await fetch(location.href, { cache: "only-if-cached", mode: "same-origin" });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (!answer.ok || bytes.length > most) return { error: answer.ok ? "too-large" : "not-kept" };
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return { base64: btoa(text), type: document.contentType, url: location.href };
  } catch {
    return { error: "not-kept" };
  }
}
