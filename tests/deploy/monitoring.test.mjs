// The dashboard and the alerts: well formed, and about metrics that the daemon really serves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import YAML from 'yaml';
import { Double, Project, scratch, until, write } from '../e2e/harness.mjs';
import { DEPLOY, TOP, run, source } from './common.mjs';
import { blocks, commands } from './readme.mjs';

const found = spawnSync(path.join(TOP, 'tests/deploy/promtool.sh'), { encoding: 'utf8' });
const PROMTOOL = found.stdout.trim();
const promtool = found.status === 0 ? {} : { skip: found.stderr.trim() };

const dashboard = JSON.parse(source('grafana/dashboard.json'));
const alerts = YAML.parse(source('prometheus/alerts.yaml')).groups.flatMap((group) => group.rules);
const panels = dashboard.panels.filter((panel) => panel.type !== 'row');
const queries = panels.flatMap((panel) => panel.targets.map((target) => ({ panel: panel.title, expr: target.expr })));

test('alerts: promtool accepts the rules', promtool, () => {
  run(PROMTOOL, ['check', 'rules', path.join(DEPLOY, 'prometheus/alerts.yaml')]);
});

test('alerts: each fires when it should, none otherwise', promtool, () => {
  run(PROMTOOL, ['test', 'rules', 'alerts_test.yaml'], { cwd: path.join(TOP, 'tests/deploy') });
});

test('alerts: each has a test in which it fires, a severity and what to do', () => {
  const tests = YAML.parse(fs.readFileSync(path.join(TOP, 'tests/deploy/alerts_test.yaml'), 'utf8')).tests;
  const fired = new Set(tests.flatMap((t) => t.alert_rule_test).filter((t) => t.exp_alerts).map((t) => t.alertname));
  const silent = new Set(tests[0].alert_rule_test.filter((t) => !t.exp_alerts).map((t) => t.alertname));
  for (const { alert, labels, annotations } of alerts) {
    assert.ok(fired.has(alert), `${alert} is seen firing`);
    assert.ok(silent.has(alert), `${alert} is seen not firing`);
    assert.match(labels.severity, /^(critical|warning|info)$/);
    assert.ok(annotations.summary && annotations.description);
  }
});

test('dashboard: ids are unique, panels do not overlap, every one says what it shows', () => {
  const ids = dashboard.panels.map((panel) => panel.id);
  assert.equal(new Set(ids).size, ids.length);
  const taken = new Set();
  for (const { title, gridPos } of dashboard.panels) {
    assert.ok(title);
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!taken.has(`${x},${y}`), `${title} covers another panel`);
        taken.add(`${x},${y}`);
      }
    }
  }
  assert.equal(dashboard.id, null, 'an import makes a new one');
});

test('dashboard: every data source is the variable', () => {
  assert.equal(dashboard.templating.list[0].type, 'datasource');
  const check = (value) => {
    if (value === null || typeof value !== 'object') return;
    if ('datasource' in value) assert.deepEqual(value.datasource, { type: 'prometheus', uid: '${datasource}' });
    Object.values(value).forEach(check);
  };
  check(dashboard);
  for (const panel of panels) assert.ok(panel.datasource, panel.title);
});

test('dashboard: its variables are declared', () => {
  const declared = dashboard.templating.list.map((variable) => variable.name);
  const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map((match) => match[1]);
  for (const name of new Set(used)) assert.ok([...declared, '__rate_interval', '__all'].includes(name), name);
});

test('dashboard: promtool accepts every query', promtool, (t) => {
  const file = path.join(scratch(t), 'queries.json');
  const rules = queries.map(({ expr }, i) => ({ record: `q${i}`, expr: expr.replaceAll('$__rate_interval', '5m') }));
  fs.writeFileSync(file, JSON.stringify({ groups: [{ name: 'queries', rules }] }));
  run(PROMTOOL, ['check', 'rules', file]);
});

