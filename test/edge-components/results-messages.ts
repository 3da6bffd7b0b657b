import { parseContract, parseContractJson, type ResultsBatch } from '../../contracts';
import { decompressedBatch } from '../../contracts/compressed-records';

/**
 * A message of results as the device sends it, decompressed.
 * @throws ContractError when it, or what is in it, breaks its contract
 */
export function resultsIn(payload: Buffer | string, subject = 'a message of results'): ResultsBatch {
  const compressed = parseContractJson('compressed-results-batch', payload.toString(), subject);
  return parseContract('results-batch', decompressedBatch(compressed).batch, subject);
}
