// What a worker can send. NAME is the kind of worker.
const send = (base) => {
  fetch(base + '/spend/' + NAME + '-fetch', {method: 'POST', mode: 'no-cors', body: 'x'}).catch(() => 0);
  try { const x = new XMLHttpRequest(); x.open('POST', base + '/spend/' + NAME + '-xhr'); x.send('x'); } catch {}
  try { new WebSocket(base.replace('https', 'wss') + '/spend/' + NAME + '-websocket'); } catch {}
  try { importScripts(base + '/spend/' + NAME + '-import'); } catch {}
  fetch('/hop/get?to=' + base + '/spend/' + NAME + '-hop', {mode: 'no-cors'}).catch(() => 0);
};
BASES.forEach(send);
