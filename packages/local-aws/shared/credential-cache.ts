/** Credentials of an assumed role. */
export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** ISO 8601. */
  readonly expiration: string;
}

/** The nucleus asks again 5 minutes before the end (`tes/CredentialRequestHandler.java` TIME_BEFORE_CACHE_EXPIRE_IN_MIN). */
const EARLY_MILLISECONDS = 5 * 60_000;

/** One set of credentials for all who share a role, fetched once however many ask at the same time. */
export class CredentialCache {
  private cached: TemporaryCredentials | undefined;
  private fetching: Promise<TemporaryCredentials> | undefined;

  constructor(
    private readonly fetch: () => Promise<TemporaryCredentials>,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws what fetching throws, unless the cached ones are still good */
  async get(): Promise<TemporaryCredentials> {
    if (this.cached && Date.parse(this.cached.expiration) - this.now() > EARLY_MILLISECONDS)
      return this.cached;
    this.fetching ??= this.fetch().finally(() => {
      this.fetching = undefined;
    });
    this.cached = await this.fetching;
    return this.cached;
  }
}
