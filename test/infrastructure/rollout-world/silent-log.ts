/** Imported before the handlers: thousands of rollouts log nothing. */
process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';
