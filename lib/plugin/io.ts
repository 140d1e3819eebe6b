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

/** A read of stdin that was begun before the program was there. */
export interface FirstRead {
  /** Takes the bytes. */
  readonly chunk: Uint8Array;
  /** How many they are; `null` at the end. */
  readonly count: Promise<number | null>;
}

/**
 * Those of this process.
 *
 * @param first The first read of stdin, if it was begun already.
 * @returns What a call touches.
 */
export function processIo(first?: FirstRead): Io {
  return {
    env: readVariable,
    stdin: (signal) => readStdin(signal, first ?? beginRead()),
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: (text) => writeAll(Deno.stderr, text),
    now: Date.now,
    random: randomBelow,
  };
}

/** Reads a variable. One that is not UTF-8 is no name of anything: it is refused by whoever reads it. */
export function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData || error instanceof TypeError) return "\ufffd";
    throw error;
  }
}

/** Begins to read stdin. */
export function beginRead(): FirstRead {
  const chunk = new Uint8Array(64 * 1024);
  const count = Deno.stdin.read(chunk);
  count.catch(() => {}); // told where it is waited for
  return { chunk, count };
}

async function readStdin(signal: AbortSignal, first: FirstRead): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let tries = 0;
  let triedBytes = 0;
  for (let begun = first;; begun = beginRead()) {
    const { chunk } = begun;
    const read = await counted(begun, signal);
    if (read === null) break;
    size += read;
    if (size > STDIN_LIMIT) {
      throw new CniError(CODES.decode, "Cannot read the network configuration", {
        details: `stdin holds more than ${STDIN_LIMIT} bytes`,
      });
    }
    chunks.push(chunk.subarray(0, read));
    if (!endsWithBrace(chunk.subarray(0, read)) || size < triedBytes * growth(tries)) continue;
    const text = wholeOf(chunks, size);
    if (text !== undefined) return text;
    tries++;
    triedBytes = size;
  }
  return new TextDecoder().decode(join(chunks, size));
}

/** Waits for the end of a read; a stdin that does not block is asked again. */
async function counted(begun: FirstRead, signal: AbortSignal): Promise<number | null> {
  try {
    return await within(begun.count, signal);
  } catch (error) {
    if (error instanceof CniError) throw error;
    if (!(error instanceof Deno.errors.WouldBlock)) {
      throw new CniError(CODES.io, "Cannot read the network configuration", {
        details: `stdin cannot be read (${error instanceof Error ? error.message : error}): ` +
          "the runtime passes the configuration on a pipe or in a file",
        cause: error,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    return await counted({ ...begun, count: Deno.stdin.read(begun.chunk) }, signal);
  }
}

const BRACE = "}".charCodeAt(0);
const SPACE = " ".charCodeAt(0);

/** Looks at a text that may be whole, before it has to have doubled for the next one: else a long one is read again and again. */
const EAGER_TRIES = 8;

function growth(tries: number): number {
  return tries < EAGER_TRIES ? 1 : 2;
}

function endsWithBrace(bytes: Uint8Array): boolean {
  return bytes.findLast((byte) => byte > SPACE) === BRACE;
}

/** The text, if it is a whole object: its end says as much as that of stdin, for which some runtimes have to be waited for. */
function wholeOf(chunks: readonly Uint8Array[], size: number): string | undefined {
  const text = new TextDecoder().decode(join(chunks, size));
  try {
    JSON.parse(text);
    return text;
  } catch {
    return undefined; // more is to come, or whoever parses it tells what is wrong
  }
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
