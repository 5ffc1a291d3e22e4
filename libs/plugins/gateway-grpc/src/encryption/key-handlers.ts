import type { CallContext, KeyLifecycleService, KeyOrder, KeyProgress } from '@caisson/contracts';
import { encryptionProto, grpcMethods } from '@caisson/formats';
import type { OpenCalls } from '../open-calls.js';
import {
  fromKekCheck,
  fromKeyProgress,
  fromKeyStatus,
  fromNodeKeks,
  fromRewriteProgress,
  toRewriteOrder,
  toRotateOrder,
} from './key-messages.js';

export const ENCRYPTION_SERVICE = encryptionProto.EncryptionDefinition.fullName;
export const ENCRYPTION_METHODS = grpcMethods(encryptionProto.EncryptionDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/**
 * `caisson.v1.Encryption` over the service of this node. Looking needs a reader; ordering, and using the KEK
 * to verify, an operator.
 */
export function keyHandlers(keys: KeyLifecycleService, calls: OpenCalls) {
  const order = <Request>(carryOut: (request: Request, context: CallContext) => AsyncIterable<KeyProgress>) =>
    calls.stream('operator', (request: Request, signal) => messages(carryOut(request, { signal })));
  return {
    status: calls.unary('reader', async ({ current, count }: encryptionProto.KeyStatusRequest, signal) =>
      fromKeyStatus(await keys.status({ current, count }, { signal })),
    ),
    verify: calls.unary('operator', async (_: encryptionProto.VerifyRequest, signal) => ({
      checks: (await keys.verify({ signal })).map(fromKekCheck),
    })),
    rotate: order<encryptionProto.RotateRequest>((request, context) =>
      keys.rotate(toRotateOrder(request), context),
    ),
    rewrap: order<encryptionProto.RewrapRequest>((request, context) => keys.rewrap(request, context)),
    listKeks: calls.unary('reader', async (_: encryptionProto.ListKeksRequest, signal) =>
      fromNodeKeks(await keys.keks({ signal })),
    ),
    reloadKeks: calls.unary('operator', async (request: encryptionProto.ReloadKeksRequest, signal) =>
      fromNodeKeks(await keys.reloadKeks(request, { signal })),
    ),
    registeredEpochs: calls.unary(
      'reader',
      async ({ name }: encryptionProto.RegisteredEpochsRequest, signal) => ({
        epochs: [...(await keys.registeredEpochs(name, { signal }))],
      }),
    ),
    registerWriter: order<encryptionProto.RegisterWriterRequest>((request, context) =>
      keys.registerWriter(request, context),
    ),
    bootstrap: order<KeyOrder>(({ dryRun = false }, context) => keys.bootstrap({ dryRun }, context)),
    enableStorageEnvelope: order<KeyOrder>(({ dryRun = false }, context) =>
      keys.enableStorageEnvelope({ dryRun }, context),
    ),
    enableRaftEnvelope: order<KeyOrder>(({ dryRun = false }, context) =>
      keys.enableRaftEnvelope({ dryRun }, context),
    ),
    retire: order<encryptionProto.RetireRequest>((request, context) => keys.retire(request, context)),
    resume: order<encryptionProto.ResumeRequest>((request, context) => keys.resume(request, context)),
    scrub: order<KeyOrder>(({ dryRun = false }, context) => keys.scrub({ dryRun }, context)),
    sealMode: order<KeyOrder>(({ dryRun = false }, context) => keys.sealMode({ dryRun }, context)),
    rewrite: calls.unary('operator', async (request: encryptionProto.RewriteRequest, signal) => ({
      groups: (await keys.rewrite(toRewriteOrder(request), { signal })).map(fromRewriteProgress),
    })),
  };
}

async function* messages(
  steps: AsyncIterable<KeyProgress>,
): AsyncGenerator<encryptionProto.KeyProgress, void, undefined> {
  for await (const step of steps) yield fromKeyProgress(step);
}
