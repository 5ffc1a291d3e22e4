import { isCaissonError, type Proposed } from '@caisson/contracts';
import { decodeProposal } from '@caisson/formats';
import fc from 'fast-check';
import { Bench } from './testdata/bench.js';
import { TOY, toyModel, toyRow } from './testdata/toy.js';
import { World } from './testdata/world.js';

interface Acknowledged {
  readonly id: number;
  readonly position: number;
  readonly refused: boolean;
}

const config = { limits: { appendEntries: 4, applyEntries: 3 }, compaction: { entries: 6, keepEntries: 2 } };
const OPCODES = [TOY.chain, TOY.chain, TOY.chain, TOY.alone, TOY.refuse];

const life = fc.record({
  bursts: fc.array(fc.array(fc.nat({ max: OPCODES.length - 1 }), { minLength: 1, maxLength: 6 }), {
    maxLength: 6,
  }),
  crash: fc.record({ atWrite: fc.nat({ max: 25 }), afterEffect: fc.boolean() }),
  lost: fc.nat({ max: 12 }),
  logTurns: fc.integer({ min: 1, max: 5 }),
});

/** Payload `opcode ‖ slot ‖ id u16`, so that every proposal can be told from every other in the log. */
const payloadOf = (opcode: number, id: number): Uint8Array =>
  Uint8Array.of(opcode, id % 3, id >> 8, id & 0xff);

async function live(
  world: World,
  bursts: readonly (readonly number[])[],
  ids: { next: number },
  acknowledged: Acknowledged[],
): Promise<void> {
  const bench = new Bench({ worlds: new Map([[1, world]]), config });
  const start = bench.engine.start();
  await Promise.race([start, world.death.promise]);
  for (const burst of bursts) {
    if (world.dead) return;
    const answers = burst.map((kind) => {
      const id = ids.next++;
      const answer = bench.engine.group(1).propose(payloadOf(OPCODES[kind]!, id), { source: 'user' });
      return answer.then(
        ({ position, outcome }: Proposed) =>
          void acknowledged.push({ id, position, refused: outcome.kind === 'refused' }),
        (error: unknown) => expect(isCaissonError(error)).toBe(true),
      );
    });
    await Promise.race([Promise.all(answers), world.death.promise]);
  }
  if (!world.dead) await Promise.race([bench.engine.stop(), world.death.promise]);
  expect(bench.fatal).toEqual([]);
}

function expectExact(world: World, acknowledged: readonly Acknowledged[]): void {
  const entries = [...world.archive.values()]
    .sort((a, b) => a.index - b.index)
    .map(({ index, data }) => ({ index, payload: decodeProposal(data).body }));
  for (const [slot, row] of toyModel(entries)) expect(world.get(toyRow(slot))).toEqual(row);
  const logged = new Map(
    entries.slice(1).map(({ index, payload }) => [payload[2]! * 256 + payload[3]!, index]),
  );
  for (const { id, position } of acknowledged) expect(logged.get(id)).toBe(position);
  const order = [...logged.keys()];
  expect(order).toEqual([...order].sort((a, b) => a - b));
}

describe('a node that dies at any write', () => {
  it('replays to the state of a node that never died, with everything that was acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
        const world = new World();
        const ids = { next: 0 };
        const acknowledged: Acknowledged[] = [];
        for (const { bursts, crash, lost, logTurns } of lives) {
          world.logTurns = logTurns;
          world.crashOn(crash);
          await live(world, bursts, ids, acknowledged);
          world.restart(lost);
        }
        const bench = await new Bench({ worlds: new Map([[1, world]]), config }).started();
        expectExact(world, acknowledged);
        const refused = [...world.archive.values()].filter(
          ({ data }) => decodeProposal(data).body[0] === TOY.refuse,
        );
        expect(bench.engine.group(1).status()).toMatchObject({
          applied: world.archive.size,
          durable: world.archive.size,
          refused: refused.length,
        });
      }),
      { numRuns: 150 },
    );
  });

  it('founds its group once, whichever write of the first start it dies at', async () => {
    for (const afterEffect of [false, true]) {
      for (let atWrite = 0; atWrite < 3; atWrite++) {
        const world = new World();
        world.crashOn({ atWrite, afterEffect });
        await live(world, [], { next: 0 }, []);
        world.restart(10);
        await new Bench({ worlds: new Map([[1, world]]) }).started();
        expect([...world.archive.keys()]).toEqual([1]);
      }
    }
  });
});
