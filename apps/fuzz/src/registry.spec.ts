import * as formats from '@caisson/formats';
import { campaign, judge, SUBJECTS, type Failure } from './index.js';

const READS = /^(decode|parse|view|split|unescape)[A-Z]/;
const ALSO = ['questionKind', 'payloadOpcode', 'proposalIdOf', 'envelopeKeyId', 'envelopeVersion'];

test('no decoder of the formats is missing', () => {
  const exported = Object.entries(formats as Record<string, unknown>)
    .filter(([name, value]) => typeof value === 'function' && (READS.test(name) || ALSO.includes(name)))
    .map(([name]) => name);
  const covered = new Set(SUBJECTS.flatMap(({ covers }) => covers));
  expect(exported.filter((name) => !covered.has(name))).toEqual([]);
  expect(exported.length).toBeGreaterThan(60);
  expect([...covered].filter((name) => !(name in formats))).toEqual([]);
});

test('no message of a service is missing', () => {
  const services = Object.values(formats).flatMap((module) =>
    typeof module === 'object' ? Object.values(module as object) : [],
  );
  const paths = services
    .filter((each): each is formats.ServiceDescription => 'fullName' in (Object(each) as object))
    .flatMap(({ fullName, methods }) =>
      Object.values(methods).map(({ name }) => `${fullName.replace(/^.*\./, '')}/${name} request`),
    );
  const names = SUBJECTS.map(({ name }) => name);
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((path) => !names.includes(path))).toEqual([]);
});

test('names are unique, because they decide about the inputs', () => {
  expect(new Set(SUBJECTS.map(({ name }) => name)).size).toBe(SUBJECTS.length);
});

test.each(SUBJECTS.filter(({ name }) => !/ (request|response)$/.test(name) || /^[a-z]/.test(name)))(
  '$name: the encodings that hostile ones are made from decode',
  (subject) => {
    for (const seed of subject.seeds) {
      if (subject.name === 'opcode' && seed.length === 0) continue;
      expect(judge(subject, seed)).toEqual({ outcome: 'decoded' });
    }
  },
);

test('every decoder survives what fits into this test', () => {
  const failures: Failure[] = [];
  const tallies = campaign({
    subjects: SUBJECTS,
    inputs: 60_000,
    seed: 20_261_121,
    onFailure: (failure) => void failures.push(failure),
  });
  expect(failures).toEqual([]);
  expect(tallies.reduce((sum, { inputs }) => sum + inputs, 0)).toBe(60_000);
  // A campaign that reaches nothing shows nothing.
  const idle = tallies.filter(({ decoded }) => decoded === 0).map(({ subject }) => subject);
  expect(idle).toEqual([]);
});
