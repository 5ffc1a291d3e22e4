import {
  CaissonError,
  type Hashes,
  type KekProvider,
  type Secret,
  type WrapContext,
} from '@caisson/contracts';
import { decodeWrappedDek, encodeWrappedDek, type WrappedDekSlot } from '@caisson/formats';
import { isPassing } from './patience.js';

/**
 * All configured KEK providers as one. Each wraps every DEK; any one of them opens it.
 *
 * Providers are asked in their configured order. Nothing that they return is remembered.
 */
export class KekRing {
  #providers: readonly KekProvider[];
  readonly #hashes: Hashes;

  constructor(providers: readonly KekProvider[], hashes: Hashes) {
    this.#providers = providers;
    this.#hashes = hashes;
  }

  /** In their configured order. */
  get providers(): readonly KekProvider[] {
    return this.#providers;
  }

  /** Others take over. Calls under way end with those they began with. */
  replace(providers: readonly KekProvider[]): void {
    this.#providers = providers;
  }

  /** A ring of some of the providers. */
  of(providers: readonly KekProvider[]): KekRing {
    return new KekRing(providers, this.#hashes);
  }

  get isEmpty(): boolean {
    return this.#providers.length === 0;
  }

  /**
   * Refuses a ring of which no provider even knows its key, by the error of the first. One that is merely out
   * of reach may know later.
   */
  async requireUsable(): Promise<void> {
    const described = await Promise.allSettled(this.#providers.map((provider) => provider.describe()));
    const failures = described.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failures.length === described.length && !failures.some(isPassing)) throw failures[0];
  }

  /** A container with one slot for each provider; all of them must answer. */
  async wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    this.#requireProviders();
    const slots: WrappedDekSlot[] = [];
    for (const provider of this.#providers) {
      const { provider: name, keyRef } = await provider.describe();
      slots.push({ provider: name, keyRef, blob: await provider.wrap(dek, context, signal) });
    }
    return encodeWrappedDek(slots);
  }

  /**
   * A container with a slot for each provider that answers, at least one: for what does not last, so that a
   * KEK that is away keeps nobody from it.
   */
  async wrapByAvailable(secret: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    this.#requireProviders();
    const slots: WrappedDekSlot[] = [];
    const failures: unknown[] = [];
    for (const provider of this.#providers) {
      try {
        const { provider: name, keyRef } = await provider.describe();
        slots.push({ provider: name, keyRef, blob: await provider.wrap(secret, context, signal) });
      } catch (error) {
        signal?.throwIfAborted();
        failures.push(error);
      }
    }
    if (slots.length === 0) throw failures[0];
    return encodeWrappedDek(slots);
  }

  /**
   * The DEK of a container, by the first provider that opens it.
   *
   * When none does: an error that passes by itself if there is one, since waiting may help; else the
   * refusal of a provider whose key is in the container; else `KEK_MISMATCH`, with the keys that could have
   * opened it.
   */
  async unwrap(container: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    this.#requireProviders();
    const slots = decodeWrappedDek(container);
    const failures: unknown[] = [];
    for (const provider of this.#providers) {
      try {
        const slot = await findSlot(provider, slots);
        if (slot !== undefined) return await provider.unwrap(slot.blob, context, signal);
      } catch (error) {
        signal?.throwIfAborted();
        failures.push(error);
      }
    }
    const failure = failures.find(isPassing) ?? failures[0];
    if (failure !== undefined) throw failure;
    const wrappedBy = slots.map(({ provider, keyRef }) => `${provider}:${keyRef}`);
    throw new CaissonError('KEK_MISMATCH', { keyId: context.keyId, reason: 'other key', wrappedBy });
  }

  /** Opens the container through each provider in turn and compares: done before a container is proposed. */
  async verify(
    container: Uint8Array,
    context: WrapContext,
    dek: Secret,
    signal?: AbortSignal,
  ): Promise<void> {
    const slots = decodeWrappedDek(container);
    for (const provider of this.#providers) {
      const slot = await findSlot(provider, slots);
      const isSame = slot !== undefined && (await this.#opensTo(dek, provider, { slot, context, signal }));
      if (!isSame)
        throw new CaissonError('KEK_MISMATCH', { keyId: context.keyId, reason: 'does not unwrap again' });
    }
  }

  /**
   * Refuses a provider that does not open to `dek` what the container holds under its name: it has become
   * another key, and what it wraps would be lost as soon as it is the right one again. A provider that is not
   * in the container has come later, and there is nothing here to hold it to.
   */
  async requireUnchanged(
    container: Uint8Array,
    context: WrapContext,
    dek: Secret,
    signal?: AbortSignal,
  ): Promise<void> {
    const slots = decodeWrappedDek(container);
    for (const provider of this.#providers) {
      const slot = await findSlot(provider, slots);
      if (slot === undefined || (await this.#opensTo(dek, provider, { slot, context, signal }))) continue;
      throw new CaissonError('KEK_MISMATCH', { keyId: context.keyId, reason: 'another key came out' });
    }
  }

  async #opensTo(dek: Secret, provider: KekProvider, { slot, context, signal }: Opening): Promise<boolean> {
    const opened = await provider.unwrap(slot.blob, context, signal);
    const isSame = this.#hashes.equal(opened.reveal(), dek.reveal());
    opened.erase();
    return isSame;
  }

  #requireProviders(): void {
    if (this.isEmpty) throw new CaissonError('KEK_NOT_CONFIGURED');
  }
}

interface Opening {
  readonly slot: WrappedDekSlot;
  readonly context: WrapContext;
  readonly signal?: AbortSignal | undefined;
}

async function findSlot(
  provider: KekProvider,
  slots: readonly WrappedDekSlot[],
): Promise<WrappedDekSlot | undefined> {
  const { provider: name, keyRef } = await provider.describe();
  return slots.find((slot) => slot.provider === name && slot.keyRef === keyRef);
}
