/**
 * Kubeconfig files for tests.
 *
 * @module
 */

/** What a kubeconfig is made of. */
export interface KubeconfigOptions {
  readonly server: string;
  /** More fields of the cluster. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
}

/**
 * Writes a kubeconfig of one context.
 *
 * @param folder Where to.
 * @param options The server, and more fields.
 * @returns Its path.
 */
export function writeKubeconfig(folder: string, options: KubeconfigOptions): string {
  const { server, cluster = {}, user = {} } = options;
  const file = `${folder}/kubeconfig-${crypto.randomUUID().slice(0, 8)}`;
  Deno.writeTextFileSync(
    file,
    `apiVersion: v1
kind: Config
clusters:
- name: main
  cluster: ${JSON.stringify({ server, ...cluster })}
users:
- name: node
  user: ${JSON.stringify(user)}
contexts:
- name: here
  context: {cluster: main, user: node}
current-context: here
`,
  );
  return file;
}
