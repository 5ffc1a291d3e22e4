import { createDeferred } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkEqual, checkFails, checkThrows } from '../check.js';
import { A_WHILE_MS, acquainted, bytesOf, never, settled, type Station, until } from './bench.js';
import { CountedSnapshot } from './snapshot-source.js';
import { type TransportHarness, WIRE } from './transport-harness.js';

const CHUNK_BYTES = 64 * 1024;
const MEBIBYTE = 1024 * 1024;
/** Sockets and windows hold some; a source read to its end holds all. */
const CHUNKS_AHEAD_MAX = 32;

/** Snapshots on a lane of their own. */
export const snapshotCases: readonly Case<TransportHarness>[] = [
  {
    id: 'transport/delivers-a-snapshot-whole',
    because: 'what is verified at the end is the very stream that was read at the source',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const source = new CountedSnapshot(1, 40, CHUNK_BYTES);
      await settled(harness, 'a snapshot', a.transport.sendSnapshot(7, b.peer.id, source, never()));
      checkEqual(b.heard.kept(source.id), source.whole, 'the chunks');
      const { group, from, id, frame } = b.heard.snapshots[0]!;
      const { id: sentId, frame: sentFrame } = source;
      const told = { group: 7, from: a.peer.id, id: sentId, frame: sentFrame };
      checkEqual({ group, from, id, frame }, told, 'what the receiver is told of it');
      checkEqual(b.heard.snapshots.length, 1, 'transfers');
    },
  },
  {
    id: 'transport/carries-the-largest-chunks',
    because: 'a chunk may have a mebibyte, whatever the transport wraps around it',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const source = new CountedSnapshot(1, 3, MEBIBYTE);
      await settled(harness, 'a snapshot', a.transport.sendSnapshot(1, b.peer.id, source, never()));
      checkEqual(b.heard.kept(source.id), source.whole, 'the chunks');
    },
  },
  {
    id: 'transport/says-a-snapshot-is-there-when-it-is',
    because: 'the leader counts on it, and may drop the log it covers',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const verified = createDeferred<void>();
      const { take } = b.heard;
      b.heard.take = async (chunks, kept) => {
        await take(chunks, kept);
        await verified.promise;
      };
      const source = new CountedSnapshot(1, 4, CHUNK_BYTES);
      let isThere = false;
      const sending = a.transport.sendSnapshot(1, b.peer.id, source, never()).then(() => (isThere = true));
      await until(harness, () => b.heard.kept(source.id).length === 4, 'the chunks arrive');
      await harness.pass(A_WHILE_MS);
      check(!isThere, 'a snapshot that is not verified yet does not count as sent');
      verified.resolve();
      await settled(harness, 'a verified snapshot', sending);
    },
  },
  {
    id: 'transport/resumes-where-the-receiver-is',
    because: 'a snapshot of hours is not sent twice for a broken connection',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const source = new CountedSnapshot(1, 10, CHUNK_BYTES);
      b.heard.kept(source.id).push(...source.whole.slice(0, 6));
      await settled(harness, 'a snapshot', a.transport.sendSnapshot(1, b.peer.id, source, never()));
      checkEqual(source.starts, [6], 'where the source was read from');
      checkEqual(b.heard.kept(source.id), source.whole, 'the chunks');
      checkEqual(b.heard.snapshots[0]!.frame, source.frame, 'the frame of a transfer that resumes');
    },
  },
  {
    id: 'transport/goes-on-with-a-snapshot-after-a-break',
    because: 'connections break, and the sender’s signal alone says when to give up',
    needs: WIRE,
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const source = new CountedSnapshot(1, 64, CHUNK_BYTES);
      const goOn = holdAfter(b, 3);
      const sending = a.transport.sendSnapshot(1, b.peer.id, source, never());
      await until(harness, () => b.heard.kept(source.id).length === 3, 'the first chunks arrive');
      await harness.sever!();
      goOn();
      await until(harness, () => b.heard.signals[0]!.aborted, 'the receiver is told of the break');
      await harness.heal!();
      await settled(harness, 'the snapshot after the break', sending);
      checkEqual(b.heard.kept(source.id), source.whole, 'the chunks');
      check(source.starts.at(-1)! >= 3, 'chunks that are kept are not sent again');
    },
  },
  {
    id: 'transport/tells-a-waiting-receiver-of-a-break',
    because: 'a receiver takes one snapshot at a time, and must not wait for ever for one that is over',
    needs: WIRE,
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const source = new CountedSnapshot(1, 8, CHUNK_BYTES);
      const gate = createDeferred<void>();
      source.hold = { at: 2, until: gate.promise };
      const { take } = b.heard;
      let failures = 0;
      b.heard.take = (...args) =>
        take(...args).catch((error: unknown) => {
          failures++;
          throw error;
        });
      const sending = a.transport.sendSnapshot(1, b.peer.id, source, never());
      await until(harness, () => b.heard.kept(source.id).length === 2, 'the first chunks arrive');
      await harness.sever!();
      await until(harness, () => failures === 1, 'the receiver that waits for a chunk is told');
      await harness.heal!();
      gate.resolve();
      await settled(harness, 'the snapshot after the break', sending);
      checkEqual(b.heard.kept(source.id), source.whole, 'the chunks');
    },
  },
  {
    id: 'transport/tells-the-sender-of-a-rejection',
    because: 'whether another one is built is the sender’s decision, and a damaged one must not be repeated',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const { take } = b.heard;
      b.heard.take = async (chunks, kept) => {
        await take(chunks, kept);
        throw new CaissonError('SNAPSHOT_INVALID', { reason: 'digest' });
      };
      const source = new CountedSnapshot(1, 3, CHUNK_BYTES);
      const sending = a.transport.sendSnapshot(1, b.peer.id, source, never());
      const what = 'a snapshot that is rejected';
      const { details } = await checkFails(() => settled(harness, what, sending), 'SNAPSHOT_INVALID', what);
      checkEqual({ ...details }, { reason: 'digest' }, 'the details of the rejection');
      await harness.pass(A_WHILE_MS);
      checkEqual(b.heard.snapshots.length, 1, 'transfers of a rejected snapshot');
    },
  },
  {
    id: 'transport/tells-the-sender-of-an-early-rejection',
    because: 'a receiver that cannot take a snapshot of hours says so with its first chunk',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      b.heard.take = async (chunks) => {
        for await (const _chunk of chunks) throw new CaissonError('DISK_FULL');
      };
      const source = new CountedSnapshot(1, 200, MEBIBYTE);
      const sending = a.transport.sendSnapshot(1, b.peer.id, source, never());
      const what = 'a snapshot that is rejected early';
      await checkFails(() => settled(harness, what, sending), 'DISK_FULL', what);
      check(source.chunksRead < 200, 'the rest of a rejected snapshot is not read');
      await until(harness, () => source.reading === 0, 'the source is closed');
    },
  },
  {
    id: 'transport/lets-frames-pass-a-snapshot',
    because: 'a heartbeat behind a snapshot would come after the election it should prevent',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const source = new CountedSnapshot(1, 64, MEBIBYTE);
      const goOn = holdAfter(b, 1);
      const sending = a.transport.sendSnapshot(1, b.peer.id, source, never());
      await until(harness, () => b.heard.kept(source.id).length === 1, 'the snapshot begins');
      for (let at = 0; at < 100; at++) a.transport.send(1, b.peer.id, bytesOf(at, 1024));
      await until(harness, () => b.heard.in(1).length === 100, 'frames arrive beside a snapshot');
      goOn();
      await settled(harness, 'the snapshot', sending);
    },
  },
  {
    id: 'transport/reads-no-further-than-the-receiver',
    because: 'a snapshot is larger than memory, at the sender and at the receiver',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const source = new CountedSnapshot(1, 2 * CHUNKS_AHEAD_MAX, MEBIBYTE);
      const goOn = holdAfter(b, 1);
      const sending = a.transport.sendSnapshot(1, b.peer.id, source, never());
      await until(harness, () => b.heard.kept(source.id).length === 1, 'the snapshot begins');
      await harness.pass(2 * A_WHILE_MS);
      const ahead = source.chunksRead - 1;
      check(ahead <= CHUNKS_AHEAD_MAX, `at most ${CHUNKS_AHEAD_MAX} chunks are read ahead`);
      checkEqual(b.heard.kept(source.id).length, 1, 'chunks delivered that nobody asked for');
      goOn();
      await settled(harness, 'the snapshot', sending);
    },
  },
  {
    id: 'transport/keeps-snapshots-apart',
    because: 'groups of one node are behind at the same time',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const sources = [1, 2, 3].map((number) => new CountedSnapshot(number, 12, CHUNK_BYTES));
      const sending = sources.map((source) =>
        a.transport.sendSnapshot(source.number, b.peer.id, source, never()),
      );
      await settled(harness, 'snapshots at once', Promise.all(sending));
      for (const source of sources) {
        checkEqual(b.heard.kept(source.id), source.whole, `the chunks of group ${source.number}`);
      }
      checkEqual(b.heard.snapshots.map(({ group }) => group).sort(), [1, 2, 3], 'groups');
    },
  },
  {
    id: 'transport/gives-up-a-snapshot-with-its-signal',
    because: 'a leader that steps down, or a node that stops, leaves no transfer behind',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const source = new CountedSnapshot(1, 64, MEBIBYTE);
      const goOn = holdAfter(b, 1);
      const stop = new AbortController();
      const sending = a.transport.sendSnapshot(1, b.peer.id, source, stop.signal);
      sending.catch(() => undefined);
      await until(harness, () => b.heard.kept(source.id).length === 1, 'the snapshot begins');
      stop.abort();
      await checkThrows(() => settled(harness, 'a cancelled snapshot', sending), 'a cancelled snapshot');
      await until(harness, () => b.heard.signals[0]!.aborted, 'the receiver is told');
      await until(harness, () => source.reading === 0, 'the source is closed');
      goOn();
      await harness.pass(A_WHILE_MS);
      check(b.heard.kept(source.id).length < 64, 'a cancelled snapshot does not arrive whole');
    },
  },
];

/** Makes the receiver wait after `count` chunks, once; the returned function lets it go on. */
function holdAfter({ heard }: Station, count: number): () => void {
  const gate = createDeferred<void>();
  heard.take = async (chunks, kept) => {
    for await (const chunk of chunks) {
      kept.push(chunk);
      if (kept.length === count) await gate.promise;
    }
  };
  return gate.resolve;
}
