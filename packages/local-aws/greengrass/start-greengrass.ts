/** Starts the Greengrass V2 control plane: `@aws-sdk/client-greengrassv2` works with it unchanged. */
import { type Iam, MinistackIam } from '../iam/iam';
import { listen } from '../shared/listen';
import type { RunningService } from '../shared/running-service';
import { GreengrassAccess } from './access';
import type { Scope } from './arn';
import { AwsIotJobs, type AwsSettings, EventBridgeSink, S3Artifacts } from './aws-ports';
import { ComponentOperations } from './component-operations';
import { ComponentStore } from './component-store';
import { CoreDeviceOperations } from './core-device-operations';
import { CoreDeviceRegistry } from './core-device-registry';
import { DeploymentLedger } from './deployment-ledger';
import { DeploymentOperations } from './deployment-operations';
import { DeviceReports, type IotEndpoint } from './device-reports';
import { ClientTokens } from './idempotency';
import { buildServer, type Operations } from './server';
import { TagStore } from './tag-store';

export interface GreengrassOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Where IoT, S3 and EventBridge answer. */
  readonly awsEndpointUrl: string;
  readonly region: string;
  readonly accountId: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** IoT Core's MQTT endpoint, where devices report. */
  readonly iotEndpoint: IotEndpoint;
  /**
   * A device's message that could not be taken.
   * @default written to standard error
   */
  readonly onProblem?: (message: string) => void;
  /** @default ministack's, at `awsEndpointUrl` */
  readonly iam?: Iam;
}

export async function startGreengrass(options: GreengrassOptions): Promise<RunningService> {
  const { region, accountId, credentials } = options;
  const scope = { region, accountId };
  const settings: AwsSettings = { endpoint: options.awsEndpointUrl, region, credentials };
  const onProblem = options.onProblem ?? ((message: string) => console.error(`greengrass: ${message}`));
  const operations = composeOperations(settings, scope, onProblem);
  let url = '';
  const iam = options.iam ?? new MinistackIam(options.awsEndpointUrl);
  const server = buildServer(operations, { iam, access: new GreengrassAccess(scope) }, () => url);
  const reports = await DeviceReports.listen(settings, scope, options.iotEndpoint, {
    health: (thingName, text) => operations.coreDevices.report(thingName, text),
    execution: (thingName, jobId) => operations.deployments.executionChanged(thingName, jobId),
    problem: (topic, error) => onProblem(`${topic}: ${error.message}`),
  });
  try {
    const running = await listen(server, options.port ?? 0);
    url = running.url;
    return {
      url,
      stop: async () => {
        await running.stop();
        await reports.stop();
      },
    };
  } catch (error) {
    await reports.stop();
    throw error;
  }
}

function composeOperations(
  settings: AwsSettings,
  scope: Scope,
  onProblem: (message: string) => void,
): Operations {
  const tags = new TagStore();
  const tokens = new ClientTokens();
  const store = new ComponentStore(scope);
  const ledger = new DeploymentLedger(scope);
  const jobs = new AwsIotJobs(settings);
  const events = new EventBridgeSink(settings, onProblem);
  const now = () => new Date();
  return {
    tags,
    components: new ComponentOperations(scope, store, tags, new S3Artifacts(settings), tokens, now),
    deployments: new DeploymentOperations(scope, ledger, store, tags, jobs, events, tokens, now),
    coreDevices: new CoreDeviceOperations(scope, new CoreDeviceRegistry(scope), ledger, tags, jobs, events),
  };
}
