// Times grow old on their own, between two answers of the daemon; daemon/status/words.cpp words them alike.
const UNITS = [[86400, ' d'], [3600, ' h'], [60, ' min'], [1, ' s']];

function relative(at, now) {
  const seconds = Math.floor(Math.abs(now - at) / 1000);
  if (seconds === 0) return at > now ? 'now' : 'just now';
  const [size, name] = UNITS.find(([least]) => seconds >= least);
  const length = Math.floor(seconds / size) + name;
  return at > now ? `in ${length}` : `${length} ago`;
}

// The daemon's clock: this machine's may be wrong.
const skew = (() => {
  const answered = performance.timeOrigin + (performance.getEntriesByType('navigation')[0]?.responseStart ?? 0);
  const off = Date.parse(document.documentElement.dataset.now) + 500 - answered;
  return Math.abs(off) > 5000 ? off : 0;
})();

function tick() {
  const now = Date.now() + skew;
  for (const node of document.querySelectorAll('time[title]')) {
    const text = relative(Date.parse(node.dateTime), now);
    if (node.textContent !== text) node.textContent = text;
  }
}
