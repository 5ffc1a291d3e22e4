import { fullNodeId, type peerProto } from '@caisson/formats';
import { Greeter, type ProtocolRange } from './hello.js';

const CLUSTER = new Uint8Array(16).fill(1);
const greeter = (name: string, range: ProtocolRange = { min: 1, max: 1 }, clusterId = CLUSTER) =>
  new Greeter({ name, clusterId }, `${name}:7800`, range);
const hello = (changes: Partial<peerProto.Hello> = {}) => ({ ...greeter('n1').helloTo('n2'), ...changes });
const check = (greeting: peerProto.Hello | undefined, certified?: readonly string[]) =>
  greeter('n2').check(greeting, certified);
const refusal = (code: string) => expect.objectContaining({ code });

test('a node of the cluster is known by its name, id and address', () => {
  const n1 = { name: 'n1', id: fullNodeId('n1'), address: 'n1:7800', protocol: 1 };
  expect(check(hello())).toEqual(n1);
  expect(check(hello(), ['n0', 'n1'])).toEqual(n1);
});

test('versions are negotiated: the highest both speak', () => {
  const between = (ours: ProtocolRange, theirs: ProtocolRange) =>
    greeter('n2', ours).check(greeter('n1', theirs).helloTo('n2')).protocol;
  expect(between({ min: 1, max: 3 }, { min: 2, max: 5 })).toBe(3);
  expect(between({ min: 2, max: 5 }, { min: 1, max: 3 })).toBe(3);
  expect(() => between({ min: 1, max: 1 }, { min: 2, max: 3 })).toThrow(refusal('PROTOCOL_MISMATCH'));
  expect(() => between({ min: 2, max: 3 }, { min: 1, max: 1 })).toThrow(refusal('PROTOCOL_MISMATCH'));
});

test('a version that is not spoken is told before anything else is judged', () => {
  const stranger = hello({ protocolMin: 9, protocolMax: 9, clusterId: new Uint8Array(16), to: 'n7' });
  expect(() => check(stranger)).toThrow(refusal('PROTOCOL_MISMATCH'));
});

test('another cluster is refused, and so is a cluster id of another length', () => {
  expect(() => check(hello({ clusterId: new Uint8Array(16) }))).toThrow(refusal('CLUSTER_MISMATCH'));
  expect(() => check(hello({ clusterId: new Uint8Array(0) }))).toThrow(refusal('CLUSTER_MISMATCH'));
});

test.each<[string, Partial<peerProto.Hello>, string[] | undefined]>([
  ['another node was meant', { to: 'n3' }, undefined],
  ['it has the name of this node', { name: 'n2', id: fullNodeId('n2') }, undefined],
  ['its name is empty', { name: '', id: 0n }, undefined],
  ['its name is too long', { name: 'n'.repeat(129), id: fullNodeId('n'.repeat(129)) }, undefined],
  ['its id does not belong to its name', { id: 7n }, undefined],
  ['its address is too long', { address: 'a'.repeat(513) }, undefined],
  ['its certificate does not carry its name', {}, ['n3']],
  ['its certificate does not carry its name', {}, []],
])('a node is refused because %s', (_reason, changes, certified) => {
  expect(() => check(hello(changes), certified)).toThrow(refusal('PEER_REFUSED'));
});

test('no Hello is no node, and an answer is only taken from the node that was meant', () => {
  expect(() => check(undefined)).toThrow(refusal('MESSAGE_MALFORMED'));
  expect(greeter('n2').checkAnswer(hello(), 'n1').name).toBe('n1');
  expect(() => greeter('n2').checkAnswer(hello(), 'n3')).toThrow(refusal('PEER_REFUSED'));
});
