// How times and numbers are worded; words.cpp says the same.
const UNITS = [[86400, ' d'], [3600, ' h'], [60, ' min'], [1, ' s']];

function inUnits(seconds) {
  const [size, name] = UNITS.find(([least]) => seconds >= least) ?? UNITS.at(-1);
  return Math.floor(seconds / size) + name;
}

function relative(at, now) {
  const seconds = Math.floor(Math.abs(now - at) / 1000);
  if (seconds === 0) return at > now ? 'now' : 'just now';
  return at > now ? `in ${inUnits(seconds)}` : `${inUnits(seconds)} ago`;
}

function span(ms) {
  if (ms < 1000) return `${Math.floor(ms)} ms`;
  if (ms < 10000) return `${Math.floor(ms / 1000)}.${Math.floor((ms % 1000) / 100)} s`;
  return inUnits(ms / 1000);
}

const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const counted = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

function ofSessions(count, all) {
  const verb = count === 1 ? ' is' : ' are';
  if (count < all) return `${number(count)} of ${number(all)} sessions${verb}`;
  return (all === 1 ? 'The session' : `All ${number(all)} sessions`) + verb;
}

// 2026-11-21T17:31:43Z: as exact as it is shown.
const timestamp = (ms) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
