import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { greengrass } from '../../shared/aws';
import { answerCloudFormation, NOT_CREATED } from '../../shared/custom-resource';
import { log } from '../../shared/log';
import { deleteVersion, publishVersion } from './publish-inference-component';

/**
 * Custom resource: a version of the inference component. Property: `Recipe`, JSON. CloudFormation's own resource type
 * cannot take over a version that exists.
 */
export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  log.addContext(context);
  await answerCloudFormation(event, async () => {
    if (event.RequestType !== 'Delete') {
      return publishVersion(greengrass(), event.ResourceProperties.Recipe, context.invokedFunctionArn);
    }
    if (event.PhysicalResourceId !== NOT_CREATED) await deleteVersion(greengrass(), event.PhysicalResourceId);
    return event.PhysicalResourceId;
  });
}
