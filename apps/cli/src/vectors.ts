import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { Secret } from '@caisson/contracts';
import { judgeVectors, type VectorCrypto, type Verdict } from '@caisson/formats';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const cipher = new AesGcmCipher();

const crypto: VectorCrypto = {
  seal: (key, nonce, aad, plaintext) => cipher.prepare(new Secret(key)).seal(nonce, aad, plaintext),
  open: (key, nonce, aad, sealed) => cipher.prepare(new Secret(key)).open(nonce, aad, sealed),
};

/** Judges one file of format vectors. A file that cannot be read or parsed is one bad check. */
export function judgeFile(path: string): Verdict {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'cannot be read';
    return { ok: 0, bad: 1, mismatches: [`${path}: ${reason}`] };
  }
  return judgeVectors(parsed, crypto);
}

/** Prints every mismatch and `ok N bad M`; the exit code says whether all of at least one check agreed. */
export function runVectors(args: readonly string[], print: (line: string) => void): number {
  const [file] = args;
  if (file === undefined || args.length > 1) {
    print('usage: npm run vectors -- <file.json>');
    return 64;
  }
  // npm runs scripts in the package's folder; the caller's relative path means the caller's folder.
  const { ok, bad, mismatches } = judgeFile(resolve(process.env['INIT_CWD'] ?? '.', file));
  for (const mismatch of mismatches) print(mismatch);
  print(`ok ${ok} bad ${bad}`);
  return bad === 0 && ok > 0 ? 0 : 1;
}
