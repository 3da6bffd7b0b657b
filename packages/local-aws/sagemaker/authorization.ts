/** Judges what callers ask of SageMaker, and what it does for them with the roles that they give it. */
import { AccessRefused, type Caller, type Iam } from '../iam/iam';
import { passedRole, type SageMakerAccess } from './api/access';
import { SageMakerError } from './errors';
import type { JsonObject } from './json';
import type { StepCaller } from './pipeline/executor';
import type { ServiceRoles } from './service-roles';

export class Authorization {
  constructor(
    private readonly iam: Iam,
    private readonly access: SageMakerAccess,
    private readonly roles: ServiceRoles,
  ) {}

  /** @throws SageMakerError when the caller may not, or when a job's role does not trust SageMaker */
  async ofRequest(caller: Caller, operation: string, request: JsonObject, tagged = false): Promise<void> {
    await this.iam.authorize(caller, this.access.checks(operation, request, tagged)).catch((error: Error) => {
      if (!(error instanceof AccessRefused)) throw error;
      throw new SageMakerError(error.code, error.message);
    });
    const role = passedRole(request);
    if (role === undefined || !/^Create\w+Job$/.test(operation)) return;
    await this.roles.credentials(role, this.access.resource(operation, request)).get();
  }

  /** As {@link ofRequest}, by a pipeline's execution, which acts as its role and tags its jobs. */
  async ofStep({ roleArn, pipelineArn }: StepCaller, operation: string, request: JsonObject): Promise<void> {
    const caller = await this.roles.credentials(roleArn, pipelineArn).get();
    await this.ofRequest(caller, operation, request, operation.endsWith('Job'));
  }
}
