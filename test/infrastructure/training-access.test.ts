/** What the pipeline and its jobs, with the user's script in them, may do with their roles: its meaning, by a simulator. */
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
import { EXECUTION_FOLDERS, executionPrefix } from '../../lambda/training/names';
import { DeployedFunction } from './deployed-function';
import { Field } from './handler-scenarios';
import { type RequestContext, simulate } from './iam-simulator';
import { planted, withoutConditions } from './planted-faults';
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

  startJobs(): Wish[] {
    return ['training-job', 'processing-job'].map((kind) => ({
      action: `sagemaker:Create${kind === 'training-job' ? 'Training' : 'Processing'}Job`,
      resource: this.arn('sagemaker', `${kind}/pipelines-own`),
    }));
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

const JOBS = ['Prepare', 'Train', 'Evaluate', 'Export'] as const;
/** Folder that each job writes. */
const WRITES = {
  Prepare: [EXECUTION_FOLDERS.prepared],
  Train: [EXECUTION_FOLDERS.model, EXECUTION_FOLDERS.checkpoints],
  Evaluate: [EXECUTION_FOLDERS.evaluation],
  Export: [EXECUTION_FOLDERS.exported],
};

/** What build-release has written. */
const releasedBy = ({ cloud }: Field): string[] =>
  [...cloud.asked].filter((request) => request.includes('build-release: s3:PutObject'));

describe.each(ENVIRONMENTS)('%s: training code', (environment) => {
  const wishes = () => new Wishes(synthesizedApp(environment));
  const roleAt = (path: string): Role => {
    const [found, ...others] = rolesOf(synthesizedApp(environment)).filter((role) =>
      role.path.endsWith(`/Pipeline/${path}`),
    );
    expect(others).toEqual([]);
    if (!found) throw new Error(`there is no role ${path}`);
    return found;
  };
  const pipeline = () => roleAt('Access/Role');
  const jobs = () => JOBS.map((name) => roleAt(`Jobs/${name}`));
  const grantedToJobs = async (all: readonly Wish[]) =>
    (await Promise.all(jobs().map((job) => granted(job, all)))).flat();
  const ofAnotherExecution = (folder: string) => `${executionPrefix('another')}${folder}/file`;

  test('may do its work: read the dataset, and write the output of its step', async () => {
    const reads = [
      wishes().dataset('s3:GetObject', imageKey(DIGEST)),
      wishes().dataset('s3:GetObject', acceptedKey(DIGEST)),
      wishes().listDataset(acceptedKey(DIGEST)),
    ];
    expect(await granted(roleAt('Jobs/Prepare'), reads)).toHaveLength(reads.length);
    for (const job of JOBS) {
      const writes = WRITES[job].map((folder) =>
        wishes().output('s3:PutObject', `${executionPrefix('own')}${folder}/file`),
      );
      expect(await granted(roleAt(`Jobs/${job}`), writes)).toHaveLength(writes.length);
    }
  });

  test('[S10] both networks start from their champions, which other executions have trained', async () => {
    const reads = ['Train', 'TrainCloudVariant'].map((step) =>
      wishes().output(
        's3:GetObject',
        `${executionPrefix('another')}${EXECUTION_FOLDERS.model}/pipelines-another-${step}-1/output/model.tar.gz`,
      ),
    );
    expect(await granted(roleAt('Jobs/Train'), reads)).toHaveLength(reads.length);
    // What checks and exports them has no other business with them.
    expect(await granted(roleAt('Jobs/Prepare'), reads)).toEqual([]);
  });

  test('the pipeline registers what waits for a person, and gives its jobs their roles', async () => {
    const work = [
      wishes().package('CreateModelPackage', 'PendingManualApproval'),
      wishes().package('DescribeModelPackage'),
      ...jobs().map((job) => wishes().passRole(job, 'sagemaker.amazonaws.com')),
    ];
    expect(await granted(pipeline(), work)).toHaveLength(work.length);
  });

  test('case 38: registers nothing, starts no jobs and passes no role', async () => {
    const other = ['PendingManualApproval', 'Rejected', undefined];
    expect(
      await grantedToJobs([
        ...wishes().approvals(),
        ...other.map((status) => wishes().package('CreateModelPackage', status)),
        wishes().package('DeleteModelPackage'),
        ...wishes().startJobs(),
        ...[pipeline(), ...jobs()].map((role) => wishes().passRole(role, 'sagemaker.amazonaws.com')),
      ]),
    ).toEqual([]);
  });

  test('case 38, 55: the pipeline cannot approve what it registers, nor what waits', async () => {
    const other = ['Rejected', undefined].map((status) => wishes().package('CreateModelPackage', status));
    const removed = wishes().package('DeleteModelPackage');
    expect(await granted(pipeline(), [...wishes().approvals(), ...other, removed])).toEqual([]);
  });

  test('case 38: cannot write or delete what others made of a model, nor delete any output', async () => {
    const made = [blobKey(DIGEST, 'model.onnx'), envelopeKey(DIGEST), deliverReleaseKey(DIGEST)];
    const foreign = [
      ...made.flatMap((key) => ['s3:PutObject', 's3:DeleteObject'].map((verb) => wishes().output(verb, key))),
      ...Object.values(EXECUTION_FOLDERS).map((folder) =>
        wishes().output('s3:DeleteObject', ofAnotherExecution(folder)),
      ),
    ];
    expect(await grantedToJobs(foreign)).toEqual([]);
    expect(await granted(pipeline(), foreign)).toEqual([]);
  });

  test("case 38, 55: the training script cannot touch any execution's export, and a job writes its own folders only", async () => {
    for (const job of JOBS) {
      const others = Object.values(EXECUTION_FOLDERS).filter(
        (folder) => !(WRITES[job] as readonly string[]).includes(folder),
      );
      const planted = others.map((folder) => wishes().output('s3:PutObject', ofAnotherExecution(folder)));
      expect(await granted(roleAt(`Jobs/${job}`), planted)).toEqual([]);
    }
  });

  test('case 38, 55: an export that another execution overwrites after the approval is found at signing', async () => {
    const field = new Field(synthesizedApp(environment));
    const overwrite = wishes().output('s3:PutObject', ofAnotherExecution(EXECUTION_FOLDERS.exported));
    // IAM cannot tell executions apart: the code that Export loads could do it.
    expect(await granted(roleAt('Jobs/Export'), [overwrite])).toHaveLength(1);
    await expect(field.buildRelease({ overwritten: true })).rejects.toThrow(
      /export\/export\.json is not what was approved: its SHA-256 must be [0-9a-f]{64} \(.*exportSha256\), got [0-9a-f]{64}$/,
    );
    expect(releasedBy(field)).toEqual([]);
    const untouched = new Field(synthesizedApp(environment));
    await untouched.buildRelease();
    expect(releasedBy(untouched)).not.toEqual([]);
  });

  test('case 38: cannot read or write labels, nor change the dataset', async () => {
    const dataset = [imageKey(DIGEST), acceptedKey(DIGEST), incomingKey('new'), CURRENT_KEY];
    expect(
      await grantedToJobs([
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

  test('case 38: the pipeline cannot lend a role to another service', async () => {
    const lent = [pipeline(), ...jobs()].map((role) => wishes().passRole(role, 'lambda.amazonaws.com'));
    expect(await granted(pipeline(), lent)).toEqual([]);
  });

  test('case 38: no role of the application approves a model package', async () => {
    const roles = rolesOf(synthesizedApp(environment));
    expect(roles.length).toBeGreaterThan(10);
    const sentences = await Promise.all(roles.map((one) => granted(one, wishes().approvals())));
    expect(sentences.flat()).toEqual([]);
  });

  test('case 38: a role whose registration has no condition, or that may update, is caught', async () => {
    const { path, arn, statements } = pipeline();
    const [create, update] = wishes().approvals() as [Wish, Wish];
    const without = planted(statements, withoutConditions('RegisterModels'));
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

  test('case 38: a job that writes all of pipelines/, as once, is caught', async () => {
    const { path, arn, statements } = roleAt('Jobs/Train');
    const wide = statements.map((statement) =>
      statement.Sid === 'WriteOutput'
        ? {
            ...statement,
            Resource: statement.Resource.map((one) => one.replace(/\/pipelines\/.*$/, '/pipelines/*')),
          }
        : statement,
    );
    const planted = wishes().output('s3:PutObject', ofAnotherExecution(EXECUTION_FOLDERS.exported));
    expect(await granted({ path, arn, statements: wide }, [planted])).toEqual([
      `${path} may do s3:PutObject on ${planted.resource}`,
    ]);
  });
});
