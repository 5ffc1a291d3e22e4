import { override } from '@caisson/compliance';
import {
  Applier,
  type ApplyEntry,
  type GroupApplier,
  type Proposed,
  type ProposeOptions,
  type LogEntry,
  type RaftLog,
  type RaftLogs,
  type ReplicatedGroup,
  ReplicationEngine,
} from '@caisson/contracts';
import { decodeLifecycle, type LifecycleWire2, OPCODES, payloadOpcode } from '@caisson/formats';
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

/** What each log was given at each index at last, one map a process: what is compacted later is in it too. */
export class LogRecord {
  readonly kept: Map<number, LogEntry>[] = [];

  readonly around: Setting['logs'] = (sound) => {
    const entries = new Map<number, LogEntry>();
    this.kept.push(entries);
    const open: RaftLogs['open'] = async (...args) => {
      const log = await sound.open(...args);
      const append: RaftLog['append'] = (more) => {
        for (const entry of more.entries) entries.set(entry.index, entry);
        return log.append(more);
      };
      return override(log, { append });
    };
    return override(sound, { open });
  };
}

export function isCutover({ payload }: Pick<ApplyEntry, 'payload'>): boolean {
  if (payloadOpcode(payload) !== OPCODES.keyLifecycle) return false;
  return (decodeLifecycle(payload) as LifecycleWire2).sub === 'enableRaftEnvelope';
}

/** A leader of an earlier design: it does not hold users back while it cuts the log over. */
export const HOLDS_NOBODY = aroundProposals((propose) => (payload) => propose(payload, { source: 'system' }));
