import type { PeerCertificate } from 'node:tls';

const SCHEME = 'URI:caisson-node:';

/** The URI under which a certificate's subject alternative names carry the name of a node. */
export function nodeUri(name: string): string {
  return `caisson-node:${encodeURIComponent(name)}`;
}

/**
 * The nodes a certificate speaks for: those of its `caisson-node:` URIs; without any, its common name.
 */
export function nodeNames(
  certificate: Pick<PeerCertificate, 'subject' | 'subjectaltname'>,
): readonly string[] {
  const names: string[] = [];
  for (const each of alternativeNames(certificate.subjectaltname)) {
    const name = each.startsWith(SCHEME) ? decoded(each.slice(SCHEME.length)) : undefined;
    if (name !== undefined) names.push(name);
  }
  if (names.length > 0) return names;
  // Typed as text; a subject with several common names has a list of them, and speaks for nobody.
  const common: unknown = certificate.subject?.CN;
  return typeof common === 'string' ? [common] : [];
}

/** Node joins the names with commas and quotes those that contain any, as JSON does. */
function alternativeNames(text: string | undefined): readonly string[] {
  const parts = text?.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return parts.map((part) => part.trim());
}

function decoded(name: string): string | undefined {
  if (!/^[A-Za-z0-9\-_.!~*'()%]+$/.test(name)) return undefined;
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
