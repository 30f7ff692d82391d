// The page of the real daemon, as what it tells of happens.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Double, Project, until, write } from '../e2e/harness.mjs';
import { browserTest, openPage, shoot, SKIP } from './fixture.mjs';

const NEEDS = SKIP || (process.env.SESSYNC_BIN && process.env.SESSYNC_DOUBLE_BIN ? false : 'needs SESSYNC_BIN and SESSYNC_DOUBLE_BIN');
const daemonTest = (name, run) => browserTest(`daemon: ${name}`, NEEDS, run);
const DISCONNECTED = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

/** A daemon that mirrors a few files, and its page in a browser. */
class Shown {
  static async start(t, { doubleArgs = [], allow, files = 8 } = {}) {
    const shown = new Shown();
    const ends = [];
    t.later(async () => {
      for (const end of ends) await end();
    });
    shown.t = t;
    shown.double = await Double.start({ after: (end) => ends.push(end) }, doubleArgs);
    shown.project = new Project({ after: (end) => ends.push(end) }, shown.double);
    shown.session = await shown.double.createSession();
    shown.project.mirror(shown.session);
    for (let i = 0; i < files; ++i) shown.write(`docs/file-${i}.md`, `${i}`);
    await shown.serve();
    shown.page = await openPage(t, () => shown.url, { allow });
    await shown.page.goto(shown.url);
    await shown.page.waitForSelector('#live.on');
    return shown;
  }

  async serve(listen = '127.0.0.1:0') {
    this.project.start(['--listen', listen]);
    const file = path.join(this.project.state, 'daemon.json');
    const { daemon } = this.project;
    const address = await until('the daemon serves', () => {
      if (daemon.over) throw new Error(`the daemon ended: ${daemon.err}`);
      const found = fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8'));
      return found.pid === daemon.pid && found.listen;
    });
    this.url = `http://${address}/`;
  }

  write(name, text) {
    write(path.join(this.project.workspace, name), text);
  }

  says(pattern) {
    return until(
      async () => `the page says ${pattern}; it says ${await this.page.locator('#verdict').textContent()}; ${this.project.daemon.err.slice(-1000)}`,
      async () => pattern.test(await this.page.locator('h1').textContent()),
    );
  }

  text(selector) {
    return this.page.locator(selector).textContent();
  }
}

daemonTest('ok, and a change is followed without a reload', async (t) => {
  const shown = await Shown.start(t);
  await shown.says(/^The session is in sync$/);
  await shown.page.evaluate(() => (window.same = true));
  shown.write('docs/file-0.md', 'changed');
  await until('the change is among the recent actions', async () => {
    await shown.page.locator('#s-s1 details').evaluate((node) => (node.open = true));
    return /replace\/docs\/file-0\.mddone/.test(await shown.text('#s-s1 .recent'));
  });
  await until('its latency is drawn', () => shown.page.locator('#s-s1 .spark').count());
  await shown.says(/^The session is in sync/);
  assert.match(await shown.text('#s-s1 .files'), /^8 \/ 500/);
  assert.equal(await shown.page.evaluate(() => window.same), true);
  await shoot(shown.page, 'daemon-ok');
});

daemonTest('syncing', async (t) => {
  const shown = await Shown.start(t);
  await shown.says(/^The session is in sync/);
  await shown.double.faults([{ operation: 'add', kind: 'slow', delay_ms: 600_000 }]);
  for (let i = 0; i < 30; ++i) shown.write(`new/${i}.txt`, `new ${i}`);
  await shown.says(/^The session is syncing$/);
  await shoot(shown.page, 'daemon-syncing');
  await shown.double.faults([]);
});

