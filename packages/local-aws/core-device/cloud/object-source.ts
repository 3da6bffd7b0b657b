/** S3 objects, read with the device's token-exchange credentials. */
import type { Readable } from 'node:stream';
import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import type { CredentialCache } from '../../shared/credential-cache';
import type { OpenObject } from '../component/artifact-store';
import { DeploymentError, type DeploymentErrorCode } from '../deployment/errors';
import { messageOf } from '../event-log';
import type { Network } from './network';

const CODES: Readonly<Record<string, DeploymentErrorCode>> = {
  AccessDenied: 'S3_GET_OBJECT_ACCESS_DENIED',
  NoSuchKey: 'S3_GET_OBJECT_RESOURCE_NOT_FOUND',
  NoSuchBucket: 'S3_GET_OBJECT_RESOURCE_NOT_FOUND',
};

export interface ObjectSource {
  readonly open: OpenObject;
  close(): void;
}

export function s3ObjectSource(options: {
  region: string;
  endpoint: string | undefined;
  credentials: CredentialCache;
  network: Network;
}): ObjectSource {
  const { region, endpoint, credentials, network } = options;
  const client = new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    credentials: async () => {
      const { expiration, ...keys } = await credentials.get();
      return { ...keys, expiration: new Date(expiration) };
    },
  });
  return {
    async open(bucket, key, signal) {
      network.require();
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
          abortSignal: signal,
        });
        const body = answer.Body as Readable;
        const cut = (): void => {
          body.destroy(new Error('the network was cut'));
        };
        network.once('cut', cut);
        body.once('close', () => network.off('cut', cut));
        return body;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (error instanceof S3ServiceException) {
          const code = CODES[error.name];
          throw new DeploymentError(
            `artifact s3://${bucket}/${key}: ${error.name}: ${error.message}`,
            'ARTIFACT_DOWNLOAD_ERROR',
            ...(code ? [code] : []),
          );
        }
        throw new DeploymentError(
          `artifact s3://${bucket}/${key}: ${messageOf(error)}`,
          'ARTIFACT_DOWNLOAD_ERROR',
          'NETWORK_ERROR',
        );
      }
    },
    close: () => client.destroy(),
  };
}
