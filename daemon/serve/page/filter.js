// Which sessions are shown: those of a state that have all of the words.
const wanted = { words: [], state: 'all' };
const sessions = (count) => `${count.toLocaleString('en')} ${count === 1 ? 'session' : 'sessions'}`;
const textOf = (row) => ['.title', '.id', '.word', 'summary'].map((part) => row.querySelector(part).textContent).join(' ');

function isWanted(row) {
  if (!row.dataset.kinds.split(' ').includes(wanted.state)) return false;
  const text = textOf(row).toLowerCase();
  return wanted.words.every((word) => text.includes(word));
}

function filter() {
  const all = rows();
  for (const row of all) if (row.hidden === isWanted(row)) row.hidden = !row.hidden;
  const shown = all.filter((row) => !row.hidden).length;
  byId('shown').textContent = shown === all.length ? sessions(shown) : `${shown.toLocaleString('en')} of ${sessions(all.length)}`;
  for (const button of byId('states').querySelectorAll('button')) {
    const { state, count } = button.dataset;
    button.setAttribute('aria-pressed', state === wanted.state);
    button.hidden = count === '0' && state !== 'all' && state !== wanted.state;
  }
}

byId('states').addEventListener('click', (event) => {
  const state = event.target.closest('button')?.dataset.state;
  if (!state) return;
  wanted.state = wanted.state === state ? 'all' : state;
  filter();
});
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
