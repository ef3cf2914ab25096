// The extension's events: downloads on watched sites, "archive this", the window's wishes, and sending.

import { EXTENSION, captureDocuments, capturePage } from "./lib/capture.js";
import { accessTo, changeClient, pair, pairing, refreshClients, sendAll, trouble } from "./lib/desk.js";
import { describe, tabOf } from "./lib/download.js";
import { listState, pauseList, startList, stopList, workOnList } from "./lib/list.js";
import { secretsOfUrls } from "./lib/mask.js";
import { QueueFull, add, finish, history, update, waiting } from "./lib/queue.js";
import { hostOf } from "./lib/rules.js";

const ALARM = "send";
const STALE_MS = 60_000; // a capture that is still being made after this was interrupted

// ---------------------------------------------------------------- watched sites, and for whom

const watches = async (url) => /^https:/.test(url ?? "") && chrome.permissions.contains({ origins: [`${new URL(url).origin.replace(/:\d+$/, "")}/*`] });

async function choiceFor(host) {
  const { choices = {} } = await chrome.storage.local.get("choices");
  return choices[host] ?? { client: "", job: "" };
}

// ---------------------------------------------------------------- captures

/** Capture a tab and put it into the queue: `how` is downloaded, marked or listed. Returns the capture's id. */
export async function archive(tab, how, download) {
  const choice = await choiceFor(hostOf(tab.url ?? ""));
  let made;
  try {
    made = await capturePage(tab, how, choice);
  } catch (error) {
    if (!download) throw new Error("no-page");
    made = { files: {}, page: { url: tab.url, links: [], hidden: [] }, about: bareAbout(tab, how, choice, error) };
  }
  const { about, files, page } = made;
  if (download) page.hidden = [...page.hidden, ...secretsOfUrls([download.url, download.finalUrl, download.referrer])];
  about.download = download ? describe(download, page.hidden) : null;
  const capture = { id: about.id, state: "collecting", since: Date.now(), about, downloadId: download?.id, secrets: download ? page.hidden.slice(0, 200) : [] };
  try {
    await add(capture, files);
  } catch (error) {
    await chrome.storage.local.set({ full: error instanceof QueueFull ? "full" : String(error) });
    await show();
    throw error;
  }
  await chrome.storage.local.set({ full: "" });
  await show();
  const { found, files: documents } = await captureDocuments(page, about, how === "listed", how === "listed" ? pace : undefined);
  await update(about.id, (each) => ({ state: download ? "downloading" : "ready", completed: Date.now(), about: { ...each.about, ...found } }), documents);
  await settle();
  return about.id;
}

const pace = () => new Promise((resolve) => setTimeout(resolve, 300));

function bareAbout(tab, how, choice, error) {
  return {
    format: 1, id: crypto.randomUUID().replaceAll("-", ""), how, at: new Date().toISOString(), ...choice, platform: "", asset: "",
    page: { url: "", title: "", referrer: "", remarks: [`no-page: ${String(error.message).slice(0, 200)}`] }, download: null, documents: [], missed: [], extension: EXTENSION,
  };
}

/** What waits for a download, or was interrupted, becomes ready; then everything ready is sent. */
async function settle() {
  for (const each of await waiting()) {
    if (each.state === "collecting" && Date.now() - each.since > STALE_MS) {
      const missed = [...each.about.missed, { url: each.about.page.url, reason: "the browser was closed meanwhile" }];
      await update(each.id, { state: each.downloadId === undefined ? "ready" : "downloading", about: { ...each.about, missed } });
    }
    if (each.state === "downloading") {
      const [item] = await chrome.downloads.search({ id: each.downloadId });
      if (item?.state === "in_progress") continue;
      const said = item ? describe(item, each.secrets) : { ...each.about.download, state: "interrupted" };
      await update(each.id, (now) => ({ state: "ready", completed: Date.now(), secrets: [], about: { ...now.about, download: said } }));
    }
  }
  await sendAll();
  await show();
}

chrome.downloads.onCreated.addListener(async (item) => {
  if (item.incognito || !(await pairing())) return;
  const tabs = [];
  for (const tab of await chrome.tabs.query({})) if (tab.url && (await watches(tab.url))) tabs.push(tab);
  const tab = tabOf(item, tabs);
  if (tab) await archive(tab, "downloaded", item).catch(() => show());
});

chrome.downloads.onChanged.addListener(async (change) => {
  if (change.state && change.state.current !== "in_progress") await settle();
});

chrome.commands.onCommand.addListener(async (command, tab) => {
  if (command === "archive-this" && tab && (await pairing())) await archiveThis(tab);
});

