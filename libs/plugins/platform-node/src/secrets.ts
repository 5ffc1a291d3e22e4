import {
  CaissonError,
  isCaissonError,
  Secret,
  type Disk,
  type Secrets,
  type SecretSource,
} from '@caisson/contracts';

const SECRET_BYTES_MAX = 64 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Secrets from files and from the environment of the process. */
export class NodeSecrets implements Secrets {
  constructor(private readonly disk: Disk) {}

  async read(source: SecretSource): Promise<Secret> {
    const bytes = 'file' in source ? await this.#readFile(source.file) : readVariable(source.env);
    const trimmed = withoutLineBreak(bytes);
    if (trimmed.length === 0) throw unavailable(source, 'is empty');
    return new Secret(trimmed);
  }

  async #readFile(file: string): Promise<Uint8Array> {
    try {
      const bytes = await this.disk.read(file, SECRET_BYTES_MAX);
      if (bytes) return bytes;
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      throw unavailable({ file }, 'cannot be read', error);
    }
    throw unavailable({ file }, 'does not exist');
  }
}

function readVariable(name: string): Uint8Array {
  const value = process.env[name];
  if (value === undefined) throw unavailable({ env: name }, 'is not set');
  const bytes = Buffer.from(value, 'utf8');
  if (bytes.length > SECRET_BYTES_MAX)
    throw unavailable({ env: name }, `is larger than ${SECRET_BYTES_MAX} bytes`);
  return bytes;
}

function withoutLineBreak(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  if (bytes[end - 1] === LINE_FEED) end -= bytes[end - 2] === CARRIAGE_RETURN ? 2 : 1;
  return bytes.subarray(0, end);
}

function unavailable(source: SecretSource, reason: string, cause?: unknown): CaissonError {
  return new CaissonError('SECRET_UNAVAILABLE', { ...source, reason }, { cause });
}
