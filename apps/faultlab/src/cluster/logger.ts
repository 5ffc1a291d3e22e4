import { isCaissonError, type Logger } from '@caisson/contracts';

/** Hears what is wrong: faults of network and disks belong to a storm, errors of the program do not. */
export function loggerOf(complain: (text: string) => void): Logger {
  const logger: Logger = {
    log: (level, message, fields = {}) => {
      if (level === 'error') complain(`${message}${causes(fields['error'])}`);
    },
    child: () => logger,
  };
  return logger;
}

/** The messages of an error and of what caused it. */
export function causes(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const place = isCaissonError(error) ? '' : ` ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}`;
  return ` <- ${error.message}${place}${causes(error.cause)}`;
}
