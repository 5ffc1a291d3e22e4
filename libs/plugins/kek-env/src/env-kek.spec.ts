import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { type Logger, type LogLevel, Secret, type WrapContext } from '@caisson/contracts';
import { NodeHashes, NodeRandom } from '@caisson/platform-node';
import { EnvKek } from './env-kek.js';

const context: WrapContext = { originId: new Uint8Array(16).fill(1), keyId: 7, purpose: 1 };
const dek = new Secret(new Uint8Array(32).fill(9));
const text = Buffer.alloc(32, 5).toString('base64');
let lines: [LogLevel, string][];

const logger: Logger = {
  log: (level, message) => void lines.push([level, message]),
  child: () => logger,
};

function kek(environment: Record<string, string | undefined>): EnvKek {
  const parts = { ciphers: [new AesGcmCipher()], hashes: new NodeHashes(), random: new NodeRandom(), logger };
  return new EnvKek('KEK', environment, parts);
}

beforeEach(() => {
  lines = [];
});

test('the variable is read once and removed, and the log says what it is good for', async () => {
  const environment = { KEK: text, OTHER: 'stays' };
  const first = kek(environment);
  first.open();
  expect(environment).toEqual({ OTHER: 'stays' });
  expect(lines).toEqual([['warn', expect.stringContaining('tests and CI only')]]);
  const second = kek({ KEK: text });
  second.open();
  const blob = await first.wrap(dek, context);
  expect((await second.unwrap(blob, context)).reveal()).toEqual(dek.reveal());
  first.close();
  expect(() => first.describe()).toThrow('KEK-1');
});

test('a missing variable is told from an unusable one, and an unusable one is removed too', () => {
  expect(() => kek({}).open()).toThrow(expect.objectContaining({ code: 'KEK_NOT_FOUND' }));
  for (const value of ['AAAA', 'not base64!', Buffer.alloc(33).toString('base64'), 'ab'.repeat(32)]) {
    const environment = { KEK: value };
    expect(() => kek(environment).open()).toThrow(expect.objectContaining({ code: 'KEK_MISCONFIGURED' }));
    expect(environment).toEqual({});
  }
});
