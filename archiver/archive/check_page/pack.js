// A pack, checked by the rules of verify.py. `checkPack` is the entrance; its report has the keys of what
// `verify.py --proof DIR --json` prints.

const PACK_FORMAT = 4, ANCHOR_FORMAT = 4; // since which a pack may hold anchors
const PROOFS = "07_integrity";
const TERMS_FOLDERS = { at_purchase: "03_terms_at_purchase", later: "03_terms_captured_later" };
const KINDS = ["licence", "comp", "terms", "receipt", "sighting", "statement", "tombstone"];
const URN = "urn:x-archiver";
const STATES = ["PROVEN", "UNPROVEN", "ERASED", "DAMAGED", "FORKED"]; // from the best to the worst
const NO_DAMAGE = new Set(["dates-apart", "dates-not-checked", "recovered", "remark", "stray", "unfit", "verifier", "withheld"]); // codes of notes
const NEW_TIMESTAMP = "`archiver verify --renew` gets a new one; name an authority that keeps RFC 3161 in archiver.yaml";
const HOW_TO_CHECK = "HOW-TO-CHECK.txt", THIS_PAGE = "CHECK-THIS.html";
const BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/** What computers add to a folder that is looked at or packed. It is passed over, and told. */
const OF_COMPUTERS = new RegExp(
  "(?:^|/)(?:\\.DS_Store|\\._[^/]*|__MACOSX|\\.AppleDouble|\\.Spotlight-V100|\\.Trashes|\\.fseventsd|[Tt]humbs\\.db" +
  "|ehthumbs\\.db|[Dd]esktop\\.ini|\\.directory|@eaDir)(?:/|$)");

const isText = (value) => typeof value === "string";
const get = (map, key) => (map instanceof Map ? map.get(key) : undefined);
const worst = (states) => STATES[Math.max(...states.map((state) => STATES.indexOf(state)))];
const afterColon = (id) => String(id).slice(String(id).lastIndexOf(":") + 1);

// ---------------------------------------------------------------- one OCFL 1.1 object

const CONTENT_DIGESTS = { sha512: /^[0-9a-fA-F]{128}$/, sha256: /^[0-9a-fA-F]{64}$/ };
const MAX_VERSIONS = 1000; // of one object
const INVENTORY_FILES = new Set(["inventory.json", "inventory.json.sha256", "inventory.json.sha512"]);

class Inventory {
  constructor(data) {
    const tree = decoded(data, true);
    must(tree instanceof Map, "the inventory is not a JSON object");
    for (const key of ["id", "type", "digestAlgorithm", "head"]) {
      must(isText(tree.get(key)) && tree.get(key), `the inventory has no ${key}`);
    }
    const spec = /^https:\/\/ocfl\.io\/(1\.[01])\/spec\/#inventory$/.exec(tree.get("type"));
    must(spec, "the inventory is of an unknown type");
    this.id = tree.get("id");
    this.spec = spec[1];
    this.algorithm = tree.get("digestAlgorithm");
    this.contentFolder = tree.has("contentDirectory") ? tree.get("contentDirectory") : "content";
    must(Object.hasOwn(CONTENT_DIGESTS, this.algorithm), `${this.algorithm} is not allowed for content`);
    must(isText(this.contentFolder) && /^(?!\.{1,2}$)[^/]+$/.test(this.contentFolder), "bad contentDirectory");
    const blocks = tree.get("versions");
    must(blocks instanceof Map && blocks.size, "the inventory has no versions");
    must(blocks.size <= MAX_VERSIONS, `the inventory has more than ${MAX_VERSIONS} versions`);
    this.versions = inOrder([...blocks.keys()]);
    must(tree.get("head") === this.versions[this.versions.length - 1], "the inventory's head is not its newest version");
    this.manifest = byPath(tree.get("manifest"), "manifest");
    const digests = [...this.manifest.values()];
    must(digests.every((each) => CONTENT_DIGESTS[this.algorithm].test(each)), "the manifest has a bad digest");
    const places = this.versions.map((version) => `${version}/${this.contentFolder}/`);
    const inside = [...this.manifest.keys()].every((path) => places.some((place) => path.startsWith(place)));
    must(inside, "the manifest names a file outside the content");
    this.states = new Map();
    this.messages = new Map();
    const known = new Set(digests), used = new Set();
    for (const version of this.versions) {
      const block = blocks.get(version);
      must(block instanceof Map, `${version} is not a JSON object`);
      must(isMoment(block.get("created")), `${version} has no valid creation date`);
      const state = byPath(block.get("state"), `state of ${version}`);
      must([...state.values()].every((each) => known.has(each)), `${version} has a digest without content`);
      state.forEach((each) => used.add(each));
      const message = block.has("message") ? block.get("message") : "";
      must(isText(message), `the message of ${version} is not text`);
      const user = block.has("user") ? block.get("user") : new Map([["name", "-"]]);
      must(user instanceof Map && isText(user.get("name")) && user.get("name"), "a user has no name");
      must(!user.has("address") || isText(user.get("address")), "a user's address is not text");
      this.states.set(version, state);
      this.messages.set(version, message);
    }
    must([...known].every((each) => used.has(each)), "the manifest has content that no version uses");
    const fixity = tree.has("fixity") ? tree.get("fixity") : new Map();
    must(fixity instanceof Map, "fixity is not a JSON object");
    this.fixity = new Map();
    for (const [name, block] of fixity) {
      const sums = byPath(block, `${name} fixity`);
      must([...sums.keys()].every((path) => this.manifest.has(path)), "fixity names a file without content");
      must(["sha256", "sha512"].includes(name), `the fixity has ${name} digests, which this page cannot check`);
      this.fixity.set(name, sums);
    }
  }
  get head() {
    return this.versions[this.versions.length - 1];
  }
  /** Logical path -> the content files that hold it. */
  contents(version) {
    if (!this.holders) {
      this.holders = new Map();
      for (const [path, digest] of this.manifest) {
        if (!this.holders.has(digest)) this.holders.set(digest, new Set());
        this.holders.get(digest).add(path);
      }
    }
    return new Map([...this.states.get(version)].map(([path, digest]) => [path, this.holders.get(digest)]));
  }
  /** For each file of the newest version, the first version that holds its bytes. */
  firstVersions() {
    const first = new Map();
    for (const [version, state] of this.states) {
      for (const digest of state.values()) if (!first.has(digest)) first.set(digest, version);
    }
    return new Map([...this.states.get(this.head)].map(([name, digest]) => [name, first.get(digest)]));
  }
}

function isMoment(text) {
  if (!isText(text)) return false;
  const match = /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:([0-5]\d|6[01])(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match || match[1] === "0000") return false;
  const date = new Date(Date.UTC(2000, Number(match[2]) - 1, Number(match[3])));
  date.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return date.getUTCMonth() === Number(match[2]) - 1 && date.getUTCDate() === Number(match[3]);
}

/** Version names `v1, v2, …`, or zero-padded to one width, without a gap. */
function inOrder(names) {
  const known = new Set(names), numbers = names.map((_, index) => String(index + 1));
  const width = Math.max(sorted(names)[0].length - 2, 1);
  must(width < MAX_NAME_PARTS, "the versions are not numbered in sequence");
  for (const order of [numbers.map((n) => `v${n}`), numbers.map((n) => `v0${n.padStart(width, "0")}`)]) {
    if (known.size === order.length && order.every((name) => known.has(name))) return order;
  }
  throw new Malformed("the versions are not numbered in sequence");
}

