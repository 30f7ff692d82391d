// What is shown is what the daemon rendered. It comes as a document, whole or in part, which the browser parses but
// neither runs nor shows; its elements take the place of those that are there. No markup is made of text here: what is
// of others was escaped when it was rendered, and the policy of the page, which allows no such making (Trusted Types), no
// script but this one and no handler in an attribute, holds for what is put into it.
const byId = (id) => document.getElementById(id);
const table = byId('sessions');
const rows = () => [...table.tBodies];

// Null if there is no answer.
function fetchPage(path) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('GET', path);
    request.responseType = 'document';
    request.timeout = 30_000;
    request.onloadend = () => resolve(request.status === 200 ? request.response : null);
    request.send();
  });
}

// Makes `old` what `fresh` is and touches only what differs: what is open, focused or selected stays so.
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType === Node.TEXT_NODE) {
    old.data = fresh.data;
    return;
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (name !== 'open' && !fresh.hasAttribute(name)) old.removeAttribute(name);
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((child, i) => (i < before.length ? morph(before[i], child) : old.append(child)));
  before.slice(after.length).forEach((child) => child.remove());
}

// Of many sessions only the first come with their details: the others' are asked for when they are opened.
function makeFoldable(row) {
  const line = row.querySelector('p.summary');
  if (!line) return;
  const summary = document.createElement('summary');
  const details = document.createElement('details');
  summary.append(...line.childNodes);
  details.append(summary);
  line.replaceWith(details);
}

// Problems first, then by name. A row that is where it belongs is not touched.
function arrange() {
  const rank = (row) => Number(row.dataset.rank);
  const order = rows().sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1));
  let before = table.tHead;
  for (const row of order) {
    if (before.nextElementSibling !== row) before.after(row);
    before = row;
  }
}

function swap(page) {
  const focused = document.activeElement;
  for (const id of ['facts', 'verdict', 'states']) morph(byId(id), page.getElementById(id));
  const fresh = [...page.getElementById('sessions').tBodies];
  const names = new Set(fresh.map((row) => row.id));
  if (page.documentElement.dataset.part === 'whole') for (const row of rows()) if (!names.has(row.id)) row.remove();
  for (const row of fresh) {
    makeFoldable(row);
    const old = byId(row.id);
    if (old) morph(old, row);
    else table.append(row);
  }
  arrange();
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}
