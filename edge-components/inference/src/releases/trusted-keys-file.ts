import { readFile } from 'node:fs/promises';
import { parseContractJson, type TrustedKeys } from '../../../../contracts';
import { trustedKeyProblems } from './envelope-signature';

/**
 * The keys that may sign a release, read anew each time: provisioning may rotate them while the component runs.
 * @throws Error when the file is missing or wrong; then no release is taken
 */
export async function readTrustedKeys(path: string): Promise<TrustedKeys['keys']> {
  const { keys } = parseContractJson('trusted-keys', await readFile(path, 'utf8'), path);
  const problems = trustedKeyProblems(keys);
  if (problems.length > 0) throw new Error(`${path}: ${problems.join('; ')}`);
  return keys;
}
