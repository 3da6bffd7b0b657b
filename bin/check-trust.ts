/**
 * Whether every environment trusts the account of the pipeline: `npx tsx bin/check-trust.ts`, with that account's credentials.
 * It assumes each role of the bootstrap stacks, as a deployment will. Exit code 1 when one refuses.
 */
import { STSClient } from '@aws-sdk/client-sts';
import { assumeRole } from '../cli/delivery/assume-role';
import { checkTrust, formatTrust } from '../cli/delivery/check-trust';
import { loadDelivery } from '../lib/delivery/delivery-config';
import { bootstrapTrusts } from '../lib/delivery/trusted-roles';

async function main(): Promise<void> {
  const delivery = loadDelivery();
  const client = new STSClient({ region: delivery.pipeline.region });
  const results = await checkTrust(bootstrapTrusts(delivery), (arn) => assumeRole(client, arn));
  console.log(formatTrust(results));
  const refused = results.filter(({ refusal }) => refusal !== undefined).length;
  if (refused > 0) throw new Error(`${refused} of ${results.length} roles cannot be assumed`);
}

main().catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
