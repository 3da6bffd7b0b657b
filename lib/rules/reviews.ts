import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { IMAGE_PREFIX, MANIFEST_PREFIX } from '../../lambda/dataset/names';
import { MONITORING_METRICS } from '../../lambda/monitoring/names';
import { COMPONENT_PREFIX, RELEASE_PREFIX } from '../../lambda/registry/names';
import { RETRAINING_METRICS } from '../../lambda/retraining/names';
import { environmentDimension, METRIC_NAMESPACE } from '../../lambda/shared/names';
import {
  CAPTURE_PREFIX,
  QUESTION_METRICS,
  QUESTION_PREFIX,
  REJECTED_RECORD_PREFIX,
  RESULT_PREFIX,
  TELEMETRY_METRICS,
} from '../../lambda/telemetry/names';
import { PIPELINE_PREFIX } from '../../lambda/training/names';
import { COMPONENT_VERSION_RESOURCE } from '../device/inference-component';
import type { AppConfig } from '../shared/app-config';
import { ACCEPTED_DELIVERY_FINDINGS } from './accepted-delivery-findings';
import { ACCEPTED_FINDINGS, type AcceptedFinding } from './accepted-findings';
import { EdgeMlChecks } from './edge-ml/edge-ml-checks';
import { Review } from './review';

const OF_EVERY_METRIC = Object.keys(environmentDimension({ environmentName: '' }));

const below = (bucket: RegExp, ...prefixes: readonly string[]) =>
  prefixes.map((prefix) => ({ bucket, prefix }));

/**
 * Every pack that judges this application, at each synthesis. Of NIST 800-53 the fifth revision: the fourth has been
 * withdrawn.
 */
export const reviews = (
  transport: AppConfig['transport'],
  accepted: readonly AcceptedFinding[] = ACCEPTED_FINDINGS,
): Review[] =>
  [
    new AwsSolutionsChecks(),
    new NIST80053R5Checks(),
    new EdgeMlChecks({
      recipes: [{ type: COMPONENT_VERSION_RESOURCE, property: 'Recipe' }],
      metrics: {
        namespace: METRIC_NAMESPACE,
        written: [TELEMETRY_METRICS, QUESTION_METRICS, MONITORING_METRICS, RETRAINING_METRICS]
          .flatMap((metrics) => Object.values(metrics))
          .map((metric) => ({ ...metric, dimensions: [...OF_EVERY_METRIC, ...metric.dimensions] })),
      },
      prefixes: [
        ...below(/^Dataset/, IMAGE_PREFIX, MANIFEST_PREFIX),
        ...below(/^Registry/, PIPELINE_PREFIX, RELEASE_PREFIX, COMPONENT_PREFIX),
        ...below(/^Telemetry/, RESULT_PREFIX, REJECTED_RECORD_PREFIX, CAPTURE_PREFIX),
        // Where second opinions are configured.
        { bucket: /^Telemetry/, prefix: QUESTION_PREFIX, isOptional: true },
      ],
    }),
  ].map((pack) => new Review(pack, transport, accepted));

/** The same for apps that deliver: pipelines and roles beside the environments, all of them in AWS. */
export const deliveryReviews = (): Review[] =>
  reviews('tls-only', [...ACCEPTED_FINDINGS, ...ACCEPTED_DELIVERY_FINDINGS]);
