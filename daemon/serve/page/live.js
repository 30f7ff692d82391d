// The connection: events say that something changed, and at any time whether what is shown is what is.
const LONGEST = 15_000;
const SILENCE = 30_000;
let revision = document.documentElement.dataset.id; // of what is shown
let due = null; // the sessions that left, once there is something to ask
let asking = false;
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
  document.body.classList.toggle('stale', lostAt !== null);
  document.title = `${lostAt === null ? document.querySelector('h1').textContent : 'Not connected'} · sessync`;
  node.className = lostAt === null ? 'on' : 'off';
  node.setAttribute('aria-live', lostAt === null ? 'polite' : 'off'); // the countdown is not read out
  if (node.textContent !== text) node.textContent = text;
}

function show(page) {
  // Another daemon has another page.
  if (page.documentElement.dataset.version !== document.documentElement.dataset.version) return location.reload();
  swap(page);
  filter();
  tick();
  sayLive();
}

// What changed since what is shown; then the details of what is open and came without. False: no answer.
async function ask(gone) {
  const page = await fetchPage(`/page/since/${revision}`);
  if (!page) return false;
  revision = page.documentElement.dataset.id;
  for (const name of gone) byId(`s-${name}`)?.remove();
  show(page);
  for (const row of rows().filter((one) => one.querySelector('details[open]:not(:has(.body))'))) {
    const one = await fetchPage(`/page/sessions/${encodeURIComponent(row.id.slice(2))}`);
    if (one) show(one);
  }
  return true;
}

// Many events are one question, and there is never more than one at a time. `gone`: sessions that left.
function askSoon(gone = []) {
  if (!due && !asking) setTimeout(askNow, 50);
  due = [...(due ?? []), ...gone];
}

async function askNow() {
  const gone = due;
  due = null;
  asking = true;
  const answered = await ask(gone);
  asking = false;
  if (!answered) due = [...gone, ...(due ?? [])];
  if (due) setTimeout(askNow, answered ? 50 : 1000);
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
  const source = new EventSource(`/api/v1/events/${revision}`);
  events = source;
  source.onopen = connected;
  source.onerror = () => source === events && lost();
  for (const kind of ['status', 'manifest', 'session', 'working', 'left']) {
    source.addEventListener(kind, (event) => {
      connected();
      askSoon(kind === 'left' ? JSON.parse(event.data) : []);
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

// What a few sessions need is better seen at once than looked for.
function openFew() {
  const blocked = rows().filter((row) => row.classList.contains('blocked'));
  if (blocked.length <= 3) for (const row of blocked) row.querySelector('details').open = true;
}

table.addEventListener(
  'toggle',
  ({ target }) => target.open && !target.querySelector('.body') && askSoon(),
  true, // it does not bubble
);
// A link of the verdict opens what it leads to.
byId('verdict').addEventListener('click', (event) => {
  const row = byId(event.target.closest('a')?.getAttribute('href').slice(1));
  if (!row) return;
  row.hidden = false;
  row.querySelector('details').open = true;
});
for (const when of ['online', 'pageshow']) addEventListener(when, () => again && connect());
rows().forEach(makeFoldable);
byId('filter').hidden = false;
filter();
openFew();
connect();
setInterval(() => {
  tick();
  if (lostAt !== null) sayLive();
  check();
}, 1000);
