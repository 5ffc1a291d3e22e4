import {
  type AnyService,
  KekProvider,
  RaftLogs,
  RaftTransport,
  type Token,
  UntrustedStores,
} from '@caisson/contracts';
import { type KeyService, type Life, mortal } from '@caisson/simulator';
import type { OwnPlugins } from '../composition/own-plugins.js';
import type { Lineage } from '../oracles/lineage.js';
import type { Rows } from '../oracles/rows.js';
import type { Recorder } from '../trace/recorder.js';
import type { Equipment, KeyServices } from './equipment.js';
import type { HostParts } from './host.js';
import type { Taps } from './taps.js';

export interface OwnPartsTools {
  readonly plugins: OwnPlugins | undefined;
  readonly node: string;
  readonly life: Life;
  /** Of the group's store. */
  readonly path: string;
  readonly taps: Taps;
  readonly lineage: Lineage;
  readonly rows: Rows;
  readonly keys: KeyServices;
  readonly recorder: Recorder | undefined;
}

/** What plugins of somebody else give to one process, as mortal as the rest and under the same eyes. */
export class OwnParts {
  readonly services: readonly AnyService[];
  readonly #tools: OwnPartsTools;

  constructor(tools: OwnPartsTools) {
    this.#tools = tools;
    this.services = tools.plugins?.services() ?? [];
  }

  /** What is left of that which the simulation gives. */
  without(given: HostParts['given']): HostParts['given'] {
    return given.filter(([{ cardinality, key }]) => cardinality === 'list' || !this.#provides(key));
  }

  /** The key services that are still those of the simulation: an own one takes the place of the first. */
  keyServices(equipment: Equipment): readonly KeyService[] {
    const configured = this.#tools.keys.configuredAt(equipment);
    return this.#provides(KekProvider.key) ? configured.slice(1) : configured;
  }

  around(token: string, instance: unknown): unknown {
    const { keys, life, lineage, node, path, recorder, rows, taps } = this.#tools;
    if (token === RaftTransport.name) return taps.transport(instance as RaftTransport);
    if (token === KekProvider.name) {
      const tapped = taps.keks(keys.around(instance as KekProvider, node));
      return recorder?.keks(node, tapped) ?? tapped;
    }
    if (token === UntrustedStores.name)
      return rows.stores(node, path, mortal(instance as UntrustedStores, life));
    if (token !== RaftLogs.name) return instance;
    return mortal(taps.logs(lineage.logs(node, mortal(instance as RaftLogs, life))), life);
  }

  #provides(key: Token<unknown>['key']): boolean {
    return this.services.some(({ provides }) => provides.key === key);
  }
}
