// The connection: says at any time whether what is shown is what is.
const LONGEST = 15_000;
const SILENCE = 30_000;
let waiting = []; // what came and is not drawn yet
let lostAt = null;
let attempts = 0;
let events = null;
let heardAt = Date.now();
let again = null; // { at, timer } of the next attempt

function sayLive() {
  const node = byId('live');
  const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false });
  let text = 'live';
  if (lostAt !== null) text = `Not connected since ${clock(lostAt)}: what is shown is from then. `;
  if (lostAt !== null) text += again ? `Next attempt in ${Math.max(1, Math.ceil((again.at - Date.now()) / 1000))} s` : 'Trying …';
  if (document.body.classList.toggle('stale', lostAt !== null)) entitle('Not connected');
  else entitle(document.querySelector('h1').textContent);
  node.className = lostAt === null ? 'on' : 'off';
  node.setAttribute('aria-live', lostAt === null ? 'polite' : 'off'); // the countdown is not read out
  if (node.textContent !== text) node.textContent = text;
}

function beginPass(name) {
  const row = rows.get(name);
  if (row) row.take({ ...row.session, working: true });
}

const HANDLERS = {
  status: takeAll,
  manifest: takeFacts,
  session: put,
  working: (names) => names.forEach(beginPass),
  left: (names) => names.forEach((name) => rows.delete(name)),
};

// Many events are one change of the page.
function drawSoon(kind, value) {
  if (waiting.length === 0) setTimeout(drawWaiting, 50);
  waiting.push([kind, value]);
}

function drawWaiting() {
  const batch = waiting;
  waiting = [];
  for (const [kind, value] of batch) HANDLERS[kind](value);
  redraw();
}

function connected() {
  heardAt = Date.now();
  if (events?.readyState !== EventSource.OPEN) return;
  lostAt = null;
  attempts = 0;
  sayLive();
}

function lost() {
  events?.close();
  events = null;
  lostAt ??= Date.now();
  if (again) return;
  const pause = Math.min(LONGEST, 500 * 2 ** attempts) * (0.75 + Math.random() / 2);
  attempts += 1;
  again = { at: Date.now() + pause, timer: setTimeout(connect, pause) };
  sayLive();
}

function connect() {
  if (again) clearTimeout(again.timer);
  again = null;
  events?.close();
  sayLive();
  const source = new EventSource('/api/v1/events');
  events = source;
  source.onopen = connected;
  source.onerror = () => source === events && lost();
  for (const kind of Object.keys(HANDLERS)) {
    source.addEventListener(kind, (event) => {
      connected();
      drawSoon(kind, JSON.parse(event.data));
    });
  }
}

// A connection that died without a word is noticed by asking.
async function check() {
  if (!events || Date.now() - heardAt < SILENCE) return;
  heardAt = Date.now();
  const answer = await fetch('/livez', { cache: 'no-store', signal: AbortSignal.timeout(10_000) }).catch(() => null);
  if (!answer) lost();
}

async function start() {
  try {
    const answer = await fetch('/api/v1/status', { cache: 'no-store' });
    takeAll(await answer.json());
  } catch {
    // the events say the same, and when there is no daemon
  }
  connect();
  setInterval(() => {
    tick();
    if (lostAt !== null) sayLive();
    check();
  }, 1000);
}

byId('words').addEventListener('input', (event) => {
  wanted.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  filter();
});
byId('filter').addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target.matches?.('input') || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  byId('words').focus();
});
// A link of the verdict opens what it leads to.
byId('verdict').addEventListener('click', (event) => {
  const row = rows.get(event.target.closest?.('a')?.textContent);
  if (!row) return;
  row.node.hidden = false;
  row.details.open = true;
});
for (const when of ['online', 'pageshow']) addEventListener(when, () => again && connect());
start();
