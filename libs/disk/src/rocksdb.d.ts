declare module 'rocksdb' {
  const RocksDb: new (location: string) => import('./binding.js').Binding;
  export default RocksDb;
}
