import { CaissonError, Secret, type WrapContext } from '@caisson/contracts';
import { decodeWrappedDek } from '@caisson/formats';
import { hashes, localKek, withUnwrap } from '../../e2e/world.js';
import { KekRing } from './kek-ring.js';

const context: WrapContext = { originId: new Uint8Array(16).fill(1), keyId: 7, purpose: 1 };
const dek = () => new Secret(new Uint8Array(32).fill(9));
const [one, two] = [localKek(1, 'file'), localKek(2, 'env')];
const failing = (code: 'KEK_UNREACHABLE' | 'KEK_DENIED') =>
  withUnwrap(one, () => Promise.reject(new CaissonError(code)));

test('every provider wraps, and any one of them opens', async () => {
  const container = await new KekRing([one, two], hashes).wrap(dek(), context);
  expect(decodeWrappedDek(container).map(({ provider }) => provider)).toEqual(['env', 'file']);
  for (const ring of [
    new KekRing([one], hashes),
    new KekRing([two], hashes),
    new KekRing([failing('KEK_DENIED'), two], hashes),
  ]) {
    expect((await ring.unwrap(container, context)).reveal()).toEqual(dek().reveal());
  }
});

test('a key that is not in the container is a wrong key, and the error says which would do', async () => {
  const container = await new KekRing([one], hashes).wrap(dek(), context);
  const { keyRef } = await one.describe();
  await expect(new KekRing([localKek(3), two], hashes).unwrap(container, context)).rejects.toMatchObject({
    code: 'KEK_MISMATCH',
    details: { wrappedBy: [`file:${keyRef}`] },
  });
});

test('a failure that passes is told before one that does not, since waiting may help', async () => {
  const container = await new KekRing([one, two], hashes).wrap(dek(), context);
  const denied = withUnwrap(two, () => Promise.reject(new CaissonError('KEK_DENIED')));
  await expect(
    new KekRing([denied, failing('KEK_UNREACHABLE')], hashes).unwrap(container, context),
  ).rejects.toMatchObject({
    code: 'KEK_UNREACHABLE',
  });
  await expect(new KekRing([denied], hashes).unwrap(container, context)).rejects.toMatchObject({
    code: 'KEK_DENIED',
  });
});

test('a container that one provider would open to something else is not verified', async () => {
  const container = await new KekRing([one, two], hashes).wrap(dek(), context);
  const ring = new KekRing([one, two], hashes);
  await expect(ring.verify(container, context, dek())).resolves.toBeUndefined();
  const lying = withUnwrap(two, async () => new Secret(new Uint8Array(32)));
  const mismatch = { code: 'KEK_MISMATCH' };
  await expect(new KekRing([one, lying], hashes).verify(container, context, dek())).rejects.toMatchObject(
    mismatch,
  );
  await expect(
    new KekRing([one, localKek(3)], hashes).verify(container, context, dek()),
  ).rejects.toMatchObject(mismatch);
});

test('without a provider nothing is wrapped and nothing opens', async () => {
  const ring = new KekRing([], hashes);
  const container = await new KekRing([one], hashes).wrap(dek(), context);
  await expect(ring.wrap(dek(), context)).rejects.toMatchObject({ code: 'KEK_NOT_CONFIGURED' });
  await expect(ring.unwrap(container, context)).rejects.toMatchObject({ code: 'KEK_NOT_CONFIGURED' });
});
