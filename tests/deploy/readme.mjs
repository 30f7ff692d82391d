// The commands that deploy/README.md shows. Each section's are run by one test: see readme.test.mjs.
import { source } from './common.mjs';

const sections = new Map(
  source('README.md').split(/^## /m).slice(1).map((text) => [text.slice(0, text.indexOf('\n')), text]),
);

/** The code blocks of a language under a heading. */
export function blocks(section, language) {
  return [...(sections.get(section) ?? '').matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((m) => m[1]);
}

/** The commands under a heading, each on one line. */
export function commands(section) {
  const text = blocks(section, 'sh').join('').replace(/\\\n\s*/g, '');
  return text.split('\n').map((line) => line.replace(/\s+#.*/, '').trim()).filter((line) => line !== '');
}

export const sectionNames = () => [...sections.keys()];
