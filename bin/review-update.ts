/**
 * Writes what a deployment would change, for whoever approves it: `npx tsx bin/review-update.ts --env prod --assembly cdk.out`.
 * With `--role` it reads what is deployed as a role of another account; with `--publish s3://<bucket>/<key>` the page is
 * written there, too. Exit code 1 when something would be taken away that nobody has accepted.
 */
import { parseArgs } from 'node:util';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { assumeRole } from '../cli/delivery/assume-role';
import { deployedTemplates } from '../cli/delivery/deployed-templates';
import { ACCEPTED_LOSSES } from '../lib/delivery/accepted-losses';
import type { EnvironmentTemplates } from '../lib/delivery/environment-templates';
import { assemblyTemplates } from '../lib/delivery/review/assembly-templates';
import { reviewUpdate } from '../lib/delivery/review/update-review';

const { values } = parseArgs({
  options: {
    env: { type: 'string' },
    assembly: { type: 'string', default: 'cdk.out' },
    role: { type: 'string' },
    region: { type: 'string' },
    publish: { type: 'string' },
  },
});

async function publish(page: string, address: string): Promise<void> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
  if (Bucket === undefined || Key === undefined) {
    throw new Error(`--publish: must be s3://<bucket>/<key>, got '${address}'`);
  }
  await new S3Client({ forcePathStyle: true }).send(
    // As text a browser shows it; as Markdown it would be downloaded.
    new PutObjectCommand({ Bucket, Key, Body: page, ContentType: 'text/plain; charset=utf-8' }),
  );
  console.log(`wrote ${address}`);
}

async function main(): Promise<void> {
  const { env: environment, assembly, role, region } = values;
  if (environment === undefined) throw new Error('--env: must name an environment');
  const after = assemblyTemplates(assembly, environment);
  const place = region === undefined ? {} : { region };
  const credentials = role === undefined ? undefined : await assumeRole(new STSClient(place), role);
  const client = new CloudFormationClient({ ...place, ...(credentials && { credentials }) });
  const before = (await deployedTemplates(client, after.keys())) as EnvironmentTemplates;
  const { page, refusals } = reviewUpdate({ environment, before, after, acceptedLosses: ACCEPTED_LOSSES });
  console.log(page);
  if (values.publish !== undefined) await publish(page, values.publish);
  if (refusals.length > 0) {
    throw new Error(
      `${environment} would lose what is relied on; accept it in lib/delivery/accepted-losses.ts with its reason, or:\n${refusals.join('\n')}`,
    );
  }
}

main().catch((error: Error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
