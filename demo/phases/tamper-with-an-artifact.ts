/**
 * Somebody who controls deployments and may write to the model bucket, but has no signing key, flips one bit of a
 * model and forges the manifest to match. Greengrass is content: the recipe's digests are those of the forged files.
 * The device is not.
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
import { parseContractJson } from '../../contracts';
import { canonicalJson } from '../../contracts/dsse';
import { s3Uri } from '../../contracts/s3-address';
import { blobKey, ENVELOPE_FILE, modelComponentName } from '../../lambda/registry/names';
import { parseS3Uri } from '../../lambda/shared/s3-uri';
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
            ?.refusedReleases?.find(({ code }) => code === 'SIGNATURE_INVALID'),
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
  const componentName = modelComponentName(context.environment.scope);
  const current = components[componentName];
  if (!current?.componentVersion) throw new Error('the canary group has no model component');
  const arn = componentArn(targetArn, componentName, current.componentVersion);
  const recipe = await readRecipe(context, arn);
  recipe.ComponentVersion = FORGED_VERSION;
  await forgeArtifacts(context, recipe);
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

/** Replaces every model by one with a flipped bit, and the manifest by one that says so. */
async function forgeArtifacts(context: DemoContext, recipe: Recipe): Promise<void> {
  const artifacts = recipe.Manifests.flatMap(({ Artifacts }) => Artifacts);
  const forgedFiles = new Map<string, string>();
  for (const artifact of artifacts) {
    delete artifact.Digest;
    delete artifact.Algorithm;
    if (!artifact.Uri.endsWith('.onnx')) continue;
    const forged = flipOneBit(await read(context, artifact.Uri));
    forgedFiles.set(nameOf(artifact.Uri), sha256(forged));
    artifact.Uri = await store(context, artifact.Uri, forged);
  }
  const manifest = artifacts.find(({ Uri }) => nameOf(Uri) === ENVELOPE_FILE);
  if (!manifest) throw new Error('the model component carries no signed release');
  const forged = forgeRelease(await read(context, manifest.Uri), forgedFiles);
  manifest.Uri = await store(context, manifest.Uri, forged);
}

/** A newer release with other digests under the old signature: all that can be had without the key. */
function forgeRelease(envelopeJson: Buffer, digests: ReadonlyMap<string, string>): Buffer {
  const envelope = parseContractJson('signed-release', envelopeJson.toString('utf8'), ENVELOPE_FILE);
  const release = parseContractJson(
    'release',
    Buffer.from(envelope.payload, 'base64').toString('utf8'),
    'its payload',
  );
  const counter = release.counter + 1;
  const files = release.files.map((file) => ({ ...file, sha256: digests.get(file.name) ?? file.sha256 }));
  const forged = { ...release, counter, releaseId: `${release.useCase}-${counter}`, files };
  return Buffer.from(JSON.stringify({ ...envelope, payload: canonicalJson(forged).toString('base64') }));
}

/** In the middle of the file: a weight, most likely. */
function flipOneBit(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(middle) ^ 1, middle);
  return changed;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function nameOf(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1);
}

async function read({ clients }: DemoContext, uri: string): Promise<Buffer> {
  const { bucket: Bucket, key: Key } = parseS3Uri(uri, 'artifact');
  const object = await clients.s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await object.Body?.transformToByteArray()) ?? []);
}

/** Beside the genuine files, where devices may read. @returns its URI */
async function store({ clients }: DemoContext, genuineUri: string, bytes: Buffer): Promise<string> {
  const { bucket: Bucket } = parseS3Uri(genuineUri, 'artifact');
  const Key = blobKey(sha256(bytes), nameOf(genuineUri));
  await clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: bytes }));
  return s3Uri(Bucket, Key);
}
