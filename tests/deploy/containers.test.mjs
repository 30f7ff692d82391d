// Containers, for real: the image is built in two stages without a registry, and run by itself, by compose and as a
// pod, always against the double in a container. One storage for all of it, removed at the end.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { after, test } from 'node:test';
import { composeCases } from './compose_cases.mjs';
import { DOUBLE, SESSYNC } from './contained.mjs';
import { imageCases } from './image_cases.mjs';
import { podCases } from './pod_cases.mjs';
import { Podman, obstacle } from './podman.mjs';

const skip = obstacle();
const whole = skip ? { skip } : {};
const podman = skip ? null : new Podman();
after(() => podman?.remove());
// A run that is given up leaves nothing, either.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    podman?.remove();
    process.exit(1);
  });
}

const megabytes = (image) => Math.round(Number(podman.do('image', 'inspect', '--format', '{{.Size}}', image)) / 1e6);

test('the image is built from a bare Debian', whole, async (t) => {
  podman.importBase();
  podman.build('double', DOUBLE);
  podman.build('sessync', SESSYNC);
  const [base, size] = [megabytes('localhost/debian:bookworm-slim'), megabytes(SESSYNC)];
  await t.test(`the image has ${size} MB, ${size - base} MB of them on top of Debian`, () => {
    assert.ok(size - base < 100, 'no compiler, no source');
  });
});

imageCases(podman, whole);
podCases(podman, whole);
composeCases(podman, whole);

test('nothing of it is left', whole, () => {
  assert.equal(podman.do('ps', '--all', '--quiet'), '');
  podman.remove();
  assert.equal(fs.existsSync(podman.dir), false);
  assert.ok(!fs.readFileSync('/proc/self/mountinfo', 'utf8').includes(podman.dir));
});