/** Turn `{digest: [path, …]}` around. */
function byPath(block, what) {
  must(block instanceof Map, `the ${what} is not a JSON object`);
  must(new Set([...block.keys()].map((each) => each.toLowerCase())).size === block.size, `the ${what} has a digest twice`);
  const found = new Map(), folders = new Set();
  for (const [digest, paths] of block) {
    must(Array.isArray(paths) && paths.length, `the ${what} has a digest without files`);
    for (const path of paths) {
      must(isText(path) && isPath(path), `the ${what} has a bad path`);
      const parts = path.split("/");
      must(!found.has(path), `the ${what} has a path twice`);
      found.set(path, digest);
      parts.forEach((_, n) => n && folders.add(parts.slice(0, n).join("/")));
    }
  }
  must([...found.keys()].every((path) => !folders.has(path)), `the ${what} has a path that is both file and folder`);
  return found;
}

/** Validate one OCFL object, in which nothing may lie that has no digest; `withheld` are content files that may be absent. */
class ObjectCheck {
  constructor(files, folder, prefix, withheld) {
    Object.assign(this, { files, folder, prefix, withheld, at: "", findings: [], inventory: null, inventories: new Map() });
  }
  find(code, path, message) {
    this.findings.push({ code, path: (this.prefix + path).replace(/\/+$/, "") || ".", message });
  }
  async run() {
    try {
      await this.check();
    } catch (error) {
      if (error instanceof Malformed) this.find("invalid", this.at, error.message);
      else if (error instanceof Unreadable) this.find(error.missing ? "missing" : "unreadable", this.at, `cannot be read: ${error.message}`);
      else throw error;
    }
    return this;
  }
  read(path) {
    return this.files.content(`${this.folder}/${path}`, MAX_INVENTORY_BYTES);
  }
  kind(path) {
    return this.files.kind(`${this.folder}/${path}`);
  }
  async check() {
    const top = this.files.list(this.folder);
    const declared = await this.declaration(top.filter((name) => name.startsWith("0=")));
    const data = await this.readInventory("");
    const root = (this.inventory = new Inventory(data));
    const valid = await this.sidecar("", data, root.algorithm);
    const inside = this.layout(root, top);
    const sums = new Map([...root.manifest].map(([path, digest]) => [path, [[root.algorithm, digest.toLowerCase()]]]));
    for (const [name, block] of root.fixity) block.forEach((digest, path) => sums.get(path).push([name, digest.toLowerCase()]));
    must(root.spec === declared, "is not of the declared version of OCFL");
    let newest = declared;
    for (const version of [...root.versions].reverse()) {
      if (!(inside.get(version) || []).includes("inventory.json")) {
        this.find("remark", `${version}/inventory.json`, "this version has no inventory of its own");
        for (const name of inside.get(version) || []) {
          if (name !== root.contentFolder && name.startsWith("inventory.json.")) {
            this.find("extra", `${version}/${name}`, "is the digest of an inventory that is not here");
          }
        }
        continue;
      }
      const old = await this.readInventory(`${version}/`);
      this.inventories.set(version, hexOf(await sha512(old)));
      try {
        let parsed = root;
        if (version === root.head) must(!valid || equal(old, data), "is not the same as the object's inventory");
        else {
          parsed = new Inventory(old);
          must(parsed.spec <= newest, "follows a newer version of OCFL than its successor");
          this.predecessor(parsed, root, version, sums);
        }
        newest = parsed.spec;
        await this.sidecar(`${version}/`, old, parsed.algorithm);
        for (const name of inside.get(version)) {
          if (INVENTORY_FILES.has(name) && name !== "inventory.json" && name !== `inventory.json.${parsed.algorithm}`) {
            this.find("extra", `${version}/${name}`, "does not belong to the version");
          }
        }
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        this.find("invalid", this.at, error.message);
      }
    }
    await this.content(root, sums, [...inside.keys()].filter((version) => inside.get(version).includes(root.contentFolder)));
  }
  async declaration(names) {
    const spec = names.length === 1 ? /^0=ocfl_object_(1\.[01])$/.exec(names[0]) : null;
    this.at = names[0] || "0=ocfl_object_1.1";
    must(spec, "the object's declaration is missing, unknown or not alone");
    must(equal(await this.read(this.at), encoded(`ocfl_object_${spec[1]}\n`)), "not the declared content");
    return spec[1];
  }
  readInventory(where) {
    this.at = `${where}inventory.json`;
    return this.read(this.at);
  }
  /** Whether the inventory has the digest that the file beside it states. */
  async sidecar(where, data, algorithm) {
    const place = `${where}inventory.json.${algorithm}`;
    let stated;
    try {
      stated = /^([0-9a-fA-F]+)[ \t]+inventory\.json\n?$/.exec(new TextDecoder("latin1").decode(await this.read(place)));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      if (error.missing) this.find("missing", place, "the inventory's digest file is missing");
      else this.find("unreadable", place, `cannot be read: ${error.message}`);
      return true;
    }
    const actual = hexOf(await (algorithm === "sha512" ? sha512 : sha256)(data));
    if (!stated) this.find("invalid", place, "not the digest of an inventory");
    else if (stated[1].toLowerCase() !== actual) {
      this.find("changed", `${where}inventory.json`, "does not have the digest that its digest file states");
      return false;
    }
    return true;
  }
  /** Nothing but what belongs there, in the object's folder and in each version's; what these hold. */
  layout(root, top) {
    const expected = new Set([`0=ocfl_object_${root.spec}`, "inventory.json", `inventory.json.${root.algorithm}`]);
    for (const name of top) {
      const kind = this.kind(name);
      if (kind === "folder" && root.versions.includes(name)) continue;
      if (kind !== "file" || !expected.has(name)) this.find("extra", name, "does not belong to the object");
    }
    const inside = new Map();
    for (const version of root.versions) {
      if (this.kind(version) !== "folder") {
        this.find("missing", version, "a version's folder is missing");
        continue;
      }
      inside.set(version, this.files.list(`${this.folder}/${version}`));
      for (const name of inside.get(version)) {
        const place = `${version}/${name}`, kind = this.kind(place);
        if (kind === "folder") {
          if (name !== root.contentFolder) this.find("extra", place, "a folder beside the content");
        } else if (kind !== "file" || !INVENTORY_FILES.has(name)) this.find("extra", place, "does not belong to the version");
      }
    }
    return inside;
  }
  /** An earlier version's inventory tells the same story as the object's. */
  predecessor(old, root, version, sums) {
    const earlier = root.versions.slice(0, root.versions.indexOf(version) + 1);
    must(old.id === root.id, "has another object's id");
    must(old.contentFolder === root.contentFolder, "has another contentDirectory than the object");
    must(old.versions.join() === earlier.join(), "has other versions than its place says");
    const wanted = [...root.manifest.keys()].filter((path) => earlier.some((name) => path.startsWith(`${name}/`)));
    must(wanted.length === old.manifest.size && wanted.every((path) => old.manifest.has(path)), "lists other content files");
    for (const [path, digest] of old.manifest) sums.get(path).push([old.algorithm, digest.toLowerCase()]);
    for (const name of earlier) {
      const before = old.contents(name), now = root.contents(name);
      must(before.size === now.size && [...before.keys()].every((path) => now.has(path)),
        `${name} has other files than in the object's inventory`);
      must([...before].every(([path, holders]) => [...holders].every((each) => now.get(path).has(each))),
        `${name} has other content than in the object's`);
    }
  }
  /** The content files are exactly the manifest's, with the digests stated. */
  async content(root, sums, versions) {
    const found = new Map(), folders = versions.map((version) => `${version}/${root.contentFolder}`);
    for (const here of folders) { // which grows meanwhile
      const names = this.files.list(`${this.folder}/${here}`);
      if (!names.length) this.find("extra", here, "an empty folder");
      for (const name of names) {
        if (this.kind(`${here}/${name}`) === "folder") folders.push(`${here}/${name}`);
        else found.set(`${here}/${name}`, this.kind(`${here}/${name}`) === "file");
      }
    }
    for (const path of found.keys()) if (!sums.has(path)) this.find("extra", path, "a file that the inventory does not list");
    for (const path of sums.keys()) {
      if (found.has(path)) continue;
      if (this.withheld.has(path)) this.find("withheld", path, `withheld by the sender: ${path.slice(path.lastIndexOf("/") + 1)}`);
      else this.find("missing", path, "a file that the inventory lists is missing");
    }
    for (const [path, isFile] of found) {
      if (!sums.has(path)) continue;
      this.at = path;
      if (!isFile) {
        this.find("invalid", path, "a link or device, not a file");
        continue;
      }
      const actual = await this.files.digests(`${this.folder}/${path}`);
      if (!sums.get(path).every(([name, digest]) => actual[name] === digest)) {
        this.find("changed", path, "does not have the digest that the inventory states");
      }
    }
  }
}

