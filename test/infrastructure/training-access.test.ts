/** What the user's training script may do with the role that its jobs run with: its meaning, by a simulator. */
import {
  acceptedKey,
  CURRENT_KEY,
  DATASET_VARIABLES,
  imageKey,
  incomingKey,
} from '../../lambda/dataset/names';
import {
  blobKey,
  deliverReleaseKey,
  envelopeKey,
  modelPackageGroupName,
  REGISTRY_VARIABLES,
} from '../../lambda/registry/names';
import { executionPrefix } from '../../lambda/training/names';
import { DeployedFunction } from './deployed-function';
import { type RequestContext, simulate } from './iam-simulator';
import { type Role, rolesOf } from './role-policies';
import { ENVIRONMENTS, type SynthesizedApp, synthesizedApp } from './synthesized-app';

interface Wish {
  readonly action: string;
  readonly resource: string;
  readonly context?: RequestContext;
}

const DIGEST = '0'.repeat(64);
const VERBS_OF_LABELS = ['GetItem', 'BatchGetItem', 'Query', 'Scan', 'PutItem', 'UpdateItem', 'DeleteItem'];

class Wishes {
  constructor(private readonly app: SynthesizedApp) {}

  package(action: string, approval?: string): Wish {
    const group = modelPackageGroupName(this.app.config);
    return {
      action: `sagemaker:${action}`,
      resource: this.arn('sagemaker', `model-package/${group}/1`),
      ...(approval !== undefined && { context: { 'sagemaker:ModelApprovalStatus': approval } }),
    };
  }

  /** To approve what waits, or what one registers oneself. */
  approvals(): Wish[] {
    return [this.package('CreateModelPackage', 'Approved'), this.package('UpdateModelPackage')];
  }

  output(action: string, key: string): Wish {
    return {
      action,
      resource: `${this.bucket('registry/build-release', REGISTRY_VARIABLES.modelBucket)}/${key}`,
    };
  }

  dataset(action: string, key: string): Wish {
    return { action, resource: `${this.bucket('dataset/accept-manifest', DATASET_VARIABLES.bucket)}/${key}` };
  }

  listDataset(prefix?: string): Wish {
    return {
      action: 's3:ListBucket',
      resource: this.bucket('dataset/accept-manifest', DATASET_VARIABLES.bucket),
      ...(prefix !== undefined && { context: { 's3:prefix': prefix } }),
    };
  }

  labels(): Wish[] {
    const table = this.variable('dataset/merge-captures', DATASET_VARIABLES.labelTable);
    return VERBS_OF_LABELS.map((verb) => ({
      action: `dynamodb:${verb}`,
      resource: this.arn('dynamodb', `table/${table}`),
    }));
  }

  passRole(role: Role, service: string): Wish {
    return { action: 'iam:PassRole', resource: role.arn, context: { 'iam:PassedToService': service } };
  }

  private bucket(handler: string, variable: string): string {
    return `arn:aws:s3:::${this.variable(handler, variable)}`;
  }

  private variable(handler: string, name: string): string {
    const value = new DeployedFunction(this.app, handler).environment[name];
    if (value === undefined) throw new Error(`lambda/${handler} has no variable ${name}`);
    return value;
  }

  private arn(service: string, rest: string): string {
    return `arn:aws:${service}:${this.app.config.region}:${this.app.config.account}:${rest}`;
  }
}

/** One sentence for every wish that the role grants. */
async function granted(
  role: Pick<Role, 'path' | 'arn' | 'statements'>,
  wishes: readonly Wish[],
): Promise<string[]> {
  const sentences: string[] = [];
  for (const { action, resource, context = {} } of wishes) {
    if (!(await simulate(role.statements, { principal: role.arn, action, resource, context }))) continue;
    const under = Object.entries(context).map(([key, value]) => ` with ${key} = ${value}`);
    sentences.push(`${role.path} may do ${action} on ${resource}${under.join('')}`);
  }
  return sentences;
}

