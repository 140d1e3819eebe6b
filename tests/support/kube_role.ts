/**
 * Kubeconfigs for the identity that the plugin has in a cluster.
 *
 * @module
 */
import { isRecord } from "../../lib/cni/values.ts";
import type { KubeAdmin } from "./kube_admin.ts";
import { applySample } from "./kube_apply.ts";

/** Whose identity is meant. */
export type Role = "sample" | "reconcile" | "none";

/** What a kubeconfig of the plugin says. */
export interface RoleKubeconfigOptions {
  /**
   * - `sample` (default): what `config-samples/rbac.yaml` grants
   * - `reconcile`: what `config-samples/reconcile-cronjob.yaml` grants
   * - `none`: a service account that may do nothing, which is answered 403
   */
  readonly role?: Role;
  /** Instead of a good token: a wrong one is answered 401. */
  readonly token?: string;
  /** Another address of the API, such as a proxy's. */
  readonly server?: string;
  /** The file's name. Default `kubectl.kubeconfig`. */
  readonly fileName?: string;
}

/** The API that a kubeconfig is for. */
export interface RoleTarget {
  readonly url: string;
  readonly caPem: string;
  readonly admin: KubeAdmin;
}

/** Who grants the role, to whom, and a right by which it is known. */
const GRANTED = {
  sample: {
    file: new URL("../../config-samples/rbac.yaml", import.meta.url),
    account: "kube-ipam",
    right: { verb: "get", resource: "pods", namespace: "default" },
  },
  reconcile: {
    file: new URL("../../config-samples/reconcile-cronjob.yaml", import.meta.url),
    account: "kube-ipam-reconcile",
    right: { verb: "list", resource: "pods" },
  },
} as const;
const ACCOUNTS = "/api/v1/namespaces/kube-system/serviceaccounts";
const GRANTED_MS = 20_000;

/**
 * Applies the sample role, takes a token of its service account and writes a kubeconfig with it.
 *
 * @param target The API.
 * @param options The folder, and what is to be different.
 * @returns The path of the kubeconfig.
 */
export async function writeRoleKubeconfig(
  target: RoleTarget,
  options: RoleKubeconfigOptions & { readonly dir: string },
): Promise<string> {
  const { dir, server = target.url, fileName = "kubectl.kubeconfig" } = options;
  const token = options.token ?? await roleToken(target.admin, options.role ?? "sample");
  // Over plain http too: it tells one cluster from another.
  const ca = `\n    certificate-authority-data: ${btoa(target.caPem)}`;
  const file = `${dir}/${fileName}`;
  await Deno.writeTextFile(
    file,
    `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster:
    server: ${server}${ca}
users:
- name: kube-ipam
  user:
    token: ${token}
contexts:
- name: kube-ipam
  context:
    cluster: kubernetes
    user: kube-ipam
current-context: kube-ipam
`,
    { mode: 0o600 },
  );
  return file;
}

/**
 * Makes a token of the plugin's service account, or of one without any role.
 *
 * @param admin Asks the API.
 * @param role Which of them.
 * @returns The token, good for an hour, and known to the authorizer.
 */
export async function roleToken(admin: KubeAdmin, role: Role): Promise<string> {
  const granted = role === "none" ? undefined : GRANTED[role];
  if (granted !== undefined) await applySample(admin, granted);
  const account = granted?.account ?? "kube-ipam-without-role";
  if (role === "none") {
    await admin("POST", ACCOUNTS, { metadata: { name: account } }, { expect: [201, 409] });
  }
  const { status } = await admin("POST", `${ACCOUNTS}/${account}/token`, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: 3_600 },
  });
  const token = isRecord(status) ? String(status["token"]) : "";
  if (granted !== undefined) await becomeGranted(admin, { token, right: granted.right });
  return token;
}

/** The authorizer hears of a new binding a moment after it was made. */
async function becomeGranted(
  admin: KubeAdmin,
  { token, right }: { readonly token: string; readonly right: object },
): Promise<void> {
  const review = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: right },
  };
  const deadline = Date.now() + GRANTED_MS;
  while (Date.now() < deadline) {
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const { status } = await admin("POST", path, review, { token });
    if (isRecord(status) && status["allowed"] === true) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("Cannot use the role of a sample: it does not let its account do what it is for");
}
