/** What a hyperparameter of the command line is in the configuration: as the training toolkit reads it, JSON, else text. Pure. */
export function hyperparameterValue(text: string): number | boolean | string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'number' || typeof value === 'boolean') return value;
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
