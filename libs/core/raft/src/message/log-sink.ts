export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where the core tells what it does, one sentence per event, for people. Nothing depends on the words. */
export type LogSink = (level: LogLevel, text: string) => void;

export const SILENT: LogSink = () => {};