// ---------------------------------------------------------------- what lies where nothing is expected

/** Each file, link and folder below `root` that is none of the expected files, and what is wrong with it. */
function unexpectedFiles(files, root, expected, but = new Set()) {
  const below = root ? `${root}/` : "", folders = new Set(), found = [];
  for (const path of [...expected, ...but]) {
    path.split("/").forEach((_, n, parts) => n && folders.add(parts.slice(0, n).join("/")));
  }
  const waiting = [""];
  while (waiting.length) {
    const here = waiting.pop();
    for (const name of files.names((below + here).replace(/\/$/, ""))) {
      const place = here ? `${here}/${name}` : name, kind = files.kind(below + place);
      if (kind === "folder") {
        if (folders.has(place)) waiting.push(place);
        else if (!but.has(place)) found.push([place, "is a folder that does not belong here"]);
      } else if (!expected.has(place)) {
        found.push([place, "does not belong here"]);
      } else if (kind !== "file") found.push([place, "is a link or a device, not a file"]);
    }
  }
  return found;
}

// ---------------------------------------------------------------- a proof

const CHECKPOINT_FILE = /^([0-9]{8}|[1-9][0-9]{8,14})\.note(\.[A-Za-z0-9_ -]{1,64}\.tsr)?$/;

const ANCHOR_FILE = /^([0-9]{8}|[1-9][0-9]{8,14})\.note\.[a-z0-9-]{1,20}\.(cosigned|ots|pending\.ots)$/;

class InclusionProof {
  constructor(data) {
    const [head, note] = partition(data);
    const lines = utf8(head).split("\n");
    must(note && lines.length >= 3 && lines[0] === "c2sp.org/tlog-proof@v1", "not an inclusion proof");
    const extra = /^extra (\S+)$/.exec(lines[1]), index = /^index (0|[1-9][0-9]{0,14})$/.exec(lines[2]);
    must(extra && index, "not an inclusion proof");
    this.line = unbase64(extra[1]);
    this.index = BigInt(index[1]);
    this.path = lines.slice(3).map(unbase64);
    this.note = note;
  }
  encode() {
    const lines = ["c2sp.org/tlog-proof@v1", `extra ${base64(this.line)}`, `index ${this.index}`, ...this.path.map(base64)];
    return joined(encoded(`${lines.join("\n")}\n\n`), this.note);
  }
}

async function sealedNames(note, roots, tokens) {
  const each = await Promise.all([roots, ...tokens].map(sha256));
  const whole = hexOf(await sha256(joined(...each))).slice(0, 16);
  return tokens.map((_, index) => `${note}.${index + 1}-${whole}.tsr`);
}

const LIST_FILE = /^(?:trusted-list\.([0-9a-f]{64})\.xml|qualified\.([0-9a-f]{64})\.json)$/;
const QUALIFICATION = [
  "certificate", "country", "fetched_at", "granted_since", "issued_at", "lotl", "next_update", "service", "timestamp", "trusted_list", "url",
];

/** What an archive stated when it read the trusted lists of the EU; Malformed where it is not written in the one way. */
function qualificationOf(data) {
  const tree = decoded(data), problem = "is no statement about a trusted list";
  must(tree instanceof Map && [...tree.values()].every(isText), problem);
  must(tree.size === QUALIFICATION.length && QUALIFICATION.every((key) => tree.has(key)), problem);
  const found = Object.fromEntries(tree);
  const times = [found.fetched_at, found.granted_since, found.issued_at, found.next_update];
  must(times.every((each) => /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/.test(each)), problem);
  must([found.certificate, found.lotl, found.timestamp, found.trusted_list].every((each) => /^[0-9a-f]{64}$/.test(each)), problem);
  must(/^[A-Z]{2}$/.test(found.country), problem);
  const lines = QUALIFICATION.map((key) => ` "${key}": ${asciiJson(found[key])}`).join(",\n");
  must(equal(data, encoded(`{\n${lines}\n}\n`)), "is not written as such a statement is");
  return found;
}

/** The terms that a version's message names: folder -> relation; null where it says nothing of terms. */
function termsSaid(message) {
  const match = /^\w+; terms (none|\w+ [\w-]+(?:, \w+ [\w-]+)*)$/.exec(message);
  if (!match) return null;
  return new Map(match[1] === "none" ? [] : match[1].split(", ").map((each) => each.split(" ").reverse()));
}

/** The one date of several documents: that of the newest; null where one of them is not proven yet. */
function newest(times) {
  return times.includes(null) ? null : sorted(times).pop() || null;
}

/** A state as one word, and whose authority proves it: as verify.py says it of the same bytes. */
function judged({ state, evidence }, supplied) {
  const trust = state !== "PROVEN" ? null : supplied.roots ? "named" : "enclosed";
  const word = state === "DAMAGED" ? state : !evidence ? "NOT_EVIDENCE" : trust === "enclosed" ? "PROVEN_IF" : state;
  return { verdict: word, trust };
}

