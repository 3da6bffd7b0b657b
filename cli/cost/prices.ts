/** What AWS asks for, in USD before tax and without free tiers: the first tier of each price, by region. */

/**
 * Where a price was read. The Price List is AWS's own (`https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/<service>/
 * current/<region>/index.json`); the usage types below find a price in it again.
 */
export const PRICE_SOURCES = {
  L: 'AWS Price List of September 2026 (Frankfurt 2026-08-31 and 2026-09-11, Tokyo 2026-09-23), as transcribed in public repositories',
  Q: "quoted from AWS's price pages on several public pages of 2025 and 2026 that agree",
  '?': 'not confirmed anywhere: a guess by the neighbouring regions; look it up before you rely on it',
} as const;

export type PriceSource = keyof typeof PRICE_SOURCES;

export const PRICED_REGIONS = ['us-east-1', 'eu-central-1', 'ap-northeast-1'] as const;
export type PricedRegion = (typeof PRICED_REGIONS)[number];

export interface Price {
  /** What one unit is. */
  readonly unit: string;
  /** In AWS's Price List, without the prefix of the region. */
  readonly usageType: string;
  readonly usd: Readonly<Record<PricedRegion, readonly [usd: number, source: PriceSource]>>;
}

type Amount = readonly [usd: number, source: PriceSource];

const price = (unit: string, usageType: string, us: Amount, eu: Amount, ap: Amount): Price => ({
  unit,
  usageType,
  usd: { 'us-east-1': us, 'eu-central-1': eu, 'ap-northeast-1': ap },
});

export const PRICES = {
  greengrassDevice: price(
    'active core device, month',
    'ActiveDevices',
    [0.16, 'Q'],
    [0.16, '?'],
    [0.16, '?'],
  ),
  iotConnection: price('minute connected', 'ConnectionMinutes', [8e-8, 'Q'], [9.6e-8, 'Q'], [9.6e-8, 'L']),
  iotMessage: price('message, 5 KB', 'Messages', [1e-6, 'Q'], [1.2e-6, '?'], [1.2e-6, '?']),
  iotRule: price('rule triggered, 5 KB', 'RulesTriggered', [1.5e-7, 'Q'], [1.8e-7, '?'], [1.8e-7, '?']),
  iotAction: price('action executed, 5 KB', 'ActionsExecuted', [1.5e-7, 'Q'], [1.8e-7, '?'], [1.8e-7, '?']),
  sqsRequest: price('request', 'Requests-Tier1', [4e-7, 'Q'], [4e-7, 'L'], [4e-7, 'L']),
  lambdaRequest: price('request', 'Request', [2e-7, 'Q'], [2e-7, 'L'], [2e-7, 'L']),
  lambdaArm: price(
    'GB-second, arm64',
    'Lambda-GB-Second-ARM',
    [0.0000133334, 'Q'],
    [0.0000133334, 'L'],
    [0.0000133334, 'Q'],
  ),
  lambdaX86: price(
    'GB-second, x86_64',
    'Lambda-GB-Second',
    [0.0000166667, 'Q'],
    [0.0000166667, '?'],
    [0.0000166667, 'L'],
  ),
  s3Put: price('PUT', 'Requests-Tier1', [5e-6, 'Q'], [5.4e-6, 'L'], [4.7e-6, 'L']),
  s3Get: price('GET', 'Requests-Tier2', [4e-7, 'Q'], [4.3e-7, '?'], [3.7e-7, 'L']),
  s3Storage: price('GB-month', 'TimedStorage-ByteHrs', [0.023, 'Q'], [0.0245, 'L'], [0.025, 'L']),
  dynamoWrite: price(
    'write request unit',
    'WriteRequestUnits',
    [6.25e-7, 'Q'],
    [7.625e-7, 'L'],
    [7.15e-7, 'L'],
  ),
  dynamoRead: price(
    'read request unit',
    'ReadRequestUnits',
    [1.25e-7, 'Q'],
    [1.525e-7, 'L'],
    [1.425e-7, 'L'],
  ),
  dynamoStorage: price('GB-month', 'TimedStorage-ByteHrs', [0.25, '?'], [0.306, 'L'], [0.285, 'Q']),
  dynamoRecovery: price('GB-month', 'TimedPITRStorage-ByteHrs', [0.2, '?'], [0.2448, 'L'], [0.228, '?']),
  kmsKey: price('key, month', 'KMS-Keys', [1, 'Q'], [1, '?'], [1, 'L']),
  logIngestion: price('GB', 'DataProcessing-Bytes', [0.5, 'Q'], [0.63, 'L'], [0.76, 'L']),
  metric: price('metric, month', 'CW:MetricMonitorUsage', [0.3, 'Q'], [0.3, '?'], [0.3, 'L']),
  alarm: price('alarm, month', 'CW:AlarmMonitorUsage', [0.1, 'Q'], [0.1, 'L'], [0.1, 'L']),
  dashboard: price('dashboard, month', 'DashboardsUsageHour', [3, 'Q'], [3, '?'], [3, '?']),
  transition: price('state transition', 'StateTransition', [2.5e-5, 'Q'], [2.5e-5, '?'], [2.5e-5, '?']),
  dataOut: price('GB to the internet', 'DataTransfer-Out-Bytes', [0.09, 'Q'], [0.09, '?'], [0.114, 'L']),
  'ml.m5.large': price('hour', 'Train:ml.m5.large', [0.115, 'Q'], [0.138, '?'], [0.149, '?']),
  'ml.m5.xlarge': price('hour', 'Train:ml.m5.xlarge', [0.23, 'Q'], [0.276, '?'], [0.298, '?']),
  'ml.m5.2xlarge': price('hour', 'Train:ml.m5.2xlarge', [0.461, 'Q'], [0.552, '?'], [0.596, '?']),
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;

export const isPriced = (name: string): name is PriceName => Object.hasOwn(PRICES, name);
export const isPricedRegion = (region: string): region is PricedRegion =>
  PRICED_REGIONS.some((priced) => priced === region);
