import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeClock } from './clock.js';
import { NodeDisk } from './disk.js';
import { NodeHashes } from './hashes.js';
import { NodeRandom } from './random.js';

/** What `caisson plugin verify` runs the platform kits over. */
export const compliance = {
  kits: [
    { kit: 'clock' as const, harness: () => clockHarness() },
    { kit: 'hashes' as const, harness: () => ({ hashes: new NodeHashes() }) },
    { kit: 'random' as const, harness: () => ({ random: new NodeRandom() }) },
    { kit: 'disk' as const, harness: () => diskHarness() },
  ],
} as const;

function clockHarness() {
  const clock = new NodeClock();
  return { clock, advance: (ms: number) => clock.sleep(ms) };
}

function diskHarness() {
  const root = mkdtempSync(join(tmpdir(), 'caisson-disk-kit-'));
  return { disk: new NodeDisk(), root, dispose: () => rmSync(root, { recursive: true }) };
}
