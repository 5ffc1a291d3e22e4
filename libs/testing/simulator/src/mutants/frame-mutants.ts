import { equalBytes } from '@caisson/base';
import { CaissonError, type RaftReceiver } from '@caisson/contracts';
import { mutant, mutantOf, type TransportMutant } from './mutant-harness.js';

const FOUR_MEBIBYTES = 4 * 1024 * 1024;

type FrameArgs = Parameters<RaftReceiver['onFrame']>;

export const frameMutants: readonly TransportMutant[] = [
  mutant('LosesFrames', ['delivers-frames-intact-and-in-order'], () => ({
    receiver: (receiver) => {
      let heard = 0;
      return { onFrame: (...args) => void (++heard % 7 > 0 && receiver.onFrame(...args)) };
    },
  })),
  mutant('SwapsFrames', ['delivers-frames-intact-and-in-order'], () => ({
    receiver: (receiver) => {
      let held: FrameArgs | undefined;
      return {
        onFrame: (...args) => {
          if (args[2].length > 100 && held === undefined) return void (held = args);
          receiver.onFrame(...args);
          if (held !== undefined) receiver.onFrame(...held);
          held = undefined;
        },
      };
    },
  })),
  mutant('LosesLargeFrames', ['carries-large-frames'], () => ({
    receiver: (receiver) => ({
      onFrame: (...args) => void (args[2].length <= FOUR_MEBIBYTES && receiver.onFrame(...args)),
    }),
  })),
  mutant('CutsGroupsShort', ['says-whose-frame-it-is-and-of-which-group'], () => ({
    receiver: (receiver) => ({
      onFrame: (group, from, frame) => receiver.onFrame(group & 0xffff, from, frame),
    }),
  })),
  mutant('ForgetsTheSender', ['says-whose-frame-it-is-and-of-which-group'], () => ({
    receiver: (receiver) => ({ onFrame: (group, _from, frame) => receiver.onFrame(group, 1n, frame) }),
  })),
  sharing(),
  mutant('ThrowsForNobody', ['sends-to-nobody-without-complaint'], ({ sound, all }) => ({
    transport: {
      send: (group, to, frame) => {
        if (all.every(({ id }) => id !== to)) throw new CaissonError('UNAVAILABLE');
        sound.send(group, to, frame);
      },
    },
  })),
  mutant(
    'NeverReports',
    [
      'sends-to-nobody-without-complaint',
      'bounds-its-queues-and-reports-what-it-drops',
      'reports-a-broken-wire-and-comes-back',
    ],
    () => ({ receiver: () => ({ onUnreachable: () => undefined }) }),
  ),
  mutantOf('QueuesWithoutEnd', ['bounds-its-queues-and-reports-what-it-drops'], { queueFrames: Infinity }),
  mutant('StaysAway', ['reports-a-broken-wire-and-comes-back'], ({ sound }) => {
    const gone = new Set<bigint>();
    return {
      transport: { send: (group, to, frame) => void (gone.has(to) || sound.send(group, to, frame)) },
      receiver: (receiver) => ({
        onUnreachable: (peer) => {
          gone.add(peer);
          receiver.onUnreachable(peer);
        },
      }),
    };
  }),
  mutant('SendsAgain', ['delivers-no-frame-twice'], ({ sound }) => {
    const sent: [number, bigint, Uint8Array][] = [];
    return {
      transport: {
        send: (...args) => {
          sent.push(args);
          sound.send(...args);
        },
      },
      receiver: () => ({
        onUnreachable: () => sent.splice(0).forEach((args) => sound.send(...args)),
      }),
    };
  }),
  mutant('RepeatsEarlyFrames', ['waits-for-its-receiver'], ({ sound }) => {
    const early: FrameArgs[] = [];
    const idle = { onUnreachable: () => undefined, onFrame: (...args: FrameArgs) => void early.push(args) };
    sound.receive(idle as unknown as RaftReceiver);
    return {
      transport: {
        receive: (receiver) => {
          sound.receive(receiver);
          for (const args of [...early, ...early]) receiver.onFrame(...args);
        },
      },
    };
  }),
];

/** Hands the sender's own bytes to the receiver. */
function sharing(): TransportMutant {
  const sent: Uint8Array[] = [];
  return mutant('SharesItsBytes', ['gives-its-bytes-away'], ({ sound }) => ({
    transport: {
      send: (group, to, frame) => {
        sent.push(frame);
        sound.send(group, to, frame);
      },
    },
    receiver: (receiver) => ({
      onFrame: (group, from, frame) => {
        const own = sent.find((each) => equalBytes(each, frame));
        receiver.onFrame(group, from, own ?? frame);
      },
    }),
  }));
}
