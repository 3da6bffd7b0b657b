import { writeFile } from 'node:fs/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { DescribeModelPackageCommand } from '@aws-sdk/client-sagemaker';
import { parseS3Uri } from '../../lambda/shared/s3-uri';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { findPackage } from './decide-model-package';

/** As the Export step writes it beside the model (training/kaizen_training/export.py). */
const REPORT_FILE = 'report.html';

/**
 * Writes the report of a model package to a file: what it was measured to do, and what the gate says.
 * @throws InputError when the group has no such version, or the file cannot be written; Error when there is no report
 */
export async function writeModelReport(
  clients: Pick<Clients, 'sageMaker' | 's3'>,
  environment: KaizenEnvironment,
  version: number,
  file: string,
): Promise<void> {
  const group = environment.output('ModelPackageGroupName');
  const { arn } = await findPackage(clients.sageMaker, group, version);
  const { CustomerMetadataProperties: { exportUri } = {} } = await clients.sageMaker.send(
    new DescribeModelPackageCommand({ ModelPackageName: arn }),
  );
  if (!exportUri) throw new Error(`${arn} does not say where its export is: it has no report`);
  const { bucket, key } = parseS3Uri(`${exportUri.replace(/\/*$/, '/')}${REPORT_FILE}`, 'exportUri');
  const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  if (!Body) throw new Error(`s3://${bucket}/${key} has no content`);
  const report = await Body.transformToByteArray();
  await writeFile(file, report).catch((error: Error) => {
    throw new InputError(`--out: '${file}' cannot be written: ${error.message}`);
  });
}
