/** What a machine lacks to be a core device: a pure function of what is known of it. */
import { compareVersions, EDGE_ARCHITECTURES, SYMBOL_VERSIONS } from '../../../contracts/edge-platform';
import { DEVICE_FILES } from '../device-folder';
import type { Nucleus } from '../nucleus-configuration';
import type { DeviceFacts } from './device-facts';

export type Severity = 'ok' | 'warning' | 'error';

export interface Finding {
  readonly severity: Severity;
  /** What was looked at, such as `node`. */
  readonly subject: string;
  /** What was found, and what to do about it if it is not in order. */
  readonly message: string;
}

type Verdict = readonly [Severity, string];
type Rule = (facts: DeviceFacts, nucleus: Nucleus) => Verdict;

/** engines of package.json. */
const OLDEST_NODE = '20.19.0';
/** With long-term support (github.com/nodejs/Release). */
const MAINTAINED_NODES = [22, 24];
/** Where a service of systemd, and so a component of either nucleus, looks for programs. */
const SERVICE_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
/** `systemd-notify --stopping`, which nucleus lite calls after a startup script that ends, as that of a model does. */
const SYSTEMD_OF_LITE = 253;
/** docs.aws.amazon.com/greengrass/v2/developerguide/greengrass-nucleus-component.html */
const OLDEST_JAVA = 8;
const MEBIBYTE = 1024 ** 2;
/**
 * The component takes 260 MB with a small network, the trial of a new release 90 MB and more beside it, the classic nucleus
 * 100 MB. A board that is sold with 1 GB shows a little less.
 */
const SMALLEST_MEMORY = 512 * MEBIBYTE;
const MODEST_MEMORY = 900 * MEBIBYTE;
/** Two versions of the component, zipped and unpacked: 2 x (27 + 67) MB; 64 MB stay free; the rest for releases and results. */
const SMALLEST_DISK = 512 * MEBIBYTE;
/** Releases of a use case may take 1 GiB (`storage.releaseBytes`). */
const MODEST_DISK = 1536 * MEBIBYTE;
const DAY_MILLISECONDS = 86_400_000;
const RENEWAL_DAYS = 30;
/** AWS refuses signatures that are 5 minutes off. */
const LARGEST_SKEW_MILLISECONDS = 300_000;
const NOTABLE_SKEW_MILLISECONDS = 30_000;
/** Group and others. */
const NOT_THE_OWNER = 0o077;

const megabytes = (bytes: number): string => `${Math.round(bytes / MEBIBYTE)} MiB`;

