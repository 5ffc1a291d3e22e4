import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import { LAYERS } from './tools/layers.mjs';

const SPECS = ['**/*.spec.ts', '**/e2e/**/*.ts', '**/testdata/**/*.ts'];
const TEST_NPM = [
  '@jest/globals',
  'fast-check',
  '@grpc/grpc-js',
  'rocksdb',
  'zod',
  'inversify',
  'reflect-metadata',
  'selfsigned',
];

/** @param {boolean} inSpecs */
const boundaries = (inSpecs) => [
  'error',
  {
    allow: ['../../layers.mjs'],
    enforceBuildableLibDependency: true,
    banTransitiveDependencies: false,
    depConstraints: Object.entries(LAYERS).map(([layer, row]) => ({
      sourceTag: `layer:${layer}`,
      onlyDependOnLibsWithTags: [...row.may, ...(inSpecs ? (row.specs ?? []) : [])].map(
        (name) => `layer:${name}`,
      ),
      allowedExternalImports: [...row.npm, ...(inSpecs ? TEST_NPM : [])].flatMap((name) => [
        name,
        `${name}/*`,
      ]),
    })),
  },
];

export default tseslint.config(
  {
    ignores: [
      'libs/base/ambient.d.ts',
      '**/ambient.d.ts',
      '**/dist',
      '**/out-tsc',
      '**/node_modules',
      '.nx',
      '**/gen/**',
      'tools/*/generators/*/files',
    ],
  },
  ...tseslint.configs.recommended,
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(false),
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  { files: SPECS, rules: { '@nx/enforce-module-boundaries': boundaries(true) } },
);
