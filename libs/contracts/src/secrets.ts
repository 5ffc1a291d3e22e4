import type { Secret } from './secret.js';
import { slot } from './token.js';

/** Where a secret of the configuration lives. A configuration never holds the secret itself. */
export type SecretSource = { readonly file: string } | { readonly env: string };

/** Reads secrets that the configuration names. */
export interface Secrets {
  /**
   * The bytes of the file, or of the variable as UTF-8; a final line break is dropped. `SECRET_UNAVAILABLE`
   * names the source when it is missing, empty or larger than 64 KiB.
   */
  read(source: SecretSource): Promise<Secret>;
}

export const Secrets = slot<Secrets>('Secrets');
