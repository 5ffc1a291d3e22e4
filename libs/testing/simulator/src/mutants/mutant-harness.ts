import { type Mutant, override, type TransportHarness } from '@caisson/compliance';
import type { Peer, RaftReceiver, RaftTransport } from '@caisson/contracts';
import { type HarnessParts, simulatedTransportHarness } from '../transport/transport-harness.js';

export type TransportMutant = Mutant<TransportHarness>;

/** One node's transport, and what a mutant needs to know about its surroundings. */
export interface Planted {
  readonly sound: RaftTransport;
  readonly self: Peer;
  /** Every node of the cluster. */
  readonly all: readonly Peer[];
}

/** What a mutant does differently, towards its node and towards those who call it. */
export interface Plants {
  readonly transport?: Partial<RaftTransport>;
  /** Between the transport and what it delivers to. */
  readonly receiver?: (receiver: RaftReceiver) => Partial<RaftReceiver>;
}

const ALL: readonly Peer[] = [1n, 2n, 3n].map((id) => ({ id, name: `n${id}`, address: `n${id}:7000` }));

/** A sound transport but for what `plant` replaces; planted anew in each node. */
export function mutant(
  name: string,
  breaks: readonly string[],
  plant: (planted: Planted) => Plants,
): TransportMutant {
  return mutantOf(name, breaks, {
    around: (sound, { id, name: own, address }) => {
      const self = { id, name: own, address };
      const { transport = {}, receiver } = plant({ sound, self, all: ALL });
      const receive = (hearing: RaftReceiver) =>
        (transport.receive ?? sound.receive.bind(sound))(override(hearing, receiver?.(hearing) ?? {}));
      return override<RaftTransport>(sound, { ...transport, receive });
    },
  });
}

/** A mutant of the network or of the harness. */
export function mutantOf(name: string, breaks: readonly string[], parts: HarnessParts): TransportMutant {
  const ids = breaks.map((id) => `transport/${id}`);
  return { name, breaks: ids, harness: () => simulatedTransportHarness(parts) };
}
