import { fromBase64 } from './base64.js';
import { malformed } from './decoding.js';
import { DESCRIPTORS_BASE64 } from './gen/descriptors.js';

/** The FileDescriptorSet of every gRPC service, for reflection. */
export function protoDescriptors(): Uint8Array {
  const bytes = fromBase64(DESCRIPTORS_BASE64);
  if (bytes === undefined) throw malformed('MESSAGE_MALFORMED', 'descriptors', 'are no base64');
  return bytes;
}
