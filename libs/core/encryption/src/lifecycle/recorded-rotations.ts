import type {
  AuditedCall,
  AuditService,
  CallContext,
  DataDirectory,
  KeyLifecycleService,
  KeyProgress,
  RotateOrder,
} from '@caisson/contracts';

type Rotations = Pick<KeyLifecycleService, 'rotate'>;
type Directory = Pick<DataDirectory, 'identity'>;

/**
 * Rotations that the node orders itself, put on record in its name. Attempts that fail are repeated until one
 * succeeds, and are one order: it stays open meanwhile.
 */
export class RecordedRotations implements Rotations {
  readonly #rotations: Rotations;
  readonly #audit: AuditService;
  readonly #directory: Directory;
  readonly #open = new Map<string, AuditedCall>();

  constructor(rotations: Rotations, audit: AuditService, directory: Directory) {
    this.#rotations = rotations;
    this.#audit = audit;
    this.#directory = directory;
  }

  async *rotate(order: RotateOrder, context: CallContext): AsyncGenerator<KeyProgress, void, undefined> {
    const detail = `purpose=${order.purpose} from=[${(order.from ?? []).join(',')}]`;
    const call = this.#open.get(detail) ?? (await this.#begin(detail, context));
    this.#open.set(detail, call);
    yield* this.#rotations.rotate(order, context);
    await call.end('ok');
    this.#open.delete(detail);
  }

  #begin(detail: string, context: CallContext): Promise<AuditedCall> {
    const who = `node ${this.#directory.identity.name}`;
    return this.#audit.begin({ what: 'encryption.rotate', detail, who, from: 'itself' }, context);
  }
}
