/**
 * Starts one process of the plugin, records what it answers, and kills it where it is told to.
 *
 * @module
 */
import { pause } from "./admin.ts";
import { type AttachmentRef, type CallRecord, type Moment, nowMs, type Verb } from "./history.ts";
import type { Node } from "./node.ts";

/** What is called. */
export interface CallOptions {
  readonly verb: Verb;
  readonly node: Node;
  readonly attachment?: AttachmentRef;
  /** The pod that CNI_ARGS names. */
  readonly pod?: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly wish?: string;
  readonly valid?: readonly AttachmentRef[];
  /** More keys of the netconf. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** The words of a sub-command. */
  readonly words?: readonly string[];
}

/** A process that runs, and what becomes of it. */
export interface Call {
  readonly pid: number;
  readonly done: Promise<CallRecord>;
  /** Kills it, at once. */
  kill(moment: Moment): void;
}

/** No call may take so long: it is killed, and a check says so. */
const OVERDUE_MS = 60_000;

/**
 * Starts a process.
 *
 * @param options What is called.
 * @param onEnd Told of the record.
 * @returns The process.
 */
export function startCall(options: CallOptions, onEnd: (record: CallRecord) => void): Call {
  const { verb, node, attachment, pod, wish, valid, more, words = [] } = options;
  const [program = "", ...args] = node.words;
  const startMs = nowMs();
  const child = new Deno.Command(program, {
    args: [...args, ...words],
    env: { ...node.env, ...(words.length > 0 ? {} : variables(options)) },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let moment: Moment | undefined;
  const kill = (at: Moment): void => {
    try {
      child.kill("SIGKILL");
      moment ??= at;
    } catch {
      // It has ended.
    }
  };
  node.running.set(child.pid, { pid: child.pid, kill });
  const finished = new AbortController();
  pause(OVERDUE_MS, finished.signal).then(() => finished.signal.aborted || kill("overdue"));

  async function run(): Promise<CallRecord> {
    const output = child.output();
    const writer = child.stdin.getWriter();
    const text = words.length > 0 ? "" : JSON.stringify({ ...node.netconf, ...more });
    await writer.write(new TextEncoder().encode(text)).then(() => writer.close()).catch(() => {});
    const { code, signal, stdout, stderr } = await output;
    finished.abort();
    node.running.delete(child.pid);
    const decoder = new TextDecoder();
    const record: CallRecord = {
      verb,
      cluster: node.cluster.name,
      node: node.name,
      ...(attachment === undefined ? {} : { attachment }),
      ...(pod === undefined ? {} : { podUid: pod.uid }),
      ...(wish === undefined ? {} : { wish }),
      ...(valid === undefined ? {} : { valid }),
      startMs,
      endMs: nowMs(),
      exit: signal === null ? code : undefined,
      stdout: decoder.decode(stdout),
      stderr: decoder.decode(stderr),
      ...(signal === null || moment === undefined ? {} : { killed: moment }),
    };
    onEnd(record);
    return record;
  }

  return { pid: child.pid, done: run(), kill };
}

function variables({ verb, attachment, pod }: CallOptions): Record<string, string> {
  return {
    CNI_COMMAND: verb,
    CNI_PATH: "/opt/cni/bin",
    ...(attachment === undefined ? {} : {
      CNI_CONTAINERID: attachment.containerId,
      CNI_IFNAME: attachment.ifName,
      CNI_NETNS: `/run/netns/${attachment.containerId}`,
    }),
    ...(pod === undefined ? {} : {
      CNI_ARGS: [
        "IgnoreUnknown=1",
        `K8S_POD_NAMESPACE=${pod.namespace}`,
        `K8S_POD_NAME=${pod.name}`,
        `K8S_POD_INFRA_CONTAINER_ID=${attachment?.containerId}`,
        `K8S_POD_UID=${pod.uid}`,
      ].join(";"),
    }),
  };
}
