// A session as rows of the table; session_row.cpp and session_details.cpp write the same.
const ENTRIES = 20;
const figure = (text) => el('span', { class: 'figure' }, text);
const aside = (text) => el('span', { class: 'aside' }, text);
const tag = (text) => el('span', { class: 'tag' }, text);
const path = (text) => el('code', { class: 'path' }, text);
const command = (text) => el('code', { class: 'command' }, text);
const share = (part, whole) => (whole === 0 ? 0 : Math.floor((Math.min(part, whole) * 200) / whole));

function bar({ files, pending, max_files: most }) {
  const rect = (name, width) => el('rect', { class: name, width, height: 8 });
  return el(
    'svg',
    { class: files * 10 >= most * 9 ? 'bar full' : 'bar', viewBox: '0 0 200 8', preserveAspectRatio: 'none', 'aria-hidden': true },
    rect('cap', 200),
    rect('due', share(files + pending, most)),
    rect('used', share(files, most)),
  );
}

function asidesOf(counts) {
  const kinds = [['pending', 'due'], ['blocked', 'blocked'], ['unmanaged', 'unmanaged']];
  const texts = kinds.filter(([key]) => counts[key] > 0).map(([key, word]) => `${number(counts[key])} ${word}`);
  return texts.length > 0 ? aside(texts.join(', ')) : null;
}

function pointsOf(values) {
  const longest = Math.max(1, ...values);
  const steps = Math.max(1, values.length - 1);
  const points = values.map((value, i) => `${Math.floor((i * 240) / steps)},${46 - Math.floor((value * 44) / longest)}`);
  if (points.length === 1) points.push(`240,${points[0].split(',')[1]}`);
  return points.join(' ');
}

function latencyCell(values) {
  const cell = el('td', { class: 'latency', 'data-label': 'Change to converged' });
  if (values.length === 0) {
    cell.append(el('span', { class: 'none' }, 'no change yet'));
    return cell;
  }
  const longest = span(Math.max(...values));
  const label = `the last ${counted(values.length, 'change', 'changes')}, longest ${longest}`;
  const box = { class: 'spark', viewBox: '0 0 240 48', preserveAspectRatio: 'none', role: 'img', 'aria-label': label };
  cell.append(el('svg', box, el('polyline', { points: pointsOf(values) })), figure(span(values.at(-1))), aside(`max ${longest}`));
  return cell;
}

function nextPass(session) {
  if (session.working) return 'under way';
  return session.next_pass_at ? timeOf(session.next_pass_at) : 'queued';
}

function cellsOf(session, state) {
  const { counts } = session;
  const when = (label, what) => el('td', { class: 'when', 'data-label': label }, what);
  return [
    el('td', { class: 'state', 'data-label': 'State' }, el('span', { class: 'sign', 'aria-hidden': true }, SIGNS[state]), el('span', { class: 'word' }, wordOf(state))),
    el('th', { class: 'name', scope: 'row' }, el('span', { class: 'title' }, session.name), el('code', { class: 'id' }, session.session_id || 'not created yet')),
    el('td', { class: 'files', 'data-label': 'Files' }, bar(counts), figure(`${number(counts.files)} / ${number(counts.max_files)}`), asidesOf(counts)),
    latencyCell(session.latencies_ms ?? []),
    when('Converged', session.last_converged_at ? timeOf(session.last_converged_at) : el('span', { class: 'none' }, 'never')),
    when('Next pass', nextPass(session)),
  ];
}

const section = (kind, title, ...content) => el('section', { class: kind }, el('h3', {}, title), ...content);

function listSection(kind, title, list, draw) {
  if (!list?.length) return null;
  const rest = list.length > ENTRIES ? el('p', { class: 'rest' }, `and ${number(list.length - ENTRIES)} more`) : null;
  return section(kind, title, el('ul', {}, ...list.slice(0, ENTRIES).map(draw)), rest);
}

function suspensionSection({ name, suspended }) {
  if (!suspended) return null;
  const node = section('suspension', 'Suspended');
  if (suspended.by && suspended.at) {
    node.append(el('p', {}, 'By ', el('b', {}, suspended.by), ', ', timeOf(suspended.at), '. To go on:'), command(`sessync resume ${name}`));
  }
  if (suspended.manifest) node.append(el('p', {}, 'By the manifest (suspend: true).'));
  return node;
}

