import { App, Validations } from 'aws-cdk-lib';
import { EdgeMlopsStage } from '../lib/edge-mlops-stage';
import { AwsSolutionsReview } from '../lib/rules/aws-solutions-review';
import { loadConfig } from '../lib/shared/app-config';

const app = new App();
new EdgeMlopsStage(app, loadConfig(app));
Validations.of(app).addPlugins(new AwsSolutionsReview(app));
app.synth();
