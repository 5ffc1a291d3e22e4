export { HeldDirectory } from './held-directory.js';
export { initialiseDirectory, type Initialisation } from './initialise.js';
export {
  decodeNodeFile,
  DIRECTORY_FORMAT_VERSION,
  encodeNodeFile,
  isNodeName,
  NODE_NAME_BYTES_MAX,
} from './node-file.js';
export { dataDirectory, dataDirectory as plugin, DEFAULT_PATH } from './plugin.js';
