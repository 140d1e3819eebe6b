/**
 * Nodes whose calls run in the process of the test: the real verbs with their real files, on a datastore and an API that the test gives.
 *
 * @module
 */
import { loadConfig } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/config.ts";
import type { Datastore } from "../../lib/datastore/datastore.ts";
import { transact } from "../../lib/datastore/transact.ts";
import type { Random } from "../../lib/ipam/plan.ts";
import type { KubeApi } from "../../lib/kube/api.ts";
import type { Pod } from "../../lib/kube/pod.ts";
import { add } from "../../lib/plugin/add.ts";
import type { Call, Done } from "../../lib/plugin/call.ts";
import { del } from "../../lib/plugin/del.ts";
import { gc } from "../../lib/plugin/gc.ts";
import { readNode } from "../../lib/plugin/node.ts";
import { readPending } from "../../lib/plugin/pending/entry.ts";
import { listPending, pendingFolder } from "../../lib/plugin/pending/files.ts";
import { replay } from "../../lib/plugin/pending/replay.ts";
import { readOwnPod } from "../../lib/plugin/pod.ts";

/** What a call runs on. */
export interface HostCall {
  readonly store: Datastore;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly random: Random;
}

/** The pod and its sandbox. */
export interface Sandbox {
  readonly containerId: string;
  readonly ifName: string;
  readonly pod: Pick<Pod, "namespace" | "name" | "uid">;
}

const CALL_MS = 20_000;
const VALID = "cni.dev/valid-attachments";

/** A node. */
export class Host {
  readonly #config: Config;
  readonly #netconf: Readonly<Record<string, unknown>>;

  /**
   * Makes a node.
   *
   * @param name Its name.
   * @param options A folder for its files, and what stands in `ipam`.
   */
  constructor(
    readonly name: string,
    options: { readonly folder: string; readonly ipam: Readonly<Record<string, unknown>> },
  ) {
    const { folder, ipam } = options;
    this.#netconf = {
      cniVersion: "1.1.0",
      name: "net",
      type: "bridge",
      ipam: {
        type: "kube-ipam",
        nodeName: name,
        dataDir: `${folder}/${name}/data`,
        runDir: `${folder}/${name}/run`,
        etcdConfig: { etcdURL: "http://127.0.0.1:9" }, // the test's datastore is used instead
        ...ipam,
      },
    };
    const args = { ips: [], gateways: [] };
    this.#config = loadConfig(this.#netconf, { command: "ADD", args, kubernetes: true });
  }

  /** Runs ADD. */
  add(sandbox: Sandbox, call: HostCall & { readonly api: KubeApi }): Promise<Done> {
    const { containerId, ifName, pod: { namespace, name, uid } } = sandbox;
    const { api } = call;
    const args = { podNamespace: namespace, podName: name, podUid: uid, ips: [], gateways: [] };
    const made = this.#call(call, {
      command: "ADD" as const,
      attachment: { containerId, ifName },
      netns: "/run/netns/test",
      args,
    });
    const pod = readOwnPod(args, { api, signal: made.signal });
    pod.catch(() => {}); // told where it is waited for
    const begun = { ...made.begun, api: Promise.resolve(api), pod };
    return add({ ...made, begun });
  }

  /** Runs DEL. Says `deferred` where the release is written down. */
  async del(sandbox: Omit<Sandbox, "pod">, call: HostCall): Promise<unknown> {
    const { containerId, ifName } = sandbox;
    const done = await del(this.#call(call, {
      command: "DEL" as const,
      attachment: { containerId, ifName },
      netns: undefined,
      args: { ips: [], gateways: [] },
    }));
    return done.log.outcome;
  }

  /** Runs GC with the attachments that are valid. */
  gc(valid: readonly Omit<Sandbox, "pod">[], call: HostCall): Promise<Done> {
    const list = valid.map(({ containerId, ifName }) => ({
      containerID: containerId,
      ifname: ifName,
    }));
    const made = this.#call(call, { command: "GC" as const });
    return gc({ ...made, netconf: { ...this.#netconf, [VALID]: list } });
  }

  /** Makes up for all releases that are owed. */
  async replay({ store, now, random }: HostCall): Promise<void> {
    const list = listPending(this.#config).flatMap((file) => readPending(file) ?? []);
    const signal = AbortSignal.timeout(CALL_MS);
    const settled = replay(list, {
      run: (plan) => transact(store, plan, { signal, random }),
      datastore: this.#config.datastore,
      nodeId: readNode(this.#config).nodeId,
      now,
    });
    for await (const _ of settled);
  }

  /** How many releases are owed. */
  owed(): number {
    return listPending(this.#config).length;
  }

  /** Forgets what is owed: for the next run. */
  forget(): void {
    for (const { path } of listPending(this.#config)) Deno.removeSync(path);
  }

  /** Where releases that are owed are written down. */
  get folder(): string {
    return pendingFolder(this.#config);
  }

  #call<I extends Call["invocation"]>(
    { store, now, random }: HostCall,
    invocation: I,
  ): Call<I> {
    return {
      invocation,
      netconf: this.#netconf,
      config: this.#config,
      kubernetes: true,
      signal: AbortSignal.timeout(CALL_MS),
      timeoutMs: CALL_MS,
      io: {
        env: () => undefined,
        stdin: () => Promise.resolve(""),
        stdout: () => {},
        stderr: () => {},
        now: () => now,
        random,
      },
      begun: { store: Promise.resolve(store) },
    };
  }
}
