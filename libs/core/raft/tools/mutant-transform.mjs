/** Jest transform: the workspace's own, after patching one source file. */
import swcJest from '@swc/jest';

export default {
  /** @param {{ swc: object, mutant?: import('../mutants/index.mjs').Mutant }} options */
  createTransformer({ swc, mutant }) {
    const inner = swcJest.createTransformer(swc);
    const patched = (/** @type {string} */ source, /** @type {string} */ file) =>
      mutant && file.endsWith(`/src/${mutant.file}`)
        ? source.replace(mutant.find, () => mutant.replace)
        : source;
    return {
      canInstrument: false,
      getCacheKey: (source, file, options) => inner.getCacheKey(patched(source, file), file, options),
      process: (source, file, options) => inner.process(patched(source, file), file, options),
      processAsync: (source, file, options) => inner.processAsync(patched(source, file), file, options),
    };
  },
};
