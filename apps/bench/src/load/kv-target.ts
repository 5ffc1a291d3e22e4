/** Whatever takes puts and answers gets. A put that resolves is durable; a get is linearizable. */
export interface KvTarget {
  put(key: Uint8Array, value: Uint8Array): Promise<void>;
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  close(): void;
}
