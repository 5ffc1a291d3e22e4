import { override } from '@caisson/compliance';
import {
  Applier,
  type Disk,
  type GroupApplier,
  type KekProvider,
  type RaftLogs,
  type RaftTransport,
  type ReplicatedGroup,
  ReplicationEngine,
} from '@caisson/contracts';
import { OPCODES } from '@caisson/formats';
import type { Life } from '@caisson/simulator';
import type { EntryName, Moments } from '../faults/moment.js';

const ENTRIES: ReadonlyMap<number, EntryName> = new Map([
  [OPCODES.command, 'write'],
  [OPCODES.commandBatch, 'write'],
  [OPCODES.hlcCeiling, 'ceiling'],
  [OPCODES.registerWriter, 'register'],
  [OPCODES.bootstrapEncryption, 'bootstrap'],
  [OPCODES.keyLifecycle, 'keys'],
  [OPCODES.genesis, 'genesis'],
]);

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Tells when a process comes to a moment that a fault may wait for; what the fault ends goes no further. */
export class Taps {
  readonly #node: string;
  readonly #life: Life;
  readonly #moments: Moments;

  constructor(node: string, life: Life, moments: Moments) {
    this.#node = node;
    this.#life = life;
    this.#moments = moments;
  }

  logs(sound: RaftLogs): RaftLogs {
    const open: RaftLogs['open'] = async (...args) => {
      const log = await sound.open(...args);
      const append: typeof log.append = async (entries) => {
        if (this.#ends('appends')) return never();
        await log.append(entries);
        return this.#ends('appended') ? never() : undefined;
      };
      return override(log, { append });
    };
    return override(sound, { open });
  }

  disk<T extends Disk>(sound: T): T {
    const rename: Disk['rename'] = (from, to) => {
      const isSidecar = to.endsWith('keys.json');
      return isSidecar && this.#ends('renames') ? never() : sound.rename(from, to);
    };
    return override<T>(sound, { rename } as Partial<T>);
  }

  transport(sound: RaftTransport): RaftTransport {
    const sendSnapshot: RaftTransport['sendSnapshot'] = (group, to, snapshot, signal) => {
      const chunks = (first: number) => this.#chunks(snapshot.chunks(first));
      return sound.sendSnapshot(group, to, { id: snapshot.id, frame: snapshot.frame, chunks }, signal);
    };
    return override(sound, { sendSnapshot });
  }

  keks(sound: KekProvider): KekProvider {
    const tapped =
      <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> =>
        this.#ends('asks-key') ? never() : call.apply(sound, args as never);
    const { probe, unwrap, wrap } = sound;
    return override(sound, { wrap: tapped(wrap), unwrap: tapped(unwrap), probe: tapped(probe) });
  }

  /** Around what services make, by token. */
  around(token: string, instance: unknown): unknown {
    if (token === Applier.name) return this.#applier(instance as Applier);
    if (token !== ReplicationEngine.name) return instance;
    const engine = instance as ReplicationEngine;
    const groups = new Map<number, ReplicatedGroup>();
    const group = (id: number) => {
      const known = groups.get(id) ?? this.#group(engine.group(id));
      groups.set(id, known);
      return known;
    };
    return override(engine, { group });
  }

  #group(sound: ReplicatedGroup): ReplicatedGroup {
    const propose: ReplicatedGroup['propose'] = (payload, options) =>
      this.#ends('proposes', nameOf(payload)) ? never() : sound.propose(payload, options);
    return override(sound, { propose });
  }

  #applier(sound: Applier): Applier {
    const open: Applier['open'] = async (at) => {
      const group = await sound.open(at);
      const apply: GroupApplier['apply'] = (entry, batch) =>
        this.#ends('applies', nameOf(entry.payload)) ? never() : group.apply(entry, batch);
      return { apply, written: () => group.written() };
    };
    return { id: sound.id, opcodes: sound.opcodes, open };
  }

  async *#chunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (this.#ends('sends-piece')) return never();
      yield chunk;
    }
  }

  /** Whether the process has ended, of this moment or before. */
  #ends(event: Parameters<Moments['happens']>[0], of?: string): boolean {
    if (!this.#life.isOver) this.#moments.happens(event, this.#node, of);
    return this.#life.isOver;
  }
}

function nameOf(payload: Uint8Array): EntryName {
  return ENTRIES.get(payload[0] ?? -1) ?? 'other';
}
