export { AuditApplier } from './audit-applier.js';
export { AuditTrail, type AuditTrailParts } from './audit-trail.js';
export { type ChainBreak, ChainWalk, linkLine, type NewLine } from './chain.js';
