import { crc32c, toUtf8 } from '@caisson/base';
import { fullNodeId, nodeId16 } from '../identity.js';
import { decodeNonce, encodeNonce } from '../nonce.js';
import {
  decodeWriterRegistryKey,
  decodeWriterRow,
  encodeWriterRow,
  writerRegistryKey,
} from '../writer-registry.js';
import type { VectorContext } from './judge.js';
import type { VectorFields } from './tally.js';

export function judgeNodeId({ tally }: VectorContext, item: VectorFields, where: string): void {
  const full = fullNodeId(item.text('nodeName'));
  tally.expect(`${where}.fullNodeId`, item.u64('fullNodeId'), () => full);
  tally.expect(`${where}.nodeId16`, item.number('nodeId16'), () => nodeId16(full));
}

export function judgeNonce({ tally }: VectorContext, item: VectorFields, where: string): void {
  const parts = { nodeId16: item.number('nodeId16'), epoch: item.number('epoch'), count: item.u64('count') };
  const nonce = item.hex('nonce');
  tally.expect(`${where}.nonce`, nonce, () => encodeNonce(parts));
  const decoded = decodeNonce(nonce);
  tally.expect(`${where}.nodeId16`, parts.nodeId16, () => decoded.nodeId16);
  tally.expect(`${where}.epoch`, parts.epoch, () => decoded.epoch);
  tally.expect(`${where}.count`, parts.count, () => decoded.count);
}

export function judgeRegistryRow({ tally }: VectorContext, item: VectorFields, where: string): void {
  const dekId = item.number('dekId');
  const id16 = item.number('nodeId16');
  const key = item.hex('key');
  tally.expect(`${where}.key`, key, () => writerRegistryKey(dekId, id16));
  tally.expect(`${where}.dekId`, dekId, () => decodeWriterRegistryKey(key).dekId);
  tally.expect(`${where}.nodeId16`, id16, () => decodeWriterRegistryKey(key).nodeId16);
  const row = item.object('row');
  const expected = {
    fullNodeId: row.u64('fullNodeId'),
    firstSeenEpoch: row.number('firstSeenEpoch'),
    lastSeenEpoch: row.number('lastSeenEpoch'),
  };
  row.end();
  const value = item.hex('value');
  tally.expect(`${where}.value`, value, () => encodeWriterRow(expected));
  tally.expect(`${where}.row`, value, () => encodeWriterRow(decodeWriterRow(value)));
}

export function judgeCrc32c({ tally }: VectorContext, item: VectorFields, where: string): void {
  const input = item.hex('input');
  const crc = toUtf8(item.text('crc'));
  tally.expect(`${where}.crc`, crc, () => toUtf8(crc32c(input).toString(16).padStart(8, '0')));
}
