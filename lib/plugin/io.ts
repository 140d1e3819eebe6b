/**
 * What a plugin call touches of the process it runs in; a test gives its own.
 *
 * @module
 */
import { CniError, CODES } from "../cni/errors.ts";
import type { Random } from "../ipam/plan.ts";
import { randomBelow } from "./random.ts";

/** Most bytes that are read from stdin: room for GC's list of 80 000 attachments. */
const STDIN_LIMIT = 8 * 1024 * 1024;

/** Environment, streams, clock and chance. */
export interface Io {
  readonly env: (name: string) => string | undefined;
  readonly stdin: (signal: AbortSignal) => Promise<string>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: Random;
}

/** Those of this process. */
export function processIo(): Io {
  return {
    env: readVariable,
    stdin: readStdin,
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: (text) => writeAll(Deno.stderr, text),
    now: Date.now,
    random: randomBelow,
  };
}

/** A variable that is not UTF-8 is no name of anything: it is refused by whoever reads it. */
function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData || error instanceof TypeError) return "\ufffd";
    throw error;
  }
}

async function readStdin(signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = new Uint8Array(64 * 1024);
    const read = await within(Deno.stdin.read(chunk), signal);
    if (read === null) break;
    size += read;
    if (size > STDIN_LIMIT) {
      throw new CniError(CODES.decode, "Cannot read the network configuration", {
        details: `stdin holds more than ${STDIN_LIMIT} bytes`,
      });
    }
    chunks.push(chunk.subarray(0, read));
  }
  return new TextDecoder().decode(join(chunks, size));
}

/** A runtime that never closes stdin must not hang the call. */
function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(
        new CniError(CODES.io, "Cannot read the network configuration", {
          details: "stdin was not closed within the deadline",
        }),
      );
    }, { once: true });
    promise.then(resolve, reject);
  });
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

function writeAll(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): void {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
