/** Each known trap of the container, and that a host is not in it. */
import { CaissonError, definePlugin, list, service, slot } from '@caisson/contracts';
import { Container, ContainerModule, inject, injectable } from 'inversify';
import 'reflect-metadata';
import { createHost, type Host } from './index.js';

interface Part {
  readonly name: string;
}
interface Whole {
  readonly part: Part;
}

const PartToken = slot<Part>('traps/Part');
const WholeToken = slot<Whole>('traps/Whole');
const Parts = list<Part>('traps/Parts');

const partPlugin = (name = 'planned') =>
  definePlugin({
    id: 'trap-part',
    contracts: 1,
    services: () => [service({ provides: PartToken, create: () => ({ name }) })],
  });

const wholePlugin = definePlugin({
  id: 'trap-whole',
  contracts: 1,
  services: () => [
    service({ provides: WholeToken, needs: { part: PartToken }, create: ({ part }) => ({ part }) }),
  ],
});

async function started(plugins: Parameters<typeof createHost>[0]['plugins']): Promise<Host> {
  const host = await createHost({ plugins });
  await host.start();
  return host;
}

test('a failed start is not cached: a second host of the same plugins starts', async () => {
  let attempts = 0;
  const plugin = definePlugin({
    id: 'trap-flaky',
    contracts: 1,
    services: () => [
      service({
        provides: PartToken,
        create: () => ({ name: 'flaky' }),
        start: async () => {
          if (++attempts === 1) throw new CaissonError('ADDRESS_IN_USE');
        },
      }),
    ],
  });
  await expect(started([plugin])).rejects.toMatchObject({ code: 'START_FAILED' });
  await expect(started([plugin])).resolves.toBeDefined();
});

test('stopping waits for each service before the next, also when one rejects', async () => {
  const trace: string[] = [];
  const stop = (name: string, fail: boolean) => async () => {
    trace.push(`${name} begins`);
    await new Promise(setImmediate);
    trace.push(`${name} ends`);
    if (fail) throw new CaissonError('DISK_ERROR');
  };
  const plugin = definePlugin({
    id: 'trap-order',
    contracts: 1,
    services: () => [
      service({ provides: PartToken, create: () => ({ name: 'p' }), stop: stop('part', false) }),
      service({
        provides: WholeToken,
        needs: { part: PartToken },
        create: ({ part }) => ({ part }),
        stop: stop('whole', true),
      }),
    ],
  });
  const host = await started([plugin]);
  await expect(host.stop()).rejects.toMatchObject({ code: 'STOP_FAILED' });
  expect(trace).toEqual(['whole begins', 'whole ends', 'part begins', 'part ends']);
});

test('KERNEL-1: a rebind before the start reaches every consumer; after it the container is out of reach', async () => {
  const host = await createHost({ plugins: [partPlugin(), wholePlugin] });
  await host.container.unbind(PartToken.key);
  host.container.bind<Part>(PartToken.key).toConstantValue({ name: 'rebound' });
  await host.start();
  expect(host.get(WholeToken).part.name).toBe('rebound');
  expect(() => host.container).toThrow('KERNEL-1');
});

test('hosts have no parent and no children: two of them share no instance', async () => {
  const [one, two] = [
    await started([partPlugin('one'), wholePlugin]),
    await started([partPlugin('two'), wholePlugin]),
  ];
  expect([one.get(WholeToken).part.name, two.get(WholeToken).part.name]).toEqual(['one', 'two']);
});

test('several providers of a list arrive together, in the order of the plugins, without names', async () => {
  const provider = (name: string) =>
    definePlugin({
      id: `trap-${name}`,
      contracts: 1,
      services: () => [service({ provides: Parts, create: () => ({ name }) })],
    });
  const host = await started([provider('first'), provider('second')]);
  expect(host.get(Parts).map((part) => part.name)).toEqual(['first', 'second']);
});

test('nothing is resolved before everything is bound', async () => {
  let created = 0;
  const plugin = definePlugin({
    id: 'trap-early',
    contracts: 1,
    services: () => [service({ provides: Parts, create: () => ({ name: `planned ${++created}` }) })],
    modules: () => [
      new ContainerModule(({ bind }) => void bind<Part>(Parts.key).toConstantValue({ name: 'raw' })),
    ],
  });
  const host = await createHost({ plugins: [plugin] });
  expect(created).toBe(0);
  await host.start();
  expect(host.get(Parts).map((part) => part.name)).toEqual(['planned 1', 'raw']);
});

