export { applierAudit, applierAudit as plugin } from './plugin.js';
