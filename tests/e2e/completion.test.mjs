// What `sessync completion` prints, in the real shells: completing gives the candidates.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';
import { test } from 'node:test';
import { SOURCES, scratch, write } from './harness.mjs';
import { quoted } from './terminal.mjs';

const SESSYNC = process.env.SESSYNC_BIN;
const MANIFEST = (names) => `version: 1
owner: e2e
sessions:
${names.map((name, i) => `  - {name: ${name}, session_id: sesn_${i + 1}}\n`).join('')}`;

/** The candidates that each shell gives for the last of `words`, sorted. */
const ASK = {
  bash: (words) => {
    // Words are split at "=", as readline does it.
    const split = words.flatMap((word) => word.split(/(?==)|(?<==)/));
    const array = (split.length === 0 ? [''] : split).map(quoted).join(' ');
    const word = words.at(-1) === '' ? " ''" : '';
    return `source <(sessync completion bash)
      COMP_WORDS=(${array}${word && !array.endsWith("''") ? word : ''}) COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
      _sessync; printf '%s\\n' "\${COMPREPLY[@]}"`;
  },
  fish: (words) => `sessync completion fish | source
    complete -C ${quoted(words.join(' '))} | string split -f1 \\t | string replace -r '^--[a-z-]*=' ''`,
  zsh: (words) => `zsh -f ${quoted(path.join(SOURCES, 'tests/e2e/complete.zsh'))} ${quoted(words.join(' '))}`,
};

function complete(t, shell, dir, ...words) {
  const run = spawnSync(shell, ['-c', ASK[shell](['sessync', ...words])], {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path.dirname(SESSYNC)}:${process.env.PATH}`, HOME: dir },
  });
  return [...new Set(run.stdout.split('\n').filter((line) => line !== ''))].sort();
}

for (const shell of ['bash', 'fish', 'zsh']) {
  test(`${shell} completes`, async (t) => {
    if (spawnSync(shell, ['--version']).status !== 0) return t.skip(`${shell} is not installed`);
    const dir = scratch(t);
    write(path.join(dir, 'sessync.yaml'), MANIFEST(['research', 'review', 'other']));
    write(path.join(dir, 'second.yaml'), MANIFEST(['elsewhere']));
    write(path.join(dir, 'broken.yaml'), 'version: 9\n');
    write(path.join(dir, 'folder/file'), '');
    const gives = (words, candidates) =>
      t.test(words.join(' '), () => assert.deepEqual(complete(t, shell, dir, ...words), candidates));

    await gives(['v'], ['validate', 'version']);
    await gives(['completion', ''], ['bash', 'fish', 'zsh']);
    await gives(['plan', '--det'], ['--detailed-exitcode']);
    await gives(['validate', '--det'], []);
    await gives(['plan', '-o', ''], ['json', 'text']);
    await gives(['plan', '--output=j'], ['json']);
    await gives(['run', '--log-level', 'de'], ['debug']);
    await gives(['apply', '-s', ''], ['other', 'research', 'review']);
    await gives(['apply', '--session', 're'], ['research', 'review']);
    await gives(['apply', '-m', 'second.yaml', '-s', ''], ['elsewhere']);
    await gives(['apply', '-m', 'broken.yaml', '-s', ''], []);
    await gives(['apply', '-m', 'missing.yaml', '-s', ''], []);
    await gives(['suspend', 're'], ['research', 'review']);
    await gives(['plan', '-m', 'sec'], ['second.yaml']);
    await gives(['plan', '-w', 'fol'], [shell === 'fish' ? 'folder/' : 'folder']);
  });
}

test('the hidden command that lists sessions is shown nowhere', () => {
  for (const args of [['--help'], ['completion', 'bash']]) {
    const { stdout } = spawnSync(SESSYNC, args, { encoding: 'utf8' });
    assert.doesNotMatch(stdout.replaceAll(' session-names "', ''), /session-names/);
  }
});
