/** A document with settings that outgrow a recipe and a deployment, which a configuration component brings. */
import { type ConfigurationDocument, problemsOf } from '../../../../contracts';

/** Eight use cases with sixteen cameras each have 26 KB; ten times that is no configuration any more. */
export const LARGEST_DOCUMENT_BYTES = 262_144;

/** Either the document, or everything that is wrong with it. */
export type DocumentReading =
  | { readonly ok: true; readonly document: ConfigurationDocument }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Never throws. Whether the settings fit together is seen when they are laid over what is deployed. */
export function readDocument(text: string): DocumentReading {
  if (Buffer.byteLength(text) > LARGEST_DOCUMENT_BYTES) {
    return { ok: false, problems: [`must not be above ${LARGEST_DOCUMENT_BYTES} bytes`] };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problems: [`is not JSON: ${(error as Error).message}`] };
  }
  const problems = problemsOf('configuration-document', value);
  return problems.length === 0
    ? { ok: true, document: value as ConfigurationDocument }
    : { ok: false, problems };
}

/**
 * What is deployed, with what the document names in its place: as a whole, because a map of use cases that came from two
 * sources would be in neither.
 */
export function withDocument(deployed: unknown, document: ConfigurationDocument | undefined): unknown {
  if (!document || typeof deployed !== 'object' || deployed === null) return deployed;
  const { schemaVersion: _version, ...settings } = document;
  return { ...deployed, ...settings };
}
