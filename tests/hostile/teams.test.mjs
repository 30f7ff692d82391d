// Several teams, each with a file of one manifest directory: nothing of one team's session changes because of another
// team's file, whatever that is called and whenever sessync starts.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { Double, Project, addressOf, filesBelow, same, until, write } from '../e2e/harness.mjs';

/** A file of sessions: name -> [session id, source, more keys]. */
const text = (sessions, owner = 'e2e') => `version: 1\nowner: ${owner}\nsessions:${Object.keys(sessions).length ? '' : ' []'}\n${Object.entries(sessions)
  .map(([name, [id, source, more = '']]) => `  - name: ${name}\n    session_id: ${id}\n    interval: 10s\n    max_deletes: 100%\n${more}    resources: [{type: file, source: ${source}/, mount_path: /}]\n`)
  .join('')}`;
const outputs = (destination) => `    outputs: {destination: ${destination}}\n`;

class Teams {
  static async start(t) {
    const teams = new Teams();
    teams.double = await Double.start(t);
    teams.project = new Project(t, teams.double);
    teams.project.manifest = path.join(teams.project.dir, 'manifests');
    fs.mkdirSync(teams.project.manifest);
    teams.ids = [await teams.double.createSession(), await teams.double.createSession(), await teams.double.createSession()];
    for (const who of ['ours', 'theirs', 'more']) write(teams.at(`${who}/first.txt`), `first of ${who}`);
    return teams;
  }

  at(name) {
    return path.join(this.project.workspace, name);
  }

  file(name, content) {
    const at = path.join(this.project.manifest, name);
    if (content === null) return fs.rmSync(at);
    // As an editor or git does it: never half of it.
    write(`${at}.new`, content);
    return fs.renameSync(`${at}.new`, at);
  }

  async run(...more) {
    this.project.start(['--listen', '127.0.0.1:0', '--rescan', '10s', ...more]);
    this.url = await addressOf(this.project);
    await until('it has read the manifest', async () => (await this.manifest()).generation > 0);
  }

  async restart(signal = 'SIGKILL', ...more) {
    await this.project.stop(signal);
    fs.rmSync(path.join(this.project.state, 'daemon.json'), { force: true });
    await this.run(...more);
  }

  async status() {
    return (await fetch(`${this.url}/api/v1/status`)).json();
  }

  async manifest() {
    return (await this.status()).manifest;
  }

  /** Waits until the daemon has read files of which exactly these are bad. */
  async bad(...names) {
    let found;
    await until(
      () => `the daemon finds ${names} bad, and not ${found}`,
      async () => {
        const { errors, generation } = await this.manifest();
        found = badIn(errors.join('\n'));
        return generation > 0 && found.join() === names.join();
      },
    );
  }

  /** The sessions holds what lies in that part of the workspace; also after something new came there. */
  async follows(id, source) {
    write(this.at(`${source}/${process.hrtime.bigint()}.txt`), `news of ${source}`);
    let held;
    await until(
      () => `${id} holds ${source}/, and not ${[...held.keys()]}; ${this.project.daemon.err.slice(-1500)}`,
      async () => same((held = await this.double.held(id)), filesBelow(this.at(source))),
    );
  }

  /** Every command says the same of the files, and none does anything. */
  async commandsAgree(...names) {
    for (const command of ['validate', 'plan', 'apply', 'gc', 'pull']) {
      const { code, err } = await this.project.run(command, command === 'apply' ? ['--timeout', '30s'] : []);
      assert.deepEqual([command, code, badIn(err)], [command, 3, names], err);
    }
  }
}

const badIn = (messages) => [...new Set([...messages.matchAll(/([a-z]+\.yaml):\d+:\d+: error:/g)].map((match) => match[1]))].sort();
const deletes = (double) => double.count('delete_resource');

