export { FileKek, type FileKekParts } from './file-kek.js';
export { kekFile, kekFile as plugin } from './plugin.js';
