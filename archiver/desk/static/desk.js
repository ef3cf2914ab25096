// What makes the desk livelier. Every form works without it.
"use strict";

// One door for everything that arrives: drop or paste on any page. A page's own zone takes a single file.
const zone = document.querySelector("[data-drop]");
const door = document.querySelector("#door");
const landing = document.querySelector("#landing");
const own = zone && zone.closest("form");
const tooLarge = (files) => {
  const note = document.querySelector("#too-large");
  if (!note) return false;
  note.hidden = [...files].reduce((sum, file) => sum + file.size, 0) < Number(note.dataset.bytes) - 65536;
  return !note.hidden;
};
const take = (files) => {
  if (!files || !files.length || tooLarge(files)) return;
  const form = own && (files.length === 1 || !door) ? own : door;
  if (!form) return;
  const carried = new DataTransfer();
  for (const file of form === own ? [files[0]] : files) carried.items.add(file);
  form.querySelector("input[type=file]").files = carried.files;
  form.requestSubmit();
};
if (own || door) {
  let inside = 0;
  const over = (on) => { if (own) zone.classList.toggle("over", on); else landing.hidden = !on; };
  const carries = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  addEventListener("dragenter", (event) => { if (!carries(event)) return; event.preventDefault(); inside += 1; over(true); });
  addEventListener("dragleave", () => { inside -= 1; if (inside <= 0) over(false); });
  addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
  addEventListener("drop", (event) => {
    inside = 0;
    over(false);
    if (!carries(event) || event.target.closest("input[type=file]")) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData.files.length) { event.preventDefault(); take(event.clipboardData.files); }
  });
}
for (const form of document.querySelectorAll("form[enctype]")) {
  form.addEventListener("submit", (event) => {
    const files = [...form.querySelectorAll("input[type=file]")].flatMap((field) => [...field.files]);
    if (tooLarge(files)) { event.preventDefault(); event.stopImmediatePropagation(); }
  });
}

// A form is sent once; what takes longer says so.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    const note = document.querySelector("#working");
    setTimeout(() => { if (note) { note.hidden = false; note.textContent = note.dataset.text; } }, 300);
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  const note = document.querySelector("#working");
  if (note) { note.hidden = true; note.textContent = ""; }
});

// Parts of a page that come later.
const show = (part, text) => {
  const parsed = new DOMParser().parseFromString(text, "text/html");
  part.replaceChildren(...parsed.body.childNodes);
};
const load = async (part) => {
  const answer = await fetch(part.dataset.part, { credentials: "same-origin", headers: { accept: "text/html" } });
  if (answer.ok && !answer.redirected) show(part, await answer.text());
};
for (const part of document.querySelectorAll("[data-part]")) load(part);

// Long work tells each of its steps; at its end the page shows the result, unless somebody is writing on it.
for (const part of document.querySelectorAll("[data-events]")) {
  const steps = new EventSource(part.dataset.events);
  steps.addEventListener("progress", (event) => show(part, JSON.parse(event.data)));
  steps.addEventListener("end", (event) => {
    steps.close();
    show(part, JSON.parse(event.data));
    if (!document.activeElement.matches("input, select, textarea")) location.replace(location.href);
  });
}

// Where a list chooses, choosing is enough.
for (const link of document.querySelectorAll("[data-back]")) link.addEventListener("click", (event) => {
  event.preventDefault();
  history.back(); // which keeps what was typed
});
for (const list of document.querySelectorAll("select[data-go]")) list.addEventListener("change", () => list.form.requestSubmit());

// Commands for a terminal.
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });
}

// Passkeys: the browser asks for the finger, the face or the PIN, and signs; the desk gets the signature.
for (const form of document.querySelectorAll("[data-passkey]")) {
  const kind = form.dataset.passkey;
  const read = window.PublicKeyCredential
    && (kind === "create" ? PublicKeyCredential.parseCreationOptionsFromJSON : PublicKeyCredential.parseRequestOptionsFromJSON);
  if (!read) continue;
  form.hidden = false;
  form.querySelector("[type=button]").addEventListener("click", async () => {
    if (!form.reportValidity()) return;
    const note = form.querySelector("[role=alert]");
    note.hidden = true;
    try {
      const publicKey = read.call(PublicKeyCredential, JSON.parse(form.dataset.options));
      const made = await navigator.credentials[kind]({ publicKey });
      form.querySelector("[name=credential]").value = JSON.stringify(made.toJSON());
      form.requestSubmit();
    } catch {
      note.hidden = false;
    }
  });
}
