// Looks at a running daemon, from all sides at once, and asks it for things.
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../e2e/harness.mjs';
import { SEED } from '../lib/seed.mjs';
import { dice } from './churn.mjs';

const PAGES = ['/', '/metrics', '/api/v1/status', '/readyz', '/livez', '/nowhere'];

export class Audience {
  /** Looks until end(); `streams` follow the events meanwhile. */
  static async of(project, streams = 20) {
    const audience = new Audience();
    const file = path.join(project.state, 'daemon.json');
    audience.url = await until('the daemon serves', () => {
      if (project.daemon.over) throw new Error(`the daemon ended: ${project.daemon.err}`);
      return fs.existsSync(file) && `http://${JSON.parse(fs.readFileSync(file, 'utf8')).listen}`;
    });
    audience.over = false;
    audience.roll = dice(SEED);
    audience.streams = new Set();
    audience.requests = 0;
    audience.bytes = 0;
    const looks = PAGES.map((page) => audience.look(page));
    const follows = Array.from({ length: streams }, () => audience.follow());
    audience.done = Promise.all([...looks, ...follows, audience.ask()]);
    return audience;
  }

  /** Nobody looks any more, and nothing is suspended. */
  async end() {
    this.over = true;
    for (const end of this.streams) end();
    await this.done;
    for (const name of await this.names()) await this.post(name, 'resume');
  }

  async names() {
    const status = await (await fetch(`${this.url}/api/v1/status`)).json();
    return status.sessions.map((session) => session.name);
  }

  async post(name, verb) {
    this.requests++;
    const response = await fetch(`${this.url}/api/v1/sessions/${name}/${verb}`, { method: 'POST' });
    await response.text();
  }

  async look(page) {
    while (!this.over) {
      this.requests++;
      this.bytes += (await (await fetch(this.url + page)).text()).length;
      await pause(5);
    }
  }

  /** Follows the events, and begins again now and then. */
  async follow() {
    while (!this.over) await this.watch(500 + this.roll(2000));
  }

  /** One look at the events that ends itself; one that ends sooner is a fault of the daemon. Not with fetch:
      node 18 forgets to abort the body of an answer once its request was collected as garbage. */
  watch(milliseconds) {
    return new Promise((resolve, reject) => {
      const broken = () => reject(new Error('the stream of events broke off'));
      const request = http.get(`${this.url}/api/v1/events`, (response) => {
        response.on('data', (chunk) => { this.bytes += chunk.length; });
        response.on('close', broken);
      });
      const end = () => {
        clearTimeout(timer);
        this.streams.delete(end);
        resolve();
        request.destroy();
      };
      const timer = setTimeout(end, milliseconds);
      request.on('error', broken);
      this.streams.add(end);
    });
  }

  async ask() {
    while (!this.over) {
      for (const name of await this.names()) {
        await this.post(name, ['reconcile', 'suspend', 'resume', 'resume'][this.roll(4)]);
      }
      await pause(50);
    }
  }
}
