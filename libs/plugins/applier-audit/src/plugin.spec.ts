import { applierAudit } from './plugin.js';

test('it provides the applier of the record and the service that writes it', () => {
  expect(applierAudit.services().map(({ provides }) => provides.name)).toEqual(['Applier', 'AuditService']);
});
