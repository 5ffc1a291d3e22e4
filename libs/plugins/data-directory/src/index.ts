export { HeldDirectory } from './held-directory.js';
export {
  type FirstOfCluster,
  initialiseDirectory,
  type Initialisation,
  type JoiningCluster,
  type NewNode,
} from './initialise.js';
export {
  decodeNodeFile,
  DIRECTORY_FORMAT_VERSION,
  encodeNodeFile,
  isNodeName,
  NODE_NAME_BYTES_MAX,
} from './node-file.js';
export { dataDirectory, dataDirectory as plugin, DEFAULT_PATH } from './plugin.js';
