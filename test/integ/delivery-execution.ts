/**
 * One execution of the delivery pipeline, as AWS CodePipeline would carry it out: stages, actions and builds are read from
 * the synthesized template, and what they say is done to the local AWS with the roles that they say. Of CodePipeline and
 * CodeBuild nothing else is played: no artifacts, no containers, no queue of executions.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  CreateStackCommand,
  DeleteChangeSetCommand,
  DescribeChangeSetCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { LOCAL_ACCOUNT_ID, LOCAL_REGION, type LocalAws } from '@kaizen-edge/local-aws';
import { zipSync } from 'fflate';
import { parse } from 'yaml';
import { assumeRole, credentialVariables, type SessionCredentials } from '../../cli/delivery/assume-role';
import type { DemoClients } from '../../demo/clients';
import { waitFor } from '../../demo/waiting';
import { PIPELINE_NAME } from '../../lib/delivery/names';
import { BUILD, INSTALL } from '../../lib/delivery/pipeline/delivery-commands';
import { devDependencies } from '../../package.json';
import { REPOSITORY_ROOT } from '../../scripts/repository';

type Json = Readonly<Record<string, unknown>>;

interface Action {
  readonly Name: string;
  readonly RunOrder: number;
  readonly RoleArn?: unknown;
  readonly ActionTypeId: { readonly Category: string; readonly Provider: string };
  readonly Configuration: Readonly<Record<string, unknown>>;
  readonly InputArtifacts?: readonly { readonly Name: string }[];
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: Json }>>;
}

/** What ministack has no CloudFormation handler for: the pipeline, which is played here, and who is told of it. */
const NOT_DEPLOYED = ['AWS::CodePipeline::Pipeline', 'AWS::CodeStarNotifications::NotificationRule'];

/** Commands that this test is the answer to, or that this machine has been set up by. */
const DONE_ALREADY: ReadonlySet<string> = new Set([
  INSTALL,
  ...BUILD,
  `npm install -g aws-cdk@${devDependencies['aws-cdk']}`,
  'npm install -g cdk-assets@4',
]);
/** Nothing here takes a pipeline: what the pipeline would update is itself. */
const SELF_MUTATION = /^cdk -a \. deploy DeliveryPipeline /;

const run = promisify(execFile);

export interface DeliveryExecutionProps {
  readonly aws: LocalAws;
  readonly clients: DemoClients;
  /** Of the test, for checkouts. */
  readonly folder: string;
  /** What `cdk synth` of the pipeline's app has written. */
  readonly assembly: string;
  /** Reads the page that it is given, and says whether it may go on. */
  readonly approve: (page: string) => boolean;
}

/** Runs once; {@link DeliveryExecution.actions} says how far it came. */
export class DeliveryExecution {
  /** Names of the actions that have succeeded, in their order. */
  readonly actions: string[] = [];
  /** The review page of each environment, as its build has published it. */
  readonly pages = new Map<string, string>();
  private readonly id = randomUUID();
  private readonly template: Template;
  private physicalIds: ReadonlyMap<string, string> = new Map();

  constructor(private readonly props: DeliveryExecutionProps) {
    this.template = JSON.parse(readFileSync(join(props.assembly, 'DeliveryPipeline.template.json'), 'utf8'));
  }

  /** @throws Error of the first action that fails; no later one runs */
  async run(): Promise<void> {
    await this.deployRoles();
    const stages = this.pipeline.Stages as readonly { readonly Actions: readonly Action[] }[];
    for (const { Actions } of stages) {
      const orders = [...new Set(Actions.map(({ RunOrder }) => RunOrder))].sort((x, y) => x - y);
      for (const order of orders) {
        // As CodePipeline does it: those of one order at a time.
        const together = Actions.filter(({ RunOrder }) => RunOrder === order);
        await Promise.all(together.map((action) => this.take(action)));
      }
    }
  }

  private get pipeline(): Json {
    const found = Object.values(this.template.Resources).find(({ Type }) => Type === NOT_DEPLOYED[0]);
    if (found === undefined) throw new Error('there is no pipeline');
    return found.Properties;
  }

