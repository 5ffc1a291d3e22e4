import type { Harness, HarnessFactory, Kit } from '../case.js';
import { applierKit } from '../applier/applier-kit.js';
import { cipherKit } from '../cipher/cipher-kit.js';
import { compressorKit } from '../compressor/compressor-kit.js';
import { engineKit } from '../engine/engine-kit.js';
import { kekKit } from '../kek/kek-kit.js';
import { clockKit } from '../platform/clock-kit.js';
import { diskKit } from '../platform/disk-kit.js';
import { hashesKit } from '../platform/hashes-kit.js';
import { randomKit } from '../platform/random-kit.js';
import { logKit } from '../log/log-kit.js';
import { storeKit } from '../store/store-kit.js';
import { applierMutants, counterHarness } from './applier-mutants.js';
import { cipherMutants, toyCipherHarness } from './cipher-mutants.js';
import { compressorMutants, plainSnappyHarness } from './compressor-mutants.js';
import { engineMutants, referenceEngineHarness } from './engine-mutants.js';
import { kekMutants, toyKekHarness } from './kek-mutants.js';
import { logMutants, memoryLogHarness } from './log-mutants.js';
import type { Mutant } from './mutant.js';
import {
  clockMutants,
  diskMutants,
  hashesMutants,
  manualClockHarness,
  memoryDiskHarness,
  nodeHashesHarness,
  randomMutants,
  seededRandomHarness,
} from './platform-mutants.js';
import { proveKit } from './prove-kit.js';
import { plainStoreHarness, storeMutants } from './store-mutants.js';

prove(storeKit, plainStoreHarness, storeMutants);
prove(logKit, memoryLogHarness, logMutants);
prove(kekKit, toyKekHarness, kekMutants);
prove(cipherKit, toyCipherHarness, cipherMutants);
prove(compressorKit, plainSnappyHarness, compressorMutants);
prove(applierKit, counterHarness, applierMutants);
prove(engineKit, () => referenceEngineHarness(), engineMutants);
prove(clockKit, manualClockHarness, clockMutants);
prove(randomKit, seededRandomHarness, randomMutants);
prove(hashesKit, nodeHashesHarness, hashesMutants);
prove(diskKit, memoryDiskHarness, diskMutants);

function prove<H extends Harness>(
  kit: Kit<H>,
  reference: HarnessFactory<H>,
  mutants: readonly Mutant<H>[],
): void {
  proveKit(kit, reference, mutants, { describe, it });
}
