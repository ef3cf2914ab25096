// What makes the desk livelier. Every form works without it.
"use strict";

const zone = document.querySelector("[data-drop]");
if (zone) {
  const form = zone.closest("form");
  const field = form.querySelector("input[type=file]");
  const take = (files) => {
    if (!files || !files.length) return;
    const carried = new DataTransfer();
    carried.items.add(files[0]);
    field.files = carried.files;
    form.requestSubmit();
  };
  let inside = 0;
  addEventListener("dragenter", (event) => { event.preventDefault(); inside += 1; zone.classList.add("over"); });
  addEventListener("dragleave", () => { inside -= 1; if (inside <= 0) zone.classList.remove("over"); });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    zone.classList.remove("over");
    take(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); take(event.clipboardData.files); }
  });
}

// A form is sent once; what takes longer says so.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    const note = document.querySelector("#working");
    setTimeout(() => { if (note) { note.hidden = false; note.textContent = note.dataset.text; } }, 300);
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  const note = document.querySelector("#working");
  if (note) { note.hidden = true; note.textContent = ""; }
});

// Parts of a page that come later, or again and again.
const load = async (part) => {
  const answer = await fetch(part.dataset.part, { credentials: "same-origin", headers: { accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  part.replaceChildren(...parsed.body.childNodes);
  const every = part.querySelector("[data-again]");
  if (every) setTimeout(() => load(part), Number(every.dataset.again));
};
for (const part of document.querySelectorAll("[data-part]")) load(part);

// Where a list chooses, choosing is enough.
for (const list of document.querySelectorAll("select[data-go]")) list.addEventListener("change", () => list.form.requestSubmit());
