import { fullNodeId } from '@caisson/formats';
import { AddressBook } from './address-book.js';

const proven = (name: string, address = `${name}:1`) => ({
  name,
  id: fullNodeId(name),
  address,
  protocol: 1,
});
const peer = (name: string, id: bigint) => ({ id, name, address: `${name}:9` });
const refused = expect.objectContaining({ code: 'PEER_REFUSED' });

test('a book that was never written takes every proven node, where that says it is', () => {
  const book = new AddressBook('n1');
  expect(book.admit(proven('n2'))).toEqual({ id: fullNodeId('n2'), name: 'n2', address: 'n2:1' });
  expect(book.admit(proven('n2', 'moved:1')).address).toBe('moved:1');
  expect(book.get(fullNodeId('n2'))?.address).toBe('moved:1');
  expect(book.peers).toHaveLength(1);
});

test('visitors are not remembered without bound', () => {
  const book = new AddressBook('n1');
  for (let at = 0; at < 64; at++) book.admit(proven(`visitor-${at}`));
  expect(() => book.admit(proven('one too many'))).toThrow(refused);
  expect(book.admit(proven('visitor-3')).name).toBe('visitor-3');
});

test('a book that is written knows its members by name, and forgets visitors', () => {
  const book = new AddressBook('n1');
  book.admit(proven('n3'));
  book.replace([peer('n1', 1n), peer('n2', 2n)]);
  expect(book.peers.map(({ name }) => name)).toEqual(['n2']);
  expect(book.admit(proven('n2'))).toEqual(peer('n2', 2n));
  expect(book.idOf(proven('n2'))).toBe(2n);
  expect(book.idOf(proven('n3'))).toBe(fullNodeId('n3'));
  expect(() => book.admit(proven('n3'))).toThrow(refused);
});

test('a book with the node alone is written, one that was emptied waits again', () => {
  const book = new AddressBook('n1');
  book.replace([peer('n1', 1n)]);
  expect(() => book.admit(proven('n2'))).toThrow(refused);
  book.replace([]);
  expect(book.admit(proven('n2')).name).toBe('n2');
});
