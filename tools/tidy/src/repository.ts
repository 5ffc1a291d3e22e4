import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RepoFile } from './rule.js';

/** The root of the workspace, the same distance from `src` and from `dist`. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Every text file that is committed or could be: what git tracks, and what it sees and does not ignore. */
export function readRepository(root: string = ROOT): readonly RepoFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const paths = [...new Set(listed.split('\0'))].filter(
    (path) => path !== '' && existsSync(join(root, path)),
  );
  return paths.sort().flatMap((path) => readText(root, path));
}

function readText(root: string, path: string): RepoFile[] {
  const full = join(root, path);
  const { mode } = statSync(full);
  const bytes = readFileSync(full);
  if (bytes.includes(0)) return [{ path, text: '' }];
  return [{ path, text: bytes.toString('utf8'), isExecutable: (mode & 0o100) !== 0 }];
}
