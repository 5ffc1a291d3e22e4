import type { Labels, LogFields, Logger, LogLevel, Meter, Peer } from '@caisson/contracts';
import { fullNodeId } from '@caisson/formats';
import { NodeClock, NodeDisk, NodeRandom, NodeSecrets } from '@caisson/platform-node';
import { TransportGrpcConfig } from '../src/config.js';
import { GrpcTransport } from '../src/grpc-transport.js';
import type { ProtocolRange } from '../src/hello.js';
import { Wire } from './wire.js';

export const CLUSTER = new Uint8Array(16).fill(0xc1);
export const OTHER_CLUSTER = new Uint8Array(16).fill(0xc2);

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/** Keeps what is logged. */
export class LogBook implements Logger {
  readonly lines: LogLine[] = [];

  log(level: LogLevel, message: string, fields?: LogFields): void {
    this.lines.push({ level, message, fields });
  }

  child(): Logger {
    return this;
  }
}

/** Adds up what is counted, whatever its labels. */
export class Tally implements Meter {
  readonly #sums = new Map<string, number>();

  of(name: string): number {
    return this.#sums.get(name) ?? 0;
  }

  counter({ name }: { readonly name: string }): { add(amount: number, labels?: Labels): void } {
    return { add: (amount) => void this.#sums.set(name, this.of(name) + amount) };
  }

  gauge({ name }: { readonly name: string }): { set(value: number, labels?: Labels): void } {
    return { set: (value) => void this.#sums.set(name, value) };
  }

  histogram(): { record(): void } {
    return { record: () => undefined };
  }
}

export interface NodeOptions {
  readonly config?: Record<string, unknown>;
  readonly clusterId?: Uint8Array;
  readonly protocol?: ProtocolRange;
}

/** A transport on loopback that others reach over a wire. */
export class TestNode {
  private constructor(
    readonly peer: Peer,
    readonly transport: GrpcTransport,
    readonly wire: Wire,
    /** Where it really listens. */
    readonly listen: string,
    readonly log: LogBook,
    readonly tally: Tally,
  ) {}

  static async start(
    name: string,
    { config = {}, clusterId, protocol }: NodeOptions = {},
  ): Promise<TestNode> {
    const wire = await Wire.create();
    const [log, tally] = [new LogBook(), new Tally()];
    const { timing, ...others } = config;
    const parsed = TransportGrpcConfig.parse({
      listen: `127.0.0.1:${await freePort()}`,
      advertise: wire.address,
      timing: { backoffMsMin: 20, backoffMsMax: 200, ...(timing as object | undefined) },
      ...others,
    });
    wire.lead(Number(parsed.listen.slice(parsed.listen.lastIndexOf(':') + 1)));
    const identity = { name, clusterId: clusterId ?? CLUSTER, format: 1, birth: 'clear' as const };
    const parts = {
      directory: { identity } as never,
      clock: new NodeClock(),
      random: new NodeRandom(),
      disk: new NodeDisk(),
      secrets: new NodeSecrets(new NodeDisk()),
      logger: log,
      meter: tally,
    };
    const transport = new GrpcTransport(parsed, parts, protocol);
    try {
      await transport.start();
    } catch (error) {
      await wire.remove();
      throw error;
    }
    const peer = { id: fullNodeId(name), name, address: transport.address };
    return new TestNode(peer, transport, wire, parsed.listen, log, tally);
  }

  async stop(): Promise<void> {
    this.transport.stop();
    await this.wire.remove();
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const wire = await Wire.create();
  const { address } = wire;
  await wire.remove();
  return Number(address.slice(address.lastIndexOf(':') + 1));
}
