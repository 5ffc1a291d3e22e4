#!/usr/bin/env node
import { nativeModuleProblem } from '@caisson/kernel';

// Made before Node.js 22, the database's binding ends some later ones where nothing can be caught.
const isProven = process.versions.node.startsWith('20.');
const problem = isProven ? undefined : nativeModuleProblem('rocksdb', import.meta.url);
if (problem === undefined) await import('../dist/main.js');
else {
  process.stderr.write(`${problem} Node.js 20 is known to work.\n`);
  process.exitCode = 78;
}
