import fc from 'fast-check';
import { HappenedBefore, type Horizon, isWithin, type Mark } from './happened-before.js';

const LANES = ['n1', 'n2', 'n3', 'c0'];

interface Event {
  readonly mark: Mark;
  readonly horizon: Horizon;
  /** The events right before it: of its lane, and the sending of what it hears. */
  readonly causes: readonly number[];
}

const lane = fc.constantFrom(...LANES);
const happening = fc.record({ lane, hears: fc.option(fc.nat(40)) });

function played(happenings: readonly { lane: string; hears: number | null }[]): readonly Event[] {
  const order = new HappenedBefore();
  const events: Event[] = [];
  for (const { hears, lane: at } of happenings) {
    const last = events.findLastIndex(({ mark }) => mark.lane === at);
    const sent = hears === null ? undefined : events[hears];
    const mark = sent === undefined ? order.step(at) : order.hear(at, sent.horizon);
    const causes = [last, ...(sent === undefined ? [] : [hears!])].filter((each) => each >= 0);
    events.push({ mark, horizon: order.horizon(at), causes });
  }
  return events;
}

function pastOf(events: readonly Event[], of: number): ReadonlySet<number> {
  const past = new Set<number>([of]);
  for (let at = of; at >= 0; at--) if (past.has(at)) for (const cause of events[at]!.causes) past.add(cause);
  return past;
}

test('a horizon holds its own step and all that leads to it, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 1, maxLength: 40 }), (happenings) => {
      const events = played(happenings);
      for (const [of, { horizon }] of events.entries()) {
        const past = pastOf(events, of);
        const within = events.flatMap(({ mark }, at) => (isWithin(horizon, mark) ? [at] : []));
        expect(within).toEqual([...past].sort((a, b) => a - b));
      }
    }),
  );
});

test('a past is closed: with a step it holds all that this step knew of', () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 2, maxLength: 40 }), (happenings) => {
      const events = played(happenings);
      const { horizon } = events.at(-1)!;
      const within = events.filter(({ mark }) => isWithin(horizon, mark));
      expect(within).toContain(events.at(-1));
      for (const event of within) {
        for (const [lane, step] of event.horizon) expect(isWithin(horizon, { lane, step })).toBe(true);
      }
    }),
  );
});

test('what two lanes did without a word between them is in no order', () => {
  const order = new HappenedBefore();
  const [one, other] = [order.step('n1'), order.step('n2')];
  expect([isWithin(order.horizon('n1'), other), isWithin(order.horizon('n2'), one)]).toEqual([false, false]);
  order.hear('n2', order.horizon('n1'));
  expect(isWithin(order.horizon('n2'), one)).toBe(true);
  expect(order.mark('n2')).toEqual({ lane: 'n2', step: 2 });
});