daemonTest('blocked: what is held back, and the command that lets it through', async (t) => {
  const shown = await Shown.start(t, { files: 40 });
  await shown.says(/^The session is in sync/);
  const { manifest } = shown.project;
  fs.writeFileSync(manifest, fs.readFileSync(manifest, 'utf8').replace('max_deletes: 100%', 'max_deletes: 5'));
  for (let i = 0; i < 20; ++i) fs.rmSync(path.join(shown.project.workspace, `docs/file-${i}.md`));
  await shown.says(/^The session is blocked$/);
  await shown.page.locator('#verdict a').click();
  assert.equal(await shown.page.locator('#s-s1 details').evaluate((node) => node.open), true);
  // The files go one after the other, and five may: what is held is named anew until all are gone.
  await until('the command is that of what is held', async () => {
    const { sessions } = await (await fetch(`${shown.url}api/v1/status`)).json();
    const command = `sessync reconcile s1 --allow-deletes=${sessions[0].held?.id}`;
    return sessions[0].held && (await shown.text('#s-s1 .held .command')) === command;
  });
  assert.match(await shown.text('#s-s1 .blocked-list'), /guard/);
  await shown.page.evaluate(() => scrollTo(0, 0));
  await shoot(shown.page, 'daemon-blocked');
});

daemonTest('the API is down', async (t) => {
  const shown = await Shown.start(t);
  await shown.says(/^The session is in sync/);
  await shown.double.stop();
  shown.write('docs/late.md', 'late');
  await shown.says(/^The API cannot be reached: the session is waiting$/);
  await shoot(shown.page, 'daemon-api-down');
  assert.match(await shown.text('#s-s1 .word'), /retrying/);
});

daemonTest('the API answers with errors, and recovers', async (t) => {
  const shown = await Shown.start(t);
  await shown.says(/^The session is in sync/);
  await shown.double.faults([{ operation: 'any', kind: 'status', status: 529 }]);
  shown.write('docs/late.md', 'late');
  await shown.says(/^The session is failing and tried again$/);
  assert.match(await shown.text('#verdict'), /HTTP 529/);
  await shown.double.faults([]);
  await shown.says(/^The session is in sync/);
});

daemonTest('the API refuses the key', async (t) => {
  const shown = await Shown.start(t, { doubleArgs: ['--api-key', 'another-key'] });
  await shown.says(/^The API refuses the key: the session is stopped$/);
  await shoot(shown.page, 'daemon-wrong-key');
});

daemonTest('the manifest is invalid: where, and that the last good one stays', async (t) => {
  const shown = await Shown.start(t);
  await shown.says(/^The session is in sync/);
  const { manifest } = shown.project;
  const good = fs.readFileSync(manifest, 'utf8');
  fs.writeFileSync(manifest, good.replace('resources:', 'resourcez:'));
  await shown.says(/^The manifest is invalid: the last good version stays in force$/);
  assert.match(await shown.text('#verdict'), /sessync\.yaml:\d+:\d+: .*resourcez/);
  await shoot(shown.page, 'daemon-bad-manifest');
  fs.writeFileSync(manifest, good);
  await shown.says(/^The session is in sync/);
});

daemonTest('names that are hostile do nothing', async (t) => {
  const shown = await Shown.start(t);
  const name = `"'><img src=x onerror=alert(1)><script>alert(2)<\u202e&lt;`;
  shown.write(name, 'x');
  shown.write('a\nb.txt', 'x');
  await shown.says(/blocked|in sync/);
  await shown.page.locator('#s-s1 details').evaluate((node) => (node.open = true));
  await until('the name is shown', async () => (await shown.text('#s-s1')).includes('<img src=x onerror=alert(1)>'));
  assert.equal(await shown.page.locator('img').count(), 0);
  assert.doesNotMatch(await shown.text('#s-s1'), /\u202e/);
});

daemonTest('it is live again after the daemon was restarted', async (t) => {
  const shown = await Shown.start(t, { allow: DISCONNECTED });
  await shown.says(/^The session is in sync/);
  await shown.page.evaluate(() => (window.same = true));
  await shown.project.stop();
  await shown.page.waitForSelector('body.stale');
  assert.match(await shown.text('#live'), /^Not connected since/);
  shown.write('docs/meanwhile.md', 'meanwhile');
  await shown.serve(new URL(shown.url).host);
  await shown.page.waitForSelector('body:not(.stale) #live.on');
  await until('the new file is counted', async () => /^9 \/ 500/.test(await shown.text('#s-s1 .files')));
  assert.equal(await shown.page.evaluate(() => window.same), true);
});
