import { CaissonError } from '@caisson/contracts';
import { CHUNK_BYTES_MAX, ChunkStream } from './chunk-stream.js';

const chunk = (number: number, length = 3) => new Uint8Array(length).fill(number);
const malformed = expect.objectContaining({ code: 'MESSAGE_MALFORMED' });

function streamFrom(first: number, window = 4) {
  const taken: [number, number][] = [];
  const onTaken = (count: number, bytes: number) => void taken.push([count, bytes]);
  return { stream: new ChunkStream({ first, window, onTaken }), taken };
}

test('a chunk counts as taken when the next one is asked for', async () => {
  const { stream, taken } = streamFrom(5);
  stream.push(5n, chunk(5));
  stream.push(6n, chunk(6, 2));
  expect(await stream.next()).toEqual({ done: false, value: chunk(5) });
  expect(taken).toEqual([]);
  expect((await stream.next()).value).toEqual(chunk(6, 2));
  expect(taken).toEqual([[6, 3]]);
  const last = stream.next();
  stream.end(7n);
  expect(await last).toEqual({ done: true, value: undefined });
  expect(taken).toEqual([
    [6, 3],
    [7, 2],
  ]);
});

test('whoever asks first is served when the chunk comes', async () => {
  const { stream } = streamFrom(0);
  const asked = stream.next();
  stream.push(0n, chunk(1));
  expect((await asked).value).toEqual(chunk(1));
});

test.each<[string, (stream: ChunkStream) => void]>([
  ['a chunk out of turn', (stream) => stream.push(1n, chunk(1))],
  ['an empty chunk', (stream) => stream.push(0n, chunk(0, 0))],
  ['a chunk above the limit', (stream) => stream.push(0n, chunk(0, CHUNK_BYTES_MAX + 1))],
  ['a chunk beyond the window', (stream) => [0n, 1n, 2n].forEach((number) => stream.push(number, chunk(0)))],
  ['an end that counts differently', (stream) => stream.end(1n)],
  [
    'a chunk after the end',
    (stream) => {
      stream.end(0n);
      stream.push(0n, chunk(0));
    },
  ],
])('%s is refused', (_what, misuse) => {
  const { stream } = streamFrom(0, 2);
  expect(() => misuse(stream)).toThrow(malformed);
});

test('a stream that broke tells its reader, and gives out nothing that waited', async () => {
  const { stream, taken } = streamFrom(0);
  stream.push(0n, chunk(0));
  stream.push(1n, chunk(1));
  await stream.next();
  stream.fail(new CaissonError('UNAVAILABLE'));
  await expect(stream.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(taken).toEqual([[1, 3]]);
});
