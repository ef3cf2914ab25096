"use strict";
// What the checks of a pack rest on, written apart from verify.py and by the same rules: bytes, digests, the zip, JSON,
// the Merkle tree, Ed25519, checkpoints, certificates, timestamps. Nothing here touches the page or the network.

const MAX_BYTES = 1 << 20; // of a file of our own; documents have no limit
const MAX_INVENTORY_BYTES = 1 << 24;
const MAX_BYTES_AT_ONCE = 1 << 26; // of a file that WebCrypto hashes in one piece; larger ones are hashed as they are read

class Malformed extends Error {} // something is not of the form that it should have
class Unsupported extends Error {} // it may be sound, but this page cannot tell
class Unfit extends Error {} // a timestamp that breaks a rule, so that it does not count, though its signature may hold
class Unreadable extends Error {
  constructor(reason, missing = false) {
    super(reason);
    this.missing = missing;
  }
}

function must(holds, otherwise) {
  if (!holds) throw new Malformed(otherwise);
}

// ---------------------------------------------------------------- bytes

const encoded = (text) => new TextEncoder().encode(text);
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const equal = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);
const number = (bytes) => BigInt(`0x${hexOf(bytes) || "0"}`);

function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Malformed("not UTF-8 text");
  }
}

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The bytes of base64 that is written in the one canonical way. */
function unbase64(text) {
  must(/^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, "not valid base64");
  const raw = atob(text);
  must(btoa(raw) === text, "not valid base64");
  return Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
}

/** Texts in the order of their characters, as Python sorts; JavaScript's own order is that of UTF-16. */
function inTextOrder(a, b) {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const one = a.charCodeAt(at), two = b.charCodeAt(at);
    if (one === two) continue;
    const long = [one, two].map((unit) => unit >= 0xd800 && unit < 0xe000);
    return long[0] === long[1] ? one - two : long[0] ? 1 : -1;
  }
  return a.length - b.length;
}
const sorted = (texts) => [...texts].sort(inTextOrder);

function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The two parts of bytes around the first empty line; the second is null where there is none. */
function partition(bytes) {
  for (let at = 0; at + 1 < bytes.length; at++) {
    if (bytes[at] === 10 && bytes[at + 1] === 10) return [bytes.subarray(0, at), bytes.subarray(at + 2)];
  }
  return [bytes, null];
}

// ---------------------------------------------------------------- digests

const subtleDigest = async (name, bytes) => new Uint8Array(await crypto.subtle.digest(name, bytes));
const sha256 = (bytes) => subtleDigest("SHA-256", bytes);
const sha512 = (bytes) => subtleDigest("SHA-512", bytes);

/** The constants of SHA-2 (FIPS 180-4): 64 bits of the fractions of roots of the first 80 primes. */
const SHA2 = (() => {
  const primes = [];
  for (let n = 2; primes.length < 80; n++) if (primes.every((prime) => n % prime)) primes.push(n);
  const fraction = (prime, power) => {
    const target = BigInt(prime) << BigInt(64 * power);
    let low = 0n;
    for (let bit = 1n << 71n; bit; bit >>= 1n) if ((low | bit) ** BigInt(power) <= target) low |= bit;
    return low & 0xffffffffffffffffn;
  };
  return { start: primes.slice(0, 8).map((p) => fraction(p, 2)), rounds: primes.map((p) => fraction(p, 3)) };
})();
const HIGH = Int32Array.from(SHA2.rounds, (value) => Number(value >> 32n));
const LOW = Int32Array.from(SHA2.rounds, (value) => Number(value & 0xffffffffn));

/** A digest of bytes that come piece by piece, which WebCrypto does not offer. `block` hashes `blockSize` bytes. */
class Sha2 {
  constructor(blockSize) {
    this.pending = new Uint8Array(blockSize);
    this.filled = 0;
    this.size = 0;
  }
  update(bytes) {
    const block = this.pending.length;
    this.size += bytes.length;
    let at = 0;
    if (this.filled) {
      at = Math.min(block - this.filled, bytes.length);
      this.pending.set(bytes.subarray(0, at), this.filled);
      this.filled += at;
      if (this.filled < block) return;
      this.blocks(this.pending, 0, block);
    }
    const end = at + Math.floor((bytes.length - at) / block) * block;
    if (end > at) this.blocks(bytes, at, end);
    this.pending.set(bytes.subarray(end));
    this.filled = bytes.length - end;
  }
  end() {
    const block = this.pending.length;
    const padding = new Uint8Array((this.filled < (block * 7) / 8 ? block : 2 * block) - this.filled);
    const view = new DataView(padding.buffer);
    padding[0] = 0x80;
    view.setBigUint64(padding.length - 8, BigInt(this.size) * 8n);
    this.update(padding);
    return this.words();
  }
}

