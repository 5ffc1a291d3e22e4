export { backUpServing, backUpStopped, type BackupOrder } from './backup-create.js';
export { openOfflineParts } from './backup-parts.js';
export { restoreBackup } from './backup-restore.js';
export { verifyBackup, type Verified } from './backup-verify.js';
