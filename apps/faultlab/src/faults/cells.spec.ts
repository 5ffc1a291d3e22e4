import type { StormCluster } from '../cluster/cluster.js';
import { Cells, CELLS, emptyCells } from './cells.js';
import type { Fault } from './fault.js';

const members = [
  { name: 'n1', role: 'voter' },
  { name: 'n2', role: 'voter' },
  { name: 'n4', role: 'learner' },
];

function cellsOf(machines: readonly object[] = []): Cells {
  const cluster = { isEncrypted: false, leader: { name: 'n1' }, members, machines, up: [] };
  return new Cells(cluster as unknown as StormCluster);
}

const crash = (node: string): Fault => ({ kind: 'crash', node });

test('a fault is counted by what its target is to the others', () => {
  const cells = cellsOf();
  const targets = ['n1', 'n2', 'n4'].map((node) => cells.cellOf(crash(node)));
  expect(targets).toEqual(['crash leader clear', 'crash follower clear', 'crash learner clear']);
  expect(cells.cellOf({ kind: 'powerLoss' })).toBe('powerLoss clear');
});

test('a fault is counted by what goes on, an order before a start', () => {
  const cells = cellsOf([{ process: {}, isUp: false }]);
  expect(cells.cellOf(crash('n2'))).toBe('crash follower boot');
  cells.begins('rotate-storage');
  expect(cells.cellOf(crash('n2'))).toBe('crash follower rotation');
  cells.begins('enable-raft');
  expect(cells.cellOf(crash('n2'))).toBe('crash follower cutover');
  cells.ends('enable-raft');
  cells.ends('rotate-storage');
  expect(cells.cellOf(crash('n2'))).toBe('crash follower boot');
});

test('what was not met is listed, and what nobody declared is not counted', () => {
  const cells = cellsOf();
  cells.count('crash leader clear');
  cells.count('heal clear');
  expect(cells.counts).toEqual({ 'crash leader clear': 1 });
  expect(emptyCells(cells.counts)).toHaveLength(CELLS.length - 1);
  expect(emptyCells(cells.counts)).not.toContain('crash leader clear');
  expect(new Set(CELLS).size).toBe(CELLS.length);
});
