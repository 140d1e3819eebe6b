/**
 * One JSON line per call, into the log file. Whatever goes wrong with the log goes to stderr and changes nothing else.
 *
 * @module
 */
import type { LogConfig } from "../config/config.ts";

/** Levels, least urgent first. */
export type Level = LogConfig["level"];

/** What one line holds. Never a secret, never the whole netconf. */
export type Line = Readonly<Record<string, unknown>>;

const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/**
 * Appends a line to the log file.
 *
 * @param config Which file, from which level on, and the size at which the file is renamed to `.1`.
 * @param options The level and the fields; `stderr` takes the line when the file does not.
 */
export function writeLog(
  config: LogConfig,
  options: { readonly level: Level; readonly line: Line; readonly stderr: (text: string) => void },
): void {
  const { level, line, stderr } = options;
  if (LEVELS.indexOf(level) < LEVELS.indexOf(config.level)) return;
  const text = `${JSON.stringify({ time: new Date().toISOString(), level, ...line })}\n`;
  try {
    append(config, text);
  } catch (error) {
    try {
      stderr(
        `${text}Cannot write ${config.file}: ${error instanceof Error ? error.message : error}\n`,
      );
    } catch {
      // nobody listens: the call goes on
    }
  }
}

function append({ file, maxSizeBytes }: LogConfig, text: string): void {
  using log = open(file);
  const { size, ino } = log.statSync();
  if (size >= maxSizeBytes) {
    // Another call may have renamed it a moment ago: then the name stands for the fresh file.
    if (Deno.statSync(file).ino === ino) Deno.renameSync(file, `${file}.1`);
    using fresh = open(file);
    writeLine(fresh, text);
  } else {
    writeLine(log, text);
  }
}

function open(file: string): Deno.FsFile {
  return Deno.openSync(file, { append: true, create: true, mode: 0o640 });
}

/** One write: lines of parallel calls do not mix in a file that is open for appending. */
function writeLine(log: Deno.FsFile, text: string): void {
  log.writeSync(new TextEncoder().encode(text));
}
