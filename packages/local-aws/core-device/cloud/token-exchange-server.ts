/** The token exchange service: hands the device's AWS credentials to its components (`tes/HttpServerImpl.java`, `CredentialRequestHandler.java`). */
import { startContainerCredentials } from '../../shared/container-credentials';
import type { CredentialCache } from '../../shared/credential-cache';
import type { RunningService } from '../../shared/running-service';

const PATH = '/2016-11-01/credentialprovider/';

/** @param isKnownToken whether the token (SVCUID) belongs to a component of this device */
export function startTokenExchangeServer(
  credentials: CredentialCache,
  isKnownToken: (token: string) => boolean,
): Promise<RunningService> {
  return startContainerCredentials(PATH, (token) => (isKnownToken(token) ? credentials : undefined));
}
