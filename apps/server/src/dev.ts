import type { Birth } from '@caisson/contracts';
import type { ConfigDocument } from '@caisson/kernel';
import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { initialiseNode } from './initialise.js';

/** The embedded default of `npm start`: a folder that holds everything, and can be thrown away. */
export interface DevSetup {
  readonly document: ConfigDocument;
  readonly dataDir: string;
  readonly kekPath: string;
  readonly created: boolean;
}

/** Makes `<folder>/data` and a development KEK beside it the first time; uses them again afterwards. */
export async function prepareDev(folder: string, birth: Birth = 'encrypted'): Promise<DevSetup> {
  const dataDir = resolve(folder, 'data');
  const kekPath = resolve(folder, 'dev-kek.key');
  const created = !(await exists(join(dataDir, 'node.json')));
  if (created) await initialiseNode({ dataDir, name: 'dev', birth, kekPath });
  const document: ConfigDocument = {
    'platform-node': { log: { format: 'pretty' } },
    'data-directory': { path: dataDir },
    ...(birth === 'encrypted'
      ? { 'kek-file': { path: kekPath } }
      : { 'applier-encryption': { enabled: false } }),
  };
  return { document, dataDir, kekPath, created };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
