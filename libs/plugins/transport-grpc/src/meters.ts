import type { Counter, Gauge, Meter } from '@caisson/contracts';

const PEER = ['peer'] as const;

/** What the transport counts, per peer by its name. Counts nothing where there is no meter. */
export class TransportMeters {
  readonly framesSent: Counter;
  readonly batchesSent: Counter;
  readonly bytesSent: Counter;
  readonly framesReceived: Counter;
  readonly bytesReceived: Counter;
  readonly framesDropped: Counter;
  readonly connects: Counter;
  readonly connected: Gauge;
  readonly snapshotBytesSent: Counter;
  readonly snapshotBytesReceived: Counter;

  constructor(meter: Meter | undefined) {
    const counter = (name: string, help: string): Counter =>
      meter?.counter({ name, help, labels: PEER }) ?? { add: () => undefined };
    this.framesSent = counter('peer_frames_sent_total', 'Raft messages handed to a connection.');
    this.batchesSent = counter('peer_batches_sent_total', 'Writes that carried them.');
    this.bytesSent = counter('peer_sent_bytes_total', 'Bytes of Raft messages handed to a connection.');
    this.framesReceived = counter('peer_frames_received_total', 'Raft messages received.');
    this.bytesReceived = counter('peer_received_bytes_total', 'Bytes of Raft messages received.');
    this.framesDropped = counter('peer_frames_dropped_total', 'Raft messages that found no room or no peer.');
    this.connects = counter('peer_connects_total', 'Connections made to a peer.');
    this.snapshotBytesSent = counter('peer_snapshot_sent_bytes_total', 'Bytes of snapshots sent.');
    this.snapshotBytesReceived = counter('peer_snapshot_received_bytes_total', 'Bytes of snapshots taken.');
    const connected = { name: 'peer_connected', help: '1 while frames can be sent to a peer.', labels: PEER };
    this.connected = meter?.gauge(connected) ?? { set: () => undefined };
  }
}
