import type { Release } from '../../../contracts';
import type { FrameClassifier } from './frame-classifier';

/** During a rollout devices run two releases; more would take the memory of the one that is asked. */
const MOST_KEPT = 2;

/** Networks by release, the ones that were asked last. A load that failed is tried again by the next question. */
export class ClassifierCache {
  private readonly kept = new Map<string, Promise<FrameClassifier>>();

  constructor(private readonly open: (release: Release) => Promise<FrameClassifier>) {}

  /** @throws as `open` */
  async of(release: Release): Promise<FrameClassifier> {
    const { releaseId } = release;
    // The old ones first: all together would need more memory than there is.
    const classifier = this.kept.get(releaseId) ?? this.makeRoom().then(() => this.open(release));
    // Asked for last, so last to go.
    this.kept.delete(releaseId);
    this.kept.set(releaseId, classifier);
    try {
      return await classifier;
    } catch (error) {
      if (this.kept.get(releaseId) === classifier) this.kept.delete(releaseId);
      throw error;
    }
  }

  private async makeRoom(): Promise<void> {
    const leaving = [...this.kept].slice(0, Math.max(0, this.kept.size - MOST_KEPT + 1));
    for (const [releaseId] of leaving) this.kept.delete(releaseId);
    for (const [, classifier] of leaving) await classifier.then((one) => one.close()).catch(() => undefined);
  }
}