class Sha256 extends Sha2 {
  constructor() {
    super(64);
    this.state = Int32Array.from(SHA2.start, (value) => Number(value >> 32n));
    this.w = new Int32Array(64);
  }
  blocks(bytes, from, to) {
    const { state, w } = this;
    for (let at = from; at < to; at += 64) {
      for (let i = 0, j = at; i < 16; i++, j += 4) {
        w[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
      }
      for (let i = 16; i < 64; i++) {
        const x = w[i - 15], y = w[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
      }
      // One by one: engines take what is unpacked at once for any value, and are half as fast.
      let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
      for (let i = 0; i < 64; i++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + (g ^ (e & (f ^ g))) + HIGH[i] + w[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (c & (a ^ b)))) | 0;
        h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
      }
      state[0] += a; state[1] += b; state[2] += c; state[3] += d;
      state[4] += e; state[5] += f; state[6] += g; state[7] += h;
    }
  }
  words() {
    return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

class Sha512 extends Sha2 {
  constructor() {
    super(128);
    this.h = Int32Array.from(SHA2.start, (value) => Number(value >> 32n)); // high and low halves of the state
    this.l = Int32Array.from(SHA2.start, (value) => Number(value & 0xffffffffn));
    this.wh = new Int32Array(80);
    this.wl = new Int32Array(80);
  }
  blocks(bytes, from, to) {
    const { h: H, l: L, wh, wl } = this;
    for (let at = from; at < to; at += 128) {
      for (let i = 0, j = at; i < 16; i++, j += 8) {
        wh[i] = (bytes[j] << 24) | (bytes[j + 1] << 16) | (bytes[j + 2] << 8) | bytes[j + 3];
        wl[i] = (bytes[j + 4] << 24) | (bytes[j + 5] << 16) | (bytes[j + 6] << 8) | bytes[j + 7];
      }
      for (let i = 16; i < 80; i++) {
        const xh = wh[i - 15], xl = wl[i - 15], yh = wh[i - 2], yl = wl[i - 2];
        const s0h = ((xh >>> 1) | (xl << 31)) ^ ((xh >>> 8) | (xl << 24)) ^ (xh >>> 7);
        const s0l = ((xl >>> 1) | (xh << 31)) ^ ((xl >>> 8) | (xh << 24)) ^ ((xl >>> 7) | (xh << 25));
        const s1h = ((yh >>> 19) | (yl << 13)) ^ ((yl >>> 29) | (yh << 3)) ^ (yh >>> 6);
        const s1l = ((yl >>> 19) | (yh << 13)) ^ ((yh >>> 29) | (yl << 3)) ^ ((yl >>> 6) | (yh << 26));
        const low = (s0l >>> 0) + (s1l >>> 0) + (wl[i - 7] >>> 0) + (wl[i - 16] >>> 0);
        wh[i] = (s0h + s1h + wh[i - 7] + wh[i - 16] + ((low / 4294967296) | 0)) | 0;
        wl[i] = low | 0;
      }
      let ah = H[0], al = L[0], bh = H[1], bl = L[1], ch = H[2], cl = L[2], dh = H[3], dl = L[3];
      let eh = H[4], el = L[4], fh = H[5], fl = L[5], gh = H[6], gl = L[6], hh = H[7], hl = L[7];
      for (let i = 0; i < 80; i++) {
        const s1h = ((eh >>> 14) | (el << 18)) ^ ((eh >>> 18) | (el << 14)) ^ ((el >>> 9) | (eh << 23));
        const s1l = ((el >>> 14) | (eh << 18)) ^ ((el >>> 18) | (eh << 14)) ^ ((eh >>> 9) | (el << 23));
        const low = (hl >>> 0) + (s1l >>> 0) + ((gl ^ (el & (fl ^ gl))) >>> 0) + (LOW[i] >>> 0) + (wl[i] >>> 0);
        const t1h = (hh + s1h + (gh ^ (eh & (fh ^ gh))) + HIGH[i] + wh[i] + ((low / 4294967296) | 0)) | 0;
        const t1l = low | 0;
        const s0h = ((ah >>> 28) | (al << 4)) ^ ((al >>> 2) | (ah << 30)) ^ ((al >>> 7) | (ah << 25));
        const s0l = ((al >>> 28) | (ah << 4)) ^ ((ah >>> 2) | (al << 30)) ^ ((ah >>> 7) | (al << 25));
        const low2 = (s0l >>> 0) + (((al & bl) ^ (cl & (al ^ bl))) >>> 0);
        const t2h = (s0h + ((ah & bh) ^ (ch & (ah ^ bh))) + ((low2 / 4294967296) | 0)) | 0;
        const t2l = low2 | 0;
        hh = gh; hl = gl; gh = fh; gl = fl; fh = eh; fl = el;
        const sumE = (dl >>> 0) + (t1l >>> 0);
        eh = (dh + t1h + ((sumE / 4294967296) | 0)) | 0; el = sumE | 0;
        dh = ch; dl = cl; ch = bh; cl = bl; bh = ah; bl = al;
        const sumA = (t1l >>> 0) + (t2l >>> 0);
        ah = (t1h + t2h + ((sumA / 4294967296) | 0)) | 0; al = sumA | 0;
      }
      const highs = [ah, bh, ch, dh, eh, fh, gh, hh], lows = [al, bl, cl, dl, el, fl, gl, hl];
      for (let i = 0; i < 8; i++) {
        const sum = (L[i] >>> 0) + (lows[i] >>> 0);
        H[i] = (H[i] + highs[i] + ((sum / 4294967296) | 0)) | 0;
        L[i] = sum | 0;
      }
    }
  }
  words() {
    const half = (word) => (word >>> 0).toString(16).padStart(8, "0");
    return Array.from(this.h, (word, i) => half(word) + half(this.l[i])).join("");
  }
}

// ---------------------------------------------------------------- the zip, read strictly

const MAX_PACK_BYTES = 2 ** 33, MAX_ZIP_FILES = 20000, MAX_ZIP_LIST_BYTES = 1 << 23, MAX_ZIP_NAME_BYTES = 1024;
const MAX_TIMES_LARGER = 100, FREE_BYTES = 100 * 2 ** 20; // unpacked, a zip may be this many times larger, and by so much more
const MAX_PATH_LETTERS = 4096, MAX_NAME_PARTS = 64;
const ENCRYPTED = 0x2041, DESCRIBED_AFTER = 8, ZIP_FLAGS = 0x0806 | DESCRIBED_AFTER; // bits of a file's flags
const BROKEN_LIST = "is a zip file with a broken list";

const CRC = Uint32Array.from({ length: 4 * 256 }, () => 0); // four bytes at a time
for (let n = 0; n < 256; n++) {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  CRC[n] = value;
}
for (let n = 0; n < 256; n++) for (let k = 1; k < 4; k++) CRC[256 * k + n] = (CRC[256 * (k - 1) + n] >>> 8) ^ CRC[CRC[256 * (k - 1) + n] & 255];

function crc32(bytes, before) {
  let value = ~before, at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    value ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    value = CRC[768 + (value & 255)] ^ CRC[512 + ((value >>> 8) & 255)] ^ CRC[256 + ((value >>> 16) & 255)] ^ CRC[value >>> 24];
  }
  for (; at < bytes.length; at++) value = (value >>> 8) ^ CRC[(value ^ bytes[at]) & 255];
  return ~value >>> 0;
}

/** Whether a relative path stays where it is, and is one that files have. */
function isPath(path) {
  const parts = path.split("/");
  return lettersOf(path) <= MAX_PATH_LETTERS && parts.length <= MAX_NAME_PARTS && !path.includes("\0") &&
    !parts.some((each) => ["", ".", ".."].includes(each));
}
const lettersOf = (text) => (text.length <= MAX_PATH_LETTERS ? text.length : [...text].length);

/** Whether all computers unpack this name to the same place. */
function isZipPath(path) {
  return isPath(path) && encoded(path).length <= MAX_ZIP_NAME_BYTES && !/[\x00-\x1f\x7f\\:]/.test(path) &&
    !path.split("/").some((each) => /[. ]$/.test(each) || encoded(each).length > 255);
}

/** The extra fields for sizes, times and owners. By others, some programs make a link or give another name. */
const ZIP_FIELDS = new Set([0x0001, 0x000a, 0x5455, 0x5855, 0x7855, 0x7875]);
const JAR_FIELD = 0xcafe; // without content; the program jar marks its first entry so
const DOS_FOLDER = 0x10, DOS_SPECIAL = 0x408; // bits of an entry's attributes: a folder; a volume's name, or a link

/** The values, those that are too large for 32 bits taken from the extra fields, which must be sound. */
function zip64(view, from, to, values) {
  const found = [...values];
  let seen = false;
  for (let at = from; at < to; ) {
    must(at + 4 <= to, BROKEN_LIST);
    const kind = view.getUint16(at, true), size = view.getUint16(at + 2, true);
    must(at + 4 + size <= to && (ZIP_FIELDS.has(kind) || (kind === JAR_FIELD && !size)), BROKEN_LIST);
    if (kind === 1) {
      const wanted = [...values.keys()].filter((n) => values[n] === 0xffffffff);
      must(!seen && size === 8 * wanted.length, BROKEN_LIST);
      wanted.forEach((n, place) => (found[n] = Number(view.getBigUint64(at + 4 + 8 * place, true))));
      seen = true;
    }
    at += 4 + size;
  }
  return found;
}

/** The length of what follows a file whose size was not known when it was begun. */
function descriptionOf(bytes, crc, packed, size) {
  for (const long of [false, true]) {
    const told = new DataView(new ArrayBuffer(long ? 20 : 12));
    if (!long && Math.max(packed, size) > 0xffffffff) continue;
    told.setUint32(0, crc, true);
    if (long) [packed, size].forEach((each, n) => told.setBigUint64(4 + 8 * n, BigInt(each), true));
    else [packed, size].forEach((each, n) => told.setUint32(4 + 4 * n, each, true));
    const plain = new Uint8Array(told.buffer);
    for (const each of [joined(Uint8Array.from([0x50, 0x4b, 7, 8]), plain), plain]) {
      if (each.length <= bytes.length && equal(each, bytes.subarray(0, each.length))) return each.length;
    }
  }
  throw new Malformed(BROKEN_LIST);
}

/**
 * What a zip holds: path -> {kind, size, blocks}. Malformed for all that other programs might unpack otherwise: every
 * byte of the file is accounted for, a file's own head says what the list says, and no two names are one name on some
 * computer.
 */
async function unzipped(blob) {
  const part = async (from, size, otherwise) => {
    const found = new DataView(from >= 0 ? await blob.slice(from, from + size).arrayBuffer() : new ArrayBuffer(0));
    must(from >= 0 && found.byteLength === size, otherwise);
    return found;
  };
  const odd = "is a zip file in several parts, or with a remark at its end";
  const end = await part(blob.size - 22, 22, "is not a zip file");
  must(end.getUint32(0, true) === 0x06054b50, "is not a zip file, or something was added at its end");
  let count = end.getUint16(10, true), size = end.getUint32(12, true), start = end.getUint32(16, true), ends = blob.size - 22;
  must(end.getUint16(20, true) === 0 && [4, 6].every((at) => [0, 0xffff].includes(end.getUint16(at, true))) &&
    end.getUint16(8, true) === count, odd);
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    const locator = await part(blob.size - 42, 20, "is not a zip file");
    must(locator.getUint32(0, true) === 0x07064b50 && locator.getUint32(4, true) === 0 && locator.getUint32(16, true) === 1, odd);
    ends = blob.size - 98;
    must(locator.getBigUint64(8, true) === BigInt(Math.max(ends, 0)), odd);
    const large = await part(ends, 56, "is not a zip file");
    must(large.getUint32(0, true) === 0x06064b50 && large.getBigUint64(4, true) === 44n && large.getBigUint64(16, true) === 0n, odd);
    const [here, ...found] = [24, 32, 40, 48].map((at) => Number(large.getBigUint64(at, true)));
    [count, size, start] = found;
    must(here === count, odd);
  }
  must(start + size === ends && size <= MAX_ZIP_LIST_BYTES, "is a zip file whose list is not at its end");
  must(count <= MAX_ZIP_FILES, "is a zip file of more files than a pack has");
  const list = await part(start, size, BROKEN_LIST), bytes = new Uint8Array(list.buffer);
  const nodes = new Map(), spelled = new Map();
  let at = 0, expected = 0, total = 0;
  for (let index = 0; index < count; index++) {
    must(at + 46 <= size && list.getUint32(at, true) === 0x02014b50, BROKEN_LIST);
    const flags = list.getUint16(at + 8, true), method = list.getUint16(at + 10, true), crc = list.getUint32(at + 16, true);
    const [nameSize, extraSize, noteSize] = [28, 30, 32].map((offset) => list.getUint16(at + offset, true));
    const mode = list.getUint32(at + 38, true), next = at + 46 + nameSize + extraSize;
    must(next <= size && noteSize === 0, BROKEN_LIST);
    const raw = bytes.subarray(at + 46, at + 46 + nameSize), text = utf8(raw), folder = text.endsWith("/");
    const path = folder ? text.slice(0, -1) : text;
    must(isZipPath(path), "is a zip file that names a file outside of itself, or in a way of one system only");
    const [fileSize, packed, offset] = zip64(list, at + 46 + nameSize, next, [24, 20, 42].map((place) => list.getUint32(at + place, true)));
    must(!(flags & ENCRYPTED), "is an encrypted zip file");
    must(!(flags & ~ZIP_FLAGS) && (method === 0 || method === 8), "is a zip file that is packed in a way that browsers do not know");
    const kind = (mode >>> 16) & 0xf000;
    const plain = (kind === 0 || kind === (folder ? 0x4000 : 0x8000)) && !(mode & (folder ? DOS_SPECIAL : DOS_SPECIAL | DOS_FOLDER));
    must(plain, `is a zip file that holds ${path} as a link or a device`);
    must(!folder || (fileSize === 0 && packed <= 2), `is a zip file that holds bytes in the folder ${path}`);
    must(method === 8 || packed === fileSize, BROKEN_LIST);
    must(offset === expected, "is a zip file that holds bytes between its files");
    const head = await part(offset, 30 + nameSize, "is a broken zip file");
    must(head.getUint32(0, true) === 0x04034b50 && head.getUint16(6, true) === flags && head.getUint16(8, true) === method &&
      head.getUint16(26, true) === nameSize && equal(new Uint8Array(head.buffer, 30), raw),
      `is a zip file that calls ${path} something else in another place`);
    const more = await part(offset + 30 + nameSize, head.getUint16(28, true), "is a broken zip file");
    const begins = offset + 30 + nameSize + more.byteLength, after = begins + packed;
    const known = [head.getUint32(14, true), ...zip64(more, 0, more.byteLength, [22, 18].map((place) => head.getUint32(place, true)))];
    const same = (...values) => values.every((value, n) => value === known[n]);
    const describes = Boolean(flags & DESCRIBED_AFTER);
    must(same(crc, fileSize, packed) || (describes && same(0, 0, 0)), `is a zip file that says of ${path} two sizes`);
    expected = after;
    if (describes) {
      const room = Math.min(24, Math.max(0, start - after));
      expected += descriptionOf(new Uint8Array((await part(after, room, "is a broken zip file")).buffer), crc, packed, fileSize);
    }
    const parts = path.split("/");
    for (let n = 1; n <= parts.length; n++) {
      const one = parts.slice(0, n).join("/"), alike = one.normalize("NFC").toLowerCase();
      if (!spelled.has(alike)) spelled.set(alike, one);
      must(spelled.get(alike) === one, `is a zip file that holds ${one} twice, in two spellings`);
    }
    must(!nodes.has(path), "is a zip file that holds a file twice");
    nodes.set(path, {
      kind: folder ? "folder" : "file", size: fileSize,
      blocks: () => unpacked(blob.slice(begins, after), method, fileSize, crc),
    });
    total += fileSize;
    at = next;
  }
  must(at === size, BROKEN_LIST);
  must(expected === start, "is a zip file that holds bytes between its files");
  for (const path of nodes.keys()) {
    for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) {
      const above = nodes.get(path.slice(0, cut));
      must(!above || above.kind === "folder", "is a zip file that holds a file and a folder of the same name");
    }
  }
  must(total <= MAX_PACK_BYTES && total <= MAX_TIMES_LARGER * blob.size + FREE_BYTES, "is a zip file that unpacks to far more than a pack has");
  return nodes;
}

