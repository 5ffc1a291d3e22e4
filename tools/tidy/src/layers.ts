/** The table of layers belongs to the workspace, above every project; ESLint reads the same file. */
export { LAYERS, type Layer } from '../../layers.mjs';
