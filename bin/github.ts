/**
 * The app of the delivery by GitHub Actions (docs/delivery.md): the environments that .github/workflows/deliver.yml deploys,
 * and the stack that lets it, which a person deploys once in each account:
 * `npx cdk deploy 'GithubAccess-<account>' --app 'npx tsx bin/github.ts'`.
 */
import { App, Validations } from 'aws-cdk-lib';
import { loadDelivery } from '../lib/delivery/delivery-config';
import { addGithubDelivery } from '../lib/delivery/github/github-delivery';
import { deliveryReviews } from '../lib/rules/reviews';

const app = new App();
addGithubDelivery(app, loadDelivery());
Validations.of(app).addPlugins(...deliveryReviews());
app.synth();
