import { note } from './mini-engine.js';
import { driven, readNote, World } from './world.js';

const writing = (envelopeVersion: number) => ({ config: { enabled: true, envelopeVersion } });

/** Which versions the sealed entries of the log were written in: behind kind and proposal id. */
const versionsOf = (world: World) =>
  world.log.filter(({ data }) => data[0] === 0x04).map(({ data }) => data[9]);

test.each([
  [1, 2],
  [2, 1],
])('what was sealed in version %d stays readable where version %d is written', async (before, after) => {
  const world = new World();
  const first = await driven(world, writing(before));
  await first.engine.propose(note('old', 'sealed first'));
  await first.stop();
  const second = await driven(world, writing(after));
  await second.engine.propose(note('new', 'sealed later'));
  expect(await readNote(second, 'old')).toBe('sealed first');
  expect(await readNote(second, 'new')).toBe('sealed later');
  expect(versionsOf(world)).toEqual(expect.arrayContaining([before, after]));
  expect(versionsOf(world).at(-1)).toBe(after);
  await second.stop();
});

test('writing version 1 is warned of at every start, writing version 2 is not', async () => {
  const world = new World();
  await (await driven(world, writing(2))).stop();
  expect(world.lines.filter(([level]) => level === 'warn')).toEqual([]);
  await (await driven(world, writing(1))).stop();
  expect(world.lines).toContainEqual(['warn', expect.stringContaining('envelope version 1')]);
});
