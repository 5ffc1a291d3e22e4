import { fromUtf8, toHex, toUtf8 } from '@caisson/base';
import { ManualClock } from '@caisson/compliance';
import type { KeyOrder, KeyProgress, KvService, LogLevel, NodeIdentity } from '@caisson/contracts';
import { SimulatedNetwork } from '@caisson/simulator';
import { ENGINE } from '../../src/cluster/engine.js';
import { Ledger } from './ledger.js';
import type { Media } from './media.js';
import { LabNode, type Setting, textOf } from './node.js';

const WITHIN_MS = 30_000;
/** After that long a write is tried again. */
const ANSWER_MS = 2000;
const FIRST_ID = new Uint8Array(16).fill(7);

const DEFAULTS: Setting = {
  enabled: true,
  envelopeVersion: 2,
  keks: [1],
  engine: ENGINE,
  kv: {},
  skewMs: 0,
  stores: (sound) => sound,
  logs: (sound) => sound,
  transport: (sound) => sound,
  around: (_token, instance) => instance,
};

export interface LabOptions extends Partial<Setting> {
  readonly birth?: NodeIdentity['birth'];
  readonly seed?: number;
  readonly clusterId?: Uint8Array;
  /** Shared with another lab whose seals count as well. */
  readonly ledger?: Ledger;
}

const drained = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whole nodes in one process and in virtual time, each on media of its own that images are taken of. */
export class Lab {
  readonly clock = new ManualClock();
  readonly network: SimulatedNetwork;
  readonly ledger: Ledger;
  readonly nodes: LabNode[] = [];
  readonly lines: string[] = [];
  readonly #options: LabOptions;
  readonly #setting: Setting;

  constructor({ birth = 'encrypted', seed = 1, clusterId = FIRST_ID, ledger, ...setting }: LabOptions = {}) {
    this.#options = { birth, clusterId };
    this.#setting = { ...DEFAULTS, ...setting };
    this.ledger = ledger ?? new Ledger();
    this.network = new SimulatedNetwork({ clock: this.clock, seed });
  }

  /** A cluster of so many voters, the first of them its founder. */
  static async of(voters: number, options: LabOptions = {}): Promise<Lab> {
    const lab = new Lab(options);
    await lab.settled(lab.add('n1').start());
    await lab.until('the founder leads', () => lab.leader !== undefined);
    while (lab.nodes.length < voters) await lab.grow();
    return lab;
  }

  /** A node that was not started. The first founds the cluster. */
  add(name: string, changes: Partial<Setting> & { media?: Media; address?: string } = {}): LabNode {
    const node = this.#make(name, this.nodes.length > 0, changes);
    this.nodes.push(node);
    return node;
  }

  /** Another machine under the name, with nothing on its disks: not started, and to be let in. */
  renew(name: string): LabNode {
    const node = this.#make(name, true, {});
    const at = this.nodes.findIndex((each) => each.name === name);
    this.nodes[at]?.kill();
    this.nodes.splice(at < 0 ? this.nodes.length : at, 1, node);
    return node;
  }

