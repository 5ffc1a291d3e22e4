import { skipUnless } from '@caisson/compliance';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GuideRun, shellBlocks, withFreePorts } from '../src/index.js';

const GUIDES = resolve(import.meta.dirname, '../../../docs/guides');
const PAGE_MS = 400_000;

const has = (command: string, ...args: readonly string[]) => spawnSync(command, args).status === 0;
const test = skipUnless(
  has('bash', '--version') && has('openssl', 'version'),
  'the pages are for bash and openssl, and one of them is missing here',
);

let guide: GuideRun;
beforeEach(async () => void (guide = await GuideRun.create()));
afterEach(() => guide.remove());

/** The blocks that make the cluster, from the page that says how. */
async function threeNodes(): Promise<readonly string[]> {
  const page = await readFile(join(GUIDES, 'operate-a-cluster.md'), 'utf8');
  const blocks = shellBlocks(await withFreePorts(page));
  return blocks.slice(0, 1 + blocks.findIndex((block) => block.includes('cluster add n3')));
}

test(
  'keys are retired as the page says, block by block',
  async () => {
    const cluster = await threeNodes();
    const page = shellBlocks(await readFile(join(GUIDES, 'retire-a-key.md'), 'utf8'));
    const ran = (await guide.run([...cluster, ...page], PAGE_MS)).slice(cluster.length);
    const said = ran.map(({ output }) => output);
    const about = (command: string) => said[ran.findIndex(({ text }) => text.includes(command))]!;
    const values =
      'sealed under the first key, 1\nsealed under the first key, 2\nsealed under the first key, 3\n';

    expect(said[0]).toMatch(/storage │ retiring │ 0 +│ 4 /);
    expect(about('--dry-run || test')).toMatch(
      /n1 +│ values │ 4 [\s\S]*n2 +│ values │ 4 [\s\S]*n3 +│ values │ 4 /,
    );
    expect(about('rewrite --all')).toMatch(/n1 .*finished[\s\S]*n2 .*finished[\s\S]*n3 .*finished/);
    expect(about('rewrite --all')).toContain('Nothing stands in the way. Nothing was changed.');
    expect(about('resume-dek')).toMatch(/storage │ suspended │ 0 +│ 0 /);
    expect(about('resume-dek')).toContain(values);
    expect(about('resume-dek')).toContain('opens again what it sealed');
    expect(about('no member has it')).toMatch(/given up for good[\s\S]*no member has it\n$/);
    expect(about('no member has it')).toContain(values);
    expect(about('no member has it')).not.toMatch(/storage │ (retiring|suspended)/);
    expect(about('key-4')).toMatch(/suspended;[\s\S]*given up for good/);
    expect(about('key-4')).not.toMatch(/│ (retiring|suspended|retired)/);
    expect(about('key-4')).toContain(`${values}in the log, under the second key\n`);
  },
  PAGE_MS + 20_000,
);
