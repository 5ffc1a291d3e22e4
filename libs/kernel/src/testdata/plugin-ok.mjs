export const plugin = { id: 'test-ok', contracts: 1, services: () => [] };
