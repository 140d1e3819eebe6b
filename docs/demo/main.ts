/**
 * `deno task demo`: the main job, done as a container runtime does it. Needs no etcd, no cluster and no root, and leaves nothing behind.
 *
 * With `--etcd http://127.0.0.1:2379` the same against an etcd.
 *
 * @module
 */
import { type Answer, type Call, callPlugin, path } from "./runtime.ts";
import { exchange, heading, remark, say } from "./screen.ts";

type Netconf = Readonly<Record<string, unknown>>;

interface Stage {
  readonly dir: string;
  readonly etcd: string | undefined;
  readonly space: string;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const etcd = endpointOf(args);
  if (etcd === "usage") {
    say("Usage: deno task demo [--etcd http://127.0.0.1:2379]");
    return 2;
  }
  const started = performance.now();
  const dir = await Deno.makeTempDir({ prefix: "kube-ipam-demo-" });
  const stage: Stage = { dir, etcd, space: `demo-${crypto.randomUUID().slice(0, 8)}` };
  const stop = (): void => void leave(stage).finally(() => Deno.exit(130));
  Deno.addSignalListener("SIGINT", stop);
  try {
    const failed = await play(stage);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(
      `\n${failed === 0 ? "All as expected" : `${failed} answers not as expected`}, ${seconds} s`,
    );
    return failed === 0 ? 0 : 1;
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
    await leave(stage);
  }
}

/** Leaves nothing behind, neither files nor keys. */
async function leave({ dir, etcd, space }: Stage): Promise<void> {
  await Deno.remove(dir, { recursive: true }).catch(() => {});
  if (etcd === undefined) return;
  try {
    await forget(etcd, space);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`Cannot remove the keys below /kube-ipam/v1/${space}/: ${why}`);
  }
}

/** Plays every scene; returns how many answers were not as expected. */
async function play(stage: Stage): Promise<number> {
  const single = await netconf("quickstart-sqlite.conf", stage);
  const dual = await netconf("dual-stack.conf", stage);
  let failed = 0;
  const call = async (call: Call, expected = 0): Promise<Answer> => {
    const answer = await callPlugin(call, stage.dir);
    exchange(call, answer);
    if ((answer.json?.code ?? answer.code) !== expected) failed++;
    return answer;
  };
  const add = (containerId: string, conf: Netconf = single): Call => ({
    command: "ADD",
    containerId,
    args: `K8S_POD_NAME=${containerId}`, // podman sends the name only
    netconf: conf,
  });

  heading(`Three containers get random addresses of ${subnetOf(single)}`);
  const first = await call(add("web"));
  await call(add("api"));
  await call(add("db"));

  heading("The runtime repeats itself: the same address, nothing leaks");
  const again = await call(add("web"));
  if (ipOf(again) !== ipOf(first)) failed++;

  heading("A container asks for one address, another for the same");
  const wish = { ...single, args: { cni: { ips: ["10.188.0.77"] } } };
  await call(add("fixed", wish));
  await call(add("late", wish), 11);
  remark("code 11: the runtime tries again, and succeeds once the holder is gone");

  heading("CHECK compares what the runtime remembers with what is stored");
  const check: Call = { ...add("web"), command: "CHECK" };
  await call({ ...check, netconf: { ...single, prevResult: first.json } });
  await call(
    { ...check, netconf: { ...single, prevResult: again.json && other(again.json) } },
    104,
  );

  heading("STATUS: an ADD could be served");
  await call({ command: "STATUS", netconf: { ...single, cniVersion: "1.1.0" } });

  heading("Dual stack: both addresses in one transaction");
  await call(add("dual", dual));

  heading("DEL gives an address back; twice is fine");
  const del: Call = { ...add("fixed"), command: "DEL" };
  await call(del);
  await call(del);
  const late = await call(add("late", wish));
  if (late.code === 0) remark("the address that was taken is granted now");

  heading("GC: the runtime knows of one container only");
  const valid = [{ containerID: "web", ifname: "eth0" }];
  const gc = { ...single, cniVersion: "1.1.0", "cni.dev/valid-attachments": valid };
  await call({ command: "GC", netconf: gc });
  const next = await call(add("next", wish));
  if (next.code === 0) remark("another container gets the address that GC took from late");
  return failed;
}

/** A sample of config-samples/, with the demo's directories and datastore. */
async function netconf(sample: string, { dir, etcd, space }: Stage): Promise<Netconf> {
  const text = await Deno.readTextFile(path(`../../config-samples/${sample}`));
  const { ipam, ...top } = JSON.parse(text);
  const { datastore: _, etcdConfig: __, kubeConfig: ___, resolvConf: ____, ...rest } = ipam;
  const datastore = etcd === undefined
    ? { datastore: "sqlite" }
    : { etcdConfig: { etcdURL: etcd }, addressSpace: space };
  return {
    ...top,
    ipam: {
      ...rest,
      ...datastore,
      dataDir: `${dir}/data`,
      runDir: `${dir}/run`,
      log: { file: `${dir}/kube-ipam.log` },
    },
  };
}

/** Removes what the demo wrote to etcd. */
async function forget(etcd: string, space: string): Promise<void> {
  const response = await fetch(new URL("/v3/kv/deleterange", etcd), {
    method: "POST",
    body: JSON.stringify({
      key: btoa(`/kube-ipam/v1/${space}/`),
      range_end: btoa(`/kube-ipam/v1/${space}0`),
    }),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`etcd answered ${response.status}`);
}

function endpointOf(args: readonly string[]): string | undefined {
  if (args.length === 0) return undefined;
  const [flag, value] = args[0]?.split("=", 2) ?? [];
  const url = value ?? args[1];
  return flag === "--etcd" && /^https?:\/\/[^/]+\/?$/.test(url ?? "") ? url : "usage";
}

function subnetOf({ ipam }: Netconf): string {
  return typeof ipam === "object" && ipam !== null && "subnet" in ipam ? String(ipam.subnet) : "";
}

function ipOf({ json }: Answer): string {
  return JSON.stringify(json?.ips);
}

/** A result that names an address which the container does not hold. */
function other(result: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...result, ips: [{ address: "10.188.0.250/24" }] };
}
