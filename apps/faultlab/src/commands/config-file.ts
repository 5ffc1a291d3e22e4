import { Composition, loadPlugins, type OwnPlugins } from '../composition/own-plugins.js';
import { readDocument, UsageError } from './plan-file.js';

/** The plugins that a file names; none for no file. */
export async function ownPlugins(path: string | undefined): Promise<OwnPlugins | undefined> {
  if (path === undefined) return undefined;
  const parsed = Composition.safeParse(await readDocument(path));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UsageError(`${path} names no plugins: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  try {
    return await loadPlugins(parsed.data, path);
  } catch (cause) {
    throw new UsageError(`${path}: ${(cause as Error).message}`, { cause });
  }
}
