import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GuideRun, shellBlocks } from '../src/index.js';

const PAGE = resolve(import.meta.dirname, '../../../docs/guides/repair-keys.md');
const PAGE_MS = 200_000;

let guide: GuideRun;
beforeEach(async () => void (guide = await GuideRun.create()));
afterEach(() => guide.remove());

test(
  'the guide to repairing keys runs as it stands',
  async () => {
    const ran = await guide.run(shellBlocks(await readFile(PAGE, 'utf8')), PAGE_MS);
    const all = ran.map(({ output }) => output).join('\n');
    expect(all.split('hello, sealed world\n').length).toBeGreaterThanOrEqual(3);
    expect(all).toContain('SIDECAR_CORRUPT');
    expect(all).toMatch(/storage +│ active +│ \d+ +│ store/);
  },
  PAGE_MS + 10_000,
);
