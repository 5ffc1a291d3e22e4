import { ManualClock } from '@caisson/compliance';
import type { RaftReceiver } from '@caisson/contracts';
import { SimulatedTransport } from '../transport/simulated-transport.js';
import { SimulatedNetwork } from './simulated-network.js';
import { CALM, ROUGH, type Weather } from './weather.js';

interface Node {
  readonly transport: SimulatedTransport;
  readonly heard: string[];
}

const SECOND_MS = 1000;

describe('SimulatedNetwork', () => {
  let clock: ManualClock;
  let network: SimulatedNetwork;

  function build(weather: Weather = CALM, seed = 7): void {
    clock = new ManualClock();
    network = new SimulatedNetwork({ clock, seed, weather });
  }

  function start(id: bigint): Node {
    const identity = { id, name: `n${id}`, address: `n${id}:1`, clusterId: 'c' };
    const transport = new SimulatedTransport(network, identity);
    const heard: string[] = [];
    const receiver: Partial<RaftReceiver> = {
      onFrame: (_group, from, frame) => void heard.push(`${from}:${frame[0]}@${clock.monotonicMs()}`),
      onUnreachable: (peer) => void heard.push(`${peer} is gone`),
      onQuestion: async (_from, question) => question,
    };
    transport.receive(receiver as RaftReceiver);
    transport.connect([1n, 2n, 3n].map((peer) => ({ id: peer, name: `n${peer}`, address: `n${peer}:1` })));
    return { transport, heard };
  }

  function sendMany(from: Node, to: bigint, count = 200): void {
    for (let at = 0; at < count; at++) from.transport.send(1, to, Uint8Array.of(at));
  }

  function heardInStorm(seed: number, disturb?: (nodes: readonly Node[]) => void): readonly string[] {
    build(ROUGH, seed);
    const nodes = [start(1n), start(2n), start(3n)] as const;
    sendMany(nodes[0], 2n);
    disturb?.(nodes);
    clock.advance(SECOND_MS);
    return nodes[1].heard;
  }

  it('repeats itself for a seed, whatever happens on other links', () => {
    const heard = heardInStorm(7);
    expect(heardInStorm(7)).toEqual(heard);
    expect(heardInStorm(7, ([, , third]) => sendMany(third!, 1n))).toEqual(heard);
    expect(heardInStorm(8)).not.toEqual(heard);
  });

  it('tells nobody of a muted link, and breaks its connections once it is mended', async () => {
    build();
    const [one, two] = [start(1n), start(2n)];
    network.mute('n1:1', 'n2:1');
    sendMany(one, 2n, 3);
    const peer = { name: 'n2', address: 'n2:1' };
    const asking = one.transport.ask(peer, Uint8Array.of(1), new AbortController().signal);
    const refused = expect(asking).rejects.toThrow('UNAVAILABLE');
    clock.advance(SECOND_MS);
    expect([one.heard, two.heard]).toEqual([[], []]);
    network.healAll();
    await refused;
    sendMany(one, 2n, 1);
    clock.advance(SECOND_MS);
    expect(two.heard).toHaveLength(1);
  });

  it('carries frames again once a link is mended that was muted for longer than a queue lasts', () => {
    build();
    const [one, two] = [start(1n), start(2n)];
    network.mute('n1:1', 'n2:1');
    sendMany(one, 2n, 2 * network.queueFrames);
    clock.advance(SECOND_MS);
    network.healAll();
    clock.advance(SECOND_MS);
    sendMany(one, 2n, 1);
    clock.advance(SECOND_MS);
    expect(two.heard).toHaveLength(1);
    expect(one.heard).toContain('2 is gone');
  });

  it('loses, repeats and reorders in rough weather, and none of it in calm', () => {
    const numbers = heardInStorm(7).map((each) => Number(/:(\d+)@/.exec(each)?.[1]));
    expect(new Set(numbers).size).toBeLessThan(200);
    expect(numbers.length).toBeGreaterThan(new Set(numbers).size);
    expect(numbers).not.toEqual(numbers.toSorted((a, b) => a - b));
    build();
    const [one, two] = [start(1n), start(2n)];
    sendMany(one, 2n);
    clock.advance(SECOND_MS);
    expect(two.heard).toHaveLength(200);
    expect(one.heard).toEqual([]);
  });

  it('breaks a connection at a flipped bit, with all that is on it, and lets nobody read it', async () => {
    build();
    const [one, two] = [start(1n), start(2n)];
    let flips = 0;
    network.flip('n1:1', 'n2:1', () => flips++);
    sendMany(one, 2n, 3);
    sendMany(two, 1n, 1);
    clock.advance(SECOND_MS);
    expect(two.heard).toEqual([]);
    expect(one.heard).toEqual(['2:0@1', '2 is gone', '2 is gone', '2 is gone']);
    sendMany(one, 2n, 2);
    clock.advance(SECOND_MS);
    expect([two.heard.length, flips]).toEqual([2, 1]);
  });

  it('breaks a snapshot off where it is told to, and the next try brings the rest', async () => {
    build();
    const [one, two] = [start(1n), start(2n)];
    const kept: number[] = [];
    two.transport.receive({
      keptChunks: async () => kept.length,
      onSnapshot: async (_snapshot, chunks) => {
        for await (const chunk of chunks) kept.push(chunk[0]!);
        kept.push(-1);
      },
    } as Partial<RaftReceiver> as RaftReceiver);
    async function* chunks(first: number): AsyncGenerator<Uint8Array> {
      for (let at = first; at < 4; at++) yield new Uint8Array(10).fill(at);
    }
    let cuts = 0;
    network.cutSnapshot('n1:1', 'n2:1', { permille: 700, onCut: () => cuts++ });
    const snapshot = { id: new Uint8Array(16), frame: Uint8Array.of(1), chunks };
    const sending = one.transport.sendSnapshot(1, 2n, snapshot, new AbortController().signal);
    for (let ms = 0; ms < 90; ms++) await clock.turn().then(() => clock.advance(1));
    expect(kept).toEqual([0, 1]);
    for (let ms = 0; ms < SECOND_MS; ms++) await clock.turn().then(() => clock.advance(1));
    await sending;
    expect([kept, cuts]).toEqual([[0, 1, 2, 3, -1], 1]);
  });

  it('cuts one direction and leaves the other', () => {
    build();
    const [one, two] = [start(1n), start(2n)];
    network.cut('n1:1', 'n2:1');
    sendMany(one, 2n, 1);
    sendMany(two, 1n, 1);
    clock.advance(SECOND_MS);
    expect(two.heard).toEqual([]);
    expect(one.heard).toEqual(['2:0@1', '2 is gone']);
    network.heal('n1:1', 'n2:1');
    sendMany(one, 2n, 1);
    clock.advance(SECOND_MS);
    expect(two.heard).toHaveLength(1);
  });

  it('drops what was on its way to or from a node that crashed, and hears it no more', async () => {
    build();
    const [one, two] = [start(1n), start(2n)];
    sendMany(one, 2n, 1);
    sendMany(two, 1n, 1);
    const asked: string[] = [];
    const { signal } = new AbortController();
    const told = (way: string) => () => void asked.push(way);
    const [ofOne, ofTwo] = [
      { name: 'n1', address: 'n1:1' },
      { name: 'n2', address: 'n2:1' },
    ];
    one.transport.ask(ofTwo, Uint8Array.of(1), signal).catch(told('the one that lives'));
    two.transport.ask(ofOne, Uint8Array.of(1), signal).then(told('answered'), told('the one that crashed'));
    two.transport.crash();
    const again = start(2n);
    for (let ms = 0; ms < SECOND_MS; ms++) {
      clock.advance(1);
      await clock.turn();
    }
    expect([one.heard, two.heard, again.heard]).toEqual([[], [], []]);
    expect(asked).toEqual(['the one that lives']);
    sendMany(one, 2n, 1);
    clock.advance(SECOND_MS);
    expect(again.heard).toHaveLength(1);
  });

  it('tells those who wait at a node that stops', async () => {
    build();
    const [one] = [start(1n), start(2n)];
    const asking = one.transport.ask(
      { name: 'n2', address: 'n2:1' },
      Uint8Array.of(1),
      new AbortController().signal,
    );
    one.transport.stop();
    await expect(asking).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('refuses two listeners at one address (SIM-1)', () => {
    build();
    start(1n);
    expect(() => start(1n)).toThrow('SIM-1');
  });
});
