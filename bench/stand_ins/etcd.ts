/**
 * etcd's JSON gateway for the stand-ins: one request each, nothing else.
 *
 * @module
 */

/** A field of an answer: etcd leaves out what is zero, false or empty. */
export type Fields = Readonly<Record<string, unknown>>;

/** A key and its value. */
export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: string;
}

/** The calls that a stand-in makes: each is one round trip. */
export interface Etcd {
  readonly url: string;
  put(key: string, value: string): Promise<void>;
  /** A key, or with an end all keys before it. */
  range(key: string, more?: Fields): Promise<readonly KeyValue[]>;
  remove(key: string): Promise<void>;
  txn(txn: Fields): Promise<Fields>;
  /** Gives the id of a lease. */
  grant(seconds: number): Promise<string>;
  revoke(lease: string): Promise<void>;
}

/** What a stand-in is told: environment and stdin of a plugin. */
export interface Asked {
  readonly network: string;
  readonly containerId: string;
  readonly endpoints: readonly string[];
  /** The address of a number, counted from the start of the range. */
  readonly address: (number: number) => string;
}

/**
 * Reads what it is asked for.
 *
 * @returns The netconf and the environment, as far as a stand-in uses them.
 */
export async function readAsked(): Promise<Asked> {
  const netconf = JSON.parse(await new Response(Deno.stdin.readable).text());
  const [a = 10, b = 0] = String(netconf.ipam.subnet).split(".").map(Number);
  return {
    network: String(netconf.name),
    containerId: Deno.env.get("CNI_CONTAINERID") ?? "",
    endpoints: String(netconf.ipam.etcdConfig.etcdURL).split(","),
    address: (number) => `${a}.${b}.${number >> 8}.${number & 255}`,
  };
}

/**
 * Prints a result.
 *
 * @param address The address that was given.
 */
export function answer(address: string): void {
  const text = JSON.stringify({ cniVersion: "1.0.0", ips: [{ address: `${address}/16` }] });
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/**
 * Opens etcd: one endpoint by chance, as the balancer of etcd's own client does.
 *
 * @param endpoints Their URLs.
 * @returns The calls.
 */
export function openEtcd(endpoints: readonly string[]): Etcd {
  const url = endpoints[Math.floor(Math.random() * endpoints.length)] ?? "";
  const post = async (path: string, body: Fields): Promise<Fields> => {
    const response = await fetch(`${url}/v3/${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`Cannot ask etcd ${path}: ${await response.text()}`);
    return await response.json();
  };
  return {
    url,
    put: async (key, value) => {
      await post("kv/put", { key: btoa(key), value: btoa(value) });
    },
    range: async (key, more = {}) =>
      keyValuesOf(await post("kv/range", { key: btoa(key), ...more })),
    remove: async (key) => {
      await post("kv/deleterange", { key: btoa(key) });
    },
    txn: (txn) => post("kv/txn", txn),
    grant: async (seconds) => {
      const { ID } = await post("lease/grant", { TTL: String(seconds) });
      return String(ID);
    },
    revoke: async (lease) => {
      await post("lease/revoke", { ID: lease });
    },
  };
}

/**
 * Reads the keys of an answer to a range.
 *
 * @param answer The answer.
 * @returns Its keys.
 */
export function keyValuesOf(answer: Fields): readonly KeyValue[] {
  const list = Array.isArray(answer["kvs"]) ? answer["kvs"] : [];
  return list.map(({ key, value = "", create_revision: createRevision }) => ({
    key: atob(key),
    value: atob(value),
    createRevision: String(createRevision),
  }));
}