/** What a daemon serves that has done everything once: name -> names of labels. */
async function served(t) {
  const double = await Double.start(t);
  const project = new Project(t, double);
  project.declare(`version: 1
owner: deploy
sessions:
  - name: s
    create: {agent: agent_demo, environment_id: env_demo}
    resources:
      - {type: file, source: ./, mount_path: /}
      - type: github_repository
        url: https://github.com/example-org/example-repo
        authorization_token: {file: token}
`);
  write(path.join(project.dir, 'secrets/token'), 'one');
  write(path.join(project.workspace, 'a'), 'a');
  const daemon = project.begin('run', ['--listen', '127.0.0.1:0', '--secrets-dir', path.join(project.dir, 'secrets')]);
  t.after(async () => {
    daemon.kill('SIGTERM');
    await daemon.ended;
  });
  const at = path.join(project.state, 'daemon.json');
  const listen = await until('it listens', () => fs.existsSync(at) && JSON.parse(fs.readFileSync(at, 'utf8')).listen);
  const [curl] = commands('Monitoring').filter((line) => line.startsWith('curl '));
  const metrics = async () => run('sh', ['-c', curl.replace('127.0.0.1:8900', listen)]).stdout;
  await until('a pass has converged', async () => /^sessync_last_converged/m.test(await metrics()));
  write(path.join(project.workspace, 'a'), 'b');
  write(path.join(project.dir, 'secrets/token'), 'two');
  await until('a change and a rotation are counted', async () => {
    const text = await metrics();
    return /^sessync_token_last_rotation/m.test(text) && /^sessync_change_to_converged_seconds_count [1-9]/m.test(text);
  });
  const labels = new Map();
  for (const [, name, list] of (await metrics()).matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const names = [...(list ?? '').matchAll(/(\w+)="/g)].map((match) => match[1]);
    labels.set(name, new Set([...(labels.get(name) ?? []), ...names]));
  }
  return labels;
}

/** What Prometheus adds when it scrapes. */
const ADDED = ['instance', 'job'];

test('every metric and label of dashboard and alerts is served', async (t) => {
  const labels = await served(t);
  const uses = [...queries, ...alerts.map(({ alert, expr }) => ({ panel: alert, expr }))];
  const variables = dashboard.templating.list.filter((v) => v.type === 'query').map((v) => ({ panel: v.name, expr: v.definition }));
  for (const { panel, expr } of [...uses, ...variables]) {
    const metrics = [...expr.matchAll(/\b((?:sessync|process)_\w+)(?:\{([^}]*)\})?/g)];
    assert.ok(metrics.length > 0, `${panel}: ${expr}`);
    for (const [, name, matchers] of metrics) {
      assert.ok(labels.has(name), `${panel}: ${name} is served; ${[...labels.keys()].join(' ')}`);
      for (const [, label] of (matchers ?? '').matchAll(/(\w+) *[=!]~?/g)) {
        assert.ok([...ADDED, ...labels.get(name)].includes(label), `${panel}: ${name} has the label ${label}`);
      }
    }
    const known = new Set([...ADDED, ...metrics.flatMap(([, name]) => [...labels.get(name)])]);
    for (const [, list] of expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)) {
      for (const label of list.split(/, */)) assert.ok(known.has(label), `${panel}: ${label} is a label`);
    }
  }
});

test('the README\'s other commands and Prometheus configuration are good', promtool, (t) => {
  for (const line of commands('Monitoring').filter((command) => !command.startsWith('curl '))) {
    assert.match(line, /^promtool /);
    run(PROMTOOL, line.split(' ').slice(1), { cwd: TOP });
  }
  const dir = scratch(t);
  fs.copyFileSync(path.join(DEPLOY, 'prometheus/alerts.yaml'), path.join(dir, 'alerts.yaml'));
  fs.writeFileSync(path.join(dir, 'prometheus.yml'), blocks('Monitoring', 'yaml')[0]);
  run(PROMTOOL, ['check', 'config', 'prometheus.yml'], { cwd: dir });
});
