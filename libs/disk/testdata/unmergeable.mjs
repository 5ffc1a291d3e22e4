// Merges a database whose next table file cannot be written, and closes it; says what came of both. A thread
// of this process hangs from then on, so that it can only kill itself.
import { mkdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../dist/index.js';

const [path] = process.argv.slice(2);
const database = new Database(path);
await database.open({ createIfMissing: true });
await database.write(database.batch().put(Buffer.from('a'), Buffer.from('1')), true);
// Where a table file is to be, there is a folder.
for (let at = 0; at < 20; at++) mkdirSync(join(path, `${String(at).padStart(6, '0')}.sst`));
const attempts = {
  compact: () => database.compact(Buffer.from('a'), Buffer.from('b')),
  close: () => database.close(),
};
for (const [name, attempt] of Object.entries(attempts)) {
  const came = await attempt().then(
    () => 'done',
    ({ code }) => code,
  );
  writeSync(1, `${name}: ${came}\n`);
}
process.kill(process.pid, 'SIGKILL');
