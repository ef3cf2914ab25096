// Fires each of CHANGES in its way, when `fire()` is called. A page may hold it from the sign-in on.
const quietly = (act) => { try { const r = act(); if (r && r.catch) r.catch(() => 0); } catch {} };
const add = (html) => document.body.insertAdjacentHTML('beforeend', html);
const attribute = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
const options = ({method, body, headers}) => {
  const simple = Object.keys(headers).every((name) => name === 'content-type')
    && (headers['content-type'] ?? '').includes('urlencoded') && ['GET', 'POST'].includes(method);
  return {method, headers, ...(method === 'GET' ? {} : {body}), mode: simple ? 'no-cors' : 'cors', credentials: 'include'};
};
const inputs = (body) => [...new URLSearchParams(body)].map(([name, value]) =>
  `<input name="${attribute(name)}" value="${attribute(value)}">`).join('');
const form = ({url, method, body}) => `<form action="${attribute(url)}" method="${method}">${
  inputs(method === 'GET' ? new URL(url).search : body)}</form><script>document.forms[0].submit()<\/script>`;
const WAYS = {
  img: ({url}) => { new Image().src = url; },
  script: ({url}) => { document.head.append(Object.assign(document.createElement('script'), {src: url})); },
  frame: ({url}) => add(`<iframe src="${attribute(url)}"></iframe>`),
  'frame-location': ({url}) => { add('<iframe></iframe>'); document.body.lastElementChild.contentWindow.location = url; },
  meta: ({url}) => add(`<iframe srcdoc="${attribute(
    `<meta http-equiv=refresh content="0;url=${attribute(url)}">`)}"></iframe>`),
  form: (change) => add(`<iframe srcdoc="${attribute(form(change))}"></iframe>`),
  'sandbox-form': (change) =>
    add(`<iframe sandbox="allow-scripts allow-forms" srcdoc="${attribute(form(change))}"></iframe>`),
  fetch: (change) => fetch(change.url, options(change)),
  keepalive: (change) => fetch(change.url, {...options(change), keepalive: true}),
  xhr: ({method, url, body, headers}) => {
    const x = new XMLHttpRequest(); x.open(method, url);
    for (const name in headers) x.setRequestHeader(name, headers[name]);
    x.send(method === 'GET' ? null : body);
  },
  beacon: ({url, body, headers}) => navigator.sendBeacon(url, new Blob([body], {type: headers['content-type']})),
  sandbox: (change) => add(`<iframe sandbox="allow-scripts" srcdoc="${attribute(
    `<script>fetch(${JSON.stringify(change.url)}, ${JSON.stringify(options(change))}).catch(() => 0)<\/script>`)}"></iframe>`),
  'event-source': ({url}) => { new EventSource(url); },
  popup: ({url}) => { window.open(url); },
  prefetch: ({url}) => { document.head.append(Object.assign(document.createElement('link'), {rel: 'prefetch', href: url})); },
};
globalThis.fire = async () => {
  const inWorker = CHANGES.filter(({way}) => way === 'worker').map((each) => [each.url, options(each)]);
  const text = `for (const [url, given] of ${JSON.stringify(inWorker)}) fetch(url, given).catch(() => 0);
    setTimeout(() => postMessage('done'), 300)`;
  const worker = new Worker(URL.createObjectURL(new Blob([text], {type: 'text/javascript'})));
  const worked = new Promise((done) => { worker.onmessage = done; });
  quietly(() => navigator.serviceWorker.register('/service-worker.js'));
  for (const change of CHANGES) if (change.way !== 'worker') {
    quietly(() => WAYS[change.way](change));
    await new Promise((done) => setTimeout(done, 3));
  }
  await worked;
  await new Promise((done) => setTimeout(done, 500));
};
