/**
 * The app of the delivery pipeline (docs/delivery.md): the pipeline's own stack, and the environments that it deploys.
 * `npx cdk deploy kaizen-delivery --app 'npx tsx bin/pipeline.ts'` once; then it updates itself.
 */
import { App, Validations } from 'aws-cdk-lib';
import { loadDelivery } from '../lib/delivery/delivery-config';
import { DeliveryPipelineStack } from '../lib/delivery/pipeline/delivery-pipeline-stack';
import { deliveryReviews } from '../lib/rules/reviews';

const app = new App();
new DeliveryPipelineStack(app, loadDelivery());
Validations.of(app).addPlugins(...deliveryReviews());
app.synth();
