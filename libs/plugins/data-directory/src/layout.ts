/** Names inside the directory of a node. */
export const LAYOUT = Object.freeze({
  lock: 'LOCK',
  node: 'node.json',
  nodeTemporary: 'node.json.tmp',
  encryption: 'encryption',
  groups: 'groups',
});
