/**
 * Lists of a Kubernetes API, page by page and as metadata only: a pod with its containers is many times as large.
 *
 * @see {@link https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks}
 * @module
 */
import { type KubeConnection, KubeError, type Question } from "../api.ts";
import type { InventoryOptions, KubeInventory } from "../inventory.ts";
import { isName } from "../names.ts";
import { notThis, SERVER } from "./answer.ts";
import { type Listed, readOrdinals, readPage, readUid } from "./read_list.ts";

/** Objects that one page holds at most. */
export const LIST_PAGE = 500;
/** The longest wait for one page, in milliseconds. */
const PAGE_MS = 30_000;

const METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const METADATA_OF_ONE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const LIVING = "status.phase!=Succeeded,status.phase!=Failed";
const ROLE =
  'Give the user of the kubeconfig a ClusterRole with "get" and "list" on pods, "list" on nodes, ' +
  '"get" on statefulsets and on the namespace kube-system: kubectl apply -f config-samples/reconcile-cronjob.yaml';

/** What is listed. */
interface Listing extends InventoryOptions {
  /** As `pods`. */
  readonly resource: string;
  readonly fieldSelector?: string;
  readonly limit: number;
}

/**
 * Makes the inventory of a cluster.
 *
 * @param api The API.
 * @param options `limit`: objects that one page holds at most; by default {@linkcode LIST_PAGE}.
 * @returns The inventory.
 */
export function inventoryOf(
  api: KubeConnection,
  { limit = LIST_PAGE }: { readonly limit?: number } = {},
): KubeInventory {
  const pods = async (
    fieldSelector: string,
    options: InventoryOptions,
  ): Promise<ReadonlySet<string>> => {
    const names = new Set<string>();
    for await (const pod of list(api, { ...options, resource: "pods", fieldSelector, limit })) {
      names.add(pod.uid);
      if (pod.configHash !== undefined) names.add(pod.configHash);
    }
    return names;
  };
  return {
    livingPods: (options) => pods(LIVING, options),
    livingPodsOf: (node, options) => pods(`${LIVING},spec.nodeName=${node}`, options),
    nodes: async (options) => {
      const names = new Set<string>();
      for await (const { name } of list(api, { ...options, resource: "nodes", limit })) {
        names.add(name);
      }
      return names;
    },
    statefulSet: async ({ namespace, name }, { signal }) => {
      if (!isName(namespace) || !isName(name)) {
        throw new TypeError("Cannot read a StatefulSet as that is no name of one");
      }
      const question = {
        path: `/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}`,
        what: `the StatefulSet "${namespace}/${name}"`,
        resource: "statefulsets",
        role: ROLE,
        signal,
      };
      return await one(api, { question, read: readOrdinals });
    },
    clusterUid: async ({ signal }) => {
      const question = {
        path: "/api/v1/namespaces/kube-system",
        what: "the namespace kube-system",
        resource: "namespaces",
        accept: METADATA_OF_ONE,
        role: ROLE,
        signal,
      };
      return await one(api, { question, read: readUid });
    },
  };
}

async function one<T>(
  api: KubeConnection,
  { question, read }: { readonly question: Question; readonly read: (value: unknown) => T },
): Promise<T | undefined> {
  const reply = await api.ask(question);
  if (reply.kind === "absent") return undefined;
  return reply.kind === "object"
    ? understood(api, { question, read: () => read(reply.value) })
    : failed(api, { question, problem: "it is too large" });
}

/** Everything, in pages of one moment. A page that is too large is asked for in smaller ones. */
async function* list(api: KubeConnection, listing: Listing): AsyncGenerator<Listed> {
  const { resource, fieldSelector, signal, onPage } = listing;
  let { limit } = listing;
  let count = 0;
  for (let from = "";;) {
    const query = new URLSearchParams({
      limit: String(limit),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(from === "" ? {} : { continue: from }),
    });
    const question = {
      path: `/api/v1/${resource}?${query}`,
      what: `the list of ${resource}`,
      resource,
      accept: METADATA,
      role: ROLE,
      answerMs: PAGE_MS,
      signal,
    };
    const reply = await api.ask(question);
    if (reply.kind === "tooLarge" && limit > 1) {
      limit = Math.ceil(limit / 2);
      continue;
    }
    if (reply.kind !== "object") failed(api, { question, problem: "a page is missing" });
    const page = understood(api, { question, read: () => readPage(reply.value) });
    yield* page.items;
    count += page.items.length;
    onPage?.(count);
    if (page.next === "") return;
    if (page.next === from) failed(api, { question, problem: "a page names itself as the next" });
    from = page.next;
  }
}

function understood<T>(
  api: KubeConnection,
  { question, read }: { readonly question: Question; readonly read: () => T },
): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    failed(api, { question, problem: notThis(error.message).text });
  }
}

function failed(
  { server }: KubeConnection,
  { question, problem }: { readonly question: Question; readonly problem: string },
): never {
  const message = `Cannot read ${question.what} from ${server}: ${problem}`;
  throw new KubeError("unavailable", message, { repair: SERVER });
}
