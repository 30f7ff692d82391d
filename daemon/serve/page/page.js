// Keeps the page as the daemon is: the whole status once, then every change.
const rows = new Map(); // name -> Row
const status = { sessions: [] }; // as the daemon writes it
const table = byId('sessions');
const wanted = { words: [], state: null };
let drawn = ''; // the verdict as it stands

function drawLine({ session, text }) {
  if (session === undefined) return el('li', {}, el('code', {}, text));
  return el('li', {}, el('a', { href: `#s-${session}` }, session), el('span', {}, text));
}

function entitle(claim) {
  document.title = `${printable(claim)} · sessync`;
}

function drawVerdict() {
  status.sessions = [...rows.values()].map((row) => row.session).sort(byName);
  const all = findings(status);
  const text = JSON.stringify(all);
  if (text === drawn) return;
  drawn = text;
  byId('verdict').className = all[0].tone;
  byId('verdict').replaceChildren(
    ...all.map((finding, i) =>
      el(
        'div', { class: `finding ${finding.tone}` },
        el(i === 0 ? 'h1' : 'p', { class: 'claim' }, finding.text),
        finding.lines.length > 0 ? el('ul', {}, ...finding.lines.map(drawLine)) : null,
      ),
    ),
  );
  entitle(all[0].text);
}

function drawFacts() {
  const fact = (name, value, ...rest) => el('div', {}, el('dt', {}, name), el('dd', {}, el('code', {}, value), ...rest));
  const { workspace, manifest } = status;
  const isLinked = workspace.resolved && workspace.resolved !== workspace.path;
  byId('facts').replaceChildren(
    fact('Workspace', workspace.path, isLinked ? aside(`→ ${workspace.resolved}`) : null),
    fact('Manifest', manifest.path, aside(`generation ${number(manifest.generation)}`)),
    fact('Daemon', status.version, el('span', { class: 'aside' }, 'started ', timeOf(status.started_at))),
  );
}

// Puts each row where it belongs; one that stands there already is not touched.
function arrange() {
  const order = [...rows.values()].sort((a, b) => rankOf(a.state) - rankOf(b.state) || byName(a.session, b.session));
  let before = table.tHead;
  for (const { node } of order) {
    if (before.nextElementSibling !== node) before.after(node);
    before = node;
  }
  while (before.nextElementSibling) before.nextElementSibling.remove();
}

function filter() {
  let shown = 0;
  for (const row of rows.values()) {
    const isKind = wanted.state === null || (wanted.state === 'problems' ? isProblem(row.state) : row.state === wanted.state);
    const isShown = isKind && wanted.words.every((word) => row.haystack.includes(word));
    if (row.node.hidden === isShown) row.node.hidden = !isShown;
    shown += isShown ? 1 : 0;
  }
  byId('shown').textContent = shown === rows.size ? counted(rows.size, 'session', 'sessions') : `${number(shown)} of ${counted(rows.size, 'session', 'sessions')}`;
}

function drawStates() {
  const states = [...rows.values()].map((row) => row.state);
  const choices = [[null, 'all', states.length], ['problems', 'problems', states.filter(isProblem).length]];
  for (const state of STATES) choices.push([state, wordOf(state), states.filter((one) => one === state).length]);
  for (const [state, word, count] of choices) {
    const id = `state-${word}`;
    const button = byId(id) ?? el('button', { type: 'button', id });
    if (!button.isConnected) {
      button.addEventListener('click', () => choose(state));
      byId('states').append(button);
    }
    button.replaceChildren(word, el('b', {}, number(count)));
    button.setAttribute('aria-pressed', wanted.state === state);
    button.hidden = count === 0 && state !== null && wanted.state !== state;
  }
}

function choose(state) {
  wanted.state = wanted.state === state ? null : state;
  drawStates();
  filter();
}

function put(session) {
  let row = rows.get(session.name);
  if (!row) rows.set(session.name, (row = new Row(session.name)));
  return row.take(session);
}

function redraw() {
  arrange();
  drawVerdict();
  drawStates();
  filter();
}

// Everything but the sessions.
function takeFacts({ sessions, ...facts }) {
  Object.assign(status, facts);
  drawFacts();
}

function takeAll(document_) {
  // Another daemon has another page.
  if (document_.version !== document.documentElement.dataset.version) return location.reload();
  takeFacts(document_);
  const names = new Set(document_.sessions.map((session) => session.name));
  for (const name of rows.keys()) if (!names.has(name)) rows.delete(name);
  const isFirst = byId('filter').hidden;
  for (const session of document_.sessions) put(session);
  byId('filter').hidden = false;
  if (isFirst) openFew();
  redraw();
}

// What a few sessions need is better seen at once than looked for.
function openFew() {
  const problems = [...rows.values()].filter((row) => row.state === 'blocked');
  if (problems.length <= 3) for (const row of problems) row.details.open = true;
}
