/** What this library uses of the package, version 0.7; it ships no types. */
declare module 'snappyjs' {
  interface Snappy {
    /** A `Uint8Array` for a `Uint8Array`, in memory of its own. */
    compress(bytes: Uint8Array): Uint8Array;
    /** Throws for what is no stream. */
    uncompress(compressed: Uint8Array, lengthMax: number): Uint8Array;
  }

  const snappy: Snappy;
  export default snappy;
}
