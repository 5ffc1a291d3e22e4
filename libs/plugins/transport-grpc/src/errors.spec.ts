import { CaissonError } from '@caisson/contracts';
import { Metadata, status } from '@grpc/grpc-js';
import { thrownByPeer, toServiceError } from './errors.js';

test('an error crosses the wire with its code and the very details it had', () => {
  const details = { name: 'a', count: 3, id: 0xffff_ffff_ffff_fff1n, flag: false, list: ['b'], digits: '77' };
  const { code, metadata } = toServiceError(new CaissonError('NOT_LEADER', details));
  expect(code).toBe(status.UNAVAILABLE);
  expect(thrownByPeer(metadata)).toMatchObject({ code: 'NOT_LEADER', details });
});

test('the cause of a foreign error stays where it happened', () => {
  const { details, message, metadata } = toServiceError(new Error('secret words'));
  expect(thrownByPeer(metadata)).toMatchObject({ code: 'INTERNAL' });
  expect(JSON.stringify({ details, message, metadata })).not.toContain('secret');
});

test('a trailer that is none is an error of its own, and no trailer is no verdict', () => {
  const metadata = new Metadata();
  expect(thrownByPeer(metadata)).toBeUndefined();
  metadata.set('caisson-peer-error-bin', Buffer.from([0xff, 0xff, 0xff]));
  expect(thrownByPeer(metadata)).toMatchObject({ code: 'MESSAGE_MALFORMED' });
});
