import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import type { ScriptStep } from '@caisson/compliance';
import {
  type Applier,
  type DataDirectory,
  type Faults,
  type KekProvider,
  type Logger,
  Secret,
} from '@caisson/contracts';
import {
  bootstrapPayload,
  EncryptionApplier,
  type GroupSession,
  LocalKek,
  NodeEncryption,
} from '@caisson/encryption';
import {
  type BootstrapWire2,
  decodeBootstrap,
  encodeLifecycle,
  encodeRegisterWriter,
  type WrappedKey,
} from '@caisson/formats';
import { NodeClock, NodeDisk, NodeHashes, NodeRandom } from '@caisson/platform-node';
import { MemoryStores } from '@caisson/store-memory';

const disk = new NodeDisk();
const hashes = new NodeHashes();
const random = new NodeRandom();
const ciphers = [new AesGcmCipher()];
const clusterId = new Uint8Array(16).fill(7);
const logger: Logger = { log: () => undefined, child: () => logger };
const faults: Faults = { degraded: () => undefined, recovered: () => undefined, fatal: () => undefined };

export interface TestNode {
  readonly applier: Applier;
  readonly session: GroupSession;
  readonly node: NodeEncryption;
  close(): Promise<void>;
}

/** A replica over a store in memory, its sidecar in a directory of its own. All share the KEK. */
export async function makeNode(): Promise<TestNode> {
  const path = mkdtempSync(join(tmpdir(), 'applier-encryption-'));
  const directory: DataDirectory = {
    path,
    identity: { name: 'n1', clusterId, format: 1, birth: 'encrypted' },
    encryptionPath: join(path, 'encryption'),
    group: (id) => ({ log: `${path}/${id}`, store: `${path}/${id}`, snapshots: `${path}/${id}` }),
  };
  const node = new NodeEncryption({
    config: { enabled: true, envelopeVersion: 1 },
    stores: new MemoryStores(),
    directory,
    disk,
    ciphers,
    keks: [kek()],
    hashes,
    random,
    clock: new NodeClock(),
    logger,
    faults,
  });
  await node.open();
  const session = await node.openGroup(1);
  await session.beginSealing();
  const close = async () => {
    await session.close();
    node.close();
    rmSync(path, { recursive: true });
  };
  return { applier: new EncryptionApplier(node), session, node, close };
}

/** Registrations before and after a bootstrap, both envelopes, repeats and refusals. */
export async function script(own: bigint): Promise<readonly ScriptStep[]> {
  const bootstrap = await newBootstrap();
  const { storage, raft } = decodeBootstrap(bootstrap) as BootstrapWire2;
  const claim = (dekId: number, fullNodeId: bigint, epoch: number) =>
    encodeRegisterWriter({ dekId, fullNodeId, epoch });
  const enable = (
    sub: 'enableStorageEnvelope' | 'enableRaftEnvelope',
    key: WrappedKey,
    stateIndex: number,
  ) => {
    const keys = [{ ...key, container: new Uint8Array(0) }];
    return encodeLifecycle({
      wire: 2,
      sub,
      clusterId,
      confIndex: 0,
      stateIndex,
      fullNodeId: own,
      epoch: 0,
      keys,
    });
  };
  const steps: readonly [Uint8Array, ScriptStep['expect']][] = [
    [claim(99, 5n, 3), 'applied'],
    [claim(99, 5n, 2), 'refused'],
    [bootstrap, 'applied'],
    [await newBootstrap(), 'refused'],
    [bootstrap, 'applied'],
    [claim(storage.keyId, own + 0x10000n, 1), 'refused'],
    [enable('enableStorageEnvelope', storage, 2), 'refused'],
    [enable('enableStorageEnvelope', storage, 3), 'applied'],
    [enable('enableRaftEnvelope', raft, 8), 'applied'],
    [enable('enableRaftEnvelope', raft, 8), 'applied'],
    [claim(storage.keyId, own, 1), 'applied'],
  ];
  return steps.map(([payload, expect]) => ({ payload, expect }));
}

async function newBootstrap(): Promise<Uint8Array> {
  const { node, session, close } = await makeNode();
  const payload = await bootstrapPayload(node, session);
  await close();
  return payload;
}

function kek(): KekProvider {
  return new LocalKek({
    provider: 'file',
    key: new Secret(new Uint8Array(32).fill(1)),
    ciphers,
    hashes,
    random,
  });
}
