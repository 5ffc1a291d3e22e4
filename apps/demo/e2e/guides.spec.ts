import { skipUnless } from '@caisson/compliance';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePorts, GuideRun, shellBlocks, type RanBlock } from '../src/index.js';

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

/** The page with ports that are free here in place of its own. */
async function withFreePorts(page: string): Promise<string> {
  const own = [...new Set(page.match(/\b7[789][1-9]0\b/g))];
  const free = new Map<string, string>();
  for (const port of own) {
    const { client } = await freePorts('127.0.0.1');
    free.set(port, client.split(':')[1]!);
  }
  return page.replaceAll(/\b7[789][1-9]0\b/g, (port) => free.get(port)!);
}

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
