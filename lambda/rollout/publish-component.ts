import type { GreengrassV2Client } from '@aws-sdk/client-greengrassv2';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { StoredRelease } from '../registry/release-items';
import { objectExists } from '../shared/objects';
import { parseS3Uri } from '../shared/s3-uri';
import { createOrAdopt, type Sleep } from './component-version';
import { modelRecipe } from './model-recipe';
import { RELEASE_TAG, ROLLOUT_VARIABLES } from './names';

export interface PublishSettings {
  readonly modelBucket: string;
  readonly inferenceComponentName: string;
  readonly deliverReleaseUri: string;
  /** Where the deployment of the stack put the startup script. */
  readonly deliverReleaseSourceUri: string;
}

/** Makes component versions of releases. */
export class ComponentPublisher {
  constructor(
    private readonly greengrass: Pick<GreengrassV2Client, 'send'>,
    private readonly s3: Pick<S3Client, 'send'>,
    private readonly settings: PublishSettings,
    private readonly sleep?: Sleep,
  ) {}

  /**
   * Creates the version of a release, or finds it, and waits until it can be deployed.
   * @param executionArn tells partition, region and account
   * @throws InvalidInputError when the version exists and is not this release
   * @throws Error when Greengrass refuses an artifact, with its message
   */
  async publish(stored: StoredRelease, executionArn: string): Promise<void> {
    await this.publishStartupScript();
    const recipe = modelRecipe({ stored, ...this.settings });
    // Not the recipe's digest: a release that is started again may come with another startup script.
    const origin = { tag: RELEASE_TAG, sha256: stored.envelopeSha256 };
    await createOrAdopt(this.greengrass, recipe, origin, executionArn, this.sleep);
  }

  /** Devices read from the model bucket only, under a name that Greengrass keeps as the file's name. */
  private async publishStartupScript(): Promise<void> {
    const target = parseS3Uri(this.settings.deliverReleaseUri, ROLLOUT_VARIABLES.deliverReleaseUri);
    if (await objectExists(this.s3, target)) return;
    const source = parseS3Uri(
      this.settings.deliverReleaseSourceUri,
      ROLLOUT_VARIABLES.deliverReleaseSourceUri,
    );
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: source.bucket, Key: source.key }));
    if (!Body) throw new Error(`${this.settings.deliverReleaseSourceUri} has no body`);
    await this.s3.send(
      new PutObjectCommand({
        Bucket: target.bucket,
        Key: target.key,
        Body: await Body.transformToByteArray(),
        ContentType: 'text/javascript',
      }),
    );
  }
}
