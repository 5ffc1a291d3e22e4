import { toUtf8 } from '@caisson/base';
import { connect, type CaissonClient } from './index.js';

let client: CaissonClient;
beforeEach(() => void (client = connect({ address: '127.0.0.1:1', deadlineMs: 50 })));
afterEach(() => client.close());

const refusal = (field: string) => ({ code: 'INVALID_ARGUMENT', details: { field } });

test('what fits no request is refused by field and limit, before anything is sent', async () => {
  const key = toUtf8('k');
  for (const ttlMs of [-1, 1.5, NaN])
    await expect(client.put('k', 'v', { ttlMs })).rejects.toMatchObject(refusal('mutations[0].ttlMs'));
  await expect(client.get('k', { ts: -1n })).rejects.toMatchObject(refusal('ts'));
  await expect(client.scan({ ts: 1n << 64n }).next()).rejects.toMatchObject(refusal('ts'));
  await expect(client.scan({ pageSize: 0.5 }).next()).rejects.toMatchObject(refusal('pageSize'));
  await expect(client.deletePrefix('k', { limit: -1 })).rejects.toMatchObject(refusal('mutations[0].limit'));
  const requestId = new Uint8Array(3);
  await expect(client.write({ mutations: [], requestId })).rejects.toMatchObject(refusal('requestId'));
  const conditions = [{ key, expect: { kind: 'version' as const, ts: -1n } }];
  const conditional = client.write({ mutations: [], conditions });
  await expect(conditional).rejects.toMatchObject(refusal('conditions.version'));
});

test('a closed client and an aborted signal end every call with CANCELLED, status too', async () => {
  await expect(client.status({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
  client.close();
  await expect(client.status()).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(client.get('k')).rejects.toMatchObject({ code: 'CANCELLED' });
});
