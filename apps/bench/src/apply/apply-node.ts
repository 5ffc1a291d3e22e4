import {
  Applier,
  CONTRACTS_VERSION,
  definePlugin,
  EncryptionService,
  type GroupApplier,
  type Plugin,
  service,
} from '@caisson/contracts';
import { encodeCommand, encodeCommands } from '@caisson/formats';
import { createHost, type Host } from '@caisson/kernel';
import { DEFAULT_PLUGINS, OPTIONAL_PLUGINS, prepareDev } from '@caisson/server';
import { keyAt } from '../load/drive.js';
import { applyEnginePlugin, type ApplyEngine } from './apply-engine.js';

/** What is left of a node when it neither listens nor keeps a log. */
const PLUGINS = [
  'platform-node',
  'data-directory',
  'store-rocksdb',
  'cipher-aes-gcm',
  'kek-file',
  'applier-encryption',
  'applier-kv',
];
const IDLE_OPCODE = 0xf0;

/** An encrypted node in this process that applies what it is given. */
export class ApplyNode {
  #commitTs = BigInt(Date.now()) << 16n;
  #key = 0;

  private constructor(
    readonly host: Host,
    readonly engine: ApplyEngine,
  ) {}

  /** `idleAppliers`: so many more appliers, to which nothing is ever addressed. */
  static async start(folder: string, idleAppliers = 0): Promise<ApplyNode> {
    const { document } = await prepareDev(folder);
    let engine: ApplyEngine | undefined;
    const plugins: Plugin[] = [...DEFAULT_PLUGINS, ...OPTIONAL_PLUGINS].filter(({ id }) =>
      PLUGINS.includes(id),
    );
    plugins.push(applyEnginePlugin((created) => (engine = created)));
    for (let at = 0; at < idleAppliers; at++) plugins.push(idleApplier(IDLE_OPCODE + at));
    const log = { log: { format: 'json', level: 'error' } };
    const host = await createHost({ plugins, sections: { ...document, 'platform-node': log } });
    await host.start();
    const [group] = host.get(EncryptionService).status().groups;
    if (!group?.storageEnvelopeActive || group.raftEnvelopeCutoverIndex === 0)
      throw new RangeError('the node does not encrypt');
    return new ApplyNode(host, engine!);
  }

  /** Puts with as many commands in each entry, to keys of their own. */
  payloads(entries: number, commands: number, value: Uint8Array): readonly Uint8Array[] {
    return Array.from({ length: entries }, () =>
      encodeCommands(Array.from({ length: commands }, () => this.#command(value))),
    );
  }

  async stop(): Promise<void> {
    await this.host.stop();
  }

  #command(value: Uint8Array): Uint8Array {
    const put = { op: 'put' as const, key: keyAt(this.#key++), value, expireAt: 0n };
    const nothing = { readKeys: [], readRanges: [], conditions: [] };
    return encodeCommand({ kind: 'write', commitTs: ++this.#commitTs, ...nothing, mutations: [put] });
  }
}

function idleApplier(opcode: number): Plugin {
  const group: GroupApplier = {
    apply: () => ({ kind: 'applied', result: new Uint8Array(0) }),
    written: () => undefined,
  };
  const applier: Applier = {
    id: `idle-${opcode}`,
    opcodes: [{ first: opcode, last: opcode, alone: false }],
    open: () => Promise.resolve(group),
  };
  return definePlugin({
    id: `applier-idle-${opcode.toString(16)}`,
    contracts: CONTRACTS_VERSION,
    services: () => [service({ provides: Applier, create: () => applier })],
  });
}
