// What a process uses, over time.
import * as fs from 'node:fs';

function inotifyWatches(pid) {
  let watches = 0;
  for (const fd of fs.readdirSync(`/proc/${pid}/fdinfo`)) {
    try {
      watches += fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8').match(/^inotify wd:/gm)?.length ?? 0;
    } catch {
      // closed meanwhile
    }
  }
  return watches;
}

export function sample(pid, begin) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    minutes: (Date.now() - begin) / 60_000,
    rss: Number(status.match(/^VmRSS:\s+(\d+)/m)[1]),
    threads: Number(status.match(/^Threads:\s+(\d+)/m)[1]),
    fds: fs.readdirSync(`/proc/${pid}/fd`).length,
    watches: inotifyWatches(pid),
  };
}

/** KiB an hour: the slope of the line that fits the samples best. */
export function slopePerHour(samples) {
  const mean = (pick) => samples.reduce((sum, each) => sum + pick(each), 0) / samples.length;
  const minutes = mean((each) => each.minutes);
  const rss = mean((each) => each.rss);
  const covariance = mean((each) => (each.minutes - minutes) * (each.rss - rss));
  const variance = mean((each) => (each.minutes - minutes) ** 2);
  return variance === 0 ? 0 : (covariance / variance) * 60;
}

export const secondHalf = (samples) => samples.slice(Math.floor(samples.length / 2));

/** At most twenty of them. */
export function table(samples) {
  const step = Math.max(1, Math.ceil(samples.length / 20));
  const row = (cells) => cells.map((cell) => String(cell).padStart(9)).join(' ');
  const chosen = samples.filter((_, i) => i % step === 0 || i === samples.length - 1);
  return [
    row(['minutes', 'RSS KiB', 'fds', 'watches', 'threads']),
    ...chosen.map((each) => row([each.minutes.toFixed(1), each.rss, each.fds, each.watches, each.threads])),
  ];
}
