/**
 * One Greengrass core device: connection, deployments, components and IPC put together.
 *
 *     const device = await startCoreDevice(config);   // resolves when ready, online or offline
 *     device.cutNetwork(); device.restoreNetwork(); await device.stop();
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { arch, platform as operatingSystem } from 'node:os';
import { CredentialCache } from '../shared/credential-cache';
import { GatewayClient } from './cloud/gateway-client';
import { iotCoreOver } from './cloud/iot-core';
import { JobsClient, JobsError } from './cloud/jobs-client';
import { MqttConnection } from './cloud/mqtt-connection';
import { Network } from './cloud/network';
import { s3ObjectSource } from './cloud/object-source';
import { startTokenExchangeServer } from './cloud/token-exchange-server';
import { ArtifactStore } from './component/artifact-store';
import { ComponentManager } from './component/component-manager';
import { ProcessRegistry } from './component/process-registry';
import { type CoreDeviceConfig, parseCoreDeviceConfig } from './config';
import { Deployer } from './deployment/deployer';
import { DeploymentCancelled, DeviceStopping } from './deployment/errors';
import { type EventLog, jsonLines, messageOf } from './event-log';
import { deploymentInformation, HealthReporter } from './health-reporter';
import { createIpcServices, startIpcServer } from './ipc/server';
import { NUCLEI, type Nucleus } from './nucleus/nuclei';
import { type DeploymentRecord, DeviceStateStore } from './storage/device-state';
import { layoutOf } from './storage/layout';

/** How long a start waits for the cloud before it calls itself ready without. */
const ONLINE_WAIT_MILLISECONDS = 5_000;
const DAY_SECONDS = 86_400;

export interface CoreDevice {
  /** Path of the IPC socket that components connect to. */
  readonly ipcSocketPath: string;
  /** As if the cable was pulled: MQTT drops and no request leaves the device. */
  cutNetwork(): void;
  restoreNetwork(): void;
  /** Stops every component and the device; a deployment in progress is resumed by the next start. */
  stop(): Promise<void>;
}

/** Attributes of this machine in the nucleus's words (`platforms/Platform.java`, `PlatformResolver.java`). */
export function platformAttributes({ runtime }: Nucleus): Record<string, string> {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'aarch64', arm: 'arm', ia32: 'x86' };
  return { os: operatingSystem(), architecture: names[arch()] ?? arch(), runtime };
}

/** Who a component is on this device: a secret each, new with every start. */
class ComponentTokens {
  private readonly tokens = new Map<string, string>();
  private readonly names = new Map<string, string>();

  tokenOf(name: string): string {
    const token = this.tokens.get(name) ?? randomUUID();
    this.tokens.set(name, token);
    this.names.set(token, name);
    return token;
  }

  ownerOf(token: string): string | undefined {
    return this.names.get(token);
  }
}

/** Takes jobs one after the other; woken by connections and notifications. */
class DeploymentLoop {
  private working = false;
  private again = false;
  private currentJob: string | undefined;
  private stopped = false;

  constructor(
    private readonly jobs: JobsClient,
    private readonly deployer: Deployer,
    private readonly store: DeviceStateStore,
    private readonly health: HealthReporter,
    private readonly log: EventLog,
    private readonly nucleus: Nucleus,
    private readonly isOnline: () => boolean,
  ) {}

  /** The first pending job is another one now: the one in work was cancelled or replaced. */
  nextChanged(jobId: string | undefined): void {
    if (this.currentJob !== undefined && jobId !== this.currentJob)
      this.deployer.cancel('the job is no longer pending');
    this.wake();
  }

  wake(): void {
    this.again = true;
    if (!this.working && !this.stopped) void this.work();
  }

  stop(): void {
    this.stopped = true;
    this.deployer.stop();
  }

  private async work(): Promise<void> {
    this.working = true;
    while (this.again && !this.stopped) {
      this.again = false;
      try {
        if (this.isOnline() && (await this.step())) this.again = true;
      } catch (error) {
        if (error instanceof DeploymentCancelled) this.again = true;
        if (!(error instanceof DeviceStopping)) this.log('deploymentNotDone', { reason: messageOf(error) });
      }
    }
    this.working = false;
  }

  /** @returns whether there may be more to do */
  private async step(): Promise<boolean> {
    const { record } = this.store;
    if (record?.stage === 'FINISHED') {
      await this.report(record);
      return true;
    }
    const job = await this.jobs.startNext();
    if (!job) {
      if (record) this.store.saveRecord(undefined); // what was interrupted has been cancelled meanwhile
      return false;
    }
    const bytes = Buffer.byteLength(JSON.stringify(job.jobDocument));
    if (bytes > this.nucleus.largestDocumentBytes) {
      this.log('deploymentNotQueued', { jobId: job.jobId, bytes });
      return false;
    }
    this.currentJob = job.jobId;
    try {
      await this.deployer.run(job);
    } finally {
      this.currentJob = undefined;
    }
    return true;
  }

  /** Health first: whoever sees the deployment finished can see its components too. */
  private async report(record: Extract<DeploymentRecord, { stage: 'FINISHED' }>): Promise<void> {
    const trigger = record.configurationArn.includes(':thing/')
      ? 'THING_DEPLOYMENT'
      : 'THING_GROUP_DEPLOYMENT';
    await this.health.report(trigger, deploymentInformation(record));
    try {
      await this.jobs.finish(record.jobId, record.outcome.jobStatus, record.outcome.details);
    } catch (error) {
      if (!(error instanceof JobsError)) throw error; // not delivered: the next connection tries again
      this.log('jobReportRefused', { jobId: record.jobId, reason: error.message });
    }
    this.store.saveRecord(undefined);
  }
}