async function* unpacked(blob, method, size, crc) {
  const stream = blob.stream();
  const reader = (method === 8 ? stream.pipeThrough(new DecompressionStream("deflate-raw")) : stream).getReader();
  let seen = 0, sum = 0;
  for (;;) {
    let step;
    try {
      step = await reader.read();
    } catch (error) {
      throw new Unreadable(`it cannot be unpacked: ${error.message}`);
    }
    if (step.done) break;
    seen += step.value.length;
    if (seen > size) {
      await reader.cancel();
      throw new Unreadable("it has more bytes than the zip file says");
    }
    sum = crc32(step.value, sum);
    yield step.value;
  }
  if (seen !== size) throw new Unreadable("it has fewer bytes than the zip file says");
  if (sum !== crc) throw new Unreadable("it does not have the checksum that the zip file says");
}

/** The files below one folder of a zip. Paths are relative to it. */
class Files {
  constructor(nodes, progress = () => {}) {
    this.nodes = nodes;
    this.progress = progress;
    this.known = new Map(); // path -> the promise of its digests
    this.inside = new Map([["", new Set()]]); // folder -> names
    for (const path of nodes.keys()) this.enter(path);
  }
  enter(path) {
    for (let at = path; at; ) {
      const cut = at.lastIndexOf("/"), folder = at.slice(0, Math.max(cut, 0));
      if (!this.inside.has(folder)) this.inside.set(folder, new Set());
      this.inside.get(folder).add(at.slice(cut + 1));
      at = folder;
    }
  }
  kind(path) {
    const node = this.nodes.get(path);
    return node && node.kind !== "folder" ? node.kind : this.inside.has(path) || node ? "folder" : null;
  }
  exists(path) {
    return this.kind(path) !== null;
  }
  list(folder) {
    const kind = this.kind(folder);
    if (folder && kind !== "folder") throw this.absent(folder);
    return sorted(this.inside.get(folder) || []);
  }
  names(folder) {
    return this.kind(folder) === "folder" ? this.list(folder) : [];
  }
  absent(path) {
    const parts = path.split("/");
    const blocked = parts.some((_, n) => n && this.nodes.has(parts.slice(0, n).join("/")) &&
      this.kind(parts.slice(0, n).join("/")) !== "folder");
    return this.kind(path) || blocked ? new Unreadable("it is no regular file") : new Unreadable("is missing", true);
  }
  file(path) {
    if (this.kind(path) !== "file") throw this.absent(path);
    return this.nodes.get(path);
  }
  size(path) {
    return this.file(path).size;
  }
  async content(path, most = MAX_BYTES) {
    const node = this.file(path);
    if (node.size > most) throw new Unreadable(`it has more than ${most} bytes`);
    const whole = new Uint8Array(node.size);
    let at = 0;
    for await (const block of node.blocks()) {
      whole.set(block, at);
      at += block.length;
    }
    return whole;
  }
  /** SHA-256 and SHA-512 of a file, in hex; it is read once only. */
  async digests(path) {
    const node = this.file(path);
    if (!this.known.has(path)) this.known.set(path, this.hash(path, node));
    return this.known.get(path);
  }
  async hash(path, node) {
    if (node.size <= MAX_BYTES_AT_ONCE) {
      const bytes = await this.content(path, MAX_BYTES_AT_ONCE);
      this.progress(node.size);
      return { sha256: hexOf(await sha256(bytes)), sha512: hexOf(await sha512(bytes)) };
    }
    const short = new Sha256(), long = new Sha512();
    for await (const block of node.blocks()) {
      short.update(block);
      long.update(block);
      this.progress(block.length);
    }
    return { sha256: short.end(), sha512: long.end() };
  }
}

// ---------------------------------------------------------------- JSON, with what JSON.parse does not tell

const MAX_JSON_DEPTH = 100, MAX_DIGITS = 4300;

