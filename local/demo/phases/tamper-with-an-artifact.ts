/**
 * Somebody who controls deployments, but not the signing key, changes one bit of a model and deploys it. Greengrass
 * itself is content: the digest in the recipe is that of the changed bytes. The device is not.
 */
import { createHash } from 'node:crypto';
import {
  CreateComponentVersionCommand,
  CreateDeploymentCommand,
  GetComponentCommand,
  GetDeploymentCommand,
  ListDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type DemoContext, note } from '../context';
import { readInventory } from '../inventory';
import { waitFor } from '../waiting';

const REFUSAL_TIMEOUT_SECONDS = 90;
/** Far above any release counter, so that the version is certainly new. */
const FORGED_VERSION = '1.0.900001';

interface Recipe {
  ComponentVersion: string;
  Manifests: Array<{ Artifacts: Array<{ Uri: string; Digest?: string; Algorithm?: string }> }>;
}

export async function tamperWithAnArtifact(context: DemoContext): Promise<void> {
  await context.console.phase(
    'a model with one flipped bit is deployed to the canary: the devices refuse it',
    async () => {
      const before = await readInventory(context);
      const { componentName, restore } = await deployTamperedModel(context);
      const victim = context.settings.devices.canary[0] as string;
      const refusal = await waitFor(
        {
          what: `${victim} to refuse the tampered model`,
          timeoutSeconds: REFUSAL_TIMEOUT_SECONDS,
          signal: context.signal,
        },
        async () =>
          (await readInventory(context))
            .get(victim)
            ?.refusedReleases?.find(({ code }) => code === 'DIGEST_MISMATCH'),
      );
      const after = (await readInventory(context)).get(victim);
      if (after?.releaseId !== before.get(victim)?.releaseId) {
        throw new Error(
          `${victim} went from ${before.get(victim)?.releaseId} to ${after?.releaseId} by a tampered model`,
        );
      }
      note(
        context,
        'fault',
        `${victim} refused ${componentName} ${FORGED_VERSION} (${refusal.code}) and goes on with ${after?.releaseId}`,
      );
      await restore();
    },
  );
}

/** @returns the component's name, and how to put the group's deployment back as it was */
async function deployTamperedModel(
  context: DemoContext,
): Promise<{ componentName: string; restore: () => Promise<void> }> {
  const { clients } = context;
  const { targetArn, components } = await canaryDeployment(context);
  const [componentName, current] =
    Object.entries(components).find(([name]) => name.startsWith('com.kaizenedge.model.')) ?? [];
  if (!componentName || !current?.componentVersion)
    throw new Error('the canary group has no model component');
  const arn = componentArn(targetArn, componentName, current.componentVersion);
  const recipe = await readRecipe(context, arn);
  recipe.ComponentVersion = FORGED_VERSION;
  const artifacts = recipe.Manifests.flatMap(({ Artifacts }) => Artifacts);
  for (const artifact of artifacts) {
    delete artifact.Digest;
    delete artifact.Algorithm;
    if (artifact.Uri.endsWith('.onnx')) artifact.Uri = await flipOneBit(context, artifact.Uri);
  }
  const inlineRecipe = Buffer.from(JSON.stringify(recipe));
  await clients.greengrass.send(new CreateComponentVersionCommand({ inlineRecipe }));
  const forged = { ...components, [componentName]: { ...current, componentVersion: FORGED_VERSION } };
  await clients.greengrass.send(new CreateDeploymentCommand({ targetArn, components: forged }));
  return {
    componentName,
    restore: async () => {
      await clients.greengrass.send(new CreateDeploymentCommand({ targetArn, components }));
    },
  };
}

async function canaryDeployment({ clients, environment }: DemoContext) {
  const group = environment.output('CanaryGroupName');
  const { deployments = [] } = await clients.greengrass.send(
    new ListDeploymentsCommand({ historyFilter: 'LATEST_ONLY' }),
  );
  const summary = deployments.find(({ targetArn }) => targetArn?.endsWith(`thinggroup/${group}`));
  const latest = await clients.greengrass.send(
    new GetDeploymentCommand({ deploymentId: summary?.deploymentId }),
  );
  return { targetArn: latest.targetArn as string, components: latest.components ?? {} };
}

/** arn:aws:iot:region:account:thinggroup/x -> arn:aws:greengrass:region:account:components:name:versions:version */
function componentArn(groupArn: string, name: string, version: string): string {
  const [, partition, , region, account] = groupArn.split(':');
  return `arn:${partition}:greengrass:${region}:${account}:components:${name}:versions:${version}`;
}

async function readRecipe({ clients }: DemoContext, arn: string): Promise<Recipe> {
  const answer = await clients.greengrass.send(new GetComponentCommand({ arn, recipeOutputFormat: 'JSON' }));
  return JSON.parse(Buffer.from(answer.recipe ?? []).toString('utf8')) as Recipe;
}

/** Stores a copy with one bit of its middle changed: a weight, most likely. @returns its URI */
async function flipOneBit({ clients }: DemoContext, uri: string): Promise<string> {
  const { hostname: Bucket, pathname } = new URL(uri);
  const object = await clients.s3.send(new GetObjectCommand({ Bucket, Key: pathname.slice(1) }));
  const bytes = Buffer.from((await object.Body?.transformToByteArray()) ?? []);
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  // Where devices may read: somebody who can deploy a forged component can write there too.
  const digest = createHash('sha256').update(bytes).digest('hex');
  const Key = `releases/blobs/${digest}/${pathname.split('/').pop()}`;
  await clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
  return `s3://${Bucket}/${Key}`;
}
