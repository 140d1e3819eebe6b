/**
 * The plugin: one call of a container runtime, from environment and stdin to stdout and exit code.
 *
 * @module
 * @see https://www.cni.dev/docs/spec/#section-2-execution-protocol
 */
import type { CniArgs } from "../cni/args.ts";
import { parseEnvironment } from "../cni/environment.ts";
import { CniError, CODES, formatError } from "../cni/errors.ts";
import { checkVerb, formatVersions, parseVersion } from "../cni/version.ts";
import type { LogConfig, Netconf } from "../config/config.ts";
import { isRecord } from "../cni/values.ts";
import { parseNetconf } from "../config/json.ts";
import { DEFAULT_LOG } from "../config/defaults.ts";
import { loadConfig } from "../config/load.ts";
import { add } from "./add.ts";
import type { Call, Done } from "./call.ts";
import { check } from "./check.ts";
import { del } from "./del.ts";
import { failure } from "./failures.ts";
import { gc } from "./gc.ts";
import type { Io } from "./io.ts";
import { isFromKubernetes } from "./kubernetes.ts";
import { type Level, writeLog } from "./log.ts";
import { orNotAvailable, status } from "./status.ts";

/** The deadline of a call, in milliseconds: far below the minutes after which a runtime kills a plugin. */
const DEADLINE_MS = 10_000;

/** What is known of a call when it ends, however it ends. */
interface Trace {
  cniVersion: string;
  log: LogConfig;
  warnings: readonly string[];
  fields: Record<string, unknown>;
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
    const warnings = [...trace.warnings, ...(done.warnings ?? [])];
    Object.assign(trace.fields, done.log, warnings.length > 0 ? { warnings } : {});
    if (trace.fields.verb === "STATUS" || trace.fields.verb === "VERSION") level = "debug";
    if (warnings.length > 0) level = "warn";
  } catch (error) {
    const found = failure(error);
    const { code, message, details } = found;
    tryPrint(io, formatError(found, trace.cniVersion));
    Object.assign(trace.fields, { code, msg: message, details });
    if (trace.warnings.length > 0) trace.fields.warnings = trace.warnings;
    level = "error";
    exitCode = 1;
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
  const checked = netconf ?? parseNetconf(text);
  trace.fields.network = checked.name;
  const version = parseVersion(checked.cniVersion);
  trace.cniVersion = version;
  checkVerb(invocation.command, version);
  const work = async (): Promise<Done> =>
    await dispatch(
      readCall({ io, invocation, netconf: checked, signal, timeoutMs: DEADLINE_MS }, trace),
    );
  return invocation.command === "STATUS" ? await orNotAvailable(work) : await work();
}

function readCall(call: Omit<Call, "config" | "kubernetes">, trace: Trace): Call {
  const { invocation, netconf } = call;
  const kubernetes = isFromKubernetes(invocation, netconf);
  const args = "args" in invocation ? invocation.args : { ips: [], gateways: [] };
  const config = loadConfig(netconf, { args, kubernetes, command: invocation.command });
  trace.log = config.log;
  trace.warnings = config.warnings;
  return { ...call, config, kubernetes };
}

async function dispatch(call: Call): Promise<Done> {
  const { invocation } = call;
  switch (invocation.command) {
    case "ADD":
      return await add({ ...call, invocation });
    case "DEL":
      return await del({ ...call, invocation });
    case "CHECK":
      return await check({ ...call, invocation });
    case "GC":
      return await gc({ ...call, invocation });
    case "STATUS":
      return await status({ ...call, invocation });
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
