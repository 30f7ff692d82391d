// The one place where text becomes part of the document: as text, never as markup.
const DECEPTIVE = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const utf8 = new TextEncoder();

// As manifest/text/utf8.h writes it: a name can neither turn the direction of text nor look like another.
const printable = (text) =>
  String(text).replace(DECEPTIVE, (character) =>
    Array.from(utf8.encode(character), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );

const SVG = new Set(['svg', 'rect', 'polyline']);

// el('p', { class: 'x' }, 'text', node, ...); names are literals of ours.
function el(tag, attributes = {}, ...children) {
  const node = SVG.has(tag) ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, printable(value));
  node.append(...children.filter((child) => child !== null).map((child) => (child instanceof Node ? child : printable(child))));
  return node;
}

const byId = (id) => document.getElementById(id);

// The daemon's clock: this machine's may be wrong.
const skew = (() => {
  const answered = performance.timeOrigin + (performance.getEntriesByType('navigation')[0]?.responseStart ?? 0);
  const off = Date.parse(document.documentElement.dataset.now) + 500 - answered;
  return Math.abs(off) > 5000 ? off : 0;
})();
const now = () => Date.now() + skew;

function timeOf(text) {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return el('span', {}, String(text));
  const exact = timestamp(at);
  const node = el('time', { datetime: exact, title: exact }, relative(at, now()));
  node.at = at;
  return node;
}

// Times grow old on their own.
function tick() {
  for (const node of document.getElementsByTagName('time')) {
    const text = node.at === undefined ? '' : relative(node.at, now());
    if (text !== '' && node.textContent !== text) node.textContent = text;
  }
}
