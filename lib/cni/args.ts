/**
 * `CNI_ARGS`: pairs `KEY=value`, separated by semicolons.
 *
 * @see https://www.cni.dev/docs/spec/#parameters
 * @see https://www.cni.dev/docs/conventions/#cni_args
 * @module
 */
import { show } from "./values.ts";
import { CniError, CODES } from "./errors.ts";

/** What the runtime says about the attachment. An empty value counts as absent. */
export interface CniArgs {
  /** `K8S_POD_NAMESPACE`. */
  readonly podNamespace?: string;
  /** `K8S_POD_NAME`. */
  readonly podName?: string;
  /** `K8S_POD_UID`; old runtimes do not send it. */
  readonly podUid?: string;
  /** `K8S_POD_INFRA_CONTAINER_ID`. */
  readonly infraContainerId?: string;
  /** `IP`, a comma list, as written. */
  readonly ips: readonly string[];
  /** `GATEWAY`, a comma list, as written. */
  readonly gateways: readonly string[];
}

/** What could be read of `CNI_ARGS`, and what could not. */
export interface ReadArgs {
  /** What could be read. */
  readonly args: CniArgs;
  /** One sentence for each pair that could not be used. */
  readonly problems: readonly string[];
}

const KNOWN: ReadonlySet<string> = new Set([
  "IgnoreUnknown",
  "K8S_POD_NAMESPACE",
  "K8S_POD_NAME",
  "K8S_POD_UID",
  "K8S_POD_INFRA_CONTAINER_ID",
  "IP",
  "GATEWAY",
  // The hardware address is the business of the plugin that makes the interface. It stands in the
  // conventions, so it is accepted here, and not used.
  "MAC",
]);

/** The spellings that Go's `strconv.ParseBool` knows: the runtimes are written in Go. */
const TRUE: readonly string[] = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE: readonly string[] = ["0", "f", "F", "FALSE", "false", "False"];

/**
 * Reads `CNI_ARGS` strictly.
 *
 * @param text The value of `CNI_ARGS`; one semicolon at its end is tolerated.
 * @returns The arguments we know. Of a repeated key the last one counts.
 * @throws {CniError} Code 4 if a pair has not exactly one `=`, or if a key is not known and
 * `IgnoreUnknown` is not true.
 * @see https://www.cni.dev/docs/conventions/#cni_args
 *
 * @example What a Kubernetes runtime sends
 * ```ts
 * import { parseArgs } from "./args.ts";
 *
 * parseArgs("IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0").podName; // "web-0"
 * ```
 */
export function parseArgs(text: string | undefined): CniArgs {
  const { args, problems } = readArgs(text);
  if (problems.length === 0) return args;
  throw new CniError(CODES.badEnvironment, "Invalid environment variable CNI_ARGS", {
    details: problems.join("; "),
  });
}

/**
 * Reads of `CNI_ARGS` what can be read. DEL uses it: a pod must be removable whatever its
 * arguments are.
 *
 * @param text The value of `CNI_ARGS`.
 * @returns The arguments, and a sentence for each pair that {@linkcode parseArgs} would refuse.
 */
export function readArgs(text: string | undefined): ReadArgs {
  const pairs = new Map<string, string>();
  const problems: string[] = [];
  for (const pair of split(text ?? "")) {
    const [key = "", value = "", ...rest] = pair.split("=");
    if (key === "" || !pair.includes("=") || rest.length > 0) {
      problems.push(
        `Cannot read CNI_ARGS as pairs have the form KEY=value: current value is ${show(pair)}`,
      );
    } else {
      pairs.set(key, value);
    }
  }
  return { args: pick(pairs), problems: [...problems, ...findUnknown(pairs)] };
}

function split(text: string): readonly string[] {
  const trimmed = text.endsWith(";") ? text.slice(0, -1) : text;
  return trimmed === "" ? [] : trimmed.split(";");
}

function findUnknown(pairs: ReadonlyMap<string, string>): readonly string[] {
  const ignore = pairs.get("IgnoreUnknown") ?? "";
  if (TRUE.includes(ignore)) return [];
  const problems: string[] = [];
  if (ignore !== "" && !FALSE.includes(ignore)) {
    problems.push(
      `Cannot read IgnoreUnknown in CNI_ARGS as it must be true or false: current value is ${
        show(ignore)
      }`,
    );
  }
  const unknown = [...pairs.keys()].filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) {
    problems.push(
      `Cannot use CNI_ARGS as unknown keys need IgnoreUnknown=1: current keys are ${
        unknown.map(show).join(", ")
      }`,
    );
  }
  return problems;
}

function pick(pairs: ReadonlyMap<string, string>): CniArgs {
  const podNamespace = pairs.get("K8S_POD_NAMESPACE") ?? "";
  const podName = pairs.get("K8S_POD_NAME") ?? "";
  const podUid = pairs.get("K8S_POD_UID") ?? "";
  const infraContainerId = pairs.get("K8S_POD_INFRA_CONTAINER_ID") ?? "";
  return {
    ...(podNamespace === "" ? {} : { podNamespace }),
    ...(podName === "" ? {} : { podName }),
    ...(podUid === "" ? {} : { podUid }),
    ...(infraContainerId === "" ? {} : { infraContainerId }),
    ips: splitList(pairs.get("IP")),
    gateways: splitList(pairs.get("GATEWAY")),
  };
}

function splitList(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").map((item) => item.trim()).filter((item) => item !== "");
}
