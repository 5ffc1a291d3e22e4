import type { LoadHook } from 'node:module';
import type { Patch } from './patches.js';

type Planted = Pick<Patch, 'file' | 'edits'>;

let planted: readonly Planted[] = [];

/** Runs in the thread that loads modules. */
export function initialize(patches: readonly Planted[]): void {
  planted = patches;
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context);
  const patch = planted.find(({ file }) => url.endsWith(`/${file}.js`));
  return patch === undefined ? loaded : { ...loaded, source: patched(String(loaded.source), patch) };
};

/** The text with every edit made; each must fit exactly once, or the bug is not the one that was meant. */
export function patched(source: string, { edits, file }: Planted): string {
  return edits.reduce((text, [find, replace]) => {
    const places = text.split(find).length - 1;
    if (places !== 1) throw new SyntaxError(`${file} has ${places} places like: ${find}`);
    return text.replace(find, () => replace);
  }, source);
}
