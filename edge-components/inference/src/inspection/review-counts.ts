import type { InferenceResult } from '../../../../contracts';

type Reason = NonNullable<InferenceResult['reviewReason']> | 'uncertain' | 'invalid' | 'class';

/** In the order in which they are said. */
const REASONS: readonly Reason[] = ['contradicted', 'late', 'novel', 'uncertain', 'invalid', 'class'];

/** Why frames went to a person, since the component started. */
export class ReviewCounts {
  private readonly counts = new Map<Reason, number>();

  count(result: Pick<InferenceResult, 'status' | 'disposition' | 'reviewReason'>): void {
    if (result.disposition !== 'review') return;
    const { status, reviewReason } = result;
    // A class whose parts are always looked at, or a release without a policy.
    const reason = reviewReason ?? (status === 'ok' ? 'class' : status);
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
  }

  of(reason: Reason): number {
    return this.counts.get(reason) ?? 0;
  }

  /** Such as `2 contradicted, 1 late`; `none`. */
  get said(): string {
    const parts = REASONS.filter((reason) => this.counts.has(reason));
    return parts.map((reason) => `${this.of(reason)} ${reason}`).join(', ') || 'none';
  }
}
