// The extension's pure parts, by node's own test runner.
import assert from "node:assert/strict";
import { test } from "node:test";

const at = process.env.EXTENSION;
const rules = await import(`${at}/lib/rules.js`);
const mask = await import(`${at}/lib/mask.js`);
const download = await import(`${at}/lib/download.js`);
const { PLATFORMS } = await import(`${at}/platforms.js`);
const all = PLATFORMS.platforms;
const FREEPIK = "https://www.freepik.com";
const SECRET = "CANARY/secret+0123&456=\"abc";

test("a declared document may be fetched, and nothing that spends or hides where it goes", () => {
  assert.ok(rules.mayFetch(`${FREEPIK}/profile/license/pdf/123?lang=en`, all));
  for (const bad of [
    `${FREEPIK}/api/regular/download?resource=1`, `${FREEPIK}/profile/license/pdf/../../api/x/download`, `${FREEPIK}/profile/license/pdf/%2e%2e/x`,
    `${FREEPIK}/profile/license/pdf/1/2`, `${FREEPIK}/profile/license/pdf/..%2fapi`, `http://www.freepik.com/profile/license/pdf/1`,
    "https://user@www.freepik.com/profile/license/pdf/1", "https://www.freepik.com.evil.example/profile/license/pdf/1", "javascript:alert(1)",
    "https://www.freepik.com:444/profile/license/pdf/1", "https://WWW.freepik.com/profile/license/pdf/1", `${FREEPIK}/profile/license/pdf/1\\x`,
    `${FREEPIK}/profile/license/pdf/1?_method=DELETE`, `${FREEPIK}/profile/license/pdf/a;b`, `${FREEPIK}/cart/`, `${FREEPIK}//profile/license/pdf/1`,
    "https://elements.envato.com/account/downloads/download/license-certificate.txt/x", `${FREEPIK}/profile/license/pdf/1#x`,
  ]) assert.equal(rules.mayFetch(bad, all), false, bad);
});

test("a page of one asset leads to its own document alone", () => {
  const page = (links) => ({ url: `${FREEPIK}/photo/walk_77.htm`, links });
  const own = `${FREEPIK}/profile/license/pdf/77?lang=en`;
  assert.deepEqual(rules.documentsOf(page([]), all), [{ url: own, refused: "" }]);
  const others = Array.from({ length: 10_000 }, (_, n) => `${FREEPIK}/profile/license/pdf/${n + 1000}`);
  assert.deepEqual(rules.documentsOf(page(others), all).map((each) => each.url), [own, ...others.filter((each) => each.includes("77"))]);
  const [, hostile] = rules.documentsOf(page([`${FREEPIK}/profile/license/pdf/../../../api/x/download/77`]), all);
  assert.notEqual(hostile.refused, "");
});

test("a secret goes in each form, and the rest of the address stays", () => {
  for (const form of [...mask.formsOf(SECRET), `x${Buffer.from(`ab${SECRET}cd`).toString("base64")}`]) {
    const masked = mask.maskText(`<p data-x='${form}'>Licence 77</p>`, [SECRET]);
    assert.ok(!mask.formsOf(SECRET).some((each) => masked.includes(each)), form);
    assert.ok(masked.includes("Licence 77"));
  }
  assert.equal(mask.maskUrl("https://a.example/x?page=2&token=abc#frag"), `https://a.example/x?page=2&token=${mask.MASK}`);
  assert.equal(mask.maskUrl("https://me:pw@a.example/x"), "https://a.example/x");
  const signed = "https://cdn.example/f/0a1b2c3d4e5f60718293a4b5c6d7e8f9/walk.jpg?X-Amz-Signature=abc&v=1";
  assert.equal(mask.maskDownloadUrl(signed), `https://cdn.example/f/${mask.MASK}/walk.jpg?X-Amz-Signature=${mask.MASK}&v=1`);
});

test("names tell secrets in pages and scripts", () => {
  for (const text of [
    '<meta name="csrf-token" content="S3CRETvalue1">', "<input type=hidden name=x value=S3CRETvalue1>", '{"access_token": "S3CRETvalue1"}',
    "Authorization: Bearer S3CRETvalue1xyz", "a?signature=S3CRETvalue1&b=1", "a\\u0026token=S3CRETvalue1",
  ]) assert.ok(!mask.maskText(text, []).includes("S3CRETvalue1"), text);
  const plain = "Licence 0a1b2c3d4e5f60718293a4b5c6d7e8f9 of asset 77 <a href='/photo/walk_77.htm?page=2'>";
  assert.equal(mask.maskText(plain, []), plain);
});

test("MHTML is masked in its parts, whatever their encoding", () => {
  const part = (encoding, body) => `Content-Type: text/html\r\nContent-Transfer-Encoding: ${encoding}\r\nContent-Location: https://a.example/?token=${"S3CRET".repeat(3)}\r\n\r\n${body}\r\n`;
  const quoted = "<p>=53=33CRETvalue1 and a long line with S3CRETva=\r\nlue1 =C3=BC</p>";
  const based = Buffer.from("<p>S3CRETvalue1</p>").toString("base64");
  const mhtml = `Content-Type: multipart/related;\r\n\tboundary="B"\r\n\r\n--B\r\n${part("quoted-printable", quoted)}--B\r\n${part("base64", based)}--B--\r\n`;
  const masked = mask.maskMhtml(mhtml, ["S3CRETvalue1"]);
  const plain = masked.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
  assert.ok(!plain.includes("S3CRET"), plain);
  assert.ok(plain.includes("and a long line") && plain.includes("\u00c3\u00bc"));
  assert.equal(mask.maskMhtml("no mhtml", []), "");
});

test("a download belongs to the tab whose page it names, and is told without its folder", () => {
  const tabs = [{ id: 1, url: `${FREEPIK}/a`, active: true }, { id: 2, url: `${FREEPIK}/b`, active: false }];
  assert.equal(download.tabOf({ referrer: `${FREEPIK}/b#x`, url: "https://cdn.example/1" }, tabs).id, 2);
  assert.equal(download.tabOf({ referrer: "", url: `blob:${FREEPIK}/0-1` }, tabs).id, 1);
  assert.equal(download.tabOf({ referrer: "https://mail.example/", url: "https://mail.example/f" }, tabs), undefined);
  const told = download.describe({ filename: "C:\\Users\\ada\\Downloads\\walk.jpg", url: "https://a.example/x", fileSize: 3, state: "complete" }, []);
  assert.equal(told.name, "walk.jpg");
});

// For the comparison with the adapters' own rules: one address a line, one answer a line.
if (process.env.ADDRESSES) {
  const { readFileSync, writeFileSync } = await import("node:fs");
  const addresses = JSON.parse(readFileSync(process.env.ADDRESSES, "utf-8"));
  writeFileSync(process.env.ANSWERS, JSON.stringify(addresses.map((each) => rules.mayFetch(each, all) || rules.mayOpen(each, all))));
}
