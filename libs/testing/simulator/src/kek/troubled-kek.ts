import {
  CaissonError,
  isCaissonError,
  type KekDescription,
  type KekProvider,
  Secret,
  type WrapContext,
} from '@caisson/contracts';
import { callKey } from './key-call.js';
import type { KeyService, KeyTrouble } from './key-service.js';

/**
 * Somebody's own provider, with the mood of a simulated key service between a node and it.
 *
 * Under `other-key` the provider is asked under another origin: what it wrapped for this cluster does not
 * open there, and what it wraps does not open here, as if its key were another one.
 */
export class TroubledKek implements KekProvider {
  readonly #own: KekProvider;
  readonly #service: KeyService;
  readonly #node: string;

  constructor(own: KekProvider, service: KeyService, node: string) {
    this.#own = own;
    this.#service = service;
    this.#node = node;
  }

  async describe(): Promise<KekDescription> {
    const description = await this.#own.describe();
    const isDisabled = this.#service.troubleOf(this.#node) === 'disabled';
    return isDisabled ? { ...description, state: 'disabled' } : description;
  }

  wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#call(signal, (trouble) => this.#own.wrap(dek, under(trouble, context), signal));
  }

  unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    return this.#call(signal, async (trouble) => {
      const dek = await this.#own.unwrap(blob, under(trouble, context), signal);
      return trouble === 'other-bytes' ? damaged(dek) : dek;
    });
  }

  rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#call(signal, (trouble) => this.#own.rewrap(blob, under(trouble, context), signal));
  }

  probe(signal?: AbortSignal): Promise<void> {
    return this.#call(signal, () => this.#own.probe(signal));
  }

  #call<T>(
    signal: AbortSignal | undefined,
    work: (trouble: KeyTrouble | undefined) => Promise<T>,
  ): Promise<T> {
    return callKey(this.#service, { node: this.#node, signal }, async (trouble) => {
      try {
        return await work(trouble);
      } catch (error) {
        if (trouble !== 'other-key' || !isCaissonError(error)) throw error;
        throw new CaissonError('KEK_MISMATCH', { provider: 'simulated' }, { cause: error });
      }
    });
  }
}

function under(trouble: KeyTrouble | undefined, context: WrapContext): WrapContext {
  if (trouble !== 'other-key') return context;
  return { ...context, originId: context.originId.map((byte) => byte ^ 0xff) };
}

function damaged(dek: Secret): Secret {
  const bytes = Uint8Array.from(dek.reveal(), (byte, at) => (at === 0 ? byte ^ 1 : byte));
  dek.erase();
  return new Secret(bytes);
}
