import fc from 'fast-check';
import { nodeNames, nodeUri } from './node-names.js';

const certificate = (subjectaltname: string | undefined, CN: unknown = 'host') => ({
  subject: { CN } as never,
  ...(subjectaltname !== undefined && { subjectaltname }),
});

test('every name comes back from its URI', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (name) => {
      expect(nodeNames(certificate(`DNS:a, URI:${nodeUri(name)}, DNS:b`))).toEqual([name]);
    }),
  );
});

test('a certificate may speak for several nodes', () => {
  expect(nodeNames(certificate('URI:caisson-node:a, URI:caisson-node:b'))).toEqual(['a', 'b']);
});

test('the common name counts only where no URI names a node', () => {
  expect(nodeNames(certificate(undefined, 'n1'))).toEqual(['n1']);
  expect(nodeNames(certificate('DNS:localhost, URI:https://example.org/', 'n1'))).toEqual(['n1']);
  expect(nodeNames(certificate('URI:caisson-node:n2', 'n1'))).toEqual(['n2']);
  expect(nodeNames(certificate(undefined, ['n1', 'n2']))).toEqual([]);
});

test('a name inside another name is no name', () => {
  const quoted = String.raw`DNS:"a, URI:caisson-node:n2, b", URI:"caisson-node:n3\", URI:caisson-node:n4"`;
  expect(nodeNames(certificate(quoted, 'n1'))).toEqual(['n1']);
  expect(nodeNames(certificate('DNS:URI:caisson-node:n2', 'n1'))).toEqual(['n1']);
  expect(nodeNames(certificate('URI:caisson-node:%ff', 'n1'))).toEqual(['n1']);
});
