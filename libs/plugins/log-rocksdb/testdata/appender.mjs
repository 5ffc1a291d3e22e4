// Appends to the log in the directory named by its argument until it is killed, and says what has resolved.
import { writeSync } from 'node:fs';
import { RocksdbLogs } from '../dist/index.js';

const log = await new RocksdbLogs().open(process.argv[2]);
for (let index = log.last + 1; ; index++) {
  const data = new Uint8Array(2000).fill(index);
  const hardState = { term: 1, vote: 1n, commit: index };
  await log.append({ entries: [{ index, term: 1, kind: 'normal', data }], hardState });
  writeSync(1, `${index}\n`);
}
