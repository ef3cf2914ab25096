// Which page a download came from, and what the browser says of it. Pure.

import { maskDownloadUrl, maskUrl } from "./mask.js";

const originOf = (url) => {
  try {
    return new URL(url).origin; // of blob: addresses, too
  } catch {
    return "null";
  }
};

/**
 * The tab that a download came from, among those of watched sites, or undefined. `tabs` have `url`, `active`,
 * `lastAccessed`.
 */
export function tabOf(item, tabs) {
  const newest = [...tabs].sort((a, b) => Number(b.active) - Number(a.active) || (b.lastAccessed ?? 0) - (a.lastAccessed ?? 0));
  const bare = (url) => url.replace(/#.*$/, "");
  const origins = [item.referrer, item.url, item.finalUrl].map(originOf).filter((each) => each !== "null");
  return (
    newest.find((tab) => item.referrer && bare(tab.url) === bare(item.referrer)) ??
    newest.find((tab) => origins.includes(originOf(tab.url)))
  );
}

/** What the browser says of a download, without secrets and without the folder that it lies in. */
export function describe(item, secrets) {
  const name = String(item.filename ?? "").split(/[/\\]/).pop() || decodeURIComponent(originOf(item.url) === "null" ? "" : new URL(item.url).pathname.split("/").pop().replace(/%(?![0-9a-f]{2})/gi, "%25"));
  return {
    name: maskUrl(name, secrets).slice(0, 300), bytes: Number.isSafeInteger(item.fileSize) ? item.fileSize : -1, media_type: String(item.mime ?? "").slice(0, 300),
    url: maskDownloadUrl(item.url, secrets).slice(0, 4000), final_url: maskDownloadUrl(item.finalUrl ?? "", secrets).slice(0, 4000),
    referrer: maskUrl(item.referrer ?? "", secrets).slice(0, 4000), began: String(item.startTime ?? ""), ended: String(item.endTime ?? ""),
    state: item.state,
  };
}