describe.each(ENVIRONMENTS)('%s: training code', (environment) => {
  const wishes = () => new Wishes(synthesizedApp(environment));
  const role = (): Role => {
    const [found, ...others] = rolesOf(synthesizedApp(environment)).filter(({ path }) =>
      path.endsWith('/Pipeline/Access/Role'),
    );
    expect(others).toEqual([]);
    if (!found) throw new Error('the pipeline has no role');
    return found;
  };

  test('may do its work: register what waits for a person, read the dataset, write its output', async () => {
    const work = [
      wishes().package('CreateModelPackage', 'PendingManualApproval'),
      wishes().package('DescribeModelPackage'),
      wishes().dataset('s3:GetObject', imageKey(DIGEST)),
      wishes().dataset('s3:GetObject', acceptedKey(DIGEST)),
      wishes().listDataset(acceptedKey(DIGEST)),
      wishes().output('s3:PutObject', `${executionPrefix('own')}export/manifest.json`),
      wishes().passRole(role(), 'sagemaker.amazonaws.com'),
    ];
    expect(await granted(role(), work)).toHaveLength(work.length);
  });

  test('case 38: cannot approve what it registers, nor what waits', async () => {
    const other = ['Rejected', undefined].map((status) => wishes().package('CreateModelPackage', status));
    const removed = wishes().package('DeleteModelPackage');
    expect(await granted(role(), [...wishes().approvals(), ...other, removed])).toEqual([]);
  });

  test('case 38: cannot write or delete what others made of a model, nor delete any output', async () => {
    const made = [blobKey(DIGEST, 'model.onnx'), envelopeKey(DIGEST), deliverReleaseKey(DIGEST)];
    expect(
      await granted(role(), [
        ...made.flatMap((key) =>
          ['s3:PutObject', 's3:DeleteObject'].map((verb) => wishes().output(verb, key)),
        ),
        wishes().output('s3:DeleteObject', `${executionPrefix('another')}export/manifest.json`),
      ]),
    ).toEqual([]);
  });

  test('case 38: cannot read or write labels, nor change the dataset', async () => {
    const dataset = [imageKey(DIGEST), acceptedKey(DIGEST), incomingKey('new'), CURRENT_KEY];
    expect(
      await granted(role(), [
        ...wishes().labels(),
        ...dataset.flatMap((key) =>
          ['s3:PutObject', 's3:DeleteObject'].map((verb) => wishes().dataset(verb, key)),
        ),
        ...[incomingKey('new'), CURRENT_KEY].map((key) => wishes().dataset('s3:GetObject', key)),
        wishes().listDataset(),
        wishes().listDataset('manifests/incoming/'),
      ]),
    ).toEqual([]);
  });

  test('case 38: cannot lend its role to another service', async () => {
    expect(await granted(role(), [wishes().passRole(role(), 'lambda.amazonaws.com')])).toEqual([]);
  });

  test('case 38: no role of the application approves a model package', async () => {
    const roles = rolesOf(synthesizedApp(environment));
    expect(roles.length).toBeGreaterThan(10);
    const sentences = await Promise.all(roles.map((one) => granted(one, wishes().approvals())));
    expect(sentences.flat()).toEqual([]);
  });

  test('case 38: a role whose registration has no condition, or that may update, is caught', async () => {
    const { path, arn, statements } = role();
    const [create, update] = wishes().approvals() as [Wish, Wish];
    const without = statements.map(({ Condition, ...statement }) =>
      statement.Sid === 'RegisterModels' || Condition === undefined ? statement : { ...statement, Condition },
    );
    expect(await granted({ path, arn, statements: without }, wishes().approvals())).toEqual([
      `${path} may do sagemaker:CreateModelPackage on ${create.resource} with sagemaker:ModelApprovalStatus = Approved`,
    ]);
    const updating = statements.map((statement) =>
      statement.Sid === 'ReadModels' ? { ...statement, Action: ['sagemaker:*'] } : statement,
    );
    expect(await granted({ path, arn, statements: updating }, [update])).toEqual([
      `${path} may do sagemaker:UpdateModelPackage on ${update.resource}`,
    ]);
  });
});
