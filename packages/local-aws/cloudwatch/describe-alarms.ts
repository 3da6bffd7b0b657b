/** Alarms at a time of one's choice: the clock of tests, and of who does not want to wait for five minutes. */
import {
  type AlarmType,
  CloudWatchClient,
  type CloudWatchClientConfig,
  DescribeAlarmsCommand,
  type MetricAlarm,
} from '@aws-sdk/client-cloudwatch';

/** Read by alarm_clock.py. */
const AS_OF_HEADER = 'x-local-aws-as-of';

/**
 * Evaluates every alarm of the client's account and region as if it were that time, with actions and history.
 * Periods end at `asOf`: what is measured later is not seen. Alarms that the local AWS evaluates by itself meanwhile
 * go back to what they are now; set `LOCAL_AWS_ALARM_SECONDS` to 0 to be alone.
 * @returns every metric alarm, afterwards
 */
export async function describeAlarmsAsOf(config: CloudWatchClientConfig, asOf: Date): Promise<MetricAlarm[]> {
  const client = new CloudWatchClient(config);
  client.middlewareStack.add(
    (next) => (call) => {
      (call.request as { headers: Record<string, string> }).headers[AS_OF_HEADER] = String(
        asOf.getTime() / 1000,
      );
      return next(call);
    },
    { step: 'build', name: 'asOf' },
  );
  try {
    const AlarmTypes: AlarmType[] = ['MetricAlarm'];
    const { MetricAlarms = [] } = await client.send(
      new DescribeAlarmsCommand({ AlarmTypes, MaxRecords: 100 }),
    );
    return MetricAlarms;
  } finally {
    client.destroy();
  }
}