  /** The pipeline's own stack without the pipeline: what its builds are, and what they may do. */
  private async deployRoles(): Promise<void> {
    const { cloudFormation } = this.props.clients;
    const StackName = PIPELINE_NAME;
    const Resources = Object.fromEntries(
      Object.entries(this.template.Resources).filter(([, { Type }]) => !NOT_DEPLOYED.includes(Type)),
    );
    const exists = await cloudFormation.send(new DescribeStacksCommand({ StackName })).then(
      () => true,
      () => false,
    );
    if (!exists) {
      const TemplateBody = JSON.stringify({ Resources });
      await cloudFormation.send(
        new CreateStackCommand({ StackName, TemplateBody, Capabilities: ['CAPABILITY_NAMED_IAM'] }),
      );
      await waitUntilStackCreateComplete(
        { client: cloudFormation, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
        { StackName },
      );
    }
    const { StackResources = [] } = await cloudFormation.send(
      new DescribeStackResourcesCommand({ StackName }),
    );
    this.physicalIds = new Map(
      StackResources.map(({ LogicalResourceId = '', PhysicalResourceId = '' }) => [
        LogicalResourceId,
        PhysicalResourceId,
      ]),
    );
  }

  private async take(action: Action): Promise<void> {
    const { Category, Provider } = action.ActionTypeId;
    try {
      if (Provider === 'CodeBuild') await this.build(action);
      else if (Provider === 'CloudFormation') await this.changeStack(action);
      else if (Category === 'Approval') this.askForApproval(action);
      else if (Category !== 'Source') throw new Error(`no such provider: ${Provider}`);
    } catch (error) {
      throw new Error(`${action.Name} failed: ${(error as Error).message}`);
    }
    this.actions.push(action.Name);
  }

  private askForApproval({ Name }: Action): void {
    const page = this.pages.get(Name.replace('Approve-', ''));
    if (page === undefined) throw new Error('there is nothing to approve by');
    if (!this.props.approve(page)) throw new Error('rejected');
  }

  /** Each command of its build specification, as the role of its project. */
  private async build({ Name, Configuration, InputArtifacts }: Action): Promise<void> {
    const { Ref: id = '' } = Configuration.ProjectName as { readonly Ref?: string };
    const project = this.template.Resources[id]?.Properties as Json;
    const specification = parse(this.buildSpecification(project)) as {
      phases: Record<string, { commands?: string[] } | undefined>;
    };
    const commands = ['install', 'build'].flatMap((phase) => specification.phases[phase]?.commands ?? []);
    const credentials = await this.assumeAsService(project.ServiceRole, 'codebuild.amazonaws.com', Name);
    const isOfSource = InputArtifacts?.[0]?.Name.endsWith('_Source') === true;
    const cwd = isOfSource ? this.checkOut(Name) : this.props.assembly;
    const env = {
      PATH: `${join(REPOSITORY_ROOT, 'node_modules', '.bin')}:${process.env.PATH}`,
      HOME: this.props.folder,
      ...this.props.aws.environment,
      ...credentialVariables(credentials, LOCAL_REGION),
      CODEBUILD_SRC_DIR_Build_Output: this.props.assembly,
      ...this.variables(project, Configuration),
    };
    for (const command of commands) {
      if (DONE_ALREADY.has(command) || SELF_MUTATION.test(command)) continue;
      if (PUBLISH.test(command)) {
        await this.publish(command, credentials);
        continue;
      }
      const { stdout } = await run('bash', ['-e', '-c', command], {
        cwd,
        env,
        timeout: 300_000,
        maxBuffer: 1 << 26,
      }).catch((error: Error & { stdout: string; stderr: string }) => {
        throw new Error(`${command}\n${error.stdout}\n${error.stderr}`);
      });
      const [, environment] = /^Review-(.+)$/.exec(Name) ?? [];
      if (environment !== undefined && command.includes('review-update')) this.pages.set(environment, stdout);
    }
  }

  /**
   * What cdk-assets does, with the role that the asset names. The newest that can be had here refuses the assembly by the
   * version of its schema, and would start forty times.
   */
  private async publish(command: string, credentials: SessionCredentials): Promise<void> {
    const [, path = '', asset = '', destinationId = ''] = PUBLISH.exec(command) ?? [];
    const manifest: AssetManifest = JSON.parse(readFileSync(join(this.props.assembly, path), 'utf8'));
    const file = manifest.files[asset];
    const destination = file?.destinations[destinationId];
    if (file === undefined || destination === undefined) throw new Error(`${path} has no asset ${asset}`);
    const settings = { endpoint: this.props.aws.endpointUrl, region: LOCAL_REGION };
    const role = destination.assumeRoleArn.replace(/\$\{AWS::Partition\}/, 'aws');
    const publisher = await assumeRole(new STSClient({ ...settings, credentials }), role);
    const s3 = new S3Client({ ...settings, credentials: publisher, forcePathStyle: true });
    const object = { Bucket: destination.bucketName, Key: destination.objectKey };
    const isThere = await s3.send(new HeadObjectCommand(object)).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    const source = join(this.props.assembly, dirname(path), file.source.path);
    const Body = file.source.packaging === 'zip' ? zipped(source) : readFileSync(source);
    await s3.send(new PutObjectCommand({ ...object, Body }));
  }

  private buildSpecification({ Source }: Json): string {
    const { BuildSpec } = Source as { readonly BuildSpec: string };
    return BuildSpec.endsWith('.yaml')
      ? readFileSync(join(this.props.assembly, BuildSpec), 'utf8')
      : BuildSpec;
  }

  /** A folder of its own with everything that is in the repository: a build leaves something in it. */
  private checkOut(name: string): string {
    const folder = join(this.props.folder, `${this.id}-${name}`);
    mkdirSync(folder);
    for (const entry of readdirSync(REPOSITORY_ROOT)) {
      if (!['cdk.out', 'out', '.git'].includes(entry))
        symlinkSync(join(REPOSITORY_ROOT, entry), join(folder, entry));
    }
    return folder;
  }

  /** The project's variables, and those that CodePipeline fills in. */
  private variables(
    { Environment }: Json,
    { EnvironmentVariables }: Action['Configuration'],
  ): Record<string, string> {
    const { EnvironmentVariables: ofProject = [] } = Environment as {
      readonly EnvironmentVariables?: readonly { readonly Name: string; readonly Value: unknown }[];
    };
    const ofAction = JSON.parse(String(EnvironmentVariables ?? '[]')) as readonly {
      name: string;
      value: string;
    }[];
    return Object.fromEntries([
      ...ofProject.map(({ Name, Value }) => [Name, this.text(Value)]),
      ...ofAction.map(({ name, value }) => [
        name,
        value.replace('#{codepipeline.PipelineExecutionId}', this.id),
      ]),
    ]);
  }

  private async changeStack(action: Action): Promise<void> {
    const { StackName, ChangeSetName, ActionMode } = action.Configuration as Readonly<Record<string, string>>;
    const client = await this.asDeployRole(action);
    const name = { StackName, ChangeSetName };
    if (ActionMode === 'CHANGE_SET_REPLACE') {
      await this.prepare(client, name, action.Configuration);
      return;
    }
    const { Status } = await client.send(new DescribeChangeSetCommand(name));
    // CodePipeline lets an action succeed that has nothing to change.
    if (Status === 'FAILED') return;
    await client.send(new ExecuteChangeSetCommand(name));
    await this.waitForStack(client, StackName);
  }

  private async prepare(
    client: CloudFormationClient,
    name: { readonly StackName: string | undefined; readonly ChangeSetName: string | undefined },
    { TemplatePath, TemplateConfiguration, Capabilities, RoleArn }: Action['Configuration'],
  ): Promise<void> {
    const file = (path: unknown) =>
      readFileSync(join(this.props.assembly, String(path).split('::')[1] ?? ''), 'utf8');
    const { Tags = {} } = TemplateConfiguration === undefined ? {} : JSON.parse(file(TemplateConfiguration));
    const existing = await client.send(new DescribeStacksCommand({ StackName: name.StackName })).then(
      ({ Stacks }) => Stacks?.[0]?.StackStatus,
      () => undefined,
    );
    if (existing !== undefined) await client.send(new DeleteChangeSetCommand(name)).catch(() => undefined);
    await client.send(
      new CreateChangeSetCommand({
        ...name,
        ChangeSetType: existing === undefined || existing === 'REVIEW_IN_PROGRESS' ? 'CREATE' : 'UPDATE',
        TemplateURL: await this.uploaded(String(name.StackName), file(TemplatePath)),
        RoleARN: this.text(RoleArn),
        Capabilities: String(Capabilities).split(',') as never[],
        Tags: Object.entries(Tags as Record<string, string>).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    await waitFor(
      { what: `change set of ${name.StackName}`, timeoutSeconds: 60, signal: new AbortController().signal },
      async () => {
        const { Status, StatusReason = '' } = await client.send(new DescribeChangeSetCommand(name));
        if (Status === 'FAILED' && !/no changes|didn't contain changes|No updates/i.test(StatusReason)) {
          throw new Error(StatusReason);
        }
        return Status === 'CREATE_COMPLETE' || Status === 'FAILED' ? true : undefined;
      },
    );
  }

  /** A template of the size of these is taken from S3 only; CodePipeline has its artifacts there. */
  private async uploaded(stack: string, Body: string): Promise<string> {
    const { Location } = this.pipeline.ArtifactStore as { readonly Location: unknown };
    const object = { Bucket: this.text(Location), Key: `${PIPELINE_NAME}/${this.id}/${stack}.json` };
    await this.props.clients.s3.send(new PutObjectCommand({ ...object, Body }));
    return `${this.props.aws.endpointUrl}/${object.Bucket}/${object.Key}`;
  }

  private async waitForStack(client: CloudFormationClient, StackName: string | undefined): Promise<void> {
    const status = await waitFor(
      { what: `stack ${StackName}`, timeoutSeconds: 300, signal: new AbortController().signal },
      async () => {
        const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
        const { StackStatus = '' } = Stacks?.[0] ?? {};
        return StackStatus.endsWith('_IN_PROGRESS') ? undefined : StackStatus;
      },
    );
    if (!/^(CREATE|UPDATE)_COMPLETE$/.test(status)) throw new Error(`${StackName} is ${status}`);
  }

  /** The pipeline's role assumes the one of the action, which the bootstrap stack has made. */
  private async asDeployRole({ Name, RoleArn }: Action): Promise<CloudFormationClient> {
    const own = await this.assumeAsService(this.pipeline.RoleArn, 'codepipeline.amazonaws.com', Name);
    const settings = { endpoint: this.props.aws.endpointUrl, region: LOCAL_REGION };
    const credentials = await assumeRole(
      new STSClient({ ...settings, credentials: own }),
      this.text(RoleArn),
    );
    return new CloudFormationClient({ ...settings, credentials });
  }

  /** As the local AWS lets its own services assume roles: if the role's trust policy names the service. */
  private async assumeAsService(role: unknown, service: string, name: string): Promise<SessionCredentials> {
    const answer = await fetch(`${this.props.aws.endpointUrl}/_local-aws/assume-role`, {
      method: 'POST',
      body: JSON.stringify({
        roleArn: this.text(role),
        service,
        sourceArn: `arn:aws:${service.split('.')[0]}:${LOCAL_REGION}:${LOCAL_ACCOUNT_ID}:${name}`,
        sessionName: name,
        durationSeconds: 900,
      }),
    });
    const { error, accessKeyId, secretAccessKey, sessionToken } =
      (await answer.json()) as SessionCredentials & { readonly error?: { readonly message: string } };
    if (error) throw new Error(error.message);
    return { accessKeyId, secretAccessKey, sessionToken };
  }

  /** A value of the pipeline's template. */
  private text(value: unknown): string {
    if (typeof value !== 'object' || value === null) return String(value);
    const {
      Ref,
      'Fn::GetAtt': attribute,
      'Fn::Join': join,
    } = value as {
      readonly Ref?: string;
      readonly 'Fn::GetAtt'?: readonly [string, string];
      readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
    };
    if (Ref === 'AWS::Partition') return 'aws';
    if (Ref !== undefined) return this.physicalIds.get(Ref) ?? Ref;
    if (join !== undefined) return join[1].map((part) => this.text(part)).join(join[0]);
    const [id = '', name] = attribute ?? [];
    if (name !== 'Arn') throw new Error(`not a value: ${JSON.stringify(value)}`);
    return `arn:aws:iam::${LOCAL_ACCOUNT_ID}:role/${this.physicalIds.get(id)}`;
  }
}

const PUBLISH = /^cdk-assets --path "([^"]+)" --verbose publish "([^:]+):([^"]+)"$/;

interface AssetManifest {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path: string; readonly packaging: 'file' | 'zip' };
        readonly destinations: Readonly<
          Record<
            string,
            { readonly bucketName: string; readonly objectKey: string; readonly assumeRoleArn: string }
          >
        >;
      }
    >
  >;
}

/** A folder as a zip file, by its paths. */
function zipped(folder: string): Buffer {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const files = entries.map((entry): [string, Uint8Array] => {
    const path = join(entry.parentPath, entry.name);
    return [relative(folder, path), readFileSync(path)];
  });
  return Buffer.from(zipSync(Object.fromEntries(files), { level: 1 }));
}
