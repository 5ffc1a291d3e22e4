import { print } from '../rule.js';
import { containerInKernel, oneDoorToTheStore } from './doors.js';

describe('the container', () => {
  const check = (path: string, text: string) => containerInKernel.check([{ path, text }]).map(print);

  it('is for the kernel', () => {
    expect(check('libs/kernel/src/host.ts', "import { Container } from 'inversify';")).toEqual([]);
  });

  it.each(['inversify', '@inversifyjs/core', 'reflect-metadata', 'reflect-metadata/lite'])(
    'is found when a plugin imports %s',
    (name) => {
      expect(check('libs/plugins/kek-file/src/plugin.ts', `\nimport '${name}';`)).toEqual([
        `libs/plugins/kek-file/src/plugin.ts:2 imports ${name}; only libs/kernel may`,
      ]);
    },
  );
});

describe('the store of ciphertext', () => {
  const manifest = { path: 'libs/plugins/store-a/package.json', text: '{"name":"@caisson/store-a"}' };
  const provider = {
    path: 'libs/plugins/store-a/src/plugin.ts',
    text: 'service({ provides: UntrustedStores, needs: { disk: Disk } });',
  };
  const check = (path: string, text: string) =>
    oneDoorToTheStore.check([manifest, provider, { path, text }]).map(print);

  it('is known to the encryption layer, to contracts, to apps and to who provides it', () => {
    expect(check('libs/core/encryption/src/door.ts', 'needs({ stores: UntrustedStores });')).toEqual([]);
    expect(check('libs/contracts/src/untrusted-stores.ts', "slot('x') as UntrustedStores;")).toEqual([]);
    expect(check('apps/server/src/main.ts', 'host.get(UntrustedStores);')).toEqual([]);
    expect(check('libs/plugins/store-a/src/stores.ts', 'class A implements UntrustedStores {}')).toEqual([]);
  });

  it('is nobody else’s business', () => {
    const path = 'libs/plugins/gateway-grpc/src/plugin.ts';
    expect(check(path, 'host.get(UntrustedStores);')).toEqual([expect.stringContaining(`${path}:1 says`)]);
    expect(check(path, '// never UntrustedStores\n')).toEqual([]);
  });

  it('is not needed by the store that provides another one', () => {
    const path = 'libs/plugins/store-a/src/second.ts';
    expect(check(path, 'service({ needs: { below: UntrustedStores } });')).toEqual([
      expect.stringContaining(`${path}:1 needs`),
    ]);
  });
});
