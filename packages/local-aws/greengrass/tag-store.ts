/** Tags of component versions, deployments and core devices, by ARN. */
export class TagStore {
  private readonly tags = new Map<string, Record<string, string>>();

  of(arn: string): Record<string, string> {
    return { ...this.tags.get(arn) };
  }

  add(arn: string, tags: Readonly<Record<string, string>>): void {
    this.tags.set(arn, { ...this.tags.get(arn), ...tags });
  }

  remove(arn: string, keys: readonly string[]): void {
    const kept = Object.entries(this.of(arn)).filter(([key]) => !keys.includes(key));
    this.tags.set(arn, Object.fromEntries(kept));
  }

  forget(arn: string): void {
    this.tags.delete(arn);
  }
}
