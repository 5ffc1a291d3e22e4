import { concatBytes, createDeferred } from '@caisson/base';
import { CaissonError, type OutgoingSnapshot, type RaftReceiver } from '@caisson/contracts';
import { mutant, type TransportMutant } from './mutant-harness.js';

type Chunks = AsyncIterable<Uint8Array>;

const HALF_A_MEBIBYTE = 512 * 1024;

export const snapshotMutants: readonly TransportMutant[] = [
  mutant('GluesChunks', ['delivers-a-snapshot-whole'], () => arriving(glued)),
  mutant('CutsChunks', ['carries-the-largest-chunks'], () => arriving(cut)),
  mutant('CountsItTooEarly', ['says-a-snapshot-is-there-when-it-is'], ({ sound }) => ({
    transport: {
      sendSnapshot: (group, to, snapshot, signal) => {
        const ended = createDeferred<void>();
        const watched = reading(snapshot, async function* (first) {
          yield* snapshot.chunks(first);
          ended.resolve();
        });
        return Promise.race([ended.promise, sound.sendSnapshot(group, to, watched, signal)]);
      },
    },
  })),
  mutant('StartsOver', ['resumes-where-the-receiver-is', 'goes-on-with-a-snapshot-after-a-break'], () => ({
    receiver: () => ({ keptChunks: async () => 0 }),
  })),
  mutant('GivesUpAtABreak', ['goes-on-with-a-snapshot-after-a-break'], () => ({
    receiver: (receiver) => ({
      onSnapshot: (snapshot, chunks, signal) => {
        const broken = createDeferred<void>();
        signal.addEventListener('abort', () => broken.resolve(), { once: true });
        return Promise.race([broken.promise, receiver.onSnapshot(snapshot, failing(chunks), signal)]);
      },
      keptChunks: async (snapshot) => {
        const kept = await receiver.keptChunks(snapshot);
        return kept > 0 ? 64 : 0;
      },
    }),
  })),
  mutant('LeavesTheReceiverWaiting', ['tells-a-waiting-receiver-of-a-break'], () => arriving(hanging)),
  mutant('TriesAgain', ['tells-the-sender-of-a-rejection'], ({ sound }) => ({
    transport: {
      sendSnapshot: (...args) => sound.sendSnapshot(...args).catch(() => sound.sendSnapshot(...args)),
    },
  })),
  mutant('SwallowsRejections', ['tells-the-sender-of-an-early-rejection'], () => ({
    receiver: (receiver) => ({
      onSnapshot: (...args) => receiver.onSnapshot(...args).catch(() => undefined),
    }),
  })),
  mutant('HoldsBackFrames', ['lets-frames-pass-a-snapshot'], ({ sound }) => {
    let sending: Promise<void> = Promise.resolve();
    return {
      transport: {
        send: (...args) => void sending.then(() => sound.send(...args)),
        sendSnapshot: (...args) => (sending = sound.sendSnapshot(...args)),
      },
    };
  }),
  mutant('ReadsAhead', ['reads-no-further-than-the-receiver'], ({ sound }) => ({
    transport: {
      sendSnapshot: (group, to, snapshot, signal) => {
        const hasty = reading(snapshot, async function* (first) {
          const all: Uint8Array[] = [];
          for await (const chunk of snapshot.chunks(first)) all.push(chunk);
          yield* all;
        });
        return sound.sendSnapshot(group, to, hasty, signal);
      },
    },
  })),
  mutant('SendsOneAtATime', ['keeps-snapshots-apart'], ({ sound }) => {
    let sending: Promise<void> | undefined;
    return { transport: { sendSnapshot: (...args) => (sending ??= sound.sendSnapshot(...args)) } };
  }),
  mutant('IgnoresSignalsOfSnapshots', ['gives-up-a-snapshot-with-its-signal'], ({ sound }) => ({
    transport: {
      sendSnapshot: (group, to, snapshot) =>
        sound.sendSnapshot(group, to, snapshot, new AbortController().signal),
    },
  })),
];

function reading(snapshot: OutgoingSnapshot, chunks: OutgoingSnapshot['chunks']): OutgoingSnapshot {
  return { id: snapshot.id, frame: snapshot.frame, chunks };
}

/** Does something to chunks on their way to the receiver. */
function arriving(change: (chunks: Chunks) => Chunks): {
  receiver: (receiver: RaftReceiver) => Partial<RaftReceiver>;
} {
  return {
    receiver: (receiver) => ({
      onSnapshot: (snapshot, chunks, signal) => receiver.onSnapshot(snapshot, change(chunks), signal),
    }),
  };
}

async function* glued(chunks: Chunks): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | undefined;
  for await (const chunk of chunks) {
    if (held !== undefined) yield concatBytes(held, chunk);
    held = held === undefined ? chunk : undefined;
  }
}

async function* cut(chunks: Chunks): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.subarray(0, HALF_A_MEBIBYTE);
}

/** Never ends where its connection broke. */
async function* hanging(chunks: Chunks): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch {
    await new Promise(() => undefined);
  }
}

/** Ends like a complete stream where its connection broke. */
async function* failing(chunks: Chunks): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (!(error instanceof CaissonError)) throw error;
  }
}
