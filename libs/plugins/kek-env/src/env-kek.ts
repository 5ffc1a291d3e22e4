import { invariant } from '@caisson/base';
import {
  CaissonError,
  type Cipher,
  type Hashes,
  type KekDescription,
  type KekProvider,
  type Logger,
  type Random,
  Secret,
  type WrapContext,
} from '@caisson/contracts';
import { KEK_BYTES, LocalKek } from '@caisson/encryption';

export interface EnvKekParts {
  readonly ciphers: readonly Cipher[];
  readonly hashes: Hashes;
  readonly random: Random;
  readonly logger: Logger;
}

export type Environment = Record<string, string | undefined>;

/**
 * A KEK in an environment variable: for tests and CI.
 *
 * The variable is removed once read, so that child processes and crash reports do not inherit it; what
 * started this process can see it all the same.
 */
export class EnvKek implements KekProvider {
  readonly #variable: string;
  readonly #environment: Environment;
  readonly #parts: EnvKekParts;
  #kek: LocalKek | undefined;

  constructor(variable: string, environment: Environment, parts: EnvKekParts) {
    this.#variable = variable;
    this.#environment = environment;
    this.#parts = parts;
  }

  open(): void {
    const key = this.#take();
    this.#kek = new LocalKek({ ...this.#parts, provider: 'env', key });
    key.erase();
    const variable = this.#variable;
    this.#parts.logger.log('warn', 'the KEK comes from the environment: for tests and CI only', { variable });
  }

  close(): void {
    this.#kek?.dispose();
    this.#kek = undefined;
  }

  describe(): Promise<KekDescription> {
    return this.#open().describe();
  }

  wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#open().wrap(dek, context, signal);
  }

  unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    return this.#open().unwrap(blob, context, signal);
  }

  rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#open().rewrap(blob, context, signal);
  }

  probe(signal?: AbortSignal): Promise<void> {
    return this.#open().probe(signal);
  }

  #take(): Secret {
    const text = this.#environment[this.#variable];
    delete this.#environment[this.#variable];
    if (text === undefined || text === '')
      throw new CaissonError('KEK_NOT_FOUND', { variable: this.#variable });
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text.trim() || bytes.length !== KEK_BYTES) {
      const problem = `not base64 of ${KEK_BYTES} bytes`;
      throw new CaissonError('KEK_MISCONFIGURED', { variable: this.#variable, problem });
    }
    const key = new Secret(bytes);
    bytes.fill(0);
    return key;
  }

  #open(): LocalKek {
    invariant('KEK-1', this.#kek !== undefined, 'a key provider is used before its start or after its stop');
    return this.#kek;
  }
}
