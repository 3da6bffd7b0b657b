import { App } from 'aws-cdk-lib';
import { loadConfig } from '../lib/app-config';
import { EdgeMlopsStage } from '../lib/edge-mlops-stage';

const app = new App();
new EdgeMlopsStage(app, loadConfig(app));
app.synth();
