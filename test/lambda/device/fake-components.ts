/** Component versions as Greengrass keeps them: immutable, refused when they exist, and given back rewritten. */
import {
  ConflictException,
  CreateComponentVersionCommand,
  DeleteComponentCommand,
  DescribeComponentCommand,
  GreengrassV2Client,
  ResourceNotFoundException,
} from '@aws-sdk/client-greengrassv2';
import { mockClient } from 'aws-sdk-client-mock';

interface Version {
  readonly tags: Readonly<Record<string, string>>;
  readonly recipe: string;
  looks: number;
}

export class FakeComponents {
  /** Whether a version can be deployed at the second look only: Greengrass reads its artifacts first. */
  isSlow = true;
  readonly versions = new Map<string, Version>();
  readonly greengrass = mockClient(GreengrassV2Client);

  constructor() {
    this.greengrass.on(CreateComponentVersionCommand).callsFake(({ inlineRecipe, tags = {} }) => {
      const recipe = Buffer.from(inlineRecipe).toString();
      const { ComponentName, ComponentVersion } = JSON.parse(recipe);
      const arn = `arn:aws:greengrass:eu-west-1:111111111111:components:${ComponentName}:versions:${ComponentVersion}`;
      if (this.versions.has(arn)) {
        throw new ConflictException({
          $metadata: {},
          message: `Component [${ComponentName} : ${ComponentVersion}] for account already exists`,
          resourceId: arn,
          resourceType: 'COMPONENT',
        });
      }
      this.versions.set(arn, { tags, recipe, looks: 0 });
      return { arn, status: { componentState: 'REQUESTED' } };
    });
    this.greengrass.on(DescribeComponentCommand).callsFake(({ arn }) => {
      const found = this.find(arn);
      found.looks += 1;
      const isDone = !this.isSlow || found.looks > 1;
      return { tags: found.tags, status: { componentState: isDone ? 'DEPLOYABLE' : 'REQUESTED' } };
    });
    this.greengrass.on(DeleteComponentCommand).callsFake(({ arn }) => {
      this.find(arn);
      this.versions.delete(arn);
      return {};
    });
  }

  private find(arn: string): Version {
    const found = this.versions.get(arn);
    if (found) return found;
    throw new ResourceNotFoundException({
      $metadata: {},
      message: `Resource ${arn} not found`,
      resourceId: arn,
      resourceType: 'COMPONENT',
    });
  }
}
