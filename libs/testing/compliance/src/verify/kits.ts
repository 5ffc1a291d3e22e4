import type { ApplierHarness } from '../applier/applier-harness.js';
import { applierKit } from '../applier/applier-kit.js';
import type { Kit } from '../case.js';
import type { CipherHarness } from '../cipher/cipher-harness.js';
import { cipherKit } from '../cipher/cipher-kit.js';
import { type CompressorHarness, compressorKit } from '../compressor/compressor-kit.js';
import type { EngineHarness } from '../engine/engine-harness.js';
import { engineKit } from '../engine/engine-kit.js';
import type { KekHarness } from '../kek/kek-harness.js';
import { kekKit } from '../kek/kek-kit.js';
import type { LogHarness } from '../log/log-harness.js';
import { logKit } from '../log/log-kit.js';
import { type ClockHarness, clockKit } from '../platform/clock-kit.js';
import type { DiskHarness } from '../platform/disk-harness.js';
import { diskKit } from '../platform/disk-kit.js';
import { type HashesHarness, hashesKit } from '../platform/hashes-kit.js';
import { type RandomHarness, randomKit } from '../platform/random-kit.js';
import type { StoreHarness } from '../store/store-harness.js';
import { storeKit } from '../store/store-kit.js';
import type { TransportHarness } from '../transport/transport-harness.js';
import { transportKit } from '../transport/transport-kit.js';

/** What each kit works on, by the kit's id. */
export interface KitHarnesses {
  readonly applier: ApplierHarness;
  readonly cipher: CipherHarness;
  readonly clock: ClockHarness;
  readonly compressor: CompressorHarness;
  readonly disk: DiskHarness;
  readonly engine: EngineHarness;
  readonly hashes: HashesHarness;
  readonly kek: KekHarness;
  readonly log: LogHarness;
  readonly random: RandomHarness;
  readonly store: StoreHarness;
  readonly transport: TransportHarness;
}

export type KitId = keyof KitHarnesses;

/** Every kit there is. */
export const KITS: { readonly [Id in KitId]: Kit<KitHarnesses[Id]> } = {
  applier: applierKit,
  cipher: cipherKit,
  clock: clockKit,
  compressor: compressorKit,
  disk: diskKit,
  engine: engineKit,
  hashes: hashesKit,
  kek: kekKit,
  log: logKit,
  random: randomKit,
  store: storeKit,
  transport: transportKit,
};

/** The kit that examines providers of a token; `undefined` for contracts without one. */
export function kitFor(tokenName: string): KitId | undefined {
  return (Object.keys(KITS) as KitId[]).find((id) => KITS[id].contract === tokenName);
}