function heldSection({ name, held }) {
  if (!held) return null;
  const what = `${counted(held.deletes, 'delete is', 'deletes are')} held back. To let exactly these through, once:`;
  return section('held', 'Held back', el('p', {}, what), command(`sessync reconcile ${name} --allow-deletes=${held.id}`));
}

// Why, once for all that follow with the same reason.
function drawBlocked(one, i, list) {
  const isNew = i === 0 || list[i - 1].code !== one.code || list[i - 1].reason !== one.reason;
  return el('li', { class: isNew ? 'why' : 'same' }, isNew ? el('p', {}, tag(one.code), one.reason) : null, path(one.mount_path || one.type.replaceAll('_', ' ')));
}
const drawUnmanaged = (one) => el('li', {}, path(one.mount_path), aside(`${one.type} ${one.resource_id}`));
const drawRecent = (one) =>
  el(
    'li',
    { class: one.result === 'failed' ? 'failed' : 'done' },
    tag(one.action), path(one.mount_path ?? ''), el('span', { class: 'result' }, one.result), timeOf(one.at),
    one.error ? el('p', {}, one.error) : null,
  );
const drawCondition = (one, i, list) =>
  el(
    'li', {},
    el('b', {}, one.type), ' ', tag(one.status), el('span', { class: 'reason' }, one.reason), timeOf(one.last_transition_time),
    one.message && one.message !== list[i - 1]?.message ? el('p', {}, one.message) : null,
  );

function countsSection(session) {
  const { counts } = session;
  const shares = `${number(counts.in_sync)} in sync, ${number(counts.pending)} due, ${number(counts.blocked)} blocked`;
  const cap = `${number(counts.files)} of at most ${counted(counts.max_files, 'file', 'files')}`;
  const versions = `Generation ${number(session.generation)} of the manifest is in force; the last pass was made with ${number(session.observed_generation)}`;
  const last = session.last_pass_at ? [', ', timeOf(session.last_pass_at)] : [];
  return section(
    'counts', 'Counts',
    el('p', {}, `${number(counts.desired)} declared: ${shares}; ${number(counts.unmanaged)} unmanaged. ${cap}.`),
    el('p', {}, versions, ...last, '.'),
  );
}

function detailsOf(session) {
  return el(
    'div', { class: 'body' },
    suspensionSection(session),
    heldSection(session),
    listSection('blocked-list', 'Blocked', session.blocked, drawBlocked),
    listSection('recent', 'Recent actions', session.recent, drawRecent),
    listSection('unmanaged', 'Unmanaged: in the session, not declared, left alone', session.unmanaged, drawUnmanaged),
    listSection('conditions', 'Conditions', session.conditions, drawCondition),
    countsSection(session),
  );
}

// One session on the page: keeps its elements, so that what is open or has the focus stays so.
class Row {
  constructor(name) {
    this.summary = el('summary');
    this.details = el('details', {}, this.summary);
    this.row = el('tr', { class: 'row' });
    this.node = el('tbody', { id: `s-${name}` }, this.row, el('tr', { class: 'more' }, el('td', { colspan: 6 }, this.details)));
    this.details.addEventListener('toggle', () => this.drawDetails());
  }

  // False if there is nothing new.
  take(session) {
    const text = JSON.stringify(session);
    if (text === this.text) return false;
    this.text = text;
    this.session = session;
    this.state = stateOf(session);
    this.haystack = `${session.name} ${session.session_id ?? ''} ${wordOf(this.state)} ${headlineOf(session)}`.toLowerCase();
    this.draw();
    return true;
  }

  draw() {
    this.node.className = `session ${this.state}`;
    this.row.replaceChildren(...cellsOf(this.session, this.state));
    const headline = printable(headlineOf(this.session));
    if (this.summary.textContent !== headline) this.summary.textContent = headline;
    this.isStale = true;
    this.drawDetails();
  }

  // Only what is open is drawn.
  drawDetails() {
    if (!this.details.open || !this.isStale) return;
    this.isStale = false;
    this.body?.remove();
    this.body = detailsOf(this.session);
    this.details.append(this.body);
  }
}
