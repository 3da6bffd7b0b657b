/** The demo's core devices: each a process of its own with its own certificate. */

import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CoreDeviceConfig,
  coreDeviceCommand,
  LOCAL_ACCOUNT_ID,
  LOCAL_REGION,
  type LocalAws,
  SupervisedProcess,
} from '@kaizen-edge/local-aws';
import { inferenceComponentName } from '../lambda/device/names';

export interface DeviceOptions {
  readonly environmentName: string;
  readonly thingName: string;
  /** Folder with certificate.pem, private-key.pem and trusted-keys.json, as `kaizen device provision` wrote it. */
  readonly identityDirectory: string;
  /** The nucleus's root folder. */
  readonly rootPath: string;
  readonly roleAlias: string;
  /** Unix socket of the camera that looks at this device's part of the line. */
  readonly cameraSocket: string;
  readonly onCrash: (message: string) => void;
  /** More of the core device's configuration. */
  readonly more?: Partial<CoreDeviceConfig>;
}

/** One simulated core device. */
export class Device {
  private child: SupervisedProcess | undefined;
  private readonly configFile: string;

  constructor(
    private readonly aws: Pick<LocalAws, 'endpointUrl' | 'iot' | 'gateway'>,
    private readonly options: DeviceOptions,
  ) {
    // The installer's part: trusted keys lie outside of anything that a deployment can write.
    const trust = join(options.rootPath, 'kaizen-edge');
    mkdirSync(trust, { recursive: true });
    copyFileSync(join(options.identityDirectory, 'trusted-keys.json'), join(trust, 'trusted-keys.json'));
    // The camera's socket appears in the component's work folder, as on a real device: a link, for the simulator's
    // sockets lie where paths are short (a Unix socket's path has at most 107 bytes).
    const work = join(options.rootPath, 'work', inferenceComponentName(options));
    mkdirSync(work, { recursive: true });
    const socket = join(work, 'camera.sock');
    rmSync(socket, { force: true });
    symlinkSync(options.cameraSocket, socket);
    this.configFile = join(options.identityDirectory, 'core-device.json');
    writeFileSync(this.configFile, JSON.stringify(this.configuration(), undefined, 2));
  }

  get thingName(): string {
    return this.options.thingName;
  }

  /** Starts the device and resolves when it is up. @throws Error with its last log lines when it does not come up */
  async start(): Promise<void> {
    let ready: () => void = () => {};
    const up = new Promise<'ready'>((resolve) => {
      ready = () => resolve('ready');
    });
    this.child = new SupervisedProcess({
      name: `core device ${this.thingName}`,
      ...coreDeviceCommand(this.configFile),
      // A device knows nothing of the cloud but its own configuration.
      environment: { PATH: process.env.PATH, HOME: this.options.rootPath },
      logFile: join(this.options.identityDirectory, 'core-device.log'),
      onCrash: this.options.onCrash,
      onLine: (line) => {
        if (line.includes('"event":"ready"')) ready();
      },
    });
    const outcome = await Promise.race([up, this.child.ended]);
    if (outcome !== 'ready')
      throw new Error(`${this.thingName} did not start (${outcome}):\n${this.child.tail}`);
  }

  /** Cuts the device off from every network; it goes on working. */
  cutNetwork(): void {
    this.child?.signal('SIGUSR1');
  }

  restoreNetwork(): void {
    this.child?.signal('SIGUSR2');
  }

  /** A power cut: SIGKILL for the device and all its components. */
  async cutPower(): Promise<void> {
    await this.child?.kill();
  }

  async stop(): Promise<void> {
    await this.child?.stop();
  }

  private configuration(): CoreDeviceConfig {
    const { aws, options } = this;
    return {
      thingName: options.thingName,
      rootPath: options.rootPath,
      region: LOCAL_REGION,
      accountId: LOCAL_ACCOUNT_ID,
      mqtt: { host: aws.iot.host, port: aws.iot.port },
      iotCaPath: aws.iot.caPath,
      gatewayUrl: aws.gateway.url,
      gatewayCaPath: aws.gateway.caPath,
      awsEndpointUrl: aws.endpointUrl,
      certificatePath: join(options.identityDirectory, 'certificate.pem'),
      privateKeyPath: join(options.identityDirectory, 'private-key.pem'),
      roleAlias: options.roleAlias,
      componentEnvironment: { AWS_ENDPOINT_URL: aws.endpointUrl },
      healthIntervalSeconds: 10,
      ...options.more,
    };
  }
}
