import { override } from '@caisson/compliance';
import type { Cipher, Disk, PreparedKey } from '@caisson/contracts';
import {
  decodeNonce,
  fullNodeId,
  nodeId16,
  NONCE_BYTES,
  parseSidecar,
  SIDECAR_BYTES_MAX,
} from '@caisson/formats';
import type { Findings } from './findings.js';

const SIDECAR = 'keys.json';

/** What a sidecar says: of keys the epochs, of the group the last entry about keys. */
interface Written {
  readonly epochs: ReadonlyMap<number, number>;
  readonly stateIndex: number;
}

const GROUP = 1;

/**
 * Holds what is sealed to what is durable: the epoch in a nonce must be in the sidecar of its node before
 * anything is sealed in it, whatever crashes in between.
 */
export class EpochWatch {
  readonly #findings: Findings;
  readonly #durable = new Map<string, Written>();
  /** By short id: more than one where names collide. */
  readonly #names = new Map<number, Set<string>>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  forget(node: string): void {
    this.#durable.delete(node);
  }

  /** The sidecar counts once its directory is synced. */
  disk<T extends Disk>(node: string, sound: T): T {
    const short = nodeId16(fullNodeId(node));
    this.#names.set(short, (this.#names.get(short) ?? new Set()).add(node));
    let pending: string | undefined;
    const replaced: Partial<Disk> = {
      rename: async (from, to) => {
        await sound.rename(from, to);
        if (to.endsWith(SIDECAR)) pending = sound.join(to, '..');
      },
      syncDirectory: async (path) => {
        await sound.syncDirectory(path);
        // Logs sync directories of their own meanwhile.
        if (pending !== path) return;
        pending = undefined;
        const bytes = await sound.read(sound.join(path, SIDECAR), SIDECAR_BYTES_MAX);
        if (bytes === undefined) return;
        const { groups, keys } = parseSidecar(bytes);
        const epochs = new Map([...keys].map(([keyId, { localEpoch }]) => [keyId, localEpoch]));
        this.#durable.set(node, { epochs, stateIndex: groups.get(GROUP)?.raftAppliedIndex ?? 0 });
      },
    };
    return override<T>(sound, replaced as Partial<T>);
  }

  /** A store is about to say what keys there are as of an entry: the sidecar says so already. */
  judgeState(node: string, stateIndex: number): void {
    const written = this.#durable.get(node);
    this.#findings.saw('E15', written !== undefined);
    if (written === undefined || written.stateIndex >= stateIndex) return;
    this.#findings.add(
      'E15',
      `${node} has keys as of ${stateIndex} in its store, and in its sidecar as of ${written.stateIndex}`,
    );
  }

  cipher(sound: Cipher): Cipher {
    const prepare: Cipher['prepare'] = (key) => {
      const prepared = sound.prepare(key);
      const seal: PreparedKey['seal'] = (...args) => {
        this.#sealed(args[0]);
        return prepared.seal(...args);
      };
      const sealBehind: PreparedKey['sealBehind'] = (room, ...args) => {
        this.#sealed(args[0]);
        return prepared.sealBehind!(room, ...args);
      };
      return override(prepared, { seal, ...(prepared.sealBehind !== undefined && { sealBehind }) });
    };
    return override(sound, { prepare });
  }

  #sealed(nonce: Uint8Array): void {
    if (nonce.length !== NONCE_BYTES) return;
    const { epoch, nodeId16: short } = decodeNonce(nonce);
    const names = [...(this.#names.get(short) ?? [])];
    if (names.length === 0) return;
    const epochs = names.flatMap((name) => [...(this.#durable.get(name)?.epochs.values() ?? [])]);
    const durable = Math.max(-1, ...epochs);
    this.#findings.saw('E13');
    if (epoch > durable) {
      this.#findings.add(
        'E13',
        `${names.join(' or ')} seals in epoch ${epoch}, and its disk says ${durable}`,
      );
    }
  }
}
