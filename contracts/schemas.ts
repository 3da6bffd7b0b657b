/** Every schema by name. A static list, so that esbuild bundles exactly these. */
import appConfig from './schemas/app-config.schema.json';
import capture from './schemas/capture.schema.json';
import commandError from './schemas/command-error.schema.json';
import common from './schemas/common.schema.json';
import componentConfiguration from './schemas/component-configuration.schema.json';
import compressedResultsBatch from './schemas/compressed-results-batch.schema.json';
import configurationDocument from './schemas/configuration-document.schema.json';
import datasetItem from './schemas/dataset-item.schema.json';
import datasetReport from './schemas/dataset-report.schema.json';
import deliveryConfig from './schemas/delivery-config.schema.json';
import deviceStatus from './schemas/device-status.schema.json';
import evaluationReport from './schemas/evaluation-report.schema.json';
import exportedModel from './schemas/exported-model.schema.json';
import gateReport from './schemas/gate-report.schema.json';
import histogram from './schemas/histogram.schema.json';
import imagePolicy from './schemas/image-policy.schema.json';
import inferenceResult from './schemas/inference-result.schema.json';
import label from './schemas/label.schema.json';
import release from './schemas/release.schema.json';
import releaseOffer from './schemas/release-offer.schema.json';
import releaseVerdict from './schemas/release-verdict.schema.json';
import resultsBatch from './schemas/results-batch.schema.json';
import resultsConfirmation from './schemas/results-confirmation.schema.json';
import scriptCheck from './schemas/script-check.schema.json';
import secondOpinionAnswer from './schemas/second-opinion-answer.schema.json';
import secondOpinionQuestion from './schemas/second-opinion-question.schema.json';
import signedRelease from './schemas/signed-release.schema.json';
import sketch from './schemas/sketch.schema.json';
import trustedKeys from './schemas/trusted-keys.schema.json';

export const SCHEMAS = {
  'app-config': appConfig,
  capture,
  'command-error': commandError,
  common,
  'component-configuration': componentConfiguration,
  'compressed-results-batch': compressedResultsBatch,
  'configuration-document': configurationDocument,
  'dataset-item': datasetItem,
  'dataset-report': datasetReport,
  'delivery-config': deliveryConfig,
  'device-status': deviceStatus,
  'evaluation-report': evaluationReport,
  'exported-model': exportedModel,
  'gate-report': gateReport,
  histogram,
  'image-policy': imagePolicy,
  'inference-result': inferenceResult,
  label,
  release,
  'release-offer': releaseOffer,
  'release-verdict': releaseVerdict,
  'results-batch': resultsBatch,
  'results-confirmation': resultsConfirmation,
  'script-check': scriptCheck,
  'second-opinion-answer': secondOpinionAnswer,
  'second-opinion-question': secondOpinionQuestion,
  'signed-release': signedRelease,
  sketch,
  'trusted-keys': trustedKeys,
} as const;