for (const taker of ['a.yaml', 'z.yaml']) {
  test(`a file that claims another team's session does not get it, in force or after a restart: ${taker}`, async (t) => {
    const teams = await Teams.start(t);
    const [id, own] = teams.ids;
    teams.file('m.yaml', text({ research: [id, 'ours'] }));
    await teams.run();
    await teams.follows(id, 'ours');
    teams.file(taker, text({ taken: [id, 'theirs'], own: [own, 'theirs'] }));
    await teams.bad(taker);
    await teams.follows(own, 'theirs');  // what nobody else claims is in force
    await teams.follows(id, 'ours');
    for (const signal of ['SIGKILL', 'SIGTERM']) {
      await teams.restart(signal);
      await teams.bad(taker);
      await teams.follows(id, 'ours');
      await teams.follows(own, 'theirs');
    }
    // With the alias of the id, and under the name of the other team's session.
    teams.file(taker, text({ taken: [id.replace('sesn_', 'session_'), 'theirs'], research: [teams.ids[2], 'theirs'] }));
    await teams.restart();
    await teams.bad(taker);
    await teams.follows(id, 'ours');
    assert.equal((await teams.double.rows(teams.ids[2])).length, 0);
    assert.equal(await deletes(teams.double), 0);
    // Nor while the other file is away for a moment, as it is in a checkout.
    const before = await teams.double.held(id);
    teams.file('m.yaml', null);
    await until('it is seen', async () => (await teams.status()).sessions.every(({ name }) => name !== 'research'));
    await teams.bad(taker);
    teams.file('m.yaml', text({ research: [id, 'ours'] }));
    await until('it is back', async () => (await teams.status()).sessions.some(({ name }) => name === 'research'));
    assert.ok(same(await teams.double.held(id), before));
    await teams.follows(id, 'ours');
    // Also if sessync is restarted just then; and whatever it is called when it comes back.
    for (const name of ['m.yaml', 'b.yaml', 'y.yaml']) {
      for (const one of ['m.yaml', 'b.yaml', 'y.yaml']) fs.rmSync(path.join(teams.project.manifest, one), { force: true });
      await teams.restart('SIGKILL');
      await teams.bad(taker);
      teams.file(name, text({ research: [id, 'ours'] }));
      await teams.follows(id, 'ours');
      await teams.bad(taker);
    }
    teams.file('y.yaml', null);
    teams.file('m.yaml', text({ research: [id, 'ours'] }));
    await teams.follows(id, 'ours');
    assert.equal(await deletes(teams.double), 0);
    await teams.project.stop();
    await teams.commandsAgree(taker);
    // The owner of the session lets go, and nothing else was needed.
    teams.file('m.yaml', text({ research: [own, 'ours'] }));
    teams.file(taker, text({ taken: [id, 'theirs'] }));
    await teams.run();
    await teams.bad();
    await teams.follows(id, 'theirs');
  });

  test(`a file with another owner is the bad one, in force or after a restart: ${taker}`, async (t) => {
    const teams = await Teams.start(t);
    const [first, second, theirs] = teams.ids;
    teams.file('m.yaml', text({ research: [first, 'ours'] }));
    teams.file('n.yaml', text({ reports: [second, 'more'] }));
    await teams.run();
    await teams.follows(first, 'ours');
    await teams.follows(second, 'more');
    teams.file(taker, text({ taken: [theirs, 'theirs'] }, 'mallory'));
    await teams.bad(taker);
    for (const signal of [null, 'SIGKILL', 'SIGTERM']) {
      if (signal) await teams.restart(signal, '--owner', 'mallory');
      await teams.bad(taker);
      await teams.follows(first, 'ours');
      await teams.follows(second, 'more');
      const { sessions } = await teams.status();
      assert.deepEqual(sessions.map(({ name, blocked }) => [name, blocked.length]), [['reports', 0], ['research', 0]]);
    }
    assert.equal((await teams.double.rows(theirs)).length, 0);
    // As bad are the others that come to agree with it, until all do.
    teams.file('m.yaml', text({ research: [first, 'ours'] }, 'mallory'));
    await teams.bad(...[taker, 'm.yaml'].sort());
    await teams.follows(first, 'ours');
    await teams.project.stop();
    await teams.commandsAgree(...[taker, 'm.yaml'].sort());
    teams.file('m.yaml', text({ research: [first, 'ours'] }));
    teams.file(taker, null);
    await teams.run();
    await teams.bad();
    await teams.follows(first, 'ours');
    await teams.follows(second, 'more');
    assert.equal(await deletes(teams.double), 0);
    await until('nothing is left of it', async () => {
      const { sessions } = await teams.status();
      return sessions.every(({ conditions }) => conditions.find(({ type }) => type === 'Ready').status === 'True');
    });
  });
}