  #make(
    name: string,
    joined: boolean,
    changes: Partial<Setting> & { media?: Media; address?: string },
  ): LabNode {
    const { media, address, ...setting } = changes;
    const { birth, clusterId } = this.#options;
    const identity = { name, clusterId: clusterId!, format: 1, birth: birth!, ...(joined && { joined }) };
    return new LabNode(
      {
        identity,
        setting: { ...this.#setting, ...setting },
        ...(media && { media }),
        ...(address !== undefined && { address }),
      },
      {
        clock: this.clock,
        network: this.network,
        ledger: this.ledger,
        log: (level: LogLevel, text: string) => void this.lines.push(`${level} ${text}`),
        seed: () => this.ledger.nextSeed(),
      },
    );
  }

  /** Another voter, or learner. */
  async grow(role: 'voter' | 'learner' = 'voter', changes: Partial<Setting> = {}): Promise<LabNode> {
    const node = this.add(`n${this.nodes.length + 1}`, changes);
    await this.settled(node.start());
    await this.letIn(node, role);
    return node;
  }

  async letIn(node: LabNode, role: 'voter' | 'learner' = 'voter'): Promise<void> {
    const { name, address } = node;
    const { engine, group } = await this.led();
    const stated = { name, address, clientAddress: `${name}:8000` };
    await this.settled(engine.changeMembership(1, { kind: 'addLearner', ...stated }));
    await this.until(`${name} has caught up`, () => node.group.status().applied >= group.status().applied);
    if (role === 'learner') return;
    await this.settled(engine.changeMembership(1, { kind: 'promote', name }));
  }

  node(name: string): LabNode {
    return this.nodes.find((node) => node.name === name)!;
  }

  get up(): readonly LabNode[] {
    return this.nodes.filter(({ isUp }) => isUp);
  }

  get leader(): LabNode | undefined {
    return this.up.find(({ group }) => group.status().leads);
  }

  async led(): Promise<LabNode> {
    for (;;) {
      await this.until('somebody leads', () => this.leader !== undefined);
      const { leader } = this;
      if (leader !== undefined) return leader;
    }
  }

  end(): void {
    for (const node of this.nodes) node.kill();
  }

  async pass(ms = 1): Promise<void> {
    for (let passed = 0; passed < ms; passed++) {
      this.clock.advance(1);
      await drained();
    }
  }

  async until(what: string, isTrue: () => boolean, withinMs = WITHIN_MS): Promise<void> {
    for (let passed = 0; passed < withinMs && !isTrue(); passed++) await this.pass();
    if (isTrue()) return;
    const words = this.nodes.map((node) =>
      node.isUp ? this.#standing(node) : `${node.name}: down ${textOf(node.fatal)}`,
    );
    const told = this.lines.filter((line) => !line.startsWith('debug')).slice(-20);
    throw new RangeError([`never: ${what}`, ...words, ...told].join('\n'));
  }

  /** Lets time pass until the promise settles. */
  async settled<T>(pending: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = () => void (isSettled = true);
    pending.then(settle, settle);
    await this.until('it settles', () => isSettled);
    return pending;
  }

  /** The code with which it failed. */
  async failure(pending: Promise<unknown>): Promise<string> {
    const settled = pending.then(
      () => 'nothing failed',
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    );
    return this.settled(settled);
  }

  /** Repeated until somebody answers. */
  async write(key: string, value: string): Promise<void> {
    await this.writeAll(new Map([[key, value]]));
  }

  /** All at once, and again what is refused or never answered, until each is acknowledged. */
  async writeAll(
    pairs: ReadonlyMap<string, string>,
    onFailure: (code: string) => void = () => undefined,
  ): Promise<void> {
    for (let left = [...pairs]; left.length > 0; ) {
      await this.led();
      const kv = this.leader?.kv;
      if (kv === undefined) continue;
      const tried = left.map((pair) => this.#put(kv, pair, onFailure));
      const isDone = await this.settled(Promise.all(tried));
      left = left.filter((_, at) => !isDone[at]);
    }
  }

  async #put(
    kv: KvService,
    [key, value]: [string, string],
    onFailure: (code: string) => void,
  ): Promise<boolean> {
    const late = new AbortController();
    const mutations = [{ op: 'put' as const, key: toUtf8(key), value: toUtf8(value) }];
    const silence = this.clock.sleep(ANSWER_MS, late.signal).then(
      () => 'NO_ANSWER',
      () => 'NO_ANSWER',
    );
    const writing = kv.write({ mutations }, {}).then(
      () => undefined,
      (error: { code?: string }) => error.code ?? String(error),
    );
    const failure = await Promise.race([writing, silence]);
    late.abort();
    if (failure !== undefined) onFailure(failure);
    return failure === undefined;
  }

  async read(node: LabNode, key: string): Promise<string | undefined> {
    const { found } = await this.settled(node.kv.get({ key: toUtf8(key) }, {}));
    return found && fromUtf8(found.value);
  }

  /** Every pair that the node has. */
  async pairs(node: LabNode): Promise<ReadonlyMap<string, string>> {
    const all = new Map<string, string>();
    let continuation: Uint8Array | undefined;
    do {
      const page = node.kv.scan({ from: new Uint8Array(0), ...(continuation && { continuation }) }, {});
      const { pairs, continuation: next } = await this.settled(page);
      for (const { key, value } of pairs) all.set(fromUtf8(key)!, fromUtf8(value!)!);
      continuation = next;
    } while (continuation !== undefined);
    return all;
  }

  /** Carries an order about keys out. */
  async order(steps: AsyncIterable<KeyProgress>): Promise<readonly string[]> {
    return this.settled(stepsOf(steps));
  }

  async enable(layer: 'storage' | 'raft', options: KeyOrder = {}): Promise<void> {
    const { keys } = await this.led();
    const order =
      layer === 'storage' ? keys.enableStorageEnvelope(options, {}) : keys.enableRaftEnvelope(options, {});
    await this.order(order);
  }

  async rotate(purpose: 'storage' | 'raft'): Promise<void> {
    const { keys } = await this.led();
    await this.order(keys.rotate({ purpose }, {}));
  }

  /** All that run have applied the same, and are registered. */
  async even(nodes: readonly LabNode[] = this.nodes): Promise<void> {
    await this.led();
    const isRegistered = ({ encryption }: LabNode) =>
      !encryption.enabled || encryption.groups[0]?.registered === true;
    const isEven = () => new Set(nodes.map(({ group }) => group.status().applied)).size === 1;
    await this.until(
      'all are even',
      () => nodes.every((node) => node.isUp && isRegistered(node)) && isEven(),
    );
  }

  /** Everything a replica holds, opened. */
  async rows(node: LabNode): Promise<ReadonlyMap<string, string>> {
    const view = node.group.store.view();
    const rows = new Map<string, string>();
    const cursor = view.scan({ from: new Uint8Array(0) });
    for (let page = await cursor.next(); page.length > 0; page = await cursor.next()) {
      for (const { key, value } of page) rows.set(toHex(key), toHex(value));
    }
    await view.close();
    return rows;
  }

  /** Nothing passes between it and the others any more. */
  isolate(node: LabNode): void {
    for (const other of this.nodes) {
      if (other === node) continue;
      this.network.cut(node.address, other.address);
      this.network.cut(other.address, node.address);
    }
  }

  heal(): void {
    this.network.healAll();
  }

  #standing({ name, group }: LabNode): string {
    const { applied, durable, leader, leadership } = group.status();
    return `${name}: applied ${applied}, durable ${durable}, term ${leadership} of ${leader}`;
  }
}

export async function stepsOf(steps: AsyncIterable<KeyProgress>): Promise<readonly string[]> {
  const said: string[] = [];
  for await (const { step, members } of steps) said.push(members ? `${step} ${members.join(' ')}` : step);
  return said;
}
