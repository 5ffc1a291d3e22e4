import { override } from '@caisson/compliance';
import {
  Applier,
  type ApplyEntry,
  type GroupApplier,
  type Proposed,
  type ProposeOptions,
  type RaftLog,
  type ReplicatedGroup,
  ReplicationEngine,
} from '@caisson/contracts';
import { decodeLifecycle, type LifecycleWire2, OPCODES, payloadOpcode } from '@caisson/formats';
import type { Media } from './media.js';
import type { Setting } from './node.js';

type Around = Setting['around'];

/** Sees every entry just before it is applied; the entry waits for what it does. */
export function beforeApply(look: (entry: ApplyEntry) => Promise<void> | void): Around {
  return (token, instance) => {
    if (token !== Applier.name) return instance;
    const applier = instance as Applier;
    const open: Applier['open'] = async (at) => {
      const sound = await applier.open(at);
      const apply: GroupApplier['apply'] = async (entry, batch) => {
        await look(entry);
        return sound.apply(entry, batch);
      };
      return { apply, written: () => sound.written() };
    };
    return { id: applier.id, opcodes: applier.opcodes, open };
  };
}

/** A node on whose group something is different. */
export function aroundGroup(change: (group: ReplicatedGroup) => Partial<ReplicatedGroup>): Around {
  return (token, instance) => {
    if (token !== ReplicationEngine.name) return instance;
    const engine = instance as ReplicationEngine;
    const group = (id: number) => override(engine.group(id), change(engine.group(id)));
    return override(engine, { group });
  };
}

type Propose = (payload: Uint8Array, options: ProposeOptions) => Promise<Proposed>;

export function aroundProposals(change: (propose: Propose) => Propose): Around {
  return aroundGroup((group) => ({ propose: change((...args) => group.propose(...args)) }));
}

/** Reads the log of a node that is down. */
export async function readLog<T>({ logs }: Media, read: (log: RaftLog) => Promise<T>): Promise<T> {
  const log = await logs.open('/data/groups/1/log');
  try {
    return await read(log);
  } finally {
    await log.close();
  }
}

export function isCutover({ payload }: Pick<ApplyEntry, 'payload'>): boolean {
  if (payloadOpcode(payload) !== OPCODES.keyLifecycle) return false;
  return (decodeLifecycle(payload) as LifecycleWire2).sub === 'enableRaftEnvelope';
}

/** A leader of an earlier design: it does not hold users back while it cuts the log over. */
export const HOLDS_NOBODY = aroundProposals((propose) => (payload) => propose(payload, { source: 'system' }));
