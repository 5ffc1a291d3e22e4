import { skipUnless } from '@caisson/compliance';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GuideRun, shellBlocks, withFreePorts, type RanBlock } from '../src/index.js';

const GUIDES = resolve(import.meta.dirname, '../../../docs/guides');
const PAGE_MS = 240_000;

const has = (command: string, ...args: readonly string[]) => spawnSync(command, args).status === 0;
const test = skipUnless(
  has('bash', '--version') && has('openssl', 'version'),
  'the pages are for bash and openssl, and one of them is missing here',
);

let guide: GuideRun;
beforeEach(async () => void (guide = await GuideRun.create()));
afterEach(() => guide.remove());

/** What the block that contains `command` said. */
function saidBy(blocks: readonly RanBlock[], command: string): string {
  const found = blocks.filter(({ text }) => text.includes(command));
  expect([command, found.length]).toEqual([command, 1]);
  return found[0]!.output;
}

/** The names in the last table of members. */
function votersIn(output: string): readonly string[] {
  const members = output.slice(output.lastIndexOf('groups'));
  return [...members.matchAll(/^│ (\S+) +│ voter /gm)].map(([, name]) => name!);
}

test(
  'operating a cluster works as the page says, block by block',
  async () => {
    const page = await readFile(join(GUIDES, 'operate-a-cluster.md'), 'utf8');
    const blocks = await guide.run(shellBlocks(await withFreePorts(page)), PAGE_MS);
    const three = saidBy(blocks, 'cluster add n3');
    expect(three).toContain('3 voters, 2 needed, 1 more may fail');
    expect(votersIn(three)).toEqual(['n1', 'n2', 'n3']);
    expect(saidBy(blocks, 'cluster transfer n2')).toContain('group 1: n2 leads');
    expect(saidBy(blocks, 'cluster drain')).toContain('1 more may fail');
    expect(votersIn(saidBy(blocks, 'cluster replace n3 n4'))).toEqual(['n1', 'n2', 'n4']);
    const digests = saidBy(blocks, 'cluster digest --all');
    const hashes = digests.match(/[0-9a-f]{64}/g) ?? [];
    expect([hashes.length, new Set(hashes).size]).toEqual([3, 1]);
    expect(digests).toMatch(/^equal$/m);
    expect(saidBy(blocks, 'caisson get greeting')).toMatch(/hello, without n3\n?$/);
  },
  PAGE_MS + 10_000,
);

test('a node is made as the page says', async () => {
  const page = await readFile(join(GUIDES, 'operate-a-node.md'), 'utf8');
  const here = page.replaceAll(/\/(?:var\/lib|etc)\/caisson/g, guide.folder);
  await guide.run(shellBlocks(here), PAGE_MS);
});

test(
  'auditing works as the page says, block by block',
  async () => {
    const page = await readFile(join(GUIDES, 'audit.md'), 'utf8');
    const blocks = await guide.run(shellBlocks(await withFreePorts(page)), PAGE_MS);
    expect(saidBy(blocks, 'audit log')).toMatch(/encryption\.rotate purpose=raft[^]*backup\.create +│ ok/);
    expect(saidBy(blocks, 'encryption rewrite')).toMatch(/n1 +│ \d+ +│ [0-9a-f]+… +│ whole/);
    const proved = saidBy(blocks, 'audit disk data --kek-file kek.key --needle-file');
    expect(proved.match(/nothing found that must not be there/g)).toHaveLength(2);
    expect(proved).toMatch(/the report is genuine/);
  },
  PAGE_MS + 10_000,
);