test('the owner changes when every file names the same new one', async (t) => {
  const teams = await Teams.start(t);
  const [first, second] = teams.ids;
  teams.file('a.yaml', text({ research: [first, 'ours'] }));
  teams.file('b.yaml', text({ reports: [second, 'more'] }));
  await teams.run();
  await teams.follows(first, 'ours');
  await teams.follows(second, 'more');
  teams.file('a.yaml', text({ research: [first, 'theirs'] }, 'later'));
  await teams.bad('a.yaml');
  await teams.restart();
  await teams.bad('a.yaml');
  teams.file('b.yaml', text({ reports: [second, 'theirs'] }, 'later'));
  await teams.bad();
  const markers = async (id) => new Set((await teams.double.call('GET', `/v1/files?scope_id=${id}`)).data.map(({ filename }) => filename.split('.')[1]));
  await until('the new owner mounts files', async () => (await markers(first)).has('later') || (await teams.status()).sessions[0].blocked.length > 0);
});

test('at a start without state, files that disagree on the owner are all bad, and nothing is written', async (t) => {
  const teams = await Teams.start(t);
  const [first, second] = teams.ids;
  teams.file('a.yaml', text({ research: [first, 'ours'] }, 'me'));
  teams.file('b.yaml', text({ reports: [second, 'more'] }, 'you'));
  await teams.commandsAgree('a.yaml', 'b.yaml');
  await teams.run();
  await teams.bad('a.yaml', 'b.yaml');
  await teams.restart();
  await teams.bad('a.yaml', 'b.yaml');
  assert.equal(await teams.double.writes(), 0);
  // Unless it is said which counts, and then that is remembered.
  await teams.restart('SIGTERM', '--owner', 'you');
  await teams.bad('a.yaml');
  await teams.follows(second, 'more');
  await teams.restart('SIGTERM', '--owner', 'me');
  await teams.bad('a.yaml');
  await teams.follows(second, 'more');
  assert.equal((await teams.double.rows(first)).length, 0);
  await teams.project.stop();
  await teams.commandsAgree('a.yaml');
  for (const wrong of ['Me', '', 'a'.repeat(21)]) {
    assert.equal((await teams.project.run('validate', ['--owner', wrong])).code, 64, wrong);
  }
});

test('a session that two files claim and neither had is neither\'s, until one lets go', async (t) => {
  const teams = await Teams.start(t);
  const [id, other] = teams.ids;
  await teams.double.somebodyAdds(id, '/there.pdf', 'there');
  teams.file('a.yaml', text({ taken: [id, 'theirs', '    prune: all\n'] }));
  teams.file('b.yaml', text({ research: [id, 'ours'], reports: [other, 'more'] }));
  await teams.commandsAgree('a.yaml', 'b.yaml');
  await teams.run();
  await teams.bad('a.yaml', 'b.yaml');
  await teams.follows(other, 'more');
  await teams.restart();
  await teams.bad('a.yaml', 'b.yaml');
  await teams.follows(other, 'more');
  assert.deepEqual([...(await teams.double.held(id)).keys()], ['/there.pdf']);
  teams.file('a.yaml', null);
  await teams.bad();
  await until('b.yaml has it', async () => (await teams.double.held(id)).has('/first.txt'));
  teams.file('a.yaml', text({ taken: [id, 'theirs', '    prune: all\n'] }));
  await teams.restart();
  await teams.bad('a.yaml');
  assert.ok((await teams.double.held(id)).has('/there.pdf'));
});

