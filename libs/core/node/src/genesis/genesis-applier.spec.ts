import type { NodeIdentity, Store } from '@caisson/contracts';
import { decodeMembership, encodeGenesis, fullNodeId, SYSTEM_KEYS } from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import { genesisApplier, genesisPayload } from './genesis-applier.js';

const identity: NodeIdentity = {
  name: 'n1',
  clusterId: new Uint8Array(16).fill(7),
  format: 1,
  birth: 'clear',
};
const other = new Uint8Array(16).fill(8);

async function applied(payload: Uint8Array, recorded?: Uint8Array, by: NodeIdentity = identity) {
  const untrusted = await new MemoryStores().open('/s');
  const store = Object.assign(untrusted, { side: 'plaintext' as const, durable: true }) as Store;
  if (recorded !== undefined) await store.batch().put(SYSTEM_KEYS.clusterId, recorded).write({ sync: true });
  const group = await genesisApplier(() => by).open({ id: 4, store });
  const batch = store.batch();
  const entry = { group: 4, term: 1, index: 3, proposalId: 1n, payload };
  const outcome = await group.apply(entry, batch);
  const { size } = batch;
  await batch.write({ sync: false });
  return { outcome, size, store };
}

describe('genesis', () => {
  it('records the cluster and the founder as the only voter, as of its own index', async () => {
    const { outcome, store } = await applied(genesisPayload(identity, 4));
    expect(outcome.kind).toBe('applied');
    expect(await store.get(SYSTEM_KEYS.clusterId)).toEqual(identity.clusterId);
    const membership = decodeMembership((await store.get(SYSTEM_KEYS.membership))!);
    expect(membership).toMatchObject({
      index: 3,
      voters: [fullNodeId('n1')],
      learners: [],
      votersOutgoing: [],
    });
    expect(membership.peers).toEqual([{ id: fullNodeId('n1'), name: 'n1', address: '', clientAddress: '' }]);
  });

  it('names the founder to whoever replays it, with its addresses', async () => {
    const addresses = { address: 'a:7000', clientAddress: 'a:8000' };
    const payload = genesisPayload(identity, 4, addresses);
    const { store } = await applied(payload, undefined, { ...identity, name: 'n2', joined: true });
    const membership = decodeMembership((await store.get(SYSTEM_KEYS.membership))!);
    expect(membership.peers).toEqual([{ id: fullNodeId('n1'), name: 'n1', ...addresses }]);
  });

  it('of wire 1 means the founder itself, and halts a node that joined', async () => {
    const wire1 = encodeGenesis({ clusterId: identity.clusterId, group: 4, format: 1 });
    const { store } = await applied(wire1);
    const membership = decodeMembership((await store.get(SYSTEM_KEYS.membership))!);
    expect(membership.voters).toEqual([fullNodeId('n1')]);
    await expect(applied(wire1, undefined, { ...identity, joined: true })).rejects.toMatchObject({
      code: 'ENTRY_MALFORMED',
      details: { field: 'founder' },
    });
  });

  it('changes nothing when it is repeated', async () => {
    const { outcome, size } = await applied(genesisPayload(identity, 4), identity.clusterId);
    expect(outcome.kind).toBe('applied');
    expect(size).toBe(0);
  });

  it.each([
    [
      'another cluster',
      encodeGenesis({ clusterId: other, group: 4, format: 1 }),
      undefined,
      'CLUSTER_MISMATCH',
    ],
    [
      'another group',
      encodeGenesis({ clusterId: identity.clusterId, group: 5, format: 1 }),
      undefined,
      'CLUSTER_MISMATCH',
    ],
    ['a store of another cluster', genesisPayload(identity, 4), other, 'CLUSTER_MISMATCH'],
    [
      'a newer format',
      encodeGenesis({ clusterId: identity.clusterId, group: 4, format: 2 }),
      undefined,
      'DIRECTORY_FORMAT',
    ],
    ['damaged bytes', genesisPayload(identity, 4).slice(0, 20), undefined, 'ENTRY_MALFORMED'],
  ])('halts for %s', async (_what, payload, recorded, code) => {
    await expect(applied(payload, recorded)).rejects.toMatchObject({ code });
  });
});
