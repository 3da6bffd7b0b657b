import { App, Validations } from 'aws-cdk-lib';
import { EdgeMlopsStage } from '../lib/edge-mlops-stage';
import { AwsSolutionsReview } from '../lib/rules/aws-solutions-review';
import { loadConfig } from '../lib/shared/app-config';

const app = new App();
const config = loadConfig(app);
new EdgeMlopsStage(app, config);
Validations.of(app).addPlugins(new AwsSolutionsReview(app, config.transport));
app.synth();
