export { auditDisk, checkReport, type DiskAuditOptions } from './disk-audit/disk-audit.js';
export { readNeedles } from './disk-audit/needles.js';
export { type DiskReport, parseReport, type SignedReport } from './disk-audit/report.js';
