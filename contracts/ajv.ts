import Ajv2020, { type Options } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { SCHEMAS } from './schemas';

/** `$id` of the schema of a contract. */
export const schemaId = (name: string): string => `https://kaizenedge.dev/contracts/${name}.schema.json`;

/**
 * For validators that give absent fields the `default` of their schema. They see values that fit, so nobody reads what
 * they say of others.
 */
export const FILLING: Options = { useDefaults: true, allErrors: false, messages: false };

/** Knows every schema and has compiled none. */
export function contractAjv(options: Options = {}): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    // One function for each schema, however many others refer to it: a third less of compiled code.
    inlineRefs: false,
    strictRequired: false,
    // For people: generated documentation says it.
    keywords: ['onChange'],
    // The schemas are our own, and a test holds them to the meta-schema: compiling that one is most of a cold start.
    validateSchema: false,
    ...options,
  });
  addFormats(ajv);
  for (const schema of Object.values(SCHEMAS)) ajv.addSchema(schema);
  return ajv;
}
