import { App, Validations } from 'aws-cdk-lib';
import { loadConfig } from '../lib/app-config';
import { EdgeMlopsStage } from '../lib/edge-mlops-stage';
import { AwsSolutionsReview } from '../lib/rules/aws-solutions-review';

const app = new App();
new EdgeMlopsStage(app, loadConfig(app));
Validations.of(app).addPlugins(new AwsSolutionsReview(app));
app.synth();
