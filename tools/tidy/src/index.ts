/** The house rules, for whoever wants to apply them to a repository of their own. */
export { EXEMPTIONS } from './exemptions.js';
export { HOUSE_RULES } from './house.js';
export { readRepository } from './repository.js';
export {
  type Complaint,
  type Exemption,
  type Finding,
  type RepoFile,
  type Rule,
  findings,
  print,
} from './rule.js';
