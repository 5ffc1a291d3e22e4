import { EMPTY_BYTES } from '@caisson/base';
import type {
  CaissonError,
  EncryptionLayer,
  GroupEncryption,
  OpenedProposal,
  ProposalSlot,
  ProposalSource,
  UntrustedStores,
} from '@caisson/contracts';
import { decodeProposal, encodeClearProposal } from '@caisson/formats';
import { plaintextSide } from './plaintext-side.js';

/**
 * The door with nothing behind it: values pass as they are, proposals are framed and clear. For tests of
 * engines.
 */
export class ClearEncryption implements EncryptionLayer {
  readonly enabled = false;
  readonly needsRegisteredEpoch = false;
  readonly #stores: UntrustedStores;
  readonly #directoryOf: (group: number) => string;
  readonly #refusals = new Map<ProposalSource, CaissonError>();

  constructor(
    stores: UntrustedStores,
    directoryOf: (group: number) => string = (group) => `/groups/${group}/store`,
  ) {
    this.#stores = stores;
    this.#directoryOf = directoryOf;
  }

  /** Holds back proposals of a source from now on; with `undefined`, lets them in again. */
  admit(source: ProposalSource, refusal: CaissonError | undefined): void {
    if (refusal === undefined) this.#refusals.delete(source);
    else this.#refusals.set(source, refusal);
  }

  async openGroup(id: number, signal?: AbortSignal): Promise<GroupEncryption> {
    const store = await this.#stores.open(this.#directoryOf(id), signal);
    return {
      store: plaintextSide(store),
      beginSealing: async () => undefined,
      sealProposal: ({ proposalId }: ProposalSlot, payload) => encodeClearProposal(proposalId, payload),
      openProposal: (_at, data) => opened(data),
      admission: (source) => this.#refusals.get(source),
      challenge: async () => EMPTY_BYTES,
      admit: async () => [],
      unregisteredKeys: async () => [],
      registeredEpoch: async () => undefined,
      close: () => store.close(),
    };
  }

  answer(): Promise<Uint8Array> {
    return Promise.resolve(EMPTY_BYTES);
  }
}

function opened(data: Uint8Array): OpenedProposal {
  const { proposalId, body } = decodeProposal(data);
  return { kind: 'payload', proposalId, payload: body };
}
