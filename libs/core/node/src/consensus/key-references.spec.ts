import type { KeyReferences } from '@caisson/contracts';
import { referencesHere } from './key-references.js';

const found: Omit<KeyReferences, 'logStart'> = {
  purpose: 'raft',
  state: 'retiring',
  stateIndex: 3,
  applied: 9,
  values: 0,
  intents: 0,
  unreadable: 0,
  isCursorTarget: false,
  lastUse: 8,
  leases: [],
  isHeld: true,
};
const log = { start: { index: 7, term: 1 } };

test('what is under a key is counted after catching up, and the log says where it begins then', async () => {
  const order: string[] = [];
  const moving = { start: { index: 0, term: 1 } };
  const catchUp = async () => {
    order.push('caught up');
    moving.start = { index: 5, term: 1 };
  };
  const encryption = { keyReferences: async (keyId: number) => (order.push(`counted ${keyId}`), found) };
  const said = await referencesHere({ group: 1, encryption, log: moving, catchUp }, 42);
  expect([said, order]).toEqual([{ ...found, logStart: 5 }, ['caught up', 'counted 42']]);
});

test('a node that does not catch up says so, and counts nothing', async () => {
  const encryption = { keyReferences: () => Promise.reject(new RangeError('counted')) };
  const catchUp = () => Promise.reject(new RangeError('cut off'));
  await expect(referencesHere({ group: 1, encryption, log, catchUp }, 42)).rejects.toThrow('cut off');
});

test('where nothing is ever sealed there is nothing to ask for', async () => {
  const parts = { group: 1, encryption: {}, log, catchUp: async () => undefined };
  await expect(referencesHere(parts, 42)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
});
