import { App, Validations } from 'aws-cdk-lib';
import { EdgeMlopsStage } from '../lib/edge-mlops-stage';
import { reviews } from '../lib/rules/reviews';
import { loadConfig } from '../lib/shared/app-config';

const app = new App();
const config = loadConfig(app);
new EdgeMlopsStage(app, config);
Validations.of(app).addPlugins(...reviews(config.transport));
app.synth();
