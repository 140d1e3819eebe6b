/**
 * The same calls with client certificates: what both handshakes cost.
 *
 * @module
 */
import { type Caller, writeNetconfs } from "../caller.ts";
import { addAndDel, oneByOne } from "../measure/one_by_one.ts";
import { withMore } from "../report/compare.ts";
import type { Findings } from "../report/row.ts";
import { type Bench, partOf, type Scenario } from "../scenario.ts";
import { etcdConfigOf, startCalmEtcd, startPod } from "../servers.ts";

const PLAIN = "etcd by plain http";
const MUTUAL = "etcd with client certificates";
const TOKEN = "plain etcd, API by token";
const CERTIFICATE = "plain etcd, API by client certificate";
const BOTH = "both with client certificates";

/** What each is compared with. */
const BASES: Readonly<Record<string, string>> = {
  [MUTUAL]: PLAIN,
  [TOKEN]: PLAIN,
  [CERTIFICATE]: TOKEN,
  [BOTH]: TOKEN,
};

/** The scenario. */
export const mutualTls: Scenario = {
  name: "mtls",
  title: "Client certificates",
  seconds: { full: 50, quick: 12 },
  run,
};

async function run(bench: Bench): Promise<Findings> {
  const { root, programs, quick, advance } = bench;
  if (!bench.hasEtcd) return { tables: [], goals: [] };
  await using etcd = await startCalmEtcd();
  await using secured = await startCalmEtcd({ tls: "mutual" });
  await using pod = bench.hasKube ? await startPod(etcd, root) : undefined;
  const plain = await etcdConfigOf(etcd);
  const mutual = await etcdConfigOf(secured, { folder: root });
  const ours = async (
    name: string,
    ipam: Readonly<Record<string, unknown>>,
  ): Promise<Caller> => ({
    name,
    of: "ours",
    path: programs.plugin,
    netconfs: await writeNetconfs({ root, name: `mtls-${name.replaceAll(/\W/g, "-")}`, ipam }),
    ...("kubeConfig" in ipam && pod !== undefined ? { args: pod.args } : {}),
  });
  const callers = [
    await ours(PLAIN, { etcdConfig: plain }),
    await ours(MUTUAL, { etcdConfig: mutual }),
  ];
  if (pod !== undefined) {
    const asked = { rangeEnd: "10.188.254.255", annotations: "on" };
    callers.push(
      await ours(TOKEN, { ...asked, etcdConfig: plain, kubeConfig: pod.byToken }),
      await ours(CERTIFICATE, { ...asked, etcdConfig: plain, kubeConfig: pod.byCertificate }),
      await ours(BOTH, { ...asked, etcdConfig: mutual, kubeConfig: pod.byCertificate }),
    );
  }
  const measured = await oneByOne(bench, callers.flatMap((one) => addAndDel(one)), {
    runs: quick ? 8 : 100,
    advance: partOf(advance, { from: 0.15, to: 1 }),
  });
  const rows = measured.filter(({ name }) =>
    name.startsWith("ADD") || name.endsWith(PLAIN) || name.endsWith(MUTUAL)
  );
  return {
    tables: [{
      id: "mutual-tls",
      title: "Client certificates",
      moreThan: "its base",
      rows: withMore(rows, ({ name }) => {
        const verb = name.slice(0, 3);
        const base = BASES[name.slice(5)];
        return rows.find((row) => row.name === `${verb}, ${base}`);
      }),
      notes: [
        `The base of "${MUTUAL}" and of "${TOKEN}" is "${PLAIN}"; that of the two others is "${TOKEN}".`,
        "A DEL asks no API, so those of the pod are left out.",
      ],
    }],
    goals: [],
  };
}
