/** The pages and sections that are written from the code. */
import { ERRORS, type ErrorEntry, type RetryAdvice } from '@caisson/contracts';
import { LAYERS, type Layer } from './layers.js';
import type { Page } from './rules/pages.js';

const ADVICE: Readonly<Record<RetryAdvice, string>> = {
  never: 'The same request fails again.',
  'same-node': 'The same node may answer soon: wait with jitter and repeat.',
  'other-node': 'Another node can answer now.',
  'after-fix': 'An operator must act before it can succeed.',
};

export const PAGES: readonly Page[] = [
  { path: 'docs/reference/errors.md', text: errorsPage(ERRORS) },
  { path: 'docs/ARCHITECTURE.md', section: 'layers', text: layersTable(LAYERS) },
];

/** An overview to search by number or status, then one section per code to link to. */
export function errorsPage(errors: Readonly<Record<string, ErrorEntry>>): string {
  const all = Object.entries(errors).sort(([, a], [, b]) => a.wire - b.wire);
  const rows = all.map(([code, { wire, grpc, http, exit, retry }]) => {
    return `| ${wire} | [\`${code}\`](#${code.toLowerCase()}) | ${grpc} | ${http} | ${exit} | ${retry} |`;
  });
  const sections = all.map(([code, { meaning, wayOut, retry }]) => {
    return `### ${code}\n\n${meaning}\n\n*Way out:* ${wayOut}\n\n*Retry:* ${ADVICE[retry]}\n`;
  });
  return [
    '# Errors',
    '',
    'Written by `npm run docs` from `libs/contracts/src/errors/catalogue.ts`; edit that file instead.',
    '',
    'An operating error carries one of these codes, facts about the failure, and never the bytes of a value,',
    'key material or a user key. The wire number is what peers and clients of other languages see; it never',
    'changes. Absence, a failed comparison and a write conflict are outcomes, not errors, and have no code.',
    '',
    '| wire | code | gRPC | HTTP | exit | retry |',
    '| ---: | --- | --- | ---: | ---: | --- |',
    ...rows,
    '',
    '## What they mean',
    '',
    sections.join('\n'),
  ].join('\n');
}

/** The table of layers as people read it: from what is run down to what everything stands on. */
export function layersTable(layers: Readonly<Record<string, Layer>>): string {
  const rows = Object.entries(layers)
    .reverse()
    .map(([name, { pure, may, npm, why }]) => {
      const title = pure === true ? `**${name}** (pure)` : `**${name}**`;
      const packages = npm.map(quoted).join(', ') || 'none';
      return `| ${title} | ${why} | ${may.join(', ') || 'nothing'} | ${packages} |`;
    });
  return ['| layer | is | may import | npm packages |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function quoted(name: string): string {
  return `\`${name}\``;
}
