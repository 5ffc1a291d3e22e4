'use strict';

const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { generateFiles, installPackagesTask, updateJson } = require('@nx/devkit');
const { classOf, importLine } = require('./contract.cjs');
const { KINDS } = require('./kinds.cjs');

const CONTRACTS = 'libs/contracts/src';

/**
 * @param {import('@nx/devkit').Tree} tree
 * @param {{ name: string, skipInstall?: boolean }} options
 */
module.exports = async function plugin(tree, { name, skipInstall = false }) {
  const root = `libs/plugins/${name}`;
  if (tree.exists(root)) throw new Error(`${root} exists already`);
  const [kind = '', ...variant] = name.split('-');
  const { provides } = KINDS[kind] ?? {};
  if (provides === undefined || variant.length === 0) {
    throw new Error(`"${name}" is not kind-variant; kinds are ${Object.keys(KINDS).join(', ')}`);
  }
  const sources = contractSources(tree);
  const classes = provides.map(({ token, noun }) => {
    const className = `${pascal(variant)}${noun}`;
    return { token, className, file: kebab(className) };
  });
  const contractsImport = importLine('@caisson/contracts', [
    ...provides.map(({ token }) => token),
    'CONTRACTS_VERSION',
    'definePlugin',
    'service',
  ]);
  const { version } = JSON.parse(tree.read('package.json', 'utf8') ?? '{}');
  const specs = join(__dirname, 'files/specs', kind);
  const isOffered = existsSync(join(specs, 'compliance.ts.template'));
  const words = { name, plugin: camel(name.split('-')), classes, contractsImport, isOffered, version };
  generateFiles(tree, join(__dirname, 'files/library'), root, words);
  generateFiles(tree, specs, `${root}/src`, words);
  for (const { token, className, file } of classes) {
    tree.write(`${root}/src/${file}.ts`, classOf(sources, token, className));
  }
  updateJson(tree, 'tsconfig.json', (json) => ({
    ...json,
    references: [...json.references, { path: `./${root}` }],
  }));
  // Links the new package and puts it into the lockfile; `nx sync` then writes its project references.
  return skipInstall ? () => undefined : () => installPackagesTask(tree, true);
};

/** @param {import('@nx/devkit').Tree} tree */
function contractSources(tree) {
  const names = tree.children(CONTRACTS).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  const errors = tree.children(`${CONTRACTS}/errors`).filter((name) => !name.endsWith('.spec.ts'));
  const paths = [...names, ...errors.map((name) => `errors/${name}`)].map((name) => `${CONTRACTS}/${name}`);
  return paths.map((path) => ({ path, text: tree.read(path, 'utf8') ?? '' }));
}

/** @param {readonly string[]} words */
function pascal(words) {
  return words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join('');
}

/** @param {readonly string[]} words */
function camel([first = '', ...rest]) {
  return `${first}${pascal(rest)}`;
}

/** @param {string} name */
function kebab(name) {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
}
