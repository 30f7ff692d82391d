// What the tests of the status page share: a browser that notes everything it should not see, and a
// stand-in for the daemon that serves the page as the binary renders it, with scripted events.
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as http from 'node:http';
import * as path from 'node:path';
import test, { after } from 'node:test';
import { chromium } from 'playwright-core';

const HERE = path.dirname(new URL(import.meta.url).pathname);
const SCENE = process.env.SESSYNC_PAGE_SCENE_BIN;
const PLACES = process.env.CHROMIUM_BIN ? [process.env.CHROMIUM_BIN] : ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
const CHROMIUM = PLACES.find((one) => fs.existsSync(one));
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** Why these tests cannot run here, or false. */
export const SKIP = CHROMIUM ? false : 'needs Chromium: apt-get install chromium, or set CHROMIUM_BIN';
export const SKIP_SCENES = SKIP || (SCENE && fs.existsSync(SCENE) ? false : 'needs page_scene: set SESSYNC_PAGE_SCENE_BIN');

export const SHOTS = process.env.SESSYNC_SHOTS_DIR ?? path.join(HERE, '../../build/page-screenshots');

let browser;
/** One browser for all tests of a file. */
async function openBrowser() {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  return browser;
}
after(() => browser?.close());

/** A test that skips where `skip` says why; what is given to t.later happens at its end, the last first. */
export function browserTest(name, skip, run) {
  test(name, { skip, timeout: 120_000 }, async (t) => {
    const later = [];
    t.later = (what) => later.unshift(what);
    const faults = [];
    await run(t).catch((error) => faults.push(error));
    for (const what of later) await Promise.resolve(what()).catch((error) => faults.push(error));
    if (faults.length > 0) throw faults[0];
  });
}

/**
 * A page in a context of its own. `page.faults` collects errors of the console, violations of the
 * policy, dialogs and requests to elsewhere; it is empty at the end, but for what `allow` matches.
 */
export async function openPage(t, base, { allow, ...options } = {}) {
  const context = await (await openBrowser()).newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  const note = (what) => allow?.test(what) || page.faults.push(what);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && note(`console: ${message.text()}`));
  page.on('pageerror', (error) => note(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    note(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(base()).origin && !request.url().startsWith('data:')) note(`request: ${request.url()}`);
  });
  t.later(async () => {
    await context.close();
    if (page.faults.length > 0) throw new Error(page.faults.join('\n'));
  });
  return page;
}

/** Screenshots of a state at both widths and in both colour schemes. */
export async function shoot(page, name) {
  fs.mkdirSync(SHOTS, { recursive: true });
  for (const [width, height] of [[1440, 900], [360, 780]]) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: path.join(SHOTS, `${name}-${width}-${colorScheme}.png`) });
    }
  }
}

const scene = (...args) => execFileSync(SCENE, args, { encoding: 'utf8', maxBuffer: 1 << 28 });

/** Stands in for the daemon: the page of a scene, whole and in parts, and scripted events. */
export class Stand {
  static async start(t, name) {
    const stand = new Stand();
    stand.scene = name;
    stand.edits = []; // see page_scene.cpp
    stand.asked = [];
    stand.policy = scene('policy');
    stand.streams = new Set();
    await stand.listen(0);
    t.later(() => stand.stop());
    return stand;
  }

  async listen(port) {
    this.server = http.createServer((request, response) => this.answer(request, response));
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/`;
  }

  async stop() {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  answer(request, response) {
    const path = decodeURIComponent(request.url);
    this.asked.push(path);
    if (path === '/') return this.show(response, 'page', this.scene);
    if (path === '/page/since/1-99' && !this.forgets) return this.show(response, 'part', this.scene);
    if (path.startsWith('/page/since/')) return this.show(response, 'page', this.scene);
    if (path.startsWith('/page/sessions/')) return this.show(response, 'session', path.slice('/page/sessions/'.length), this.scene);
    if (path.startsWith('/api/v1/events')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      this.streams.add(response);
      request.on('close', () => this.streams.delete(response));
      return this.write(response, this.forgets ? 'status' : 'manifest', {});
    }
    response.writeHead(path === '/livez' ? 200 : 404);
    return response.end();
  }

  show(response, ...what) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': this.policy });
    response.end(scene(...what, ...this.edits));
  }

  write(stream, kind, value) {
    stream.write(`event: ${kind}\ndata: ${JSON.stringify(value)}\n\n`);
  }

  /** From now on nobody knows what changed since: the page is shown all of it. */
  forget() {
    this.forgets = true;
    for (const stream of this.streams) this.write(stream, 'status', {});
  }

  /** Sessions change, leave, begin a pass; an error of the manifest: what page_scene.cpp calls edits. */
  change(...edits) {
    this.edits.push(...edits);
    for (const stream of this.streams) {
      for (const edit of edits) {
        if (edit.endsWith('-')) this.write(stream, 'left', [edit.slice(0, -1)]);
        else this.write(stream, edit.startsWith('!') ? 'manifest' : 'session', {});
      }
    }
  }
}
