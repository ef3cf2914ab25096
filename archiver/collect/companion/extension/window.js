// The small window: pairing, for whom, what was secured, what waits, and what failed and why.

import { accessTo, deskOrigin } from "./lib/desk.js";
import { isList } from "./lib/list.js";

const REFRESH_MS = 1000; // while the window is open
const $ = (id) => document.getElementById(id);
const say = (key, ...parts) => chrome.i18n.getMessage(key, parts.map(String)) || key;
const words = (text) => chrome.i18n.getMessage(`why_${String(text).replace(/\W/g, "_")}`) || text;

for (const each of document.querySelectorAll("[data-i18n]")) each.textContent = say(each.dataset.i18n);
document.documentElement.lang = chrome.i18n.getUILanguage();

async function ask(wish, more = {}) {
  const answer = await chrome.runtime.sendMessage({ wish, ...more });
  if (answer?.error) throw new Error(answer.error);
  return answer?.value;
}

const asked = new URLSearchParams(location.search).get("tab"); // the window as a page of its own
const tab = asked ? await chrome.tabs.get(Number(asked)) : (await chrome.tabs.query({ active: true, currentWindow: true }))[0];
let state;

function note(text) {
  $("note").hidden = !text;
  $("note").textContent = text ? words(text) : "";
}

const doing = (work) => async (event) => {
  event.preventDefault();
  try {
    note("");
    await work(event);
  } catch (error) {
    note(error.message);
  }
  await show();
};

const item = (text, className = "") => Object.assign(document.createElement("li"), { textContent: text, className });

function line(parent, text, className = "small") {
  parent.append(Object.assign(document.createElement("div"), { textContent: text, className }));
}

function button(parent, text, work) {
  const made = Object.assign(document.createElement("button"), { textContent: text, className: "quiet" });
  made.addEventListener("click", doing(work));
  parent.append(" ", made);
}

function clients(select, chosen) {
  const options = [["", say("house")], ...state.desk.clients.filter((each) => each.slug !== "house").map((each) => [each.slug, each.name])];
  const made = options.map(([value, text]) => Object.assign(document.createElement("option"), { value, textContent: text, selected: value === chosen }));
  select.replaceChildren(...made);
}

const time = (when) => new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(when);

function showHistory() {
  const shown = state.history.slice(0, 5).map((each, at) => {
    const good = ["archived", "merged", "known"].includes(each.outcome);
    const row = item(good ? say("secured", each.client === "house" ? say("house") : each.clientName, time(each.when)) : say(`outcome_${each.outcome}`, time(each.when)), good ? "good" : "");
    line(row, each.title);
    for (const one of each.licences.slice(0, 3)) {
      const link = Object.assign(document.createElement("a"), { href: `${state.desk.origin}/licence/${one.licence}`, target: "_blank", rel: "noreferrer", textContent: one.title || one.licence });
      row.append(link, " ");
    }
    if (each.message) line(row, each.message, "small failed");
    if (at === 0) {
      const select = document.createElement("select");
      select.setAttribute("aria-label", say("change_client"));
      clients(select, each.client === "house" ? "" : each.client);
      select.addEventListener("change", doing(() => ask("change", { id: each.id, client: select.value })));
      row.append(select);
    }
    return row;
  });
  $("last").replaceChildren(...(shown.length ? shown : [item(say("nothing_yet"), "small")]));
}

function showWaiting() {
  const all = state.waiting;
  $("waits").hidden = !all.length;
  $("waits-title").textContent = all.length === 1 ? say("waits_one") : say("waits_many", all.length);
  $("waiting").replaceChildren(...all.slice(0, 20).map((each) => {
    const row = item(each.about.page.title || each.about.page.url, each.state === "failed" ? "failed" : "");
    line(row, say(`state_${each.state}`) + (each.why ? `: ${each.why}` : ""));
    if (each.state === "failed") {
      button(row, say("retry"), () => ask("retry", { id: each.id }));
      button(row, say("remove"), () => ask("remove", { id: each.id }));
    }
    return row;
  }));
}

function showList() {
  const list = state.list;
  const here = list.tabId === tab?.id && ["running", "paused", "done", "stopped"].includes(list.state);
  $("list-row").hidden = !(here || (state.watched && tab?.url && isList(tab.url)));
  $("list").textContent = say(here && list.state === "running" ? "pause" : here && list.state === "paused" ? "resume" : "archive_list");
  $("list-stop").hidden = !(here && ["running", "paused"].includes(list.state));
  $("list-text").textContent = here ? say("list_count", list.rows, list.pages) + (list.why ? ` ${words(list.why)}` : "") : "";
}

async function show() {
  state = await ask("state", { tabId: tab?.id });
  $("pairing").hidden = Boolean(state.desk);
  $("paired").hidden = !state.desk;
  if (!state.desk) {
    if (state.note) note(state.note);
    return;
  }
  const why = state.full || state.trouble || state.note;
  if (why) note(why);
  $("here").hidden = !state.host;
  $("host").textContent = state.host;
  $("watch").textContent = say(state.watched ? "unwatch" : "watch");
  $("watch-text").textContent = say(state.watched ? "watched_text" : "unwatched_text");
  if (document.activeElement !== $("client")) clients($("client"), state.choice.client);
  if (document.activeElement !== $("job")) $("job").value = state.choice.job;
  const jobs = state.desk.clients.find((each) => each.slug === $("client").value)?.jobs ?? [];
  $("jobs").replaceChildren(...jobs.map((value) => Object.assign(document.createElement("option"), { value })));
  if (!$("last").contains(document.activeElement)) showHistory();
  showWaiting();
  showList();
  $("who").textContent = say("for_person", state.desk.person, state.desk.agency);
  $("desk").href = state.desk.origin;
}

$("pairing").addEventListener("submit", doing(async () => {
  const [address, code] = [$("pairing").address.value.trim(), $("pairing").code.value.trim()];
  const origin = deskOrigin(address);
  await chrome.storage.session.set({ pending: { address, code } }); // the question for access may close this window
  if (!(await chrome.permissions.request({ origins: [accessTo(origin)] }))) {
    await chrome.storage.session.remove("pending");
    throw new Error("no-access");
  }
  if ((await chrome.storage.session.get("pending")).pending) await ask("pair", { address, code });
}));
$("watch").addEventListener("click", doing(async () => {
  const access = { origins: [accessTo(new URL(tab.url).origin)] };
  if (state.watched) await chrome.permissions.remove(access);
  else if (!(await chrome.permissions.request(access))) throw new Error("no-access");
}));
const choose = doing(() => ask("choose", { host: state.host, client: $("client").value, job: $("job").value.trim() }));
$("client").addEventListener("change", choose);
$("job").addEventListener("change", choose);
$("archive").addEventListener("click", doing(() => ask("archive", { tabId: tab.id })));
$("list").addEventListener("click", doing(() => ask("list", { tabId: tab.id, act: state.list.state === "running" && state.list.tabId === tab.id ? "pause" : "start" })));
$("list-stop").addEventListener("click", doing(() => ask("list", { act: "stop" })));
$("send").addEventListener("click", doing(() => ask("send")));
$("unpair").addEventListener("click", doing(() => ask("unpair")));

const managed = await chrome.storage.managed?.get("deskAddress").catch(() => ({}));
$("pairing").address.value = managed?.deskAddress ?? "http://127.0.0.1:8737";
await show();
if (state.desk) void ask("refresh").then(show, () => show());
setInterval(show, REFRESH_MS);