test('a subclass without a constructor receives what its base needs', async () => {
  class Base {
    constructor(readonly part: Part) {}
  }
  class Derived extends Base {}
  const plugin = definePlugin({
    id: 'trap-derived',
    contracts: 1,
    services: () => [
      service({ provides: WholeToken, needs: { part: PartToken }, create: ({ part }) => new Derived(part) }),
    ],
  });
  const host = await started([partPlugin('inherited'), plugin]);
  expect(host.get(WholeToken).part.name).toBe('inherited');
});

test('an asynchronous raw module is awaited, and one that fails refuses the plan by the plugin’s name', async () => {
  const late = definePlugin({
    id: 'trap-late',
    contracts: 1,
    services: () => [],
    modules: () => [
      new ContainerModule(async ({ bind }) => {
        await new Promise(setImmediate);
        bind<Part>(PartToken.key).toConstantValue({ name: 'late' });
      }),
    ],
  });
  expect((await started([late, wholePlugin])).get(WholeToken).part.name).toBe('late');
  const broken = definePlugin({
    id: 'trap-broken',
    contracts: 1,
    services: () => [],
    modules: () => [new ContainerModule(async () => Promise.reject(new TypeError('no')))],
  });
  await expect(createHost({ plugins: [broken] })).rejects.toMatchObject({
    code: 'PLAN_INVALID',
    details: { problems: [expect.stringContaining('trap-broken')] },
  });
});

test('a class without decorators bound by a raw module is refused when the plan is made', async () => {
  class Undecorated {
    constructor(readonly part: Part) {}
  }
  const plugin = definePlugin({
    id: 'trap-undecorated',
    contracts: 1,
    services: () => [],
    modules: () => [new ContainerModule(({ bind }) => void bind(WholeToken.key).to(Undecorated as never))],
  });
  const outcome = createHost({ plugins: [partPlugin(), plugin] }).then((host) => host.start());
  await expect(outcome).rejects.toMatchObject({ code: 'PLAN_INVALID' });
});

test('two providers that a raw module makes of one slot are refused by the slot’s name', async () => {
  const twice = definePlugin({
    id: 'trap-twice',
    contracts: 1,
    services: () => [],
    modules: () => [
      new ContainerModule(({ bind }) => void bind<Part>(PartToken.key).toConstantValue({ name: 'raw' })),
    ],
  });
  const host = await createHost({ plugins: [partPlugin(), twice] });
  await expect(host.start()).rejects.toMatchObject({
    code: 'PLAN_INVALID',
    details: { problems: [expect.stringContaining('traps/Part')] },
  });
});

test('classes with decorators work through the escape hatch, next to planned services', async () => {
  @injectable()
  class Decorated implements Whole {
    constructor(@inject(PartToken.key) readonly part: Part) {}
  }
  const plugin = definePlugin({
    id: 'trap-decorated',
    contracts: 1,
    services: () => [],
    modules: () => [
      new ContainerModule(({ bind }) => void bind<Whole>(WholeToken.key).to(Decorated).inSingletonScope()),
    ],
  });
  const host = await started([partPlugin('decorated'), plugin]);
  expect(host.get(WholeToken)).toBeInstanceOf(Decorated);
  expect(host.get(WholeToken).part.name).toBe('decorated');
  expect(host.get(WholeToken)).toBe(host.get(WholeToken));
});

test('a host generates no code at run time', async () => {
  const original = globalThis.Function;
  const forbidden = new Proxy(original, {
    construct() {
      throw new EvalError('code generation is forbidden');
    },
  });
  globalThis.Function = forbidden;
  try {
    // With code generation the container itself trips over the ban, which shows that the ban bites.
    const jit = new Container({ jitless: false });
    jit.bind('x').toResolvedValue(() => 1);
    expect(() => jit.get('x')).toThrow();
    expect((await started([partPlugin('x'), wholePlugin])).get(WholeToken).part.name).toBe('x');
  } finally {
    globalThis.Function = original;
  }
});