class ProofCheck {
  constructor(files, root, supplied) {
    Object.assign(this, { files, root, supplied });
    this.report = {
      client: root.slice(root.lastIndexOf("/") + 1), state: "UNPROVEN", scope: "all", licences: 0, objects: 0, erased: 0,
      checkpoint: null, secured_since: null, evidence: true, findings: [], documents: [], terms: Object.create(null), licensed_at: null,
      trusted: [], authorities: [], timestamps: [], anchors: [],
    };
    this.known = new Set();
    this.tokens = new Map(); // SHA-256 of a timestamp -> what the report says of it, in two places
    this.checkpoints = new Map(); // size as text -> {size, path, tokens, note, stamps}
    this.expected = new Set();
    this.sealed = true;
    this.inventory = null;
    this.documents = []; // of the object's newest version
    this.absent = new Set();
    this.relations = null;
  }
  at(path) {
    return `${this.root}/${path}`;
  }
  find(code, path, message) {
    if (this.known.has(`${code} ${path}`)) return;
    this.known.add(`${code} ${path}`);
    this.report.findings.push({ code, path, message });
  }
  trouble(path, error) {
    if (!(error instanceof Unreadable)) throw error;
    if (error.missing) this.find("missing", path, "is missing");
    else this.find("unreadable", path, `cannot be read: ${error.message}`);
  }
  async read(path, most) {
    try {
      return await this.files.content(this.at(path), most);
    } catch (error) {
      this.trouble(path, error);
      return null;
    }
  }
  /** The same, of a file whose absence is told elsewhere. */
  async quietly(path, most) {
    try {
      return await this.files.content(this.at(path), most);
    } catch (error) {
      if (error instanceof Unreadable) return null;
      throw error;
    }
  }
  async run() {
    const key = await this.key();
    this.findCheckpoints();
    await this.readCheckpoints(key);
    await this.exactKey();
    const recorded = new Map(), notes = new Map();
    this.report.evidence = false;
    let begins = false;
    for (const name of this.files.names(this.at("integrity")).filter((each) => each.endsWith(".tlog-proof"))) {
      const place = `integrity/${name}`;
      let proof, fields, checkpoint;
      try {
        const data = await this.files.content(this.at(place));
        proof = new InclusionProof(data);
        fields = decoded(proof.line);
        must(fields instanceof Map && equal(encoded(canonical(fields)), proof.line), "does not hold a ledger line");
        must(Number.isSafeInteger(fields.get("seq")) && BigInt(fields.get("seq")) === proof.index, "is of another line than it holds");
        const named = ["id", "version", "inventory_sha512"].every((each) => isText(fields.get(each)) && fields.get(each));
        must(named || !fields.has("inventory_sha512"), "does not hold a ledger line");
        must(equal(proof.encode(), data), "is not written as such a proof is");
        must(name === `${String(proof.index).padStart(8, "0")}.tlog-proof`, "has another name than its line's number gives it");
        checkpoint = await this.included(proof);
      } catch (error) {
        if (error instanceof Malformed) {
          this.find("inclusion", place, error.message);
          this.expected.add(place);
        } else this.trouble(place, error);
        continue;
      }
      const seq = Number(proof.index);
      if (seq === 0) {
        begins = true;
        await this.origin(fields, place, key);
      } else if (fields.has("inventory_sha512")) {
        const id = String(fields.get("id")), version = String(fields.get("version"));
        if (!recorded.has(id)) recorded.set(id, new Map());
        const versions = recorded.get(id);
        if (!versions.has(version)) versions.set(version, [String(fields.get("inventory_sha512")), seq]);
        if (versions.get(version)[1] !== seq) continue; // a second line for the same version: nothing expects it
        if (fields.get("type") === "recovered") {
          this.find("recovered", `${afterColon(id)}/${version}`, `was recovered after a command had been killed; it dates from ledger line ${seq}, which says so`);
        }
      } else continue;
      this.expected.add(place);
      notes.set(checkpoint.path, checkpoint);
    }
    if (!begins) this.find("inclusion", "integrity/00000000.tlog-proof", "the ledger's first line is missing");
    await this.expectCheckpoints([...notes.values()]);
    const sound = [...this.checkpoints.values()].filter((each) => each.note && each.stamps.length);
    const proven = new Dates(sound.map((each) => [each.size, agreed(each.stamps.map((stamp) => stamp.time))]));
    const main = await this.readObjects(recorded, proven);
    await this.readLists();
    const orphans = new Set(this.report.findings.filter((each) => each.code === "orphan").map((each) => each.path));
    for (const [place, message] of unexpectedFiles(this.files, this.root, this.expected, orphans)) this.find("extra", place, message);
    this.age(sound);
    const seqs = [...recorded.values()].flatMap((versions) => [...versions.values()].map(([, seq]) => seq));
    this.report.checkpoint = [...this.checkpoints.values()].map((each) => Number(each.size)).sort((a, b) => b - a)[0] ?? null;
    if (main) {
      this.documents = this.dated(this.inventory, recorded.get(main), proven, this.absent);
      const ours = this.documents.filter((each) => each.name !== "licence.json");
      this.report.documents = ours.length ? ours : this.documents;
      const here = this.report.documents.filter((each) => !each.withheld);
      this.report.secured_since = newest((here.length ? here : this.report.documents).map((each) => each.secured_since));
    }
    const covered = seqs.length > 0 && proven.since(Math.max(...seqs)) !== null;
    const damaged = this.report.findings.some((each) => !NO_DAMAGE.has(each.code));
    this.report.state = damaged ? "DAMAGED" : covered ? "PROVEN" : "UNPROVEN";
    Object.assign(this.report, judged(this.report, this.supplied));
    return this;
  }
  /** The archive that it is of: the names of its log and the key's fingerprint, as far as they hold. */
  get archive() {
    const logs = new Set([...this.checkpoints.values()].filter((each) => each.note).map((each) => each.note.origin));
    const keys = this.report.trusted.filter((each) => each.what === "signer key").map((each) => each.fingerprint);
    return JSON.stringify([...sorted(logs), ...keys]);
  }
  get stamped() {
    return [...this.expected].some((path) => path.endsWith(".tsr"));
  }
  get anchored() {
    return [...this.expected].some((path) => path.endsWith(".ots") || path.endsWith(".cosigned"));
  }
  /** The key to check signatures with: the one supplied, else the one found. */
  async key() {
    const path = "integrity/signer-public.pem", pem = await this.read(path);
    let found = null;
    try {
      if (pem) found = publicKey(utf8(pem));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.find("invalid", path, error.message);
    }
    const key = this.supplied.key || found;
    if (found && !equal(found, key)) this.find("key", path, "is another key than the one that was supplied");
    if (key) {
      const fingerprint = hexOf(await sha256(joined(ED25519_SPKI, key)));
      this.report.trusted.push({ what: "signer key", title: "", fingerprint, supplied: Boolean(this.supplied.key) });
    }
    return key;
  }
  /** The key's file holds the key and nothing else: it is written in one way only. */
  async exactKey() {
    const path = "integrity/signer-public.pem", data = await this.quietly(path);
    this.expected.add(path);
    try {
      if (data && !equal(data, pemOfKey(publicKey(utf8(data))))) this.find("invalid", path, "holds more than a key");
    } catch (error) {
      if (!(error instanceof Malformed)) throw error; // which is told already
    }
  }
  findCheckpoints() {
    const names = this.files.names(this.at("integrity"));
    for (const note of names.filter((name) => name.endsWith(".note") && CHECKPOINT_FILE.test(name))) {
      const tokens = [];
      for (const name of names.slice(names.indexOf(note) + 1)) {
        if (!name.startsWith(`${note}.`)) break;
        if (CHECKPOINT_FILE.test(name)) tokens.push(name);
      }
      const size = BigInt(CHECKPOINT_FILE.exec(note)[1]);
      this.checkpoints.set(String(size), { size, path: `integrity/${note}`, tokens, anchors: [], note: null, stamps: [] });
    }
    for (const name of names.filter((each) => ANCHOR_FILE.test(each))) {
      const checkpoint = this.checkpoints.get(String(BigInt(ANCHOR_FILE.exec(name)[1]))), note = `${name.split(".")[0]}.note`;
      if (checkpoint) checkpoint.anchors.push(name);
      else this.find("missing", `integrity/${note}`, `is missing, and ${name} is of it`);
    }
    for (const token of names.filter((name) => /\.note\.[^]*\.tsr$/.test(name))) {
      const note = `${token.slice(0, token.indexOf(".note"))}.note`;
      if (!names.includes(note)) this.find("missing", `integrity/${note}`, `is missing, and ${token} is of it`);
    }
  }
  async readCheckpoints(key) {
    const every = [...this.checkpoints.values()].sort((a, b) => (a.size < b.size ? -1 : 1));
    for (const checkpoint of every) {
      const data = await this.read(checkpoint.path);
      if (!data) continue;
      try {
        const note = new Note(data);
        must(note.size === checkpoint.size, "is of another size than its name says");
        must(!key || (await note.signedBy(key)), "is not signed by the signer's key");
        checkpoint.note = note;
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        this.find("checkpoint", checkpoint.path, error.message);
      }
    }
    const own = await this.ownRoots(every.some((each) => each.tokens.length));
    const roots = this.supplied.roots || own;
    for (const whole of roots) {
      const [title] = parsedCertificates([whole]).map((each) => each.title);
      const fingerprint = hexOf(await sha256(whole));
      this.report.trusted.push({ what: "timestamp root", title: title || "?", fingerprint, supplied: Boolean(this.supplied.roots) });
    }
    for (const checkpoint of every) for (const name of checkpoint.tokens) await this.checkToken(checkpoint, name, roots, own);
    for (const checkpoint of every) for (const name of checkpoint.anchors) await this.checkAnchor(checkpoint, name, key);
  }
  /** What an anchor says of its checkpoint; no date and no state depends on it. */
  async checkAnchor(checkpoint, name, key) {
    const path = `integrity/${name}`, data = await this.read(path), note = checkpoint.note;
    if (!data || !note || !key) return; // of which the last two are told already
    const said = { checkpoint: Number(checkpoint.size), key: "", time: null, root: "" };
    try {
      if (name.endsWith(".cosigned")) {
        const { witness, time } = await cosigned(data, note, key, await this.knownWitnesses());
        this.report.anchors.push({ ...said, kind: "cosignature", by: witness.name, key: witness.text, time });
        return;
      }
      const kind = name.endsWith(".pending.ots") ? "pending" : "bitcoin";
      const digest = await sha256(await this.files.content(this.at(checkpoint.path)));
      const ends = (await otsAttestations(data, digest)).filter((each) => each.kind === kind);
      must(ends.length, kind === "bitcoin" ? "leads to no Bitcoin block" : "leads to no calendar");
      for (const end of ends) {
        const root = kind === "bitcoin" ? hexOf(Uint8Array.from(end.message).reverse()) : "";
        this.report.anchors.push({ ...said, kind, by: end.said, root });
      }
    } catch (error) {
      if (error instanceof Malformed) this.find("anchor", path, error.message);
      else this.trouble(checkpoint.path, error);
    }
  }
  async knownWitnesses() {
    if (this.witnesses) return this.witnesses;
    const path = "integrity/witness-keys.txt", data = await this.read(path);
    this.witnesses = [];
    try {
      if (data) this.witnesses = await witnessKeys(data);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.find("invalid", path, error.message);
    }
    return this.witnesses;
  }
  /** Each anchor is named after its content, so that any change of it is told. */
  async expectAnchors(checkpoint) {
    for (const name of checkpoint.anchors) {
      const path = `integrity/${name}`, data = await this.quietly(path), [size, , , ...kind] = name.split(".");
      this.expected.add(path);
      if (data && name !== `${size}.note.${hexOf(await sha256(data)).slice(0, 16)}.${kind.join(".")}`) {
        this.find("changed", path, "is not the file that its name was made of");
      }
    }
  }
  /** The keys of the witnesses that cosigned here, and no others. */
  async exactWitnesses() {
    if (![...this.expected].some((path) => path.endsWith(".cosigned"))) return;
    const path = "integrity/witness-keys.txt", known = (await this.knownWitnesses()).map((each) => each.text);
    const used = new Set(this.report.anchors.map((each) => each.key).filter(Boolean));
    this.expected.add(path);
    if (known.length !== used.size || !known.every((text) => used.has(text))) {
      this.find("invalid", path, "does not list exactly the witnesses that cosigned here");
    }
  }
  async ownRoots(stamped) {
    const path = "integrity/tsa-roots.pem";
    if (!stamped && !this.files.exists(this.at(path))) return [];
    const pem = await this.read(path);
    if (!pem) return [];
    const { found, wrong } = certificatesIn(pem);
    if (!found.length) this.find("invalid", path, "holds no certificate, so no date can be checked");
    else if (wrong) this.find("invalid", path, wrong);
    return found;
  }
  async checkToken(checkpoint, name, roots, own) {
    const path = `integrity/${name}`;
    const response = await this.read(path);
    if (!response) return;
    const told = [];
    this.tokens.set(hexOf(await sha256(response)), told);
    try {
      const token = new Token(response);
      must(await token.covers(await this.files.content(this.at(checkpoint.path))), "is a timestamp of something else than its checkpoint");
      if (!roots.length) return;
      const { signer, root, ends } = await tokenSigner(token, roots, own);
      if (this.supplied.roots && own.length && !own.some((each) => equal(each, root.whole))) {
        this.find("timestamp", "integrity/tsa-roots.pem", "does not hold the roots of the timestamps here, which do hold against the roots that you supplied");
        return;
      }
      const fingerprint = hexOf(await sha256(root.whole));
      const stated = {
        time: token.time, policy: token.policy, states_qualified: token.statesQualified, country: "", list_of: "", list_sha256: "",
      };
      const authority = {
        ...stated, title: signer.title, organisation: signer.organisation, root: root.title, fingerprint,
        supplied: Boolean(this.supplied.roots),
      };
      checkpoint.stamps.push({ ...stated, ends });
      if (checkpoint.note) this.report.timestamps.push(stated);
      this.report.authorities.push(authority);
      told.push(stated, authority);
    } catch (error) {
      if (error instanceof Malformed || error instanceof TypeError || error instanceof SyntaxError) {
        this.find("timestamp", path, error instanceof Malformed ? error.message : "not a timestamp response");
      } else if (error instanceof Unfit) {
        this.find("unfit", path, `does not count, as it ${error.message}. ${NEW_TIMESTAMP}`);
      } else if (error instanceof Unsupported) this.find("dates-not-checked", path, error.message);
      else this.trouble(path, error);
    }
  }
  /** The trusted lists that lie beside the timestamps, unread, and what the archive that kept them states about them. */
  async readLists() {
    const found = this.files.names(this.at("integrity")).filter((name) => LIST_FILE.test(name));
    const idle = new Set(found.map((name) => `integrity/${name}`)), stated = new Map();
    for (const name of found) {
      const path = `integrity/${name}`, [, list, statement] = LIST_FILE.exec(name);
      this.expected.add(path);
      try {
        if (list) {
          const { sha256: actual } = await this.files.digests(this.at(path));
          if (actual !== list) this.find("changed", path, "is not the trusted list that its name says");
          continue;
        }
        const data = await this.files.content(this.at(path));
        if (hexOf(await sha256(data)) !== statement) this.find("changed", path, "is not the statement that its name says");
        const said = qualificationOf(data);
        stated.set(said.timestamp, { path, said });
      } catch (error) {
        if (error instanceof Malformed) {
          this.find("invalid", path, error.message);
          idle.delete(path);
        } else this.trouble(path, error);
      }
    }
    for (const [digest, told] of this.tokens) {
      if (!stated.has(digest)) continue;
      const { path, said } = stated.get(digest);
      const lists = [said.lotl, said.trusted_list].map((each) => `integrity/trusted-list.${each}.xml`);
      for (const each of [path, ...lists]) idle.delete(each);
      for (const each of told) {
        if (each.time < said.granted_since || each.time > said.next_update) continue;
        const missing = lists.filter((one) => !this.files.exists(this.at(one)));
        for (const one of missing) this.find("missing", one, `is missing, and ${path.slice(10)} names it`);
        if (!missing.length) Object.assign(each, { country: said.country, list_of: said.issued_at, list_sha256: said.trusted_list });
      }
    }
    for (const path of sorted(idle)) this.find("extra", path, "is about no timestamp here");
  }
  /** The first line: what kind of archive this is, and whose. */
  async origin(fields, path, key) {
    const origin = fields.get("origin");
    if (fields.get("type") !== "origin" || !["live", "replay"].includes(origin)) {
      this.find("ledger", path, "does not begin with an origin line");
    } else if (key && fields.get("key") !== hexOf(await sha256(joined(ED25519_SPKI, key)))) {
      this.find("key", "integrity/signer-public.pem", "is not the key that the ledger's first line names");
    }
    this.report.evidence = origin === "live";
  }
  /** The checkpoint that a ledger line leads to. */
  async included(proof) {
    const note = new Note(proof.note), checkpoint = this.checkpoints.get(String(note.size));
    must(checkpoint && equal(proof.note, await this.files.content(this.at(checkpoint.path))), "leads to a checkpoint that is not here");
    const root = await rootByPath(await leafHash(proof.line), proof.index, note.size, proof.path);
    must(root && equal(root, note.root), "does not lead to its checkpoint's root");
    return checkpoint;
  }
  /** The checkpoints that the ledger's lines lead to, with their timestamps, and what those are checked with. */
  async expectCheckpoints(notes) {
    const roots = await this.quietly("integrity/tsa-roots.pem");
    if (roots) this.expected.add("integrity/tsa-roots.pem");
    const names = this.files.names(this.at("integrity"));
    let stamped = null;
    for (const checkpoint of notes.sort((a, b) => (a.size < b.size ? 1 : -1))) {
      const place = `integrity/${String(checkpoint.size).padStart(8, "0")}.note`, stem = place.slice(10);
      const tokens = names.filter((name) => name.startsWith(`${stem}.`) && name.endsWith(".tsr") && name.length > stem.length + 4)
        .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
      for (const path of [place, ...tokens.map((name) => `integrity/${name}`)]) this.expected.add(path);
      await this.expectAnchors(checkpoint);
      const contents = await Promise.all(tokens.map((name) => this.quietly(`integrity/${name}`)));
      if (!contents.includes(null)) {
        const sealed = await sealedNames(stem, roots || new Uint8Array(), contents);
        this.sealed = this.sealed && sealed.every((name, index) => name === tokens[index]);
      }
      if (!this.sealed && tokens.some((name) => /\.note\.[0-9]+-[0-9a-f]{16}\.tsr$/.test(name))) {
        this.find("changed", place, "its timestamps or their roots are not those that the names were made of");
      }
      if (stamped !== null && !tokens.length) this.find("missing", place, `its timestamps are missing, and checkpoint ${stamped} has some`);
      if (stamped === null && tokens.length) stamped = checkpoint.size;
    }
    if (stamped !== null && !roots) this.find("missing", "integrity/tsa-roots.pem", "is missing");
    await this.exactWitnesses();
  }
  /** What the sender says to have left out, by the object's folder. */
  async withheld() {
    const place = "integrity/withheld.json", found = new Map();
    if (!this.files.exists(this.at(place))) return found;
    this.expected.add(place);
    try {
      const tree = decoded((await this.read(place)) || new Uint8Array());
      must(tree instanceof Map, "");
      for (const [name, paths] of tree) {
        must(Array.isArray(paths) || isText(paths) || paths instanceof Map, "");
        found.set(name, new Set(Array.from(paths instanceof Map ? paths.keys() : paths, String)));
      }
      return found;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.find("invalid", place, "is no list of withheld files");
      return new Map();
    }
  }
  /** The list of withheld files names those that are not here, and nothing else: it is written in one way only. */
  async exactWithheld(place, absent) {
    const stated = await this.quietly("integrity/withheld.json");
    if (!stated) return;
    const list = sorted(absent).map((path) => `  ${asciiJson(path)}`).join(",\n");
    const wanted = `{\n ${asciiJson(place)}: ${absent.length ? `[\n${list}\n ]` : "[]"}\n}\n`;
    if (!absent.length || !equal(stated, encoded(wanted))) {
      this.find("invalid", "integrity/withheld.json", "does not list exactly the files that are not here");
    }
  }
  /** An object against what the ledger says of its versions. */
  compare(place, id, checked, recorded) {
    const inventory = checked.inventory;
    if (!inventory) return;
    if (inventory.id !== id) this.find("invalid", `${place}/inventory.json`, `is the inventory of ${inventory.id}, not of this object`);
    for (const version of inventory.versions) {
      const path = `${place}/${version}/inventory.json`, line = recorded.get(version);
      if (!line) this.find("orphan", `${place}/${version}`, "this version is not in the ledger");
      else if (!checked.inventories.has(version)) this.find("missing", path, `ledger line ${line[1]} records this inventory`);
      else if (checked.inventories.get(version) !== line[0]) {
        this.find("changed", path, `is not the inventory that ledger line ${line[1]} records`);
      }
    }
    for (const [version, [, seq]] of recorded) {
      if (!inventory.versions.includes(version)) this.find("missing", `${place}/${version}`, `ledger line ${seq} records this version`);
    }
  }
  /** Every file of an object is exactly where its inventory has it; its sidecars are written in one way only. */
  async expectObject(place, inventory) {
    if (!inventory) return;
    this.expected.add(`${place}/0=ocfl_object_${inventory.spec}`);
    for (const path of inventory.manifest.keys()) this.expected.add(`${place}/${path}`);
    for (const where of ["", ...inventory.versions.map((version) => `${version}/`)]) {
      const stem = `${place}/${where}inventory.json`, sidecar = `${stem}.${inventory.algorithm}`;
      this.expected.add(stem).add(sidecar);
      const data = await this.quietly(stem, MAX_INVENTORY_BYTES), stated = await this.quietly(sidecar);
      if (!data || !stated) continue;
      const digest = hexOf(await (inventory.algorithm === "sha512" ? sha512 : sha256)(data));
      if (!equal(stated, encoded(`${digest} inventory.json\n`))) this.find("invalid", sidecar, "is not written as such a digest is");
    }
  }
  dated(inventory, versions, proven, absent = new Set()) {
    if (!inventory) return [];
    const state = inventory.states.get(inventory.head), first = inventory.firstVersions();
    return sorted(state.keys()).map((name) => {
      const line = versions && versions.get(first.get(name));
      return {
        name, sha512: state.get(name), version: first.get(name), secured_since: line ? proven.since(line[1]) : null,
        withheld: absent.has(name),
      };
    });
  }
  /** The proof's one object, whose id this gives, and the terms that it refers to: sound, and as recorded. */
  async readObjects(recorded, proven) {
    const places = new Map();
    for (const kind of KINDS) {
      for (const name of this.files.names(this.at(kind))) places.set(`${URN}:${kind}:${name}`, `${kind}/${name}`);
    }
    const isTerms = (id) => id.startsWith(`${URN}:terms:`);
    const every = [...places.keys()], ids = [...every.filter((id) => !isTerms(id)), ...every.filter(isTerms)];
    if (!ids.length || ![...recorded.keys()].every((id) => places.has(id))) {
      this.find("missing", "licence", "a proof holds the object that its ledger lines record");
      return null;
    }
    const withheld = await this.withheld(), [main] = ids;
    let referred = new Set();
    for (const id of ids) {
      const place = places.get(id), name = place.slice(place.indexOf("/") + 1), lines = recorded.get(id) || new Map();
      if (id !== main && !referred.has(id)) {
        this.find("orphan", place, "is not referred to: a proof holds one object, and the terms of it");
        continue;
      }
      const hidden = (id === main && withheld.get(place)) || new Set();
      const checked = await new ObjectCheck(this.files, this.at(place), `${place}/`, hidden).run();
      for (const each of checked.findings) this.find(each.code, each.path, each.message);
      this.compare(place, id, checked, lines);
      await this.expectObject(place, checked.inventory);
      if (id !== main) this.report.terms[name] = this.dated(checked.inventory, lines, proven);
      else if (checked.inventory) {
        const inventory = (this.inventory = checked.inventory);
        const absent = [...inventory.manifest.keys()].filter((path) => !this.files.exists(this.at(`${place}/${path}`)));
        await this.exactWithheld(place, absent);
        for (const [file, paths] of inventory.contents(inventory.head)) {
          if ([...paths].every((path) => absent.includes(path))) this.absent.add(file);
        }
        this.relations = await this.readTerms(place, inventory);
        const terms = ids.filter(isTerms);
        referred = new Set(this.relations ? [...this.relations.keys()].map((each) => `${URN}:terms:${each}`) : terms);
        if (!this.relations && terms.length) {
          this.find("remark", place, "which terms it refers to is in licence.json, which is withheld, and nothing else proves it");
        }
      }
    }
    for (const id of sorted(referred).filter((each) => !places.has(each))) {
      this.find("missing", id.split(":").slice(2).join("/"), "the licence refers to these terms, and they are not enclosed");
    }
    this.report.objects = ids.length;
    this.report.licences = main.startsWith(`${URN}:licence:`) ? 1 : 0;
    this.report.client = places.get(main).slice(places.get(main).indexOf("/") + 1);
    return main;
  }
  /** The terms that the object refers to, folder -> relation, as its licence.json or its inventory says; null: unknown. */
  async readTerms(place, inventory) {
    const paths = sorted(inventory.contents(inventory.head).get("licence.json") || []);
    for (const path of paths) {
      const data = await this.quietly(`${place}/${path}`, MAX_INVENTORY_BYTES);
      try {
        if (!data) continue;
        const described = decoded(data);
        must(described instanceof Map, "not a description");
        const at = described.get("licensed_at") ?? null, terms = described.has("terms") ? described.get("terms") : [];
        must(at === null || isText(at), "not a description");
        must(Array.isArray(terms) && terms.every((each) => each instanceof Map), "not a description");
        const said = terms.map((each) => [each.get("id"), each.has("relation") ? each.get("relation") : ""]);
        must(said.flat().every(isText), "not a description");
        this.report.licensed_at = at;
        return new Map(said.map(([id, relation]) => [afterColon(id), relation]));
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
      }
    }
    return paths.length ? termsSaid(inventory.messages.get(inventory.head)) : new Map();
  }
  /** Tell which dates disagree, and which rest on certificates that have ended. */
  age(sound) {
    for (const { path, stamps } of sound) {
      const times = stamps.map((stamp) => stamp.time).sort();
      if (agreed(times) !== times[0]) {
        this.find("dates-apart", path, `has timestamps of ${times[0]} and ${times[times.length - 1]}; one authority's clock is wrong, so the later counts`);
      }
    }
    const now = new Date().toISOString().slice(0, 19) + "Z";
    const past = sound.filter((each) => each.stamps.map((stamp) => stamp.ends).sort().pop() < now);
    for (const each of past.sort((a, b) => (a.size < b.size ? -1 : 1)).slice(0, 1)) {
      this.find("remark", each.path, "the certificates or hash functions of its timestamps have ended, and no newer timestamp here covered them before; its date holds for whoever trusts that their keys were not misused since");
    }
  }
}

