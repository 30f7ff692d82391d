// What the facts mean; verdict.cpp draws the same conclusions.
const STATES = ['failed', 'retrying', 'blocked', 'outdated', 'syncing', 'suspended', 'in_sync'];
const SIGNS = { failed: '×', retrying: '↻', blocked: '!', outdated: '!', syncing: '~', suspended: '‖', in_sync: '=' };
const TONES = ['bad', 'warn', 'busy', 'paused', 'good'];
const ERRORS = 12;

const wordOf = (state) => state.replace('_', ' ');
const isProblem = (state) => STATES.indexOf(state) <= STATES.indexOf('outdated');
const conditionOf = (session, type) => (session.conditions ?? []).find((one) => one.type === type) ?? {};
const isTrue = (condition) => condition.status === 'True';

function stateOf(session) {
  const ready = conditionOf(session, 'Ready');
  if (session.suspended || ready.reason === 'Suspended') return 'suspended';
  if (isTrue(ready)) {
    const stalled = conditionOf(session, 'Stalled');
    if (isTrue(stalled) && stalled.reason === 'ManifestInvalid') return 'outdated';
    return session.working ? 'syncing' : 'in_sync';
  }
  if (['AuthenticationFailed', 'SessionNotFound', 'SessionArchived'].includes(ready.reason)) return 'failed';
  if (['ProgressingWithRetry', 'RateLimited'].includes(ready.reason)) return 'retrying';
  return ['Progressing', '', undefined].includes(ready.reason) ? 'syncing' : 'blocked';
}

function headlineOf(session) {
  const { suspended } = session;
  if (suspended?.by) return `Suspended by ${suspended.by} since ${timestamp(Date.parse(suspended.at))}`;
  if (suspended) return 'Suspended by the manifest';
  const state = stateOf(session);
  const condition = conditionOf(session, state === 'outdated' ? 'Stalled' : 'Ready');
  if (state === 'syncing' && isTrue(condition)) return 'A pass is under way';
  if (!condition.reason) return 'Progressing: waiting for the first pass';
  return condition.message ? `${condition.reason}: ${condition.message}` : condition.reason;
}

// What the transport says when there was no answer. Only for the words: nothing depends on it.
const NO_ANSWER = /connect to|resolve host|Timeout was reached|returned nothing|the peer|closed before an answer/;

function groupOf(session, state) {
  const { reason, message } = conditionOf(session, 'Ready');
  if (state === 'failed') return reason === 'AuthenticationFailed' ? 'key' : 'failed';
  if (state === 'blocked') return 'blocked';
  if (state !== 'retrying') return null;
  if (reason === 'RateLimited') return 'limited';
  return NO_ANSWER.test(message) ? 'unreachable' : 'retrying';
}

const within = (words) => words.replace(/^[AT]/, (letter) => letter.toLowerCase());
const SENTENCES = [
  ['key', 'bad', (some) => `The API refuses the key: ${within(some)} stopped`],
  ['unreachable', 'bad', (some) => `The API cannot be reached: ${within(some)} waiting`],
  ['failed', 'bad', (some) => `${some} not found`],
  ['retrying', 'bad', (some) => `${some} failing and tried again`],
  ['limited', 'warn', (some) => `${some} slowed down by the API`],
  ['blocked', 'warn', (some) => `${some} blocked`],
];
const COUNTS = [
  ['syncing', 'busy', 'syncing'],
  ['suspended', 'paused', 'suspended'],
  ['in_sync', 'good', 'in sync'],
];

function manifestFinding({ manifest, sessions }) {
  if (manifest.valid) return [];
  if (manifest.errors.length === 0) return [{ tone: 'busy', text: 'The manifest has not been read yet', lines: [] }];
  const lines = manifest.errors.slice(0, ERRORS).map((text) => ({ text }));
  if (manifest.errors.length > ERRORS) lines.push({ text: `and ${number(manifest.errors.length - ERRORS)} more` });
  if (sessions.length === 0) return [{ tone: 'bad', text: 'The manifest is invalid: nothing is synchronised', lines }];
  return [{ tone: 'warn', text: 'The manifest is invalid: the last good version stays in force', lines }];
}

// What is true of all alike is said once.
function linesOf(sessions, most) {
  const lines = sessions.slice(0, most).map((one) => ({ session: one.name, text: headlineOf(one) }));
  if (sessions.length > most) lines.push({ text: `and ${number(sessions.length - most)} more` });
  return lines;
}

// `status.sessions` sorted by name. The worst first; never empty.
function findings(status) {
  const { sessions } = status;
  const states = sessions.map(stateOf);
  const groups = sessions.map((session, i) => groupOf(session, states[i]));
  const out = manifestFinding(status);
  for (const [group, tone, say] of SENTENCES) {
    const those = sessions.filter((_, i) => groups[i] === group);
    const text = say(ofSessions(those.length, sessions.length));
    if (those.length > 0) out.push({ tone, text, lines: linesOf(those, text.startsWith('The API') ? 1 : 3) });
  }
  for (const text of status.notes ?? []) out.push({ tone: 'warn', text, lines: [] });
  for (const [state, tone, words] of COUNTS) {
    const those = sessions.filter((_, i) => states[i] === state);
    const lines = state === 'suspended' ? linesOf(those, 3) : [];
    if (those.length > 0) out.push({ tone, text: `${ofSessions(those.length, sessions.length)} ${words}`, lines });
  }
  if (out.length === 0) out.push({ tone: 'paused', text: 'No session is declared', lines: [] });
  return out.sort((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
}

// Problems first, the worst of them on top; then by name, so that rows stay where they are.
const rankOf = (state) => (isProblem(state) ? STATES.indexOf(state) : STATES.length);
const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
