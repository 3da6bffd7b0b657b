/** MQTT topic filters (MQTT 5, section 4.7). */
export function topicMatches(filter: string, topic: string): boolean {
  // A filter that starts with a wildcard does not match topics that start with '$' (4.7.2).
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  const filterLevels = filter.split('/');
  const topicLevels = topic.split('/');
  for (const [index, level] of filterLevels.entries()) {
    if (level === '#') return true;
    if (index >= topicLevels.length) return false;
    if (level !== '+' && level !== topicLevels[index]) return false;
  }
  return filterLevels.length === topicLevels.length;
}