// ---------------------------------------------------------------- a pack: proofs, and copies of their files to read

const folderOfCopy = (name) =>
  /^(imported-|attended-|companion-)?(receipt|invoice)(-\d+)?\./.test(name) ? "04_invoice_payment" : "02_licence_original";

const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/; // what verify.py, in Python, takes for one

const byParts = (a, b) => {
  const one = a.split("/"), two = b.split("/");
  for (let n = 0; n < Math.min(one.length, two.length); n++) if (one[n] !== two[n]) return inTextOrder(one[n], two[n]);
  return one.length - two.length;
};
const manifest = (sums) => [...sums.keys()].sort(byParts).map((path) => `${sums.get(path)}  ${path}\n`).join("");

class PackCheck {
  /** `data` is the folder in which the proofs lie: `data`, or "" where the bag was left out. */
  constructor(files, data, supplied, verifier) {
    Object.assign(this, { files, data, supplied, verifier });
    this.inBag = data === "data" && [HOW_TO_CHECK, THIS_PAGE, "bag-info.txt", "bagit.txt", "manifest-sha256.txt"].some((name) => files.exists(name));
    this.report = {
      client: "copies", state: "PROVEN", scope: "all", licences: 0, objects: 0, evidence: true, findings: [], documents: [],
      by_sender: [],
    };
    this.proofs = [];
    this.copies = new Map(); // path -> Map of the SHA-512 that it may have -> secured since
    this.unsure = new Set();
    this.papers = new Map([[files.exists(this.at("proof.html")) ? "proof.html" : "proof.pdf", true], [`${PROOFS}/verify.py`, true]]);
    this.inside = new Set();
  }
  at(path) {
    return this.data ? `${this.data}/${path}` : path;
  }
  find(code, path, message) {
    this.report.findings.push({ code, path, message });
  }
  async run() {
    this.info = this.data ? await this.readInfo() : 1;
    this.bagFiles = [...(this.info >= 3 ? [THIS_PAGE] : []), HOW_TO_CHECK, "bag-info.txt", "bagit.txt", "manifest-sha256.txt"];
    await this.readProofs();
    this.readClaim();
    await this.readCopies();
    await this.readPapers();
    const expected = new Set([...this.copies.keys(), ...this.papers.keys(), ...this.inside]);
    for (const [place, message] of unexpectedFiles(this.files, this.data, expected)) {
      this.find("extra", `data/${place}`, message);
    }
    for (const path of sorted(this.unsure)) {
      this.find("remark", `data/${path}`, "UNPROVEN: that the licence refers to these terms, and when they were seen, is in licence.json, which is withheld");
    }
    if (this.inBag) await this.readBag();
    else this.find("remark", "bagit.txt", `what lies beside the folder data of a pack (${this.bagFiles.join(", ")}) is not here`);
    const report = this.report;
    report.evidence = this.proofs.every((each) => each.evidence);
    const whole = this.inBag && !this.unsure.size;
    const damaged = report.findings.some((each) => !NO_DAMAGE.has(each.code));
    report.state = damaged ? "DAMAGED" : worst([whole ? "PROVEN" : "UNPROVEN", ...this.proofs.map((each) => each.state)]);
    const verdict = judged(report, this.supplied);
    Object.assign(report, verdict);
    return { state: report.state, ...verdict, proofs: this.proofs, copies: report };
  }
  async readProofs() {
    const names = this.files.names(this.at(PROOFS)).filter((name) => this.files.kind(this.at(`${PROOFS}/${name}`)) === "folder");
    for (const name of names) {
      const root = this.at(`${PROOFS}/${name}`);
      if (this.files.kind(`${root}/integrity`) !== "folder") {
        this.find("extra", `data/${PROOFS}/${name}`, "is no proof of a licence");
        continue;
      }
      const check = await new ProofCheck(this.files, root, this.supplied).run();
      this.proofs.push(check.report);
      this.archive ??= check.archive;
      if (check.archive !== this.archive) this.find("remark", `data/${PROOFS}/${name}`, "is of another archive than the first proof here. Ask the sender whether both are his");
      for (const path of check.expected) this.inside.add(`${PROOFS}/${name}/${path}`);
      if (check.report.client !== name) this.find("renamed", `data/${PROOFS}/${name}`, `is the proof of ${check.report.client}, under another name`);
      if (check.sealed !== this.info >= 2 && this.inBag && check.stamped) {
        this.find("changed", `data/${PROOFS}/${name}/integrity`, "names its timestamps otherwise than packs of this format do");
      }
      if (check.anchored && this.info < ANCHOR_FORMAT && this.inBag) {
        this.find("changed", `data/${PROOFS}/${name}/integrity`, "holds anchors, which packs of this format do not");
      }
      this.expect(name, check);
    }
    must(this.proofs.length, "holds no proof of a licence");
  }
  /** What follows from one proof: copies of the newest documents and of the terms, and the sender's papers. */
  expect(name, check) {
    for (const each of check.documents) {
      const folder = `${folderOfCopy(each.name)}/${name}`;
      if (!check.absent.has(each.name)) this.copy(`${folder}/${each.name}`, each);
      else if (each.name === "licence.json") this.papers.set(`${folder}/licence-excerpt.json`, true);
      else for (const ending of ["json", "txt"]) this.papers.set(`${folder}/${each.name.split(".")[0]}-excerpt.${ending}`, false);
    }
    this.papers.set(`05_client_assignment/${name}/chain-by-us.txt`, true);
    this.papers.set(`06_use_and_dates/${name}/dates-by-us.txt`, true);
    for (const [terms, documents] of Object.entries(check.report.terms)) {
      const there = documents.filter((each) => ["terms.txt", "page.pdf"].includes(each.name));
      let folders;
      if (check.relations) {
        const relation = check.relations.get(terms);
        folders = Object.hasOwn(TERMS_FOLDERS, relation || "") ? [TERMS_FOLDERS[relation]] : [];
      } else {
        folders = Object.values(TERMS_FOLDERS).filter((each) => this.files.kind(this.at(`${each}/${terms}`)) === "folder");
        for (const folder of folders) for (const each of there) this.unsure.add(`${folder}/${terms}/${each.name}`);
      }
      for (const folder of folders) for (const each of there) this.copy(`${folder}/${terms}/${each.name}`, each);
      if (!folders.length) this.find("missing", `data/03_terms/${terms}`, "is missing: no copy of these terms lies in a folder 03");
    }
  }
  copy(path, document) {
    if (!this.copies.has(path)) this.copies.set(path, new Map());
    this.copies.get(path).set(document.sha512.toLowerCase(), document.secured_since);
  }
  /** The sender's papers about the enquiry: the sheet, and pictures without a gap in their numbers. */
  readClaim() {
    let pictures = 0;
    while (this.files.exists(this.at(`01_claim/picture-${pictures + 1}.jpg`))) this.papers.set(`01_claim/picture-${++pictures}.jpg`, true);
    this.papers.set("01_claim/claim-by-us.txt", pictures > 0);
  }
  async readCopies() {
    for (const path of sorted(this.copies.keys())) {
      this.report.objects++;
      const allowed = this.copies.get(path);
      try {
        const digest = (await this.files.digests(this.at(path))).sha512;
        if (allowed.has(digest)) this.report.documents.push({ path: `data/${path}`, secured_since: allowed.get(digest) });
        else this.find("copy", `data/${path}`, "is not the file that is proven for this place");
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        this.find(error.missing ? "missing" : "unreadable", `data/${path}`, error.missing ? "is missing" : `cannot be read: ${error.message}`);
      }
    }
  }
  async readPapers() {
    for (const path of sorted(this.papers.keys())) {
      if (this.files.exists(this.at(path))) this.report.by_sender.push(`data/${path}`);
      else if (this.papers.get(path)) this.find("missing", `data/${path}`, "is missing");
    }
    const own = await this.digest(this.at(`${PROOFS}/verify.py`));
    if (own && own !== this.verifier) {
      this.find("verifier", `data/${PROOFS}/verify.py`, "is another file than the verifier of this page's version. Do not rely on what it prints");
    }
  }
  /** The pack's format: 1 where it does not say one. */
  async readInfo() {
    const info = await this.read("bag-info.txt", true);
    const stated = info && /(?:^|\n)Archiver-Pack-Format: ([0-9]{1,4})(?![^\n])/.exec(new TextDecoder("latin1").decode(info));
    return stated ? Number(stated[1]) : 1;
  }
  /** What lies beside `data`: the files that say of all others what they are. */
  async readBag() {
    const expected = new Set([...this.bagFiles, "tagmanifest-sha256.txt"]);
    for (const [place, message] of unexpectedFiles(this.files, "", expected, new Set(["data"]))) {
      if (expected.has(place)) this.find("extra", place, message);
      else this.find("stray", place, "is in none of the lists of this pack, and nothing vouches for it");
    }
    const payload = new Map();
    let size = 0;
    for (const path of new Set([...this.copies.keys(), ...this.papers.keys(), ...this.inside])) {
      const digest = await this.digest(this.at(path));
      if (!digest) continue; // what is missing is told, or may be
      payload.set(`data/${path}`, digest);
      size += this.files.size(this.at(path));
    }
    await this.exactly("manifest-sha256.txt", payload);
    const tags = new Map();
    for (const name of this.bagFiles) tags.set(name, await this.digest(name));
    await this.exactly("tagmanifest-sha256.txt", tags);
    this.report.by_sender.push(...this.bagFiles.slice(0, -2));
    for (const name of this.bagFiles.slice(0, -3)) await this.read(name);
    const bagit = await this.read("bagit.txt");
    if (bagit && !equal(bagit, encoded(BAGIT))) this.find("changed", "bagit.txt", "does not have the content that it must have");
    const info = (await this.read("bag-info.txt")) || new Uint8Array();
    const date = /(?:^|\n)Bagging-Date: ([0-9]{4}-[0-9]{2}-[0-9]{2})(?![^\n])/.exec(new TextDecoder("latin1").decode(info));
    const format = this.info > 1 ? `Archiver-Pack-Format: ${this.info}\n` : "";
    const wanted = `Bag-Software-Agent: archiver\nBagging-Date: ${date && isMoment(`${date[1]}T00:00:00Z`) ? date[1] : ""}\n${format}Payload-Oxum: ${size}.${payload.size}\n`;
    if (this.info > PACK_FORMAT) {
      this.find("format", "bag-info.txt", `is of a pack of format ${this.info}, which is newer than this page. Use the one of that version`);
    } else if (!equal(info, encoded(wanted))) {
      this.find("changed", "bag-info.txt", "does not say what it must say of this pack");
    } else if (this.info < 2) {
      this.find("remark", "bag-info.txt", "is of the first format: nothing shows whether bytes of timestamps that nobody signed are unchanged");
    }
  }
  async read(name, quiet = false) {
    try {
      return await this.files.content(name);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      if (!quiet) this.find(error.missing ? "missing" : "unreadable", name, error.missing ? "is missing" : `cannot be read: ${error.message}`);
      return null;
    }
  }
  async digest(path) {
    try {
      return (await this.files.digests(path)).sha256;
    } catch (error) {
      if (error instanceof Unreadable) return "";
      throw error;
    }
  }
  /** A manifest lists exactly these files with exactly these digests; the files at odds with it are named. */
  async exactly(name, sums) {
    const stated = await this.read(name, false), wanted = manifest(sums);
    if (!stated || equal(stated, encoded(wanted))) return;
    const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(stated).split(LINE_END), right = wanted.split("\n");
    if (this.info < 2 && lines.length === right.length && [...lines].sort().join("\n") === [...right].sort().join("\n")) return;
    for (const path of sorted(sums.keys())) {
      if (!lines.includes(`${sums.get(path)}  ${path}`)) this.find("changed", path, `does not have the digest that ${name} states`);
    }
    this.find("changed", name, "does not list exactly the files that belong to this pack");
  }
}

