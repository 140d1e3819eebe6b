/**
 * The plugin: one call of a container runtime, from environment and stdin to stdout and exit code.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#section-2-execution-protocol
 */
import type { CniArgs } from "../cni/args.ts";
import { parseEnvironment } from "../cni/environment.ts";
import { CniError, CODES, formatError } from "../cni/errors.ts";
import { isRecord } from "../cni/values.ts";
import { checkVerb, formatVersions, parseVersion } from "../cni/version.ts";
import type { LogConfig, Netconf } from "../config/config.ts";
import { DEFAULT_LOG } from "../config/defaults.ts";
import type { Call, Done } from "./call.ts";
import type { Io } from "./io.ts";
import { type Level, writeLog } from "./log.ts";
import { isOwing } from "./pending/files.ts";
import type { UnreadCall } from "./read_call.ts";

/** The deadline of a call, in milliseconds: far below the minutes after which a runtime kills a plugin. */
const DEADLINE_MS = 10_000;

/** What is known of a call when it ends, however it ends. */
interface Trace {
  cniVersion: string;
  log: LogConfig;
  warnings: readonly string[];
  fields: Record<string, unknown>;
  /** The call, when its datastore can be reached. */
  reached?: Call;
}

/**
 * Serves one call.
 *
 * @param io The process.
 * @returns The exit code: 0, or 1 with an error object on stdout.
 */
export async function runPlugin(io: Io): Promise<number> {
  const started = performance.now();
  const trace: Trace = {
    cniVersion: "1.1.0",
    log: DEFAULT_LOG,
    warnings: [],
    fields: { verb: io.env("CNI_COMMAND") },
  };
  let level: Level = "info";
  let exitCode = 0;
  try {
    const done = await serve(io, trace);
    if (done.stdout !== "") print(io, done.stdout);
    trace.warnings = [...trace.warnings, ...(done.warnings ?? [])];
    Object.assign(trace.fields, done.log);
    if (trace.fields.verb === "STATUS" || trace.fields.verb === "VERSION") level = "debug";
  } catch (error) {
    const { failure } = await import("./failures.ts");
    const found = failure(error);
    const { code, message, details } = found;
    tryPrint(io, formatError(found, trace.cniVersion));
    Object.assign(trace.fields, { code, msg: message, details });
    level = "error";
    exitCode = 1;
  }
  if (trace.reached !== undefined && isOwing(trace.reached.config)) {
    await makeUp(trace.reached, trace);
  }
  if (trace.warnings.length > 0) {
    trace.fields.warnings = trace.warnings;
    if (level !== "error") level = "warn";
  }
  trace.fields.durationMs = Math.round((performance.now() - started) * 10) / 10;
  writeLog(trace.log, { level, line: trace.fields, stderr: io.stderr });
  return exitCode;
}

function print(io: Io, text: string): void {
  try {
    io.stdout(`${text}\n`);
  } catch (cause) {
    throw new CniError(CODES.io, "Cannot write to stdout", {
      details: "The runtime ended before its answer. It calls DEL or GC for what it does not know",
      cause,
    });
  }
}

function tryPrint(io: Io, text: string): void {
  try {
    print(io, text);
  } catch {
    // nobody listens: the log tells it
  }
}

async function serve(io: Io, trace: Trace): Promise<Done> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  preload(io.env("CNI_COMMAND"));
  const text = await io.stdin(signal);
  const netconf = peek(text);
  trace.log = logOf(netconf) ?? DEFAULT_LOG;
  const asked = typeof netconf?.cniVersion === "string" ? netconf.cniVersion : "";
  if (netconf !== undefined) trace.cniVersion = asked;

  const invocation = parseEnvironment(io.env);
  if ("attachment" in invocation) {
    const { attachment, args } = invocation;
    Object.assign(trace.fields, {
      containerID: attachment.containerId,
      ifname: attachment.ifName,
      ...(args.podName === undefined ? {} : { pod: podText(args) }),
    });
  }
  if (invocation.command === "VERSION") {
    return { stdout: formatVersions(asked), log: {} };
  }
  const checked = netconf ?? await refuse(text);
  trace.fields.network = checked.name;
  const version = parseVersion(checked.cniVersion);
  trace.cniVersion = version;
  checkVerb(invocation.command, version);
  const work = (): Promise<Done> =>
    configure({ io, invocation, netconf: checked, signal, timeoutMs: DEADLINE_MS }, trace);
  if (invocation.command !== "STATUS") return await work();
  const { orNotAvailable } = await import("./status.ts");
  return await orNotAvailable(work);
}

/** Begins to load what a verb needs while stdin is read: no verb loads the code of another. */
function preload(command: string | undefined): void {
  if (command === undefined || command === "VERSION") return;
  const loading: Promise<unknown>[] = [import("./read_call.ts")];
  if (command === "ADD") loading.push(import("./add.ts"));
  if (command === "DEL") loading.push(import("./del.ts"));
  for (const one of loading) one.catch(() => {}); // told where it is used
}

/** Tells why the text is no netconf. */
async function refuse(text: string): Promise<Netconf> {
  const { parseNetconf } = await import("../config/json.ts");
  return parseNetconf(text);
}

async function configure(unread: UnreadCall, trace: Trace): Promise<Done> {
  const { readCall } = await import("./read_call.ts");
  const call = await readCall(unread);
  trace.log = call.config.log;
  trace.warnings = call.config.warnings;
  try {
    const done = await dispatch(call);
    if (done.hasReached !== false) trace.reached = call;
    return done;
  } catch (error) {
    if (!(await isOutOfReach(error))) trace.reached = call;
    throw error;
  }
}

async function isOutOfReach(error: unknown): Promise<boolean> {
  const { DatastoreError } = await import("../datastore/datastore.ts");
  return error instanceof DatastoreError;
}

/** Releases that could not be committed before: after the answer, which is all that the runtime needs. */
async function makeUp(call: Call, trace: Trace): Promise<void> {
  const { replayAfter } = await import("./pending/after.ts");
  const { count, warnings } = await replayAfter(call);
  if (count > 0) trace.fields.replayed = count;
  trace.warnings = [...trace.warnings, ...warnings];
}

async function dispatch(call: Call): Promise<Done> {
  const { invocation } = call;
  switch (invocation.command) {
    case "ADD": {
      const { add } = await import("./add.ts");
      return await add({ ...call, invocation });
    }
    case "DEL": {
      const { del } = await import("./del.ts");
      return await del({ ...call, invocation });
    }
    case "CHECK": {
      const { check } = await import("./check.ts");
      return await check({ ...call, invocation });
    }
    case "GC": {
      const { gc } = await import("./gc.ts");
      return await gc({ ...call, invocation });
    }
    case "STATUS": {
      const { status } = await import("./status.ts");
      return await status({ ...call, invocation });
    }
    case "VERSION":
      throw new TypeError("Cannot be reached: VERSION needs no configuration");
  }
}

function podText({ podNamespace, podName }: CniArgs): string {
  return [podNamespace, podName].filter((part) => part !== undefined).join("/");
}

/** The netconf if it can be read at all: its version and log file serve even the error that refuses it. */
function peek(text: string): Netconf | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function logOf(netconf: Netconf | undefined): LogConfig | undefined {
  const ipam = netconf?.ipam;
  const log = isRecord(ipam) ? ipam.log : undefined;
  if (!isRecord(log) || typeof log.file !== "string" || !log.file.startsWith("/")) return undefined;
  return { ...DEFAULT_LOG, file: log.file };
}
