import { concatBytes } from '@caisson/base';
import {
  CaissonError,
  type KekDescription,
  type KekProvider,
  Secret,
  type WrapContext,
} from '@caisson/contracts';
import { callKey } from './key-call.js';
import type { KeyService, KeyTrouble } from './key-service.js';

/** The key of a service as one node reaches it: `version u8 ‖ blob of that version`. */
export class SimulatedKek implements KekProvider {
  readonly #service: KeyService;
  readonly #node: string;

  constructor(service: KeyService, node: string) {
    this.#service = service;
    this.#node = node;
  }

  /** What a node knows without asking anybody. */
  async describe(): Promise<KekDescription> {
    const description = await this.#service.version(0)!.describe();
    const isDisabled = this.#trouble === 'disabled';
    return { ...description, version: `${this.#service.latest}`, state: isDisabled ? 'disabled' : 'enabled' };
  }

  wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#ask(signal, () => this.#wrap(dek, context, signal));
  }

  unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    return this.#ask(signal, () => this.#unwrap(blob, context, signal));
  }

  rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#ask(signal, async () => {
      const dek = await this.#unwrap(blob, context, signal);
      try {
        return await this.#wrap(dek, context, signal);
      } finally {
        dek.erase();
      }
    });
  }

  probe(signal?: AbortSignal): Promise<void> {
    return this.#ask(signal, () => Promise.resolve());
  }

  get #trouble(): KeyTrouble | undefined {
    return this.#service.troubleOf(this.#node);
  }

  #ask<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return callKey(this.#service, { node: this.#node, signal }, work);
  }

  async #wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    const { latest } = this.#service;
    const blob = await this.#version(latest)!.wrap(dek, context, signal);
    return concatBytes(Uint8Array.of(latest), blob);
  }

  async #unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    const version = this.#version(blob[0] ?? -1);
    if (version === undefined) throw new CaissonError('KEK_BLOB_CORRUPT', { provider: 'simulated' });
    const dek = await version.unwrap(blob.subarray(1), context, signal);
    if (this.#trouble !== 'other-bytes') return dek;
    const bytes = Uint8Array.from(dek.reveal(), (byte, at) => (at === 0 ? byte ^ 1 : byte));
    dek.erase();
    return new Secret(bytes);
  }

  #version(number: number): KekProvider | undefined {
    return this.#trouble === 'other-key' ? this.#service.otherKey : this.#service.version(number);
  }
}
