import { toUtf8 } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { ManualClock } from '@caisson/compliance';
import { Secret } from '@caisson/contracts';
import { DiskStores, SimulatedDisk } from '@caisson/simulator';
import { Trace } from '../trace/trace.js';
import { Findings } from './findings.js';
import { CANARY, Spy } from './spy.js';

const NONE = new Uint8Array(0);

function spying(isEncrypted: boolean) {
  const clock = new ManualClock();
  const findings = new Findings(clock);
  return { findings, spy: new Spy({ isEncrypted, findings, trace: new Trace(clock) }) };
}

function prepared(spy: Spy, key: number) {
  const cipher = spy.cipher(new AesGcmCipher());
  return cipher.prepare(new Secret(new Uint8Array(cipher.keyBytes).fill(key)));
}

test('a spy notices two texts under one key and nonce, whichever node seals them', () => {
  const { findings, spy } = spying(true);
  const [one, same, other] = [prepared(spy, 1), prepared(spy, 1), prepared(spy, 2)];
  const nonce = new Uint8Array(12);
  const broken = () => findings.all.map(({ rule }) => rule);
  nonce[11] = 1;
  one.seal(nonce, NONE, toUtf8('a'));
  other.seal(nonce, NONE, toUtf8('b'));
  expect(broken()).toEqual([]);
  one.seal(nonce, NONE, toUtf8('a'));
  expect(broken()).toEqual(['E2']);
  same.sealBehind!(4, nonce, NONE, toUtf8('b'));
  expect(broken()).toEqual(['E2', 'E1', 'E2']);
});

test('a spy notices a file that is synced again after a sync that failed', async () => {
  for (const isSame of [true, false]) {
    const { findings, spy } = spying(true);
    const platter = new SimulatedDisk();
    const disk = spy.disk(platter);
    const file = await disk.create('/f');
    platter.troubles.add({ kind: 'failing', operation: 'sync', times: 1 });
    await expect(file.sync()).rejects.toThrow('DISK_ERROR');
    await (isSame ? file : await disk.create('/g')).sync();
    expect(findings.all.map(({ rule }) => rule)).toEqual(isSame ? ['R12'] : []);
  }
});

test('a spy notices a value that is stored as it is, unless the cluster does not encrypt', async () => {
  for (const [isEncrypted, noticed] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const { findings, spy } = spying(isEncrypted);
    const store = await new DiskStores(spy.disk(new SimulatedDisk())).open('/s');
    await store
      .batch()
      .put(toUtf8('k'), toUtf8(`${CANARY}v`))
      .write({ sync: true });
    expect(findings.all).toHaveLength(noticed);
  }
});
