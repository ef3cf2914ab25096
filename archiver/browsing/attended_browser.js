// Runs in a world of its own in every document: tells what is typed into password fields, and shows the bar.
(() => {
  if (globalThis.archiverBar) return;
  const tell = (message) => globalThis.archiverTell(JSON.stringify(message));

  // A field that was once a password's stays one, also while its text is shown.
  const fields = new Map();
  const typed = (event, done) => {
    const field = event.composedPath()[0];
    if (!(field instanceof HTMLInputElement)) return;
    if (field.type === 'password' && !fields.has(field)) fields.set(field, fields.size);
    if (fields.has(field) && field.value) tell({typed: field.value, field: fields.get(field), done});
  };
  addEventListener('input', (event) => typed(event, false), true);
  addEventListener('change', (event) => typed(event, true), true);

  const wanted = (event) => event.isTrusted && event.altKey && event.shiftKey && event.code === 'KeyM';
  addEventListener('keydown', (event) => {
    if (!wanted(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    tell({mark: true});
  }, true);

  const host = document.createElement('archiver-bar');
  // Set one by one: a page's policy may forbid style sheets and attributes, but not this.
  Object.assign(host.style, {
    all: 'initial', position: 'fixed', right: '12px', bottom: '12px', zIndex: '2147483647', colorScheme: 'light',
  });
  const bar = host.attachShadow({mode: 'closed'});
  const part = (name, style, text = '') => {
    const made = document.createElement(name);
    Object.assign(made.style, style);
    made.textContent = text;
    return made;
  };
  const box = part('div', {
    display: 'flex', gap: '10px', alignItems: 'center', maxWidth: '60vw', padding: '8px 12px', borderRadius: '8px',
    background: '#1b2a3a', color: '#ffffff', font: '13px/1.3 sans-serif', boxShadow: '0 2px 8px #0006',
  });
  const words = part('span', {overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap'}, 'archiver: 0 captured');
  words.setAttribute('role', 'status');
  const button = part('button', {
    font: 'inherit', padding: '4px 10px', border: '0', borderRadius: '5px', background: '#ffd166', color: '#1b2a3a',
    cursor: 'pointer', flex: 'none',
  }, 'Archive this page');
  button.title = 'Alt+Shift+M';
  button.addEventListener('click', (event) => { if (event.isTrusted) tell({mark: true}); });
  box.append(words, button);
  bar.append(box);

  let hidden = false;
  const place = () => {
    const root = document.documentElement;
    if (!hidden && !host.isConnected && root instanceof HTMLHtmlElement && document.readyState !== 'loading')
      root.append(host);
  };
  const topmost = window === window.top;
  globalThis.archiverBar = {
    text: () => words.textContent,
    hide: (now) => { hidden = now; if (now) host.remove(); else if (topmost) place(); },
    show: ({count, names, note}) => {
      words.textContent = [`archiver: ${count} captured`, ...names.slice().reverse(), note].filter(Boolean).join(' · ');
    },
  };
  if (topmost) {
    place();
    addEventListener('DOMContentLoaded', place);
    setInterval(place, 1000);  // pages that write themselves anew take it away
    addEventListener('beforeprint', () => host.remove());
    addEventListener('afterprint', place);
    tell({ready: true});
  }
})();
