/** Names that only few may say, because whoever says them holds something the others must not. */
import { projectsOf } from '../project.js';
import type { Complaint, RepoFile, Rule } from '../rule.js';
import { codeOnly, importsOf, isCode, isSpec, isShipped, linesWith } from '../source.js';

const CONTAINER_PACKAGES = /^(inversify|@inversifyjs\/.*|reflect-metadata(\/.*)?)$/;

export const containerInKernel: Rule = {
  id: 'container-in-kernel',
  why: 'containers change and code stays: only the kernel speaks to Inversify',
  check: (files) =>
    files
      .filter(({ path }) => isCode(path) && !path.startsWith('libs/kernel/'))
      .flatMap((file) =>
        importsOf(file)
          .filter(({ name }) => CONTAINER_PACKAGES.test(name))
          .map(({ name, line }) => ({
            path: file.path,
            line,
            message: `imports ${name}; only libs/kernel may`,
          })),
      ),
};

/**
 * Who defines it, who consumes it, and who assembles or simulates a node. Stores are found by what they
 * provide.
 */
const STORE_KNOWERS = ['libs/contracts/', 'libs/core/encryption/', 'libs/testing/', 'apps/'];
const STORE_TOKEN = /\bUntrustedStores\b/;
const STORE_NEEDED = /\bneeds\s*:\s*\{[^}]*\bUntrustedStores\b/;

export const oneDoorToTheStore: Rule = {
  id: 'one-door-to-the-store',
  why: 'only the encryption layer consumes stores, so nothing else can put plaintext into one',
  check: (files) => {
    const providers = projectsOf(files)
      .map(({ folder }) => `${folder}/`)
      .filter((folder) => provides(folder, files));
    return files
      .filter(({ path }) => isShipped(path) && !isSpec(path))
      .flatMap((file) => knocks(file, providers));
  },
};

function provides(folder: string, files: readonly RepoFile[]): boolean {
  const own = files.filter(({ path }) => path.startsWith(folder) && isShipped(path));
  return own.some((file) => /\bprovides\s*:\s*UntrustedStores\b/.test(codeOnly(file)));
}

function knocks(file: RepoFile, providers: readonly string[]): readonly Complaint[] {
  if (STORE_KNOWERS.some((folder) => file.path.startsWith(folder))) return [];
  const isProvider = providers.some((folder) => file.path.startsWith(folder));
  const lines = linesWith(codeOnly(file), isProvider ? STORE_NEEDED : STORE_TOKEN);
  const message = isProvider
    ? 'needs UntrustedStores; a store provides them and only libs/core/encryption needs them'
    : 'says UntrustedStores; only libs/core/encryption may, others use Store';
  return lines.map((line) => ({ path: file.path, line, message }));
}