/** Objects become Maps, numbers that are no safe integers become {number}; `unique`: no key may occur twice. */
function decoded(bytes, unique = false) {
  const text = utf8(bytes);
  let at = 0;
  const fail = () => { throw new Malformed("not valid JSON"); };
  const token = (pattern) => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match && match[0];
  };
  const space = () => token(/[ \t\n\r]*/y);
  const value = (depth) => {
    space();
    let found;
    if (depth >= MAX_JSON_DEPTH && /[[{]/.test(text[at] || "")) fail();
    if (text[at] === "{") {
      at++;
      found = new Map();
      space();
      if (text[at] === "}") at++;
      else for (;;) {
        space();
        const key = string();
        space();
        if (text[at++] !== ":") fail();
        must(!unique || !found.has(key), "a JSON key occurs twice");
        found.set(key, value(depth + 1));
        if (text[at] === "}" && ++at) break;
        if (text[at++] !== ",") fail();
      }
    } else if (text[at] === "[") {
      at++;
      found = [];
      space();
      if (text[at] === "]") at++;
      else for (;;) {
        found.push(value(depth + 1));
        if (text[at] === "]" && ++at) break;
        if (text[at++] !== ",") fail();
      }
    } else if (text[at] === '"') found = string();
    else {
      const word = token(/true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y);
      if (!word) fail();
      if (/^-?[0-9]+$/.test(word) && word.length - word.startsWith("-") > MAX_DIGITS) fail();
      const plain = { true: true, false: false, null: null };
      const whole = /^-?[0-9]+$/.test(word) && Number.isSafeInteger(Number(word));
      found = word in plain ? plain[word] : whole ? Number(word) : { number: word };
    }
    space();
    return found;
  };
  const string = () => {
    const literal = token(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y);
    const found = literal ? JSON.parse(literal) : fail();
    if (literal.includes("\\u") && /[\ud800-\udfff]/u.test(found)) fail(); // half a character
    return found;
  };
  const found = value(0);
  if (at !== text.length) fail();
  return found;
}

/** A ledger line: sorted keys, no spaces, UTF-8. */
function canonical(value) {
  if (value instanceof Map) {
    return `{${sorted(value.keys()).map((key) => `${JSON.stringify(key)}:${canonical(value.get(key))}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") throw new Malformed("not a ledger line");
  return JSON.stringify(value);
}

const asciiJson = (text) =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

// ---------------------------------------------------------------- the Merkle tree of RFC 6962

const leafHash = (data) => sha256(joined(new Uint8Array([0]), data));
const nodeHash = (left, right) => sha256(joined(new Uint8Array([1]), left, right));

/** The root that an inclusion path leads to (RFC 9162, section 2.1.3.2); null where the path cannot be one. */
async function rootByPath(leaf, index, size, path) {
  if (!(index >= 0n && index < size)) return null;
  let position = index, last = size - 1n, found = leaf;
  for (const sibling of path) {
    if (last === 0n) return null;
    if (position & 1n || position === last) {
      found = await nodeHash(sibling, found);
      while (!(position & 1n) && position) {
        position >>= 1n;
        last >>= 1n;
      }
    } else found = await nodeHash(found, sibling);
    position >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? found : null;
}

// ---------------------------------------------------------------- Ed25519 (RFC 8032), strict verification

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (value) => ((value % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (base = mod(base); exponent; exponent >>= 1n, base = (base * base) % P) {
    if (exponent & 1n) result = (result * base) % P;
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_1 = power(2n, (P - 1n) / 4n);
const ZERO = [0n, 1n, 1n, 0n]; // extended coordinates

function add(p, q) {
  const a = mod((p[1] - p[0]) * (q[1] - q[0])), b = ((p[1] + p[0]) * (q[1] + q[0])) % P;
  const c = (((2n * p[3] * q[3]) % P) * D) % P, d = (2n * p[2] * q[2]) % P;
  const e = b - a, f = d - c, g = d + c, h = b + a;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function pointOf(bytes) {
  let y = number(Uint8Array.from(bytes).reverse());
  const sign = y >> 255n;
  y &= (1n << 255n) - 1n;
  if (y >= P) return null;
  const square = mod((y * y - 1n) * power(D * y * y + 1n, P - 2n));
  let x = power(square, (P + 3n) / 8n);
  if ((x * x) % P !== square) x = (x * ROOT_OF_MINUS_1) % P;
  if ((x * x) % P !== square || (x === 0n && sign)) return null;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, (x * y) % P];
}

const BASE = pointOf(Uint8Array.from({ length: 32 }, (_, i) => (i ? 0x66 : 0x58)));

/** Whether eight times the point is nothing: such a key "signs" without any secret. */
function isSmall(point) {
  for (let n = 0; n < 3; n++) point = add(point, point);
  return point[0] === 0n && point[1] === point[2];
}

async function ed25519Verify(key, signature, message) {
  const point = key.length === 32 ? pointOf(key) : null;
  if (!point || signature.length !== 64 || isSmall(point)) return false;
  const little = (bytes) => number(Uint8Array.from(bytes).reverse());
  const scalar = little(signature.subarray(32));
  if (scalar >= ORDER) return false;
  const challenge = little(await sha512(joined(signature.subarray(0, 32), key, message))) % ORDER;
  const minusKey = [mod(-point[0]), point[1], 1n, mod(-point[3])];
  const sums = [null, BASE, minusKey, add(BASE, minusKey)];
  let total = ZERO; // scalar * base - challenge * key
  for (let bit = 255n; bit >= 0n; bit--) {
    total = add(total, total);
    const which = Number((scalar >> bit) & 1n) + 2 * Number((challenge >> bit) & 1n);
    if (which) total = add(total, sums[which]);
  }
  const inverse = power(total[2], P - 2n);
  const x = (total[0] * inverse) % P, y = (total[1] * inverse) % P;
  return (y | ((x & 1n) << 255n)) === little(signature.subarray(0, 32));
}

// ---------------------------------------------------------------- checkpoints: C2SP signed notes

const ED25519_SPKI = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);

function pemBlocks(text, label) {
  const found = text.matchAll(new RegExp(`-----BEGIN ${label}-----([^]*?)-----END ${label}-----`, "g"));
  return Array.from(found, (match) => {
    const whole = unbase64(match[1].replace(/[ \t\r\n]+/g, ""));
    must(whole.length, "holds an empty block");
    return whole;
  });
}

/** Whether these bytes have the outer form of one X.509 certificate. */
function isCertificate(data) {
  try {
    const [whole, ...more] = der(data);
    return !more.length && whole.tag === SEQUENCE && der(whole.value).map((each) => each.tag).join() === "48,48,3";
  } catch (error) {
    if (error instanceof Malformed || error instanceof TypeError) return false;
    throw error;
  }
}

/**
 * The certificates (DER) of a file in PEM form, and what is wrong with the file, or null. As in verify.py: text around them
 * is allowed, but "-----BEGIN" with anything else than a whole certificate is wrong, which other programs may trust, too.
 */
function certificatesIn(bytes) {
  const found = [];
  let wrong = null;
  for (const part of new TextDecoder("latin1").decode(bytes).split("-----BEGIN").slice(1)) {
    const begin = " CERTIFICATE-----", [block, ...end] = part.split("-----END CERTIFICATE-----");
    let whole = null;
    try {
      whole = unbase64(block.slice(begin.length).replace(/[ \t\r\n]+/g, ""));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
    if (part.startsWith(begin) && end.length && whole && isCertificate(whole)) found.push(whole);
    else wrong = "holds something besides certificates in PEM form";
  }
  return { found, wrong };
}

function publicKey(pem) {
  const blocks = pemBlocks(pem, "PUBLIC KEY");
  const good = blocks.length === 1 && blocks[0].length === 44 && equal(blocks[0].subarray(0, 12), ED25519_SPKI);
  must(good, "not an Ed25519 public key in PEM form");
  return blocks[0].subarray(12);
}

const pemOfKey = (key) =>
  encoded(`-----BEGIN PUBLIC KEY-----\n${base64(joined(ED25519_SPKI, key))}\n-----END PUBLIC KEY-----\n`);

const MAX_SIGNATURES = 64; // of one checkpoint

class Note {
  constructor(data) {
    const [head, rest] = partition(data);
    const lines = utf8(head).split("\n");
    must(rest && lines.length >= 3 && /^(?:[1-9][0-9]{0,14}|0)$/.test(lines[1]), "not a signed checkpoint");
    must(/^[\x20-\x7e]*$/.test(lines[0]), "the checkpoint's name of its log is not ASCII text");
    const signed = utf8(rest).replace(/\n$/, "");
    this.signatures = (rest.length ? signed.split("\n") : []).map((line) => {
      const match = /^\u2014 ([^ +]+) (\S+)$/.exec(line);
      must(match, "not a signature line of a checkpoint");
      return [match[1], unbase64(match[2])];
    });
    must(this.signatures.length <= MAX_SIGNATURES, "the checkpoint has more signatures than make sense");
    this.root = unbase64(lines[2]);
    must(this.root.length === 32, "the checkpoint's root is not a SHA-256 hash");
    this.origin = lines[0];
    this.size = BigInt(lines[1]);
    this.text = joined(head, new Uint8Array([10]));
  }
  async signedBy(key) {
    const id = (await sha256(joined(encoded(`${this.origin}\n`), new Uint8Array([1]), key))).subarray(0, 4);
    for (const [name, blob] of this.signatures) {
      if (name === this.origin && equal(blob.subarray(0, 4), id) && (await ed25519Verify(key, blob.subarray(4), this.text))) {
        return true;
      }
    }
    return false;
  }
}

// ---------------------------------------------------------------- anchors: C2SP cosignatures and OpenTimestamps

const LOG_DOMAIN = "archiver.invalid", END_OF_TIME = 253402300800n; // the year 10000, in seconds since 1970

/** The key of a witness, written as name+id+key. */
async function witnessKey(text) {
  const match = /^([!-*,-~]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text);
  must(match, "is not the key of a witness, as NAME+12345678+BASE64");
  const key = unbase64(match[3]), name = match[1], own = key.subarray(1);
  must(key[0] === 4, "is not a key for Ed25519 cosignatures");
  const id = (await sha256(joined(encoded(`${name}\n`), key))).subarray(0, 4);
  must(hexOf(id) === match[2] && pointOf(own), "is a damaged key of a witness");
  return { name, id, key: own, text };
}

/** The witnesses' keys in a file: one a line, sorted, each once. */
async function witnessKeys(data) {
  const keys = await Promise.all(utf8(data).split("\n").slice(0, -1).map(witnessKey));
  const wanted = sorted(new Set(keys.map((each) => each.text))).map((text) => `${text}\n`).join("");
  must(equal(data, encoded(wanted)), "is not written as such a list is");
  return keys;
}

/** Who cosigned a checkpoint, and when by its own word: {key, time}. */
async function cosigned(data, note, key, keys) {
  const found = new Note(data);
  const lines = found.signatures.map(([name, blob]) => `\u2014 ${name} ${base64(blob)}\n`).join("");
  must(equal(data, joined(found.text, encoded(`\n${lines}`))), "is not written as a signed note is");
  must(found.signatures.length === 2, "has other signatures than the archive's and one witness's");
  const log = `${LOG_DOMAIN}/${hexOf(await sha256(joined(ED25519_SPKI, key))).slice(0, 32)}`;
  must(equal(found.text, encoded(`${log}\n${note.size}\n${base64(note.root)}\n`)), "is of something else than its checkpoint");
  const [name, blob] = found.signatures[1];
  found.signatures.length = 1;
  must(await found.signedBy(key), "is not signed by the signer's key");
  const witness = keys.find((each) => each.name === name && equal(each.id, blob.subarray(0, 4)));
  must(witness, "is cosigned by a witness whose key is not here");
  const at = number(blob.subarray(4, 12)), signed = joined(encoded(`cosignature/v1\ntime ${at}\n`), found.text);
  const whole = blob.length === 76 && at > 0n && at < END_OF_TIME;
  must(whole && (await ed25519Verify(witness.key, blob.subarray(12), signed)), "has a cosignature that does not hold");
  return { witness, time: `${new Date(Number(at) * 1000).toISOString().slice(0, 19)}Z` };
}

const OTS_HEAD = joined(encoded("\0OpenTimestamps\0\0Proof\0"), Uint8Array.from([0xbf, 0x89, 0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94, 1, 8]));
const OTS_ATTESTATIONS = { "83dfe30d2ef90c8e": "pending", "0588960d73d71901": "bitcoin" };
const MAX_OTS_BYTES = 1 << 16, MAX_OTS_MESSAGE_BYTES = 4096;

class OtsReader {
  constructor(data, at = 0) {
    this.data = data;
    this.at = at;
  }
  take(count) {
    const taken = this.data.subarray(this.at, this.at + count);
    must(taken.length === count, "is cut off");
    this.at += count;
    return taken;
  }
  number(most) {
    for (let value = 0, weight = 1; ; weight *= 128) {
      const [byte] = this.take(1);
      value += (byte & 0x7f) * weight;
      must(value <= most && (byte || weight === 1), "has a number that makes no sense");
      if (byte < 0x80) return value;
    }
  }
  text(most) {
    return this.take(this.number(most));
  }
}

/** Where the branches of an OpenTimestamps proof of a digest end: each {kind, message, said}. */
async function otsAttestations(proof, digest) {
  must(proof.length <= MAX_OTS_BYTES, "is larger than such a proof");
  const head = joined(OTS_HEAD, digest), reader = new OtsReader(proof, head.length), found = [], waiting = [digest];
  must(equal(proof.subarray(0, head.length), head), "is no OpenTimestamps proof of its checkpoint");
  while (waiting.length) {
    let message = waiting.pop(), [tag] = reader.take(1);
    if (tag === 0xff) {
      waiting.push(message);
      [tag] = reader.take(1);
    }
    if (tag === 0) {
      const kind = OTS_ATTESTATIONS[hexOf(reader.take(8))] || "unknown", inner = new OtsReader(reader.text(8192));
      let said = "";
      if (kind === "pending") {
        said = String.fromCharCode(...inner.text(1000));
        must(/^[A-Za-z0-9._/:-]+$/.test(said), "names no calendar");
      } else if (kind === "bitcoin") {
        said = String(inner.number(2 ** 31));
        must(message.length === 32, "does not lead to a Merkle root");
      }
      must(kind === "unknown" || inner.at === inner.data.length, "has an attestation of another form");
      found.push({ kind, message, said });
      continue;
    }
    if (tag === 0x08) message = await sha256(message);
    else if (tag === 0xf0 || tag === 0xf1) {
      const more = reader.text(MAX_OTS_MESSAGE_BYTES);
      must(more.length, "adds nothing");
      message = tag === 0xf0 ? joined(message, more) : joined(more, message);
    } else must(false, "has an operation that is not known here");
    must(message.length <= MAX_OTS_MESSAGE_BYTES, "makes a message that is too long");
    waiting.push(message);
  }
  must(reader.at === proof.length, "has bytes after its end");
  return found;
}

// ---------------------------------------------------------------- DER and certificates

/** The items that follow each other in `data`: {tag, value, whole}. */
function der(data) {
  const items = [];
  for (let at = 0; at < data.length; ) {
    const begin = at, tag = data[at];
    let length = data[at + 1];
    must(length !== undefined, "the timestamp is cut off");
    must(length !== 0x80 && (tag & 0x1f) !== 0x1f, "the timestamp is not encoded in DER");
    at += 2;
    if (length & 0x80) {
      const width = length & 0x7f;
      must(at + width <= data.length, "the timestamp is cut off");
      length = Number(number(data.subarray(at, at + width)));
      at += width;
    }
    must(at + length <= data.length, "the timestamp is cut off");
    items.push({ tag, value: data.subarray(at, at + length), whole: data.subarray(begin, at + length) });
    at += length;
  }
  return items;
}

function within(item, ...path) {
  for (const index of path) {
    item = item && der(item.value)[index];
    must(item, "not a timestamp response");
  }
  return item;
}

const INTEGER = 0x02, BIT_STRING = 0x03, OCTET_STRING = 0x04, OID = 0x06, SEQUENCE = 0x30, SET = 0x31, CONTEXT_0 = 0xa0, CONTEXT_1 = 0xa1;

/** The items of a value in the order in which they are to stand there; `optional` ones may be absent and are null then. */
function fieldsOf(item, tag, ...wanted) {
  must(item && item.tag === tag, "not a timestamp response");
  const items = der(item.value);
  const found = wanted.map((each) => {
    const { tag: expected, optional } = typeof each === "number" ? { tag: each } : each;
    if (items.length && items[0].tag === expected) return items.shift();
    must(optional, "not a timestamp response");
    return null;
  });
  must(!items.length, "not a timestamp response");
  return found;
}
const optional = (tag) => ({ tag, optional: true });

/** The object identifier of an AlgorithmIdentifier, in hex. */
function algorithmOf(item) {
  must(item && item.tag === SEQUENCE, "not a timestamp response");
  const [oid, parameters, ...more] = der(item.value);
  must(oid && oid.tag === OID && !more.length, "not a timestamp response");
  must(!parameters || parameters.tag !== 0x05 || !parameters.value.length, "not a timestamp response");
  return hexOf(oid.value);
}

/** A UTCTime or GeneralizedTime as `2026-11-24T02:00:00Z`. */
function timeOf(item) {
  must(item.value.length < 100, "not a timestamp response");
  let text = String.fromCharCode(...item.value);
  if (item.tag === 0x17) text = (text.slice(0, 2) >= "50" ? "19" : "20") + text;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text);
  must(parts, "not a timestamp response");
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number);
  const date = new Date(Date.UTC(2000, month - 1, day, hour, minute));
  date.setUTCFullYear(year, month - 1, day);
  must(year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 62,
    "not a timestamp response");
  const [y, mo, d, h, mi, s] = parts.slice(1);
  return `${y}-${mo}-${d}T${h}:${mi}:${s}Z`;
}

const HASH_OIDS = {
  "608648016503040201": "SHA-256", "608648016503040202": "SHA-384", "608648016503040203": "SHA-512", "2b0e03021a": "SHA-1",
};
const SIGNATURE_OIDS = { // hash and kind; of the first the hash is told elsewhere
  "2a864886f70d010101": [null, "rsa"], "2a864886f70d010105": ["SHA-1", "rsa"], "2a864886f70d01010b": ["SHA-256", "rsa"],
  "2a864886f70d01010c": ["SHA-384", "rsa"], "2a864886f70d01010d": ["SHA-512", "rsa"],
  "2a8648ce3d0401": ["SHA-1", "ec"], "2a8648ce3d040302": ["SHA-256", "ec"], "2a8648ce3d040303": ["SHA-384", "ec"],
  "2a8648ce3d040304": ["SHA-512", "ec"], "2b6570": [null, "ed25519"],
};
const CURVES = { "2a8648ce3d030107": ["P-256", 32], "2b81040022": ["P-384", 48], "2b81040023": ["P-521", 66] };

/** Whether a key (SubjectPublicKeyInfo) made a signature; `algorithm` is an AlgorithmIdentifier. */
async function signatureHolds(spki, algorithm, hash, signature, message) {
  const known = SIGNATURE_OIDS[algorithmOf(algorithm)];
  if (!known) throw new Unsupported("it is signed in a way that this page does not know");
  const name = known[0] || hash;
  const verify = async (form, how, bytes) => {
    let key;
    try {
      key = await crypto.subtle.importKey("spki", spki.whole, form, false, ["verify"]);
    } catch {
      throw new Unsupported("it is signed by a kind of key that this browser does not know");
    }
    return crypto.subtle.verify(how, key, bytes, message);
  };
  if (known[1] === "rsa") {
    if (!equal(within(spki, 0, 0).value, Uint8Array.from([42, 134, 72, 134, 247, 13, 1, 1, 1]))) return false;
    return verify({ name: "RSASSA-PKCS1-v1_5", hash: name }, "RSASSA-PKCS1-v1_5", signature);
  }
  if (known[1] === "ed25519") return ed25519Verify(der(spki.value)[1].value.subarray(1), signature, message);
  const curve = CURVES[hexOf((der(within(spki, 0).value)[1] || { value: [] }).value)];
  if (!curve) throw new Unsupported("it is signed by a kind of key that this page does not know");
  const whole = der(signature);
  must(whole.length === 1, "the signature is not written as it must be");
  const numbers = fieldsOf(whole[0], SEQUENCE, INTEGER, INTEGER).map((each) => each.value);
  const raw = new Uint8Array(2 * curve[1]);
  for (const [index, value] of numbers.entries()) {
    const digits = value.subarray(Math.max(value.findIndex((byte) => byte), 0));
    if (digits.length > curve[1]) return false;
    raw.set(digits, (index + 1) * curve[1] - digits.length);
  }
  return verify({ name: "ECDSA", namedCurve: curve[0] }, { name: "ECDSA", hash: name }, raw);
}

/** A name as OpenSSL compares it: without regard to case and to runs of spaces. */
function nameOf(name) {
  return partsOf(name).join(",");
}

function partsOf(name) {
  const text = (item) => new TextDecoder().decode(item.value).trim().replace(/\s+/g, " ").toLowerCase();
  return partsOfName(name).map((set) => set.map(([oid, value]) => `${hexOf(oid.value)}=${text(value)}`).join("+"));
}

const TEXT = new Set([0x0c, 0x12, 0x13, 0x14, 0x16, 0x1a, 0x1c, 0x1e]); // the tags of kinds of text

/** The sets of [type, value] pairs that a name consists of. */
function partsOfName(name) {
  return der(name.value).map((set) => {
    must(set.tag === SET, "not a name");
    return der(set.value).map((pair) => {
      const items = der(pair.value);
      must(pair.tag === SEQUENCE && items.length === 2 && items[0].tag === OID && TEXT.has(items[1].tag), "not a name");
      return items;
    });
  });
}

function partOfName(name, oid) {
  const found = partsOfName(name).flat().find(([type]) => hexOf(type.value) === oid);
  return found ? new TextDecoder().decode(found[1].value) : "";
}

class Certificate {
  constructor(whole) {
    const [tbs, algorithm, signature] = fieldsOf(der(whole)[0], SEQUENCE, SEQUENCE, SEQUENCE, BIT_STRING);
    const all = der(tbs.value), fields = all.filter((each) => each.tag !== CONTEXT_0);
    const tags = [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE];
    must(tags.every((tag, index) => fields[index] && fields[index].tag === tag), "not a certificate");
    must(der(whole).length === 1 && equal(algorithm.whole, fields[1].whole) && signature.value[0] === 0, "not a certificate");
    [this.serial, , this.issuer, this.validity, this.subject, this.spki] = fields;
    Object.assign(this, { whole, tbs, algorithm, signature: signature.value.subarray(1) });
    [this.begins, this.ends] = der(this.validity.value).map((each) => {
      const plain = each.value.length === (each.tag === 0x17 ? 13 : 15) && [0x17, 0x18].includes(each.tag); // as RFC 5280 asks
      must(plain && latin(each.value.subarray(-3, -1)) < "60", "not a certificate");
      return timeOf(each);
    });
    this.subjectName = nameOf(this.subject);
    this.issuerName = nameOf(this.issuer);
    this.version1 = !all.some((each) => each.tag === 0xa0);
    this.extensions = new Map();
    for (const block of fields.filter((each) => each.tag === 0xa3)) {
      for (const extension of der(within(block, 0).value)) {
        const items = der(extension.value), value = items[items.length - 1];
        const critical = items.length === 3 && items[1].value[0] !== 0;
        this.extensions.set(hexOf(items[0].value), { critical, value: value.value });
      }
    }
  }
  /** Bits of the key usage, the first one highest; null where there is none. */
  get usage() {
    const found = this.extensions.get("551d0f");
    return found ? within({ value: found.value }, 0).value[1] || 0 : null;
  }
  get basic() {
    const found = this.extensions.get("551d13");
    if (!found) return null;
    const items = der(within({ value: found.value }, 0).value);
    const length = items.find((each) => each.tag === 0x02);
    const authority = items.some((each) => each.tag === 0x01 && each.value[0]);
    return { authority, length: length ? Number(number(length.value)) : Infinity };
  }
  get isAuthority() {
    if (this.usage !== null && !(this.usage & 0x04)) return false;
    return this.basic ? this.basic.authority : this.version1 && this.selfIssued;
  }
  /** What the certificate calls its own key, and its issuer's, in hex; empty where it does not say. */
  get keyName() {
    const found = this.extensions.get("551d0e");
    return found ? hexOf(within({ value: found.value }, 0).value) : "";
  }
  get issuerKeyName() {
    const found = this.extensions.get("551d23");
    const named = found && der(within({ value: found.value }, 0).value).find((each) => each.tag === 0x80);
    return named ? hexOf(named.value) : "";
  }
  /** The names that it may certify, and may not: lists of {base, bounded}; null where it does not say. They count, critical or not. */
  get constraints() {
    const found = this.extensions.get("551d1e");
    if (!found) return null;
    const lists = der(within({ value: found.value }, 0).value);
    const of = (tag) => lists.filter((each) => each.tag === tag).flatMap((each) => der(each.value)).map((each) => {
      const [base, ...bounds] = der(each.value);
      must(base, "not a rule about names");
      return { base, bounded: bounds.some((bound) => bound.tag !== 0x80 || bound.value.some((byte) => byte)) };
    });
    return { permitted: of(0xa0), excluded: of(0xa1) };
  }
  get alternativeNames() {
    const found = this.extensions.get("551d11");
    return found ? der(within({ value: found.value }, 0).value) : [];
  }
  get selfIssued() {
    return this.subjectName === this.issuerName;
  }
  get title() {
    return partOfName(this.subject, "550403") || partOfName(this.subject, "55040a") || "?";
  }
  get organisation() {
    return partOfName(this.subject, "55040a");
  }
  /** Why the certificate may not sign timestamps, or null. */
  get refusal() {
    if (this.usage !== null && (this.usage & ~0xc0 || !(this.usage & 0xc0))) return "unsuitable certificate purpose";
    const extended = this.extensions.get("551d25");
    if (!extended || !extended.critical) return "unsuitable certificate purpose";
    const purposes = der(within({ value: extended.value }, 0).value).map((each) => hexOf(each.value));
    return purposes.length === 1 && purposes[0] === "2b06010505070308" ? null : "unsuitable certificate purpose";
  }
}

const KNOWN_EXTENSIONS = new Set(["551d0f", "551d13", "551d25", "551d20", "551d11", "551d0e", "551d23", "551d1e"]);

const MAX_CHAIN = 8, MAX_OF_ONE_NAME = 8; // roots of one name that are tried

/** Whether a certificate may be the other's issuer by its name, and by the name of its key where both state one. */
function fits(issuer, certificate) {
  const [own, wanted] = [issuer.keyName, certificate.issuerKeyName];
  return issuer.subjectName === certificate.issuerName && (!own || !wanted || own === wanted);
}

/**
 * The certificates from `certificate` to one of the roots, all valid at that time; null where there are none. Each one's
 * issuer is the first that fits, a root before any other, as OpenSSL takes it; of several roots of one name each is tried.
 */
async function chainOf(certificate, at, candidates, roots, below = []) {
  const isValid = (each) => each.begins <= at && at <= each.ends;
  const path = [...below, certificate];
  if (!isValid(certificate)) return null;
  for (const [oid, { critical }] of certificate.extensions) {
    if (critical && !KNOWN_EXTENSIONS.has(oid)) throw new Unsupported("a certificate has a rule that this page does not know");
  }
  if (certificate.selfIssued && roots.some((root) => equal(root.whole, certificate.whole))) return namesAllowed(path) ? path : null;
  if (path.length >= MAX_CHAIN) return null;
  const between = path.slice(1).filter((one) => !one.selfIssued).length;
  const suits = (one) => fits(one, certificate) && isValid(one);
  const trusted = roots.filter(suits);
  for (const issuer of trusted.length ? trusted.slice(0, MAX_OF_ONE_NAME) : candidates.filter(suits).slice(0, 1)) {
    if (path.some((one) => equal(one.whole, issuer.whole))) continue;
    if (!issuer.isAuthority || (issuer.basic && issuer.basic.length < between)) continue;
    if (!(await signatureHolds(issuer.spki, certificate.algorithm, null, certificate.signature, certificate.tbs.whole))) continue;
    const found = await chainOf(issuer, at, candidates, roots, path);
    if (found) return found;
  }
  return null;
}

// ---------------------------------------------------------------- which names an authority may certify (RFC 5280, 4.2.1.10)

const RFC822_NAME = 0x81, DNS_NAME = 0x82, DIRECTORY_NAME = 0xa4, URI_NAME = 0x86, IP_NAME = 0x87;
const latin = (bytes) => String.fromCharCode(...bytes);

/** Whether each certificate of a chain has names that those above it allow, as OpenSSL decides it. */
function namesAllowed(path) {
  return path.every((each, n) => (n > 0 && each.selfIssued) ||
    path.slice(n + 1).every((above) => !above.constraints || allows(above.constraints, each, n === 0)));
}

function allows({ permitted, excluded }, certificate, first) {
  const allowed = (name) => {
    const alike = (subtrees) => subtrees.filter(({ base }) => base.tag === name.tag);
    const within = [...alike(permitted), ...alike(excluded)];
    if (within.some(({ bounded }) => bounded)) return false;
    return (!alike(permitted).length || alike(permitted).some(({ base }) => isBelow(name, base))) &&
      !alike(excluded).some(({ base }) => isBelow(name, base));
  };
  try {
    return namesOf(certificate, first).every(allowed);
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

/** All names of a certificate: {tag, value}. The first one's common names count as hosts where it names none. */
function namesOf(certificate, first) {
  const parts = partsOfName(certificate.subject).flat(), found = certificate.alternativeNames;
  const subject = parts.length ? [{ tag: DIRECTORY_NAME, value: certificate.subject.whole }] : [];
  const mails = parts.filter(([type]) => hexOf(type.value) === "2a864886f70d010901").map(([, text]) => {
    must(text.tag === 0x16, "a mail address is written as it may not be");
    return { tag: RFC822_NAME, value: text.value };
  });
  const hosts = first && !found.some((each) => each.tag === DNS_NAME)
    ? parts.filter(([type, text]) => hexOf(type.value) === "550403" && isHost(new TextDecoder().decode(text.value)))
      .map(([, text]) => ({ tag: DNS_NAME, value: text.value })) : [];
  return [...subject, ...mails, ...found, ...hosts];
}

const isHost = (text) => /^[A-Za-z0-9_](?:[A-Za-z0-9_]|-|(?<!-)\.(?![.-]))*[A-Za-z0-9_]$/.test(text) && text.includes(".");

/** Whether a name lies below the base of a subtree. Malformed where it is of a kind, or written so, that nobody judges it. */
function isBelow(name, base) {
  const own = latin(name.value), wanted = latin(base.value), [small, top] = [own.toLowerCase(), wanted.toLowerCase()];
  const host = (text) => (top.startsWith(".") ? text.length > top.length && text.endsWith(top) : text === top);
  if (name.tag === DIRECTORY_NAME) {
    const mine = partsOf(der(name.value)[0]), above = partsOf(der(base.value)[0]);
    return above.length <= mine.length && above.every((part, n) => part === mine[n]);
  }
  if (name.tag === DNS_NAME) {
    return !top || small === top || (small.endsWith(top) && (top.startsWith(".") || small[small.length - top.length - 1] === "."));
  }
  if (name.tag === RFC822_NAME) {
    const at = own.lastIndexOf("@"), cut = wanted.indexOf("@");
    must(at >= 0, "a mail address is written as it may not be");
    if (cut < 0) return top.startsWith(".") ? host(small) : small.slice(at + 1) === top;
    return (cut === 0 || own.slice(0, at) === wanted.slice(0, cut)) && small.slice(at + 1) === top.slice(cut + 1);
  }
  if (name.tag === URI_NAME) {
    const parts = /^[^:]*:\/\/([^:/]+)/.exec(small);
    must(parts, "an address is written as it may not be");
    return host(parts[1]);
  }
  must(name.tag === IP_NAME, "a kind of name that nobody judges");
  const bytes = [...name.value], mask = [...base.value].slice(bytes.length);
  return [4, 16].includes(bytes.length) && base.value.length === 2 * bytes.length &&
    bytes.every((byte, n) => (byte & mask[n]) === (base.value[n] & mask[n]));
}

// ---------------------------------------------------------------- timestamps (RFC 3161)

const TST_INFO = "2a864886f70d0109100104", SIGNED_DATA = "2a864886f70d010702";
const CONTENT_TYPE = "2a864886f70d010903", MESSAGE_DIGEST = "2a864886f70d010904";
const SIGNING_CERTIFICATE = "2a864886f70d010910020c", SIGNING_CERTIFICATE_2 = "2a864886f70d010910022f";

const QC_STATEMENTS = "2b06010505070103", EU_QUALIFIED = "040081975e0101";

/** An object identifier as `1.3.6.1`; empty where it is not one. */
function dotted(oid) {
  const numbers = [];
  let value = 0n;
  for (const byte of oid) {
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte & 0x80) continue;
    numbers.push(value);
    value = 0n;
  }
  if (!numbers.length || oid[oid.length - 1] & 0x80 || oid.length > 64) return "";
  const first = numbers[0] < 80n ? numbers[0] / 40n : 2n;
  return [first, numbers[0] - 40n * first, ...numbers.slice(1)].join(".");
}

/** Whether the timestamp states of itself that it is qualified in the EU (esi4-qtstStatement-1 of ETSI EN 319 422). */
function statesQualified(info) {
  try {
    const extensions = info.slice(5).filter((item) => item.tag === 0xa1).flatMap((item) => der(item.value)).map((each) => der(each.value));
    const found = extensions.filter((each) => hexOf(each[0].value) === QC_STATEMENTS).map((each) => der(der(each[each.length - 1].value)[0].value));
    return found.some((statements) => statements.some((each) => hexOf(der(each.value)[0].value) === EU_QUALIFIED));
  } catch (error) {
    if (error instanceof Malformed || error instanceof TypeError) return false;
    throw error;
  }
}

/** What a timestamp response says, its signature unverified. */
class Token {
  constructor(response) {
    const whole = der(response);
    must(whole.length === 1, "not a timestamp response");
    const [status, content] = fieldsOf(whole[0], SEQUENCE, SEQUENCE, SEQUENCE);
    const [granted] = fieldsOf(status, SEQUENCE, INTEGER, optional(SEQUENCE), optional(BIT_STRING));
    must(granted.value.length === 1 && granted.value[0] <= 1, "the authority refused the timestamp");
    const [kind, inside] = fieldsOf(content, SEQUENCE, OID, CONTEXT_0);
    must(hexOf(kind.value) === SIGNED_DATA, "not a timestamp response");
    const [signed] = fieldsOf(inside, CONTEXT_0, SEQUENCE);
    const [, hashes, encapsulated, certificates, , signers] = fieldsOf(
      signed, SEQUENCE, INTEGER, SET, SEQUENCE, optional(CONTEXT_0), optional(CONTEXT_1), SET);
    this.hashes = der(hashes.value).map(algorithmOf);
    this.certificates = certificates ? der(certificates.value).map((each) => each.whole) : [];
    this.signers = der(signers.value);
    const [type, wrapped] = fieldsOf(encapsulated, SEQUENCE, OID, CONTEXT_0);
    const octets = der(wrapped.value);
    must(octets.length === 1 && octets[0].tag === OCTET_STRING, "the timestamp is not in one piece");
    must(hexOf(type.value) === TST_INFO, "not a timestamp response");
    this.content = octets[0].value;
    this.info = der(within({ value: this.content }, 0).value);
    const [algorithm, digest] = der(this.info[2].value);
    this.algorithm = HASH_OIDS[hexOf(within(algorithm, 0).value)];
    must(digest && this.algorithm && this.algorithm !== "SHA-1", "not a timestamp response");
    must(this.info[4].tag === 0x18, "the timestamp states its time in another form than RFC 3161 asks");
    this.digest = digest.value;
    this.time = timeOf(this.info[4]);
    this.policy = dotted(this.info[1].value);
    this.statesQualified = statesQualified(this.info);
  }
  async covers(data) {
    return equal(await subtleDigest(this.algorithm, data), this.digest);
  }
}

const parsedCertificates = (wholes) => wholes.flatMap((whole) => {
  try {
    return [new Certificate(whole)];
  } catch (error) {
    if (error instanceof Malformed || error instanceof TypeError) return [];
    throw error;
  }
});

/**
 * Who vouches for a timestamp: {signer, root, ends}, if it holds against the roots; Malformed says why not. Unfit says
 * which of the rules it breaks that verify.py's `token_rules` has, too.
 */
async function tokenSigner(token, rootWholes, furtherWholes) {
  const roots = parsedCertificates(rootWholes);
  const candidates = [...parsedCertificates(furtherWholes), ...token.certificates.map((each) => new Certificate(each))];
  must(token.signers.length === 1, "the timestamp has not exactly one signature");
  const [, id, hashField, attributes, algorithm, signature] = fieldsOf(
    token.signers[0], SEQUENCE, INTEGER, SEQUENCE, SEQUENCE, CONTEXT_0, SEQUENCE, OCTET_STRING, optional(CONTEXT_1));
  const hash = HASH_OIDS[algorithmOf(hashField)];
  must(token.hashes.includes(algorithmOf(hashField)), "the timestamp does not announce the hash function that it uses");
  if (!hash) throw new Unfit("is signed over a hash function that protects nothing, as MD5");
  const said = new Map();
  for (const attribute of der(attributes.value)) {
    const [oid, values] = fieldsOf(attribute, SEQUENCE, OID, SET);
    must(!said.has(hexOf(oid.value)), "the timestamp states an attribute twice");
    said.set(hexOf(oid.value), within(values, 0));
  }
  const kind = said.get(CONTENT_TYPE), digest = said.get(MESSAGE_DIGEST);
  must(kind && hexOf(kind.value) === TST_INFO, "the signature is of something else than a timestamp");
  must(digest && equal(digest.value, await subtleDigest(hash, token.content)), "the signed digest is of something else");
  const [issuer, serial] = fieldsOf(id, SEQUENCE, SEQUENCE, INTEGER);
  const signer = [...candidates, ...roots].find(
    (each) => nameOf(issuer) === each.issuerName && equal(each.serial.value, serial.value));
  must(signer, "the signer's certificate is not here");
  must(!signer.refusal, signer.refusal);
  const message = joined(new Uint8Array([0x31]), attributes.whole.subarray(1));
  must(await signatureHolds(signer.spki, algorithm, hash, signature.value, message), "the signature does not hold");
  const chain = await chainOf(signer, token.time, candidates, roots);
  must(chain, "no chain of certificates leads to a trusted root");
  await checkRules(token, said, chain);
  const ends = [...chain.map((each) => each.ends), ...(hash === "SHA-1" ? ["2014-01-01T00:00:00Z"] : [])];
  return { signer, root: chain[chain.length - 1], ends: ends.sort()[0] };
}

/** Raise Unfit for a timestamp that breaks a rule. */
async function checkRules(token, said, chain) {
  try {
    must(token.info[0].value.length === 1 && token.info[0].value[0] === 1, "is of an unknown version");
    checkAccuracy(token);
    await checkSigningCertificate(said, chain);
    checkAuthorityName(token, chain[0]);
  } catch (error) {
    if (error instanceof Malformed) throw new Unfit(error.message);
    throw error instanceof TypeError ? new Unfit("is not written as RFC 3161 asks") : error;
  }
}

/** A time that may be off by more than two authorities may disagree says no day. */
function checkAccuracy(token) {
  const stated = token.info.slice(5).find((each) => each.tag === SEQUENCE);
  const seconds = stated && der(stated.value).find((each) => each.tag === INTEGER);
  const most = seconds ? BigInt(`0x${hexOf(seconds.value) || "0"}`) : 0n;
  must(most <= BigInt(AGREE_WITHIN_S), "states that its time may be off by more than a day");
}

/** The attribute that says which certificate signed (ESS, RFC 5035): the first one is the signer's, others are above it. */
async function checkSigningCertificate(said, chain) {
  const attributes = [[SIGNING_CERTIFICATE, "SHA-1"], [SIGNING_CERTIFICATE_2, "SHA-256"]].filter(([oid]) => said.has(oid));
  must(attributes.length, "does not say which certificate signed it");
  for (const [oid, usual] of attributes) {
    for (const [index, entry] of der(within(said.get(oid), 0).value).entries()) {
      const items = der(entry.value);
      const named = oid === SIGNING_CERTIFICATE_2 && items[0].tag === 0x30 ? items.shift() : null;
      const name = named ? HASH_OIDS[hexOf(within(named, 0).value)] : usual;
      must(name, "is not written as RFC 3161 asks");
      const digests = await Promise.all(chain.map((each) => subtleDigest(name, each.whole)));
      const at = digests.findIndex((each) => equal(each, items[0].value));
      const other = "names another certificate than the one that signed it";
      must(at >= 0 && (at === 0) === (index === 0), other);
      if (!items[1]) continue;
      const issuer = within(items[1], 0, 0), serial = within(items[1], 1);
      must(equal(serial.value, chain[at].serial.value), other);
      must(issuer.tag === 0xa4 && nameOf(within(issuer, 0)) === chain[at].issuerName, other);
    }
  }
}

/** The name that the timestamp gives its authority is one of the signer's. */
function checkAuthorityName(token, signer) {
  const stated = token.info.slice(5).find((each) => each.tag === 0xa0);
  if (!stated) return;
  const name = within(stated, 0);
  const names = signer.extensions.get("551d11");
  const others = names ? der(within({ value: names.value }, 0).value) : [];
  const good = (name.tag === 0xa4 && nameOf(within(name, 0)) === signer.subjectName) ||
    others.some((each) => equal(each.whole, name.whole));
  must(good, "names another authority than the one that signed it");
}

/** Seconds since 1970; a leap second is the first of the next minute. */
function epoch(moment) {
  const [, minute, second, rest] = /^(.{17})(\d\d)(.*)$/.exec(moment);
  return Date.parse(`${minute}00${rest}`) / 1000 + Number(second);
}

/** The time of a checkpoint, given those of its timestamps: the earliest, or the latest if they are a day apart. */
function agreed(times) {
  const ordered = [...times].sort();
  const last = ordered[ordered.length - 1];
  return epoch(last) - epoch(ordered[0]) <= AGREE_WITHIN_S ? ordered[0] : last;
}
const AGREE_WITHIN_S = 86400;

/** From when on each ledger line provably existed, out of [size, time] pairs. */
class Dates {
  constructor(stamps) {
    this.stamps = stamps;
  }
  since(seq) {
    const times = this.stamps.filter(([size]) => size > BigInt(seq)).map(([, time]) => time);
    return times.sort()[0] || null;
  }
}