async function archiveThis(tab) {
  try {
    await archive(tab, "marked");
    await chrome.storage.session.set({ note: "" });
  } catch (error) {
    await chrome.storage.session.set({ note: error.message });
    await show();
    throw error;
  }
}

// ---------------------------------------------------------------- what the icon says

async function show() {
  const [desk, why, all, { full }] = await Promise.all([pairing(), trouble(), waiting(), chrome.storage.local.get("full")]);
  const failed = all.some((each) => each.state === "failed") || why || full;
  const icon = !desk ? "idle" : failed ? "alarm" : "ready";
  await chrome.action.setIcon({ path: { 16: `icons/${icon}-16.png`, 32: `icons/${icon}-32.png` } });
  await chrome.action.setBadgeText({ text: failed && desk ? "!" : all.length ? String(all.length) : "" });
  await chrome.action.setBadgeBackgroundColor({ color: failed ? "#b43c0a" : "#0b5ea3" });
  if (all.length || (await listState()).state === "running") await chrome.alarms.create(ALARM, { periodInMinutes: 0.5 });
  else await chrome.alarms.clear(ALARM);
}

chrome.alarms.onAlarm.addListener(async () => {
  await settle();
  await workOnList(archive);
});
chrome.runtime.onStartup.addListener(settle);
chrome.runtime.onInstalled.addListener(settle);

// Access that was granted while the window was closed by the question for it.
chrome.permissions.onAdded.addListener(async () => {
  const { pending } = await chrome.storage.session.get("pending");
  if (pending) await pairNow(pending.address, pending.code).catch(() => {});
  await show();
});

async function pairNow(address, code) {
  await chrome.storage.session.remove("pending");
  try {
    await pair(address, code, EXTENSION);
    await chrome.storage.session.set({ note: "" });
  } catch (error) {
    await chrome.storage.session.set({ note: error.message });
    throw error;
  } finally {
    await show();
  }
  await settle();
}

// ---------------------------------------------------------------- the window's wishes

const WISHES = {
  async state({ tabId }) {
    const tab = tabId === undefined ? undefined : await chrome.tabs.get(tabId).catch(() => undefined);
    const { note = "" } = await chrome.storage.session.get("note");
    const { full = "" } = await chrome.storage.local.get("full");
    const desk = await pairing();
    const host = hostOf(tab?.url ?? "");
    return {
      desk: desk && { origin: desk.origin, person: desk.person, agency: desk.agency, clients: desk.clients }, trouble: await trouble(), full, note, host,
      watched: Boolean(tab?.url) && (await watches(tab.url)), choice: await choiceFor(host), waiting: (await waiting()).map(({ secrets: _, ...each }) => each),
      history: await history(), list: await listState(),
    };
  },
  pair: ({ address, code }) => pairNow(address, code),
  async unpair() {
    const desk = await pairing();
    await chrome.storage.local.remove(["desk", "trouble"]);
    if (desk) await chrome.permissions.remove({ origins: [accessTo(desk.origin)] }).catch(() => {});
    await show();
  },
  refresh: refreshClients,
  async archive({ tabId }) {
    await archiveThis(await chrome.tabs.get(tabId));
  },
  async choose({ host, client, job }) {
    const { choices = {} } = await chrome.storage.local.get("choices");
    await chrome.storage.local.set({ choices: { ...choices, [host]: { client, job } } });
  },
  async change({ id, client }) {
    if ((await waiting()).some((each) => each.id === id && each.state !== "stored")) {
      await update(id, (each) => ({ about: { ...each.about, client } }));
      return;
    }
    const said = await changeClient(id, client);
    const known = (await history()).find((each) => each.id === id);
    if (known && said.state === "filed") await finish(id, { ...known, client: said.client, clientName: said.client_name, licences: said.licences });
  },
  async retry({ id }) {
    await update(id, { state: "ready", why: "" });
    await settle();
  },
  remove: ({ id }) => finish(id).then(show),
  send: settle,
  async list({ tabId, act }) {
    if (act === "start") await startList(await chrome.tabs.get(tabId));
    else if (act === "pause") await pauseList();
    else await stopList();
    await show();
    void workOnList(archive);
  },
};

chrome.runtime.onMessage.addListener((message, sender, answer) => {
  // Only the extension's own pages may ask: no page, no other extension.
  const own = sender.id === chrome.runtime.id && sender.url?.startsWith(chrome.runtime.getURL(""));
  const wish = own && Object.hasOwn(WISHES, message?.wish) ? WISHES[message.wish] : undefined;
  if (!wish) return false;
  Promise.resolve()
    .then(() => wish(message))
    .then((value) => answer({ value }), (error) => answer({ error: String(error.message) }));
  return true;
});

chrome.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });
void settle(); // what an earlier service worker left
