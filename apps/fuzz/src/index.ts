export { campaign, type CampaignOptions, type Failure, type Tally } from './campaign.js';
export { judge, type Judgement, type Outcome } from './judge.js';
export { inputOf } from './mutate.js';
export { SUBJECTS } from './registry.js';
export type { Subject } from './subject.js';
