/** The one logger of a function: JSON lines, level by POWERTOOLS_LOG_LEVEL. Never give it secrets or image bytes. */
import { Logger } from '@aws-lambda-powertools/logger';

export const log = new Logger({ serviceName: process.env.POWERTOOLS_SERVICE_NAME ?? 'kaizen-edge' });
