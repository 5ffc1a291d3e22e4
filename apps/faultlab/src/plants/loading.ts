import { readFileSync } from 'node:fs';
import { register } from 'node:module';
import { filesOf, PATCHES } from './patches.js';

const LOADED = Symbol.for('caisson.faultlab.plant');

type Holder = Record<symbol, string | undefined>;

/** The bug that is planted into the sources of this process. */
export function loadedPlant(): string | undefined {
  return (globalThis as unknown as Holder)[LOADED];
}

/**
 * Plants what the arguments of the program name, by `--plant` or in the plan of `--plan`. To be called before
 * anything of the product is loaded; bugs that need no other sources are left to others.
 */
export function plantSources(args: readonly string[]): void {
  const name = valueOf(args, '--plant') ?? plantOf(valueOf(args, '--plan'));
  const patch = name === undefined ? undefined : PATCHES[name];
  if (name === undefined || patch === undefined) return;
  register('./source-hooks.js', import.meta.url, { data: filesOf(patch) });
  (globalThis as unknown as Holder)[LOADED] = name;
}

function valueOf(args: readonly string[], option: string): string | undefined {
  const at = args.indexOf(option);
  if (at >= 0) return args[at + 1];
  return args.find((arg) => arg.startsWith(`${option}=`))?.slice(option.length + 1);
}

/** What is wrong with the file is said by whoever reads it in earnest. */
function plantOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    const { plant } = JSON.parse(readFileSync(path, 'utf8')) as { plant?: unknown };
    return typeof plant === 'string' ? plant : undefined;
  } catch {
    return undefined;
  }
}