const RULES: Readonly<Record<string, Rule>> = {
  architecture: ({ architecture }) =>
    EDGE_ARCHITECTURES.some((known) => known === architecture)
      ? ['ok', architecture]
      : ['error', `must be ${EDGE_ARCHITECTURES.join(' or ')}, got ${architecture}: use a 64-bit system`],

  node: ({ node: { version } }) => {
    if (compareVersions(version, OLDEST_NODE) < 0) {
      return ['error', `must be ${OLDEST_NODE} or newer, got ${version}: install Node 22 or 24`];
    }
    return MAINTAINED_NODES.includes(Number.parseInt(version, 10))
      ? ['ok', version]
      : ['warning', `${version} runs, but is not one of those maintained (${MAINTAINED_NODES.join(', ')})`];
  },

  'node path': ({ node: { path } }) =>
    SERVICE_PATH.includes(path.slice(0, path.lastIndexOf('/')))
      ? ['ok', path]
      : [
          'error',
          `components look for node in ${SERVICE_PATH.join(':')}, and it is ${path}: sudo ln -s ${path} /usr/local/bin/node`,
        ],

  'C library': ({ glibc }) => {
    if (glibc === undefined) return ['error', 'must be glibc: Alpine and other systems with musl do not do'];
    return compareVersions(glibc, SYMBOL_VERSIONS.GLIBC) < 0
      ? ['error', `must be glibc ${SYMBOL_VERSIONS.GLIBC} or newer, got ${glibc}: use a newer system`]
      : ['ok', `glibc ${glibc}`];
  },

  'C++ library': ({ glibcxx }) => {
    if (glibcxx === undefined) return ['warning', 'libstdc++ was not found; the component loads it'];
    return compareVersions(glibcxx, SYMBOL_VERSIONS.GLIBCXX) < 0
      ? ['error', `must have GLIBCXX ${SYMBOL_VERSIONS.GLIBCXX} or newer, got ${glibcxx}: use a newer system`]
      : ['ok', `GLIBCXX ${glibcxx}`];
  },

  systemd: ({ systemd }, nucleus) => {
    if (systemd === undefined) return ['error', 'is missing: the nucleus is installed as its service'];
    return nucleus === 'lite' && systemd < SYSTEMD_OF_LITE
      ? [
          'error',
          `must be ${SYSTEMD_OF_LITE} or newer for nucleus lite, got ${systemd}: use Debian 13, Ubuntu 24.04 or newer, or the classic nucleus`,
        ]
      : ['ok', String(systemd)];
  },

  java: ({ java }, nucleus) => {
    if (nucleus === 'lite') return ['ok', 'nucleus lite needs none'];
    return java !== undefined && java >= OLDEST_JAVA
      ? ['ok', String(java)]
      : [
          'error',
          `must be ${OLDEST_JAVA} or newer, got ${java ?? 'none'}: sudo apt-get install default-jre-headless`,
        ];
  },

  memory: ({ memoryBytes }) => {
    if (memoryBytes < SMALLEST_MEMORY) {
      return ['error', `must be ${megabytes(SMALLEST_MEMORY)} or more, got ${megabytes(memoryBytes)}`];
    }
    return memoryBytes < MODEST_MEMORY
      ? ['warning', `${megabytes(memoryBytes)}: lower trial.memoryBytes, or trials of releases may run out`]
      : ['ok', megabytes(memoryBytes)];
  },

  disk: ({ freeDiskBytes }) => {
    if (freeDiskBytes < SMALLEST_DISK) {
      return ['error', `must have ${megabytes(SMALLEST_DISK)} free, has ${megabytes(freeDiskBytes)}`];
    }
    return freeDiskBytes < MODEST_DISK
      ? [
          'warning',
          `${megabytes(freeDiskBytes)} free: lower storage.releaseBytes, of which the default is 1 GiB`,
        ]
      : ['ok', `${megabytes(freeDiskBytes)} free`];
  },

  files: ({ files }) => {
    const missing = Object.values(DEVICE_FILES).filter((name) => files[name]?.mode === undefined);
    return missing.length === 0
      ? ['ok', 'all there']
      : ['error', `missing: ${missing.join(', ')}: run kaizen device provision again`];
  },

  'private key': ({ files }) => {
    const mode = files[DEVICE_FILES.privateKey]?.mode ?? 0;
    return (mode & NOT_THE_OWNER) === 0
      ? ['ok', 'readable by its owner only']
      : [
          'error',
          `must be readable by its owner only, has mode ${mode.toString(8)}: chmod 600 ${DEVICE_FILES.privateKey}`,
        ];
  },

  certificate: ({ certificate, now }) => {
    if (!certificate) return ['error', 'certificate or private key cannot be read'];
    const { fitsKey, validFrom, validTo } = certificate;
    if (!fitsKey) return ['error', 'belongs to another private key: copy the whole folder again'];
    if (now < validFrom) {
      return ['error', `is valid from ${validFrom.toISOString()}, and the clock says ${now.toISOString()}`];
    }
    const days = Math.floor((validTo.getTime() - now.getTime()) / DAY_MILLISECONDS);
    if (days < 0) return ['error', `ran out on ${validTo.toISOString()}: provision the device again`];
    return days < RENEWAL_DAYS
      ? ['warning', `runs out in ${days} days, on ${validTo.toISOString()}`]
      : ['ok', `valid until ${validTo.toISOString().slice(0, 10)}`];
  },

  clock: ({ endpoints }) => {
    const skews = endpoints.flatMap(({ aheadMilliseconds }) => aheadMilliseconds ?? []);
    if (skews.length === 0) return ['warning', 'not compared: no endpoint told the time'];
    const skew = Math.max(...skews.map(Math.abs));
    const seconds = `${Math.round(skew / 1000)} s off`;
    if (skew > LARGEST_SKEW_MILLISECONDS) return ['error', `${seconds}: sudo timedatectl set-ntp true`];
    return skew > NOTABLE_SKEW_MILLISECONDS ? ['warning', seconds] : ['ok', 'right'];
  },
};

/** Everything that was looked at, in the order of the rules, and then each endpoint. Never throws. */
export function judgeDevice(facts: DeviceFacts, nucleus: Nucleus): Finding[] {
  const findings = Object.entries(RULES).map(([subject, rule]): Finding => {
    const [severity, message] = rule(facts, nucleus);
    return { severity, subject, message };
  });
  const endpoints = facts.endpoints.map(
    ({ purpose, address, problem }): Finding => ({
      severity: problem === undefined ? 'ok' : 'error',
      subject: purpose,
      message: problem === undefined ? address : `${address}: ${problem}`,
    }),
  );
  return [...findings, ...endpoints];
}

const LABELS: Readonly<Record<Severity, string>> = { ok: 'ok     ', warning: 'warning', error: 'MISSING' };

/** One line per finding, and how many are not in order. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const count = (severity: Severity) => findings.filter((one) => one.severity === severity).length;
  return [
    ...findings.map(
      ({ severity, subject, message }) => `${LABELS[severity]} ${subject.padEnd(width)}  ${message}`,
    ),
    `${count('error')} missing, ${count('warning')} to know, ${count('ok')} in order`,
  ].join('\n');
}
