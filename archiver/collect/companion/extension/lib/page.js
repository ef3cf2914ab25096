// Functions that run in a page, in the extension's own world: what the page shows, and scrolling for pictures.

/** What a page shows, with the secrets that are to be taken out of it; they never leave the browser. */
export function collectPage(maxHtml, maxText, maxLinks) {
  // A page may name its elements so that `document.body` is one of them; the getters themselves cannot be taken over.
  const of = (name) => Object.getOwnPropertyDescriptor(Document.prototype, name).get.call(document);
  const root = of("documentElement");
  const remarks = [];
  const copy = root.cloneNode(true);
  copy.querySelectorAll("script, noscript, template").forEach((each) => each.remove());
  copy.querySelectorAll("input").forEach((each) => /^(hidden|password)$/i.test(each.getAttribute("type") ?? "") && each.removeAttribute("value"));
  const comments = of("implementation").createHTMLDocument("").createNodeIterator(copy, NodeFilter.SHOW_COMMENT);
  for (let each = comments.nextNode(); each; each = comments.nextNode()) each.remove();
  copy.querySelectorAll("*").forEach((each) => [...each.attributes].forEach((one) => /^on/i.test(one.name) && each.removeAttribute(one.name)));
  let html = `<!doctype html>\n${copy.outerHTML}`;
  if (html.length > maxHtml) {
    html = html.slice(0, maxHtml);
    remarks.push("html-cut");
  }
  let text = String(of("body")?.innerText ?? "");
  if (text.length > maxText) {
    text = text.slice(0, maxText);
    remarks.push("text-cut");
  }
  const stored = [];
  for (const each of ["localStorage", "sessionStorage"])
    try {
      const storage = window[each];
      for (let at = 0; at < Math.min(storage.length, 500); at += 1) stored.push([storage.key(at), String(storage.getItem(storage.key(at)))]);
    } catch {
      // a page without an origin of its own has none
    }
  const fields = [...root.querySelectorAll("input, meta")].slice(0, 5000)
    .map((each) => [`${each.getAttribute("name") ?? ""} ${each.id} ${each.getAttribute("type") ?? ""}`.replace(/hidden|password/i, "secret"), each.value || each.getAttribute("content") || ""])
    .filter(([, value]) => typeof value === "string" && value.length >= 8 && value.length <= 8192);
  let cookies = "";
  try {
    cookies = of("cookie");
  } catch {
    // not allowed in a sandbox
  }
  const links = [...root.querySelectorAll("a[href]")].slice(0, maxLinks).map((each) => {
    const written = each.getAttribute("href");
    return /\.\.|%2e|\\/i.test(written) && /^https:/i.test(written) ? written : each.href; // a disguise stays visible
  }).filter((each) => typeof each === "string");
  return {
    url: location.href, title: String(of("title")).slice(0, 300), referrer: of("referrer"), type: of("contentType"), html, text, links, remarks,
    secrets: { cookies, stored, fields },
    size: { height: root.scrollHeight, view: innerHeight, at: scrollY },
  };
}

/** Scroll so that a part of the page can be seen, and wait until it is drawn. */
export function scrollTo(top) {
  window.scrollTo({ top, behavior: "instant" });
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(scrollY))));
}

/** The rows of a list, and the page's own link to the next one. */
export function readList(row, next) {
  const link = next ? document.querySelector(next) : null;
  return { url: location.href, rows: row ? Math.min(document.querySelectorAll(row).length, 2000) : 0, next: link instanceof HTMLAnchorElement ? link.href : "" };
}
