// Fires every way a page has of sending a request, at each of BASES. Each way has its name in the URL.
const html = document.body, add = (text) => html.insertAdjacentHTML('beforeend', text);
const quietly = (act) => { try { const r = act(); if (r && r.catch) r.catch(() => 0); } catch {} };
const form = (action, method, target) => {
  const f = Object.assign(document.createElement('form'), {action, method, target});
  html.append(f); f.submit();
};
const ping = (url) => {
  const a = Object.assign(document.createElement('a'), {href: '#', ping: url}); html.append(a); a.click();
};
const download = (url) => {
  const a = Object.assign(document.createElement('a'), {href: url, download: 'x', target: 'download'});
  html.append(a); a.click();
};
add('<iframe name=download></iframe>');
const fire = (base) => {
  const to = (name) => base + '/spend/' + name, hop = (name) => '/hop/get?to=' + to(name);
  const frame = (name) => { add(`<iframe name=${name}-${base.length}></iframe>`); return `${name}-${base.length}`; };
  quietly(() => fetch(to('fetch-get'), {mode: 'no-cors', credentials: 'include'}));
  quietly(() => fetch(to('fetch-post'), {method: 'POST', mode: 'no-cors', body: 'x'}));
  quietly(() => fetch(to('fetch-put'), {method: 'PUT', body: 'x'}));
  quietly(() => fetch(to('fetch-blob'), {method: 'POST', mode: 'no-cors', body: new Blob(['x'])}));
  quietly(() => fetch(to('keepalive'), {method: 'POST', mode: 'no-cors', keepalive: true, body: 'x'}));
  quietly(() => fetch(hop('hop-302'), {mode: 'no-cors'}));
  quietly(() => fetch('/hop/keep?to=' + to('hop-307'), {mode: 'no-cors'}));
  quietly(() => { const x = new XMLHttpRequest(); x.open('POST', to('xhr')); x.send('x'); });
  quietly(() => { const x = new XMLHttpRequest(); x.open('GET', hop('xhr-hop')); x.send(); });
  quietly(() => navigator.sendBeacon(to('beacon'), 'x'));
  quietly(() => fetchLater(to('fetch-later'), {method: 'GET', activateAfter: 0}));
  quietly(() => new EventSource(to('eventsource')));
  quietly(() => new WebSocket(to('websocket').replace('https', 'wss')));
  quietly(() => new WebSocketStream(to('websocket-stream').replace('https', 'wss')));
  quietly(() => new Worker(to('worker-script')));
  quietly(() => new SharedWorker(to('shared-worker-script')));
  quietly(() => navigator.serviceWorker.register(to('service-worker-script')));
  quietly(() => new WebTransport(to('webtransport')));
  quietly(() => ping(to('ping')));
  quietly(() => download(to('download')));
  quietly(() => download(to('download-again')));
  quietly(() => form(to('form-get'), 'GET', frame('form-get')));
  quietly(() => form(to('form-post'), 'POST', frame('form-post')));
  quietly(() => { frames[frame('frame-location')].location = to('frame-location'); });
  add(`<iframe src="${to('iframe')}"></iframe><iframe src="${hop('iframe-hop')}"></iframe>
    <iframe srcdoc="<img src='${to('srcdoc-img')}'>"></iframe>
    <iframe sandbox="allow-scripts" srcdoc="<script>fetch('${to('sandbox-fetch')}', {method: 'POST', mode: 'no-cors'});
      new WebSocket('${to('sandbox-websocket')}'.replace('https', 'wss'))<\/script>"></iframe>
    <iframe srcdoc="<meta http-equiv=refresh content='0;url=${to('meta-refresh')}'>"></iframe>
    <img src="${to('img')}"><img src="${hop('img-hop')}"><img srcset="${to('srcset')} 2x">
    <video src="${to('video')}" autoplay></video><audio src="${to('audio')}" autoplay></audio>
    <video poster="${to('poster')}"></video><input type=image src="${to('input-image')}">
    <object data="${to('object')}" type="text/html"></object><embed src="${to('embed')}" type="text/html">
    <svg><image href="${to('svg-image')}"/><use href="${to('svg-use')}#a"/></svg>
    <div style="background: url(${to('css-url')}); height: 9px">x</div>
    <style>@import url(${to('css-import')});
      @font-face {font-family: f${base.length}; src: url(${to('font')})}</style>
    <b style="font-family: f${base.length}">x</b>`);
  for (const rel of ['prefetch', 'prerender', 'preload', 'modulepreload', 'stylesheet', 'icon', 'manifest',
                     'preconnect', 'dns-prefetch', 'dictionary', 'compression-dictionary']) {
    const link = Object.assign(document.createElement('link'), {rel, href: to('link-' + rel)});
    if (rel === 'preload') link.as = 'fetch';
    document.head.append(link);
  }
  for (const [kind, name] of [['prefetch', 'rules-prefetch'], ['prerender', 'rules-prerender']]) {
    const rules = document.createElement('script');
    rules.type = 'speculationrules';
    rules.textContent = JSON.stringify({[kind]: [{source: 'list', urls: [to(name)], eagerness: 'immediate'}]});
    document.head.append(rules);
  }
  const module = Object.assign(document.createElement('script'), {type: 'module', src: to('module')});
  document.head.append(module);
  const classic = Object.assign(document.createElement('script'), {src: to('script')});
  document.head.append(classic);
  quietly(() => import(to('import')));
  // Last: a page behind others is slowed down, and a download that leads elsewhere replaces it, which must not happen
  // before the page has come.
  addEventListener('load', () => setTimeout(() => {
    quietly(() => window.open(to('popup')));
    quietly(() => window.open(hop('popup-hop')));
    quietly(() => download(hop('download-hop')));
  }, 1500));
};
BASES.forEach(fire);
quietly(() => fetch('/blank', {headers: {'X-HTTP-Method-Override': 'POST'}}));
quietly(() => fetch('/blank?_method=POST'));
globalThis.worker = new Worker('/assets/worker.js');
quietly(() => new SharedWorker('/assets/shared.js'));
quietly(() => navigator.serviceWorker.register('/assets/service.js', {scope: '/assets/'}));
addEventListener('pagehide', () => BASES.forEach((base) => {
  navigator.sendBeacon(base + '/spend/unload-beacon', 'x');
  fetch(base + '/spend/unload-keepalive', {method: 'POST', mode: 'no-cors', keepalive: true, body: 'x'});
}));