/**
 * Starts a core device from its root path: components of the persisted state first, then the cloud.
 * @throws CoreDeviceConfigError, and what reading certificates or opening sockets fails with
 */
export async function startCoreDevice(
  configuration: CoreDeviceConfig,
  log: EventLog = jsonLines((line) => process.stdout.write(line)),
): Promise<CoreDevice> {
  const config = parseCoreDeviceConfig(configuration, 'configuration');
  const { thingName, rootPath, region } = config;
  const layout = layoutOf(rootPath);
  const nucleus = NUCLEI[config.nucleus ?? 'classic'];
  const platform = platformAttributes(nucleus);
  const identity = {
    certificate: readFileSync(config.certificatePath),
    privateKey: readFileSync(config.privateKeyPath),
  };
  const network = new Network();
  const connection = new MqttConnection({
    ...config.mqtt,
    ...identity,
    ca: readFileSync(config.iotCaPath),
    clientId: thingName,
    network,
  });
  const gateway = new GatewayClient({
    ...identity,
    url: config.gatewayUrl,
    ca: readFileSync(config.gatewayCaPath),
    thingName,
    roleAlias: config.roleAlias,
    network,
  });
  const credentials = new CredentialCache(() => gateway.credentials());
  const objects = s3ObjectSource({ region, endpoint: config.awsEndpointUrl, credentials, network });
  const registry = new ProcessRegistry(layout.processes, (group) => log('staleProcessKilled', { group }));
  const store = new DeviceStateStore(layout);
  const tokens = new ComponentTokens();
  const tokenExchange = await startTokenExchangeServer(
    credentials,
    (token) => tokens.ownerOf(token) !== undefined,
  );

  const components: ComponentManager = new ComponentManager({
    hostOf: (name) => ({
      registry,
      workPath: layout.work(name),
      logPath: layout.log(name),
      now: Date.now,
      environment: {
        PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
        ...config.componentEnvironment,
        AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: layout.socketPath,
        SVCUID: tokens.tokenOf(name),
        AWS_CONTAINER_CREDENTIALS_FULL_URI: tokenExchange.url,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: tokens.tokenOf(name),
        AWS_IOT_THING_NAME: thingName,
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
        GGC_VERSION: nucleus.version,
      },
    }),
    onStateChange: (component, from) => {
      const { name, version, state, statusDetails } = component;
      log('componentState', {
        component: name,
        version,
        from,
        to: state,
        reason: statusDetails?.statusReason,
      });
      health.componentChanged(component);
    },
  });
  const health = new HealthReporter({
    thingName,
    rootPath,
    nucleus,
    platform,
    intervalMilliseconds: (config.healthIntervalSeconds ?? DAY_SECONDS) * 1000,
    connection,
    components,
    store,
    log,
  });
  const services = createIpcServices({
    thingName,
    configuration: store.configuration,
    iotCore: iotCoreOver(connection, nucleus, config.spoolsMessages),
    reportState: (name, state) => components.get(name)?.report(state),
  });
  const ipc = await startIpcServer({
    socketPath: layout.socketPath,
    services,
    nucleus: config.nucleus ?? 'classic',
    componentOf: (token) => tokens.ownerOf(token),
    onInternalError: (error) => log('ipcError', { reason: messageOf(error) }),
  });
  const deployer = new Deployer({
    thingName,
    nucleus,
    platform,
    layout,
    store,
    cloud: gateway,
    artifacts: new ArtifactStore(layout, objects.open),
    components,
    updates: services.updates,
    validation: services.validation,
    log,
  });
  const jobs = new JobsClient(connection, thingName, (jobId) => loop.nextChanged(jobId));
  const loop = new DeploymentLoop(jobs, deployer, store, health, log, nucleus, () => connection.isConnected);

  let launched = false;
  let recovered = false;
  connection.on('connected', () => {
    log('connected');
    void health.report(launched ? 'RECONNECT' : 'NUCLEUS_LAUNCH');
    launched = true;
    if (recovered) loop.wake();
  });
  connection.on('disconnected', (reason) => log('disconnected', { reason }));

  const firstConnection = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ONLINE_WAIT_MILLISECONDS);
    connection.once('connected', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  connection.connect();
  // A rollback that was interrupted waits for its components; the device is ready meanwhile.
  const recovery = deployer
    .recover()
    .catch((error) => log('recoveryFailed', { reason: messageOf(error) }))
    .then(() => {
      recovered = true;
      if (connection.isConnected) loop.wake();
    });
  await firstConnection;
  log('ready', { thingName, online: connection.isConnected });

  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    loop.stop();
    await recovery;
    await components.stopAll();
    health.stop();
    await ipc.stop();
    await tokenExchange.stop();
    await connection.stop();
    gateway.close();
    objects.close();
    await registry.close();
    log('stopped');
  };
  return {
    ipcSocketPath: ipc.socketPath,
    cutNetwork: () => {
      log('networkCut');
      network.cut();
    },
    restoreNetwork: () => {
      log('networkRestored');
      network.restore();
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
