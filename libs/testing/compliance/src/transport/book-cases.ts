import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import {
  A_WHILE_MS,
  acquainted,
  bytesOf,
  linked,
  reportsOf,
  type Station,
  stationOf,
  stationsOf,
  until,
} from './bench.js';
import { STRANGER, type TransportHarness } from './transport-harness.js';

/** Who is talked to, and who is not. */
export const bookCases: readonly Case<TransportHarness>[] = [
  {
    id: 'transport/says-where-it-is-reached',
    because: 'the membership tells the others what the node itself says',
    async run({ nodes }) {
      const addresses = nodes.map(({ transport }) => transport.address);
      checkEqual(
        addresses,
        nodes.map(({ peer }) => peer.address),
        'addresses',
      );
      check(
        addresses.every((address) => /.:[1-9]\d*$/.test(address)),
        'an address is host and port',
      );
    },
  },
  {
    id: 'transport/refuses-a-peer-that-is-not-in-its-book',
    because: 'a node that was removed must neither vote nor disturb',
    async run(harness) {
      const [a, b, c] = stationsOf(harness);
      a.transport.connect([b.peer]);
      b.transport.connect([a.peer]);
      c.transport.connect([a.peer, b.peer]);
      await linked(harness, b, a);
      await expectRefused(harness, c, a);
    },
  },
  {
    id: 'transport/refuses-everybody-while-it-is-alone',
    because: 'the only member of a cluster knows its members, and waits for nobody to let it in',
    async run(harness) {
      const [a, b] = stationsOf(harness);
      a.transport.connect([a.peer]);
      b.transport.connect([a.peer]);
      await expectRefused(harness, b, a);
    },
  },
  {
    id: 'transport/takes-any-proven-peer-while-its-book-is-empty',
    because: 'a node that joins learns its peers from a log that only they can send',
    async run(harness) {
      const [a, b] = stationsOf(harness);
      a.transport.connect([b.peer]);
      await linked(harness, a, b);
      await linked(harness, b, a);
    },
  },
  {
    id: 'transport/lets-go-of-peers-that-left-its-book',
    because: 'a removal is in force when it is applied, on connections that stand as on new ones',
    async run(harness) {
      const [a, b, c] = await acquainted(harness);
      await linked(harness, a, c);
      a.transport.connect([c.peer]);
      await expectRefused(harness, b, a);
      a.transport.send(1, b.peer.id, bytesOf(1, 4));
      await linked(harness, c, a);
      checkEqual(b.heard.in(1), [], 'frames for a peer that left the book');
    },
  },
  {
    id: 'transport/follows-a-peer-that-moved',
    because: 'addresses change by an entry of the log, and nobody restarts for it',
    async run(harness) {
      const [a, b, c] = stationsOf(harness);
      a.transport.connect([{ ...b.peer, address: harness.nowhere }, c.peer]);
      b.transport.connect([a.peer, c.peer]);
      c.transport.connect([a.peer, b.peer]);
      a.transport.send(1, b.peer.id, bytesOf(1, 4));
      await harness.pass(A_WHILE_MS);
      a.transport.connect([b.peer, c.peer]);
      await linked(harness, a, b);
    },
  },
  {
    id: 'transport/keeps-connections-to-peers-that-stay',
    because: 'every change of membership replaces the book, and most peers stay',
    async run(harness) {
      const [a, b, c] = await acquainted(harness);
      const before = reportsOf(a, b);
      for (let at = 0; at < 50; at++) {
        a.transport.send(1, b.peer.id, bytesOf(at, 512));
        a.transport.connect(at % 2 === 0 ? [b.peer] : [b.peer, c.peer]);
      }
      await until(harness, () => b.heard.in(1).length >= 50, 'frames sent around changes of the book arrive');
      checkEqual(reportsOf(a, b), before, 'reports of a peer that stayed');
    },
  },
  {
    id: 'transport/refuses-another-cluster',
    because: 'a node of another cluster with the same names would mix two histories',
    needs: STRANGER,
    async run(harness) {
      const [a, b] = stationsOf(harness);
      const stranger = stationOf(await harness.stranger!());
      a.transport.connect([b.peer, stranger.peer]);
      stranger.transport.connect([a.peer]);
      await expectRefused(harness, stranger, a);
      await expectRefused(harness, a, stranger);
    },
  },
];

/** Sends for a while: nothing arrives, and the sender is told in the end. */
async function expectRefused(harness: TransportHarness, from: Station, to: Station): Promise<void> {
  const { id, name } = from.peer;
  const arrived = () => to.heard.frames.filter((frame) => frame.from === id).length;
  const [arrivedBefore, reportsBefore] = [arrived(), reportsOf(from, to)];
  const isReported = () => {
    from.transport.send(1, to.peer.id, bytesOf(1, 4));
    return reportsOf(from, to) > reportsBefore;
  };
  await until(harness, isReported, `${name} is told that ${to.peer.name} does not take its frames`);
  await harness.pass(A_WHILE_MS);
  checkEqual(arrived() - arrivedBefore, 0, `frames of ${name} that arrived at ${to.peer.name}`);
}
