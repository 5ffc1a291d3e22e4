import {
  clockKit,
  describeKit,
  diskKit,
  hashesKit,
  randomKit,
  type HashesHarness,
  type RandomHarness,
} from '@caisson/compliance';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeClock, NodeDisk, NodeHashes, NodeRandom } from './index.js';

const advance = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const makeFifo = (path: string) => void execFileSync('mkfifo', [path]);

describeKit(
  clockKit,
  () => ({ clock: new NodeClock(), advance }),
  { describe, it },
  { lacks: { waiting: 'timers of the process are not counted' } },
);
describeKit<HashesHarness>(hashesKit, () => ({ hashes: new NodeHashes() }), { describe, it });
describeKit<RandomHarness>(randomKit, () => ({ random: new NodeRandom() }), { describe, it });
describeKit(
  diskKit,
  () => {
    const root = mkdtempSync(join(tmpdir(), 'caisson-disk-kit-'));
    return { disk: new NodeDisk(), root, makeFifo, dispose: () => rmSync(root, { recursive: true }) };
  },
  { describe, it },
);
