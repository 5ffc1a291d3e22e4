import type { NodeKeys } from '../node/node-keys.js';
import type { JudgedState } from './judged-state.js';

/**
 * The keys of a received state become keys of this node: held first, because the sidecar is authenticated
 * under one of them, then durable. From here on the node can open what it is about to depend on.
 */
export async function recordKeys(keys: NodeKeys, { keystore, change }: JudgedState): Promise<void> {
  for (const keyId of keystore.ids) {
    const { purpose, originId, dek, check } = keystore.get(keyId)!;
    keys.keystore.set({ keyId, purpose, originId, dek }, check);
  }
  if (change !== undefined) await keys.book.record(change);
}

/**
 * Goes on sealing with what was recorded: a fresh factory where the recorded epoch is above the one in use,
 * and a first epoch under active keys that are new here.
 */
export async function beginSeals(keys: NodeKeys, { change }: JudgedState): Promise<void> {
  for (const keyId of change?.epochs?.keys() ?? []) {
    const held = keys.keystore.get(keyId);
    const recorded = keys.book.content?.keys.get(keyId);
    const isInUse = keys.seals.epochOf(keyId) !== undefined;
    if (isInUse && held !== undefined && recorded !== undefined) keys.seals.begin(held, recorded.localEpoch);
  }
  await keys.takeEpochs();
}
