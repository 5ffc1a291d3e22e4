import { ManualClock } from '@caisson/compliance';
import { SimulatedNetwork } from '../network/simulated-network.js';
import { ROUGH } from '../network/weather.js';
import { SimulatedWire } from './simulated-wire.js';
import type { Connection } from './wire.js';

const [ONE, OTHER] = ['n1:7000', 'n2:7000'];

function bench() {
  const clock = new ManualClock();
  const network = new SimulatedNetwork({ clock, seed: 1 });
  const written: number[] = [];
  const wire = (id: bigint) => {
    const identity = { id, name: `n${id}`, address: `n${id}:7000`, clusterId: 'ours' };
    return new SimulatedWire(network, identity, (bytes) => void written.push(...bytes));
  };
  const [one, other] = [wire(1n), wire(2n)];
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed++) {
      clock.advance(1);
      await clock.turn();
      await clock.turn();
    }
  };
  const incoming: Connection[] = [];
  const linked = async () => {
    other.listen((connection) => incoming.push(connection));
    const connecting = one.connect(OTHER);
    await pass(10);
    return [await connecting, incoming.at(-1)!] as const;
  };
  return { network, one, other, pass, linked, incoming, written };
}

function readAll(connection: Connection): { readonly bytes: number[]; pieces: number; isOver: boolean } {
  const read = { bytes: [] as number[], pieces: 0, isOver: false };
  const reading = async () => {
    for await (const piece of connection.pieces()) {
      read.bytes.push(...piece);
      read.pieces++;
    }
    read.isOver = true;
  };
  void reading();
  return read;
}

const counted = (length: number) => Uint8Array.from({ length }, (_, at) => at & 0xff);

test('bytes arrive in order and once in rough weather, cut elsewhere than they were written', async () => {
  const { linked, network, pass, written } = bench();
  const [here, there] = await linked();
  network.weather = ROUGH;
  const read = readAll(there);
  const sent = counted(200);
  for (const byte of sent) here.write(Uint8Array.of(byte, byte, byte));
  expect(here.queuedBytes).toBe(600);
  await pass(2000);
  expect(read.bytes).toEqual([...sent].flatMap((byte) => [byte, byte, byte]));
  expect(read.pieces).not.toBe(200);
  expect(here.queuedBytes).toBe(0);
  expect(written).toHaveLength(600);
});

test('both ends talk, and what was written before a close still arrives', async () => {
  const { linked, pass } = bench();
  const [here, there] = await linked();
  const [answer, question] = [readAll(here), readAll(there)];
  here.write(counted(3));
  await pass(5);
  there.write(counted(9));
  there.close();
  there.write(counted(1));
  await pass(10);
  expect([question.bytes.length, answer.bytes.length]).toEqual([3, 9]);
  expect([here.ended.aborted, there.ended.aborted]).toEqual([true, true]);
  expect([question.isOver, answer.isOver]).toEqual([true, true]);
});

test.each(['cut', 'reset'] as const)('a %s ends a connection for both', async (fault) => {
  const { linked, network, pass } = bench();
  const [here, there] = await linked();
  network[fault](ONE, OTHER);
  await pass(1);
  expect([here.ended.aborted, there.ended.aborted]).toEqual([true, true]);
});

test('on a silent link nothing arrives and nobody is told, until it is mended', async () => {
  const { linked, network, pass } = bench();
  const [here, there] = await linked();
  const read = readAll(there);
  network.mute(ONE, OTHER);
  here.write(counted(5));
  await pass(500);
  expect([read.bytes.length, here.ended.aborted]).toEqual([0, false]);
  network.heal(ONE, OTHER);
  await pass(1);
  expect(here.ended.aborted).toBe(true);
});

test('nobody is reached who does not listen, or to whom no way leads', async () => {
  const { network, one, other, pass } = bench();
  const deaf = expect(one.connect(OTHER)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await pass(100);
  await deaf;
  other.listen(() => undefined);
  network.cut(OTHER, ONE);
  const away = expect(one.connect(OTHER)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await pass(200);
  await away;
});

test('a signal takes back a call, and ends the connection that came of it', async () => {
  const { incoming, one, other, pass } = bench();
  other.listen((connection) => incoming.push(connection));
  const control = new AbortController();
  const connecting = one.connect(OTHER, control.signal);
  await pass(10);
  control.abort(new RangeError('enough'));
  await pass(10);
  expect([(await connecting).ended.aborted, incoming[0]!.ended.aborted]).toEqual([true, true]);
  await expect(one.connect(OTHER, control.signal)).rejects.toThrow('enough');
});

test('a process that is gone hears nothing any more, and the other one that it is', async () => {
  const { linked, one, pass } = bench();
  const [here, there] = await linked();
  const read = readAll(here);
  there.write(counted(5));
  one.crash();
  await pass(100);
  expect([read.bytes.length, read.isOver, here.ended.aborted]).toEqual([0, false, false]);
  expect(there.ended.aborted).toBe(true);
});
