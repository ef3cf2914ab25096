// Captures that wait for the desk, durably in IndexedDB: a service worker may be stopped at any moment.

const NAME = "companion";
export const MAX_CAPTURES = 500;
export const MAX_BYTES = 1024 * 1024 * 1024;
const MAX_HISTORY = 60;

export class QueueFull extends Error {}

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("captures", { keyPath: "id" }); // what is said of each
      asked.result.createObjectStore("files"); // its files, by its id
      asked.result.createObjectStore("history", { keyPath: "id" }); // what became of the newest
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/** Run work on stores in one transaction, which is on the disk when this resolves. */
async function transact(stores, mode, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(stores, mode, { durability: "strict" });
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
    Promise.resolve(work((name) => transaction.objectStore(name))).then(
      (value) => (result = value),
      (error) => {
        reject(error);
        transaction.abort();
      },
    );
  });
}

const done = (asked) =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

/** Add a capture with its files. QueueFull where there is no room. */
export async function add(capture, files) {
  const bytes = Object.values(files).reduce((sum, each) => sum + each.size, 0);
  await transact(["captures", "files"], "readwrite", async (store) => {
    const waiting = await done(store("captures").getAll());
    if (waiting.length >= MAX_CAPTURES || waiting.reduce((sum, each) => sum + each.bytes, bytes) > MAX_BYTES) throw new QueueFull();
    store("captures").put({ ...capture, bytes });
    store("files").put(files, capture.id);
  });
}

/** Change what is said of a capture; nothing if it is gone. `files` are added to its files. */
export const update = (id, change, files = {}) =>
  transact(["captures", "files"], "readwrite", async (store) => {
    const capture = await done(store("captures").get(id));
    if (!capture) return undefined;
    const kept = { ...(await done(store("files").get(id))), ...files };
    const changed = { ...capture, ...(typeof change === "function" ? change(capture) : change) };
    changed.bytes = Object.values(kept).reduce((sum, each) => sum + each.size, 0);
    store("captures").put(changed);
    if (Object.keys(files).length) store("files").put(kept, id);
    return changed;
  });

/** All captures that wait, the oldest first, without their files. */
export const waiting = async () =>
  (await transact(["captures"], "readonly", (store) => done(store("captures").getAll()))).sort((a, b) => (a.about.at < b.about.at ? -1 : 1));

export const filesOf = (id) => transact(["files"], "readonly", (store) => done(store("files").get(id)));

/** The capture is at the desk, or the person gave it up: remember what became of it, and forget the rest. */
export const finish = (id, result) =>
  transact(["captures", "files", "history"], "readwrite", async (store) => {
    store("captures").delete(id);
    store("files").delete(id);
    if (result) store("history").put({ ...result, id });
    const all = await done(store("history").getAll());
    all.sort((a, b) => b.when - a.when).slice(MAX_HISTORY).forEach((each) => store("history").delete(each.id));
  });

export const history = async () =>
  (await transact(["history"], "readonly", (store) => done(store("history").getAll()))).sort((a, b) => b.when - a.when);
