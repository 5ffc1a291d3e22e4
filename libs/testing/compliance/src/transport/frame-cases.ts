import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import {
  A_WHILE_MS,
  acquainted,
  bytesOf,
  linked,
  numberIn,
  reportsOf,
  stationOf,
  stationsOf,
  until,
} from './bench.js';
import { type TransportHarness, WIRE } from './transport-harness.js';

/** More than a gRPC message holds unless somebody asks for more. */
const LARGE_BYTES = 5 * 1024 * 1024;

/** Frames on their way. */
export const frameCases: readonly Case<TransportHarness>[] = [
  {
    id: 'transport/delivers-frames-intact-and-in-order',
    because: 'each frame that is lost, repeated or overtaken costs an append of the follower’s log',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const sent = Array.from({ length: 200 }, (_, at) => bytesOf(at, 4 + ((at * 97) % 9000)));
      for (const frame of sent) a.transport.send(1, b.peer.id, frame.slice());
      await until(
        harness,
        () => b.heard.in(1).length >= sent.length,
        'all frames of an unbroken link arrive',
      );
      await harness.pass(A_WHILE_MS);
      checkEqual(b.heard.in(1), sent, 'the frames that arrived');
    },
  },
  {
    id: 'transport/carries-large-frames',
    because: 'an entry holds values of megabytes, and a frame holds at least one entry',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const [large, small] = [bytesOf(7, LARGE_BYTES), bytesOf(8, 4)];
      a.transport.send(1, b.peer.id, large.slice());
      a.transport.send(1, b.peer.id, small.slice());
      await until(harness, () => b.heard.in(1).length >= 2, 'a large frame and a small one arrive');
      checkEqual(b.heard.in(1), [large, small], 'the frames that arrived');
    },
  },
  {
    id: 'transport/says-whose-frame-it-is-and-of-which-group',
    because: 'one connection serves all groups of a node, and a message counts as its sender’s vote',
    async run(harness) {
      const [a, b, c] = await acquainted(harness);
      await linked(harness, c, b);
      const groups = [0, 1, 65_535, 0xffff_ffff];
      for (const group of groups) {
        a.transport.send(group, b.peer.id, bytesOf(1, 4));
        c.transport.send(group, b.peer.id, bytesOf(3, 4));
      }
      const all = () => groups.every((group) => b.heard.in(group).length === 2);
      await until(harness, all, 'frames of every group arrive from both peers');
      const told = b.heard.frames.filter(({ group }) => groups.includes(group));
      for (const { from, frame } of told) {
        checkEqual(from, numberIn(frame) === 1 ? a.peer.id : c.peer.id, 'the sender of a frame');
      }
      checkEqual(a.heard.in(1), [], 'frames that came back to their sender');
    },
  },
  {
    id: 'transport/gives-its-bytes-away',
    because: 'receivers decode in place, and one frame is often sent to several peers',
    async run(harness) {
      const [a, b, c] = await acquainted(harness);
      await linked(harness, a, c);
      const frame = bytesOf(5, 64);
      a.transport.send(1, b.peer.id, frame);
      await until(harness, () => b.heard.in(1).length === 1, 'the frame arrives');
      b.heard.in(1)[0]!.fill(0);
      a.transport.send(1, c.peer.id, frame);
      await until(harness, () => c.heard.in(1).length === 1, 'the frame arrives at the other peer');
      checkEqual(c.heard.in(1)[0], bytesOf(5, 64), 'the frame after one receiver wrote over its bytes');
    },
  },
  {
    id: 'transport/sends-to-nobody-without-complaint',
    because: 'the loop that sends holds the state of the node, and must not fail for a peer’s sake',
    async run(harness) {
      const [a, b] = stationsOf(harness);
      a.transport.connect([{ ...b.peer, address: harness.nowhere }]);
      const sendBoth = () => {
        a.transport.send(1, b.peer.id, bytesOf(1, 4));
        a.transport.send(1, 0xdead_beefn, bytesOf(1, 4));
      };
      sendBoth();
      await until(harness, () => reportsOf(a, b) > 0, 'a peer that cannot be reached is reported');
      sendBoth();
    },
  },
  {
    id: 'transport/bounds-its-queues-and-reports-what-it-drops',
    because: 'a follower that is behind must not cost the leader its memory, and is probed again',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const frame = bytesOf(0, 1024);
      const before = reportsOf(a, b);
      for (let at = 0; at < harness.tooManyFrames; at++) a.transport.send(1, b.peer.id, frame);
      await until(harness, () => reportsOf(a, b) > before, 'the peer of a full queue is reported');
      await linked(harness, a, b);
      check(b.heard.in(1).length < harness.tooManyFrames, 'a full queue drops frames');
    },
  },
  {
    id: 'transport/reports-a-broken-wire-and-comes-back',
    because: 'progress is probed after a break, and nobody reconnects by hand',
    needs: WIRE,
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const before = reportsOf(a, b);
      await harness.sever!();
      const isReported = () => {
        a.transport.send(1, b.peer.id, bytesOf(1, 4));
        return reportsOf(a, b) > before;
      };
      await until(harness, isReported, 'a peer behind a broken wire is reported');
      checkEqual(b.heard.in(1), [], 'frames that crossed a broken wire');
      await harness.heal!();
      await linked(harness, a, b);
      await linked(harness, b, a);
    },
  },
  {
    id: 'transport/delivers-no-frame-twice',
    because: 'reconnecting repeats nothing on its own: what was lost, Raft sends again, anew',
    needs: WIRE,
    async run(harness) {
      const [a, b] = await acquainted(harness);
      let sent = 0;
      const burst = () => {
        for (let times = 0; times < 50; times++) a.transport.send(1, b.peer.id, bytesOf(sent++, 256));
      };
      burst();
      await harness.sever!();
      burst();
      await harness.heal!();
      burst();
      await linked(harness, a, b);
      burst();
      const isLastHeard = () => b.heard.in(1).some((frame) => numberIn(frame) === sent - 1);
      await until(harness, isLastHeard, 'frames sent after the break arrive');
      await harness.pass(A_WHILE_MS);
      const numbers = b.heard.in(1).map(numberIn);
      checkEqual(numbers.length, new Set(numbers).size, 'different frames among those that arrived');
    },
  },
  {
    id: 'transport/waits-for-its-receiver',
    because: 'a node listens before its groups are open',
    async run(harness) {
      const [a, b] = harness.nodes;
      const early = stationOf(a);
      early.transport.connect([b.peer]);
      b.transport.connect([a.peer]);
      for (let at = 0; at < 20; at++) early.transport.send(1, b.peer.id, bytesOf(at, 16));
      await harness.pass(A_WHILE_MS);
      const late = stationOf(b);
      await linked(harness, early, late);
      const numbers = late.heard.in(1).map(numberIn);
      checkEqual(numbers.length, new Set(numbers).size, 'different frames among early ones');
    },
  },
];
