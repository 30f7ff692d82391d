// What an older version had mounted when it was stopped: for each rule that is stricter since, a session that meets it.
//
// Another rule is another row here. Then record once more, with the version that did not have it, and the double:
//   SESSYNC_BIN=... SESSYNC_DOUBLE_BIN=... node tests/e2e/upgrade/record.mjs
import * as fs from 'node:fs';
import * as path from 'node:path';
import { write } from '../harness.mjs';

export const VARIABLE = 'UPGRADE_TOKEN';
export const TOKEN = 'a-token-of-nobody';
export const OWNER = 'e2e';

/** Of a kind that nobody takes for an example, and no scanner of this repository for a leak. */
const gitlabToken = `gl${'pat-'}zQ3vB7nK1xW9rT5yM2hD`;

/**
 * name: of the session, and of the directory that its sources lie in. resources: as YAML, `@` is that directory.
 * files, links: below it. repository: has a token of that source. outputs: what its agent wrote.
 * blocked: what the rule says, `code mount_path`; what is not in force yet says nothing. Nothing else may happen.
 */
export const ROWS = [
  {
    name: 'default-exclusions',
    files: { 'a.txt': 'a', 'tls/server.key': 'k', '.npmrc': 'n', 'prod.env': 'e' },
    resources: ['source: @/, mount_path: /'],
    blocked: ['secret /.npmrc', 'secret /prod.env', 'secret /tls/server.key'],
  },
  {
    name: 'default-exclusions-by-a-link',
    files: { 'a.txt': 'a', '.aws/config': 'c' },
    links: { settings: '.aws/config' },
    resources: ['source: @/, mount_path: /, exclude: [.aws/]'],
    blocked: ['secret /settings'],
  },
  {
    name: 'own-secrets',
    files: { 'a.txt': 'a', 'github-token': TOKEN, 'more/github-token.txt': TOKEN },
    resources: ['source: @/, mount_path: /'],
    repository: 'file: own-secrets/github-token',
    blocked: ['secret /github-token'],
  },
  {
    name: 'own-secret-as-a-source',
    files: { 'app-token': TOKEN },
    resources: ['source: @/app-token, mount_path: /b.txt'],
    repository: 'file: own-secret-as-a-source/app-token',
    blocked: ['secret /b.txt'],
  },
  {
    name: 'secret-contents',
    files: { 'a.txt': 'a', 'settings.txt': `token = ${gitlabToken}\n` },
    resources: ['source: @/, mount_path: /'],
    blocked: ['secret_suspected /settings.txt'],
  },
  {
    name: 'links',
    files: { 'a/a.txt': 'a', 'a/left-out/b.txt': 'b', 'beside/c.txt': 'c' },
    links: { 'a/to-left-out.txt': 'left-out/b.txt', 'a/to-beside.txt': '../beside/c.txt' },
    resources: ['source: @/a/, mount_path: /, exclude: [left-out/]'],
    blocked: ['link_outside /to-beside.txt', 'link_outside /to-left-out.txt'],
  },
  {
    name: 'variables',
    files: { 'a.txt': 'a' },
    resources: ['source: @/, mount_path: /'],
    repository: `env: ${VARIABLE}`,
    blocked: ['secret_unavailable /repo'],
  },
  {
    name: 'large-ignore-file',
    files: { 'a.txt': 'a', '.sessyncignore': '# nothing is left out\n'.repeat(4_000) },
    resources: ['source: @/, mount_path: /, exclude: [.sessyncignore]'],
    blocked: ['guard /a.txt'],
  },
  {
    name: 'outputs',
    files: { 'a.txt': 'a' },
    resources: ['source: @/, mount_path: /'],
    outputs: { 'report.md': 'what the agent wrote' },
    blocked: [],
  },
];

export function writeWorkspace(directory) {
  for (const { name, files, links = {} } of ROWS) {
    for (const [file, text] of Object.entries(files)) write(path.join(directory, name, file), text);
    for (const [link, target] of Object.entries(links)) fs.symlinkSync(target, path.join(directory, name, link));
  }
}

/** The bytes of what is mounted at a path of a row's session. */
export function mountedText(row, mount, directory) {
  if (row.name === 'own-secret-as-a-source') return row.files['app-token'];
  const below = row.name === 'links' ? 'a' : '';
  return fs.readFileSync(path.join(directory, row.name, below, mount), 'utf8');
}

const URL = 'https://github.com/example-org/example-repo';
export const REPOSITORY = { type: 'github_repository', url: URL, mount_path: '/repo', authorization_token: TOKEN };

export function manifestOf(ids) {
  const sessions = ROWS.map((row) => {
    const files = row.resources.map((one) => `      - {type: file, ${one.replaceAll('@', row.name)}}\n`);
    const { repository } = row;
    if (repository) files.push(`      - {type: github_repository, url: ${URL}, mount_path: /repo, authorization_token: {${repository}}}\n`);
    const outputs = row.outputs ? '    outputs: {destination: reports}\n' : '';
    return `  - name: ${row.name}\n    session_id: ${ids[row.name]}\n${outputs}    resources:\n${files.join('')}`;
  });
  return `version: 1\nowner: ${OWNER}\nsessions:\n${sessions.join('')}`;
}
