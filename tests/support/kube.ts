/**
 * A real kube-apiserver for tests: on a free loopback port, with an etcd of its own, gone when disposed of.
 *
 * There is no controller and no kubelet: what they would do to a pod, a test does by these helpers.
 *
 * @module
 */
import { type ApplyOptions, applySample } from "./kube_apply.ts";
import { adminOf, type KubeAdmin } from "./kube_admin.ts";
import { type KubePods, podsOf } from "./kube_pods.ts";
import { type RoleKubeconfigOptions, writeRoleKubeconfig } from "./kube_role.ts";
import { type KubeServer, startKubeServer } from "./kube_server.ts";
import { startEtcd, type TestEtcd } from "./etcd.ts";

/** How a Kubernetes API is started. */
export interface StartKubeOptions {
  /** An etcd that is there already, and outlives the API. Default a new one. */
  readonly etcd?: TestEtcd;
  /** What all its keys begin with. Two APIs on one etcd need two of these. Default `/registry`. */
  readonly etcdPrefix?: string;
}

/** A running Kubernetes API. */
export interface TestKube extends AsyncDisposable, KubePods {
  /** `https://127.0.0.1:<port>`; the same after {@linkcode TestKube.start}. */
  readonly url: string;
  /** The certificate of its authority. */
  readonly caPem: string;
  /** The folder of its files: also good for a test's own. */
  readonly dir: string;
  /** Where it keeps its objects: also good as the datastore of a test. */
  readonly etcd: TestEtcd;
  /** A token that may do everything. */
  readonly adminToken: string;
  /** Issues certificates of its authority. */
  readonly issue: KubeServer["issue"];
  /** Asks the API with that token. */
  readonly admin: KubeAdmin;
  /** Makes a namespace, unless it is there. */
  makeNamespace(name: string): Promise<void>;
  /**
   * Applies every document of a YAML file, as `kubectl apply --server-side` does.
   *
   * @returns What the API made of each.
   */
  apply(
    file: string | URL,
    options?: ApplyOptions,
  ): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * Writes a kubeconfig for the identity of `config-samples/rbac.yaml`.
   *
   * @returns The path of the file.
   */
  roleKubeconfig(dir: string, options?: RoleKubeconfigOptions): Promise<string>;
  /** Ends the API, at once; etcd goes on. */
  stop(): Promise<void>;
  /** Starts it again, with the objects it had. */
  start(): Promise<void>;
}

/**
 * Starts kube-apiserver, with an etcd unless one is given, and waits until it serves.
 *
 * @param options The etcd to use.
 * @returns The API; dispose of it.
 */
export async function startKube(options: StartKubeOptions = {}): Promise<TestKube> {
  const { etcdPrefix = "/registry" } = options;
  await using undo = new globalThis.AsyncDisposableStack();
  const etcd = options.etcd ?? undo.use(await startEtcd());
  const server = undo.use(await startKubeServer({ etcd, etcdPrefix }));
  const admin = adminOf(server);
  const stack = undo.move();
  return {
    url: server.url,
    caPem: server.caPem,
    dir: server.dir,
    etcd,
    adminToken: server.adminToken,
    issue: server.issue,
    admin,
    ...podsOf(admin),
    makeNamespace: async (name) => {
      await admin("POST", "/api/v1/namespaces", { metadata: { name } }, { expect: [201, 409] });
    },
    apply: (file, options) => applySample(admin, { file, ...options }),
    roleKubeconfig: (dir, options) =>
      writeRoleKubeconfig({ ...server, admin }, { dir, ...options }),
    stop: server.stop,
    start: server.start,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
