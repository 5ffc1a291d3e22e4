import { createDeferred } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { Case } from '../case.js';
import { checkEqual, checkFails, checkThrows } from '../check.js';
import { acquainted, bytesOf, never, numberIn, settled, stationOf, stationsOf, until } from './bench.js';
import { STRANGER, type TransportHarness, WIRE } from './transport-harness.js';

const DETAILS = {
  name: 'a|b "c"',
  behind: 12_345,
  id: 0xffff_ffff_ffff_fff1n,
  isVoter: false,
  members: ['n1', 'n2'],
} as const;

/** Questions between nodes. */
export const questionCases: readonly Case<TransportHarness>[] = [
  {
    id: 'transport/answers-a-question',
    because: 'admission, identity and system proposals travel as questions',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const askers: bigint[] = [];
      b.heard.answer = async (from, question) => {
        askers.push(from);
        return question.length === 4 ? new Uint8Array(0) : question.map((byte) => byte ^ 0xff);
      };
      const question = bytesOf(3, 300_000);
      const ask = (each: Uint8Array) => a.transport.ask(b.peer, each, never());
      const answer = await settled(harness, 'a question', ask(question.slice()));
      checkEqual(
        answer,
        question.map((byte) => byte ^ 0xff),
        'the answer',
      );
      checkEqual(
        await settled(harness, 'a question', ask(bytesOf(4, 4))),
        new Uint8Array(0),
        'an empty answer',
      );
      checkEqual(askers, [a.peer.id, a.peer.id], 'who asked');
    },
  },
  {
    id: 'transport/asks-beyond-its-book',
    because: 'a candidate is questioned before it is a member, and asks before it knows the members',
    async run(harness) {
      const [a, b, c] = stationsOf(harness);
      a.transport.connect([b.peer]);
      b.transport.connect([a.peer]);
      const asked = await settled(harness, 'a question', a.transport.ask(c.peer, bytesOf(1, 8), never()));
      checkEqual(asked, bytesOf(1, 8), 'the answer of a candidate');
      const asks = await settled(harness, 'a question', c.transport.ask(a.peer, bytesOf(2, 8), never()));
      checkEqual(asks, bytesOf(2, 8), 'the answer to a candidate');
    },
  },
  {
    id: 'transport/keeps-questions-apart',
    because: 'a slow answer must neither hold up nor be taken for another',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const gate = createDeferred<void>();
      b.heard.answer = async (_from, question) => {
        if (numberIn(question) === 0) await gate.promise;
        return question;
      };
      const first = a.transport.ask(b.peer, bytesOf(0, 8), never());
      const others = Array.from({ length: 8 }, (_, at) =>
        a.transport.ask(b.peer, bytesOf(at + 1, 8), never()),
      );
      const answers = await settled(harness, 'questions beside a slow one', Promise.all(others));
      checkEqual(answers.map(numberIn), [1, 2, 3, 4, 5, 6, 7, 8], 'the answers');
      gate.resolve();
      checkEqual(numberIn(await settled(harness, 'the slow question', first)), 0, 'the slow answer');
    },
  },
  {
    id: 'transport/tells-the-asker-what-went-wrong',
    because: 'the operator at one node reads what the other refused, and how to go on',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      b.heard.answer = () => Promise.reject(new CaissonError('NOT_CAUGHT_UP', DETAILS));
      const asking = a.transport.ask(b.peer, bytesOf(1, 8), never());
      const what = 'a question that is refused';
      const { details } = await checkFails(() => settled(harness, what, asking), 'NOT_CAUGHT_UP', what);
      checkEqual({ ...details }, DETAILS, 'the details of the refusal');
    },
  },
  {
    id: 'transport/gives-up-a-question-with-its-signal',
    because: 'a command that was cancelled leaves nothing running at either end',
    async run(harness) {
      const [a, b] = await acquainted(harness);
      const heard: AbortSignal[] = [];
      b.heard.answer = (_from, _question, signal) => {
        heard.push(signal);
        return new Promise<Uint8Array>(() => undefined);
      };
      const stop = new AbortController();
      const asking = a.transport.ask(b.peer, bytesOf(1, 8), stop.signal);
      asking.catch(() => undefined);
      await until(harness, () => heard.length === 1, 'the question is heard');
      stop.abort();
      await checkThrows(() => settled(harness, 'a cancelled question', asking), 'a cancelled question');
      await until(harness, () => heard[0]!.aborted, 'the answering node is told');
    },
  },
  {
    id: 'transport/asks-nobody-in-vain',
    because: 'a join with a wrong address must say so instead of waiting',
    async run(harness) {
      const [a, b] = stationsOf(harness);
      const nobody = { name: b.peer.name, address: harness.nowhere };
      const asking = a.transport.ask(nobody, bytesOf(1, 8), never());
      const what = 'a question to nobody';
      await checkFails(() => settled(harness, what, asking), 'UNAVAILABLE', what);
    },
  },
  {
    id: 'transport/answers-nothing-before-its-receiver',
    because: 'a node that starts must not seem to have refused',
    async run(harness) {
      const [a, b] = harness.nodes;
      const early = stationOf(a);
      const asking = early.transport.ask(b.peer, bytesOf(1, 8), never());
      const what = 'a question to a node that starts';
      await checkFails(() => settled(harness, what, asking), 'UNAVAILABLE', what);
    },
  },
  {
    id: 'transport/asks-nobody-else',
    because: 'an answer of another node than was meant would be believed',
    async run(harness) {
      const [a, b, c] = stationsOf(harness);
      const asking = a.transport.ask({ name: b.peer.name, address: c.peer.address }, bytesOf(1, 8), never());
      const what = 'a question to another node’s address';
      await checkFails(() => settled(harness, what, asking), 'PEER_REFUSED', what);
      checkEqual(c.heard.frames, [], 'frames at the wrong node');
    },
  },
  {
    id: 'transport/asks-no-other-cluster',
    because: 'a token or address of the wrong cluster must be told from a node that is down',
    needs: STRANGER,
    async run(harness) {
      const [a] = stationsOf(harness);
      const stranger = stationOf(await harness.stranger!());
      const asking = a.transport.ask(stranger.peer, bytesOf(1, 8), never());
      const what = 'a question to another cluster';
      await checkFails(() => settled(harness, what, asking), 'CLUSTER_MISMATCH', what);
    },
  },
  {
    id: 'transport/loses-no-asker-with-the-wire',
    because: 'an asker without a deadline would wait for a connection that is gone',
    needs: WIRE,
    async run(harness) {
      const [a, b] = await acquainted(harness);
      let isHeard = false;
      b.heard.answer = () => {
        isHeard = true;
        return new Promise<Uint8Array>(() => undefined);
      };
      const asking = a.transport.ask(b.peer, bytesOf(1, 8), never());
      asking.catch(() => undefined);
      await until(harness, () => isHeard, 'the question is heard');
      await harness.sever!();
      const what = 'a question whose wire broke';
      await checkFails(() => settled(harness, what, asking), 'UNAVAILABLE', what);
    },
  },
];
