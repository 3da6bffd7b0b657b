/** The roles that requests give to SageMaker, as far as they trust it. */
import { AccessRefused, type Iam } from '../iam/iam';
import { CredentialCache, type TemporaryCredentials } from '../shared/credential-cache';
import { SAGEMAKER_PRINCIPAL } from './api/access';
import { invalid } from './errors';

/** As CloudTrail shows the sessions of jobs. */
const SESSION_NAME = 'SageMaker';

export class ServiceRoles {
  private readonly caches = new Map<string, CredentialCache>();

  constructor(private readonly iam: Iam) {}

  /** @param sourceArn the pipeline or job on whose behalf the role is assumed */
  credentials(roleArn: string, sourceArn: string): CredentialCache {
    const key = `${roleArn} ${sourceArn}`;
    const cache = this.caches.get(key) ?? new CredentialCache(() => this.assume(roleArn, sourceArn));
    this.caches.set(key, cache);
    return cache;
  }

  /** @throws SageMakerError ValidationException in AWS's words */
  private async assume(roleArn: string, sourceArn: string): Promise<TemporaryCredentials> {
    const request = { roleArn, sourceArn, service: SAGEMAKER_PRINCIPAL, sessionName: SESSION_NAME };
    return this.iam.assumeRole(request).catch((error: Error) => {
      if (!(error instanceof AccessRefused)) throw error;
      throw invalid(
        `Could not assume role ${roleArn}. Please ensure that the role exists and allows principal '${SAGEMAKER_PRINCIPAL}' to assume the role.`,
      );
    });
  }
}
