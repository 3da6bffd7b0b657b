/** Longest topic that AWS IoT takes, in UTF-8 bytes. */
const LONGEST_TOPIC_BYTES = 256;

/**
 * The configured topic with `{thingName}` filled in.
 * @throws Error when the result is not a topic that a device may publish to
 */
export function expandTopic(template: string, thingName: string): string {
  const topic = template.replaceAll('{thingName}', thingName);
  if (/[+#{}]/.test(topic) || topic.includes('\0'))
    throw new Error(`topic '${topic}' contains one of + # { } or NUL`);
  const bytes = Buffer.byteLength(topic);
  if (bytes > LONGEST_TOPIC_BYTES) throw new Error(`topic '${topic}' has ${bytes} bytes, more than 256`);
  return topic;
}

/** Where results go on the device itself; the recipe's access control names the same topic. */
export const localResultsTopic = (useCase: string): string => `kaizen/${useCase}/results`;

/** Where it goes when a second opinion has decided a part; the recipe names it too. */
export const localOpinionsTopic = (useCase: string): string => `kaizen/${useCase}/second-opinions`;
