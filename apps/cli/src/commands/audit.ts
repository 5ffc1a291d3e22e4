import type { Command } from 'commander';
import { addAuditDisk } from './audit-disk.js';
import { addAuditLog } from './audit-log.js';
import { addAuditVerify } from './audit-verify.js';

/** `audit …`: who ordered what, whether that record is whole, and what lies on a disk. */
export function addAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description('look at the record of what was ordered, prove it, and prove what a disk holds')
    .addHelpText('after', '\nExample:\n  $ caisson audit log --since 24h');
  addAuditLog(audit);
  addAuditVerify(audit);
  addAuditDisk(audit);
}
