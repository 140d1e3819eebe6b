/**
 * The few calls of libc that `Deno.Command` has no counterpart for: what a child used of the processor, and when exactly it ended.
 *
 * Linux with glibc, on x86_64 and aarch64, where these structures are laid out alike.
 *
 * @module
 */

const SYMBOLS = {
  posix_spawn: {
    parameters: ["buffer", "buffer", "buffer", "pointer", "buffer", "buffer"],
    result: "i32",
  },
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_addopen: {
    parameters: ["buffer", "i32", "buffer", "i32", "u32"],
    result: "i32",
  },
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  wait4: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  usleep: { parameters: ["u32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** What a process read and wrote. */
export interface Streams {
  /** Holds what its stdin gives. */
  readonly stdin: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is started. */
export interface Program extends Streams {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A child that ended. */
export interface Reaped {
  readonly pid: number;
  /** The exit code; 128 and the signal where one ended it. */
  readonly code: number;
  /** User and system time, in milliseconds. */
  readonly cpuMs: number;
}

/** The calls, as functions. */
export interface Libc extends Disposable {
  /** Starts a program at once; throws where it cannot be started. */
  spawn(program: Program): number;
  /** Waits for the next child that this very thread started; blocks the thread. */
  reap(): Reaped;
  /** Sleeps exactly, on another thread. */
  sleepMicroseconds(microseconds: number): Promise<void>;
}

/** `struct rusage` begins with two `struct timeval`. */
const RUSAGE_BYTES = 144;
/** At least as long as `posix_spawn_file_actions_t` is in any libc. */
const ACTIONS_BYTES = 256;
const READ_ONLY = 0;
/** `O_WRONLY | O_CREAT | O_TRUNC`. */
const WRITE_ANEW = 0o1101;
const PRIVATE = 0o600;
const ANY_CHILD = -1;
/** `__WNOTHREAD`: no child of another thread, such as those of `Deno.Command`. */
const OF_THIS_THREAD = 0x2000_0000;

const UTF8 = new TextEncoder();

/**
 * Opens libc.
 *
 * @returns Its calls, to be disposed of; undefined where it is another system, or FFI is not allowed.
 */
export function openLibc(): Libc | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return callsOf(Deno.dlopen("libc.so.6", SYMBOLS));
  } catch {
    return undefined;
  }
}

function callsOf(library: Deno.DynamicLibrary<typeof SYMBOLS>): Libc {
  const { symbols } = library;
  const usage = new BigInt64Array(RUSAGE_BYTES / 8);
  const status = new Int32Array(1);
  return {
    spawn: ({ path, env, stdin, stdout, stderr }) => {
      const actions = new Uint8Array(ACTIONS_BYTES);
      const files = [
        { fd: 0, name: cString(stdin), flags: READ_ONLY },
        { fd: 1, name: cString(stdout), flags: WRITE_ANEW },
        { fd: 2, name: cString(stderr), flags: WRITE_ANEW },
      ];
      const program = cString(path);
      const words = cStrings([path]);
      const variables = cStrings(Object.entries(env).map(([name, value]) => `${name}=${value}`));
      const pid = new Int32Array(1);
      symbols.posix_spawn_file_actions_init(actions);
      for (const { fd, name, flags } of files) {
        symbols.posix_spawn_file_actions_addopen(actions, fd, name, flags, PRIVATE);
      }
      const error = symbols.posix_spawn(
        pid,
        program,
        actions,
        null,
        words.pointers,
        variables.pointers,
      );
      symbols.posix_spawn_file_actions_destroy(actions);
      if (error !== 0) {
        throw new Error(`Cannot start ${path}: current errno is ${error}`);
      }
      return pid[0] ?? 0;
    },
    reap: () => {
      for (;;) {
        const pid = symbols.wait4(ANY_CHILD, status, OF_THIS_THREAD, usage);
        // A signal of another thread may end the call early.
        if (pid > 0) return { pid, code: codeOf(status[0] ?? 0), cpuMs: cpuOf(usage) };
        if (pid === 0) throw new Error("Cannot wait for a process as none was started");
      }
    },
    sleepMicroseconds: async (microseconds) => {
      await symbols.usleep(microseconds);
    },
    [Symbol.dispose]: () => library.close(),
  };
}

function codeOf(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}

function cpuOf(usage: BigInt64Array): number {
  const [userSeconds = 0n, user = 0n, systemSeconds = 0n, system = 0n] = usage;
  return Number((userSeconds + systemSeconds) * 1_000_000n + user + system) / 1_000;
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return UTF8.encode(`${text}\0`);
}

/** The bytes are given back too: they must live as long as what points at them. */
function cStrings(
  texts: readonly string[],
): { readonly pointers: BigUint64Array<ArrayBuffer>; readonly bytes: readonly Uint8Array[] } {
  const bytes = texts.map(cString);
  const addresses = bytes.map((one) => Deno.UnsafePointer.value(Deno.UnsafePointer.of(one)));
  return { pointers: new BigUint64Array([...addresses, 0n]), bytes };
}
