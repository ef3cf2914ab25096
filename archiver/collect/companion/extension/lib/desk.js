// Talks to the desk: pairing, clients, and the captures that wait, the oldest first.

import { filesOf, finish, update, waiting } from "./queue.js";
import { request } from "./request.js";

const POLL_MS = 30_000; // between questions for a capture that the desk stored, but has not filed

/** `{origin, token, person, agency, clients}`, or undefined before pairing. */
export const pairing = async () => (await chrome.storage.local.get("desk")).desk;

/** Why the desk takes nothing now: "", "unreachable", "token" (pair again), "full", "no-access". */
export const trouble = async () => (await chrome.storage.local.get("trouble")).trouble ?? "";

const setTrouble = (trouble) => chrome.storage.local.set({ trouble });

/** The desk's origin as a person writes its address; throws for anything but https, or http on this machine. */
export function deskOrigin(address) {
  const parsed = new URL(/^https?:\/\//.test(address) ? address : `https://${address}`);
  const here = parsed.hostname === "127.0.0.1" || parsed.hostname === "localhost";
  if (parsed.protocol !== "https:" && !here) throw new Error("insecure");
  return parsed.origin;
}

/** The match pattern of an origin: ports are no part of it. */
export const accessTo = (origin) => `${new URL(origin).protocol}//${new URL(origin).hostname}/*`;

export function browserName() {
  const agent = navigator.userAgent;
  const found = /(Edg|OPR|Firefox|Chrome)\/(\d+)/.exec(agent.replace(/Chrome\/\d+(.*)(Edg|OPR)/, "$1$2"));
  const name = { Edg: "Edge", OPR: "Opera", Chrome: "Chromium" }[found?.[1]] ?? found?.[1] ?? "a browser";
  const system = /Windows|Mac OS X|Android|Linux/.exec(agent)?.[0] ?? "";
  return `${name} ${found?.[2] ?? ""} ${system}`.trim();
}

/** Pair with a code; throws an Error with the desk's words, or "unreachable". */
export async function pair(address, code, version) {
  const origin = deskOrigin(address);
  if (!(await chrome.permissions.contains({ origins: [accessTo(origin)] }))) throw new Error("no-access");
  const body = JSON.stringify({ code, browser: browserName(), extension: version });
  const answer = await request(`${origin}/companion/pairing`, { desk: origin, method: "POST", body }).catch(() => {
    throw new Error("unreachable");
  });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.message ?? `status ${answer.status}`);
  const { token, person, agency, clients } = said;
  await chrome.storage.local.set({ desk: { origin, token, person, agency, clients }, trouble: "" });
}

async function ask(path, options = {}) {
  const desk = await pairing();
  if (!desk) throw new Error("token");
  let answer;
  try {
    answer = await request(desk.origin + path, { ...options, desk: desk.origin, headers: { ...options.headers, authorization: `Bearer ${desk.token}` } });
  } catch {
    throw new Error((await chrome.permissions.contains({ origins: [accessTo(desk.origin)] })) ? "unreachable" : "no-access");
  }
  const said = await answer.json().catch(() => ({ message: `status ${answer.status}` }));
  if (answer.status === 401 || answer.status === 403) throw new Error("token");
  return { status: answer.status, said };
}

/** Ask for the names of clients and jobs again. */
export async function refreshClients() {
  const { status, said } = await ask("/companion/clients");
  const desk = await pairing();
  if (status === 200 && desk) await chrome.storage.local.set({ desk: { ...desk, clients: said.clients, agency: said.agency }, trouble: "" });
}

/** Make another client the capture's. */
export async function changeClient(id, client) {
  const { status, said } = await ask(`/companion/captures/${id}/client`, { method: "POST", body: JSON.stringify({ client }) });
  if (status !== 200 && status !== 202) throw new Error(said.message);
  return said;
}

let sending;

/** Send everything that is ready, the oldest first. One at a time, whoever asks. */
export const sendAll = () => (sending ??= sendReady().finally(() => (sending = undefined)));

async function sendReady() {
  try {
    for (;;) {
      const ready = (await waiting()).filter((each) => each.state === "ready");
      if (!ready.length) break;
      await sendOne(ready[0]);
    }
    const stored = (await waiting()).filter((each) => each.state === "stored" && Date.now() - (each.asked ?? 0) > POLL_MS / 2);
    for (const each of stored) await poll(each);
    if (await trouble()) await setTrouble("");
  } catch (error) {
    await setTrouble(["token", "full", "no-access"].includes(error.message) ? error.message : "unreachable");
  }
}

async function sendOne(capture) {
  const form = new FormData();
  form.append("about.json", new Blob([JSON.stringify(capture.about)], { type: "application/json" }), "about.json");
  for (const [name, file] of Object.entries((await filesOf(capture.id)) ?? {})) form.append(name, file, name);
  const { status, said } = await ask("/companion/captures", { method: "POST", body: form });
  if (status === 200) await filed(capture, said);
  else if (status === 202) await update(capture.id, { state: "stored", asked: Date.now(), why: said.message }); // durably at the desk
  else if (status === 429 || status >= 500) throw new Error(status === 507 ? "full" : "unreachable");
  else await update(capture.id, { state: "failed", why: String(said.message).slice(0, 300) });
}

async function poll(capture) {
  const { status, said } = await ask(`/companion/captures/${capture.id}`);
  if (status === 200) await filed(capture, said);
  else await update(capture.id, { asked: Date.now() });
}

const filed = (capture, said) =>
  finish(capture.id, {
    when: Date.now(), outcome: said.outcome, client: said.client, clientName: said.client_name, licences: said.licences.slice(0, 20),
    message: said.message, title: capture.about.page.title || capture.about.page.url, missed: capture.about.missed,
    took: Date.now() - (capture.completed ?? Date.parse(capture.about.at)),
  });
