// "Archive this list": goes through a person's own list page by page, by its own next link, as the person would.

import { PLATFORMS } from "../platforms.js";
import { readList } from "./page.js";
import { mayOpen, platformOf } from "./rules.js";

const MAX_PAGES = 500;
const LOAD_TIMEOUT_MS = 20_000;
const BETWEEN_MS = 1000;

/** `{state: "" | "running" | "paused" | "done" | "stopped", tabId, url, pages, rows, captures, why}` */
export const listState = async () => (await chrome.storage.session.get("list")).list ?? { state: "" };

const change = async (more) => {
  const list = { ...(await listState()), ...more };
  await chrome.storage.session.set({ list });
  return list;
};

/** Whether "archive this list" makes sense on a page. */
export const isList = (url) => mayOpen(url.split("#")[0], PLATFORMS.platforms);

export async function startList(tab) {
  const list = await listState();
  if (list.state === "paused" && list.tabId === tab.id) await change({ state: "running", why: "" });
  else if (!isList(tab.url)) throw new Error("no-list");
  else await change({ state: "running", tabId: tab.id, visited: [], leadsTo: "", pages: 0, rows: 0, captures: 0, why: "" });
}

export const pauseList = () => change({ state: "paused" });
export const stopList = () => change({ state: "stopped" });

let working;

/** Go on with the list, if one is under way; a stopped service worker goes on at the next alarm. */
export const workOnList = (archive) => (working ??= work(archive).finally(() => (working = undefined)));

async function work(archive) {
  for (let list = await listState(); list.state === "running"; list = await listState()) {
    const tab = await loaded(list.tabId, list.leadsTo);
    if (!tab?.url || !isList(tab.url)) return change({ state: "paused", why: "left" });
    const platform = platformOf(tab.url, PLATFORMS.platforms);
    const [{ result }] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: readList, args: [platform.row, platform.next] });
    if (result.url !== tab.url) continue; // it moved on meanwhile
    if (!list.visited.includes(tab.url)) {
      try {
        await archive(await chrome.tabs.get(tab.id), "listed");
      } catch (error) {
        return change({ state: "paused", why: error.message });
      }
      const now = await listState();
      await change({ visited: [...list.visited, tab.url], pages: list.pages + 1, rows: list.rows + result.rows, captures: list.captures + 1 });
      if (now.state !== "running") return undefined;
    }
    if (!result.next || list.pages + 1 >= MAX_PAGES) return change({ state: "done" });
    if (!mayOpen(result.next.split("#")[0], PLATFORMS.platforms)) return change({ state: "stopped", why: "next-refused" });
    if ((await listState()).visited.includes(result.next)) return change({ state: "done" });
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    if ((await listState()).state !== "running") return undefined;
    await change({ leadsTo: result.next });
    await chrome.tabs.update(tab.id, { url: result.next });
  }
  return undefined;
}

/** The tab once it has loaded, at the address that it was led to; as it is after a while; undefined if it was closed. */
async function loaded(tabId, address) {
  for (let waited = 0; ; waited += 100) {
    const tab = await chrome.tabs.get(tabId).catch(() => undefined);
    const there = tab?.status === "complete" && (!address || tab.url === address);
    if (!tab || there || waited > LOAD_TIMEOUT_MS) return tab;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
