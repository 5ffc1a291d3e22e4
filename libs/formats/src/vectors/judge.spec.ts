import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { judgeVectors, type VectorCrypto } from '../index.js';

const FROZEN = readFileSync(new URL('../../testdata/v1/vectors.json', import.meta.url), 'utf8');
const TAG_BYTES = 16;

/** The platform's own AES-GCM, so that the judged bytes do not depend on this project's cipher. */
const crypto: VectorCrypto = {
  seal(key, nonce, aad, plaintext) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
    return new Uint8Array(Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]));
  },
  open(key, nonce, aad, sealed) {
    const cipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(aad);
    cipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    try {
      return new Uint8Array(Buffer.concat([cipher.update(sealed.subarray(0, -TAG_BYTES)), cipher.final()]));
    } catch {
      return undefined;
    }
  },
};

type Json = { [name: string]: Json } | Json[] | string | number;
type Path = readonly (string | number)[];

function leaves(value: Json, path: Path = []): Path[] {
  if (typeof value !== 'object') return path.at(-1) === 'note' ? [] : [path];
  return Object.entries(value).flatMap(([name, member]) => leaves(member, [...path, name]));
}

function edited(path: Path, edit: (holder: Record<string, Json>, name: string) => void): Json {
  const copy = JSON.parse(FROZEN) as Json;
  let holder = copy as Record<string, Json>;
  for (const name of path.slice(0, -1)) holder = holder[name] as Record<string, Json>;
  edit(holder, String(path.at(-1)));
  return copy;
}

function otherThan(value: Json | undefined): Json {
  if (typeof value === 'number') return value === 0 ? 1 : value - 1;
  const text = String(value);
  if (text === '') return '00';
  return text.slice(0, -1) + (text.endsWith('1') ? '2' : '1');
}

const PATHS = leaves(JSON.parse(FROZEN) as Json);
const label = (path: Path) => path.join('.');

test('the frozen vectors agree with the codecs', () => {
  const verdict = judgeVectors(JSON.parse(FROZEN), crypto);
  expect(verdict.mismatches).toEqual([]);
  expect(verdict).toMatchObject({ bad: 0 });
  expect(verdict.ok).toBeGreaterThan(PATHS.length / 2);
});

test('every field is needed: without it something is bad', () => {
  const unnoticed = PATHS.filter((path) => {
    const file = edited(path, (holder, name) => delete holder[name]);
    return judgeVectors(file, crypto).bad === 0;
  });
  expect(unnoticed.map(label)).toEqual([]);
});

test('every field is judged: with another value something is bad', () => {
  const unnoticed = PATHS.filter((path) => {
    const file = edited(path, (holder, name) => (holder[name] = otherThan(holder[name])));
    return judgeVectors(file, crypto).bad === 0;
  });
  // A proposal id stands outside the envelope: the vectors hold no bytes that depend on it.
  expect(unnoticed.map(label)).toEqual(['raftEnvelopes.0.proposalId', 'raftEnvelopes.1.proposalId']);
});

test('a section or field that is not known is bad', () => {
  const section = { ...(JSON.parse(FROZEN) as object), surprises: [] };
  expect(judgeVectors(section, crypto)).toMatchObject({ bad: 1 });
  const field = edited(['nonces', 0, 'nonce'], (holder) => (holder['salt'] = '00'));
  expect(judgeVectors(field, crypto)).toMatchObject({ bad: 1 });
});

test('a file without sections has no checks, and what is no object is bad', () => {
  expect(judgeVectors({}, crypto)).toEqual({ ok: 0, bad: 0, mismatches: [] });
  expect(judgeVectors([], crypto)).toMatchObject({ ok: 0, bad: 1 });
});
