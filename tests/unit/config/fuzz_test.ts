import { assertInstanceOf } from "@std/assert";
import fc from "fast-check";
import { CniError } from "../../../lib/cni/errors.ts";
import { parseNetconf } from "../../../lib/config/json.ts";
import { loadConfig } from "../../../lib/config/load.ts";
import { ipamShape } from "../../../lib/config/shape.ts";

const KEYS = [
  ...Object.keys(ipamShape.keys ?? {}),
  "ips",
  "ipRanges",
  "cni",
  "dst",
  "gw",
  "etcdURL",
  "addresses",
  "namespaces",
  "serviceAccounts",
  "__proto__",
];
const text = fc.oneof(
  fc.constantFrom(
    "10.1.0.0/24",
    "10.1.0.9",
    "fd00::/64",
    "fd00::9",
    "10.1.0.1-10.1.0.9",
    "30s",
    "etcd",
    "/x",
    "",
  ),
  fc.string(),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie("list"),
    tie("object"),
  ),
  list: fc.array(tie("value"), { maxLength: 3 }),
  object: fc.dictionary(fc.constantFrom(...KEYS), tie("value"), { maxKeys: 5 }),
}));
const object = fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 8 });
const command = fc.constantFrom("ADD", "DEL", "CHECK", "GC", "STATUS");

Deno.test("loadConfig() throws nothing but CniError", () => {
  fc.assert(fc.property(object, object, object, command, (ipam, runtimeConfig, args, command) => {
    try {
      loadConfig({ cniVersion: "1.0.0", name: "net", ipam, runtimeConfig, args }, {
        command: command as "ADD",
        kubernetes: false,
        args: { ips: ["10.1.0.9", "x"], gateways: [] },
      });
    } catch (error) {
      assertInstanceOf(error, CniError);
    }
  }));
});

Deno.test("parseNetconf() throws nothing but CniError", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    try {
      parseNetconf(text);
    } catch (error) {
      assertInstanceOf(error, CniError);
    }
  }));
});