/**
 * Check a pack in a zip. `supplied` may have `key` (32 bytes) and `roots` (certificates in DER) from a source that the
 * reader trusts; `verifier` is the SHA-256 of verify.py of this page's version. Malformed where the zip is no pack.
 */
async function checkPack(blob, { supplied = {}, verifier = "", progress = () => {} } = {}) {
  const every = await unzipped(blob), tops = new Set();
  const nodes = new Map([...every].filter(([path]) => !OF_COMPUTERS.test(path)));
  for (const path of nodes.keys()) {
    const match = /^(?:([^/]+)\/)??(?:(data)\/)?07_integrity\//.exec(path);
    if (match) tops.add(JSON.stringify([match[1] || "", match[2] || ""]));
  }
  must(tops.size, "holds no proof of a licence");
  const [found, ...others] = [...tops].map((each) => JSON.parse(each)).sort((a, b) => b[1].length - a[1].length);
  must(others.every((each) => each[0] === found[0] && !each[1]), "holds several packs. Check them one by one");
  const [top, data] = found, below = top ? `${top}/` : "";
  const inside = [...nodes].filter(([path]) => path.startsWith(below));
  const files = new Files(new Map(inside.map(([path, node]) => [path.slice(below.length), node])), progress);
  const total = inside.reduce((sum, [, node]) => sum + node.size, 0);
  progress(0, total);
  const check = new PackCheck(files, data, supplied, verifier);
  for (const [path, node] of nodes) {
    if (!path.startsWith(below) && path !== top) check.find("stray", path, "lies beside the pack in this zip file, and nothing vouches for it");
    else if (path === top && node.kind !== "folder") must(false, "holds no proof of a licence");
  }
  const added = sorted([...every].filter(([path, node]) => node.kind !== "folder" && !nodes.has(path)).map(([path]) => path));
  if (added.length) check.find("stray", added[0], `is one of ${added.length} files that computers added (as .DS_Store, Thumbs.db); nothing vouches for it`);
  return { ...(await check.run()), files: inside.filter(([, node]) => node.kind !== "folder").map(([path]) => path.slice(below.length)) };
}
