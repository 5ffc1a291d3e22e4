import { CaissonError, isCaissonError, type Peer, type RaftReceiver } from '@caisson/contracts';
import { mutant, type TransportMutant } from './mutant-harness.js';

const LARGEST_BYTES = 64 * 1024;

export const questionMutants: readonly TransportMutant[] = [
  mutant('CutsAnswers', ['answers-a-question'], ({ sound }) => ({
    transport: { ask: async (...args) => (await sound.ask(...args)).subarray(0, LARGEST_BYTES) },
  })),
  mutant('AsksMembersOnly', ['asks-beyond-its-book'], ({ sound }) => {
    let book: readonly Peer[] = [];
    return {
      transport: {
        connect: (peers) => sound.connect((book = peers)),
        ask: async (peer, ...args) => {
          if (!book.some(({ name }) => name === peer.name)) throw new CaissonError('PEER_REFUSED');
          return sound.ask(peer, ...args);
        },
      },
    };
  }),
  mutant('AsksOneByOne', ['keeps-questions-apart'], ({ sound }) => {
    let last: Promise<unknown> = Promise.resolve();
    return {
      transport: {
        ask: (...args) => {
          const asking = last.then(() => sound.ask(...args));
          last = asking.catch(() => undefined);
          return asking;
        },
      },
    };
  }),
  mutant('ForgetsDetails', ['tells-the-asker-what-went-wrong'], ({ sound }) => ({
    transport: {
      ask: (...args) =>
        sound.ask(...args).catch((error: unknown) => {
          throw isCaissonError(error) ? new CaissonError(error.code) : error;
        }),
    },
  })),
  mutant('IgnoresSignals', ['gives-up-a-question-with-its-signal'], ({ sound }) => ({
    transport: { ask: (peer, question) => sound.ask(peer, question, new AbortController().signal) },
  })),
  mutant('AsksForEver', ['asks-nobody-in-vain', 'loses-no-asker-with-the-wire'], ({ sound }) => ({
    transport: { ask: (...args) => sound.ask(...args).catch(() => new Promise<never>(() => undefined)) },
  })),
  mutant('AnswersForItsReceiver', ['answers-nothing-before-its-receiver'], ({ sound }) => {
    const echo: Partial<RaftReceiver> = {
      onFrame: () => undefined,
      onUnreachable: () => undefined,
      onQuestion: async (_from, question) => question,
    };
    sound.receive(echo as RaftReceiver);
    return {};
  }),
  mutant('TrustsAddresses', ['asks-nobody-else'], ({ sound, all }) => ({
    transport: {
      ask: (peer, ...args) => sound.ask(all.find(({ address }) => address === peer.address) ?? peer, ...args),
    },
  })),
];
