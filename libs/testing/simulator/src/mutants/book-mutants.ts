import type { Peer, RaftReceiver } from '@caisson/contracts';
import { mutant, mutantOf, type TransportMutant } from './mutant-harness.js';

export const bookMutants: readonly TransportMutant[] = [
  mutant('NamesAnotherAddress', ['says-where-it-is-reached'], () => ({
    transport: { address: '0.0.0.0:7000' },
  })),
  mutant('ListensToAnybody', ['refuses-a-peer-that-is-not-in-its-book'], ({ sound, all }) => ({
    transport: { connect: () => sound.connect(all) },
  })),
  mutant('IsNeverAlone', ['refuses-everybody-while-it-is-alone'], ({ sound, self }) => ({
    transport: { connect: (peers) => sound.connect(peers.filter(({ id }) => id !== self.id)) },
  })),
  mutant('WaitsForNobody', ['takes-any-proven-peer-while-its-book-is-empty'], ({ sound, self }) => {
    sound.connect([self]);
    return {};
  }),
  mutant('KeepsOldPeers', ['lets-go-of-peers-that-left-its-book'], ({ sound }) => {
    const book = new Map<bigint, Peer>();
    const connect = (peers: readonly Peer[]) => {
      for (const peer of peers) book.set(peer.id, peer);
      sound.connect([...book.values()]);
    };
    return { transport: { connect } };
  }),
  mutant('KeepsOldAddresses', ['follows-a-peer-that-moved'], ({ sound }) => {
    const first = new Map<bigint, Peer>();
    const connect = (peers: readonly Peer[]) => {
      for (const peer of peers) if (!first.has(peer.id)) first.set(peer.id, peer);
      sound.connect(peers.map(({ id }) => first.get(id)!));
    };
    return { transport: { connect } };
  }),
  mutant('ConnectsAnew', ['keeps-connections-to-peers-that-stay'], ({ sound }) => {
    let hearing: RaftReceiver | undefined;
    const connect = (peers: readonly Peer[]) => {
      sound.connect(peers);
      for (const { id } of peers) hearing?.onUnreachable(id);
    };
    const receiver = (receiver: RaftReceiver) => {
      hearing = receiver;
      return {};
    };
    return { transport: { connect }, receiver };
  }),
  mutantOf('MixesClusters', ['refuses-another-cluster', 'asks-no-other-cluster'], {
    strangersCluster: 'ours',
  }),
];
