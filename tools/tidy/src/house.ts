import { ERRORS } from '@caisson/contracts';
import { LAYERS } from './layers.js';
import type { Rule } from './rule.js';
import { bannedWords } from './rules/banned-words.js';
import { budgets } from './rules/budgets.js';
import { discretion, portableLockfile } from './rules/discretion.js';
import { productionClosure } from './rules/closure.js';
import { containerInKernel, oneDoorToTheStore } from './rules/doors.js';
import { realErrorCodes } from './rules/error-codes.js';
import { invariants } from './rules/invariants.js';
import { links } from './rules/links.js';
import { layeredManifests, pinnedVersions, reasonedDependencies } from './rules/manifests.js';
import { moduleState } from './rules/module-state.js';
import { names } from './rules/names.js';
import { writtenPages } from './rules/pages.js';
import { compliantPlugins, executableStubs, honestTests } from './rules/tests.js';
import { PAGES } from './written.js';

const GRPC_STATUSES = Object.values(ERRORS).map(({ grpc }) => grpc);

/** Every rule of the house. A rule that review has to repeat belongs here. */
export const HOUSE_RULES: readonly Rule[] = [
  layeredManifests(LAYERS),
  containerInKernel,
  oneDoorToTheStore,
  moduleState,
  bannedWords,
  budgets,
  names,
  writtenPages(PAGES),
  realErrorCodes(Object.keys(ERRORS), GRPC_STATUSES),
  invariants,
  compliantPlugins,
  honestTests,
  executableStubs,
  links,
  discretion,
  productionClosure,
  pinnedVersions,
  reasonedDependencies,
  portableLockfile,
];
