/** What our services ask of their callers, operation by operation: for tests that hold policies, or us, against AWS. */
import { OPERATIONS as GREENGRASS_ROUTES, GreengrassAccess } from '../greengrass/access';
import { SAGEMAKER_OPERATIONS, SageMakerAccess } from '../sagemaker/api/access';
import { Arns } from '../sagemaker/arn';

const SCOPE = { region: 'us-east-1', accountId: '000000000000' } as const;
const sagemaker = new SageMakerAccess(new Arns(SCOPE.region, SCOPE.accountId), () => 1);
const greengrass = new GreengrassAccess(SCOPE);

/** `operations` by the names of the API; `checks` says what a request needs, in us-east-1 of account 000000000000. */
export const REQUIRED_ACCESS = {
  sagemaker: {
    operations: SAGEMAKER_OPERATIONS,
    checks: sagemaker.checks.bind(sagemaker),
  },
  greengrass: {
    operations: Object.values(GREENGRASS_ROUTES),
    checks: greengrass.checks.bind(greengrass),
  },
} as const;
