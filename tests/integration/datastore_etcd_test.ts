import type { EtcdConfig } from "../../lib/config/config.ts";
import { openEtcd } from "../../lib/datastore/etcd/open.ts";
import { startEtcd, type TestEtcdOptions } from "../support/etcd.ts";
import { datastoreSuite, type OpenStore } from "./datastore_suite.ts";

function opener(
  transport: EtcdConfig["transport"],
  options: TestEtcdOptions = {},
): () => Promise<OpenStore> {
  return async () => {
    const etcd = await startEtcd(options);
    const dirs = { dataDir: `${etcd.dir}/data`, runDir: `${etcd.dir}/run` };
    const store = openEtcd(etcd.config({ transport }), { ...dirs, random: Math.random });
    return {
      store,
      [Symbol.asyncDispose]: async () => {
        await store[Symbol.asyncDispose]();
        await etcd[Symbol.asyncDispose]();
      },
    };
  };
}

datastoreSuite("etcd by the gateway", opener("gateway"), { needs: ["etcd"] });
datastoreSuite("etcd by gRPC", opener("grpc"), { needs: ["etcd"] });