test('what a file had stays its own while the file cannot be read, also after a restart', async (t) => {
  const teams = await Teams.start(t);
  const [id, other] = teams.ids;
  const good = text({ research: [id, 'ours'] });
  teams.file('b.yaml', good);
  await teams.run();
  await teams.follows(id, 'ours');
  teams.file('b.yaml', `${good}\n  - [`);
  teams.file('a.yaml', text({ taken: [id, 'theirs'], own: [other, 'theirs'] }));
  await teams.bad('a.yaml', 'b.yaml');
  await teams.follows(id, 'ours');
  await teams.restart();
  await teams.bad('a.yaml', 'b.yaml');
  await teams.follows(other, 'theirs');
  assert.ok(same(await teams.double.held(id), filesBelow(teams.at('ours'))));
  // A link that leads to nothing for a moment is no file that somebody took away.
  teams.file('b.yaml', null);
  fs.symlinkSync('nowhere', path.join(teams.project.manifest, 'b.yaml'));
  await teams.restart();
  await teams.bad('a.yaml');
  assert.match((await teams.manifest()).errors.join('\n'), /b\.yaml: error: cannot be read/);
  await teams.follows(other, 'theirs');
  assert.ok(same(await teams.double.held(id), filesBelow(teams.at('ours'))));
  // Nor does it get lost while there is no manifest at all.
  const away = `${teams.project.manifest}.away`;
  fs.renameSync(teams.project.manifest, away);
  await teams.restart();
  await until('there is none', async () => !(await teams.manifest()).valid);
  fs.renameSync(away, teams.project.manifest);
  teams.file('b.yaml', good);
  await teams.bad('a.yaml');
  await teams.follows(id, 'ours');
  assert.equal(await deletes(teams.double), 0);
});

test('outputs of two sessions never meet, and a claim to their place takes nothing else away', async (t) => {
  const teams = await Teams.start(t);
  const [id, other] = teams.ids;
  const at = (name) => path.join(teams.project.dir, 'outputs', name);
  teams.file('b.yaml', text({ research: [id, 'ours', outputs('reports')] }));
  await teams.run();
  await teams.follows(id, 'ours');
  await teams.double.agentWrites(id, 'one.txt', 'one');
  await until('the output is there', () => fs.existsSync(at('reports/one.txt')));
  teams.file('a.yaml', text({ taken: [other, 'theirs', outputs('reports/inner')] }));
  await teams.double.agentWrites(other, 'theirs.txt', 'theirs');
  for (const restarts of [false, true]) {
    if (restarts) await teams.restart();
    await teams.bad('a.yaml');
    await teams.follows(other, 'theirs');
    await teams.follows(id, 'ours');
    await teams.double.agentWrites(id, `${restarts}.txt`, 'more');
    await until('the output is there', () => fs.existsSync(at(`reports/${restarts}.txt`)));
  }
  assert.ok(!fs.existsSync(at('reports/inner')));
  await teams.project.stop();
  await teams.commandsAgree('a.yaml');
  // Neither had this one.
  teams.file('a.yaml', text({ taken: [other, 'theirs', outputs('both')] }));
  teams.file('b.yaml', text({ research: [id, 'ours', outputs('both')] }));
  await teams.run();
  await teams.bad('a.yaml', 'b.yaml');
  await teams.follows(other, 'theirs');
  await teams.follows(id, 'ours');
  assert.ok(!fs.existsSync(at('both')));
  teams.file('a.yaml', text({ taken: [other, 'theirs'] }));
  await teams.bad();
  await teams.double.agentWrites(id, 'last.txt', 'last');
  await until('they go where nobody else sends any', () => fs.existsSync(at('both/last.txt')));
});
