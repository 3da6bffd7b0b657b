import { randomInt } from 'node:crypto';

/** Builds the ARNs of one account and Region. SageMaker writes resource names in ARNs in lower case. */
export class Arns {
  constructor(
    private readonly region: string,
    private readonly accountId: string,
  ) {}

  of(resource: string): string {
    return `arn:aws:sagemaker:${this.region}:${this.accountId}:${resource}`;
  }

  pipeline = (name: string): string => this.of(`pipeline/${name.toLowerCase()}`);
  execution = (pipelineArn: string, id: string): string => `${pipelineArn}/execution/${id}`;
  job = (kind: 'Training' | 'Processing', name: string): string =>
    this.of(`${kind.toLowerCase()}-job/${name.toLowerCase()}`);
  tuningJob = (name: string): string => this.of(`hyper-parameter-tuning-job/${name.toLowerCase()}`);
  modelPackageGroup = (name: string): string => this.of(`model-package-group/${name.toLowerCase()}`);
  modelPackage = (group: string, version: number): string =>
    this.of(`model-package/${group.toLowerCase()}/${version}`);
}

/** The name in `arn:...:<type>/<name>`; a plain name is returned as it is. */
export const nameInArn = (nameOrArn: string): string =>
  nameOrArn.startsWith('arn:') ? nameOrArn.slice(nameOrArn.indexOf('/') + 1) : nameOrArn;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Execution ids have twelve letters and digits. */
export const randomId = (length: number): string =>
  Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
